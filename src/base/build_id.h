/* Which build of superd a program is, for people: the version, and the build id that the linker made of all that is in
 * it (ld --build-id), so that two builds of one version can be told apart. */
#pragma once

/* Twelve digits; "": it was linked without. */
const char *build_id(void);

/* "0.1.0 (build 3f2a9c1b7d04)", or the version alone. */
const char *build_version(void);
