/* The state of a superd on its way to the one that takes its place (engine/upgrade): values are written to a ledger under
 * their keys, a key of its own for each value of a section. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/ledger.h"

struct carry {
	struct ev_loop *loop;
	struct buf text;
	int *fds;
	size_t count, capacity;
	bool failed;                    /* no memory for one of fds */
};

void carry_free(struct carry *carry);

void carry_fd(struct carry *carry, const char *key, int fd);            /* -1: nothing */
void carry_number(struct carry *carry, const char *key, int64_t value); /* 0: nothing */
void carry_real(struct carry *carry, const char *key, double value);    /* 0: nothing */
void carry_text(struct carry *carry, const char *key, const char *value);       /* NULL, "": nothing */
void carry_timer(struct carry *carry, const char *key, ev_timer *timer);        /* what is left of it */
