/* Starts processes, one at a time or in a batch.
 *
 * A batch is a barrier. A vfork-like start suspends the thread that asks for it, so helper threads run several starts
 * at the same time. When spawn_batch returns, nothing runs in the helpers, every pid is known, and the loop is
 * single-threaded again. */
#include "superd/start/spawn.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/thread.h"
#include "os/rights/capability.h"
#include "os/rights/own_privileges.h"
#include "superd/start/spawn_env.h"
#include "superd/start/spawn_timeout.h"

/* ---- for messages ---- */

static const char *const names[] = {
	"",
	"filling in variables",
	"writing the start for superd-exec",
	"starting a process",
	"running superd-exec",
	"waiting for a removal",
	"setting the rules for clients",
	"making folders",
	"looking at conditions",
	"loading credentials",
	"opening streams",
	"preparing a user namespace",
	"joining a control group",
	"passing descriptors",
	"waiting to be held",
	"making a session",
	"setting nice",
	"setting oom_score_adjust",
	"setting io_scheduling",
	"setting cpu_scheduling_policy",
	"setting apparmor_profile",
	"making namespaces",
	"mounting",
	"changing the root",
	"setting limits",
	"setting groups",
	"making a user namespace",
	"setting the capability bounding set",
	"setting user",
	"resetting signals",
	"becoming the user",
	"changing directory",
	"setting ambient capabilities",
	"joining a keyring",
	"setting no_new_privileges",
	"watching for bind(2)",
	"filtering system calls",
	"exec",
};
static_assert(sizeof(names) / sizeof(*names) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}

const char *fault_reason(const struct fault *fault)
{
	return fault->error == ETIMEDOUT ? "it took too long, and was ended" : strerror(fault->error);
}

#define HELPERS_MOST 2
#define HELPER_STACK (128 << 10)

static char own_stack[SPAWN_STACK] __attribute__((aligned(64)));

/* The helper threads and their batch, one set for the process. Guarded by lock, except `next`, which hands out the
 * batch's members. */
static struct helpers {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct spawn_request *requests;
	size_t count;
	atomic_size_t next;
	unsigned long batch;            /* number of the batch; a helper that saw it has taken part */
	unsigned busy;
	unsigned helpers;
	bool prepared, ending;
	pthread_t threads[HELPERS_MOST];
	char *stacks[HELPERS_MOST];
} helpers = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

/* Whether superd has signal handlers that the child must reset. If libev uses signalfd(2), there is none for SIGCHLD
 * nor for any other signal but SIGPIPE, whose handler does nothing (superd/process/pid1) and ends at the exec. Then
 * every start saves dozens of system calls. */
static bool has_handlers(void)
{
	struct sigaction current;

	return sigaction(SIGCHLD, NULL, &current) < 0 || current.sa_handler != SIG_DFL;
}

/* A superd that is not root cannot write its own /proc/self/oom_score_adj, nor can a child in its memory, as superd is
 * not dumpable (proc_pid_oom_score_adj(5)). */
static bool must_start_apart(const struct job *job)
{
	bool privileged = job->command->flags & COMMAND_PRIVILEGED;
	bool has_own_score = job->plan->oom_score[0] && geteuid() != 0;

	return child_needs_program(job) || job->group || job->files || job->hold_channel || has_own_score ||
	       job->plan->may_hang || job->plan->gets_less_time || (job->plan->apart && !privileged);
}

static void start_one(struct spawn_request *request, char *stack)
{
	const struct plan_command *command = request->command ? request->command : &request->plan->main;
	const char *notify = request->notify ? strchr(request->notify, '=') : NULL;     /* else an abstract name */
	struct job job = {
		.plan = request->plan,
		.command = command,
		.checks = request->checks,
		.after = request->after,
		.file = command->file,
		.wanted = request->wanted,
		.wanted_count = request->wanted_count,
		.noted = request->noted,
		.noted_before = request->noted ? *request->noted : 0,
		.taken_back = request->taken_back,
		.filter_channel = request->filter_channel,
		.hold_channel = request->hold_channel,
		.hold_dumpable = request->hold_channel && !capability_held(CAP_SYS_PTRACE),
		.report = -1,
		.record = -1,
		.executor = request->plan->executor,
		.files = request->files,
		.mark = request->mark,
		.private_id = request->private_id,
		.group = request->group,
		.into = request->into,
		.into_path = request->into_path,
		.has_handlers = has_handlers(),
		.notify = notify && notify[1] == '/' ? notify + 1 : NULL,
	};
	struct spawn_env texts;

	request->report = -1;
	request->unreaped = 0;
	request->begun = clock_now();
	if (spawn_env_make(&texts, &job, request)) {
		request->pid =
			must_start_apart(&job) ? spawn_async(&job, &request->report) : spawn_process(&job, stack);
		request->fault = job.fault;
		request->unreaped = job.unreaped;
	} else {
		request->pid = -1;
		request->fault = (struct fault){ .stage = STAGE_WORDS, .error = errno };
	}
	spawn_env_free(&texts, &job);
}

void spawn_start(struct spawn_request *request)
{
	sigset_t before;

	thread_block_signals(&before);
	start_one(request, own_stack);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void start_from_batch(struct spawn_request *requests, size_t count, char *stack)
{
	size_t n;

	while ((n = atomic_fetch_add(&helpers.next, 1)) < count)
		start_one(&requests[n], stack);
}

static void *run_helper(void *stack)
{
	unsigned long seen = 0;

	own_privileges_use(0);     /* each child raises its own capabilities */
	pthread_mutex_lock(&helpers.lock);
	for (;;) {
		struct spawn_request *requests;
		size_t count;

		while (!helpers.ending && (helpers.batch == seen || !helpers.requests))
			pthread_cond_wait(&helpers.wake, &helpers.lock);
		if (helpers.ending)
			break;
		seen = helpers.batch;
		requests = helpers.requests;
		count = helpers.count;
		helpers.busy++;
		pthread_mutex_unlock(&helpers.lock);
		start_from_batch(requests, count, stack);
		pthread_mutex_lock(&helpers.lock);
		if (--helpers.busy == 0)
			pthread_cond_signal(&helpers.done);
	}
	pthread_mutex_unlock(&helpers.lock);
	return NULL;
}

/* Creates one helper thread less than there are CPUs: with one CPU nothing can overlap. */
static void prepare_helpers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	helpers.prepared = true;
	while (helpers.helpers < HELPERS_MOST && helpers.helpers + 1 < (unsigned long)processors) {
		char *stack = aligned_alloc(64, SPAWN_STACK);

		if (!stack || thread_start(&helpers.threads[helpers.helpers], HELPER_STACK, run_helper, stack) != 0) {
			free(stack);
			break;
		}
		helpers.stacks[helpers.helpers++] = stack;
	}
}

void spawn_batch(struct spawn_request *requests, size_t count)
{
	sigset_t before;

	if (!count)
		return;
	thread_block_signals(&before);
	if (count > 1 && !helpers.prepared)
		prepare_helpers();
	if (count > 1 && helpers.helpers) {
		pthread_mutex_lock(&helpers.lock);
		atomic_store(&helpers.next, 0);
		helpers.requests = requests;
		helpers.count = count;
		helpers.batch++;
		pthread_cond_broadcast(&helpers.wake);
		pthread_mutex_unlock(&helpers.lock);
		start_from_batch(requests, count, own_stack);
		pthread_mutex_lock(&helpers.lock);
		helpers.requests = NULL;  /* a helper that wakes up only now finds nothing to do */
		while (helpers.busy)
			pthread_cond_wait(&helpers.done, &helpers.lock);
		pthread_mutex_unlock(&helpers.lock);
	} else {
		for (size_t n = 0; n < count; n++)
			start_one(&requests[n], own_stack);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void spawn_end(void)
{
	pthread_mutex_lock(&helpers.lock);
	helpers.ending = true;
	pthread_cond_broadcast(&helpers.wake);
	pthread_mutex_unlock(&helpers.lock);
	while (helpers.helpers) {
		helpers.helpers--;
		pthread_join(helpers.threads[helpers.helpers], NULL);
		free(helpers.stacks[helpers.helpers]);
	}
	helpers.ending = helpers.prepared = false;
	spawn_timeout_stop();
}
