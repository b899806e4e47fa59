/* Prints superd-systemd(5)'s and superd-launchd(5)'s lists of keys: how this version of superd treats every key of a
 * unit and of a property list. Keys that superd treats alike, for one reason, are one item.
 *
 * A key whose option is not implemented yet is listed by the class in its table. It becomes honoured by itself once the
 * option exists. */
#include "cli/docs/docs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/buf_flush.h"
#include "parse/launchd/keys.h"
#include "parse/systemd/keys.h"

struct listed_key {
	const char *name;
	enum key_status status;         /* in this version */
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

/* `class`: in the table of keys; the reason belongs to it. */
static struct listed_key listed(const char *name, enum key_status status, enum key_status class, const char *option,
				const char *reason)
{
	struct listed_key key = { .name = name, .status = status, .reason = reason };

	if (status == KEY_DONE && class != KEY_DONE)
		key.reason = NULL;      /* it says why the option was missing, which is over */
	if (!key.reason && status == KEY_REFUSED)
		key.reason = "not yet";
	if (status == KEY_DONE)
		key.option = option;
	key.is_same = key.option && !key.reason && is_same_name(name, option);
	return key;
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

bool print_mdoc_units(FILE *out)
{
	struct buf text = { 0 };
	bool ok = true;

	for (int n = 0; ok && n < KEYS_SECTIONS; n++) {
		const struct unit_keys *section = unit_keys[n];
		const char *name = section->section ? section->section : "Service";
		struct listed_key *keys = calloc(section->count, sizeof(*keys));

		ok = keys != NULL;
		for (size_t i = 0; ok && i < section->count; i++) {
			const struct unit_key *key = &section->list[i];

			keys[i] = listed(key->key, unit_key_status(name, key), key->class, unit_key_option(name, key),
					 key->reason);
		}
		if (ok)
			add_list(&text, section->title, keys, section->count);
		free(keys);
	}
	ok = ok && buf_flush(&text, out);
	buf_free(&text);
	return ok;
}

bool print_mdoc_launchd(FILE *out)
{
	struct buf text = { 0 };
	bool ok = true;

	for (int n = 0; ok && n < LAUNCHD_DICTIONARIES; n++) {
		const struct launchd_keys *section = &launchd_keys[n];
		struct listed_key *keys = calloc(section->count, sizeof(*keys));

		ok = keys != NULL;
		for (size_t i = 0; ok && i < section->count; i++) {
			const struct launchd_key *key = &section->list[i];

			keys[i] = listed(key->key, launchd_key_status(section, key), key->class,
					 launchd_key_option(section, key), key->reason);
		}
		if (ok)
			add_list(&text, section->title, keys, section->count);
		free(keys);
	}
	ok = ok && buf_flush(&text, out);
	buf_free(&text);
	return ok;
}
