/* A bounded table of client addresses, each remembered for a while. A new entry replaces the oldest one when the
 * table is full, so that clients with many addresses cannot fill superd's memory. Pure: time is an argument. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/source_count.h"

struct address_entry {
	struct {                        /* saved */
		uint64_t whose;         /* id of the service (superd/service/accept_state); 0: all services */
		unsigned char source[SOURCE_SIZE]; /* client address or network */
		double until;           /* time when the entry expires; INFINITY: never */
		int64_t count;          /* counter for the table's user; 0 at first */
	};
	struct address_entry *older, *younger;
	struct address_entry *next;     /* in its bucket */
};

/* A zeroed struct with `most` set is empty. */
struct address_lru {
	size_t most;                    /* limit of `count` */
	struct address_entry **buckets; /* hash table of `size` chains */
	size_t size, count;
	struct address_entry *oldest, *youngest;
	uint64_t salt;                  /* random number, so that clients cannot aim at one bucket; set before the first entry */
};

/* Returns the entry; NULL: there is none, or it has expired. */
struct address_entry *address_lru_find(struct address_lru *lru, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now);

/* Finds or makes the entry, makes it the youngest, and sets its expiry. NULL: out of memory. */
struct address_entry *address_lru_note(struct address_lru *lru, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now, double until);

/* Whether a new entry would not replace another one. */
bool address_lru_has_room(struct address_lru *lru, double now);

void address_lru_free(struct address_lru *lru);
