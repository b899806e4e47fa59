/* A guest whose instance has a course (engine/instance/course): commands come before its program, or it is started
 * apart. The client is kept until the program runs, so that it is parked again and not lost when the start fails. */
#pragma once

#include <stdbool.h>

#include "engine/accept/guest.h"

#define DEPARTING_MOST 16               /* clients of a service on their way at once */

/* Begins the course, which owns the client. false: that failed, for the reason in why; the guest was dismissed and
 * parked. */
bool guest_depart(struct keeper *keeper, struct guest *guest, struct buf *why);

/* The same for several. false: at least one could not begin, which is logged. */
bool guest_depart_all(struct keeper *keeper, struct guest *guests, size_t count);

/* Whether superd must accept no more before one of the starts under way has succeeded: all may fail. */
bool guest_must_wait(const struct keeper *keeper);

/* Its listeners will change: clients go back to them, except those whose program may have them already. */
void guest_recall(struct keeper *keeper);

/* The course of an instance that another superd began for a client, which is taken over; has_run: its program has it.
 * NULL: out of memory. */
struct course *guest_resume_course(struct keeper *keeper, struct instance *instance, const struct guest *guest, bool has_run);

/* Its later steps need its own plan again, if its service names its instances. Logs a failure. */
void guest_resume_plan(struct course *course);

const struct guest *guest_of_course(struct course *course);     /* the guest it is for; NULL: none */
