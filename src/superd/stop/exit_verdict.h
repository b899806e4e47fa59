/* Decides whether the end of an instance is a failure of its service. */
#pragma once

#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

/* Whether an end is a failure of the service. With accept = no every unsuccessful result is one. With accept = yes an
 * exit status counts only if success_exit_status is set, or if it is 126 or 127 at once, and the signals HUP, INT, TERM
 * and PIPE do not count, because a program whose client is gone ends by them: systemd takes these signals for clean,
 * and its units for such services put a '-' before the program (sshd@.service); xinetd logs the status and counts no
 * failure. */
bool exit_verdict_is_failure(const struct service *service, const struct ending *ending);

/* Whether this end is that of a program that could not begin: no client can cause it. */
bool exit_verdict_never_began(int wait_status, double lasted);

/* Notes the end of an instance that has run. true: that is a failure, which is counted and kept for status. */
bool exit_verdict_note_end(struct service_runtime *runtime, const struct instance *instance,
			   const struct ending *ending);

/* Notes a start that failed before its program ran. client: the client that it was for; NULL: for all clients. */
void exit_verdict_note_start(struct service_runtime *runtime, const struct client *client, enum result result,
			     const char *why);

/* Notes an instance that succeeded without accepting a waiting client, and sets the reason of the pause. */
void exit_verdict_fail_no_progress(struct service_runtime *runtime);

/* Returns EXITED or CRASHED for an instance that had the listeners; with CRASHED the reason of the pause is set.
 * waiting: clients in the queue; why: the reason of a failed start, else "". */
enum service_event exit_verdict_end(struct service_runtime *runtime, const struct ending *ending, unsigned waiting,
				    const char *why);

/* Returns the seconds until `restart` starts the service again. They grow while instances succeed within a second
 * again and again although no client waits. */
double exit_verdict_restart(struct service_runtime *runtime, const struct ending *ending);
