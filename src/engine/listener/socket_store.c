/* What happens to listeners, and how systemd's store is told of it: by datagrams to NOTIFY_SOCKET, each with a
 * descriptor (sd_pid_notify_with_fds(3)).
 *
 * systemd answers nothing, and drops a socket that it has already. FDPOLL=0 keeps it from dropping one that has an
 * error pending, as a datagram socket may. */
#include "engine/listener/socket_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/scan.h"
#include "engine/listener/listeners.h"
#include "engine/listener/store_name.h"
#include "engine/listener/store_s6.h"
#include "os/socket/notify_socket.h"

#define AT_ONCE 256                     /* datagrams in a turn of the loop */

/* ---- systemd's store ---- */

static bool tell_manager(struct socket_store *store, const struct stored *stored)
{
	char text[STORE_NAME_MOST + 64];

	if (store->sender < 0)
		store->sender = notify_socket_sender();
	snprintf(text, sizeof(text), stored->fd < 0 ? "FDSTOREREMOVE=1\nFDNAME=%s" : "FDSTORE=1\nFDNAME=%s\nFDPOLL=0",
		 stored->name);
	return store->sender >= 0 && notify_socket_send_fd(store->sender, store->socket, text, stored->fd);
}

static void tell_all(struct socket_store *store)
{
	struct stored *stored;

	for (int n = 0; (stored = stored_next(store)); n++) {
		if (n == AT_ONCE) {
			stored_wake(store);
			return;
		}
		if (!tell_manager(store, stored)) {
			stored_try_later(store, stored, strerror(errno));
			return;
		}
		stored_finish(store, stored);
	}
}

static void on_next(struct alarm *alarm)
{
	struct socket_store *store = container_of(alarm, struct socket_store, next);

	if (store->engine->stopping || store->engine->quiet)
		return;
	if (store->s6)
		store_s6_work(store);
	else
		tell_all(store);
}

void socket_store_flush(struct engine *engine)
{
	struct socket_store *store = engine->listeners->store;

	if (store && !store->s6)
		on_next(&store->next);
}

/* ---- what happens to listeners ---- */

/* The number of descriptors that systemd says it keeps; 0: it says nothing. */
static size_t manager_room(const struct engine *engine)
{
	const char *text = engine_variable(engine, "FDSTORE");
	int64_t room;

	return !text || scan_count(text, &room) || room < 0 ? 0 : (size_t)room;
}

/* Sets what kind of store it is. false: there is none, which was logged if one was asked for. */
static bool choose_store(struct socket_store *store, const char *where)
{
	struct engine *engine = store->engine;
	size_t room = manager_room(engine);
	bool is_path = where && *where == '/';

	if (where && !strcmp(where, "none"))
		return false;
	store->socket = is_path ? where : engine_variable(engine, "NOTIFY_SOCKET");
	store->most = !is_path && room && room < STORE_MOST ? room : STORE_MOST;
	if (is_path)
		return store_s6_begin(store);
	if (where && (!store->socket || !*store->socket))
		log_warn(engine->log, "--fdstore=notify: no service manager has set NOTIFY_SOCKET: a superd that is "
				      "killed loses the clients that wait");
	return store->socket && *store->socket && (where || room);
}

void socket_store_begin(struct engine *engine, const char *where)
{
	struct socket_store *store = calloc(1, sizeof(*store));

	if (!store)
		return;
	store->engine = engine;
	store->sender = -1;
	list_init(&store->todo);
	list_init(&store->done);
	alarm_init(&store->next, engine, on_next);
	if (choose_store(store, where))
		engine->listeners->store = store;
	else
		free(store);
}

static bool has_room(struct socket_store *store, const char *name)
{
	struct event event = { .name = "store_failed" };

	if (store->count < store->most)
		return true;
	if (!store->is_full)
		log_event(store->engine->log, LEVEL_WARNING, &event,
			  "the store at %s has room for %zu sockets: the clients of %s, and of later sockets, are "
			  "lost if superd is killed%s", store->socket, store->most, name,
			  store->s6 ? "" : "; set a larger FileDescriptorStoreMax= in superd's unit");
	store->is_full = true;
	return false;
}

/* made: a name without a number. */
static void give_under_name(struct socket_store *store, const char *made, int fd)
{
	char name[STORE_NAME_MOST + 1];

	if (stored_find(store, fd) || !has_room(store, made))
		return;
	snprintf(name, sizeof(name), "%s", made);
	for (unsigned number = 2; stored_has_name(store, name); number++)
		snprintf(name, sizeof(name), "%s~%u", made, number);
	if (stored_add(store, &store->todo, fd, name))
		stored_wake(store);
	else
		log_error(store->engine->log, "%s is not stored: out of memory", name);
}

void socket_store_give(struct engine *engine, const char *service, const struct listen *listen, int fd)
{
	char name[STORE_NAME_MOST + 1];

	if (!engine->listeners->store)
		return;
	store_name_make(service, listen->endpoint, name);
	give_under_name(engine->listeners->store, name, fd);
}

void socket_store_note(struct engine *engine, int fd, const char *name)
{
	struct socket_store *store = engine->listeners->store;
	struct stored *stored;

	if (!store || strlen(name) > STORE_NAME_MOST)
		return;
	stored = stored_add(store, fd < 0 ? &store->todo : &store->done, fd, name);
	if (stored)
		stored->is_in = true;
	if (stored && fd < 0)
		stored_wake(store);
}

bool socket_store_take_out(struct engine *engine, int fd)
{
	struct socket_store *store = engine->listeners->store;
	struct stored *stored = stored_find(store, fd);

	if (!stored || engine->stopping || store->is_over)
		return stored && stored->is_in;
	stored->fd = -1;
	if (!stored->is_in && !stored->is_current) {
		stored_drop(store, stored);
		return false;
	}
	list_remove(&stored->link);
	list_add(&store->todo, &stored->link);
	stored_wake(store);
	return true;
}

void socket_store_replace(struct engine *engine, int before, int fd)
{
	const struct stored *stored = stored_find(engine->listeners->store, before);
	char name[STORE_NAME_MOST + 1];

	if (!stored)
		return;
	snprintf(name, sizeof(name), "%s", stored->name);
	name[strcspn(name, "~")] = '\0';
	give_under_name(engine->listeners->store, name, fd);
	socket_store_take_out(engine, before);
}

/* ---- sockets that came back ---- */

static bool is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool socket_store_find_copy(struct engine *engine, int fd)
{
	for (size_t n = 0; n < engine->listen_fds.count; n++) {
		struct listen_fd *one = &engine->listen_fds.list[n];

		if (!one->is_stored || one->fd < 0 || !is_same_file(one->fd, fd))
			continue;
		fd_close(&one->fd);             /* never the last copy, so it cannot hang */
		socket_store_note(engine, fd, one->name);
		return true;
	}
	return false;
}

/* ---- an upgrade, and the end ---- */

const char *socket_store_name(const struct engine *engine, int fd)
{
	const struct stored *stored = stored_find(engine->listeners->store, fd);

	return stored && stored->is_in ? stored->name : NULL;
}

void socket_store_each_left(const struct engine *engine, void (*act)(void *context, const char *name), void *context)
{
	const struct socket_store *store = engine->listeners->store;

	if (!store)
		return;
	LIST_EACH(link, &store->todo) {
		const struct stored *stored = container_of(link, struct stored, link);

		if (stored->fd < 0)
			act(context, stored->name);
	}
	for (size_t n = 0; n < engine->listen_fds.count; n++) {
		const struct listen_fd *one = &engine->listen_fds.list[n];

		if (one->is_stored && one->fd >= 0)     /* a service has not taken it yet */
			act(context, one->name);
	}
}

bool socket_store_is_busy(const struct engine *engine)
{
	const struct socket_store *store = engine->listeners->store;

	return store && store_s6_is_busy(store);
}

void socket_store_set_aside(struct engine *engine)
{
	if (socket_store_is_busy(engine))
		store_s6_set_aside(engine->listeners->store);
}

void socket_store_go_on(struct engine *engine)
{
	if (engine->listeners->store)
		stored_wake(engine->listeners->store);
}

void socket_store_keep(struct engine *engine)
{
	if (engine->listeners->store)
		engine->listeners->store->is_over = true;
}

void socket_store_free(struct engine *engine)
{
	struct socket_store *store = engine->listeners->store;

	if (!store)
		return;
	engine->listeners->store = NULL;
	alarm_stop(&store->next);
	store_s6_free(store);
	LIST_EACH(link, &store->todo)
		stored_drop(store, container_of(link, struct stored, link));
	LIST_EACH(link, &store->done)
		stored_drop(store, container_of(link, struct stored, link));
	fd_close(&store->sender);
	free(store);
}
