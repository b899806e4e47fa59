/* A service on its way from its units to a builder: one [Service], or its template, and the [Socket]s that lead to it.
 *
 * A key is handed over under its own name where the table of directives has it; what means something else to superd is
 * translated by socket.c, exec.c, streams.c and service.c. The rest is said, by its class. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/table/service_builder.h"
#include "parse/systemd/keys.h"
#include "parse/systemd/unit.h"
#include "parse/systemd/words.h"

struct unit_builder {
	struct reading *reading;
	struct pool *pool;              /* until the end of the reading; the builder keeps what it takes */
	struct service_builder *builder;
	const struct unit *service;
	const struct unit *const *sockets;              /* in the order of their descriptors */
	size_t socket_count;
	bool accepts;                   /* Accept=yes of the sockets */
	const struct unit *unit;        /* the unit being handed over, and the values of its specifiers: */
	struct unit_names names;
	bool expands;                   /* a command has variables; not used */
	const char *type;               /* as superd.conf has it, once unit_build_service knows it */
};

/* A value that grows over assignments: its words, and where each stands. An empty assignment begins it anew. */
struct unit_list {
	const char **words;             /* owned */
	struct origin *places;          /* owned */
	size_t count, capacity;
	struct origin at;               /* of the last key; file NULL: it was not said */
	bool failed;                    /* one of its values was refused */
};

void unit_list_free(struct unit_list *list);
bool unit_list_add(struct unit_builder *builder, struct unit_list *list, const char *word, struct origin at);

/* Turns to another unit: its specifiers hold from here on. */
void unit_builder_turn(struct unit_builder *builder, const struct unit *unit);

struct origin unit_start(const struct unit *unit);      /* the start of its file */

/* An error, at a place of the unit's text: the service is not to be run as it stands. false. */
bool unit_refuse(struct unit_builder *builder, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reports a key that superd lacks: an error, or a warning if the command line asks for that. */
void unit_unsupported(struct unit_builder *builder, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void unit_warn(struct unit_builder *builder, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Warns of a word that superd does not know, of a list of what a service may do or gets, and that it is left out:
 * without it the service may do no more. In a list of what is taken away such a word is refused. */
void unit_leave_out(struct unit_builder *builder, struct origin at, const char *key, const char *word,
		    const char *wrong);

/* The value of a key that counts, NULL: none; and all that of an assignment that superd.conf would have to say, with
 * its specifiers replaced, NULL after saying what is wrong with it. */
const struct unit_assignment *unit_assigned(const struct unit_builder *builder, const char *section, const char *key);
const char *unit_value(struct unit_builder *builder, const struct unit_assignment *assignment);

/* The value of a boolean key. fallback: the key is not set, or is no boolean, which is reported. */
bool unit_bool(struct unit_builder *builder, const char *section, const char *key, bool fallback);

/* Splits a value as unit_split does; what is no escape stays as it is, and is warned of where it matters: where superd
 * takes the words for a template. false after saying what is wrong. */
bool unit_words(struct unit_builder *builder, const struct unit_assignment *assignment, bool for_superd,
		struct unit_word **list, size_t *count);

/* Collects the words of a key, or its whole values. For superd: with templates. Of paths, of bindings and of the names
 * of folders backslashes and colons mean what they do to systemd; those names are in order, each once. */
enum unit_collect {
	COLLECT_WORDS,
	COLLECT_SET,
	COLLECT_TEMPLATES,
	COLLECT_VALUES,
	COLLECT_PATHS,
	COLLECT_BINDINGS,
	COLLECT_FOLDERS,
};
struct unit_list unit_collect(struct unit_builder *builder, const char *section, const char *key,
			      enum unit_collect how);

/* Sets an option of superd.conf. false: refused (reported). */
bool unit_set(struct unit_builder *builder, const char *option, const char *text, struct origin at);
bool unit_set_list(struct unit_builder *builder, const char *option, const struct unit_list *list);

/* Hands a key over as the option of its name, however often it stands there; says what becomes of one without. */
void unit_apply_key(struct unit_builder *builder, const char *section, const struct unit_key *key);

/* Hands over all keys of a section for which `takes` is false, and reports unknown keys. */
void unit_apply_keys(struct unit_builder *builder, const char *section, bool (*takes)(const struct unit_key *key));

/* The same of [Unit] and [Install], but conditions (condition.c). */
void unit_apply_common_keys(struct unit_builder *builder);

/* Says which sections a unit has that is [Unit], [Install] and this one. */
void unit_say_sections(struct unit_builder *builder, const char *own);

/* Whether this version has the option. */
bool unit_has_option(const char *option);

/* socket.c: a socket { } for each unit, and its [Unit]. */
void unit_build_sockets(struct unit_builder *builder);
bool unit_listens(const struct unit *unit);             /* whether it says where at all */

/* access.c: the keys that admit and limit clients. */
void unit_build_access(struct unit_builder *builder);

/* service.c: all of the service, with the next three. */
void unit_build_service(struct unit_builder *builder);
void unit_build_commands(struct unit_builder *builder);         /* exec.c */
void unit_build_socket_commands(struct unit_builder *builder);
void unit_build_streams(struct unit_builder *builder);          /* streams.c */
void unit_build_passed_fds(struct unit_builder *builder);       /* open_file.c: files and credentials */
void unit_build_conditions(struct unit_builder *builder);       /* condition.c: of all its units */

/* shell_command.c: words as one text for a shell; expands: the variables in it are replaced before the shell has it. ""
 * of none; NULL: out of memory. */
const char *unit_shell_text(struct pool *pool, const char *program, const struct unit_word *list, size_t count,
			    bool expands);

/* The first word of a command, behind its program, that only a shell would do anything with; NULL: none. */
const struct unit_word *unit_shell_operator(const struct unit_word *list, size_t count);

/* address.c: an address of systemd's grammar, of a Listen key, as an endpoint of superd.conf. NULL when it
 * succeeded, else what is wrong and would be right, as the end of a sentence. */
const char *unit_address(const char *key, const char *protocol, const char *text, struct buf *out);
