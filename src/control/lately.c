/* The last lines of many. The hard thing is the bound: it is one for all, so a service that says much takes of those
 * that are silent, but never more than its ten lines. */
#include "control/lately.h"

#include <stdlib.h>
#include <string.h>

struct voice {
	struct list link;               /* in its bucket */
	struct list turn;               /* among all */
	struct list lines;
	size_t count;
	char name[];
};

static size_t hash_of(const char *name)
{
	size_t hash = 5381;

	while (*name)
		hash = hash * 33 ^ (unsigned char)*name++;
	return hash % LATELY_BUCKETS;
}

static void make_ready(struct lately *lately)
{
	if (lately->ready)
		return;
	for (size_t n = 0; n < LATELY_BUCKETS; n++)
		list_init(&lately->buckets[n]);
	list_init(&lately->voices);
	lately->ready = true;
}

static struct voice *find(const struct lately *lately, const char *name)
{
	const struct list *bucket = &lately->buckets[hash_of(name)];

	for (struct list *link = bucket->next; lately->ready && link != bucket; link = link->next) {
		struct voice *voice = container_of(link, struct voice, link);

		if (!strcmp(voice->name, name))
			return voice;
	}
	return NULL;
}

static struct voice *find_or_make(struct lately *lately, const char *name)
{
	struct voice *voice = find(lately, name);
	size_t length = strlen(name) + 1;

	if (voice)
		return voice;
	voice = malloc(sizeof(*voice) + length);
	if (!voice)
		return NULL;
	memcpy(voice->name, name, length);
	voice->count = 0;
	list_init(&voice->lines);
	list_init(&voice->turn);
	list_init(&voice->link);
	list_add(&lately->buckets[hash_of(name)], &voice->link);
	lately->used += sizeof(*voice) + length;
	return voice;
}

static void drop_line(struct lately *lately, struct voice *voice, struct list *link)
{
	struct late_line *line = container_of(link, struct late_line, link);

	lately->used -= sizeof(*line) + strlen(line->text) + 1;
	list_remove(&line->link);
	free(line);
	voice->count--;
}

static void drop_voice(struct lately *lately, struct voice *voice)
{
	LIST_EACH(link, &voice->lines)
		drop_line(lately, voice, link);
	lately->used -= sizeof(*voice) + strlen(voice->name) + 1;
	list_remove(&voice->link);
	list_remove(&voice->turn);
	free(voice);
}

static void keep_within(struct lately *lately)
{
	LIST_EACH(turn, &lately->voices) {
		struct voice *voice = container_of(turn, struct voice, turn);

		LIST_EACH(link, &voice->lines) {
			if (lately->used > LATELY_MOST && voice->count > 1)
				drop_line(lately, voice, link);
		}
		if (lately->used > LATELY_MOST)
			drop_voice(lately, voice);
		if (lately->used <= LATELY_MOST)
			return;
	}
}

/* The length of a text cut to a bound, not within a character of UTF-8. */
static size_t cut(const char *text, size_t length)
{
	if (length <= LATELY_TEXT)
		return length;
	length = LATELY_TEXT;
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void lately_take(struct lately *lately, const char *service, double at, enum level level, const char *text,
		 size_t length)
{
	struct late_line *line;
	struct voice *voice;

	make_ready(lately);
	length = cut(text, length);
	if (memchr(text, '\0', length))
		length = strlen(text);
	voice = find_or_make(lately, service);
	line = voice ? malloc(sizeof(*line) + length + 1) : NULL;
	if (!line) {
		if (voice && !voice->count)
			drop_voice(lately, voice);
		return;
	}
	line->at = at;
	line->level = level;
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	list_add(&voice->lines, &line->link);
	voice->count++;
	lately->used += sizeof(*line) + length + 1;
	list_remove(&voice->turn);
	list_add(&lately->voices, &voice->turn);
	if (voice->count > LATELY_LINES)
		drop_line(lately, voice, voice->lines.next);
	keep_within(lately);
}

struct list *lately_of(const struct lately *lately, const char *service)
{
	struct voice *voice = find(lately, service);

	return voice ? &voice->lines : NULL;
}

void lately_each(struct lately *lately,
		 void (*act)(void *context, const char *service, const struct late_line *line), void *context)
{
	if (!lately->ready)
		return;
	LIST_EACH(turn, &lately->voices) {
		struct voice *voice = container_of(turn, struct voice, turn);

		LIST_EACH(link, &voice->lines)
			act(context, voice->name, container_of(link, struct late_line, link));
	}
}

void lately_free(struct lately *lately)
{
	if (!lately->ready)
		return;
	LIST_EACH(turn, &lately->voices)
		drop_voice(lately, container_of(turn, struct voice, turn));
}
