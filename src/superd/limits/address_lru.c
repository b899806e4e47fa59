/* A chained hash table that doubles as it fills, and a list by age. An idle superd must not wake, so entries expire
 * without a timer: when they are met, or from the old end when a new one comes. */
#include "superd/limits/address_lru.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

static struct address_entry **bucket_of(const struct address_lru *lru, uint64_t whose, const unsigned char *source)
{
	uint64_t h = hash_bytes(HASH_START ^ lru->salt ^ whose * 0x9e3779b97f4a7c15u, source, SOURCE_SIZE);

	h ^= lru->salt >> 32;
	h *= 0xff51afd7ed558ccdu;
	return &lru->buckets[(size_t)(h ^ h >> 33) & (lru->size - 1)];
}

static void put_in_bucket(const struct address_lru *lru, struct address_entry *entry)
{
	struct address_entry **head = bucket_of(lru, entry->whose, entry->source);

	entry->next = *head;
	*head = entry;
}

static bool grow_table(struct address_lru *lru)
{
	size_t size = lru->size ? 2 * lru->size : 64;
	struct address_entry **buckets = calloc(size, sizeof(struct address_entry *));

	if (!buckets)
		return lru->size > 0; /* longer chains will do */
	free(lru->buckets);
	lru->buckets = buckets;
	lru->size = size;
	for (struct address_entry *entry = lru->oldest; entry; entry = entry->younger)
		put_in_bucket(lru, entry);
	return true;
}

static void make_youngest(struct address_lru *lru, struct address_entry *entry)
{
	entry->older = lru->youngest;
	entry->younger = NULL;
	if (entry->older)
		entry->older->younger = entry;
	else
		lru->oldest = entry;
	lru->youngest = entry;
}

static void unlink_by_age(struct address_lru *lru, struct address_entry *entry)
{
	if (entry->older)
		entry->older->younger = entry->younger;
	else
		lru->oldest = entry->younger;
	if (entry->younger)
		entry->younger->older = entry->older;
	else
		lru->youngest = entry->older;
}

/* The entry has left the list by age before. */
static void remove_entry(struct address_lru *lru, struct address_entry *entry)
{
	struct address_entry **at = bucket_of(lru, entry->whose, entry->source);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	free(entry);
	lru->count--;
}

static struct address_entry *find_entry(const struct address_lru *lru, uint64_t whose, const unsigned char *source)
{
	struct address_entry *entry;

	if (!lru->count)
		return NULL;
	for (entry = *bucket_of(lru, whose, source); entry; entry = entry->next) {
		if (entry->whose == whose && !memcmp(entry->source, source, SOURCE_SIZE))
			break;
	}
	return entry;
}

struct address_entry *address_lru_find(struct address_lru *lru, uint64_t whose, const unsigned char source[SOURCE_SIZE],
				       double now)
{
	struct address_entry *found = find_entry(lru, whose, source);

	if (!found || found->until > now)
		return found;
	unlink_by_age(lru, found);
	remove_entry(lru, found);
	return NULL;
}

/* Removes from the old end the expired entries, and others while there are more than most. */
static void remove_oldest(struct address_lru *lru, double now, size_t most)
{
	struct address_entry *entry = lru->oldest;

	while (entry && (lru->count > most || entry->until <= now)) {
		struct address_entry *younger = entry->younger;

		unlink_by_age(lru, entry);
		remove_entry(lru, entry);
		entry = younger;
	}
}

static struct address_entry *add_entry(struct address_lru *lru, uint64_t whose, const unsigned char *source)
{
	struct address_entry *entry;

	if (lru->count >= lru->size && !grow_table(lru))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->whose = whose;
	memcpy(entry->source, source, SOURCE_SIZE);
	put_in_bucket(lru, entry);
	lru->count++;
	return entry;
}

struct address_entry *address_lru_note(struct address_lru *lru, uint64_t whose, const unsigned char source[SOURCE_SIZE],
				       double now, double until)
{
	struct address_entry *entry = address_lru_find(lru, whose, source, now);

	if (entry) {
		unlink_by_age(lru, entry);
	} else {
		remove_oldest(lru, now, lru->most - 1);
		entry = add_entry(lru, whose, source);
	}
	if (!entry)
		return NULL;
	entry->until = until;
	make_youngest(lru, entry);
	return entry;
}

bool address_lru_has_room(struct address_lru *lru, double now)
{
	remove_oldest(lru, now, lru->most);
	return lru->count < lru->most;
}

void address_lru_free(struct address_lru *lru)
{
	for (struct address_entry *entry = lru->oldest, *younger; entry; entry = younger) {
		younger = entry->younger;
		free(entry);
	}
	free(lru->buckets);
	*lru = (struct address_lru){ .most = lru->most, .salt = lru->salt };
}
