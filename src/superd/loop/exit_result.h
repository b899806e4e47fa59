/* The result of an instance, in systemd's words (SERVICE_RESULT of systemd.exec(5)): for its commands, the log, and the
 * decision whether it is started again. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

enum result {
	RESULT_SUCCESS,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_CORE_DUMP,
	RESULT_TIMEOUT,
	RESULT_WATCHDOG,
	RESULT_PROTOCOL,
	RESULT_RESOURCES,               /* superd could not start it */
	RESULT_EXEC_CONDITION,          /* exec_condition prevented the start, which is no failure */
	RESULT_CONDITION,               /* a condition prevented the start, which is no failure */
	RESULT_OOM_KILL,                /* it had more memory than it may have */
	RESULTS
};

const char *result_name(enum result result);            /* "exit-code" */

/* Returns the result for a wait status of this service, by success_exit_status. */
enum result result_of_status(const struct service *service, int status);

/* Whether it is no failure. */
static inline bool result_is_good(enum result result)
{
	return result == RESULT_SUCCESS || result == RESULT_EXEC_CONDITION || result == RESULT_CONDITION;
}

/* Whether `restart` and related options start the service again after such an end. */
bool result_restarts(const struct service *service, enum result result, int status);

/* Describes a wait status, "exit status 3", "signal TERM"; text of at least 48 bytes. */
void status_describe(int status, char *text);
