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

void rule_names(const struct service *service, struct diags *diags);
void rule_shell(const struct service *service, struct diags *diags);
void rule_templates(const struct service *service, struct diags *diags);
void rule_environment(const struct service *service, struct diags *diags);

void rule_program(const struct service *service, struct diags *diags);
void rule_builtin(const struct service *service, struct diags *diags);

/* Adds an error for every %{ } in a text of this option that superd cannot replace. */
void check_templates(const struct service *service, const char *option, const char *text, struct diags *diags);

void rule_commands(const struct service *service, struct diags *diags);

void rule_start(const struct service *service, struct diags *diags);
void rule_type(const struct service *service, struct diags *diags);
void rule_ready(const struct service *service, struct diags *diags);
void rule_streams(const struct service *service, struct diags *diags);
void rule_backoff(const struct service *service, struct diags *diags);
void rule_idle(const struct service *service, struct diags *diags);
void rule_capabilities(const struct service *service, struct diags *diags);

void rule_sandbox(const struct service *service, struct diags *diags);

void rule_passed_fds(const struct service *service, struct diags *diags);

void rule_resources(const struct service *service, struct diags *diags);

void rule_access(const struct service *service, struct diags *diags);

void rule_listen(const struct service *service, struct diags *diags);
void rule_kinds(const struct service *service, struct diags *diags);
void rule_bind(const struct service *service, struct diags *diags);
void rule_pass(const struct service *service, struct diags *diags);
void rule_symlinks(const struct service *service, struct diags *diags);
void rule_options(const struct service *service, struct diags *diags);

/* Warns of services that are reached through TCPMUX if no service answers it. */
void check_tcpmux(const struct table *table, struct diags *diags);
