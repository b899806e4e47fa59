/* Files and credentials that a service receives beside its sockets: splits the words of their options.
 * Source: systemd.exec(5), "CREDENTIALS", and systemd.service(5), OpenFile=. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define HANDED_FILES_MOST 64            /* of one service */
#define CREDENTIALS_MOST 256            /* options of one service */
#define CREDENTIALS_SIZE (1 << 20)      /* bytes of all credentials of one service, with their names */

/* A word of open_file: PATH[:NAME[:OPTION,...]]. Parts point into it. */
struct open_file_word {
	const char *path, *name;
	size_t path_length, name_length;
	bool read_only, append, truncate;
	bool graceful;                  /* left out where it can't be opened */
};

/* NULL, or why it is none, as the end of a sentence. */
const char *open_file_word_read(const char *word, struct open_file_word *file);

/* A word of load_credential, ID[:SOURCE], of set_credential, ID:VALUE, or of import_credential, PATTERN[:ID]: what
 * stands in front of the colon, and behind it; NULL without one. */
struct credential_word {
	const char *id, *rest;
	size_t id_length;
};

struct credential_word credential_word_read(const char *word);

/* Whether it can be a credential's name, which is a file's. */
bool credential_name_is_valid(const char *name, size_t length);

/* The bytes of a value, whose backslashes are as in C. NULL, or what is wrong with it. */
const char *credential_value_read(const char *text, struct buf *out);

/* NULL, or why it is no such word, as the end of a sentence. */
const char *load_credential_refuse(const char *word);
const char *set_credential_refuse(const char *word);
const char *import_credential_refuse(const char *word);
