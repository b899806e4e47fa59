/* Compares the services of two tables for a reload, by the table of options. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "table/services/table.h"

enum diff_kind {
	DIFF_SAME,                      /* only the row is replaced */
	DIFF_CHANGED,                   /* other options: set on open sockets now, used by the next activation */
	DIFF_SOCKETS,                   /* other sockets in number or address, or ones that superd must bind again */
	DIFF_ADDED,
};

/* Compares two rows of the same name, of any tables. Adds a line for each option that differs to why, "NAME: OLD -> NEW"
 * in the syntax of superd.conf, where values have no line breaks and long ones are cut; of a secret, and where no text
 * differs, the name alone. why may be NULL. */
enum diff_kind service_compare(const struct service *before, const struct service *after, struct buf *why);

/* The last groups of options that were equal, borrowed from both tables. Zeroed: none yet. */
struct diff_cache {
	const struct option_groups *groups[2];
	const struct socket_options *options[2];
};

/* As service_compare, for all rows of two tables in turn: compares shared groups once. */
enum diff_kind service_compare_next(struct diff_cache *known, const struct service *before,
				    const struct service *after);

/* Adds the line of one option, whose fields these are. */
void diff_add_option(struct buf *why, const struct option_def *option, const void *before, const void *after);

/* Whether the rows differ in options that take effect at the start of a backend. */
bool service_runs_differently(const struct service *before, const struct service *after);

/* Whether superd must bind an open listener again for the new options. The endpoint is the same. */
bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after);
bool socket_options_equal(const struct socket_options *before, const struct socket_options *after);
