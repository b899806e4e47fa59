/* The internals of the reader of systemd's units, in the order of a reading: the text of units, finding them, their
 * keys, values, which units belong together, and the service that they become.
 *
 * Units and their texts live until the last source is read, and names of files as long as the table. */
#pragma once

#include "read/systemd/systemd.h"

/* ---- text.c: lines, words, specifiers ---- */

/* An assignment KEY=VALUE. */
struct unit_assignment {
	const char *section, *key;
	const struct key_row *row;      /* of the key, by its current name; NULL: the section has no such key */
	const char *value;              /* without blanks at both ends; a blank joins continued lines */
	struct origin at;               /* of the key */
	size_t value_at;                /* offset of the value in the line */
	const struct unit_piece *pieces;                /* of the line, in order */
	size_t piece_count;
};

/* The part of a line with its continuation lines from this byte on, up to the next piece, is this line of the file. */
struct unit_piece {
	size_t offset;
	unsigned line;
};

/* The assignments of a unit while its files are read. */
struct unit_text {
	struct pool *pool;
	struct diags *diags;
	struct unit_assignment *list;   /* owned */
	size_t count, capacity;
	bool failed;                    /* there are too many assignments (reported) */
};

/* Whether a text is a unit file, also of a type that superd does not run: it begins with a section, and one of its
 * sections is [Unit], [Socket] or [Service]. */
bool unit_text_recognises(const struct source_file *source);

/* Adds the assignments of one file. Reports lines that are wrong. */
void unit_text_add(struct unit_text *text, const struct source_file *source);

/* The place of a byte of the value. */
struct origin unit_place(const struct unit_assignment *assignment, size_t offset);

/* The values of specifiers in a unit. In a service of Accept=yes the instance is known only when a client connects. So
 * %i and %I become superd's template %{instance}, and %n and %N have it behind the prefix. Other specifiers that depend
 * on the instance are refused, and so are these in options without templates. */
struct unit_names {
	const struct unit *unit;
	const struct specifier_values *machine;         /* NULL: unknown; its specifiers are refused */
	const char *service;            /* the service's name in superd; NULL: unknown */
	bool per_connection;            /* a service of Accept=yes */
	bool for_superd;                /* the text is for an option with templates: a percent sign is doubled */
};

/* Replaces the specifiers of a whole text. Returns NULL, or the message about a wrong specifier, which is at *at. */
const char *unit_expand(const struct unit_names *names, const char *text, struct buf *out, size_t *at);

struct unit_word {
	const char *text;               /* without quotes and escapes, specifiers replaced; in the pool */
	size_t offset;                  /* of its first byte in the value */
	bool is_quoted;                 /* a part was quoted or escaped: such a ; does not separate commands */
};

/* The words of a value. */
struct unit_split {
	const struct unit_word *list;   /* in the pool */
	size_t count;
	size_t wrong_at;                /* the offset of the mistake; 0: none */
	const char *odd;                /* the first unknown escape, which stays as it is, as with systemd; NULL: none */
};

enum {
	UNIT_WORDS_LITERAL = 1 << 0,    /* a byte behind a backslash means itself, as in systemd's lists of paths */
	/* Colons separate the parts of a word. A colon that is escaped or comes from a specifier is refused, because
	 * superd.conf cannot express it; with UNIT_WORDS_LITERAL also a quoted one. Without UNIT_WORDS_LITERAL a blank
	 * may be escaped. */
	UNIT_WORDS_PARTS = 1 << 1,
	UNIT_WORDS_TEMPLATES = 1 << 2,  /* for unit_words: the words are for an option with templates */
};

/* Splits a value: blanks separate words, '…' and "…" quote, backslashes escape as in C. Returns NULL, or the message
 * about a wrong value; then list and count do not change. */
const char *unit_split(struct pool *pool, const struct unit_names *names, const char *value, unsigned flags,
		       struct unit_split *split);

/* ---- find.c: units by their names ---- */

struct unit {
	const char *name;               /* "foo@bar.service"; of an alias the name of the unit it leads to */
	const char *prefix;             /* "foo" */
	const char *instance;           /* "bar", still escaped; "" of a template; NULL: no instance and no template */
	const char *suffix;             /* "service" */
	const char *path;               /* of its file; NULL: masked */
	bool is_masked;                 /* an empty file, or a link to /dev/null */
	const struct unit_assignment *list;             /* those of its file first, then those of its drop-ins */
	size_t count;
	struct unit_pairing *pair;      /* that has this socket, or this service without Accept=yes; NULL: none */
	bool is_requested;              /* a source names it */
};

extern const char *const unit_suffixes[];               /* "service", "socket", then those of units that superd lacks */
bool unit_name_is_valid(const char *name);
bool unit_name_is_template(const char *name);           /* name is valid */
bool unit_name_has_suffix(const char *name, const char *suffix);        /* suffix: as ".service"; name has more than it */

/* Finds and reads a unit: its file or its template's, through aliases; and every drop-in of NAME.d, of the template's,
 * of PREFIX-.SUFFIX.d and SUFFIX.d, and of its aliases.
 *
 * superd searches a unit's files in the folder that the unit was named in, then in request->unit_path. If that is NULL,
 * the search path is systemd's: /etc before /run before /usr/local/lib before /usr/lib, then /lib. A folder that is
 * part of the search path keeps its place there: a mask or a copy in /etc also holds for units named in /usr/lib.
 *
 * folder: where the unit was named. The same unit has the same pointer. NULL: there is none (not reported), or it could
 * not be read (reported; *failed is true). */
struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed);

/* Adds the names in the folders beside a unit such as NAME.wants, of its template and its aliases, too; kind: ".wants".
 * list->failed: one cannot be read (reported). */
void unit_listed_names(struct reading *reading, const char *folder, const struct unit *unit, const char *kind,
		       struct word_list *list);

/* ---- keys.c: the table of keys ----
 *
 * A key that is an option has its name in the row of that option (table/option/option_table.c), too. */

bool unit_is_listen(const struct unit_assignment *assignment);          /* whether it is an address, as ListenStream */
bool unit_listens(const struct unit *unit);             /* whether it has an address to listen on */

/* Whether in [Socket] the key is only about the commands there. */
bool unit_key_is_shared(const struct key_row *key);

/* The known key of this section that is most like this one; NULL: none is like it. */
const char *unit_key_suggest(const char *section, const char *key);

/* Another section that has this key; NULL: none. */
const char *unit_key_section(const char *section, const char *key);

/* ---- build.c: values and options ----
 *
 * If the table of options has a key, the key becomes the option of that name. socket.c, commands.c and service.c
 * translate keys that superd has in another form. All others are reported by the status in their rows. */

/* A service while its builder is made from its units. */
struct unit_builder {
	struct reading *reading;
	struct pool *pool;              /* lives until the reading ends; the builder copies the texts that it keeps */
	struct service_builder *builder;
	const struct unit_pairing *pair;                /* NULL: only values are read */
	const struct unit *unit;        /* the unit whose keys are being applied */
	struct unit_names names;        /* the values of its specifiers */
	const char *type;               /* the value of the option `type`; unit_build_service sets it */
};

/* Adds an error, and is false: the service is skipped. Or reports a key that superd lacks, or warns. */
#define unit_refuse(builder, ...) reading_refuse((builder)->reading, __VA_ARGS__)
#define unit_unsupported(builder, ...) reading_unsupported((builder)->reading, __VA_ARGS__)
#define unit_warn(builder, ...) diag_warning((builder)->reading->diags, __VA_ARGS__)

/* Sets builder->unit and the values of its specifiers. */
void unit_builder_turn(struct unit_builder *builder, const struct unit *unit);

/* The last assignment of a key, in a unit or in builder->unit; NULL: none, or it is empty. */
const struct unit_assignment *unit_last(const struct unit *unit, const char *section, const char *key);
const struct unit_assignment *unit_assigned(const struct unit_builder *builder, const char *section, const char *key);

struct origin unit_start(const struct unit *unit);      /* the start of its file */

/* The place of a value; NULL: the start of the unit. */
struct origin unit_assignment_at(const struct unit_builder *builder, const struct unit_assignment *assignment);

/* A value with its specifiers replaced; NULL: it is wrong (reported). */
const char *unit_value(struct unit_builder *builder, const struct unit_assignment *assignment);

/* The value of a boolean key. fallback: the key is not set, or is no boolean (reported). */
bool unit_bool(struct unit_builder *builder, const char *section, const char *key, bool fallback);

/* The timespan of an assignment. false: it is none (reported), or assignment is NULL. */
bool unit_timespan(struct unit_builder *builder, const struct unit_assignment *assignment, int64_t *span);

/* A timespan as superd.conf has it, which knows fewer units of time. */
const char *unit_span_text(struct unit_builder *builder, int64_t span);

/* Goes through the assignments of a list that count. An empty one clears the list: the last such is the first of them. */
struct unit_lines {
	const struct unit *unit;
	const char *section;
	const char *key;                /* its current name */
	enum key_form form;             /* FORM_OPTION: the list has one key; else all whose names begin like this, with rows
					   of this form */
	size_t next;
};
const struct unit_assignment *unit_next_assignment(struct unit_lines *lines);

/* Splits a value as unit_split does. Unknown escapes are warned of, and in paths refused, as systemd does. false: the
 * value is wrong (reported). */
bool unit_words(struct unit_builder *builder, const struct unit_assignment *assignment, unsigned flags,
		struct unit_split *split);

/* How unit_collect splits the values of a key. */
enum unit_collect {
	COLLECT_WORDS,                  /* words */
	COLLECT_SET,                    /* words; an assignment of ~ alone clears those before it */
	COLLECT_FULL_SET,               /* the same of a set that has all by default: ~ alone, and what gives back all that
					   was taken, is as if nothing had been said; behind an empty assignment words
					   with ~ take nothing */
	COLLECT_SWITCH,                 /* words; yes, no or none alone takes the place of those before it, and gives it
					   to those behind it, but for those with ~ */
	COLLECT_NETWORKS,               /* words for networks; up to here a ~ before the first word goes before each */
	COLLECT_NAMES,                  /* names of variables */
	COLLECT_VARIABLES,              /* NAME=value, of an option with templates */
	COLLECT_VALUES,                 /* whole values */
	COLLECT_CREDENTIALS,            /* the same, as in SetCredential=: only the name before the colon has specifiers */
	COLLECT_PATHS,                  /* paths: a backslash escapes any byte */
	COLLECT_BINDINGS,               /* paths with parts separated by colons, as in BindPaths= */
	COLLECT_FOLDERS,                /* names of folders, as in StateDirectory=: sorted, each once */
};
/* The words of all assignments of a key. An empty assignment clears the list. Wrong names, variables and networks are
 * skipped as with systemd, or refused if the key denies something; both are reported. */
struct word_list unit_collect(struct unit_builder *builder, const char *section, const char *key,
			      enum unit_collect how);

/* Sets an option of superd.conf. false: refused (reported). */
#define unit_set(of, option, text, at) builder_set_text((of)->builder, option, text, at, (of)->reading->diags)
#define unit_setf(of, option, at, ...) unit_set(of, option, pool_textf((of)->pool, __VA_ARGS__), at)
bool unit_set_list(struct unit_builder *builder, const char *option, const struct word_list *list);

bool unit_has_socket_commands(const struct unit *unit); /* whether [Socket] has some */

/* Applies the keys of a section, but those that are translated apart, and reports unknown keys. */
void unit_apply_keys(struct unit_builder *builder, const char *section);
void unit_apply_common_keys(struct unit_builder *builder);      /* the same of [Unit] and [Install] */

/* Sets the option to the conditions and assertions of builder->unit. */
void unit_build_conditions(struct unit_builder *builder, const char *option);

/* Reports sections other than [Unit], [Install] and `own`. */
void unit_report_sections(struct unit_builder *builder, const char *own);

/* ---- pairs.c: units that belong together ---- */

/* A unit that a source names. */
struct requested_unit {
	struct unit *unit;
	const char *folder;             /* where its other units are searched first */
	bool by_name;                   /* the source names the unit; false: it names the folder */
};

/* A service that the units of a pair name, as in Requires. */
struct unit_need {
	const struct unit_pairing *needed;              /* that has the service */
	const struct unit *by;          /* the unit that names it, or is named by it: the service or a socket */
	unsigned kinds;                 /* NEED_… */
	struct origin at;               /* where it is named */
};

enum {
	NEED_WANTED = 1 << 0,           /* the unit starts also without it */
	NEED_REQUIRED = 1 << 1,
	NEED_IS_BESIDE = 1 << 2,        /* it starts at the same time, and nothing waits; else the unit waits for it */
};

/* A service and the sockets that activate it. In the pool. */
struct unit_pairing {
	struct unit *service;           /* NULL: there is none (reported) */
	struct unit **sockets;          /* owned; in the order of their descriptors */
	size_t count, capacity;
	struct unit_need *needs;        /* owned */
	size_t need_count, need_capacity;
	const char *folder;             /* where other units are searched first */
	const char *name;
	bool accepts;                   /* the sockets have Accept=yes */
	bool by_name;                   /* a source names one of its units; false: folders do */
	bool is_pulled;                 /* no source has it: another unit needs it */
	bool is_needed;                 /* another pair needs its service */
	bool boots;                     /* a socket needs it: it starts with superd */
	bool has_failed;                /* one of its units could not be read (reported) */
};

/* The state of a reading for units: what find.c has read, the units that sources name, and the pairs of sockets and
 * services among them. */
struct units {
	struct pool *pool;              /* of all but names of files; lives until the last source is read */
	struct search *searches;
	struct known *known[1024];      /* hash table */
	struct requested_unit *list;    /* owned */
	size_t count, capacity;
	struct unit_pairing **pairs;    /* owned */
	size_t pair_count, pair_capacity;
};

struct units *units_of(struct reading *reading);
void units_free(void *units);           /* identifies the state, too */

/* Adds a unit that should run. */
void units_request(struct reading *reading, struct unit *unit, const char *folder, bool by_name);

/* Makes pairs of all requested units, and of the services that they need. Reports units that are missing, and what
 * superd does not do for other units. */
void units_pair(struct reading *reading);

/* Skips a service that begins at this place. All files with errors since diagnostic `first` belong to it. */
void units_leave_out(struct reading *reading, const char *name, struct origin at, size_t first);

/* Sets what the socket builder->unit needs, whose socket { } is open. */
void unit_build_socket_needs(struct unit_builder *builder);

/* Sets when the service starts, and what it requires and wants. */
void unit_build_needs(struct unit_builder *builder);

/* ---- socket.c, service.c, commands.c ---- */

/* Makes a socket { } of each .socket unit, also for their commands. */
void unit_build_sockets(struct unit_builder *builder);
void unit_build_socket_commands(struct unit_builder *builder);

/* Sets the limits of connections, and the address rules of the service. */
void unit_build_access(struct unit_builder *builder);

/* All of the service, with its commands. */
void unit_build_service(struct unit_builder *builder);
void unit_build_commands(struct unit_builder *builder);

/* The folders of ExecSearchPath; count 0: the service sets none. */
struct word_list unit_search_path(struct unit_builder *builder);
