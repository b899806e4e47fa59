/* The target of a redirect: its addresses, and attempts to connect to it that do not wait. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define TARGET_ADDRESSES 8

struct redirect_target {
	const char *host, *port;        /* as in the table; port NULL: host is the path of a unix socket, "@name" an abstract one */
	struct sockaddr_storage addresses[TARGET_ADDRESSES];
	socklen_t lengths[TARGET_ADDRESSES];
	size_t count;                   /* of the addresses */
	size_t good;                    /* index of the address that has answered last */
};

/* Fills the addresses. Looking up a name may take seconds; if that fails, it logs the reason and keeps the former
 * addresses. */
void target_find(struct redirect_target *target);

/* Begins to connect a socket of this type to one of the addresses. Returns a non-blocking descriptor, which the caller
 * owns: connected, or about to be. -1 and errno. */
int target_connect(const struct redirect_target *target, size_t index, int type);
