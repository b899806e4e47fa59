/* Folders made for a service and taken away again, also where its user has put traps into them. */
#include "tests/unit/rows.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>

#include "exec/stages/stages.h"
#include "superd/start/start.h"

static char run[80], state[80], cache[80], logs[80], configuration[80];

static void begin(void)
{
	set_up();
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(state, sizeof(state), "%s/lib", folder);
	process_defaults.runtime_directory = run;
	snprintf(cache, sizeof(cache), "%s/cache", folder);
	snprintf(logs, sizeof(logs), "%s/log", folder);
	snprintf(configuration, sizeof(configuration), "%s/etc", folder);
	process_defaults.state_directory = state;
	process_defaults.cache_directory = cache;
	process_defaults.logs_directory = logs;
	process_defaults.configuration_directory = configuration;
	umask(022);
	cr_assert_geq(program_get(PROGRAM_EXEC)->fd, 0);
}

TestSuite(directories, .init = begin, .fini = tear_down, .timeout = 120);

static const char *below(const char *name)
{
	static char path[2][512];
	static unsigned turn;

	snprintf(path[++turn & 1], sizeof(*path), "%s/%s", folder, name);
	return path[turn & 1];
}

static bool is_there(const char *name)
{
	struct stat status;

	return lstat(below(name), &status) == 0;
}

static void make_folder(const char *name)
{
	cr_assert_eq(mkdir(below(name), 0755), 0, "%s: %s", name, strerror(errno));
}

/* Returns whether nothing stays. */
static bool remove_all_of(const struct service *service)
{
	struct service row = *service;
	struct table alone = { .services = &row, .count = 1 };
	struct buf left = { 0 };
	bool good = leftovers_remove(&alone, service, &process_defaults, false, 0);

	removal_end(&left);
	good &= !left.length;
	buf_free(&left);
	return good;
}

static void remove_of(const struct service *service)
{
	cr_expect(remove_all_of(service), "%s", strerror(errno));
}

static const struct service *service_of(const char *lines)
{
	return row("service a { listen = 7\nexec = \"/bin/x\"\n%s\n}\n", lines);
}

/* What superd plans, and superd-exec then does. */
static bool make(const struct service *service)
{
	const struct account *account = service->account;
	struct plan plan = { .account = account && account->switches ? account : NULL };
	struct job job = { .plan = &plan };
	bool good = directories_plan(&plan, service, &process_defaults, &why);

	if (good && folders_make(&job) < 0) {
		directories_describe_fault(service, &process_defaults, job.fault.resource, errno, &why);
		good = false;
	}
	directories_plan_free(&plan);
	return good;
}

static void prepare(const struct service *service)
{
	buf_clear(&why);
	cr_assert(make(service), "%s", buf_string(&why));
	cr_expect_eq(why.length, 0u);
}

static void expect_refused(const struct service *service, const char *said)
{
	buf_clear(&why);
	cr_expect_not(make(service));
	cr_expect(strstr(buf_string(&why), said), "'%s' says not '%s'", buf_string(&why), said);
}

static size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	cr_assert(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

Test(directories, are_made_with_all_on_the_way)
{
	const struct service *service = service_of("runtime_directory = { a, \"b/c/d\" }\nstate_directory = { e }");
	size_t before = open_descriptors();
	struct stat status;

	prepare(service);
	cr_expect(is_there("run/a") && is_there("run/b/c/d") && is_there("lib/e"));
	cr_assert_eq(stat(below("run/b/c/d"), &status), 0);
	cr_expect_eq(status.st_mode, S_IFDIR | 0755u);
	prepare(service);
	cr_expect_eq(open_descriptors(), before);
}

Test(directories, are_none_when_none_are_wanted)
{
	prepare(service_of(""));
	cr_expect(!is_there("run") && !is_there("lib"));
	remove_of(service_of(""));
}

Test(directories, belong_to_the_user_but_not_those_on_the_way)
{
	struct stat status;

	skip_unless(geteuid() == 0, "it takes root");
	prepare(service_of(
		"runtime_directory = { \"b/c\" }\nstate_directory = { e }\nuser = \"65534\"\ngroup = \"65533\""));
	cr_assert_eq(stat(below("run/b/c"), &status), 0);
	cr_expect(status.st_uid == 65534 && status.st_gid == 65533);
	cr_assert_eq(stat(below("lib/e"), &status), 0);
	cr_expect(status.st_uid == 65534 && status.st_gid == 65533);
	cr_assert_eq(stat(below("run/b"), &status), 0);
	cr_expect(status.st_uid == 0 && status.st_gid == 0);
}

Test(directories, of_runtime_go_with_all_in_them_and_those_of_state_stay)
{
	const struct service *service = service_of("runtime_directory = { a, \"b/c\" }\nstate_directory = { e }");
	size_t before = open_descriptors();

	prepare(service);
	make_folder("run/a/deep");
	make_folder("run/a/deep/deeper");
	file_of("run/a/deep/deeper/file", "x", 1);
	file_of("run/a/file", "x", 1);
	file_of("run/b/other", "x", 1);
	file_of("lib/e/file", "x", 1);
	cr_assert_eq(mkfifo(below("run/a/fifo"), 0600), 0);
	remove_of(service);
	cr_expect_not(is_there("run/a"));
	cr_expect_not(is_there("run/b/c"));
	cr_expect(is_there("run/b/other"), "only the last part of a name is the service's");
	cr_expect(is_there("lib/e/file"));
	cr_expect_eq(open_descriptors(), before);
	remove_of(service);
}

Test(directories, are_removed_without_following_a_symlink_in_them)
{
	const struct service *service = service_of("runtime_directory = { a }");

	prepare(service);
	make_folder("precious");
	file_of("precious/file", "x", 1);
	cr_assert_eq(symlink(below("precious"), below("run/a/trap")), 0);
	cr_assert_eq(symlink(below("precious/file"), below("run/a/other")), 0);
	remove_of(service);
	cr_expect_not(is_there("run/a"));
	cr_expect(is_there("precious/file"));
}

Test(directories, are_no_symlinks)
{
	const struct service *service = service_of("runtime_directory = { a }");

	make_folder("run");
	make_folder("precious");
	file_of("precious/file", "x", 1);
	cr_assert_eq(symlink(below("precious"), below("run/a")), 0);
	expect_refused(service, "runtime_directory: ");
	remove_of(service);
	cr_expect(is_there("precious/file"));
	cr_expect(is_there("run/a"));
}

/* The user of a may rename what lies in it: a/b becomes a symlink to where a folder c is that superd, as root, must
 * not touch. */
Test(directories, are_not_reached_by_a_symlink_on_the_way)
{
	const struct service *service = service_of("runtime_directory = { a, \"a/b/c\" }");

	prepare(service);
	make_folder("precious");
	make_folder("precious/c");
	file_of("precious/c/file", "x", 1);
	cr_assert_eq(rmdir(below("run/a/b/c")), 0);
	cr_assert_eq(rmdir(below("run/a/b")), 0);
	cr_assert_eq(symlink(below("precious"), below("run/a/b")), 0);
	expect_refused(service, "a/b/c");
	service = service_of("runtime_directory = { \"a/b/c\" }");
	cr_expect_not(remove_all_of(service), "superd says that it stays");
	cr_expect(is_there("precious/c/file"));
}

Test(directories, are_refused_where_a_file_is_in_the_way)
{
	make_folder("run");
	file_of("run/a", "x", 1);
	expect_refused(service_of("runtime_directory = { a }"), "Not a directory");
	expect_refused(service_of("runtime_directory = { \"a/b\" }"), "Not a directory");
	remove_of(service_of("runtime_directory = { a }"));
	cr_expect(is_there("run/a"));
}

Test(directories, say_which_could_not_be_made)
{
	char base[128];

	snprintf(base, sizeof(base), "%s/lib", file_of("file", "x", 1));
	process_defaults.state_directory = base;
	expect_refused(service_of("state_directory = { e }"), "state_directory: ");
	cr_expect(strstr(buf_string(&why), "/file/lib/e: Not a directory (rows.conf:3)"), "%s", buf_string(&why));
}

Test(directories, have_a_base_that_is_made_with_all_above_it)
{
	char base[128];
	struct stat status;

	snprintf(base, sizeof(base), "%s/local/var//run", folder);
	process_defaults.runtime_directory = base;
	prepare(service_of("runtime_directory = { a }"));
	cr_expect(is_there("local/var/run/a"));
	cr_assert_eq(stat(below("local/var"), &status), 0);
	cr_expect_eq(status.st_mode, S_IFDIR | 0755u);
}

Test(directories, with_a_listener_in_them_stay)
{
	const struct service *service;

	service = row("service a { listen = { \"%s/run/a/in/sock\", \"%s/run/bb\" }\nexec = \"/bin/x\"\n"
		      "runtime_directory = { a, \"a/in\", b }\n}\n", folder, folder);
	prepare(service);
	file_of("run/a/in/sock", "", 0);
	file_of("run/b/file", "x", 1);
	remove_of(service);
	cr_expect(is_there("run/a/in/sock"));
	cr_expect_not(is_there("run/b"), "bb lies beside it and not in it");
}

/* 77: it can't be tried here. Mounts are of a process of its own, so that nothing is left if this dies. */
static int remove_with_mount(const struct service *service)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	if (mount(below("precious"), below("run/a/mounted"), NULL, MS_BIND, NULL) < 0)
		return 77;
	if (remove_all_of(service))
		return 4;
	if (!is_there("precious/file"))
		return 1;
	if (is_there("run/a/file"))
		return 2;
	return is_there("run/a/mounted/file") ? 0 : 3;
}

Test(directories, are_removed_without_going_into_a_mount)
{
	const struct service *service = service_of("runtime_directory = { a }");
	int status = 0;
	pid_t pid;

	prepare(service);
	make_folder("precious");
	make_folder("run/a/mounted");
	file_of("precious/file", "x", 1);
	file_of("run/a/file", "x", 1);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(remove_with_mount(service));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	skip_unless(status != 77 << 8, "nothing can be mounted here");
	cr_expect_eq(status, 0, "wait status %x", (unsigned)status);
	cr_expect(is_there("precious/file"));
}

/* 77: it can't be tried here. What is mounted may be anybody's, and may never answer. */
static int remove_what_is_covered(void)
{
	const struct service *service = service_of("runtime_directory = \"a/b\"");

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", below("run/a"), "tmpfs", 0, NULL) < 0)
		return 77;
	make_folder("run/a/b");
	if (remove_all_of(service) || !is_there("run/a/b"))
		return 1;
	return !remove_all_of(service_of("runtime_directory = { a }")) && is_there("run/a/b") ? 0 : 2;
}

Test(directories, stay_below_a_mount_and_where_one_is)
{
	int status = 0;
	pid_t pid;

	prepare(service_of("runtime_directory = { a }"));
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(remove_what_is_covered());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	skip_unless(status != 77 << 8, "nothing can be mounted here");
	cr_expect_eq(status, 0, "wait status %x", (unsigned)status);
}

Test(directories, of_superds_own_are_for_nobody)
{
	char control[128];

	snprintf(control, sizeof(control), "%s/mine/control", run);
	process_defaults.control = control;
	expect_refused(service_of("runtime_directory = mine"), "/run/mine: Operation not permitted (rows.conf:3)");
	/* as /var/run is a link to /run */
	cr_assert(mkdir(below("run"), 0755) == 0 && mkdir(below("run/mine"), 0755) == 0);
	cr_assert_eq(symlink("run", below("other")), 0);
	snprintf(control, sizeof(control), "%s//mine/control", below("other"));
	expect_refused(service_of("runtime_directory = mine"), "/run/mine: Operation not permitted (rows.conf:3)");
	prepare(service_of("runtime_directory = min"));
}

static mode_t mode_of(const char *name)
{
	struct stat status;

	cr_assert_eq(lstat(below(name), &status), 0, "%s: %s", name, strerror(errno));
	return status.st_mode & 07777;
}

Test(directories, makes_each_kind_below_its_own_folder_with_its_mode)
{
	prepare(service_of("cache_directory = a\nlogs_directory = { b, \"c/d\" }\nconfiguration_directory = e\n"
			   "cache_directory_mode = 0700\nlogs_directory_mode = 02750"));
	cr_expect_eq(mode_of("cache/a"), 0700u);
	cr_expect_eq(mode_of("log/b"), 02750u);
	cr_expect_eq(mode_of("log/c/d"), 02750u);
	cr_expect_eq(mode_of("log/c"), 0755u, "what lies above is the usual");
	cr_expect_eq(mode_of("etc/e"), 0755u);
}

Test(directories, leaves_the_mode_of_a_folder_that_was_there_unless_the_table_has_one)
{
	prepare(service_of("state_directory = a"));
	cr_assert_eq(chmod(below("lib/a"), 0711), 0);
	prepare(service_of("state_directory = a"));
	cr_expect_eq(mode_of("lib/a"), 0711u);
	prepare(service_of("state_directory = a\nstate_directory_mode = 0755"));
	cr_expect_eq(mode_of("lib/a"), 0755u);
}

Test(directories, makes_a_link_that_leads_to_the_folder_from_wherever_it_lies)
{
	char target[32] = "";

	prepare(service_of("state_directory = { \"a:b\", \"c/d:e/f/g\" }"));
	cr_assert_eq(readlink(below("lib/b"), target, sizeof(target) - 1), 1);
	cr_expect_str_eq(target, "a");
	cr_expect_eq(mode_of("lib/e/f/g/"), 0755u);
	prepare(service_of("state_directory = \"a:b\""));
	cr_expect(is_there("lib/b"), "a second start finds it good");
}

Test(directories, refuses_a_link_where_something_else_lies)
{
	make_folder("lib");
	make_folder("lib/b");
	expect_refused(service_of("state_directory = \"a:b\""), "state_directory: ");
}

Test(directories, keeps_runtime_folders_as_runtime_directory_preserve_says)
{
	const struct service *service = service_of("runtime_directory = a\nruntime_directory_preserve = yes");
	struct table none = { .count = 0 };

	prepare(service);
	remove_of(service);
	cr_expect(is_there("run/a"));
	service = service_of("runtime_directory = \"b:c\"\nruntime_directory_preserve = restart");
	prepare(service);
	cr_expect(leftovers_remove(&none, service, &process_defaults, true, 0));
	removal_end(&why);
	cr_expect(is_there("run/b"), "it may be started again");
	remove_of(service);
	cr_expect_not(is_there("run/b"));
	cr_expect_not(is_there("run/c"), "the link goes with it");
}

/* Nobody knows how much is in it, and the loop has others to serve. */
Test(directories, are_removed_by_another_process_for_which_the_next_start_waits)
{
	const struct service *service = service_of("runtime_directory = { a, \"b/c\" }");
	struct table none = { .count = 0 };
	pid_t pid;

	prepare(service);
	file_of("run/a/file", "x", 1);
	file_of("run/b/c/file", "x", 1);
	cr_expect(leftovers_remove(&none, service, &process_defaults, false, 0));
	cr_expect_eq(removal_make_way("b", 0, true), 0, "it is another service's");
	pid = removal_make_way("a", 0, true);
	cr_expect_gt(pid, 0);
	removal_end(&why);
	cr_expect_eq(why.length, 0u, "%s", buf_string(&why));
	cr_expect_eq(waitpid(-1, NULL, 0), -1, "superd ends, so it waits for them");
	cr_expect_eq(rmdir(below("run/b")), 0);
	cr_expect_eq(rmdir(below("run")), 0, "something is left: %s", strerror(errno));
}

/* A start ends what removes objects of its user. */
Test(directories, are_removed_though_another_service_of_the_user_starts)
{
	const struct service *service = service_of("runtime_directory = a");
	struct table none = { .count = 0 };
	const uid_t user = 4242;
	char name[32];

	prepare(service);
	for (int n = 0; n < 1000; n++) {
		snprintf(name, sizeof(name), "run/a/%d", n);
		file_of(name, "x", 1);
	}
	cr_expect(leftovers_remove(&none, service, &process_defaults, false, user));
	kill(removal_at(0)->pid, SIGSTOP);
	cr_expect_eq(removal_make_way("b", user, false), 0);
	cr_expect_eq(removal_make_way("b", user, false), 0, "and it goes on");
	removal_end(&why);
	cr_expect_eq(why.length, 0u, "%s", buf_string(&why));
	cr_expect_not(is_there("run/a"));
}

Test(directories, leave_a_link_that_leads_elsewhere)
{
	const struct service *service = service_of("runtime_directory = { \"a:b\", \"c:d/e\" }");

	prepare(service);
	cr_assert_eq(unlink(below("run/b")), 0);
	cr_assert_eq(symlink("elsewhere", below("run/b")), 0);
	remove_of(service);
	cr_expect_not(is_there("run/a"));
	cr_expect(is_there("run/b"), "it is somebody else's");
	cr_expect_not(is_there("run/d/e"));
}

/* The user of a may rename what lies in it, and have the link be looked for where another has one of that name. */
Test(directories, leave_a_link_that_is_reached_by_a_symlink_on_the_way)
{
	const struct service *service = service_of("runtime_directory = \"a:a/in/link\"");

	prepare(service);
	make_folder("precious");
	cr_assert_eq(symlink("../../a", below("precious/link")), 0);
	cr_assert_eq(unlink(below("run/a/in/link")), 0);
	cr_assert_eq(rmdir(below("run/a/in")), 0);
	cr_assert_eq(symlink(below("precious"), below("run/a/in")), 0);
	remove_of(service);
	cr_expect(is_there("precious/link"));
	cr_expect_not(is_there("run/a"));
}
