/* The options of a command line as a table. A row defines how an option is written, what --help prints, and
 * which member of the options struct gets its argument. A new option is a new row.
 *
 * CLI_FIELD derives from the C type of a member how it is set:
 *   bool                   true; with `words`: 1 for the second word, 0 for the first
 *   an enum                the argument's index in `words`; `value` if the option takes no argument
 *   const char *           the argument, which is one of `words` if there are some
 *   struct cli_texts       one more argument
 *   int64_t                what `scan` reads, within `least` and `most`
 *
 * CLI_FLAG does to the bit `value` of an unsigned what CLI_FIELD does to a bool. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_field { CLI_NO_FIELD, CLI_BOOL, CLI_FLAG, CLI_ENUM, CLI_TEXT, CLI_TEXTS, CLI_NUMBER };

struct cli_texts {
	const char **list;              /* owned array of borrowed texts */
	size_t count;
};

struct cli_option {
	const char *name;               /* without the dashes; NULL: the option has only a letter */
	char letter;                    /* 0: none */
	bool optional;                  /* the argument may be missing; if present, it is part of the same word */
	bool ends;                      /* reading stops behind it, as for --help */
	const char *argument;           /* the argument's placeholder; NULL: takes none */
	const char *words;              /* the accepted arguments, separated by blanks; NULL: any */
	const char *help;               /* one line */
	const char *refusal;            /* message for a word not in `words` or a number out of bounds */
	enum cli_field field;           /* CLI_FIELD sets field and offset */
	size_t offset;
	const char *(*scan)(const char *text, int64_t *number);         /* a function of lib/scan.h */
	int64_t least, most;            /* bounds of the number; most 0: no limit */
	const char *(*refuse)(const char *text);        /* why a text is refused; NULL: it is not */
	/* Handles the argument in place of `field`. Returns NULL when done, or why the argument is refused; "": that is
	 * printed already. */
	const char *(*set)(void *options, const struct cli_option *option, const char *argument);
	unsigned value;                 /* value of an enum, a bit, or for the program's own use */
};

#define CLI_FIELD(type, member)                                                                                        \
	.field = _Generic(((type *)NULL)->member,                                                                      \
		bool: CLI_BOOL, unsigned: CLI_ENUM, const char *: CLI_TEXT, struct cli_texts: CLI_TEXTS,               \
		int64_t: CLI_NUMBER),                                                                                  \
	.offset = offsetof(type, member)

struct cli {
	const char *program;            /* the name in front of error messages */
	const char *dashes;             /* in front of an option's name: "--", "-" */
	const char *joint;              /* between a name and its argument in --help: "=", " " */
	int width;                      /* of the options' column in --help, in characters */
	bool by_letter;                 /* error messages name an option by its letter, if it has one */
	bool ends_at_word;              /* the first word that is no option ends the options */
	const struct cli_option *options;
	size_t count;                   /* at most CLI_MOST */
};

#define CLI_MOST 64

enum cli_result {
	CLI_READ,                       /* all options are read; optind is the index of the first other word */
	CLI_ENDED,                      /* an option with `ends` stopped the reading */
	CLI_UNKNOWN,                    /* getopt_long(3) has refused argv[optind - 1] and printed why */
	CLI_REFUSED                     /* an argument was refused, and the reason printed */
};

/* Reads the options of argv by getopt_long(3). Sets a bit in *given for each row that occurs, the lowest bit for the
 * first row; NULL: not wanted. */
enum cli_result cli_read(const struct cli *cli, void *options, int argc, char **argv, uint64_t *given);

/* Sets one option. false: refused, and the reason is printed. */
bool cli_set(const struct cli *cli, const struct cli_option *option, void *options, const char *argument);

/* The same, without `set`, and prints nothing. Returns why the argument is refused; NULL: the field is set. */
const char *cli_set_field(const struct cli_option *option, void *options, const char *argument);

/* false: out of memory. */
bool cli_texts_add(struct cli_texts *texts, const char *text);

/* Finds an option by its name, in which "_" may stand for "-"; NULL: none. */
const struct cli_option *cli_find(const struct cli *cli, const char *name);

/* Prints "did you mean" for a misspelt option such as --stop-dealy=5s, if a name is near. */
void cli_hint(const struct cli *cli, const char *word);

/* Print the options, or one of them, to stdout, one line each. */
void cli_help(const struct cli *cli);
void cli_help_option(const struct cli *cli, const struct cli_option *option);
