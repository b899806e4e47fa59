/* The credentials of a service: secrets that it finds as files in a folder of its own, which CREDENTIALS_DIRECTORY names.
 * A start that may have them reads them in the child, as a source may be slow, or not be there.
 *
 * Where a file system can be mounted, what holds the folders of all services is covered by one in memory that only this
 * process sees, and what it starts; it goes with the last of them, and every start reads anew. Else it is a folder below superd's
 * runtime directory, for all instances, which goes with the last of these: who starts beside one takes what that has read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/option/service.h"

struct heritage;
struct plan;
struct variables;
struct job;

enum credential_kind { CREDENTIAL_LOADED, CREDENTIAL_IMPORTED, CREDENTIAL_SET };

/* One credential. superd parses the option's words, as the child cannot. */
struct credential {
	unsigned kind;                  /* enum credential_kind */
	char *id;                       /* its name; of IMPORTED the pattern */
	char *source;                   /* of LOADED a path or a name; of IMPORTED what its name begins with, NULL: the pattern's own
					   beginning; of SET the value, which may hold any bytes */
	size_t length;                  /* of SET, of the value */
	bool is_foreign;                /* of LOADED: it lies below a folder of somebody else, with whose rights it is opened: */
	struct account reader;
};

/* The folder, and the one above it, as superd sees them. A root that is entered without mounts holds both. */
struct credentials_place {
	char *above, *folder;
	char *root;                     /* no link is followed below it: they are its users'. NULL: none */
};

/* All credentials of a service: made with the plan, loaded by the child. */
struct credentials {
	char *folder;                   /* as the service sees it */
	struct credentials_place at[2]; /* [1]: of commands with all rights, which get no mounts; [0]: of others */
	char *unit;                     /* how the child names itself to a socket: "/unit/NAME.service/" */
	char *received;                 /* the folder of superd's own; NULL: it has none */
	struct credential *list;        /* sorted: of two with one name the first counts */
	size_t count;
	uid_t user;                     /* (uid_t)-1: superd's own */
	gid_t group;
};

bool credentials_are_wanted(const struct service *service);

/* "/run/credentials/NAME.service". */
void credentials_folder(const struct service *service, const struct heritage *heritage, struct buf *out);

/* CREDENTIALS_DIRECTORY, where it is wanted. */
void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct heritage *heritage);

/* Adds the row's credentials to its plan. false with the reason in why. */
bool credentials_plan(struct plan *plan, const struct service *service, const struct heritage *heritage, struct buf *why);
void credentials_free(struct credentials *credentials);         /* accepts NULL */

/* Whether what the child takes is the part of a view that its mounts make: then it carries the folder there. */
bool credentials_are_carried(const struct service *service);

/* The word at fault, but for what is secret of it, and its option, for messages; NULL: none is. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length);

/* Removes the folder, where there is one; at_once: as by directories_discard. */
void credentials_remove(const struct service *service, const struct heritage *heritage, bool at_once);

/* In the child of a start apart, before its stages: 0, or -1 and errno. In exec/child/credentials_place.c. */
int credentials_load(struct job *job);
