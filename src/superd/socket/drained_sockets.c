/* Opens a second socket at a port. The kernel chooses the socket whose address is closer to the one the client has
 * called, so an earlier wildcard socket serves clients of other addresses until it has ended. If both have the same
 * address, the new one must be chosen for all clients (os/socket/reuseport). */
#include "superd/socket/drained_sockets.h"

#include <errno.h>
#include <sys/socket.h>

#include "os/netdiag/conn_count.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/socket/listeners.h"
#include "superd/loop/engine.h"

bool bind_beside_is_at_port(int fd, const struct listen *listen)
{
	struct conn_count conn;
	enum endpoint_kind kind = listen->address->kind;
	unsigned char wanted = kind == ENDPOINT_TCP ? CONN_TCP : kind == ENDPOINT_UDP ? CONN_UDP : CONN_NONE;

	if (fd < 0 || wanted == CONN_NONE)
		return false;
	conn_count_init(&conn, fd);
	return conn.kind == wanted && conn.port == listen->address->port;
}

/* Returns the first socket of the same address, or -1. Sets SO_REUSEPORT on all others of the port: of a foreign one
 * that was done before it was left to its instance (service_list_prepare). Counts all in found. */
static int find_same_address(struct engine *engine, const struct listen *listen, size_t *found)
{
	int same = -1;

	LIST_EACH(link, &engine->listeners->drained) {
		const struct held *held = container_of(link, struct held, link);

		for (size_t n = 0; n < held->count; n++) {
			if (!bind_beside_is_at_port(held->sockets[n], listen))
				continue;
			++*found;
			if (same < 0 && bind_matches(held->sockets[n], listen))
				same = held->sockets[n];
			else if (!foreign_socket_is(held->sockets[n]))
				setsockopt(held->sockets[n], SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
		}
	}
	return same;
}

static int bind_shared(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct socket_options options = *listen->options;
	struct listen shared = *listen;

	options.reuse_port = true;
	shared.options = &options;
	return bind_listen(&shared, why, warnings);
}

int bind_beside_open(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct buf reason = { 0 };
	size_t found = 0;
	int same = find_same_address(engine, listen, &found), fd;

	if (!found)
		return -1;
	fd = same >= 0 ? reuseport_open(same, listen, &reason, warnings) : bind_shared(listen, &reason, warnings);
	buf_free(&reason);
	if (fd >= 0)
		buf_clear(why);
	return fd;
}
