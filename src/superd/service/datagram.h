/* accept = yes on a datagram socket. accept(2) does not apply, so one instance gets the socket itself and reads a
 * burst of datagrams. superd starts no other instance for that socket until it has ended. */
#pragma once

#include "superd/instance/runtime.h"

/* Gives the listener to the instance alone, until it ends. */
void datagram_lend(struct instance *instance, struct listener *listener);

/* Starts an instance for the datagrams that wait at the listener. */
void datagram_serve(struct service_runtime *runtime, struct listener *listener);
