/* The fields of a service that an upgrade saves (superd/saved/state_field). */
#pragma once

#include "superd/saved/state_field.h"

extern const struct field_table saved_runtime, saved_run;
