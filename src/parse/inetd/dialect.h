/* The dialects of inetd.conf: how each inetd reads the same line. One row a dialect, superd's own first. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "parse/compat.h"

enum inetd_quoting {
	QUOTING_FULL,                   /* anywhere in a word; in "…" a backslash takes the next " or \ as it is */
	QUOTING_PLAIN,                  /* anywhere, without backslash */
	QUOTING_WHOLE,                  /* only where a word begins with one */
	QUOTING_NONE
};

/* The families of tcp and udp without a number behind them. */
enum inetd_bare { BARE_BOTH, BARE_IPV4, BARE_DUAL };

/* The meaning of user.group. */
enum inetd_dot {
	DOT_TRIED,                      /* the user of that whole name, if there is one; else split */
	DOT_SPLITS,                     /* a user and a group, unless a colon separates them */
	DOT_FIRST,                      /* a user and a group, even with a colon behind */
	DOT_KEPT                        /* part of the user's name */
};

/* Which words are `wait` and `nowait`. */
enum inetd_wait {
	WAIT_EXACT,
	WAIT_PREFIX,                    /* words that begin with them */
	WAIT_ELSE                       /* any word that does not begin with `wait` is `nowait` */
};

struct inetd_dialect {
	enum inetd_quoting quoting;
	bool continues;                 /* a line that begins with a blank belongs to the one before */
	enum inetd_bare bare;
	bool tcp6_is_dual, udp6_is_dual;        /* take IPv4 clients too */
	enum inetd_dot dot;
	bool root_keeps_group;          /* the group of an entry for root is not looked at */
	enum inetd_wait wait;
	int64_t rate;                   /* starts a minute by default; 0: no limit */
	bool rate_less, number_less;    /* one start fewer than `rate`; than the N of nowait.N */
	bool zero_is_never;             /* nowait.0 starts nothing, where for others it is no limit */
	const char *limit_action;       /* trigger_limit_action; NULL: superd's own, clients wait */
	const char *pause;              /* pause of a service that reached the limit, as superd.conf writes it */
	const char *unix_mode;          /* mode of a unix socket's node, octal */
	bool wraps_program;             /* hosts.allow knows a program by its path's last part, not by argv[0] */
	bool adds_tcpmux;               /* a tcpmux/ entry makes it listen on port 1 unasked */
	bool searches_path;             /* looks for a program without a slash in usual folders */
};

const struct inetd_dialect *inetd_dialect(enum compat compat);
