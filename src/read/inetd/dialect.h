/* The dialects of inetd.conf: how each inetd implementation reads the same line. COMPAT_NONE is superd's own
 * dialect. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "table/reading/compat.h"

enum inetd_quoting {
	QUOTING_FULL,                   /* quotes anywhere in a word; in "…" a backslash escapes " and \ */
	QUOTING_PLAIN,                  /* quotes anywhere in a word, no backslash */
	QUOTING_WHOLE,                  /* quotes only around whole words */
	QUOTING_NONE                    /* quotes are ordinary characters */
};

/* The families of "tcp" and "udp" without 4, 6 or 46: two sockets, IPv4 alone, or one socket for both. */
enum inetd_bare { BARE_BOTH, BARE_IPV4, BARE_DUAL };

/* The meaning of a dot in the user field, user.group. */
enum inetd_dot {
	DOT_TRIED,                      /* a user of that whole name, if there is one; else user and group */
	DOT_SPLITS,                     /* user and group, unless there is a colon */
	DOT_FIRST,                      /* user and group, also with a colon behind */
	DOT_KEPT                        /* part of the user's name */
};

/* Which words mean `wait` and `nowait`. */
enum inetd_wait {
	WAIT_EXACT,                     /* just these */
	WAIT_PREFIX,                    /* all words that begin with them */
	WAIT_ELSE                       /* any word but `wait` and `wait.N` means `nowait` */
};

struct inetd_dialect {
	enum inetd_quoting quoting;
	bool continues;                 /* a line that begins with a blank continues the one before */
	enum inetd_bare bare;
	bool tcp6_is_dual, udp6_is_dual;        /* the socket of tcp6 or udp6 serves IPv4 clients too */
	enum inetd_dot dot;
	bool root_keeps_group;          /* the group of an entry for root is ignored */
	enum inetd_wait wait;
	int64_t rate;                   /* default limit, in starts a minute; 0: no limit */
	bool rate_less, number_less;    /* the limit is one less than `rate`; than N of nowait.N */
	bool zero_is_never;             /* nowait.0 means no start at all; otherwise it means no limit, but for */
	bool zero_is_default;           /* nowait.0 means the default, `rate` */
	const char *pause;              /* option trigger_limit_pause */
	const char *unix_mode;          /* file mode of a unix socket, octal */
	bool wraps_program;             /* hosts.allow has the last component of the program's path, not argv[0] */
	bool adds_tcpmux;               /* an entry tcpmux/NAME also opens port 1 for tcpmux itself */
	bool searches_path;             /* a program without a slash is searched in the usual folders */
};

const struct inetd_dialect *inetd_dialect(enum compat compat);
