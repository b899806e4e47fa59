/* FNV-1a (RFC 9923): a hash without a key, the same on every machine. If strangers choose the input, start from a
 * secret. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* One step, which is defined for a byte. */
static inline uint64_t hash_add(uint64_t hash, uint64_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t n = 0; n < size; n++)
		hash = hash_add(hash, byte[n]);
	return hash;
}

/* With the NUL, so that of two texts in a row it counts where the first ends. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* FNV-1a of 32 bits, without the NUL. */
static inline uint32_t hash_text_32(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}
