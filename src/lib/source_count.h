/* Counts the instances of a service for each source address, for per_source. The end of an instance decrements its
 * count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_SIZE 16

/* A zeroed struct is empty. */
struct source_counts {
	void *root;                     /* of tsearch(3) */
	size_t used;                    /* sources with a count */
};

/* Counts one more. service: its identity, never dereferenced; source: a client's address or network. false: that would
 * exceed limit, or out of memory; nothing was counted. */
bool source_count_enter(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE],
			int64_t limit);
void source_count_leave(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE]);
unsigned source_count_count(const struct source_counts *sources, const void *service,
			    const unsigned char source[SOURCE_SIZE]);
void source_count_free(struct source_counts *sources);
