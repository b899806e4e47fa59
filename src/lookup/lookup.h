/* The lookups of superd-lookup: a client's host name, the verdict of libwrap, and its user by ident. Each blocks, and
 * each concerns the peer of the connected socket `fd`, which it borrows. */
#pragma once

#include <stdbool.h>

#include "lookup/ident_reply.h"

#define RDNS_NAME_SIZE 256              /* bytes of a host name, with its NUL */

/* Looks up the peer's host name (getnameinfo(3)). A name counts only if it is forward-confirmed: its own addresses
 * include the peer's. false: there is no such name, or the lookup failed. */
bool rdns_find(int fd, char name[RDNS_NAME_SIZE]);

/* Whether hosts.allow and hosts.deny (hosts_access(5)) allow the peer to use this daemon. Also false if that cannot be
 * found out, and in a build without libwrap. If the matching rule has a twist (hosts_options(5)), it calls on_twist and
 * does not return: libwrap replaces this process by the command, which talks to the client. on_twist NULL: it starts
 * no command. Then spawn does nothing, and the rule decides as without it; a rule with twist denies; a rule with
 * another option that may start a program denies all clients, because that may decide. */
bool libwrap_allows(const char *daemon, int fd, void (*on_twist)(void));

/* Whether a rule may make libwrap start a command: spawn or twist. */
bool libwrap_runs_commands(void);

/* Asks the ident server on the peer's host (RFC 1413) for the user of the connection, for at most `seconds`. Fills
 * `reply` in any case. */
void ident_ask(int fd, int seconds, struct ident_reply *reply);
