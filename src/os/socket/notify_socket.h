/* The receiver's end of the socket of sd_notify(3) (the sender's: lib/notify_send): datagrams of a few lines, whose
 * sender the kernel names. A helper process (superd/process/receive_async) receives descriptors that come along, never
 * superd itself. */
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

/* Whether no process listens at the path any more. */
bool notify_socket_is_dead(const char *path);
