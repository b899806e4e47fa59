/* A chained hash table that doubles as it fills, and a list by age. An idle superd must not wake, so entries expire
 * without a timer: when they are met, or from the old end when a new one comes. */
#include "engine/core/recent.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct sighting **bucket(const struct recent *recent, uint64_t whose, const unsigned char *source)
{
	uint64_t h = 14695981039346656037u ^ recent->salt ^ whose * 0x9e3779b97f4a7c15u;

	for (size_t n = 0; n < SOURCE_SIZE; n++)
		h = (h ^ source[n]) * 1099511628211u;
	h ^= recent->salt >> 32;
	h *= 0xff51afd7ed558ccdu;
	return &recent->buckets[(size_t)(h ^ h >> 33) & (recent->size - 1)];
}

static void put(const struct recent *recent, struct sighting *one)
{
	struct sighting **head = bucket(recent, one->whose, one->source);

	one->next = *head;
	*head = one;
}

static bool grow(struct recent *recent)
{
	size_t size = recent->size ? 2 * recent->size : 64;
	struct sighting **buckets = calloc(size, sizeof(struct sighting *));

	if (!buckets)
		return recent->size > 0;        /* longer chains will do */
	free(recent->buckets);
	recent->buckets = buckets;
	recent->size = size;
	for (struct sighting *one = recent->oldest; one; one = one->younger)
		put(recent, one);
	return true;
}

static void be_youngest(struct recent *recent, struct sighting *one)
{
	one->older = recent->youngest;
	one->younger = NULL;
	if (one->older)
		one->older->younger = one;
	else
		recent->oldest = one;
	recent->youngest = one;
}

static void leave_ages(struct recent *recent, struct sighting *one)
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
static void forget(struct recent *recent, struct sighting *one)
{
	struct sighting **at = bucket(recent, one->whose, one->source);

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	free(one);
	recent->count--;
}

static struct sighting *find(const struct recent *recent, uint64_t whose, const unsigned char *source)
{
	struct sighting *one;

	if (!recent->count)
		return NULL;
	for (one = *bucket(recent, whose, source); one; one = one->next) {
		if (one->whose == whose && !memcmp(one->source, source, SOURCE_SIZE))
			break;
	}
	return one;
}

struct sighting *recent_find(struct recent *recent, uint64_t whose, const unsigned char source[SOURCE_SIZE], double now)
{
	struct sighting *found = find(recent, whose, source);

	if (!found || found->until > now)
		return found;
	leave_ages(recent, found);
	forget(recent, found);
	return NULL;
}

/* Removes from the old end the expired entries, and others while there are more than most. */
static void forget_oldest(struct recent *recent, double now, size_t most)
{
	struct sighting *one = recent->oldest;

	while (one && (recent->count > most || one->until <= now)) {
		struct sighting *younger = one->younger;

		leave_ages(recent, one);
		forget(recent, one);
		one = younger;
	}
}

static struct sighting *add(struct recent *recent, uint64_t whose, const unsigned char *source)
{
	struct sighting *one;

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

struct sighting *recent_note(struct recent *recent, uint64_t whose, const unsigned char source[SOURCE_SIZE], double now,
			     double until)
{
	struct sighting *one = recent_find(recent, whose, source, now);

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

bool recent_has_room(struct recent *recent, double now)
{
	forget_oldest(recent, now, recent->most);
	return recent->count < recent->most;
}

void recent_free(struct recent *recent)
{
	for (struct sighting *one = recent->oldest, *younger; one; one = younger) {
		younger = one->younger;
		free(one);
	}
	free(recent->buckets);
	*recent = (struct recent){ .most = recent->most, .salt = recent->salt };
}
