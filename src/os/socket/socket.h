/* Opens and changes listeners. Every option of the sockets group is set before clients can see the socket, and at no
 * moment does a node have a wrong mode or owner. Linux features have a fallback beside them.
 *
 * The options have the meaning of systemd.socket(5). superd replaces a stale unix socket, but never one that a server
 * still uses (it tests that by connect(2)), not even its own: close a listener before its address is bound again. A
 * node belongs to root alone until its owner, queue and mode are right. Nothing here blocks: superd/machine/resolve has
 * looked up host names before. */
#pragma once

#include "os/netdiag/netdiag.h"

/* ---- open.c, look.c, options.c ---- */

/* Opens, binds and listens. Returns a close-on-exec, non-blocking descriptor, or -1 and errno with the reason in why,
 * such as "binding: Address already in use (port 80 …)". Options that cannot be set add a warning (systemd warns, too),
 * one a line, which begins with the endpoint. The caller calls bind_remove, then closes the descriptor. */
int bind_listen(const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket that superd has received, and that bind_matches accepts, everything that bind_listen would have set:
 * options, backlog, mode and owner of the node, symlinks. Options that the table does not set stay as they are. An
 * option that cannot be set adds a warning. -1 and errno, with why: the kernel cannot enforce the address rules, and
 * superd must not serve the socket without them. */
int bind_adopt(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets what differs between two versions of one listener and can change on an open socket (CHANGE_SOCKET): backlog,
 * buffers, mode and owner of the node, … An option that `after` no longer sets gets the kernel's default back, but for
 * buffers and the times of keep-alive: these stay, with a warning. A node that is gone adds a warning, too. -1 and errno,
 * with why: bind_to_device or the filter of the address rules cannot be set; superd must not serve the socket without
 * them, and the caller closes it. is_lent: a program has it, and may read nothing that the rules refuse. */
int bind_adjust(int fd, const struct listen *before, const struct listen *after, bool is_lent, struct buf *why,
		struct buf *warnings);

/* Whether clients reach this socket by the listener's path: its node exists and is this socket's. Always true without a
 * path. Without CAP_NET_ADMIN the kernel searches all unix sockets for it. */
bool bind_is_reachable(int fd, const struct listen *listen);

/* Removes the node and symlinks if remove_on_stop is set and they are the socket's own. Does not close fd. */
void bind_remove(int fd, const struct listen *listen);

/* Whether an open descriptor is as bind_listen would have created it: kind, type, listening state, address. For adopted
 * LISTEN_FDS (sd_listen_fds(3)). */
bool bind_matches(int fd, const struct listen *listen);

/* Appends the address that a socket of this name really has, as an endpoint's text ("tcp:127.0.0.1:43127"), for the log.
 * The name is the caller's, as getsockname(2) takes the socket's lock; length 0: it is not known. */
void bind_describe(int fd, const struct socket_address *name, const struct listen *listen, struct buf *out);
bool bind_has_name(const struct listen *listen); /* the text is that of its address, whatever the name is */

/* Whether its socket of IPv6 is closed to IPv4. */
bool bind_wants_v6only(const struct listen *listen);

/* The contents of the queue: > 0 something, 0 nothing, -1 unknown. For TCP the number of connections in the accept
 * queue; for unix sockets and others the kernel's report; for datagrams the bytes of the first one. */
int bind_queue(int fd, const struct listen *listen);

/* Takes and closes so many of the clients in the queue, or reads so many datagrams, if there are any, without blocking.
 * Restores O_NONBLOCK, as a frozen backend may share the socket. -1 and errno: some are left. */
int bind_queue_drop(int fd, const struct listen *listen, unsigned most);

/* The maximum length of the queue (the backlog of listen(2)); -1: the kind has none. */
int bind_queue_limit(int fd, const struct listen *listen);

/* Whether this kernel has IPv6 at all, for tests and error messages. */
bool bind_kernel_has_ipv6(void);

/* ---- client.c ---- */

/* An accepted connection and its peer. */

/* A connection; the owner of the struct closes fd. */
struct client {
	int fd;                         /* close-on-exec; blocking unless non_blocking is set; -1: none */
	bool asks_mux;                  /* it has named its service to tcpmux, and waits for the answer */
	bool is_counted;                /* by the limits for a second and a minute; it may be judged again */
	struct socket_address peer;     /* its length is 0 if the peer has no address */
};

enum accepted {
	ACCEPTED,
	ACCEPT_NOTHING,                 /* the queue is empty, or the client has gone: stop for now */
	ACCEPT_AGAIN,                   /* this client failed for a reason of its own: the next may work */
	ACCEPT_EXHAUSTED,               /* out of descriptors or memory, or not allowed now: pause */
	ACCEPT_BROKEN                   /* the listener itself is unusable: bind it again */
};

/* accept4(2) on a non-blocking listener. Sets the options that the connection does not inherit from the listener. */
enum accepted client_accept(int listener, const struct listen *listen, struct client *client);

/* Fills in the sender of the first datagram in the listener's queue, which stays there; client->fd is -1. false: no
 * datagram waits. */
bool client_peek(int listener, struct client *client);

/* Prepares a client that got an answer for its close: shuts down the sending side, and reads the client's data,
 * because unread data would reset the connection before the answer arrives. */
void client_shut_and_drain(const struct client *client);

/* The peer's address and port as text, an IPv4-mapped one as IPv4; "" if there is none. unix: path or @name. */
void client_address(const struct client *client, char *out, size_t size);
int client_port(const struct client *client);   /* -1: none */

/* The local address of a TCP connection in the same form. false: it is no TCP connection, or it is gone. */
bool client_local(const struct client *client, char *out, size_t size, int *port);

#define CLIENT_NAME 200                 /* size of the longest name, with its NUL */

/* The name of connection number `number`, as systemd names the instances of a template:
 * NUMBER-COOKIE-LOCAL:PORT-PEER:PORT, for a unix socket NUMBER-COOKIE-PID-UID. Unknown parts are left out. */
void client_instance_name(const struct client *client, uint64_t number, char *out, size_t size);

/* Its socket_address_source. */
bool client_source(const struct client *client, unsigned prefix, unsigned char source[16]);

/* ---- plain.c ---- */

/* Who has made a socket that comes from elsewhere, as from a service manager's store. */

enum socket_origin {
	ORIGIN_OWN,                     /* this process's user has made it, in its network namespace; or it is no socket */
	ORIGIN_USER,                    /* another user has */
	ORIGIN_NETWORK,                 /* it is of another network namespace */
};

/* The number of the user that called socket(2), or has got the socket by fchown(2), goes to *uid. Before Linux 5.14 no
 * socket tells its network namespace: ORIGIN_NETWORK is not found then. */
enum socket_origin socket_origin(int fd, uid_t *uid);

/* Which sockets can be closed without blocking, by their family and protocol: sockets of other kinds may hold further
 * sockets, or block in close(2). */

/* Whether it is an IPv4 or IPv6 socket of a protocol that superd opens, except MPTCP, which consists of further
 * sockets. */
bool socket_is_plain_inet(int fd);

/* Whether it is of a family and protocol that superd opens. */
bool socket_is_plain(int fd);

/* Which descriptors can be held, polled and closed without a call to a file system, which may never answer: sockets
 * (os/socket/plain), pipes, memfds, eventfds, timerfds and pidfds. */

#define DESCRIPTOR_NAME 256

/* Whether it is such a one. name: the kernel's name of the open file; "": unknown without /proc. */
bool descriptor_is_plain(int fd, char name[DESCRIPTOR_NAME]);
/* ---- notify.c ---- */

/* The receiver's end of the socket of sd_notify(3) (the sender's: lib/unix_socket). */

#define NOTIFICATION_MOST 4096          /* bytes of a message at most */

/* Opens a notify socket at a path, for superd's user alone, or, for "@name", at an abstract name, where everybody may
 * send. -1 and errno. */
int notify_socket_open(const char *name);

/* Who may send to one at a path: this user alone, beside root, or everybody (open), as where superd may not give the
 * node to him. false and errno. */
bool notify_node_give(const char *path, uid_t user, bool open);
bool notify_node_is_open(const char *path);

/* The id of the control group of who has sent the first message, also if he has ended; 0: the kernel does not tell.
 * The message is known to have no descriptors. */
uint64_t notify_sender_cgroup(int fd);

/* The folder of the notify sockets (sd_notify(3)): superd/notify below the runtime folder. */

/* Creates the folder if it is missing, and appends its path. false: that fails, or a backend of another user could not
 * reach sockets in it. */
bool notify_dir_make(const char *runtime_directory, struct buf *path);

/* Removes a socket, then the folder and the one above if they are empty. Changes the text socket_path. */
void notify_dir_remove(char *socket_path);

/* ---- control_socket.c ---- */

/* The control socket, at which superd listens for superctl: a node in the file system, or a name in the abstract
 * namespace ("@name") where there is no folder to write to. */

/* An open control socket. control_socket_close frees it. */
struct control_socket {
	int fd;                         /* listening, non-blocking, close-on-exec; -1: none */
	char *path;                     /* owned */
	dev_t device;                   /* device of the node */
	ino_t node;                     /* inode of the node; 0: an abstract name */
};

/* Creates the control socket. If the path is in superd's own folder below the runtime folder, creates that folder as
 * well. Only superd's user and root can connect. Replaces an existing node if it is a socket without a listener. false
 * with the reason in why; errno EADDRINUSE: another superd listens there. */
bool control_socket_open(struct control_socket *socket, const char *path, struct buf *why);

/* Whether a process listens there, or may, as one that is too busy to answer. The path's folder must be
 * private_folder_is_safe. */
bool control_socket_is_answered(const char *path);

/* Whether another superd of this user answers at the path, or is too busy to answer. pid: its process, 0 if it is
 * unknown. fd: a connection to it, which ends with it; -1: its queue is full. A socket that another user may have put
 * there is none. */
bool control_socket_has_owner(const char *path, pid_t *pid, int *fd);

/* Takes over the open control socket `fd` of this path. false: the node is another socket's by now. */
bool control_socket_adopt(struct control_socket *socket, const char *path, int fd);

/* Whether clients still find it: its node is at its path. An abstract name is always found. */
bool control_socket_is_found(const struct control_socket *socket);

/* Closes it, and removes the node if it is still its own. */
void control_socket_close(struct control_socket *socket);

/* The process at the other end of a connection. */
struct control_peer {
	uid_t uid;                      /* its uid; -1: it is not mapped in this user namespace */
	pid_t pid;                      /* its pid; 0: it is in another pid namespace */
	bool by_path;                   /* it has connected to a path, not to an abstract name */
};

bool control_socket_peer(int fd, struct control_peer *peer);       /* false and errno */

/* Whether that process has ended, so that its pid may be another's by now. false also before Linux 6.5.
 * errno, where it is true: what superd lacks to know; 0: nothing. */
bool control_socket_peer_has_ended(int fd);
