/* Parses the answers of superd-advise, one a line. It is superd's own program, but its answers contain the words of
 * strangers, so every length is checked and every character that is not plain becomes a question mark. */
#include <string.h>

#include "engine/accept/lookup.h"

static const char *behind(const char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) ? NULL : line + length;
}

/* false: too long, so it is not what was meant. */
static bool keep_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		return false;
	for (size_t n = 0; n <= length; n++)
		to[n] = !text[n] || (text[n] >= ' ' && text[n] <= '~') ? text[n] : '?';
	return true;
}

static bool read_name(const char *name, struct lookup_reply *advice)
{
	if (!keep_text(advice->name, sizeof(advice->name), name))
		return false;
	return advice->has_name = advice->knows_name = true;
}

static bool read_user(const char *user, bool known, struct lookup_reply *advice)
{
	if (!keep_text(advice->user, sizeof(advice->user), user))
		return false;
	advice->knows_user = known;
	return advice->has_user = true;
}

bool lookup_read_line(const char *line, struct lookup_reply *advice)
{
	const char *rest;

	if (!strcmp(line, "name"))
		return advice->has_name = true;
	if (!strcmp(line, "libwrap allow"))
		return advice->has_libwrap = advice->allowed = true;
	if (!strcmp(line, "libwrap deny"))
		return advice->has_libwrap = true;
	if (!strcmp(line, "libwrap twist"))
		return advice->left_to_another = true;
	if ((rest = behind(line, "name ")) && *rest)
		return read_name(rest, advice);
	if ((rest = behind(line, "ident yes ")) && *rest)
		return read_user(rest, true, advice);
	if ((rest = behind(line, "ident no ")))
		return read_user(rest, false, advice);
	return false;
}
