/* The line to superd: a unix stream socket, requests there, lines of JSON back. What comes is bounded in length, and
 * each wait in time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CABLE_FOREVER (-1)

struct cable {
	int fd;
	char *data;                     /* owned; what was read, from start on */
	size_t start, length, capacity;
	size_t seen;                    /* bytes from start in which no newline is */
};

enum cable_result { CABLE_LINE, CABLE_NONE, CABLE_END, CABLE_LATE, CABLE_TOO_LONG, CABLE_FAILED };

int64_t cable_now(void);                 /* monotonic, in milliseconds */

/* 0, or -1 and errno. No later than limit milliseconds from now. */
int cable_connect(struct cable *cable, const char *path, int64_t limit);

/* The user of the process that made the listening socket, as unix(7)'s SO_PEERCRED tells. false: it is not known. */
bool cable_peer(const struct cable *cable, unsigned long *uid);

/* All of the text, or -1 and errno. */
int cable_send(struct cable *cable, const char *text, size_t length);

/* The next line, without its newline and NUL-terminated, borrowed until the next call. It comes before this time of
 * cable_now, or CABLE_LATE; CABLE_FAILED sets errno. A last line without its newline is none. */
enum cable_result cable_wait_line(struct cable *cable, int64_t until, char **line, size_t *length);

/* The same, from what has been read so far alone: CABLE_NONE is "not yet". */
enum cable_result cable_take_line(struct cable *cable, char **line, size_t *length);

/* Reads what is there. CABLE_NONE: go on. */
enum cable_result cable_fill(struct cable *cable);

void cable_close(struct cable *cable);
