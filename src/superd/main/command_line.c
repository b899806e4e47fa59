/* Finds the name that superd is called by, and reads the command line of that program. */
#include "superd/main/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fs/runtime_dir.h"
#include "table/option/option_table.h"

static const struct {
	bool (*read)(struct options *options, int argc, char **argv);
	void (*help)(void);
} personas[] = {
	[AS_SUPERD] = { as_superd_read, as_superd_help },
	[AS_INETD] = { as_inetd_read, as_inetd_help },
	[AS_XINETD] = { as_xinetd_read, as_xinetd_help },
};

/* Looks at the last component of argv[0], without a login shell's dash. Debian's inetd is also called openbsd-inetd. */
static enum invoked_as find_invoked_as(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t length;

	name = slash ? slash + 1 : name;
	name += *name == '-';
	length = strlen(name);
	if (!strcmp(name, "xinetd"))
		return AS_XINETD;
	if (!strcmp(name, "inetd") || (length > 6 && !strcmp(name + length - 6, "-inetd")))
		return AS_INETD;
	return AS_SUPERD;
}

/* Whether superd could make a control socket below the runtime folder. Root's may come later, with the file system. */
static bool has_runtime_folder(void)
{
	const char *folder = runtime_dir();

	return !getuid() || strcmp(folder, RUNSTATEDIR) != 0 || access(RUNSTATEDIR "/superd", W_OK) == 0 ||
	       access(folder, W_OK) == 0;
}

/* superctl looks in the same places. A superd with -l has a name of its own, because a service that is only tried out
 * must not take the place of the machine's superd. false: a message was printed. */
static bool set_default_control(struct options *options)
{
	const char *named = getenv("SUPERD_CONTROL"), *why;
	char number[24];

	if (options->given.control)
		return true;
	if (named && *named) {
		if (!strncmp(named, "./", 2) || !strncmp(named, "../", 3))
			named = options_path(options, "", named);
		if (!named)
			return false;
		why = global_directives[GLOBAL_CONTROL].type->refuse(named);
		if (why)
			fprintf(stderr, "%s: SUPERD_CONTROL=%s: %s\n", options_name(options), named, why);
		options->default_control = named;
		return !why;
	}
	if (!options->endpoints.count && has_runtime_folder())
		return true;
	snprintf(number, sizeof(number), "%lu", (unsigned long)getuid());
	options->default_control = options_join(options, "@superd-", number);
	return options->default_control;
}

bool command_line_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.invoked_as = find_invoked_as(argc > 0 ? argv[0] : ""), .preflight = true,
		.control_gid = (gid_t)-1, .guard = GUARD_UNSET, .arguments = argv,
	};
	globals_init(&options->given);
	if (!personas[options->invoked_as].read(options, argc, argv) || !set_default_control(options))
		return false;
	options->settings = options_join_settings(options, NULL);
	return true;
}

void command_line_help(enum invoked_as invoked_as)
{
	personas[invoked_as].help();
}
