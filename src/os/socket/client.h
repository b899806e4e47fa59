/* One accepted connection and who is at the other end. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/service/service.h"

struct client {
	int fd;                         /* close-on-exec, blocking unless the service's option says otherwise */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} peer;                         /* length 0: the peer has no address */
	socklen_t length;
};

enum accepted {
	ACCEPTED,
	ACCEPT_NOTHING,                 /* the queue is empty, or the client left before: try no more now */
	ACCEPT_AGAIN,                   /* this one failed for a reason of its own: the next may work */
	ACCEPT_EXHAUSTED,               /* no descriptors, no memory: pause */
	ACCEPT_BROKEN                   /* the listener itself is no good any more: rebind */
};

/* Accepts without waiting (the listener is non-blocking); sets on the connection what the kernel
 * doesn't inherit. */
enum accepted client_accept(int listener, const struct listen *listen, struct client *client);

/* As client_accept, for a listener that a service has, too. It may clear O_NONBLOCK, so the wait is bounded. */
enum accepted client_accept_shared(int listener, const struct listen *listen, struct client *client);

/* Whether another client, or an error, waits: mostly nobody does, and to try would cost ten times as much. */
bool client_waits(int listener);

/* The sender of the first datagram in the listener's queue, which stays there; client->fd is -1. false: none waits. */
bool client_peek(int listener, struct client *client);

/* Prepares a client that got an answer for client_refuse: ends the sending side, and reads what the client has sent, as
 * unread data would reset the connection before the answer arrives. */
void client_shut_and_drain(const struct client *client);

/* Closes at once: a client that must not come in sees EOF. */
void client_refuse(struct client *client);

/* Address and port as text, an IPv4-mapped peer as IPv4; "" where there is none. unix: path or
 * @name when bound. */
void client_address(const struct client *client, char *out, size_t size);
int client_port(const struct client *client);   /* -1: none */

/* The same with an IPv4-mapped peer as it came, ::ffff:192.0.2.1; and its connection becomes one of IPv4. */
void client_mapped_address(const struct client *client, char *out, size_t size);
void client_unmap(const struct client *client);

/* The near end of a TCP connection in the same form. false: it is none, or it is gone. */
bool client_local(const struct client *client, char *out, size_t size, int *port);

#define CLIENT_NAME 200                 /* bytes of the longest name */

/* The name of the number-th connection, as systemd names the instances of a template:
 * NUMBER-COOKIE-LOCAL:PORT-PEER:PORT, of a unix socket NUMBER-COOKIE-PID_PIDFDID-UID; plain: without COOKIE and
 * PIDFDID. What is not known is left out. */
void client_instance_name(const struct client *client, uint64_t number, bool plain, char *out, size_t size);

uint64_t client_cookie(const struct client *client);    /* 0: it has none here */

/* The source of a client, equal for clients that count as one: 16 bytes, IPv4 mapped, IPv6 cut to prefix bits; unix
 * peers by uid, vsock by CID. false: this kind has no source. */
bool client_source(const struct client *client, unsigned prefix, unsigned char source[16]);
