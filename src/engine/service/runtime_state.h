/* The fields of a service as an upgrade carries them over (engine/serialize/state_field). */
#pragma once

#include "engine/serialize/state_field.h"

/* spent_state: of struct activity, the seconds in each state and of the processor, in a section of their own. */
extern const struct field_table saved_runtime, activity_state, spent_state;
