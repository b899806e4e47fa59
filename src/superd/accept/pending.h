/* A pending client: one that superd has accepted and that has no running instance yet (accept = yes). It passes the
 * checks (superd/accept/admission), gets an instance and its descriptors, and then its process. For connections
 * (superd/accept/accept) and datagrams (superd/accept/datagram).
 *
 * Owner: the function that handles it. Ownership goes to superd/accept/lookup, slot_wait or pending_start while it
 * waits there, and to the listener when it is parked. Its last owner starts an instance for it, or refuses it. */
#pragma once

#include "superd/limits/refusal.h"
#include "superd/runtime/runtime.h"
#include "superd/saved/state_field.h"

/* The lookups that a client needs before it is admitted (superd/accept/lookup). */
struct lookup_questions {
	bool name;                      /* its host name */
	bool ident;                     /* the user that its ident server reports */
	const char *libwrap;            /* the daemon's name for hosts_access(5); NULL: not asked */
};

struct pending_client {
	struct {                        /* saved */
		struct client client;   /* fd -1: a datagram still in the listener's queue */
		enum admission_stage progress; /* the checks that it has passed */
		char name[CLIENT_NAME]; /* name of its instance, if its service names them; "": none yet */
	};
	struct listener *listener;      /* the listener it came by */
	struct instance *instance;      /* its instance, not started yet; NULL: none */
	bool has_waited;                /* it has waited in superd/accept/slot_wait */
	double until;                   /* tcpmux: clock_now() until which it may be parked; else 0 */
	struct lookup_questions asked;  /* lookups to do, or done */
	struct fd_map fd_map;           /* descriptors of its start */
	struct caller caller;           /* variables of its start */
};

/* Saved over an upgrade: a client whose instance has an exec sequence, in the section of that. */
extern const struct field_table pending_state;

/* Makes its instance and counts it for per_source, but not yet as an instance of the service. pending_own follows
 * (superd/accept/pending_start). */
enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *pending);

/* Whether the limits on counts have room for it; counts nothing. */
bool pending_fits(const struct service_runtime *runtime, const struct pending_client *pending);

/* Undoes pending_enter. */
void pending_leave(struct service_runtime *runtime, struct pending_client *pending);

/* Undoes all counting, and frees its instance. */
void pending_dismiss(struct service_runtime *runtime, struct pending_client *pending);

/* Parks it at its listener. Returns ADMITTED, or why it is not kept. */
enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *pending);

/* Makes its own plan, if its service has one for each client (instance_names). false: that failed, for the reason in
 * why. */
bool pending_plan(struct service_runtime *runtime, struct pending_client *pending, struct buf *why);

/* pending_note_start: its program runs; pending_begin_running: its instance is ready. For
 * superd/accept/pending_start. */
void pending_note_start(struct service_runtime *runtime, const struct pending_client *pending);
void pending_begin_running(struct instance *instance);

/* Prepares its descriptors and fills the request of its start. false: that failed, for the reason in why. */
bool pending_equip(struct service_runtime *runtime, struct pending_client *pending, struct spawn_request *launch,
		   struct buf *why);

/* The facts of its start that superd's guard needs. */
struct start_note pending_note(const struct service_runtime *runtime, const struct pending_client *pending);

/* Gives clients to processes that serve others of the service, as far as there are any. Returns how many clients are
 * left, moved to the front. */
size_t pending_share(struct service_runtime *runtime, struct pending_client *pending, size_t count);

/* Called after the start was tried: registers its instance. false: the start failed; the client was dismissed, and
 * why has the reason, unless it had one before. */
bool pending_begin(struct service_runtime *runtime, struct pending_client *pending, const struct spawn_request *launch,
		   struct buf *why);
