/* Reads a command line by a table of its options. */
#include "lib/lib.h"

#include <getopt.h>

#define BEYOND_LETTERS 256              /* getopt_long's result for the first row; smaller results are letters */
#define NEAR 2                          /* most edits between an unknown name and the suggested one, */
#define LETTERS_AN_EDIT 3               /* and one for so many letters at most: --boot is not --sort */

bool cli_texts_add(struct cli_texts *texts, const char *text)
{
	const char **larger = reallocarray(texts->list, texts->count + 1, sizeof(*larger));

	if (!larger)
		return false;
	larger[texts->count++] = text;
	texts->list = larger;
	return true;
}

/* Returns the index of a word in a list that blanks separate; -1: not in it. */
static int find_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (int n = 0;; n++) {
		if (strcspn(words, " ") == length && !strncmp(words, word, length))
			return n;
		words += strcspn(words, " ");
		if (!*words++)
			return -1;
	}
}

const char *cli_set_field(const struct cli_option *option, void *options, const char *argument)
{
	void *field = (char *)options + option->offset;
	int64_t number = 0;
	const char *why = option->scan	   ? option->scan(argument, &number)
			  : option->refuse ? option->refuse(argument)
					   : NULL;
	int value = 0;

	if (why)
		return why;
	if (option->scan && (number < option->least || (option->most && number > option->most)))
		return option->refusal;
	if (!argument)
		value = option->field == CLI_ENUM ? (int)option->value : 1;
	else if (option->words && (value = find_word(option->words, argument)) < 0)
		return option->refusal;
	switch (option->field) {
	case CLI_NO_FIELD:
		break;
	case CLI_BOOL:
		*(bool *)field = value;
		break;
	case CLI_FLAG:
		*(unsigned *)field = value ? *(unsigned *)field | option->value : *(unsigned *)field & ~option->value;
		break;
	case CLI_ENUM:
		*(unsigned *)field = (unsigned)value;
		break;
	case CLI_TEXT:
		*(const char **)field = argument ? argument : option->words;
		break;
	case CLI_TEXTS:
		return cli_texts_add(field, argument) ? NULL : "out of memory";
	case CLI_NUMBER:
		*(int64_t *)field = number;
		break;
	}
	return NULL;
}

bool cli_set(const struct cli *cli, const struct cli_option *option, void *options, const char *argument)
{
	const char *why = option->set ? option->set(options, option, argument)
				      : cli_set_field(option, options, argument);
	const char letter[] = { option->letter, '\0' };
	bool by_letter = !option->name || (cli->by_letter && option->letter);

	if (why && *why)
		fprintf(stderr, "%s: %s%s: '%s': %s\n", cli->program, by_letter ? "-" : cli->dashes,
			by_letter ? letter : option->name, argument ? argument : "", why);
	return !why;
}

/* Translates the table for getopt_long(3); "+" ends the options at the first word that is no option. */
static void build_getopt_table(const struct cli *cli, struct option *longs, char *letters)
{
	if (cli->ends_at_word)
		*letters++ = '+';
	for (size_t n = 0; n < cli->count; n++) {
		const struct cli_option *option = &cli->options[n];
		int takes = !option->argument ? no_argument : option->optional ? optional_argument : required_argument;

		if (option->name)
			*longs++ = (struct option){ option->name, takes, NULL, BEYOND_LETTERS + (int)n };
		if (!option->letter)
			continue;
		*letters++ = option->letter;
		for (int colons = takes; colons; colons--)
			*letters++ = ':';
	}
	*longs = (struct option){ 0 };
	*letters = '\0';
}

/* Returns the row for getopt_long's result; NULL: none. */
static const struct cli_option *find_row(const struct cli *cli, int value)
{
	if (value >= BEYOND_LETTERS)
		return &cli->options[value - BEYOND_LETTERS];
	for (size_t n = 0; n < cli->count; n++) {
		if (cli->options[n].letter == value)
			return &cli->options[n];
	}
	return NULL;
}

enum cli_result cli_read(const struct cli *cli, void *options, int argc, char **argv, uint64_t *given)
{
	struct option longs[CLI_MOST + 1];
	char letters[3 * CLI_MOST + 2];
	int value;

	build_getopt_table(cli, longs, letters);
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
		const struct cli_option *option = find_row(cli, value);

		if (!option) {
			optind = optind > argc ? argc : optind; /* musl counts the argument that is missing */
			return CLI_UNKNOWN;
		}
		if (given)
			*given |= UINT64_C(1) << (option - cli->options);
		if (!cli_set(cli, option, options, optarg))
			return CLI_REFUSED;
		if (option->ends)
			return CLI_ENDED;
	}
	return CLI_READ;
}

const struct cli_option *cli_find(const struct cli *cli, const char *name)
{
	for (size_t n = 0; n < cli->count; n++) {
		const char *own = cli->options[n].name, *given = name;

		while (own && *own && (*given == *own || (*given == '_' && *own == '-')))
			own++, given++;
		if (own && !*own && !*given)
			return &cli->options[n];
	}
	return NULL;
}

void cli_hint(const struct cli *cli, const char *word)
{
	struct scan_nearest nearest = { 0 };
	char name[64];
	size_t length;

	if (strncmp(word, "--", 2) != 0)
		return;
	length = strcspn(word += 2, "=");
	if (!length || length >= sizeof(name))
		return;
	memcpy(name, word, length);
	name[length] = '\0';
	nearest.name = name;
	nearest.most = 1 + (length / LETTERS_AN_EDIT < NEAR ? (unsigned)length / LETTERS_AN_EDIT : NEAR);
	for (size_t n = 0; n < cli->count; n++) {
		if (cli->options[n].name)
			scan_nearest_look(&nearest, cli->options[n].name);
	}
	if (nearest.word && strcmp(nearest.word, name) != 0)
		fprintf(stderr, "%s: did you mean '--%s'?\n", cli->program, nearest.word);
}

void cli_help_option(const struct cli *cli, const struct cli_option *option)
{
	const char letter[] = { '-', option->letter, '\0' };
	bool aligned = !strcmp(cli->dashes, "--");
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s%s%s%s%s", option->letter ? letter : aligned ? "  " : "",
		 !option->name || !aligned ? "" : option->letter ? ", " : "  ",
		 option->name ? cli->dashes : "", option->name ? option->name : "",
		 !option->argument  ? "" : option->optional ? "[=" : option->name ? cli->joint : " ",
		 option->argument ? option->argument : "", option->optional ? "]" : "");
	printf("  %-*s %s\n", cli->width, left, option->help);
}

void cli_help(const struct cli *cli)
{
	for (size_t n = 0; n < cli->count; n++)
		cli_help_option(cli, &cli->options[n]);
}
