/* auth, the ident server (RFC 1413). It behaves as FreeBSD's inetd(8): without -r it names no user. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builtin/builtin.h"
#include "builtin/talk.h"

#define LINE_MOST 1000                  /* bytes of a request (RFC 1413, section 6) */

/* The port pair of a request (RFC 1413, section 6), in host byte order. 0: the number is no port. */
struct port_pair {
	unsigned local, remote;         /* the port on this machine, and that on the client's */
};

/* Parses a request line without its end, as "6193 , 23". false: it is no request. */
bool auth_parse(const char *line, size_t length, struct port_pair *ports);

/* Answers a request of a client of this connection, once its line is there. */
enum heard auth_answer(const struct settings *settings, int connection, const struct buf *request, struct buf *answer);
