/* Prints superd-systemd(5)'s lists of keys: how this version of superd treats every key of a unit.
 *
 * A key whose option is not implemented yet is listed as refused. It becomes honoured by itself once the option
 * exists. */
#include "cli/print/print_conf.h"
#include "cli/print/print_defaults.h"
#include "parse/systemd/unit_keys.h"

static void add_key(struct buf *out, const char *section, const struct unit_key *key)
{
	enum key_class class = unit_key_class(section, key);
	const char *option = unit_key_option(section, key);
	/* The reason was written while the option was missing, so it does not hold any more. */
	const char *reason = class == KEY_DONE && key->class != KEY_DONE ? NULL : key->reason;

	if (!reason && class == KEY_REFUSED)
		reason = "not yet";
	buf_addf(out, ".It Cm %s\n", key->key);
	if (class == KEY_DONE && option)
		buf_addf(out, ".Ic %s%s\n", option, reason ? " :" : "");
	else
		buf_addf(out, "%s%s\n", key_class_name(class), reason ? ":" : "");
	if (reason)
		buf_addf(out, "%s\n", reason);
}

static void add_keys(struct buf *out, const struct unit_keys *keys)
{
	buf_addf(out, ".Ss %s\n.Bl -tag -width Ds -compact\n", keys->title);
	for (size_t n = 0; n < keys->count; n++)
		add_key(out, keys->section ? keys->section : "Service", &keys->list[n]);
	buf_text(out, ".El\n");
}

bool print_mdoc_units(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	for (int n = 0; n < KEYS_SECTIONS; n++)
		add_keys(&text, unit_keys[n]);
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}
