/* Reports superd's own state to a service manager (sd_notify(3)). An idle superd wakes for its watchdog alone, and
 * only if WATCHDOG_PID, where it is set, names this process (sd_watchdog_enabled(3)). */
#include "engine/supervisor/herald.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/service/keeper.h"
#include "os/socket/notify_socket.h"

static const char *variable(const struct engine *engine, const char *name)
{
	size_t length = strlen(name);

	for (char **at = engine->defaults.environment; at && *at; at++) {
		if (!strncmp(*at, name, length) && (*at)[length] == '=')
			return *at + length + 1;
	}
	return NULL;
}

static void tell(struct herald *herald, const char *text)
{
	if (!herald->socket)
		return;
	if (herald->sender < 0)
		herald->sender = notify_socket_sender();
	if (herald->sender >= 0)
		notify_socket_send(herald->sender, herald->socket, text);
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	tell(timer->data, "WATCHDOG=1");
}

/* Pings at half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends. */
static void begin_watchdog(struct herald *herald, struct engine *engine)
{
	const char *pid_text = variable(engine, "WATCHDOG_PID"), *every = variable(engine, "WATCHDOG_USEC");
	int64_t microseconds, pid;
	double half;

	ev_init(&herald->watchdog, on_watchdog);
	herald->watchdog.data = herald;
	if (!every || scan_count(every, &microseconds) || microseconds <= 0)
		return;
	if (pid_text && (scan_count(pid_text, &pid) || pid != getpid()))
		return;
	half = (double)microseconds / 2e6;
	ev_timer_set(&herald->watchdog, half, half);
	ev_timer_start(engine->loop, &herald->watchdog);
	ev_unref(engine->loop);
}

void herald_begin(struct herald *herald, struct engine *engine, const struct roster *roster)
{
	const char *socket = variable(engine, "NOTIFY_SOCKET");

	herald->roster = roster;
	herald->sender = -1;
	herald->socket = socket && *socket ? socket : NULL;
	if (herald->socket)
		begin_watchdog(herald, engine);
}

void herald_ready(struct herald *herald)
{
	size_t services = 0, unbound = 0;
	char text[160];

	if (!herald->socket || herald->stopping)
		return;
	for (size_t n = 0; n < herald->roster->count; n++) {
		const struct keeper *keeper = herald->roster->keepers[n];

		services += keeper && keeper->state != OFF;
		unbound += keeper && keeper->state == BINDING;
	}
	snprintf(text, sizeof(text),
		 "READY=1\nMAINPID=%ld\nSTATUS=%zu service%s, %zu of them without all of their sockets", (long)getpid(),
		 services, services == 1 ? "" : "s", unbound);
	if (!unbound)
		*strrchr(text, ',') = '\0';
	tell(herald, text);
}

void herald_reloading(struct herald *herald)
{
	char text[96];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%.0f", clock_now() * 1e6);
	tell(herald, text);
}

void herald_stopping(struct herald *herald)
{
	if (herald->stopping)
		return;
	herald->stopping = true;
	tell(herald, "STOPPING=1\nSTATUS=stopping");
}

void herald_end(struct herald *herald, int exit_status)
{
	char text[48];

	snprintf(text, sizeof(text), "STOPPING=1\nEXIT_STATUS=%d", exit_status);
	tell(herald, text);
	fd_close(&herald->sender);
}
