/* Whether users other than root and superd's own can block a plan's starts. Such a start never shares superd's memory:
 * the thread that starts it would wait for its exec, and SIGKILL does not end a process that hangs in a file system.
 *
 * A plan is checked when it is made: if all folders on the way are root's, only root can change what a path leads to.
 * Mounts that root adds later are seen when the plan is checked again. */
#include <stdlib.h>

#include "lib/clock.h"
#include "os/fs/interpreter.h"
#include "os/fs/path_trust.h"
#include "superd/spawn/spawn.h"
#include "superd/start/plan.h"

#define MOUNTS_SECONDS 1.0              /* age up to which a list of mounts is used for all plans */

/* Caches the list, as ten thousand plans may be made at once. */
static const char *recent_mounts(void)
{
	static char *mounts;
	static double read_at;
	double now = clock_now();

	if (!mounts || now > read_at + MOUNTS_SECONDS) {
		free(mounts);
		mounts = path_mounts();
		read_at = now;
	}
	return mounts;
}

static bool is_trusted(const char *path, const char *mounts)
{
	struct path_finding finding;

	return path_is_trusted(path, PATH_ANY_FLAW, mounts, &finding);
}

static bool is_program_trusted(const char *program, const char *mounts)
{
	struct interpreter interpreter;

	for (int depth = 0; depth <= INTERPRETERS_MOST; depth++) {
		if (!*program)
			return true;    /* it was not found */
		if (!is_trusted(program, mounts))
			return false;
		interpreter_find(NULL, program, &interpreter);
		if (interpreter.kind != INTERPRETER_FOUND)
			return interpreter.kind != INTERPRETER_UNKNOWN;
		program = interpreter.path;
	}
	return true;                            /* the kernel reports ELOOP */
}

static bool are_commands_trusted(const struct plan *plan, const char *mounts)
{
	for (int phase = 0; phase < PHASES; phase++) {
		for (size_t n = 0; n < plan->commands[phase].count; n++) {
			if (!is_program_trusted(plan->commands[phase].list[n].program, mounts))
				return false;
		}
	}
	return true;
}

/* In another root directory links lead elsewhere, so such paths cannot be checked here. */
static bool is_plan_trusted(const struct plan *plan)
{
	const char *mounts = recent_mounts();

	return !plan->root && (!plan->directory || is_trusted(plan->directory, mounts)) &&
	       is_program_trusted(plan->main.program, mounts) && are_commands_trusted(plan, mounts);
}

void plan_check_trust(struct plan *plan)
{
	if (plan->may_hang)
		return;
	plan->may_hang = !is_plan_trusted(plan);
	plan->apart |= plan->may_hang;
}
