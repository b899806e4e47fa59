/* Prints what superd does with a key of another system's tables.
 *
 * One name may be a key of several sections, which superd may treat differently. A key that several sections of a
 * unit share is printed once. */
#include "cli/print/explain_key.h"

#include <string.h>

#include "parse/launchd/keys.h"
#include "parse/systemd/keys.h"

/* The key in "SECTION.KEY", or the whole name if it has no section; "", which no key is called: it names another
 * section. */
static const char *name_in(const char *section, const char *name)
{
	size_t length = strlen(section);

	if (!strncmp(name, section, length) && name[length] == '.')
		return name + length + 1;
	return strchr(name, '.') ? "" : name;
}

static void tell(FILE *out, const char *where, const char *key, enum key_status class, const char *option,
		 const char *reason)
{
	fprintf(out, "superd: %s %s is %s", where, key, key_status_name(class));
	if (class == KEY_DONE && option)
		fprintf(out, ", as %s", option);
	fprintf(out, "%s%s", reason ? ": " : "", reason ? reason : "");
	if (class == KEY_DONE && option)
		fprintf(out, " (see superd --explain %s)", option);
	fputc('\n', out);
}

static bool explain_unit_key(const char *name, FILE *out)
{
	static const char *const sections[][2] = {
		{ "Unit", "[Unit]" }, { "Service", "[Service]" }, { "Socket", "[Socket]" }, { "Install", "[Install]" }
	};
	const struct unit_key *told = NULL;

	for (size_t n = 0; n < sizeof(sections) / sizeof(*sections); n++) {
		const char *section = sections[n][0], *own = name_in(section, name);
		const struct unit_key *key = unit_key_find(section, own);

		if (!key || key == told)
			continue;
		tell(out, sections[n][1], key->key, unit_key_status(section, key), unit_key_option(section, key),
		     key->reason);
		told = key;
	}
	return told;
}

static bool explain_launchd_key(const char *name, FILE *out)
{
	bool any = false;

	for (size_t n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct launchd_keys *keys = &launchd_keys[n];
		const char *own = keys->prefix ? name_in(keys->prefix, name) : name;
		const struct launchd_key *key = launchd_key_find(keys, own);

		if (!key)
			continue;
		tell(out, keys->prefix ? keys->prefix : "launchd's", key->key, launchd_key_status(keys, key),
		     launchd_key_option(keys, key), key->reason);
		any = true;
	}
	return any;
}

bool explain_key(const char *name, FILE *out)
{
	bool is_of_units = explain_unit_key(name, out);

	return explain_launchd_key(name, out) || is_of_units;
}
