/* Reading a command line in a test, by any name superd may be called by. One is held at a time. */
#pragma once

#include <getopt.h>

#include "superd/main.h"
#include "tests/unit/unit.h"

#define MOST_WORDS 24

static struct options options;
static char *words_read[MOST_WORDS + 1];

static void drop_options(void)
{
	options_free(&options);
	options = (struct options){ 0 };
	for (char **word = words_read; *word; word++) {
		free(*word);
		*word = NULL;
	}
}

/* Reads the words, separated by blanks in the text and the name first, as a command line. */
static bool read_command(const char *text)
{
	char *copy = strdup(text), *rest = copy;
	int count = 0;

	drop_options();
	cr_assert(copy);
	for (char *word; (word = strsep(&rest, " ")) && *word;) {
		cr_assert_lt(count, MOST_WORDS);
		words_read[count++] = strdup(word);
	}
	words_read[count] = NULL;
	free(copy);
	optind = 0;                     /* getopt_long begins anew */
	return command_line_read(&options, count, words_read);
}

/* What was said on stderr while it was read; read tells what came of it. */
static const char *hear_command(const char *text, bool *read)
{
	static char said[4000];
	int real = dup(STDERR_FILENO);
	FILE *kept = tmpfile();

	cr_assert(kept && real >= 0);
	fflush(stderr);
	dup2(fileno(kept), STDERR_FILENO);
	*read = read_command(text);
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(kept);
	said[fread(said, 1, sizeof(said) - 1, kept)] = '\0';
	fclose(kept);
	return said;
}

/* Refused, and what is said has both parts. */
static inline void expect_command_refused(const char *text, const char *part, const char *other)
{
	bool read;
	const char *said = hear_command(text, &read);

	cr_expect_not(read, "%s", text);
	cr_expect(strstr(said, part), "%s: does not say '%s': %s", text, part, said);
	cr_expect(strstr(said, other), "%s: does not say '%s': %s", text, other, said);
}

/* What --help says under a name, for a test with .init = cr_redirect_stdout. */
static inline const char *help_of(enum invoked_as invoked_as)
{
	static char text[8000];
	FILE *out;

	command_line_help(invoked_as);
	fflush(stdout);
	out = cr_get_redirected_stdout();
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	return text;
}

#define READS_COMMAND(text) cr_assert(read_command(text), "%s", text)
