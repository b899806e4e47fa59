/* Reads and writes the file of the services that are disabled at boot. Its name is made of the path of the control
 * socket, so that two superds never share a file. Only a superd that continues from no other one reads it: the others
 * know the list from the saved state, or from the file beside the control socket. One thread at a time writes; a change
 * that comes meanwhile is written afterwards. */
#include "superd/service/boot_locks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/scan.h"
#include "lib/size_text.h"
#include "os/fs/private_file.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"

#define FILE_MOST (1u << 20)            /* limit of the file in bytes */
#define NAME_MOST 255                   /* bytes of a service's name */
#define COMMENT                                                                                                        \
	"# Services that superd disables when it starts: NAME UID SECONDS. superctl enable --boot NAME ends that.\n"

/* In the thread. */
static void do_write(struct worker *worker)
{
	struct boot_locks *boot_locks = container_of(worker, struct boot_locks, worker);
	const struct buf *text = &boot_locks->text;

	if (text->length)
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

/* Writes what is due, unless the thread has work. */
static void go_on(struct boot_locks *boot_locks)
{
	char limit[SIZE_TEXT_MOST];

	if (boot_locks->worker.busy || !boot_locks->path || boot_locks->writing == boot_locks->changes)
		return;
	buf_clear(&boot_locks->why);
	boot_locks->writing = boot_locks->changes;
	compose(boot_locks);
	if (boot_locks->text.failed)
		buf_text(&boot_locks->why, "out of memory");
	else if (boot_locks->text.length > FILE_MOST)
		buf_addf(&boot_locks->why, "it would be larger than %s", size_write(limit, FILE_MOST));
	else if (worker_start(&boot_locks->worker))
		return;
	else
		buf_text(&boot_locks->why, "no thread can be started");
	end_write(boot_locks);
}

static void on_done(struct worker *worker)
{
	struct boot_locks *boot_locks = container_of(worker, struct boot_locks, worker);

	end_write(boot_locks);
	go_on(boot_locks);
}

void boot_locks_init(struct boot_locks *boot_locks, struct engine *engine)
{
	engine->boot_locks = boot_locks;
	boot_locks->engine = engine;
	worker_init(&boot_locks->worker, engine->loop, do_write, on_done);
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

void boot_locks_keep(struct engine *engine, const char *control)
{
	struct buf path = { 0 };

	if (engine->boot_locks->path || *control != '/' || !engine->defaults.state_directory)
		return;
	/* STATE/superd/run-superd-control.disabled */
	buf_addf(&path, "%s/superd/", engine->defaults.state_directory);
	for (const char *at = control + 1; *at; at++) {
		if (*at == '/')
			buf_char(&path, '-');
		else if (*at == '-' || *at == '%')
			buf_addf(&path, "%%%02x", (unsigned)*at);
		else
			buf_char(&path, *at);
	}
	buf_text(&path, ".disabled");
	engine->boot_locks->path = buf_take(&path);
}

void boot_locks_read(struct engine *engine)
{
	const char *path = engine->boot_locks->path;
	struct buf why = { 0 };
	unsigned number = 0;
	size_t length;
	char *text = path ? private_file_get(path, FILE_MOST, &length, &why) : NULL;

	if (why.length)
		log_warn(engine->log, "%s: the services that are disabled at boot are not known: %s", path,
			 buf_string(&why));
	else if (path)
		locks_forget_boot(engine);
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		use_line(engine, line, ++number);
	}
	free(text);
	buf_free(&why);
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

uint64_t boot_locks_change(struct service_runtime *runtime, bool disable, uid_t uid)
{
	struct boot_locks *boot_locks = runtime->engine->boot_locks;

	if (disable)
		locks_set(runtime->engine, runtime->service->name, LOCK_AT_BOOT, uid);
	else
		locks_clear(runtime->engine, runtime->service->name, LOCK_AT_BOOT);
	boot_locks->changes++;
	go_on(boot_locks);
	return boot_locks->changes;
}

void boot_locks_write_again(struct engine *engine)
{
	bool any = false;

	for (size_t n = 0; n < engine->locks->count && !any; n++)
		any = engine->locks->list[n].orders[LOCK_AT_BOOT].since;
	engine->boot_locks->changes += any;
	go_on(engine->boot_locks);
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
