/* Credentials that a service receives beside its sockets: parses the words of their options. Source: systemd.exec(5),
 * "CREDENTIALS". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define CREDENTIALS_MOST 256            /* words of each option for credentials of a service */
#define CREDENTIALS_SIZE (1 << 20)      /* bytes of all credentials of a service, with their names */

/* A word of load_credential, ID[:SOURCE], or of set_credential, ID:VALUE. Its parts are borrowed from the word. */
struct credential_word {
	const char *id;                 /* the text in front of the colon */
	const char *rest;               /* the text behind the colon; NULL: there is none */
	size_t id_length;
};

struct credential_word credential_word_read(const char *word);

/* Whether it can be the name of a credential, which is the name of a file. */
bool credential_name_is_valid(const char *name, size_t length);

/* Adds the bytes of a value with C escapes to out. Returns NULL, or the mistake. */
const char *credential_value_read(const char *text, struct buf *out);

/* Check a word of these options. Return NULL, or the mistake, as the end of a sentence. */
const char *load_credential_refuse(const char *word);
const char *set_credential_refuse(const char *word);
