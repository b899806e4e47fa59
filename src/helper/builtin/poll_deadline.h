/* Reads and writes a connection until a moment of clock_ms at the latest, whatever its O_NONBLOCK says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether one of these poll(2) events, an end or an error is there before that moment; at once when it is over. */
bool poll_deadline(int fd, short events, int64_t until);

/* recv(2) of something, with MSG_ flags; 0 at the end, -1 and errno: ETIMEDOUT when the moment came. */
ssize_t recv_deadline(int fd, void *to, size_t size, int flags, int64_t until);

/* Sends all of it. false and errno. */
bool send_deadline(int fd, const void *bytes, size_t length, int64_t until);

/* Ends a connection so that what was sent arrives: unread bytes would make the kernel reset it. */
void shutdown_and_drain(int fd);
