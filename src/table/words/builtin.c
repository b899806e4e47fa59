/* Options of builtins. The letters of auth are those of FreeBSD's inetd(8): several letters may share a word, and a
 * value is in the same word or the next one. */
#include "table/words/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

#define AUTH_TIMEOUT 10000000           /* FreeBSD's 10 seconds, in microseconds */
#define AUTH_TIMEOUT_MOST 3600          /* seconds */
#define HOST_MOST 253                   /* characters of a host name (RFC 1123) */

bool builtin_is_plain(const char *name)
{
	static const char *const plain[] = { "echo", "discard", "chargen", "daytime", "time" };

	for (size_t n = 0; n < sizeof(plain) / sizeof(plain[0]); n++) {
		if (!strcmp(plain[n], name))
			return true;
	}
	return false;
}

static const char *read_form(words word, struct builtin_options *out, const char **bad)
{
	for (; *word; word++) {
		*bad = *word;
		if (!strcmp(*word, "xinetd"))
			out->xinetd_text = true;
		else if (!strcmp(*word, "bsd"))
			out->xinetd_text = false;
		else
			return "daytime and chargen have the text forms bsd and xinetd";
	}
	return NULL;
}

static const char *read_health(words word, struct builtin_options *out, const char **bad)
{
	for (; *word; word++) {
		*bad = *word;
		if (strcmp(*word, "reasons") != 0)
			return "health has the option reasons";
		out->reasons = true;
	}
	return NULL;
}

static bool *auth_flag(struct builtin_options *out, char letter)
{
	switch (letter) {
	case 'g':
		return &out->random;
	case 'r':
		return &out->real;
	case 'i':
		return &out->numeric;
	case 'f':
		return &out->fake;
	case 'F':
		return &out->fake_any;
	case 'n':
		return &out->hide;
	default:
		return NULL;
	}
}

/* Whether a text can be a field of an ident reply (RFC 1413): visible characters without a colon. */
static bool is_token(const char *text)
{
	size_t length = strlen(text);

	for (size_t n = 0; n < length; n++) {
		if (text[n] <= ' ' || text[n] > '~' || text[n] == ':')
			return false;
	}
	return length && length <= 64;
}

static const char *set_auth(struct builtin_options *out, char letter, const char *value)
{
	switch (letter) {
	case 'd':
		out->fallback = value;
		return is_token(value) ? NULL : "a name is at most 64 visible characters without a colon";
	case 'o':
		out->system = value;
		return is_token(value) ? NULL : "a system's name is at most 64 visible characters without a colon";
	default:
		if (value[0] < '0' || value[0] > '9' || scan_duration(value, &out->timeout) || !out->timeout ||
		    out->timeout > AUTH_TIMEOUT_MOST * (int64_t)1000000)
			return "a timeout is more than 0 and at most 1 h";
		return NULL;
	}
}

/* Reads a word of letters; moves *word to the next word if that is a value. */
static const char *read_letters(words *word, struct builtin_options *out)
{
	for (const char *letter = **word + 1; *letter; letter++) {
		bool *flag = auth_flag(out, *letter);

		if (flag) {
			*flag = true;
			continue;
		}
		if (!strchr("dot", *letter))
			return "auth has -d NAME, -g, -t SECONDS, -r, -i, -f, -F, -n and -o SYSTEM";
		if (letter[1])
			return set_auth(out, *letter, letter + 1);
		if (!(*word)[1])
			return "it needs a value";
		return set_auth(out, *letter, *++*word);
	}
	return NULL;
}

static const char *read_auth(words word, struct builtin_options *out, const char **bad)
{
	out->timeout = AUTH_TIMEOUT;
	for (; *word; word++) {
		const char *reason;

		*bad = *word;
		if ((*word)[0] != '-' || !(*word)[1])
			return "options of auth begin with -, as -r";
		reason = read_letters(&word, out);
		if (reason)
			return reason;
	}
	return NULL;
}

/* The names by which browsers may reach the page. */
static const char *read_hosts(words word, const char **bad)
{
	for (; *word; word++) {
		size_t length = strlen(*word);

		*bad = *word;
		if (!length || length > HOST_MOST ||
		    strspn(*word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != length)
			return "after metrics and status expected names of hosts, as status.example.org";
	}
	return NULL;
}

const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad)
{
	*out = (struct builtin_options){ 0 };
	*bad = NULL;
	if (!strcmp(builtin[0], "daytime") || !strcmp(builtin[0], "chargen"))
		return read_form(builtin + 1, out, bad);
	if (!strcmp(builtin[0], "auth"))
		return read_auth(builtin + 1, out, bad);
	if (!strcmp(builtin[0], "health"))
		return read_health(builtin + 1, out, bad);
	if (!strcmp(builtin[0], "metrics") || !strcmp(builtin[0], "status"))
		return read_hosts(builtin + 1, bad);
	*bad = builtin[1];
	return builtin[1] ? "it takes no options" : NULL;
}

bool builtin_shares_process(words builtin)
{
	static const char *const askers[] = { "health", "servers", "services" };
	struct builtin_options options = { 0 };
	const char *bad;

	for (size_t n = 0; n < sizeof(askers) / sizeof(askers[0]); n++) {
		if (!strcmp(askers[n], builtin[0]))
			return true;
	}
	if (!strcmp(builtin[0], "auth"))
		return !read_auth(builtin + 1, &options, &bad) && !options.real;
	return builtin_is_plain(builtin[0]);
}

bool builtin_reads_homes(const char *name, words options)
{
	struct builtin_options read = { 0 };
	const char *bad;

	return !strcmp(name, "auth") && !read_auth(options, &read, &bad) &&
	       (read.fake || read.fake_any || read.hide);
}
