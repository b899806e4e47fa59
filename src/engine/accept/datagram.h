/* accept = yes on a datagram socket: nothing can be accepted, so an instance gets the socket itself, and nobody
 * else does until it has ended. A burst starts one process. */
#pragma once

#include "engine/runtime/runtime.h"

/* The instance has the listener alone until it ends. */
void datagram_lend(struct instance *instance, struct listener *listener);

/* Starts an instance for the datagrams that wait at the listener. */
void datagram_serve(struct service_runtime *runtime, struct listener *listener);
