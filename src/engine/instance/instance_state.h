/* The fields of an instance, and of all that may belong to it, as an upgrade carries them over (engine/serialize/state_field). */
#pragma once

#include "engine/serialize/state_field.h"

extern const struct field_table instance_state, notice_state, command_state, sequence_state, search_state, failure_state;
