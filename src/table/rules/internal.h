/* The rules of table_check, one function each. A rule reports the mistakes of one service at the option's place, and
 * relies on the types for single values. For check*.c alone. */
#pragma once

#include <stdbool.h>

#include "lib/diag.h"
#include "table/services/table.h"

/* Adds an error at the place of an option; option NULL: at the service's. "SERVICE: MESSAGE". */
void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds a hint with options of superd.conf to the last diagnostic, unless the service is of another system's table. */
void service_hint(const struct service *service, struct diags *diags, const char *hint);

/* Adds an error for each socket of these kinds, in whose text %s stands for the socket, and a hint as service_hint does;
 * NULL: none. */
void sockets_refuse(const struct service *service, unsigned kinds, const char *says, const char *hint,
		    struct diags *diags);

/* Whether the word is one of those that blanks separate in the text. */
bool text_has_word(const char *text, const char *word);

/* A rule between options, which reads as its message: "type = forking needs accept = no: each connection has an
 * instance of its own". An option is written "OPTION", which is set, or "OPTION = WORD or WORD". */
struct rule_row {
	const char *option;             /* whose place the message has; "OPTION OPTION" is a rule for each of them */
	const char *verb;               /* NEEDS, or another one, with which the two exclude each other */
	const char *other;
	const char *because;            /* the end of the message */
	const char *hint;               /* for service_hint */
	const char *says;               /* the whole message, where it reads otherwise */
	bool said;                      /* only if the service's own text sets the option: a default contradicts nothing */
	bool warns;
	bool otherwise;                 /* only if the row before is kept */
};

extern const char NEEDS[], NOT_WITH[];

/* Reports the rows that a service breaks, if it does. */
bool rows_check(const struct service *service, const struct rule_row *rows, size_t count, struct diags *diags);

#define check_rows(service, rows, diags) rows_check(service, rows, sizeof(rows) / sizeof(*(rows)), diags)

/* program.c, sockets.c: the rules. */
typedef void rule(const struct service *service, struct diags *diags);
rule rule_rows, rule_names, rule_shell, rule_templates, rule_environment, rule_program, rule_builtin,
	rule_commands, rule_start, rule_ready, rule_streams, rule_backoff, rule_idle, rule_capabilities,
	rule_passed_fds, rule_resources, rule_access, rule_listen, rule_kinds, rule_bind, rule_pass, rule_symlinks,
	rule_options;

/* Warns of services that are reached through TCPMUX if no service answers it. */
void check_tcpmux(const struct table *table, struct diags *diags);
