/* The optional libraries that this superd was built with. */
#pragma once

#include <stdbool.h>

extern const char *const built_with[];  /* "libwrap", …, NULL */

bool build_has(const char *library);
