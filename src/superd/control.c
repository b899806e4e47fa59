/* The control socket: who may speak there, requests in, lines of JSON out (superd-control(7)).
 *
 * An answer about many services takes several turns of the loop: go_on adds to it while there is room. What waits for
 * something is looked at again whenever anything has changed. superd never waits for a client. */
#include "superd/daemon.h"

#include <sys/ioctl.h>
#include <sys/random.h>

#define RESERVE 3	/* descriptors for operators */
#define CLIENTS_MOST 64 /* operators at once */
#define OWN_MOST 32	/* programs of superd's own that serve clients of one service */
#define MANY 64		/* orders under way from which on they are looked at only every PACE */
#define PACE .05
#define END_WAIT 5 /* seconds that a start waits for the end of another superd */
#define PATIENCE 1.

static struct {
	struct control_socket socket;
	char path[PATH_MAX];
	int adopted;	      /* descriptor of the superd before, and 1; 0: none */
	int reserve[RESERVE]; /* for operators, where services have used up all others */
	struct io io;
	ev_timer retry, pace;
	char blind[80]; /* why superd does not see who asks */
	ev_prepare changes;
	bool changed;
	size_t count;
} server = { .socket.fd = -1, .reserve = { -1, -1, -1 } };

/* ---- one session ---- */

size_t session_unsent(const struct session *session)
{
	return session->out.length - session->sent;
}

bool session_may_go_on(const struct session *session)
{
	return session_unsent(session) < SESSION_ROOM && clock_now() - session->turn < SESSION_TURN;
}

/* It gets its turn behind the next look at the kernel's events: what superd says that it has done must outlive it, and
 * the state is kept before that. */
void session_wake(struct session *session)
{
	io_watch(&session->io, (session->io.wanted & EV_READ) | EV_WRITE);
}

void session_send(struct session *session)
{
	buf_char(&session->out, '{');
	buf_add(&session->out, buf_string(&session->line), session->line.length);
	buf_text(&session->out, "}\n");
	session->out.failed |= session->line.failed;
	buf_clear(&session->line);
	session_wake(session);
}

static void end_request(struct session *session)
{
	session->does = AWAITS_REQUEST;
	session->go_on = session->changed = session->late = NULL;
	session->dropped = session->reading = 0;
	changes_release(session->changes);
	session->changes = NULL;
	orders_drop(session);
	upgrade_forget(session);
	ev_timer_stop(superd.loop, &session->timeout);
	buf_clear(&session->names);
}

void session_done(struct session *session)
{
	end_request(session);
	json_flag_field(&session->line, "done", true);
	session_send(session);
}

void session_fail(struct session *session, const char *code, const char *hint, const char *format, ...)
{
	struct buf text = { 0 };
	va_list list;

	va_start(list, format);
	buf_vaddf(&text, format, list);
	va_end(list);
	end_request(session);
	buf_clear(&session->line);
	json_text_field(&session->line, "error", buf_string(&text));
	json_text_field(&session->line, "code", code);
	if (*hint)
		json_text_field(&session->line, "hint", hint);
	session_send(session);
	buf_free(&text);
}

/* The last close of a socket closes what is in its queue, too: before Linux 6.16 that may be a descriptor of the
 * client's whose close hangs. */
static void close_client(int fd)
{
	int queued = 1;

	shutdown(fd, SHUT_RD);
	if (ioctl(fd, FIONREAD, &queued) == 0 && !queued)
		close(fd);
	else
		close_apart(NULL, &fd);
}

static void end_session(struct session *session)
{
	bool followed = session->request.options & WITH_FOLLOW;

	end_request(session);
	io_stop(&session->io);
	close_client(session->io.fd);
	list_remove(&session->link);
	buf_free(&session->out);
	buf_free(&session->line);
	buf_free(&session->names);
	buf_free(&session->request.words);
	server.count -= !session->service;
	free(session->service);
	free(session);
	control_wake();
	if (followed)
		requests_follow_log();
}

/* Its client has closed both ways. One that has only shut down its sending side waits for answers still; nothing tells
 * when that closes, too. */
static bool session_is_dead(const struct session *session)
{
	struct pollfd state = { .fd = session->io.fd };

	return session->at_end && poll(&state, 1, 0) > 0 && state.revents & (POLLHUP | POLLERR);
}

/* ---- input and output of a session ---- */

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct session *session = timer->data;

	(void)loop, (void)events;
	if (session->late)
		session->late(session);
}

/* A program that was made to connect and to write what somebody has chosen repeats no word that it has not read. One
 * of superd's own says hello once its client has sent a whole request, and counts only from then on: silent clients
 * take no session from those that ask, nor clients of one service from those of another. */
static void take_hello(struct session *session, const char *line)
{
	size_t others = 0;

	if (strncmp(line, "hello ", 6) != 0 || strcmp(line + 6, session->hello) != 0) {
		session_fail(session, "denied", "superctl of superd's own version does so",
			     "the first line of a connection has to repeat the hello that superd has sent");
		session->does = LEAVES;
		return;
	}
	LIST_OF(const struct session, other, link, &superd.sessions) {
		others += session->service && other->service && !*other->hello &&
			!strcmp(other->service, session->service);
	}
	if (others >= OWN_MOST) {
		session_fail(session, "busy", "", "superd is answering %d other requests to this service", OWN_MOST);
		session->does = LEAVES;
		return;
	}
	*session->hello = '\0';
}

static bool passes(int error)
{
	loop_rest(error);
	return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM;
}

/* false: the connection is broken. */
static bool read_input(struct session *session)
{
	size_t room = sizeof(session->input) - session->filled;
	bool carries = false;
	ssize_t got;

	if (!room || session->at_end)
		return true;
	got = scm_rights_peek(session->io.fd, session->input + session->filled, room, &carries);
	if (carries) /* closing such a descriptor might block */
		return false;
	if (got > 0)
		got = recv(session->io.fd, session->input + session->filled, (size_t)got, MSG_DONTWAIT);
	if (got > 0) {
		session->filled += (size_t)got;
	} else if (got == 0) {
		session->at_end = true;
	}
	return got >= 0 || passes(errno);
}

/* false: the connection is broken. */
static bool write_output(struct session *session)
{
	while (session_unsent(session)) {
		ssize_t put = send(session->io.fd, session->out.data + session->sent, session_unsent(session),
				   MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0)
			return passes(errno);
		session->sent += (size_t)put;
	}
	if (session->out.capacity > 2 * SESSION_ROOM)
		buf_free(&session->out);
	else
		buf_clear(&session->out);
	session->sent = 0;
	return true;
}

/* Of an answer with a hole the last line, unless the client has half of one before. */
static void say_hole(const struct session *session)
{
	static const char line[] = "{\"error\":\"superd is out of memory for the answer\",\"code\":\"failed\"}\n";

	log_warn(superd.log, "a connection of superctl is closed: out of memory for the answer");
	if (!session->sent || session->out.data[session->sent - 1] == '\n')
		send(session->io.fd, line, sizeof(line) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* One turn: one request at most, so that no client gets more than others. Of a client that does not read nothing more
 * is taken. */
static void on_session(struct io *io)
{
	struct session *session = io->data;
	char *newline, line[REQUEST_MOST];
	bool good = true, takes, waits;
	int events;

	session->turn = clock_now();
	if (io->got & EV_READ)
		good = read_input(session);
	good = good && !session->out.failed && write_output(session); /* an answer with a hole is none */
	if (good && session->go_on && session_unsent(session) < SESSION_ROOM)
		session->go_on(session);
	newline = memchr(session->input, '\n', session->filled);
	takes = good && session->does == AWAITS_REQUEST && session_unsent(session) < SESSION_ROOM;
	if (takes && newline) {
		size_t length = (size_t)(newline - session->input);

		memcpy(line, session->input, length);
		line[length] = '\0';
		session->filled -= length + 1;
		memmove(session->input, newline + 1, session->filled);
		if (*session->hello)
			take_hello(session, line);
		else if (memchr(line, '\0', length))
			session_fail(session, "usage", "", "a request has no NUL");
		else
			request_obey(session, line);
	} else if (takes && session->filled == sizeof(session->input)) {
		session_fail(session, "usage", "", "a request has at most %d bytes", REQUEST_MOST - 1);
		session->does = LEAVES;
	}
	good = good && !session->out.failed;
	waits = session->does == AWAITS_REQUEST && memchr(session->input, '\n', session->filled);
	if (!good || session_is_dead(session) || (session->does == LEAVES && !session_unsent(session)) ||
	    (session->at_end && session->does == AWAITS_REQUEST && !waits && !session_unsent(session))) {
		if (session->out.failed)
			say_hole(session);
		end_session(session);
		return;
	}
	events = !session->at_end && session->does != LEAVES && session->filled < sizeof(session->input) ? EV_READ : 0;
	if (session_unsent(session) || session->go_on || waits)
		events |= EV_WRITE;
	io_watch(&session->io, events);
}

static void refuse(int fd, const char *code, const char *text)
{
	struct buf line = { 0 };

	json_object_open(&line);
	json_text_field(&line, "error", text);
	json_text_field(&line, "code", code);
	json_object_close(&line);
	buf_char(&line, '\n');
	send(fd, buf_string(&line), line.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&line);
	close_client(fd);
}

static struct session *begin_session(int fd, enum right right, uid_t uid, const char *service)
{
	struct session *session = calloc(1, sizeof(*session));
	uint64_t word = 0;

	if (!session || (service && !(session->service = strdup(service)))) {
		free(session);
		refuse(fd, "failed", "superd is out of memory");
		return NULL;
	}
	session->right = right;
	session->uid = uid;
	/* A read past urgent data would drop the descriptors that it carries, which scm_rights_peek does not show. */
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &(int){ 1 }, sizeof(int));
	io_init(&session->io, fd_raise(fd, FD_HIGH), on_session, session);
	ev_init(&session->timeout, on_timeout);
	session->timeout.data = session;
	list_add(&superd.sessions, &session->link);
	server.count += !service;
	if (getrandom(&word, sizeof(word), GRND_INSECURE) != (ssize_t)sizeof(word))
		word = (uint64_t)random() << 32 ^ (uint64_t)random();
	snprintf(session->hello, sizeof(session->hello), "%016llx", (unsigned long long)word);
	json_text_field(&session->line, "superd", PACKAGE_VERSION);
	json_count_field(&session->line, "protocol", 2);
	json_count_field(&session->line, "pid", (uint64_t)getpid());
	if (*superd.upgraded_from)
		json_text_field(&session->line, "upgraded_from", superd.upgraded_from);
	if (superd.life >= SUPERD_DELAYS)
		json_flag_field(&session->line, "stopping", true);
	if (service)
		json_flag_field(&session->line, "in_detail", right >= RIGHT_READ);
	json_text_field(&session->line, "hello", session->hello);
	io_watch(&session->io, EV_READ);
	session_send(session);
	return session;
}

/* ---- who may connect ---- */

/* The uid proves nothing for a process with fewer rights than superd: superd or another program may have confined it.
 * superd cannot see one of an outer pid namespace; none of its services is there, and its socket's folder lets nobody
 * in but its user and root. NULL, or why it has no access. */
static const char *why_denied(int fd, const struct control_peer *peer)
{
	bool is_hidden = !peer->pid && peer->by_path;

	if (peer->uid != 0 && peer->uid != geteuid())
		return "only root and superd's own user have access";
	if (!is_hidden && !process_has_superds_rights(peer->pid))
		return !process_list_is_possible() ? "superd cannot see your rights, as it has no /proc"
			: !peer->pid		   ? "superd cannot see your process, which is in another pid namespace"
			: errno &&
				snprintf(server.blind, sizeof(server.blind), "superd cannot see your rights: %s",
					 strerror(errno))
			? server.blind
			: "your process is confined: it has fewer rights than superd";
	if (!control_socket_peer_has_ended(fd))
		return NULL;
	return errno ? "superd cannot see whether your process runs: it lacks descriptors or memory"
		     : "your process has ended";
}

static void set_reserve(bool holds)
{
	limits_reserve(server.reserve, RESERVE, holds);
}

static void on_connection(struct io *io)
{
	struct control_peer peer;
	const char *why = NULL;
	char text[128];
	int fd;

	set_reserve(false); /* to look at the client in /proc takes one, too */
	fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			io_stop(io);
			timer_begin(&server.retry, PATIENCE);
		}
		set_reserve(true);
		return;
	}
	LIST_OF(struct session, session, link, &superd.sessions) {
		if (session_is_dead(session))
			end_session(session);
	}
	if (!control_socket_peer(fd, &peer)) {
		snprintf(text, sizeof(text), "superd cannot read your identity: %s", strerror(errno));
		why = text;
	} else {
		why = why_denied(fd, &peer);
	}
	if (why)
		refuse(fd, "denied", why);
	else if (server.count >= CLIENTS_MOST)
		refuse(fd, "busy", "too many clients are connected");
	else
		begin_session(fd, RIGHT_ACT, peer.uid, NULL);
	set_reserve(true);
}

/* ---- changes ---- */

static void on_change(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	double now = clock_now();
	bool later = false;

	(void)loop, (void)prepare, (void)events;
	if (!server.changed)
		return;
	server.changed = false;
	LIST_OF(struct session, session, link, &superd.sessions) {
		if (!session->changed || session->go_on)
			continue;
		if (session->order_count >= MANY && now - session->looked < PACE) {
			later = true;
			continue;
		}
		session->looked = now;
		session->go_on = session->changed;
		session_wake(session);
	}
	if (later)
		control_wake_in(PACE);
	upgrade_go_on();
}

void control_wake(void)
{
	server.changed = true;
}

static void on_pace(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	control_wake();
}

void control_wake_in(double seconds)
{
	if (ev_is_active(&server.pace) && ev_timer_remaining(superd.loop, &server.pace) <= seconds)
		return;
	timer_begin(&server.pace, seconds);
}

/* ---- the socket ---- */

/* "": there is to be none. A longer path than there can be is cut: no socket has it. */
static void find_path(const struct options *options, char path[PATH_MAX])
{
	const char *control = options->settings.control;

	if (control)
		snprintf(path, PATH_MAX, "%s", strcmp(control, "none") ? control : "");
	else
		snprintf(path, PATH_MAX, "%s/superd/control", runtime_dir());
}

/* A service is only tried out. */
static bool can_do_without(const struct options *options)
{
	return options->endpoints.count && !options->given.control;
}

/* For the command line, before a start. Two superds at one socket are a mistake, but a script may start the next while
 * the last one ends. An inetd or xinetd may run beside another one with a table of its own. */
bool control_setup_is_free(const struct options *options, struct log *log)
{
	double until = clock_now() + END_WAIT;
	char path[PATH_MAX], number[32] = "";
	bool is_logged = false;
	struct process process;
	pid_t pid;
	int fd;

	if (options->invoked_as != AS_SUPERD || can_do_without(options))
		return true;
	find_path(options, path);
	while (*path && control_socket_has_owner(path, &pid, &fd)) {
		struct pollfd ended = { .fd = fd, .events = POLLRDHUP };
		double left = until - clock_now();

		if (pid && process_read(pid, &process) && process_is_named(process.parent, "superd-guard"))
			pid = process.parent; /* as supervisors know it */
		if (pid)
			snprintf(number, sizeof(number), " (pid %ld)", (long)pid);
		if (left <= 0) {
			fd_close(&fd);
			log_setup_error(options, log,
					"superd is already running here%s, and answers at %s: superctl reload makes it "
					"read its files again; --control names another place for this one",
					number, path);
			return false;
		}
		if (!is_logged)
			log_notice(
				log,
				"superd is already running here%s, and answers at %s: waiting up to %d s for its end",
				number, path, END_WAIT);
		is_logged = true;
		if (fd >= 0)
			poll(&ended, 1, (int)(left * 1000));
		fd_close(&fd);
		poll(NULL, 0, 50); /* one that ends removes its socket shortly after */
	}
	return true;
}

/* Whether the machine lacks something that it may have again, or another superd is just about to take the socket. */
static bool may_pass(int error)
{
	return error == EWOULDBLOCK || error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
		error == ENOSPC || error == EDQUOT || error == EIO || error == EINTR;
}

static bool make_socket(const char *path, struct buf *why)
{
	bool made;
	int error;

	set_reserve(false);
	made = server.adopted && control_socket_adopt(&server.socket, path, server.adopted - 1);
	error = errno;
	if (!made && server.adopted && may_pass(error)) {
		buf_text(why, strerror(error));
	} else {
		if (!made && server.adopted) /* it is another's, or not found */
			close(server.adopted - 1);
		server.adopted = 0;
		made = made || control_socket_open(&server.socket, path, why);
		error = errno;
	}
	set_reserve(true);
	if (made) {
		io_call(&server.io, server.socket.fd, on_connection, NULL);
		journal_rewrite(false);
	}
	errno = error;
	return made;
}

static void open_socket(bool again)
{
	enum level level = can_do_without(superd.options) ? LEVEL_INFO : LEVEL_WARNING;
	bool made, tries;
	struct buf why = { 0 };
	pid_t pid = 0;
	int fd = -1;

	made = make_socket(server.path, &why);
	tries = !made && may_pass(errno);
	if (made && again)
		log_notice(superd.log, "the control socket is %s now", server.path);
	if (made)
		locks_own(again);
	if (tries)
		timer_begin(&server.retry, PATIENCE);
	if (!made && !tries && control_socket_has_owner(server.path, &pid, &fd) && pid)
		log_say(superd.log, level,
			"no control socket %s: superctl reaches another superd there, pid %ld, and not this one: give "
			"this one a name of its own, by --control @NAME or a path, and superctl the same",
			server.path, (long)pid);
	else if (!made && !(tries && again))
		log_say(superd.log, level, "no control socket %s: %s%s; --control names another place, or none",
			server.path, buf_string(&why),
			tries ? "; superd tries again each second" : "; a reload tries again");
	fd_close(&fd);
	buf_free(&why);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	control_serve(); /* accept(2) has failed */
	if (server.socket.fd < 0)
		open_socket(true);
}

/* Makes the socket anew if clients do not find it any more. */
void control_reloaded(void)
{
	int fd = server.socket.fd;

	if (!*server.path || (fd >= 0 && control_socket_is_found(&server.socket)))
		return;
	if (fd >= 0) {
		log_warn(superd.log, "the control socket %s was removed: creating it again", server.socket.path);
		io_stop(&server.io);
		control_socket_close(&server.socket);
		journal_rewrite(false); /* its number is another's soon */
	}
	timer_begin(&server.retry, 0);
}

/* Before superd hands its socket over: clients that come wait in its queue. Returns whether one of those that have
 * come, but this one, has no answer yet. A log that is followed does not count, nor a program of superd's own whose
 * client is silent. */
bool control_rest(const struct session *but)
{
	io_stop(&server.io);
	LIST_OF(const struct session, session, link, &superd.sessions) {
		bool is_silent = session->service ? *session->hello : session->verb != NULL;

		if (session != but && session->does != FOLLOWS_LOG &&
		    (session->does != AWAITS_REQUEST || !is_silent || session->filled || session_unsent(session)))
			return true;
	}
	return false;
}

void control_serve(void)
{
	if (server.socket.fd >= 0)
		io_watch(&server.io, EV_READ);
}

int control_fd(void)
{
	return server.adopted ? server.adopted - 1 : server.socket.fd;
}

/* The socket of the superd before goes on, and who connects meanwhile waits in its queue. */
void control_adopt(int fd)
{
	server.adopted = fd + 1;
}

/* Before any service is opened. fresh: this superd follows no other. */
void control_begin(bool fresh)
{
	ev_prepare_init(&server.changes, on_change);
	ev_prepare_start(superd.loop, &server.changes);
	ev_init(&server.pace, on_pace);
	ev_init(&server.retry, on_retry);
	find_path(superd.options, server.path);
	if (*server.path)
		locks_begin(server.path, !fresh || !control_socket_is_answered(server.path));
}

void control_open(void)
{
	if (*server.path)
		open_socket(false);
}

void control_close(void)
{
	LIST_OF(struct session, session, link, &superd.sessions) {
		session->turn = clock_now();
		if (session->orders && session->changed) /* what it stops has ended */
			session->changed(session);
		write_output(session);
		/* By the copy the connection ends with superd, and with the guard, which shares the descriptors: then
		 * superctl knows that both have gone. */
		(void)fcntl(session->io.fd, F_DUPFD_CLOEXEC, 0);
		end_session(session);
	}
	ev_timer_stop(superd.loop, &server.retry);
	if (server.socket.fd < 0)
		return;
	io_stop(&server.io);
	control_socket_close(&server.socket);
}

/* A connection for a program of superd's own. It may only read, as it has read what a stranger sent. -1 and errno, with
 * the reason in why. */
int control_reader(const char *service, bool in_detail, struct buf *why)
{
	int ends[2];

	if (!*server.path) {
		buf_text(why, "superd has no control socket, which it needs (--control)");
		errno = ENOENT;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "opening a connection to the control socket: %s", strerror(errno));
		return -1;
	}
	fd_set_nonblocking(ends[0], true);
	if (begin_session(ends[0], in_detail ? RIGHT_READ : RIGHT_OVERVIEW, (uid_t)-1, service))
		return ends[1];
	close(ends[1]);
	buf_text(why, "opening a connection to the control socket: out of memory");
	errno = ENOMEM;
	return -1;
}
