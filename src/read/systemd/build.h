/* A service while its builder is made from its units: one .service, or its template, and the .socket units that
 * activate it.
 *
 * If the table of directives has a key, the key becomes the option of that name. socket.c, exec.c, streams.c and
 * service.c translate keys that superd has in another form. All others are reported by the status in their rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read/systemd/keys.h"
#include "read/systemd/unit.h"
#include "read/systemd/words.h"
#include "table/reading/word_list.h"
#include "table/services/service_builder.h"

struct unit_pairing;

struct unit_builder {
	struct reading *reading;
	struct pool *pool;              /* lives until the reading ends; the builder copies the texts that it keeps */
	struct service_builder *builder;
	const struct unit *service;
	const struct unit *const *sockets;              /* in the order of their descriptors */
	size_t socket_count;
	const struct unit *const *fifos;                /* of other services, which this one opens by their paths */
	size_t fifo_count;
	const char *folder;             /* where other units are searched first */
	bool accepts;                   /* the sockets have Accept=yes */
	const struct unit_pairing *pair;                /* what the units need */
	const struct unit *unit;        /* the unit whose keys are being applied */
	struct unit_names names;        /* the values of its specifiers */
	struct word_list *context;      /* gets options as texts of socket_exec_options, too; NULL: none */
	bool has_addresses;             /* clients of a socket of builder->unit have some: it is one of TCP, UDP or SCTP */
	const char *type;               /* the value of the option `type`; unit_build_service sets it */
};

/* Sets builder->unit and the values of its specifiers. */
void unit_builder_turn(struct unit_builder *builder, const struct unit *unit);

struct origin unit_start(const struct unit *unit);      /* the start of its file */

/* Adds an error, and is false: the service is left out. Or reports a key that superd lacks, or warns. */
#define unit_refuse(builder, ...) reading_refuse((builder)->reading, __VA_ARGS__)
#define unit_unsupported(builder, ...) reading_unsupported((builder)->reading, __VA_ARGS__)
#define unit_warn(builder, ...) diag_warning((builder)->reading->diags, __VA_ARGS__)

/* Warns that an unknown word of a list is left out. It is for lists that allow something: without the word the service
 * may do less. */
void unit_leave_out(struct unit_builder *builder, struct origin at, const char *key, const char *word,
		    const char *wrong);

/* The last assignment of a key in builder->unit; NULL: none, or it is empty. */
const struct unit_assignment *unit_assigned(const struct unit_builder *builder, const char *section, const char *key);

/* Goes through the assignments of a list that count. An empty one clears the list: the last such is the first of them. */
struct unit_lines {
	const struct unit *unit;
	const char *section;
	const char *key;                /* its current name */
	enum key_form form;             /* FORM_OPTION: the list has one key; else all whose names begin like this, with rows
					   of this form */
	size_t next;
};
const struct unit_assignment *unit_line_next(struct unit_lines *lines);

/* A value with its specifiers replaced; NULL: it is wrong (reported). */
const char *unit_value(struct unit_builder *builder, const struct unit_assignment *assignment);

/* The timespan of an assignment. false: it is none (reported), or said is NULL. */
bool unit_timespan(struct unit_builder *builder, const struct unit_assignment *said, int64_t *span);

/* A timespan as superd.conf has it, which knows fewer units of time. */
const char *unit_span_text(struct unit_builder *builder, int64_t span);

/* The value of a boolean key. fallback: the key is not set, or is no boolean (reported). */
bool unit_bool(struct unit_builder *builder, const char *section, const char *key, bool fallback);

/* Splits a value as unit_split does. An unknown escape stays as it is. for_superd: the words are for an option with
 * templates, and unknown escapes are warned of. false: the value is wrong (reported). */
bool unit_words(struct unit_builder *builder, const struct unit_assignment *assignment, bool for_superd,
		struct unit_split *split);

/* How unit_collect splits the values of a key. */
enum unit_collect {
	COLLECT_WORDS,                  /* words */
	COLLECT_SET,                    /* words; a ~ before the first word of an assignment goes before each of them */
	COLLECT_NAMES,                  /* names of variables */
	COLLECT_VARIABLES,              /* NAME=value, of an option with templates */
	COLLECT_NETWORKS,               /* words for networks */
	COLLECT_VALUES,                 /* whole values */
	COLLECT_PATHS,                  /* paths: a backslash escapes any byte */
	COLLECT_BINDINGS,               /* paths with parts separated by colons, as in BindPaths= */
	COLLECT_FOLDERS,                /* names of folders, as in StateDirectory=: sorted, each once */
};
/* The words of all assignments of a key. An empty assignment clears the list. Wrong names, variables and networks are
 * left out as with systemd, or refused if the key denies something; both are reported. */
struct word_list unit_collect(struct unit_builder *builder, const char *section, const char *key,
			      enum unit_collect how);

/* Sets an option of superd.conf. false: refused (reported). */
#define unit_set(of, option, text, at) builder_set_text((of)->builder, option, text, at, (of)->reading->diags)
#define unit_setf(of, option, at, ...) unit_set(of, option, pool_textf((of)->pool, __VA_ARGS__), at)
bool unit_set_list(struct unit_builder *builder, const char *option, const struct word_list *list);

/* Adds the option of a key of [Socket] that rules how the commands there run to a list of texts for
 * socket_exec_options. Reports wrong values, and keys that superd lacks. false: commands cannot run by it. */
bool unit_apply_context(struct unit_builder *builder, const struct key_row *key, struct word_list *list);
void unit_add_context(struct unit_builder *builder, const char *option, const char *const *values, size_t count,
		      struct word_list *list);

/* Applies the keys of a section, but those that are translated apart, and reports unknown keys. */
void unit_apply_keys(struct unit_builder *builder, const char *section);

/* The same of [Unit] and [Install]. */
void unit_apply_common_keys(struct unit_builder *builder);

/* Reports sections other than [Unit], [Install] and `own`. */
void unit_report_sections(struct unit_builder *builder, const char *own);

/* socket.c: makes a socket { } of each .socket unit. */
void unit_build_sockets(struct unit_builder *builder);

/* The path of a fifo of another service, by the name of its descriptor; NULL: builder->fifos has none of that name. */
const char *unit_fifo_path(struct unit_builder *builder, const char *name);

/* access.c: the keys about who may connect, and limits; those of a socket, whose socket { } is open. */
void unit_build_socket_access(struct unit_builder *builder);
void unit_build_access(struct unit_builder *builder);

/* service.c: all of the service; it calls the functions below. */
void unit_build_service(struct unit_builder *builder);
void unit_build_commands(struct unit_builder *builder);         /* exec.c */
void unit_build_socket_commands(struct unit_builder *builder);
void unit_build_streams(struct unit_builder *builder);          /* streams.c */
void unit_build_passed_fds(struct unit_builder *builder);       /* credentials.c */

/* depend.c: what the socket builder->unit needs; its socket { } is open. */
void unit_build_socket_needs(struct unit_builder *builder);

/* condition.c: sets the option to the conditions and assertions of builder->unit. */
void unit_build_conditions(struct unit_builder *builder, const char *option);

/* address.c: adds the value of a Listen…= key to out as an endpoint of superd.conf. Returns NULL, or the message about
 * a wrong address, as the end of a sentence. */
const char *unit_address(const char *key, const char *protocol, const char *text, struct buf *out);
