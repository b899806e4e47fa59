/* Types of lists: words, paths, directories, processors, environment, the command, endpoints.
 *
 * Each word is checked by itself, and the message names the wrong one. The list is kept as one value, so that equal
 * lists of a table are one copy, and only when every word is good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "table/endpoint/endpoint.h"
#include "table/type/type_internal.h"


const struct type type_list = { .name = "list of words", .kind = FIELD_WORDS, .is_list = true };

typedef const char *refuse_by_directive(const struct directive *directive, const char *word);

/* As list_parse with a type's `refuse`, but the check depends on the directive. */
static const char *parse_each(struct parse *parse, refuse_by_directive *refuse, void *field)
{
	for (; parse->bad < parse->count; parse->bad++) {
		const char *reason = refuse(parse->directive, parse->words[parse->bad]);

		if (reason)
			return reason;
	}
	return list_field_parse(parse, field);
}

static const char *paths_parse(struct parse *parse, void *field)
{
	return parse_each(parse, path_refuse, field);
}

const struct type type_paths = {
	.name = "list of paths", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.parse = paths_parse,
};

/* Names that no service may have below the fixed directories, because superd or all services use them: their owner
 * would own the control socket, the notification sockets, or credentials of others. */
static const struct {
	const char *name;
	const char *option;             /* the option with that name; NULL: all */
	bool below;                     /* directories in it are reserved, too */
} reserved[] = {
	{ "superd", NULL, true },               /* control, its lock, notify */
	{ "credentials", "runtime_directory", true },
	{ "credstore", NULL, true },            /* where superd looks for credentials */
	{ "credstore.encrypted", NULL, true },
	{ "private", NULL, true },              /* systemd's of services with dynamic users */
	{ "lock", "runtime_directory", false },
	{ "user", "runtime_directory", false },
	{ "systemd", "runtime_directory", false },
};

static bool is_reserved(const struct directive *directive, const char *name, size_t length)
{
	size_t first = strcspn(name, "/:");

	for (size_t n = 0; n < sizeof(reserved) / sizeof(*reserved); n++) {
		const char *only = reserved[n].option, *option = directive->name[NATIVE];

		if (only && option && strcmp(only, option) != 0)
			continue;
		if (strlen(reserved[n].name) == first && !memcmp(reserved[n].name, name, first) &&
		    (reserved[n].below || first == length))
			return true;
	}
	return false;
}

/* A directory below a fixed one must not lead out of it. */
static const char *directory_refuse(const struct directive *directive, const char *word)
{
	const char *part = word;
	size_t length, name = strcspn(word, ":");

	if (*word == '/' || !*word)
		return "expected the name of a directory below a fixed one, without / at the start";
	if (word[name] && strchr(word + name + 1, ':'))
		return "only a link may follow the name; :ro is not supported";
	for (const char *at = word; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return "the name of a directory has no control characters";
	}
	for (; *part; part += length + (part[length] == '/')) {
		length = strcspn(part, "/");
		if (!length || (length == 1 && *part == '.') || (length == 2 && !memcmp(part, "..", 2)))
			return "the name of a directory has no parts that are empty, . or ..";
		if (part[length] == '/' && !part[length + 1])
			return "the name of a directory does not end in /";
	}
	if (is_reserved(directive, word, name) || (word[name] && is_reserved(directive, word + name + 1,
									      strlen(word + name + 1))))
		return "this name is reserved for superd or the system: name the directory after the service";
	return NULL;
}

static const char *directories_parse(struct parse *parse, void *field)
{
	return parse_each(parse, directory_refuse, field);
}

const struct type type_directories = {
	.name = "list of directories", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.parse = directories_parse,
};

static const char *variable_refuse(const char *word)
{
	size_t length = strcspn(word, "=");

	if (!word[length])
		return "a variable is NAME=value; passenv passes on one that superd has";
	if (!length || strcspn(word, " \t\n") < length)
		return "the name of a variable, before the =, is not empty and has no blanks";
	return NULL;
}

const struct type type_env = {
	.name = "list of variables", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = variable_refuse,
};

static const char *command_parse(struct parse *parse, void *field)
{
	bool begins = !parse->append || !*(const words *)field;
	words split = parse->words;
	size_t length = parse->count;

	if (parse->count == 1) {
		const char *reason = shell_words_split(parse->pool, parse->words[0], &split, &length);

		if (reason)
			return reason;
		if (!length)
			return "a command is a program and its arguments; this is empty";
	}
	if (begins && length && !split[0][0])
		return "the program, the first word of a command, is not empty";
	return list_keep(parse, split, length, field);
}

/* Writes one text, which is more readable than a list; shell_words_split splits it into the same words. */
void command_field_format(const struct directive *directive, const void *field, struct buf *out)
{
	words list = *(const words *)field;
	struct buf joined = { 0 };

	(void)directive;
	if (!list || !list[0]) {
		buf_text(out, "{}");
		return;
	}
	for (size_t i = 0; list[i]; i++) {
		if (i)
			buf_char(&joined, ' ');
		shell_words_quote(&joined, list[i]);
	}
	native_quoted(out, buf_string(&joined));
	out->failed |= joined.failed;
	buf_free(&joined);
}

const struct type type_command = {
	.name = "command", .kind = FIELD_WORDS, .is_list = true,
	.parse = command_parse, .format = command_field_format,
};

static const char *endpoint_canonical(const char *text, struct pool *pool, const char **out)
{
	const struct endpoint *endpoint;
	const char *reason = endpoint_parse(text, pool, &endpoint);
	struct buf canonical = { 0 };

	if (reason)
		return reason;
	endpoint_format(endpoint, &canonical);
	*out = buf_keep(&canonical, pool);
	return *out ? NULL : NO_MEMORY;
}

/* The value is the list of canonical texts. */
static const char *endpoints_parse(struct parse *parse, void *field)
{
	const char **texts = calloc(parse->count + 1, sizeof(*texts)), *reason = texts ? NULL : NO_MEMORY;

	for (size_t i = 0; i < parse->count && !reason; i++) {
		parse->bad = i;
		reason = endpoint_canonical(parse->words[i], parse->pool, &texts[i]);
	}
	if (!reason)
		reason = list_keep(parse, texts, parse->count, field);
	free(texts);
	return reason;
}

const struct type type_endpoints = {
	.name = "list of endpoints", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.parse = endpoints_parse,
};
