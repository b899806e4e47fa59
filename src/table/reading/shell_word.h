/* Words of a command that only a shell understands: an operator, $NAME, `…`, a ; at the end of a word. superd runs
 * commands without a shell, so the program gets such words as arguments. superd warns of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"

#define SHELL_WORD_WARNING "%s: '%s': no shell reads this: the program receives it as an argument"
#define SHELL_WORD_HINT "write /bin/sh -c '...' for a shell; quote it if it is literal"

/* The state of a scan over the words of one command. Zeroed before the first word, but for fills_variables. */
struct shell_scan {
	bool fills_variables;           /* expand_environment replaces $NAME and ${NAME}; the caller sets it */
	bool has_program;               /* the first word came */
	bool has_shell;                 /* a shell was among the words */
	bool is_shells;                 /* sh -c came: the words that follow are for that shell */
};

/* Examines the next word, which has no quotes any more. is_bare: no part of it was quoted or escaped; other words are
 * literal. Returns true if the word is written for a shell. */
bool shell_scan_word(struct shell_scan *scan, const char *word, bool is_bare);

/* Warns of the first argument of a program that is for a shell, and of the first that was meant as a comment; of languages
 * without quotes. `what` begins the messages. */
void shell_words_warn(const char *what, const char *program, const char *const *list, const struct origin *places,
		      size_t count, struct diags *diags);

/* Scans a whole command, split as lib/shell_words does. Returns its first word that was meant for a shell, to free();
 * NULL: there is none. */
char *shell_scan_text(struct shell_scan *scan, const char *text);
