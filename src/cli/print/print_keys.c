/* Prints superd-systemd(5)'s and superd-launchd(5)'s lists of keys: how this version of superd treats every key of a
 * unit and of a property list.
 *
 * A key whose option is not implemented yet is listed by the class in its table. It becomes honoured by itself once the
 * option exists. */
#include "cli/print/print_conf.h"
#include "cli/print/buf_flush.h"
#include "parse/launchd/keys.h"
#include "parse/systemd/keys.h"

struct listed_key {
	const char *name;
	enum key_status status;         /* in this version */
	enum key_status class;          /* in the table of keys; the reason belongs to it */
	const char *option;             /* superd's option; NULL: none */
	const char *reason;             /* NULL: none */
};

static void add_key(struct buf *out, const struct listed_key *key)
{
	const char *reason = key->reason;

	if (key->status == KEY_DONE && key->class != KEY_DONE)
		reason = NULL;          /* it says why the option was missing, which is over */
	if (!reason && key->status == KEY_REFUSED)
		reason = "not yet";
	buf_addf(out, ".It Cm %s\n", key->name);
	if (key->status == KEY_DONE && key->option)
		buf_addf(out, ".Ic %s%s\n", key->option, reason ? " :" : "");
	else
		buf_addf(out, "%s%s\n", key_status_name(key->status), reason ? ":" : "");
	if (reason)
		buf_addf(out, "%s\n", reason);
}

static void begin_list(struct buf *out, const char *title)
{
	buf_addf(out, ".Ss %s\n.Bl -tag -width Ds -compact\n", title);
}

bool print_mdoc_units(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	for (int n = 0; n < KEYS_SECTIONS; n++) {
		const char *section = unit_keys[n]->section ? unit_keys[n]->section : "Service";

		begin_list(&text, unit_keys[n]->title);
		for (size_t i = 0; i < unit_keys[n]->count; i++) {
			const struct unit_key *key = &unit_keys[n]->list[i];

			add_key(&text, &(struct listed_key){ key->key, unit_key_status(section, key), key->class,
							     unit_key_option(section, key), key->reason });
		}
		buf_text(&text, ".El\n");
	}
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}

bool print_mdoc_launchd(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct launchd_keys *keys = &launchd_keys[n];

		begin_list(&text, keys->title);
		for (size_t i = 0; i < keys->count; i++) {
			const struct launchd_key *key = &keys->list[i];

			add_key(&text, &(struct listed_key){ key->key, launchd_key_status(keys, key), key->class,
							     launchd_key_option(keys, key), key->reason });
		}
		buf_text(&text, ".El\n");
	}
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}
