/* A reading: the state that lives from the first source to the finished table; and the interface of a language's
 * reader. read/client has the list of languages.
 *
 * A reader splits text into tokens and calls builders. It binds no socket, logs nothing, never exits and looks up no
 * host name. Fuzzers run it on arbitrary bytes. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/diag.h"
#include "lib/source_file.h"
#include "table/services/service_builder.h"
#include "table/services/specifier_values.h"
#include "table/services/table.h"

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

/* The reader of one language. */
struct reader {
	bool (*recognises)(const struct source_file *source);   /* whether the content is of this language */
	/* Whether a file in a folder of this language is read, by its name. It may warn of a file that it skips.
	 * NULL: *.conf is read. */
	bool (*takes)(struct reading *reading, const char *path, const char *name);
	const char *fileless[2];        /* suffixes of names that may exist without a file of their own; NULL: unused */
	bool passes_over;               /* with --keep-going an unreadable file of a folder or include is skipped */
	/* Reads one source whole. It adds builders and every diagnostic. false: the source could not be read at all. */
	bool (*read)(struct reading *reading, const char *path);
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

/* For readers: loads a file, reads it and frees it; load is source_load or one of its kind. */
typedef bool source_loader(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);
typedef bool source_reader(struct reading *reading, const struct source_file *source);
bool reading_load(struct reading *reading, const char *path, source_loader *load, source_reader *read);

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
