/* The pages that superd-web serves by HTTP. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/http.h"
#include "superctl/superctl.h"

/* Text in HTML and in a URL. Names, messages and reasons come from tables, backends and clients: all of them pass
 * through here. */

/* Adds text for an element or a quoted attribute, visible (buf_visible) and with & < > " ' as references. */
void html_add(struct buf *out, const char *text, size_t length);
void html_text(struct buf *out, const char *text);
void html_lines(struct buf *out, const char *text); /* the same for preformatted text: tabs and line breaks stay */
void html_member(struct buf *out, const json_t *object, const char *key); /* a string member; nothing if it is none */

/* Adds text as a segment of a URL's path: letters, digits, - _ ~ and . stay, others become
 * %HH. */
void html_url(struct buf *out, const char *text);

/* One HTTP request and its response over stdin and stdout, a connection that superd accepted. */

struct http_response {
	int status;                     /* 200; any other status has its reason for a body */
	const char *type;               /* of the body */
	struct buf body;
};

struct http_view {
	const char *name;               /* for messages */
	const char *builtin;            /* its word in superd.conf */
	const char *path;               /* as for http_parse */
	const char *fields;             /* further lines of the head */
	/* Answers a request that is right. Returns the exit status, and has printed why. */
	enum ctl_status (*answer)(const struct superctl_options *options, const struct http_request *request,
				  struct http_response *response);
};

/* Reads a request, and answers it. options->hosts: names that Host may have besides an address and localhost, as a
 * protection against DNS rebinding; NULL: any. A client that sends nothing gets nothing. Then it reads until the client
 * closes its side, for a limited time. That the client has left is no failure. */
enum ctl_status http_serve(const struct http_view *view, const struct superctl_options *options);

/* The style sheet, a file of its own: so the Content-Security-Policy of the pages allows no inline style and no script, and
 * text that slipped through unescaped would run nothing. */
extern const char page_css[];
