/* Parses the reply of superd-advise, one answer a line. It is superd's own program, but its answers contain strangers'
 * text: every length is checked, and a character that is not visible ASCII becomes a question mark. */
#include <string.h>

#include "superd/accept/lookup.h"

static const char *skip_prefix(const char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) ? NULL : line + length;
}

/* Copies a text. false: it is too long to be valid. */
static bool keep_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		return false;
	for (size_t n = 0; n <= length; n++)
		to[n] = !text[n] || (text[n] >= ' ' && text[n] <= '~') ? text[n] : '?';
	return true;
}

static bool read_name(const char *name, struct lookup_reply *reply)
{
	if (!keep_text(reply->name, sizeof(reply->name), name))
		return false;
	return reply->has_name = reply->knows_name = true;
}

static bool read_user(const char *user, bool known, struct lookup_reply *reply)
{
	if (!keep_text(reply->user, sizeof(reply->user), user))
		return false;
	reply->knows_user = known;
	return reply->has_user = true;
}

bool lookup_reply_parse_line(const char *line, struct lookup_reply *reply)
{
	const char *rest;

	if (!strcmp(line, "name"))
		return reply->has_name = true;
	if (!strcmp(line, "libwrap allow"))
		return reply->has_libwrap = reply->allowed = true;
	if (!strcmp(line, "libwrap deny"))
		return reply->has_libwrap = true;
	if (!strcmp(line, "libwrap twist"))
		return reply->twisted = true;
	if ((rest = skip_prefix(line, "name ")) && *rest)
		return read_name(rest, reply);
	if ((rest = skip_prefix(line, "ident yes ")) && *rest)
		return read_user(rest, true, reply);
	if ((rest = skip_prefix(line, "ident no ")))
		return read_user(rest, false, reply);
	return false;
}
