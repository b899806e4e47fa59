/* For --disable-bind. preflight then refuses each service with pass = bind; a filter that an earlier superd has made
 * stops calls all the same, and the kernel carries them out. */
#include <errno.h>
#include <stddef.h>

#include "superd/bind/bind_answer.h"
#include "superd/bind/bind_filter.h"

bool bind_is_supported(void)
{
	return false;
}

struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count)
{
	(void)has_paths, (void)lengths, (void)count;
	errno = ENOTSUP;
	return NULL;
}

void bind_server_begin(struct bind_server *server)
{
	(void)server;
}

void bind_server_answer(struct bind_server *server, const struct user_call *call)
{
	user_notif_let_go(server->work.notif, call->id);
}
