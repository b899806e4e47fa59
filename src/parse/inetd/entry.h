/* A service of an inetd.conf, in either notation. Its fields are read one by one and then joined to what superd runs.
 * An entry is plain data until every source is read, because another line may replace a part of it. For this folder
 * alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse/inetd/dialect.h"
#include "parse/inetd/line.h"
#include "parse/reading.h"

enum inetd_type { INETD_STREAM, INETD_DGRAM, INETD_RAW, INETD_SEQPACKET };
enum inetd_transport {
	INETD_TCP, INETD_UDP, INETD_SCTP, INETD_UNIX, INETD_RPC_TCP, INETD_RPC_UDP, INETD_IP, INETD_MUX
};
enum { INETD_IPV4 = 1, INETD_IPV6 = 2 };

/* A number of an entry that says none. */
#define INETD_UNSAID (-1)

struct inetd_entry {
	struct origin at;
	const char *service;            /* its first field without the hosts: a name, a port, a path, PROGRAM/VERSIONS */
	const char *host;               /* without brackets; NULL: any */
	struct origin service_at, user_at, wait_at, program_at, protocol_at;
	uint8_t type, transport;        /* enum inetd_type, enum inetd_transport */
	uint8_t families;               /* INETD_IPV4 | INETD_IPV6 */
	uint8_t yields;                 /* those of them that it leaves to an entry which names them */
	bool is_bare;                   /* no family was named */
	bool is_dual;                   /* one socket for both families */
	bool is_implied;                /* the IPv6 half of an entry: it gives way to one that is written */
	bool accepts;                   /* nowait */
	bool never;                     /* a limit of 0: it is left closed */
	bool nobody;                    /* the same of each address, by NetBSD's rules: it is open, and nobody may come */
	bool disabled;                  /* NetBSD's "off" */
	int64_t burst, instances, per_source, per_source_cpm;   /* UNLIMITED or INETD_UNSAID */
	const char *pause;
	const char *protocol;           /* as written, without what stands behind a comma */
	const char *send_buffer, *receive_buffer;       /* NULL: the kernel's */
	const char *socket_user, *socket_group, *socket_mode;
	const char *user, *group;
	const char *program;            /* NULL: a builtin */
	words arguments;                /* argv from argv[0] on; empty: the program's own name */
	const char *builtin;
	const struct inetd_dialect *dialect;
	/* for telling entries apart, see inetd_apply_precedence.c */
	const char *name, *long_name;   /* of the service; the second where the first is another's, too */
	const char *rival;              /* the name under which another entry would name a family that this one yields */
	const char *address;            /* the name of tcpmux, PROGRAM/VERSIONS */
	bool is_dropped;
};

/* The entries of all sources. */
struct inetd_entries {
	struct inetd_entry *list;
	size_t count, capacity;
	const struct inetd *outer;      /* the file that includes the one being read, or NULL */
};

void inetd_entries_free(void *entries);

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
	const char *hosts;              /* default addresses, as in the list of a first field; NULL: any */
	struct origin policy;           /* the #@ that binds what follows; line 0: none */
	unsigned noted;                 /* notes about other inetds that this file has got, bits of INETD_NOTE_… */
};

enum { INETD_NOTE_NUMBER = 1, INETD_NOTE_DOT = 2, INETD_NOTE_QUOTES = 4 };

/* Adds an error. Gives false, for the caller to return. */
bool inetd_refuse(const struct inetd *inetd, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says once a file what other dialects make of it. */
void inetd_note(struct inetd *inetd, unsigned which, struct origin at, const char *text);

const char *inetd_keep(struct inetd *inetd, const char *text, size_t length); /* NULL: out of memory (reported) */
struct origin inetd_shift(struct origin at, size_t columns);		      /* a place further right on its line */

/* The fields, in the order of a line; each says what is wrong with it. `field` is the word as written. Fields that
 * build on others come behind them. */
bool inetd_take_type(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_protocol(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_wait(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_user(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at);
bool inetd_take_program(struct inetd *inetd, struct inetd_entry *entry, const char *program, struct origin at,
			const struct inetd_word *arguments, size_t count);
bool inetd_take_buffer(struct inetd *inetd, struct inetd_entry *entry, bool send, const char *size, struct origin at);

/* The limit of starts a minute, as "nowait.N" has it; 0 may mean none or never. */
void inetd_set_rate(struct inetd *inetd, struct inetd_entry *entry, int64_t number, struct origin at);

/* A limit of which nothing is ever started: `why` says which one. */
void inetd_set_never(struct inetd *inetd, struct inetd_entry *entry, struct origin at, const char *why);

/* No start a minute, as NetBSD has it: the port is open, and who comes is turned away. */
void inetd_set_none(struct inetd *inetd, struct inetd_entry *entry, struct origin at);

/* A number of digits alone, at most `most`. */
bool inetd_number(const char *text, int64_t most, int64_t *out);

/* First field: sets service and, with `protocol` known, hands back the list of hosts in front (NULL: none was
 * named) and what belongs to a unix socket's node. */
bool inetd_take_address(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at,
			const char **hosts);

/* Joins the fields: adds an entry for each host of the list, and for each family that needs its own. */
bool inetd_expand(struct inetd *inetd, struct inetd_entry *entry, const char *hosts, struct origin hosts_at);

/* Reads a definition in NetBSD's key = value form. *at is behind `on` or `off`, and moves behind the semicolon. */
bool inetd_netbsd_read(struct inetd *inetd, struct inetd_entry *entry, size_t *at);

/* Names the service, see service_name.c. false: out of memory. */
bool inetd_name(struct inetd_entry *entry, struct pool *pool);

/* Adds a copy, named. false: out of memory (reported). */
bool inetd_add(struct reading *reading, const struct inetd_entry *entry);

/* Sees which entries stand, and of which families; is_dropped marks the others. */
void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries);

/* Makes a builder of an entry and adds it. */
void inetd_build(struct reading *reading, const struct inetd_entry *entry);
