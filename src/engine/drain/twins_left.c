/* Sockets that change hands: those an instance goes on with, and those that an instance has left. A reload may have
 * come between, so their place is found by their address, and they get the options of the present row. */
#include "engine/drain/twins.h"

#include "engine/core/closing.h"
#include <stdlib.h>

#include "base/fd.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"

struct twins *twins_resume(struct keeper *keeper)
{
	struct twins *twins = twins_new(keeper);

	if (twins)
		twins_linger(twins);
	return twins;
}

void twins_keep_for_later(struct twins *twins, struct parted *socket)
{
	struct leftover *leftover = malloc(sizeof(*leftover));

	if (!leftover)
		return;
	*leftover = (struct leftover){ twins->leftovers, *socket };
	twins->leftovers = leftover;
	socket->fd = -1;
}

void twins_end(struct twins *twins)
{
	struct keeper *keeper = twins->keeper;

	for (size_t n = 0; n < twins->count; n++)
		twins_merge(keeper, &keeper->listeners[n], &twins->pairs[n].other);
	for (struct leftover *at = twins_drop(twins), *next; at; at = next) {
		next = at->next;
		twins_take(keeper, &at->socket, 1);
		if (at->socket.fd >= 0)
			closing_close(keeper->engine, keeper->service->name, &at->socket.fd);
		free(at);
	}
}

static struct parted give(struct twins *twins, size_t n)
{
	struct pair *pair = &twins->pairs[n];
	struct parted given = { .fd = pair->other, .younger = pair->older };

	ev_io_stop(twins->keeper->engine->loop, &pair->visit);
	pair->other = -1;
	pair->older = false;
	return given;
}

struct parted *twins_release(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);
	struct parted *given = twins ? malloc((twins->count + 1) * sizeof(*given)) : NULL;

	if (!given)
		return NULL;
	for (size_t n = 0; n < twins->count; n++)
		given[n] = give(twins, n);
	twins_stop_waiting(twins);
	twins->apart = false;
	if (!twins->leftovers)          /* else they get their place when it settles */
		twins_end(twins);
	return given;
}

struct parted *twins_uproot(struct keeper *keeper, size_t *count)
{
	struct twins *twins = twins_of(keeper);
	size_t most = twins ? twins->count : 0;
	struct parted *given;

	*count = 0;
	for (const struct leftover *at = twins ? twins->leftovers : NULL; at; at = at->next)
		most++;
	given = twins ? malloc((most + 1) * sizeof(*given)) : NULL;
	for (size_t n = 0; given && n < twins->count; n++)
		given[(*count)++] = give(twins, n);
	for (struct leftover *at = given ? twins->leftovers : NULL; at; at = at->next) {
		given[(*count)++] = at->socket;
		at->socket.fd = -1;
	}
	twins_free(keeper);
	return given;
}

/* Returns the number of the listener that has the address of the socket fd, and no twin yet; -1: there is none. */
static long find_place(const struct keeper *keeper, const struct twins *twins, int fd)
{
	struct conn_count wanted, conn;

	conn_count_init(&wanted, fd);
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!listener_has_socket(&keeper->listeners[n]) || (twins && twins->pairs[n].other >= 0))
			continue;
		conn_count_init(&conn, keeper->listeners[n].io.fd);
		if (conn_count_is_same(&conn, &wanted))
			return (long)n;
	}
	return -1;
}

struct listener *twins_find_listener(const struct keeper *keeper, int fd)
{
	long place = fd < 0 ? -1 : find_place(keeper, NULL, fd);

	return place < 0 ? NULL : &keeper->listeners[place];
}

/* A process that an instance has left may still have the socket, so that closing it does not end it. A socket with a
 * queue is therefore shut down, for all processes that have it. If earlier instances have it, too, and go on with it,
 * the socket cannot be merged. */
bool twins_merge(struct keeper *keeper, struct listener *listener, int *fd)
{
	bool moves;

	if (*fd < 0 || listener->listen->address->kind != ENDPOINT_TCP || !listener_has_socket(listener) ||
	    bind_is_shut(*fd) || bind_is_shut(listener->io.fd))
		return false;
	if (bind_has_queue(*fd))
		moves = keeper_is_empty(keeper) && reuseport_migrate(*fd, listener->io.fd);
	else
		moves = reuseport_migrates(listener->io.fd);
	if (!moves)
		return false;
	closing_close(keeper->engine, keeper->service->name, fd);
	listener_rouse(listener, keeper->engine);
	return true;
}

static void say_sent_away(const struct keeper *keeper, struct buf *why)
{
	struct event event = { .name = "bind_error", .service = keeper->service->name };

	log_event(keeper->engine->log, LEVEL_WARNING, &event, "who waits at a socket of before is sent away: %s",
		  buf_string(why));
}

/* Gives a socket of an instance the options of the present row. false: it cannot have them, and must not be used. */
static bool dress(const struct keeper *keeper, int fd, const struct listen *listen)
{
	struct buf why = { 0 }, warnings = { 0 };
	bool good = listen->address->kind != ENDPOINT_TCP || bind_adopt(fd, listen, &why, &warnings) == 0;

	if (!good)
		say_sent_away(keeper, &why);
	buf_free(&why);
	buf_free(&warnings);
	return good;
}

/* true: the socket has a place beside a listener. */
static bool take_one(struct keeper *keeper, struct parted *socket)
{
	struct listener *listener = twins_find_listener(keeper, socket->fd);
	struct twins *twins = twins_of(keeper);
	long place;
	bool has_path;

	if (!listener || twins_merge(keeper, listener, &socket->fd))
		return false;
	has_path = endpoint_is_path(listener->listen->address);
	if (bind_is_shut(socket->fd) || (has_path && !bind_has_queue(socket->fd)) ||
	    !dress(keeper, socket->fd, listener->listen))
		return false;
	if (!twins)
		twins = twins_new(keeper);
	if (!twins)
		return false;
	place = find_place(keeper, twins, socket->fd);
	if (twins->apart || place < 0) {
		twins_keep_for_later(twins, socket);
		return false;
	}
	twins->pairs[place].other = socket->fd;
	twins->pairs[place].older = socket->younger && !has_path;
	socket->fd = -1;
	return true;
}

void twins_take(struct keeper *keeper, struct parted *sockets, size_t count)
{
	bool any = false;

	if (!keeper->activity || keeper->state == OFF)
		return;
	for (size_t n = 0; n < count; n++)
		any = take_one(keeper, &sockets[n]) || any;
	if (!any)
		return;
	twins_linger(twins_of(keeper));
	if (!keeper->activity->current)
		twins_settle(keeper);
}

void twins_adopt(struct keeper *keeper, const struct service *service)
{
	struct twins *twins = twins_of(keeper);

	for (size_t n = 0; twins && n < twins->count; n++) {
		struct buf why = { 0 }, warnings = { 0 };

		if (twins->pairs[n].other >= 0 && bind_adjust(twins->pairs[n].other, keeper->listeners[n].listen,
							      &service->sockets[n], &why, &warnings) < 0) {
			say_sent_away(keeper, &why);
			closing_close(keeper->engine, keeper->service->name, &twins->pairs[n].other);
		}
		buf_free(&why);
		buf_free(&warnings);
	}
}

static const struct state_field twins_fields[] = {
	{ STATE_FIELD(twins, "apart", apart) },
	{ STATE_NONE(twins, keeper, "the service in front of them") },
	{ STATE_NONE(twins, late, "begins anew") },
	{ STATE_NONE(twins, timer, "begins anew with the wait") },
	{ STATE_NONE(twins, patience, "begins anew with the wait") },
	{ STATE_NONE(twins, clients, "noted anew by the next wait") },
	{ STATE_NONE(twins, clear, "noted anew by the next wait") },
	{ STATE_NONE(twins, leftovers, "have sections of their own") },
	{ STATE_NONE(twins, count, "as many as there are listeners") },
	{ STATE_NONE(twins, pairs, "have sections of their own") },
};
const struct state_table twins_state = STATE_TABLE("twins", twins, twins_fields);

static const struct state_field pair_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, pair, "fd", other) },
	{ STATE_FIELD(pair, "older", older) },
	{ STATE_NONE(pair, visit, "watched anew") },
};
const struct state_table pair_state = STATE_TABLE("twin", pair, pair_fields);

/* Older is the listener, so this socket is the younger one. */
static const struct state_field parted_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, parted, "fd", fd) },
	{ STATE_FIELD(parted, "older", younger) },
};
const struct state_table parted_state = STATE_TABLE("twin", parted, parted_fields);
