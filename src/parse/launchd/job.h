/* A job on its way from its property list to a builder. For this folder alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/table/service_builder.h"
#include "parse/launchd/keys.h"
#include "parse/launchd/plist.h"
#include "parse/reading.h"

/* Words of an option, and where each stands. */
struct launchd_list {
	const char **words;             /* owned */
	struct origin *places;          /* owned */
	size_t count, capacity;
	struct origin at;
};

struct launchd_job {
	struct reading *reading;
	struct pool *pool;              /* until the file is read; the builder keeps what it takes */
	struct service_builder *builder;
	const struct plist *root;
	const char *label;
	bool is_inetd;                  /* inetdCompatibility: its socket is its standard input and output */
	bool accepts;                   /* and Wait is false: superd accepts */
	size_t sockets;                 /* that were drafted */
	bool hides_clients;             /* one of them shows nobody who is connected */
	struct launchd_list env;        /* of EnvironmentVariables and of SecureSocketWithKey */
};

bool launchd_list_add(struct launchd_job *job, struct launchd_list *list, const char *word, struct origin at);
void launchd_list_free(struct launchd_list *list);

/* An error: the job is not to be run as it stands. false. */
bool launchd_refuse(struct launchd_job *job, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reports a key that superd lacks: an error, or a warning if the command line asks for that. */
void launchd_unsupported(struct launchd_job *job, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void launchd_warn(struct launchd_job *job, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says of every element of a dictionary what is wrong with it: its kind, its name, or that superd lacks it. */
void launchd_check_keys(struct launchd_job *job, const struct launchd_keys *keys, const struct plist *dict);

/* The element of a known key; NULL: it is not there, or of a kind it cannot have (reported). */
const struct plist *launchd_find(const struct launchd_keys *keys, const struct plist *dict, const char *key);
const struct plist *launchd_value(const struct launchd_job *job, const char *key);      /* of the job's own */
/* Whether it is there, and of a kind it cannot have. */
bool launchd_is_odd(const struct launchd_job *job, const char *key);
bool launchd_bool(const struct plist *said, bool fallback);                             /* said may be NULL */

/* A text as superd.conf has it, where percent signs begin templates; NULL: out of memory (reported). */
const char *launchd_plain(struct launchd_job *job, const char *text);

/* Set an option of superd.conf. */
void launchd_set(struct launchd_job *job, const char *option, const char *text, struct origin at);
void launchd_setf(struct launchd_job *job, const char *option, struct origin at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void launchd_set_list(struct launchd_job *job, const char *option, const struct launchd_list *list);

/* socket_rules.c: whether the keys of a socket go with each other. It says what is wrong, and what is left out. */
bool launchd_check_socket_rules(struct launchd_job *job, const struct plist *socket);

/* sockets.c: a socket { } for each socket of Sockets. */
void launchd_build_sockets(struct launchd_job *job);

/* run.c: the program, its user and its surroundings. */
void launchd_build_run(struct launchd_job *job);

/* lifecycle.c: when it starts and how it ends. */
void launchd_build_lifecycle(struct launchd_job *job);
