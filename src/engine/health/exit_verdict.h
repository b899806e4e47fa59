/* Judges the ends of instances, for their service. */
#pragma once

#include "engine/instance/instance.h"
#include "engine/runtime/runtime.h"

/* Just before a start: notes the clients that wait for it. */
void exit_verdict_note_queue(struct service_runtime *runtime);

unsigned exit_verdict_count_queue(const struct service_runtime *runtime); /* clients that wait now */
bool exit_verdict_sees_clients(const struct service_runtime *runtime); /* whether any client waits; cheaper */

/* Whether an end is a failure of the service. With accept = no every end is one that is not good. With accept = yes
 * a plain exit status is the program's own affair, unless success_exit_status names the good ones, and HUP, INT,
 * TERM and PIPE are how a program ends whose client is gone: systemd takes these for clean, and its units for such
 * services have a '-' before the program, as their statuses mean nothing (sshd@.service); xinetd logs the status and
 * counts no failure. */
bool exit_verdict_is_failure(const struct service *service, const struct ending *ending);

/* An instance has run, and has ended. true: that is a failure, which is counted and kept. */
bool exit_verdict_note_end(struct service_runtime *runtime, const struct instance *instance,
			   const struct ending *ending);

/* The same for a start that failed before its program ran; client NULL: it was for all clients. */
void exit_verdict_note_start(struct service_runtime *runtime, const struct client *client, enum result result,
			     const char *why);

/* The same for an instance that ended well without taking a waiting client; sets the reason of the pause. */
void exit_verdict_fail_no_progress(struct service_runtime *runtime);

/* Returns EXITED or CRASHED for an instance that had the listeners; with CRASHED the reason of the pause is set.
 * why: the reason of a failed start, else "". */
enum service_event exit_verdict_end(struct service_runtime *runtime, const struct ending *ending, const char *why);

/* Returns the seconds until `restart` starts the service again. They grow if instances end well at once again and
 * again, while no client waits. */
double exit_verdict_restart(struct service_runtime *runtime, const struct ending *ending);
