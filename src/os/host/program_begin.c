/* superd and its programs agree on everything between them, so they must be of one build. A package manager may stop
 * between two files, and somebody may copy one alone. */
#include "os/host/program_begin.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"

/* Names the file, as the path that superd has opened may lead to another one by now. */
static _Noreturn void end_as_other(const char *name)
{
	char file[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", file, sizeof(file) - 1);

	file[length > 0 ? length : 0] = '\0';
	fprintf(stderr, "%s is of build %s, and was started by a superd of another build: install superd and its "
		"programs from one package, then upgrade superd (superctl upgrade)\n", *file ? file : name, build_id());
	exit(PROGRAM_OTHER_BUILD);
}

bool program_take_word(const char *name, int *argc, char **argv)
{
	prctl(PR_SET_NAME, name);       /* that of a program executed by its descriptor is a number before Linux 6.14 */
	if (*argc < 2 || strcmp(argv[1], build_word()) != 0)
		return false;
	memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof(*argv));
	--*argc;
	return true;
}

void program_begin(const char *name, bool by_hand, int *argc, char **argv)
{
	bool has_word = *argc > 1 && !strncmp(argv[1], "--build=", sizeof("--build=") - 1);

	self_sandbox_begin();
	if (!program_take_word(name, argc, argv) && (has_word || !by_hand))
		end_as_other(name);
}
