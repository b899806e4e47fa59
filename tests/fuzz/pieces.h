/* A peer of a connection that sends any bytes in pieces. It stands in for recv(2), so that no fuzzer of a protocol
 * needs a socket. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct peer {
	const uint8_t *bytes;           /* borrowed: all that it sends */
	size_t size;
	size_t at;                      /* the bytes before it were received */
	size_t piece;                   /* bytes of one segment, at least 1 */
};

extern struct peer peer;

/* Begins a connection. `bytes` come in segments of `piece` bytes. */
void peer_begin(const uint8_t *bytes, size_t size, size_t piece);
