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
#include "exec/spawn/spawn_patience.h"
#include "exec/spawn/spawn_words.h"
#include "os/rights/own_privileges.h"

#define HELPERS_MOST 2
#define HELPER_STACK (128 << 10)

static char own_stack[SPAWN_STACK] __attribute__((aligned(64)));

/* The helpers and what they work on: one set for the process, as processors are. Guarded by lock but for next, which
 * hands out the batch's members. */
static struct crew {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct launch *launches;
	size_t count;
	atomic_size_t next;
	unsigned long batch;            /* number of the batch; a helper that saw it has joined */
	unsigned busy;
	unsigned helpers;
	bool prepared, ending;
	pthread_t threads[HELPERS_MOST];
	char *stacks[HELPERS_MOST];
} crew = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

/* Where libev reads signals by signalfd, SIGCHLD has none, nor has any other but SIGPIPE, whose handler does nothing
 * wherever it runs (exec/processes/init) and goes at the exec; then every start is spared dozens of calls. */
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
static const char *notify_path(const struct launch *launch)
{
	const char *path = launch->notify ? strchr(launch->notify, '=') : NULL;

	return path && path[1] == '/' ? path + 1 : NULL;
}

static void start_one(struct launch *launch, char *stack)
{
	struct job job = {
		.plan = launch->plan, .command = launch->command ? launch->command : &launch->plan->main,
		.checks = launch->checks, .wanted = launch->wanted, .wanted_count = launch->wanted_count, .report = -1,
		.files = launch->files, .mapper = -1, .private_id = launch->private_id, .group = launch->group,
		.into = launch->into, .into_path = launch->into_path,
		.has_handlers = has_handlers(), .notify = notify_path(launch),
	};
	struct spawn_words texts;

	launch->report = -1;
	launch->left = 0;
	launch->begun = clock_now();
	if (spawn_words_make(&texts, &job, launch)) {
		launch->pid = is_apart(&job) ? spawn_apart(&job, &launch->report) : spawn_process(&job, stack);
		launch->fault = job.fault;
		launch->left = job.left;
	} else {
		launch->pid = -1;
		launch->fault = (struct fault){ .stage = STAGE_WORDS, .error = errno };
	}
	spawn_words_free(&texts, &job);
}

void spawn_start(struct launch *launch)
{
	sigset_t before;

	thread_block_signals(&before);
	start_one(launch, own_stack);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void take_from_batch(struct launch *launches, size_t count, char *stack)
{
	size_t n;

	while ((n = atomic_fetch_add(&crew.next, 1)) < count)
		start_one(&launches[n], stack);
}

static void *help(void *stack)
{
	unsigned long seen = 0;

	own_privileges_use(0);     /* each child raises its own */
	pthread_mutex_lock(&crew.lock);
	for (;;) {
		struct launch *launches;
		size_t count;

		while (!crew.ending && (crew.batch == seen || !crew.launches))
			pthread_cond_wait(&crew.wake, &crew.lock);
		if (crew.ending)
			break;
		seen = crew.batch;
		launches = crew.launches;
		count = crew.count;
		crew.busy++;
		pthread_mutex_unlock(&crew.lock);
		take_from_batch(launches, count, stack);
		pthread_mutex_lock(&crew.lock);
		if (--crew.busy == 0)
			pthread_cond_signal(&crew.done);
	}
	pthread_mutex_unlock(&crew.lock);
	return NULL;
}

/* Starts one helper less than there are processors: with one processor nothing can overlap. */
static void prepare_helpers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	crew.prepared = true;
	while (crew.helpers < HELPERS_MOST && crew.helpers + 1 < (unsigned long)processors) {
		char *stack = aligned_alloc(64, SPAWN_STACK);

		if (!stack || thread_start(&crew.threads[crew.helpers], HELPER_STACK, help, stack) != 0) {
			free(stack);
			break;
		}
		crew.stacks[crew.helpers++] = stack;
	}
}

void spawn_batch(struct launch *launches, size_t count)
{
	sigset_t before;

	if (!count)
		return;
	thread_block_signals(&before);
	if (count > 1 && !crew.prepared)
		prepare_helpers();
	if (count > 1 && crew.helpers) {
		pthread_mutex_lock(&crew.lock);
		atomic_store(&crew.next, 0);
		crew.launches = launches;
		crew.count = count;
		crew.batch++;
		pthread_cond_broadcast(&crew.wake);
		pthread_mutex_unlock(&crew.lock);
		take_from_batch(launches, count, own_stack);
		pthread_mutex_lock(&crew.lock);
		crew.launches = NULL;     /* who wakes up only now finds nothing to join */
		while (crew.busy)
			pthread_cond_wait(&crew.done, &crew.lock);
		pthread_mutex_unlock(&crew.lock);
	} else {
		for (size_t n = 0; n < count; n++)
			start_one(&launches[n], own_stack);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void spawn_end(void)
{
	pthread_mutex_lock(&crew.lock);
	crew.ending = true;
	pthread_cond_broadcast(&crew.wake);
	pthread_mutex_unlock(&crew.lock);
	while (crew.helpers) {
		crew.helpers--;
		pthread_join(crew.threads[crew.helpers], NULL);
		free(crew.stacks[crew.helpers]);
	}
	crew.ending = crew.prepared = false;
	spawn_patience_stop();
}
