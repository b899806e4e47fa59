/* superd-exec: goes from superd to a service that has conditions, folders of its own, a sandbox, a root directory or
 * credentials, as one process. superd's child executes it with two descriptors: a file with the start
 * (exec/start_record.c), and a pipe for the stage that fails. It goes through all stages in the order of exec/child,
 * and executes the service's program.
 *
 * superd-exec --remove removes what a service has left. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "exec/stages/stages.h"

/* errno is 1 for an assertion, else 0. */
static int check_conditions(struct job *job)
{
	int wrong = conditions_find_false(job->plan->conditions, job->plan->condition_count);

	if (wrong < 0)
		return 0;
	job->fault.resource = wrong;
	errno = job->plan->conditions[wrong].is_assert;
	return -1;
}

/* A program that has locked another filter on its socket has it for ever (SO_LOCK_FILTER of socket(7)): EPERM. */
static int set_rules(struct job *job)
{
	for (size_t n = 0; n < job->rules_count; n++) {
		const struct socket_rules *rules = &job->rules[n];

		if (setsockopt(rules->fd, SOL_SOCKET, SO_ATTACH_FILTER, rules->filter, sizeof(*rules->filter)) < 0)
			return -1;
	}
	return 0;
}

static int (*const own_stages[STAGES])(struct job *) = {
	[STAGE_RULES] = set_rules,
	[STAGE_CONDITIONS] = check_conditions,
	[STAGE_FOLDERS] = folders_make,
	[STAGE_CREDENTIALS] = credentials_load,
	[STAGE_STREAMS] = streams_open,
	[STAGE_MAPPER] = sandbox_prepare_mapper,
	[STAGE_PROFILE] = sandbox_profile,
	[STAGE_NAMESPACES] = sandbox_namespaces,
	[STAGE_MOUNTS] = sandbox_mounts,
	[STAGE_ROOT] = sandbox_root,
	[STAGE_PRIVATE_USERS] = sandbox_users,
	[STAGE_SYSTEM_CALLS] = sandbox_system_calls,
};

#define AFTER_MOST 5000                 /* milliseconds */
#define KILLED_MOST 100                 /* the same, for one that was killed */

/* One that takes longer is ended: it must not meet what the program makes. */
static void wait_for_other(const struct job *job)
{
	struct pollfd process = { .fd = job->after, .events = POLLIN };

	if (job->after <= 0)
		return;
	if (!poll(&process, 1, AFTER_MOST)) {
		syscall(SYS_pidfd_send_signal, process.fd, SIGKILL, NULL, 0);
		poll(&process, 1, KILLED_MOST);
	}
	close(job->after);
}

/* Closes what the program does not get, as far as a filter lets it. superd's child could only mark what the exec was to
 * close. */
static void take_descriptors(const struct job *job)
{
	fork_fds_close_others(job->wanted, job->wanted_count, job->report, job->file);
	for (int n = 0; n < job->wanted_count; n++)
		fcntl(job->wanted[n], F_SETFD, FD_CLOEXEC);
	fcntl(job->report, F_SETFD, FD_CLOEXEC);
	if (job->file > 0)
		fcntl(job->file, F_SETFD, FD_CLOEXEC);
}

/* Whether superd lives, whose death is to end this process: the next superd begins the removal again, and starts wait
 * for that one. */
static bool ends_with(int64_t superd)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == superd;
}

/* Removes what these arguments name: superd's pid, a user's number, then folders. Returns the exit status. */
static int remove_leftovers(int count, char **given)
{
	bool good = true;
	int64_t superd, uid;

	setpriority(PRIO_PROCESS, 0, 19);       /* services come first */
	if (count < 2 || scan_count(given[0], &superd) || scan_count(given[1], &uid) || uid < 0 || !ends_with(superd))
		return EXIT_FAILURE;
	for (int n = 2; n + REMOVAL_WORDS <= count; n += REMOVAL_WORDS)
		good &= remove_folder(given + n);
	if (uid) {
		/* Their owner needs no right to remove them. If this fails, those of superd have to do. The change
		 * takes the signal away. */
		raw_set_uid((uid_t)uid);
		good &= ends_with(superd) && remove_ipc((uid_t)uid);
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	bool is_ours = program_take_word("superd-exec", &argc, argv);
	struct job job = { .record = -1 };
	int64_t file = -1, report = -1;

	if (is_ours && argc > 2 && !strcmp(argv[1], "--remove"))
		return remove_leftovers(argc - 2, argv + 2);
	if (argc < 3 || scan_count(argv[argc - 2], &file) || scan_count(argv[argc - 1], &report) ||
	    fcntl((int)file, F_GETFD) < 0 || fcntl((int)report, F_GETFD) < 0) {
		fprintf(stderr, "superd-exec: superd starts it, for services with conditions or a sandbox\n");
		return is_ours ? 2 : PROGRAM_OTHER_BUILD;
	}
	job.report = (int)report;
	errno = EPROTO;
	if (!is_ours || !start_read((int)file, &job))
		child_fail(&job, STAGE_PROGRAM);
	close((int)file);
	job.report = (int)report;
	wait_for_other(&job);
	take_descriptors(&job);
	if (geteuid() != 0)
		raw_set_dumpable();     /* it may have to write its files in /proc/self */
	child_run(&job, STAGE_RULES, own_stages);
}
