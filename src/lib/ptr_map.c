/* A tree of pointer pairs, by tsearch(3). */
#include "lib/lib.h"

#include <search.h>

struct pointer_pair {
	const void *a, *b, *value;
};

static int compare(const void *left, const void *right)
{
	const struct pointer_pair *x = left, *y = right;

	if (x->a != y->a)
		return (uintptr_t)x->a < (uintptr_t)y->a ? -1 : 1;
	return ((uintptr_t)x->b > (uintptr_t)y->b) - ((uintptr_t)x->b < (uintptr_t)y->b);
}

bool ptr_map_get(const struct ptr_map *map, const void *a, const void *b, const void **value)
{
	struct pointer_pair *const *found = tfind(&(const struct pointer_pair){ a, b, NULL }, &map->root, compare);

	if (found)
		*value = (*found)->value;
	return found;
}

void ptr_map_put(struct ptr_map *map, const void *a, const void *b, const void *value)
{
	struct pointer_pair *new = malloc(sizeof(*new)), *const *found;

	if (!new)
		return;
	*new = (struct pointer_pair){ a, b, value };
	found = tsearch(new, &map->root, compare);
	if (found && *found == new)
		return;
	free(new);
	if (found)
		(*found)->value = value;
}

void ptr_map_free(struct ptr_map *map)
{
	tdestroy(map->root, free);
	map->root = NULL;
}

static void keep(void *element)
{
	(void)element;
}

void tree_free(void *root)
{
	tdestroy(root, keep);
}
