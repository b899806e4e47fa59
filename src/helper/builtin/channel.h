/* The channel to superd: a socket pair of packets, or a file that superd wrote for us. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Sends a packet. superd takes no descriptors. false and errno. */
bool channel_send(int channel, const char *text, size_t length);

/* Waits for superd's answer of a descriptor; -1 and errno. */
int channel_receive(int channel, int timeout_ms);
