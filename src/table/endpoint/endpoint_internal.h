/* The prefixes of endpoints, for the reader and the writer, and the parts of the reader. For endpoint*.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/endpoint/endpoint.h"

#define ANY_CID UINT32_MAX              /* VMADDR_CID_ANY */
#define NO_MEMORY "out of memory"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

struct prefix {
	const char *word;               /* the text before the colon */
	enum endpoint_kind kind;
	enum endpoint_family family;
};

extern const struct prefix endpoint_prefixes[];
extern const size_t endpoint_prefix_count;

/* An endpoint while it is read. */
struct endpoint_parsing {
	struct pool *pool;              /* borrowed; for texts and messages */
	struct endpoint endpoint;
};

/* Each reads the text behind the colon. Returns NULL, or the mistake and its correction. */
const char *endpoint_parse_inet(struct endpoint_parsing *parsing, const char *text); /* [HOST:]PORT[%IFACE] */
const char *endpoint_parse_raw(struct endpoint_parsing *parsing, const char *text); /* PROTOCOL[@HOST][%IFACE] */
const char *endpoint_parse_node(struct endpoint_parsing *parsing, const char *text); /* /path or @name */
const char *endpoint_parse_file(struct endpoint_parsing *parsing, const char *text); /* /path */
const char *endpoint_parse_netlink(struct endpoint_parsing *parsing, const char *text); /* FAMILY [GROUP] */
const char *endpoint_parse_vsock(struct endpoint_parsing *parsing, const char *text); /* [CID]:PORT */
const char *endpoint_parse_rpc(struct endpoint_parsing *parsing, const char *text); /* PROG/VERS or PROG/LOW-HIGH */
const char *endpoint_parse_mqueue(struct endpoint_parsing *parsing, const char *text); /* /name */
const char *endpoint_parse_tcpmux(struct endpoint_parsing *parsing, const char *text); /* [+]NAME */

const char *endpoint_parse_or_memory(const char *reason);               /* returns NO_MEMORY for NULL */
const char *endpoint_parse_text(struct endpoint_parsing *parsing, const char *text, const char **field);
bool endpoint_parse_number(const char *text, size_t length, uint32_t *out); /* decimal digits, without a sign */
bool text_only(const char *text, const char *set);                      /* not empty, and only characters of set */
bool text_is_name(const char *text);                                    /* can be a name of services(5) or rpc(5) */
