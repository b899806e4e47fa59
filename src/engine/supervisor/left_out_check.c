/* Reads the table again for services that were left out. This must change nothing else: the table may have been
 * edited, and nobody has ordered a reload. So superd compares the two readings: they must be of the same, unchanged
 * files, and every other entry must be as it was. */
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

#define PAUSE_FIRST 5.                  /* seconds from a new table, or an added service, to the first check */
#define PAUSE_MOST 60.                  /* seconds; each pause is twice the one before, up to this */
#define SETTLE_SECONDS 1.               /* seconds from an inotify event to the check */
#define CHILD_TIMEOUT 30.                     /* seconds that a check may take */
#define ANSWER_MOST (4 << 20)           /* bytes */

/* Watches a path. superd follows no path that others could redirect, and none in a file system that may hang. For
 * these it relies on the pauses. */
static void watch_path(struct left_out_check *check, const char *path)
{
	struct path_finding finding;

	if (*path == '/' && !path_is_foreign(path, &finding))
		path_create_watch_add(&check->arrivals, path);
}

/* Watches all missing files. Called before a check, so that no event during it is lost. */
static void watch_paths(struct left_out_check *check)
{
	const struct table *table = check->supervisor->table;

	watch_stop(&check->watch);
	path_create_watch_close(&check->arrivals);
	path_create_watch_open(&check->arrivals);
	watch_path(check, "/etc/passwd");
	watch_path(check, "/etc/group");
	for (size_t n = 0; n < table->left_out_count && check->arrivals.count < AWAITED_PATHS_MOST; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->may_return && entry->row.exec->exec && !entry->row.groups->environment->root_directory)
			watch_path(check, entry->row.exec->exec[0]);
	}
}

/* Waits a moment after an event: a new file is still being written, and a package has more of them. */
static void on_arrival(struct watch *watch, bool readable, bool writable)
{
	struct left_out_check *check = container_of(watch, struct left_out_check, watch);
	double pause = check->begun + PAUSE_FIRST - clock_now();

	(void)readable, (void)writable;
	if (!path_create_watch_take(&check->arrivals))
		return;
	watch_stop(&check->watch);
	check->pause = PAUSE_FIRST;
	alarm_set(&check->alarm, pause > SETTLE_SECONDS ? pause : SETTLE_SECONDS);
}

static void wait_for_next(struct left_out_check *check)
{
	if (check->supervisor->engine.stopping)
		return;
	if (check->arrivals.fd >= 0)
		watch_set(&check->watch, check->arrivals.fd, true, false);
	alarm_set(&check->alarm, check->pause);
	check->pause = check->pause * 2 < PAUSE_MOST ? check->pause * 2 : PAUSE_MOST;
}

static void forget_keys(struct left_out_check *check)
{
	free(check->keys);
	check->keys = NULL;
	check->key_count = 0;
}

static int compare_keys(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static bool is_out_still(const struct left_out_check *check, struct origin at, const char *name)
{
	uint64_t key = left_out_key(at, name);

	return check->key_count && bsearch(&key, check->keys, check->key_count, sizeof(key), compare_keys);
}

/* Reads one number a line, to the end. false: the text is invalid. */
static bool read_keys(struct left_out_check *check, const char *text, uint64_t *sources)
{
	size_t lines = 0;
	char *end;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	check->keys = calloc(lines + 1, sizeof(*check->keys));
	if (!check->keys || !lines)
		return false;
	for (size_t n = 0; n < lines; n++) {
		uint64_t number = strtoull(text, &end, 16);

		if (end == text || *end != '\n')
			return false;
		text = end + 1;
		if (n)
			check->keys[check->key_count++] = number;
		else
			*sources = number;
	}
	qsort(check->keys, check->key_count, sizeof(*check->keys), compare_keys);
	return !*text;
}

static bool has_returned(const struct left_out_check *check)
{
	const struct table *table = check->supervisor->table;

	for (size_t n = 0; n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->may_return && !is_out_still(check, entry->at, entry->name))
			return true;
	}
	return false;
}

static void log_once(struct left_out_check *check, const char *why)
{
	if (!check->logged)
		log_notice(check->supervisor->engine.log, "%s", why);
	check->logged = true;
}

/* Stops all waiting. */
static void stop_check(struct left_out_check *check)
{
	alarm_stop(&check->alarm);
	watch_stop(&check->watch);
	path_create_watch_close(&check->arrivals);
}

static const char is_changed[] =
	"the configuration has changed since it was read: superd tries left-out services again after a reload";

/* Whether the sources have changed. If so, logs it and stops, as only a reload can help. */
static bool is_changed_table(struct left_out_check *check, uint64_t sources)
{
	if (sources == check->supervisor->table->sources)
		return false;
	log_once(check, is_changed);
	stop_check(check);
	return true;
}

static void handle_answer(struct left_out_check *check, const char *text)
{
	const struct supervisor *supervisor = check->supervisor;
	uint64_t sources = 0;
	bool is_known = text && read_keys(check, text, &sources);

	if (is_known && is_changed_table(check, sources)) {
		forget_keys(check);
	} else if (is_known && has_returned(check) && !supervisor->loader.worker.busy && !supervisor->upgrade.busy) {
		check->reads = true;
		config_loader_start(&check->supervisor->loader, false);
	} else {
		wait_for_next(check);
		forget_keys(check);
	}
}

static void on_child_ended(struct child *child, int status)
{
	struct left_out_check *check = container_of(child, struct left_out_check, child_process);
	size_t length;
	char *text = status ? NULL : state_file_read(check->answer, ANSWER_MOST, &length);

	child->pid = 0;
	fd_close(&check->answer);
	alarm_stop(&check->alarm);
	if (check->is_stale)
		left_out_check_begin(check);
	else if (!check->supervisor->engine.stopping)
		handle_answer(check, text);
	free(text);
}

static bool start_child(struct left_out_check *check)
{
	struct upgrade *upgrade = &check->supervisor->upgrade;
	struct engine *engine = &check->supervisor->engine;
	char **arguments = upgrade_arguments(upgrade, LEFT_OUT_CHECK, UPGRADE_FD);
	int out = engine->null_output;
	struct buf why = { 0 };
	bool started = false;

	check->begun = clock_now();
	watch_paths(check);
	check->answer = arguments ? state_file_make("", 0, engine->defaults.runtime_directory) : -1;
	check->child_process = (struct child){ .ended = on_child_ended };
	if (check->answer >= 0)
		started = upgrade_start_program(upgrade, arguments,
						(const int[]){ engine->null_input, out, out, check->answer },
						&check->child_process, &why);
	upgrade_free_arguments(arguments);
	if (!started)
		fd_close(&check->answer);
	if (why.length)
		log_debug(engine->log, "left-out services were not checked: %s", buf_string(&why));
	buf_free(&why);
	return started;
}

static void kill_child(const struct left_out_check *check)
{
	kill(-check->child_process.pid, SIGKILL);
	kill(check->child_process.pid, SIGKILL);
}

/* Kills a child that takes too long, or starts the next one. While a killed child does not end, no other is started. */
static void on_alarm(struct alarm *alarm)
{
	struct left_out_check *check = container_of(alarm, struct left_out_check, alarm);
	struct supervisor *supervisor = check->supervisor;

	if (supervisor->engine.stopping)
		return;
	if (check->child_process.pid)
		kill_child(check);
	else if (!supervisor->loader.worker.busy && !supervisor->upgrade.busy && start_child(check))
		alarm_set(&check->alarm, CHILD_TIMEOUT);
	else
		wait_for_next(check);
}

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor)
{
	check->supervisor = supervisor;
	check->answer = -1;
	check->arrivals.fd = -1;
	alarm_init(&check->alarm, &supervisor->engine, on_alarm);
	watch_init(&check->watch, &supervisor->engine, on_arrival);
}

void left_out_check_begin(struct left_out_check *check)
{
	const struct upgrade *upgrade = &check->supervisor->upgrade;

	check->pause = PAUSE_FIRST;
	check->logged = false;
	check->is_stale = false;
	if (check->child_process.pid) { /* its end begins a new check */
		check->is_stale = true;
		kill_child(check);
		return;
	}
	stop_check(check);
	if (!check->is_possible || !upgrade->program || !left_out_may_return(check->supervisor->table))
		return;
	watch_paths(check);
	wait_for_next(check);
}

void left_out_check_give_way(struct left_out_check *check)
{
	check->reads = false;
	forget_keys(check);
}

static bool is_still_left_out(const struct service *service, void *context)
{
	const struct left_out_check *check = context;

	return is_out_still(check, service->at, service->name) && !table_find(check->supervisor->table, service->name);
}

/* Leaves out again what the child has found wrong: superd itself checks less than the child, which may hang. */
static bool leave_out_again(struct left_out_check *check, struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];
		const struct left_out *before = NULL;

		if (is_still_left_out(service, check))
			before = left_out_same(check->supervisor->table, service->at, service->name);
		if (before && !left_out_add(table, service, true, before->reason))
			return false;
	}
	table_drop(table, is_still_left_out, check);
	return left_out_name(table);
}

/* Whether all entries of the old table are the same in the new one. */
static bool is_unchanged(const struct table *before, const struct table *after)
{
	struct diff_cache known = { 0 };

	for (size_t n = 0; n < before->count; n++) {
		const struct service *service = &before->services[n], *same = table_find(after, service->name);

		if (!same || service_compare_next(&known, service, same) != DIFF_SAME)
			return false;
	}
	return true;
}

/* Logs the services that are added, and returns their number. */
static size_t log_returned(struct log *log, const struct table *before, const struct table *after)
{
	size_t count = 0;

	for (size_t n = 0; n < after->count; n++) {
		const struct service *service = &after->services[n];
		struct event event = { .name = "returned", .service = service->name };

		if (table_find(before, service->name))
			continue;
		count++;
		log_event(log, LEVEL_NOTICE, &event, "its needs are met now: no longer left out");
	}
	return count;
}

struct table *left_out_check_accept(struct left_out_check *check, struct table *table, const struct diags *diags)
{
	const struct table *before = check->supervisor->table;
	bool good = table && !diags->errors && !check->supervisor->engine.stopping && leave_out_again(check, table);

	check->reads = false;
	forget_keys(check);
	if (good && is_changed_table(check, table->sources)) {
		table_free(table);
		return NULL;
	}
	if (good && !is_unchanged(before, table)) {
		log_once(check, "a left-out service is correct now, but others would change with it: it waits for a "
				"reload");
		good = false;
	}
	if (good && log_returned(check->supervisor->engine.log, before, table))
		return table;
	table_free(table);
	wait_for_next(check);
	return NULL;
}

void left_out_check_end(struct left_out_check *check)
{
	if (!check->supervisor)
		return;
	if (check->child_process.pid) {
		kill_child(check);
		child_table_remove(&check->supervisor->engine.children, &check->child_process);
		check->child_process.pid = 0;
	}
	fd_close(&check->answer);
	forget_keys(check);
	stop_check(check);
}
