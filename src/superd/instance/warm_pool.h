/* Programs that are started ahead (warm = N) and held where each first touches its connection (superd/process/hold). A
 * held program has a struct instance, so it is reaped, killed and cleaned up like any other; but it has no client: no
 * limit of the service counts it, and it is not among the service's instances. superd/service/handover gives it its
 * client.
 *
 * They are started one after another, when the loop has nothing else to do. If a client finds none, superd starts no
 * more until no client has connected for a while, so a load beyond N costs the same as without warm. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

struct held_program;

/* The report for operators. */
struct warm_account {
	unsigned held;                  /* programs that wait for a client */
	unsigned preparing;             /* programs that are being started ahead */
	const char *obstacle;           /* why its program cannot be held; NULL: it can, as far as superd knows */
};

struct warm_program {
	const struct instance *instance;
	double since;                   /* loop time from which it has waited */
};

/* Called after each change of the service's state: starts programs, or ends the waiting ones. */
void warm_pool_follow(struct service_runtime *runtime);

/* Takes a program that waits: its instance, whose ops and context the caller replaces, and superd's end of its channel.
 * The caller reports its end by one of the next two. NULL: none waits, or the service has no pool. */
struct held_program *warm_pool_take(struct service_runtime *runtime, struct instance **instance, int *channel);

/* It has its client: its instance is the caller's. */
void warm_pool_release(struct held_program *held);

/* It has no client, and has ended or is about to be killed: its instance is the pool's again. Another one is started
 * later only. */
void warm_pool_take_back(struct held_program *held);

/* The service's entry has changed: ends the waiting programs, and tries again. */
void warm_pool_renew(struct service_runtime *runtime);

/* An operator stops the service's instances: ends the waiting programs. No more are started while runtime->halted, and
 * then a program that could not be held is tried again. */
void warm_pool_halt(struct service_runtime *runtime);

/* Ends all that wait, of all services. false: there was none. */
bool warm_pools_end(struct engine *engine);

/* An upgrade begins: kills all of them, and forgets them; their processes are reaped like strangers. */
void warm_pools_abandon(struct engine *engine);

/* Whether it has processes, which use the service's start kit and its folders. */
bool warm_pool_is_used(const struct service_runtime *runtime);

/* The next superd, or none, has the service: kills the rest of its pool. */
void warm_pool_free(struct service_runtime *runtime);

struct warm_account warm_pool_account(const struct service_runtime *runtime);

/* Writes the programs that wait, the oldest first. Returns how many it has written. */
size_t warm_pool_list(const struct service_runtime *runtime, struct warm_program *programs, size_t most);
