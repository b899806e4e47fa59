/* Texts that are made of superd's own tables when it is built: lists in the manual pages, completion scripts, a table
 * of names in other systems, and the graph of states. superd itself prints none of them.
 *
 * Every function returns false if memory ran out or `out` could not be written. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "table/type/directive.h"

const char *example_of_chapter(enum chapter chapter);  /* a whole table that shows the options of a chapter */

bool print_mdoc(FILE *out);             /* the list of options in superd.conf(5) */
bool print_mdoc_sandbox(FILE *out);     /* the list of options in superd-sandbox(5) */
bool print_mdoc_index(FILE *out);       /* the index of all options in superd.conf(5), by chapter */
bool print_mdoc_xinetd(FILE *out);      /* the list of attributes in superd-xinetd.conf(5) */
bool print_mdoc_units(FILE *out);       /* the lists of keys in superd-systemd(5) */
bool print_mdoc_launchd(FILE *out);     /* the lists of keys in superd-launchd(5) */
bool print_compat(FILE *out);           /* a table of the options' names in the four systems */
bool print_bash(FILE *out);             /* completion scripts */
bool print_zsh(FILE *out);
bool print_states(FILE *out);           /* the tables of states as a graph for dot(1) */
