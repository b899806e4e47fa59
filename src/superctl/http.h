/* The head of an HTTP request (RFC 9112), as far as a server of a few pages needs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

/* A part of a text, which is not NUL-terminated. */
struct substring {
	const char *at;
	size_t length;
};

struct http_request {
	int status;                     /* 200, or the status code to refuse the request with */
	bool is_head;                   /* HEAD: the response has no body */
	const char *path, *query;       /* parts of the head, not decoded; borrowed. NULL: the status is 400 or 505 */
	size_t path_length, query_length;
};

/* Whether the head is complete: it ends with an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Parses a complete head. The status is 200 only for GET and HEAD of `path`, with any query; NULL: of any path. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* Finds a field by its name. Returns how many there are; *found is the value of the last one. */
size_t http_field(const char *text, size_t length, const char *name, struct substring *found);

/* Whether the field Host names this server: there is one, and it is an IP address, "localhost" or one of `names`, which
 * ends with NULL; a port is ignored. A page elsewhere may have its own name lead to this server (DNS rebinding), and
 * then a browser lets it read the response. It cannot have an address for its name. */
bool http_host_is_own(const char *text, size_t length, const char *const *names);

/* Decodes %HH, and + as a blank if is_form. false: an escape is wrong, or the text has a control character. */
bool http_decode(const char *text, size_t length, bool is_form, struct buf *out);

/* Adds the decoded value of a field of the query; none if it is missing. false: as http_decode. */
bool http_query(const struct http_request *request, const char *name, struct buf *out);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */
