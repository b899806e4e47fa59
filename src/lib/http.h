/* HTTP requests and responses (RFC 9112), as far as a server of a few pages needs them. A head is not NUL-terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* A part of a text, borrowed. */
struct substring {
	const char *at;
	size_t length;
};

/* Finds a field by its name. Returns how many there are; *found is the value of the last one. */
size_t http_field(const char *text, size_t length, const char *name, struct substring *found);

/* Whether the field Host names this server: there is one, and it is an IP address, "localhost" or one of `names`, which
 * ends with NULL; a port is ignored. A page elsewhere may have its own name lead to this server (DNS rebinding), and
 * then a browser lets it read the response. It cannot have an address for its name. */
bool http_host_is_own(const char *text, size_t length, const char *const *names);

/* Adds what somebody may do whose Host is not own, as a line. If Host may be a name of this server, the line has the
 * option to write: "builtin = { status, ..., server }". What is in the place of the dots is no affair of a page elsewhere. */
void http_add_elsewhere(struct buf *out, const char *text, size_t length, const char *builtin, const char *const *names);

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

struct http_request {
	int status;                     /* 200, or the status code to refuse the request with */
	bool is_head;                   /* HEAD: the response has no body */
	struct substring path;          /* a part of the head, not decoded, behind any "http://HOST"; empty: 400 or 505 */
};

/* Whether the head is complete: it ends with an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Parses a complete head. The status is 200 only for GET and HEAD of `path`, with any query; NULL: of any path. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* Decodes %HH. false: an escape is wrong, or the text has a control character. */
bool http_decode(const char *text, size_t length, struct buf *out);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */

/* Adds the head of a response, up to the empty line. fields: further lines. */
void http_add_head(struct buf *out, int status, const char *type, size_t length, const char *fields);
