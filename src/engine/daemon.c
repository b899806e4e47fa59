/* Finding a daemon. The hard thing is trust: a pid file names any process its writer likes, so only a child of
 * ours counts, which an orphaned daemon is, as superd is its reaper. */
#include "engine/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"

#define LOOK_AGAIN 0.02                 /* seconds between looks for a pid file not yet written */

static bool is_our_child(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* What a pid file says: a pid, 0 while there is none, -1 when the daemon it names has already ended. */
static pid_t read_pid_file(const char *path)
{
	size_t length;
	char *text = fd_read_file(path, 64, &length);
	int64_t pid = 0;

	if (!text)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (scan_count(text, &pid) || pid <= 1 || pid > INT32_MAX)
		pid = 0;
	free(text);
	if (pid && !is_our_child((pid_t)pid))
		return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? -1 : 0;
	return (pid_t)pid;
}

void daemon_forget(const struct service *service)
{
	if (service->what->type == TYPE_FORKING && service->life->pid_file)
		unlink(service->life->pid_file);
}

/* Our children that nobody is known to be, when there is exactly one of them. */
static pid_t find_only_stranger(const struct engine *engine)
{
	char path[64], *text = NULL, *at;
	size_t size = 0;
	pid_t found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (getline(&text, &size, file) < 0)
		text[0] = '\0';
	fclose(file);
	for (char *word = strtok_r(text, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		int64_t pid;

		if (scan_count(word, &pid) || children_find(&engine->children, (pid_t)pid) || !is_our_child((pid_t)pid))
			continue;
		if (found) {
			found = 0;
			break;
		}
		found = (pid_t)pid;
	}
	free(text);
	return found;
}

static void become(struct instance *instance, pid_t pid)
{
	pid_t group = getpgid(pid);

	instance->child.pid = instance->pid = pid;
	instance->group = group > 1 && group != getpgrp() ? group : 0;
	instance->starting = false;
	if (!children_add(&instance->engine->children, &instance->child)) {
		kill(pid, SIGKILL);
		return;
	}
	ev_timer_stop(instance->engine->loop, &instance->timer);
	instance->on_ready(instance);
}

/* Owns the wait for a pid file; freed when it is over. */
struct search {
	ev_timer timer;
	struct instance *instance;
	double until;
};

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct search *search = container_of(timer, struct search, timer);
	struct instance *instance = search->instance;
	pid_t pid = read_pid_file(instance->service->life->pid_file);
	bool over = pid || instance->stopping || ev_now(loop) >= search->until;

	(void)events;
	if (!over)
		return;
	ev_timer_stop(loop, timer);
	free(search);
	if (pid > 0 && !instance->stopping) {
		become(instance, pid);
		return;
	}
	instance->starting = false;
	instance->failed = !pid;
	instance->status = pid ? 0 : 1 << 8;    /* it came and went; or as if it had exited with 1 */
	instance->child.ended(&instance->child, instance->status);
}

static bool wait_for_file(struct instance *instance)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return false;
	search->instance = instance;
	search->until = instance->since + (double)instance->service->life->timeout_start / 1e6;
	instance->child.pid = 0;
	ev_timer_stop(instance->engine->loop, &instance->timer);
	ev_timer_init(&search->timer, on_look, LOOK_AGAIN, LOOK_AGAIN);
	ev_timer_start(instance->engine->loop, &search->timer);
	return true;
}

bool daemon_find(struct instance *instance)
{
	const char *path = instance->service->life->pid_file;
	pid_t pid = path ? read_pid_file(path) : find_only_stranger(instance->engine);

	if (pid > 0) {
		become(instance, pid);
		return true;
	}
	return path && !pid && wait_for_file(instance);
}
