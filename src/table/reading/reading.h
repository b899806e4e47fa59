/* A reading: the state that lives from the first source to the finished table; and the interface of a language's
 * reader. read/client has the list of languages.
 *
 * A reader splits text into tokens and calls builders. It binds no socket, logs nothing, never exits and looks up no
 * host name. Fuzzers run it on arbitrary bytes. */
#pragma once

#include "table/services/services.h"

#define READING_DEPTH 16                /* most files that include one another */
#define READING_FILES 100000            /* most files of a reading: ten thousand units are thirty thousand files */
#define READING_STATES 8                /* most states of languages, see struct reading_state */

/* The inetd implementations whose tables superd reads. They read some lines differently; --compat selects one of them. */
enum compat { COMPAT_NONE, COMPAT_OPENBSD, COMPAT_FREEBSD, COMPAT_NETBSD, COMPAT_GNU, COMPAT_BUSYBOX, COMPAT_XINETD, COMPATS };

extern const char *const compat_names[COMPATS + 1];     /* "" , "openbsd", …, NULL */

enum compat compat_find(const char *name, size_t length);       /* COMPAT_NONE: no implementation has that name */

/* A file that is being read. In the table's pool. */
struct opened {
	const struct opened *outer;     /* that names it; NULL: the command line does */
	unsigned depth;                 /* 1: the command line names it */
	const char *path;
	struct origin from;             /* the include or import that named it; file NULL: the command line did */
	dev_t device;
	ino_t inode;                    /* with device: paths with the same pair are one file; 0: standard input */
};

/* A source: of the command line, or of an import in superd.conf, which is read when the file of that is. */
struct import {
	const char *source;             /* "[FORMAT[+COMPAT]:]PATH", as it is written; in the table's pool */
	bool optional;                  /* it may be missing */
	struct origin from;             /* the statement; file NULL: the command line names it */
	const struct opened *opened;    /* the file of the statement */
	const char *path;               /* complete; in the pool */
	bool waits;                     /* superd-read has to read it */
	bool is_own;                    /* superd-read found that it is superd.conf, which superd reads itself */
};

/* Defaults from an inetd's command line, for services of an inetd.conf that do not set them. */
struct inetd_defaults {
	int64_t rate;                   /* -R: starts a minute; -1: the dialect's default, 0: no limit */
	int64_t instances;              /* -c: processes of a service; here and below -1: not given, 0: no limit */
	int64_t per_source_rate;        /* -C: connections a minute of one client address */
	int64_t per_source;             /* -s: processes of a service for one client address */
	int64_t backlog;                /* -q: of listen(2) */
	const char *address;            /* -a: the address of a line that names none; NULL: any */
	bool wrap_external;             /* -w, -l: hosts.allow and hosts.deny hold for programs */
	bool wrap_internal;             /* -W: hosts.allow and hosts.deny hold for builtins */
	bool passes_environment;        /* -E: programs get superd's whole environment */
	bool tells_addresses;           /* --environment: programs get PROTO, TCPLOCALIP, TCPREMOTEIP and so on */
	const char *folder;             /* -d, -i, -f: the working folder of programs; NULL: / */
};

/* The state that a language's reader keeps from file to file. The function that frees a state also identifies it. */
typedef void free_state(void *state);
struct reading_state {
	free_state *free;               /* NULL: this slot and all later ones are unused */
	void *state;                    /* NULL: nothing is kept now */
};

/* One reading. */
struct reading {
	struct table *table;
	struct diags *diags;
	struct service_builder *defaults; /* the `defaults` of superd.conf sources; NULL until one is read */
	struct service_builder **builders;              /* all are owned; those of imports come last */
	size_t kept, capacity;          /* of builders */
	size_t builder_count;           /* with those that take_builder has taken */
	const struct opened *opened;    /* the innermost of the includes, to refuse a file that includes itself; NULL: none */
	size_t files;                   /* files read so far */
	enum compat compat;             /* of the source that is read: from --compat or FORMAT+COMPAT:PATH */
	const struct inetd_defaults *inetd;             /* NULL: the dialect's defaults hold */
	const struct read_request *request;             /* NULL: a text in memory is read */
	size_t pending;                 /* services that will become builders in reading_finish */
	struct reading_state states[READING_STATES];    /* one a language; use reading_state to reach it */
	uint64_t words_added;           /* words that += has made anew in what superd-read has written */
	struct import *imports;         /* owned */
	size_t import_count, import_capacity;
};

typedef bool source_loader(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* The reader of one language. */
struct reader {
	bool (*recognises)(const struct source_file *source);   /* whether the content is of this language */
	/* Whether a file in a folder of this language is read, by its name. It may warn of a file that it skips.
	 * NULL: *.conf is read. */
	bool (*takes)(struct reading *reading, const char *path, const char *name);
	const char *fileless[2];        /* suffixes of names that may exist without a file of their own; NULL: unused */
	bool passes_over;               /* with --keep-going an unreadable file of a folder or include is skipped */
	/* Both read one source whole. They add builders and every diagnostic. false: the source could not be read at all.
	 * read: one that may have several files; NULL: a file that `load` loads, source_load or one of its kind. */
	bool (*read)(struct reading *reading, const char *path);
	source_loader *load;
	bool (*read_source)(struct reading *reading, const struct source_file *source);
	/* Called when a source and all that it includes are read: adds builders of the entries kept. May be NULL. */
	void (*end_source)(struct reading *reading);
	/* Called when all sources are read: adds builders of entries that depend on one another. May be NULL. */
	void (*finish)(struct reading *reading);
};

/* The sources to read, as on the command line. */
struct read_request {
	const char *const *sources;     /* "[FORMAT[+COMPAT]:]PATH"; PATH is a file, a folder or "-"; NULL: nothing */
	size_t count;
	struct origin *from;            /* the import of each; NULL: the command line names all */
	enum compat compat;             /* of sources that name none */
	const struct inetd_defaults *inetd;             /* NULL: the dialect's defaults hold */
	const struct specifier_values *machine;         /* values of systemd's specifiers; NULL: unknown */
	const char *const *unit_path;   /* folders of units, NULL-terminated; NULL: the system's usual ones */
	bool warns_of_unsupported;      /* a restriction that superd lacks is a warning, not an error */
	bool shares_defaults;           /* defaults of xinetd.conf are also those of inetd.conf's services */
	/* hosts.allow or hosts.deny has a rule: a service that cannot apply it is refused or warned of. */
	bool has_host_rules;
	/* Starts superd-read, for the sources that are not superd.conf, and sets the channel to it, which has a time
	 * limit, and its pid. false: why it could not be started. NULL: such sources are skipped; a program that has
	 * the readers needs none. */
	bool (*start)(void *context, int *channel, pid_t *pid, struct buf *why);
	/* Adds why the channel is closed. */
	void (*describe_end)(void *context, struct buf *why);
	void *start_context;            /* of both */
	/* Called for every source that was read. format: its title. services: their number. May be NULL. */
	void (*on_source)(void *context, const char *path, const char *format, size_t services);
	/* Gets each builder, owned, in place of the table, as soon as it is complete. false: out of memory. NULL: they
	 * go into the table. */
	bool (*take_builder)(void *context, struct service_builder *builder);
	/* superd-read has found that a source is superd.conf, which it does not read. NULL: this is superd. */
	void (*on_own)(void *context, struct diags *diags, const char *path);
	void *context;                  /* of the three */
};

/* The functions below are for readers. */

/* The entry at this place could not become a builder, and the reason is reported. --keep-going skips this entry
 * alone. name: of the service, by which a reload finds the service that ran before; NULL: unknown. */
void reading_skip(struct reading *reading, struct origin at, const char *name);

/* Keeps what --keep-going has to know of a place or a name: see enum role_kind. Defaults, an include, or text that is no
 * entry are vital: an error in them does not count as one of the service before. */
void reading_add_role(struct reading *reading, struct source_role role);

static inline bool reading_has_host_rules(const struct reading *reading)
{
	return reading->request && reading->request->has_host_rules;
}

/* The place of the state that this function frees. It holds NULL at first. */
void **reading_state(struct reading *reading, free_state *free);

/* Frees that state. */
void reading_drop_state(struct reading *reading, free_state *free);

/* Frees the states of all languages, and the lists of sources and builders, but no builder. */
void reading_end(struct reading *reading);

/* Adds an error, and is false. */
#define reading_refuse(reading, ...) diags_refuse((reading)->diags, __VA_ARGS__)

/* Reports a restriction that superd lacks: an error, or a warning with request->warns_of_unsupported. */
#define reading_unsupported(reading, ...) diags_add((reading)->diags, reading_lack(reading), __VA_ARGS__)
enum severity reading_lack(const struct reading *reading);

/* Adds that memory has run out, and is false. */
bool reading_refuse_memory(struct reading *reading);

/* Adds a builder, which the reading then owns, also on failure. false: out of memory (reported). */
bool reading_add(struct reading *reading, struct service_builder *builder);

/* Adds a source, relative to the folder of from.file. */
void reading_import(struct reading *reading, const char *source, bool optional, struct origin from);

/* Whether a file of this name in a folder may be a table: it is neither hidden nor a copy that an editor or a package
 * manager left. */
bool reading_may_be_table(const char *name);

/* Reads a file, or a folder of files, of a known language. path is complete. false: why not is in the diagnostics. */
bool reading_file(struct reading *reading, const struct reader *reader, const char *path, struct origin from);

/* For statements such as include("…"), which name files of the same language by a path or a glob(7) pattern. Reads one
 * file, or all files that a pattern matches and reader->takes accepts, in the order of their paths. `at` is
 * the place of the statement; a relative path starts in the folder of that file. A pattern may match no
 * file. A missing path and a folder are errors, which are added to reading->diags. */
void include_files(struct reading *reading, const struct reader *reader, const char *pattern, struct origin at);

/* ---- superd_conf.c ---- */

/* The reader of superd.conf. One pass finds the mistakes of all statements, each with its column; values.c reads the words
 * with libconfuse. */

extern const struct reader reader_superd;

bool superd_read_source(struct reading *reading, const struct source_file *source);

/* The same of what print_conf_saved wrote: a service is of the dialect, and has the place, that its mark names. */
bool superd_read_saved(struct reading *reading, const struct source_file *source);

/* Whether a text is superd.conf by how it begins, as xinetd.conf has statements of the same names. */
bool superd_is_certain(const struct source_file *source);

/* Reads services that superd-read has written, with their marks (table/services/service_conf.c). The text ends with a
 * NUL. false: there is something else, or superd refuses it, which is an error in reading->diags. */
bool superd_read_services(struct reading *reading, char *text, size_t length);

/* ---- key.c ---- */

/* A key of another system's language, and what superd does with it: a row of a table that the language's reader,
 * --check and the manual's lists all use.
 *
 * The table of options has the option that a key becomes, by its name in the language's dialect. A row names the option
 * if the key is only a part of it, or has another name. */

enum key_status {
	KEY_DONE,                       /* superd applies it */
	KEY_HARMLESS,                   /* superd ignores it silently: it describes, orders, or tunes a feature that superd lacks */
	KEY_WARNED,                     /* superd ignores it and warns: it tunes something that superd cannot tune */
	KEY_REFUSED,                    /* an error: superd lacks it, and it restricts, protects or changes the service */
};

const char *key_status_name(enum key_status status);    /* "supported", "ignored", "ignored (warning)", "refused" */

/* A word of a key's value, and that of the option; NULL: it sets nothing. */
struct key_word {
	const char *theirs, *ours;
};

/* What its value becomes. */
enum key_form {
	FORM_OPTION,                    /* the option's value, by the columns behind it and as the option's type says */
	FORM_APART,                     /* a function of the reader translates it, mostly with other keys */
	FORM_ADDRESS,                   /* a part of where a socket listens, which is made of all of them */
	FORM_DICTIONARY,                /* launchd: a dictionary, whose keys are rows of their own */
	/* Of units: */
	FORM_WHOLE,                     /* a list: each assignment is one value, with its blanks */
	FORM_VARIABLES,                 /* a list of names of variables */
	FORM_COMMANDS,                  /* command lines, which become a list */
	FORM_CONDITION,                 /* with others of its kind, in their order */
	FORM_NETWORKS,                  /* networks that are allowed or denied, which go together */
	FORM_STREAM,                    /* a standard stream, which may follow the others */
	FORM_UNITS,                     /* names of units; with a reason superd does less than systemd: a warning of each */
};

struct key_row {
	const char *name;               /* in a table: the names of all keys that superd treats like this */
	enum key_status status;
	const char *option;             /* of KEY_DONE: the option it becomes, if no option has its name */
	const char *reason;             /* for the manual and messages: superd's action, or the reason against it */
	unsigned kinds;                 /* launchd: allowed kinds of its value, bits of enum plist_kind */
	const struct key_table *keys;   /* launchd: of FORM_DICTIONARY, the keys in it */
	int values;                     /* xinetd: how many, see read/xinetd/internal.h */
	unsigned flags;                 /* xinetd: bits ATTR_…; launchd: bits SOCKET_… */
	enum key_form form;
	bool denies;                    /* of VARIABLES and NETWORKS: a wrong word is an error, and not skipped */
	const struct key_word *words;   /* all words that it takes, up to one without a name */
	bool folds_case;                /* of words: in capitals or not */
	bool takes_bool;                /* of words: and those of yes and no */
	const char *path;               /* of words: and paths that begin with /, with this in front of them */
	const char *wrong;              /* of words: the end of the message about another word */
	const char *absent;             /* the option's value without the key: a default of the other system */
	const char *zero;               /* what 0 becomes */
	const char *idle;               /* a value that asks for nothing */
	bool stays;                     /* units: an empty value takes nothing back, though no option's type says so */
};

/* The keys of a section. */
struct key_table {
	enum dialect dialect;
	const char *section;            /* before its keys in the table of options; NULL: nothing */
	const char *title;              /* for the manual */
	const struct key_row *rows;
	size_t row_count;
};

/* A row for each key of a table, in the order of their names. */
struct key_list {
	const struct key_row *list;
	size_t count;
};

struct key_list key_list(const struct key_table *table);

/* The number of a key of a list, below KEYS_MOST. */
#define KEYS_MOST 800
size_t key_index(const struct key_row *key);

/* Finds a key, case-sensitively except for XINETD. NULL: unknown. */
const struct key_row *key_find(const struct key_table *keys, const char *name);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *key_option(const struct key_table *keys, const struct key_row *key);

/* A key as it is written, with its value. */
struct key_assignment {
	const char *name, *text;
	struct origin at;               /* of the value */
};

/* The option's text for the value, by the row's columns. NULL: it sets nothing, or it is wrong, which is added to
 * diags. */
const char *key_translate(const struct key_row *key, const struct key_assignment *assignment, struct pool *pool,
			  struct diags *diags);

/* Sets the options of the keys that are absent and mean something all the same. */
void keys_set_absent(const struct key_table *keys, struct service_builder *builder, struct origin at,
		     struct diags *diags);

/* Reports a key that superd lacks. */
void key_report_lack(const struct key_row *key, const char *name, struct origin at, struct reading *reading);

/* Looks at all keys of a table. */
void key_nearest_look(struct scan_nearest *nearest, const struct key_table *keys);

/* ---- assignment.c ---- */

/* An assignment, as all languages of other systems have it; the value that a reader makes of an option; and a draft, the
 * service that it makes of assignments. */

/* The value that a reader makes of an option: words with their places. */
struct word_list {
	const char **words;             /* owned; the words are not */
	struct origin *places;          /* owned */
	size_t count, capacity;
	struct origin at;               /* of the option; file NULL: nothing sets it */
	bool failed;                    /* a part of the value was refused */
};

void word_list_free(struct word_list *list);

void word_list_add(struct word_list *list, const char *word, struct origin at);

/* The list as the value of an option. */
struct value word_list_value(const struct word_list *list);

/* The text for the value of an option with templates, where %{ and %% mean something. */
const char *template_escaped(struct pool *pool, const char *text);

/* Adds KIND[FAMILY]:[HOST:]PORT[%INTERFACE]. host: without brackets; the interface of fe80::1%eth0 goes to the end;
 * NULL: any. */
void endpoint_add(struct buf *out, const char *kind, const char *family, const char *host, const char *port);

/* Adds text to the name of a service, which has neither blanks nor colons nor slashes. colon: what stands for one. */
void service_name_add(struct buf *out, const char *text, size_t length, char colon);

struct assignment {
	const char *name;               /* the key, as written */
	const struct key_row *key;      /* NULL: unknown */
	enum { ASSIGN, APPEND, REMOVE } sign;           /* = += -= */
	const char **words;
	struct origin *word_at;         /* of each word; NULL: unknown */
	size_t count, capacity;         /* capacity 0: the words are shared with other assignments */
	struct origin at;               /* of the key */
};

struct draft {
	struct reading *reading;
	struct pool *pool;              /* of the texts that are made for it; the builder copies what it keeps */
	struct diags *diags;            /* where its mistakes go */
	struct service_builder *builder;
	bool keeps;                     /* options that are set already stay */
};

/* Sets an option. What is wrong with the value is added to the diagnostics. */
void draft_set(const struct draft *draft, const char *option, const struct value *value);

/* The same of one text, NULL for none; of a text that is made for it; and of a list of words, which have the places of
 * `from` if they are as many. */
void draft_set_text(const struct draft *draft, const char *option, const char *text, struct origin at);
#define draft_set_textf(draft, option, at, ...) draft_set_text(draft, option, pool_textf((draft)->pool, __VA_ARGS__), at)
void draft_set_words(const struct draft *draft, const char *option, const char *const *list, size_t count,
		     const struct assignment *from);
/* The same of two words, which come from one place. */
void draft_set_pair(const struct draft *draft, const char *option, const char *first, const char *second,
		    struct origin at);
static inline void draft_set_list(const struct draft *draft, const char *option, const struct word_list *list)
{
	const struct value value = word_list_value(list);

	draft_set(draft, option, &value);
}

/* Adds an error, and is false; or a warning. The service is skipped if there is an error. */
#define draft_refuse(draft, ...) diags_refuse((draft)->diags, __VA_ARGS__)
#define draft_warn(draft, ...) diag_warning((draft)->diags, __VA_ARGS__)
#define draft_hint(draft, ...) diags_hint((draft)->diags, __VA_ARGS__)
