/* From a pending client to the end of its instance, for connections (superd/service/accept) and datagrams
 * (superd/service/datagram).
 *
 * An instance starts by an exec sequence (superd/instance/exec_sequence) if commands run before the program, or the
 * start is asynchronous (superd/instance/exec_status). superd keeps the client until the program runs; if the start fails,
 * it parks the client again. */
#pragma once

#include "superd/service/pending_client.h"

#define PENDING_BATCH 16                /* clients that start at once, at most */
#define STARTING_MOST 16                /* clients of one service that start at once */

/* The same for a row that gets less time than superd (nice, io_scheduling = idle, …). Each start is a fork(2) of superd, and
 * the kernel takes the same locks for it as for each exec and each end of those before, which wait for a processor with
 * them in hand. More at once start no more in all. */
#define STARTING_LITTLE 2

/* Makes this runtime the owner of a client's instance. */
void pending_own(struct service_runtime *runtime, struct instance *instance);

/* Makes its instance and counts it for per_source, but not yet as an instance of the service. */
enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *pending);

/* Whether the limits on counts have room for it; counts nothing. */
bool pending_fits(const struct service_runtime *runtime, const struct pending_client *pending);

/* Undoes pending_enter. */
void pending_leave(struct service_runtime *runtime, struct pending_client *pending);

/* Undoes all counting, and frees its instance. */
void pending_dismiss(struct service_runtime *runtime, struct pending_client *pending);

/* Parks it at its listener. Returns ADMITTED, or why it is not kept. */
enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *pending);

/* How many more clients of the service may start now. 0: superd accepts no more until one start has succeeded or
 * failed. */
size_t pending_start_room(const struct service_runtime *runtime);

/* The facts of its start that superd's guard needs. */
struct start_note pending_note(const struct service_runtime *runtime, const struct pending_client *pending);

/* Gives clients to processes that serve others of the service, as far as there are any. Returns how many clients are
 * left, moved to the front. */
size_t pending_share(struct service_runtime *runtime, struct pending_client *pending, size_t count);

/* Starts an instance for each of up to PENDING_BATCH clients. One whose exec sequence has begun has no descriptor any
 * more (client.fd -1). false: at least one could not start, for the first reason in why; it was dismissed, and has no
 * instance. */
bool pending_launch(struct service_runtime *runtime, struct pending_client *pending, size_t count, struct buf *why);

/* Its program runs, as its instance says. */
void pending_note_start(struct service_runtime *runtime, const struct pending_client *pending);

/* The service's listeners are about to change: clients go back to them, except those whose program may have begun. */
void pending_recall(struct service_runtime *runtime);

/* Takes over a client and the exec sequence that another superd began for it. has_run: its program has begun. NULL:
 * out of memory, and the client stays the caller's. */
struct exec_sequence *pending_load_sequence(struct service_runtime *runtime, struct instance *instance,
					    const struct pending_client *pending, bool has_run);

/* Makes the plan of such a sequence again, if its service names its instances: later steps need it. Logs a failure. */
void pending_load_plan(struct exec_sequence *sequence);

const struct pending_client *pending_of_sequence(struct exec_sequence *sequence); /* its client; NULL: none */
