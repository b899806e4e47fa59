/* Starts one process: a program of a service, a command around it, or a helper of superd's own.
 *
 * The child shares superd's memory, and its descriptors until it has unshared those below its highest one, and superd
 * stands still until its exec (CLONE_VM and CLONE_VFORK of clone(2)). Nothing is copied, so a start costs the exec
 * alone, with ten listeners or ten thousand. What the child executes first is the choice:
 *
 *   the program, behind the stages of exec/child, where nothing can hold these up: its program and folders lie on local
 *   file systems below folders that only root or superd's user may write (plan_check_trust), it opens no files, and no
 *   other process may hold the lock of a socket that it changes. The program runs when launch returns.
 *
 *   superd-exec, in all other cases. It goes through the same stages in memory of its own, and tells a failure by a
 *   pipe that the exec of the program closes. Its time limit is that of the start.
 *
 * The user of a service may stop or slow down its child between the change of user and the exec. So the child has a
 * timer that kills it, which its exec removes; and the next starts of that plan go by superd-exec. */
#include "superd/daemon.h"

#include <sched.h>
#include <stdatomic.h>

#define STANDSTILL 5 /* seconds that superd waits for an exec */

struct launch {
	struct job job;
	struct spawn_env texts;
	struct buf note; /* for the journal */
	int ends[2];
	pid_t pid;
	double begun; /* just before the fork */
	int wanted[];
};

static int run_child(void *context)
{
	struct launch *launch = context;
	struct job *job = &launch->job;

	journal_note_child(&launch->note);
	raw_raise_effective();
	if (job->plan->account) /* nobody else may stop it as long as it has superd's user */
		raw_kill_unless_executed(STANDSTILL);
	if (job->record >= 0)
		child_become_program(job);
	/* superd has no handler that could run in its memory from here on, but that of SIGPIPE, which does nothing */
	child_run(job, STAGE_CGROUP, NULL);
}

#ifdef SPAWN_FORK /* for sanitizers */
static pid_t clone_child(struct launch *launch, char *stack)
{
	pid_t pid = fork();

	(void)stack;
	if (pid == 0)
		run_child(launch);
	return pid;
}
#else
/* CLONE_FILES needs close_range(CLOSE_RANGE_UNSHARE), which the filter of a container may forbid. Then descriptors are
 * copied, as by fork(2). The loop reaps the failed child as an unknown one. */
static pid_t clone_child(struct launch *launch, char *stack)
{
	static atomic_bool copies;
	struct job *job = &launch->job;
	unsigned flags;
	pid_t pid;

	job->shares_descriptors = !copies;
	flags = CLONE_VM | CLONE_VFORK | (job->shares_descriptors ? CLONE_FILES : 0);
	pid = job->into > 0 ? clone_into_cgroup(run_child, stack, SPAWN_STACK, flags, launch, job->into) : -1;
	/* What is short now is no reason to start it outside its group. */
	if (pid < 0 && (job->into <= 0 || !error_is_shortage(errno))) {
		job->into = 0;
		pid = clone(run_child, stack + SPAWN_STACK, (int)flags | SIGCHLD, launch);
	}
	if (pid > 0 && job->shares_descriptors && job->fault.stage == STAGE_DESCRIPTORS &&
	    (job->fault.error == ENOSYS || job->fault.error == EPERM)) {
		copies = true;
		job->fault = (struct fault){ .stage = STAGE_NONE };
		return clone_child(launch, stack);
	}
	if (pid > 0 && !job->fault.stage && clock_now() - launch->begun >= STANDSTILL) {
		siginfo_t end = { .si_code = 0 };

		waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT);
		if (end.si_code == CLD_KILLED && end.si_status == SIGKILL)
			job->fault = (struct fault){ job->stage ? job->stage : STAGE_PROGRAM, ETIMEDOUT, 0 };
	}
	return pid;
}
#endif

/* Listeners that the program gets: O_NONBLOCK is as its row says, and so are the address rules, which another program
 * may have taken off. As that may hold the socket's lock, superd-exec sets them. */
static bool prepare_listeners(struct svc *svc, const struct spawn_request *request, struct job *job)
{
	struct socket_rules *rules = NULL;

	EACH_SOCKET(socket, svc) {
		const struct sock_fprog *filter = listen_prepared(socket->listen)->rules;
		int place = 0;

		while (place < request->wanted_count && (socket->fd < 0 || request->wanted[place] != socket->fd))
			place++;
		if (place == request->wanted_count)
			continue;
		clients_name(socket); /* as long as no other process has its lock */
		fd_set_nonblocking(socket->fd, socket->listen->options->non_blocking);
		if (!filter || (!socket->lent && !listen_lent_filter(socket->listen)))
			continue;
		if (!socket->lent) {
			if (socket_filter_attach(socket->fd, filter) < 0)
				return false;
			continue;
		}
		if (!rules && !(rules = calloc(svc->socket_count, sizeof(*rules))))
			return false;
		rules[job->rules_count++] = (struct socket_rules){ socket->fd, filter };
		job->rules = rules;
	}
	return true;
}

/* A program of superd's own must not obey what steers the loader (ld.so(8)). */
static char **executor_environment(void)
{
	extern char **environ;
	size_t count = 0;
	char **list, **to;

	while (environ && environ[count])
		count++;
	list = to = calloc(count + 1, sizeof(*list));
	for (size_t n = 0; list && n < count; n++) {
		if (strncmp(environ[n], "LD_", 3) != 0)
			*to++ = environ[n];
	}
	return list;
}

/* The first place of this descriptor: a listener may be a standard stream, too, and nothing else is in two places. */
static int first_place(const int *wanted, int place)
{
	int first = 0;

	while (first < place && first <= STDERR_FILENO && wanted[first] != wanted[place])
		first++;
	return first <= STDERR_FILENO ? first : place;
}

/* The number of a listener is high, and the child would copy all descriptors below it. */
static bool take_low_numbers(struct job *job, int *wanted)
{
	bool good = true;

	memcpy(wanted, job->wanted, (size_t)job->wanted_count * sizeof(*wanted));
	for (int n = 0; n < job->wanted_count; n++) {
		int first = first_place(job->wanted, n);

		if (first < n)
			wanted[n] = wanted[first];
		else if (wanted[n] >= FD_LISTENER)
			wanted[n] = fcntl(wanted[n], F_DUPFD_CLOEXEC, job->wanted_count);
		good = good && (wanted[n] >= 0 || job->wanted[n] < 0);
	}
	for (size_t n = 0; n < job->rules_count; n++) {
		struct socket_rules *rules = (struct socket_rules *)(uintptr_t)&job->rules[n];

		for (int place = 0; place < job->wanted_count; place++) {
			if (job->wanted[place] == rules->fd)
				rules->fd = wanted[place];
		}
	}
	return good;
}

struct launch *launch_prepare(struct spawn_request *request, struct svc *svc)
{
	const struct plan_command *command = request->command ? request->command : &request->plan->main;
	const char *notify = request->notify ? strchr(request->notify, '=') : NULL;
	struct launch *launch = malloc(sizeof(*launch) + (size_t)request->wanted_count * sizeof(*launch->wanted));
	struct job *job;
	pid_t removal;
	bool is_apart;

	if (!launch)
		return NULL;
	job = &launch->job;
	*job = (struct job){
		.plan = request->plan,
		.command = command,
		.checks = request->checks,
		.file = command->file,
		.wanted = request->wanted,
		.wanted_count = request->wanted_count,
		.filter_channel = request->filter_channel,
		.report = -1,
		.record = -1,
		.files = request->files,
		.private_id = request->private_id,
		.group = request->group,
		.into = request->into,
		.notify = notify && notify[1] == '/' ? notify + 1 : NULL,
	};
	launch->ends[0] = launch->ends[1] = launch->pid = -1;
	removal = removal_make_way(request->service ? request->service : "",
				   request->plan->account ? request->plan->account->uid : 0, request->plan->apart);
	/* superd may reap it before superd-exec looks. A container may deny pidfds; then nobody waits. */
	if (removal && (job->after = pidfd_of(removal)) < 0) {
		if (limits_are_meant(errno))
			job->fault = (struct fault){ .stage = STAGE_DESCRIPTORS, .error = errno };
		job->after = 0;
	}
	if (svc && !prepare_listeners(svc, request, job))
		job->fault = (struct fault){ .stage = STAGE_RULES, .error = errno };
	if (!spawn_env_make(&launch->texts, job, request))
		job->fault = (struct fault){ .stage = STAGE_WORDS, .error = errno };
	if (!take_low_numbers(job, launch->wanted))
		job->fault = (struct fault){ .stage = STAGE_DESCRIPTORS, .error = errno };
	job->wanted = launch->wanted;
	/* What can hold the child up before its exec, or needs memory of its own. A superd that is not root can write
	 * oom_score_adj only of a process that is dumpable. */
	is_apart = child_needs_program(job) || job->group || (job->plan->oom_score[0] && geteuid() != 0) ||
		job->plan->apart == ALL_APART || (job->plan->apart && !(command->flags & COMMAND_PRIVILEGED));
	if (is_apart && !job->fault.stage) {
		struct buf record = { 0 };

		job->executor = program_get(PROGRAM_EXEC)->fd;
		job->executor_environment = executor_environment();
		if (job->executor < 0)
			job->fault = (struct fault){ .stage = STAGE_PROGRAM, .error = ENOENT };
		start_write(job, &record);
		job->record = record.failed ? -1 : memory_file(record.data, record.length);
		buf_free(&record);
		if (job->record < 0 || !job->executor_environment)
			job->fault = (struct fault){ .stage = STAGE_RECORD, .error = errno };
	}
#ifdef SPAWN_FORK
	is_apart = true;
#endif
	if (is_apart && !job->fault.stage && !fork_fds_open_report(launch->ends, job->wanted_count))
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
	job->report = launch->ends[1];
	journal_name_report(launch->ends[0]);
	journal_take_prepared(&launch->note);
	if (launch->note.failed)
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = ENOMEM };
	return launch;
}

pid_t launch_finish(struct launch *launch, struct spawn_request *request, struct svc *svc, int *report)
{
	struct job *job = &launch->job;
	pid_t pid = launch->pid;

	if (job->fault.stage) {
		if (job->fault.error == ETIMEDOUT)
			((struct plan *)(uintptr_t)request->plan)->apart = ALL_APART;
		pid = -1; /* the loop reaps it */
		fd_close(&launch->ends[0]);
	}
	for (unsigned n = 0; svc && pid > 0 && n < svc->socket_count; n++) {
		struct socket *socket = &svc->sockets[n];

		for (int place = 0; place < request->wanted_count && socket->fd >= 0; place++) {
			if (socket->lent || request->wanted[place] != socket->fd)
				continue;
			socket->lent = true;
			if (svc->row->exec->accept)
				journal_socket(socket);
		}
	}
	for (int n = 0; n < job->wanted_count; n++) {
		if (launch->wanted[n] != request->wanted[n] && launch->wanted[n] >= 0 &&
		    first_place(request->wanted, n) == n)
			close(launch->wanted[n]);
	}
	fd_close(&launch->ends[1]);
	fd_close(&job->record);
	if (job->after)
		close(job->after);
	*report = launch->ends[0];
	request->fault = job->fault;
	request->begun = launch->begun;
	if (!job->into && request->into > 0)
		fd_close(&request->into);
	spawn_env_free(&launch->texts, job);
	buf_free(&launch->note);
	free((void *)(uintptr_t)job->rules);
	free(job->executor_environment);
	free(launch);
	return pid;
}

/* ---- several at once ---- */

/* A clone suspends the thread that asks for it. So a second thread takes its share of several starts, and their execs
 * overlap. It waits while the loop runs: outside of launch_together superd has one thread. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct launch **list;
	size_t count;
	atomic_size_t next;
	unsigned long round; /* in which the thread has taken part */
	enum { NO_THREAD, WAITS, WORKS } thread;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

/* All signals are blocked: a handler would run in the child, too. */
static void take_share(struct launch **list, size_t count, char *stack)
{
	size_t n;

	while ((n = atomic_fetch_add(&pool.next, 1)) < count) {
		struct launch *launch = list[n];

		if (launch->job.fault.stage)
			continue;
		launch->begun = clock_now();
		launch->pid = clone_child(launch, stack);
		if (launch->pid < 0)
			launch->job.fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
	}
}

static void *help(void *stack)
{
	unsigned long seen = 0;

	own_privileges_use(0); /* each child raises its own capabilities */
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		while (pool.round == seen)
			pthread_cond_wait(&pool.wake, &pool.lock);
		seen = pool.round;
		if (!pool.list) /* all were run before it woke */
			continue;
		pool.thread = WORKS;
		pthread_mutex_unlock(&pool.lock);
		take_share(pool.list, pool.count, stack);
		pthread_mutex_lock(&pool.lock);
		pool.thread = WAITS;
		pthread_cond_signal(&pool.done);
	}
	return NULL;
}

void launch_together(struct launch **list, size_t count)
{
	static char stacks[2][SPAWN_STACK] __attribute__((aligned(64)));
	static bool tried;
	bool shares;
	sigset_t before;

	if (count > 1 && !tried) {
		tried = true;
		if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && thread_start(NULL, SPAWN_STACK, help, stacks[1]) == 0)
			pool.thread = WAITS;
	}
	shares = count > 1 && pool.thread != NO_THREAD;
	thread_block_signals(&before);
	atomic_store(&pool.next, 0);
	if (shares) {
		pthread_mutex_lock(&pool.lock);
		pool.list = list;
		pool.count = count;
		pool.round++;
		pthread_cond_signal(&pool.wake);
		pthread_mutex_unlock(&pool.lock);
	}
	take_share(list, count, stacks[0]);
	if (shares) {
		pthread_mutex_lock(&pool.lock);
		pool.list = NULL;
		while (pool.thread == WORKS)
			pthread_cond_wait(&pool.done, &pool.lock);
		pthread_mutex_unlock(&pool.lock);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

pid_t launch(struct spawn_request *request, struct svc *svc, int *report)
{
	struct launch *launch = launch_prepare(request, svc);

	*report = -1;
	if (!launch) {
		request->fault = (struct fault){ .stage = STAGE_WORDS, .error = ENOMEM };
		return -1;
	}
	launch_together(&launch, 1);
	return launch_finish(launch, request, svc, report);
}

pid_t launch_own(struct spawn_request *request, struct svc *svc, int *wanted, int place, int *channel)
{
	int ends[2], report;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		request->fault = (struct fault){ .stage = STAGE_DESCRIPTORS, .error = errno };
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	wanted[place] = ends[1];
	request->wanted = wanted;
	pid = launch(request, svc, &report);
	fd_close(&report);
	fd_close(&ends[1]);
	if (pid < 0)
		fd_close(&ends[0]);
	*channel = fd_raise(ends[0], FD_HIGH);
	return pid;
}
