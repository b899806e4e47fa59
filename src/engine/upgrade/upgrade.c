/* The way from the order to the change. Events that the loop has read and not yet acted on would be lost by the
 * change, above all the end of a child that was reaped. So the last step has the lowest priority of all, runs when
 * nothing else is pending, and waits for nothing between the first line of the state and the exec. */
#include "engine/upgrade/upgrade.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/list.h"
#include "engine/freeze/freeze.h"
#include "engine/idle/idle.h"
#include "engine/runtime/service_list.h"
#include "engine/service/runtime_event.h"
#include "engine/service/service_thaw.h"
#include "exec/spawn/spawn.h"
#include "os/fs/state_file.h"
#include "os/host/self_exe.h"

#define REST_SECONDS 10.                /* time for all that is under way to end */
#define ANSWER_SECONDS 1.               /* time for answers about clients, and of rpcbind */
#define LOOK_EVERY .005                 /* seconds between two looks whether superd is at rest */

void upgrade_init(struct upgrade *upgrade)
{
	upgrade->answer = -1;
	ev_init(&upgrade->timer, NULL);
}

static void conclude(struct upgrade *upgrade, bool good, const char *text)
{
	void (*done)(void *, bool, const char *) = upgrade->done;

	upgrade->done = NULL;
	if (done)
		done(upgrade->context, good, text);
}

static void give_up(struct upgrade *upgrade, const char *why)
{
	log_error(upgrade->engine->log, "not upgraded: %s", why);
	upgrade->busy = false;
	conclude(upgrade, false, why);
}

/* Only the superd that has frozen processes can thaw them, so they run for the moment of the change. */
static void thaw(const struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime || runtime->service->exec->accept)
			continue;
		idle_set_aside(runtime);
		service_freeze_set_aside(runtime);
	}
}

void upgrade_freeze_again(struct service_runtime *runtime)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name };
	struct buf why = { 0 };

	if (runtime->freezes && runtime_state(runtime) == RUNNING && !freeze_hold(runtime, &why))
		log_event(runtime->engine->log, LEVEL_WARNING, &event, "it is not frozen any more: %s",
			  buf_string(&why));
	if (!runtime->freezes && runtime->run && !runtime->run->idle)
		freeze_stay_awake(runtime);     /* it has no idle_timeout any more */
	runtime->freezes = false;
	buf_free(&why);
}

static void go_on_as_before(struct upgrade *upgrade, struct buf *why)
{
	struct service_list *service_list = upgrade->engine->service_list;

	upgrade_be_awake(upgrade);
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			upgrade_freeze_again(service_list->runtimes[n]);
	}
	give_up(upgrade, buf_string(why));
	buf_free(why);
}

/* Becomes the new program. Returns only on failure. */
static void become(struct upgrade *upgrade, struct state_saver *carry, int state, struct buf *why)
{
	char **arguments = upgrade_arguments(upgrade, UPGRADE_TAKE, state);
	struct engine *engine = upgrade->engine;

	save_fd(carry, "state", state);         /* behind the last line: only so that it goes over */
	if (!arguments || carry->failed) {
		upgrade_free_arguments(arguments);
		buf_text(why, "out of memory");
		return;
	}
	spawn_end();                    /* its helpers are at rest, and would be gone */
	self_exe_exec(upgrade->program, arguments, engine->defaults.environment, carry->fds, carry->count);
	buf_addf(why, "cannot become %s: %s", upgrade->program, strerror(errno));
	upgrade_free_arguments(arguments);
}

static void change(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	struct buf why = { 0 };
	struct state_saver carry;
	int state = -1;

	thaw(engine->service_list);
	runtimes_hear(engine);           /* what was posted does not go over */
	/* Before the state, which has the messages that operators have not received yet. */
	log_notice(engine->log, "upgrading: becoming %s", upgrade->program);
	if (!save_write(&carry, engine, &upgrade->source, upgrade->quiet_since))
		buf_text(&why, "cannot write the state: out of memory");
	else
		state = state_file_make(carry.text.data, carry.text.length, engine->defaults.runtime_directory);
	if (state >= 0)
		become(upgrade, &carry, state, &why);
	else if (!why.length)
		buf_addf(&why, "cannot write the state: %s", strerror(errno));
	fd_close(&state);
	save_free(&carry);
	go_on_as_before(upgrade, &why);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct upgrade *upgrade = timer->data;
	struct buf busy = { 0 }, why = { 0 };
	bool rests = upgrade_is_at_rest(upgrade, &busy);

	(void)events;
	if (!rests && upgrade_may_wait(upgrade) && clock_now() < upgrade->patience) {
		if (clock_now() - upgrade->quiet_since > ANSWER_SECONDS)
			upgrade_be_brief(upgrade);
		buf_free(&busy);
		return;
	}
	ev_timer_stop(loop, timer);
	if (rests) {
		change(upgrade);
	} else {
		buf_addf(&why, "busy: %s", buf_string(&busy));
		go_on_as_before(upgrade, &why);
	}
	buf_free(&busy);
}

static void come_to_rest(struct upgrade *upgrade)
{
	struct ev_loop *loop = upgrade->engine->loop;

	upgrade->quiet_since = clock_now();
	upgrade->patience = upgrade->quiet_since + REST_SECONDS;
	upgrade_be_quiet(upgrade);
	ev_timer_init(&upgrade->timer, on_look, 0., LOOK_EVERY);
	ev_set_priority(&upgrade->timer, EV_MINPRI);
	upgrade->timer.data = upgrade;
	ev_timer_start(loop, &upgrade->timer);
}

static void take_answer(struct upgrade *upgrade, bool good, const char *text)
{
	if (upgrade_is_too_late(upgrade)) {
		give_up(upgrade, "busy: superd is stopping");
	} else if (!good) {
		give_up(upgrade, text);
	} else if (upgrade->check_only) {
		upgrade->busy = false;
		conclude(upgrade, true, text);
	} else if (upgrade->loader->worker.busy) {
		give_up(upgrade, "busy: a reload is under way");
	} else {
		come_to_rest(upgrade);
	}
}

static void on_asked_ended(struct child *child, int status)
{
	struct upgrade *upgrade = container_of(child, struct upgrade, asked);
	struct buf text = { 0 };
	bool can = upgrade_hear(upgrade, status, &text);

	take_answer(upgrade, can, buf_string(&text));
	buf_free(&text);
}

void upgrade_begin(struct upgrade *upgrade, bool check_only,
		   void (*done)(void *context, bool good, const char *text), void *context)
{
	static const char under_way[] = "busy: an upgrade is under way";
	struct buf why = { 0 };

	if (upgrade->busy) {
		if (done)
			done(context, false, under_way);
		else
			log_error(upgrade->engine->log, "not upgraded: %s", under_way);
		return;
	}
	upgrade->check_only = check_only;
	upgrade->done = done;
	upgrade->context = context;
	if (upgrade_is_too_late(upgrade))
		buf_text(&why, "busy: superd is stopping");
	else if (upgrade->loader->worker.busy)
		buf_text(&why, "busy: a reload is under way");
	else if (!upgrade->program || !upgrade->arguments)
		buf_text(&why, "the place superd was started from is not known: neither its name nor /proc tells");
	else
		upgrade->busy = upgrade_ask(upgrade, on_asked_ended, &why);
	if (!upgrade->busy)
		give_up(upgrade, buf_string(&why));
	buf_free(&why);
}

void upgrade_free(struct upgrade *upgrade)
{
	if (!upgrade->engine)
		return;
	ev_timer_stop(upgrade->engine->loop, &upgrade->timer);
	upgrade_ask_forget(upgrade);
}
