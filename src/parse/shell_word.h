/* Words that mean something to a shell alone: an operator, $NAME, `…`, a ; behind a word. No shell reads a command of
 * superd's, so the program gets them as arguments, and superd warns of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SHELL_WORD_WARNING "%s: '%s': no shell reads this: the program gets it as an argument"
#define SHELL_WORD_HINT "write /bin/sh -c '...' to have a shell read it; in quotes it is meant as it stands"

/* A command while its words are gone through; zeroed before its program. */
struct shell_scan {
	bool fills_variables;           /* $NAME and ${NAME} are replaced, by expand_environment: the caller's to set */
	bool has_program;
	bool has_shell;                 /* a shell was among the words */
	bool is_shells;                 /* sh -c came: what follows is for that shell */
};

/* Takes the next word, with its quotes gone; is_bare: no part of it was quoted or escaped, which says that it is meant
 * as it stands. true: it was meant for a shell. */
bool shell_scan_word(struct shell_scan *scan, const char *word, bool is_bare);

/* A whole command as base/shell_words splits it: the first such word, to free(); NULL: none. */
char *shell_scan_text(struct shell_scan *scan, const char *text);
