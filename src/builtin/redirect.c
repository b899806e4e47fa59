/* Connects clients to a redirect's target: its addresses in turn, and again after pauses; and a probe before the first
 * client where a program of the service brings it. */
#include "builtin/builtin.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

/* ---- target ----
 *
 * Connects to the addresses of a redirect's target. */

bool target_has(const struct redirect_target *target, const struct socket_address *address, size_t *index)
{
	for (size_t n = 0; n < target->count; n++) {
		const struct socket_address *own = &target->addresses[n];

		if (own->length == address->length && !memcmp(&own->storage, &address->storage, own->length)) {
			*index = n;
			return true;
		}
	}
	return false;
}

/* If there are none, it logs the reason, once, and keeps the former addresses. */
static void target_take(struct redirect_target *target, const struct target_answer *answer)
{
	const struct socket_address good = target->addresses[target->good], udp = target->addresses[target->good_udp];

	if (!answer->count && strcmp(target->why, answer->why) != 0)
		builtin_log("cannot find %s: %s", target->name, answer->why);
	memcpy(target->why, answer->why, sizeof(target->why));
	if (!answer->count)
		return;
	target->count = answer->count;
	target->good = target->good_udp = 0;
	memcpy(target->addresses, answer->addresses, sizeof(target->addresses));
	target_has(target, &good, &target->good);
	target_has(target, &udp, &target->good_udp);
}

int target_connect(const struct redirect_target *target, int type, size_t tried, size_t *index)
{
	size_t good = type == SOCK_STREAM ? target->good : target->good_udp;

	errno = EADDRNOTAVAIL;
	for (; tried < target->count; tried++) {
		const struct socket_address *address = &target->addresses[ *index = (good + tried) % target->count];
		int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd >= 0 && (connect(fd, &address->any, address->length) == 0 || errno == EINPROGRESS))
			return fd;
		fd_close(&fd);
	}
	return -1;
}

void target_log_failure(const struct redirect_target *target, int error)
{
	builtin_log("cannot connect to %s: %s", target->name, strerror(error));
}

/* ---- proxy header ----
 *
 * Writes headers of the PROXY protocol. A client of IPv4 at a socket for both families has a mapped address; the header
 * has it as IPv4. */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n" /* of version 2, 12 bytes */
#define LOCAL 0x20			 /* version 2, command LOCAL */
#define PROXY 0x21			 /* version 2, command PROXY */
#define TCP4 0x11			 /* AF_INET, STREAM */
#define TCP6 0x21			 /* AF_INET6, STREAM */

size_t proxy_header_write(unsigned version, int connection, char out[PROXY_HEADER_MOST])
{
	struct socket_address client = { .length = sizeof(client.storage) }, own = client;
	unsigned char bytes[2][16];
	bool known = connection >= 0, v4;
	uint16_t ports[2], length;
	size_t skip, size;

	if (known &&
	    (getpeername(connection, &client.any, &client.length) < 0 ||
	     getsockname(connection, &own.any, &own.length) < 0))
		return 0;
	known = known && socket_address_bytes(&client, bytes[0]) && socket_address_bytes(&own, bytes[1]);
	v4 = known && address_is_mapped(bytes[0]) && address_is_mapped(bytes[1]);
	skip = v4 ? 12 : 0;
	size = 16 - skip;
	if (version == 1) {
		char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

		if (!known)
			return (size_t)snprintf(out, PROXY_HEADER_MOST, "PROXY UNKNOWN\r\n");
		inet_ntop(v4 ? AF_INET : AF_INET6, bytes[0] + skip, from, sizeof(from));
		inet_ntop(v4 ? AF_INET : AF_INET6, bytes[1] + skip, to, sizeof(to));
		return (size_t)snprintf(out, PROXY_HEADER_MOST, "PROXY %s %s %s %d %d\r\n", v4 ? "TCP4" : "TCP6", from,
					to, socket_address_port(&client), socket_address_port(&own));
	}
	memcpy(out, SIGNATURE, 12);
	out[12] = known ? PROXY : LOCAL;
	out[13] = !known ? 0 : v4 ? TCP4 : TCP6;
	length = htons(known ? (uint16_t)(2 * size + sizeof(ports)) : 0);
	memcpy(out + 14, &length, sizeof(length));
	if (!known)
		return 16;
	ports[0] = htons((uint16_t)socket_address_port(&client));
	ports[1] = htons((uint16_t)socket_address_port(&own));
	memcpy(out + 16, bytes[0] + skip, size);
	memcpy(out + 16 + size, bytes[1] + skip, size);
	memcpy(out + 16 + 2 * size, ports, sizeof(ports));
	return 16 + 2 * size + sizeof(ports);
}

/* ---- redirect ---- */

/* Milliseconds. */
#define CONNECT_TIMEOUT 30000 /* that a client is kept while the target does not answer */
#define RETRY_FIRST 5	      /* until the next attempt to connect, doubled each time … */
#define RETRY_MOST 500	      /* … up to this */
#define PROBE_TIMEOUT 2000    /* that an attempt to connect without a client may take */
#define LOOK_EVERY 1000	      /* between two looks for clients that have waited for too long */
#define ADDRESSES_LAST 30000  /* until a new client has the name looked up again */

static void note_down(struct builtin_server *server, int error)
{
	server->up = false;
	server->error = error;
	if (server->retry)
		return;
	server->pause = server->pause ? server->pause * 2 : RETRY_FIRST;
	if (server->pause > RETRY_MOST)
		server->pause = RETRY_MOST;
	server->retry = clock_ms() + server->pause;
}

static void try_target(struct builtin_server *server, struct connection *connection, size_t tried);

static void note_up(struct builtin_server *server, size_t address)
{
	bool was_up = server->up;
	struct list waiting;

	server->target.good = address < server->target.count ? address : 0; /* that of another answer */
	server->up = true;
	server->error = 0;
	server->pause = server->retry = 0;
	if (was_up)
		return;
	connections_take(&server->of[WAITING], &waiting);
	while (!list_empty(&waiting))
		try_target(server, container_of(waiting.next, struct connection, link), 0);
}

/* How many addresses were tried before this one. */
static size_t count_tried(const struct builtin_server *server, size_t address)
{
	return (address + server->target.count - server->target.good) % server->target.count;
}

/* It waits where there is a shortage here, of descriptors, memory or ports, or of room in the queue of a unix socket.
 * For a client that superd has accepted, the process has no other whose descriptors it could get, and an address that
 * the kernel does not have is an answer: IPv6 may be off. */
static void wait_for_target(struct builtin_server *server, struct connection *connection, int error)
{
	bool may_pass = error == EAGAIN || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
			((error == EMFILE || error == EADDRNOTAVAIL) && !server->gets_clients);

	loop_watch_close(server->epoll, &connection->target);
	if (!server->settings->relays && (!may_pass || !server->target.count)) {
		connection_end(server, connection, true);       /* it hears at once that it is not served */
		target_log_failure(&server->target, error);
	} else {
		connection_set_phase(server, connection, WAITING);
	}
	note_down(server, error);       /* looks up a name again, too */
}

/* An address may not answer. Each gets an equal share of the time that is left. */
static void try_target(struct builtin_server *server, struct connection *connection, size_t tried)
{
	int64_t now = clock_ms(), left;

	loop_watch_close(server->epoll, &connection->target);
	connection->target_end = 0;
	connection->target.fd = target_connect(&server->target, SOCK_STREAM, tried, &connection->address);
	if (connection->target.fd < 0 || !connection_watch(server, EPOLL_CTL_ADD, &connection->target)) {
		wait_for_target(server, connection, errno);
		return;
	}
	left = connection->since + CONNECT_TIMEOUT - now;
	connection->until = now + left / (int64_t)(server->target.count - count_tried(server, connection->address));
	connection_set_phase(server, connection, CONNECTING);
}

/* Keepalive detects a peer that has vanished. Without Nagle's algorithm (TCP_NODELAY) small writes do not wait. */
void redirect_prepare(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The new socket's buffer is empty, so the whole header fits. false: that failed, or the client was reset, so that its
 * address is gone: without one its bytes would pass for superd's own. */
static bool send_header(const struct builtin_server *server, int target, int client)
{
	char header[PROXY_HEADER_MOST];
	size_t length;

	if (!server->settings->proxy)
		return true;
	length = proxy_header_write((unsigned)server->settings->proxy, client, header);
	return length && send(target, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

/* The edges of before tell what can be read already. */
static void begin_relaying(struct builtin_server *server, struct connection *connection, bool target_readable)
{
	static const int keepalive[] = { TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT };
	int client = connection->client.fd, target = connection->target.fd;

	if (!send_header(server, target, client)) {
		connection_end(server, connection, true);
		return;
	}
	if (server->gets_clients)
		redirect_prepare(client);
	redirect_prepare(target);
	for (size_t n = 0; n < sizeof(keepalive) / sizeof(*keepalive); n++) {
		int value = socket_int(client, IPPROTO_TCP, keepalive[n]);

		if (value >= 0)
			setsockopt(target, IPPROTO_TCP, keepalive[n], &value, sizeof(value));
	}
	connection_open(server, connection, target, target);
	connection_run(server, connection, connection->client_readable, target_readable);
}

/* The result of a connect(2): 0, an errno, or EINPROGRESS. */
static int connect_result(int fd, uint32_t events)
{
	int error;

	if ((events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP)))
		return 0;
	error = socket_int(fd, SOL_SOCKET, SO_ERROR);
	if (error || (events & EPOLLOUT))
		return error < 0 ? errno : error;
	return events & (EPOLLERR | EPOLLHUP) ? ECONNREFUSED : EINPROGRESS;
}

void redirect_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
		       uint32_t events)
{
	bool is_client = watch->kind == WATCH_CLIENT, gone = events & (EPOLLERR | EPOLLHUP);
	bool reads_all = gone || (events & (EPOLLRDHUP | EPOLLPRI));
	size_t tried;
	int error;
	char byte;

	*(is_client ? &connection->client_reads_all : &connection->target_reads_all) |= reads_all;
	*(is_client ? &connection->client_end : &connection->target_end) |= events & (EPOLLERR | EPOLLHUP);
	if (is_client) {
		connection->client_readable |= reads_all || (events & EPOLLIN);
		if (!gone || recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
			return;
		if (server->gets_clients)
			builtin_log("the client left before %s answered", server->target.name);
		connection_end(server, connection, false);
		return;
	}
	error = connection->phase == CONNECTING ? connect_result(watch->fd, events) : EINPROGRESS;
	if (error == EINPROGRESS)
		return;
	if (!error) {
		note_up(server, connection->address);
		begin_relaying(server, connection, events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP));
		return;
	}
	tried = count_tried(server, connection->address) + 1;
	if (tried < server->target.count)
		try_target(server, connection, tried);
	else
		wait_for_target(server, connection, error);
}

static void ask_resolver(struct builtin_server *server)
{
	if (server->resolver.fd < 0 || server->is_asked)
		return;
	server->is_asked = send(server->resolver.fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
	server->asked = clock_ms();
}

/* A name may get other addresses while the old ones still answer, as those of another server. Who comes first does not
 * wait for them. */
static void refresh_addresses(struct builtin_server *server)
{
	if (clock_ms() >= server->asked + ADDRESSES_LAST)
		ask_resolver(server);
}

/* The first client gets the connection by which the target was found to answer. */
void redirect_begin(struct builtin_server *server, struct connection *connection)
{
	refresh_addresses(server);
	if (server->probe.fd >= 0 && server->up) {
		connection->target.fd = server->probe.fd;
		connection->address = server->probe_address;
		server->probe.fd = -1;
		connection_watch(server, EPOLL_CTL_MOD, &connection->target);
		begin_relaying(server, connection, false);      /* what it has sent is reported again */
	} else if (!server->gets_clients || server->target.count) {
		try_target(server, connection, 0);
	} else {
		connection_end(server, connection, true);
	}
}

void redirect_end_probe(struct builtin_server *server)
{
	if (server->probe.fd >= 0 && server->up)
		send_header(server, server->probe.fd, -1);
	loop_watch_close(server->epoll, &server->probe);
}

void redirect_begin_probe(struct builtin_server *server)
{
	server->probed = clock_ms();
	server->probe.fd = target_connect(&server->target, SOCK_STREAM, 0, &server->probe_address);
	if (server->probe.fd >= 0 && connection_watch(server, EPOLL_CTL_ADD, &server->probe))
		return;
	note_down(server, errno);
	loop_watch_close(server->epoll, &server->probe);
}

bool redirect_on_probe(struct builtin_server *server, uint32_t events)
{
	int error = connect_result(server->probe.fd, events);
	size_t tried = count_tried(server, server->probe_address) + 1;

	if (error == EINPROGRESS)
		return false;
	if (!error) {
		note_up(server, server->probe_address);
		return true;
	}
	loop_watch_close(server->epoll, &server->probe);
	if (tried < server->target.count)
		server->probe.fd = target_connect(&server->target, SOCK_STREAM, tried, &server->probe_address);
	if (server->probe.fd < 0 || !connection_watch(server, EPOLL_CTL_ADD, &server->probe)) {
		loop_watch_close(server->epoll, &server->probe);
		note_down(server, error);
	}
	return false;
}

/* Tries the next address for clients that one has kept waiting, and drops them after the last. */
static void drop_late(struct builtin_server *server, struct list *list, int64_t now)
{
	LIST_EACH(link, list) {
		struct connection *connection = container_of(link, struct connection, link);
		size_t tried = count_tried(server, connection->address) + 1;

		if (connection->phase == CONNECTING && now >= connection->until && tried < server->target.count) {
			try_target(server, connection, tried);
			continue;
		}
		if (now < connection->since + CONNECT_TIMEOUT)
			continue;
		target_log_failure(&server->target,
				   connection->phase == WAITING && server->error ? server->error : ETIMEDOUT);
		connection_end(server, connection, true);
	}
}

/* Whether something is under way that will tell whether the target answers. */
static bool is_tried(const struct builtin_server *server)
{
	return server->retry || server->probe.fd >= 0 || !list_empty(&server->of[CONNECTING]) ||
		(server->is_asked && !server->target.count);
}

bool redirect_init(struct builtin_server *server)
{
	struct redirect_target *target = &server->target;
	struct target_answer answer;

	target->host = server->settings->words[1];
	target->port = server->settings->words[2];
	snprintf(target->name, sizeof(target->name), "%s%s%s", target->host, target->port ? " port " : "",
		 target->port ? target->port : "");
	server->resolver.fd = server->settings->resolver;
	if (server->resolver.fd >= 0) {
		if (!loop_watch_set(server->epoll, EPOLL_CTL_ADD, &server->resolver, EPOLLIN)) {
			builtin_log("cannot look up %s: %s", target->name, strerror(errno));
			return false;
		}
		ask_resolver(server);
	} else if (target->port) {
		target_look_up(target->host, target->port, &answer);
		target_take(target, &answer);
		return target->count || server->gets_clients; /* superd starts another */
	} else {
		target->count = notify_address(target->host, &target->addresses[0].un, &target->addresses[0].length);
	}
	return true;
}

static void try_again(struct builtin_server *server)
{
	struct list *waiting = &server->of[WAITING];

	if (!server->target.count)
		return;
	if (!list_empty(waiting))
		try_target(server, container_of(waiting->next, struct connection, link), 0);
	else if (!server->has_streams)
		note_up(server, 0);
	else if (server->settings->relays && !server->retired && server->probe.fd < 0)
		redirect_begin_probe(server);
}

/* What the resolver says is not believed: it has read what strangers sent. */
void redirect_on_answer(struct builtin_server *server)
{
	struct target_answer answer;
	ssize_t got = recv(server->resolver.fd, &answer, sizeof(answer), MSG_DONTWAIT);
	bool good = got == (ssize_t)sizeof(answer) && answer.count <= TARGET_ADDRESSES;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	server->is_asked = false;
	for (size_t n = 0; good && n < answer.count; n++) {
		const struct socket_address *address = &answer.addresses[n];

		good = address->any.sa_family == AF_INET ? address->length == sizeof(address->in)
							 : address->any.sa_family == AF_INET6 &&
				address->length == sizeof(address->in6);
	}
	if (good) {
		answer.why[sizeof(answer.why) - 1] = '\0';
		target_take(&server->target, &answer);
		if (!server->up && !is_tried(server))
			try_again(server);
		return;
	}
	builtin_log("the process that looks up %s has ended", server->target.name);
	loop_watch_close(server->epoll, &server->resolver);
	if (!server->target.count) { /* superd starts another */
		server->retired = true;
		server->status = 1;
	}
}

void redirect_note_datagram(struct builtin_server *server)
{
	if (server->target.count)
		refresh_addresses(server);
	else
		note_down(server, EADDRNOTAVAIL); /* it is looked up again soon */
}

bool redirect_tries(const struct builtin_server *server)
{
	return (server->target.count || !server->is_asked) &&
		(server->up || (!server->settings->relays && list_empty(&server->of[WAITING])));
}

int64_t redirect_do_due(struct builtin_server *server, int64_t now)
{
	struct list *waiting = &server->of[WAITING], *connecting = &server->of[CONNECTING];
	bool relays = server->settings->relays;
	int64_t timeout = -1;

	/* A target that is not there yet may answer nothing, and TCP would wait longer and longer. */
	if (server->probe.fd >= 0 && now >= server->probed + PROBE_TIMEOUT) {
		loop_watch_close(server->epoll, &server->probe);
		note_down(server, ETIMEDOUT);
	}
	/* Whose connection was to tell whether it answers may have left. */
	if (!server->up && !is_tried(server) && !server->retired && (relays || !list_empty(waiting)))
		note_down(server, server->error);
	if (server->retry && now >= server->retry) {
		server->retry = 0;
		ask_resolver(server); /* meanwhile the addresses that it had are tried */
		try_again(server);
	}
	if (!list_empty(waiting) || !list_empty(connecting)) {
		if (now >= server->looked + LOOK_EVERY) {
			server->looked = now;
			drop_late(server, waiting, now);
			drop_late(server, connecting, now);
		}
		loop_sooner(&timeout, server->looked + LOOK_EVERY - now);
	}
	if (server->probe.fd >= 0)
		loop_sooner(&timeout, server->probed + PROBE_TIMEOUT - now);
	if (server->retry)
		loop_sooner(&timeout, server->retry > now ? server->retry - now : 0);
	return timeout;
}
