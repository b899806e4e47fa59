/* Prints superd-systemd(5)'s and superd-launchd(5)'s lists of keys: how this version of superd treats every key of a
 * unit and of a property list. Keys that superd treats alike, for one reason, are one item. */
#include "docs/docs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "read/launchd/keys.h"
#include "read/systemd/keys.h"

struct listed_key {
	const char *name;
	enum key_status status;
	const char *option;             /* superd's option; NULL: none, or KEY_DONE is not its status */
	const char *reason;             /* NULL: none */
	bool is_same;                   /* the option's name is the key's, and there is no more about it */
};

/* Whether names differ only in capitals and underscores, as MemoryMax and memory_max. */
static bool is_same_name(const char *key, const char *option)
{
	for (; *key || *option; key += *key != 0, option++) {
		while (*option == '_')
			option++;
		if (tolower((unsigned char)*key) != *option)
			return false;
	}
	return true;
}

static struct listed_key listed(const struct key_table *keys, const struct key_row *key)
{
	struct listed_key row = { .name = key->name, .status = key->status, .reason = key->reason };

	if (key->status == KEY_DONE)
		row.option = key_option(keys, key);
	row.is_same = row.option && !row.reason && is_same_name(key->name, row.option);
	return row;
}

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_alike(const struct listed_key *a, const struct listed_key *b)
{
	if (a->status != b->status || a->is_same != b->is_same)
		return false;
	return a->is_same || (texts_equal(a->option, b->option) && texts_equal(a->reason, b->reason));
}

/* The item of keys[first] and all later keys that are like it. */
static void add_item(struct buf *out, const struct listed_key *keys, size_t count, size_t first)
{
	const struct listed_key *key = &keys[first];

	buf_addf(out, ".It Cm %s", key->name);
	for (size_t i = first + 1; i < count; i++) {
		if (is_alike(key, &keys[i]))
			buf_addf(out, " , %s", keys[i].name);
	}
	buf_char(out, '\n');
	if (key->is_same)
		buf_text(out, "The option of this name.\n");
	else if (key->option)
		buf_addf(out, ".Ic %s%s\n", key->option, key->reason ? " :" : "");
	else
		buf_addf(out, "%s%s\n", key_status_name(key->status), key->reason ? ":" : "");
	if (key->reason)
		buf_addf(out, "%s\n", key->reason);
}

/* For each status, keys that are their option's name come first. */
static void add_list(struct buf *out, const char *title, const struct listed_key *keys, size_t count)
{
	static const enum key_status order[] = { KEY_DONE, KEY_REFUSED, KEY_WARNED, KEY_HARMLESS };

	buf_addf(out, ".Ss %s\n.Bl -tag -width Ds -compact\n", title);
	for (size_t n = 0; n < 2 * sizeof(order) / sizeof(*order); n++) {
		for (size_t i = 0; i < count; i++) {
			size_t before = 0;

			if (keys[i].status != order[n / 2] || keys[i].is_same != (n % 2 == 0))
				continue;
			while (before < i && !is_alike(&keys[before], &keys[i]))
				before++;
			if (before == i)
				add_item(out, keys, count, i);
		}
	}
	buf_text(out, ".El\n");
}

static void add_keys(struct buf *out, const struct key_table *keys)
{
	struct key_list known = key_list(keys);
	struct listed_key *list = calloc(known.count, sizeof(*list));

	for (size_t n = 0; list && n < known.count; n++)
		list[n] = listed(keys, &known.list[n]);
	if (list)
		add_list(out, keys->title, list, known.count);
	out->failed |= !list;
	free(list);
}

void print_mdoc_units(struct buf *out)
{
	for (int n = 0; n < KEYS_SECTIONS; n++)
		add_keys(out, unit_keys[n]);
}

void print_mdoc_launchd(struct buf *out)
{
	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++)
		add_keys(out, &launchd_keys[n]);
}
