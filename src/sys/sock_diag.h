/* What the kernel tells of one unix socket over netlink (sock_diag(7)) and over no other way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sock_diag_unix {
	bool has_node, has_queue;
	uint32_t node;                  /* inode number of its node in the file system, the lower 32 bits */
	uint32_t queue;                 /* a listener: connections waiting; else bytes to read */
};

/* false: the kernel does not say (no sock_diag, no netlink). */
bool sock_diag_unix(int fd, struct sock_diag_unix *out);
