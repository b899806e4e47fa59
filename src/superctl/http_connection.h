/* One HTTP request and its response over stdin and stdout, a connection that superd accepted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superctl/http.h"

struct http_exchange {
	char head[HTTP_REQUEST_MOST + 1];
	size_t length;                  /* bytes of head */
	struct http_request request;
};

/* Reads a request and judges it. path: as for http_parse; hosts: names that Host may have besides an address and
 * localhost, as a protection against DNS rebinding; NULL: any. Returns 1; 0: the client sent nothing, so it gets no
 * response; -1 and errno: stdin or stdout cannot be used. */
int http_receive(struct http_exchange *exchange, const char *path, const char *const *hosts);

/* Sends the body, or the reason of a status other than 200. fields: further lines of the head. Then reads until the
 * client closes its side, for a limited time. That the client has left is no failure. */
void http_respond(const struct http_request *request, const char *type, const char *fields, const struct buf *body);
