/* The hard thing is that the other one may turn us away, or be replaced by a third: then it is asked again, in a
 * while. */
#include "control/succession.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/control_socket.h"

#define SOON .05                        /* seconds: one that ends takes its node away before long */
#define LATER 1.

static void hang_up(struct succession *succession)
{
	watch_stop(&succession->watch);
	fd_close(&succession->fd);
}

/* What it has to say to a client, its greeting, is of no interest. */
static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct succession *succession = container_of(watch, struct succession, watch);
	char text[512];
	ssize_t got = read(succession->fd, text, sizeof(text));

	(void)readable, (void)writable;
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	hang_up(succession);
	alarm_set(&succession->again, engine_clock() - succession->since > LATER ? SOON : LATER);
}

static void on_time(struct alarm *alarm)
{
	struct succession *succession = container_of(alarm, struct succession, again);

	succession->vacant(succession);
}

static void attach(struct succession *succession)
{
	succession->fd = control_socket_reach(succession->path);
	if (succession->fd < 0) {
		alarm_set(&succession->again, LATER);
		return;
	}
	succession->fd = fd_raise(succession->fd, FD_HIGH);
	succession->since = engine_clock();
	watch_set(&succession->watch, succession->fd, true, false);
}

bool succession_begin(struct succession *succession, struct engine *engine, const char *path,
		      void (*vacant)(struct succession *succession))
{
	if (!succession->path) {
		succession->path = strdup(path);
		if (!succession->path)
			return false;
		succession->fd = -1;
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
