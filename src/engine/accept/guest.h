/* One client on its way to an instance of its own (accept = yes): through the gate (engine/accept/admission), to the
 * descriptors, to the process. Shared by connections (engine/accept/serve) and datagrams (engine/accept/datagram). */
#pragma once

#include "engine/core/refusal.h"
#include "engine/service/keeper.h"

/* What there is to ask about a client before it may come (engine/accept/advice). */
struct questions {
	bool name;
	bool ident;
	const char *libwrap;            /* the daemon's name; NULL: not asked */
};

struct guest {
	struct client client;           /* fd -1: a datagram still in the listener's queue */
	struct listener *listener;      /* by which it came */
	struct instance *instance;      /* NULL: none (any more) */
	enum progress progress;
	bool has_waited;                /* engine/accept/grace gave it its moment */
	double until;                   /* by tcpmux: how long it may be parked, in loop time; else 0 */
	struct questions asked;
	char name[CLIENT_NAME];         /* its instance's, where its service names them; "": none yet */
	struct wiring wiring;
	struct caller caller;
};

/* An instance of a client's own is told of to this keeper. */
void guest_own(struct keeper *keeper, struct instance *instance);

/* Makes its instance and counts it for per_source, but not yet among the instances. */
enum refusal guest_enter(struct keeper *keeper, struct guest *guest);

/* Whether no count stands in its way; nothing is counted. */
bool guest_fits(const struct keeper *keeper, const struct guest *guest);

/* Takes back what guest_enter counted. */
void guest_leave(struct keeper *keeper, struct guest *guest);

/* Takes back all that was counted: it will have no instance. */
void guest_dismiss(struct keeper *keeper, struct guest *guest);

/* Has its listener keep it. ADMITTED, or why it is not kept. */
enum refusal guest_park(struct keeper *keeper, const struct guest *guest);

/* Makes the plan of its own, where its service has one for each client. false with the reason in why. */
bool guest_plan(struct keeper *keeper, struct guest *guest, struct buf *why);

/* Its program runs; and it is ready. For engine/accept/guest_course. */
void guest_note_start(struct keeper *keeper, const struct guest *guest);
void guest_begin_running(struct instance *instance);

/* Brings its descriptors in order and fills its launch. false with the reason in why. */
bool guest_equip(struct keeper *keeper, struct guest *guest, struct launch *launch, struct buf *why);

/* Gives guests to processes that wait for one, as far as there are any: their instances run. How many are left, in front. */
size_t guest_reuse(struct keeper *keeper, struct guest *guests, size_t count);

/* After the launch: its instance runs. false, dismissed and with the reason in why (unless there is one already),
 * when the launch failed. */
bool guest_begin(struct keeper *keeper, struct guest *guest, const struct launch *launch, struct buf *why);
