/* Starts a service in the foreground of an operator (superd/instance/foreground), and stops it when he leaves.
 *
 * A service that gets the listeners (accept = no) is started at once. One with accept = yes is started with its next
 * client, and serves that one; other clients get instances as always. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/instance/foreground.h"
#include "superd/service/operator.h"

/* An order, which its client keeps. */
struct service_foreground {
	uid_t uid;                      /* user who orders it */
	bool stops;                     /* an instance that runs is stopped first; clients wait in the meantime */
	struct foreground *foreground;
	struct operator_order start;    /* accept = no */
	enum order_result result;       /* of a start that does not come; else ORDER_UNDER_WAY */
};

/* Begins. The client has set `uid` and `stops`. If the result is not ORDER_UNDER_WAY, it has failed
 * (operator_begin). */
enum order_result service_foreground_begin(struct service_foreground *service_foreground,
					   struct service_runtime *runtime, const struct foreground_order *order,
					   struct buf *why);

/* Called after a change: if the start that it waits for does not come, its stage becomes FOREGROUND_FAILED. */
void service_foreground_look(struct service_foreground *service_foreground);

/* Signals all processes of the instance, as a terminal does. false: its program does not run. */
bool service_foreground_signal(const struct service_foreground *service_foreground, int signal);

/* The client leaves. If the run is not over: withdraws the order, or interrupts the instance (SIGINT), and stops it as
 * `superctl stop` does if it has not ended soon. */
void service_foreground_leave(struct service_foreground *service_foreground);
