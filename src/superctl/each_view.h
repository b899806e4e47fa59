/* A view that prints a block for each service, with a blank line between two. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"
#include "superctl/screen.h"
#include "superctl/verbs.h"

struct each_view {
	const struct superctl_options *options;
	void (*add)(struct buf *out, const struct each_view *view, const json_t *service);
	struct screen screen;
	size_t shown;                   /* number of services so far */
	size_t inactive;                /* of these, services that would not serve the next client */
};

/* Sends the verb with the names of the command line, and prints the answer. */
enum ctl_status each_view_run(struct each_view *view, const char *verb);
