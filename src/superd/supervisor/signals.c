/* Handles signals by libev. superd also handles signals that are not meant for it, as SIGPIPE: they must not end it,
 * and its children would inherit an ignored signal. */
#include "superd/supervisor/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/log/log_sink.h"
#include "os/foreign/foreign_path.h"
#include "os/guard/guard_link.h"
#include "os/host/signal_sender.h"
#include "os/rights/own_privileges.h"
#include "superd/accept/xinetd_record.h"
#include "superd/reload/upgrade.h"
#include "superd/supervisor/state_dump.h"

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
	persona_log_reading(&supervisor->persona);
	sd_notify_reloading(&supervisor->sd_notify);
	config_loader_start(&supervisor->loader, allows_empty);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	int signal = persona_handle(&supervisor->persona, watcher->signum);

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
		persona_log_end(&supervisor->persona);
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

static void on_sent_signals(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	int signal;

	(void)loop, (void)events;
	while ((signal = sent_signals_next(watcher->fd)))
		command_signal_gently(&supervisor->command, signal);
}

static bool watch_sent_signals(struct supervisor *supervisor)
{
	int fd = supervisor->has_command ? sent_signals_open() : -1;

	if (fd < 0)
		return false;
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

		if (signal == SIGCHLD || !persona_handles(&supervisor->persona, signal))
			continue;       /* the watcher `reaper` handles SIGCHLD */
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
