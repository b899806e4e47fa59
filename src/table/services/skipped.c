/* The names of what is skipped. A name may be given twice: to a row that is served and to a
 * wrong one, or to two lines of an inetd.conf. The later one is known by its place then. */
#include "table/services/services.h"

/* Whether a text of the pool is a name already; it is one now. */
static bool is_taken(struct ptr_map *taken, const char *name)
{
	const void *unused;
	bool is_known = ptr_map_get(taken, name, NULL, &unused);

	ptr_map_put(taken, name, NULL, NULL);
	return is_known;
}

/* Finds the name of the n-th entry; NULL: it is not listed. false: out of memory. */
static bool name_entry(const struct table *table, size_t n, struct ptr_map *taken, const char **name)
{
	const struct skipped *entry = &table->skipped[n];

	*name = NULL;
	if (entry->is_part)
		return true;
	*name = entry->name;
	if (*name && **name && !table_find(table, *name) && !is_taken(taken, *name))
		return true;
	*name = entry->at.line ? pool_textf(table->pool, "%s:%u", entry->at.file, entry->at.line) : entry->at.file;
	if (!*name || !is_taken(taken, *name))
		return *name;
	if (entry->row == SKIPPED_NO_ROW) {
		*name = NULL;
		return true;
	}
	*name = pool_textf(table->pool, "%s#%zu", *name, n);
	return *name;
}

/* Gives an entry its name, and a row if it has none. */
static bool list_entry(struct table *table, size_t n, const char *name)
{
	struct skipped *entry = &table->skipped[n];
	const struct service row = {
		.at = entry->at, .exec = table->bases[false][GROUP_EXEC], .groups = (const void *)table->bases[false],
		.is_skipped = true
	};

	if (!name)
		return true;
	if (entry->row == SKIPPED_NO_ROW) {
		if (!table_add(table, &row))
			return false;
		entry->row = table->count - 1;
	}
	table->services[entry->row].name = name;
	return true;
}

bool skipped_list(struct table *table)
{
	size_t count = table->skipped_count;
	const char **names = calloc(count + 1, sizeof(*names));
	struct ptr_map taken = { 0 };
	bool ok = names;

	for (size_t n = 0; n < count; n++) {    /* so that table_find finds the rows that are served */
		if (table->skipped[n].row != SKIPPED_NO_ROW)
			table->services[table->skipped[n].row].name = "";
	}
	table_forget_names(table);
	for (size_t n = 0; ok && n < count; n++)
		ok = name_entry(table, n, &taken, &names[n]);
	for (size_t n = 0; ok && n < count; n++)
		ok = list_entry(table, n, names[n]);
	table_forget_names(table);
	ptr_map_free(&taken);
	free(names);
	return ok;
}

size_t skipped_count(const struct table *table)
{
	size_t count = 0;

	for (size_t n = 0; n < table->skipped_count; n++)
		count += table->skipped[n].row != SKIPPED_NO_ROW;
	return count;
}

const struct skipped *skipped_of(const struct table *table, const struct service *row)
{
	for (size_t n = 0; row->is_skipped && n < table->skipped_count; n++) {
		if (table->skipped[n].row == (size_t)(row - table->services))
			return &table->skipped[n];
	}
	return NULL;
}

const char *skipped_reason(const struct skipped *entry)
{
	return entry->reason ? entry->reason : "its entry has an error";
}

bool skipped_add(struct table *table, struct service *row, const char *reason)
{
	struct skipped *entry = table_skip(table, row->at, row->name);

	if (!entry)
		return false;
	entry->row = (size_t)(row - table->services);
	entry->reason = pool_text(table->pool, reason);
	row->is_skipped = true;
	return true;
}
