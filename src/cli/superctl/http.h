/* The head of an HTTP request, as far as a server of one page in two formats has to know it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HTTP_REQUEST_MOST 8192

struct http_request {
	int status;                     /* 200, or what to refuse it with */
	bool is_head;                   /* HEAD: the page itself is left out */
};

/* Whether the head is whole: it ends in an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Reads a whole head. Only GET and HEAD of `path`, with whatever query, are 200. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* What its field Accept says of a media type, as "text/plain": its weight, 0 to 1; -1: nothing. Wildcards are not looked
 * at. RFC 9110, section 12.5.1. */
double http_accepts(const char *text, size_t length, const char *type);

const char *http_reason(int status);
