/* The begin of each of superd's own programs. */
#pragma once

#include <stdbool.h>

/* Names the process and takes the word alone, for a program that becomes another one. false: it is that of another
 * build, or of none. */
bool program_take_word(const char *name, int *argc, char **argv);

/* The first call of main: confines the process (self_sandbox_begin), names it, and takes the first word of its
 * arguments, that of superd's build (build_word), out of argv. Another first word is that of another build, or of none:
 * the process ends with PROGRAM_OTHER_BUILD and a message. by_hand: the program may be run without a word, too. */
void program_begin(const char *name, bool by_hand, int *argc, char **argv);
