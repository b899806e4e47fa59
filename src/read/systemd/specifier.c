/* Replaces specifiers such as %i.
 *
 * The instance of a service with Accept=yes is only known when a client connects. So %i becomes superd's template
 * %{instance} if the option has templates, and is refused elsewhere. Source: systemd.unit(5), "SPECIFIERS". */
#include "read/systemd/internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>


#define INSTANCE "%{instance}"

#define MACHINE(letter, field, what) { letter, offsetof(struct unit_machine, field), what }

static const struct {
	char letter;
	size_t field;
	const char *unknown;            /* why it may be unknown */
} of_machine[] = {
	MACHINE('a', architecture, "%a: the architecture is not known here"),
	MACHINE('A', image_version, "%A: the version of the system's image is not known here"),
	MACHINE('b', boot_id, "%b: the boot id is not known here, as there is no /proc"),
	MACHINE('B', os_build_id, "%B: the system's build is not known here"),
	MACHINE('C', cache, "%C: the directory for caches is not known here: set XDG_CACHE_HOME or HOME"),
	MACHINE('D', data, "%D: the directory for shared data is not known here: set XDG_DATA_HOME or HOME"),
	MACHINE('E', configuration, "%E: the directory for settings is not known here: set XDG_CONFIG_HOME or HOME"),
	MACHINE('g', group, "%g: the group superd runs as has no name here"),
	MACHINE('G', group_id, "%G: the group superd runs as is not known here"),
	MACHINE('h', home, "%h: the home of the user superd runs as is not known here: set HOME"),
	MACHINE('H', host_name, "%H: the host's name is not known here"),
	MACHINE('l', short_host_name, "%l: the host's name is not known here"),
	MACHINE('L', logs, "%L: the directory for logs is not known here: set XDG_STATE_HOME or HOME"),
	MACHINE('m', machine_id, "%m: there is no machine id here: create /etc/machine-id"),
	MACHINE('M', image_id, "%M: the system's image is not known here"),
	MACHINE('o', os_id, "%o: the operating system is not known here"),
	MACHINE('q', pretty_host_name, "%q: the host's name is not known here"),
	MACHINE('s', shell, "%s: the shell of the user superd runs as is not known here"),
	MACHINE('S', state, "%S: the directory for state is not known here: set XDG_STATE_HOME or HOME"),
	MACHINE('t', runtime, "%t: the runtime directory is not known here: set XDG_RUNTIME_DIR"),
	MACHINE('T', temporary, "%T: the directory for temporary files is not known here"),
	MACHINE('u', user, "%u: the user superd runs as has no name here"),
	MACHINE('U', user_id, "%U: the user superd runs as is not known here"),
	MACHINE('v', kernel, "%v: the kernel's version is not known here"),
	MACHINE('V', lasting_temporary, "%V: the directory for lasting temporary files is not known here"),
	MACHINE('w', os_version_id, "%w: the system's version is not known here"),
	MACHINE('W', os_variant_id, "%W: the system's variant is not known here"),
};

static const char per_connection[] =
	"the instance is known only with its connection: %i, %n and %N are possible in commands and the environment";
static const char no_instance_path[] =
	"%f: the instance is known only with its connection, and cannot become a path";
static const char bad_escape[] = "in the unit's name, a backslash is not followed by \\xHH";
static const char no_path[] = "the unit has no file, so %y and %Y have no value";
static const char no_credentials[] = "%d: the directory of its credentials is not known here";
static const char no_cgroup[] = "%c, %r and %R are no specifiers any more: they have no replacement";
static const char unknown[] = "no specifier: a percent sign itself is written %%";

static void add_plain_text(const struct unit_names *names, struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%' && names->for_superd)
			buf_char(out, '%');
		buf_char(out, *text);
	}
}

static const char *add_unescaped(const struct unit_names *names, struct buf *out, const char *text, bool path)
{
	struct buf plain = { 0 };
	bool sound = unit_unescape_add(&plain, text, path);

	add_plain_text(names, out, buf_string(&plain));
	buf_free(&plain);
	return sound ? NULL : bad_escape;
}

static const char *add_name_part(const struct unit_names *names, struct buf *out, const char *part, bool unescaped)
{
	if (unescaped)
		return add_unescaped(names, out, part, false);
	add_plain_text(names, out, part);
	return NULL;
}

/* The unit's name, with or without its suffix. */
static const char *add_unit_name(const struct unit_names *names, struct buf *out, bool with_suffix)
{
	const struct unit *unit = names->unit;

	add_plain_text(names, out, unit->prefix);
	if (unit->instance || names->per_connection)
		buf_char(out, '@');
	if (names->per_connection)
		buf_text(out, INSTANCE);
	else if (unit->instance)
		add_plain_text(names, out, unit->instance);
	if (with_suffix)
		buf_addf(out, ".%s", unit->suffix);
	return NULL;
}

/* The path of the unit's file, or of the folder that holds it. */
static const char *add_unit_path(const struct unit_names *names, struct buf *out, bool folder)
{
	const char *path = names->unit->path, *slash = path ? strrchr(path, '/') : NULL;
	struct buf start = { 0 };

	if (!path)
		return no_path;
	if (!folder)
		buf_text(&start, path);
	else if (slash)
		buf_add(&start, path, slash > path ? (size_t)(slash - path) : 1);
	else
		buf_char(&start, '.');
	add_plain_text(names, out, buf_string(&start));
	buf_free(&start);
	return NULL;
}

static const char *add_machine_value(const struct unit_names *names, struct buf *out, char letter)
{
	for (size_t n = 0; n < sizeof(of_machine) / sizeof(*of_machine); n++) {
		const char *text;

		if (of_machine[n].letter != letter)
			continue;
		if (!names->machine)
			return of_machine[n].unknown;
		memcpy(&text, (const char *)names->machine + of_machine[n].field, sizeof(text));
		if (text)
			add_plain_text(names, out, text);
		return text ? NULL : of_machine[n].unknown;
	}
	return unknown;
}

/* The path that superd/start/folders.c makes. */
static const char *add_credentials(const struct unit_names *names, struct buf *out)
{
	if (!names->machine || !names->machine->credentials || !names->service)
		return no_credentials;
	add_plain_text(names, out, names->machine->credentials);
	buf_char(out, '/');
	add_plain_text(names, out, names->service);
	buf_text(out, ".service");
	return NULL;
}

static const char *add_specifier(const struct unit_names *names, struct buf *out, char letter)
{
	const struct unit *unit = names->unit;
	const char *instance = unit->instance ? unit->instance : "", *dash = strrchr(unit->prefix, '-');

	if (strchr("iInN", letter) && names->per_connection && !names->for_superd)
		return per_connection;
	switch (letter) {
	case 'n':
	case 'N':
		return add_unit_name(names, out, letter == 'n');
	case 'i':
	case 'I':
		if (!names->per_connection)
			return add_name_part(names, out, instance, letter == 'I');
		buf_text(out, INSTANCE);
		return NULL;
	case 'p':
	case 'P':
		return add_name_part(names, out, unit->prefix, letter == 'P');
	case 'j':
	case 'J':
		return add_name_part(names, out, dash ? dash + 1 : unit->prefix, letter == 'J');
	case 'f':
		if (names->per_connection)
			return no_instance_path;
		return add_unescaped(names, out, *instance ? instance : unit->prefix, true);
	case 'y':
	case 'Y':
		return add_unit_path(names, out, letter == 'Y');
	case 'd':
		return add_credentials(names, out);
	case 'c':
	case 'r':
	case 'R':
		return no_cgroup;
	default:
		return add_machine_value(names, out, letter);
	}
}

/* A percent sign stays as it is at the end of the text, and before anything but a letter or digit. */
static bool may_be_specifier(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

const char *unit_expand(const struct unit_names *names, const char *text, struct buf *out, size_t *at)
{
	static const char percent[] = "%";

	for (const char *c = text; *c; c++) {
		const char *wrong = NULL;

		if (*c != '%') {
			buf_char(out, *c);
		} else if (c[1] == '%') {
			add_plain_text(names, out, percent);
			c++;
		} else if (!may_be_specifier(c[1])) {
			add_plain_text(names, out, percent);
		} else {
			wrong = add_specifier(names, out, c[1]);
			c++;
		}
		if (wrong) {
			*at = (size_t)(c - 1 - text);
			return wrong;
		}
	}
	*at = 0;
	return NULL;
}
