/* Serves datagram sockets: echo, discard, chargen, daytime, time. Each reply comes from the address that the request
 * was sent to. */
#pragma once

#include "builtin/builtin.h"
#include "builtin/sender.h"

struct datagrams {
	const struct settings *settings; /* borrowed */
	struct replies replies;         /* number of replies to each source */
	char request[DATAGRAM_MOST], reply[DATAGRAM_MOST];
};

struct datagrams *datagrams_new(const struct settings *settings);       /* free(3) it; NULL: out of memory */

/* Answers the datagrams that wait on a socket, at most BATCH. */
void datagrams_serve(struct datagrams *datagrams, int fd);
