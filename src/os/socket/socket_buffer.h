/* The kernel's buffers of a socket. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum socket_buffer { BUFFER_RECEIVE, BUFFER_SEND };

/* Sets the size in bytes; 0: does nothing. If the kernel gives less, adds a line to warnings (may be NULL). */
void socket_buffer_set(int fd, enum socket_buffer buffer, int64_t bytes, struct buf *warnings);

/* Gives the buffer back to the kernel: its own size, and its own tuning of it. */
void socket_buffer_restore(int fd, enum socket_buffer buffer, struct buf *warnings);
