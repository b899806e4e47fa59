/* superctl's end of the control socket: a unix stream socket that carries requests to superd and lines of JSON back.
 * The length of a line and the time of each wait are limited. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_FOREVER (-1)          /* a time: no limit */

struct transport {
	int fd;                         /* owned; -1: closed */
	char *data;                     /* owned; bytes that were read */
	size_t start, length, capacity; /* index of the first unread byte, number of unread bytes, size of data */
	size_t scanned;                 /* number of bytes from start that hold no newline */
};

/* NONE: not yet; END: end of file; LATE: the deadline has passed; FAILED: see errno. */
enum transport_result { TRANSPORT_LINE, TRANSPORT_NONE, TRANSPORT_END, TRANSPORT_LATE, TRANSPORT_TOO_LONG, TRANSPORT_FAILED };

/* Connects within `limit` milliseconds. 0, or -1 and errno. */
int transport_connect(struct transport *transport, const char *path, int64_t limit);

/* Takes over a connection that superd has given. */
void transport_adopt(struct transport *transport, int fd);

/* The user of the process that called listen(2) on the socket (unix(7), SO_PEERCRED). false: unknown. */
bool transport_peer(const struct transport *transport, unsigned long *uid);

/* Sends all of the text. 0, or -1 and errno. */
int transport_send(struct transport *transport, const char *text, size_t length);

/* Waits for the next line until the time `until` of clock_ms. The line is NUL-terminated, without its newline, and
 * valid until the next call. A last line without a newline is ignored. */
enum transport_result transport_wait_line(struct transport *transport, int64_t until, char **line, size_t *length);

void transport_close(struct transport *transport);
