/* Prints what superd does with a key of a unit or a property list.
 *
 * One name may be a key of several sections, which superd may treat differently. A key that several sections of a unit
 * share is printed once. */
#include "read/main/explain_key.h"

#include <string.h>

#include "read/launchd/keys.h"
#include "read/systemd/keys.h"

/* The key in "SECTION.KEY", or the whole name if it has no section. "", which is no key: the name has another
 * section. */
static const char *name_in(const char *section, const char *name)
{
	size_t length = strlen(section);

	if (!strncmp(name, section, length) && name[length] == '.')
		return name + length + 1;
	return strchr(name, '.') ? "" : name;
}

/* where: the section or dictionary. option: of superd; NULL: none. */
static void print_key(FILE *out, const char *where, const struct key_row *key, const char *option)
{
	fprintf(out, "superd: %s %s is %s", where, key->name, option ? "supported" : key_status_name(key->status));
	if (option)
		fprintf(out, " by %s", option);
	fprintf(out, "%s%s", key->reason ? ": " : "", key->reason ? key->reason : "");
	if (option)
		fprintf(out, " (see superd --explain %s)", option);
	fputc('\n', out);
}

static bool explain_unit_key(const char *name, FILE *out)
{
	static const char *const sections[][2] = {
		{ "Unit", "[Unit]" }, { "Service", "[Service]" }, { "Socket", "[Socket]" }, { "Install", "[Install]" }
	};
	const struct key_row *printed = NULL;

	for (size_t n = 0; n < sizeof(sections) / sizeof(*sections); n++) {
		const char *section = sections[n][0], *own = name_in(section, name);
		const struct key_row *key = unit_key_find(section, own);

		if (!key || key == printed)
			continue;
		print_key(out, sections[n][1], key, unit_key_option(section, key));
		printed = key;
	}
	return printed;
}

static bool explain_launchd_key(const char *name, FILE *out)
{
	bool any = false;

	for (size_t n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct key_table *keys = &launchd_keys[n];
		const char *own = keys->section ? name_in(keys->section, name) : name;
		const struct key_row *key = launchd_key_find(keys, own);

		if (key)
			print_key(out, keys->section ? keys->section : "launchd's", key, key_option(keys, key));
		any |= key != NULL;
	}
	return any;
}

bool explain_key(const char *name, FILE *out)
{
	bool is_of_units = explain_unit_key(name, out);

	return explain_launchd_key(name, out) || is_of_units;
}
