/* Both ends of the socket of sd_notify(3): datagrams of a few lines, whose sender the kernel names. A helper process
 * (superd/process/receive_async) receives descriptors that come along, never superd itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NOTIFICATION_MOST 4096          /* bytes of a message at most */

/* A received message. */
struct notification {
	char text[NOTIFICATION_MOST + 1];       /* NUL-terminated; contains no other NUL */
	size_t length;                  /* bytes of text */
	pid_t pid;                      /* sender, in superd's pid namespace; 0: unknown */
	uid_t uid;
};

enum notify_received { NOTIFY_RECEIVED, NOTIFY_EMPTY, NOTIFY_FAILED, NOTIFY_INVALID, NOTIFY_RIGHTS };

/* Opens a notify socket at a path or, for "@name", at an abstract name. Any process that can reach it may send. -1 and
 * errno. */
int notify_socket_open(const char *name);

/* Receives the next message without blocking. NOTIFY_INVALID: it was dropped because of *flaw. NOTIFY_RIGHTS: it
 * carries descriptors and is still in the queue, with *flaw as above or NULL; receive_async removes it. */
enum notify_received notify_socket_receive(int fd, struct notification *notification, const char **flaw);

/* Opens a socket for notify_socket_send. -1 and errno. */
int notify_socket_sender(void);

/* Sends to the notify socket of this name without blocking. false and errno. */
bool notify_socket_send(int sender, const char *name, const char *text);

/* The same with a descriptor, which the receiver gets a copy of; -1: none. */
bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor);

/* Whether no process listens at the path any more. */
bool notify_socket_is_dead(const char *path);
