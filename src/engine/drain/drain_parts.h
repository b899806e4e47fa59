/* A drain as its files know it: engine/drain/drain goes through with it, engine/upgrade/drain_carry takes it over an
 * upgrade. */
#pragma once

#include <ev.h>

#include "engine/clients/census.h"
#include "engine/drain/former.h"
#include "engine/drain/patience.h"
#include "engine/drain/twins.h"
#include "engine/instance/instance.h"

struct drain {
	struct instance *instance;
	ev_timer timer;
	double wait;
	bool told;                      /* to end, within its patience */
	struct patience patience;       /* since then */
	bool noted;                     /* inquiry.guests are its clients */
	bool patient;                   /* where they are not known it is left alone */
	bool lent;                      /* its sockets are copies: the instance has no twin, and who waits there is left to it */
	bool rests;                     /* it does not look for its clients before it is told to end */
	struct list link;               /* in the engine's */
	bool unknown;
	unsigned char failures;         /* of finding out who they are */
	bool clear;                     /* at the last look nobody was there */
	struct inquiry inquiry;
	struct former former;           /* those of its clients who are its successor's for sure not */
	size_t count;
	struct parted *sockets;         /* that it has; kept for those in their queues, and in handshakes */
	struct tally tallies[];
};

struct drain *drain_make(struct instance *instance, size_t count);      /* NULL: out of memory */
void drain_start(struct drain *drain, struct parted *sockets, size_t count);      /* takes the sockets over */
void drain_look_later(struct drain *drain);
