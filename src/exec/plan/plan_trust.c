/* Whether users other than root and superd's own can block a plan's starts. Such a start never shares superd's memory:
 * the thread that starts it would wait for its exec, and SIGKILL does not end a process that hangs in a file system.
 *
 * A plan is judged when it is made: on a way of root's folders alone only root can change what a path leads to. What
 * root mounts later is seen when the plan is judged again. */
#include <stdlib.h>

#include "base/clock.h"
#include "exec/plan/plan.h"
#include "exec/spawn/spawn.h"
#include "os/fs/interpreter.h"
#include "os/fs/path_trust.h"

#define MOUNTS_SECONDS 1.0              /* the list of mounts serves all plans of so long */

/* Ten thousand plans made at once read it once. */
static const char *mounts_of_now(void)
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
			return true;    /* it is nowhere */
		if (!is_trusted(program, mounts))
			return false;
		interpreter_find(NULL, program, &interpreter);
		if (interpreter.kind != INTERPRETER_FOUND)
			return interpreter.kind != INTERPRETER_UNKNOWN;
		program = interpreter.path;
	}
	return true;                            /* ELOOP, says the kernel */
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

/* Links lead elsewhere in another root, so nothing there is followed from here. */
static bool is_plan_trusted(const struct plan *plan)
{
	const char *mounts = mounts_of_now();

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
