/* The other way of engine/state/carry_value: values that the superd before has written, read under their keys. */
#pragma once

#include <ev.h>
#include <stddef.h>

#include "base/ledger.h"

/* A descriptor that is open; -1: there is none. It is the caller's now. */
int resume_fd(struct ledger_section *section, const char *key);
int resume_fd_of(struct ledger_section *section, struct ledger_entry *entry);

/* Runs for what was left of it, where the ledger tells. */
void resume_timer(struct ev_loop *loop, ev_timer *timer, struct ledger_section *section, const char *key);

/* A text of the ledger, where there is one and it fits. */
void resume_text(char *out, size_t size, const char *text);
