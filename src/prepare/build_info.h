/* The optional libraries that this superd was built with. */
#pragma once

extern const char *const built_with[];  /* "libwrap", …, NULL */
