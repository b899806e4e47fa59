/* Probes the new program. Any file may be at the path by now: an older superd, another program, one that hangs, or
 * none. So superd accepts only the one sentence that a superd prints when it has read the state, and only within a
 * time limit. The loop goes on in the meantime. */
#include "superd/loop/unreaped.h"
#include "superd/reload/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/duration_text.h"
#include "lib/fd.h"
#include "os/fs/memory_file.h"
#include "os/host/self_exe.h"
#include "superd/instance/instance.h"
#include "superd/spawn/spawn.h"

#define PROBE_TIMEOUT 15.               /* seconds; the new program reads the table, and may look up names */
#define READ_MOST 4000                  /* bytes that superd reads; warnings may precede the answer */
#define ANSWER_MOST 400                 /* bytes that superd quotes in the message of a failure */

char **upgrade_arguments(const struct upgrade *upgrade, const char *flag, int fd)
{
	char *const *own = upgrade->arguments;
	struct buf first = { 0 };
	size_t count = 0;
	char **arguments;

	while (own[count])
		count++;
	arguments = calloc(count + 2, sizeof(*arguments));
	buf_addf(&first, "%s%d", flag, fd);
	if (!arguments || first.failed) {
		free(arguments);
		buf_free(&first);
		return NULL;
	}
	arguments[0] = own[0];
	arguments[1] = buf_take(&first);
	for (size_t n = 1; n < count; n++)
		arguments[n + 1] = own[n];
	return arguments;
}

void upgrade_free_arguments(char **arguments)
{
	if (arguments)
		free(arguments[1]);
	free(arguments);
}

/* Finds the version in the answer of a superd that can take over. */
static void find_version(const char *text, struct buf *version)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, UPGRADE_CAN, strlen(UPGRADE_CAN)) != 0)
			continue;
		line += strlen(UPGRADE_CAN);
		buf_visible(version, line, strcspn(line, "\n"));
		return;
	}
}

/* Returns 0, or the error of the reading. */
static int read_answer(struct upgrade *upgrade, struct buf *printed, struct buf *version)
{
	char bytes[READ_MOST + 1];
	ssize_t got = read(upgrade->answer, bytes, READ_MOST);
	int error = got < 0 ? errno : 0;

	bytes[got > 0 ? got : 0] = '\0';
	find_version(bytes, version);
	if (got > ANSWER_MOST)
		got = ANSWER_MOST;
	while (got > 0 && bytes[got - 1] == '\n')
		got--;
	for (ssize_t n = 0; n < got; n++) {
		if (bytes[n] == '\n')
			bytes[n] = ' ';
	}
	if (got > 0)
		buf_visible(printed, bytes, (size_t)got);
	fd_close(&upgrade->answer);
	return error || !(version->failed || printed->failed) ? error : ENOMEM;
}

bool upgrade_probe_result(struct upgrade *upgrade, int status, struct buf *text)
{
	struct buf printed = { 0 }, version = { 0 };
	char how[48], limit[DURATION_MOST];
	int error;
	bool can;

	upgrade->probe.pid = 0;
	ev_timer_stop(upgrade->engine->loop, &upgrade->timer);
	error = read_answer(upgrade, &printed, &version);
	can = !status && version.length;
	status_describe(status, how);
	if (can)
		buf_addf(text, "superd %s can take over", buf_string(&version));
	else if (upgrade->probe_timed_out)
		buf_addf(text, "%s has not answered within %s whether it can take over", upgrade->program,
			 duration_write(limit, PROBE_TIMEOUT));
	else if (error)
		buf_addf(text, "%s: its answer cannot be read: %s", upgrade->program, strerror(error));
	else if (!status)
		buf_addf(text,
			 "%s is no superd that can take over: called with " UPGRADE_CHECK ", it printed '%s', not '"
			 UPGRADE_CAN "VERSION'",
			 upgrade->program, buf_string(&printed));
	else
		buf_addf(text, "%s cannot take over: %s%s%s", upgrade->program, buf_string(&printed),
			 printed.length ? ", " : "", how);
	buf_free(&printed);
	buf_free(&version);
	return can && !text->failed;
}

static void on_probe_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct upgrade *upgrade = timer->data;

	(void)loop, (void)events;
	upgrade->probe_timed_out = true;
	kill(-upgrade->probe.pid, SIGKILL);
	kill(upgrade->probe.pid, SIGKILL);
}

const char *upgrade_running_program(const struct upgrade *upgrade)
{
	const char *running = self_exe_running();

	return running ? running : upgrade->program;
}

bool upgrade_start_program(struct upgrade *upgrade, char **arguments, const int wanted[UPGRADE_FD + 1],
			   struct child *child, struct buf *why)
{
	const char *program = child == &upgrade->probe ? upgrade->program : upgrade_running_program(upgrade);
	struct engine *engine = upgrade->engine;
	struct plan *plan = plan_command(arguments, &engine->defaults);
	struct spawn_request request = {
		.plan = plan, .wanted = wanted, .wanted_count = UPGRADE_FD + 1, .remote_port = -1
	};

	if (!plan) {
		buf_text(why, "out of memory");
		return false;
	}
	plan->foreground = false;
	plan->main.program = program;
	plan->ambient = engine->defaults.ambient;       /* the new superd will have the same capabilities */
	unreaped_start(engine, &request);
	plan_free(plan);
	if (request.pid < 0) {
		buf_addf(why, "cannot start %s: %s: %s", program, stage_name(request.fault.stage),
			 strerror(request.fault.error));
		return false;
	}
	child->pid = request.pid;
	child_table_add(&engine->children, child);
	return true;
}

/* Starts the probe. It gets standard input, because it may have to read the table from there. */
static bool start_probe(struct upgrade *upgrade, int state, void (*ended)(struct child *child, int status),
			struct buf *why)
{
	char **arguments = upgrade_arguments(upgrade, UPGRADE_CHECK, UPGRADE_FD);
	int ends[2];
	bool started;

	if (!arguments || fd_pipe(ends) < 0) {
		buf_text(why, arguments ? strerror(errno) : "out of memory");
		upgrade_free_arguments(arguments);
		return false;
	}
	upgrade->probe = (struct child){ .ended = ended };
	started = upgrade_start_program(upgrade, arguments, (const int[]){ STDIN_FILENO, ends[1], ends[1], state },
					&upgrade->probe, why);
	upgrade_free_arguments(arguments);
	fd_close(&ends[1]);
	if (started)
		upgrade->answer = fd_raise(ends[0], FD_HIGH);
	else
		fd_close(&ends[0]);
	return started;
}

bool upgrade_probe_begin(struct upgrade *upgrade, void (*ended)(struct child *child, int status), struct buf *why)
{
	struct engine *engine = upgrade->engine;
	struct state_saver saver;
	int state = -1;
	bool good = save_write(&saver, engine, &upgrade->source);

	if (good)
		state = state_file_make(saver.text.data, saver.text.length, engine->defaults.runtime_directory);
	if (state < 0)
		buf_addf(why, "cannot write the state: %s", good ? strerror(errno) : "out of memory");
	save_free(&saver);
	good = state >= 0 && start_probe(upgrade, state, ended, why);
	fd_close(&state);
	if (!good)
		return false;
	upgrade->probe_timed_out = false;
	ev_timer_init(&upgrade->timer, on_probe_timeout, PROBE_TIMEOUT, 0.);
	upgrade->timer.data = upgrade;
	ev_timer_start(engine->loop, &upgrade->timer);
	return true;
}

void upgrade_probe_cancel(struct upgrade *upgrade)
{
	if (!upgrade->probe.pid)
		return;
	kill(-upgrade->probe.pid, SIGKILL);
	child_table_remove(&upgrade->engine->children, &upgrade->probe);
	upgrade->probe.pid = 0;
	fd_close(&upgrade->answer);
}
