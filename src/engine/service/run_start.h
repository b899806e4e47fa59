/* Starts the next instance of a keeper that gets the listeners. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Starts an instance, or begins its course. take_over gives it to the keeper once nothing but its process can fail;
 * READY follows, or the instance's end. false: that failed, for the reason in why. */
bool run_start(struct keeper *keeper, struct buf *why,
	       void (*take_over)(struct keeper *keeper, struct instance *instance));

/* Resumes the course of an instance that another superd started; NULL: out of memory. */
struct course *run_resume_course(struct keeper *keeper, struct instance *instance);
