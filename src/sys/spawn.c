/* From a start to a process, alone or in a batch.
 *
 * The hard thing is overlap without surprise: a batch is a barrier. Helpers exist only to run several vfork-like
 * launches beside each other (each suspends the thread that asked); when spawn_batch returns nothing runs in them,
 * every pid is known, and the loop is as single-threaded as before. */
#include "sys/spawn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPERS_MOST 2
#define SHORT_ENVIRONMENT 48

static char own_stack[SPAWN_STACK] __attribute__((aligned(64)));

/* The helpers and what they work on. Guarded by lock but for next, which hands out the batch's members. */
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

/* The variables of one start, in front of the plan's. */
struct extra {
	char fds[sizeof("LISTEN_FDS=") + 12];
	char address[sizeof("REMOTE_ADDR=") + 120];
	char host[sizeof("REMOTE_HOST=") + 120];
	char port[sizeof("REMOTE_PORT=") + 12];
	char local_ip[sizeof("TCPLOCALIP=") + 120], local_port[sizeof("TCPLOCALPORT=") + 12];
	char remote_ip[sizeof("TCPREMOTEIP=") + 120], remote_port[sizeof("TCPREMOTEPORT=") + 12];
};

/* As ucspi-tcp names them. */
static size_t add_tcp(const struct launch *launch, struct extra *extra, char **environment)
{
	static char proto[] = "PROTO=TCP";

	snprintf(extra->local_ip, sizeof(extra->local_ip), "TCPLOCALIP=%s", launch->local_address);
	snprintf(extra->local_port, sizeof(extra->local_port), "TCPLOCALPORT=%d", launch->local_port);
	snprintf(extra->remote_ip, sizeof(extra->remote_ip), "TCPREMOTEIP=%s", launch->remote_address);
	snprintf(extra->remote_port, sizeof(extra->remote_port), "TCPREMOTEPORT=%d", launch->remote_port);
	environment[0] = proto;
	environment[1] = extra->local_ip;
	environment[2] = extra->local_port;
	environment[3] = extra->remote_ip;
	environment[4] = extra->remote_port;
	return 5;
}

static size_t add_extra(struct job *job, const struct launch *launch, struct extra *extra, char **environment)
{
	size_t count = 0;

	if (launch->listen_count) {
		snprintf(extra->fds, sizeof(extra->fds), "LISTEN_FDS=%u", launch->listen_count);
		job->listen = true;
		environment[count++] = job->listen_pid;
		environment[count++] = extra->fds;
		environment[count++] = (char *)(uintptr_t)launch->names;
	}
	if (!launch->remote_address || !*launch->remote_address)
		return count;
	snprintf(extra->address, sizeof(extra->address), "REMOTE_ADDR=%s", launch->remote_address);
	environment[count++] = extra->address;
	if (launch->remote_host) {
		snprintf(extra->host, sizeof(extra->host), "REMOTE_HOST=%s", launch->remote_address);
		environment[count++] = extra->host;
	}
	if (launch->remote_port >= 0) {
		snprintf(extra->port, sizeof(extra->port), "REMOTE_PORT=%d", launch->remote_port);
		environment[count++] = extra->port;
	}
	if (launch->local_address)
		count += add_tcp(launch, extra, environment + count);
	return count;
}

/* Where libev reads signals by signalfd there are none; then every start is spared a dozen calls. */
static bool has_handlers(void)
{
	struct sigaction current;

	return sigaction(SIGCHLD, NULL, &current) < 0 || current.sa_handler != SIG_DFL;
}

static void start_one(struct launch *launch, char *stack)
{
	char *small[SHORT_ENVIRONMENT], **environment = small;
	size_t own = launch->plan->environment_count, extra_count;
	struct job job = {
		.plan = launch->plan, .wanted = launch->wanted, .wanted_count = launch->wanted_count, .report = -1,
		.has_handlers = has_handlers(),
	};
	struct extra extra;

	if (own + JOB_EXTRA + 1 > SHORT_ENVIRONMENT)
		environment = malloc((own + JOB_EXTRA + 1) * sizeof(*environment));
	if (!environment) {
		launch->pid = -1;
		launch->fault = (struct fault){ .stage = STAGE_FORK, .error = ENOMEM };
		return;
	}
	extra_count = add_extra(&job, launch, &extra, environment);
	if (own)
		memcpy(environment + extra_count, launch->plan->environment, own * sizeof(*environment));
	environment[extra_count + own] = NULL;
	job.environment = environment;
	launch->pid = spawn_process(&job, stack);
	launch->fault = job.fault;
	if (environment != small)
		free(environment);
}

static void block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

void spawn_start(struct launch *launch)
{
	sigset_t before;

	block_signals(&before);
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

/* One helper less than there are processors: with one processor nothing can overlap. */
static void prepare_helpers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_attr_t attributes;

	crew.prepared = true;
	if (pthread_attr_init(&attributes) != 0)
		return;
	pthread_attr_setstacksize(&attributes, 128 << 10);
	while (crew.helpers < HELPERS_MOST && crew.helpers + 1 < (unsigned long)processors) {
		char *stack = aligned_alloc(64, SPAWN_STACK);

		if (!stack || pthread_create(&crew.threads[crew.helpers], &attributes, help, stack) != 0) {
			free(stack);
			break;
		}
		crew.stacks[crew.helpers++] = stack;
	}
	pthread_attr_destroy(&attributes);
}

void spawn_batch(struct launch *launches, size_t count)
{
	sigset_t before;

	block_signals(&before);         /* also for the helpers made here, who inherit the mask */
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
}
