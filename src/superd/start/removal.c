/* Starts superd-exec for a removal, and notes its process. */
#include "superd/start/removal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/build_id.h"
#include "lib/clock.h"
#include "os/host/program.h"
#include "os/proc/process.h"
#include "superd/saved/state_stream.h"
#include "superd/start/spawn.h"
#include "superd/start/worker_process.h"

#define END_LIMIT 10000                 /* milliseconds */

struct removal {
	pid_t pid;
	int64_t born;                   /* process_now at its start: another process with its pid began later */
	uid_t uid;                      /* whose IPC objects are removed; 0: it removes folders */
	char what[PATH_MAX + 160];      /* the folder, or the user's number, for messages */
};

static struct {
	struct removal *list;
	size_t count, room;
} removals;

/* Names what is removed: with the path of a folder's base, as nobody would find it by its new name alone. */
static void set_what(struct removal *removal, const char *const orders[3], int base)
{
	char link[32], path[PATH_MAX] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", base);
	if (base >= 0 && readlink(link, path, sizeof(path) - 1) > 0)
		snprintf(removal->what, sizeof(removal->what), "%s%s%s/%s", orders[2] ? orders[2] : "",
			 orders[2] ? ", as " : "", path, orders[1]);
	else if (removal->uid)
		snprintf(removal->what, sizeof(removal->what), "IPC objects of user %s", orders[1]);
	else
		snprintf(removal->what, sizeof(removal->what), "%s in /tmp and /var/tmp", orders[1]);
}

/* orders: three at most, the rest is NULL. */
static bool begin(uid_t uid, const char *const orders[3], const int streams[2])
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	const char *argv[] = { program->name, build_word(), orders[0], orders[1], orders[2], NULL };
	struct removal *list, removal = { .pid = -1, .uid = uid };

	if (program->fd < 0) {
		errno = program->error;
		return false;
	}
	list = array_grow(removals.list, &removals.room, removals.count, sizeof(*list));
	if (list) {
		removals.list = list;
		removal.pid = spawn_aside(program, (char *const *)(uintptr_t)argv, streams);
	}
	if (removal.pid < 0)
		return false;
	removal.born = process_now();
	set_what(&removal, orders, streams[0]);
	removals.list[removals.count++] = removal;
	return true;
}

bool removal_of_folder(int base, const char *aside, int at, const char *name)
{
	return begin(0, (const char *const[]){ "--remove", aside, name }, (int[]){ base, at });
}

bool removal_of_tmp(const char *name)
{
	return begin(0, (const char *const[]){ "--remove-tmp", name, NULL }, (int[]){ -1, -1 });
}

pid_t removal_make_way(uid_t uid, bool is_apart)
{
	for (size_t n = 0; uid && n < removals.count; n++) {
		if (removals.list[n].uid == uid && is_apart)
			return removals.list[n].pid;
		if (removals.list[n].uid != uid)
			continue;
		kill(removals.list[n].pid, SIGKILL);
		removals.list[n].uid = 0;
		removals.list[n].what[0] = '\0';       /* its end is no failure then */
	}
	return 0;
}

bool removal_of_ipc(uid_t uid)
{
	char number[16];

	removal_make_way(uid, false);           /* one does for all that there is now, and a start waits for one */
	snprintf(number, sizeof(number), "%" PRIu32, (uint32_t)uid);
	return begin(uid, (const char *const[]){ "--remove-ipc", number, NULL }, (int[]){ -1, -1 });
}

static const struct state_field removal_fields[] = {
	{ STATE_FIELD(removal, "pid", pid), .least = 2, .most = INT32_MAX },
	{ STATE_FIELD(removal, "born", born), .most = STATE_NUMBER_MOST },
	{ STATE_FIELD(removal, "uid", uid) },
	{ STATE_FIELD(removal, "what", what) },
};
const struct field_table removal_state = FIELD_TABLE("removal", removal, removal_fields);

void removal_save(struct state_saver *saver)
{
	for (size_t n = 0; n < removals.count; n++)
		state_save(saver, &removal_state, &removals.list[n]);
}

static bool is_there(const struct removal *removal, struct process *process)
{
	return removal->pid > 0 && process_read(removal->pid, process) && process->start_time <= removal->born;
}

/* One that was reaped just before superd was killed is not there. */
void removal_load(struct state_section *section)
{
	struct process process;
	struct removal *list = array_grow(removals.list, &removals.room, removals.count, sizeof(*list));

	if (!list)
		return;
	removals.list = list;
	state_load(section, &removal_state, &list[removals.count], NULL);
	removals.count += is_there(&list[removals.count], &process);
}

static void add_left(const struct removal *removal, struct buf *left)
{
	buf_addf(left, "%s%s", left->length ? ", " : "", removal->what);
}

/* It has ended. A start that waited too long for it has killed it. */
static void take_end(size_t n, int status, struct buf *left)
{
	const struct removal *removal = &removals.list[n];

	if (status && removal->what[0] && !(removal->uid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		add_left(removal, left);
	spawn_reaped(removal->pid);
	removals.list[n] = removals.list[--removals.count];
}

bool removal_take_end(pid_t pid, int status, struct buf *left)
{
	for (size_t n = 0; n < removals.count; n++) {
		if (removals.list[n].pid == pid) {
			take_end(n, status, left);
			return true;
		}
	}
	return false;
}

void removal_end(struct buf *left)
{
	int64_t until = clock_ms() + END_LIMIT;

	for (size_t n = 0; n < removals.count;) {
		const struct removal *removal = &removals.list[n];
		struct process process;
		int status = 0;
		pid_t pid = waitpid(removal->pid, &status, WNOHANG);

		/* One of a superd that was killed is a child of the guard. */
		if (pid > 0 || (pid < 0 && (!is_there(removal, &process) || process.ended))) {
			take_end(n, status, left);
		} else if (clock_ms() < until) {
			poll(NULL, 0, 1);
		} else {
			add_left(&removals.list[n], left);
			kill(removals.list[n].pid, SIGKILL);
			n++;
		}
	}
	removals.count = 0;
}
