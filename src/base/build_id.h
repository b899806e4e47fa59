/* The version and the build id of this program, for people. The linker computes the build id from the contents
 * (ld(1), --build-id), so it tells apart two builds of one version. Both texts are static. */
#pragma once

/* Twelve hexadecimal digits; "": linked without a build id. */
const char *build_id(void);

/* "0.1.0 (build 3f2a9c1b7d04)", or the version alone. */
const char *build_version(void);
