/* A client is a connection from the address of a listener whose service accepts, and no process that was started for
 * it is noted. It is admitted anew. */
#include "superd/reload/left_fds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"
#include "os/netdiag/socket_id.h"
#include "superd/loop/close_socket.h"
#include "superd/process/pid1.h"
#include "superd/instance/service_list.h"
#include "superd/saved/state_stream.h"
#include "superd/service/runtime_event.h"

#define LOOKED_AT_MOST 65536            /* where there is no /proc */
#define HOST_TEXT (INET6_ADDRSTRLEN + IF_NAMESIZE)

/* A set of descriptors. */
struct known_fds {
	bool *has;                      /* by number */
	size_t room;
	uint64_t *sockets;              /* socket_id of those that are sockets */
	size_t socket_count, socket_room;
};

static bool add_socket(struct known_fds *set, int fd)
{
	uint64_t id, *grown;

	if (!socket_id_read(fd, &id) && errno != ENOPROTOOPT)
		return false;
	if (!id)
		return true;
	grown = array_grow(set->sockets, &set->socket_room, set->socket_count, sizeof(*grown));
	if (!grown)
		return false;
	set->sockets = grown;
	set->sockets[set->socket_count++] = id;
	return true;
}

static bool add_to_set(struct known_fds *set, int fd)
{
	bool *grown = set->has;
	size_t room = set->room;

	if ((size_t)fd >= room) {
		room = (size_t)fd * 2 + 1024;
		grown = realloc(set->has, room);
		if (!grown)
			return false;
		memset(grown + set->room, 0, room - set->room);
		set->has = grown;
		set->room = room;
	}
	set->has[fd] = true;
	return add_socket(set, fd);
}

/* Those that the stream names, as far as they are still what they were. false: a call has failed that may work
 * later. */
static bool list_named(struct state_stream *stream, struct known_fds *named)
{
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];

		for (size_t i = 0; i < section->count; i++) {
			struct state_entry *entry = &section->entries[i];
			bool was_used = entry->used;
			int fd = load_holds_descriptor(entry->key) ? load_fd_of(section, entry) : -1;

			entry->used = was_used;
			if (fd >= 0 && !strcmp(entry->key, "channel_client") && guard_is_promised(fd))
				continue;       /* its record may be older than the promise to another service */
			if (fd >= 0 && !add_to_set(named, fd))
				return false;
		}
	}
	return true;
}

static bool note_fd(struct state_stream *stream, size_t *capacity, const struct known_fds *named, int fd)
{
	uint64_t end;
	int *grown;

	if (fd <= STDERR_FILENO || guard_owns_fd(fd) || fd == guard_state(&end) || fd == guard_successor_state() ||
	    ((size_t)fd < named->room && named->has[fd]))
		return true;
	grown = array_grow(stream->left_fds, capacity, stream->left_count, sizeof(*grown));
	if (!grown)
		return false;
	stream->left_fds = grown;
	stream->left_fds[stream->left_count++] = fd;
	return true;
}

/* false: out of memory. */
static bool note_all(struct state_stream *stream, const struct known_fds *named)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t capacity = 0;
	bool good = true;
	int64_t fd;

	for (fd = STDERR_FILENO + 1; good && !directory && fd < LOOKED_AT_MOST; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0)
			good = note_fd(stream, &capacity, named, (int)fd);
	}
	while (good && directory && (entry = readdir(directory))) {
		if (!scan_count(entry->d_name, &fd) && fd != dirfd(directory))
			good = note_fd(stream, &capacity, named, (int)fd);
	}
	if (directory)
		closedir(directory);
	return good;
}

/* They are neither clients nor listeners: spare descriptors, files, what the loop used. superd may have died where
 * descriptors were short, and the next one cannot start without them. */
static void close_others(struct state_stream *stream)
{
	size_t kept = 0;
	struct stat file;

	for (size_t n = 0; n < stream->left_count; n++) {
		if (fstat(stream->left_fds[n], &file) == 0 && !S_ISSOCK(file.st_mode))
			close(stream->left_fds[n]);
		else
			stream->left_fds[kept++] = stream->left_fds[n];
	}
	stream->left_count = kept;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

/* superd copies a socket for a start, and dies before that is over: the one that the stream names is enough. */
static void close_copies_of_named(struct state_stream *stream, struct known_fds *named)
{
	size_t kept = 0;

	if (named->socket_count)
		qsort(named->sockets, named->socket_count, sizeof(*named->sockets), compare_ids);
	for (size_t n = 0; n < stream->left_count && named->socket_count; n++) {
		uint64_t id = socket_id(stream->left_fds[n]);

		if (id && bsearch(&id, named->sockets, named->socket_count, sizeof(id), compare_ids))
			close(stream->left_fds[n]);
		else
			stream->left_fds[kept++] = stream->left_fds[n];
	}
	if (named->socket_count)
		stream->left_count = kept;
}

static bool try_to_note(struct state_stream *stream)
{
	struct known_fds named = { 0 };
	bool good = list_named(stream, &named) && note_all(stream, &named);

	if (good) {
		close_others(stream);
		close_copies_of_named(stream, &named);
	} else {
		free(stream->left_fds);
		stream->left_fds = NULL;
		stream->left_count = 0;
	}
	free(named.has);
	free(named.sockets);
	return good;
}

/* If the calls do not work in time, none is left: what is not known to be left stays open. */
void left_fds_note(struct state_stream *stream)
{
	unsigned tries = 0;

	while (!try_to_note(stream) && patience_wait(&tries))
		continue;
}

/* Copies of a descriptor that superd had just made for a process: one of them is enough. */
static void close_copies(struct state_stream *stream)
{
	size_t kept = 0;

	for (size_t n = 0; n < stream->left_count; n++) {
		uint64_t id = socket_id(stream->left_fds[n]);
		size_t first = 0;

		while (id && first < kept && socket_id(stream->left_fds[first]) != id)
			first++;
		if (id && first < kept)
			close(stream->left_fds[n]);
		else
			stream->left_fds[kept++] = stream->left_fds[n];
	}
	stream->left_count = kept;
}

static void offer_listeners(struct listen_fds *to, struct state_stream *stream)
{
	size_t kept = 0;

	for (size_t n = 0; n < stream->left_count; n++) {
		if (!listen_fds_add_own(to, stream->left_fds[n]))
			stream->left_fds[kept++] = stream->left_fds[n];
	}
	stream->left_count = kept;
}

void left_fds_offer(struct listen_fds *to, struct state_stream *stream)
{
	struct state_stream none = { 0 };

	if (stream) {
		offer_listeners(to, stream);
		return;
	}
	left_fds_note(&none);
	close_copies(&none);            /* a second listener would take one; a state may name either */
	offer_listeners(to, &none);
	for (size_t n = 0; n < none.left_count; n++)
		close(none.left_fds[n]);
	state_stream_free(&none);
}

bool left_fds_take(struct state_stream *stream, int fd)
{
	uint64_t id = socket_id(fd);
	size_t kept = 0;
	bool is_left = false;

	for (size_t n = 0; n < stream->left_count; n++)
		is_left = is_left || stream->left_fds[n] == fd;
	for (size_t n = 0; n < stream->left_count && is_left; n++) {
		int other = stream->left_fds[n];

		if (other != fd && id && socket_id(other) == id)
			close(other);
		else if (other != fd)
			stream->left_fds[kept++] = other;
	}
	if (is_left)
		stream->left_count = kept;
	return is_left;
}

/* How well the address of a connection fits a listener: by the address itself, as one of all, or by the port alone, if
 * a proxy chooses the address (transparent). 0: it is another's. */
static int listener_fit(const struct listener *listener, const struct socket_address *local)
{
	struct socket_address own;
	char host[HOST_TEXT], own_host[HOST_TEXT];

	if (!listener_has_socket(listener) || !endpoint_accepts(listener->listen->endpoint) ||
	    !foreign_socket_name(listener->fd, &own) || own.any.sa_family != local->any.sa_family)
		return 0;
	if (socket_address_port(local) <= 0)
		return own.length == local->length && !memcmp(&own.storage, &local->storage, own.length) ? 3 : 0;
	if (socket_address_port(&own) != socket_address_port(local))
		return 0;
	socket_address_host(local, host, sizeof(host));
	socket_address_host(&own, own_host, sizeof(own_host));
	if (!strcmp(host, own_host))
		return 3;
	return !strcmp(own_host, "0.0.0.0") || !strcmp(own_host, "::") ? 2 : listener->listen->options->transparent;
}

static struct listener *find_listener(struct engine *engine, const struct socket_address *local,
				      struct service_runtime **owner)
{
	const struct service_list *list = engine->service_list;
	struct listener *found = NULL;
	int best = 0;

	for (size_t n = 0; n < list->count; n++) {
		struct service_runtime *runtime = list->runtimes[n];

		for (unsigned i = 0; runtime && runtime->service->exec->accept && i < runtime->listener_count; i++) {
			int fit = listener_fit(&runtime->listeners[i], local);

			if (fit <= best)
				continue;
			best = fit;
			found = &runtime->listeners[i];
			*owner = runtime;
		}
	}
	return found;
}

/* Whether it was a client, which is served now. */
static bool serve_client(struct engine *engine, int fd)
{
	struct socket_address local = { .length = sizeof(local.storage) };
	struct client client = { .fd = fd, .length = sizeof(client.peer) };
	struct service_runtime *runtime;
	struct listener *listener;

	if (guard_was_given(fd, false) || getsockname(fd, &local.any, &local.length) < 0 ||
	    getpeername(fd, &client.peer.any, &client.length) < 0)
		return false;
	listener = find_listener(engine, &local, &runtime);
	if (!listener || !listener_park(listener, &client, ARRIVED, 0.))
		return false;
	runtime_post(runtime, HANDED);
	return true;
}

void left_fds_settle(struct engine *engine, struct state_stream *stream)
{
	size_t clients = 0;

	close_copies(stream);
	for (size_t n = 0; n < stream->left_count; n++) {
		int fd = stream->left_fds[n];

		if (serve_client(engine, fd))
			clients++;
		else
			close_socket_fd(engine, "superd", &fd);
	}
	if (clients)
		log_notice(engine->log, "%zu accepted client%s not served yet: %s", clients,
			   clients == 1 ? " was" : "s were", clients == 1 ? "it is served now" : "they are served now");
	stream->left_count = 0;
}
