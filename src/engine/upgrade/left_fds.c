/* A client is a connection from the address of a listener whose service accepts, and no process that was started for
 * it is noted. It is admitted anew. */
#include "engine/upgrade/left_fds.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/core/close_socket.h"
#include "engine/runtime/service_list.h"
#include "engine/serialize/state_load.h"
#include "engine/service/runtime_event.h"
#include "exec/processes/pid1.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/socket_address.h"
#include "os/netdiag/socket_id.h"

#define LOOKED_AT_MOST 65536            /* where there is no /proc */

/* A set of descriptors. */
struct known_fds {
	bool *has;                      /* by number */
	size_t room;
};

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
		*set = (struct known_fds){ grown, room };
	}
	set->has[fd] = true;
	return true;
}

/* A record may be older than the promise to another service. */
static bool is_promised(const struct state_entry *entry, int fd)
{
	return !strcmp(entry->key, "channel_client") && guard_is_promised(fd);
}

/* Those that the stream names, as far as they are still what they were. false: out of memory. */
static bool list_named(struct state_stream *stream, struct known_fds *named)
{
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];

		for (size_t i = 0; i < section->count; i++) {
			struct state_entry *entry = &section->entries[i];
			bool was_used = entry->used;
			int fd = load_holds_descriptor(entry->key) ? load_fd_of(section, entry) : -1;

			entry->used = was_used;
			if (fd >= 0 && !is_promised(entry, fd) && !add_to_set(named, fd))
				return false;
		}
	}
	return true;
}

static void note_fd(struct state_stream *stream, size_t *capacity, const struct known_fds *named, int fd)
{
	uint64_t end;
	int *grown;

	if (fd <= STDERR_FILENO || guard_owns_fd(fd) || fd == guard_state(&end) || fd == guard_successor_state() ||
	    ((size_t)fd < named->room && named->has[fd]))
		return;
	grown = array_grow(stream->left_fds, capacity, stream->left_count, sizeof(*grown));
	if (!grown)
		return;
	stream->left_fds = grown;
	stream->left_fds[stream->left_count++] = fd;
}

static void note_all(struct state_stream *stream, const struct known_fds *named)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t capacity = 0;
	int64_t fd;

	for (fd = STDERR_FILENO + 1; !directory && fd < LOOKED_AT_MOST; fd++) {
		if (fcntl((int)fd, F_GETFD) >= 0)
			note_fd(stream, &capacity, named, (int)fd);
	}
	while (directory && (entry = readdir(directory))) {
		if (!scan_count(entry->d_name, &fd) && fd != dirfd(directory))
			note_fd(stream, &capacity, named, (int)fd);
	}
	if (directory)
		closedir(directory);
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

/* Without memory none is left: what is not known to be left stays open. */
void left_fds_note(struct state_stream *stream)
{
	struct known_fds named = { 0 };

	if (list_named(stream, &named))
		note_all(stream, &named);
	free(named.has);
	close_others(stream);
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
	offer_listeners(to, &none);
	for (size_t n = 0; n < none.left_count; n++)
		close(none.left_fds[n]);
	state_stream_free(&none);
}

bool left_fds_take(struct state_stream *stream, int fd)
{
	for (size_t n = 0; n < stream->left_count; n++) {
		if (stream->left_fds[n] == fd) {
			stream->left_fds[n] = stream->left_fds[--stream->left_count];
			return true;
		}
	}
	return false;
}

static bool is_from(const struct listener *listener, const struct socket_address *local)
{
	struct socket_address own = { .length = sizeof(own.storage) };

	if (!listener_has_socket(listener) || !endpoint_accepts(listener->listen->endpoint) ||
	    getsockname(listener->io.fd, &own.any, &own.length) < 0)
		return false;
	if (socket_address_port(local) > 0)
		return socket_address_port(&own) == socket_address_port(local);
	return own.length == local->length && !memcmp(&own.storage, &local->storage, own.length);
}

static struct listener *find_listener(struct engine *engine, const struct socket_address *local,
				      struct service_runtime **runtime)
{
	const struct service_list *list = engine->service_list;

	for (size_t n = 0; n < list->count; n++) {
		*runtime = list->runtimes[n];
		if (!*runtime || !(*runtime)->service->exec->accept)
			continue;
		for (unsigned i = 0; i < (*runtime)->listener_count; i++) {
			if (is_from(&(*runtime)->listeners[i], local))
				return &(*runtime)->listeners[i];
		}
	}
	return NULL;
}

/* Whether it was a client, which is served now. */
static bool serve_client(struct engine *engine, int fd)
{
	struct socket_address local = { .length = sizeof(local.storage) };
	struct client client = { .fd = fd, .length = sizeof(client.peer) };
	struct service_runtime *runtime;
	struct listener *listener;

	if (guard_was_given(fd) || getsockname(fd, &local.any, &local.length) < 0 ||
	    getpeername(fd, &client.peer.any, &client.length) < 0)
		return false;
	listener = find_listener(engine, &local, &runtime);
	if (!listener || !listener_park(listener, &client, ARRIVED, 0.))
		return false;
	runtime_post(runtime, HANDED);
	return true;
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
		log_notice(engine->log, "%zu client%s had been accepted and not served: %s", clients,
			   clients == 1 ? "" : "s", clients == 1 ? "it is served now" : "they are served now");
	stream->left_count = 0;
}
