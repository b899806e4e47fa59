/* Names of units, prefix@instance.suffix, and the escaping of other texts in them.
 *
 * A dash in an escaped text stands for a slash. An escaped text looks like a plain one, so the caller must know which
 * it has. Source: systemd.unit(5), "STRING ESCAPING FOR INCLUSION IN UNIT NAMES". */
#include "read/systemd/internal.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/scan.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\"

static const char *const suffixes[] = {
	"service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope", NULL
};

const char *unit_name_suffix(const char *name)
{
	return strrchr(name, '.') + 1;
}

bool unit_name_has_suffix(const char *name, const char *suffix)
{
	return strlen(name) > strlen(suffix) && scan_ends_with(name, suffix);
}

bool unit_name_is_valid(const char *name)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	if (!dot || dot == name || at == name || strlen(name) > UNIT_NAME_MOST)
		return false;
	if (at > dot || name[strspn(name, LETTERS "@")])
		return false;
	return words_have(suffixes, dot + 1);
}

bool unit_name_is_template(const char *name)
{
	const char *at = strchr(name, '@');

	return at && at + 1 == strrchr(name, '.');
}

bool unit_name_is_instance(const char *name)
{
	return strchr(name, '@') && !unit_name_is_template(name);
}

void unit_name_cut(struct pool *pool, const char *name, struct unit *unit)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	unit->name = pool_text(pool, name);
	unit->prefix = pool_text_n(pool, name, (size_t)((at ? at : dot) - name));
	unit->instance = at ? pool_text_n(pool, at + 1, (size_t)(dot - at - 1)) : NULL;
	unit->suffix = pool_text(pool, dot + 1);
}

const char *unit_name_template(struct pool *pool, const char *name)
{
	const char *at = strchr(name, '@');

	return pool_textf(pool, "%.*s%s", (int)(at + 1 - name), name, strrchr(name, '.'));
}

const char *unit_name_instance(struct pool *pool, const char *template, const char *instance_of)
{
	const char *at = strchr(template, '@'), *instance = strchr(instance_of, '@') + 1;

	return pool_textf(pool, "%.*s%.*s%s", (int)(at + 1 - template), template,
			  (int)(strrchr(instance_of, '.') - instance), instance, strrchr(template, '.'));
}

bool unit_unescape_add(struct buf *out, const char *text, bool path)
{
	bool sound = true;
	char c;

	if (path && *text != '-')
		buf_char(out, '/');
	for (; *text; text++) {
		c = text[0] == '\\' && text[1] == 'x' ? scan_hex_byte(text + 2) : '\0';
		if (c) {
			buf_char(out, c);
			text += 3;
			continue;
		}
		sound &= *text != '\\';
		buf_char(out, *text == '-' ? '/' : *text);
	}
	return sound;
}
