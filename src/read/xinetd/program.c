/* The program of a service, its user, limits and environment.
 *
 * xinetd has neither quotes nor templates: each word reaches the server unchanged. So superd escapes characters that
 * mean something in superd.conf. argv[0] is the last component of the server's path or, with NAMEINARGS, the first word
 * of server_args. */
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "read/xinetd/service.h"
#include "table/reading/shell_word.h"
#include "table/reading/word_list.h"

static const char *const builtins[] = {
	"echo", "discard", "chargen", "daytime", "time", "tcpmux", "servers", "services", NULL
};

/* The words of a value, escaped, behind `extra` unused elements. */
static const char **escape_words(struct xinetd_service *service, const struct xinetd_value *value, size_t extra)
{
	size_t count = value ? value->count : 0;
	const char **list = pool_alloc(service->xinetd->pool, (count + extra + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[extra + i] = template_escaped(service->xinetd->pool, value->words[i]);
	return list;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* Warns of the first quote or comment in a value, because the program gets it as a part of its arguments. */
static void warn_of_words(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);

	for (size_t i = 0; value && !value->is_inherited && i < value->count; i++) {
		const char *word = value->words[i];
		const char *equals = attribute == ATTR_ENV ? strchr(word, '=') : NULL;
		bool is_comment = word[0] == '#' && i;

		if (!is_comment && !is_quote(equals ? equals[1] : word[0]))
			continue;
		if (is_comment)
			diag_warning(&service->entry->diags, value->word_at[i],
				     "%s: '%s' is passed to the program as an argument",
				     xinetd_rule(attribute)->name, word);
		else
			diag_warning(&service->entry->diags, value->word_at[i],
				     "%s: quotes mean nothing here: they are part of the word %s",
				     xinetd_rule(attribute)->name, word);
		diags_hint(&service->entry->diags, is_comment ? "a comment has a line of its own"
							     : "blanks alone separate words");
		return;
	}
}

static void warn_of_shell_argument(struct xinetd_service *service, const struct xinetd_value *server,
				   const struct xinetd_value *args)
{
	struct shell_scan scan = { 0 };

	shell_scan_word(&scan, server->words[0], true);
	for (size_t i = 0; args && !args->is_inherited && i < args->count; i++) {
		if (!shell_scan_word(&scan, args->words[i], true))
			continue;
		diag_warning(&service->entry->diags, args->word_at[i], SHELL_WORD_WARNING,
			     xinetd_rule(ATTR_SERVER_ARGS)->name, args->words[i]);
		diags_hint(&service->entry->diags, "write it into a script, and name that as server");
		return;
	}
}

static void set_server(struct xinetd_service *service)
{
	const struct xinetd_value *server = xinetd_value_of(service, ATTR_SERVER),
				  *args = xinetd_value_of(service, ATTR_SERVER_ARGS);
	bool named = service->flags & FLAG_NAMEINARGS;
	const char **list, *name;
	struct xinetd_value rest = { 0 };

	if (server->words[0][0] != '/')
		xinetd_entry_refuse(service->entry, server->word_at[0], "server: '%s' is no absolute path",
				    server->words[0]);
	if (named && !args) {
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_FLAGS),
				    "%s: NAMEINARGS needs server_args, whose first word is the name",
				    service->entry->label);
		return;
	}
	name = template_escaped(service->xinetd->pool,
				args && named ? args->words[0] : scan_base_name(server->words[0]));
	if (args)
		rest = (struct xinetd_value){ .words = args->words + named, .count = args->count - named };
	list = escape_words(service, &rest, 1);
	warn_of_words(service, ATTR_SERVER_ARGS);
	warn_of_shell_argument(service, server, args);
	list[0] = server->words[0];
	xinetd_set_words(service, "exec", list, rest.count + 1, server);
	xinetd_set_text(service, "argv0", name, named ? args->at : server->at);
	xinetd_set_text(service, "error", "socket", server->at);
}

static void set_builtin_program(struct xinetd_service *service)
{
	int number = xinetd_word_find(builtins, service->entry->name);
	struct origin at = xinetd_place(service, ATTR_TYPE);
	const char *list[] = { service->entry->name, "xinetd" };
	const struct xinetd_value value = { .at = at };
	bool has_form;

	if (number < 0) {
		const char *nearest = xinetd_word_suggest(builtins, service->entry->name);

		xinetd_entry_refuse(service->entry, at, "type = INTERNAL: superd itself has no service '%s'",
				    service->entry->name);
		diags_hint(&service->entry->diags, nearest ? "did you mean '%s'?" :
			   "it has echo, discard, chargen, daytime, time, tcpmux, servers and services%s",
			   nearest ? nearest : "");
		return;
	}
	list[0] = builtins[number];
	has_form = !strcmp(list[0], "daytime") || !strcmp(list[0], "chargen");
	xinetd_set_words(service, "builtin", list, 1 + has_form, &value);
}

void xinetd_set_program(struct xinetd_service *service)
{
	struct origin at = xinetd_place(service, ATTR_WAIT);

	xinetd_set_text(service, "accept", service->accepts ? "yes" : "no", at);
	xinetd_set_text(service, "pass", "inetd", at);
	if (service->flags & FLAG_SENSOR)
		return;
	if (xinetd_value_of(service, ATTR_REDIRECT)) {
		xinetd_set_as_is(service, ATTR_REDIRECT);
	} else if (service->type & IS_INTERNAL) {
		set_builtin_program(service);
	} else {
		xinetd_needs(service, ATTR_USER);
		if (xinetd_needs(service, ATTR_SERVER))
			set_server(service);
	}
}

static bool is_decimal(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

/* A builtin never runs as root, as it needs no rights. A number as `user` is also the number of the group. */
static void set_user_and_groups(struct xinetd_service *service)
{
	const struct xinetd_value *user = xinetd_value_of(service, ATTR_USER);
	bool own = service->type & IS_INTERNAL;

	if (!xinetd_value_of(service, ATTR_GROUPS))
		xinetd_set_text(service, "groups", "no", service->entry->at);
	if (own && user && (!strcmp(user->words[0], "root") || !user->words[0][strspn(user->words[0], "0")]))
		return;
	xinetd_set_as_is(service, ATTR_USER);
	xinetd_set_as_is(service, ATTR_GROUP);
	if (!xinetd_value_of(service, ATTR_GROUP) && user && is_decimal(user->words[0]))
		xinetd_set_text(service, "group", user->words[0], user->at);
	xinetd_set_as_is(service, ATTR_GROUPS);
}

/* For xinetd 0 is no limit. */
static void set_rlimits(struct xinetd_service *service)
{
	for (enum xinetd_attribute i = ATTR_RLIMIT_AS; i <= ATTR_RLIMIT_STACK; i++) {
		const struct xinetd_value *value = xinetd_value_of(service, i);

		if (!value || value->words[0][strspn(value->words[0], "0")])
			xinetd_set_as_is(service, i);
		else
			diag_warning(&service->entry->diags, value->at,
				     "%s: 0 means no limit, as with xinetd", xinetd_rule(i)->name);
	}
}

/* Without passenv a server gets xinetd's whole environment. */
static void set_env(struct xinetd_service *service)
{
	const struct xinetd_value *env = xinetd_value_of(service, ATTR_ENV);

	if (env) {
		xinetd_set_words(service, "env", escape_words(service, env, 0), env->count, env);
		warn_of_words(service, ATTR_ENV);
	}
	xinetd_set_as_is(service, ATTR_PASSENV);
	if (!xinetd_value_of(service, ATTR_PASSENV) && service->reading->compat == COMPAT_XINETD)
		xinetd_set_text(service, "passenv", "*", service->entry->at);
}

void xinetd_set_environment(struct xinetd_service *service)
{
	if (service->flags & FLAG_SENSOR)
		return;
	set_user_and_groups(service);
	set_rlimits(service);
	set_env(service);
	xinetd_set_as_is(service, ATTR_UMASK);
	xinetd_set_as_is(service, ATTR_NICE);
}
