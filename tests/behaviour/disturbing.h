/* Clients in bursts, and what an operator or superd itself does meanwhile, at random: not one client may be
 * refused, reset or left without its whole answer. What is hard to hit is the moment in which a backend is
 * about to be let go, so the silence between two bursts is now shorter and now longer than an idle_timeout of
 * IDLE_MS.
 *
 * The seed is in the log of the test; NOLOSS_SEED has it go the same way again, as far as the machine does.
 * NOLOSS_CONNECTIONS is how many clients there are in each test (tests/bench/noloss). */
#pragma once

#include "controlling.h"
#include "load.h"

#define IDLE_MS 100
#define FINISHING backend("-d 2 few 1000000")   /* told to end it serves whom it has accepted, and accepts nobody */
#define PLACES_MOST 3

/* A service with one socket. */
struct place {
	const char *name, *endpoint;
	struct load_plan plan;
};

struct world {
	const char *backend, *options;  /* each place's exec, and lines of its service */
	const char *begins;             /* a line of the log before which nobody comes; NULL: none */
	const char *other_options;      /* a line that each second reload has; NULL: nice = 1 */
	struct superd *superd;
	struct place places[PLACES_MOST];
	size_t count;
	size_t clients;                 /* how many there are to be, unless NOLOSS_CONNECTIONS says so; 0: 2000 */
	unsigned most;                  /* of them in a burst at a place; 0: 40 */
	unsigned seed, reloads;
	struct tally sum;
};

/* A TCP port of one family, one of both, and as root, as it takes a twin, a unix socket. */
struct world world_of(const char *program, const char *options);
struct world world_at(const struct place *place, const char *program, const char *options);     /* one of its own */

const char *idling(const char *action);         /* as an option */

typedef void disturb(struct world *world);

disturb do_nothing, upgrade_by_signal, order_upgrade, order_hold, order_restart, order_stop, order_drain, order_freeze,
	order_reload;

void see_no_loss(struct world *world, disturb *const *disturbances, unsigned count);

#define SEE_NO_LOSS(world, ...) do { \
	static disturb *const disturbances_[] = { __VA_ARGS__ }; \
	see_no_loss(world, disturbances_, sizeof(disturbances_) / sizeof(*disturbances_)); \
} while (0)

#define EVERYTHING \
	do_nothing, order_upgrade, order_hold, order_restart, order_stop, order_drain, order_freeze, order_reload
