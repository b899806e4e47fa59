/* Drains an instance: it goes on beside its successor until the clients it has are gone, and is stopped then. New
 * clients come to the twins of its sockets (engine/drain/standby_socket). */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

struct state_section;
struct drained_socket;

/* The current instance, whose sockets all must have twins by standby_sockets_open, drains from now on, and is to be
 * retired. If its clients are unknown, it is stopped, or, if patient, goes on until it is told to end. false: a twin is
 * missing, or memory; the instance stays as it is. */
bool drain_begin(struct service_runtime *runtime, bool waits_if_unknown);

/* The runtime gets other sockets. If the current instance was being parted from its sockets, it is told to end, by the
 * row that it has; it stays the current one. */
void drain_replaced(struct service_runtime *runtime);

/* The current instance will outlive its row, or lose its sockets to another service: superd keeps copies of them.
 * begins: it is stopped when the clients it has are gone, unless they are unknown; else it goes on until it is told
 * to end. Until it is retired it is stopped as by HALT. An instance that has outlived an earlier row, and whose
 * service is back with other sockets, keeps its first copies: another service may have had its sockets since. */
void drain_lend(struct service_runtime *runtime, bool begins);
void drain_call_off(struct service_runtime *runtime); /* its row is back, and the instance has its sockets as before */
void drain_forget(struct instance *instance);           /* the instance has ended */
bool drain_waits(const struct instance *instance);      /* it waits until its clients are gone */
bool drain_has_standby(const struct instance *instance); /* it drains beside a successor at the same address */

bool drain_is_under_way(struct service_runtime *runtime); /* one of its instances drains beside a successor */
bool drain_is_counting(const struct instance *instance);        /* its clients are being counted */

/* Ends an instance; one that drains first serves the clients it has, as long as patience lasts
 * (engine/drain/drain_deadline). */
void drain_end(struct instance *instance);

/* A listener of the service could not be bound: instances that drain and have its port, by an earlier row or that of
 * another service, are told to end. */
void drain_hurry_holder(struct service_runtime *runtime, const struct listener *listener);

/* Returns the socket of a draining instance with the address of fd that still listens; NULL: none. The drain keeps
 * it. */
struct drained_socket *drain_find_socket(struct service_runtime *runtime, int fd);

/* Over an upgrade (engine/upgrade/save, engine/upgrade/load): a drain and the clients that it knows. */
extern const struct field_table drain_state;
void drain_load(struct instance *instance, struct state_section *section);
