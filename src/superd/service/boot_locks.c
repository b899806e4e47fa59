/* Reads and writes the file of the services that are disabled at boot. Its name is made of the path of the control
 * socket, so that two superds never share a file. One thread at a time has the file; a change that comes meanwhile is
 * written afterwards. While the file is being read, a change waits, because what was read replaces the list. */
#include "superd/service/boot_locks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/list.h"
#include "lib/scan.h"
#include "lib/size_text.h"
#include "os/fs/private_file.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"

#define FILE_MOST (1u << 20)            /* limit of the file in bytes */
#define NAME_MOST 255                   /* bytes of a service's name */
#define COMMENT                                                                                                        \
	"# Services that superd disables when it starts: NAME UID SECONDS. superctl enable --boot NAME ends that.\n"

/* A change that waits until the file is read. */
struct boot_change {
	struct list link;               /* in boot_locks->waiting */
	bool disable;
	uid_t uid;
	char name[];
};

/* In the thread, or before the loop runs. */
static void do_work(struct worker *worker)
{
	struct boot_locks *boot_locks = container_of(worker, struct boot_locks, worker);
	const struct buf *text = &boot_locks->text;
	size_t length;

	if (boot_locks->reads)
		boot_locks->found = private_file_get(boot_locks->path, FILE_MOST, &length, &boot_locks->why);
	else if (text->length)
		private_file_store(boot_locks->path, text->data, text->length, &boot_locks->why);
	else
		private_file_remove(boot_locks->path, &boot_locks->why);
}

/* Parses the numbers behind the name. NULL, or what is wrong. */
static const char *read_order(const char *rest, struct lock_order *order)
{
	struct buf word = { 0 };
	const char *wrong = NULL;
	int64_t numbers[2] = { -1, 0 };
	int count = 0;

	for (const char *at = scan_skip_blanks(rest); *at && !wrong; at = scan_skip_blanks(at)) {
		size_t length = strcspn(at, " \t");

		buf_clear(&word);
		buf_add(&word, at, length);
		wrong = count == 2 ? "a line is NAME UID SECONDS" : scan_count(buf_string(&word), &numbers[count++]);
		at += length;
	}
	buf_free(&word);
	if (!wrong && (numbers[0] < -1 || numbers[0] >= UINT32_MAX || numbers[1] < 0))
		wrong = "a number is out of bounds";
	if (!wrong)
		*order = (struct lock_order){ .since = numbers[1], .uid = (uid_t)numbers[0] };
	return wrong;
}

/* A service whose line has a fault is disabled all the same: its name shows what an operator has meant. */
static void use_line(struct engine *engine, char *line, unsigned number)
{
	size_t length = strcspn(line, " \t");
	struct lock_order order = { .uid = (uid_t)-1 };
	const char *wrong;

	if (!length || *line == '#')
		return;
	if (length > NAME_MOST) {
		log_warn(engine->log, "%s:%u: no service has so long a name", engine->boot_locks->path, number);
		return;
	}
	wrong = read_order(line + length, &order);
	if (wrong)
		log_warn(engine->log, "%s:%u: %.*s: %s; it is disabled all the same", engine->boot_locks->path, number,
			 (int)length, line, wrong);
	if (!order.since)
		order.since = time(NULL);
	line[length] = '\0';
	locks_note_boot(engine, line, &order, number);
}

static void apply_change(struct engine *engine, const char *name, bool disable, uid_t uid)
{
	if (disable)
		locks_set(engine, name, LOCK_AT_BOOT, uid);
	else
		locks_clear(engine, name, LOCK_AT_BOOT);
}

static void apply_waiting(struct boot_locks *boot_locks)
{
	LIST_EACH(link, &boot_locks->waiting) {
		struct boot_change *change = container_of(link, struct boot_change, link);

		apply_change(boot_locks->engine, change->name, change->disable, change->uid);
		list_remove(link);
		free(change);
	}
}

/* Uses the text that was read, then the changes since. */
static void use_found(struct boot_locks *boot_locks)
{
	struct engine *engine = boot_locks->engine;
	unsigned number = 0;

	if (boot_locks->why.length)
		log_warn(engine->log, "%s: the services that are disabled at boot are not known: %s", boot_locks->path,
			 buf_string(&boot_locks->why));
	else
		locks_forget_boot(engine);
	for (char *line = boot_locks->found, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		use_line(engine, line, ++number);
	}
	free(boot_locks->found);
	boot_locks->found = NULL;
	boot_locks->reads = false;
	apply_waiting(boot_locks);
}

static void compose(struct boot_locks *boot_locks)
{
	const struct locks *locks = boot_locks->engine->locks;
	struct buf *text = &boot_locks->text;

	buf_clear(text);
	for (size_t n = 0; n < locks->count; n++) {
		const struct lock_order *order = &locks->list[n].orders[LOCK_AT_BOOT];

		if (!order->since)
			continue;
		if (!text->length)
			buf_text(text, COMMENT);
		buf_addf(text, "%s %" PRId64 " %" PRId64 "\n", locks->list[n].name,
			 order->uid == (uid_t)-1 ? -1 : (int64_t)order->uid, order->since);
	}
}

/* Logs a failure once, until the reason changes. */
static void end_write(struct boot_locks *boot_locks)
{
	struct engine *engine = boot_locks->engine;
	struct buf *why = &boot_locks->why;

	if (why->length && strcmp(buf_string(why), buf_string(&boot_locks->flaw)) != 0)
		log_warn(engine->log,
			 "cannot write %s: %s: disables and enables at boot last until the machine restarts",
			 boot_locks->path, buf_string(why));
	buf_free(&boot_locks->flaw);
	boot_locks->flaw = *why;
	*why = (struct buf){ 0 };
	boot_locks->tried = boot_locks->writing;
	watch_wake_changes(engine);
}

/* Does what is due, unless the thread has work. */
static void go_on(struct boot_locks *boot_locks)
{
	char limit[SIZE_TEXT_MOST];

	if (boot_locks->worker.busy || !boot_locks->path || (!boot_locks->read_due && !boot_locks->write_due))
		return;
	buf_clear(&boot_locks->why);
	boot_locks->reads = boot_locks->read_due;
	if (boot_locks->reads) {
		boot_locks->read_due = false;
	} else {
		boot_locks->write_due = false;
		boot_locks->writing = boot_locks->changes;
		compose(boot_locks);
	}
	if (!boot_locks->reads && boot_locks->text.failed)
		buf_text(&boot_locks->why, "out of memory");
	else if (!boot_locks->reads && boot_locks->text.length > FILE_MOST)
		buf_addf(&boot_locks->why, "it would be larger than %s", size_write(limit, FILE_MOST));
	else if (worker_start(&boot_locks->worker))
		return;
	else
		buf_text(&boot_locks->why, "no thread can be started");
	if (boot_locks->reads)
		use_found(boot_locks);
	else
		end_write(boot_locks);
}

static void on_done(struct worker *worker)
{
	struct boot_locks *boot_locks = container_of(worker, struct boot_locks, worker);

	if (boot_locks->reads)
		use_found(boot_locks);
	else
		end_write(boot_locks);
	go_on(boot_locks);
}

void boot_locks_init(struct boot_locks *boot_locks, struct engine *engine)
{
	engine->boot_locks = boot_locks;
	boot_locks->engine = engine;
	list_init(&boot_locks->waiting);
	worker_init(&boot_locks->worker, engine->loop, do_work, on_done);
}

/* A thread that a disk holds up ends with the process. */
void boot_locks_end(struct boot_locks *boot_locks)
{
	if (!boot_locks->engine || boot_locks->worker.busy)
		return;
	worker_end(&boot_locks->worker);
	free(boot_locks->path);
	buf_free(&boot_locks->text);
	buf_free(&boot_locks->why);
	buf_free(&boot_locks->flaw);
	*boot_locks = (struct boot_locks){ 0 };
}

/* STATE/superd/run-superd-control.disabled */
static void set_path(struct boot_locks *boot_locks, const char *control)
{
	struct buf path = { 0 };

	free(boot_locks->path);
	boot_locks->path = NULL;
	if (*control != '/' || !boot_locks->engine->defaults.state_directory)
		return;
	buf_addf(&path, "%s/superd/", boot_locks->engine->defaults.state_directory);
	for (const char *at = control + 1; *at; at++) {
		if (*at == '/')
			buf_char(&path, '-');
		else if (*at == '-' || *at == '%')
			buf_addf(&path, "%%%02x", (unsigned)*at);
		else
			buf_char(&path, *at);
	}
	buf_text(&path, ".disabled");
	boot_locks->path = buf_take(&path);
}

void boot_locks_read(struct engine *engine, const char *control)
{
	struct boot_locks *boot_locks = engine->boot_locks;

	set_path(boot_locks, control);
	if (!boot_locks->path)
		return;
	boot_locks->reads = true;
	do_work(&boot_locks->worker);
	use_found(boot_locks);
}

void boot_locks_log_unknown(const struct engine *engine, const struct table *table)
{
	for (size_t n = 0; n < engine->locks->count; n++) {
		const struct lock *lock = &engine->locks->list[n];

		if (lock->boot_line && !table_find(table, lock->name))
			log_warn(engine->log, "%s:%u: %s is disabled at boot, and the configuration has no such "
					      "service",
				 engine->boot_locks->path, lock->boot_line, lock->name);
	}
}

void boot_locks_take_over(struct engine *engine, const char *control)
{
	struct boot_locks *boot_locks = engine->boot_locks;

	if (!boot_locks->path)
		set_path(boot_locks, control);
	if (!boot_locks->path)
		return;
	boot_locks->read_due = true;
	go_on(boot_locks);
}

static bool delay_change(struct boot_locks *boot_locks, const char *name, bool disable, uid_t uid)
{
	size_t size = strlen(name) + 1;
	struct boot_change *change = malloc(sizeof(*change) + size);

	if (!change)
		return false;
	change->disable = disable;
	change->uid = uid;
	memcpy(change->name, name, size);
	list_add(&boot_locks->waiting, &change->link);
	return true;
}

uint64_t boot_locks_change(struct service_runtime *runtime, bool disable, uid_t uid)
{
	struct engine *engine = runtime->engine;
	struct boot_locks *boot_locks = engine->boot_locks;

	if (!boot_locks->reads && !boot_locks->read_due)
		apply_change(engine, runtime->service->name, disable, uid);
	else if (!delay_change(boot_locks, runtime->service->name, disable, uid))
		return 0;
	boot_locks->write_due = true;
	boot_locks->changes++;
	go_on(boot_locks);
	return boot_locks->changes;
}

bool boot_locks_is_tried(const struct engine *engine, uint64_t change)
{
	return !engine->boot_locks->path || engine->boot_locks->tried >= change;
}

bool boot_locks_last(const struct engine *engine, struct buf *why)
{
	const struct boot_locks *boot_locks = engine->boot_locks;

	if (!boot_locks->path)
		buf_text(why, "its control socket has no path to name a file by");
	else if (boot_locks->flaw.length)
		buf_addf(why, "cannot write %s: %s", boot_locks->path, buf_string(&boot_locks->flaw));
	else
		return true;
	return false;
}
