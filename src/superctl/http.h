/* The head of an HTTP request (RFC 9112), as far as a server of a few pages needs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/http_field.h"

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

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

/* Decodes %HH, and + as a blank if is_form. false: an escape is wrong, or the text has a control character. */
bool http_decode(const char *text, size_t length, bool is_form, struct buf *out);

/* Adds the decoded value of a field of the query; none if it is missing. false: as http_decode. */
bool http_query(const struct http_request *request, const char *name, struct buf *out);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */
