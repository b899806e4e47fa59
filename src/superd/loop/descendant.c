/* The ancestors of a process lead to superd, as superd adopts orphans. They lead to the guard instead if a superd
 * before has started the process, and to neither once that guard was lost: then the process that superd follows is
 * still known. A control group shows even what a killed superd without a guard has left. */
#include "superd/loop/descendant.h"

#include "os/cgroup/cgroup_delegation.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"
#include "superd/loop/engine.h"

#define ANCESTORS_MOST 1000

bool engine_has_descendant(const struct engine *engine, pid_t pid)
{
	struct process process;
	bool grouped = pid > 0 && cgroup_has_started(pid);

	for (int n = 0; n < ANCESTORS_MOST && !grouped; n++) {
		if (pid <= 0 || !process_read(pid, &process) || child_table_find(&engine->children, pid) ||
		    guard_or_superd_is(process.parent))
			return true;
		if (process.parent <= 1)
			return false;
		pid = process.parent;
	}
	return true;
}
