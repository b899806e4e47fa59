/* The sender's end of the socket of sd_notify(3); the receiver's is os/socket/notify. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Makes the address of a path or, for "@name", of an abstract name. false and errno: it is too long, or neither. */
bool notify_address(const char *name, struct sockaddr_un *address, socklen_t *length);

/* Opens a socket for notify_socket_send_fd. -1 and errno. */
int notify_socket_sender(void);

/* Sends a text to this address, and a descriptor, which the receiver gets a copy of; -1: none. false and errno. */
bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor);

/* Connects to a unix socket by such a name, without blocking (unix(7)). A full accept queue is an error. */

/* type: SOCK_STREAM and so on. Returns a close-on-exec, non-blocking descriptor, or -1 and errno. */
int unix_connect(const char *path, int type);
