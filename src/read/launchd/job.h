/* A job while its builder is made from its property list. For this folder alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read/launchd/keys.h"
#include "read/launchd/plist.h"
#include "table/reading/word_list.h"
#include "table/services/service_builder.h"

struct launchd_job {
	struct reading *reading;
	struct pool *pool;              /* lives until the file is read; the builder copies the texts that it keeps */
	struct service_builder *builder;
	const struct plist *root;       /* the dictionary of the job */
	const char *label;              /* the key Label */
	bool is_inetd;                  /* has inetdCompatibility: the socket is standard input and output */
	bool accepts;                   /* inetdCompatibility with Wait false: superd accepts */
	size_t sockets;                 /* sockets of the builder so far */
	bool hides_clients;             /* the address of a client of one socket is unknown */
	struct word_list env;           /* of EnvironmentVariables and SecureSocketWithKey */
};

/* Adds an error, and is false: the job is left out. Or reports a key that superd lacks, or warns. */
#define launchd_refuse(job, ...) reading_refuse((job)->reading, __VA_ARGS__)
#define launchd_unsupported(job, ...) reading_unsupported((job)->reading, __VA_ARGS__)
#define launchd_warn(job, ...) diag_warning((job)->reading->diags, __VA_ARGS__)

/* Reports the elements of a dictionary that have an unknown key, a value of a wrong kind, or a key that superd lacks; and
 * those of the dictionaries in it that have rows. */
void launchd_check_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict);

/* Sets the options of the elements whose rows say how. unfit: the flags of rows that are left out. */
void launchd_apply_keys(struct launchd_job *job, const struct key_table *keys, const struct plist *dict,
			unsigned unfit);

/* The element of a known key; NULL: it is missing or has a wrong kind, which launchd_check_keys reports. launchd_value
 * looks into the job's own dictionary. */
const struct plist *launchd_find(const struct key_table *keys, const struct plist *dict, const char *key);
const struct plist *launchd_value(const struct launchd_job *job, const char *key);
bool launchd_is_odd(const struct launchd_job *job, const char *key);    /* the key is there, with a wrong kind */
bool launchd_bool(const struct plist *element, bool fallback);             /* fallback: if `said` is NULL */
bool launchd_asks_for_nothing(const struct plist *element);             /* it is false, or empty */

/* Escapes percent signs for an option with templates. */
const char *launchd_plain(struct launchd_job *job, const char *text);

/* Each sets an option in the builder. */
#define launchd_set(job, option, text, at) builder_set_text((job)->builder, option, text, at, (job)->reading->diags)
#define launchd_setf(job, option, at, ...) launchd_set(job, option, pool_textf((job)->pool, __VA_ARGS__), at)
void launchd_set_list(struct launchd_job *job, const char *option, const struct word_list *list);

/* sockets.c: a socket { } for each socket of Sockets. */
void launchd_build_sockets(struct launchd_job *job);

/* run.c: the program, its user, limits, environment and standard streams. */
void launchd_build_run(struct launchd_job *job);

/* lifecycle.c: when the job starts, stops and restarts. */
void launchd_build_lifecycle(struct launchd_job *job);
