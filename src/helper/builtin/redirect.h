/* A connection passed on to another host and port, both ways, to both ends. */
#pragma once

#include "helper/builtin/builtin.h"

int redirect_converse(const struct settings *settings, int connection);
