/* --explain for a key of systemd's units or of launchd's property lists. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Prints a line for each section or dictionary that has a key of this name: "[Service] RootImage is refused: superd
 * mounts no images". The name may begin with its section or dictionary: Service.RootImage. false: there is no such
 * key. */
bool explain_key(const char *name, FILE *out);
