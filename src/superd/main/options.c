/* The functions that the command lines of superd, inetd and xinetd share. */
#include "superd/main/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table/option/option_table.h"
#include "table/sources/source_name.h"

const char *options_name(const struct options *options)
{
	static const char *const names[] = { [AS_SUPERD] = "superd", [AS_INETD] = "inetd", [AS_XINETD] = "xinetd" };

	return names[options->invoked_as];
}

bool options_read_standard_input(const struct options *options)
{
	for (size_t n = 0; n < options->sources.count; n++) {
		if (!strcmp(source_name_path(options->sources.list[n]), "-"))
			return true;
	}
	return false;
}

bool options_add(const struct options *options, struct cli_texts *texts, const char *text)
{
	bool added = cli_texts_add(texts, text);

	if (!added)
		fprintf(stderr, "%s: out of memory\n", options_name(options));
	return added;
}

/* A path of a shell user, such as ./control; a word without a slash may be a misspelled none. */
static bool is_relative_path(const char *text)
{
	return *text != '/' && *text != '@' && strchr(text, '/');
}

const char *options_set_control(void *context, const struct cli_option *option, const char *text)
{
	struct options *options = context;

	(void)option;
	if (is_relative_path(text))
		text = options_path(options, "", text);
	if (!text)
		return "its path cannot be made absolute";
	options->given.control = text;
	return global_directives[GLOBAL_CONTROL].type->refuse(text)
		? "expected a path with a slash, such as ./control, @name, or none" : NULL;
}

const char *options_set_compat(void *context, const struct cli_option *option, const char *name)
{
	struct options *options = context;

	(void)option;
	options->compat = compat_find(name, strlen(name));
	return options->compat != COMPAT_NONE ? NULL : "expected openbsd, freebsd, netbsd, gnu, busybox or xinetd";
}

struct globals options_join_settings(const struct options *options, const struct globals *globals)
{
	struct globals joined = globals_join(&options->given, globals);

	if (!joined.control)
		joined.control = options->default_control;
	return joined;
}

const char *options_join(struct options *options, const char *prefix, const char *text)
{
	const char *joined = NULL;

	if (!options->pool)
		options->pool = pool_new();
	if (options->pool)
		joined = pool_textf(options->pool, "%s%s", prefix, text);
	if (!joined)
		fprintf(stderr, "%s: out of memory\n", options_name(options));
	return joined;
}

const char *options_path(struct options *options, const char *prefix, const char *path)
{
	char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
	const char *start = prefix;

	while (!strncmp(path, "./", 2))
		path += 2 + strspn(path + 2, "/");
	if (folder) {
		start = options_join(options, prefix, folder);
		start = start ? options_join(options, start, "/") : NULL;
	}
	free(folder);
	return start ? options_join(options, start, path) : NULL;
}

void options_free(struct options *options)
{
	pool_free(options->pool);
	pool_free(options->settings_pool);
	nonempty_sources_free(&options->nonempty);
	nonempty_sources_free(&options->next_nonempty);
	free(options->sources.list);
	free(options->optional_sources.list);
	free(options->endpoints.list);
	free(options->environment.list);
	free(options->fdnames.list);
}
