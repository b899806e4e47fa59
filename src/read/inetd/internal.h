/* What the files of this folder share: the dialects, and an entry between its line and its builder. */
#pragma once

#include "table/reading/reading.h"

/* The families of "tcp" and "udp" without 4, 6 or 46: two sockets, IPv4 alone, or one socket for both. */
enum inetd_bare { BARE_BOTH, BARE_IPV4, BARE_DUAL };

/* The meaning of a dot in the user field, user.group, if there is no colon. */
enum inetd_dot {
	DOT_TRIED,                      /* a user of that whole name, if there is one; else user and group */
	DOT_SPLITS,                     /* user and group */
	DOT_KEPT                        /* part of the user's name */
};

/* How an inetd implementation reads a line. COMPAT_NONE is superd's own dialect. */
struct inetd_dialect {
	bool has_quotes;                /* quotes join words; in "…" a backslash escapes " and \ */
	bool continues;                 /* a line that begins with a blank continues the one before */
	enum inetd_bare bare;
	bool tells_families;            /* a note says what tcp and udp mean */
	bool tcp6_is_dual, udp6_is_dual;        /* the socket of tcp6 or udp6 serves IPv4 clients too */
	enum inetd_dot dot;
	int64_t rate;                   /* default limit, in starts a minute; 0: no limit */
	bool zero_is_never;             /* nowait.0 means no start at all; otherwise it means the default, `rate` */
	const char *pause;              /* option trigger_limit_pause */
	const char *unix_mode;          /* file mode of a unix socket, octal */
	bool wraps_program;             /* hosts.allow has the last component of the program's path, not argv[0] */
	bool searches_path;             /* a program without a slash is searched in the usual folders */
	bool hosts_stay;                /* a line HOSTS: holds for the files that are read later, too */
};

enum inetd_type { INETD_STREAM, INETD_DGRAM, INETD_RAW, INETD_SEQPACKET, INETD_TYPES };
enum inetd_transport {
	INETD_TCP, INETD_UDP, INETD_SCTP, INETD_UNIX, INETD_RPC_TCP, INETD_RPC_UDP, INETD_IP, INETD_MUX,
	INETD_TRANSPORTS
};

/* The word of each, in tables and in endpoints of superd.conf, and the types of socket that it has, as bits. INETD_IP has
 * the name of its protocol. */
extern const struct inetd_transport_row { const char *word; unsigned types; } inetd_transports[INETD_TRANSPORTS];

enum { INETD_IPV4 = 1, INETD_IPV6 = 2 };

/* A service of an inetd.conf. Each field is read on its own; the line then becomes entries, one for each service. They
 * become builders when all sources are read, because a later line may replace an entry. */
struct inetd_entry {
	struct origin at;
	const char *service;            /* the first field without hosts: a name, a port, a path, PROGRAM/VERSIONS */
	const char *host;               /* the address to listen on, without brackets; NULL: any */
	struct origin service_at, user_at, wait_at, program_at, protocol_at;
	enum inetd_type type;
	enum inetd_transport transport;
	unsigned families;              /* INETD_IPV4 | INETD_IPV6 */
	unsigned yields;                /* families that this entry leaves to an entry which names them */
	bool is_bare;                   /* no family was named */
	bool is_implied;                /* the IPv6 half of an entry, for machines that have it */
	bool accepts;                   /* nowait */
	bool never;                     /* a limit is 0: the service is disabled */
	/* Limits: starts a minute, processes, processes and connections a minute of one client address; UNLIMITED. */
	int64_t burst, instances, per_source, per_source_rate;
	const char *protocol;           /* as written, without the options behind a comma */
	const char *socket_user, *socket_group, *socket_mode;   /* of a unix socket; NULL: not set */
	const char *user, *group;       /* group NULL: the user's own */
	const char *program;            /* NULL: a builtin */
	words arguments;                /* argv, from argv[0] on; empty: argv[0] is the program's name */
	const char *builtin;            /* NULL: a program */
	const struct inetd_dialect *dialect;
	const char *name;               /* of the service in superd, see service.c; set when all entries are known */
	const char *address;            /* NAME of tcpmux/NAME; PROGRAM/VERSIONS of RPC */
	bool is_dropped;                /* others have all of its families */
};

static inline bool inetd_is_rpc(const struct inetd_entry *entry)
{
	return entry->transport == INETD_RPC_TCP || entry->transport == INETD_RPC_UDP;
}

/* The entries of all sources, and all their texts. The table gets copies of the texts that it needs, a third. */
struct inetd_entries {
	struct pool *pool;              /* owned */
	struct inetd_entry *list;
	size_t count, capacity;
	const char *hosts;              /* default addresses, from a line HOSTS:; NULL: none was read */
	struct origin hosts_at;         /* the place of that line */
	bool is_included;               /* the current file is */
};

void inetd_entries_free(void *entries);

/* NULL before a table of inetd is read. */
static inline struct inetd_entries *inetd_entries(struct reading *reading)
{
	return *reading_state(reading, inetd_entries_free);
}

/* Decides which entries take effect, and for which families, and names them; the others get is_dropped. */
void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries);

/* Makes a builder of an entry and adds it; an entry with an error is skipped. */
void inetd_build(struct reading *reading, const struct inetd_entry *entry);
