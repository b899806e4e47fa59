/* Starts superd-exec for a removal, and notes its process. */
#include "exec/dirs/removal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/build_id.h"
#include "base/clock.h"
#include "exec/spawn/spawn.h"
#include "exec/spawn/worker_process.h"
#include "os/host/program.h"

#define END_LIMIT 10000                 /* milliseconds */

struct removal {
	pid_t pid;
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused */
	uid_t uid;                      /* whose IPC objects are removed; 0: it removes folders */
	char what[48];                  /* the folder, or the user's number, for messages */
};

static struct {
	struct removal *list;
	size_t count, room;
} removals;

/* Whether the loop has reaped it, or it can be reaped. */
static bool has_ended(const struct removal *removal)
{
	if (spawn_worker_serial(removal->pid) != removal->serial)
		return true;
	if (waitpid(removal->pid, NULL, WNOHANG) == 0)
		return false;
	spawn_reaped(removal->pid);
	return true;
}

/* Returns how many are under way. */
static size_t drop_ended(void)
{
	size_t kept = 0;

	for (size_t n = 0; n < removals.count; n++) {
		if (!has_ended(&removals.list[n]))
			removals.list[kept++] = removals.list[n];
	}
	return removals.count = kept;
}

static struct removal *make_room(void)
{
	struct removal *list;

	if (removals.count == removals.room)
		drop_ended();
	list = array_grow(removals.list, &removals.room, removals.count, sizeof(*list));
	if (list)
		removals.list = list;
	return list;
}

/* orders: three at most, the rest is NULL. */
static bool begin(uid_t uid, const char *const orders[3], const int streams[2])
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	const char *argv[] = { program->name, build_word(), orders[0], orders[1], orders[2], NULL };
	struct removal removal = { .pid = -1, .uid = uid };

	errno = program->error;
	if (program->fd >= 0 && make_room())
		removal.pid = spawn_aside(program, (char *const *)(uintptr_t)argv, streams);
	if (removal.pid < 0)
		return false;
	removal.serial = spawn_worker_serial(removal.pid);
	snprintf(removal.what, sizeof(removal.what), "%s", orders[2] ? orders[2] : orders[1]);
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

bool removal_of_ipc(uid_t uid)
{
	char number[16];

	snprintf(number, sizeof(number), "%" PRIu32, (uint32_t)uid);
	return begin(uid, (const char *const[]){ "--remove-ipc", number, NULL }, (int[]){ -1, -1 });
}

pid_t removal_make_way(uid_t uid, bool is_apart)
{
	for (size_t n = 0; uid && n < removals.count; n++) {
		const struct removal *removal = &removals.list[n];

		if (removal->uid != uid || has_ended(removal))
			continue;
		if (is_apart)
			return removal->pid;
		kill(removal->pid, SIGKILL);
	}
	return 0;
}

void removal_end(struct buf *ended)
{
	int64_t until = clock_ms() + END_LIMIT;

	while (drop_ended() && clock_ms() < until)
		poll(NULL, 0, 1);
	for (size_t n = 0; n < removals.count; n++) {
		buf_addf(ended, "%s%s", n ? ", " : "", removals.list[n].what);
		kill(removals.list[n].pid, SIGKILL);
	}
	removals.count = 0;
}
