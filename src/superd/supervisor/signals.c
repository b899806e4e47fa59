/* Handles signals by libev. superd also handles signals that are not meant for it, as SIGPIPE: they must not end it,
 * and its children would inherit an ignored signal. */
#include "superd/supervisor/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/log/log_sink.h"
#include "os/foreign/foreign_path.h"
#include "os/guard/guard_link.h"
#include "os/proc/fd_hangup.h"
#include "os/rights/own_privileges.h"
#include "superd/service/xinetd_record.h"
#include "superd/loop/engine.h"
#include "superd/reload/upgrade.h"

/* Whether a SIGHUP comes from the terminal. The signal itself does not show that: the kernel sends it in the
 * name of the process that closed the other side, and a shell passes it on to its jobs. So the time decides. */
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

/* Whether a SIGHUP that comes now is caused by the terminal. A SIGHUP long after the hangup is meant for superd. */
static bool terminal_has_hung_up(struct terminal *terminal)
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

static bool reopen_log(struct log *log, struct buf *why)
{
	const char *path = log_file_path(log);

	if (path && !own_file_is_safe(path, LOG_SINK_MODE, why)) {
		log_report_kept(log, buf_string(why));
		return false;
	}
	if (log_reopen(log))
		return true;
	buf_text(why, strerror(errno));
	return false;
}

bool signals_reopen(struct supervisor *supervisor, struct buf *why)
{
	uint64_t before = own_privileges_raise(); /* the files may be in any user's folder */
	bool good = reopen_log(supervisor->engine.log, why);

	records_reopen(&supervisor->engine);
	own_privileges_use(before);
	return good;
}

void signals_reload(struct supervisor *supervisor, bool allows_empty)
{
	struct buf why = { 0 };

	signals_reopen(supervisor, &why);       /* the failure was logged, and does not prevent the reload */
	buf_free(&why);
	if (supervisor->engine.stopping)
		return;
	persona_log_reading(supervisor);
	sd_notify_reloading(&supervisor->sd_notify);
	config_loader_start(&supervisor->loader, allows_empty);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	int signal = persona_handle(supervisor, watcher->signum);

	(void)loop, (void)events;
	guard_take_signal(watcher->signum);
	if (signal_is_stray(signal)) {
		log_debug(supervisor->engine.log, "signal %d means nothing here", signal);
		command_signal_gently(&supervisor->command, signal);
		return;
	}
	switch (signal) {
	case 0:
		break;
	case SIGHUP:
		if (terminal_has_hung_up(&supervisor->terminal)) {
			log_notice(supervisor->engine.log, "the terminal has hung up");
			supervisor_stop(supervisor, SIGHUP);
			break;
		}
		signals_reload(supervisor, false);
		command_signal_gently(&supervisor->command, SIGHUP);
		break;
	case SIGUSR1:
		state_dump(&supervisor->engine, NULL);
		command_signal_gently(&supervisor->command, SIGUSR1);
		break;
	case SIGQUIT:
		if (supervisor->command.child.pid) {
			command_signal(&supervisor->command, SIGQUIT);
			break;
		}
		if (pid1_is_first()) {
			/* No process outlives PID 1, so superd stops them in order. */
			supervisor_stop(supervisor, SIGTERM);
			break;
		}
		log_notice(supervisor->engine.log, "leaving: instances run on");
		supervisor->leaving = true;
		persona_log_end(supervisor);
		supervisor_end(supervisor);
		break;
	case SIGUSR2:
		if (supervisor->command.child.pid)
			command_signal(&supervisor->command, SIGUSR2);
		else
			upgrade_begin(&supervisor->upgrade, false, NULL, NULL);
		break;
	case SIGWINCH:
	case SIGTSTP:
		command_signal(&supervisor->command, watcher->signum);
		break;
	case SIGCONT:
		command_continue(&supervisor->command);
		break;
	case SIGALRM:
		command_signal_gently(&supervisor->command, signal);
		break;
	case SIGPIPE:
	case SIGTTIN:
	case SIGTTOU:
		break;                  /* handled, so that superd lives and children start with the default */
	default:
		supervisor_stop(supervisor, watcher->signum == SIGINT ? SIGINT : SIGTERM);
	}
}

/* Signals that the kernel sends superd by itself, too: SIGPIPE for a broken pipe, SIGTTIN and SIGTTOU for a terminal of
 * another process group. */
static bool signal_is_kernels_too(int signal)
{
	return signal == SIGPIPE || signal == SIGTTIN || signal == SIGTTOU;
}

/* For a broken pipe, the kernel reports superd itself as the sender. */
static void on_sent_signals(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	struct signalfd_siginfo info;

	(void)loop, (void)events;
	while (read(watcher->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_code <= 0 && (pid_t)info.ssi_pid != getpid())
			command_signal_gently(&supervisor->command, (int)info.ssi_signo);
	}
}

/* Of these signals, only those that a process has sent are meant for the main command. libev's signalfd(2), which reads
 * all other signals, does not say who sent one. */
static bool watch_sent_signals(struct supervisor *supervisor)
{
	sigset_t signals;
	int fd;

	if (!supervisor->has_command)
		return false;
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGTTIN);
	sigaddset(&signals, SIGTTOU);
	fd = fd_raise(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), FD_HIGH);
	if (fd < 0)
		return false;
	sigprocmask(SIG_BLOCK, &signals, NULL);
	ev_io_init(&supervisor->sent, on_sent_signals, fd, EV_READ);
	supervisor->sent.data = supervisor;
	ev_io_start(supervisor->engine.loop, &supervisor->sent);
	ev_unref(supervisor->engine.loop);
	return true;
}

/* If signalfd(2) lacks a descriptor or memory, libev handles a signal by sigaction(2). It leaves the mask as it is, and
 * the superd before an upgrade had blocked the signal for its signalfd. */
void signals_start(struct ev_loop *loop, ev_signal *watcher)
{
	struct sigaction now;
	sigset_t only;

	ev_signal_start(loop, watcher);
	if (sigaction(watcher->signum, NULL, &now) < 0 || now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)
		return;
	sigemptyset(&only);
	sigaddset(&only, watcher->signum);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

void signals_watch(struct supervisor *supervisor)
{
	bool hears_sent = watch_sent_signals(supervisor);
	int signal;

	for (size_t n = 0; (signal = signals_handled(n)); n++) {
		ev_signal *watcher = &supervisor->signals[supervisor->signal_count];

		if (signal == SIGCHLD || !persona_handles(supervisor, signal))
			continue;       /* the reaper handles SIGCHLD */
		if (hears_sent && signal_is_kernels_too(signal))
			continue;
		if (signal == SIGTSTP && !supervisor->has_command)
			continue;       /* without a command, ^Z stops superd, as any program */
		supervisor->signal_count++;
		ev_signal_init(watcher, on_signal, signal);
		watcher->data = supervisor;
		signals_start(supervisor->engine.loop, watcher);
		ev_unref(supervisor->engine.loop);
	}
}
