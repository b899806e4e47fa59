/* What the child's two parts of credentials share. Private to exec/child/credentials* and exec/dirs/credentials*. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/dirs/credentials.h"

struct text {
	char text[4096];
	size_t length;
	bool failed;                    /* it was longer */
};

struct loading {
	const struct credentials *credentials;
	const struct credentials_place *at;
	const struct credential *credential;            /* the one that is being loaded */
	int folder;
	size_t size, files;             /* of all so far */
	unsigned depth;
	struct text name;               /* of what is being loaded */
	int above;                      /* what holds the folder */
	struct text place;              /* its name in there while it is filled; a plain one is renamed from that */
	bool is_mounted, is_privileged;
};

void text_add(struct text *out, const char *text, size_t length);
void text_add_word(struct text *out, const char *word);
void text_add_number(struct text *out, uint64_t number);        /* in hexadecimal */

/* Opens a folder, and makes what is missing of it where that is asked for. Below a root no link is followed, as they are its
 * users': what is there by path may lie outside. -1 and errno. */
int credentials_open(const char *root, const char *path, bool make);

/* Everything into the open folder. 0, or -1 and errno, with the number of the one at fault in job->fault. */
int credentials_load_all(struct job *job, struct loading *loading);
