/* Writes the state of a superd for its successor (superd/reload): each value goes into the stream
 * (superd/saved/state_stream) under a key; the keys of one object form a section. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superd/saved/state_stream.h"

struct state_saver {
	struct ev_loop *loop;           /* loop of the timers that are saved */
	struct buf text;                /* stream so far */
	int *fds;                       /* descriptors that the successor inherits; the array is owned, they are borrowed */
	size_t count, capacity;
	bool failed;                    /* true: out of memory for fds */
};

void save_free(struct state_saver *saver);

void save_fd(struct state_saver *saver, const char *key, int fd); /* -1: nothing */
void save_number(struct state_saver *saver, const char *key, int64_t value); /* 0: nothing */
void save_real(struct state_saver *saver, const char *key, double value); /* 0: nothing */
void save_text(struct state_saver *saver, const char *key, const char *value); /* NULL, "": writes nothing */
