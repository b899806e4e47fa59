/* Options of builtins. The letters of auth are those of FreeBSD's inetd(8): several letters may share a word, and a
 * value is in the same word or the next one. */
#include "table/words/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

#define AUTH_TIMEOUT 10000000           /* FreeBSD's 10 seconds, in microseconds */
#define AUTH_TIMEOUT_MOST 3600          /* seconds */
#define HOST_MOST 253                   /* characters of a host name (RFC 1123) */

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

/* The flag of a letter of auth; NULL: it has a value, or is none. */
static bool *auth_flag(struct builtin_options *out, char letter)
{
	static const char letters[] = "grifFn";
	bool *const flags[] = { &out->random, &out->real, &out->numeric, &out->fake, &out->fake_any, &out->hide };
	const char *found = strchr(letters, letter);

	return found ? flags[found - letters] : NULL;
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

static bool is_host(const char *word)
{
	size_t length = strlen(word);

	return length && length <= HOST_MOST &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == length;
}

/* The names by which browsers may reach the page. */
static const char *read_hosts(words word, struct builtin_options *out, const char **bad)
{
	out->hosts = word;
	for (; *word; word++) {
		*bad = *word;
		if (!is_host(*word))
			return "after metrics and status expected names of hosts, such as { status, www.example.org }";
	}
	return NULL;
}

/* `log`, and names of hosts. */
static const char *read_status(words word, struct builtin_options *out, const char **bad)
{
	for (words next = word; *next; next++)
		out->log |= !strcmp(*next, "log");
	return read_hosts(word, out, bad);
}

/* `reasons`, and names of hosts. */
static const char *read_health(words word, struct builtin_options *out, const char **bad)
{
	out->hosts = word;
	for (; *word; word++) {
		*bad = *word;
		if (!strcmp(*word, "reasons"))
			out->reasons = true;
		else if (!is_host(*word))
			return "health has the option reasons, and names of hosts, such as health.example.org";
	}
	return NULL;
}

static const struct builtin_row {
	const char *name;
	bool is_plain, shares_process;  /* whatever its options */
	const char *(*read)(words word, struct builtin_options *out, const char **bad);         /* NULL: it has none */
} rows[] = {
	{ "auth", .read = read_auth },
	{ "chargen", .is_plain = true, .shares_process = true, .read = read_form },
	{ "daytime", .is_plain = true, .shares_process = true, .read = read_form },
	{ "discard", .is_plain = true, .shares_process = true },
	{ "echo", .is_plain = true, .shares_process = true },
	{ "health", .shares_process = true, .read = read_health },
	{ "metrics", .read = read_hosts },
	{ "servers", .shares_process = true },
	{ "services", .shares_process = true },
	{ "status", .read = read_status },
	{ "time", .is_plain = true, .shares_process = true },
};

static const struct builtin_row *row_of(const char *name)
{
	static const struct builtin_row other = { 0 };

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		if (!strcmp(rows[n].name, name))
			return &rows[n];
	}
	return &other;
}

bool builtin_is_plain(const char *name)
{
	return row_of(name)->is_plain;
}

const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad)
{
	const struct builtin_row *row = row_of(builtin[0]);

	*out = (struct builtin_options){ 0 };
	*bad = row->read ? NULL : builtin[1];
	if (row->read)
		return row->read(builtin + 1, out, bad);
	return *bad ? "it takes no options" : NULL;
}

bool builtin_shares_process(words builtin)
{
	struct builtin_options options;
	const char *bad;

	return row_of(builtin[0])->shares_process ||
	       (!strcmp(builtin[0], "auth") && !builtin_read_options(builtin, &options, &bad) && !options.real);
}

bool builtin_reads_homes(const char *name, words options)
{
	struct builtin_options read = { 0 };
	const char *bad;

	return !strcmp(name, "auth") && !read_auth(options, &read, &bad) &&
	       (read.fake || read.fake_any || read.hide);
}
