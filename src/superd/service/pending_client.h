/* A pending client: one that superd has accepted and that has no running instance yet (accept = yes). It passes the
 * checks (superd/service/admission), gets an instance and its descriptors, and then its process (superd/service/pending).
 *
 * Owner: the function that handles it. Ownership goes to superd/service/lookup, slot_wait or its exec sequence while it
 * waits there, and to the listener when it is parked. Its last owner starts an instance for it, or refuses it. */
#pragma once

#include "superd/limits/refusal.h"
#include "superd/instance/start_request.h"
#include "superd/saved/state_field.h"

/* The lookups that a client needs before it is admitted (superd/service/lookup). */
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
	bool has_waited;                /* it has waited in superd/service/slot_wait */
	double until;                   /* tcpmux: clock_now() until which it may be parked; else 0 */
	struct lookup_questions asked;  /* lookups to do, or done */
	struct fd_map fd_map;           /* descriptors of its start */
	struct caller caller;           /* variables of its start */
};

/* Saved over an upgrade: a client whose instance has an exec sequence, in the section of that. */
extern const struct field_table pending_state;
