/* For systems without seccomp_unotify(2). */
#include "exec/bind/user_notif.h"

#include <errno.h>

int user_notif_try(void)
{
	return ENOTSUP;
}

bool user_notif_receive(int notif, struct user_call *call)
{
	(void)notif, (void)call;
	errno = ENOTSUP;
	return false;
}

bool user_notif_is_waiting(int notif, uint64_t id)
{
	(void)notif, (void)id;
	return false;
}

bool user_notif_let_go(int notif, uint64_t id)
{
	(void)notif, (void)id;
	errno = ENOTSUP;
	return false;
}

bool user_notif_answer(int notif, uint64_t id, int error)
{
	(void)error;
	return user_notif_let_go(notif, id);
}

bool user_notif_place_fd(int notif, uint64_t id, int fd, int at, bool close_on_exec)
{
	(void)fd, (void)at, (void)close_on_exec;
	return user_notif_let_go(notif, id);
}

void user_notif_hurry(int notif)
{
	(void)notif;
}
