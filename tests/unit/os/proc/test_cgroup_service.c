/* The folders of groups: any folder does for that. */
#include <sys/resource.h>

#include "os/proc/proc.h"
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

/* Else what is in it would be left alone. */
Test(cgroup_kept, a_group_that_cannot_be_asked_is_not_empty)
{
	struct rlimit before;
	bool is_populated;

	cr_expect_not(cgroup_is_populated("/nonexistent/it.service"));
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
	is_populated = cgroup_is_populated("/nonexistent/it.service");
	setrlimit(RLIMIT_NOFILE, &before);
	cr_expect(is_populated);
}

/* Its user makes them, if it is delegated. */
Test(cgroup_kept, a_group_goes_with_those_below_it_whatever_their_names, .init = make_folder)
{
	char name[NAME_MAX + 1];
	int at = open(folder, O_PATH | O_CLOEXEC), below;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (int depth = 0; depth < CGROUP_DEPTH_MOST; depth++) {
		cr_assert_eq(mkdirat(at, ".hidden", 0700), 0);
		cr_assert_eq(mkdirat(at, name, 0700), 0);
		below = openat(at, name, O_PATH | O_CLOEXEC);
		cr_assert_geq(below, 0);
		close(at);
		at = below;
	}
	close(at);
	cr_expect(cgroup_remove(folder));
}
