/* The kernel's buffers of a socket (SO_RCVBUF and SO_SNDBUF, socket(7)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

enum socket_buffer { BUFFER_RECEIVE, BUFFER_SEND };

/* Sets the size in bytes; 0: does nothing. If the kernel grants less, adds a line to warnings, which may be NULL. */
void socket_buffer_set(int fd, enum socket_buffer buffer, int64_t bytes, struct buf *warnings);

/* Restores the kernel's default size and its automatic tuning. */
void socket_buffer_restore(int fd, enum socket_buffer buffer, struct buf *warnings);
