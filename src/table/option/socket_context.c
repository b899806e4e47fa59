/* Reads the texts of socket_exec_options into the groups of a row of its own. */
#include "table/option/socket_context.h"

#include <string.h>

#include "lib/shell_words.h"

bool socket_context_takes(const struct directive *directive)
{
	static const char *const limits[] = { "timeout_start", "timeout_stop", "kill_signal", NULL };
	const char *name = directive->name[NATIVE];

	if (words_have(limits, name))
		return true;
	if (directive->flags & STRUCTURE)
		return false;
	switch (directive->group) {
	case GROUP_IDENTITY:
	case GROUP_ENVIRONMENT:
	case GROUP_LIMITS:
	case GROUP_HARDENING:
	case GROUP_PATHS:
	case GROUP_SYSCALLS:
	case GROUP_DIRECTORIES:
	case GROUP_SCHEDULING:
		return strcmp(name, "remove_ipc") != 0;
	default:
		return false;
	}
}

const char *socket_context_apply(words texts, struct option_groups *groups, struct pool *pool, const char **bad)
{
	bool *had = pool_alloc(pool, directive_count * sizeof(*had));
	const char *wrong = had ? NULL : "out of memory";

	for (; !wrong && texts && *texts; texts++) {
		struct parse parse = { .words = (const char *const[]){ "" }, .pool = pool };
		const char *equals = strchr(*texts, '='), *name;
		const struct directive *directive;
		const char *const *values;
		char *group;

		*bad = *texts;
		if (!equals)
			return "expected OPTION=value";
		name = pool_text_n(pool, *texts, (size_t)(equals - *texts));
		directive = name ? directive_find(NATIVE, name) : NULL;
		if (!directive || !socket_context_takes(directive))
			return name ? "the commands of a socket have no such option" : "out of memory";
		group = (char *)(uintptr_t)groups->group[directive->group];
		wrong = shell_words_split(pool, equals + 1, &values, &parse.count);
		parse.directive = directive;
		parse.append = had[directive_index(directive)] && directive->type->is_list;
		if (parse.count || directive->type->is_list)
			parse.words = values;
		else
			parse.count = 1;
		if (!wrong)
			wrong = type_parse(&parse, group + directive->offset);
		had[directive_index(directive)] = true;
	}
	return wrong;
}
