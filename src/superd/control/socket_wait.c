/* Waits until another superd gives up its control socket.
 *
 * A connection to the other superd shows when it ends. But that superd may refuse the connection, or a third one may
 * take its place. So each end or failure only leads to another attempt: after RETRY_SOON for the first one and if the
 * connection lasted longer than RETRY_LATER, else after RETRY_LATER. */
#include "superd/control/socket_wait.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/proc/fd_hangup.h"
#include "os/socket/control_socket.h"
#include "superd/loop/close_socket.h"

#define RETRY_SOON .05                  /* seconds: a superd that ends removes its socket shortly after */
#define RETRY_LATER 1.                  /* seconds */

/* Closes the connection. close_socket_fd drops unread data without blocking. */
static void disconnect(struct socket_wait *socket_wait)
{
	watch_stop(&socket_wait->watch);
	if (socket_wait->hangups >= 0)
		fd_hangup_forget(socket_wait->hangups, socket_wait->fd);
	fd_close(&socket_wait->hangups);
	close_socket_fd(socket_wait->watch.engine, NULL, &socket_wait->fd);
}

/* Only the end of the connection counts. It reads nothing, because passed descriptors might come along. */
static void on_hangup(struct watch *watch, bool readable, bool writable)
{
	struct socket_wait *socket_wait = container_of(watch, struct socket_wait, watch);

	(void)readable, (void)writable;
	if (fd_hangup_next(socket_wait->hangups) < 0)
		return;
	disconnect(socket_wait);
	alarm_set(&socket_wait->retry, clock_now() - socket_wait->since > RETRY_LATER ? RETRY_SOON : RETRY_LATER);
}

static void on_retry(struct alarm *alarm)
{
	struct socket_wait *socket_wait = container_of(alarm, struct socket_wait, retry);

	socket_wait->vacant(socket_wait);
}

/* Watches for the end of the connection. false: that is not possible. */
static bool watch_end(struct socket_wait *socket_wait)
{
	socket_wait->hangups = fd_hangup_open();
	if (socket_wait->hangups < 0)
		return false;
	if (!fd_hangup_watch(socket_wait->hangups, socket_wait->fd))
		return false;
	watch_set(&socket_wait->watch, socket_wait->hangups, true, false);
	return true;
}

static void connect_again(struct socket_wait *socket_wait, double pause)
{
	socket_wait->fd = fd_raise(control_socket_reach(socket_wait->path), FD_HIGH);
	socket_wait->since = clock_now();
	if (socket_wait->fd >= 0 && control_socket_is_trusted(socket_wait->fd, socket_wait->path) &&
	    watch_end(socket_wait))
		return;
	disconnect(socket_wait);
	alarm_set(&socket_wait->retry, pause);
}

bool socket_wait_begin(struct socket_wait *socket_wait, struct engine *engine, const char *path,
		       void (*vacant)(struct socket_wait *socket_wait))
{
	double pause = socket_wait->path ? RETRY_LATER : RETRY_SOON;

	if (!socket_wait->path) {
		socket_wait->path = strdup(path);
		if (!socket_wait->path)
			return false;
		socket_wait->fd = socket_wait->hangups = -1;
		socket_wait->vacant = vacant;
		watch_init(&socket_wait->watch, engine, on_hangup);
		alarm_init(&socket_wait->retry, engine, on_retry);
	}
	connect_again(socket_wait, pause);
	return true;
}

void socket_wait_end(struct socket_wait *socket_wait)
{
	if (!socket_wait->path)
		return;
	disconnect(socket_wait);
	alarm_stop(&socket_wait->retry);
	free(socket_wait->path);
	socket_wait->path = NULL;
}
