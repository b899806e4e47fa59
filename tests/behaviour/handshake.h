/* A client whose handshake takes as long as a test likes, as a far-off one's does: its packets are made by hand, and
 * nobody but the test answers for its address. For a network of the test's own (private_enter). */
#pragma once

#include <stdbool.h>

struct handshake;

bool handshake_allowed(void);           /* raw sockets, and a way to that address; false: not here */

/* The client's SYN to 127.0.0.1, and the answer to it. handshake_finish frees it. */
struct handshake *handshake_begin(int port);

/* The client's ACK alone: defer_accept waits for more. */
void handshake_confirm(struct handshake *handshake);

/* The client's ACK, and a line with it: the answer; NULL: the connection was reset. The test fails when nothing comes. */
const char *handshake_finish(struct handshake *handshake, const char *line);
