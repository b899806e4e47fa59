/* Shared by credentials_load.c and credentials_place.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exec/child/child.h"
#include "exec/child/credentials.h"
#include "exec/child/text.h"
#include "os/foreign/path_walk.h"

/* The state of loading one service's credentials. */
struct credential_load {
	const struct credentials *credentials;
	const struct credentials_place *at;
	const struct credential *credential;            /* the one being loaded */
	int folder;                     /* descriptor of the folder to fill; -1: none yet */
	size_t size, files;             /* bytes and number of files so far */
	unsigned depth;                 /* of folders within the present source */
	struct child_text name;         /* name of the present file */
	struct path_walk walk;          /* to the present source */
	int above;                      /* descriptor of the folder above; -1: none yet */
	struct child_text place;        /* the folder's name while it is filled; it is renamed unless is_mounted */
	bool is_mounted, is_privileged; /* a tmpfs is mounted above; the command has all rights */
};

/* Loads all credentials into the open folder. 0, or -1 and errno, with the index of the failed one in job->fault. */
int credentials_load_all(struct job *job, struct credential_load *loading);
