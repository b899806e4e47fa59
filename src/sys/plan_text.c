/* Templates and variables. The hard thing is the file of variables: systemd's rules for quotes and continuation, bounded, and
 * never blocking on what is no regular file. */
#include "sys/plan_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define FILE_MOST (1u << 20)

static int socket_number(const struct service *service, const char *name, size_t length)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const char *known = service->sockets[n].name;

		if (strlen(known) == length && !memcmp(known, name, length))
			return (int)(plan_first_descriptor(service) + n);
	}
	return -1;
}

static void add_numbers(const struct service *service, struct buf *out)
{
	size_t count = service->what->accept || !service->socket_count ? 1 : service->socket_count;

	for (size_t n = 0; n < count; n++)
		buf_addf(out, "%s%zu", n ? "," : "", plan_first_descriptor(service) + n);
}

static bool expand_one(const struct service *service, unsigned port, const char *name, size_t length, struct buf *out)
{
	if (length == 2 && !memcmp(name, "fd", 2)) {
		buf_addf(out, "%u", plan_first_descriptor(service));
	} else if (length == 3 && !memcmp(name, "fds", 3)) {
		add_numbers(service, out);
	} else if (length > 3 && !memcmp(name, "fd:", 3)) {
		int fd = socket_number(service, name + 3, length - 3);

		if (fd < 0)
			return false;
		buf_addf(out, "%d", fd);
	} else if (length == 7 && !memcmp(name, "service", 7)) {
		buf_text(out, service->name);
	} else if (length == 4 && !memcmp(name, "port", 4)) {
		buf_addf(out, "%u", port);
	} else {
		return false;
	}
	return true;
}

bool plan_expand(const struct service *service, unsigned port, const char *text, struct buf *out)
{
	for (const char *at = text; *at; at++) {
		const char *end;

		if (at[0] == '%' && at[1] == '%') {
			buf_char(out, *at++);
		} else if (at[0] == '%' && at[1] == '{') {
			end = strchr(at, '}');
			if (!end || !expand_one(service, port, at + 2, (size_t)(end - at - 2), out))
				return false;
			at = end;
		} else {
			buf_char(out, *at);
		}
	}
	return true;
}

static size_t name_length(const char *assignment)
{
	return strcspn(assignment, "=");
}

static bool same_name(const char *a, const char *b)
{
	size_t length = name_length(a);

	return length == name_length(b) && !memcmp(a, b, length);
}

static void variables_take(struct variables *variables, char *owned)
{
	if (!owned) {
		variables->failed = true;
		return;
	}
	for (size_t n = 0; n < variables->count; n++) {
		if (same_name(variables->list[n], owned)) {
			free(variables->list[n]);
			variables->list[n] = owned;
			return;
		}
	}
	if (variables->count == variables->capacity) {
		size_t capacity = variables->capacity ? 2 * variables->capacity : 16;
		char **list = realloc(variables->list, capacity * sizeof(*list));

		if (!list) {
			free(owned);
			variables->failed = true;
			return;
		}
		variables->list = list;
		variables->capacity = capacity;
	}
	variables->list[variables->count++] = owned;
}

void variables_set(struct variables *variables, const char *assignment)
{
	variables_take(variables, strdup(assignment));
}

void variables_setf(struct variables *variables, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	variables_take(variables, text);
}

void variables_free(struct variables *variables)
{
	for (size_t n = 0; n < variables->count; n++)
		free(variables->list[n]);
	free(variables->list);
	*variables = (struct variables){ 0 };
}

/* One value from *at to the end of its line, quotes and backslashes taken away; *at is left behind it. */
static void read_value(const char **at, struct buf *out)
{
	size_t solid = out->length;             /* trailing blanks beyond this are not part of it */
	char quote = 0;

	for (; **at && (quote || **at != '\n'); (*at)++) {
		char c = **at;

		if (quote && c == quote) {
			quote = 0;
			solid = out->length;
			continue;
		}
		if (!quote && (c == '"' || c == '\'') && out->length == solid) {
			quote = c;
			continue;
		}
		if (c == '\\' && quote != '\'' && (*at)[1]) {
			c = *++*at;
			if (c == '\n')
				continue;
			buf_char(out, c);
			solid = out->length;
			continue;
		}
		buf_char(out, c);
		if (quote || !isblank((unsigned char)c))
			solid = out->length;
	}
	if (out->data && !out->failed) {
		out->length = solid;
		out->data[solid] = '\0';
	}
}

static void read_line(struct variables *variables, const char **at)
{
	struct buf line = { 0 };
	size_t name;

	*at += strspn(*at, " \t\r");
	name = strcspn(*at, "=\n");
	if (**at == '#' || **at == ';' || (*at)[name] != '=') {
		*at += strcspn(*at, "\n");
		return;
	}
	buf_add(&line, *at, name);
	while (line.length && isblank((unsigned char)line.data[line.length - 1]))
		line.data[--line.length] = '\0';
	buf_char(&line, '=');
	*at += name + 1;
	*at += strspn(*at, " \t");
	read_value(at, &line);
	variables_take(variables, buf_take(&line));
}

bool variables_read_file(struct variables *variables, const char *path, struct buf *why)
{
	bool optional = *path == '-';
	size_t length;
	char *text;

	path += optional;
	text = fd_read_file(path, FILE_MOST, &length);
	if (!text) {
		if (optional && errno == ENOENT)
			return true;
		buf_addf(why, "environment_file: %s: %s", path, strerror(errno));
		return false;
	}
	for (const char *at = text; *at; at += *at == '\n')
		read_line(variables, &at);
	free(text);
	return true;
}
