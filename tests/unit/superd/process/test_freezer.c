/* Freezing processes this test makes: those that stand, move, fork, lose their parents, or can't be stopped at once. */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "os/proc/process.h"
#include "superd/process/freezer.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

/* What a backend of this test tells: it counts as long as it moves. */
struct told {
	atomic_ulong moves, forks;
	atomic_int ready;
	atomic_bool enough;
	time_t latest;
	pid_t pids[8];
};

static struct told *told;

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Nobody whom a test has lost goes on for ever: Criterion kills a test that takes too long, and not what it made. */
static bool is_over(void)
{
	return atomic_load(&told->enough) || seconds() > told->latest;
}

static void begin(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(told, MAP_FAILED);
	told->latest = seconds() + 2 * HANG_MS / 1000;
}

/* Every process this test made, whoever is its parent by now. */
static void end(void)
{
	atomic_store(&told->enough, true);
	for (int tries = 0; tries < HANG_MS; tries++) {
		pid_t *children = process_list_children(), reaped;

		cr_assert_not_null(children);
		for (pid_t *child = children; *child; child++)
			kill(*child, SIGKILL);
		free(children);
		while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (reaped < 0 && errno == ECHILD)
			return;
		usleep(1000);
	}
	cr_assert_fail("they make children faster than they are killed");
}

static _Noreturn void move(void)
{
	while (!is_over()) {
		atomic_fetch_add(&told->moves, 1);
		usleep(1000);
	}
	_exit(0);
}

static _Noreturn void rest(void)
{
	while (!is_over())
		usleep(10000);
	_exit(0);
}

static void say_ready(void)
{
	atomic_fetch_add(&told->ready, 1);
}

static void wait_ready(int count)
{
	for (int tries = 0; atomic_load(&told->ready) < count; tries++) {
		cr_assert_lt(tries, HANG_MS, "waited in vain for %d processes", count);
		usleep(1000);
	}
}

/* In a session of its own, as superd starts them. */
static pid_t start(void (*act)(void))
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		setsid();
		act();
		move();
	}
	return pid;
}

static struct process_tree_root root_of(pid_t pid)
{
	return (struct process_tree_root){ .main = pid, .groups = { pid, 0 }, .proof.user = geteuid() };
}

/* As superd does between two looks. */
static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static enum freezing freeze(struct freezer *freezer, pid_t pid)
{
	struct process_tree_root root = root_of(pid);
	enum freezing freezing = FREEZER_MOVING;

	freezer_init(freezer, NULL, &root);
	for (int looks = 0; looks < HANG_MS && freezing == FREEZER_MOVING; looks++) {
		freezing = freezer_look(freezer);
		reap();
		usleep(1000);
	}
	return freezing;
}

/* This test is the parent of all that it has made in the end, so nobody escapes it. */
static void expect_stopped(pid_t parent)
{
	pid_t *children = process_list_children_of(parent);

	cr_assert_not_null(children);
	for (pid_t *child = children; *child; child++) {
		cr_expect_neq(process_state(*child), PROCESS_RUNS, "%ld runs still", (long)*child);
		expect_stopped(*child);
	}
	free(children);
}

/* Nobody runs, so nothing counts any more, and nobody is made. */
static void expect_still(void)
{
	unsigned long moves = atomic_load(&told->moves), forks = atomic_load(&told->forks);

	expect_stopped(getpid());
	cr_expect_eq(atomic_load(&told->moves), moves, "something moves still");
	cr_expect_eq(atomic_load(&told->forks), forks, "something forks still");
}

static void expect_moving(void)
{
	unsigned long moves = atomic_load(&told->moves);

	for (int tries = 0; atomic_load(&told->moves) < moves + 3; tries++) {
		cr_assert_lt(tries, HANG_MS, "it does not go on");
		usleep(1000);
	}
}

TestSuite(freezer, .init = begin, .fini = end, .timeout = 120);

static void be_ready(void)
{
	say_ready();
}

Test(freezer, stops_a_process_and_lets_it_go_on)
{
	struct freezer freezer;
	pid_t pid = start(be_ready);

	wait_ready(1);
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	expect_still();
	cr_expect_eq(process_state(pid), PROCESS_STOPPED);
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

/* Three generations, of which one has a group and one a session of its own. */
static void have_family(void)
{
	for (int n = 0; n < 3; n++) {
		if (fork() == 0) {
			if (n == 0)
				setpgid(0, 0);
			if (n == 1)
				setsid();
			if (fork() == 0) {
				say_ready();
				move();
			}
			say_ready();
			move();
		}
	}
	say_ready();
}

Test(freezer, finds_children_of_children_whatever_their_group_or_session)
{
	struct freezer freezer;
	pid_t pid = start(have_family), *list;
	size_t count = 0;

	wait_ready(7);
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	expect_still();
	list = freezer_list(&freezer);
	cr_assert_not_null(list);
	while (list[count])
		count++;
	cr_expect_eq(count, 7);
	free(list);
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

/* Its parent is gone, and with a session of its own nothing ties it to who began it but what it holds. */
static void leave_orphan(void)
{
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			say_ready();
			move();
		}
		_exit(0);
	}
	wait(NULL);
	say_ready();
	rest();
}

static void expect_orphan_frozen(const struct process_tree_root *root)
{
	enum freezing freezing = FREEZER_MOVING;
	struct freezer freezer;

	freezer_init(&freezer, NULL, root);
	while (freezing == FREEZER_MOVING) {
		freezing = freezer_look(&freezer);
		usleep(1000);
	}
	cr_assert_eq(freezing, FREEZER_STILL);
	expect_still();
	cr_expect_eq(freezer.tree.count, 2);
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

Test(freezer, finds_an_orphan_with_a_session_of_its_own_by_its_sockets)
{
	int ends[2];
	struct file_id id;
	struct stat status;
	struct process_tree_root root;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fstat(ends[0], &status), 0);
	id = (struct file_id){ status.st_dev, status.st_ino };
	root = root_of(start(leave_orphan));
	root.sockets = &id;
	root.socket_count = 1;
	wait_ready(2);
	expect_orphan_frozen(&root);
}

static bool is_others(void *context, pid_t pid)
{
	(void)context, (void)pid;
	return true;
}

Test(freezer, leaves_an_orphan_alone_that_is_known_to_be_anothers)
{
	int ends[2];
	struct file_id id;
	struct stat status;
	struct process_tree_root root;
	struct freezer freezer;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fstat(ends[0], &status), 0);
	id = (struct file_id){ status.st_dev, status.st_ino };
	root = root_of(start(leave_orphan));
	root.sockets = &id;
	root.socket_count = 1;
	root.is_others = is_others;
	wait_ready(2);
	freezer_init(&freezer, NULL, &root);
	while (freezer_look(&freezer) == FREEZER_MOVING)
		usleep(1000);
	cr_expect_eq(freezer.tree.count, 1);
	expect_moving();
	freezer_thaw(&freezer);
	freezer_free(&freezer);
}

/* As a busy server: a child after the other, each short. */
static void fork_in_a_loop(void)
{
	say_ready();
	while (!is_over()) {
		if (fork() == 0)
			_exit(0);
		atomic_fetch_add(&told->forks, 1);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Frozen it makes no processes, thawed it goes on. */
static void stop_again_and_again(pid_t pid, int rounds, unsigned long at_least)
{
	for (int round = 0; round < rounds; round++) {
		unsigned long forks;
		struct freezer freezer;

		cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL, "round %d", round);
		forks = atomic_load(&told->forks);
		expect_still();
		freezer_thaw(&freezer);
		freezer_free(&freezer);
		for (int tries = 0; atomic_load(&told->forks) < forks + at_least; tries++) {
			cr_assert_lt(tries, HANG_MS, "round %d: it does not go on", round);
			usleep(1000);
		}
	}
}

Test(freezer, stops_one_that_forks_in_a_loop)
{
	pid_t pid = start(fork_in_a_loop);

	wait_ready(1);
	stop_again_and_again(pid, 10, 3);
}

Test(freezer, stops_one_that_forks_in_a_loop_again_and_again)
{
	pid_t pid = start(fork_in_a_loop);

	wait_ready(1);
	stop_again_and_again(pid, 100, 3);
}

/* Each child goes on in its parent's place, so that it is never the same process for long. */
static void move_on_and_on(void)
{
	say_ready();
	while (!is_over()) {
		pid_t pid = fork();

		if (pid > 0 && getpid() != told->pids[0])
			_exit(0);
		if (pid > 0) {
			waitpid(pid, NULL, 0);
			rest();
		}
		atomic_fetch_add(&told->forks, 1);
		usleep(1000);
	}
}

static void hop(void)
{
	told->pids[0] = getpid();
	move_on_and_on();
}

Test(freezer, catches_one_that_moves_on_from_process_to_process)
{
	pid_t pid = start(hop);

	wait_ready(1);
	for (int round = 0; round < 50; round++) {
		struct freezer freezer;

		cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL, "round %d", round);
		expect_still();
		freezer_thaw(&freezer);
		freezer_free(&freezer);
	}
}

/* Doubles itself up to a bound, without end as far as a freezer can tell. */
static void multiply(void)
{
	say_ready();
	while (atomic_load(&told->forks) < 60 && !is_over()) {
		if (fork() >= 0)
			atomic_fetch_add(&told->forks, 1);
		usleep(1000);
	}
}

Test(freezer, stops_one_that_multiplies)
{
	struct freezer freezer;
	pid_t pid = start(multiply);

	wait_ready(1);
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	expect_still();
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

/* posix_spawn's vfork: the parent hears no signal until its child has run its program. */
static void spawn_in_a_loop(void)
{
	char name[] = "true", *arguments[] = { name, NULL };
	char *nothing[] = { NULL };

	say_ready();
	while (!is_over()) {
		pid_t pid;

		if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, nothing) == 0)
			waitpid(pid, NULL, 0);
		atomic_fetch_add(&told->forks, 1);
	}
}

Test(freezer, stops_one_that_spawns_by_vfork_in_a_loop)
{
	pid_t pid = start(spawn_in_a_loop);

	wait_ready(1);
	stop_again_and_again(pid, 10, 2);
}

Test(freezer, stops_one_that_spawns_by_vfork_in_a_loop_again_and_again)
{
	pid_t pid = start(spawn_in_a_loop);

	wait_ready(1);
	stop_again_and_again(pid, 50, 2);
}

/* A child that stays between vfork and exec for longer than anybody waits. */
static void linger_in_vfork(void)
{
	say_ready();
	if (vfork() == 0) {
		move();
	}
}

Test(freezer, stops_a_child_that_lingers_in_vfork_and_counts_its_parent_as_stopped)
{
	struct freezer freezer;
	pid_t pid = start(linger_in_vfork);

	wait_ready(1);
	expect_moving();
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	expect_still();
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

static void *move_too(void *unused)
{
	(void)unused;
	move();
}

static void lose_first_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, move_too, NULL);
	say_ready();
	pthread_exit(NULL);
}

Test(freezer, stops_a_process_whose_first_thread_has_ended)
{
	struct freezer freezer;
	pid_t pid = start(lose_first_thread);

	wait_ready(1);
	expect_moving();
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	expect_still();
	freezer_thaw(&freezer);
	expect_moving();
	freezer_free(&freezer);
}

/* As a shell's job that somebody stopped. */
static void have_stopped_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		move();
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	told->pids[0] = pid;
	say_ready();
	rest();
}

Test(freezer, leaves_as_it_was_who_stood_before)
{
	struct freezer freezer;
	pid_t pid = start(have_stopped_child);

	wait_ready(1);
	cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
	cr_expect_eq(freezer.tree.count, 2);
	freezer_thaw(&freezer);
	for (int tries = 0; process_state(pid) == PROCESS_STOPPED; tries++) {
		cr_assert_lt(tries, HANG_MS, "it does not go on");
		usleep(1000);
	}
	cr_expect_eq(process_state(told->pids[0]), PROCESS_STOPPED);
	freezer_free(&freezer);
}

/* A parent that looks whether its children stand; it must never find one that does. */
static void watch_children(void)
{
	pid_t pid = fork();

	if (pid == 0)
		move();
	say_ready();
	while (!is_over()) {
		int status;

		if (waitpid(pid, &status, WUNTRACED | WNOHANG) > 0 && WIFSTOPPED(status))
			atomic_fetch_add(&told->forks, 1);
		usleep(10);
	}
}

Test(freezer, is_not_noticed_by_a_parent_that_asks_for_stopped_children)
{
	pid_t pid = start(watch_children);

	wait_ready(1);
	for (int round = 0; round < 100; round++) {
		struct freezer freezer;

		cr_assert_eq(freeze(&freezer, pid), FREEZER_STILL);
		freezer_thaw(&freezer);
		freezer_free(&freezer);
		usleep(500);
	}
	cr_expect_eq(atomic_load(&told->forks), 0);
}

Test(freezer, says_that_there_is_nobody)
{
	struct freezer freezer;
	pid_t pid = start(be_ready);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(freeze(&freezer, pid), FREEZER_FAILED);
	cr_expect_eq(freezer.error, ESRCH);
	freezer_free(&freezer);
}

Test(freezer, does_not_signal_another_process_of_the_same_number)
{
	pid_t pid = start(be_ready);
	struct process process;
	struct tree_process member;

	wait_ready(1);
	cr_assert(process_read(pid, &process));
	member = (struct tree_process){ .pid = pid, .start_time = process.start_time - 1 };
	cr_expect_not(tree_process_signal(&member, SIGKILL));
	cr_expect_eq(errno, ESRCH);
	member.start_time = process.start_time;
	cr_expect(tree_process_signal(&member, SIGKILL));
}
