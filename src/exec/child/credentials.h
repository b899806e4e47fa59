/* The child's part of credentials (exec/dirs/credentials): the folder that holds them, and what fills it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/service/service.h"

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

/* Of a start apart, before its stages: 0, or -1 and errno, with the number of the credential at fault as the fault's
 * resource. */
int credentials_load(struct job *job);

/* Opens a folder; with make, creates its missing parts. Below a root (NULL: none) no link is followed: the root's users
 * made them, and they may lead outside. -1 and errno. */
int credentials_open(const char *root, const char *path, bool make);
