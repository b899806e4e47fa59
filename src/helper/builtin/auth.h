/* auth, the ident server (RFC 1413), as FreeBSD's inetd has it: without -r it names nobody. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "helper/builtin/builtin.h"

int auth_converse(const struct settings *settings, int connection);

/* The two ports of a request line without its end, as "6193 , 23"; false: it is none. A number too large for a port
 * is 0, which no connection has. */
bool auth_parse(const char *line, size_t length, unsigned *local, unsigned *remote);

/* Both ends of a connection of this machine. */
struct both_ends {
	struct sockaddr_storage local, remote;
};

/* The user whose connection it is. false: there is no such connection, or it can't be told. */
bool auth_find_owner(const struct both_ends *ends, uid_t *owner);

/* What to call that user; size of at least 65 bytes. false: it wants to stay hidden, or has no name. */
enum named { NAMED, NAMED_HIDDEN, NAMED_NOT };
enum named auth_name(const struct builtin_options *options, uid_t owner, char *name, size_t size);

void auth_make_up(char *name, size_t size);     /* a name that says nothing */
