/* Unix sockets: names, connections, datagrams to the socket of sd_notify(3), whose receiver is os/socket/notify, and
 * descriptors in messages (unix(7), SCM_RIGHTS). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Makes the address of a path or, for "@name", of an abstract name. false and errno: it is too long, or neither. */
bool notify_address(const char *name, struct sockaddr_un *address, socklen_t *length);

/* Opens a socket for notify_socket_send_fd. -1 and errno. */
int notify_socket_sender(void);

/* Sends a text to this address, and a descriptor, which the receiver gets a copy of; -1: none. false and errno. */
bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor);

/* Connect to a unix socket by such a name, without blocking (unix(7)). A full accept queue is an error. type:
 * SOCK_STREAM and so on. They return a close-on-exec, non-blocking descriptor, or -1 and errno. By unix_probe it takes no
 * descriptors: to find out who is there. */
int unix_connect(const char *path, int type);
int unix_probe(const char *path, int type);

#define FD_MESSAGE_MOST 253                     /* descriptors in one message: the kernel's SCM_MAX_FD */

/* Sends one message with `count` descriptors, which may be 0, by sendmsg(2); adds MSG_NOSIGNAL to flags. false and
 * errno. */
bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags);

/* Receives one message with at most *count descriptors by recvmsg(2); sets *count to their number. They are
 * close-on-exec and the caller's; further ones are closed. Returns the bytes, or -1 and errno, EINTR included. */
ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags);

/* Descriptors that arrive at a unix socket (SCM_RIGHTS, unix(7)). The kernel refuses them where it can; elsewhere
 * superd looks for them before it receives anything. Dropping the last reference to a file may block on its file
 * system, which may be the sender's own and never answer. So superd itself receives only descriptors that it has
 * requested. */

/* Allows or forbids descriptors at this socket, and at connections accepted from it from now on (SO_PASSRIGHTS); a
 * sender gets EPERM. false and errno: ENOPROTOOPT before Linux 6.16, or if it is not a unix socket. */
bool scm_rights_allow(int fd, bool allowed);

/* Copies the start of the queue and leaves it there, without blocking: the data that one recv(2) of `size` bytes would
 * return. *carries: the data has descriptors. Returns the number of bytes; -1 and errno. */
ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries);

/* superd's end of a channel to one of its helper programs: packets (SOCK_SEQPACKET), which carry descriptors only from
 * superd to the helper. The other end may be hostile, so what arrives is bounded and never trusted. */

/* Receives a packet without blocking. Returns its length; 0, with EPIPE as errno: end of file; -1 and errno: EMSGSIZE:
 * it was longer than `size`; EPERM: it carries descriptors, stays in the queue, and blocks the channel. */
ssize_t fd_channel_receive(int end, char *to, size_t size);
