/* The line to superd: a unix stream socket, requests there, lines of JSON back. What comes is bounded in length, and
 * each wait in time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_FOREVER (-1)

struct transport {
	int fd;
	char *data;                     /* owned; what was read, from start on */
	size_t start, length, capacity;
	size_t seen;                    /* bytes from start in which no newline is */
};

enum transport_result { TRANSPORT_LINE, TRANSPORT_NONE, TRANSPORT_END, TRANSPORT_LATE, TRANSPORT_TOO_LONG, TRANSPORT_FAILED };

/* 0, or -1 and errno. No later than limit milliseconds from now. */
int transport_connect(struct transport *transport, const char *path, int64_t limit);

/* The user of the process that made the listening socket, as unix(7)'s SO_PEERCRED tells. false: it is not known. */
bool transport_peer(const struct transport *transport, unsigned long *uid);

/* All of the text, or -1 and errno. */
int transport_send(struct transport *transport, const char *text, size_t length);

/* The next line, without its newline and NUL-terminated, borrowed until the next call. It comes before this time of
 * clock_ms, or TRANSPORT_LATE; TRANSPORT_FAILED sets errno. A last line without its newline is none. */
enum transport_result transport_wait_line(struct transport *transport, int64_t until, char **line, size_t *length);

/* The same, from what has been read so far alone: TRANSPORT_NONE is "not yet". */
enum transport_result transport_take_line(struct transport *transport, char **line, size_t *length);

/* Reads what is there. TRANSPORT_NONE: go on. */
enum transport_result transport_fill(struct transport *transport);

void transport_close(struct transport *transport);
