/* One HTTP request and its response over stdin and stdout, a connection that superd accepted. */
#pragma once

#include "lib/buf.h"
#include "superctl/http.h"
#include "superctl/options.h"

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
