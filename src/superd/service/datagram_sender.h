/* Checks the sender of the datagram at the head of a queue, before superd starts anything for it. A lookup (name,
 * libwrap) runs in another process, while superd does not watch the listener. superd remembers the verdict for a
 * minute by address, as the next datagram is likely from the same sender. */
#pragma once

#include "superd/service/pending_client.h"

enum sender_state {
	SENDER_MAY,                     /* it is admitted */
	SENDER_MAY_NOT,                 /* *refusal says why; its datagram is still in the queue */
	SENDER_IS_ASKED                 /* a lookup is under way; the listener is busy until its reply */
};

/* Called after address and time of day were checked: decides by a remembered verdict, or begins a lookup. */
enum sender_state datagram_sender_ask(struct service_runtime *runtime, struct pending_client *pending,
				      enum refusal *refusal);

/* accept = no: drops datagrams at the heads of the queues whose senders are not admitted, a bounded number. true: at
 * least one was dropped, or its lookup is under way, and no other datagram waits that should start an instance. */
bool datagram_sender_sift(struct service_runtime *runtime);

/* Counts a start for the senders at the heads of the listeners' queues (per_source_cpm). */
void datagram_sender_count(struct service_runtime *runtime);
