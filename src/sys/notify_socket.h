/* The socket of sd_notify(3), both ends: datagrams of a few lines, with the sender as the kernel knows it and the
 * descriptors it sent along. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NOTIFICATION_MOST 4096          /* bytes of one */
#define NOTIFICATION_FDS 253            /* the kernel sends no more at once */

struct notification {
	char text[NOTIFICATION_MOST + 1];       /* NUL-terminated, and without one inside */
	size_t length;
	pid_t pid;                      /* as this namespace knows it */
	uid_t uid;
	int fds[NOTIFICATION_FDS];      /* -1: taken */
	size_t fd_count;
};

enum heard { HEARD, HEARD_NOTHING, HEARD_FLAWED };

/* Opens one at a path or, with "@" in front, at an abstract name. Whoever can reach it may send. -1 and errno. */
int notify_socket_open(const char *name);

/* The next one, without waiting. HEARD_FLAWED with the flaw: it is dropped, and its descriptors are closed. */
enum heard notify_socket_hear(int fd, struct notification *notification, const char **flaw);

/* Closes the descriptors that nobody took. */
void notification_drop(struct notification *notification);

/* Opens what notify_socket_send sends by, to any name. -1 and errno. */
int notify_socket_sender(void);

/* Sends to such a socket, without waiting. false and errno. */
bool notify_socket_send(int sender, const char *name, const char *text);

/* Whether nobody listens at the path any more. */
bool notify_socket_is_dead(const char *path);
