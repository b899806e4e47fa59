/* Measures how long a backend has had no clients, and then has superd/stop/stop take it for idle. The phases are in
 * superd/stop/idle_internal.
 *
 * A connection that closes during a count counts as a client. Any change of the service's state ends the measuring. A
 * stop that was called off begins it anew. */
#include "superd/stop/idle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/number.h"
#include "superd/instance/instance.h"
#include "superd/instance/relay.h"
#include "superd/instance/service_list.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle_internal.h"
#include "superd/stop/stop.h"

#define PARTS 4                         /* counts in an idle_timeout, if the kernel does not report ended connections */
#define GRID 8                          /* parts of an idle_timeout to which timers are rounded up, to coincide */
#define FEW_CLOSES 8                    /* closes before the next count; after more of them superd stops listening */
#define ALMOST 0.001                    /* seconds that a timer may be early */
#define TURN_SECONDS 0.05               /* between two tries, while superd stops too many others */
#define ANSWER_MOST 90000000            /* microseconds that idle_unless may take, if timeout_start allows more */
#define FULL 10000.                     /* idle_cpu is in hundredths of a percent */
#define DRAINING_PARTS 4                /* looks in an idle_timeout while another instance serves earlier clients */

static const struct lifecycle_options *life_of(const struct idle *idle)
{
	return idle->runtime->service->groups->lifecycle;
}

/* The backend is left alone until this time (loop clock, seconds): min_awake after its start or thaw. */
static double awake_until(const struct idle *idle)
{
	double last = number_max(runtime_stats(idle->runtime)->last_start, freeze_last_thaw(idle->runtime));

	return last + (double)life_of(idle)->min_awake / 1e6;
}

/* ---- whether it works without clients ---- */

static void sample_cpu(struct busy *busy, const struct service_runtime *runtime)
{
	busy->cpu = instance_cpu(runtime_current(runtime));
	busy->sampled = clock_now();
}

__attribute__((format(printf, 2, 3))) static void set_busy(struct idle *idle, const char *format, ...)
{
	const struct service_runtime *runtime = idle->runtime;
	struct busy *busy = &idle->busy;
	struct event event = {
		.name = "busy", .service = runtime->service->name, .pid = runtime_current(runtime)->pid,
		.reason = busy->why,
	};
	bool goes_on = busy->until > 0;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(busy->why, sizeof(busy->why), format, arguments);
	va_end(arguments);
	busy->until = clock_now() + idle->timeout;
	log_event(runtime->engine->log, goes_on ? LEVEL_DEBUG : LEVEL_INFO, &event,
		  "pid %ld keeps running without clients: %s", (long)event.pid, busy->why);
}

static void forget_busy(struct idle *idle)
{
	idle->busy.until = 0;
	*idle->busy.why = '\0';
}

/* By the time since the last look, or since nobody was connected. What was not measured for half of an idle_timeout, as
 * after an upgrade, is measured first. */
static bool is_busy_by_cpu(struct idle *idle)
{
	struct busy *busy = &idle->busy;
	double before = busy->cpu, span = clock_now() - busy->sampled, used;
	bool measured = busy->sampled > 0 && span >= idle->timeout / 2;

	if (life_of(idle)->idle_cpu < 0)
		return false;
	sample_cpu(busy, idle->runtime);
	if (!measured || before < 0 || busy->cpu < 0) {
		set_busy(idle, "idle_cpu: its processor time is not known%s", measured ? "" : " yet");
		return true;
	}
	used = number_max(busy->cpu - before, 0) / span;
	if (used * FULL <= (double)life_of(idle)->idle_cpu)
		return false;
	set_busy(idle, "idle_cpu: %.3g %% of a processor", 100 * used);
	return true;
}

/* Starts idle_unless; on_answer follows. false: the option is not set. */
static bool ask_whether_busy(struct idle *idle)
{
	struct aux_command *command = &idle->busy.command;
	int64_t limit = life_of(idle)->timeout_start;

	if (!idle->runtime->service->groups->commands->of[PHASE_IDLE_UNLESS])
		return false;
	command->instance = runtime_current(idle->runtime);
	aux_command_set_fact(command, 0, "MAINPID=%ld", (long)command->instance->pid);
	aux_command_begin(command, PHASE_IDLE_UNLESS, limit && limit < ANSWER_MOST ? limit : ANSWER_MOST);
	return true;
}

static void log_no_answer(struct idle *idle, const char *why)
{
	struct event event = { .name = "busy", .service = idle->runtime->service->name, .reason = why };
	struct buf command = { 0 };

	if (idle->busy.failure_is_logged)
		return;
	idle->busy.failure_is_logged = true;
	aux_command_describe(&idle->busy.command, &command);
	log_event(idle->runtime->engine->log, LEVEL_WARNING, &event, "%s%s: the service counts as busy",
		  buf_string(&command), why);
	buf_free(&command);
}

/* A command that cannot be run, or does not answer in time, says nothing: the service counts as busy, because work that
 * is cut off cannot be repaired. Exit statuses of a shell that has not found or not run its program, and 255, are no
 * answers either. */
static bool is_busy_by_answer(struct idle *idle, enum result result, int status)
{
	const struct aux_command *command = &idle->busy.command;
	int number = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	struct buf end = { 0 };

	if (command->late || command->fault.stage != STAGE_NONE || result == RESULT_RESOURCES || number == 126 ||
	    number == 127 || number == 255) {
		aux_command_describe_end(command, status, &end);
		log_no_answer(idle, buf_string(&end));
		set_busy(idle, "idle_unless: %s", buf_string(&end));
		buf_free(&end);
		return true;
	}
	idle->busy.failure_is_logged = false;
	if (result == RESULT_SUCCESS)
		set_busy(idle, "idle_unless reports it");
	return result == RESULT_SUCCESS;
}

/* ---- the phases ---- */

static void stop_timer(struct idle *idle)
{
	ev_timer_stop(idle->runtime->engine->loop, &idle->timer);
}

static void wake_in(struct idle *idle, double wait)
{
	stop_timer(idle);
	ev_timer_set(&idle->timer, number_max(wait, ALMOST), 0.);
	ev_timer_start(idle->runtime->engine->loop, &idle->timer);
}

/* Rounded up, so that services with the same idle_timeout are counted by one question. Where ends are not reported, it
 * is the time of the next count. */
static void start_timer(struct idle *idle, double wait)
{
	double grid = idle->timeout / GRID, now = clock_now();

	wait = idle->polls ? number_min(wait, idle->timeout / PARTS) : wait;
	wake_in(idle, ceil((now + wait) / grid) * grid - now);
}

/* For the end of the time since a moment. */
static void start_countdown(struct idle *idle, double since)
{
	if (life_of(idle)->idle_cpu >= 0 && idle->busy.sampled < since)
		sample_cpu(&idle->busy, idle->runtime);
	start_timer(idle, number_max(since + idle->timeout, awake_until(idle)) - clock_now());
}

/* Listens in every phase but IDLE_NOT_LISTENING. */
static void enter_phase(struct idle *idle, enum idle_phase phase)
{
	struct engine *engine = idle->runtime->engine;

	idle->phase = phase;
	idle->entered = clock_now();
	idle->closed_meanwhile = false;
	if (phase < IDLE_WAITS_FOR_TURN)
		idle->reason = STOP_IDLE;
	stop_timer(idle);
	if (phase == IDLE_NOT_LISTENING)
		close_events_end(&idle->close_listener, engine, true);
	else
		close_events_begin(&idle->close_listener, engine);
}

/* A client is connected, or may be. */
static void end_unused(struct idle *idle)
{
	idle->since = 0;
	forget_busy(idle);
}

/* Called when a connection has closed. If connections close all the time, superd counts once in an idle_timeout, and
 * listens for no single close. */
static void wait_until_quiet(struct idle *idle)
{
	end_unused(idle);
	if (idle->closes > FEW_CLOSES) {
		enter_phase(idle, IDLE_NOT_LISTENING);
		start_timer(idle, idle->timeout);
		return;
	}
	enter_phase(idle, IDLE_NOT_COUNTED);
	start_countdown(idle, idle->last_closed);
}

/* For the end of a connection, without a timer; or for the next count, if no end is reported. Nothing reports that
 * clients have become quiet, so superd counts again when they may be. Where a count has failed, there may be nobody
 * whose end would be reported. */
static void wait_for_close(struct idle *idle, enum idle_phase phase)
{
	double moved = idle->clients.moved > 0 ? idle->clients.moved : clock_now();

	enter_phase(idle, phase);
	if (idle->polls || (phase == IDLE_HAS_CLIENTS && !idle->clients.known))
		start_timer(idle, idle->timeout);
	else if (phase == IDLE_HAS_CLIENTS && idle->clients.quiet_after > 0)
		start_timer(idle, number_max(moved + idle->timeout - clock_now(), idle->timeout / GRID));
}

/* Whether connections at which nothing moves may sleep with the backend: superd must be able to watch all of them. */
static bool counts_quiet_ones(const struct service_runtime *runtime)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;

	return lifecycle->idle_means == IDLE_MEANS_QUIET && lifecycle->idle_action == IDLE_FREEZE &&
	       freeze_watches_all(runtime);
}

/* Before the first count it is unknown whether clients are connected. */
static void begin_measuring(struct idle *idle)
{
	service_clients_prepare(&idle->clients);
	idle->clients.quiet_after = counts_quiet_ones(idle->runtime) ? idle->timeout : 0;
	idle->polls = !close_events_is_possible(idle->runtime->engine) ||
		!service_clients_closes_are_reported(&idle->clients);
	forget_busy(idle);
	idle->since = 0;
	idle->last_closed = clock_now();
	idle->closes = 0;
	wait_until_quiet(idle);
}

/* The sockets may be others by now. */
static void prepare_count(struct idle *idle)
{
	stop_spare_clients(&idle->clients.query);
	service_clients_prepare(&idle->clients);
}

/* Listens before it counts, so that superd misses no close between the two. In IDLE_NOT_LISTENING some connection
 * closes during every count, so superd does not listen even now. What has closed during a count that was asked for is
 * not to be forgotten. If somebody was connected to a port of its own at the last count, those ports count, too. */
static void start_count(struct idle *idle)
{
	struct service_clients *clients = &idle->clients;

	idle->closed_meanwhile = idle->closed_meanwhile && service_clients_are_counted(clients);
	prepare_count(idle);
	if (idle->phase != IDLE_NOT_LISTENING)
		close_events_begin(&idle->close_listener, idle->runtime->engine);
	if (service_clients_count(clients, clients->own_count ? freeze_list_processes(idle->runtime) : NULL))
		return;
	idle->reason = STOP_IDLE;               /* no memory: later */
	start_timer(idle, idle->timeout);
}

void idle_take_freeze(struct service_runtime *runtime)
{
	struct idle *idle = runtime->run->idle;

	if (!idle || !stop_takes_count(runtime))
		return;
	prepare_count(idle);
	if (!service_clients_count(&idle->clients, freeze_list_processes(runtime)))
		stop_give_up(runtime_current(runtime));
}

/* The event has the time that was measured. */
static void report(struct idle *idle)
{
	const struct service_runtime *runtime = idle->runtime;
	struct event event = {
		.name = "idle", .service = runtime->service->name, .pid = runtime_current(runtime)->pid,
		.has_duration = true, .duration = clock_now() - idle->since,
	};
	char span[DURATION_MOST];

	if (!idle->reported)
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "would stop pid %ld: no client has been connected for %s", (long)event.pid,
			  duration_write(span, (double)life_of(idle)->idle_timeout / 1e6));
	idle->reported = true;
	wait_for_close(idle, IDLE_WAS_REPORTED);
}

/* Once for each time without clients, as it may read many small files. */
static void note_memory(const struct idle *idle)
{
	bool is_noted = idle->phase == IDLE_WAITS_FOR_TURN || idle->reported;
	int64_t memory = is_noted ? -1 : instance_memory(runtime_current(idle->runtime));

	if (memory > 0)
		idle->runtime->run->stats.idle_memory = memory;
}

static bool is_due(const struct idle *idle)
{
	double now = clock_now() + ALMOST;

	return idle->since > 0 && (idle->reason == STOP_MEMORY || now - idle->since >= idle->timeout) &&
	       now >= awake_until(idle);
}

/* No client was connected for long enough, and it does not work either. A backend that cannot be frozen now, because it
 * reads its configuration, counts as busy. */
static void apply_action(struct idle *idle)
{
	note_memory(idle);
	if (life_of(idle)->idle_action == IDLE_REPORT) {
		report(idle);
	} else if (life_of(idle)->idle_action == IDLE_STOP && stop_any_is_beside(idle->runtime)) {
		enter_phase(idle, IDLE_NO_CLIENTS); /* the draining instance has the second sockets that a stop needs */
		start_timer(idle, idle->timeout / DRAINING_PARTS);
	} else if (!stop_may_try(idle->runtime->engine)) {
		enter_phase(idle, IDLE_WAITS_FOR_TURN);
		wake_in(idle, TURN_SECONDS);
	} else {
		enter_phase(idle, IDLE_GOES);
		if (!stop_try(idle->runtime, idle->reason, idle->since))
			begin_measuring(idle);
	}
}

/* It works without clients: superd looks again in an idle_timeout. */
static void look_again(struct idle *idle)
{
	enter_phase(idle, IDLE_NO_CLIENTS);
	start_timer(idle, idle->timeout);
}

/* No client was connected for long enough. */
static void act_unless_busy(struct idle *idle)
{
	if (clock_now() + ALMOST < idle->busy.until || is_busy_by_cpu(idle)) {
		look_again(idle);
		return;
	}
	enter_phase(idle, IDLE_ASKING);
	if (ask_whether_busy(idle))
		return;
	forget_busy(idle);
	apply_action(idle);
}

/* The command of idle_unless has ended. */
static void on_answer(struct aux_command *command, enum result result, int status)
{
	struct idle *idle = container_of(command, struct idle, busy.command);

	if (is_busy_by_answer(idle, result, status)) {
		look_again(idle);
		return;
	}
	forget_busy(idle);
	if (idle->closed_meanwhile)
		wait_until_quiet(idle);
	else
		apply_action(idle);
}

/* A connection has ended for which there is nothing to do now, as the clients are being counted or will be. */
static void note_close(struct idle *idle)
{
	idle->closed_meanwhile = true;
	if (idle->closes > FEW_CLOSES)  /* one more would tell nothing new */
		close_events_end(&idle->close_listener, idle->runtime->engine, false);
}

/* The end of a probe begins no new time, but the last count may have taken it for a client. */
static void on_gone(struct close_listener *close_listener, bool silent)
{
	struct idle *idle = container_of(close_listener, struct idle, close_listener);

	if (silent && idle->phase != IDLE_HAS_CLIENTS && !service_clients_are_counted(&idle->clients))
		return;
	idle->last_closed = clock_now();
	idle->closes++;
	if (service_clients_are_counted(&idle->clients) && idle->clients.looks) {
		note_close(idle);
		return;
	}
	switch (idle->phase) {
	case IDLE_HAS_CLIENTS:
	case IDLE_NO_CLIENTS:
	case IDLE_WAS_REPORTED:
	case IDLE_WAITS_FOR_TURN:
		idle->reported = false;
		wait_until_quiet(idle);
		break;
	case IDLE_NOT_COUNTED:          /* the timer finds out that the time begins later (is_too_early) */
		if (idle->closes > FEW_CLOSES)
			wait_until_quiet(idle);
		break;
	default:
		note_close(idle);
	}
	if (service_clients_are_counted(&idle->clients))
		note_close(idle);       /* somebody has asked, and may learn of a client that has left */
}

static void on_deaf(struct close_listener *close_listener)
{
	struct idle *idle = container_of(close_listener, struct idle, close_listener);

	idle->polls = true;
	if (idle->phase < IDLE_WAITS_FOR_TURN)
		start_timer(idle, idle->timeout);
}

/* Whether a count that somebody has asked for finds, as the last one did, that nobody is there; superd's own is yet to
 * come. */
static bool is_waiting_still(struct idle *idle, bool used)
{
	return !used && idle->since > 0 &&
	       (ev_is_active(&idle->timer) || (idle->phase == IDLE_WAS_REPORTED && !idle->polls));
}

/* Nobody has been there since the last end that was reported. None was where superd did not listen: in that phase, and
 * right behind it, where clients left between the count that found them and the listening. */
static void take_no_clients(struct idle *idle)
{
	if (idle->phase == IDLE_NOT_COUNTED || (idle->phase == IDLE_HAS_CLIENTS && idle->clients.quiet))
		idle->since = idle->last_closed;
	else if (idle->phase == IDLE_NOT_LISTENING || idle->since <= 0)
		idle->since = clock_now();
	if (idle->clients.quiet)
		idle->since = number_max(idle->since, idle->clients.moved);
	if (is_due(idle)) {
		act_unless_busy(idle);
		return;
	}
	enter_phase(idle, IDLE_NO_CLIENTS);
	start_countdown(idle, idle->since);
}

/* superd would never notice clients that left between a count without listening and its listening again, so it counts
 * them once more. The kernel may have stopped reporting meanwhile. */
static void take_clients(struct idle *idle)
{
	bool was_deaf = idle->phase == IDLE_NOT_LISTENING;

	end_unused(idle);
	idle->reported = false;
	idle->polls = idle->polls || !close_events_is_possible(idle->runtime->engine);
	wait_for_close(idle, IDLE_HAS_CLIENTS);
	if (was_deaf && !idle->polls && !ev_is_active(&idle->timer))
		start_timer(idle, idle->timeout);
}

static void take_count(struct idle *idle, bool used)
{
	if (idle->closed_meanwhile) {
		wait_until_quiet(idle);
		return;
	}
	idle->closes = 0;
	if (used)
		take_clients(idle);
	else if (!is_waiting_still(idle, used))
		take_no_clients(idle);
}

/* The last count is that of the stop. While its command runs only others ask, and what follows counts anew. */
static void on_counted(struct service_clients *clients, bool used)
{
	struct idle *idle = container_of(clients, struct idle, clients);

	if (idle->phase == IDLE_ASKING || idle->phase == IDLE_ASLEEP)
		return;
	used = used || relay_has_flows(runtime_current(idle->runtime));
	if (idle->phase == IDLE_GOES)
		stop_take_clients(idle->runtime, clients, used);
	else
		take_count(idle, used);
}

/* Whether a connection has ended so lately that there is nothing to count yet; the timer runs then. Reports that are
 * still unread may have come before the timer. */
static bool is_too_early(struct idle *idle)
{
	if (idle->polls)
		return false;
	close_events_read(idle->runtime->engine);
	if (ev_is_active(&idle->timer))
		return true;
	if (idle->phase != IDLE_NOT_COUNTED || clock_now() + ALMOST >= idle->last_closed + idle->timeout)
		return false;
	idle->closes = 0;
	start_countdown(idle, idle->last_closed);
	return true;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct idle *idle = timer->data;

	(void)loop, (void)events;
	if (is_too_early(idle))
		return;
	if (idle->phase == IDLE_WAITS_FOR_TURN)
		apply_action(idle);
	else
		start_count(idle);
}

double idle_unused_since(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	if (!idle || life_of(idle)->idle_action == IDLE_REPORT || idle->reason == STOP_MEMORY ||
	    clock_now() < number_max(awake_until(idle), idle->busy.until))
		return 0;
	switch (idle->phase) {
	case IDLE_NO_CLIENTS:
		return idle->since;
	case IDLE_NOT_COUNTED:
		return idle->last_closed;
	case IDLE_HAS_CLIENTS:          /* they may have gone since, where nothing reports that */
		return idle->polls ? idle->clients.at : 0;
	default:
		return 0;
	}
}

double idle_leaving_since(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	return idle && idle->phase == IDLE_GOES ? idle->entered : 0;
}

void idle_hurry(struct service_runtime *runtime)
{
	struct idle *idle = runtime->run->idle;

	idle->reason = STOP_MEMORY;
	if (client_look_is_open(&idle->clients.look))
		return;                 /* a process is at it */
	stop_timer(idle);
	start_count(idle);
}

static struct idle *new_idle(struct service_runtime *runtime, enum idle_phase phase)
{
	struct idle *idle = calloc(1, sizeof(*idle));

	if (!idle || !service_clients_init(&idle->clients, runtime, on_counted)) {
		free(idle);
		return NULL;
	}
	idle->runtime = runtime;
	idle->phase = phase;
	idle->reason = STOP_IDLE;
	idle->timeout = (double)runtime->service->groups->lifecycle->idle_timeout / 1e6;
	aux_command_init(&idle->busy.command, runtime, NULL, on_answer);
	idle->busy.command.asks = true;
	ev_init(&idle->timer, on_timer);
	idle->timer.data = idle;
	close_events_init(&idle->close_listener, &idle->clients.query, on_gone, on_deaf);
	return idle;
}

bool idle_ask(struct service_runtime *runtime, struct clients_question *question)
{
	struct service_run *run = runtime->run;
	struct idle_account account;

	if (!idle_describe(runtime, &account) || (!run->idle && !(run->idle = new_idle(runtime, IDLE_ASLEEP))))
		return false;
	if (!service_clients_are_counted(&run->idle->clients))
		prepare_count(run->idle);
	return service_clients_ask(&run->idle->clients, question);
}

/* Ends all that goes on by itself. */
static void end_measuring(struct idle *idle)
{
	struct instance *current = runtime_current(idle->runtime);

	if (current && stop_is_tried(current))
		stop_give_up(current);
	stop_timer(idle);
	close_events_end(&idle->close_listener, idle->runtime->engine, false);
	aux_command_drop(&idle->busy.command);
}

void idle_forget(struct service_runtime *runtime)
{
	struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	if (!idle)
		return;
	end_measuring(idle);
	runtime->run->idle = NULL;
	service_clients_free(&idle->clients);
	free(idle);
}

void idle_go_on(struct service_runtime *runtime)
{
	struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	if (!idle || idle->phase != IDLE_GOES || !runtime_current(runtime) ||
	    stop_is_tried(runtime_current(runtime)))
		return;
	if (idle->clients.at > idle->entered)  /* the last count was made: it has found somebody */
		end_unused(idle);
	begin_measuring(idle);
}

static void start_idle(struct service_runtime *runtime)
{
	runtime->run->stats.unused_since = 0;
	runtime->run->idle = new_idle(runtime, IDLE_NOT_COUNTED);
	if (runtime->run->idle) {
		begin_measuring(runtime->run->idle);
		return;
	}
	log_error(runtime->engine->log,
		  "%s: its clients cannot be counted for idle_timeout: out of memory; next try in 1 s",
		  runtime->service->name);
	events_starve(runtime->engine);
}

static bool is_changed(const struct idle *idle)
{
	double timeout = (double)life_of(idle)->idle_timeout / 1e6;

	return idle->timeout != timeout || idle->clients.count != idle->runtime->listener_count ||
	       (idle->clients.quiet_after > 0) != counts_quiet_ones(idle->runtime);
}

/* A service that does not run has no clients. */
static void note_unused(const struct idle *idle)
{
	struct service_stats *stats = &idle->runtime->run->stats;

	stats->unused_since = idle->since <= 0 && runtime_state(idle->runtime) != RUNNING ? clock_now() : idle->since;
}

/* If idle_timeout has frozen it, the last count was made of it frozen. An operator freezes it whoever is connected. */
static void fall_asleep(struct idle *idle)
{
	note_unused(idle);
	end_measuring(idle);
	forget_busy(idle);
	if (idle->phase != IDLE_GOES)
		idle->since = idle->clients.at = 0;
	idle->phase = IDLE_ASLEEP;
}

void idle_follow(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	struct idle *idle = run ? run->idle : NULL;
	bool has_any = run && run->current && !runtime->engine->stopping && service_idles(runtime->service);
	bool measures = has_any && runtime_state(runtime) == RUNNING;
	bool sleeps = has_any && runtime_state(runtime) == FROZEN;

	if (idle && (is_changed(idle) || !(idle->phase == IDLE_ASLEEP ? sleeps : measures || sleeps))) {
		if (idle->phase != IDLE_ASLEEP)
			note_unused(idle);
		idle_forget(runtime);
	} else if (idle && sleeps && idle->phase != IDLE_ASLEEP) {
		fall_asleep(idle);
	}
	if (measures && !run->idle && !runtime->engine->quiet)
		start_idle(runtime);
}

/* ---- what superctl shows ---- */

static enum idle_status status_of_phase(const struct idle *idle)
{
	if (idle->busy.until > 0)
		return IDLE_BUSY;
	switch (idle->phase) {
	case IDLE_ASKING:
	case IDLE_NO_CLIENTS:
		return IDLE_UNUSED;
	case IDLE_HAS_CLIENTS:
		return IDLE_USED;
	case IDLE_WAS_REPORTED:
		return IDLE_REPORTED;
	case IDLE_WAITS_FOR_TURN:
		return IDLE_POSTPONED;
	case IDLE_GOES:
		return IDLE_LETTING_GO;
	case IDLE_ASLEEP:
		return IDLE_FROZEN;
	default:
		return IDLE_UNKNOWN;
	}
}

/* The last count may have been made at the end of an idle_timeout, and says nothing of clients that came since, unless
 * somebody asks (idle_ask). */
bool idle_describe(const struct service_runtime *runtime, struct idle_account *account)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	const struct service_run *run = runtime->run;
	const struct idle *idle = run ? run->idle : NULL;
	const struct conn_count *own;

	if (!idle && (!run || runtime_state(runtime) != FROZEN || !service_idles(runtime->service)))
		return false;
	*account = (struct idle_account){
		.standing = idle ? status_of_phase(idle) : IDLE_FROZEN,
		.timeout = (double)lifecycle->idle_timeout / 1e6,
		.action = lifecycle->idle_action,
		.busy = idle ? idle->busy.why : NULL,
		.quiet_sleep = idle && idle->phase != IDLE_ASLEEP ? idle->clients.quiet_after > 0
								 : lifecycle->idle_means == IDLE_MEANS_QUIET,
		.since = idle ? idle->since : 0,
	};
	if (idle && idle->clients.at > 0) {
		account->counted = idle->clients.at;
		account->known = idle->clients.known;
		account->connections = idle->clients.connections;
		account->peers = idle->clients.peers;
		account->own_connections = service_clients_own(&idle->clients);
		own = idle->clients.query.conns + idle->clients.count;
		for (size_t n = 0; n < idle->clients.own_count && !account->own; n++)
			account->own = own[n].count ? &own[n] : NULL;
	}
	if (account->connections && !account->quiet_sleep)
		account->since = 0;
	return true;
}

/* NULL: it does not run. */
static const struct idle *find_measuring(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	return idle && idle->phase != IDLE_ASLEEP ? idle : NULL;
}

double idle_last_used(const struct service_runtime *runtime)
{
	const struct idle *idle = find_measuring(runtime);

	if (!idle)
		return runtime_stats(runtime)->unused_since;
	return idle->since <= 0 && idle->phase == IDLE_NOT_COUNTED ? idle->last_closed : idle->since;
}

const char *idle_status_word(enum idle_status standing)
{
	static const char *const texts[] = {
		[IDLE_UNKNOWN] = "unknown", [IDLE_USED] = "used", [IDLE_UNUSED] = "unused",
		[IDLE_REPORTED] = "reported", [IDLE_BUSY] = "busy", [IDLE_POSTPONED] = "postponed",
		[IDLE_LETTING_GO] = "letting-go", [IDLE_FROZEN] = "frozen",
	};

	return texts[standing];
}
