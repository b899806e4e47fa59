/* What follows the end of a process, whoever has reaped it. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "os/host/program.h"
#include "superd/instance/notify_handle.h"
#include "superd/launch/instance_cgroup.h"
#include "superd/loop/child_table.h"
#include "superd/spawn/spawn.h"
#include "superd/spawn/worker_process.h"
#include "superd/start/removal.h"
#include "superd/supervisor/shutdown.h"
#include "superd/supervisor/supervisor.h"

/* A program of another build, or one that cannot be executed, does nothing, each time. */
static void log_unusable_program(struct engine *engine, enum program which, int status)
{
	struct buf why = { 0 };

	if (!WIFEXITED(status) || WEXITSTATUS(status) < PROGRAM_OTHER_BUILD || engine->told_unusable >> which & 1)
		return;
	engine->told_unusable |= 1u << which;
	if (WEXITSTATUS(status) == PROGRAM_OTHER_BUILD)
		program_describe_other(which, &why);
	else
		buf_addf(&why, "cannot execute %s: %s", program_known(which)->name,
			 strerror(WEXITSTATUS(status) - WORKER_NOT_EXECUTED));
	log_error(engine->log, "%s", buf_string(&why));
	buf_free(&why);
}

/* A filter kills only what tries to do what no process of superd's own does: an attack, or a fault in the filter. */
static void log_worker_end(struct engine *engine, pid_t pid, int status)
{
	const char *name = spawn_worker_name(pid);
	int program = spawn_program_of(pid);

	if (program >= 0)
		log_unusable_program(engine, (enum program)program, status);
	if (name && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error(engine->log,
			  "%s, pid %ld: killed by the filter of system calls that superd gave it; the kernel's log "
			  "names the call: report it to superd's maintainers, it may be an attack",
			  name, (long)pid);
}

static void log_left(struct engine *engine, pid_t pid, int status)
{
	struct buf left = { 0 };

	engine->unsaved_engine |= removal_take_end(pid, status, &left);
	if (left.length)
		log_warn(engine->log, "what a service left is not removed: %s", buf_string(&left));
	buf_free(&left);
}

void supervisor_take_end(struct supervisor *supervisor, pid_t pid, int status, double cpu)
{
	struct engine *engine = &supervisor->engine;
	struct child *child = child_table_find(&engine->children, pid);

	log_worker_end(engine, pid, status);
	log_left(engine, pid, status);
	spawn_reaped(pid);
	if (child) {
		child_table_remove(&engine->children, child);
		child->cpu = cpu;
		child->ended(child, status);
	} else {
		log_debug(engine->log, "reaped pid %ld, a stranger", (long)pid);
	}
	instance_sweep(engine);
	main_pid_sweep(engine);
	if (instance_cgroups_are_left(engine))
		instance_cgroups_sweep(engine);
	shutdown_check(supervisor);
}
