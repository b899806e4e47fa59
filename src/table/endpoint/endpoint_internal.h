/* The prefixes of endpoints, for the reader and the writer, and what table/option shares with the reader. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/endpoint/endpoint.h"

#define ANY_CID UINT32_MAX              /* VMADDR_CID_ANY */

struct prefix {
	const char *word;               /* the text before the colon */
	enum endpoint_kind kind;
	enum endpoint_family family;
};

extern const struct prefix endpoint_prefixes[];
extern const size_t endpoint_prefix_count;

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool text_only(const char *text, const char *set);                      /* not empty, and only characters of set */
bool text_is_host(const char *text);
bool text_is_name(const char *text);                                    /* can be a name of services(5) or rpc(5) */
