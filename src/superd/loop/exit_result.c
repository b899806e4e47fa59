/* The results of an instance, and whether it is restarted. A status that prevents a restart wins over one that
 * forces it, and both win over `restart`: systemd.service(5), the table at Restart=. */
#include "superd/loop/exit_result.h"

#include <assert.h>
#include <stdio.h>
#include <sys/wait.h>

#include "lib/scan.h"
#include "table/words/exit_status.h"

static const char *const names[] = {
	"success",  "exit-code", "signal",    "core-dump",	"timeout",
	"watchdog", "protocol",	 "resources", "exec-condition", "condition", "oom-kill",
};
static_assert(sizeof(names) / sizeof(*names) == RESULTS, "every result has a name");

const char *result_name(enum result result)
{
	return names[result];
}

enum result result_of_status(const struct service *service, int status)
{
	if (exit_status_is_in(service->groups->restart->success_exit_status, status))
		return RESULT_SUCCESS;
	if (WIFSIGNALED(status))
		return WCOREDUMP(status) ? RESULT_CORE_DUMP : RESULT_SIGNAL;
	return WEXITSTATUS(status) == 0 ? RESULT_SUCCESS : RESULT_EXIT_CODE;
}

static bool is_wanted(enum restart restart, enum result result)
{
	bool aborted = result == RESULT_SIGNAL || result == RESULT_CORE_DUMP;

	switch (restart) {
	case RESTART_DEFAULT:           /* runtime_start_anew */
	case RESTART_NO:
		return false;
	case RESTART_ON_SUCCESS:
		return result == RESULT_SUCCESS;
	case RESTART_ON_FAILURE:
		return result != RESULT_SUCCESS;
	case RESTART_ON_ABNORMAL:
		return result != RESULT_SUCCESS && result != RESULT_EXIT_CODE;
	case RESTART_ON_WATCHDOG:
		return result == RESULT_WATCHDOG;
	case RESTART_ON_ABORT:
		return aborted;
	case RESTART_ALWAYS:
		return true;
	}
	return false;
}

bool result_restarts(const struct service *service, enum result result, int status)
{
	const struct restart_options *restart = service->groups->restart;

	if (service->exec->accept || result == RESULT_EXEC_CONDITION || result == RESULT_CONDITION)
		return false;
	if (exit_status_is_in(restart->restart_prevent_exit_status, status))
		return false;
	return exit_status_is_in(restart->restart_force_exit_status, status) ||
		is_wanted((enum restart)restart->restart, result);
}

void status_describe(int status, char *text)
{
	char name[32];

	if (WIFSIGNALED(status))
		snprintf(text, 48, "signal %.20s%s", scan_signal_name(WTERMSIG(status), name),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, 48, "exit status %d", WEXITSTATUS(status));
}
