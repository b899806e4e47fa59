/* Watches descriptors for a hangup of their other end, whatever there is to read from them. */
#pragma once

#include <stdbool.h>

/* A descriptor that is readable when one of those watched by it has hung up. -1 and errno. */
int hangup_open(void);

/* false: a descriptor of its kind never hangs up, as a file; or there is no way to tell. */
bool hangup_watch(int hangups, int fd);
void hangup_forget(int hangups, int fd);

/* A descriptor that has hung up; -1: none. It is returned again until hangup_forget. */
int hangup_next(int hangups);
