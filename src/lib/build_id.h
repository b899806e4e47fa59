/* The build id of superd and of its own programs: a hash of their sources (Makefile.am), the same for all that one build
 * made. All texts are static. */
#pragma once

#include <stdbool.h>

const char *build_id(void);             /* twelve hexadecimal digits */
const char *build_version(void);        /* for people: "0.1.0 (build 3f2a9c1b7d04)" */

/* "--build=3f2a9c1b7d04", the first word that superd's own programs get (os/host/program). */
const char *build_word(void);

/* The optional libraries that this superd was built with. */

extern const char *const built_with[];  /* "libwrap", …, NULL */

bool build_has(const char *library);
