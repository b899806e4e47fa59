/* Stops an instance without losing a client. New clients come to other sockets at the same addresses
 * (superd/stop/standby_socket) while it serves those it has; then it gets its signal. An instance that seems to have
 * none is frozen first, and counted once more. There is at most one stop an instance, instance->stop, and all stops
 * differ in their reason alone:
 *
 *   reason              first phase                    if the kernel cannot list its clients
 *   IDLE MEMORY         FREEZE, from UNNEEDED on       it goes on;
 *                       NEWCOMER                       then only those in its queues count
 *   LIMIT ORDER RESTART END                            the same
 *   RELOAD
 *   DRAIN               NEWCOMER; beside a successor   somebody may be left; REST in place of SERVE
 *                       SERVE
 *   MOVED               the same                       the same; END in place of SERVE
 *   LENT                SERVE, REST                    REST
 *
 * If an earlier instance has the second sockets, NEWCOMER is END.
 *
 *   phase      nobody is left   somebody is left, or a look failed                    stop_end
 *   FREEZE     COUNT, once its processes stand still; or it goes on                   its signal
 *   COUNT      NEWCOMER, or it  it is thawed, and goes on                             its signal
 *              stays frozen
 *   READY      (no look)        (no look); SERVE by stop_begin_beside                 its signal
 *   EARLIER    (no look)        (no look); by stop_go_on the first phase              waits on; its signal
 *   ADDRESS                                                                           if the service closes
 *   REST       (no look)        (no look)                                             END
 *   SERVE      DONE             look again                                            END
 *   NEWCOMER   DONE             it has accepted none, and the kernel moves them: DONE END
 *                               may run beside a successor: SERVE (and IDLE, MEMORY become MOVED)
 *                               a client waits at the listeners, or runtime_max is over: END
 *   END        DONE             the deadline is over, or all rest: DONE               END
 *
 * In FREEZE and COUNT nothing was done yet: the stop is only tried, while the service is RUNNING. A drain is planned
 * while it is STARTING, in READY, or RUNNING, in ADDRESS. Later the service is STOPPING, but for LENT and RELOAD. An
 * instance that was tried is frozen still in ADDRESS. The current instance stays that, unless it may run beside a
 * successor (on_change = drain): then the service goes on without it. */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

struct conn_query;
struct service_clients;
struct state_saver;
struct state_section;

/* The numbers of both go over in an upgrade. */
enum stop_reason {
	STOP_ORDER,                     /* an order to stop */
	STOP_IDLE,                      /* no client is connected, as far as superd knows */
	STOP_LIMIT,                     /* a time limit is over */
	STOP_RELOAD,                    /* its entry got other sockets while it had standby sockets */
	STOP_DRAIN,                     /* an order to drain, or its entry has changed: it may serve its clients to the end */
	STOP_MOVED,                     /* the same, as clients come to a socket that it does not have */
	STOP_LENT,                      /* it outlives its entry, or another entry gets its sockets: superd has copies of them */
	STOP_MEMORY,                    /* as STOP_IDLE, before idle_timeout is over, as memory is short */
	STOP_RESTART,                   /* an order to restart */
};

enum stop_phase {
	STOP_READY = 9,                 /* it waits until the instance is ready */
	STOP_FREEZE = 5,                /* its processes are being frozen */
	STOP_COUNT = 6,                 /* they are frozen, so they accept nobody, and all its clients are counted */
	STOP_EARLIER = 7,               /* it waits until an earlier instance has ended, as an address has two sockets at most */
	STOP_ADDRESS = 8,               /* it waits until another process lets its addresses be shared, or ends older sockets */
	STOP_SERVE = 0,                 /* it serves its clients to the end */
	STOP_REST,                      /* the same, and superd does not look for them */
	STOP_NEWCOMER,                  /* the same, until a client waits for its end */
	STOP_END,                       /* it serves them while it makes progress (superd/stop/drain_deadline) */
	STOP_DONE,                      /* it got its signal */
};

bool stop_may_try(const struct engine *engine);         /* whether not too many are tried already */

/* Tries to stop or to freeze (idle_action) the current instance of a service that is RUNNING, for which no client is
 * connected since that loop time (STOP_IDLE, STOP_MEMORY). UNNEEDED or STILLED follows, or, if it is called off, THAWED.
 * false: it cannot be frozen now, or out of memory. */
bool stop_try(struct service_runtime *runtime, enum stop_reason reason, double unused_since);

/* SETTLED. true: all of its clients are to be counted now, with those in the queues, and at ports that the processes have
 * opened themselves; stop_take_clients follows, or stop_give_up. used: somebody is there. */
bool stop_takes_count(struct service_runtime *runtime);
void stop_take_clients(struct service_runtime *runtime, const struct service_clients *clients, bool used);
bool stop_is_tried(const struct instance *instance);    /* whether it has a stop that can still be called off */
void stop_give_up(struct instance *instance);           /* forgets one that has not begun; a tried one that runs on is thawed */

/* Prepares a count of the clients of a service: leaves out those of instances that end beside a successor. They are
 * connected to the same address, and must not keep that one awake. A client that may be the successor's counts. */
void stop_spare_clients(struct conn_query *query);

/* Stops the current instance of a service that is STOPPING, for the reason run->stop_reason. In EARLIER and ADDRESS
 * stop_go_on follows. Without standby sockets or memory, and if no client can come any more, it gets its signal at
 * once. */
void stop_begin(struct service_runtime *runtime);

/* Begins a stop that had to wait, or that the superd before an upgrade began. */
void stop_go_on(struct service_runtime *runtime);

/* Called before the service loses its sockets: the instance gets its signal if its stop had to wait still. */
void stop_wait_no_more(struct service_runtime *runtime);

/* Plans to drain the current instance, of a service that is STARTING or RUNNING: when it is ready, or its addresses can
 * be shared, DRAIN_DUE follows. false: out of memory. */
bool stop_plan_drain(struct service_runtime *runtime);
bool stop_is_planned(const struct instance *instance);

/* Lets the current instance end beside a successor (STOP_DRAIN, STOP_MOVED); the caller retires it.
 * standby_sockets_open must have given every socket a standby socket. false: one is missing, or memory; nothing has
 * changed. */
bool stop_begin_beside(struct service_runtime *runtime, enum stop_reason reason);

/* Called when the service gets other sockets. If the current instance has sockets other than the listeners, ends it by
 * stop_end; it stays the current one. */
void stop_replace(struct service_runtime *runtime);

/* Called when the current instance will outlive its configuration, or when another service gets its sockets: superd
 * keeps copies of them (STOP_LENT). begins: superd stops the instance when its clients are gone, unless they are
 * unknown; else it runs until stop_end. While it is the current instance, superd stops it by HALT. An instance with
 * copies from an earlier call keeps those, because another service may have got its sockets meanwhile. */
void stop_lend(struct service_runtime *runtime, bool begins);
void stop_call_off(struct service_runtime *runtime);    /* undoes stop_lend: the service is configured again with the same sockets */
void stop_forget(struct instance *instance);            /* frees the stop of an instance that has ended */

/* Stops an instance as soon as its clients can do without it: it sends no signal yet, but enters STOP_END. One
 * without a stop, or whose service closes meanwhile, gets its signal at once. */
void stop_end(struct instance *instance);

/* What superctl shows of a stop. */
struct stop_facts {
	const char *reason, *phase;
	unsigned clients;               /* at the last look, in its queues too */
	double left;                    /* seconds until it gets its signal in any case; below 0: there is no such limit yet */
};

bool stop_describe(const struct instance *instance, struct stop_facts *facts); /* false: no stop is under way */

bool stop_waits(const struct instance *instance);       /* whether it ends beside others, when its clients are gone */
bool stop_is_beside(const struct instance *instance);   /* whether it ends beside a successor at the same address */
bool stop_any_is_beside(struct service_runtime *runtime); /* whether one of its instances does */
bool stop_is_counting(const struct instance *instance); /* whether the clients of such an instance are being counted */

/* Whether superd is noting the clients of an instance beside a successor. It admits no new client meanwhile, because
 * that one would pass for a client of the old instance. */
bool stop_is_noting(struct service_runtime *runtime);

/* Called when a listener of the service could not be bound: ends instances that have its port from an earlier
 * configuration, also those of other services. */
void stop_hurry_holder(struct service_runtime *runtime, const struct listener *listener);

/* Returns the socket of an instance that ends beside a successor, which has the address of fd and still listens; -1:
 * none. The stop owns it. */
int stop_find_socket(struct service_runtime *runtime, int fd);

/* For an upgrade (superd/reload/save, superd/reload/load): saves and loads a stop with sockets of its own, and its
 * known clients. stop_go_on begins any other anew. */
extern const struct field_table stop_state;
void stop_save(struct state_saver *saver, const struct instance *instance);
void stop_load(struct instance *instance, struct state_section *section);
