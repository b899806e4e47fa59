/* Looks up keys, and the options that they become. */
#include "table/reading/reading.h"

#include <assert.h>

#define NAME_MOST 96 /* bytes of the longest section and key, and some */
#define TABLES_MOST 16
#define BYTES_MOST 16384

/* The keys of each table by their names: an index of constant tables, which is made when one is first asked for. */
static struct {
	struct { const struct key_table *table; struct key_list keys; } tables[TABLES_MOST];
	size_t table_count;
	struct key_row rows[KEYS_MOST];
	size_t count;
	char names[BYTES_MOST];
	size_t length;
} made;

const char *key_status_name(enum key_status status)
{
	static const char *const names[] = {
		[KEY_DONE] = "supported",
		[KEY_HARMLESS] = "ignored",
		[KEY_WARNED] = "ignored (warning)",
		[KEY_REFUSED] = "refused",
	};

	return names[status];
}

static int compare_name(const void *name, const void *key)
{
	return strcmp(name, ((const struct key_row *)key)->name);
}

static int compare_folded(const void *name, const void *key)
{
	return strcasecmp(name, ((const struct key_row *)key)->name);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct key_row *)a)->name, ((const struct key_row *)b)->name);
}

static void add_keys(const struct key_row *row)
{
	size_t length;

	for (const char *name = row->name; *name; name += length + (name[length] == ' ')) {
		length = strcspn(name, " ");
		assert(made.count < KEYS_MOST && made.length + length < BYTES_MOST);
		made.rows[made.count] = *row;
		made.rows[made.count++].name = memcpy(made.names + made.length, name, length);
		made.length += length + 1;      /* the next byte is zero */
	}
}

struct key_list key_list(const struct key_table *table)
{
	struct key_row *first = made.rows + made.count;
	size_t n = 0;

	while (n < made.table_count && made.tables[n].table != table)
		n++;
	if (n < made.table_count)
		return made.tables[n].keys;
	assert(n < TABLES_MOST);
	for (size_t row = 0; row < table->row_count; row++)
		add_keys(&table->rows[row]);
	made.tables[n].table = table;
	made.tables[n].keys = (struct key_list){ first, (size_t)(made.rows + made.count - first) };
	made.table_count++;
	qsort(first, made.tables[n].keys.count, sizeof(*first), compare_keys);
	return made.tables[n].keys;
}

size_t key_index(const struct key_row *key)
{
	return (size_t)(key - made.rows);
}

const struct key_row *key_find(const struct key_table *keys, const char *name)
{
	struct key_list known = key_list(keys);

	return bsearch(name, known.list, known.count, sizeof(*known.list),
		       keys->dialect == XINETD ? compare_folded : compare_name);
}

const char *key_option(const struct key_table *keys, const struct key_row *key)
{
	const struct option_def *option;
	char name[NAME_MOST];

	if (key->option)
		return key->option;
	snprintf(name, sizeof(name), "%s%s%s", keys->section ? keys->section : "", keys->section ? "." : "", key->name);
	option = option_find(keys->dialect, name);
	return option ? option->name[NATIVE] : NULL;
}

const char *key_translate(const struct key_row *key, const struct key_assignment *assignment, struct pool *pool,
			  struct diags *diags)
{
	const char *text = assignment->text;
	bool truth;

	if (key->zero && !strcmp(text, "0"))
		return key->zero;
	if (!key->words)
		return text;
	for (const struct key_word *word = key->words; word->theirs; word++) {
		if (!(key->folds_case ? strcasecmp : strcmp)(word->theirs, text))
			return word->ours;
	}
	if (key->takes_bool && !scan_bool(text, &truth))
		return truth ? "yes" : "no";
	if (key->path && *text == '/')
		return pool_textf(pool, "%s%s", key->path, text);
	diag_error(diags, assignment->at, "%s: '%s': %s", assignment->name, text, key->wrong);
	return NULL;
}

void keys_set_absent(const struct key_table *keys, struct service_builder *builder, struct origin at,
		     struct diags *diags)
{
	struct key_list known = key_list(keys);

	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];

		if (key->absent && !builder_has(builder, key_option(keys, key)))
			builder_set_text(builder, key_option(keys, key), key->absent, at, diags);
	}
}

void key_report_lack(const struct key_row *key, const char *name, struct origin at, struct reading *reading)
{
	if (key->status == KEY_WARNED)
		diag_warning(reading->diags, at, "%s is skipped: %s", name, key->reason);
	else if (key->status == KEY_REFUSED)
		reading_unsupported(reading, at, "%s: superd cannot honour it: %s", name, key->reason);
}

void key_nearest_look(struct scan_nearest *nearest, const struct key_table *keys)
{
	struct key_list known = key_list(keys);

	for (size_t n = 0; n < known.count; n++)
		scan_nearest_look(nearest, known.list[n].name);
}
