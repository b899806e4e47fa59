/* Prints superd-launchd(5)'s lists of keys: how this version of superd treats every key of a property list.
 *
 * A key whose option is not implemented yet is listed by its class until then. It becomes honoured by itself once
 * the option exists. */
#include "cli/print/print_conf.h"
#include "cli/print/print_defaults.h"
#include "parse/launchd/launchd_keys.h"

static void add_key(struct buf *out, const struct launchd_keys *keys, const struct launchd_key *key)
{
	enum key_class class = launchd_key_class(keys, key);
	const char *option = launchd_key_option(keys, key);
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

bool print_mdoc_launchd(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		buf_addf(&text, ".Ss %s\n.Bl -tag -width Ds -compact\n", launchd_keys[n].title);
		for (size_t i = 0; i < launchd_keys[n].count; i++)
			add_key(&text, &launchd_keys[n], &launchd_keys[n].list[i]);
		buf_text(&text, ".El\n");
	}
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}
