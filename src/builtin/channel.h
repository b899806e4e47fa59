/* The channel between superd-builtin and superd: a seqpacket socket pair (unix(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sends one packet. false and errno. */
bool channel_send(int channel, const char *text, size_t length);

/* Waits for a descriptor from superd, for at most timeout_ms milliseconds. The caller owns it. -1 and errno: ETIMEDOUT;
 * ENOMSG: a client's id came alone, and is in *id; EPIPE: superd has closed the channel. id NULL: none is awaited. */
int channel_receive(int channel, int timeout_ms, uint64_t *id);
