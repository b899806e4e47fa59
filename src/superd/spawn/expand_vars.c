/* Variables in the words of a command. Source: systemd.service(5), "COMMAND LINES".
 *
 * This is not a shell. $NAME as a whole word is split at blanks; ${NAME} is not, and may stand inside a word, where any
 * other dollar sign is plain text. Every text is valid: what cannot be a variable stays as it is. */
#include "superd/spawn/expand_vars.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXPANDED_MOST (2u << 20) /* bytes: more than execve(2) accepts with the default limits */
#define BLANKS " \t\n\r"

/* The words made so far, each with its NUL. */
struct expanded_words {
	struct buf text;
	size_t count;
	bool too_big;
};

static void add_bytes(struct expanded_words *made, const void *bytes, size_t length)
{
	made->too_big = made->too_big || length > EXPANDED_MOST - made->text.length;
	if (!made->too_big)
		buf_add(&made->text, bytes, length);
}

static void end_word(struct expanded_words *made)
{
	add_bytes(made, "", 1);
	made->count++;
}

static const char *find_variable(char *const *environment, const char *name, size_t length)
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, name, length) && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return "";
}

/* Adds one word of a value, up to the next blank. Quotes and backslashes protect blanks and are removed. */
static const char *add_value_word(struct expanded_words *made, const char *at)
{
	char quote = '\0';

	for (; *at && (quote || !strchr(BLANKS, *at)); at++) {
		if (*at == '\\') {
			if (!*++at)
				break;
			add_bytes(made, at, 1);
		} else if (quote ? *at == quote : *at == '"' || *at == '\'') {
			quote = quote ? '\0' : *at;
		} else {
			add_bytes(made, at, 1);
		}
	}
	end_word(made);
	return at;
}

static void add_value_words(struct expanded_words *made, const char *value)
{
	for (value += strspn(value, BLANKS); *value; value += strspn(value, BLANKS))
		value = add_value_word(made, value);
}

/* The end of a variable's name in braces; NULL: it is no variable, such as ${NAME:-other} or a missing brace. */
static const char *close_brace(const char *name)
{
	const char *end = name + strcspn(name, "}:");

	return *end == '}' ? end : NULL;
}

static void add_substituted(struct expanded_words *made, const char *word, char *const *environment)
{
	for (; *word; word++) {
		const char *end = !strncmp(word, "${", 2) ? close_brace(word + 2) : NULL;
		const char *value;

		if (end) {
			value = find_variable(environment, word + 2, (size_t)(end - word) - 2);
			add_bytes(made, value, strlen(value));
			word = end;
			continue;
		}
		add_bytes(made, word, 1);
		if (!strncmp(word, "$$", 2))
			word++;
	}
	end_word(made);
}

static void expand_word(struct expanded_words *made, const char *word, char *const *environment)
{
	if (word[0] == '$' && word[1] != '{' && word[1] != '$')
		add_value_words(made, find_variable(environment, word + 1, strlen(word + 1)));
	else
		add_substituted(made, word, environment);
}

/* Makes the list and its words, in one block. */
static char **make_vector(const struct expanded_words *made)
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
	struct expanded_words made = { 0 };
	char **expanded = NULL;

	assert(argv[0]);        /* a command has a program */
	for (char *const *word = argv; *word && !made.too_big; word++)
		expand_word(&made, *word, environment);
	if (!made.count) {
		add_bytes(&made, argv[0], strlen(argv[0]));
		end_word(&made);
	}
	errno = made.too_big ? E2BIG : ENOMEM;
	if (!made.too_big && !made.text.failed)
		expanded = make_vector(&made);
	buf_free(&made.text);
	return expanded;
}
