/* The node at which superd listens for its operators, or a name of the abstract namespace ("@name") where there is no
 * folder to write to. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

struct control_socket {
	int fd;                         /* listening, non-blocking, close-on-exec; -1: there is none */
	char *path;                     /* owned */
	dev_t device;                   /* of the node */
	ino_t node;                     /* 0: a name */
};

/* Makes it; of a path in superd's own folder of the runtime folder, the folder as well. Whose mode and owner are right
 * before anybody can connect: its owner's alone, and that group's where one is given (-1: none). A node that is there is
 * replaced when it is a socket nobody answers at. false with the reason in why; errno EADDRINUSE: somebody answers there. */
bool control_socket_open(struct control_socket *socket, const char *path, gid_t group, struct buf *why);

/* Whether somebody answers there, or may, as one that is too busy to; a path's folder must be private_folder_is_safe. */
bool control_socket_is_answered(const char *path);

/* Connects to one that another made, without blocking. -1 and errno. */
int control_socket_reach(const char *path);

/* Whether the other end may be a superd. A node lies where nobody else could put one; a name is anybody's who comes
 * first, so it is believed of root and superd's own user only. */
bool control_socket_is_trusted(int fd, const char *path);

/* Takes over an open control socket of this path. false: the node is another socket's by now. */
bool control_socket_adopt(struct control_socket *socket, const char *path, int fd);

/* Lets this group connect, and no other; -1: none. false and errno: it may be half done. */
bool control_socket_give(const struct control_socket *socket, gid_t group);

/* Closes it, and takes the node away while it is still its own. */
void control_socket_close(struct control_socket *socket);

/* The process at the other end of a connection. */
struct control_peer {
	uid_t uid;                      /* -1: not mapped in this user namespace */
	pid_t pid;                      /* 0: not known here */
	bool in_group;                  /* of that group, as its first or a further one */
	bool sandboxed;                 /* it belongs to a confined service, so its uid proves nothing */
};

bool control_socket_peer(int fd, gid_t group, struct control_peer *peer);       /* false and errno */
