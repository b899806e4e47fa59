/* Lists of environment variables, and files of them. Source: systemd.exec(5), "EnvironmentFile=".
 *
 * Files follow systemd's rules for quotes and continued lines. Only regular files up to a maximum size are read, so
 * reading does not block on a fifo or a device. */
#include "exec/spawn/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fd.h"
#include "os/foreign/foreign_path.h"

#define FILE_MOST (1u << 20)
#define OVER_MOST 5                     /* lines named that are passed over */
#define BLANKS " \t\r\n"

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
	char **list;

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
	list = array_grow(variables->list, &variables->capacity, variables->count, sizeof(*list));
	if (!list) {
		free(owned);
		variables->failed = true;
		return;
	}
	variables->list = list;
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

void variables_unset(struct variables *variables, const char *name)
{
	for (size_t n = 0; n < variables->count; n++) {
		if (strchr(name, '=') ? strcmp(variables->list[n], name) : !same_name(variables->list[n], name))
			continue;
		free(variables->list[n]);
		variables->list[n--] = variables->list[--variables->count];
	}
}

void variables_free(struct variables *variables)
{
	for (size_t n = 0; n < variables->count; n++)
		free(variables->list[n]);
	free(variables->list);
	*variables = (struct variables){ 0 };
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r' || !c;
}

/* From the opening quote to behind the closing one, over lines too. Double quotes know a backslash before what it
 * has to hide. */
static const char *read_quoted(const char *at, struct buf *out)
{
	char quote = *at++;

	for (; *at && *at != quote; at++) {
		if (quote == '"' && at[0] == '\\' && at[1]) {
			at++;
			if (*at == '\n')
				continue;
			if (!strchr("\"\\`$", *at))
				buf_char(out, '\\');
		}
		buf_char(out, *at);
	}
	return *at ? at + 1 : at;
}

/* The rest of the line, where quotes mean nothing any more; blanks at its end are not part of it. */
static const char *read_bare(const char *at, struct buf *out)
{
	size_t solid = out->length;

	for (; !ends_line(*at); at++) {
		bool escaped = *at == '\\';

		at += escaped;
		if (escaped && !*at)
			break;
		if (escaped && ends_line(*at))
			continue;
		buf_char(out, *at);
		if (escaped || !isblank((unsigned char)*at))
			solid = out->length;
	}
	if (out->data && !out->failed) {
		out->length = solid;
		out->data[solid] = '\0';
	}
	return at;
}

/* A value is quoted pieces, if any, and then a bare one. */
static const char *read_value(const char *at, struct buf *out)
{
	for (;;) {
		at += strspn(at, " \t");
		if (*at != '"' && *at != '\'')
			return read_bare(at, out);
		at = read_quoted(at, out);
	}
}

static bool is_name(const char *text, size_t length)
{
	if (!length || isdigit((unsigned char)*text))
		return false;
	for (size_t n = 0; n < length; n++) {
		if (!isalnum((unsigned char)text[n]) && text[n] != '_')
			return false;
	}
	return true;
}

/* A text of variables while it is read. */
struct variables_file {
	const char *at;
	const char *counted;            /* up to here `line` has counted */
	unsigned line;
	unsigned passed_over;
	struct buf *over;
};

/* systemd passes over what is no name, such as that of "export A=b", and so must a file written for it. */
static void pass_over(struct variables_file *reading, const char *statement)
{
	if (reading->passed_over++ >= OVER_MOST || !reading->over)
		return;
	for (; reading->counted < statement; reading->counted++)
		reading->line += *reading->counted == '\n';
	if (!strncmp(statement, "export", 6) && isblank((unsigned char)statement[6]))
		buf_addf(reading->over, "line %u is passed over, as systemd does: it is NAME=value without export\n",
			 reading->line);
	else
		buf_addf(reading->over, "line %u is passed over, as systemd does: it is no NAME=value\n",
			 reading->line);
}

/* One statement, which may go over several lines. */
static void read_statement(struct variables *variables, struct variables_file *reading)
{
	const char *start = reading->at;
	size_t name = strcspn(start, "=\n\r"), length = name;
	struct buf assignment = { 0 };

	if (*start == '#' || *start == ';' || start[name] != '=') {
		if (*start != '#' && *start != ';')
			pass_over(reading, start);
		reading->at += strcspn(start, "\n\r");
		return;
	}
	while (length && isblank((unsigned char)start[length - 1]))
		length--;
	buf_add(&assignment, start, length);
	buf_char(&assignment, '=');
	reading->at = read_value(start + name + 1, &assignment);
	if (assignment.failed || is_name(buf_string(&assignment), length))
		variables_take(variables, buf_take(&assignment));
	else
		pass_over(reading, start);
	buf_free(&assignment);
}

static void read_text(struct variables *variables, const char *text, struct buf *over)
{
	struct variables_file reading = { .at = text, .counted = text, .line = 1, .over = over };

	for (reading.at += strspn(text, BLANKS); *reading.at; reading.at += strspn(reading.at, BLANKS))
		read_statement(variables, &reading);
	if (over && reading.passed_over > OVER_MOST)
		buf_addf(over, "%u more lines are passed over\n", reading.passed_over - OVER_MOST);
}

static bool read_file(struct variables *variables, const char *path, bool optional, struct buf *over, struct buf *why)
{
	size_t length;
	bool good;
	char *text;

	text = foreign_read_file(path, FILE_MOST, &length);
	if (!text) {
		if (optional && errno == ENOENT)
			return true;
		buf_addf(why, "environment_file: %s: %s", path, strerror(errno));
		return false;
	}
	good = strlen(text) == length;
	if (good) {
		read_text(variables, text, over);
	} else {
		buf_addf(why, "environment_file: %s: it is no text: there is a NUL in it", path);
	}
	free(text);
	return good;
}

/* Every file of a pattern, in the order of their names. */
static bool read_matches(struct variables *variables, const char *pattern, bool optional, struct buf *over,
			 struct buf *why)
{
	struct buf names = { 0 };
	bool good = foreign_glob(pattern, &names) || (errno == ENOENT && optional);

	if (!good)
		buf_addf(why, "environment_file: %s: %s", pattern, strerror(errno));
	for (size_t at = 0; good && at < names.length; at += strlen(names.data + at) + 1)
		good = read_file(variables, names.data + at, optional, over, why);
	buf_free(&names);
	return good;
}

bool variables_read_file(struct variables *variables, const char *path, struct buf *over, struct buf *why)
{
	bool optional = *path == '-';

	path += optional;
	if (strpbrk(path, "*?["))
		return read_matches(variables, path, optional, over, why);
	return read_file(variables, path, optional, over, why);
}
