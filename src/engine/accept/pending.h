/* One client on its way to an instance of its own (accept = yes): through the gate (engine/accept/admission), to the
 * descriptors, to the process. Shared by connections (engine/accept/accept) and datagrams (engine/accept/datagram). */
#pragma once

#include "engine/limits/refusal.h"
#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"

/* The questions about a client before it is let in (engine/accept/lookup). */
struct guest_lookups {
	bool name;
	bool ident;
	const char *libwrap;            /* the daemon's name; NULL: not asked */
};

struct pending_client {
	struct client client;           /* fd -1: a datagram still in the listener's queue */
	struct listener *listener;      /* the listener it came by */
	struct instance *instance;      /* NULL: none (any more) */
	enum admission_stage progress;
	bool has_waited;                /* it has waited in engine/accept/slot_wait */
	double until;                   /* tcpmux: loop time until which it may be parked; else 0 */
	struct guest_lookups asked;
	char name[CLIENT_NAME];         /* name of its instance, if its service names them; "": none yet */
	struct fd_map fd_map;
	struct caller caller;
};

/* Over an upgrade: of a guest that has a course, whose section it is part of. */
extern const struct field_table guest_state;

/* Makes its instance and counts it for per_source, but not yet among the instances. pending_own follows
 * (engine/accept/pending_start). */
enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *guest);

/* Whether no limit of a count keeps it out; counts nothing. */
bool pending_fits(const struct service_runtime *runtime, const struct pending_client *guest);

/* Gives back what pending_enter counted. */
void pending_leave(struct service_runtime *runtime, struct pending_client *guest);

/* Gives back all that was counted: it will have no instance. */
void pending_dismiss(struct service_runtime *runtime, struct pending_client *guest);

/* Parks it at its listener. Returns ADMITTED, or why it is not kept. */
enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *guest);

/* Makes its own plan, if its service has one for each client. false: that failed, for the reason in why. */
bool pending_plan(struct service_runtime *runtime, struct pending_client *guest, struct buf *why);

/* Its program runs; it is ready. For engine/accept/pending_start. */
void pending_note_start(struct service_runtime *runtime, const struct pending_client *guest);
void pending_begin_running(struct instance *instance);

/* Prepares its descriptors and fills its launch. false: that failed, for the reason in why. */
bool pending_equip(struct service_runtime *runtime, struct pending_client *guest, struct spawn_request *launch,
		   struct buf *why);

/* Gives guests to standbys, as far as there are any. Returns how many guests are left, moved to the front. */
size_t pending_reuse(struct service_runtime *runtime, struct pending_client *guests, size_t count);

/* After the launch: its instance runs. false, dismissed and with the reason in why (unless there is one already),
 * when the launch failed. */
bool pending_begin(struct service_runtime *runtime, struct pending_client *guest, const struct spawn_request *launch,
		   struct buf *why);
