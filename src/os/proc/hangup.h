/* Hearing that the other end of a descriptor is gone, whatever there is to read from it. */
#pragma once

#include <stdbool.h>

/* A descriptor that is readable when one of those watched by it has hung up. -1 and errno. */
int hangup_open(void);

/* false: a descriptor of its kind never hangs up, as a file; or there is no way to tell. */
bool hangup_watch(int hangups, int fd);
void hangup_forget(int hangups, int fd);

/* One that has hung up; -1: there is none. It is told again and again until it is forgotten. */
int hangup_next(int hangups);
