/* The services, as the table in builtin.c lists them (struct builtin): NAME_begin begins a connection of the loop,
 * NAME_stream serves one to its end, NAME_dgram replies to a datagram. */
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
int auth_stream(const struct settings *settings, int connection);

/* servers and services: a list that superd has written to the channel. */
int listing_stream(const struct settings *settings, int connection);

/* Sends a file from its beginning, then ends the connection. Returns the exit status. */
int listing_send(int file, int connection);

/* tcpmux (RFC 1078): the client names a service in one line, and superd takes over the connection. */
int tcpmux_stream(const struct settings *settings, int connection);

/* superd's health, as an HTTP response or as a plain line. */
int health_stream(const struct settings *settings, int connection);
