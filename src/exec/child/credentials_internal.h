/* Shared by the child's two parts of credentials. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exec/child/credentials.h"
#include "exec/child/text.h"

struct credential_load {
	const struct credentials *credentials;
	const struct credentials_place *at;
	const struct credential *credential;            /* the one that is being loaded */
	int folder;
	size_t size, files;             /* bytes and number of all files so far */
	unsigned depth;
	struct credential_text name;    /* name of the file that is being made */
	int above;                      /* descriptor of the folder above */
	struct credential_text place;   /* the folder's name while it is filled; renamed unless is_mounted */
	bool is_mounted, is_privileged;
};

/* Loads all credentials into the open folder. 0, or -1 and errno, with the number of the failed one in job->fault. */
int credentials_load_all(struct job *job, struct credential_load *loading);
