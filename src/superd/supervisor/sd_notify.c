/* Reports superd's own state to a service manager (sd_notify(3)); where there is a guard, it sends. The watchdog is the
 * only reason for an idle superd to wake, and only if WATCHDOG_PID is unset or names this process, or its guard
 * (sd_watchdog_enabled(3)). */
#include "superd/supervisor/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/notify_send.h"
#include "lib/scan.h"
#include "os/guard/guard_link.h"
#include "superd/service/runtime_event.h"

#define RETRY .2 /* seconds */
#define PINGS 3                         /* in each WATCHDOG_USEC: two are in time if one is lost */
#define GUARD_SHARE (5. / 6)            /* of WATCHDOG_USEC, after which the guard finds that superd hangs */

/* false and errno. */
static bool send_message(struct sd_notify *sd_notify, const char *text)
{
	if (sd_notify->sender < 0)
		sd_notify->sender = notify_socket_sender();
	return sd_notify->sender >= 0 && guard_notify(sd_notify->sender, sd_notify->socket, text, -1);
}

/* The next ping comes in time if this one is lost. The guard knows of it in any case. */
static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct sd_notify *sd_notify = timer->data;

	(void)loop, (void)events;
	if (!sd_notify->stopping)
		guard_tell_alive(timer->repeat * PINGS * GUARD_SHARE);
	send_message(sd_notify, "WATCHDOG=1");
}

/* Whether the next try may succeed: the manager's queue is full, or descriptors or memory are short. */
static bool is_short_of_room(int error)
{
	return error == EAGAIN || error == EINTR || error == EMFILE || error == ENFILE || error == ENOBUFS ||
		error == ENOMEM;
}

static void log_unsent(struct sd_notify *sd_notify, int error, bool again)
{
	struct event event = { .name = "notify_failed", .reason = strerror(error) };

	if (!sd_notify->is_logged)
		log_event(sd_notify->engine->log, LEVEL_WARNING, &event, "cannot report to NOTIFY_SOCKET %s: %s%s",
			  sd_notify->socket, event.reason, again ? ": superd tries again" : "");
	sd_notify->is_logged = true;
}

/* A superd that ends does not wait for the timer, so the loop does not count it. */
static void stop_retry(struct sd_notify *sd_notify)
{
	if (!ev_is_active(&sd_notify->retry))
		return;
	ev_ref(sd_notify->engine->loop);
	ev_timer_stop(sd_notify->engine->loop, &sd_notify->retry);
}

static void start_retry(struct sd_notify *sd_notify)
{
	if (ev_is_active(&sd_notify->retry))
		return;
	ev_timer_set(&sd_notify->retry, RETRY, RETRY);
	ev_timer_start(sd_notify->engine->loop, &sd_notify->retry);
	ev_unref(sd_notify->engine->loop);
}

static void send_unsent(struct sd_notify *sd_notify)
{
	if (send_message(sd_notify, sd_notify->unsent)) {
		sd_notify->is_logged = false;
		stop_retry(sd_notify);
	} else if (is_short_of_room(errno)) {
		log_unsent(sd_notify, errno, true);
		start_retry(sd_notify);
	} else {
		log_unsent(sd_notify, errno, false);
		stop_retry(sd_notify);
	}
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	send_unsent(timer->data);
}

/* A later state takes the place of one that waits. */
static void send_state(struct sd_notify *sd_notify, const char *text)
{
	if (!sd_notify->socket)
		return;
	snprintf(sd_notify->unsent, sizeof(sd_notify->unsent), "%s", text);
	send_unsent(sd_notify);
}

/* Pings oftener than twice in WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends, so that the guard, which has to be
 * quicker than the manager, waits longer than for one ping, too. */
static void begin_watchdog(struct sd_notify *sd_notify, struct engine *engine)
{
	const char *pid_text = engine_variable(engine, "WATCHDOG_PID");
	const char *every = engine_variable(engine, "WATCHDOG_USEC");
	int64_t microseconds, pid;
	double pause;

	ev_init(&sd_notify->watchdog, on_watchdog);
	sd_notify->watchdog.data = sd_notify;
	if (!every || scan_count(every, &microseconds) || microseconds <= 0)
		return;
	if (pid_text && (scan_count(pid_text, &pid) || pid != guard_first_pid()))
		return;
	pause = (double)microseconds / 1e6 / PINGS;
	ev_timer_set(&sd_notify->watchdog, 0., pause);
	ev_timer_start(engine->loop, &sd_notify->watchdog);
	ev_unref(engine->loop);
}

void sd_notify_begin(struct sd_notify *sd_notify, struct engine *engine, const struct service_list *service_list)
{
	const char *socket = engine_variable(engine, "NOTIFY_SOCKET");

	sd_notify->service_list = service_list;
	sd_notify->engine = engine;
	ev_init(&sd_notify->retry, on_retry);
	sd_notify->retry.data = sd_notify;
	sd_notify->sender = -1;
	sd_notify->socket = socket && *socket ? socket : NULL;
	if (sd_notify->socket)
		begin_watchdog(sd_notify, engine);
}

void sd_notify_ready(struct sd_notify *sd_notify)
{
	size_t services = 0, unbound = 0;
	char text[SD_NOTIFY_TEXT];

	if (!sd_notify->socket || sd_notify->stopping)
		return;
	for (size_t n = 0; n < sd_notify->service_list->count; n++) {
		const struct service_runtime *runtime = sd_notify->service_list->runtimes[n];

		services += runtime && runtime_state(runtime) != OFF;
		unbound += runtime && runtime_state(runtime) == BINDING;
	}
	snprintf(text, sizeof(text),
		 "READY=1\nMAINPID=%ld\nSTATUS=%zu service%s, %zu of them without all of their sockets",
		 (long)guard_first_pid(), services, services == 1 ? "" : "s", unbound);
	if (!unbound)
		*strrchr(text, ',') = '\0';
	send_state(sd_notify, text);
}

void sd_notify_reloading(struct sd_notify *sd_notify)
{
	char text[96];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%.0f", clock_now() * 1e6);
	send_state(sd_notify, text);
}

void sd_notify_stopping(struct sd_notify *sd_notify)
{
	if (sd_notify->stopping)
		return;
	sd_notify->stopping = true;
	guard_tell_alive(0);            /* the manager has a limit of its own for the stop */
	send_state(sd_notify, "STOPPING=1\nSTATUS=stopping");
}

void sd_notify_end(struct sd_notify *sd_notify, int exit_status)
{
	char text[48];

	if (!sd_notify->socket)
		return;
	snprintf(text, sizeof(text), "STOPPING=1\nEXIT_STATUS=%d", exit_status);
	send_message(sd_notify, text);
	fd_close(&sd_notify->sender);
}
