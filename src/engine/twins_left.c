/* Sockets that have changed hands: those an instance goes on with, and those that one has left with clients in their
 * queues. The hard thing is that a reload may have come between: their place is found by their address, and they get
 * the options of the row that counts now. */
#include "engine/twins.h"

#include "engine/closing.h"
#include <stdlib.h>

#include "base/fd.h"
#include "sys/bind.h"

struct twins *twins_resume(struct keeper *keeper)
{
	struct twins *twins = twins_new(keeper);

	if (twins)
		twins_look_late(twins);
	return twins;
}

void twins_keep_for_later(struct twins *twins, int *fd)
{
	struct leftover *leftover = malloc(sizeof(*leftover));

	if (!leftover)
		return;
	*leftover = (struct leftover){ twins->leftovers, *fd };
	twins->leftovers = leftover;
	*fd = -1;
}

void twins_end(struct twins *twins)
{
	struct keeper *keeper = twins->keeper;

	for (struct leftover *at = twins_drop(twins), *next; at; at = next) {
		next = at->next;
		twins_take(keeper, &at->fd, 1);
		if (at->fd >= 0)
			closing_close(keeper->engine, keeper->service->name, &at->fd);
		free(at);
	}
}

int *twins_release(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);
	int *given = twins ? malloc((twins->count + 1) * sizeof(int)) : NULL;

	if (!given)
		return NULL;
	for (size_t n = 0; n < twins->count; n++) {
		given[n] = twins->pairs[n].other;
		twins->pairs[n].other = -1;
	}
	twins_stop_waiting(twins);
	twins->apart = false;
	if (!twins->leftovers)          /* else they get their place when it settles */
		twins_end(twins);
	return given;
}

int *twins_uproot(struct keeper *keeper, size_t *count)
{
	struct twins *twins = twins_of(keeper);
	size_t most = twins ? twins->count : 0;
	int *given;

	*count = 0;
	for (const struct leftover *at = twins ? twins->leftovers : NULL; at; at = at->next)
		most++;
	given = twins ? malloc((most + 1) * sizeof(int)) : NULL;
	for (size_t n = 0; given && n < twins->count; n++) {
		given[(*count)++] = twins->pairs[n].other;
		twins->pairs[n].other = -1;
	}
	for (struct leftover *at = given ? twins->leftovers : NULL; at; at = at->next) {
		given[(*count)++] = at->fd;
		at->fd = -1;
	}
	twins_free(keeper);
	return given;
}

/* The listener that has the address of a socket, and no second one yet; -1: there is none. */
static long find_place(const struct keeper *keeper, const struct twins *twins, int fd)
{
	struct tally wanted, tally;

	tally_take(&wanted, fd);
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!listener_has_socket(&keeper->listeners[n]) || (twins && twins->pairs[n].other >= 0))
			continue;
		tally_take(&tally, keeper->listeners[n].io.fd);
		if (tally_is_same(&tally, &wanted))
			return (long)n;
	}
	return -1;
}

static void say_sent_away(const struct keeper *keeper, struct buf *why)
{
	struct event event = { .name = "bind_error", .service = keeper->service->name };

	log_event(keeper->engine->log, LEVEL_WARNING, &event, "who waits at a socket of before is sent away: %s",
		  buf_string(why));
}

/* What was an instance's may lack options of the row that counts now. false: without them it can't be one. */
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

/* true: it has its place. */
static bool take_one(struct keeper *keeper, int *fd)
{
	struct twins *twins = twins_of(keeper);
	long place = find_place(keeper, NULL, *fd);

	if (place < 0 || !dress(keeper, *fd, keeper->listeners[place].listen))
		return false;
	if (!twins)
		twins = twins_new(keeper);
	if (!twins)
		return false;
	place = find_place(keeper, twins, *fd);
	if (twins->apart || place < 0) {
		twins_keep_for_later(twins, fd);
		return false;
	}
	twins->pairs[place] = (struct pair){ .other = *fd };
	*fd = -1;
	return true;
}

void twins_take(struct keeper *keeper, int *sockets, size_t count)
{
	bool any = false;

	if (!keeper->activity || keeper->state == OFF)
		return;
	for (size_t n = 0; n < count; n++)
		any = (twins_has_queue(sockets[n]) && take_one(keeper, &sockets[n])) || any;
	if (any && !keeper->activity->current)
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
