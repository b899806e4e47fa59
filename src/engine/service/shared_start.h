/* Starts the next instance of a runtime that gets the listeners. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Starts an instance, or begins its course. take_over gives it to the runtime once nothing but its process can fail;
 * READY follows, or the instance's end. false: that failed, for the reason in why. */
bool shared_start(struct service_runtime *runtime, struct buf *why,
		  void (*take_over)(struct service_runtime *runtime, struct instance *instance));

/* Resumes the course of an instance that another superd started; NULL: out of memory. */
struct exec_sequence *shared_start_resume(struct service_runtime *runtime, struct instance *instance);
