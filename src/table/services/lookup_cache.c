/* A map from kind and name to an answer; the pool has one copy of each text, so its address is the key. */
#include "table/services/services.h"

struct lookup_cache *lookup_cache_new(void)
{
	struct lookup_cache *lookups = calloc(1, sizeof(*lookups));

	if (lookups)
		lookups->pool = pool_new();
	if (lookups && lookups->pool)
		return lookups;
	free(lookups);
	return NULL;
}

void lookup_cache_free(struct lookup_cache *lookups)
{
	if (!lookups)
		return;
	ptr_map_free(&lookups->map);
	pool_free(lookups->pool);
	free(lookups);
}

const char *const *lookup_cache_find(struct lookup_cache *lookups, const char *kind, const char *name)
{
	const void *known = NULL;

	if (!lookups)
		return NULL;
	kind = pool_text(lookups->pool, kind);
	name = pool_text(lookups->pool, name);
	if (!kind || !name || !ptr_map_get(&lookups->map, kind, name, &known))
		return NULL;
	return ((const struct lookup *)known)->answer;
}

void lookup_cache_add(struct lookup_cache *lookups, const char *kind, const char *name, const char *answer,
		      size_t length)
{
	struct lookup *lookup = lookups ? pool_alloc(lookups->pool, sizeof(*lookup)) : NULL;
	const char **list = calloc(length + 1, sizeof(*list));
	const void *known;
	size_t count = 0;

	for (size_t at = 0; list && at < length; at += strlen(answer + at) + 1)
		list[count++] = answer + at;
	if (lookup && list)
		*lookup = (struct lookup){
			.kind = pool_text(lookups->pool, kind), .name = pool_text(lookups->pool, name),
			.answer = pool_list(lookups->pool, list, count), .next = lookups->last,
		};
	free(list);
	if (!lookup || !lookup->kind || !lookup->name || !lookup->answer)
		return;
	if (ptr_map_get(&lookups->map, lookup->kind, lookup->name, &known)) {
		((struct lookup *)(uintptr_t)known)->answer = lookup->answer;
		return;
	}
	ptr_map_put(&lookups->map, lookup->kind, lookup->name, lookup);
	lookups->last = lookup;
}

bool lookup_number(const char *word, uint32_t *number)
{
	return word && scan_unsigned(word, strlen(word), UINT32_MAX, number);
}
