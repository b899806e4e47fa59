/* The rules of table_check, one function each. A rule reports the mistakes of one service at the option's place, and
 * relies on the types for single values. For this folder alone. */
#pragma once

#include "table/services/services.h"

/* Adds an error at the place of an option; option NULL: at the service's. "SERVICE: MESSAGE". */
void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds a hint with options of superd.conf to the last diagnostic, unless the service is of another system's table. */
void service_hint(const struct service *service, struct diags *diags, const char *hint);

/* Why an option has no effect where a program accepts its clients itself. */
const char *accept_reason(const struct service *service);

/* Adds an error for each socket of these kinds, in whose text %s stands for the socket. */
void sockets_refuse(const struct service *service, unsigned kinds, const char *says, struct diags *diags);

/* rules.c: rules that a row can say. rules_program.c, rules_sockets.c: the others. */
typedef void rule(const struct service *service, struct diags *diags);
rule rule_rows, rule_names, rule_templates, rule_program, rule_builtin, rule_redirect, rule_commands, rule_ready, rule_streams,
	rule_backoff, rule_credentials, rule_paths, rule_access, rule_listen, rule_modes, rule_bind, rule_pass;
