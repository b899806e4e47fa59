/* Parses the line of an ident server (RFC 1413): "PORT , PORT : USERID : OPSYS[,CHARSET] : USER" or "PORT , PORT :
 * ERROR : REASON".
 *
 * Servers differ in blanks, case and line ends, which the parser allows. The rest is strict, because the text goes into
 * superd's log: every byte of the user's name that is neither visible ASCII nor a blank becomes a question mark. */
#include "lookup/ident_reply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"

#define TOKEN_MOST 64                   /* bytes of a token (RFC 1413, section 6) */

/* A part of the reply; not NUL-terminated. */
struct span {
	const char *at;
	size_t length;
};

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

static struct span span_trim(struct span span)
{
	while (span.length && scan_is_blank(*span.at)) {
		span.at++;
		span.length--;
	}
	while (span.length && scan_is_blank(span.at[span.length - 1]))
		span.length--;
	return span;
}

/* Takes the text before the next separator, without the blanks around it, and moves *rest behind the separator. false:
 * there is no separator. */
static bool take_field(struct span *rest, char separator, struct span *field)
{
	const char *end = memchr(rest->at, separator, rest->length);

	if (!end)
		return false;
	*field = span_trim((struct span){ rest->at, (size_t)(end - rest->at) });
	rest->length -= (size_t)(end - rest->at) + 1;
	rest->at = end + 1;
	return true;
}

static bool is_port(struct span text, unsigned port)
{
	char digits[8];

	return text.length == (size_t)snprintf(digits, sizeof(digits), "%u", port) &&
	       !memcmp(text.at, digits, text.length);
}

static bool is_word(struct span text, const char *word)
{
	return text.length == strlen(word) && !strncasecmp(text.at, word, text.length);
}

static bool is_token(struct span text)
{
	for (size_t n = 0; n < text.length; n++) {
		if (!is_visible(text.at[n]))
			return false;
	}
	return text.length > 0 && text.length <= TOKEN_MOST;
}

/* Whether the text is a system, "UNIX", "OTHER" or another registered name, with or without ",CHARSET". */
static bool is_system(struct span text)
{
	struct span rest = text, system;

	if (!take_field(&rest, ',', &system))
		return is_token(text);
	return is_token(system) && is_token(span_trim(rest));
}

/* Whether the text is an error of RFC 1413, or a server's own with an X in front. */
static bool is_reason(struct span text)
{
	static const char *const reasons[] = { "INVALID-PORT", "NO-USER", "HIDDEN-USER", "UNKNOWN-ERROR" };

	for (size_t n = 0; n < sizeof(reasons) / sizeof(reasons[0]); n++) {
		if (is_word(text, reasons[n]))
			return true;
	}
	return is_token(text) && toupper((unsigned char)*text.at) == 'X' && text.length > 1;
}

static void copy_visible(struct span text, struct ident_reply *reply)
{
	size_t length = text.length < sizeof(reply->text) ? text.length : sizeof(reply->text) - 1;

	for (size_t n = 0; n < length; n++)
		reply->text[n] = is_visible(text.at[n]) || text.at[n] == ' ' ? text.at[n] : '?';
	reply->text[length] = '\0';
}

static size_t line_length(const char *bytes, size_t length)
{
	size_t end = 0;

	while (end < length && bytes[end] != '\n' && bytes[end] != '\r')
		end++;
	return end;
}

bool ident_reply_is_whole(const char *bytes, size_t length)
{
	return line_length(bytes, length) < length || length >= IDENT_REPLY_MOST;
}

/* Reads "SYSTEM : USER" as a whole; the user may contain blanks and colons. NULL, or the reason to refuse it. */
static const char *read_user(struct span rest, struct ident_reply *reply)
{
	struct span whole = span_trim(rest), system;

	if (!take_field(&rest, ':', &system) || !is_system(system))
		return "the ident server's answer names no system";
	if (!span_trim(rest).length)
		return "the ident server's answer names no user";
	copy_visible(whole, reply);
	reply->known = true;
	return NULL;
}

static const char *read_reason(struct span rest, struct ident_reply *reply)
{
	struct span reason = span_trim(rest);

	if (!is_reason(reason))
		return "the ident server's answer has an unknown error";
	copy_visible(reason, reply);
	return NULL;
}

static const char *read_line(struct span rest, unsigned theirs, unsigned ours, struct ident_reply *reply)
{
	struct span ports, first, kind;

	if (rest.length >= IDENT_REPLY_MOST)
		return "the ident server's answer is too long";
	if (memchr(rest.at, '\0', rest.length) || !take_field(&rest, ':', &ports) ||
	    !take_field(&ports, ',', &first))
		return "the ident server's answer is none";
	if (!is_port(first, theirs) || !is_port(span_trim(ports), ours))
		return "the ident server's answer is about other ports";
	if (!take_field(&rest, ':', &kind))
		return "the ident server's answer is none";
	if (is_word(kind, "USERID"))
		return read_user(rest, reply);
	if (is_word(kind, "ERROR"))
		return read_reason(rest, reply);
	return "the ident server's answer is neither USERID nor ERROR";
}

void ident_reply_read(const char *bytes, size_t length, unsigned theirs, unsigned ours, struct ident_reply *reply)
{
	const char *refusal;

	*reply = (struct ident_reply){ .known = false };
	refusal = length ? read_line((struct span){ bytes, line_length(bytes, length) }, theirs, ours, reply)
		       : "the ident server sent nothing";
	if (refusal)
		snprintf(reply->text, sizeof(reply->text), "%s", refusal);
}
