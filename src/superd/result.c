/* How an instance ended, in systemd's words, and what follows from that: functions of their arguments alone, of which
 * the table of systemd 252 is the test (tests/unit/superd). Of all that goes wrong with an instance the first counts;
 * the back-off, the log, `status` and `why` read that. Whether a pause follows says svc_conclude_instance (service.c),
 * and how long it is lib/backoff. */
#include "superd/daemon.h"

#define AT_ONCE 1.0 /* seconds: a shell that cannot run its program, or a loader without a library, ends sooner */

/* HUP, INT, TERM and PIPE end a daemon cleanly: systemd's EXIT_CLEAN_DAEMON. A command does not wait for them. */
static bool is_clean_signal(int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGPIPE;
}

/* The end of its main process in this phase, or of a command of this phase. ignored: a "-" is before its words. */
enum result result_of_end(const struct service *row, enum phase phase, bool is_command, bool ignored, int status)
{
	unsigned type = row->exec->type;
	bool well = !status || exit_status_is_in(row->groups->restart->success_exit_status, status) ||
		(!is_command && type != TYPE_ONESHOT && is_clean_signal(status));

	if (well || ignored)
		return phase == STARTED && !is_command && type != TYPE_ONESHOT && type != TYPE_FORKING ? RESULT_PROTOCOL
												       : RESULT_SUCCESS;
	if (WIFSIGNALED(status))
		return WCOREDUMP(status) ? RESULT_CORE_DUMP : RESULT_SIGNAL;
	return phase == CONDITION && is_command && WEXITSTATUS(status) < 255 ? RESULT_EXEC_CONDITION : RESULT_EXIT_CODE;
}

void event_add_end(struct event *event, int status)
{
	event->has_signal = WIFSIGNALED(status);
	event->has_status = !event->has_signal;
	event->signal = event->has_signal ? WTERMSIG(status) : 0;
	event->status = event->has_status ? WEXITSTATUS(status) : 0;
}

/* With accept = no every result but success is a failure. With accept = yes the status is the client's affair as much
 * as the program's: it counts where success_exit_status is set, or where the program could not begin. A command that
 * has failed counts; the program has status 0 then, or none. */
bool result_is_failure(const struct service *row, enum ends ends, enum result result, int status, double lasted)
{
	int number = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (ends == IS_ASKED || result_is_good(result))
		return false;
	if (row->exec->accept && result == RESULT_EXIT_CODE && number)
		return ((number == 126 || number == 127) && lasted < AT_ONCE) ||
			exit_status_has_number(row->groups->restart->success_exit_status);
	return !(row->exec->accept && result == RESULT_SIGNAL && is_clean_signal(status));
}

/* Whether it starts again without a client: systemd.service(5), the table at Restart=. A status that prevents it wins
 * over one that forces it, and both win over `restart`. By default what starts with superd does so after a failure,
 * and what has no sockets always, but for a oneshot that has done its work. */
bool result_starts_again(const struct service *row, enum ends ends, enum result result, int status)
{
	const struct restart_options *options = row->groups->restart;
	bool well = result_is_good(result), skipped = well && result != RESULT_SUCCESS;

	if (row->exec->accept || ends == IS_ASKED || (skipped && options->restart != RESTART_DEFAULT) ||
	    (!skipped && exit_status_is_in(options->restart_prevent_exit_status, status)))
		return false;
	if (!skipped && exit_status_is_in(options->restart_force_exit_status, status))
		return true;
	switch ((enum restart)options->restart) {
	case RESTART_DEFAULT:
		return row->exec->start == START_BOOT &&
			(!well || (!row->socket_count && (skipped || row->exec->type != TYPE_ONESHOT)));
	case RESTART_NO:
		return false;
	case RESTART_ON_SUCCESS:
		return well;
	case RESTART_ON_FAILURE:
		return !well;
	case RESTART_ON_ABNORMAL:
		return !well && result != RESULT_EXIT_CODE;
	case RESTART_ON_WATCHDOG:
		return result == RESULT_WATCHDOG;
	case RESTART_ON_ABORT:
		return result == RESULT_SIGNAL || result == RESULT_CORE_DUMP;
	case RESTART_ALWAYS:
		return true;
	}
	return false;
}
