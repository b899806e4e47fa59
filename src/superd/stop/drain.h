/* Drains an instance: it runs on beside its successor until its clients are gone, and superd stops it then. New clients
 * come to standby sockets at the same addresses (superd/stop/standby_socket). The instance owns the drain. */
#pragma once

#include <stdbool.h>

#include "superd/runtime/runtime.h"

struct conn_query;
struct state_section;
struct drained_socket;

/* Drains the current instance; the caller retires it. standby_sockets_open must have given every socket a standby
 * socket. If the kernel cannot list its clients, superd stops the instance at once, or, if waits_if_unknown, leaves it
 * running until drain_end. false: a standby socket or memory is missing; nothing has changed. */
bool drain_begin(struct service_runtime *runtime, bool waits_if_unknown);

/* Called when the service gets other sockets. If the current instance has sockets other than the listeners, ends it by
 * drain_end; it stays the current one. */
void drain_replaced(struct service_runtime *runtime);

/* Called when the current instance will outlive its configuration, or when another service gets its sockets: superd
 * keeps copies of them. begins: superd stops the instance when its clients are gone, unless they are unknown; else it
 * runs until drain_end. While it is the current instance, superd stops it by HALT. An instance with copies from an
 * earlier call keeps those, because another service may have got its sockets meanwhile. */
void drain_lend(struct service_runtime *runtime, bool begins);
void drain_call_off(struct service_runtime *runtime);   /* undoes drain_lend: the service is configured again with the same sockets */
void drain_forget(struct instance *instance);           /* frees the drain of an instance that has ended */
bool drain_waits(const struct instance *instance);      /* whether it waits until its clients are gone */
bool drain_has_standby(const struct instance *instance); /* whether it drains beside a successor at the same address */

bool drain_is_under_way(struct service_runtime *runtime); /* whether one of its instances drains beside a successor */
bool drain_is_counting(const struct instance *instance);        /* whether a count of its clients is under way */

/* Whether superd is noting the clients of an instance that drains beside a successor. It admits no new client
 * meanwhile, because that one would pass for a client of the old instance. */
bool drain_is_noting(struct service_runtime *runtime);

/* Makes the query leave out the clients of draining instances, which must not keep the successor awake: they are
 * connected to the same address. A client that may be the successor's is not left out. */
void drain_spare_clients(struct conn_query *query);

/* Stops an instance. One that drains serves its clients before that, until its deadline
 * (superd/stop/drain_deadline). */
void drain_end(struct instance *instance);

/* Called when a listener of the service could not be bound: ends draining instances that have its port from an earlier
 * configuration, also those of other services. */
void drain_hurry_holder(struct service_runtime *runtime, const struct listener *listener);

/* Returns the socket of a draining instance that has the address of fd and still listens; NULL: none. The drain owns
 * it. */
struct drained_socket *drain_find_socket(struct service_runtime *runtime, int fd);

/* For an upgrade (superd/reload/save, superd/reload/load): saves and loads a drain and its known clients. */
extern const struct field_table drain_state;
void drain_load(struct instance *instance, struct state_section *section);
