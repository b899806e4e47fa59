/* Drops datagrams that must start nothing, or nothing more. */
#pragma once

#include "engine/accept/pending.h"
#include "engine/instance/instance.h"

/* Drops the datagram at the head of the queue and refuses its sender. */
void datagram_drop(struct service_runtime *runtime, struct listener *listener, enum refusal refusal);

/* An instance that has a listener has ended: gives it back. A datagram that it has left there has cost a try. */
void datagram_take_back(struct instance *instance);
