/* Starts and stops the instances that get the listeners (accept = no). It posts the results to the runtime. */
#pragma once

#include "superd/instance/runtime.h"

/* Allocates all that a start needs beside the instance. false: out of memory; the start must be put off. */
bool shared_run_prepare(struct service_runtime *runtime);

/* Makes the exec sequence of an instance that another superd has started; NULL: out of memory. */
struct exec_sequence *shared_run_resume(struct service_runtime *runtime, struct instance *instance);

/* Logs xinetd's START of the last instance, if that has waited for the address of its client. */
void shared_run_record(struct service_runtime *runtime);

void shared_run_spawn(struct service_runtime *runtime);
void shared_run_note(struct service_runtime *runtime);
void shared_run_stop(struct service_runtime *runtime, enum service_event cause);
void shared_run_kill(struct service_runtime *runtime);

/* Lets the current instance, and with accept = yes all instances, run on beside their successors, or stops them. If
 * they are stopped while the runtime closes, the current instance stays current, so that the runtime learns of its
 * end. */
void shared_run_retire(struct service_runtime *runtime, bool stop);
void shared_run_dismiss(struct service_runtime *runtime);

/* Stops builtins that answer datagrams: they know the access rules of their entry from their start, and would continue
 * as long as datagrams arrive. They have no sessions to lose. */
void shared_run_end_answering(struct service_runtime *runtime);
void shared_run_abandon(struct service_runtime *runtime);

/* Whether an instance got the listeners; and adds such an instance of another superd to the runtime. */
bool shared_run_owns(const struct instance *instance);
void shared_run_own(struct service_runtime *runtime, struct instance *instance);
