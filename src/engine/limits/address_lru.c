/* A chained hash table that doubles as it fills, and a list by age. An idle superd must not wake, so entries expire
 * without a timer: when they are met, or from the old end when a new one comes. */
#include "engine/limits/address_lru.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static struct address_entry **bucket(const struct address_lru *recent, uint64_t whose, const unsigned char *source)
{
	uint64_t h = hash_bytes(HASH_START ^ recent->salt ^ whose * 0x9e3779b97f4a7c15u, source, SOURCE_SIZE);

	h ^= recent->salt >> 32;
	h *= 0xff51afd7ed558ccdu;
	return &recent->buckets[(size_t)(h ^ h >> 33) & (recent->size - 1)];
}

static void put(const struct address_lru *recent, struct address_entry *one)
{
	struct address_entry **head = bucket(recent, one->whose, one->source);

	one->next = *head;
	*head = one;
}

static bool grow(struct address_lru *recent)
{
	size_t size = recent->size ? 2 * recent->size : 64;
	struct address_entry **buckets = calloc(size, sizeof(struct address_entry *));

	if (!buckets)
		return recent->size > 0;        /* longer chains will do */
	free(recent->buckets);
	recent->buckets = buckets;
	recent->size = size;
	for (struct address_entry *one = recent->oldest; one; one = one->younger)
		put(recent, one);
	return true;
}

static void be_youngest(struct address_lru *recent, struct address_entry *one)
{
	one->older = recent->youngest;
	one->younger = NULL;
	if (one->older)
		one->older->younger = one;
	else
		recent->oldest = one;
	recent->youngest = one;
}

static void leave_ages(struct address_lru *recent, struct address_entry *one)
{
	if (one->older)
		one->older->younger = one->younger;
	else
		recent->oldest = one->younger;
	if (one->younger)
		one->younger->older = one->older;
	else
		recent->youngest = one->older;
}

/* The entry has left the list by age before. */
static void forget(struct address_lru *recent, struct address_entry *one)
{
	struct address_entry **at = bucket(recent, one->whose, one->source);

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	free(one);
	recent->count--;
}

static struct address_entry *find(const struct address_lru *recent, uint64_t whose, const unsigned char *source)
{
	struct address_entry *one;

	if (!recent->count)
		return NULL;
	for (one = *bucket(recent, whose, source); one; one = one->next) {
		if (one->whose == whose && !memcmp(one->source, source, SOURCE_SIZE))
			break;
	}
	return one;
}

struct address_entry *address_lru_find(struct address_lru *recent, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now)
{
	struct address_entry *found = find(recent, whose, source);

	if (!found || found->until > now)
		return found;
	leave_ages(recent, found);
	forget(recent, found);
	return NULL;
}

/* Removes from the old end the expired entries, and others while there are more than most. */
static void forget_oldest(struct address_lru *recent, double now, size_t most)
{
	struct address_entry *one = recent->oldest;

	while (one && (recent->count > most || one->until <= now)) {
		struct address_entry *younger = one->younger;

		leave_ages(recent, one);
		forget(recent, one);
		one = younger;
	}
}

static struct address_entry *add(struct address_lru *recent, uint64_t whose, const unsigned char *source)
{
	struct address_entry *one;

	if (recent->count >= recent->size && !grow(recent))
		return NULL;
	one = calloc(1, sizeof(*one));
	if (!one)
		return NULL;
	one->whose = whose;
	memcpy(one->source, source, SOURCE_SIZE);
	put(recent, one);
	recent->count++;
	return one;
}

struct address_entry *address_lru_note(struct address_lru *recent, uint64_t whose,
				       const unsigned char source[SOURCE_SIZE], double now, double until)
{
	struct address_entry *one = address_lru_find(recent, whose, source, now);

	if (one) {
		leave_ages(recent, one);
	} else {
		forget_oldest(recent, now, recent->most - 1);
		one = add(recent, whose, source);
	}
	if (!one)
		return NULL;
	one->until = until;
	be_youngest(recent, one);
	return one;
}

bool address_lru_has_room(struct address_lru *recent, double now)
{
	forget_oldest(recent, now, recent->most);
	return recent->count < recent->most;
}

void address_lru_free(struct address_lru *recent)
{
	for (struct address_entry *one = recent->oldest, *younger; one; one = younger) {
		younger = one->younger;
		free(one);
	}
	free(recent->buckets);
	*recent = (struct address_lru){ .most = recent->most, .salt = recent->salt };
}
