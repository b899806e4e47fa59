/* Files of variables in folders of others. */
#include <sys/stat.h>

#include "harness.h"
#include "reading.h"

#define OTHER 65534

static struct reading report_of(const char *options)
{
	const char *report = path_in("report");
	struct superd *superd =
		superd_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%s\"\n %s\n}\n",
			   report_to(report), own_user(), options);
	struct reading reading;

	cr_expect_str_eq(client_ask(superd_port(superd, "a"), "hello\n"), "reported");
	reading = reading_wait(report);
	superd_stop(superd);
	return reading;
}

/* superd-exec reads them for superd, as the user. */
Behaviour(variables_file, variables_in_a_users_folder_are_read_with_his_rights)
{
	const char *folder = path_in("theirs"), *report = path_in("report");
	const char *secret = write_file("secret", "%s", "own=hidden\n");
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root");
	cr_assert(mkdir(folder, 0755) == 0 && chmod(secret, 0600) == 0);
	cr_assert_eq(symlink(secret, path_in("theirs/key")), 0);
	write_file("theirs/variables", "%s", "own=his\n");
	cr_assert(chown(folder, OTHER, OTHER) == 0);
	reading_expect(report_of(text_of("environment_file = \"%s\"", path_in("theirs/variables"))), "env.own", "his");
	reading_expect(report_of(text_of("environment_file = \"%s\"", path_in("th*s/v*"))), "env.own", "his");
	cr_expect_null(reading_get(report_of(text_of("environment_file = \"-%s\"", path_in("theirs/none"))),
				   "env.own"));
	superd = superd_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%d\"\n"
			    " environment_file = \"%s\"\n}\n", report_to(report), OTHER, path_in("theirs/key"));
	close(client_connect(superd_port(superd, "a")));
	superd_wait_log(superd, text_of("%s: Permission denied: ", path_in("theirs/key")));
	superd_wait_log(superd, ", who could replace it by a link"); /* why his rights were taken */
}
