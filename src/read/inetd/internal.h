/* What the files of this folder share: the dialects, and an entry between its line and its builder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/source_file.h"
#include "table/reading/compat.h"
#include "table/reading/reading.h"

/* The dialects of inetd.conf: how each inetd implementation reads the same line. COMPAT_NONE is superd's own
 * dialect. */
/* The families of "tcp" and "udp" without 4, 6 or 46: two sockets, IPv4 alone, or one socket for both. */
enum inetd_bare { BARE_BOTH, BARE_IPV4, BARE_DUAL };

/* The meaning of a dot in the user field, user.group, if there is no colon. */
enum inetd_dot {
	DOT_TRIED,                      /* a user of that whole name, if there is one; else user and group */
	DOT_SPLITS,                     /* user and group */
	DOT_KEPT                        /* part of the user's name */
};

struct inetd_dialect {
	bool has_quotes;                /* quotes join words; in "…" a backslash escapes " and \ */
	bool continues;                 /* a line that begins with a blank continues the one before */
	enum inetd_bare bare;
	bool tcp6_is_dual, udp6_is_dual;        /* the socket of tcp6 or udp6 serves IPv4 clients too */
	enum inetd_dot dot;
	int64_t rate;                   /* default limit, in starts a minute; 0: no limit */
	bool zero_is_never;             /* nowait.0 means no start at all; otherwise it means the default, `rate` */
	const char *pause;              /* option trigger_limit_pause */
	const char *unix_mode;          /* file mode of a unix socket, octal */
	bool wraps_program;             /* hosts.allow has the last component of the program's path, not argv[0] */
	bool searches_path;             /* a program without a slash is searched in the usual folders */
};

const struct inetd_dialect *inetd_dialect(enum compat compat);

/* A line of inetd.conf with its continuation lines, split into words with their places. */
struct inetd_word {
	const char *text;               /* without its quotes, in the pool */
	struct origin at;
};

/* Starts zeroed; reused from line to line. */
struct inetd_line {
	struct inetd_word *words;
	size_t count, capacity;
	struct origin at;               /* its first word */
	size_t end;                     /* offset of the next line in the source's text */
	size_t near;                    /* for source_origin_near */
};

enum inetd_type { INETD_STREAM, INETD_DGRAM, INETD_RAW, INETD_SEQPACKET, INETD_TYPES };
extern const char *const inetd_type_words[INETD_TYPES];
enum inetd_transport {
	INETD_TCP, INETD_UDP, INETD_SCTP, INETD_UNIX, INETD_RPC_TCP, INETD_RPC_UDP, INETD_IP, INETD_MUX
};
enum { INETD_IPV4 = 1, INETD_IPV6 = 2 };

#define INETD_FIELDS "an entry is SERVICE TYPE PROTOCOL WAIT USER PROGRAM ARGUMENTS..."

/* A limit that the entry does not set. */
#define INETD_UNSAID (-1)

/* A service of an inetd.conf. Each field is read on its own; the line then becomes entries, one for each service. They
 * become builders when all sources are read, because a later line may replace an entry. */
struct inetd_entry {
	struct origin at;
	const char *service;            /* the first field without hosts: a name, a port, a path, PROGRAM/VERSIONS */
	const char *host;               /* the address to listen on, without brackets; NULL: any */
	struct origin service_at, user_at, wait_at, program_at, protocol_at;
	uint8_t type, transport;        /* enum inetd_type, enum inetd_transport */
	uint8_t families;               /* INETD_IPV4 | INETD_IPV6 */
	uint8_t yields;                 /* families that this entry leaves to an entry which names them */
	bool is_bare;                   /* no family was named */
	bool is_dual;                   /* one socket serves both families */
	bool is_implied;                /* the IPv6 half of an entry, for machines that have it */
	bool accepts;                   /* nowait */
	bool never;                     /* a limit is 0: the service is disabled */
	/* Limits: starts a minute, processes, processes and connections a minute of one client address; UNLIMITED or
	 * INETD_UNSAID. */
	int64_t burst, instances, per_source, per_source_cpm;
	const char *protocol;           /* as written, without the options behind a comma */
	const char *send_buffer, *receive_buffer;       /* sizes in bytes, as written; NULL: the kernel's default */
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

/* The entries of all sources, and all their texts. The table gets copies of the texts that it needs, a third. */
struct inetd_entries {
	struct pool *pool;              /* owned */
	struct inetd_entry *list;
	size_t count, capacity;
	const struct inetd *outer;      /* the file that includes the current one; NULL: none */
};

void inetd_entries_free(void *entries);

/* An entry at this place, without anything but its service. */
struct inetd_entry inetd_entry_new(const struct inetd_dialect *dialect, const char *service, struct origin at);

/* NULL before a table of inetd is read. */
static inline struct inetd_entries *inetd_entries(struct reading *reading)
{
	return *reading_state(reading, inetd_entries_free);
}

/* The state of reading a file. */
struct inetd {
	struct reading *reading;
	const struct source_file *source;
	const struct inetd_dialect *dialect;
	struct inetd_line line;
	const char *hosts;              /* default addresses, from a line HOSTS:; NULL: any */
	struct origin policy;           /* the line #@ with an IPsec policy for entries below it; line 0: none */
};

/* Adds an error. Returns false. */
#define inetd_refuse(inetd, ...) reading_refuse((inetd)->reading, __VA_ARGS__)
#define inetd_hint(inetd, ...) diags_hint((inetd)->reading->diags, __VA_ARGS__)

/* Adds an error or a warning that begins with the entry's service. Returns false. */
bool inetd_say(struct inetd *inetd, const struct inetd_entry *entry, enum severity severity, struct origin at,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
#define entry_refuse(inetd, entry, ...) inetd_say(inetd, entry, SEVERITY_ERROR, __VA_ARGS__)
#define entry_warn(inetd, entry, ...) inetd_say(inetd, entry, SEVERITY_WARNING, __VA_ARGS__)

const char *inetd_keep(struct inetd *inetd, const char *text, size_t length);
struct origin inetd_shift(struct origin at, size_t columns);	/* the place that many columns further right */

/* Each of these reads one field into the entry. `field` is the word as written. They are called in this order, because
 * a field may depend on the fields before it. false: the field is wrong (reported). */
bool inetd_take_type(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_protocol(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_wait(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_user(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_program(struct inetd *inetd, struct inetd_entry *entry, const struct inetd_word *program,
			const struct inetd_word *arguments, size_t count);

/* Reads the first field; the protocol must be known. Sets service and the owner and mode of a unix socket. *hosts: the
 * list of hosts in front of the service; NULL: none was named. */
bool inetd_take_address(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at,
			const char **hosts);

/* Decides which entries take effect, and for which families, and names them; the others get is_dropped. */
void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries);

/* Makes a builder of an entry and adds it; an entry with an error is left out. */
void inetd_build(struct reading *reading, const struct inetd_entry *entry);
