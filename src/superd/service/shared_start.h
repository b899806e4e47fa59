/* Starts the next instance that gets the listeners (accept = no). */
#pragma once

#include <stdbool.h>

#include "superd/runtime/runtime.h"

/* Starts an instance, or begins its exec sequence. superd calls take_over with the instance once only its process
 * can still fail; READY follows, or the end of the instance. false: the start failed, for the reason in why. */
bool shared_start(struct service_runtime *runtime, struct buf *why,
		  void (*take_over)(struct service_runtime *runtime, struct instance *instance));

/* Logs xinetd's START of the last instance, if that has waited for the address of its client. */
void shared_start_record(struct service_runtime *runtime);

/* The instance_ops of shared_run: launch and runs are called in an exec sequence; drop frees the sequence. */
bool shared_start_launch(struct instance *instance, struct spawn_request *launch, struct buf *why);
void shared_start_note(struct instance *instance);
void shared_start_drop(struct instance *instance);

/* Begins its relay, if it has one: when the program runs, or once it has announced that it is ready. */
void shared_start_relay(struct instance *instance);

/* Makes the exec sequence of an instance that another superd has started; NULL: out of memory. */
struct exec_sequence *shared_start_resume(struct service_runtime *runtime, struct instance *instance);
