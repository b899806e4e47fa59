/* superd as a whole: its start, its signals, its children, its main command, and its end. */
#include "superd/daemon.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>

#define DUMP_ALL 100   /* services of a table that SIGUSR1 logs whole */
#define DUMP_MOST 2500 /* bytes of one with its lists: also where the log quotes it, a pipe takes the line whole */
#define TABLES_NAMED 4
#define LATE 3		  /* seconds until what the start waits for is named, and doubled each time */
#define REAPED_MOST 256	  /* children in a turn of the loop */
#define SWEEP .05	  /* seconds between two looks for processes that are left at the end */
#define REST 5		  /* milliseconds */
#define ALONE 8.	  /* seconds for a stop without a limit */
#define ROUNDS 20	  /* of SIGKILL, until superd ends without those that are left */
#define NAMED_MOST 20	  /* processes in one line of the log */

struct superd superd;
extern char **environ;

static struct {
	struct io signals; /* signalfd(2) */
	struct log_pump pump;
	ev_timer deadline, half, sweep, delay, watchdog;
	ev_idle idle;
	bool has_cause, sweeps;
	bool asked[2]; /* to stop: directly, by the guard */
	int stop_signal;
	char by[80]; /* which signal, of whom: "" if none */
	unsigned rounds, rested; /* rested: in which turn of the loop */
	struct plan *command;
	const char *notify;
	ev_periodic jump;
	double ahead; /* of the wall clock */
} self;

void timer_begin(ev_timer *timer, double seconds)
{
	ev_timer_stop(superd.loop, timer);
	ev_timer_set(timer, seconds, 0);
	ev_timer_start(superd.loop, timer);
}

void timer_call(ev_timer *timer, double seconds, timer_callback *callback, void *data)
{
	ev_timer_stop(superd.loop, timer);
	ev_timer_init(timer, callback, seconds, 0);
	timer->data = data;
	ev_timer_start(superd.loop, timer);
}

void timer_limit(ev_timer *timer, int64_t microseconds, timer_callback *callback, void *data)
{
	ev_timer_stop(superd.loop, timer);
	if (microseconds > 0 && microseconds != SCAN_INFINITY)
		timer_call(timer, (double)microseconds / 1e6, callback, data);
}

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	(void)events;
	ev_idle_stop(loop, idle);
}

/* libev tells the kernel what to watch just before it waits, and hears of what that has no room for just behind. It
 * does not wait where there is an idle watcher, whose turn comes when nothing has happened. */
static void start_watcher(ev_io *ev)
{
	ev_io_start(superd.loop, ev);
	if (ev_is_active(&self.idle))
		return;
	ev_idle_init(&self.idle, on_idle);
	ev_idle_start(superd.loop, &self.idle);
}

static void on_io(struct ev_loop *loop, ev_io *ev, int events)
{
	struct io *io = container_of(ev, struct io, ev);

	if (events & EV_ERROR) { /* epoll_ctl(2) has failed: however many there are, superd rests once a turn */
		if (self.rested != ev_iteration(loop))
			loop_rest(ENOMEM);
		self.rested = ev_iteration(loop);
		ev_io_set(ev, io->fd, io->wanted); /* else libev takes the kernel to have it */
		start_watcher(ev);
		return;
	}
	io->got = events;
	io->ready(io);
}

void io_init(struct io *io, int fd, io_callback *ready, void *data)
{
	*io = (struct io){ .fd = fd, .ready = ready, .data = data };
	ev_init(&io->ev, on_io);
}

void io_stop(struct io *io)
{
	ev_io_stop(superd.loop, &io->ev);
	io->wanted = 0;
}

void io_watch(struct io *io, int events)
{
	if (io->wanted == events)
		return;
	io_stop(io);
	io->wanted = events;
	ev_io_set(&io->ev, io->fd, events);
	if (events)
		start_watcher(&io->ev);
}

void io_call(struct io *io, int fd, io_callback *ready, void *data)
{
	io_init(io, fd, ready, data);
	io_watch(io, EV_READ);
}

/* ---- children ---- */

/* Where the child with this pid is, or would be. */
static struct child **child_find(pid_t pid)
{
	struct child **at = &superd.children[(size_t)pid % 256];

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

void child_watch(struct child *child, pid_t pid)
{
	struct child **place = child_find(pid);

	child->pid = pid;
	child->next = *place;
	*place = child;
}

static struct child *child_take(pid_t pid)
{
	struct child **place = child_find(pid), *child = *place;

	if (child)
		*place = child->next;
	return child;
}

bool child_is_watched(pid_t pid)
{
	return *child_find(pid);
}

void child_forget(struct child *child)
{
	if (child->pid > 0)
		child_take(child->pid);
	child->pid = 0;
}

/* One that is executed first has its group only then, and may hang before that. */
void child_signal(const struct child *child, int signal)
{
	if (child->pid > 0 && kill(-child->pid, signal) < 0)
		kill(child->pid, signal);
}

void child_ended(pid_t pid, int status, const struct rusage *used)
{
	struct child *child = child_take(pid);
	struct buf left = { 0 };

	if (removal_take_end(pid, status, &left))
		journal_gone("remove", (uint64_t)pid, -1);
	if (left.length)
		log_warn(superd.log, "%s: cannot remove all that it has left", buf_string(&left));
	buf_free(&left);
	if (!child)
		return;
	journal_gone("pid", (uint64_t)pid, status);
	child->ended(child, status, used);
}

static void on_helper_ended(struct child *child, int status, const struct rusage *used)
{
	struct helper *helper = container_of(child, struct helper, child);

	(void)used;
	child->pid = 0;
	ev_timer_stop(superd.loop, &helper->limit);
	if (helper->done)
		helper->done(helper, status);
}

static void on_helper_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct helper *helper = container_of(timer, struct helper, limit);

	(void)loop, (void)events;
	child_signal(&helper->child, SIGKILL);
	helper->done(helper, HELPER_LATE);
}

void helper_limit(struct helper *helper, double seconds, void (*done)(struct helper *helper, int status))
{
	helper->child.ended = on_helper_ended;
	helper->done = done;
	timer_call(&helper->limit, seconds, on_helper_late, NULL);
}

pid_t helper_begin(struct helper *helper, double seconds, void (*done)(struct helper *helper, int status),
		   const int *kept, int count)
{
	pid_t pid = helper->child.pid ? -1 : fork();
	sigset_t none;

	if (pid == 0) {
		if (count != KEEPS_ALL)
			fork_fds_close_others(kept, count, 0, 0);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
	} else if (pid > 0) {
		child_watch(&helper->child, pid);
		helper_limit(helper, seconds, done);
	}
	return pid;
}

/* A program of superd's own that may outlive it, with no rights but those, no environment, and no descriptors but the
 * channel, which is its standard input. Signals stay blocked: it ends when there is nothing left to read. */
pid_t own_program_begin(const struct own_program *program, int channel, uint64_t rights, const struct own_share *share)
{
	char *const argv[] = { (char *)(uintptr_t)program->name, (char *)(uintptr_t)build_word(), NULL };
	sigset_t before;
	pid_t pid;

	thread_block_signals(&before);
	pid = fork();
	if (pid == 0) {
		if (share &&
		    ((share->group && !cgroup_write(share->group, "cgroup.procs", "0")) ||
		     (share->plan->nice && clamp_nice(share->plan->nice) < 0) ||
		     (share->plan->cpu_policy >= 0 &&
		      clamp_scheduling(share->plan->cpu_policy, share->plan->cpu_priority) < 0)))
			_exit(127);
		own_privileges_drop_others(rights);
		self_sandbox_begin();
		setsid();
		environ = NULL;
		dup2(superd.null_out, STDOUT_FILENO);
		dup2(superd.null_out, STDERR_FILENO);
		fork_fds_close_others(&program->fd, 1, channel, -1);
		if (channel == STDIN_FILENO ? fcntl(channel, F_SETFD, 0) == 0 : dup2(channel, STDIN_FILENO) == 0)
			raw_execute_own(program->fd, argv);
		_exit(127);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

void helper_drop(struct helper *helper)
{
	child_signal(&helper->child, SIGKILL);
	helper->done = NULL;
	ev_timer_stop(superd.loop, &helper->limit);
}

static void reap(void)
{
	struct rusage used;
	int status;
	pid_t pid;

	for (int n = 0; n < REAPED_MOST; n++) {
		pid = wait4(-1, &status, WNOHANG | WUNTRACED, &used);
		if (pid <= 0)
			break;
		if (!WIFSTOPPED(status)) {
			child_ended(pid, status, &used);
		} else if (pid == superd.main_command.pid &&
			   getsid(0) == guard_first_pid()) { /* nobody is there to go on */
			char name[32];

			log_notice(superd.log,
				   "the main command was stopped by signal %s; SIGCONT to superd continues it",
				   scan_signal_name(WSTOPSIG(status), name));
		} else if (pid == superd.main_command.pid) { /* as ^Z would have stopped the whole job */
			if (tcgetpgrp(STDIN_FILENO) == pid)
				tcsetpgrp(STDIN_FILENO, getpgrp());
			kill(0, SIGSTOP);
		}
		if (n == REAPED_MOST - 1)
			kill(getpid(), SIGCHLD); /* the rest in another turn */
	}
	guard_hear();
	superd_check_end();
}

/* ---- the manager that has started superd: sd_notify(3) ---- */

void superd_notify(const char *format, ...)
{
	char text[200];
	va_list list;

	if (!self.notify)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (!guard_notify(self.notify, text, -1))
		log_warn(superd.log, "cannot report to NOTIFY_SOCKET %s: %s", self.notify, strerror(errno));
}

void superd_notify_ready(void)
{
	size_t services = 0, unbound = 0;
	char lack[80];

	LIST_EACH(link, &superd.services) {
		const struct svc *svc = container_of(link, struct svc, link);

		services += !svc->removed;
		unbound += svc->state == BINDING;
	}
	snprintf(lack, sizeof(lack), ", %zu of them without all their sockets", unbound);
	superd_notify("READY=1\nMAINPID=%ld\nSTATUS=%zu service%s%s", (long)guard_first_pid(), services,
		      services == 1 ? "" : "s", unbound ? lack : "");
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	superd_notify("WATCHDOG=1");
}

static void begin_notify(void)
{
	const char *every = getenv("WATCHDOG_USEC");
	int64_t microseconds;

	self.notify = getenv("NOTIFY_SOCKET");
	if (self.notify && !*self.notify)
		self.notify = NULL;
	if (!self.notify || !every || scan_count(every, &microseconds) || microseconds <= 0)
		return;
	ev_timer_init(&self.watchdog, on_watchdog, (double)microseconds / 2e6, (double)microseconds / 2e6);
	ev_timer_start(superd.loop, &self.watchdog);
}

/* ---- the main command ---- */

static void on_main_command(struct child *child, int status, const struct rusage *used)
{
	(void)used;
	child->pid = 0;
	if (!self.has_cause)
		superd.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	journal_flush(); /* a superd that follows knows what the log says */
	log_info(superd.log, "the main command has ended with status %d", superd.exit_status);
	journal_rewrite(false);
	if (!superd_is_stopping()) {
		superd.life = SUPERD_DELAYS;
		superd_stop(SIGTERM);
	} else {
		needs_stop(false);
	}
}

static bool start_command(char *const *argv)
{
	static const int streams[] = { 0, 1, 2 };
	struct spawn_request request = { .wanted = streams, .wanted_count = 3 };
	struct pollfd look = { .events = POLLIN };
	int report = -1;
	pid_t pid;

	superd.main_command.ended = on_main_command;
	self.command = plan_command(argv, &superd.defaults);
	if (!self.command)
		return false;
	self.command->ambient = superd.defaults.ambient;
	request.plan = self.command;
	journal_prepare(NULL, false);
	superd.command_begun = true;
	pid = launch(&request, NULL, &report);
	/* Where the start is by fork, the process tells its fault, or its exec closes the pipe. */
	look.fd = report;
	if (pid > 0 && report >= 0 && poll(&look, 1, -1) > 0 &&
	    read(report, &request.fault, sizeof(request.fault)) == (ssize_t)sizeof(request.fault))
		pid = -1; /* the loop reaps it */
	fd_close(&report);
	if (pid < 0) {
		superd.exit_status = request.fault.error == ENOENT ? 127 : 126;
		log_error(superd.log, "cannot start %s: %s: %s", argv[0], stage_name(request.fault.stage),
			  strerror(request.fault.error));
		return false;
	}
	child_watch(&superd.main_command, pid);
	return true;
}

/* A signal that superd handles itself must not end a command that does not handle it. */
static void pass_gently(int signal)
{
	pid_t pid = superd.main_command.pid;

	if (pid && process_list_is_possible() && process_survives(pid, signal))
		kill(pid, signal);
}

/* ---- the end ---- */

/* Appends "web: pid 4711 (nginx)"; without the service's name what it has left, if its group does not tell it. */
static void name_stray(const struct process *process, struct buf *out)
{
	const char *service = NULL;

	for (struct svc *svc = svc_next(NULL); svc && !service; svc = svc_next(svc)) {
		LIST_OF(const struct instance, instance, link, &svc->run->instances) {
			if (instance->main.pid == process->pid || instance->commands.child.pid == process->pid ||
			    (instance->group > 1 && instance->group == process->group) ||
			    (instance->cgroup && cgroup_holds(instance->cgroup, process->pid)))
				service = svc->row->name;
		}
	}
	buf_text(out, out->length ? ", " : "");
	if (service)
		buf_addf(out, "%s: ", service);
	process_describe(process->pid, out);
}

/* Signals all processes below superd and its guard, whose are those that superds before have started, and those that
 * have left their parents; as process 1, all of its namespace. Returns how many there are. names: appends some. */
static size_t signal_strays(int signal, struct buf *names)
{
	pid_t *list = guard_first_pid() == 1 ? process_list_all() : NULL;
	struct pids below = { 0 };
	size_t count = 0;

	if (!list && pids_add(&below, guard->pid && !guard_is_lost() ? guard->pid : getpid()) &&
	    pids_add_below(&below) && pids_add(&below, 0))
		list = below.list;
	for (const pid_t *at = list; at && *at; at++) {
		struct process process;

		if (*at == 1 || *at == getpid() || *at == guard->pid || *at == superd.output.child.pid ||
		    !process_read(*at, &process) || process.ended)
			continue;
		count++;
		if (names && count <= NAMED_MOST)
			name_stray(&process, names);
		if (signal)
			kill(*at, signal);
		if (signal == SIGTERM)
			kill(*at, SIGCONT);
	}
	free(list);
	return count;
}

static void end_loop(void)
{
	superd.life = SUPERD_IS_OVER;
	ev_break(superd.loop, EVBREAK_ALL);
}

void superd_check_end(void)
{
	bool busy = superd.instances || superd.main_command.pid || rpc_owes(), ends = false;
	int signal;

	if (!superd_is_stopping() || superd.life == SUPERD_IS_OVER)
		return;
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		busy |= svc->run->socket_commands.child.pid;
		if (!svc_is_empty(svc)) {
			const struct instance *first =
				container_of(list_first(&svc->run->instances), struct instance, link);

			ends |= first->ends || first->phase >= EXEC_STOP;
		}
	}
	if (superd.instances && !ends && !superd.main_command.pid)
		needs_stop(true); /* they need each other, round in a ring */
	if (busy && superd.life != SUPERD_KILLS)
		return;
	signal = superd.life == SUPERD_KILLS ? SIGKILL : self.sweeps ? 0 : SIGTERM;
	self.sweeps = true;
	if (!signal_strays(signal, NULL))
		end_loop();
	else if (!ev_is_active(&self.sweep))
		ev_timer_again(superd.loop, &self.sweep);
}

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	if (superd.life == SUPERD_KILLS && self.rounds++ == ROUNDS) {
		log_error(superd.log, "some processes could not be killed: ending without them");
		end_loop();
		return;
	}
	superd_check_end();
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct buf names = { 0 };
	size_t count;

	(void)loop, (void)timer, (void)events;
	if (superd.life < SUPERD_KILLS) {
		count = signal_strays(0, &names);
		if (count > NAMED_MOST)
			buf_addf(&names, " and %zu more", count - NAMED_MOST);
		log_warn(superd.log, "not everything has ended yet: killing the rest%s%s", names.length ? ": " : "",
			 buf_string(&names));
		buf_free(&names);
	}
	superd.life = SUPERD_KILLS;
	rpc_leave("rpcbind does not answer");
	superd_check_end();
}

/* So that a database has a signal of its own, and time, beside a program that hangs. */
static void on_half(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	if (needs_stop(true))
		log_notice(superd.log, "half of stop_timeout is over: stopping what others need that still run");
}

static void begin_stop(void)
{
	int64_t limit = superd.options->settings.stop_timeout;
	/* Without the guard nobody tells the ends of what superds before have started. */
	double timeout = limit != SCAN_INFINITY ? (double)limit / 1e6 : guard_is_lost() ? ALONE : 0;

	log_notice(superd.log, "stopping%s%s", *self.by ? ": " : "", self.by);
	superd_notify("STOPPING=1\n");
	superd.life = SUPERD_STOPS;
	journal_rewrite(false);
	journal_ready();
	guard->stop = 0;
	ev_timer_stop(superd.loop, &self.delay);
	if (timeout > 0)
		timer_begin(&self.deadline, timeout);
	if (timeout > 0)
		timer_begin(&self.half, timeout / 2);
	LIST_EACH(link, &superd.services)
		svc_shut(container_of(link, struct svc, link), true);
	LIST_EACH(link, &superd.leaving)
		svc_shut(container_of(link, struct svc, link), true);
	if (superd.main_command.pid) /* it goes first: it may need any of them */
		kill(superd.main_command.pid, self.stop_signal);
	else
		needs_stop(false);
	rpc_go_on();
	superd_check_end();
}

static void on_delay(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	if (!superd_is_stopping())
		begin_stop();
}

void superd_stop(int signal)
{
	double delay = (double)superd.options->settings.stop_delay / 1e6;
	char span[DURATION_MOST];

	self.stop_signal = signal;
	if (superd_is_stopping()) {
		on_deadline(superd.loop, &self.deadline, 0);
	} else if (delay > 0 && superd.life != SUPERD_DELAYS) {
		log_notice(superd.log, "stop requested: stops in %s (stop_delay)%s%s", duration_write(span, delay),
			   *self.by ? ", " : "", self.by);
		*self.by = '\0';
		superd.life = SUPERD_DELAYS;
		guard->stop = signal; /* a superd that follows before that gets it */
		timer_begin(&self.delay, delay);
	} else {
		begin_stop();
	}
}

void superd_fail(int status)
{
	if (superd_is_stopping() || self.has_cause)
		return;
	self.has_cause = true;
	superd.exit_status = status;
	journal_rewrite(false);
	self.stop_signal = SIGTERM;
	timer_begin(&self.delay, 0);
}

/* ---- signals ---- */

bool superd_reopen(struct buf *why)
{
	bool good = log_setup_reopen(superd.options, superd.log, why);

	output_log_changed();
	records_reopen();
	return good;
}

/* Logs the services that do something. */
static void dump(void)
{
	size_t count = 0, unlisted = 0;
	struct buf line = { 0 };

	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		count += !svc->removed;
		if (!svc->removed && superd.table->count > DUMP_ALL && svc->state == LISTENING && !svc->run->past) {
			unlisted++;
			continue;
		}
		if (svc->run->notify > 0)
			notify_read(svc); /* what it has said before the signal */
		LIST_EACH(each, &svc->run->instances)
			instance_look(container_of(each, struct instance, link));
		for (enum detail detail = DETAIL_WHOLE;; detail = DETAIL_SHORT) {
			buf_clear(&line);
			json_object_open(&line);
			facts_add_answer(svc->row, svc, detail, false, &line);
			json_object_close(&line);
			if (detail == DETAIL_SHORT || line.length < DUMP_MOST)
				break;
		}
		log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "state", .service = svc->row->name }, "%s",
			  buf_string(&line));
	}
	log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "state" },
		  "{\"services\":%zu,\"unlisted\":%zu,\"instances\":%zu}", count, unlisted, superd.instances);
	buf_free(&line);
}

static void describe_sender(int signal, pid_t pid)
{
	char name[32], process[PROCESS_NAME];
	int length = snprintf(self.by, sizeof(self.by), "signal %s", scan_signal_name(signal, name));

	if (pid > 0) /* else of the terminal, or from outside this pid namespace */
		snprintf(self.by + length, sizeof(self.by) - (size_t)length,
			 *process_name(pid, process) ? " from pid %ld (%s)" : " from pid %ld", (long)pid, process);
}

/* by: the sender that the guard names, whose signal it has passed on, else the sender. */
static void obey(int signal, pid_t sender, pid_t by)
{
	bool by_guard = guard->pid && sender == guard->pid;
	int tty;

	guard->orders &= ~(UINT64_C(1) << (signal - 1)); /* no later superd need hear of it */
	if (signal == SIGTERM && guard_is_lost())
		log_error(superd.log, "the guard, pid %ld, has ended: superd ends, too", (long)guard->pid);
	if (signal_is_stray(signal)) {
		pass_gently(signal);
		return;
	}
	if (superd.options->invoked_as == AS_XINETD && signal == SIGUSR2)
		signal = SIGHUP;
	switch (signal) {
	case SIGHUP:
		tty = superd.has_terminal ? open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
		if (superd.has_terminal && tty < 0) {
			if (self.stop_signal) /* the shell has told it, and the kernel does when that has ended */
				break;
			log_notice(superd.log, "the terminal has hung up");
			superd_stop(SIGHUP);
			break;
		}
		fd_close(&tty);
		superd_reopen(NULL);
		if (!superd_is_stopping())
			reload_begin();
		pass_gently(SIGHUP);
		break;
	case SIGUSR1:
		dump();
		pass_gently(SIGUSR1);
		break;
	case SIGUSR2:
		if (superd.main_command.pid)
			kill(superd.main_command.pid, SIGUSR2);
		else
			upgrade_begin(false, NULL, NULL);
		break;
	case SIGQUIT:
		if (superd.main_command.pid) {
			kill(superd.main_command.pid, SIGQUIT);
		} else if (guard_first_pid() == 1) {
			superd_stop(SIGTERM);
		} else {
			log_notice(superd.log, "leaving: instances run on");
			rpc_leave("superd ends, and its instances run on");
			for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
				idle_thaw(svc, NULL);
				idle_free(svc);
				svc_close_sockets(svc);
			}
			end_loop();
		}
		break;
	case SIGWINCH:
	case SIGTSTP:
		if (superd.main_command.pid)
			kill(superd.main_command.pid, signal);
		break;
	case SIGCONT:
		if (superd.main_command.pid) {
			if (tcgetpgrp(STDIN_FILENO) == getpgrp())
				tcsetpgrp(STDIN_FILENO, superd.main_command.pid);
			kill(-superd.main_command.pid, SIGCONT);
		}
		break;
	case SIGALRM: /* ends inetd's ten minutes for what fails too often */
		LIST_EACH(link, &superd.services) {
			struct svc *svc = container_of(link, struct svc, link);

			if (superd.options->invoked_as != AS_INETD || (svc->state != BINDING && svc->state != BACKOFF))
				continue;
			for (unsigned n = 0; n < svc->socket_count; n++)
				CLEAR(svc->sockets[n].run->rests_until);
			svc->run->told_at = 0; /* who has sent it wants to hear */
			svc_look_again(svc);
		}
		pass_gently(signal);
		break;
	case SIGPIPE: /* the kernel sends these three to superd itself, too */
	case SIGTTIN:
	case SIGTTOU:
	case SIGABRT:
		break;
	default:
		/* One order may come twice: who signals all processes of a control group or of a name, as a service
		 * manager does, reaches the guard, which passes it on, and superd. So the second one of the same way
		 * counts as another order. */
		describe_sender(signal, by);
		if (self.asked[by_guard] || !self.asked[!by_guard])
			superd_stop(signal == SIGINT ? SIGINT : SIGTERM);
		self.asked[by_guard] = true;
	}
}

static void on_signals(struct io *io)
{
	struct signalfd_siginfo list[16];
	ssize_t length = read(io->fd, list, sizeof(list));

	for (ssize_t n = 0; n < length / (ssize_t)sizeof(*list); n++) {
		if (list[n].ssi_signo == SIGCHLD)
			reap();
		else
			obey((int)list[n].ssi_signo, (pid_t)list[n].ssi_pid,
			     (pid_t)list[n].ssi_pid != guard->pid     ? (pid_t)list[n].ssi_pid
			     : list[n].ssi_code == SI_QUEUE	      ? (pid_t)list[n].ssi_int
								      : 0);
	}
}

static bool watch_signals(bool has_command)
{
	sigset_t watched;
	int signal, fd;

	sigemptyset(&watched);
	for (size_t n = 0; (signal = signals_handled(n)); n++) {
		if (signal == SIGTSTP && !has_command)
			continue; /* without a command, ^Z stops superd, as any program */
		if (signal == SIGABRT && superd.options->invoked_as != AS_XINETD)
			continue; /* it is to end a superd that hangs */
		sigaddset(&watched, signal);
	}
	fd = fd_raise(signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC), FD_HIGH);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &watched, NULL) < 0)
		return false;
	io_init(&self.signals, fd, on_signals, NULL);
	ev_set_priority(&self.signals.ev, EV_MAXPRI); /* who is to end accepts nobody before */
	io_watch(&self.signals, EV_READ);
	return true;
}

/* ---- the start ---- */

static void log_version(const struct table *table)
{
	const struct options *options = superd.options;
	size_t count = table->count - skipped_count(table);
	struct buf text = { 0 };

	for (size_t n = 0; n < options->sources.count && n < TABLES_NAMED; n++)
		buf_addf(&text, "%s%s", n ? ", " : "", options->sources.list[n]);
	if (options->sources.count > TABLES_NAMED)
		buf_text(&text, ", ...");
	if (!options->sources.count)
		buf_text(&text, options->endpoints.count ? "the command line" : SYSCONFDIR "/superd.conf");
	log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "version" }, "version %s: %s, %zu service%s",
		  build_version(), buf_string(&text), count, count == 1 ? "" : "s");
	buf_free(&text);
}

/* Whether a service waits for its first command before it takes this socket. */
static bool may_be_claimed(const struct listen_fd *inherited)
{
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		for (unsigned n = 0; svc->run->socket_commands.child.pid && n < svc->socket_count; n++) {
			if (bind_matches(inherited->fd, svc->sockets[n].listen))
				return true;
		}
	}
	return false;
}

static void close_unclaimed(void)
{
	for (size_t n = 0; n < superd.inherited.count; n++) {
		struct listen_fd *inherited = &superd.inherited.list[n];
		struct buf text = { 0 };

		if (inherited->fd < 0 || may_be_claimed(inherited))
			continue;
		listen_fd_describe(inherited, &text);
		store_drop(inherited);
		if (inherited->from == OF_STORE)
			log_notice(superd.log, "a socket from the store (%s) belongs to no service any more: closed",
				   buf_string(&text));
		else if (inherited->from == OF_OTHERS)
			log_warn(superd.log,
				 "inherited socket (%s) belongs to no endpoint of the configuration: closed",
				 buf_string(&text));
		buf_free(&text);
	}
}

/* Without a periodic watcher libev wakes once a minute to compare the clocks; with one it has a timerfd for that. */
static ev_tstamp next_jump(ev_periodic *watch, ev_tstamp now)
{
	return now + (ev_is_active(watch) ? 1e-2 : 1e9);
}

static void on_jump(struct ev_loop *loop, ev_periodic *watch, int events)
{
	double ahead = clock_wall() - clock_now(), seconds = ahead - self.ahead;
	char span[DURATION_MOST];

	(void)events;
	self.ahead = ahead;
	ev_periodic_stop(loop, watch);
	ev_periodic_start(loop, watch);
	if (seconds >= 1 || seconds <= -1)
		log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "clock" },
			  "the wall clock jumped %s by %s: it was set, or the machine was suspended",
			  seconds < 0 ? "back" : "forward", duration_write(span, seconds < 0 ? -seconds : seconds));
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		if (svc->state == BACKOFF && !svc_is_failing(svc) && svc->row->groups->access->access_times)
			svc_settle(svc);
	}
}

/* Where the kernel has no memory to send or to receive, it reports the socket as ready at once. */
void loop_rest(int error)
{
	if (error == ENOBUFS || error == ENOMEM)
		poll(NULL, 0, REST);
}

static bool init_loop(bool has_command)
{
	const char *control = superd.options->settings.control;
	int tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (!guard->pid)
		superd.has_terminal = tty >= 0 && !superd.defaults.ignores_hangup;
	fd_close(&tty);
	superd.loop = ev_loop_new(EVFLAG_NOENV);
	if (!superd.loop || !services_begin() || !watch_signals(has_command))
		return false;
	superd.started = clock_now();
	srandom((unsigned)getpid() ^ (unsigned)(uint64_t)(clock_wall() * 1e6));
	ev_init(&self.deadline, on_deadline);
	ev_init(&self.half, on_half);
	ev_init(&self.delay, on_delay);
	ev_init(&self.sweep, on_sweep);
	self.sweep.repeat = SWEEP;
	log_pump_attach(&self.pump, log_sink(superd.log));
	output_init();
	superd.defaults.environment = environ;
	directories_find_bases(&superd.defaults);
	superd.defaults.control = control && *control == '/' ? control : NULL;
	self.ahead = clock_wall() - clock_now();
	ev_periodic_init(&self.jump, on_jump, 0., 0., next_jump);
	ev_periodic_start(superd.loop, &self.jump);
	return true;
}

/* before: the configuration of the superd before; NULL: this is a fresh one. */
static int serve(struct table *table, char *before)
{
	struct options *options = superd.options;
	char **command = options->endpoints.count ? NULL : options->command;
	struct buf left = { 0 };
	size_t works = 0;

	if (!init_loop(command)) {
		log_setup_error(options, superd.log, "cannot start: cannot make an event loop: %s", strerror(errno));
		if (!before) /* else it is the guard's, which goes on */
			pid_file_remove(&superd.pid_file);
		return EXIT_START;
	}
	pid1_adopt_orphans();
	if (!before)
		log_version(table);
	log_echo(superd.log, !before);
	ring_begin(LEVEL_INFO, false);
	begin_notify();
	store_begin(options->settings.fdstore);
	store_refuse_foreign();
	if (!reload_first(table)) {
		log_setup_error(options, superd.log, "cannot start: out of memory");
		pid_file_remove(&superd.pid_file);
		return EXIT_START;
	}
	superd.main_command.ended = on_main_command;
	control_begin(!before);
	if (before)
		journal_restore(before);
	else
		output_begin(0, -1);
	journal_begin(guard->journal);
	close_ready(); /* else sockets take the last descriptors, and clients get none */
	if (!before)
		superd.life = SUPERD_OPENS;
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		if (before)
			svc_resume(svc);
		else
			svc_open(svc);
	}
	LIST_OF(struct svc, svc, link, &superd.leaving)
		svc_resume(svc);
	if (superd.life == SUPERD_OPENS)
		superd.life = SUPERD_SERVES;
	/* Starts come behind: the first one notes all that listens, for a superd that follows. */
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		if (!before && svc->run->start_due > 0 && svc->state == LISTENING)
			svc_settle(svc);
	}
	if (before)
		journal_deliver_ends();
	limits_offer();
	if (superd.life == SUPERD_DELAYS) /* the superd before was stopping */
		superd_stop(SIGTERM);
	if (before) /* it may have read the signal of a child that nobody has reaped */
		kill(getpid(), SIGCHLD);
	/* What conditions let open has its sockets, also given ones, before anybody hears that superd runs. */
	for (bool asking = true; asking && !superd_is_stopping();) {
		asking = false;
		LIST_EACH(link, &superd.services)
			asking |= svc_asks_conditions(container_of(link, struct svc, link));
		if (asking)
			ev_run(superd.loop, EVRUN_ONCE);
	}
	close_unclaimed();
	if (command && !superd.command_begun && !superd_is_stopping() && !start_command(command)) {
		self.has_cause = true;
		self.stop_signal = SIGTERM;
		begin_stop();
	}
	control_open();
	journal_ready(); /* before anybody hears that superd runs */
	if (superd.pid_file.fd >= 0 && !before && !pid_file_write(&superd.pid_file)) {
		log_error(superd.log, "cannot write the pid file %s: %s", options->settings.pid_file, strerror(errno));
		superd_fail(EXIT_START);
	}
	log_echo(superd.log, false);
	if (!before && options->flags & OPTION_DAEMON) {
		if (log_setup_is_stderr(options) && !options->given.log)
			log_notice(
				superd.log,
				"the log stays at this shell's standard error: --log takes it to syslog or file:PATH");
		daemonize_ready(log_setup_is_stderr(options));
		output_log_changed();
	}
	if (options->invoked_as == AS_XINETD && !before) { /* what xinetd says when it works */
		LIST_EACH(link, &superd.services)
			works += container_of(link, struct svc, link)->state != OFF;
		log_notice(superd.log, "Started working: %zu available service%s", works, works == 1 ? "" : "s");
	}
	memory_give_back(); /* reading took several times of what is kept */
	superd_notify_ready();
	oom_begin();
	guard->begun = true;
	guard->deaths = 0;
	if (superd.reads_files)
		reload_begin();
	while (superd.life != SUPERD_IS_OVER)
		ev_run(superd.loop, 0);
	control_close();
	superd_notify("EXIT_STATUS=%d", superd.exit_status);
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc))
		notify_close(svc);
	records_close();
	output_end();
	removal_end(&left);
	if (left.length)
		log_warn(superd.log, "what these services have left is not removed: %s", buf_string(&left));
	buf_free(&left);
	if (options->invoked_as == AS_XINETD)
		log_warn(superd.log, "Exiting...");
	log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "ended" }, "ended with status %d",
		  superd.exit_status);
	close_leave();
	pid_file_remove(&superd.pid_file);
	cgroups_end(&superd.cgroups);
	log_pump_detach(&self.pump);
	return superd.exit_status;
}

/* While the first table is read nothing else runs that could name the file or server which delays that. So a thread
 * looks. */
static void *watch_first(void *over) /* an eventfd: the table is read */
{
	struct pollfd wait = { .fd = *(int *)over, .events = POLLIN };

	for (int pause = LATE; poll(&wait, 1, pause * 1000) <= 0; pause *= 2) {
		char what[WAIT_NOTE_MOST], span[DURATION_MOST];
		double lasted;

		if (wait_note_read(what, &lasted) && lasted >= LATE / 2.)
			log_warn(superd.log, "not started yet: %s has not answered for %s", what,
				 duration_write_whole(span, lasted));
	}
	return NULL;
}

static struct table *load_first(int *status)
{
	struct options *options = superd.options;
	struct diags diags = { 0 };
	int over = eventfd(0, EFD_CLOEXEC);
	pthread_t thread;
	bool is_watched = over >= 0 && thread_start(&thread, 0, watch_first, &over) == 0;
	struct table *table = load_table(&(struct table_load){ .options = options }, &diags);

	if (is_watched && eventfd_write(over, 1) == 0)
		pthread_join(thread, NULL);
	fd_close(&over);
	*status = EXIT_TABLE;
	if (table && !diags.errors && !settings_apply(options, table, true, superd.log)) {
		*status = EXIT_START;
		table_free(table);
		table = NULL;
	} else if (!table || diags.errors) {
		diags_print(&diags, stderr);
		if (!log_setup_is_stderr(options))
			supervisor_log_diags(superd.log, &diags);
		log_setup_error(
			options, superd.log, "not started: %zu error%s%s", diags.errors, diags.errors == 1 ? "" : "s",
			options->flags & OPTION_KEEP_GOING || options->endpoints.count || !table || !table->count
				? ""
				: "; --keep-going runs the services without errors");
		table_free(table);
		table = NULL;
	} else {
		supervisor_log_diags(superd.log, &diags);
		if (options->flags & OPTION_DAEMON &&
		    (options->invoked_as != AS_SUPERD || options->flags & OPTION_KEEP_GOING))
			diags_print(&diags, stderr); /* the caller of an init script reads stderr, not the log */
	}
	diags_free(&diags);
	return table;
}

static bool has_work(const struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (!service_is_off(&table->services[n]))
			return true;
	}
	if (superd.options->invoked_as != AS_XINETD || superd.options->flags & OPTION_STAYS)
		return true;
	log_setup_error(superd.options, superd.log,
			"no services: exiting; with -stayalive superd would wait for a reload");
	return false;
}

int run_superd(struct options *options)
{
	struct buf why = { 0 };
	struct table *table;
	int status = EXIT_START;
	char *before;

	superd.options = options;
	superd.pid_file.fd = -1;
	before = state_read();
	memory_keep_little();
	listen_fds_take(&superd.inherited);
	if (guard_drops_state())
		journal_leave_sockets(&superd.inherited);
	if (options->flags & OPTION_DAEMON && !before)
		listen_fds_note_others(&superd.inherited);
	before ? journal_open_programs() : programs_open(NULL);
	if (options->process_name && !guard->pid)
		self_exe_set_name(options->process_name);
	pid1_enter(&superd.defaults);
	superd.program = self_exe_path();
	superd.log = log_setup_open(options, before);
	if (!superd.log)
		return EXIT_START;
	superd.null_in = fd_raise(open("/dev/null", O_RDONLY | O_CLOEXEC), FD_HIGH);
	superd.null_out = fd_raise(open("/dev/null", O_WRONLY | O_CLOEXEC), FD_HIGH);
	if (superd.null_in < 0 || superd.null_out < 0) {
		log_setup_error(options, superd.log, "cannot start: cannot open /dev/null: %s", strerror(errno));
		return EXIT_START;
	}
	if (before) {
		superd.pid_file.path = options->settings.pid_file;
		table = state_table(options, before);
		settings_apply(options, table, false, superd.log);
		status = serve(table, before);
	} else if ((table = load_first(&status)) && has_work(table)) {
		if (options->settings.pid_file && !pid_file_claim(&superd.pid_file, options->settings.pid_file, &why) &&
		    !(options->flags & OPTION_PID_FILE_OPTIONAL && !superd.pid_file.is_taken)) {
			log_setup_error(options, superd.log, "pid file %s: %s", options->settings.pid_file,
					buf_string(&why));
			status = EXIT_START;
		} else if ((!guard->restarts && !control_setup_is_free(options, superd.log)) ||
			   (options->flags & OPTION_DAEMON && !guard->pid && daemonize_channel() < 0 &&
			    daemonize_enter() < 0)) {
			pid_file_remove(&superd.pid_file);
			status = EXIT_START;
		} else {
			if (options->flags & OPTION_DAEMON) {
				if (options->invoked_as != AS_SUPERD && chdir("/") < 0)
					log_warn(superd.log, "cannot change to /: %s", strerror(errno));
				listen_fds_close_others(&superd.inherited);
			}
			status = serve(table, NULL);
			table = NULL; /* it is the daemon's */
		}
	}
	if (!before)
		table_free(table);
	buf_free(&why);
	log_close(superd.log);
	if (superd.reading)
		_exit(status);
	return status;
}
