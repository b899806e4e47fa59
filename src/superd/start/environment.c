/* Lists of environment variables, and files of them. Source: systemd.exec(5), "EnvironmentFile=".
 *
 * Files follow systemd's rules for quotes and continued lines. Only regular files up to a maximum size are read, so
 * reading does not block on a FIFO or a device. */
#include "superd/start/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "os/foreign/foreign_path.h"
#include "os/host/foreign_file.h"

#define FILE_MOST (1u << 20)
#define FILES_SECONDS 1.                /* until superd gives up a pattern: a user may fill his folder with files */
#define IGNORED_MOST 5                  /* ignored lines that are reported one by one */
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

/* Reads from the opening quote to behind the closing one, across lines. In double quotes a backslash escapes " \ ` and
 * $. */
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

/* Reads the rest of the line, where quotes have no meaning any more. Blanks at its end do not count. */
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

/* Reads a value: quoted pieces, if any, then an unquoted one. */
static const char *read_value(const char *at, struct buf *out)
{
	for (;;) {
		at += strspn(at, " \t");
		if (*at != '"' && *at != '\'')
			return read_bare(at, out);
		at = read_quoted(at, out);
	}
}

static bool is_variable_name(const char *text, size_t length)
{
	if (!length || isdigit((unsigned char)*text))
		return false;
	for (size_t n = 0; n < length; n++) {
		if (!isalnum((unsigned char)text[n]) && text[n] != '_')
			return false;
	}
	return true;
}

/* The state of reading a text of variables. */
struct variables_file {
	const char *at;                 /* the next character */
	const char *counted_to;         /* position of which `line` is the number */
	unsigned line;
	unsigned ignored_count;
	struct buf *ignored;
};

/* Ignores a line that is no assignment, such as "export A=b": systemd does so, and files are written for it. */
static void ignore_statement(struct variables_file *reading, const char *statement)
{
	if (reading->ignored_count++ >= IGNORED_MOST || !reading->ignored)
		return;
	for (; reading->counted_to < statement; reading->counted_to++)
		reading->line += *reading->counted_to == '\n';
	if (!strncmp(statement, "export", 6) && isblank((unsigned char)statement[6]))
		buf_addf(reading->ignored, "line %u is passed over, as systemd does: it is NAME=value without export\n",
			 reading->line);
	else
		buf_addf(reading->ignored, "line %u is passed over, as systemd does: it is no NAME=value\n",
			 reading->line);
}

/* Reads one assignment or comment, which may continue over several lines. */
static void read_assignment(struct variables *variables, struct variables_file *reading)
{
	const char *start = reading->at;
	size_t name = strcspn(start, "=\n\r"), length = name;
	struct buf assignment = { 0 };

	if (*start == '#' || *start == ';' || start[name] != '=') {
		if (*start != '#' && *start != ';')
			ignore_statement(reading, start);
		reading->at += strcspn(start, "\n\r");
		return;
	}
	while (length && isblank((unsigned char)start[length - 1]))
		length--;
	buf_add(&assignment, start, length);
	buf_char(&assignment, '=');
	reading->at = read_value(start + name + 1, &assignment);
	if (assignment.failed || is_variable_name(buf_string(&assignment), length))
		variables_take(variables, buf_take(&assignment));
	else
		ignore_statement(reading, start);
	buf_free(&assignment);
}

static void read_variables(struct variables *variables, const char *text, struct buf *ignored)
{
	struct variables_file reading = { .at = text, .counted_to = text, .line = 1, .ignored = ignored };

	for (reading.at += strspn(text, BLANKS); *reading.at; reading.at += strspn(reading.at, BLANKS))
		read_assignment(variables, &reading);
	if (ignored && reading.ignored_count > IGNORED_MOST)
		buf_addf(ignored, "%u more lines are passed over\n", reading.ignored_count - IGNORED_MOST);
}

/* false and errno; EILSEQ: it is no text. */
static bool read_environment_file(struct variables *variables, const char *path, const struct account *account,
				  struct buf *ignored)
{
	size_t length;
	char *text = foreign_read_file(path, account, FILE_MOST, &length);
	bool good = text && strlen(text) == length;

	if (good)
		read_variables(variables, text, ignored);
	else if (text)
		errno = EILSEQ;
	free(text);
	return good;
}

bool variables_read_file(struct variables *variables, const char *path, const struct account *account,
			 struct buf *ignored, struct buf *why)
{
	bool optional = *path == '-', good;
	double until = clock_now() + FILES_SECONDS;
	struct buf names = { 0 };

	path += optional;
	errno = ENOMEM;
	if (strpbrk(path, "*?[")) {
		good = foreign_glob(path, &names) || (errno == ENOENT && optional);
	} else {
		buf_add(&names, path, strlen(path) + 1);
		good = !names.failed;
	}
	if (!good)
		buf_addf(why, "environment_file: %s: %s", path, strerror(errno));
	for (size_t at = 0; good && at < names.length; at += strlen(names.data + at) + 1) {
		good = read_environment_file(variables, names.data + at, account, ignored) ||
		       (errno == ENOENT && optional);
		if (good && clock_now() > until && at + strlen(names.data + at) + 1 < names.length) {
			foreign_give_up(path);
			errno = ETIMEDOUT;
			good = false;
		}
		if (!good)
			buf_addf(why, "environment_file: %s: %s", names.data + at,
				 errno == EILSEQ ? "it is no text: there is a NUL in it" : strerror(errno));
	}
	buf_free(&names);
	return good;
}
