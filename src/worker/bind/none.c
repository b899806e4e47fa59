/* For --disable-bind. superd then refuses each service with pass = bind. A filter that an earlier superd has made stops
 * calls all the same, and the kernel carries them out. */
#include "worker/bind/answer.h"

void bind_server_begin(struct bind_server *server)
{
	(void)server;
}

void bind_server_answer(struct bind_server *server, const struct user_call *call)
{
	user_notif_let_go(server->notif, call->id);
}
