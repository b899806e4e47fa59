/* The fields of a service that an upgrade saves (engine/serialize/state_field). */
#pragma once

#include "engine/serialize/state_field.h"

extern const struct field_table saved_runtime, saved_run;
