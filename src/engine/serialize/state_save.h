/* Writes the state of a superd for its successor (engine/upgrade): values go to a ledger under their keys; a section
 * has one key for each value. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/state_stream.h"

struct state_saver {
	struct ev_loop *loop;
	struct buf text;
	int *fds;
	size_t count, capacity;
	bool failed;                    /* out of memory for fds */
};

void save_free(struct state_saver *saver);

void save_fd(struct state_saver *saver, const char *key, int fd); /* -1: nothing */
void save_number(struct state_saver *saver, const char *key, int64_t value); /* 0: nothing */
void save_real(struct state_saver *saver, const char *key, double value); /* 0: nothing */
void save_text(struct state_saver *saver, const char *key, const char *value); /* NULL, "": writes nothing */
