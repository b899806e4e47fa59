/* Parses the reply of an ident server (RFC 1413): the user of a connection, or the reason why there is none. A stranger
 * wrote every byte of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IDENT_REPLY_MOST 1000           /* bytes of a reply, without its line end (RFC 1413, section 6) */

struct ident_reply {
	bool known;                     /* whether the server named a user */
	char text[512];                 /* known: the server's words, as "UNIX : root"; else the reason. Visible ASCII */
};

/* Whether the bytes hold a whole line, or too many bytes for one. Bytes behind the line are ignored. */
bool ident_reply_is_whole(const char *bytes, size_t length);

/* Parses a reply about the connection from port `ours` on this machine to port `theirs` of the peer. Its line end may
 * be missing. Fills `reply` in any case. */
void ident_reply_read(const char *bytes, size_t length, unsigned theirs, unsigned ours, struct ident_reply *reply);
