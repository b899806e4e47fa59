/* Reads and writes a connection until a deadline, a time of clock_ms. The descriptor may be blocking or not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Waits for poll(2) events. true: one of them, a hangup or an error has come; false: the time is over, or poll(2)
 * failed. A deadline in the past only looks once. */
bool poll_deadline(int fd, short events, int64_t until);

/* Waits for data and calls recv(2) with the MSG_ flags. Returns the number of bytes; 0: end of file; -1 and errno,
 * ETIMEDOUT at the deadline. */
ssize_t recv_deadline(int fd, void *to, size_t size, int flags, int64_t until);

/* Sends all bytes. false and errno. */
bool send_deadline(int fd, const void *bytes, size_t length, int64_t until);

/* Shuts down the sending side, and reads the rest of the client's data. If a connection is closed with unread bytes,
 * the kernel resets it, and the client may lose the answer. */
void shutdown_and_drain(int fd);
