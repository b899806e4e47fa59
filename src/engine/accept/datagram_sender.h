/* The sender of the datagram at the head of a queue, and whether it is let in, before anything is started for it.
 * Questions about it (a name, libwrap) go to another process while the listener is not watched. The answer is
 * remembered for a minute by address, as the next datagram is likely from the same sender. */
#pragma once

#include "engine/accept/pending.h"

enum sender_state {
	SENDER_MAY,
	SENDER_MAY_NOT,                 /* *refusal says why; its datagram is still in the queue */
	SENDER_IS_ASKED                 /* the listener is busy until the answer comes */
};

/* After address and time of day were judged: answers the guest's questions from memory, or asks them. */
enum sender_state datagram_sender_ask(struct service_runtime *runtime, struct pending_client *guest,
				      enum refusal *refusal);

/* accept = no: drops datagrams at the heads of the queues whose senders are not let in, a bounded number. true: at
 * least one was dropped, or is asked about, and nothing else waits that should start an instance. */
bool datagram_sender_sift(struct service_runtime *runtime);

/* Counts a start for the senders at the heads of the listeners' queues (per_source_cpm). */
void datagram_sender_count(struct service_runtime *runtime);
