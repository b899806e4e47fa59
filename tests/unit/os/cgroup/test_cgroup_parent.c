/* Whose folder it is that a superd puts its groups in. Any file system does; real groups have files in them that go
 * with them, which these lack. */
#include <sys/xattr.h>

#include "os/cgroup/cgroup.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

static char folder[64], name[192];

static void make_folder(void)
{
	char suffix[24];

	strcpy(folder, "/tmp/superd-base-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cgroup_parent_suffix(suffix, sizeof(suffix));
	snprintf(name, sizeof(name), "%s/" CGROUP_BASE "%ld%s", folder, (long)getpid(), suffix);
}

static const char *below(const char *base, const char *more)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s", base, more);
	return path;
}

static void expect_claim(const char *path)
{
	char *base = cgroup_parent_claim(folder);

	cr_assert_not_null(base);
	cr_expect_str_eq(base, path);
	cr_expect_eq(access(path, F_OK), 0);
	free(base);
}

/* One that cannot be removed, as somebody is in it. */
static void make_full(const char *base)
{
	FILE *file;

	cr_assert_eq(mkdir(base, 0755), 0);
	cr_assert_eq(mkdir(below(base, "/it.service"), 0755), 0);
	file = fopen(below(base, "/it.service/cgroup.procs"), "w");
	cr_assert_not_null(file);
	fclose(file);
}

static void remove_full(const char *base)
{
	unlink(below(base, "/it.service/cgroup.procs"));
	rmdir(below(base, "/it.service"));
	rmdir(base);
}

Test(cgroup_base, what_an_earlier_one_of_the_same_pid_left_empty_is_made_anew, .init = make_folder)
{
	cr_assert_eq(mkdir(name, 0755), 0);
	cr_assert_eq(mkdir(below(name, "/it.service"), 0755), 0);
	expect_claim(name);
	cr_expect_neq(access(below(name, "/it.service"), F_OK), 0);
	rmdir(name);
	rmdir(folder);
}

Test(cgroup_base, whom_an_earlier_one_left_is_not_mixed_with_ours, .init = make_folder)
{
	char second[256], third[256];

	strcpy(second, below(name, ".2"));
	strcpy(third, below(name, ".3"));
	make_full(name);
	make_full(second);
	expect_claim(third);
	remove_full(name);
	remove_full(second);
	rmdir(third);
	rmdir(folder);
}

Test(cgroup_base, none_is_claimed_where_nobody_may_make_one)
{
	strcpy(folder, "/proc");
	cr_expect_null(cgroup_parent_claim(folder));
	cr_expect_null(cgroup_parent_claim("/nonexistent"));
}

/* Whether this process is found in such a base folder, by a socket that it has. mine: superd's own base. */
static bool is_left(const char *base, const char *mine)
{
	struct cgroups cgroups = { .own = folder, .base = (char *)(uintptr_t)mine };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct file_id id;
	struct stat status;
	struct left_search search = { 0 }, again = { 0 };
	struct left_group *group;
	FILE *file;
	bool found;

	cr_assert(fd >= 0 && fstat(fd, &status) == 0);
	id = (struct file_id){ status.st_dev, status.st_ino };
	mkdir(below(base, "/it-1"), 0755);
	file = fopen(below(base, "/it-1/cgroup.procs"), "w");
	cr_assert_not_null(file);
	fprintf(file, "%ld\n", (long)getpid());
	fclose(file);
	group = cgroup_parent_next_left(&cgroups, &id, 1, &search);
	found = group && !strcmp(group->path, below(base, "/it-1")) && search.pid == getpid();
	close(fd);
	cr_expect_null(cgroup_parent_next_left(&cgroups, &id, 1, &again), "nobody has the socket by now");
	cgroup_parent_forget_left(&cgroups.left);
	unlink(below(base, "/it-1/cgroup.procs"));
	rmdir(below(base, "/it-1"));
	return found;
}

/* Where a folder of this pid stands, of a superd in our namespace. */
static const char *base_of(pid_t pid, const char *more)
{
	static char path[256];
	char suffix[24];

	cgroup_parent_suffix(suffix, sizeof(suffix));
	snprintf(path, sizeof(path), "%s/" CGROUP_BASE "%ld%s%s", folder, (long)pid, suffix, more);
	return path;
}

static pid_t ended_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void make(const char *path)
{
	cr_assert_eq(mkdir(path, 0755), 0);
}

static void clear(void)
{
	char order[96];

	snprintf(order, sizeof(order), "rm -r %s", folder);
	cr_assert_eq(system(order), 0);
}

Test(cgroup_base, of_superds_that_are_gone_is_what_has_no_process, .init = make_folder)
{
	pid_t pid = ended_process(), parent = getppid();
	char gone[256], again[256], other[256], lives[256];

	strcpy(gone, base_of(pid, ""));
	strcpy(again, base_of(pid, ".2"));
	strcpy(other, base_of(pid, "-1"));
	strcpy(lives, base_of(parent, ""));
	make(gone), make(again), make(other), make(lives), make(name);
	cr_expect(is_left(gone, name) && is_left(again, name));
	cr_expect_not(is_left(other, name), "of another namespace");
	cr_expect_not(is_left(lives, name));
	cr_expect_not(is_left(name, name), "our own");
	cr_expect(is_left(name, again), "it was an earlier one's, of our pid");
	clear();
}

/* Both, as each is asked to end before it is killed. */
Test(cgroup_base, each_group_with_the_socket_is_found_and_keeps_its_order, .init = make_folder)
{
	const char *names[] = { "/it-1", "/it-2" };
	struct cgroups cgroups = { .own = folder };
	struct left_search search = { 0 }, again = { 0 }, later = { 0 };
	struct left_group *first, *second;
	char gone[256], file[320];
	struct stat status;
	struct file_id id;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(gone, base_of(ended_process(), ""));
	make(gone);
	for (size_t n = 0; n < 2; n++) {
		FILE *processes;

		make(below(gone, names[n]));
		snprintf(file, sizeof(file), "%s%s/cgroup.procs", gone, names[n]);
		processes = fopen(file, "w");
		cr_assert_not_null(processes);
		fprintf(processes, "%ld\n", (long)getpid());
		fclose(processes);
	}
	cr_assert(fd >= 0 && fstat(fd, &status) == 0);
	id = (struct file_id){ status.st_dev, status.st_ino };
	first = cgroup_parent_next_left(&cgroups, &id, 1, &search);
	second = cgroup_parent_next_left(&cgroups, &id, 1, &search);
	cr_assert(first && second && first != second);
	cr_expect_null(cgroup_parent_next_left(&cgroups, &id, 1, &search));
	first->kill_at = 3.;
	cgroups.left.read_again = 0;
	first = cgroup_parent_next_left(&cgroups, &id, 1, &again);
	cr_assert_not_null(first);
	cr_expect_eq(first->kill_at, 3., "what was ordered outlives another reading");
	cr_expect_eq(cgroup_parent_next_left(&cgroups, &id, 1, &later), first);
	cgroup_parent_forget_left(&cgroups.left);
	close(fd);
	clear();
}

Test(cgroup_base, none_is_believed_that_others_could_write, .init = make_folder)
{
	pid_t pid = ended_process();
	char open[256], stranger[256];

	strcpy(open, base_of(pid, ""));
	strcpy(stranger, base_of(pid, ".2"));
	make(open), make(stranger);
	cr_assert_eq(chmod(open, 0777), 0);
	if (chown(stranger, geteuid() == 65534 ? 65533 : 65534, getegid()) < 0)
		rmdir(stranger);        /* only root can show that */
	cr_expect_not(is_left(open, name));
	cr_expect(access(stranger, F_OK) < 0 || !is_left(stranger, name));
	clear();
}

/* Of tmpfs since Linux 6.6, of control groups since 5.7. */
#define SKIP_WITHOUT_MARKS(path) \
	do { \
		if (lsetxattr(path, "user.superd.owner", "1 1", 3, 0) < 0) { \
			clear(); \
			cr_skip_test("this file system keeps no attributes of users"); \
		} \
	} while (0)

Test(cgroup_base, a_pid_that_is_anothers_by_now_is_no_superd, .init = make_folder)
{
	char before[256], owner[32];

	strcpy(before, base_of(getppid(), ""));
	make(before);
	SKIP_WITHOUT_MARKS(before);
	snprintf(owner, sizeof(owner), "%ld 1", (long)getppid());
	cr_assert_eq(lsetxattr(before, "user.superd.owner", owner, strlen(owner), 0), 0);
	cr_expect(is_left(before, name), "whoever has the pid began at another time");
	clear();
}

Test(cgroup_base, one_whose_guard_was_replaced_lives, .init = make_folder)
{
	char before[256];

	strcpy(before, base_of(ended_process(), ""));
	make(before);
	SKIP_WITHOUT_MARKS(before);
	cr_expect(is_left(before, name), "its owner has another start time");
	cgroup_parent_mark(before);
	cr_expect_not(is_left(before, name));
	clear();
}

Test(cgroup_base, one_whose_guard_has_died_lives, .init = make_folder)
{
	char before[256], owner[96];
	long gone = (long)ended_process();
	struct process own;

	strcpy(before, base_of((pid_t)gone, ""));
	make(before);
	SKIP_WITHOUT_MARKS(before);
	cr_assert(process_read(getpid(), &own));
	snprintf(owner, sizeof(owner), "%ld 1 %ld %lld", gone, (long)getpid(), (long long)own.start_time);
	cr_assert_eq(lsetxattr(before, "user.superd.owner", owner, strlen(owner), 0), 0);
	cr_expect_not(is_left(before, name));
	snprintf(owner, sizeof(owner), "%ld 1 %ld 1", gone, (long)getpid());
	cr_assert_eq(lsetxattr(before, "user.superd.owner", owner, strlen(owner), 0), 0);
	cr_expect(is_left(before, name), "when both are gone");
	clear();
}

Test(cgroup_base, one_that_lives_is_known_by_when_it_began, .init = make_folder)
{
	char *base, left[256];
	pid_t pid;
	int ends[2];

	make(base_of(getppid(), ""));
	SKIP_WITHOUT_MARKS(base_of(getppid(), ""));
	rmdir(base_of(getppid(), ""));
	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(ends[1]);
		base = cgroup_parent_claim(folder);
		_exit(!base || read(ends[0], &byte, 1) < 0);
	}
	close(ends[0]);
	for (int n = 0; n < HANG_MS / 10 && lgetxattr(base_of(pid, ""), "user.superd.owner", NULL, 0) < 0; n++)
		usleep(10000);
	strcpy(left, base_of(pid, ""));
	cr_expect_not(is_left(left, name));
	close(ends[1]);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect(is_left(left, name));
	clear();
}
