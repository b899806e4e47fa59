/* A guest whose instance has a course (engine/instance/course): commands come before its program, or it is started apart.
 * The client is kept until the program runs, so that it is parked again and not lost when the start fails. */
#pragma once

#include <stdbool.h>

#include "engine/accept/guest.h"

#define DEPARTING_MOST 16               /* clients of a service on their way at once */

/* Begins the course; the client is taken over. false, dismissed and parked, with the reason in why, when it could not be. */
bool guest_depart(struct keeper *keeper, struct guest *guest, struct buf *why);

/* The same for several; says why one could not. false: that was so. */
bool guest_depart_all(struct keeper *keeper, struct guest *guests, size_t count);

/* Whether nobody else is to be accepted before one of those on their way has come to run: their starts may all fail. */
bool guest_must_wait(const struct keeper *keeper);

/* Its listeners are about to change: clients go back to them, but for those whose program may have them already. */
void guest_recall(struct keeper *keeper);

/* The course of an instance that another superd began for a client, which is taken over; has_run: its program has it.
 * NULL: out of memory. */
struct course *guest_resume_course(struct keeper *keeper, struct instance *instance, const struct guest *guest, bool has_run);

/* What comes behind needs a plan of its own again, where its service names its instances. Logs what can't be had. */
void guest_resume_plan(struct course *course);

const struct guest *guest_of_course(struct course *course);     /* whom it is for; NULL: it is no guest's */
