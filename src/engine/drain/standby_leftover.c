/* Sockets that change hands: those an instance goes on with, and those that an instance has left. A reload may have
 * come between, so their place is found by their address, and they get the options of the present row. */
#include "engine/drain/standby_socket.h"

#include "engine/core/close_socket.h"
#include <stdlib.h>

#include "base/fd.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"

struct standby_sockets *standby_sockets_resume(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_new(runtime);

	if (standby_sockets)
		standby_sockets_linger(standby_sockets);
	return standby_sockets;
}

void standby_sockets_keep_for_later(struct standby_sockets *standby_sockets, struct drained_socket *socket)
{
	struct standby_leftover *leftover = malloc(sizeof(*leftover));

	if (!leftover)
		return;
	*leftover = (struct standby_leftover){ standby_sockets->leftovers, *socket };
	standby_sockets->leftovers = leftover;
	socket->fd = -1;
}

void standby_sockets_end(struct standby_sockets *standby_sockets)
{
	struct service_runtime *runtime = standby_sockets->runtime;

	for (size_t n = 0; n < standby_sockets->count; n++)
		standby_sockets_merge(runtime, &runtime->listeners[n], &standby_sockets->pairs[n].other);
	for (struct standby_leftover *at = standby_sockets_drop(standby_sockets), *next; at; at = next) {
		next = at->next;
		standby_sockets_take(runtime, &at->socket, 1);
		if (at->socket.fd >= 0)
			closing_close(runtime->engine, runtime->service->name, &at->socket.fd);
		free(at);
	}
}

static struct drained_socket give(struct standby_sockets *standby_sockets, size_t n)
{
	struct standby_pair *pair = &standby_sockets->pairs[n];
	struct drained_socket given = { .fd = pair->other, .younger = pair->older };

	ev_io_stop(standby_sockets->runtime->engine->loop, &pair->visit);
	pair->other = -1;
	pair->older = false;
	return given;
}

struct drained_socket *standby_sockets_release(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	struct drained_socket *given = standby_sockets ? malloc((standby_sockets->count + 1) * sizeof(*given)) : NULL;

	if (!given)
		return NULL;
	for (size_t n = 0; n < standby_sockets->count; n++)
		given[n] = give(standby_sockets, n);
	standby_sockets_stop_waiting(standby_sockets);
	standby_sockets->apart = false;
	if (!standby_sockets->leftovers) /* else they get their place when it settles */
		standby_sockets_end(standby_sockets);
	return given;
}

struct drained_socket *standby_sockets_uproot(struct service_runtime *runtime, size_t *count)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	size_t most = standby_sockets ? standby_sockets->count : 0;
	struct drained_socket *given;

	*count = 0;
	for (const struct standby_leftover *at = standby_sockets ? standby_sockets->leftovers : NULL; at; at = at->next)
		most++;
	given = standby_sockets ? malloc((most + 1) * sizeof(*given)) : NULL;
	for (size_t n = 0; given && n < standby_sockets->count; n++)
		given[(*count)++] = give(standby_sockets, n);
	for (struct standby_leftover *at = given ? standby_sockets->leftovers : NULL; at; at = at->next) {
		given[(*count)++] = at->socket;
		at->socket.fd = -1;
	}
	standby_sockets_free(runtime);
	return given;
}

/* Returns the number of the listener that has the address of the socket fd, and no twin yet; -1: there is none. */
static long find_place(const struct service_runtime *runtime, const struct standby_sockets *standby_sockets, int fd)
{
	struct conn_count wanted, conn;

	conn_count_init(&wanted, fd);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!listener_has_socket(&runtime->listeners[n]) ||
		    (standby_sockets && standby_sockets->pairs[n].other >= 0))
			continue;
		conn_count_init(&conn, runtime->listeners[n].io.fd);
		if (conn_count_is_same(&conn, &wanted))
			return (long)n;
	}
	return -1;
}

struct listener *standby_sockets_find_listener(const struct service_runtime *runtime, int fd)
{
	long place = fd < 0 ? -1 : find_place(runtime, NULL, fd);

	return place < 0 ? NULL : &runtime->listeners[place];
}

/* A process that an instance has left may still have the socket, so that closing it does not end it. A socket with a
 * queue is therefore shut down, for all processes that have it. If earlier instances have it, too, and go on with it,
 * the socket cannot be merged. */
bool standby_sockets_merge(struct service_runtime *runtime, struct listener *listener, int *fd)
{
	bool moves;

	if (*fd < 0 || listener->listen->address->kind != ENDPOINT_TCP || !listener_has_socket(listener) ||
	    bind_is_shut(*fd) || bind_is_shut(listener->io.fd))
		return false;
	if (bind_has_queue(*fd))
		moves = runtime_is_empty(runtime) && reuseport_migrate(*fd, listener->io.fd);
	else
		moves = reuseport_migrates(listener->io.fd);
	if (!moves)
		return false;
	closing_close(runtime->engine, runtime->service->name, fd);
	listener_rouse(listener, runtime->engine);
	return true;
}

static void say_sent_away(const struct service_runtime *runtime, struct buf *why)
{
	struct event event = { .name = "bind_error", .service = runtime->service->name };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "who waits at a socket of before is sent away: %s",
		  buf_string(why));
}

/* Gives a socket of an instance the options of the present row. false: it cannot have them, and must not be used. */
static bool dress(const struct service_runtime *runtime, int fd, const struct listen *listen)
{
	struct buf why = { 0 }, warnings = { 0 };
	bool good = listen->address->kind != ENDPOINT_TCP || bind_adopt(fd, listen, &why, &warnings) == 0;

	if (!good)
		say_sent_away(runtime, &why);
	buf_free(&why);
	buf_free(&warnings);
	return good;
}

/* true: the socket has a place beside a listener. */
static bool take_one(struct service_runtime *runtime, struct drained_socket *socket)
{
	struct listener *listener = standby_sockets_find_listener(runtime, socket->fd);
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	long place;
	bool has_path;

	if (!listener || standby_sockets_merge(runtime, listener, &socket->fd))
		return false;
	has_path = endpoint_is_path(listener->listen->address);
	if (bind_is_shut(socket->fd) || (has_path && !bind_has_queue(socket->fd)) ||
	    !dress(runtime, socket->fd, listener->listen))
		return false;
	if (!standby_sockets)
		standby_sockets = standby_sockets_new(runtime);
	if (!standby_sockets)
		return false;
	place = find_place(runtime, standby_sockets, socket->fd);
	if (standby_sockets->apart || place < 0) {
		standby_sockets_keep_for_later(standby_sockets, socket);
		return false;
	}
	standby_sockets->pairs[place].other = socket->fd;
	standby_sockets->pairs[place].older = socket->younger && !has_path;
	socket->fd = -1;
	return true;
}

void standby_sockets_take(struct service_runtime *runtime, struct drained_socket *sockets, size_t count)
{
	bool any = false;

	if (!runtime->activity || runtime->state == OFF)
		return;
	for (size_t n = 0; n < count; n++)
		any = take_one(runtime, &sockets[n]) || any;
	if (!any)
		return;
	standby_sockets_linger(standby_sockets_of(runtime));
	if (!runtime->activity->current)
		standby_sockets_settle(runtime);
}

void standby_sockets_adopt(struct service_runtime *runtime, const struct service *service)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	for (size_t n = 0; standby_sockets && n < standby_sockets->count; n++) {
		struct buf why = { 0 }, warnings = { 0 };

		if (standby_sockets->pairs[n].other >= 0 &&
		    bind_adjust(standby_sockets->pairs[n].other, runtime->listeners[n].listen, &service->sockets[n],
				&why, &warnings) < 0) {
			say_sent_away(runtime, &why);
			closing_close(runtime->engine, runtime->service->name, &standby_sockets->pairs[n].other);
		}
		buf_free(&why);
		buf_free(&warnings);
	}
}

static const struct state_field twins_fields[] = {
	{ STATE_FIELD(standby_sockets, "apart", apart) },
	{ STATE_NONE(standby_sockets, runtime, "the service in front of them") },
	{ STATE_NONE(standby_sockets, late, "begins anew") },
	{ STATE_NONE(standby_sockets, timer, "begins anew with the wait") },
	{ STATE_NONE(standby_sockets, patience, "begins anew with the wait") },
	{ STATE_NONE(standby_sockets, clients, "noted anew by the next wait") },
	{ STATE_NONE(standby_sockets, clear, "noted anew by the next wait") },
	{ STATE_NONE(standby_sockets, leftovers, "have sections of their own") },
	{ STATE_NONE(standby_sockets, count, "as many as there are listeners") },
	{ STATE_NONE(standby_sockets, pairs, "have sections of their own") },
};
const struct state_table twins_state = STATE_TABLE("twins", standby_sockets, twins_fields);

static const struct state_field pair_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, standby_pair, "fd", other) },
	{ STATE_FIELD(standby_pair, "older", older) },
	{ STATE_NONE(standby_pair, visit, "watched anew") },
};
const struct state_table pair_state = STATE_TABLE("twin", standby_pair, pair_fields);

/* Older is the listener, so this socket is the younger one. */
static const struct state_field parted_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, drained_socket, "fd", fd) },
	{ STATE_FIELD(drained_socket, "older", younger) },
};
const struct state_table parted_state = STATE_TABLE("twin", drained_socket, parted_fields);
