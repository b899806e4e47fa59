/* Everything superd prints about tables and about itself, all of it driven by the directive table: a table as superd.conf
 * or JSON, an option explained, the manual's list of options, the names in other systems, the shells' completions.
 *
 * Every function gives false when memory ran out or out could not be written. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "config/table/table.h"

/* superd.conf with what differs from the defaults. Read back it is the same table, and printing that gives the same text.
 * With comments each value is told where it came from. */
bool print_conf(const struct table *table, bool comments, FILE *out);

/* {"services": [{"name": …, "listen": [{"endpoint": …, "name": …}], "exec": [words], …}]}: durations in seconds, sizes in
 * bytes, what is at its default left out, but accept, pass, exec, user and disable. A socket's entry has the options in
 * which it differs from the service, the service's those in which it differs from the defaults. */
bool print_json(const struct table *table, FILE *out);

/* One option for a person. false also when it is not known; see directive_hint for what to say then. */
bool print_explain(const char *option, FILE *out);

bool print_options(FILE *out);          /* the names of all, by chapter */

bool print_mdoc(FILE *out);             /* superd.conf(5)'s list of options */
bool print_mdoc_xinetd(FILE *out);      /* superd-xinetd.conf(5)'s list of attributes */
bool print_mdoc_units(FILE *out);       /* superd-systemd(5)'s lists of keys */
bool print_mdoc_launchd(FILE *out);     /* and superd-launchd(5)'s */
bool print_compat(FILE *out);           /* names in the four systems, as a table */
bool print_bash(FILE *out);             /* completion scripts */
bool print_zsh(FILE *out);
