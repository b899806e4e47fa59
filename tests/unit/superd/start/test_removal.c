/* What superd-exec removes while superd goes on: a user's IPC objects, and the folders of a private /tmp. */
#include <linux/capability.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "superd/start/start.h"
#include "tests/unit/rows.h"

TestSuite(removal, .init = set_up, .fini = tear_down, .timeout = 120);

#define USER 61177                      /* no other process has it, nor the next ones; a user for each test */
#define OTHER_USER 61187                /* for tests beside those with objects of a user */

static struct buf left;

static bool remove_objects(uid_t uid)
{
	return leftovers_remove(&(struct table){ .count = 0 }, row("service a { listen = 7\nexec = \"/bin/x\"\n}\n"),
				&process_defaults, false, uid);
}

/* What one user makes: his System V objects, and a file of POSIX shared memory. */
struct objects {
	int memory, semaphores, queue;
	char path[64];
};

static struct objects make_objects(uid_t uid)
{
	struct objects made;
	int ends[2];
	pid_t pid;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	snprintf(made.path, sizeof(made.path), "/dev/shm/superd-test-%ld-%u", (long)getpid(), (unsigned)uid);
	pid = fork();
	if (pid == 0) {
		if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
			_exit(1);
		made.memory = shmget(IPC_PRIVATE, 4096, 0600);
		made.semaphores = semget(IPC_PRIVATE, 1, 0600);
		made.queue = msgget(IPC_PRIVATE, 0600);
		close(open(made.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		_exit(write(ends[1], &made, sizeof(made)) != (ssize_t)sizeof(made));
	}
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(read(ends[0], &made, sizeof(made)), (ssize_t)sizeof(made));
	close(ends[0]);
	close(ends[1]);
	return made;
}

static unsigned count_objects(const struct objects *made)
{
	struct shmid_ds memory;
	struct msqid_ds queue;

	return (shmctl(made->memory, IPC_STAT, &memory) == 0) + (semctl(made->semaphores, 0, GETVAL) >= 0) +
	       (msgctl(made->queue, IPC_STAT, &queue) == 0) + (access(made->path, F_OK) == 0);
}

Test(removal, of_a_users_objects_is_over_before_superd_ends)
{
	struct objects his, others;

	if (geteuid() != 0)
		cr_skip_test("it takes root");
	his = make_objects(USER);
	others = make_objects(USER + 1);
	cr_assert_eq(count_objects(&his), 4u);
	cr_assert(remove_objects(USER), "%s", strerror(errno));
	cr_expect_eq(removal_make_way("b", USER + 1, true), 0);
	cr_expect_gt(removal_make_way("b", USER, true), 0, "a start apart waits for it");
	removal_end(&left);
	cr_expect_eq(count_objects(&his), 0u);
	cr_expect_eq(count_objects(&others), 4u);
	cr_assert(remove_objects(USER + 1));
	removal_end(&left);
	cr_expect_eq(count_objects(&others), 0u);
	cr_expect_eq(waitpid(-1, NULL, 0), -1, "nobody is left to wait for");
	cr_expect_eq(left.length, 0u);
}

/* As in a container. */
Test(removal, of_a_users_objects_takes_only_the_right_to_become_that_user)
{
	static const int rights[] = {
		CAP_SYS_ADMIN, CAP_IPC_OWNER, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_SYS_RESOURCE,
	};
	struct objects his;

	if (geteuid() != 0)
		cr_skip_test("it takes root");
	his = make_objects(USER + 2);
	for (size_t n = 0; n < sizeof(rights) / sizeof(*rights); n++)
		cr_assert_eq(prctl(PR_CAPBSET_DROP, rights[n], 0, 0, 0), 0);
	cr_assert(remove_objects(USER + 2), "%s", strerror(errno));
	removal_end(&left);
	cr_expect_eq(count_objects(&his), 0u);
	cr_expect_eq(left.length, 0u, "%s", buf_string(&left));
}

/* Its child could not wait without superd. */
Test(removal, of_a_users_objects_ends_with_another_start_of_his)
{
	cr_assert(remove_objects(OTHER_USER), "%s", strerror(errno));
	cr_expect_eq(removal_make_way("b", OTHER_USER, false), 0);
	removal_end(&left);
	cr_expect_eq(waitpid(-1, NULL, 0), -1, "nobody is left to wait for");
}

Test(removal, of_folders_in_tmp_is_that_of_both)
{
	char name[64], path[128];

	snprintf(name, sizeof(name), "superd-test-%016lx", (long)getpid());
	for (int n = 0; n < 2; n++) {
		snprintf(path, sizeof(path), "%s/%s", n ? "/var/tmp" : "/tmp", name);
		cr_assert_eq(mkdir(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/%s/deeper", n ? "/var/tmp" : "/tmp", name);
		cr_assert_eq(mkdir(path, 0700), 0);
	}
	cr_assert(private_tmp_remove("test", (uint64_t)getpid()), "%s", strerror(errno));
	cr_expect_eq(removal_make_way("test", 0, true), 0, "no start has these again");
	removal_end(&left);
	for (int n = 0; n < 2; n++) {
		snprintf(path, sizeof(path), "%s/%s", n ? "/var/tmp" : "/tmp", name);
		cr_expect_neq(access(path, F_OK), 0, "%s", path);
	}
}
