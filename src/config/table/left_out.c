/* The names of what is left out. A name may be given twice: to a row that is served and to a
 * wrong one, or to two lines of an inetd.conf. The later one is known by its place then. */
#include "base/hash.h"
#include "config/table/left_out.h"

#include <stdlib.h>
#include <string.h>

/* An entry and its name. */
struct naming {
	struct left_out *entry;
	const char *name;               /* NULL: not listed */
	size_t number;                  /* index in the table's list */
};

static const char *format_place(const struct left_out *entry, struct pool *pool)
{
	if (!entry->at.line)
		return entry->at.file;
	return pool_textf(pool, "%s:%u", entry->at.file, entry->at.line);
}

/* By name, then in the order of the list; entries without a name are last. */
static int compare_namings(const void *left, const void *right)
{
	const struct naming *a = left, *b = right;
	int order = a->name && b->name ? strcmp(a->name, b->name) : !a->name - !b->name;

	return order ? order : a->number < b->number ? -1 : a->number > b->number;
}

/* Of several entries with one name, the first keeps it. The others get their places as names; with `last`, they get
 * none. false: out of memory. */
static bool rename_duplicates(struct naming *list, size_t count, struct pool *pool, bool last)
{
	const char *taken = NULL;

	qsort(list, count, sizeof(*list), compare_namings);
	for (size_t n = 0; n < count && list[n].name; n++) {
		if (!taken || strcmp(taken, list[n].name) != 0) {
			taken = list[n].name;
			continue;
		}
		list[n].name = last ? NULL : format_place(list[n].entry, pool);
		if (!last && !list[n].name)
			return false;
	}
	return true;
}

/* false: out of memory. */
static bool name_entry(struct naming *naming, const struct table *table)
{
	const struct left_out *entry = naming->entry;

	if (entry->is_part)
		return true;
	if (entry->name && !table_find(table, entry->name))
		naming->name = entry->name;
	else
		naming->name = format_place(entry, table->pool);
	return naming->name;
}

bool left_out_name(struct table *table)
{
	size_t count = table->left_out_count;
	struct naming *list = calloc(count + 1, sizeof(*list));
	bool ok = list;

	for (size_t n = 0; ok && n < count; n++) {
		list[n] = (struct naming){ .entry = &table->left_out[n], .number = n };
		ok = name_entry(&list[n], table);
	}
	ok = ok && rename_duplicates(list, count, table->pool, false) &&
	     rename_duplicates(list, count, table->pool, true);
	for (size_t n = 0; ok && n < count; n++)
		list[n].entry->row.name = list[n].name;
	free(list);
	return ok;
}

size_t left_out_count(const struct table *table)
{
	size_t count = 0;

	for (size_t n = 0; n < table->left_out_count; n++)
		count += table->left_out[n].row.name != NULL;
	return count;
}

const struct left_out *left_out_find(const struct table *table, const char *name)
{
	for (size_t n = 0; n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->row.name && !strcmp(entry->row.name, name))
			return entry;
	}
	return NULL;
}

const char *left_out_reason(const struct left_out *entry)
{
	return entry->reason ? entry->reason : "its entry has an error";
}

bool left_out_may_return(const struct table *table)
{
	for (size_t n = 0; n < table->left_out_count; n++) {
		if (table->left_out[n].may_return)
			return true;
	}
	return false;
}

uint64_t left_out_key(struct origin at, const char *name)
{
	uint64_t key = hash_add(hash_add(hash_text(HASH_START, at.file), at.line), at.column);

	return name ? hash_bytes(key, name, strlen(name)) : key;
}

const struct left_out *left_out_same(const struct table *table, struct origin at, const char *name)
{
	for (size_t n = 0; n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (origin_equal(entry->at, at) && entry->name && !strcmp(entry->name, name))
			return entry;
	}
	return NULL;
}

bool left_out_add(struct table *table, const struct service *service, bool may_return, const char *reason)
{
	struct left_out *entry;

	if (!table_leave_out(table, service->at, service->name))
		return false;
	entry = &table->left_out[table->left_out_count - 1];
	entry->row = *service;
	entry->may_return = may_return;
	entry->reason = pool_text(table->pool, reason);
	return true;
}
