/* What the files of this folder share. entry.c reads the entries of all files of a source, as they are written; service.c
 * applies defaults when all are read, because services may come before them, and makes builders. */
#pragma once

#include "table/reading/reading.h"

/* The attributes of xinetd.conf(5). In the order of their names, which is that of key_list. */
enum xinetd_attribute {
	ATTR_ACCESS_TIMES, ATTR_BANNER, ATTR_BANNER_FAIL, ATTR_BANNER_SUCCESS, ATTR_BIND, ATTR_CPS, ATTR_DENY_TIME,
	ATTR_DISABLE, ATTR_DISABLED, ATTR_ENABLED, ATTR_ENV, ATTR_FLAGS, ATTR_GROUP, ATTR_GROUPS, ATTR_ID,
	ATTR_INSTANCES, ATTR_LIBWRAP, ATTR_LOG_ON_FAILURE, ATTR_LOG_ON_SUCCESS, ATTR_LOG_TYPE, ATTR_MAX_LOAD,
	ATTR_MDNS, ATTR_NICE, ATTR_NO_ACCESS, ATTR_ONLY_FROM, ATTR_PASSENV, ATTR_PER_SOURCE, ATTR_PORT, ATTR_PROTOCOL,
	ATTR_REDIRECT, ATTR_RLIMIT_AS, ATTR_RLIMIT_CPU, ATTR_RLIMIT_DATA, ATTR_RLIMIT_FILES, ATTR_RLIMIT_RSS,
	ATTR_RLIMIT_STACK, ATTR_RPC_NUMBER, ATTR_RPC_VERSION, ATTR_SERVER, ATTR_SERVER_ARGS, ATTR_SOCKET_TYPE,
	ATTR_TYPE, ATTR_UMASK, ATTR_USER, ATTR_V6ONLY, ATTR_WAIT,
	ATTRIBUTES
};

enum { SOME_VALUES = -1, ANY_VALUES = -2 };     /* one or more; zero or more */

enum {
	ATTR_IN_DEFAULTS = 1 << 0,
	ATTR_NOT_IN_SERVICE = 1 << 1,
	ATTR_ADDS = 1 << 2,             /* += */
	ATTR_REMOVES = 1 << 3,          /* -= */
	ATTR_RESTRICTS = 1 << 4,        /* it restricts the service: superd refuses a line that xinetd would ignore */
	ATTR_IS_DECIMAL = 1 << 5,       /* its numbers are decimal, also with zeros in front */
	ATTR_IGNORED_IN_DEFAULTS = 1 << 6,      /* by xinetd; superd applies it, with a warning */
	ATTR_MAKES_SERVICE = 1 << 7,    /* without it the service is another one */
};

extern const struct key_table xinetd_keys;

#define xinetd_rule(attribute) (key_list(&xinetd_keys).list + (attribute))

/* Finds an attribute by its name, case-insensitively; `interface` is another name of bind. NULL: unknown. */
const struct key_row *xinetd_attribute_find(const char *name);

/* The same for the words of a value: the index of a word in a NULL-terminated list, case-insensitively, or -1; and the
 * word that is most like it, for "did you mean", or NULL. */
int xinetd_word_find(const char *const *known, const char *word);
const char *xinetd_word_suggest(const char *const *known, const char *word);

/* The lines of xinetd.conf, split into words. A line depends on its own text alone: there are no quotes, escapes or
 * continuation lines. Blanks separate values. A # begins a comment only as the first character of a line. */
enum xinetd_line_kind {
	XINETD_STATEMENT,               /* words without an operator: service NAME, defaults, include PATH */
	XINETD_ATTRIBUTE,               /* NAME OPERATOR VALUES */
	XINETD_OPEN,                    /* { */
	XINETD_CLOSE                    /* }; words[] has the words behind it */
};

/* The current line of a source. The caller sets source and pool; the rest starts zeroed. */
struct xinetd_line {
	const struct source_file *source;
	struct pool *pool;              /* of the texts of its words */
	size_t start, end;              /* of the line and the next one, in the source's text */
	size_t near;                    /* for source_origin_near */
	enum xinetd_line_kind kind;
	struct origin at;               /* its first word, or brace */
	const char *name;               /* of an attribute */
	int sign;                       /* as in struct assignment */
	struct word_list words;         /* the values of an attribute; owned */
};

/* Goes to the next line that is neither blank nor a comment. false: at the end of the text. */
bool xinetd_line_next(struct xinetd_line *line);

/* Whether the line is a statement that begins with this word, case-insensitively, as keywords of xinetd.conf are. */
bool xinetd_line_is(const struct xinetd_line *line, const char *word);

/* Whether the line begins with service, defaults, include or includedir, which only occur between entries. */
bool xinetd_line_begins_entry(const struct xinetd_line *line);

/* An entry collects its own diagnostics, because an error is only a warning if the entry turns out to be disabled. With an
 * error it becomes no service. */
struct xinetd_entry {
	const char *name;               /* of the service, as written; NULL: the entry is defaults */
	struct origin at;
	struct assignment *list;
	size_t count, capacity;
	struct diags diags;
	const char *id;                 /* as written; service.c sets the three */
	const char *plain;              /* the id as superd may call a service; several entries may share one */
	const char *label;              /* the unique name of the service in superd */
	bool is_doubtful;               /* a wrong line may have set another id */
	bool is_disabled;
	struct origin disabled_at;
};

/* The entries of one source: a file with all files that it includes, or a folder. */
struct xinetd {
	struct pool *pool;              /* texts and lists that live until the builders are made */
	struct xinetd_entry *services;
	size_t count, capacity;
	struct xinetd_entry defaults;   /* defaults of all files; its place is that of the first */
	bool has_defaults;              /* the current file already had defaults */
	const struct reader *reader;    /* reader_xinetd, for included files */
};

void xinetd_free(void *xinetd);

/* Adds the entries of one file and of the files that it includes. */
void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source);

/* Adds the entry's diagnostics to diags. Of a disabled one errors become warnings, and notes are skipped. A diagnostic
 * about a line of defaults, NULL for none, is added once: defaults keep it, too. */
void xinetd_entry_report(const struct xinetd_entry *entry, struct xinetd_entry *defaults, struct diags *diags);

/* The words of `type` and `flags`, by bit. */
enum { IS_RPC = 1 << 0, IS_INTERNAL = 1 << 1, IS_UNLISTED = 1 << 2, IS_SPECIAL = 1 << 3, IS_TCPMUX = 1 << 4,
       IS_TCPMUXPLUS = 1 << 5 };
enum {
	FLAG_INTERCEPT = 1 << 0, FLAG_NORETRY = 1 << 1, FLAG_IDONLY = 1 << 2, FLAG_NAMEINARGS = 1 << 3,
	FLAG_NODELAY = 1 << 4, FLAG_KEEPALIVE = 1 << 5, FLAG_NOLIBWRAP = 1 << 6, FLAG_SENSOR = 1 << 7,
	FLAG_IPV4 = 1 << 8, FLAG_IPV6 = 1 << 9, FLAG_LABELED = 1 << 10, FLAG_REUSE = 1 << 11
};
enum xinetd_socket { XINETD_STREAM, XINETD_DGRAM, XINETD_RAW, XINETD_SEQPACKET };

/* A service of xinetd.conf while its builder is made; also the defaults of a source. */
struct xinetd_service {
	struct draft draft;                     /* its diagnostics are the entry's */
	struct xinetd_entry *entry;
	const struct xinetd_service *defaults;  /* NULL: these are the defaults */
	struct assignment *value[ATTRIBUTES];   /* with all words that lines with = += and -= make; NULL: not set */
	bool is_broken[ATTRIBUTES];             /* a line was refused: no service may run without this value */
	unsigned type, flags;                   /* bits IS_… and FLAG_… */
	enum xinetd_socket socket;
	const char *protocol;                   /* as written, but tcp, udp and sctp in lower case */
	bool v6only;
	bool has_bad_line;                      /* a line was no attribute: it may have been the one that is missing */
	bool accepts;                           /* wait = no: superd accepts connections or reads the first datagram */
};

/* Sets the values: those of defaults, to which the entry's lines are then applied. Mistakes are the entry's. */
void xinetd_merge(struct xinetd_service *service);

/* Extends a value by the words of a line. NULL: there is none yet. */
struct assignment *xinetd_value_add(struct xinetd_service *service, struct assignment *value,
				    const struct assignment *line);

/* Whether the value is that of defaults, unchanged. */
bool xinetd_is_inherited(const struct xinetd_service *service, const struct assignment *value);
