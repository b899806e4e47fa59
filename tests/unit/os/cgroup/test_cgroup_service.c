/* The names of services as folders, and what is kept open of them: any folder does for that. */
#include "os/cgroup/cgroup.h"
#include "tests/unit/unit.h"

static char base[] = "/g";
static const struct cgroups cgroups = { .base = base };

static void expect_name(const char *service, const char *path)
{
	char *name = cgroups_service_path(&cgroups, service);

	cr_expect_str_eq(name, path);
	free(name);
}

Test(cgroup_kept, is_called_as_its_service)
{
	expect_name("web", "/g/web.service");
	expect_name("web@1.2-3", "/g/web@1.2-3.service");
}

Test(cgroup_kept, no_name_leads_elsewhere_is_hidden_or_anothers)
{
	expect_name("a/b", "/g/a\\x2fb.service");
	expect_name("a_b", "/g/a_b.service");
	expect_name("a\\x2fb", "/g/a\\x5cx2fb.service");
	expect_name("..", "/g/\\x2e..service");
	expect_name(".x y\n", "/g/\\x2ex\\x20y\\x0a.service");
}

Test(cgroup_kept, a_name_longer_than_a_folder_may_have_gets_none)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_expect_null(cgroups_service_path(&cgroups, name));
	name[100] = '\0';
	memset(name, '/', 100);
	cr_expect_null(cgroups_service_path(&cgroups, name));
}

Test(cgroup_kept, none_is_taken_where_there_is_no_folder)
{
	bool fresh = true;

	cr_expect_lt(cgroup_service_open("/nonexistent/it.service", &fresh), 0);
	cr_expect_not(fresh);
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

static void write_events(const char *text)
{
	int fd = open(in_folder("cgroup.events"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

Test(cgroup_kept, says_each_time_anew_whether_anybody_is_in_it, .init = make_folder)
{
	int group, events;
	bool fresh;

	write_events("populated 0\nfrozen 0\n");
	group = cgroup_service_open(folder, &fresh);
	cr_expect_not(fresh);
	events = cgroup_open_events(group);
	cr_expect_eq(cgroup_read_events(events), 0);
	write_events("populated 1\nfrozen 0\n");
	cr_expect_eq(cgroup_read_events(events), 1);
	cr_expect_eq(cgroup_read_events(events), 1);
	close(events);
	cr_expect_eq(cgroup_read_events(events), -1);
	close(group);
	unlink(in_folder("cgroup.events"));
	rmdir(folder);
}

static ino_t inode_of(int fd)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return status.st_ino;
}

Test(cgroup_kept, one_that_was_taken_away_is_made_and_opened_in_its_place, .init = make_folder)
{
	char path[128];
	struct stat named;
	bool fresh;
	int group;

	strcpy(path, in_folder("it.service"));
	group = cgroup_service_open(path, &fresh);
	cr_expect(fresh);
	cr_assert_eq(rmdir(path), 0);
	cr_expect(cgroup_service_reopen(path, group));
	cr_assert_eq(stat(path, &named), 0);
	cr_expect_eq(inode_of(group), named.st_ino);
	cr_expect(fcntl(group, F_GETFD) & FD_CLOEXEC);
	rmdir(path);
	rmdir(folder);
	cr_expect_not(cgroup_service_reopen(path, group), "nor is there a place for it");
	close(group);
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
