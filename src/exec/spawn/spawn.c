/* From a start to a process, alone or in a batch.
 *
 * A batch is a barrier. A vfork-like launch suspends the thread that asks for it, so helper threads run several
 * launches at the same time. When spawn_batch returns, nothing runs in the helpers, every pid is known, and the loop is
 * single-threaded again. */
#include "exec/spawn/spawn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "exec/spawn/spawn_env.h"
#include "exec/spawn/spawn_timeout.h"
#include "os/rights/own_privileges.h"

#define HELPERS_MOST 2
#define HELPER_STACK (128 << 10)

static char own_stack[SPAWN_STACK] __attribute__((aligned(64)));

/* The helpers and what they work on: one set for the process, as processors are. Guarded by lock but for next, which
 * hands out the batch's members. */
static struct helpers {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct spawn_request *launches;
	size_t count;
	atomic_size_t next;
	unsigned long batch;            /* number of the batch; a helper that saw it has joined */
	unsigned busy;
	unsigned helpers;
	bool prepared, ending;
	pthread_t threads[HELPERS_MOST];
	char *stacks[HELPERS_MOST];
} helpers = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

/* Where libev reads signals by signalfd, SIGCHLD has none, nor has any other but SIGPIPE, whose handler does nothing
 * wherever it runs (exec/processes/pid1) and goes at the exec; then every start is spared dozens of calls. */
static bool has_handlers(void)
{
	struct sigaction current;

	return sigaction(SIGCHLD, NULL, &current) < 0 || current.sa_handler != SIG_DFL;
}

/* A superd that is not root may not write its own /proc/self/oom_score_adj, nor may a child in its memory. */
static bool is_hidden_from_itself(const struct job *job)
{
	return job->plan->oom_score[0] && geteuid() != 0;
}

static bool is_apart(const struct job *job)
{
	bool privileged = job->command->flags & COMMAND_PRIVILEGED;

	return job->checks || job->group || job->files || is_hidden_from_itself(job) || job->plan->credentials ||
	       job->plan->may_hang ||
	       (job->plan->apart && !privileged);
}

/* The path of the notify socket; NULL: none, or an abstract name. */
static const char *notify_path(const struct spawn_request *launch)
{
	const char *path = launch->notify ? strchr(launch->notify, '=') : NULL;

	return path && path[1] == '/' ? path + 1 : NULL;
}

static void start_one(struct spawn_request *launch, char *stack)
{
	struct job job = {
		.plan = launch->plan, .command = launch->command ? launch->command : &launch->plan->main,
		.checks = launch->checks, .wanted = launch->wanted, .wanted_count = launch->wanted_count, .report = -1,
		.files = launch->files, .mapper = -1, .private_id = launch->private_id, .group = launch->group,
		.into = launch->into, .into_path = launch->into_path,
		.has_handlers = has_handlers(), .notify = notify_path(launch),
	};
	struct spawn_env texts;

	launch->report = -1;
	launch->unreaped = 0;
	launch->begun = clock_now();
	if (spawn_env_make(&texts, &job, launch)) {
		launch->pid = is_apart(&job) ? spawn_async(&job, &launch->report) : spawn_process(&job, stack);
		launch->fault = job.fault;
		launch->unreaped = job.unreaped;
	} else {
		launch->pid = -1;
		launch->fault = (struct fault){ .stage = STAGE_WORDS, .error = errno };
	}
	spawn_env_free(&texts, &job);
}

void spawn_start(struct spawn_request *launch)
{
	sigset_t before;

	thread_block_signals(&before);
	start_one(launch, own_stack);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void take_from_batch(struct spawn_request *launches, size_t count, char *stack)
{
	size_t n;

	while ((n = atomic_fetch_add(&helpers.next, 1)) < count)
		start_one(&launches[n], stack);
}

static void *help(void *stack)
{
	unsigned long seen = 0;

	own_privileges_use(0);     /* each child raises its own */
	pthread_mutex_lock(&helpers.lock);
	for (;;) {
		struct spawn_request *launches;
		size_t count;

		while (!helpers.ending && (helpers.batch == seen || !helpers.launches))
			pthread_cond_wait(&helpers.wake, &helpers.lock);
		if (helpers.ending)
			break;
		seen = helpers.batch;
		launches = helpers.launches;
		count = helpers.count;
		helpers.busy++;
		pthread_mutex_unlock(&helpers.lock);
		take_from_batch(launches, count, stack);
		pthread_mutex_lock(&helpers.lock);
		if (--helpers.busy == 0)
			pthread_cond_signal(&helpers.done);
	}
	pthread_mutex_unlock(&helpers.lock);
	return NULL;
}

/* Starts one helper less than there are processors: with one processor nothing can overlap. */
static void prepare_helpers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	helpers.prepared = true;
	while (helpers.helpers < HELPERS_MOST && helpers.helpers + 1 < (unsigned long)processors) {
		char *stack = aligned_alloc(64, SPAWN_STACK);

		if (!stack || thread_start(&helpers.threads[helpers.helpers], HELPER_STACK, help, stack) != 0) {
			free(stack);
			break;
		}
		helpers.stacks[helpers.helpers++] = stack;
	}
}

void spawn_batch(struct spawn_request *launches, size_t count)
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
		helpers.launches = launches;
		helpers.count = count;
		helpers.batch++;
		pthread_cond_broadcast(&helpers.wake);
		pthread_mutex_unlock(&helpers.lock);
		take_from_batch(launches, count, own_stack);
		pthread_mutex_lock(&helpers.lock);
		helpers.launches = NULL;  /* who wakes up only now finds nothing to join */
		while (helpers.busy)
			pthread_cond_wait(&helpers.done, &helpers.lock);
		pthread_mutex_unlock(&helpers.lock);
	} else {
		for (size_t n = 0; n < count; n++)
			start_one(&launches[n], own_stack);
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
