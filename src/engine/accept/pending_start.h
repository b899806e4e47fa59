/* A guest whose instance has a course (engine/instance/instance_event): commands come before its program, or it is
 * started apart. The client is kept until the program runs, so that it is parked again and not lost when the start
 * fails. */
#pragma once

#include <stdbool.h>

#include "engine/accept/pending.h"

#define DEPARTING_MOST 16               /* clients of a service on their way at once */

/* Makes this runtime the owner of a client's own instance. */
void pending_own(struct service_runtime *runtime, struct instance *instance);

/* Begins the course, which owns the client. false: that failed, for the reason in why; the guest was dismissed and
 * parked. */
bool pending_depart(struct service_runtime *runtime, struct pending_client *guest, struct buf *why);

/* The same for several. false: at least one could not begin, which is logged. */
bool pending_depart_all(struct service_runtime *runtime, struct pending_client *guests, size_t count);

/* Whether superd must accept no more before one of the starts under way has succeeded: all may fail. */
bool pending_must_wait(const struct service_runtime *runtime);

/* Its listeners will change: clients go back to them, except those whose program may have them already. */
void pending_recall(struct service_runtime *runtime);

/* The course of an instance that another superd began for a client, which is taken over; has_run: its program has it.
 * NULL: out of memory. */
struct exec_sequence *pending_resume_course(struct service_runtime *runtime, struct instance *instance,
					    const struct pending_client *guest, bool has_run);

/* Its later steps need its own plan again, if its service names its instances. Logs a failure. */
void pending_resume_plan(struct exec_sequence *sequence);

const struct pending_client *pending_of_course(struct exec_sequence *sequence); /* the guest it is for; NULL: none */
