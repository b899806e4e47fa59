/* The folders of groups: any folder does for that. */
#include "os/cgroup/cgroup.h"
#include "tests/unit/unit.h"

Test(cgroup_kept, none_is_taken_where_there_is_no_folder)
{
	cr_expect_lt(cgroup_service_open("/nonexistent/it.service"), 0);
}

static char folder[64];

static void make_folder(void)
{
	strcpy(folder, "/tmp/superd-kept-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

Test(cgroup_kept, a_group_whose_processes_cannot_be_listed_has_not_got_the_signal, .init = make_folder)
{
	char missing[] = "/nowhere/it.service";

	cr_expect(cgroup_signal(missing, SIGTERM), "a group that is gone has no processes");
	cr_assert_eq(mkdir(in_folder("it.service"), 0700), 0);
	cr_expect_not(cgroup_signal(in_folder("it.service"), SIGTERM));
	rmdir(in_folder("it.service"));
	rmdir(folder);
}
