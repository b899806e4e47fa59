/* The fd store of a service. Each entry costs superd a descriptor: their number is limited, the same open file is kept
 * once, and a descriptor whose other end has gone is closed. */
#include "superd/instance/fdstore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/proc/fd_hangup.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/engine.h"

/* kcmp(2) with KCMP_FILE. If the kernel lacks or forbids it, two descriptors of one socket count as one open file, as a
 * socket cannot be opened by a name. */

#define KCMP_FILE 0

bool open_file_is_same(int a, int b)
{
	int order = (int)syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
	struct stat first, second;

	if (order >= 0)
		return order == 0;
	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && S_ISSOCK(first.st_mode) &&
		first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

#define NAMELESS "stored"               /* FDNAME of descriptors without one (sd_notify(3)) */

/* The last watched descriptor has gone. */
static void close_watch(struct fdstore *store)
{
	watch_stop(&store->watch);
	fd_close(&store->hangups);
}

static void drop_entry(struct fdstore *store, struct fdstore_entry *kept)
{
	if (kept->is_watched)
		fd_hangup_forget(store->hangups, kept->fd);
	if (kept->is_watched && --store->watched == 0)
		close_watch(store);
	list_remove(&kept->link);
	close_socket_fd(store->engine, store->service, &kept->fd);
	free(kept);
	store->count--;
}

static struct fdstore_entry *find_fd(struct fdstore *store, int fd)
{
	LIST_EACH(link, &store->kept) {
		struct fdstore_entry *kept = container_of(link, struct fdstore_entry, link);

		if (kept->fd == fd)
			return kept;
	}
	return NULL;
}

static void on_hangup(struct watch *watch, bool readable, bool writable)
{
	struct fdstore *store = container_of(watch, struct fdstore, watch);
	int fd = fd_hangup_next(store->hangups);
	struct fdstore_entry *kept = find_fd(store, fd);
	struct event event = { .name = "store", .service = store->service };

	(void)readable, (void)writable;
	if (fd >= 0 && !kept)
		fd_hangup_forget(store->hangups, fd);
	if (fd < 0 || !kept)
		return;
	event.reason = kept->name;
	log_event(store->engine->log, LEVEL_INFO, &event, "the other end of %s is closed: not kept any longer",
		  kept->name);
	drop_entry(store, kept);
}

struct fdstore *fdstore_new(struct engine *engine, const char *service)
{
	struct fdstore *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	list_init(&store->kept);
	store->engine = engine;
	store->service = strdup(service);
	store->hangups = -1;
	watch_init(&store->watch, engine, on_hangup);
	if (store->service)
		return store;
	free(store);
	return NULL;
}

/* poll(2) of a vsock takes the socket's lock, which another process may hold for ever. */
static bool is_polled_freely(int fd)
{
	int family = 0;
	socklen_t size = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 || family != AF_VSOCK;
}

/* false: the descriptor never hangs up, or cannot be watched. */
static bool watch_fd(struct fdstore *store, int fd)
{
	if (!is_polled_freely(fd))
		return false;
	if (store->hangups < 0)
		store->hangups = fd_hangup_open();
	if (store->hangups < 0)
		return false;
	watch_set(&store->watch, store->hangups, true, false);
	if (fd_hangup_watch(store->hangups, fd)) {
		store->watched++;
		return true;
	}
	if (!store->watched)
		close_watch(store);
	return false;
}

static bool has_file(const struct fdstore *store, int fd)
{
	LIST_EACH(link, &store->kept) {
		if (open_file_is_same(container_of(link, struct fdstore_entry, link)->fd, fd))
			return true;
	}
	return false;
}

bool fdstore_keep(struct fdstore *store, int *fd, struct note_text name, uid_t user, bool watched)
{
	struct fdstore_entry *kept = malloc(sizeof(*kept) + name.length + 1);

	if (!kept)
		return false;
	kept->fd = fd_raise(*fd, FD_HIGH);
	*fd = -1;
	kept->user = user;
	kept->is_watched = watched && watch_fd(store, kept->fd);
	memcpy(kept->name, name.at, name.length);
	kept->name[name.length] = '\0';
	list_add(&store->kept, &kept->link);
	store->count++;
	return true;
}

static void log_full(struct fdstore *store, int64_t most)
{
	struct event event = { .name = "store", .service = store->service };
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&store->full, more))
		log_event(store->engine->log, LEVEL_WARNING, &event,
			  "a descriptor is not kept: file_descriptor_store_max is reached (%lld)%s", (long long)most,
			  more);
}

/* superd keeps no descriptor whose close(2) or fstat(2) may block: files, as any process may serve their file system,
 * and descriptors that hold others. */
static void log_refused(struct fdstore *store, const struct received *received)
{
	struct event event = { .name = "store", .service = store->service, .reason = received->kind };
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&store->refused, more))
		log_event(store->engine->log, LEVEL_WARNING, &event,
			  "%u descriptor%s not kept: %s, where sockets, pipes, memfds, eventfds, timerfds and pidfds "
			  "are%s", received->refused, received->refused == 1 ? " is" : "s are", received->kind, more);
}

void fdstore_take(struct fdstore *store, const struct notify_message *message, struct received *received, uid_t user,
		  int64_t most)
{
	bool named = message->name.at && message->name.length;
	struct note_text name = named ? message->name : (struct note_text){ NAMELESS, strlen(NAMELESS) };

	if (received->refused)
		log_refused(store, received);
	for (size_t n = 0; n < received->count; n++) {
		if (has_file(store, received->fds[n]))
			continue;
		if (store->count >= (uint64_t)most) {
			log_full(store, most);
			return;
		}
		if (!fdstore_keep(store, &received->fds[n], name, user, !message->unpolled))
			log_event(store->engine->log, LEVEL_ERROR,
				  &(struct event){ .name = "store", .service = store->service },
				  "a descriptor is not kept: out of memory");
	}
}

void fdstore_remove(struct fdstore *store, struct note_text name)
{
	LIST_EACH(link, &store->kept) {
		struct fdstore_entry *kept = container_of(link, struct fdstore_entry, link);

		if (strlen(kept->name) == name.length && !memcmp(kept->name, name.at, name.length))
			drop_entry(store, kept);
	}
}

void fdstore_keep_own(struct fdstore *store, uid_t user)
{
	if (!store)
		return;
	LIST_EACH(link, &store->kept) {
		struct fdstore_entry *kept = container_of(link, struct fdstore_entry, link);
		struct event event = { .name = "store", .service = store->service, .reason = kept->name };

		if (kept->user == user)
			continue;
		log_event(store->engine->log, LEVEL_NOTICE, &event,
			  "%s is not kept any longer: uid %lu stored it, and the service's is %lu now", kept->name,
			  (unsigned long)kept->user, (unsigned long)user);
		drop_entry(store, kept);
	}
}

void fdstore_empty(struct fdstore *store)
{
	if (!store)
		return;
	LIST_EACH(link, &store->kept)
		drop_entry(store, container_of(link, struct fdstore_entry, link));
}

void fdstore_end_run(struct fdstore *store, unsigned preserve, bool well)
{
	if (preserve == PRESERVE_NO || (preserve == PRESERVE_ON_SUCCESS && !well))
		fdstore_empty(store);
}

void fdstore_free(struct fdstore *store)
{
	if (!store)
		return;
	fdstore_empty(store);
	free(store->service);
	free(store);
}

static const struct state_field kept_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, fdstore_entry, "fd", fd) },
	{ STATE_FIELD(fdstore_entry, "user", user), .always = true },
	{ STATE_FIELD(fdstore_entry, "watched", is_watched) },
};
const struct field_table kept_state = FIELD_TABLE("store", fdstore_entry, kept_fields);
