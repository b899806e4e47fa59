/* A reading: the state from file to file until a table is made, and the interface of a language's reader, with
 * functions for its diagnostics. parse/sources has the list of languages.
 *
 * Readers tokenise and call builders: no bind, no log, no exit, no look-up of names. They are fuzzed. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/source_file.h"
#include "config/table/service_builder.h"
#include "config/table/table.h"
#include "config/table/unit_machine.h"
#include "parse/compat.h"

#define READING_DEPTH 16                /* of includes in includes */
#define READING_FILES 100000            /* ten thousand units are thirty thousand files */
#define READING_STATES 8                /* kinds of what languages keep */

/* A file that is being read. */
struct opened {
	const char *path;
	struct origin from;             /* the include or import that led to it; file NULL: the command line */
	dev_t device;
	ino_t inode;                    /* what makes two paths one file; 0: standard input */
};

/* Defaults from an inetd's command line, for services of an inetd.conf that do not set them. */
struct inetd_defaults {
	int64_t rate;                   /* -R: starts a minute; -1: as the dialect has it, 0: no limit */
	int64_t instances;              /* -c, and below: -1 not said, 0 no limit */
	int64_t per_source_cpm;         /* -C */
	int64_t per_source;             /* -s */
	int64_t backlog;                /* -q */
	const char *address;            /* -a: where a line names none; NULL: anywhere */
	bool wrap_external;             /* -w, -l: hosts.allow and hosts.deny are asked for programs */
	bool wrap_internal;             /* -W: and for builtins */
	bool passes_environment;        /* -E: all of superd's own */
	bool tells_addresses;           /* --environment: PROTO, TCPLOCALIP, TCPREMOTEIP and so on */
	const char *folder;             /* -d, -i, -f: where inetd was started, and its programs are; NULL: they begin in / */
};

/* What a language keeps from file to file, told apart by the function that frees it. */
typedef void free_state(void *state);
struct reading_state {
	free_state *free;               /* NULL: this place and those behind it are not taken */
	void *state;                    /* NULL: nothing is kept now */
};

/* The state of a reading, from file to file. */
struct reading {
	struct table *table;
	struct diags *diags;
	struct service_builder *defaults; /* of superd.conf sources, NULL until one is seen */
	struct service_builder **builders; /* of all sources, in order */
	size_t builder_count, builder_capacity;
	struct opened opened[READING_DEPTH];            /* the chain of includes, for "includes itself" */
	size_t depth;
	size_t files;                   /* read so far */
	enum compat compat;             /* whose meaning the source is read with: --compat, or FORMAT+COMPAT:PATH */
	const struct inetd_defaults *inetd;             /* NULL: all as the dialect has it */
	const struct read_request *request;             /* NULL: a text in memory */
	/* Reads a further source, "[FORMAT[+COMPAT]:]PATH", relative to the file it is named in; one that is optional
	 * may be missing. false after adding to diags why it could not be read. Always reading_source of parse/sources:
	 * an import in superd.conf may name a source of any language, so the reader of one comes back to what knows all
	 * of them. NULL: no text of superd.conf is read. */
	bool (*import)(struct reading *reading, const char *source, bool optional, struct origin from);
	size_t pending;                 /* entries that are kept and become builders in reading_finish */
	bool asked_masked;              /* what was asked for by name is masked */
	struct reading_state states[READING_STATES];    /* of each language its own: by reading_state alone */
};

struct reader {
	bool (*recognises)(const struct source_file *source);   /* by what is in it */
	/* Whether a file of a folder of this language is part of it, by its name; NULL: *.conf. May warn of one left
	 * out. */
	bool (*takes)(struct reading *reading, const char *path, const char *name);
	const char *fileless[2];        /* how names end of what may be there without a file of its own; NULL: nothing may be */
	/* A file of a folder or an include that can't be read does not stop the others, with --keep-going. */
	bool passes_over;
	/* Reads one source whole, adding builders and every diagnostic of it. false: could not be read at all. */
	bool (*read)(struct reading *reading, const char *path);
	/* When a source is read with all it includes: adds the builders of what was kept of it. NULL: nothing was. */
	void (*end_source)(struct reading *reading);
	/* When every source is read: adds the builders of entries that take from one another. NULL: there are none. */
	void (*finish)(struct reading *reading);
};

/* The sources to read, as on the command line. */
struct read_request {
	const char *const *sources;     /* "[FORMAT[+COMPAT]:]PATH", a file, a folder or "-" */
	size_t count;
	enum compat compat;             /* for sources that name none */
	const struct inetd_defaults *inetd;             /* NULL: all as the dialect has it */
	const struct unit_machine *machine;             /* NULL: unknown */
	const char *const *unit_path;   /* folders of units, NULL-terminated; NULL: the system's usual ones */
	bool warns_of_unsupported;      /* what restricts and superd lacks is warned of, not refused */
	bool shares_defaults;           /* defaults of xinetd.conf are also those of inetd.conf's services */
	const struct origin *without;   /* entries to leave out, whose sockets others are to have (inetd.conf) */
	size_t without_count;
	/* Asked before each file is read: false, after saying why, where it is not to be. NULL: each may be. */
	bool (*may_read)(void *context, const char *path, const struct stat *status, struct diags *diags);
	void *may_read_context;
	/* Whether hosts.allow and hosts.deny may turn away clients of this daemon: who cannot keep to that is refused,
	 * or warned of. NULL: they have no rules. */
	bool (*may_be_denied)(const char *daemon);
	/* Called for every source that was read, with what it was taken for and its entries; NULL: nobody asks. */
	void (*on_source)(void *context, const char *path, const char *format, size_t entries);
	void *context;
};

/* For readers: the entry at this place could not become a builder (reported). --keep-going leaves it out, and
 * nothing else. name: the service's, by which a reload finds what ran before; NULL where it is not known. */
void reading_leave_out(struct reading *reading, struct origin at, const char *name);

/* For readers: an entry begins here that others hang on, as defaults, an include, or what is no entry at all. An error
 * in it can't be left out, and is not that of the service before it. */
void reading_mark_vital(struct reading *reading, struct origin at);

/* For readers: what is read here, as an include, may speak for others, and yet its errors are not to stop them:
 * --keep-going tells them as errors and goes on. */
void reading_mark_shared(struct reading *reading, struct origin at);

/* For readers: a service of this name also stands in the file that begins at this place. */
void reading_note_part(struct reading *reading, struct origin at, const char *name);

/* For readers: loads a file, reads it and frees it; load is source_load or one of its kind. */
typedef bool source_loader(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);
typedef bool source_reader(struct reading *reading, const struct source_file *source);
bool reading_load(struct reading *reading, const char *path, source_loader *load, source_reader *read);

/* For readers that open files themselves: asks request->may_read of one. */
bool reading_may_read(struct reading *reading, const char *path, const struct stat *status);

/* For readers: the entry at the one place takes nothing, or less, for that at the other has its socket. */
void reading_note_yield(struct reading *reading, struct origin at, struct origin to);

static inline bool reading_may_be_denied(const struct reading *reading, const char *daemon)
{
	return reading->request && reading->request->may_be_denied && reading->request->may_be_denied(daemon);
}

/* For readers: where the state is that this function frees; NULL is there at first. */
void **reading_state(struct reading *reading, free_state *free);

/* Frees it. */
void reading_drop_state(struct reading *reading, free_state *free);

/* Frees the states of all languages, when a reading ends. */
void reading_drop_states(struct reading *reading);

/* For readers: adds a message. */
void reading_say(struct reading *reading, enum severity severity, struct origin at, const char *format,
		 va_list arguments) __attribute__((format(printf, 4, 0)));

/* What it is that a unit restricts something and superd lacks it. */
enum severity reading_unsupported(const struct reading *reading);

/* Adds that memory has run out, and is false. */
bool reading_refuse_memory(struct reading *reading);

/* For readers: takes over the builder, also on failure. false: out of memory, which was added to diags. */
bool reading_add(struct reading *reading, struct service_builder *builder);

/* Whether a folder's file, by its name alone, may be a table at all: neither hidden nor an editor's or packager's
 * copy. */
bool reading_may_be_table(const char *name);

/* Reads a file of a language that is known, or a folder of such, by its complete path; as reading->import. */
bool reading_file(struct reading *reading, const struct reader *reader, const char *path, struct origin from);
