/* The lookups of superd-lookup: a client's host name, the verdict of libwrap, and its user by ident. Each blocks, and
 * each concerns the peer of the connected socket `fd`, which it borrows. */
#pragma once

#include "os/netdiag/netdiag.h"

/* ---- rdns.c ---- */

/* Finds an end of the connection by getpeername(2) or getsockname(2); an IPv4-mapped address is then one of IPv4. false
 * and errno: it has no IP address. */
bool lookup_address(int (*get_address)(int fd, struct sockaddr *address, socklen_t *length), int fd,
		    struct socket_address *end);

#define RDNS_NAME_SIZE 256              /* bytes of a host name, with its NUL */

/* Looks up the peer's host name (getnameinfo(3)). A name counts only if it is forward-confirmed: its own addresses
 * include the peer's. false: there is no such name, or the lookup failed. */
bool rdns_find(int fd, char name[RDNS_NAME_SIZE]);

/* ---- libwrap.c ---- */

/* What the rules of hosts.allow and hosts.deny (hosts_access(5)) have besides names and addresses. */
struct libwrap_rules {
	bool readable;                  /* both files, and those that a rule names */
	bool commands;                  /* a rule may start a command, by spawn, twist or aclexec (hosts_options(5)) */
	bool twist, aclexec;
};

struct libwrap_rules libwrap_read_rules(void);

/* Whether the rules allow the peer to use this daemon. Also false if that cannot be found out, and in a build without
 * libwrap. If the matching rule has a twist, it calls on_twist and does not return: libwrap replaces this process by the
 * command, which talks to the client. on_twist NULL: it starts no command. Then spawn does nothing, and the rule decides
 * as without it; a rule with twist denies; and with an aclexec no client is allowed, because the command decides. */
bool libwrap_allows(const char *daemon, int fd, const struct libwrap_rules *rules, void (*on_twist)(void));

/* ---- ident.c ---- */

#define IDENT_REPLY_MOST 1000           /* bytes of a reply, without its line end (RFC 1413, section 6) */

struct ident_reply {
	bool known;                     /* whether the server named a user */
	char text[512];                 /* known: the server's words, as "UNIX : root"; else the reason. Visible ASCII */
};

/* Asks the ident server on the peer's host (RFC 1413) for the user of the connection, for at most `seconds`. Fills
 * `reply` in any case. */
void ident_ask(int fd, int seconds, struct ident_reply *reply);

/* Whether the bytes hold a whole line, or too many bytes for one. Bytes behind the line are ignored. */
bool ident_reply_is_whole(const char *bytes, size_t length);

/* Parses a reply about the connection from port `ours` on this machine to port `theirs` of the peer. Its line end may
 * be missing. Fills `reply` in any case. */
void ident_reply_read(const char *bytes, size_t length, unsigned theirs, unsigned ours, struct ident_reply *reply);
