/* Reads the table once more for services that were left out. This must change nothing else: the table may have been
 * edited since it was read, and nobody has ordered a reload. So superd compares the two readings: they must be of
 * the same, unchanged files, with every row as it was. */
#include "engine/supervisor/left_out_check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/list.h"
#include "config/table/diff.h"
#include "config/table/left_out.h"
#include "engine/upgrade/upgrade.h"
#include "os/foreign/foreign_path.h"
#include "os/fs/state_file.h"

#define PAUSE_FIRST 5.                  /* seconds from a table, or a service that came in, to the first look */
#define PAUSE_MOST 60.                  /* each pause is twice the one before, up to this */
#define SETTLE 1.                       /* seconds from an arrival to the look */
#define ANSWER_SECONDS 30.                    /* seconds that a look may take */
#define ANSWER_MOST (4 << 20)           /* bytes */

/* superd follows no path that others could lead elsewhere, nor one of a file system that may not answer: of these
 * nothing is heard, and the pauses have to do. */
static void await(struct left_out_check *look, const char *path)
{
	struct path_finding finding;

	if (*path == '/' && !path_is_foreign(path, &finding))
		path_create_watch_add(&look->arrivals, path);
}

/* Before a look, so that what comes during it is heard, too. */
static void await_all(struct left_out_check *look)
{
	const struct table *table = look->supervisor->table;

	watch_stop(&look->watch);
	path_create_watch_close(&look->arrivals);
	path_create_watch_open(&look->arrivals);
	await(look, "/etc/passwd");
	await(look, "/etc/group");
	for (size_t n = 0; n < table->left_out_count && look->arrivals.count < AWAITED_PATHS_MOST; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->may_return && entry->row.exec->exec && !entry->row.groups->environment->root_directory)
			await(look, entry->row.exec->exec[0]);
	}
}

/* A file that was made is still to be written, and a package has more of them. */
static void on_arrival(struct watch *watch, bool readable, bool writable)
{
	struct left_out_check *look = container_of(watch, struct left_out_check, watch);
	double rest = look->looked + PAUSE_FIRST - clock_now();

	(void)readable, (void)writable;
	if (!path_create_watch_take(&look->arrivals))
		return;
	watch_stop(&look->watch);
	look->pause = PAUSE_FIRST;
	alarm_set(&look->alarm, rest > SETTLE ? rest : SETTLE);
}

static void wait_for_next(struct left_out_check *look)
{
	if (look->supervisor->engine.stopping)
		return;
	if (look->arrivals.fd >= 0)
		watch_set(&look->watch, look->arrivals.fd, true, false);
	alarm_set(&look->alarm, look->pause);
	look->pause = look->pause * 2 < PAUSE_MOST ? look->pause * 2 : PAUSE_MOST;
}

static void forget_keys(struct left_out_check *look)
{
	free(look->keys);
	look->keys = NULL;
	look->key_count = 0;
}

static int compare_keys(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static bool is_out_still(const struct left_out_check *look, struct origin at, const char *name)
{
	uint64_t key = left_out_key(at, name);

	return look->key_count && bsearch(&key, look->keys, look->key_count, sizeof(key), compare_keys);
}

/* A number a line, to the end. false: it is no such text. */
static bool read_keys(struct left_out_check *look, const char *text, uint64_t *sources)
{
	size_t lines = 0;
	char *end;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	look->keys = calloc(lines + 1, sizeof(*look->keys));
	if (!look->keys || !lines)
		return false;
	for (size_t n = 0; n < lines; n++) {
		uint64_t number = strtoull(text, &end, 16);

		if (end == text || *end != '\n')
			return false;
		text = end + 1;
		if (n)
			look->keys[look->key_count++] = number;
		else
			*sources = number;
	}
	qsort(look->keys, look->key_count, sizeof(*look->keys), compare_keys);
	return !*text;
}

static bool has_returned(const struct left_out_check *look)
{
	const struct table *table = look->supervisor->table;

	for (size_t n = 0; n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->may_return && !is_out_still(look, entry->at, entry->name))
			return true;
	}
	return false;
}

static void say_once(struct left_out_check *look, const char *why)
{
	if (!look->said)
		log_notice(look->supervisor->engine.log, "%s", why);
	look->said = true;
}

/* There is nothing to wait for. */
static void rest(struct left_out_check *look)
{
	alarm_stop(&look->alarm);
	watch_stop(&look->watch);
	path_create_watch_close(&look->arrivals);
}

static const char is_changed[] =
	"the table was changed since it was read: what is left out of it is tried again after a reload";

/* Nothing comes of another look then, until a reload. true: it is over with that. */
static bool is_another_table(struct left_out_check *look, uint64_t sources)
{
	if (sources == look->supervisor->table->sources)
		return false;
	say_once(look, is_changed);
	rest(look);
	return true;
}

static void hear(struct left_out_check *look, const char *text)
{
	const struct supervisor *supervisor = look->supervisor;
	uint64_t sources = 0;
	bool is_known = text && read_keys(look, text, &sources);

	if (is_known && is_another_table(look, sources)) {
		forget_keys(look);
	} else if (is_known && has_returned(look) && !supervisor->loader.worker.busy && !supervisor->upgrade.busy) {
		look->reads = true;
		config_loader_start(&look->supervisor->loader);
	} else {
		wait_for_next(look);
		forget_keys(look);
	}
}

static void on_ended(struct child *child, int status)
{
	struct left_out_check *look = container_of(child, struct left_out_check, asked);
	size_t length;
	char *text = status ? NULL : state_file_read(look->answer, ANSWER_MOST, &length);

	child->pid = 0;
	fd_close(&look->answer);
	alarm_stop(&look->alarm);
	if (look->is_stale)
		left_out_check_begin(look);
	else if (!look->supervisor->engine.stopping)
		hear(look, text);
	free(text);
}

static bool start(struct left_out_check *look)
{
	struct upgrade *upgrade = &look->supervisor->upgrade;
	struct engine *engine = &look->supervisor->engine;
	char **arguments = upgrade_arguments(upgrade, LEFT_OUT_CHECK, UPGRADE_FD);
	int out = engine->null_output;
	struct buf why = { 0 };
	bool started = false;

	look->looked = clock_now();
	await_all(look);
	look->answer = arguments ? state_file_make("", 0, engine->defaults.runtime_directory) : -1;
	look->asked = (struct child){ .ended = on_ended };
	if (look->answer >= 0)
		started = upgrade_run(upgrade, arguments, (const int[]){ engine->null_input, out, out, look->answer },
				      &look->asked, &why);
	upgrade_free_arguments(arguments);
	if (!started)
		fd_close(&look->answer);
	if (why.length)
		log_debug(engine->log, "what is left out was not looked at: %s", buf_string(&why));
	buf_free(&why);
	return started;
}

static void kill_asked(const struct left_out_check *look)
{
	kill(-look->asked.pid, SIGKILL);
	kill(look->asked.pid, SIGKILL);
}

/* One that hangs and does not end is waited for: no other is started beside it. */
static void on_time(struct alarm *alarm)
{
	struct left_out_check *look = container_of(alarm, struct left_out_check, alarm);
	struct supervisor *supervisor = look->supervisor;

	if (supervisor->engine.stopping)
		return;
	if (look->asked.pid)
		kill_asked(look);
	else if (!supervisor->loader.worker.busy && !supervisor->upgrade.busy && start(look))
		alarm_set(&look->alarm, ANSWER_SECONDS);
	else
		wait_for_next(look);
}

void left_out_check_init(struct left_out_check *look, struct supervisor *supervisor)
{
	look->supervisor = supervisor;
	look->answer = -1;
	look->arrivals.fd = -1;
	alarm_init(&look->alarm, &supervisor->engine, on_time);
	watch_init(&look->watch, &supervisor->engine, on_arrival);
}

void left_out_check_begin(struct left_out_check *look)
{
	const struct upgrade *upgrade = &look->supervisor->upgrade;

	look->pause = PAUSE_FIRST;
	look->said = false;
	look->is_stale = false;
	if (look->asked.pid) {          /* its end begins anew */
		look->is_stale = true;
		kill_asked(look);
		return;
	}
	rest(look);
	if (!look->is_possible || !upgrade->program || !left_out_may_return(look->supervisor->table))
		return;
	await_all(look);
	wait_for_next(look);
}

void left_out_check_give_way(struct left_out_check *look)
{
	look->reads = false;
	forget_keys(look);
}

static bool drops(const struct service *service, void *context)
{
	const struct left_out_check *look = context;

	return is_out_still(look, service->at, service->name) && !table_find(look->supervisor->table, service->name);
}

/* superd looks at less than the child, which may hang: what that has found wrong is left out again. */
static bool leave_out_again(struct left_out_check *look, struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];
		const struct left_out *before = NULL;

		if (drops(service, look))
			before = left_out_same(look->supervisor->table, service->at, service->name);
		if (before && !left_out_add(table, service, true, before->reason))
			return false;
	}
	table_drop(table, drops, look);
	return left_out_name(table);
}

/* Whether all that is in the table is as it was. */
static bool is_kept(const struct table *before, const struct table *after)
{
	struct diff_cache known = { 0 };

	for (size_t n = 0; n < before->count; n++) {
		const struct service *row = &before->services[n], *now = table_find(after, row->name);

		if (!now || service_compare_next(&known, row, now) != DIFF_SAME)
			return false;
	}
	return true;
}

/* Gives how many come in. */
static size_t say_returned(struct log *log, const struct table *before, const struct table *after)
{
	size_t count = 0;

	for (size_t n = 0; n < after->count; n++) {
		const struct service *service = &after->services[n];
		struct event event = { .name = "returned", .service = service->name };

		if (table_find(before, service->name))
			continue;
		count++;
		log_event(log, LEVEL_NOTICE, &event, "what it lacked is there now: it is left out no more");
	}
	return count;
}

struct table *left_out_check_judge(struct left_out_check *look, struct table *table, const struct diags *diags)
{
	const struct table *before = look->supervisor->table;
	bool good = table && !diags->errors && !look->supervisor->engine.stopping && leave_out_again(look, table);

	look->reads = false;
	forget_keys(look);
	if (good && is_another_table(look, table->sources)) {
		table_free(table);
		return NULL;
	}
	if (good && !is_kept(before, table)) {
		say_once(look, "a service that was left out is right now, but others would change with it: it comes in "
			       "with a reload");
		good = false;
	}
	if (good && say_returned(look->supervisor->engine.log, before, table))
		return table;
	table_free(table);
	wait_for_next(look);
	return NULL;
}

void left_out_check_end(struct left_out_check *look)
{
	if (!look->supervisor)
		return;
	if (look->asked.pid) {
		kill_asked(look);
		child_table_remove(&look->supervisor->engine.children, &look->asked);
		look->asked.pid = 0;
	}
	fd_close(&look->answer);
	forget_keys(look);
	rest(look);
}
