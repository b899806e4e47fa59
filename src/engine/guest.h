/* One client on its way to an instance of its own (accept = yes): through the gate (engine/admission), to the
 * descriptors, to the process. Shared by connections (engine/serve) and datagrams (engine/datagram). */
#pragma once

#include "engine/keeper.h"
#include "engine/refusal.h"

/* What there is to ask about a client before it may come (engine/advice). */
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
	struct questions asked;
	struct wiring wiring;
	struct caller caller;
};

/* Makes its instance and counts it for per_source, but not yet among the instances. */
enum refusal guest_enter(struct keeper *keeper, struct guest *guest);

/* Takes back what guest_enter counted. */
void guest_leave(struct keeper *keeper, struct guest *guest);

/* Takes back all that was counted: it will have no instance. */
void guest_dismiss(struct keeper *keeper, struct guest *guest);

/* Brings its descriptors in order and fills its launch. false with the reason in why. */
bool guest_equip(struct keeper *keeper, struct guest *guest, struct launch *launch, struct buf *why);

/* After the launch: its instance runs. false, dismissed and with the reason in why (unless there is one already),
 * when the launch failed. */
bool guest_begin(struct keeper *keeper, struct guest *guest, const struct launch *launch, struct buf *why);
