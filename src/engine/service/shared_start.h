/* Starts the next instance of a runtime that gets the listeners. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Starts an instance, or begins its course. take_over gives it to the runtime once nothing but its process can fail;
 * READY follows, or the instance's end. false: that failed, for the reason in why. */
bool shared_start(struct service_runtime *runtime, struct buf *why,
		  void (*take_over)(struct service_runtime *runtime, struct instance *instance));

/* For the instance_ops of shared_run: launch and runs of a course, and drop, which frees the course. */
bool shared_start_launch(struct instance *instance, struct spawn_request *launch, struct buf *why);
void shared_start_note(struct instance *instance);
void shared_start_drop(struct instance *instance);

/* Resumes the course of an instance that another superd started; NULL: out of memory. */
struct exec_sequence *shared_start_resume(struct service_runtime *runtime, struct instance *instance);
