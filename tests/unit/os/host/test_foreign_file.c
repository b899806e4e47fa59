/* Files that a service's user may have put there: read with his rights. */
#include "os/host/host.h"

#include "tests/unit/unit.h"

#define GROUP 60124

static char folder[] = "/tmp/superd-foreign-XXXXXX";

/* Which text it reads as a user with this group; "": none. */
static const char *read_as(gid_t group, const char *name)
{
	const struct account account = { .name = "a", .uid = 60123, .gid = group, .switches = true };
	static char got[64];
	size_t length = 0;
	char path[128], *text;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	text = foreign_read_file(path, &account, 1000, &length);
	snprintf(got, sizeof(got), "%s", text ? text : "");
	free(text);
	return got;
}

/* Its members can put a link there. */
Test(foreign_file, in_a_folder_of_the_users_group_is_read_with_his_rights)
{
	char path[128], command[64];

	if (geteuid() != 0)
		cr_skip_test("becoming another user needs root");
	cr_assert(mkdtemp(folder));
	cr_assert_eq(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/shared", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chown(path, 0, GROUP), 0);
	cr_assert_eq(chmod(path, 0775), 0);
	put_file(folder, "secret", 0600, "secret");
	put_file(folder, "shared/open", 0644, "open");
	snprintf(path, sizeof(path), "%s/shared/link", folder);
	cr_assert_eq(symlink("../secret", path), 0);
	cr_expect_str_eq(read_as(GROUP, "shared/open"), "open");
	cr_expect_str_eq(read_as(GROUP, "shared/link"), "");
	cr_expect_str_eq(read_as(GROUP + 1, "shared/open"), "open");
	cr_expect_str_eq(read_as(GROUP + 1, "shared/link"), "", "any member of the group can have put it there");
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}
