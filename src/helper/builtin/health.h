/* How superd is, to whoever asks by HTTP or just connects: superd is asked, and nothing else is looked at. */
#pragma once

#include "helper/builtin/builtin.h"

int health_converse(const struct settings *settings, int connection);
