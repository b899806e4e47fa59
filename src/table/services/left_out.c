/* The names of what is left out. A name may be given twice: to a row that is served and to a
 * wrong one, or to two lines of an inetd.conf. The later one is known by its place then. */
#include "table/services/left_out.h"

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

/* Of several entries with one name, the first keeps it. The others get their places as names. With `last`, a row gets
 * its place and number, and an entry that is no row gets none. false: out of memory. */
static bool rename_duplicates(struct naming *list, size_t count, struct pool *pool, bool last)
{
	const char *taken = NULL, *place;

	qsort(list, count, sizeof(*list), compare_namings);
	for (size_t n = 0; n < count && list[n].name; n++) {
		if (!taken || strcmp(taken, list[n].name) != 0) {
			taken = list[n].name;
			continue;
		}
		list[n].name = NULL;
		if (last && list[n].entry->row == LEFT_OUT_NO_ROW)
			continue;
		place = format_place(list[n].entry, pool);
		list[n].name = last && place ? pool_textf(pool, "%s#%zu", place, list[n].number) : place;
		if (!list[n].name)
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

/* Gives an entry its name, and a row if it has none. plain: the groups of a service that sets nothing. */
static bool list_entry(struct table *table, const struct naming *naming, const void *const *plain)
{
	struct left_out *entry = naming->entry;

	if (naming->name && entry->row == LEFT_OUT_NO_ROW) {
		const struct service row = {
			.at = entry->at, .exec = plain[GROUP_EXEC], .groups = (const void *)plain, .is_left_out = true
		};

		if (!table_add(table, &row))
			return false;
		entry->row = table->count - 1;
	}
	if (naming->name)
		table->services[entry->row].name = naming->name;
	return true;
}

bool left_out_list(struct table *table)
{
	size_t count = table->left_out_count;
	struct naming *list = calloc(count + 1, sizeof(*list));
	const void *const *plain = table_make_bases(table, NULL);
	bool ok = list && plain;

	for (size_t n = 0; n < count; n++) {    /* so that table_find finds the rows that are served */
		if (table->left_out[n].row != LEFT_OUT_NO_ROW)
			table->services[table->left_out[n].row].name = "";
	}
	table_forget_names(table);
	for (size_t n = 0; ok && n < count; n++) {
		list[n] = (struct naming){ .entry = &table->left_out[n], .number = n };
		ok = name_entry(&list[n], table);
	}
	ok = ok && rename_duplicates(list, count, table->pool, false) &&
	     rename_duplicates(list, count, table->pool, true);
	for (size_t n = 0; ok && n < count; n++)
		ok = list_entry(table, &list[n], plain);
	table_forget_names(table);
	free(list);
	return ok;
}

size_t left_out_count(const struct table *table)
{
	size_t count = 0;

	for (size_t n = 0; n < table->left_out_count; n++)
		count += table->left_out[n].row != LEFT_OUT_NO_ROW;
	return count;
}

const struct left_out *left_out_of(const struct table *table, const struct service *row)
{
	for (size_t n = 0; row->is_left_out && n < table->left_out_count; n++) {
		if (table->left_out[n].row == (size_t)(row - table->services))
			return &table->left_out[n];
	}
	return NULL;
}

const char *left_out_reason(const struct left_out *entry)
{
	return entry->reason ? entry->reason : "its entry has an error";
}

bool left_out_add(struct table *table, struct service *row, const char *reason)
{
	struct left_out *entry = table_leave_out(table, row->at, row->name);

	if (!entry)
		return false;
	entry->row = (size_t)(row - table->services);
	entry->reason = pool_text(table->pool, reason);
	row->is_left_out = true;
	return true;
}
