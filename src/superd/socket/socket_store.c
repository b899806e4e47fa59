/* What happens to listeners, and how systemd's store is told of it: by datagrams to NOTIFY_SOCKET, each with a
 * descriptor (sd_pid_notify_with_fds(3)).
 *
 * systemd answers nothing, and drops a socket that it has already. FDPOLL=0 keeps it from dropping one that has an
 * error pending, as a datagram socket may. */
#include "superd/socket/socket_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/list.h"
#include "lib/notify_send.h"
#include "lib/scan.h"
#include "os/guard/guard_link.h"
#include "superd/limits/rate_limit.h"
#include "superd/socket/listeners.h"
#include "superd/socket/store_name.h"
#include "superd/loop/fd_watch.h"

#define AT_ONCE 256                     /* datagrams in a turn of the loop */
#define STORE_MOST 4000                 /* listeners in the store; superd takes at most 4096 descriptors at its start */
#define PAUSE_MIN 200000                /* microseconds between two tries, least and most */
#define PAUSE_MAX 60000000

/* A listener that is in the store, or will be. */
struct stored {
	struct list link;
	int fd;                         /* descriptor of the listener, borrowed; -1: closed, to be taken out */
	bool is_in;                     /* the store has it, or may have it */
	char name[];
};

/* What goes is done first, as the store may be full; what has failed is done last. */
struct socket_store {
	struct engine *engine;
	struct list todo;               /* struct stored: to be given or taken out */
	struct list done;               /* in the store */
	size_t count, most;             /* entries in both; how many there may be */
	bool is_over;                   /* superd ends, and nothing is taken out any more */
	bool is_full;                   /* a listener had no room, which was logged */
	const char *socket;             /* NOTIFY_SOCKET, borrowed */
	int sender;                     /* for NOTIFY_SOCKET; -1: none */
	struct alarm next;              /* fires when the next work is due */
	struct backoff backoff;
	bool is_logged;                 /* a failure to reach the store was logged */
};

/* ---- the entries ---- */

static void wake(struct socket_store *store)
{
	if (!alarm_is_set(&store->next))
		alarm_set(&store->next, 0.);
}

static struct stored *find_in(const struct list *list, int fd)
{
	LIST_EACH(link, list) {
		struct stored *stored = container_of(link, struct stored, link);

		if (stored->fd == fd)
			return stored;
	}
	return NULL;
}

static struct stored *find_entry(const struct socket_store *store, int fd)
{
	struct stored *stored = store && fd >= 0 ? find_in(&store->done, fd) : NULL;

	return stored || !store || fd < 0 ? stored : find_in(&store->todo, fd);
}

static bool has_name(const struct list *list, const char *name)
{
	LIST_EACH(link, list) {
		if (!strcmp(container_of(link, struct stored, link)->name, name))
			return true;
	}
	return false;
}

static struct stored *add_entry(struct socket_store *store, struct list *list, int fd, const char *name)
{
	size_t size = strlen(name) + 1;
	struct stored *stored = calloc(1, sizeof(*stored) + size);

	if (!stored)
		return NULL;
	stored->fd = fd;
	memcpy(stored->name, name, size);
	list_add(list, &stored->link);
	store->count++;
	return stored;
}

static void drop_entry(struct socket_store *store, struct stored *stored)
{
	list_remove(&stored->link);
	free(stored);
	store->count--;
	store->is_full = false;
}

static struct stored *next_entry(struct socket_store *store)
{
	LIST_EACH(link, &store->todo) {
		struct stored *stored = container_of(link, struct stored, link);

		if (stored->fd < 0)
			return stored;
	}
	return list_empty(&store->todo) ? NULL : container_of(store->todo.next, struct stored, link);
}

static void finish_entry(struct socket_store *store, struct stored *stored)
{
	backoff_reset(&store->backoff);
	store->is_logged = false;
	if (stored->fd < 0) {
		drop_entry(store, stored);
		return;
	}
	stored->is_in = true;
	list_remove(&stored->link);
	list_add(&store->done, &stored->link);
	store->engine->unsaved_all |= list_empty(&store->todo);
}

static void try_later(struct socket_store *store, struct stored *stored, const char *why)
{
	struct event event = { .name = "store_failed", .reason = why };
	double pause = backoff_next(&store->backoff, PAUSE_MIN, PAUSE_MAX, engine_random(store->engine));

	log_event(store->engine->log, store->is_logged ? LEVEL_DEBUG : LEVEL_WARNING, &event,
		  stored->fd < 0 ? "cannot remove %s from the store at %s: %s: superd tries again" :
				   "cannot store %s at %s: %s: superd tries again",
		  stored->name, store->socket, why);
	store->is_logged = true;
	list_remove(&stored->link);
	list_add(&store->todo, &stored->link);
	alarm_set(&store->next, pause);
}

static bool is_taken(const struct socket_store *store, const char *name)
{
	return has_name(&store->done, name) || has_name(&store->todo, name);
}

/* ---- the store ---- */

static bool tell_manager(struct socket_store *store, const struct stored *stored)
{
	char text[STORE_NAME_MOST + 64];

	if (store->sender < 0)
		store->sender = notify_socket_sender();
	snprintf(text, sizeof(text), stored->fd < 0 ? "FDSTOREREMOVE=1\nFDNAME=%s" : "FDSTORE=1\nFDNAME=%s\nFDPOLL=0",
		 stored->name);
	return store->sender >= 0 && guard_notify(store->sender, store->socket, text, stored->fd);
}

static void tell_all(struct socket_store *store)
{
	struct stored *stored;

	for (int n = 0; (stored = next_entry(store)); n++) {
		if (n == AT_ONCE) {
			wake(store);
			return;
		}
		if (!tell_manager(store, stored)) {
			try_later(store, stored, strerror(errno));
			return;
		}
		finish_entry(store, stored);
	}
}

static void on_next(struct alarm *alarm)
{
	struct socket_store *store = container_of(alarm, struct socket_store, next);

	if (!store->engine->stopping && !store->engine->quiet)
		tell_all(store);
}

void socket_store_flush(struct engine *engine)
{
	struct socket_store *store = engine->listeners->store;

	if (store)
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

/* false: there is no store, which was logged if one was asked for. */
static bool choose_store(struct socket_store *store, const char *where)
{
	struct engine *engine = store->engine;
	size_t room = manager_room(engine);

	if (where && !strcmp(where, "none"))
		return false;
	store->socket = engine_variable(engine, "NOTIFY_SOCKET");
	store->most = room && room < STORE_MOST ? room : STORE_MOST;
	if (where && (!store->socket || !*store->socket))
		log_warn(engine->log, "--fdstore=notify: no service manager has set NOTIFY_SOCKET: a superd that is "
				      "killed loses the clients that wait");
	return store->socket && *store->socket && (where || room);
}

bool socket_store_is_there(const struct engine *engine)
{
	return engine->listeners->store || manager_room(engine) > 0;
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
			  "lost if superd is killed; set a larger FileDescriptorStoreMax= in superd's unit",
			  store->socket, store->most, name);
	store->is_full = true;
	return false;
}

/* made: a name without a number. */
static void give_under_name(struct socket_store *store, const char *made, int fd)
{
	char name[STORE_NAME_MOST + 1];

	if (find_entry(store, fd) || !has_room(store, made))
		return;
	snprintf(name, sizeof(name), "%s", made);
	for (unsigned number = 2; is_taken(store, name); number++)
		snprintf(name, sizeof(name), "%s~%u", made, number);
	if (add_entry(store, &store->todo, fd, name))
		wake(store);
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
	stored = add_entry(store, fd < 0 ? &store->todo : &store->done, fd, name);
	if (stored)
		stored->is_in = true;
	if (stored && fd < 0)
		wake(store);
}

bool socket_store_take_out(struct engine *engine, int fd)
{
	struct socket_store *store = engine->listeners->store;
	struct stored *stored = find_entry(store, fd);

	if (!stored || engine->stopping || store->is_over)
		return stored && stored->is_in;
	stored->fd = -1;
	if (!stored->is_in) {
		drop_entry(store, stored);
		return false;
	}
	list_remove(&stored->link);
	list_add(&store->todo, &stored->link);
	wake(store);
	return true;
}

void socket_store_replace(struct engine *engine, int before, int fd)
{
	const struct stored *stored = find_entry(engine->listeners->store, before);
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
	const struct stored *stored = find_entry(engine->listeners->store, fd);

	return stored && stored->is_in ? stored->name : NULL;
}

void socket_store_each_left(const struct engine *engine, void (*act)(void *context, const char *name), void *context)
{
	LIST_EACH(link, &engine->listeners->store->todo) {
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

void socket_store_go_on(struct engine *engine)
{
	if (engine->listeners->store)
		wake(engine->listeners->store);
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
	LIST_EACH(link, &store->todo)
		drop_entry(store, container_of(link, struct stored, link));
	LIST_EACH(link, &store->done)
		drop_entry(store, container_of(link, struct stored, link));
	fd_close(&store->sender);
	free(store);
}
