/* What an ident server answered (RFC 1413): who has a connection on its machine, or why it doesn't say. Pure, and
 * every byte of it was written by a stranger. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IDENT_REPLY_MOST 1000           /* an answer's bytes, without the end of its line */

struct ident_reply {
	bool known;
	char text[512];                 /* known: "UNIX : root", as the server has it; else why there is nobody. Visible ASCII */
};

/* Whether the answer's line is there whole: nothing that comes behind it counts. */
bool ident_reply_is_whole(const char *bytes, size_t length);

/* Reads an answer about the connection between their port and ours; it may lack its end of line. */
void ident_reply_read(const char *bytes, size_t length, unsigned theirs, unsigned ours, struct ident_reply *reply);
