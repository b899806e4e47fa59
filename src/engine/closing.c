/* The look at the closers, and whose they are. Nobody is looked after while nothing is under way. */
#include "engine/closing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "sys/close_aside.h"
#include "sys/passed_rights.h"

#define LOOK_EVERY .5                   /* seconds */

struct closing {
	ev_timer timer;
	struct engine *engine;
	char *owners[CLOSE_OWNERS];     /* service names by number, from 1 on; found by a hash */
};

static void say(struct engine *engine, const char *service, unsigned count)
{
	struct event event = { .name = "hanging", .service = service };

	log_event(engine->log, LEVEL_WARNING, &event,
		  "closing a descriptor of it does not end, as somebody blocks it, or what was sent to it: %u hang%s%s",
		  count, count == 1 ? "s" : "", count >= CLOSE_HANGING_MOST ? "; no more clients of unix sockets" : "");
}

static void on_hangs(void *context, unsigned owner, unsigned count)
{
	struct closing *closing = context;

	say(closing->engine, closing->owners[owner], count);
}

static void on_returns(void *context, unsigned owner, unsigned count)
{
	(void)context, (void)owner, (void)count;
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	static const struct close_events close_events = { on_hangs, on_returns };
	struct closing *closing = timer->data;

	(void)events;
	close_aside_look(&close_events, closing);
	if (!close_aside_is_busy())
		ev_timer_stop(loop, timer);
}

static struct closing *get(struct engine *engine)
{
	struct closing *closing = engine->closing;

	if (closing)
		return closing;
	closing = calloc(1, sizeof(*closing));
	if (!closing)
		return NULL;
	closing->engine = engine;
	ev_timer_init(&closing->timer, on_look, LOOK_EVERY, LOOK_EVERY);
	closing->timer.data = closing;
	return engine->closing = closing;
}

static size_t hash_name(const char *name)
{
	size_t hash = 5381;

	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash;
}

/* 0: there is no room for one more. */
static unsigned owner_of(struct closing *closing, const char *service)
{
	size_t start = hash_name(service);

	for (size_t n = 0; n < CLOSE_OWNERS; n++) {
		size_t place = (start + n) % CLOSE_OWNERS;

		if (!place)
			continue;
		if (!closing->owners[place])
			closing->owners[place] = strdup(service);
		if (!closing->owners[place])
			return 0;
		if (!strcmp(closing->owners[place], service))
			return (unsigned)place;
	}
	return 0;
}

static void hand_over(struct engine *engine, const char *service, int *fd)
{
	struct closing *closing = get(engine);
	unsigned owner = closing && service ? owner_of(closing, service) : 0;

	close_aside(fd, owner);
	*fd = -1;                       /* without memory for it, it stays open: to close it here may be to hang here */
	if (closing && !ev_is_active(&closing->timer))
		ev_timer_again(engine->loop, &closing->timer);
}

/* Whoever drops the last reference then waits until the other side has taken all, for as long as somebody chose. */
static bool lingers(int fd)
{
	struct linger linger = { 0 };
	socklen_t size = sizeof(linger);

	return getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff;
}

/* Of IP the queues hold no descriptors. A socket of a family that superd makes none of may wait in ways of its own. */
static bool may_hang(int fd)
{
	int family = 0;

#ifdef SO_DOMAIN
	socklen_t length = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) < 0)
		return true;            /* no socket: closing a pipe takes the lock that a writer may hold for ever */
#else
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return true;
	family = address.ss_family;
#endif
	return (family != AF_INET && family != AF_INET6) || lingers(fd);
}

void closing_close(struct engine *engine, const char *service, int *fd)
{
	if (*fd < 0)
		return;
	if (may_hang(*fd))
		hand_over(engine, service, fd);
	else
		fd_close(fd);
}

void closing_own(struct engine *engine, const char *service, int *fd)
{
	if (*fd >= 0 && passed_rights_are_refused(*fd))
		fd_close(fd);
	else
		closing_close(engine, service, fd);
}

void closing_listener(struct engine *engine, const char *service, bool alone, int *fd)
{
	int client;

	if (*fd < 0)
		return;
	if (!may_hang(*fd) || (alone && passed_rights_shut(*fd, &client) && client < 0)) {
		fd_close(fd);
		return;
	}
	if (alone)
		closing_close(engine, service, &client);
	hand_over(engine, service, fd);
}

/* A backend that has ended may have left SO_LINGER and a client who does not read. */
void closing_client(struct engine *engine, const char *service, struct client *client)
{
	if (client->fd < 0)
		return;
	if ((client->length && client->peer.any.sa_family == AF_UNIX) || lingers(client->fd))
		closing_close(engine, service, &client->fd);
	else
		fd_close(&client->fd);
}

bool closing_is_stuck(struct engine *engine, const char *service)
{
	return engine->closing && close_aside_hanging(owner_of(engine->closing, service)) >= CLOSE_HANGING_MOST;
}

void closing_free(struct engine *engine)
{
	struct closing *closing = engine->closing;

	if (!closing)
		return;
	ev_timer_stop(engine->loop, &closing->timer);
	for (size_t n = 0; n < CLOSE_OWNERS; n++)
		free(closing->owners[n]);
	free(closing);
	engine->closing = NULL;
	close_aside_end();
}
