/* Watches the processes that close descriptors for superd, and the services these are of. While nothing is being
 * closed, no timer runs. */
#include "superd/loop/close_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "lib/scm_rights.h"
#include "os/socket/plain_socket.h"
#include "superd/process/close_async.h"

#define LOOK_EVERY .5                   /* seconds */
#define NO_UID ((uid_t)-1)

/* The owner for which descriptors are counted: a service, or the clients of one user of it. Its place may be reused as
 * soon as none of its descriptors is being closed. */
struct owner {
	char *service;                  /* owned; NULL: the place was never used */
	size_t hash;
	uid_t uid;                      /* of the clients; NO_UID: the service itself */
};

struct closing {
	ev_timer timer;
	struct engine *engine;
	struct owner owners[CLOSE_OWNERS];      /* by number, from 1 on; found by a hash */
};

static void on_hangs(void *context, unsigned owner, unsigned count)
{
	struct closing *closing = context;
	const struct owner *whose = &closing->owners[owner];
	struct event event = { .name = "hanging", .service = whose->service };
	char of[48] = "";

	if (whose->service && whose->uid != NO_UID)
		snprintf(of, sizeof(of), ", of clients of user %lu", (unsigned long)whose->uid);
	log_event(closing->engine->log, LEVEL_WARNING, &event,
		  "closing a descriptor does not finish, as another process blocks it, or a descriptor in its queue: "
		  "%u hang%s%s%s", count, count == 1 ? "s" : "", of,
		  count >= CLOSE_HANGING_MOST && !*of ? "; no more clients of unix sockets" : "");
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct closing *closing = timer->data;

	(void)events;
	close_async_look(on_hangs, closing);
	if (!close_async_is_busy())
		ev_timer_stop(loop, timer);
}

static struct closing *closing_of(struct engine *engine)
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

static bool is_idle(unsigned number)
{
	return !close_async_pending(number) && !close_async_hanging(number);
}

static bool take_place(struct owner *owner, const char *service, size_t hash, uid_t uid)
{
	char *name = strdup(service);

	if (!name)
		return false;
	free(owner->service);
	*owner = (struct owner){ .service = name, .hash = hash, .uid = uid };
	return true;
}

/* Returns the owner's number. 0: it has no place, because nothing of it is being closed; with make: because all
 * places are in use. */
static unsigned owner_of(struct closing *closing, const char *service, uid_t uid, bool make)
{
	size_t hash = hash_name(service) + uid, free_place = 0;

	for (size_t n = 0; n < CLOSE_OWNERS; n++) {
		size_t place = (hash + n) % CLOSE_OWNERS;
		const struct owner *owner = &closing->owners[place];

		if (!place)
			continue;
		if (owner->service && owner->hash == hash && owner->uid == uid && !strcmp(owner->service, service))
			return (unsigned)place;
		if (make && !free_place && (!owner->service || is_idle((unsigned)place)))
			free_place = place;
		if (!owner->service)
			break;
	}
	if (!free_place || !take_place(&closing->owners[free_place], service, hash, uid))
		return 0;
	return (unsigned)free_place;
}

static void hand_over(struct engine *engine, const char *service, uid_t uid, int *fd)
{
	struct closing *closing = closing_of(engine);
	unsigned owner = closing && service ? owner_of(closing, service, uid, true) : 0;

	close_async(fd, owner);
	*fd = -1;                       /* without memory for it, it stays open: to close it here may be to hang here */
	if (closing && !ev_is_active(&closing->timer))
		ev_timer_again(engine->loop, &closing->timer);
}

/* With SO_LINGER the close of the last reference waits until the peer has received all, for a time that a backend
 * chose. */
static bool has_linger(int fd)
{
	struct linger linger = { 0 };
	socklen_t size = sizeof(linger);

	return getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff;
}

/* Of IP the queues hold no descriptors. What is no socket may wait for a lock: closing a pipe takes the one that a
 * writer may hold for ever. */
static bool may_hang(int fd)
{
	return !socket_is_plain_inet(fd) || has_linger(fd);
}

void close_socket_fd(struct engine *engine, const char *service, int *fd)
{
	if (*fd < 0)
		return;
	if (may_hang(*fd))
		hand_over(engine, service, NO_UID, fd);
	else
		fd_close(fd);
}

void close_socket_own(struct engine *engine, const char *service, int *fd)
{
	if (*fd >= 0 && scm_rights_are_refused(*fd))
		fd_close(fd);
	else
		close_socket_fd(engine, service, fd);
}

void close_socket_listener(struct engine *engine, const char *service, bool alone, int *fd)
{
	int client;

	if (*fd < 0)
		return;
	if (!may_hang(*fd) || (alone && scm_rights_shut(*fd, &client) && client < 0)) {
		fd_close(fd);
		return;
	}
	if (alone)
		close_socket_fd(engine, service, &client);
	hand_over(engine, service, NO_UID, fd);
}

/* The clients of one user must not block those of others. */
static uid_t user_of(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		return peer.uid;
	return NO_UID;
}

/* A backend that has ended may have set SO_LINGER, and the client may not read. */
void close_socket_client(struct engine *engine, const char *service, struct client *client)
{
	if (client->fd < 0)
		return;
	if (client->length && client->peer.any.sa_family == AF_UNIX)
		hand_over(engine, service, user_of(client->fd), &client->fd);
	else if (has_linger(client->fd))
		close_socket_fd(engine, service, &client->fd);
	else
		fd_close(&client->fd);
}

bool close_socket_is_stuck(struct engine *engine, const char *service)
{
	struct closing *closing = engine->closing;
	unsigned owner;

	if (!closing || !ev_is_active(&closing->timer))
		return false;           /* nothing is under way */
	owner = owner_of(closing, service, NO_UID, false);
	return owner && (close_async_hanging(owner) >= CLOSE_HANGING_MOST ||
			 close_async_pending(owner) >= CLOSE_PENDING_MOST);
}

bool close_socket_takes_clients(struct engine *engine, const char *service)
{
	struct closing *closing = engine->closing;
	size_t hash = hash_name(service);
	unsigned pending = 0;

	if (!closing || !ev_is_active(&closing->timer))
		return true;
	for (unsigned n = 1; n < CLOSE_OWNERS; n++) {
		const struct owner *owner = &closing->owners[n];

		if (owner->service && owner->hash == hash + owner->uid &&
		    !strcmp(owner->service, service))
			pending += close_async_pending(n);
	}
	return pending < CLOSE_PENDING_MOST && !close_socket_is_stuck(engine, service);
}

void close_socket_leave(void)
{
	close_async_leave();
}

void close_socket_free(struct engine *engine)
{
	struct closing *closing = engine->closing;

	if (!closing)
		return;
	ev_timer_stop(engine->loop, &closing->timer);
	for (size_t n = 0; n < CLOSE_OWNERS; n++)
		free(closing->owners[n].service);
	free(closing);
	engine->closing = NULL;
	close_async_end();
}
