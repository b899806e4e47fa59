/* The socket of sd_notify(3), both ends: datagrams of a few lines, with the sender as the kernel knows it.
 * Descriptors that come along are received by another process (exec/worker/receive_async), never here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NOTIFICATION_MOST 4096          /* bytes of one */

struct notification {
	char text[NOTIFICATION_MOST + 1];       /* NUL-terminated, and without one inside */
	size_t length;
	pid_t pid;                      /* as this namespace knows it */
	uid_t uid;
};

enum notify_received { NOTIFY_RECEIVED, NOTIFY_EMPTY, NOTIFY_INVALID, NOTIFY_RIGHTS };

/* Opens a notify socket at a path or, with "@" in front, at an abstract name. Any process that reaches it may send. -1
 * and errno. */
int notify_socket_open(const char *name);

/* Receives the next message, without waiting. NOTIFY_INVALID: it was dropped, for *flaw. NOTIFY_RIGHTS: it carries
 * descriptors and is still queued, *flaw as above or NULL; receive_async removes it. */
enum notify_received notify_socket_receive(int fd, struct notification *notification, const char **flaw);

/* Opens a socket for notify_socket_send. -1 and errno. */
int notify_socket_sender(void);

/* Sends to the notify socket of this name, without waiting. false and errno. */
bool notify_socket_send(int sender, const char *name, const char *text);

/* Whether nobody listens at the path any more. */
bool notify_socket_is_dead(const char *path);
