/* The services, as the table in main.c lists them (struct builtin): NAME_begin begins a connection, NAME_heard reads
 * a request, NAME_told gets superd's answer, NAME_dgram replies to a datagram. */
#pragma once

#include "builtin/builtin.h"

/* RFC 862, 863, 864, 867, 868: stream.c and datagram.c. */
void echo_begin(struct builtin_server *server, struct connection *connection);
void discard_begin(struct builtin_server *server, struct connection *connection);
void chargen_begin(struct builtin_server *server, struct connection *connection);
void daytime_begin(struct builtin_server *server, struct connection *connection);
void time_begin(struct builtin_server *server, struct connection *connection);
ssize_t echo_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t discard_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t chargen_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t daytime_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);
ssize_t time_dgram(const struct settings *settings, const char *request, size_t length, char *reply, size_t size);

/* The ident server (RFC 1413). */
void auth_begin(struct builtin_server *server, struct connection *connection);
void auth_heard(struct builtin_server *server, struct connection *connection, bool late);

/* servers and services: a list that superd makes. tcpmux has listing_told send the names of services. */
void listing_begin(struct builtin_server *server, struct connection *connection);
void listing_told(struct builtin_server *server, struct connection *connection, int file);

/* tcpmux (RFC 1078): the client names a service in one line, and superd takes over the connection. */
void tcpmux_begin(struct builtin_server *server, struct connection *connection);
void tcpmux_heard(struct builtin_server *server, struct connection *connection, bool late);

/* superd's health, as an HTTP response or as a plain line. */
void health_begin(struct builtin_server *server, struct connection *connection);
void health_heard(struct builtin_server *server, struct connection *connection, bool late);
void health_told(struct builtin_server *server, struct connection *connection, int file);
