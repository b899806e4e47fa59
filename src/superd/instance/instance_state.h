/* Tables of the fields that an upgrade saves of an instance and its parts (superd/saved/state_field). */
#pragma once

#include "superd/saved/state_field.h"

extern const struct field_table instance_state, notice_state, command_state, sequence_state, search_state, failure_state;
