/* Tables of the fields that an upgrade saves of the engine and of its counters (superd/saved/state_field). */
#pragma once

#include "superd/saved/state_field.h"

/* address_entry_state: of struct address_entry, whose section is [minute] or [denied]. */
extern const struct field_table engine_state, latency_state, thaw_latency_state, rate_limit_state, address_entry_state;
