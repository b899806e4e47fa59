/* The fields of a service as an upgrade carries them over (engine/serialize/state_field). */
#pragma once

#include "engine/serialize/state_field.h"

extern const struct field_table saved_runtime, saved_run;
