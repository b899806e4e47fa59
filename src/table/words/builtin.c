/* Options of builtins. */
#include "table/words/builtin.h"

#include <string.h>

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
	bool is_plain;
	const char *(*read)(words word, struct builtin_options *out, const char **bad);         /* NULL: it has none */
} rows[] = {
	{ "chargen", .is_plain = true, .read = read_form },
	{ "daytime", .is_plain = true, .read = read_form },
	{ "discard", .is_plain = true },
	{ "echo", .is_plain = true },
	{ "health", .read = read_health },
	{ "metrics", .read = read_hosts },
	{ .name = "servers" },
	{ .name = "services" },
	{ "status", .read = read_status },
	{ "time", .is_plain = true },
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
