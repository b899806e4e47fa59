/* echo, discard, chargen, daytime and time over a connection. */
#pragma once

#include "helper/builtin/builtin.h"

int echo_converse(const struct settings *settings, int connection);
int discard_converse(const struct settings *settings, int connection);
int chargen_converse(const struct settings *settings, int connection);
int daytime_converse(const struct settings *settings, int connection);
int time_converse(const struct settings *settings, int connection);
