/* Variables in the words of a command. Source: systemd.service(5), "COMMAND LINES".
 *
 * This is no shell. $NAME as a whole word is split at blanks; ${NAME} is not, and may stand inside a word, where any
 * other dollar sign is plain text. Every text is valid: anything that cannot be a variable stays as it is. */
#include "exec/spawn/expand_vars.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST (2u << 20) /* bytes: more than execve(2) takes with the usual limits */
#define BLANKS " \t\n\r"

/* The words made so far, each with its NUL. */
struct made {
	struct buf text;
	size_t count;
	bool too_big;
};

static void add(struct made *made, const void *bytes, size_t length)
{
	made->too_big = made->too_big || length > MOST - made->text.length;
	if (!made->too_big)
		buf_add(&made->text, bytes, length);
}

static void end_word(struct made *made)
{
	add(made, "", 1);
	made->count++;
}

static const char *find(char *const *environment, const char *name, size_t length)
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, name, length) && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return "";
}

/* One word of a value up to the blank behind it: quotes and backslashes hide blanks and are gone. */
static const char *add_part(struct made *made, const char *at)
{
	char quote = '\0';

	for (; *at && (quote || !strchr(BLANKS, *at)); at++) {
		if (*at == '\\') {
			if (!*++at)
				break;
			add(made, at, 1);
		} else if (quote ? *at == quote : *at == '"' || *at == '\'') {
			quote = quote ? '\0' : *at;
		} else {
			add(made, at, 1);
		}
	}
	end_word(made);
	return at;
}

static void add_split(struct made *made, const char *value)
{
	for (value += strspn(value, BLANKS); *value; value += strspn(value, BLANKS))
		value = add_part(made, value);
}

/* A variable in braces whose name ends here; NULL: it is none, as ${NAME:-other} or one that nothing closes. */
static const char *close_brace(const char *name)
{
	const char *end = name + strcspn(name, "}:");

	return *end == '}' ? end : NULL;
}

static void add_filled(struct made *made, const char *word, char *const *environment)
{
	for (; *word; word++) {
		const char *end = !strncmp(word, "${", 2) ? close_brace(word + 2) : NULL;
		const char *value;

		if (end) {
			value = find(environment, word + 2, (size_t)(end - word) - 2);
			add(made, value, strlen(value));
			word = end;
			continue;
		}
		add(made, word, 1);
		if (!strncmp(word, "$$", 2))
			word++;
	}
	end_word(made);
}

static void add_word(struct made *made, const char *word, char *const *environment)
{
	if (word[0] == '$' && word[1] != '{' && word[1] != '$')
		add_split(made, find(environment, word + 1, strlen(word + 1)));
	else
		add_filled(made, word, environment);
}

/* The list of the words and they themselves in one block. */
static char **as_vector(const struct made *made)
{
	size_t list = (made->count + 1) * sizeof(char *);
	char **argv = malloc(list + made->text.length), *at;

	if (!argv)
		return NULL;
	at = (char *)argv + list;
	memcpy(at, made->text.data, made->text.length);
	for (size_t n = 0; n < made->count; n++, at += strlen(at) + 1)
		argv[n] = at;
	argv[made->count] = NULL;
	return argv;
}

char **argv_expand(char *const *argv, char *const *environment)
{
	struct made made = { 0 };
	char **expanded = NULL;

	assert(argv[0]);        /* a command has a program */
	for (char *const *word = argv; *word && !made.too_big; word++)
		add_word(&made, *word, environment);
	if (!made.count) {
		add(&made, argv[0], strlen(argv[0]));
		end_word(&made);
	}
	errno = made.too_big ? E2BIG : ENOMEM;
	if (!made.too_big && !made.text.failed)
		expanded = as_vector(&made);
	buf_free(&made.text);
	return expanded;
}
