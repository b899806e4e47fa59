/* The head of an HTTP request (RFC 9112), as far as a server of one page in two formats needs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

struct http_request {
	int status;                     /* 200, or the status code to refuse the request with */
	bool is_head;                   /* HEAD: the response has no body */
};

/* Whether the head is complete: it ends with an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Parses a complete head. The status is 200 only for GET and HEAD of `path`, with any query. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* The weight of a media type, as "text/plain", in the field Accept (RFC 9110, section 12.5.1): 0 to 1; -1: the field
 * does not name it. Wildcards are ignored. */
double http_accepts(const char *text, size_t length, const char *type);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */
