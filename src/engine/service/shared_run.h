/* Starts and ends the instances that get the listeners. What comes of it is posted to the runtime. */
#pragma once

#include "engine/runtime/runtime.h"

/* Allocates all that a start needs beside its instance; false: out of memory, and the start has to be put off. */
bool shared_run_prepare(struct service_runtime *runtime);

void shared_run_spawn(struct service_runtime *runtime);
void shared_run_note(struct service_runtime *runtime);
void shared_run_stop(struct service_runtime *runtime, enum service_event cause);
void shared_run_go_on(struct service_runtime *runtime); /* goes on with a stop that another superd began */
void shared_run_kill(struct service_runtime *runtime);

/* Lets the current instance, and with accept = yes all, go on beside its successor; or stops them. If they are stopped
 * while the runtime closes, the current one stays current, so that the runtime learns of its end. */
void shared_run_retire(struct service_runtime *runtime, bool stop);
void shared_run_dismiss(struct service_runtime *runtime);

/* Ends superd's own programs that answer datagrams: they know the rules of their row from their start, and would go
 * on as long as datagrams come. None of them has a session to lose. */
void shared_run_end_answering(struct service_runtime *runtime);
void shared_run_abandon(struct service_runtime *runtime);

/* Whether an instance got the listeners; and adds such an instance of another superd to the runtime's. */
bool shared_run_owns(const struct instance *instance);
void shared_run_own(struct service_runtime *runtime, struct instance *instance);
