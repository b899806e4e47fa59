/* The last lines that were logged about each service.
 *
 * All services share one limit of memory. A service that logs much displaces the lines of services that have been
 * silent longest, but never has more than RECENT_LOG_LINES. */
#include "lib/hash.h"
#include "lib/json.h"
#include "superd/control/recent_log.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct recent_owner {
	struct list link;               /* in its bucket */
	struct list turn;               /* in recent_log->owners */
	struct list lines;              /* struct recent_line, the oldest first */
	size_t count;                   /* of lines */
	char name[];
};

/* What a chunk takes of the heap: the lines are short, so that malloc's own part counts. */
static size_t heap_size(void *chunk)
{
	return malloc_usable_size(chunk) + sizeof(size_t);
}

static void initialize(struct recent_log *recent_log)
{
	if (recent_log->initialized)
		return;
	for (size_t n = 0; n < RECENT_LOG_BUCKETS; n++)
		list_init(&recent_log->buckets[n]);
	list_init(&recent_log->owners);
	recent_log->initialized = true;
}

static struct recent_owner *find_owner(const struct recent_log *recent_log, const char *name)
{
	const struct list *bucket = &recent_log->buckets[hash_text(HASH_START, name) % RECENT_LOG_BUCKETS];

	for (struct list *link = bucket->next; recent_log->initialized && link != bucket; link = link->next) {
		struct recent_owner *owner = container_of(link, struct recent_owner, link);

		if (!strcmp(owner->name, name))
			return owner;
	}
	return NULL;
}

static struct recent_owner *get_owner(struct recent_log *recent_log, const char *name)
{
	struct recent_owner *owner = find_owner(recent_log, name);
	size_t length = strlen(name) + 1;

	if (owner)
		return owner;
	owner = malloc(sizeof(*owner) + length);
	if (!owner)
		return NULL;
	memcpy(owner->name, name, length);
	owner->count = 0;
	list_init(&owner->lines);
	list_init(&owner->turn);
	list_init(&owner->link);
	list_add(&recent_log->buckets[hash_text(HASH_START, name) % RECENT_LOG_BUCKETS], &owner->link);
	recent_log->used += heap_size(owner);
	return owner;
}

static void drop_line(struct recent_log *recent_log, struct recent_owner *owner, struct list *link)
{
	struct recent_line *line = container_of(link, struct recent_line, link);

	recent_log->used -= heap_size(line);
	list_remove(&line->link);
	free(line);
	owner->count--;
}

static void drop_owner(struct recent_log *recent_log, struct recent_owner *owner)
{
	LIST_EACH(link, &owner->lines)
		drop_line(recent_log, owner, link);
	recent_log->used -= heap_size(owner);
	list_remove(&owner->link);
	list_remove(&owner->turn);
	free(owner);
}

/* Drops lines until the limit of memory holds: from each silent owner all but the last line first, then that. */
static void drop_oldest(struct recent_log *recent_log)
{
	LIST_EACH(turn, &recent_log->owners) {
		struct recent_owner *owner = container_of(turn, struct recent_owner, turn);

		LIST_EACH(link, &owner->lines) {
			if (recent_log->used > RECENT_LOG_MOST && owner->count > 1)
				drop_line(recent_log, owner, link);
		}
		if (recent_log->used > RECENT_LOG_MOST)
			drop_owner(recent_log, owner);
		if (recent_log->used <= RECENT_LOG_MOST)
			return;
	}
}

/* The length of a text after cutting it to RECENT_LOG_TEXT, but not within a character of UTF-8. */
static size_t cut_text(const char *text, size_t length)
{
	if (length <= RECENT_LOG_TEXT)
		return length;
	length = RECENT_LOG_TEXT;
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void recent_line_add_speaker(const struct recent_line *line, struct buf *out)
{
	if (!line->is_output)
		return;
	json_text_field(out, "from", "output");
	if (line->pid)
		json_count_field(out, "pid", (uint64_t)line->pid);
}

void recent_log_add(struct recent_log *recent_log, const char *service, const struct logged_line *logged)
{
	static const char mark[] = "…";
	size_t length = cut_text(logged->text, logged->length);
	size_t marked = length < logged->length ? sizeof(mark) - 1 : 0;
	struct recent_line *line;
	struct recent_owner *owner;

	initialize(recent_log);
	if (memchr(logged->text, '\0', length))
		length = strlen(logged->text);
	owner = get_owner(recent_log, service);
	line = owner ? malloc(sizeof(*line) + length + marked + 1) : NULL;
	if (!line) {
		if (owner && !owner->count)
			drop_owner(recent_log, owner);
		return;
	}
	line->serial = ++recent_log->last_serial;
	line->at = logged->at;
	line->level = logged->level;
	line->is_output = logged->is_output;
	line->pid = logged->pid;
	memcpy(line->text, logged->text, length);
	memcpy(line->text + length, mark, marked);
	line->text[length + marked] = '\0';
	list_add(&owner->lines, &line->link);
	owner->count++;
	recent_log->used += heap_size(line);
	list_remove(&owner->turn);
	list_add(&recent_log->owners, &owner->turn);
	if (owner->count > RECENT_LOG_LINES)
		drop_line(recent_log, owner, owner->lines.next);
	drop_oldest(recent_log);
}

struct list *recent_log_of(const struct recent_log *recent_log, const char *service)
{
	struct recent_owner *owner = find_owner(recent_log, service);

	return owner ? &owner->lines : NULL;
}

void recent_log_for_each(struct recent_log *recent_log,
			 void (*act)(void *context, const char *service, const struct recent_line *line), void *context)
{
	if (!recent_log->initialized)
		return;
	LIST_EACH(turn, &recent_log->owners) {
		struct recent_owner *owner = container_of(turn, struct recent_owner, turn);

		LIST_EACH(link, &owner->lines)
			act(context, owner->name, container_of(link, struct recent_line, link));
	}
}

void recent_log_free(struct recent_log *recent_log)
{
	if (!recent_log->initialized)
		return;
	LIST_EACH(turn, &recent_log->owners)
		drop_owner(recent_log, container_of(turn, struct recent_owner, turn));
}
