/* Writes the state of a superd for its successor (engine/upgrade): values go to a ledger under their keys; a section
 * has one key for each value. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/state_stream.h"

struct carry {
	struct ev_loop *loop;
	struct buf text;
	int *fds;
	size_t count, capacity;
	bool failed;                    /* out of memory for fds */
};

void carry_free(struct carry *carry);

void carry_fd(struct carry *carry, const char *key, int fd);            /* -1: nothing */
void carry_number(struct carry *carry, const char *key, int64_t value); /* 0: nothing */
void carry_real(struct carry *carry, const char *key, double value);    /* 0: nothing */
void carry_text(struct carry *carry, const char *key, const char *value);       /* NULL, "": writes nothing */
