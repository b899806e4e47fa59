/* What a backend of the tests was given to serve: listening sockets by LISTEN_FDS, or its standard input. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PASSED_FIRST = 3, PASSED_MOST = 2048 };

struct passed {
	int fds[PASSED_MOST];
	int count;
	bool by_environment;            /* LISTEN_FDS, and LISTEN_PID is this process */
};

/* The sockets of LISTEN_FDS; without them standard input alone, where that is a socket. */
void passed_find(struct passed *passed);

bool passed_listens(int fd);
int passed_socket_type(int fd);         /* SOCK_STREAM …; -1: no socket */

/* A readable one, each in its turn, waiting at most milliseconds (-1: for ever); -1: none. */
int passed_wait(const struct passed *passed, int milliseconds);
