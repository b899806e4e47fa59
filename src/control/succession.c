/* The hard thing is that the other one may turn us away, or be replaced by a third: then it is asked again, in a
 * while. */
#include "control/succession.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/core/closing.h"
#include "os/proc/hangup.h"
#include "os/socket/control_socket.h"

#define SOON .05                        /* seconds: one that ends takes its node away before long */
#define LATER 1.

/* What it may have sent is dropped elsewhere. */
static void hang_up(struct succession *succession)
{
	watch_stop(&succession->watch);
	if (succession->hangups >= 0)
		hangup_forget(succession->hangups, succession->fd);
	fd_close(&succession->hangups);
	closing_close(succession->watch.engine, NULL, &succession->fd);
}

/* Nothing is read of what it says: whoever reads has what comes along. */
static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct succession *succession = container_of(watch, struct succession, watch);

	(void)readable, (void)writable;
	if (hangup_next(succession->hangups) < 0)
		return;
	hang_up(succession);
	alarm_set(&succession->again, engine_clock() - succession->since > LATER ? SOON : LATER);
}

static void on_time(struct alarm *alarm)
{
	struct succession *succession = container_of(alarm, struct succession, again);

	succession->vacant(succession);
}

/* false: its end would not be heard of. */
static bool watch_end(struct succession *succession)
{
	succession->hangups = hangup_open();
	if (succession->hangups < 0)
		return false;
	if (!hangup_watch(succession->hangups, succession->fd))
		return false;
	watch_set(&succession->watch, succession->hangups, true, false);
	return true;
}

static void attach(struct succession *succession)
{
	succession->fd = fd_raise(control_socket_reach(succession->path), FD_HIGH);
	succession->since = engine_clock();
	if (succession->fd >= 0 && control_socket_is_trusted(succession->fd, succession->path) && watch_end(succession))
		return;
	hang_up(succession);
	alarm_set(&succession->again, LATER);
}

bool succession_begin(struct succession *succession, struct engine *engine, const char *path,
		      void (*vacant)(struct succession *succession))
{
	if (!succession->path) {
		succession->path = strdup(path);
		if (!succession->path)
			return false;
		succession->fd = succession->hangups = -1;
		succession->vacant = vacant;
		watch_init(&succession->watch, engine, on_ready);
		alarm_init(&succession->again, engine, on_time);
	}
	attach(succession);
	return true;
}

void succession_end(struct succession *succession)
{
	if (!succession->path)
		return;
	hang_up(succession);
	alarm_stop(&succession->again);
	free(succession->path);
	succession->path = NULL;
}
