/* The target of a redirect: clients wait until it is connected, then bytes go both ways.
 *
 * A client that finds the target away is kept for CONNECT_TIMEOUT, and the others stay in the kernel's queue. The
 * loop then tries to connect after pauses, and goes on with all clients once one attempt has succeeded. A target that
 * no program of the service brings (without --relay) has to be there: a client that it refuses is reset at once. */
#pragma once

#include "builtin/connection.h"

/* To be called once, before the first client: finds the target. That may take long, and a signal ends the process
 * meanwhile. */
void redirect_init(struct builtin_server *server);

/* Connects a client to the target. */
void redirect_begin(struct builtin_server *server, struct connection *connection);

/* Before RELAYING: an event of the client or of its target. */
void redirect_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
		       uint32_t events);

/* Looks whether the target answers, without a client. */
void redirect_begin_probe(struct builtin_server *server);

/* true: it answers. redirect_begin gives the probe's connection to the next client, until redirect_end_probe. */
bool redirect_on_probe(struct builtin_server *server, uint32_t events);
void redirect_end_probe(struct builtin_server *server);

/* Whether it can be tried for another client. */
bool redirect_tries(const struct builtin_server *server);

/* Tries what is due. Returns the milliseconds until the next is; -1: nothing is. */
int64_t redirect_do_due(struct builtin_server *server, int64_t now);
