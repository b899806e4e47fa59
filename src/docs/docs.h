/* Texts that are made of superd's own tables when it is built: lists in the manual pages, completion scripts, a table
 * of names in other systems, and the graph of states. superd itself prints none of them. */
#pragma once

#include "lib/buf.h"
#include "table/type/directive.h"

const char *example_of_chapter(enum chapter chapter);  /* a whole table that shows the options of a chapter */

void print_mdoc(struct buf *out);       /* the list of options in superd.conf(5) */
void print_mdoc_sandbox(struct buf *out); /* the list of options in superd-sandbox(5) */
void print_mdoc_index(struct buf *out); /* the index of all options in superd.conf(5), by chapter */
void print_mdoc_xinetd(struct buf *out); /* the list of attributes in superd-xinetd.conf(5) */
void print_mdoc_units(struct buf *out); /* the lists of keys in superd-systemd(5) */
void print_mdoc_launchd(struct buf *out); /* the lists of keys in superd-launchd(5) */
void print_compat(struct buf *out);     /* a table of the options' names in the four systems */
void print_bash(struct buf *out);       /* completion scripts */
void print_zsh(struct buf *out);
void print_states(struct buf *out);     /* the tables of states as a graph for dot(1) */
