/* The credentials of a service (systemd.exec(5), "Credentials"), from superd (superd/start/credentials) to superd-exec,
 * which loads them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "table/service/service.h"

enum credential_kind { CREDENTIAL_LOADED, CREDENTIAL_SET };

/* One credential. superd parses the options. Owned by struct credentials. */
struct credential {
	unsigned kind;                  /* enum credential_kind */
	char *id;                       /* its name; IMPORTED: the pattern */
	/* LOADED: a path or a name; IMPORTED: prefix of the new name, NULL: the pattern's own; SET: the value, which
	 * may contain any bytes. */
	char *source;
	size_t length;                  /* SET: bytes of the value */
};

/* The folder and the one above it, as superd sees them. If a root is entered without mounts, both are below that
 * root. */
struct credentials_place {
	char *above, *folder;
	char *root;                     /* below it no link is followed, as its users made them; NULL: none */
};

/* All credentials of a service: made with the plan. credentials_free frees them. */
struct credentials {
	char *folder;                   /* path of the folder, as the service sees it */
	struct credentials_place at[2]; /* [1]: for commands with all rights, which get no mounts; [0]: for others */
	char *unit;                     /* how superd-exec identifies itself to a socket: "/unit/NAME.service/" */
	char *received;                 /* folder of superd's own credentials; NULL: none */
	struct credential *list;        /* sorted: of two with the same name the first counts */
	size_t count;
	uid_t user;                     /* owner of the files; (uid_t)-1: superd's own user */
	gid_t group;
};

/* Opens a folder below a root with O_PATH; with `make`, creates its missing parts. No link is followed: the root's
 * users made them, and they may lead outside. -1 and errno. */
int credentials_open_below(const char *root, const char *path, bool make);
