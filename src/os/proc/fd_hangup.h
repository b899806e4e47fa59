/* Watches descriptors for a hangup of the other end, even while there is data to read (epoll(7), EPOLLHUP). */
#pragma once

#include <stdbool.h>

/* A descriptor that becomes readable when one of the watched descriptors has hung up. -1 and errno. */
int fd_hangup_open(void);

/* false: this kind of descriptor never hangs up, such as a file, or the system does not report it. */
bool fd_hangup_watch(int hangups, int fd);
void fd_hangup_forget(int hangups, int fd);

/* A descriptor that has hung up; -1: none. Returned again until fd_hangup_forget. */
int fd_hangup_next(int hangups);
