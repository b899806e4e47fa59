/* Who has made a socket that comes from elsewhere, as from a service manager's store. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum socket_origin {
	ORIGIN_OWN,                     /* this process's user has made it, in its network namespace; or it is no socket */
	ORIGIN_USER,                    /* another user has */
	ORIGIN_NETWORK,                 /* it is of another network namespace */
};

/* The number of the user that called socket(2), or has got the socket by fchown(2), goes to *uid. Before Linux 5.14 no
 * socket tells its network namespace: ORIGIN_NETWORK is not found then. */
enum socket_origin socket_origin(int fd, uid_t *uid);
