/* Decides whether a SIGHUP comes from the terminal. The signal itself does not show that: the kernel sends it in the
 * name of the process that closed the other side, and a shell passes it on to its jobs. So the time decides. */
#include "superd/supervisor/terminal.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/proc/fd_hangup.h"
#include "superd/loop/engine.h"

#define HANGUP_WINDOW 5.                /* seconds after the hangup in which the shell passes it on */

static void note_hangup(struct terminal *terminal)
{
	if (!terminal->hung_up && fd_hangup_next(terminal->hangups) == terminal->fd)
		terminal->hung_up = clock_now();
}

static void on_hangup(struct ev_loop *loop, ev_io *io, int events)
{
	struct terminal *terminal = io->data;

	(void)events;
	note_hangup(terminal);
	if (!terminal->hung_up)
		return;
	ev_ref(loop);
	ev_io_stop(loop, io);
}

void terminal_init(struct terminal *terminal)
{
	*terminal = (struct terminal){ .fd = -1, .hangups = -1 };
}

void terminal_open(struct terminal *terminal, struct ev_loop *loop, bool had_one)
{
	terminal->fd = fd_raise(open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), FD_HIGH);
	if (terminal->fd < 0 && had_one && (errno == ENXIO || errno == EIO))
		terminal->hung_up = clock_now();
	if (terminal->fd >= 0)
		terminal->hangups = fd_hangup_open();
	if (terminal->hangups < 0 || !fd_hangup_watch(terminal->hangups, terminal->fd)) {
		fd_close(&terminal->hangups);
		fd_close(&terminal->fd);
		return;
	}
	ev_io_init(&terminal->io, on_hangup, terminal->hangups, EV_READ);
	terminal->io.data = terminal;
	ev_io_start(loop, &terminal->io);
	ev_unref(loop);
}

bool terminal_has_hung_up(struct terminal *terminal)
{
	if (terminal->fd >= 0)
		note_hangup(terminal);
	return terminal->hung_up > 0 && clock_now() - terminal->hung_up < HANGUP_WINDOW;
}

void terminal_close(struct terminal *terminal, struct ev_loop *loop)
{
	if (terminal->hangups >= 0 && ev_is_active(&terminal->io)) {
		ev_ref(loop);
		ev_io_stop(loop, &terminal->io);
	}
	fd_close(&terminal->hangups);
	fd_close(&terminal->fd);
}
