/* All services: a table while it is built, checked, printed and compared. */
#pragma once

#include "table/option/option.h"

/* ---- lookup_cache.c ---- */

/* What name services have answered for a table: users, groups, hosts, ports. The superd that a guard starts anew gets
 * the answers of the one before, so that it does not depend on a directory server or a name server to go on. */

struct lookup {
	const char *kind, *name;        /* as "user", "nobody"; in the pool */
	const char *const *answer;      /* words, NULL-terminated; empty: there is nothing of this name */
	const struct lookup *next;      /* an earlier one; NULL: this is the first */
};

struct lookup_cache {
	struct pool *pool;              /* owned */
	struct ptr_map map;             /* kind, name -> struct lookup */
	const struct lookup *last;      /* NULL: there is none */
};

struct lookup_cache *lookup_cache_new(void);    /* NULL: out of memory */
void lookup_cache_free(struct lookup_cache *lookups); /* accepts NULL */

/* The answer to an earlier look-up; NULL: none is known, or lookups is NULL. */
const char *const *lookup_cache_find(struct lookup_cache *lookups, const char *kind, const char *name);

/* Keeps an answer, in the place of an earlier one: words, each with its NUL. If memory runs out, or lookups is NULL, it
 * keeps nothing, and the name is looked up again. */
void lookup_cache_add(struct lookup_cache *lookups, const char *kind, const char *name, const char *answer,
		      size_t length);

/* Reads a word of an answer as a number. false: it is none, as a state may be damaged. */
bool lookup_number(const char *word, uint32_t *number);

/* ---- table.c ---- */

/* The table: every service of every source; those of imports come last. Readers add rows by builders;
 * superd/machine/resolve adds the numbers for the names; then the table is immutable. It owns its pool, and so all of
 * its data. */

/* An entry of the sources that is not served, because of its errors. */
struct skipped {
	struct origin at;
	const char *name;               /* of the service; NULL: unknown, and it may be several services */
	bool is_doubtful;               /* its name may be wrong, because of an error in a value that the name depends on */
	bool is_part;                   /* a further file of a service that is in the list already */
	size_t row;                     /* its index in the table; SKIPPED_NO_ROW: none, or another entry represents it */
	const char *reason;             /* FILE:LINE:COL: MESSAGE of its first error; NULL: unknown */
	bool is_kept;                   /* a reload lets the service go on by its previous entry, which is listed */
};

#define SKIPPED_NO_ROW SIZE_MAX

/* What a place or a name of the sources is, for superd --keep-going. */
enum role_kind {
	ROLE_VITAL,                     /* all others need it, as defaults: an error there stops superd */
	ROLE_SHARED,                    /* others need it: an error skips those, and stays an error */
	ROLE_PART,                      /* a further file of the service `name` begins there */
	ROLE_ALONE,                     /* an error skips the service `name` alone, also without --keep-going */
	ROLE_ABSENT,                    /* the folder `name` is included there and is missing: an error if it had services */
	ROLES
};

struct source_role {
	enum role_kind kind;
	struct origin at;
	const char *name;
};

struct table {
	struct pool *pool;
	struct service *services;       /* owned */
	size_t count, capacity;
	bool warns_of_unsupported;      /* superd warns of protections that this machine lacks, and skips them */
	bool is_only_checked;           /* superd --check: this superd never runs the table, another user may */
	size_t users;                   /* holders of a row; see table_release */
	struct service superd;          /* superd { }, as text: its place and settings; at.file NULL: there is none */
	struct globals globals;         /* its values */
	struct globals settings;        /* the same with what the command line overrides, and defaults; by superd/load.c */
	const char *control;            /* path of the control socket in force, to be hidden from services; NULL: the default */
	struct lookup_cache *lookups;        /* owned; what name services have answered for it; NULL: nothing is kept */
	/* In the pool: the filters of system calls that were compiled for it (superd/machine/programs.c). */
	const struct compiled_filter *filters;
	struct names *names;            /* name -> row, created by the first table_find; private to table.c */
	const struct option_settings *defaults; /* of defaults { }, in the pool; NULL: no service has any */
	const void *bases[2][GROUPS];   /* the groups of services that set nothing: with superd's own defaults, and with these */
	/* For superd --keep-going; the lists are owned: */
	struct skipped *skipped;        /* entries that are not served, because of an error */
	size_t skipped_count, skipped_capacity;
	struct source_role *roles;
	size_t role_count, role_capacity;
};

struct table *table_new(void);                  /* NULL: out of memory */
void table_free(struct table *table);           /* accepts NULL */

/* Ends one use of the table; the last one frees it. */
void table_release(struct table *table);

/* Copies a row to the table; its data is in the pool already. NULL: out of memory. Names may repeat: table_check
 * reports that. */
struct service *table_add(struct table *table, const struct service *service);

/* Adds an entry that is skipped; name NULL: unknown. NULL: out of memory. */
struct skipped *table_skip(struct table *table, struct origin at, const char *name);

/* Keeps a role. false: out of memory, or it lacks what its kind needs. */
bool table_add_role(struct table *table, struct source_role role);

/* The next role of a kind behind this one; before NULL: the first. NULL: there is none. */
const struct source_role *table_next_role(const struct table *table, enum role_kind kind, const struct source_role *before);

/* Whether a service of an earlier table may be an entry that this table lacks because of an error. */
bool table_may_lack(const struct table *table, const struct service *service);

/* The entry skipped that a service of an earlier table may be. NULL: none. */
struct skipped *table_find_skipped(const struct table *table, const struct service *service);

struct service *table_find(const struct table *table, const char *name);        /* the first of that name, or NULL */

/* The groups of a row that would set nothing, by enum option_group: those of struct option_groups and GROUP_EXEC. */
static inline const void *const *table_bases(const struct table *table, const struct service *row)
{
	return table->bases[row->settings->defaults != NULL];
}

/* Names have changed: the next table_find looks at them anew. */
void table_forget_names(struct table *table);

/* ---- skipped.c ---- */

/* Entries that superd --keep-going skips because of their errors. Each is a row of the table that is off, with a
 * reason: by the name of its service; by FILE:LINE if its name is unknown, or if another row has it. */

/* Marks a row, which is skipped for this reason; skipped_list names it. false: out of memory. */
bool skipped_add(struct table *table, struct service *row, const char *reason);

/* Names the rows that are skipped, and adds a row for each entry that never was one, with all options at their
 * defaults. Several entries of one service get one row. false: out of memory. */
bool skipped_list(struct table *table);

size_t skipped_count(const struct table *table);       /* number of rows that are skipped */

/* The entry of a row. NULL: the row is not skipped. */
const struct skipped *skipped_of(const struct table *table, const struct service *row);

const char *skipped_reason(const struct skipped *entry);      /* FILE:LINE:COL: MESSAGE */

/* ---- specifier_values.c ---- */

/* The values of a unit file's specifiers on this machine, and the directories of its units (systemd.unit(5)).
 * superd/machine/specifier_values.c fills the struct for read/systemd; NULL: unknown. */

struct specifier_values {
	const char *host_name, *short_host_name, *pretty_host_name;
	const char *machine_id, *boot_id, *kernel, *architecture;
	const char *os_id, *os_version_id, *os_build_id, *os_variant_id, *image_id, *image_version;
	const char *user, *group, *user_id, *group_id, *home, *shell;   /* of superd itself */
	const char *credentials;        /* the directory of all services' credentials */
	const char *runtime, *state, *cache, *logs, *configuration, *data;      /* directories */
	const char *temporary, *lasting_temporary;      /* /tmp, /var/tmp */
};

/* The directories of system units in the order of their precedence, NULL-terminated. */
extern const char *const machine_unit_path[];

/* ---- service_builder.c ---- */

/* A service while a reader fills it in: its settings, and where the text sets them.
 *
 * A reader creates a builder and passes each option of the text to builder_set, by its name in superd.conf. `defaults
 * { }` is a builder, too. When all sources are read, builder_finish adds the row to the table, so the order of defaults
 * and services does not matter. The reader frees each builder. */

/* The value of one option as written, borrowed: the items of a list, or one text. A command may be one text, which the
 * type splits, or a list of words. */
struct value {
	const char *const *words;
	size_t count;
	bool is_list;                   /* written as {a, b} */
	bool append;                    /* written with += */
	struct origin at;               /* place of the option's name */
	const struct origin *word_at;   /* place of each word; NULL: unknown */
};

struct service_builder;

/* Creates a builder for a service, of which the row has what is no option: its name (NULL: it is for the defaults), its
 * place, whose table it is of, and is_superd for superd { }. NULL: out of memory. */
struct service_builder *builder_new(struct table *table, struct service row);
void builder_free(struct service_builder *builder); /* accepts NULL */

/* Takes superd { } into the table, once. */
bool builder_finish_superd(struct service_builder *builder, struct diags *diags);

/* Open and close a `socket NAME { }`. Between them, builder_set accepts only options of sockets and `listen`. name
 * NULL: the name of the service. */
void builder_open_socket(struct service_builder *builder, const char *name, struct origin at);
void builder_close_socket(struct service_builder *builder, struct diags *diags);

/* Sets one option. false: an error is in diags: the name is unknown (with a hint), the option is not allowed here, the
 * value is invalid, or the option is set twice (with both places). */
bool builder_set(struct service_builder *builder, const char *name, const struct value *value, struct diags *diags);

/* The same of one word. */
bool builder_set_text(struct service_builder *builder, const char *name, const char *text, struct origin at,
		      struct diags *diags);

/* Whether the builder's own text sets an option; for rules of dialects. */
bool builder_has(const struct service_builder *builder, const char *name);

/* The row of a builder as far as its text goes: without its options, for service_conf_add. false: out of memory. */
bool builder_row(const struct service_builder *builder, const struct option_settings *defaults, struct service *row);

const char *builder_name(const struct service_builder *builder);

/* Adds the row to the table: the builder's settings override `defaults` (NULL: none), which override superd's own. An
 * option with an invalid value has its default. false: out of memory, which is reported. */
bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags);

/* ---- service_conf.c ---- */

/* A row as superd.conf, which reads back as the same service: superd --print, superctl show, superd-read and the text that
 * superd keeps for the next one. */

struct conf_style {
	enum {
		PLACES_NONE,
		PLACES_OF_SERVICES,     /* a comment above each service */
		PLACES_OF_ALL,          /* and above each value that stands elsewhere */
		PLACES_MARKED           /* marks, which table/reading/superd_conf.c reads */
	} places;
	bool hides;                     /* a comment stands in place of a secret */
	/* The services stand below its defaults { }. For people: what only the reader of another system's table has set, and the
	 * row has anyway, is skipped. NULL: all is written that is set. */
	const struct table *table;
	const struct option_setting *const *shared;     /* for each option: the value that stands in defaults { }, and
							   is skipped; NULL: none */
	struct origin *last;            /* of PLACES_MARKED: the last mark; NULL: only services have marks */
	bool is_apart;                  /* the services stand below defaults { } of another table: theirs stand in them */
};

/* Adds service NAME { … }. */
void service_conf_add(struct buf *out, const struct service *service, const struct conf_style *style);

/* Adds defaults { … } with an empty line; nothing without any. NULL: there are none but the shared ones. */
void service_conf_add_defaults(struct buf *out, const struct option_settings *defaults, const struct conf_style *style);

/* Adds superd { … } with an empty line; nothing if the table has none. */
void service_conf_add_superd(struct buf *out, const struct service *superd, const struct conf_style *style);

/* Adds the value of an option: the words of the service, if it sets it once. */
void conf_value_add(struct buf *out, const struct service *service, const struct option_def *option);

/* How the mark of a service says which dialect its messages have. */
extern const char *const dialect_words[DIALECTS];

/* ---- print_conf.c, print_json.c, print_explain.c ---- */

/* Everything that superd prints about tables and options: a table as superd.conf or JSON, and the explanation of an
 * option. The table of options (table/option/option_table.c) drives it all; tests/lint/docs-in-sync makes the
 * lists in the manuals of it.
 *
 * Every function returns false if memory ran out or `out` could not be written. */

/* For this folder: writes the buffer to `out` and empties it. errno ENOMEM: out of memory. */
bool buf_flush(struct buf *buf, FILE *out);

/* Prints superd.conf with all that is set, in the words of who set it. It reads back as the same table, without what is left
 * out. With comments each value has the place where it was set. */
bool print_conf(const struct table *table, bool comments, FILE *out);

/* The same with a mark for each service (table/services/service_conf.c), which read_saved reads; and further rows, of
 * former tables. */
bool print_conf_saved(const struct table *table, const struct service *const *more, size_t count, FILE *out);

/* Prints {"services": [{"name": …, "listen": [{"endpoint": …, "name": …}], "exec": [words], …}]}. Durations are in
 * seconds, sizes in bytes; what has several values, as cps and limits, is in the words of superd.conf. A service has the
 * options that differ from the defaults, and always accept, pass, exec, user and disable. A socket has the options that
 * differ from its service. "superd": {…} stands before "services" if the table has superd { }; it has the settings that
 * are set. */
bool print_json(const struct table *table, FILE *out);

/* Explains one option to a person. Also false if there is no such option; option_hint then has a hint. */
bool print_explain(const char *option, FILE *out);

extern const char *const first_options[];       /* NULL-terminated, in the order of the crib sheet (contrib/doc/tutorial.md) */
bool print_first_options(FILE *out);    /* the options that people need first, with a sentence each */
bool print_options(FILE *out);          /* the names of all options, by chapter, and those that only say a unit */
bool print_options_json(FILE *out);     /* {"options": [{"name": …, "section": …, "text": …}]}: all that is known of each */

/* Lists the options whose name or text has all these words. Also false if there are none. */
bool print_search(const char *words, FILE *out);

/* ---- check.c, endpoint_conflict.c ---- */

/* Rules that concern more than one value: names and endpoints that two services claim, options that exclude or need
 * each other. They depend on the table alone; superd/machine/check.c checks the machine. */

/* Adds an error for each broken rule, and a warning for each probable mistake, such as an option that has no effect on
 * any socket of its service. */
void table_check(const struct table *table, struct diags *diags);

/* The claim of a socket to its endpoint, which no other socket of the table may have. */
struct endpoint_claim {
	const struct service *service;
	const struct listen *listen;
	struct endpoint endpoint;       /* listen->address, changed as bind_to_device and ipv6_only demand */
	size_t number;                  /* index in the order of the table */
};

struct endpoint_claim endpoint_claim_of(const struct service *service, const struct listen *listen, size_t number);

/* Reports endpoints that two services claim, in time linear in the size of the table. Where names are looked up it is
 * called after that, to see that tcp:http and 80 are one. */
void check_conflicts(const struct table *table, struct diags *diags);

/* ---- diff.c ---- */

/* Compares the services of two tables for a reload, by the table of options. */

enum diff_kind {
	DIFF_SAME,                      /* only the row is replaced */
	DIFF_CHANGED,                   /* other options: set on open sockets now, used by the next activation */
	DIFF_SOCKETS,                   /* other sockets in number or address, or ones that superd must bind again */
	DIFF_ADDED,
};

/* Compares two rows of the same name, of any tables. Adds a line for each option that differs to why, "NAME: OLD -> NEW"
 * in the syntax of superd.conf, where values have no line breaks and long ones are cut; of a secret, and where no text
 * differs, the name alone. why may be NULL. */
enum diff_kind service_compare(const struct service *before, const struct service *after, struct buf *why);

/* The last groups of options that were equal, borrowed from both tables. Zeroed: none yet. */
struct diff_cache {
	const struct option_groups *groups[2];
	const struct socket_options *options[2];
};

/* As service_compare, for all rows of two tables in turn: compares shared groups once. */
enum diff_kind service_compare_next(struct diff_cache *known, const struct service *before,
				    const struct service *after, struct buf *why);

/* Adds the line of one option, whose fields these are. */
void diff_add_option(struct buf *why, const struct option_def *option, const void *before, const void *after);

/* Whether the rows differ in options that take effect at the start of a backend. */
bool service_runs_differently(const struct service *before, const struct service *after);

/* Whether superd must bind an open listener again for the new options. The endpoint is the same. */
bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after);
bool socket_options_equal(const struct socket_options *before, const struct socket_options *after);
