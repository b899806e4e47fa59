/* What becomes of a key of systemd's units or of launchd's property lists, for --explain. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* A line for each place where there is a key of this name: "[Service] RootImage is refused: superd mounts no images". A
 * section or dictionary may stand in front of it with a dot, as in Service.RootImage. false: there is none. */
bool explain_key(const char *name, FILE *out);
