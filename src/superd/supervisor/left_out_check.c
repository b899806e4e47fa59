/* A round looks at all rows that may return, a few at a time, as superd prints them in its loop. */
#include "superd/supervisor/internal.h"

#include <signal.h>
#include <stdlib.h>

#include "lib/fd.h"
#include "lib/list.h"
#include "os/fs/memory_file.h"
#include "superd/reload/upgrade.h"
#include "table/services/left_out.h"

#define PAUSE_FIRST 5.                  /* seconds from a new table to the first round */
#define PAUSE_BUSY 1.                   /* seconds until the next try where the round cannot go on */
#define PAUSE_MOST 60.                  /* seconds; each pause is twice the one before, up to this */
#define CHILD_TIMEOUT 30.               /* seconds that a look may take */
#define ANSWER_MOST (4 << 20)           /* bytes */

/* Goes on with the round after these seconds, or begins the pause before the next one. */
static void wait_for_next(struct left_out_check *check, double seconds)
{
	if (check->supervisor->engine.stopping || !left_out_next(check->supervisor->table, 0))
		return;
	alarm_set(&check->alarm, check->next ? seconds : check->pause);
	if (!check->next)
		check->pause = check->pause * 2 < PAUSE_MOST ? check->pause * 2 : PAUSE_MOST;
}

static void on_child_ended(struct child *child, int status)
{
	struct left_out_check *check = container_of(child, struct left_out_check, child_process);
	size_t length;
	char *text = status || check->is_stale ? NULL : state_file_read(check->answer, ANSWER_MOST, &length);

	child->pid = 0;
	fd_close(&check->answer);
	alarm_stop(&check->alarm);
	if (check->is_stale)
		left_out_check_begin(check);
	else if (!text)
		wait_for_next(check, 0);
	else if (!config_loader_return(&check->supervisor->loader, text, length))
		wait_for_next(check, PAUSE_BUSY);
}

static bool start_child(struct left_out_check *check)
{
	struct upgrade *upgrade = &check->supervisor->upgrade;
	struct engine *engine = &check->supervisor->engine;
	char **arguments = upgrade_arguments(upgrade, LEFT_OUT_CHECK, UPGRADE_FD);
	struct buf rows = { 0 }, why = { 0 };
	int out = engine->null_output;
	bool started = false;

	check->answer = -1;
	if (arguments && check->write(check->supervisor->table, &check->next, &rows))
		check->answer = state_file_make(buf_string(&rows), rows.length, engine->defaults.runtime_directory);
	check->child_process = (struct child){ .ended = on_child_ended };
	if (check->answer >= 0)
		started = upgrade_start_program(upgrade, arguments,
						(const int[]){ engine->null_input, out, out, check->answer },
						&check->child_process, &why);
	upgrade_free_arguments(arguments);
	if (!started)
		fd_close(&check->answer);
	if (why.length)
		log_debug(engine->log, "left-out services were not looked at: %s", buf_string(&why));
	buf_free(&rows);
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
	else if (!config_loader_is_busy(&supervisor->loader) && !supervisor->upgrade.busy && start_child(check))
		alarm_set(&check->alarm, CHILD_TIMEOUT);
	else
		wait_for_next(check, PAUSE_BUSY);
}

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor)
{
	check->supervisor = supervisor;
	check->answer = -1;
	alarm_init(&check->alarm, &supervisor->engine, on_alarm);
}

void left_out_check_begin(struct left_out_check *check)
{
	check->pause = PAUSE_FIRST;
	check->next = 0;
	check->is_stale = check->child_process.pid;
	if (check->is_stale)
		kill_child(check);      /* its end begins a new round */
	alarm_stop(&check->alarm);
	if (!check->is_stale && check->supervisor->upgrade.program)
		wait_for_next(check, 0);
}

static void log_returned(void *context, const struct service *row, bool was_kept)
{
	struct event event = { .name = "returned", .service = row->name };

	log_event(context, LEVEL_NOTICE, &event, "its needs are met now: %s",
		  was_kept ? "its new configuration takes effect" : "no longer left out");
}

bool left_out_check_take(struct left_out_check *check, struct table *found)
{
	struct supervisor *supervisor = check->supervisor;
	size_t before = supervisor->table->left_out_count;

	if (found && !supervisor->engine.stopping)
		left_out_return(supervisor->table, found, log_returned, supervisor->engine.log);
	else
		table_free(found);
	wait_for_next(check, 0);
	return supervisor->table->left_out_count < before;
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
	alarm_stop(&check->alarm);
}
