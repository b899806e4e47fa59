/* Counts the instances of a service for each source address, for per_source. The end of an instance decrements its
 * count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_SIZE 16

/* A count; an empty slot has a NULL service. */
struct source_count {
	const void *service;            /* identity of the service, never dereferenced; NULL: empty slot */
	unsigned char source[SOURCE_SIZE]; /* client address or network */
	unsigned count;
};

/* Open addressing, at most half full. A zeroed struct is empty. */
struct source_counts {
	struct source_count *slots;
	size_t size, used;
};

/* Counts one more. false: that would exceed limit, or out of memory; nothing was counted. */
bool source_count_enter(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE],
			int64_t limit);
void source_count_leave(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE]);
unsigned source_count_count(const struct source_counts *sources, const void *service,
			    const unsigned char source[SOURCE_SIZE]);
void source_count_free(struct source_counts *sources);
