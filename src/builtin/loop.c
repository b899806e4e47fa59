/* epoll(7), for ten thousand connections: listening and datagram sockets, or the clients that superd has accepted. What
 * a client is served is in builtin/services.c and builtin/redirect.c; how its bytes move is in builtin/connection.c. */
#include "builtin/builtin.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

/* ---- signals ----
 *
 * Delays the signals that end the process until the traffic is reported. They stay pending, so the process still dies
 * by them afterwards. A signalfd(2) makes them one more descriptor to watch. */

static void sigterm_deliver(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Returns a descriptor that is readable when one has come. -1: they end the process, as before. */
static int sigterm_watch(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
		sigaddset(&set, signals[n]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		sigterm_deliver();
	return fd;
}

/* ---- clients and turns ---- */

/* Milliseconds. */
#define IDLE 5000		 /* without a client, then the process ends; not with a channel */
#define SHORTAGE 250		 /* until the next accept4(2), if it fails: of descriptors or memory, mostly */
#define REPORT_EVERY 500	 /* between two reports of numbers alone … */
#define REPORT_BYTES_EVERY 10000 /* … of which only those of bytes are new */
#define HURRY 1000		 /* for the last bytes, after SIGTERM */

#define EVENTS 256	      /* of one epoll_wait(2) */
#define ACCEPTS 64	      /* connections accepted at a listener in one turn */
#define KEPT_DESCRIPTORS 64ul /* for everything but connections */
#define STREAMS_MOST 1000     /* connections of another service than a redirect at once */

/* ---- clients of listeners ---- */

static bool may_accept(const struct builtin_server *server)
{
	return !server->retired && !server->blocked && redirect_tries(server) && server->count < server->most;
}

/* Begins or stops to take clients. Datagrams of a redirect wait as connections do, but for a target that has
 * connections only. */
static void update_listening(struct builtin_server *server)
{
	bool accepts = may_accept(server);

	if (server->accepts == accepts || server->retired)
		return;
	server->accepts = accepts;
	for (size_t n = 0; n < server->listener_count; n++) {
		if (server->listeners[n].kind == WATCH_LISTENER || server->flows)
			loop_watch_set(server->epoll, EPOLL_CTL_MOD, &server->listeners[n], accepts ? EPOLLIN : 0);
	}
}

static bool count_source(struct builtin_server *server, struct connection *connection,
			 const struct socket_address *client)
{
	int64_t limit = server->settings->per_source;
	char text[SENDER_TEXT];

	connection->counted = limit &&
		socket_address_source(client, connection->client.fd, (unsigned)server->settings->source_prefix,
				      connection->source);
	if (!connection->counted || source_count_enter(&server->sources, server, connection->source, limit))
		return true;
	connection->counted = false;
	sender_describe(client, text);
	builtin_log("refused %s: too many from this source (per_source)", text);
	return false;
}

/* false: no connection is waiting. */
static bool accept_one(struct builtin_server *server, struct loop_watch *listener)
{
	struct socket_address client = { .length = sizeof(client.storage) };
	int fd = accept4(listener->fd, &client.any, &client.length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection;

	if (fd < 0) {
		bool goes_on = errno == ECONNABORTED || errno == EPROTO || errno == EINTR;

		if (!goes_on && errno != EAGAIN)
			server->blocked = clock_ms() + SHORTAGE;
		return goes_on;
	}
	connection = connection_new(server, fd);
	if (!connection) {
		builtin_log("a client is closed: %s", strerror(errno));
		close(fd);
		return true;
	}
	if (!count_source(server, connection, &client))
		connection_end(server, connection, true);
	else
		server->settings->builtin->begin(server, connection);
	return may_accept(server);
}

/* ---- the service's end ---- */

/* Its program has ended, superd has, or another process takes the clients from now on. */
static void retire(struct builtin_server *server)
{
	if (server->retired)
		return;
	server->retired = true;
	loop_watch_close(server->epoll, &server->channel);
	loop_watch_close(server->epoll, &server->probe);
	for (size_t n = 0; n < server->listener_count; n++)
		loop_watch_close(server->epoll, &server->listeners[n]);
	if (server->flows)
		flows_end(server->flows);
}

/* ---- the channel to superd: a seqpacket socket pair (unix(7)) ---- */

#define ANSWER_SHORTAGE 100             /* milliseconds until the next try, if memory ran out */

/* superd answers the question of the only client, with a descriptor or, if it has none, without. */
static void on_answer(struct builtin_server *server)
{
	size_t count = 1;
	ssize_t got;
	char byte;
	int fd;

	do
		got = fd_message_receive(server->channel.fd, &byte, 1, &fd, &count, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		exchange_on_answer(server, count ? fd : -1, ECANCELED);
	} else if (got < 0 && (errno == ENOMEM || errno == ENOBUFS)) {
		poll(NULL, 0, ANSWER_SHORTAGE);        /* the message is still there */
	} else if (got == 0 || errno != EAGAIN) {
		server->retired = true;
		loop_watch_close(server->epoll, &server->channel);
		exchange_on_answer(server, -1, EPIPE);
	}
}

/* A byte asks for a report: superd may be another one by now. */
static void on_request(struct builtin_server *server)
{
	char byte;
	ssize_t got = recv(server->channel.fd, &byte, 1, MSG_DONTWAIT);

	if (got > 0)
		server->report_wanted = true;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		retire(server);
}

/* ---- the loop ---- */

/* Tells superd how it goes: at once what is new, and changed numbers from time to time, so that superd is seldom woken
 * while data flows. Returns the milliseconds until a report is due; -1: none. */
static int64_t report(struct builtin_server *server, int64_t now)
{
	const struct server_report *was = &server->report;
	struct server_report is = { .up = server->up,
				    .error = server->error,
				    .count = server->count,
				    .flows = flows_count(server->flows),
				    .served = server->served,
				    .received = server->received,
				    .sent = server->sent };
	bool state, numbers;
	int64_t wait;
	char text[160];

	if (server->channel.fd < 0 || server->gets_clients)
		return -1;
	is.busy = is.count || is.flows;
	state = server->report_wanted || is.up != was->up || is.busy != was->busy || is.error != was->error;
	numbers = is.count != was->count || is.flows != was->flows || is.served != was->served;
	if (!state && !numbers && is.received == was->received && is.sent == was->sent)
		return -1;
	wait = state ? 0 : numbers ? REPORT_EVERY : REPORT_BYTES_EVERY;
	if (now < server->reported + wait)
		return server->reported + wait - now;
	snprintf(text, sizeof(text),
		 "%s busy=%d error=%d count=%zu flows=%zu served=%" PRIu64 " received=%" PRIu64 " sent=%" PRIu64 "\n",
		 is.up ? "up" : "down", is.busy, is.error, is.count, is.flows, is.served, is.received, is.sent);
	if (send(server->channel.fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EAGAIN)
		return REPORT_EVERY;
	server->reported = now;
	server->report = is;
	server->report_wanted = false;
	return -1;
}

static bool is_serving(const struct builtin_server *server)
{
	return server->count || flows_count(server->flows);
}

/* Does what is due. Returns the milliseconds until the next is; -1: nothing is. */
static int64_t do_due(struct builtin_server *server, int64_t now)
{
	int64_t timeout = redirect_do_due(server, now);

	if (server->blocked && now >= server->blocked)
		server->blocked = 0;
	loop_sooner(&timeout, connections_end_idle(server, now));
	loop_sooner(&timeout, exchanges_end_late(server, now));
	if (server->flows)
		loop_sooner(&timeout, flows_expire(server->flows, now));
	loop_sooner(&timeout, report(server, now));
	if (server->blocked)
		loop_sooner(&timeout, server->blocked - now);
	if (server->hurry)
		loop_sooner(&timeout, server->hurry > now ? server->hurry - now : 0);
	update_listening(server);
	connections_free_dead(server);
	return list_empty(&server->again) ? timeout : 0;
}

static void on_event(struct builtin_server *server, struct loop_watch *watch, uint32_t events)
{
	struct connection *connection;

	if (watch->fd < 0)
		return; /* ended earlier in this turn */
	switch (watch->kind) {
	case WATCH_LISTENER:
		for (int n = 0; n < ACCEPTS && accept_one(server, watch); n++)
			continue;
		return;
	case WATCH_DATAGRAMS:
		if (server->flows) {
			redirect_note_datagram(server);
			flows_send(server->flows, watch, clock_ms());
		} else {
			datagrams_serve(server->settings, server->datagrams, watch->fd);
		}
		return;
	case WATCH_FLOW:
		flows_receive(server->flows, watch, clock_ms());
		return;
	case WATCH_PROBE:
		if (!redirect_on_probe(server, events))
			return;
		for (size_t n = 0; n < server->listener_count && server->probe.fd >= 0 && may_accept(server); n++) {
			if (server->listeners[n].kind == WATCH_LISTENER)
				accept_one(server, &server->listeners[n]); /* who waits gets its connection */
		}
		redirect_end_probe(server);
		return;
	case WATCH_RESOLVER:
		redirect_on_answer(server);
		if (server->flows)
			flows_follow(server->flows);
		return;
	case WATCH_CHANNEL:
		if (server->gets_clients)
			on_answer(server);
		else
			on_request(server);
		return;
	case WATCH_SIGNAL:
		if (server->gets_clients) { /* the traffic is reported, and the signal ends the process */
			server->retired = true;
			connections_end_all(server);
			sigterm_deliver();
			return;
		}
		retire(server);
		server->hurry = clock_ms() + HURRY;
		loop_watch_close(server->epoll, watch);
		return;
	case WATCH_CLIENT:
	case WATCH_TARGET:
		connection = watch->kind == WATCH_CLIENT ? container_of(watch, struct connection, client)
							 : container_of(watch, struct connection, target);
		if (connection->phase == RELAYING)
			connection_on_event(server, connection, watch, events);
		else if (connection->phase == EXCHANGING)
			exchange_on_event(server, connection);
		else
			redirect_on_event(server, connection, watch, events);
	}
}

/* Returns the exit status. */
static int run_loop(struct builtin_server *server)
{
	struct epoll_event events[EVENTS];
	int64_t quiet = clock_ms();
	int count = 0;

	for (;;) {
		int64_t now = clock_ms(), timeout = do_due(server, now);

		/* Some clients are answered within a turn, and some wait until a name is known. */
		if (is_serving(server) || count > 0 || (server->is_asked && !server->target.count))
			quiet = now;
		if ((server->retired && !server->count) || (server->hurry && now >= server->hurry))
			return server->status;
		if (!server->settings->relays && !server->gets_clients && !is_serving(server)) {
			if (now >= quiet + IDLE)
				return 0;
			loop_sooner(&timeout, quiet + IDLE - now);
		}
		count = epoll_wait(server->epoll, events, EVENTS, timeout > INT_MAX ? INT_MAX : (int)timeout);
		if (count < 0 && errno != EINTR)
			return 1;
		for (int n = 1; n < count; n++) { /* a signal to end comes before who connects behind it */
			struct epoll_event first = events[0];

			if (((struct loop_watch *)events[n].data.ptr)->kind == WATCH_SIGNAL) {
				events[0] = events[n];
				events[n] = first;
			}
		}
		for (int n = 0; n < count; n++) {
			struct loop_watch *watch = events[n].data.ptr;

			if (watch->kind == WATCH_LISTENER && watch->fd >= 0 && events[n].events & (EPOLLERR | EPOLLHUP))
				return 1;
			on_event(server, watch, events[n].events);
		}
		connections_run_again(server);
	}
}

/* ---- its start ---- */

static bool add_listener(struct builtin_server *server, int fd)
{
	struct loop_watch *watch = &server->listeners[server->listener_count++];
	bool is_datagram = socket_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM;

	*watch = (struct loop_watch){ .kind = is_datagram ? WATCH_DATAGRAMS : WATCH_LISTENER, .fd = fd };
	if (!is_datagram) {
		if (socket_int(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
			builtin_log("descriptor %d is no listening socket", fd);
			return false;
		}
		server->has_streams = true;
		fd_set_nonblocking(fd, true);
		if (server->redirects)
			redirect_prepare(fd);
	} else {
		pktinfo_prepare(fd);
		if (server->redirects && !server->flows)
			server->flows = flows_new(server->settings, &server->target, server->epoll);
		if (!server->redirects && !server->datagrams)
			server->datagrams = calloc(1, sizeof(*server->datagrams));
		if (!server->flows && !server->datagrams) {
			builtin_log("out of memory");
			return false;
		}
	}
	if (loop_watch_set(server->epoll, EPOLL_CTL_ADD, watch, server->datagrams && is_datagram ? EPOLLIN : 0))
		return true;
	builtin_log("cannot watch descriptor %d: %s", fd, strerror(errno));
	return false;
}

/* Watches the channel, and the signals that end the process. */
static bool watch_superd(struct builtin_server *server, int channel)
{
	server->channel.fd = channel;
	server->sigterm.fd = sigterm_watch();
	return (channel < 0 || loop_watch_set(server->epoll, EPOLL_CTL_ADD, &server->channel, EPOLLIN)) &&
		(server->sigterm.fd < 0 || loop_watch_set(server->epoll, EPOLL_CTL_ADD, &server->sigterm, EPOLLIN));
}

/* With --relay, no client is taken before the target has answered. A target for datagrams does not answer. */
static bool begin(struct builtin_server *server, const int *fds, size_t count)
{
	bool relays = server->settings->relays;

	if (relays && !watch_superd(server, fds[0]))
		return false;
	for (size_t n = relays; n < count; n++) {
		if (!add_listener(server, fds[n]))
			return false;
	}
	server->up = !relays || !server->has_streams;
	if (!server->up && server->target.count)
		redirect_begin_probe(server);
	return true;
}

/* If the connection is standard input, descriptors 0 and 1 become copies of the channel, so that they stay open and the
 * end of the connection reaches the client. */
static bool begin_with_client(struct builtin_server *server, int connection)
{
	int channel = (int)server->settings->channel, other = channel >= 0 ? channel : STDERR_FILENO;
	struct connection *client;

	if (!watch_superd(server, channel))
		return false;
	if (connection == STDIN_FILENO) {
		connection = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (connection < 0 || dup2(other, STDIN_FILENO) < 0 || dup2(other, STDOUT_FILENO) < 0)
			return false;
	}
	client = connection_new(server, connection);
	if (!client)
		return false;
	server->settings->builtin->begin(server, client);
	return true;
}

/* A connection of a redirect has a target, too. All descriptors that the limit may allow are for connections. */
static size_t connections_most(bool redirects)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < 2 * KEPT_DESCRIPTORS)
		return KEPT_DESCRIPTORS / 2;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return KEPT_DESCRIPTORS / 2;
	limit.rlim_cur -= KEPT_DESCRIPTORS;
	if (redirects)
		return (size_t)limit.rlim_cur / 2;
	return limit.rlim_cur < STREAMS_MOST ? (size_t)limit.rlim_cur : STREAMS_MOST;
}

int loop_run(const struct settings *settings, const int *fds, size_t count, bool is_client)
{
	bool redirects = settings->builtin->begin == redirect_begin;
	struct builtin_server server = {
		.settings = settings,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.redirects = redirects,
		.gets_clients = is_client,
		.most = connections_most(redirects),
		.up = true,
		.report_wanted = true,
		.probe = { .kind = WATCH_PROBE, .fd = -1 },
		.channel = { .kind = WATCH_CHANNEL, .fd = -1 },
		.resolver = { .kind = WATCH_RESOLVER, .fd = -1 },
		.sigterm = { .kind = WATCH_SIGNAL, .fd = -1 },
	};
	int status = 1;

	for (int phase = 0; phase < CONNECTION_PHASES; phase++)
		list_init(&server.of[phase]);
	list_init(&server.dead);
	list_init(&server.again);
	server.listeners = calloc(count + 1, sizeof(*server.listeners));
	if (server.epoll >= 0 && server.listeners && (!redirects || redirect_init(&server)) &&
	    (is_client ? begin_with_client(&server, fds[0]) : begin(&server, fds, count)))
		status = run_loop(&server);
	else if (is_client)
		builtin_log("cannot serve the client: %s", strerror(errno));
	server.gets_clients = false; /* what has not ended by now is not reported */
	connections_end_all(&server);
	connections_free_dead(&server);
	flows_free(server.flows);
	if (server.datagrams)
		source_count_free(&server.datagrams->replies.sources);
	free(server.datagrams);
	source_count_free(&server.sources);
	free(server.listeners);
	fd_close(&server.epoll);
	return status;
}
