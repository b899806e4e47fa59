/* Starts instances for clients by an exec sequence (superd/instance/exec_sequence): commands run before the program,
 * or the start is asynchronous (superd/launch/exec_status). superd keeps the client until the program runs; if the
 * start fails, it parks the client again. */
#pragma once

#include <stdbool.h>

#include "superd/accept/pending.h"

#define STARTING_MOST 16                /* clients of one service that start at once */

/* The same for a row that gets less time than superd (nice, cpu_affinity, …). Each start is a fork(2) of superd, and
 * the kernel takes the same locks for it as for each exec and each end of those before, which wait for a processor with
 * them in hand. More at once start no more in all. */
#define STARTING_LITTLE 2

/* Makes this runtime the owner of a client's instance. */
void pending_own(struct service_runtime *runtime, struct instance *instance);

/* Begins the exec sequence, which owns the client from then on. false: that failed, for the reason in why; the client
 * was dismissed and parked. */
bool pending_begin_sequence(struct service_runtime *runtime, struct pending_client *pending, struct buf *why);

/* The same for several. false: at least one could not begin, which is logged. */
bool pending_begin_sequences(struct service_runtime *runtime, struct pending_client *pending, size_t count);

/* How many more clients of the service may start now. */
size_t pending_start_room(const struct service_runtime *runtime);

/* Whether as many starts are under way as may be: superd accepts no more clients until one has succeeded or failed. */
bool pending_must_wait(const struct service_runtime *runtime);

/* The service's listeners are about to change: clients go back to them, except those whose program may have begun. */
void pending_recall(struct service_runtime *runtime);

/* Takes over a client and the exec sequence that another superd began for it. has_run: its program has begun. NULL:
 * out of memory, and the client stays the caller's. */
struct exec_sequence *pending_load_sequence(struct service_runtime *runtime, struct instance *instance,
					    const struct pending_client *pending, bool has_run);

/* Makes the plan of such a sequence again, if its service names its instances: later steps need it. Logs a failure. */
void pending_load_plan(struct exec_sequence *sequence);

const struct pending_client *pending_of_sequence(struct exec_sequence *sequence); /* its client; NULL: none */
