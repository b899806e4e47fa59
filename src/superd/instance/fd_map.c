/* The descriptors of a start. A child unshares all numbers up to the highest it needs (superd/start/spawn), so every
 * descriptor it needs gets a low number first. */
#include "superd/instance/fd_map.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/child/stream_file.h"
#include "lib/fd.h"
#include "superd/instance/runtime.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

int fd_map_own(struct fd_map *fd_map, int fd)
{
	if (fd < 0)
		return fd;
	assert(fd_map->own_count < fd_map->own_most);
	fd_map->own[fd_map->own_count++] = fd;
	return fd;
}

int fd_map_low(struct fd_map *fd_map, int fd)
{
	return fd < FD_HIGH ? fd : fd_map_own(fd_map, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool fd_map_room(struct fd_map *fd_map, size_t sockets)
{
	size_t most = sockets + 6;

	memset(fd_map, 0, sizeof(*fd_map));
	fd_map->wanted = fd_map->small;
	fd_map->own = fd_map->own_small;
	fd_map->own_most = 2 * (int)(most > FD_MAP_SMALL ? most : FD_MAP_SMALL);
	if (most <= FD_MAP_SMALL)
		return true;
	fd_map->wanted = calloc(3 * most, sizeof(int));
	fd_map->own = fd_map->wanted ? fd_map->wanted + most : NULL;
	return fd_map->wanted;
}

bool fd_map_pass(struct fd_map *fd_map, int fd, const char *name)
{
	int low = fd_map_low(fd_map, fd);

	if (low < 0)
		return false;
	fd_map->wanted[fd_map->count++] = low;
	buf_addf(&fd_map->names, "%s%s", fd_map->names.length ? ":" : "LISTEN_FDNAMES=", name);
	if (fd_map->names.failed)
		errno = ENOMEM;
	return !fd_map->names.failed;
}

bool fd_map_add_store(struct fd_map *fd_map, const struct fdstore *store, struct buf *why)
{
	if (!store)
		return true;
	LIST_EACH(link, &store->kept) {
		const struct fdstore_entry *entry = container_of(link, const struct fdstore_entry, link);

		if (!fd_map_pass(fd_map, entry->fd, entry->name)) {
			buf_addf(why, "passing stored descriptors: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

bool fd_map_add(struct fd_map *fd_map, int fd)
{
	int at = fd_map_low(fd_map, fd_map_own(fd_map, fd));

	if (at < 0)
		return false;
	fd_map->wanted[fd_map->count++] = at;
	fd_map->others++;
	return true;
}

void fd_map_close(struct fd_map *fd_map)
{
	for (int n = 0; n < fd_map->own_count; n++)
		close(fd_map->own[n]);
	fd_map->own_count = 0;
	buf_free(&fd_map->names);
	if (fd_map->wanted != fd_map->small)
		free(fd_map->wanted);
	fd_map->wanted = fd_map->small;
}

/* ---- standard streams ---- */

/* Sets the standard streams of a start: files that superd opens, or descriptors that it has.
 *
 * open(2) must not block superd: if a path goes through another user's folder, the child opens it
 * (os/fs/path_trust). Two streams may be one file: input and output, or output and error. It is opened once, so both
 * share its position. */

/* The standard streams of one start. */
struct placement {
	struct fd_map *fd_map;
	const struct start_kit *kit;
	const struct service *service;
	const struct stream *streams;   /* input, output and error */
	int socket;                     /* the first socket, as the child gets it; -1: no socket can be a stream */
};

static bool same_file(const struct stream *a, const struct stream *b)
{
	return a->kind == b->kind && stream_is_path(a) && !strcmp(a->path, b->path);
}

/* Opens a file, or leaves it to the child, with /dev/null in its place until then. -1 with errno EPERM: its path is
 * refused. */
static int place_file(const struct placement *placement, int number, int access)
{
	const struct stream *stream = &placement->streams[number];
	const struct engine *engine = placement->kit->engine;
	struct fd_map *fd_map = placement->fd_map;
	struct stream_file file = { .path = stream->path, .flags = access | (access != O_RDONLY ? O_CREAT : 0) };

	file.flags |= stream->kind == STREAM_APPEND ? O_APPEND : stream->kind == STREAM_TRUNCATE ? O_TRUNC : 0;
	switch (placement->kit->plan->stream_openers[number]) {
	case PATH_OPENED_BY_SUPERD:
		return fd_map_own(fd_map, stream_file_open(&file));
	case PATH_OPENED_BY_CHILD:
		file.opener = PATH_OPENED_BY_CHILD;
		fd_map->files[number] = file;
		fd_map->has_files = true;
		return number == STDIN_FILENO ? engine->null_input : engine->null_output;
	case PATH_REFUSED:
		break;
	}
	errno = EPERM;
	return -1;
}

/* Returns the descriptor for a stream; -1 and errno. */
static int find_source(const struct placement *placement, int number)
{
	const struct start_kit *kit = placement->kit;
	struct fd_map *fd_map = placement->fd_map;
	const struct stream *stream = &placement->streams[number];
	int access = number == STDIN_FILENO ? O_RDONLY : O_WRONLY;
	const struct output *own;

	switch ((enum stream_kind)stream->kind) {
	case STREAM_LOG:
		return fd_map_low(fd_map, kit->outputs[KIT_LOG]->write_end);
	case STREAM_SYSLOG:
		return fd_map_low(fd_map, kit->outputs[KIT_SYSLOG]->write_end);
	case STREAM_FILE:
		if (number == STDIN_FILENO && same_file(stream, &placement->service->groups->streams->output))
			access = O_RDWR;
		return place_file(placement, number, access);
	case STREAM_APPEND:
	case STREAM_TRUNCATE:
		return place_file(placement, number, access);
	case STREAM_DESCRIPTOR:
		return fd_map->wanted[3 + kit->plan->stream_sockets[number]];
	case STREAM_INHERIT:
		own = number == STDIN_FILENO ? NULL : kit->outputs[KIT_STDOUT + number - STDOUT_FILENO];
		if (own)
			return fd_map_low(fd_map, own->write_end);
		return number;
	case STREAM_SOCKET:
		return placement->socket;
	case STREAM_NULL:
		break;
	}
	return number == STDIN_FILENO ? kit->engine->null_input : kit->engine->null_output;
}

static void describe_failure(const struct placement *placement, int number, int error, struct buf *why)
{
	const struct service *service = placement->service;
	const struct start_kit *kit = placement->kit;
	const struct stream *stream = &placement->streams[number];
	static const char *const names[] = { "input", "output", "error" };
	struct path_finding finding;

	buf_addf(why, "%s: %s", option_name_of(service, names[number]), stream->path ? stream->path : "");
	if (stream_is_path(stream) && kit->plan->stream_openers[number] == PATH_REFUSED &&
	    path_opener(stream->path, 0, kit->plan->account, path_mounts_cached(), &finding) == PATH_REFUSED)
		path_finding_add(&finding, why);
	else
		buf_addf(why, "%s%s", stream->path ? ": " : "", strerror(error));
	origin_cite(service_origin(service, names[number]), why);
}

/* With pass = inetd the socket is the input, and the output unless the service sets another. */
static bool is_socket(const struct start_kit *kit, int number, int socket)
{
	return socket >= 0 && ((number == STDIN_FILENO && kit->plan->input_is_socket) ||
			       (number == STDOUT_FILENO && kit->plan->output_is_socket));
}

/* Returns the stream of a command beside the main program. It appends to a file that the main program truncates, else
 * it would remove the output of the commands before it. Sockets, and a terminal as input, are for the main program
 * alone. */
static struct stream stream_beside(const struct start_kit *kit, const struct stream *stream, int number)
{
	struct stream beside = *stream;

	if (number == STDIN_FILENO && (kit->plan->input_is_socket || stream->kind == STREAM_SOCKET ||
				       stream->kind == STREAM_DESCRIPTOR || stream->kind == STREAM_INHERIT))
		beside.kind = STREAM_NULL;
	else if (stream->kind == STREAM_SOCKET || stream->kind == STREAM_DESCRIPTOR)
		beside.kind = STREAM_LOG;
	else if (stream->kind == STREAM_TRUNCATE)
		beside.kind = STREAM_APPEND;
	return beside;
}

bool stdio_place(struct fd_map *fd_map, const struct service_runtime *runtime, int socket, bool is_beside,
		 struct buf *why)
{
	const struct start_kit *kit = &runtime->run->kit;
	struct stream streams[3];
	const struct placement placement = { fd_map, kit, runtime->service, streams, socket };
	struct stream_file *files = fd_map->files;
	int *wanted = fd_map->wanted;

	for (int n = 0; n < 3; n++)
		streams[n] = is_beside ? stream_beside(kit, plan_stream(runtime->service, n), n)
				       : *plan_stream(runtime->service, n);
	for (int n = 0; n < 3; n++) {
		if (is_socket(kit, n, socket)) {
			wanted[n] = socket;
		} else if (n > 0 && !is_socket(kit, n - 1, socket) && same_file(&streams[n - 1], &streams[n])) {
			files[n] = files[n - 1];        /* opened once, for both */
			files[n].is_same = true;
			wanted[n] = wanted[n - 1];
		} else {
			wanted[n] = find_source(&placement, n);
		}
		if (wanted[n] < 0) {
			describe_failure(&placement, n, errno, why);
			return false;
		}
	}
	return true;
}
