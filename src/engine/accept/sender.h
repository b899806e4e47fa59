/* Who sent the datagram at the head of a queue, and whether it may: asked before anything is started for it. What has to
 * be asked about (a name, libwrap) is asked beside the loop while the listener is left unwatched, and the answer is
 * remembered for a minute by address, as the next datagram is likely from the same sender. */
#pragma once

#include "engine/accept/guest.h"

enum sender_state {
	SENDER_MAY,
	SENDER_MAY_NOT,                 /* *refusal says why; its datagram is still there */
	SENDER_IS_ASKED                 /* the listener is busy until it is known */
};

/* After the address and the time of day were judged: the guest's questions, answered from memory or asked. */
enum sender_state sender_ask(struct keeper *keeper, struct guest *guest, enum refusal *refusal);

/* Reads the datagram at the head away and refuses its sender. */
void sender_throw_away(struct keeper *keeper, struct listener *listener, enum refusal refusal);

/* accept = no: reads away what stands at the heads of the listeners from those who may not send it, a bounded number.
 * true: at least one was, or is asked about, and nothing else waits that an instance is to be started for. */
bool sender_sift(struct keeper *keeper);

/* Counts a start for whom it is made: the senders at the heads of the listeners (per_source_cpm). */
void sender_count(struct keeper *keeper);
