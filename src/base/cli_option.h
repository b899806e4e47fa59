/* The options of a command line as a table: a row says how an option is written, what --help and the completions of the
 * shells print, and where its argument goes. A new option is a new row.
 *
 * CLI_FIELD finds from the C type of a member how it is set:
 *   bool                   true (`clears`: false); with `words`: 1 for the second word, 0 for the first
 *   an enum                the argument's place among `words`; `value` where it takes none
 *   const char *           the argument
 *   struct cli_texts       one more argument
 *   int64_t                what `scan` reads, within `least` and `most` */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_field { CLI_NO_FIELD, CLI_BOOL, CLI_ENUM, CLI_TEXT, CLI_TEXTS, CLI_NUMBER };

/* What a shell completes an argument with. */
enum cli_complete { COMPLETE_NOTHING, COMPLETE_FILES, COMPLETE_WORDS, COMPLETE_OPTIONS /* of a table */ };

struct cli_texts {
	const char **list;              /* owned array of borrowed texts */
	size_t count;
};

struct cli_option {
	const char *name;               /* without its dashes; NULL: has a letter alone */
	char letter;                    /* 0: none */
	enum cli_complete complete;
	bool optional;                  /* the argument may be missing; it then stands in the same word */
	bool repeats;                   /* all that are given count, not the last alone */
	bool clears;
	bool ends;                      /* nothing behind it is read, as for --help */
	const char *argument;           /* its placeholder; NULL: takes none */
	const char *words;              /* that it takes, separated by blanks */
	const char *help;               /* one line */
	const char *refusal;            /* of a word that is none of `words`, and of a number out of bounds */
	enum cli_field field;
	size_t offset;
	const char *(*scan)(const char *text, int64_t *number);         /* of base/scan */
	int64_t least, most;            /* most 0: no limit */
	/* Does what no field can, in place of the field. The reason why the argument is refused; "": it was printed;
	 * NULL: done. */
	const char *(*set)(void *options, const struct cli_option *option, const char *argument);
	unsigned value;                 /* of an enum, or for the program itself */
};

#define CLI_FIELD(type, member)                                                                                        \
	.field = _Generic(((type *)NULL)->member,                                                                      \
		bool: CLI_BOOL, unsigned: CLI_ENUM, const char *: CLI_TEXT, struct cli_texts: CLI_TEXTS,               \
		int64_t: CLI_NUMBER),                                                                                  \
	.offset = offsetof(type, member)

struct cli {
	const char *program;            /* that complains */
	const char *dashes;             /* of a name: "--", "-" */
	const char *joint;              /* between a name and its argument in --help: "=", " " */
	int width;                      /* of the options' column in --help */
	bool by_letter;                 /* a complaint names an option by its letter, if it has one */
	bool ends_at_word;              /* the first word that is no option ends the options */
	const struct cli_option *options;
	size_t count;                   /* at most CLI_MOST */
};

#define CLI_MOST 64

enum cli_result {
	CLI_READ,                       /* all; optind is the index of the first word that is no option */
	CLI_ENDED,                      /* up to an option that ends them */
	CLI_UNKNOWN,                    /* getopt_long(3) has refused argv[optind - 1], and printed why */
	CLI_REFUSED                     /* an argument was refused, which was printed */
};

/* Reads the options of argv by getopt_long(3). given: a bit for each row that was there, the lowest for the first;
 * NULL: not wanted. */
enum cli_result cli_read(const struct cli *cli, void *options, int argc, char **argv, uint64_t *given);

/* Sets one option. false after printing why not. */
bool cli_set(const struct cli *cli, const struct cli_option *option, void *options, const char *argument);

/* false: out of memory. */
bool cli_texts_add(struct cli_texts *texts, const char *text);

/* The option of this name, in which "_" may stand for "-"; NULL: none. */
const struct cli_option *cli_find(const struct cli *cli, const char *name);

/* Prints which option a word of the command line may have meant, as --stop-dealy=5s, if one is near. */
void cli_hint(const struct cli *cli, const char *word);

/* Prints a line an option to stdout. */
void cli_help(const struct cli *cli);
