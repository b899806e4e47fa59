/* The loop of a redirect: epoll(7), for ten thousand connections. It serves listening sockets, or the clients that
 * superd has accepted (accept = yes): the one that it was started for, and those that come over the channel (--shares).
 *
 * A connection is watched by edges (EPOLLET), so the loop changes nothing in the kernel while data flows; each turn of
 * a connection goes on until its sockets are not ready, or it has had its share and comes again behind the others.
 *
 * A client that finds the target away is kept for CONNECT_TIMEOUT, and the others stay in the kernel's queue. The
 * loop then tries to connect after pauses, and goes on with all clients once one attempt has succeeded. A target that
 * no program of the service brings (without --relay) has to be there: a client that it refuses is reset at once. */
#include "builtin/relay_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "builtin/channel.h"
#include "builtin/flows.h"
#include "builtin/pktinfo.h"
#include "builtin/proxy_header.h"
#include "builtin/relay.h"
#include "builtin/relay_watch.h"
#include "builtin/sender.h"
#include "builtin/services.h"
#include "builtin/sigterm.h"
#include "builtin/target.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/list.h"
#include "lib/source_count.h"
#include "os/netdiag/socket_id.h"

/* Milliseconds. */
#define IDLE 5000                       /* without a client, then the process ends; not with a channel */
#define CONNECT_TIMEOUT 30000           /* that a client is kept while the target does not answer */
#define RETRY_FIRST 5                   /* until the next attempt to connect, doubled each time … */
#define RETRY_MOST 500                  /* … up to this */
#define PROBE_TIMEOUT 2000              /* that an attempt to connect without a client may take */
#define SHORTAGE 250                    /* until the next accept4(2), if it fails: of descriptors or memory, mostly */
#define REPORT_EVERY 500                /* between two reports of numbers alone … */
#define REPORT_BYTES_EVERY 10000        /* … of which only those of bytes are new */
#define LOOK_EVERY 1000                 /* between two looks for clients that have waited for too long */
#define REFUSED_EVERY 1000              /* between two lines of the log about clients that the target has refused */
#define HURRY 1000                      /* for the last bytes, after SIGTERM */

#define BOTH_WAYS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET) /* of a client and a target */
#define EVENTS 256                      /* of one epoll_wait(2) */
#define ACCEPTS 64                      /* connections accepted at a listener in one turn */
#define LOOK_UP_EVERY 10000             /* between two lookups of a target, for clients that superd has accepted */
#define ENDED 64                        /* clients that are known after their end */
#define KEPT_DESCRIPTORS 64ul           /* for everything but connections */
#define TARGET_NAME 512                 /* bytes, in messages */

enum phase { WAITING, CONNECTING, RELAYING };

struct connection {
	struct list link;               /* in server->waiting, ->connecting, ->relaying or ->dead */
	struct list again;              /* in server->again, if its turn ended before its sockets were empty */
	struct relay_watch client, target;
	enum phase phase;
	uint64_t id;                    /* socket_id, by which superd knows a client that it has accepted */
	size_t address;                 /* index of the address that is tried */
	int64_t since;                  /* time when it was accepted */
	int64_t until;                  /* in CONNECTING: time when the next address is tried */
	struct relay in, out;           /* in RELAYING: client to target, target to client */
	bool client_reads_all, target_reads_all; /* before RELAYING: relay->reads_all */
	bool client_readable;           /* before RELAYING: bytes or the end of its data were reported */
	uint32_t client_end, target_end; /* EPOLLHUP, EPOLLERR: it takes nothing more; what it has sent may be unread */
	bool tuned;                     /* relay_tune_loopback was done */
	bool counted;                   /* in server->sources, as `source` */
	unsigned char source[SOURCE_SIZE];
	int64_t last;                   /* in RELAYING: time of its last byte */
};

/* What superd is told. */
struct report {
	bool up, busy;
	int error;
	size_t count, flows;
	uint64_t served, received, sent;
};

struct relay_server {
	const struct settings *settings;
	struct redirect_target target;
	int epoll;
	struct relay_watch *listeners;        /* owned */
	size_t listener_count;
	bool copies_keep_alive;         /* keepalive settings of the listeners go over to each target */
	bool has_streams;               /* one of them accepts connections */
	bool accepts;                   /* connections and datagrams are taken now */
	struct flows *flows;            /* NULL: no listener is for datagrams */
	struct list waiting, connecting, relaying, dead, again;
	struct buffer_spares spares;
	size_t count, most;             /* connections; most at a time */
	size_t relayed;                 /* connections in RELAYING */
	uint64_t served;                /* connections that ever were */
	uint64_t received, sent;        /* bytes of all of them, from clients and to them */
	bool up;                        /* the target has answered the last attempt */
	int error;                      /* errno of the last attempt; 0: there was none, or it succeeded */
	int64_t pause;                  /* milliseconds until the next attempt */
	int64_t retry;                  /* time of the next attempt; 0: none is due */
	int64_t blocked;                /* accept4(2) failed: time when it is tried again; 0: it works */
	struct relay_watch probe;       /* a connection to the target without a client; fd -1: none */
	size_t probe_address;
	int64_t probed;                 /* time when it began */
	struct relay_watch channel, sigterm; /* fd -1: none */
	bool retired;                   /* takes no client any more */
	bool gets_clients;              /* superd has accepted them, and the channel brings the next */
	uint64_t ended[ENDED];          /* the ids of those that have ended last */
	size_t ended_next;              /* index of the next one */
	int64_t looked_up;              /* time of the last lookup of the target for them; 0: none */
	int status;                     /* exit status: 0, or 1 if the only one was not served */
	int64_t refused_logged;         /* time of the last line about a refused client; 0: none */
	size_t refused;                 /* clients that were refused since that line */
	struct source_counts sources;   /* connections by source, for per_source */
	int64_t crowd_logged;           /* time of the last line about a source with too many; 0: none */
	int64_t looked;                 /* time of the last look for clients that have waited for too long */
	int64_t hurry;                  /* time of the end, after SIGTERM; 0: none */
	int64_t reported;               /* time of the last report */
	struct report report;
	bool report_wanted;             /* superd has asked, or there was none yet */
};

static bool watch_fd(struct relay_server *server, struct relay_watch *watch, uint32_t events)
{
	return relay_watch_set(server->epoll, EPOLL_CTL_ADD, watch, events);
}

/* Moves all links of a list to another head. */
static void take_list(struct list *from, struct list *to)
{
	list_init(to);
	if (list_empty(from))
		return;
	*to = *from;
	to->next->previous = to->previous->next = to;
	list_init(from);
}

/* ---- connections ---- */

static struct connection *connection_of(struct relay_watch *watch)
{
	return watch->kind == WATCH_CLIENT ? container_of(watch, struct connection, client)
					   : container_of(watch, struct connection, target);
}

/* A superd that has gone meanwhile needs no report. */
static void tell_superd(struct relay_server *server, const char *text)
{
	int channel = server->channel.fd;

	if (channel < 0 || channel_send(channel, text, strlen(text)) || errno == EPIPE || errno == ECONNRESET)
		return;
	builtin_log("cannot report to superd: %s", strerror(errno));
	server->retired = true;
	server->status = 1;
}

/* Reports the end of a client that superd has accepted. */
static void report_client(struct relay_server *server, uint64_t id, bool served, uint64_t received, uint64_t sent)
{
	char text[128];

	server->ended[server->ended_next++ % ENDED] = id;
	server->retired |= !server->settings->shares;
	server->status = !served && !server->settings->shares;
	snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 " id=%" PRIu64 "%s\n", received, sent, id,
		 served ? "" : " failed");
	tell_superd(server, text);
}

/* Events of this turn may still name it, so it is freed after the turn. */
static void end_connection(struct relay_server *server, struct connection *connection, bool reset)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (server->gets_clients)
		report_client(server, connection->id, connection->phase == RELAYING, connection->in.moved,
			      connection->out.moved);
	if (connection->phase == RELAYING) {
		relay_pass_reset(&connection->in, &connection->out);
		relay_close(&connection->in);
		relay_close(&connection->out);
		server->relayed--;
	} else if (reset && !server->gets_clients) {
		setsockopt(connection->client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	}
	if (connection->counted)
		source_count_leave(&server->sources, server, connection->source);
	fd_close(&connection->client.fd);
	fd_close(&connection->target.fd);
	list_remove(&connection->again);
	list_remove(&connection->link);
	list_add(&server->dead, &connection->link);
	server->count--;
	server->blocked = 0;
}

static void free_dead(struct relay_server *server)
{
	LIST_EACH(link, &server->dead) {
		list_remove(link);
		free(container_of(link, struct connection, link));
	}
}

static void set_phase(struct relay_server *server, struct connection *connection, enum phase phase)
{
	struct list *lists[] = { &server->waiting, &server->connecting, &server->relaying };

	connection->phase = phase;
	list_remove(&connection->link);
	list_add(lists[phase], &connection->link);
}

/* The list is in the order of the last bytes. */
static void note_bytes(struct relay_server *server, struct connection *connection)
{
	if (!server->settings->idle_timeout)
		return;
	connection->last = clock_ms();
	list_remove(&connection->link);
	list_add(&server->relaying, &connection->link);
}

/* Runs one direction, or both. */
static void run_connection(struct relay_server *server, struct connection *connection, bool runs_in, bool runs_out)
{
	struct relay *in = &connection->in, *out = &connection->out;
	uint64_t received = in->moved, sent = out->moved;

	list_remove(&connection->again);
	if (runs_in)
		relay_run(in);
	if (runs_out)
		relay_run(out);
	if (connection->client_end && in->done && !out->done)
		relay_receiver_gone(out, connection->client_end & EPOLLERR);
	if (connection->target_end && out->done && !in->done)
		relay_receiver_gone(in, connection->target_end & EPOLLERR);
	server->received += in->moved - received;
	server->sent += out->moved - sent;
	if (in->moved != received || out->moved != sent)
		note_bytes(server, connection);
	relay_pass_ends(in, out);
	relay_tune_loopback(in, out, &connection->tuned);
	if (relay_have_ended(in, out)) {
		end_connection(server, connection, false);
		return;
	}
	relay_rest(in);
	relay_rest(out);
	if ((!in->done && !in->waits) || (!out->done && !out->waits))
		list_add(&server->again, &connection->again);
}

/* ---- the target ---- */

static bool may_accept(const struct relay_server *server)
{
	bool tries = server->up || (!server->settings->relays && list_empty(&server->waiting));

	return !server->retired && !server->blocked && tries && server->count < server->most;
}

/* Begins or stops to take clients. Datagrams wait as connections do, but for a target that has connections only. */
static void update_listening(struct relay_server *server)
{
	bool accepts = may_accept(server);

	if (server->accepts == accepts || server->retired)
		return;
	server->accepts = accepts;
	for (size_t n = 0; n < server->listener_count; n++)
		relay_watch_set(server->epoll, EPOLL_CTL_MOD, &server->listeners[n], accepts ? EPOLLIN : 0);
}

static void note_down(struct relay_server *server, int error)
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

static void begin_connecting(struct relay_server *server, struct connection *connection);

static void note_up(struct relay_server *server, size_t address)
{
	bool was_up = server->up;
	struct list waiting;

	server->target.good = address;
	server->up = true;
	server->error = 0;
	server->pause = server->retry = 0;
	if (was_up)
		return;
	take_list(&server->waiting, &waiting);
	while (!list_empty(&waiting))
		begin_connecting(server, container_of(waiting.next, struct connection, link));
}

/* Tries the addresses from this one on. Returns a descriptor, and sets the address; -1 and errno of the last. */
static int try_addresses(struct relay_server *server, size_t *address, size_t tried)
{
	const struct redirect_target *target = &server->target;

	errno = EADDRNOTAVAIL;
	for (; tried < target->count; tried++) {
		int fd;

		*address = (target->good + tried) % target->count;
		fd = target_connect(target, *address, SOCK_STREAM);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

/* A lookup may take long. A signal ends the process meanwhile, unless it relays others. */
static bool find_target(struct relay_server *server)
{
	bool found = target_is_numeric(&server->target), alone = server->gets_clients && server->count <= 1;

	if (found)
		return true;
	server->looked_up = clock_ms();
	if (alone)
		sigterm_delay(false);
	found = target_look_up(&server->target);
	if (alone)
		sigterm_delay(server->sigterm.fd >= 0);
	return found;
}

/* For a client that superd has accepted, as the addresses may have changed. */
static bool target_is_known(struct relay_server *server)
{
	bool is_fresh = server->looked_up && clock_ms() < server->looked_up + LOOK_UP_EVERY;

	return (is_fresh && server->up && server->target.count) || find_target(server);
}

/* How many addresses were tried before this one. */
static size_t count_tried(const struct relay_server *server, size_t address)
{
	return (address + server->target.count - server->target.good) % server->target.count;
}

static const char *name_target(const struct relay_server *server, char name[TARGET_NAME])
{
	const struct redirect_target *target = &server->target;

	snprintf(name, TARGET_NAME, "%s%s%s", target->host, target->port ? " port " : "",
		 target->port ? target->port : "");
	return name;
}

static void log_failed_connect(const struct relay_server *server, int error, size_t others)
{
	char more[48] = "", name[TARGET_NAME];

	if (others)
		snprintf(more, sizeof(more), ", as for %zu client%s before", others, others == 1 ? "" : "s");
	builtin_log("cannot connect to %s: %s%s", name_target(server, name), strerror(error), more);
}

/* Whether it is a shortage here, of descriptors, memory or ports, or of room in the queue of a unix socket. For
 * a client that superd has accepted, the process has no other whose descriptors it could get, and an address that the
 * kernel does not have is an answer: IPv6 may be off. */
static bool may_pass(const struct relay_server *server, int error)
{
	return error == EAGAIN || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
	       ((error == EMFILE || error == EADDRNOTAVAIL) && !server->gets_clients);
}

/* The client hears at once that it is not served. */
static void refuse_client(struct relay_server *server, struct connection *connection, int error)
{
	int64_t now = clock_ms();

	end_connection(server, connection, true);
	if (!server->gets_clients && server->refused_logged && now < server->refused_logged + REFUSED_EVERY) {
		server->refused++;
		return;
	}
	log_failed_connect(server, error, server->refused);
	server->refused_logged = now;
	server->refused = 0;
}

static void wait_for_target(struct relay_server *server, struct connection *connection, int error)
{
	fd_close(&connection->target.fd);
	if (!server->settings->relays && (!may_pass(server, error) || !server->target.count))
		refuse_client(server, connection, error);
	else
		set_phase(server, connection, WAITING);
	note_down(server, error);       /* looks up a name again, too */
}

/* An address may not answer. Each gets an equal share of the time that is left. */
static void try_target(struct relay_server *server, struct connection *connection, size_t tried)
{
	int64_t now = clock_ms(), left;

	fd_close(&connection->target.fd);
	connection->target_end = 0;
	connection->target.fd = try_addresses(server, &connection->address, tried);
	if (connection->target.fd < 0 ||
	    !watch_fd(server, &connection->target, BOTH_WAYS)) {
		wait_for_target(server, connection, errno);
		return;
	}
	left = connection->since + CONNECT_TIMEOUT - now;
	connection->until = now + left / (int64_t)(server->target.count - count_tried(server, connection->address));
	set_phase(server, connection, CONNECTING);
}

static void begin_connecting(struct relay_server *server, struct connection *connection)
{
	try_target(server, connection, 0);
}

/* The new socket's buffer is empty, so the whole header fits. */
static bool send_header(const struct relay_server *server, int target, int client)
{
	char header[PROXY_HEADER_MOST];
	size_t length;

	if (!server->settings->proxy)
		return true;
	length = proxy_header_write(server->settings->proxy, client, header);
	return send(target, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

/* The edges of before tell what can be read already. */
static void begin_relaying(struct relay_server *server, struct connection *connection, bool target_readable)
{
	if (!send_header(server, connection->target.fd, connection->client.fd)) {
		end_connection(server, connection, true);
		return;
	}
	set_phase(server, connection, RELAYING);
	note_bytes(server, connection);
	server->relayed++;
	server->served++;
	if (server->gets_clients)
		relay_prepare_client(connection->client.fd);
	relay_prepare_target(connection->client.fd, connection->target.fd, server->copies_keep_alive);
	relay_open(&connection->in, connection->client.fd, connection->target.fd);
	relay_open(&connection->out, connection->target.fd, connection->client.fd);
	connection->in.buffer.spares = connection->out.buffer.spares = &server->spares;
	connection->in.waits = connection->out.waits = true;
	connection->in.reads_all = connection->client_reads_all;
	connection->out.reads_all = connection->target_reads_all;
	run_connection(server, connection, connection->client_readable, target_readable);
}

/* The result of a connect(2): 0, an errno, or EINPROGRESS. */
static int connect_result(int fd, uint32_t events)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if ((events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP)))
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return errno;
	if (error || (events & EPOLLOUT))
		return error;
	return events & (EPOLLERR | EPOLLHUP) ? ECONNREFUSED : EINPROGRESS;
}

static void on_connecting(struct relay_server *server, struct connection *connection, uint32_t events)
{
	int error = connect_result(connection->target.fd, events);
	size_t tried;

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

/* ---- clients ---- */

static bool count_source(struct relay_server *server, struct connection *connection, const struct sender *client)
{
	int64_t limit = server->settings->per_source, now = clock_ms();
	char text[SENDER_TEXT];

	connection->counted = limit && sender_source(client, connection->client.fd,
						     (unsigned)server->settings->source_prefix, connection->source);
	if (!connection->counted || source_count_enter(&server->sources, server, connection->source, limit))
		return true;
	connection->counted = false;
	if (!server->crowd_logged || now >= server->crowd_logged + REFUSED_EVERY) {
		sender_describe(client, text);
		builtin_log("refused %s: too many from this source (per_source)", text);
		server->crowd_logged = now;
	}
	return false;
}

static struct connection *new_connection(struct relay_server *server, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->client = (struct relay_watch){ .kind = WATCH_CLIENT, .fd = fd };
	connection->target = (struct relay_watch){ .kind = WATCH_TARGET, .fd = -1 };
	list_init(&connection->link);
	list_init(&connection->again);
	connection->since = clock_ms();
	if (!watch_fd(server, &connection->client, BOTH_WAYS)) {
		int error = errno;

		free(connection);
		errno = error;
		return NULL;
	}
	server->count++;
	return connection;
}

/* The first client gets the connection by which the target was found to answer. */
static bool give_probe(struct relay_server *server, struct connection *connection)
{
	if (server->probe.fd < 0 || !server->up)
		return false;
	connection->target.fd = server->probe.fd;
	connection->address = server->probe_address;
	server->probe.fd = -1;
	relay_watch_set(server->epoll, EPOLL_CTL_MOD, &connection->target, BOTH_WAYS);
	begin_relaying(server, connection, false);      /* what it has sent is reported again */
	return true;
}

/* false: no connection is waiting. */
static bool accept_one(struct relay_server *server, struct relay_watch *listener)
{
	struct sender client = { .length = sizeof(client.address) };
	int fd = accept4(listener->fd, &client.address.any, &client.length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection;

	if (fd < 0) {
		bool goes_on = errno == ECONNABORTED || errno == EPROTO || errno == EINTR;

		if (!goes_on && errno != EAGAIN)
			server->blocked = clock_ms() + SHORTAGE;
		return goes_on;
	}
	if (!sender_is_admitted(&client, listener->fd, &listener->emptied, server->settings)) {
		close(fd);
		return true;
	}
	connection = new_connection(server, fd);
	if (!connection) {
		builtin_log("a client is closed: %s", strerror(errno));
		close(fd);
		return true;
	}
	if (!count_source(server, connection, &client))
		end_connection(server, connection, true);
	else if (!give_probe(server, connection))
		begin_connecting(server, connection);
	return may_accept(server);
}

static void accept_clients(struct relay_server *server, struct relay_watch *listener)
{
	for (int n = 0; n < ACCEPTS && accept_one(server, listener); n++)
		continue;
}

static void end_probe(struct relay_server *server)
{
	if (server->probe.fd >= 0 && server->up)
		send_header(server, server->probe.fd, -1);
	fd_close(&server->probe.fd);
}

/* Looks whether the target answers, without a client. */
static void begin_probe(struct relay_server *server)
{
	server->probed = clock_ms();
	server->probe.fd = try_addresses(server, &server->probe_address, 0);
	if (server->probe.fd >= 0 && watch_fd(server, &server->probe, EPOLLOUT | EPOLLET))
		return;
	note_down(server, errno);
	fd_close(&server->probe.fd);
}

/* A target that is not there yet may answer nothing, and TCP would wait longer and longer. Returns the milliseconds
 * until the attempt is given up; -1: there is none. */
static int64_t limit_probe(struct relay_server *server, int64_t now)
{
	if (server->probe.fd < 0)
		return -1;
	if (now < server->probed + PROBE_TIMEOUT)
		return server->probed + PROBE_TIMEOUT - now;
	fd_close(&server->probe.fd);
	note_down(server, ETIMEDOUT);
	return -1;
}

static void on_probe(struct relay_server *server, uint32_t events)
{
	int error = connect_result(server->probe.fd, events);
	size_t tried = count_tried(server, server->probe_address) + 1;

	if (error == EINPROGRESS)
		return;
	if (!error) {
		note_up(server, server->probe_address);
		for (size_t n = 0; n < server->listener_count && server->probe.fd >= 0 && may_accept(server); n++) {
			if (server->listeners[n].kind == WATCH_LISTENER)
				accept_one(server, &server->listeners[n]);
		}
		end_probe(server);
		return;
	}
	fd_close(&server->probe.fd);
	if (tried < server->target.count)
		server->probe.fd = try_addresses(server, &server->probe_address, tried);
	if (server->probe.fd < 0 || !watch_fd(server, &server->probe, EPOLLOUT | EPOLLET)) {
		fd_close(&server->probe.fd);
		note_down(server, error);
	}
}

/* ---- the service's end ---- */

/* Its program has ended, superd has, or another process takes the clients from now on. */
static void retire(struct relay_server *server)
{
	if (server->retired)
		return;
	server->retired = true;
	fd_close(&server->channel.fd);
	fd_close(&server->probe.fd);
	for (size_t n = 0; n < server->listener_count; n++)
		fd_close(&server->listeners[n].fd);
	if (server->flows)
		flows_end(server->flows);
}

/* ---- clients that superd has accepted ---- */

static bool list_has(struct list *list, uint64_t id)
{
	LIST_EACH(link, list) {
		if (container_of(link, struct connection, link)->id == id)
			return true;
	}
	return false;
}

/* A superd that is killed while it gives a client leaves it to the next superd, which does not know whether this
 * process has it, and gives it again. The end of one that has ended is reported again. */
static bool is_known(struct relay_server *server, uint64_t id)
{
	if (!id)
		return false;
	if (list_has(&server->waiting, id) || list_has(&server->connecting, id) || list_has(&server->relaying, id))
		return true;
	for (size_t n = 0; n < ENDED; n++) {
		if (server->ended[n] == id) {
			report_client(server, id, true, 0, 0);
			return true;
		}
	}
	return false;
}

static void serve_client(struct relay_server *server, int fd)
{
	uint64_t id = socket_id(fd);
	struct connection *connection;

	if (is_known(server, id)) {
		close(fd);
		return;
	}
	fd_set_nonblocking(fd, true);
	connection = new_connection(server, fd);
	if (!connection) {
		builtin_log("a client is closed: %s", strerror(errno));
		report_client(server, id, false, 0, 0);
		close(fd);
		return;
	}
	connection->id = id;
	if (target_is_known(server))
		begin_connecting(server, connection);
	else
		end_connection(server, connection, true);
}

static void on_next_clients(struct relay_server *server)
{
	for (int n = 0; n < ACCEPTS && !server->retired; n++) {
		int fd = channel_receive(server->channel.fd, 0);

		if (fd >= 0) {
			serve_client(server, fd);
			continue;
		}
		if (errno == ETIMEDOUT)
			return;
		server->retired = true;
		fd_close(&server->channel.fd);
	}
}

/* The traffic of all clients is reported, and the signal ends the process. */
static void on_end_signal(struct relay_server *server)
{
	struct list *lists[] = { &server->waiting, &server->connecting, &server->relaying };

	server->retired = true;
	for (size_t n = 0; n < sizeof(lists) / sizeof(*lists); n++) {
		while (!list_empty(lists[n]))
			end_connection(server, container_of(lists[n]->next, struct connection, link), false);
	}
	sigterm_delay(false);
}

static void on_channel(struct relay_server *server)
{
	char byte;
	ssize_t got;

	if (server->gets_clients) {
		on_next_clients(server);
		return;
	}
	got = recv(server->channel.fd, &byte, 1, MSG_DONTWAIT);

	if (got > 0)                    /* superd asks for a report: it may be another by now */
		server->report_wanted = true;
	else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		retire(server);
}

/* ---- the loop ---- */

/* Tells superd how it goes: at once what is new, and changed numbers from time to time, so that superd is seldom woken
 * while data flows. Returns the milliseconds until a report is due; -1: none. */
static int64_t report(struct relay_server *server, int64_t now)
{
	const struct report *was = &server->report;
	struct report is = { .up = server->up, .error = server->error, .count = server->count,
			     .flows = flows_count(server->flows), .served = server->served,
			     .received = server->received, .sent = server->sent };
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

static bool is_serving(const struct relay_server *server)
{
	return server->count || flows_count(server->flows);
}

static void drop_late(struct relay_server *server, struct list *list, int64_t now)
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
		log_failed_connect(server,
				   connection->phase == WAITING && server->error ? server->error : ETIMEDOUT, 0);
		end_connection(server, connection, true);
	}
}

/* Tries the next address for clients that one has kept waiting, and drops them after the last. Returns the milliseconds
 * until it looks again; -1: no client waits. */
static int64_t look_for_late(struct relay_server *server, int64_t now)
{
	if (list_empty(&server->waiting) && list_empty(&server->connecting))
		return -1;
	if (now >= server->looked + LOOK_EVERY) {
		server->looked = now;
		drop_late(server, &server->waiting, now);
		drop_late(server, &server->connecting, now);
	}
	return server->looked + LOOK_EVERY - now;
}

/* Ends connections that have moved no byte for redirect_timeout. Returns the milliseconds until the next is due; -1:
 * none is. */
static int64_t end_idle(struct relay_server *server, int64_t now)
{
	int64_t limit = server->settings->idle_timeout;

	LIST_EACH(link, &server->relaying) {
		struct connection *connection = container_of(link, struct connection, link);

		if (!limit)
			return -1;
		if (now < connection->last + limit)
			return connection->last + limit - now;
		end_connection(server, connection, false);
	}
	return -1;
}

static void retry_target(struct relay_server *server, int64_t now)
{
	if (!server->retry || now < server->retry)
		return;
	server->retry = 0;
	find_target(server);
	if (!list_empty(&server->waiting))
		begin_connecting(server, container_of(server->waiting.next, struct connection, link));
	else if (server->settings->relays && !server->retired && server->probe.fd < 0)
		begin_probe(server);
}

static void sooner(int64_t *timeout, int64_t other)
{
	if (other >= 0 && (*timeout < 0 || other < *timeout))
		*timeout = other;
}

/* Does what is due. Returns the milliseconds until the next is; -1: nothing is. */
static int64_t do_due(struct relay_server *server, int64_t now)
{
	int64_t timeout = -1;

	sooner(&timeout, limit_probe(server, now));
	retry_target(server, now);
	if (server->blocked && now >= server->blocked)
		server->blocked = 0;
	sooner(&timeout, look_for_late(server, now));
	sooner(&timeout, end_idle(server, now));
	if (server->flows)
		sooner(&timeout, flows_expire(server->flows, now));
	sooner(&timeout, report(server, now));
	if (server->retry)
		sooner(&timeout, server->retry > now ? server->retry - now : 0);
	if (server->blocked)
		sooner(&timeout, server->blocked - now);
	if (server->hurry)
		sooner(&timeout, server->hurry > now ? server->hurry - now : 0);
	update_listening(server);
	free_dead(server);
	return list_empty(&server->again) ? timeout : 0;
}

static void on_connection(struct relay_server *server, struct relay_watch *watch, uint32_t events)
{
	struct connection *connection = connection_of(watch);
	bool is_client = watch->kind == WATCH_CLIENT, gone = events & (EPOLLERR | EPOLLHUP);
	bool reads_all = gone || (events & (EPOLLRDHUP | EPOLLPRI)), reads = reads_all || (events & EPOLLIN), writes;
	struct relay *from = is_client ? &connection->in : &connection->out;
	struct relay *to = is_client ? &connection->out : &connection->in;
	char name[TARGET_NAME], byte;

	if (watch->fd < 0)
		return;         /* ended earlier in this turn */
	*(is_client ? &connection->client_reads_all : &connection->target_reads_all) |= reads_all;
	*(is_client ? &connection->client_end : &connection->target_end) |= events & (EPOLLERR | EPOLLHUP);
	if (connection->phase != RELAYING) {
		bool has_left = is_client && gone && recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;

		connection->client_readable |= is_client && reads;
		if (has_left && server->gets_clients)
			builtin_log("the client left before %s answered", name_target(server, name));
		if (has_left)
			end_connection(server, connection, false);
		else if (!is_client && connection->phase == CONNECTING)
			on_connecting(server, connection, events);
		return;
	}
	from->reads_all |= reads_all;
	writes = (events & EPOLLOUT) && to->buffer.held;
	run_connection(server, connection, is_client ? reads : writes, is_client ? writes : reads);
}

static void on_event(struct relay_server *server, struct relay_watch *watch, uint32_t events)
{
	if (watch->fd < 0)
		return;
	switch (watch->kind) {
	case WATCH_LISTENER:
		accept_clients(server, watch);
		break;
	case WATCH_DATAGRAMS:
		flows_send(server->flows, watch, clock_ms());
		break;
	case WATCH_FLOW:
		flows_receive(server->flows, watch, clock_ms());
		break;
	case WATCH_PROBE:
		on_probe(server, events);
		break;
	case WATCH_CHANNEL:
		on_channel(server);
		break;
	case WATCH_SIGNAL:
		if (server->gets_clients) {
			on_end_signal(server);
			break;
		}
		retire(server);
		server->hurry = clock_ms() + HURRY;
		fd_close(&watch->fd);
		break;
	default:
		on_connection(server, watch, events);
	}
}

static void run_again(struct relay_server *server)
{
	struct list now;

	take_list(&server->again, &now);
	while (!list_empty(&now)) {
		struct connection *connection = container_of(now.next, struct connection, again);

		run_connection(server, connection, !connection->in.waits, !connection->out.waits);
	}
}

static bool has_broken_listener(const struct relay_server *server, const struct relay_watch *watch, uint32_t events)
{
	return watch->kind == WATCH_LISTENER && watch->fd >= 0 && !server->retired && (events & (EPOLLERR | EPOLLHUP));
}

/* Returns the exit status. */
static int run_loop(struct relay_server *server)
{
	struct epoll_event events[EVENTS];
	int64_t quiet = clock_ms();

	for (;;) {
		int64_t now = clock_ms(), timeout = do_due(server, now);
		int count;

		if (is_serving(server))
			quiet = now;
		if ((server->retired && !server->count) || (server->hurry && now >= server->hurry))
			return server->status;
		if (!server->settings->relays && !server->gets_clients && !is_serving(server)) {
			if (now >= quiet + IDLE)
				return 0;
			sooner(&timeout, quiet + IDLE - now);
		}
		count = epoll_wait(server->epoll, events, EVENTS, timeout > INT_MAX ? INT_MAX : (int)timeout);
		if (count < 0 && errno != EINTR)
			return 1;
		for (int n = 0; n < count; n++) {
			if (has_broken_listener(server, events[n].data.ptr, events[n].events))
				return 1;
			on_event(server, events[n].data.ptr, events[n].events);
		}
		run_again(server);
	}
}

/* ---- its start ---- */

static int socket_option(int fd, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

static bool add_listener(struct relay_server *server, int fd)
{
	struct relay_watch *watch = &server->listeners[server->listener_count++];
	bool is_datagram = socket_option(fd, SO_TYPE) == SOCK_DGRAM;

	*watch = (struct relay_watch){ .kind = is_datagram ? WATCH_DATAGRAMS : WATCH_LISTENER, .fd = fd,
					.emptied = queue_is_empty(fd) };
	if (!is_datagram && socket_option(fd, SO_ACCEPTCONN) != 1) {
		builtin_log("descriptor %d is no listening socket", fd);
		return false;
	}
	server->has_streams |= !is_datagram;
	if (!is_datagram)
		server->copies_keep_alive |= relay_prepare_listener(fd);
	fd_set_nonblocking(fd, true);
	if (is_datagram) {
		pktinfo_prepare(fd);
		if (!server->flows)
			server->flows = flows_new(server->settings, &server->target, server->epoll);
		if (!server->flows) {
			builtin_log("out of memory");
			return false;
		}
	}
	if (watch_fd(server, watch, 0))
		return true;
	builtin_log("cannot watch descriptor %d: %s", fd, strerror(errno));
	return false;
}

/* Watches the channel, and the signals that end the process. */
static bool watch_superd(struct relay_server *server, int channel)
{
	server->channel.fd = channel;
	server->sigterm.fd = sigterm_watch();
	return (channel < 0 || watch_fd(server, &server->channel, EPOLLIN)) &&
	       (server->sigterm.fd < 0 || watch_fd(server, &server->sigterm, EPOLLIN));
}

/* With --relay, no client is taken before the target has answered. A target for datagrams does not answer. */
static bool begin(struct relay_server *server, const int *fds, size_t count)
{
	bool relays = server->settings->relays;

	if (relays && !watch_superd(server, fds[0]))
		return false;
	for (size_t n = relays; n < count; n++) {
		if (!add_listener(server, fds[n]))
			return false;
	}
	server->up = !relays || !server->has_streams;
	if (!server->up)
		begin_probe(server);
	return true;
}

/* If the connection is standard input, descriptors 0 and 1 become copies of the channel, so that they stay open and the
 * end of the connection reaches the client. */
static bool begin_with_client(struct relay_server *server, int connection)
{
	int channel = server->settings->channel, other = channel >= 0 ? channel : STDERR_FILENO;

	server->gets_clients = server->copies_keep_alive = true;
	if (!watch_superd(server, channel))
		return false;
	if (connection == STDIN_FILENO) {
		connection = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (connection < 0 || dup2(other, STDIN_FILENO) < 0 || dup2(other, STDOUT_FILENO) < 0)
			return false;
	}
	serve_client(server, connection);
	return true;
}

static size_t connections_most(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 2 * KEPT_DESCRIPTORS)
		return KEPT_DESCRIPTORS / 2;
	return (size_t)(limit.rlim_cur - KEPT_DESCRIPTORS) / 2;
}

void relay_server_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int relay_server_run(const struct settings *settings, const int *fds, size_t count, bool is_client)
{
	struct relay_server server = {
		.settings = settings, .epoll = epoll_create1(EPOLL_CLOEXEC), .most = connections_most(),
		.report_wanted = true,
		.probe = { .kind = WATCH_PROBE, .fd = -1 }, .channel = { .kind = WATCH_CHANNEL, .fd = -1 },
		.sigterm = { .kind = WATCH_SIGNAL, .fd = -1 },
	};
	int status = 1;

	list_init(&server.waiting);
	list_init(&server.connecting);
	list_init(&server.relaying);
	list_init(&server.dead);
	list_init(&server.again);
	target_init(&server.target, settings->words + 1);
	if (!is_client)
		find_target(&server);
	server.listeners = calloc(count + 1, sizeof(*server.listeners));
	if (server.epoll >= 0 && server.listeners &&
	    (is_client ? begin_with_client(&server, fds[0]) : begin(&server, fds, count)))
		status = run_loop(&server);
	else if (is_client)
		builtin_log("cannot pass the client on: %s", strerror(errno));
	flows_free(server.flows);
	buffer_spares_free(&server.spares);
	source_count_free(&server.sources);
	free(server.listeners);
	fd_close(&server.epoll);
	return status;
}
