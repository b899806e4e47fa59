/* Counts by service and source, in a tree by tsearch(3): strangers choose the sources, and could have those of a hash
 * table meet. */
#include "lib/lib.h"

#include <search.h>

struct source_count {
	const void *service;
	unsigned char source[SOURCE_SIZE];
	unsigned count;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct source_count, count));
}

static struct source_count key_of(const void *service, const unsigned char *source)
{
	struct source_count key = { .service = service };

	memcpy(key.source, source, SOURCE_SIZE);
	return key;
}

static struct source_count *find(const struct source_counts *sources, const void *service, const unsigned char *source)
{
	const struct source_count key = key_of(service, source);
	struct source_count *const *found = tfind(&key, &sources->root, compare);

	return found ? *found : NULL;
}

bool source_count_enter(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE],
			int64_t limit)
{
	struct source_count *known = find(sources, service, source), *new;

	if ((known ? known->count : 0) >= (uint64_t)limit)
		return false;
	if (known) {
		known->count++;
		return true;
	}
	new = malloc(sizeof(*new));
	if (!new)
		return false;
	*new = key_of(service, source);
	new->count = 1;
	if (!tsearch(new, &sources->root, compare)) {
		free(new);
		return false;
	}
	sources->used++;
	return true;
}

void source_count_leave(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE])
{
	struct source_count *known = find(sources, service, source);

	if (!known || --known->count)
		return;
	tdelete(known, &sources->root, compare);
	free(known);
	sources->used--;
}

unsigned source_count_count(const struct source_counts *sources, const void *service,
			    const unsigned char source[SOURCE_SIZE])
{
	const struct source_count *known = find(sources, service, source);

	return known ? known->count : 0;
}

void source_count_free(struct source_counts *sources)
{
	tdestroy(sources->root, free);
	*sources = (struct source_counts){ 0 };
}
