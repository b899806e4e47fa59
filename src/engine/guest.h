/* One client on its way to an instance of its own (accept = yes): through the gate, to the descriptors, to the
 * process. Shared by connections (engine/serve) and datagrams (engine/datagram). */
#pragma once

#include "engine/keeper.h"

struct guest {
	struct client client;           /* fd -1: a datagram still in the listener's queue */
	struct listener *listener;      /* by which it came */
	struct instance *instance;      /* NULL: none (any more) */
	struct wiring wiring;
	struct caller caller;
};

/* Lets it in by the limits of the service, in the manual's order, and counts it. NULL when it may come; else why
 * not, with nothing counted. */
const char *guest_admit(struct keeper *keeper, struct guest *guest);

/* Takes back what guest_admit counted: it will have no instance. */
void guest_dismiss(struct keeper *keeper, struct guest *guest);

/* Says in the log that it was turned away, and counts that; closes a connection. */
void guest_refuse(struct keeper *keeper, struct guest *guest, const char *reason);

/* Brings its descriptors in order and fills its launch. false with the reason in why. */
bool guest_equip(struct keeper *keeper, struct guest *guest, struct launch *launch, struct buf *why);

/* After the launch: its instance runs. false, dismissed and with the reason in why (unless there is one already),
 * when the launch failed. */
bool guest_begin(struct keeper *keeper, struct guest *guest, const struct launch *launch, struct buf *why);
