/* Watches descriptors for a hangup of their other end, whatever there is to read from them. */
#pragma once

#include <stdbool.h>

/* A descriptor that is readable when one of those watched by it has hung up. -1 and errno. */
int fd_hangup_open(void);

/* false: a descriptor of its kind never hangs up, as a file; or there is no way to tell. */
bool fd_hangup_watch(int hangups, int fd);
void fd_hangup_forget(int hangups, int fd);

/* A descriptor that has hung up; -1: none. It is returned again until fd_hangup_forget. */
int fd_hangup_next(int hangups);
