/* Drops datagrams that must not start an instance, or no further one. */
#pragma once

#include "superd/service/pending_client.h"
#include "superd/instance/instance.h"

/* Drops the datagram at the head of the queue and refuses its sender. */
void datagram_drop(struct service_runtime *runtime, struct listener *listener, enum refusal refusal);

/* An instance with a listener has ended: takes the listener back. If the instance left the datagram unread, counts a
 * try. */
void datagram_take_back(struct instance *instance);
