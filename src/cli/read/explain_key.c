/* Prints what superd does with a key of a unit or a property list.
 *
 * One name may be a key of several sections, which superd may treat differently. A key that several sections of a unit
 * share is printed once. */
#include "cli/read/explain_key.h"

#include <string.h>

#include "parse/launchd/keys.h"
#include "parse/systemd/keys.h"

/* The key in "SECTION.KEY", or the whole name if it has no section. "", which is no key: the name has another
 * section. */
static const char *name_in(const char *section, const char *name)
{
	size_t length = strlen(section);

	if (!strncmp(name, section, length) && name[length] == '.')
		return name + length + 1;
	return strchr(name, '.') ? "" : name;
}

struct explained_key {
	const char *where;              /* the section or dictionary, as it is printed */
	const char *name;
	enum key_status status;
	const char *option;             /* superd's option; NULL: none */
	const char *reason;             /* NULL: none */
};

static void print_key(FILE *out, const struct explained_key *key)
{
	const char *option = key->status == KEY_DONE ? key->option : NULL;

	fprintf(out, "superd: %s %s is %s", key->where, key->name,
		option ? "supported" : key_status_name(key->status));
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
	const struct unit_key *printed = NULL;

	for (size_t n = 0; n < sizeof(sections) / sizeof(*sections); n++) {
		const char *section = sections[n][0], *own = name_in(section, name);
		const struct unit_key *key = unit_key_find(section, own);

		if (!key || key == printed)
			continue;
		print_key(out, &(struct explained_key){ sections[n][1], key->key, unit_key_status(section, key),
							unit_key_option(section, key), key->reason });
		printed = key;
	}
	return printed;
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
		print_key(out, &(struct explained_key){ keys->prefix ? keys->prefix : "launchd's", key->key,
							launchd_key_status(keys, key), launchd_key_option(keys, key),
							key->reason });
		any = true;
	}
	return any;
}

bool explain_key(const char *name, FILE *out)
{
	bool is_of_units = explain_unit_key(name, out);

	return explain_launchd_key(name, out) || is_of_units;
}
