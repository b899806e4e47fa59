/* The last processes of a namespace, or of ours. The hard thing is that kill(-1) reaches everybody at once but as PID 1
 * alone; elsewhere the kernel's list of our children grows while it is worked off, as each that ends leaves us its own.
 *
 * Without that list (no /proc) nobody is found but as PID 1. */
#include "sys/remnants.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "sys/init.h"
#include "sys/process.h"
#include "sys/spawn.h"

/* Calls act for each child; the number of those it was true for. Whoever works aside is left alone: it ends by
 * itself, or hangs and can't be killed. */
static size_t for_children(bool (*act)(void *context, pid_t pid), void *context)
{
	pid_t *children = process_list_children();
	size_t count = 0;

	for (const pid_t *child = children; child && *child; child++)
		count += !spawn_is_aside(*child) && act(context, *child);
	free(children);
	return count;
}

static bool was_asked(const struct remnants *remnants, pid_t pid)
{
	for (size_t n = 0; n < remnants->count; n++) {
		if (remnants->asked[n] == pid)
			return true;
	}
	return false;
}

/* Without memory for it, it is asked again. */
static void note_asked(struct remnants *remnants, pid_t pid)
{
	if (remnants->count == remnants->room) {
		size_t room = remnants->room ? 2 * remnants->room : 64;
		pid_t *asked = reallocarray(remnants->asked, room, sizeof(*asked));

		if (!asked)
			return;
		remnants->asked = asked;
		remnants->room = room;
	}
	remnants->asked[remnants->count++] = pid;
}

/* One that is stopped hears nothing before it goes on. */
static bool ask(void *context, pid_t pid)
{
	if (was_asked(context, pid))
		return kill(pid, 0) == 0 || errno == EPERM;
	if (kill(pid, SIGTERM) < 0)
		return errno == EPERM;
	kill(pid, SIGCONT);
	note_asked(context, pid);
	return true;
}

struct choice {
	struct remnants *remnants;
	bool (*is_known)(void *context, pid_t pid);
	void *context;
};

static bool ask_stranger(void *context, pid_t pid)
{
	struct choice *choice = context;

	return !choice->is_known(choice->context, pid) && ask(choice->remnants, pid);
}

void remnants_ask_strangers(struct remnants *remnants, bool (*is_known)(void *context, pid_t pid), void *context)
{
	struct choice choice = { remnants, is_known, context };

	for_children(ask_stranger, &choice);
}

static bool ask_namespace(struct remnants *remnants)
{
	if (remnants->all_asked)
		return kill(-1, 0) == 0;
	remnants->all_asked = true;
	if (kill(-1, SIGTERM) < 0)
		return false;
	kill(-1, SIGCONT);
	return true;
}

bool remnants_ask(struct remnants *remnants)
{
	return init_is_first() ? ask_namespace(remnants) : for_children(ask, remnants) > 0;
}

static bool kill_one(void *context, pid_t pid)
{
	(void)context;
	return kill(pid, SIGKILL) == 0 || errno == EPERM;
}

bool remnants_kill(void)
{
	return init_is_first() ? kill(-1, SIGKILL) == 0 : for_children(kill_one, NULL) > 0;
}

void remnants_free(struct remnants *remnants)
{
	free(remnants->asked);
	*remnants = (struct remnants){ 0 };
}
