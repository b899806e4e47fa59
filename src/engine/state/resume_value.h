/* The inverse of engine/state/carry_value: reads the values of the former superd by their keys. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "base/ledger.h"

/* Returns an open descriptor, which the caller owns; -1: none. */
int resume_fd(struct ledger_section *section, const char *key);
int resume_fd_of(struct ledger_section *section, struct ledger_entry *entry);

/* Starts the timer with the rest of its time, if the ledger has it. */
void resume_timer(struct ev_loop *loop, ev_timer *timer, struct ledger_section *section, const char *key);

/* Copies a text of the ledger, if there is one and it fits. */
void resume_text(char *out, size_t size, const char *text);
