/* The arrangement of descriptors in a child, in every order there is, and its control group. Each case forks, for it
 * takes the numbers that the test runner lives by. */
#include "superd/start/start.h"
#include "tests/unit/unit.h"

#define PLACES 4
#define SOURCES 8                       /* from 0 on */
#define SPARE 100                       /* where a copy of each is kept */

TestSuite(child, .timeout = 120);

/* Opens a pipe for each source, so that each number is a file of its own. */
static void open_sources(ino_t *inodes)
{
	for (int fd = 3; fd < 2 * SPARE; fd++)
		close(fd);              /* those of the runner */
	for (int fd = 0; fd < SOURCES; fd++) {
		int ends[2];
		struct stat status;

		if (pipe(ends) < 0)
			_exit(10);
		if (fcntl(ends[0], F_DUPFD_CLOEXEC, SPARE + fd) != SPARE + fd)
			_exit(11);
		close(ends[0]);
		close(ends[1]);
		if (fstat(SPARE + fd, &status) < 0)
			_exit(12);
		inodes[fd] = status.st_ino;
	}
	for (int fd = 0; fd < SOURCES; fd++) {
		if (dup3(SPARE + fd, fd, O_CLOEXEC) != fd)
			_exit(13);
	}
}

/* 0 when every wanted one is at its place and stays over an exec, and the others went. */
static int examine(const int *wanted, int count, const ino_t *inodes)
{
	for (int n = 0; n < count; n++) {
		struct stat status;

		if (wanted[n] < 0) {
			if (fcntl(n, F_GETFD) >= 0)
				return 20 + n;
			continue;
		}
		if (fstat(n, &status) < 0 || status.st_ino != inodes[wanted[n]])
			return 40 + n;
		if (fcntl(n, F_GETFD) != 0)
			return 60 + n;
	}
	for (int fd = count; fd < SPARE; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			return 80;
	}
	return 0;
}

static int arrange(const int *wanted, int count)
{
	ino_t inodes[SOURCES];
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		open_sources(inodes);
		if (child_arrange(wanted, count) < 0)
			_exit(1);
		_exit(examine(wanted, count, inodes));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Every choice of four sources out of -1 and 0 to 5: all permutations, all repetitions, all holes, all overlaps. */
Test(child, puts_every_choice_of_descriptors_in_its_order)
{
	enum { CHOICES = 7 };
	int wanted[PLACES];

	for (int code = 0; code < CHOICES * CHOICES * CHOICES * CHOICES; code++) {
		for (int n = 0, rest = code; n < PLACES; n++, rest /= CHOICES)
			wanted[n] = rest % CHOICES - 1;
		cr_assert_eq(arrange(wanted, PLACES), 0, "%d %d %d %d: %d", wanted[0], wanted[1], wanted[2], wanted[3],
			     arrange(wanted, PLACES));
	}
}

static void permute(int *wanted, int count, int at)
{
	if (at == count)
		cr_assert_eq(arrange(wanted, count), 0, "%d %d %d %d %d %d", wanted[0], wanted[1], wanted[2], wanted[3],
			     wanted[4], wanted[5]);
	for (int n = at; n < count; n++) {
		int kept = wanted[at];

		wanted[at] = wanted[n];
		wanted[n] = kept;
		permute(wanted, count, at + 1);
		wanted[n] = wanted[at];
		wanted[at] = kept;
	}
}

Test(child, puts_every_permutation_of_six_in_its_order)
{
	int wanted[] = { 0, 1, 2, 3, 4, 5 };

	permute(wanted, 6, 0);
}

Test(child, takes_one_source_to_every_place)
{
	for (int source = 0; source < SOURCES; source++) {
		int wanted[] = { source, source, source, source, source, source };

		cr_expect_eq(arrange(wanted, 6), 0, "%d", source);
	}
}

Test(child, refuses_a_source_that_is_not_open)
{
	int wanted[] = { 0, 1, 2, 90 };

	cr_expect_eq(arrange(wanted, 4), 1);
	wanted[3] = 3;
	cr_expect_eq(arrange(wanted, 4), 0);
}

Test(child, refuses_more_than_it_has_room_for)
{
	static int wanted[5000];

	memset(wanted, -1, sizeof(wanted));
	errno = 0;
	cr_expect_eq(child_arrange(wanted, 5000), -1);
	cr_expect_eq(errno, EMFILE);
}

static int run_in_group(const char *group)
{
	static const struct cgroup_attribute limits[] = { { "first", "7", "tasks_max", false },
							  { "second", "8", "memory_max", false } };
	static const struct cgroup_settings settings = { .has_group = true, .list = limits, .count = 2 };
	char name[] = "true", *argv[] = { name, NULL };
	struct plan plan = { .umask = (mode_t)-1, .io_priority = -1, .cpu_policy = -1, .bounding = UINT64_MAX,
			     .cgroup_settings = &settings, .main = { .program = "/bin/true", .argv = argv } };
	struct job job = { .plan = &plan, .command = &plan.main, .wanted = (int[]){ 0, 1, 2 }, .wanted_count = 3,
			   .argv = plan.main.argv, .environment = (char *[]){ NULL }, .report = -1, .record = -1,
			   .group = group };
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		child_run(&job, STAGE_CGROUP, NULL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int first_letter(const char *folder, const char *name)
{
	char path[64];
	FILE *file;
	int letter;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	cr_assert(file, "%s", path);
	letter = fgetc(file);
	fclose(file);
	return letter;
}

/* A folder is enough of a group. */
Test(child, sets_the_limits_that_an_earlier_command_has_not_completed)
{
	char group[] = "/tmp/superd-group-XXXXXX", command[64];

	cr_assert(mkdtemp(group));
	put_file(group, "cgroup.procs", 0644, "");
	put_file(group, "first", 0644, "");
	cr_expect_neq(run_in_group(group), 0, "it lacks the second");
	put_file(group, "first", 0644, "");
	put_file(group, "second", 0644, "");
	cr_expect_eq(run_in_group(group), 0);
	cr_expect_eq(first_letter(group, "first"), '7');
	cr_expect_eq(first_letter(group, "second"), '8');
	put_file(group, "first", 0644, "9");
	cr_expect_eq(run_in_group(group), 0);
	cr_expect_eq(first_letter(group, "first"), '9', "a reload may have changed it");
	snprintf(command, sizeof(command), "rm -r %s", group);
	cr_expect_eq(system(command), 0);
}
