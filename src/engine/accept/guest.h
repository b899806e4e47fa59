/* One client on its way to an instance of its own (accept = yes): through the gate (engine/accept/admission), to the
 * descriptors, to the process. Shared by connections (engine/accept/serve) and datagrams (engine/accept/datagram). */
#pragma once

#include "engine/core/refusal.h"
#include "engine/runtime/runtime.h"
#include "engine/state/state_field.h"

/* The questions about a client before it is let in (engine/accept/advice). */
struct questions {
	bool name;
	bool ident;
	const char *libwrap;            /* the daemon's name; NULL: not asked */
};

struct guest {
	struct client client;           /* fd -1: a datagram still in the listener's queue */
	struct listener *listener;      /* the listener it came by */
	struct instance *instance;      /* NULL: none (any more) */
	enum progress progress;
	bool has_waited;                /* it has waited in engine/accept/grace */
	double until;                   /* tcpmux: loop time until which it may be parked; else 0 */
	struct questions asked;
	char name[CLIENT_NAME];         /* name of its instance, if its service names them; "": none yet */
	struct wiring wiring;
	struct caller caller;
};

/* Over an upgrade: of a guest that has a course, whose section it is part of. */
extern const struct state_table guest_state;

/* Makes this keeper the owner of a client's own instance. */
void guest_own(struct keeper *keeper, struct instance *instance);

/* Makes its instance and counts it for per_source, but not yet among the instances. */
enum refusal guest_enter(struct keeper *keeper, struct guest *guest);

/* Whether no limit of a count keeps it out; counts nothing. */
bool guest_fits(const struct keeper *keeper, const struct guest *guest);

/* Gives back what guest_enter counted. */
void guest_leave(struct keeper *keeper, struct guest *guest);

/* Gives back all that was counted: it will have no instance. */
void guest_dismiss(struct keeper *keeper, struct guest *guest);

/* Parks it at its listener. Returns ADMITTED, or why it is not kept. */
enum refusal guest_park(struct keeper *keeper, const struct guest *guest);

/* Makes its own plan, if its service has one for each client. false: that failed, for the reason in why. */
bool guest_plan(struct keeper *keeper, struct guest *guest, struct buf *why);

/* Its program runs; it is ready. For engine/accept/guest_course. */
void guest_note_start(struct keeper *keeper, const struct guest *guest);
void guest_begin_running(struct instance *instance);

/* Prepares its descriptors and fills its launch. false: that failed, for the reason in why. */
bool guest_equip(struct keeper *keeper, struct guest *guest, struct spawn_request *launch, struct buf *why);

/* Gives guests to standbys, as far as there are any. Returns how many guests are left, moved to the front. */
size_t guest_reuse(struct keeper *keeper, struct guest *guests, size_t count);

/* After the launch: its instance runs. false, dismissed and with the reason in why (unless there is one already),
 * when the launch failed. */
bool guest_begin(struct keeper *keeper, struct guest *guest, const struct spawn_request *launch, struct buf *why);
