/* Parses [FORMAT[+COMPAT]:]PATH.
 *
 * A path may have a colon, too. The text before the first colon is a format only if it is one word; a file with such a
 * name is written ./NAME. */
#include "read/client/source_name.h"

#include <string.h>

/* NULL: there is no such format (reported). */
static const struct format *find_format(const char *text, size_t length, struct diags *diags, struct origin from)
{
	const struct format *format = format_find(text, length);

	if (format)
		return format;
	diag_error(diags, from, "%s: there is no format '%.*s': known are superd, inetd, xinetd, systemd and launchd",
		   text, (int)length, text);
	diags_hint(diags, "a file of that name is written ./%s", text);
	return NULL;
}

/* COMPAT_NONE: there is no such implementation, or the format does not know it (reported). */
static enum compat find_compat(const struct format *format, const char *text, size_t length, struct diags *diags,
			       struct origin from)
{
	enum compat compat = compat_find(text, length);

	if (compat == COMPAT_NONE) {
		diag_error(diags, from, "no system '%.*s' is known for compatibility; known are openbsd, freebsd, "
					"netbsd, gnu, busybox and xinetd", (int)length, text);
		return COMPAT_NONE;
	}
	if (format->compats >> compat & 1)
		return compat;
	diag_error(diags, from, "%s has no meaning of its own for files of %s: leave +%s out", compat_names[compat],
		   format->name, compat_names[compat]);
	return COMPAT_NONE;
}

/* The length of "FORMAT:" or "FORMAT+COMPAT:" before a path; 0: there is none. *format: the length of FORMAT. */
static size_t measure_prefix(const char *text, size_t *format)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t end = *format = strspn(text, letters);

	if (text[end] == '+')
		end += 1 + strspn(text + end + 1, letters);
	return *format && text[end] == ':' ? end + 1 : 0;
}

bool source_name_read(struct source_name *name, const char *text, struct diags *diags, struct origin from)
{
	size_t format, prefix = measure_prefix(text, &format);

	*name = (struct source_name){ .compat = COMPAT_NONE, .path = text + prefix };
	if (prefix) {
		name->format = find_format(text, format, diags, from);
		if (!name->format)
			return false;
	}
	if (prefix > format + 1) {
		name->compat = find_compat(name->format, text + format + 1, prefix - format - 2, diags, from);
		if (name->compat == COMPAT_NONE)
			return false;
	}
	if (*name->path)
		return true;
	diag_error(diags, from, "a source has no path: it is written [FORMAT:]PATH");
	return false;
}

const char *source_name_path(const char *text)
{
	size_t format;

	return text + measure_prefix(text, &format);
}
