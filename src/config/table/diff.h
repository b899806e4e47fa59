/* The fate of each service between two tables: the reload's comparison, driven by the directive table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/table/table.h"

enum diff_kind {
	DIFF_SAME,                      /* nothing to do but adopt the row */
	DIFF_CHANGED,                   /* runs differently, or has options to set on its open sockets: the next
					   activation uses the new row */
	DIFF_SOCKETS,                   /* its sockets differ in number or address, or have to be made anew */
	DIFF_ADDED, DIFF_REMOVED,
};

/* Compares two rows of the same name, from any tables. why, when not NULL, gets the names of the options that differ,
 * separated by blanks. */
enum diff_kind service_compare(const struct service *before, const struct service *after, struct buf *why);

/* Groups of options that were found equal last. Zeroed: none yet; good for as long as both tables live. */
struct diff_cache {
	const struct option_groups *groups[2];
	const struct socket_options *options[2];
};

/* As service_compare, for row after row of two tables: groups that rows share are compared once. */
enum diff_kind service_compare_next(struct diff_cache *known, const struct service *before,
				    const struct service *after);

/* Whether a backend would be started otherwise by the one row than by the other. */
bool service_runs_differently(const struct service *before, const struct service *after);

/* An option by which a backend would be started otherwise, with a hash of its value in each of the two rows: a process
 * outlives the row that it was started by, and these are enough to know when a later one is the same again. */
struct option_difference {
	const char *option;             /* lives as long as superd */
	uint64_t was, is;
};

struct option_differences {
	struct option_difference *list;
	size_t count, capacity;
	bool failed;                    /* memory was out: some are missing */
};

void service_differences(const struct service *before, const struct service *after,
			 struct option_differences *differences);
void differences_free(struct option_differences *differences);

/* Whether a listener open with `before`'s options must be made anew to have `after`'s; equal endpoints assumed. */
bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after);
bool socket_options_equal(const struct socket_options *before, const struct socket_options *after);
