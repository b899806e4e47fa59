/* Finds the name that superd is called by, and reads the command line of that program. */
#include "cli/superd/command_line.h"

#include <string.h>

#include "cli/superd/as_inetd.h"
#include "cli/superd/as_superd.h"
#include "cli/superd/as_xinetd.h"

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

bool command_line_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.invoked_as = find_invoked_as(argc > 0 ? argv[0] : ""), .preflight = true,
		.control_gid = (gid_t)-1, .arguments = argv,
	};
	globals_init(&options->given);
	if (!personas[options->invoked_as].read(options, argc, argv))
		return false;
	options->settings = globals_join(&options->given, NULL);
	return true;
}

void command_line_help(enum invoked_as invoked_as)
{
	personas[invoked_as].help();
}
