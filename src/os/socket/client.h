/* An accepted connection and its peer. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "table/service/service.h"

/* A connection; the owner of the struct closes fd. */
struct client {
	struct {                        /* saved */
		union {
			struct sockaddr any;
			struct sockaddr_in in;
			struct sockaddr_in6 in6;
			struct sockaddr_storage storage;
		} peer;                 /* the peer's address */
	};
	int fd;                         /* close-on-exec; blocking unless non_blocking is set; -1: none */
	socklen_t length;               /* bytes of `peer`; 0: the peer has no address */
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

/* As client_accept, for a listener that a service shares. The service may clear O_NONBLOCK, so the call is interrupted
 * if it blocks; ACCEPT_EXHAUSTED where nothing could interrupt it. */
enum accepted client_accept_shared(int listener, const struct listen *listen, struct client *client);

/* Makes a client of a connection that another process has accepted (listener_take), as that may wait for the lock of a
 * foreign listener. false: it is none of such a listener, or has been reset. */
bool client_take(int fd, int listener, const struct listen *listen, struct client *client);

/* Whether another client, or an error, waits. Usually there is none, and poll(2) costs a tenth of an accept4(2) that
 * fails. */
bool client_waits(int listener);

/* Fills in the sender of the first datagram in the listener's queue, which stays there; client->fd is -1. false: no
 * datagram waits. */
bool client_peek(int listener, struct client *client);

/* Prepares a client that got an answer for client_refuse: shuts down the sending side, and reads the client's data,
 * because unread data would reset the connection before the answer arrives. */
void client_shut_and_drain(const struct client *client);

/* Closes the connection at once; the client sees EOF. */
void client_refuse(struct client *client);

/* The peer's address and port as text, an IPv4-mapped one as IPv4; "" if there is none. unix: path or @name. */
void client_address(const struct client *client, char *out, size_t size);
int client_port(const struct client *client);   /* -1: none */

/* As client_address, but leaves an IPv4-mapped peer as it is, ::ffff:192.0.2.1. client_unmap turns its connection into
 * an IPv4 one (IPV6_ADDRFORM, ipv6(7)). */
void client_mapped_address(const struct client *client, char *out, size_t size);
void client_unmap(const struct client *client);

/* The local address of a TCP connection in the same form. false: it is no TCP connection, or it is gone. */
bool client_local(const struct client *client, char *out, size_t size, int *port);

#define CLIENT_NAME 200                 /* size of the longest name, with its NUL */

/* The name of connection number `number`, as systemd names the instances of a template:
 * NUMBER-COOKIE-LOCAL:PORT-PEER:PORT, for a unix socket NUMBER-COOKIE-PID_PIDFDID-UID. plain: without COOKIE and
 * PIDFDID. Unknown parts are left out. */
void client_instance_name(const struct client *client, uint64_t number, char *out, size_t size);

uint64_t client_cookie(const struct client *client);    /* SO_COOKIE; 0: the kernel has none */

/* The source of a client, equal for clients that count as one: 16 bytes; IPv4 as mapped, IPv6 cut to `prefix` bits;
 * unix peers by uid, vsock peers by CID. false: this kind has no source. */
bool client_source(const struct client *client, unsigned prefix, unsigned char source[16]);
