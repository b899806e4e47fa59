/* The inverse of engine/state/carry_value: reads the values of the former superd by their keys. */
#pragma once

#include "base/ledger.h"

/* Returns an open descriptor, which the caller owns; -1: none. */
int resume_fd(struct ledger_section *section, const char *key);
int resume_fd_of(struct ledger_section *section, struct ledger_entry *entry);
