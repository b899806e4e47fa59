/* Starts programs ahead, and ends them. While half of them wait, a burst of clients is served first. Whatever goes
 * wrong with one is no failure of the service: its clients get programs of their own. A program that cannot be held is
 * told once, and not tried again before a reload, or before its file changes; after one that died, superd waits longer
 * and longer. */
#include "superd/instance/warm_pool.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "exec/child/plan.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/fs/path_trust.h"
#include "superd/process/hold.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_status.h"
#include "superd/instance/start_request.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/exit_result.h"
#include "superd/loop/fd_watch.h"
#include "superd/loop/unreaped.h"
#include "superd/loop/worker_wait.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "table/option/service_mark.h"

#define STAMPS_MOST 4                   /* files: the program, and the first arguments that are paths */

/* The state of a program's files at its start ahead, so that no client gets an outdated program. A script that an
 * interpreter gets as an argument is one of them. superd checks only files whose paths root alone can change: others
 * might make superd wait. */
struct program_stamp {
	char *paths[STAMPS_MOST];       /* owned */
	struct stat files[STAMPS_MOST]; /* st_ino 0: it is not there */
	size_t count;
};

static void look(const char *path, struct stat *file)
{
	if (stat(path, file) < 0)
		*file = (struct stat){ 0 };
}

static void add_path(struct program_stamp *stamp, const char *path, const char *mounts)
{
	struct path_finding finding;

	if (*path != '/' || stamp->count == STAMPS_MOST || !path_is_trusted(path, PATH_ANY_FLAW, mounts, &finding))
		return;
	stamp->paths[stamp->count] = strdup(path);
	if (stamp->paths[stamp->count])
		look(path, &stamp->files[stamp->count++]);
}

static void program_stamp_free(struct program_stamp *stamp)
{
	while (stamp->count)
		free(stamp->paths[--stamp->count]);
}

/* Takes the stamp of a plan's main program, in place of an earlier one. In another root directory the paths lead
 * elsewhere. */
static void program_stamp_take(struct program_stamp *stamp, const struct plan *plan)
{
	char *mounts;

	program_stamp_free(stamp);
	if (plan->root || plan->may_hang)
		return;
	mounts = path_mounts();
	add_path(stamp, plan->main.program, mounts);
	for (char **argument = plan->main.argv; *argument && argument[1]; argument++)
		add_path(stamp, argument[1], mounts);
	free(mounts);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether all of its files are unchanged. */
static bool program_stamp_holds(const struct program_stamp *stamp)
{
	struct stat now;

	for (size_t n = 0; n < stamp->count; n++) {
		look(stamp->paths[n], &now);
		if (!is_same(&now, &stamp->files[n]))
			return false;
	}
	return true;
}

#define QUIET_LEAST .005                /* seconds without a client before others are started, after one found none … */
#define QUIET_MOST .1                   /* … and at most */
#define QUIET_FACTOR 2.                 /* in between, as many times what it takes to start one */
#define BURST .02                       /* the same while half of them, or more, still wait */
#define ROOM_PAUSE .05                  /* seconds until the next look whether fewer starts are under way */
#define SHORT_PAUSE 1.                  /* the same where memory is short, or too many instances run */
#define FAILURE_PAUSE .5                /* seconds after the first program that died; doubled by each further one */
#define FAILURE_PAUSE_MOST 60.
#define HANG_SECONDS 5.                 /* seconds beyond TIMEOUT_MOST until a worker that does not answer is killed */
#define TIMEOUT_MOST 30.                /* seconds that a program may take until it touches its connection */

enum program_phase {
	PROGRAM_PREPARED,               /* it starts, until it is held */
	PROGRAM_HELD,                   /* it waits for a client */
	PROGRAM_TAKEN,                  /* its client is being handed over (superd/service/handover) */
	PROGRAM_ENDING,
};

struct held_program {
	struct list link;               /* in pool->programs */
	struct warm_pool *pool;
	struct instance *instance;
	enum program_phase phase;
	struct watch watch;             /* of channel, while it is held */
	int channel;                    /* superd's end of the pair that stands for the connection; -1: closed */
	bool ended_early;               /* it ended before it touched its connection: its status tells why */
	double begun, since;            /* loop time of its start, and from which it is held */
};

/* Owner: struct service_run. */
struct warm_pool {
	struct service_runtime *runtime;
	struct list programs;           /* of struct held_program, the oldest first */
	unsigned count;                 /* those that are held */
	struct held_program *prepared;  /* the one that is being prepared; NULL: none */
	struct exec_status exec_status; /* of its start */
	struct worker_wait worker;      /* for the process that holds it */
	struct alarm alarm;             /* the next start, or the end of the oldest */
	ev_idle idle;                   /* active: a start is due as soon as the loop has nothing else to do */
	double not_before;              /* loop time of the next start */
	double quiet;                   /* seconds without a client before that, too; 0: none are needed */
	double took;                    /* seconds from the last start to the hold; 0: unknown */
	bool serves;                    /* at the last look, the service took clients, and no operator had stopped it */
	unsigned failures;              /* programs in a row that died */
	enum hold_obstacle obstacle;    /* why its program cannot be held; HOLD_NONE: nothing is known */
	char refusal[200];              /* the same as text; "": none */
	struct program_stamp stamp;     /* of the plan's files at the last start */
	uint64_t stamped;               /* number of that plan; 0: none */
};

static struct warm_pool *pool_of(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->warm : NULL;
}

static void schedule(struct warm_pool *pool);

/* ---- one program ---- */

static void close_channel(struct held_program *held)
{
	watch_stop(&held->watch);
	if (held->channel >= 0)
		close_socket_own(held->pool->runtime->engine, held->pool->runtime->service->name, &held->channel);
}

static void set_phase(struct held_program *held, enum program_phase phase)
{
	held->pool->count += (phase == PROGRAM_HELD) - (held->phase == PROGRAM_HELD);
	held->phase = phase;
}

/* Its instance is freed, or is another's. */
static void held_free(struct held_program *held)
{
	held->pool->runtime->engine->instances->ahead--;
	set_phase(held, PROGRAM_ENDING);
	close_channel(held);
	list_remove(&held->link);
	free(held);
}

/* The one that waits for longest; NULL: none waits. */
static struct held_program *find_oldest(const struct warm_pool *pool)
{
	LIST_EACH(link, &pool->programs) {
		struct held_program *held = container_of(link, struct held_program, link);

		if (held->phase == PROGRAM_HELD)
			return held;
	}
	return NULL;
}

static void note_death(struct warm_pool *pool)
{
	double pause = number_min(FAILURE_PAUSE * (1u << pool->failures), FAILURE_PAUSE_MOST);

	if (pool->failures < 16)
		pool->failures++;
	pool->not_before = number_max(pool->not_before, clock_now() + pause);
}

/* It gets kill_signal, and then, if it goes on, sees the end of its connection, as if its client had left. */
static void end_program(struct held_program *held)
{
	struct service_runtime *runtime = held->pool->runtime;
	int channel = held->channel;

	watch_stop(&held->watch);
	held->channel = -1;
	set_phase(held, PROGRAM_ENDING);
	instance_stop(held->instance);
	if (channel >= 0)
		close_socket_own(runtime->engine, runtime->service->name, &channel);
}

static void end_held(struct warm_pool *pool)
{
	struct held_program *held;

	while ((held = find_oldest(pool)))
		end_program(held);
}

static void say_debug(const struct warm_pool *pool, pid_t pid, const char *name, const char *what)
{
	struct event event = { .name = name, .service = pool->runtime->service->name, .pid = pid };

	if (log_wants(pool->runtime->engine->log, LEVEL_DEBUG))
		log_event(pool->runtime->engine->log, LEVEL_DEBUG, &event, "pid %ld %s", (long)pid, what);
}

/* ---- the preparation ---- */

/* Ends all that belongs to a preparation but the program. */
static struct held_program *finish_preparation(struct warm_pool *pool)
{
	struct held_program *held = pool->prepared;

	pool->prepared = NULL;
	exec_status_forget(&pool->exec_status);
	worker_wait_end(&pool->worker);
	pool->runtime->engine->start_queue->ahead_count--;
	return held;
}

/* Tells once that the program cannot be held, and why. */
static void note_obstacle(struct warm_pool *pool, const struct hold_report *report)
{
	const struct service *service = pool->runtime->service;
	struct event event = { .name = "warm", .service = service->name };
	struct buf text = { 0 };

	pool->obstacle = report->obstacle;
	buf_addf(&text, "%s cannot be held: %s", service->exec->exec[0], hold_obstacle_text(report->obstacle));
	if (report->error)
		buf_addf(&text, ": %s", strerror(report->error));
	snprintf(pool->refusal, sizeof(pool->refusal), "%s", buf_string(&text));
	buf_text(&text, "; it runs the ordinary way");
	origin_cite(service_origin(service, "warm"), &text);
	event.reason = pool->refusal;
	log_event(pool->runtime->engine->log, LEVEL_WARNING, &event, "warm: %s", buf_string(&text));
	buf_free(&text);
}

static void hold_program(struct warm_pool *pool, struct held_program *held)
{
	set_phase(held, PROGRAM_HELD);
	held->since = clock_now();
	pool->took = held->since - held->begun;
	watch_set(&held->watch, held->channel, true, false);
	say_debug(pool, held->instance->pid, "warm", "waits for a client");
}

/* report NULL: the worker has not answered; the next try may succeed. */
static void conclude_preparation(struct warm_pool *pool, const struct hold_report *report)
{
	struct held_program *held = finish_preparation(pool);

	if (report && report->obstacle == HOLD_NONE) {
		hold_program(pool, held);
	} else {
		held->ended_early = report && report->obstacle == HOLD_ENDED;
		if (report && !held->ended_early)
			note_obstacle(pool, report);
		else
			note_death(pool);
		end_program(held);
	}
	schedule(pool);
}

/* Whether the worker has said something. */
static bool hear(struct warm_pool *pool, struct hold_report *report, bool *ended)
{
	*ended = false;
	if (pool->worker.process.channel < 0)
		return false;
	if (hold_hear(&pool->worker.process, report))
		return true;
	*ended = errno != EAGAIN && errno != EINTR;
	return false;
}

static void on_report(struct worker_wait *worker, bool late)
{
	struct warm_pool *pool = container_of(worker, struct warm_pool, worker);
	struct hold_report report = { .obstacle = HOLD_TOO_LATE };
	bool ended;

	if (!late && !hear(pool, &report, &ended)) {
		if (ended)
			conclude_preparation(pool, NULL);
		return;
	}
	if (report.obstacle == HOLD_ENDED)
		exec_status_settle(&pool->exec_status, true);   /* on_told concludes a start that has failed */
	if (pool->prepared)
		conclude_preparation(pool, &report);
}

/* The start has failed, or the program runs. A client's start fails the same way, and says why. */
static void on_told(struct exec_status *status, const struct fault *fault)
{
	struct warm_pool *pool = container_of(status, struct warm_pool, exec_status);
	struct event event = { .name = "warm", .service = pool->runtime->service->name };
	struct buf why = { 0 };

	if (!fault)
		return;
	launch_describe_fault(pool->runtime->service, fault, &why);
	event.reason = buf_string(&why);
	log_event(pool->runtime->engine->log, pool->failures ? LEVEL_DEBUG : LEVEL_WARNING, &event,
		  "warm: cannot start ahead: %s", buf_string(&why));
	buf_free(&why);
	conclude_preparation(pool, NULL);
}

/* ---- the end of one ---- */

/* It may have said why just before. */
static void note_end_of_prepared(struct held_program *held)
{
	struct warm_pool *pool = held->pool;
	struct hold_report report;
	bool ended, knows;

	exec_status_settle(&pool->exec_status, true);
	if (!pool->prepared)
		return;                 /* on_told has concluded it */
	knows = hear(pool, &report, &ended);
	finish_preparation(pool);
	held->ended_early = !knows || report.obstacle == HOLD_ENDED;
	if (held->ended_early || report.obstacle == HOLD_NONE)
		note_death(pool);
	else
		note_obstacle(pool, &report);
}

/* One that succeeds without its client has no use for it. What another needs may be there later; one that a signal
 * ended may have met the OOM killer. */
static void judge_early_end(struct warm_pool *pool, int status)
{
	struct event event = { .name = "warm", .service = pool->runtime->service->name };
	char ending[48];

	if (pool->obstacle)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		note_obstacle(pool, &(struct hold_report){ .obstacle = HOLD_ENDED });
		return;
	}
	status_describe(status, ending);
	event.reason = ending;
	log_event(pool->runtime->engine->log, pool->failures > 1 ? LEVEL_DEBUG : LEVEL_WARNING, &event,
		  "warm: %s ended before it used its connection: %s; superd tries again later",
		  pool->runtime->service->exec->exec[0], ending);
}

static void on_ended(struct instance *instance, const struct ending *ending)
{
	struct held_program *held = instance->context;
	struct warm_pool *pool = held->pool;
	struct service_runtime *runtime = pool->runtime;

	runtime->run->stats.cpu += ending->cpu;
	if (pool->prepared == held) {
		note_end_of_prepared(held);
	} else if (held->phase == PROGRAM_HELD) {
		note_death(pool);
		say_debug(pool, instance->pid, "warm", "has ended before a client connected");
	}
	if (held->ended_early)
		judge_early_end(pool, ending->status);
	held_free(held);
	instance_free(instance);
	schedule(pool);
	runtime_post(runtime, LOOK);
}

/* The channel of a held program says something only if that is not held any more. */
static void on_channel(struct watch *watch, bool readable, bool writable)
{
	struct held_program *held = container_of(watch, struct held_program, watch);
	struct hold_report wrote = { .obstacle = HOLD_CALLS_REFUSED };
	struct warm_pool *pool = held->pool;
	enum hold_taken taken = hold_taken(held->channel);

	(void)readable, (void)writable;
	if (taken == HOLD_WAITS)
		return;
	if (taken == HOLD_WROTE)
		note_obstacle(pool, &wrote);
	else
		note_death(pool);
	end_program(held);
	schedule(pool);
}

static const struct instance_ops held_ops = {
	.limit = instance_expire,
	.ended = on_ended,
};

/* ---- the start ---- */

/* Which of the program's descriptors are to be its connection. */
static void find_places(const struct fd_map *fd_map, int socket, struct hold_request *hold)
{
	struct stat wanted, given;

	if (fstat(socket, &given) < 0)
		return;
	for (int n = 0; n < fd_map->count && hold->place_count < HOLD_PLACES; n++) {
		if (fd_map->wanted[n] >= 0 && fstat(fd_map->wanted[n], &wanted) == 0 &&
		    wanted.st_ino == given.st_ino && wanted.st_dev == given.st_dev)
			hold->places[hold->place_count++] = n;
	}
}

/* Starts its process, and the worker that holds it. false: neither runs. */
static bool launch_program(struct warm_pool *pool, struct held_program *held, int socket, struct buf *why)
{
	struct spawn_request launch = { .pid = -1, .report = -1 };
	struct service_runtime *runtime = pool->runtime;
	struct hold_request hold = { .limit_ms = (int64_t)(TIMEOUT_MOST * 1e3) };
	struct worker_process process = { .channel = -1 };
	struct fd_map fd_map = { 0 };
	bool good = false;

	if (launch_wire(&fd_map, runtime, socket, runtime->service->sockets[0].name, why)) {
		launch_fill(&launch, runtime, &fd_map);
		launch.remote_host = false;     /* it has nothing of a client */
		find_places(&fd_map, socket, &hold);
		launch.hold_channel = hold.place_count ? fd_map.wanted[hold.places[0]] : 0;
		launch.private_id = instance_private_tmp(held->instance);
		if (instance_cgroup_enter(&held->instance->cgroup, runtime->engine, runtime->service, &launch, why))
			unreaped_start(runtime->engine, &launch);
		good = launch.pid >= 0;
		if (!good && !why->length)
			launch_describe_fault(runtime->service, &launch.fault, why);
	}
	fd_map_close(&fd_map);
	if (!good)
		return false;
	instance_begin(held->instance, launch.pid, launch.begun);
	if (launch.report >= 0)
		exec_status_watch(&pool->exec_status, launch.report);
	hold.program = launch.pid;
	hold_start(&process, worker_owner(runtime->service->name), held->channel, &hold);
	if (!worker_wait_begin(&pool->worker, process, runtime->service->name, TIMEOUT_MOST + HANG_SECONDS))
		buf_addf(why, "starting superd-hold: %s", strerror(errno));
	return true;
}

static struct held_program *held_new(struct warm_pool *pool, struct buf *why)
{
	struct held_program *held = calloc(1, sizeof(*held));

	if (held)
		held->instance = instance_new(pool->runtime->engine, pool->runtime->service);
	if (!held || !held->instance) {
		free(held);
		buf_text(why, "out of memory");
		return NULL;
	}
	held->pool = pool;
	held->channel = -1;
	held->instance->context = held;
	held->instance->ops = &held_ops;
	list_init(&held->link);
	list_add(&pool->programs, &held->link);
	watch_init(&held->watch, pool->runtime->engine, on_channel);
	pool->runtime->engine->instances->ahead++;
	return held;
}

/* Whether those that wait are what a start would be now. */
static bool are_current(const struct warm_pool *pool)
{
	const struct start_kit *kit = &pool->runtime->run->kit;

	return kit->plan && kit->made == pool->stamped && program_stamp_holds(&pool->stamp);
}

static bool prepare(struct warm_pool *pool, struct buf *why)
{
	struct service_runtime *runtime = pool->runtime;
	struct held_program *held;
	const struct plan *plan;
	int ends[2];

	if (!runtime_prepare_start(runtime, why))
		return false;
	/* Not each program may wait. The rules of the table say it by its options; a plan knows more. */
	plan = runtime->run->kit.plan;
	if (plan->per_connection || plan->rereads || plan->condition_count)
		return false;
	if (!hold_make_pair(&ends[0], &ends[1])) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	held = held_new(pool, why);
	if (!held) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return false;
	}
	held->channel = ends[0];
	if (!are_current(pool)) {
		end_held(pool);
		program_stamp_take(&pool->stamp, runtime->run->kit.plan);
		pool->stamped = runtime->run->kit.made;
	}
	if (!launch_program(pool, held, ends[1], why)) {
		fd_close(&ends[1]);
		instance_free(held->instance);
		held_free(held);
		return false;
	}
	fd_close(&ends[1]);
	held->begun = clock_now();
	pool->prepared = held;
	runtime->engine->start_queue->ahead_count++;
	if (why->length) {
		end_program(finish_preparation(pool));
		return false;
	}
	return true;
}

/* ---- when ---- */

static bool serves(const struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);

	return !runtime->engine->stopping && !runtime_is_removed(runtime) && !runtime_is_disabled(runtime) &&
	       !runtime_is_draining(runtime) &&
	       (state == LISTENING || state == FULL || state == BACKOFF || state == HELD);
}

static bool wants_more(const struct warm_pool *pool)
{
	const struct service_runtime *runtime = pool->runtime;

	return !pool->prepared && !pool->obstacle && !runtime->halted && !runtime->engine->quiet &&
	       runtime_state(runtime) == LISTENING && serves(runtime) &&
	       pool->count < (uint64_t)runtime->service->groups->access->warm;
}

/* Loop time at which the one that waits for longest has waited too long; 0: never. */
static double age_limit(const struct warm_pool *pool)
{
	int64_t most = pool->runtime->service->groups->access->warm_max_age;
	const struct held_program *oldest = find_oldest(pool);

	return oldest && most != SCAN_INFINITY ? oldest->since + (double)most / 1e6 : 0;
}

static void schedule(struct warm_pool *pool)
{
	double now = clock_now(), next = age_limit(pool);
	bool wants = wants_more(pool);

	ev_idle_stop(pool->runtime->engine->loop, &pool->idle);
	if (wants && pool->not_before <= now)
		ev_idle_start(pool->runtime->engine->loop, &pool->idle);
	else if (wants && (next <= 0 || pool->not_before < next))
		next = pool->not_before;
	if (next > 0)
		alarm_set(&pool->alarm, number_max(next - now, 0.));
	else
		alarm_stop(&pool->alarm);
}

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	struct warm_pool *pool = idle->data;
	struct engine *engine = pool->runtime->engine;
	struct event event = { .name = "warm", .service = pool->runtime->service->name };
	struct buf why = { 0 };

	(void)events;
	ev_idle_stop(loop, idle);
	if (engine->start_queue->held || instances_are_full(engine)) {
		pool->not_before = clock_now() + SHORT_PAUSE;
	} else if (!start_queue_has_room(engine)) {
		pool->not_before = clock_now() + ROOM_PAUSE;
	} else if (!prepare(pool, &why)) {
		if (why.length)
			log_event(engine->log, pool->failures ? LEVEL_DEBUG : LEVEL_WARNING, &event,
				  "warm: cannot start ahead: %s", buf_string(&why));
		note_death(pool);
	}
	buf_free(&why);
	schedule(pool);
}

/* Ends those that wait for too long, or lets the next start come. */
static void on_alarm(struct alarm *alarm)
{
	struct warm_pool *pool = container_of(alarm, struct warm_pool, alarm);
	double now = clock_now(), limit = age_limit(pool), next;

	for (; limit > 0 && limit <= now; limit = age_limit(pool))
		end_program(find_oldest(pool));
	next = pool->runtime->run->stats.last_request + pool->quiet;
	if (pool->quiet > 0 && next > now)
		pool->not_before = number_max(pool->not_before, next);
	else if (pool->not_before <= now)
		pool->quiet = 0;
	schedule(pool);
}

static struct warm_pool *make_pool(struct service_runtime *runtime)
{
	struct warm_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->runtime = runtime;
	list_init(&pool->programs);
	exec_status_init(&pool->exec_status, runtime->engine->loop, on_told);
	worker_wait_init(&pool->worker, runtime->engine, on_report);
	alarm_init(&pool->alarm, runtime->engine, on_alarm);
	ev_idle_init(&pool->idle, on_idle);
	pool->idle.data = pool;
	return pool;
}

/* Ends a preparation and all that wait. false: there was none. */
static bool end_all(struct warm_pool *pool)
{
	bool any = pool->prepared || pool->count;

	if (pool->prepared)
		end_program(finish_preparation(pool));
	end_held(pool);
	schedule(pool);
	return any;
}

void warm_pool_follow(struct service_runtime *runtime)
{
	struct warm_pool *pool = pool_of(runtime);
	bool wanted = runtime->service->groups->access->warm && runtime->service->exec->accept && serves(runtime);
	bool takes;

	if (!wanted && !pool)
		return;
	if (!wanted) {
		pool->serves = false;
		end_all(pool);
		return;
	}
	if (!pool) {
		if (!runtime_make_run(runtime))
			return;
		pool = runtime->run->warm = make_pool(runtime);
	}
	if (!pool)
		return;
	if (!hold_is_supported() && !pool->obstacle)
		note_obstacle(pool, &(struct hold_report){ .obstacle = HOLD_UNSUPPORTED });
	takes = runtime_state(runtime) == LISTENING && !runtime->engine->quiet && !runtime->halted;
	if (takes != pool->serves)
		schedule(pool);
	pool->serves = takes;
}

/* ---- clients ---- */

static void forget_obstacle(struct warm_pool *pool)
{
	pool->obstacle = HOLD_NONE;
	*pool->refusal = '\0';
	pool->failures = 0;
	pool->not_before = 0;
}

/* Puts the next start off until no client has come for so long. */
static void defer(struct warm_pool *pool, double quiet)
{
	pool->not_before = number_max(pool->not_before, clock_now() + quiet);
	if (pool->quiet == quiet)
		return;                 /* on_alarm looks when the last client came */
	pool->quiet = quiet;
	schedule(pool);
}

/* A start ahead takes processor time from the clients that come meanwhile. So it needs a pause that is longer than the
 * start: who comes one by one, with such pauses, finds a program each time; a load beyond that costs no start ahead. */
static void note_miss(struct warm_pool *pool)
{
	double quiet = pool->took > 0 ? QUIET_FACTOR * pool->took : QUIET_MOST;

	if (pool->obstacle)
		return;
	pool->runtime->run->stats.warm_missed++;
	defer(pool, number_min(number_max(quiet, QUIET_LEAST), QUIET_MOST));
}

struct held_program *warm_pool_take(struct service_runtime *runtime, struct instance **instance, int *channel)
{
	struct warm_pool *pool = pool_of(runtime);
	struct held_program *held;

	if (!pool || !runtime->service->groups->access->warm)
		return NULL;
	runtime->halted = false;
	if (pool->stamped && (pool->count || pool->obstacle) && !are_current(pool)) {
		if (!program_stamp_holds(&pool->stamp)) {
			log_event(runtime->engine->log, LEVEL_INFO,
				  &(struct event){ .name = "warm", .service = runtime->service->name },
				  "warm: its program has changed; waiting programs are ended");
			forget_obstacle(pool);
		}
		pool->stamped = 0;
		end_all(pool);
	}
	held = find_oldest(pool);       /* the others have waited less */
	if (!held) {
		note_miss(pool);
		return NULL;
	}
	set_phase(held, PROGRAM_TAKEN);
	watch_stop(&held->watch);
	*instance = held->instance;
	*channel = held->channel;
	held->channel = -1;
	pool->failures = 0;
	if (2 * (int64_t)pool->count >= runtime->service->groups->access->warm) {
		defer(pool, BURST);
	} else {
		pool->quiet = pool->not_before = 0;
		schedule(pool);
	}
	return held;
}

void warm_pool_release(struct held_program *held)
{
	held_free(held);
}

void warm_pool_take_back(struct held_program *held)
{
	struct warm_pool *pool = held->pool;

	held->instance->ops = &held_ops;
	held->instance->context = held;
	set_phase(held, PROGRAM_ENDING);
	note_death(pool);
	schedule(pool);
}

/* ---- orders ---- */

void warm_pool_renew(struct service_runtime *runtime)
{
	struct warm_pool *pool = pool_of(runtime);

	if (!pool)
		return;
	LIST_EACH(link, &pool->programs) {
		struct held_program *held = container_of(link, struct held_program, link);

		held->instance->service = runtime->service;
		held->ended_early = false;      /* by another row */
	}
	forget_obstacle(pool);          /* before end_all, which plans the next start */
	pool->stamped = 0;
	program_stamp_free(&pool->stamp);
	end_all(pool);
	warm_pool_follow(runtime);
}

void warm_pool_halt(struct service_runtime *runtime)
{
	struct warm_pool *pool = pool_of(runtime);

	if (!pool)
		return;
	forget_obstacle(pool);          /* the operator may have seen to it */
	end_all(pool);
}

/* SIGKILL: nobody waits for its end. */
static void abandon(struct held_program *held)
{
	struct instance *instance = held->instance;
	const struct engine *engine = instance->engine;
	const char *name = instance->service->name;
	uint64_t private_tmp = instance->private_tmp;

	close_channel(held);
	instance->facts.stopped = true;
	instance_kill(instance);
	instance_let_go(instance);      /* on_ended frees both */
	cleanup_remove_tmp(engine, name, private_tmp);
}

static bool abandon_all(struct warm_pool *pool)
{
	bool any = end_all(pool);

	LIST_EACH(link, &pool->programs) {
		struct held_program *held = container_of(link, struct held_program, link);

		any |= held->phase == PROGRAM_ENDING;
		if (held->phase == PROGRAM_ENDING)
			abandon(held);
	}
	return any;
}

bool warm_pool_is_used(const struct service_runtime *runtime)
{
	const struct warm_pool *pool = pool_of(runtime);

	return pool && !list_empty(&pool->programs);
}

void warm_pool_free(struct service_runtime *runtime)
{
	struct warm_pool *pool = pool_of(runtime);

	if (!pool)
		return;
	abandon_all(pool);
	ev_idle_stop(runtime->engine->loop, &pool->idle);
	alarm_stop(&pool->alarm);
	program_stamp_free(&pool->stamp);
	runtime->run->warm = NULL;
	free(pool);
}

struct warm_account warm_pool_account(const struct service_runtime *runtime)
{
	const struct warm_pool *pool = pool_of(runtime);
	struct warm_account account = { 0 };

	if (!pool)
		return account;
	account.held = pool->count;
	account.preparing = pool->prepared ? 1 : 0;
	account.obstacle = pool->obstacle ? pool->refusal : NULL;
	return account;
}

size_t warm_pool_list(const struct service_runtime *runtime, struct warm_program *programs, size_t most)
{
	const struct warm_pool *pool = pool_of(runtime);
	size_t count = 0;

	if (!pool)
		return 0;
	LIST_EACH(link, &pool->programs) {
		const struct held_program *held = container_of(link, struct held_program, link);

		if (held->phase == PROGRAM_HELD && count < most)
			programs[count++] = (struct warm_program){ held->instance, held->since };
	}
	return count;
}

/* ---- all services ---- */

/* Whether `act` has found anything to do. */
static bool each_pool(struct engine *engine, bool (*act)(struct warm_pool *pool))
{
	const struct service_list *list = engine->service_list;
	bool any = false;

	for (size_t n = 0; n < list->count; n++)
		any |= list->runtimes[n] && pool_of(list->runtimes[n]) && act(pool_of(list->runtimes[n]));
	LIST_EACH(link, &engine->service_list->leaving)
		any |= pool_of(runtime_leaving(link)) && act(pool_of(runtime_leaving(link)));
	return any;
}

bool warm_pools_end(struct engine *engine)
{
	return engine->instances->ahead && each_pool(engine, end_all);
}

void warm_pools_abandon(struct engine *engine)
{
	each_pool(engine, abandon_all);
}
