/* Addresses remembered for a while, at most so many: the oldest goes when there are more, so that nobody fills superd's
 * memory by coming from everywhere. Pure: time is an argument. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/limits/source_count.h"

struct address_entry {
	struct address_entry *older, *younger;
	struct address_entry *next;     /* in its bucket */
	uint64_t whose;                 /* id of the service (engine/accept/accept_state); 0: everybody's */
	unsigned char source[SOURCE_SIZE];
	double until;                   /* when it is forgotten; INFINITY: never */
	int64_t count;                  /* the owner's to use; 0 at first */
};

/* A zeroed struct with `most` set is empty. */
struct address_lru {
	size_t most;
	struct address_entry **buckets;
	size_t size, count;
	struct address_entry *oldest, *youngest;
	uint64_t salt;                  /* so that a stranger can't choose addresses of one bucket; any time before the first */
};

/* NULL: not there, or no more. */
struct address_entry *address_lru_find(struct address_lru *lru, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now);

/* Makes it, or finds it, and has it be the youngest, until then. NULL: out of memory. */
struct address_entry *address_lru_note(struct address_lru *lru, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now, double until);

/* Whether one more can be noted without another being forgotten for it. */
bool address_lru_has_room(struct address_lru *lru, double now);

void address_lru_free(struct address_lru *lru);
