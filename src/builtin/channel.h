/* The channel between superd-builtin and superd: a seqpacket socket pair (unix(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sends one packet. false and errno. */
bool channel_send(int channel, const char *text, size_t length);

/* What has come from superd. ANSWER: to the question of the client `id`, in the descriptor, or -1: superd has none;
 * CLOSED: it has closed the channel. */
enum channel_got { CHANNEL_EMPTY, CHANNEL_ANSWER, CHANNEL_CLOSED };

/* Receives without waiting. The caller owns the descriptor. */
enum channel_got channel_receive(int channel, uint64_t *id, int *descriptor);
