/* The control socket, at which superd listens for superctl: a node in the file system, or a name in the abstract
 * namespace ("@name") where there is no folder to write to. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"

/* An open control socket. control_socket_close frees it. */
struct control_socket {
	int fd;                         /* listening, non-blocking, close-on-exec; -1: none */
	char *path;                     /* owned */
	dev_t device;                   /* device of the node */
	ino_t node;                     /* inode of the node; 0: an abstract name */
};

/* Creates the control socket. If the path is in superd's own folder below the runtime folder, creates that folder as
 * well. Mode and owner are right before a client can connect: only superd's user may, and this group (-1: none).
 * Replaces an existing node if it is a socket without a listener. false with the reason in why; errno EADDRINUSE:
 * another superd listens there. */
bool control_socket_open(struct control_socket *socket, const char *path, gid_t group, struct buf *why);

/* Whether a process listens there, or may, as one that is too busy to answer. The path's folder must be
 * private_folder_is_safe. */
bool control_socket_is_answered(const char *path);

/* Whether another superd of this user answers at the path, or is too busy to answer. pid: its process, 0 if it is
 * unknown. fd: a connection to it, which ends with it; -1: its queue is full. A socket that another user may have put
 * there is none. */
bool control_socket_has_owner(const char *path, pid_t *pid, int *fd);

/* Whether the descriptor is a socket that is bound to this path. */
bool control_socket_is_bound(int fd, const char *path);

/* Takes over the open control socket `fd` of this path. false: the node is another socket's by now. */
bool control_socket_adopt(struct control_socket *socket, const char *path, int fd);

/* Whether clients still find it: its node is at its path. An abstract name is always found. */
bool control_socket_is_found(const struct control_socket *socket);

/* Lets this group connect and no other; -1: none. false and errno: it may be half done. */
bool control_socket_give(const struct control_socket *socket, gid_t group);

/* Closes it, and removes the node if it is still its own. */
void control_socket_close(struct control_socket *socket);

/* The process at the other end of a connection. */
struct control_peer {
	uid_t uid;                      /* its uid; -1: it is not mapped in this user namespace */
	pid_t pid;                      /* its pid; 0: it is in another pid namespace */
	bool by_path;                   /* it has connected to a path, not to an abstract name */
	bool in_group;                  /* it is in the group `group`, the primary or a supplementary one */
};

bool control_socket_peer(int fd, gid_t group, struct control_peer *peer);       /* false and errno */

/* Whether that process has ended, so that its pid may be another's by now. false also before Linux 6.5. */
bool control_socket_peer_has_ended(int fd);
