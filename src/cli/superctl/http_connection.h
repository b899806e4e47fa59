/* One HTTP request and its response over stdin and stdout, a connection that superd accepted: begin, read the head, write
 * the response, read until the client closes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/superctl/http.h"

bool http_begin(void);                  /* false: stdin or stdout cannot be used; errno has the reason */

/* Reads the request's head into `text`. Returns 0, or the status code to refuse it with; -1: the client sent nothing,
 * so it gets no response. */
int http_read_head(char text[static HTTP_REQUEST_MOST + 1], size_t *length);

/* false: the client has left, or takes nothing. */
bool http_write(const char *text, size_t length);

/* Whether the request's Host is an IP address, localhost or one of the names, as a protection against DNS rebinding. Any
 * is right over a unix socket. */
bool http_is_for_host(const char *text, size_t length, const char *const *names);

/* Adds the body of a response that has no page. */
void http_add_reason(struct buf *body, int status);

/* Shuts down the sending side, and reads until the client closes its side, for a limited time. If a process closes a TCP
 * connection with unread bytes in it, the kernel resets the connection, and the client may lose the response. */
void http_read_until_close(void);
