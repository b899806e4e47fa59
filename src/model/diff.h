/* What became of each service between two tables: the reload's comparison, driven by the directive table. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "model/table.h"

enum fate {
	FATE_SAME,                      /* nothing to do but adopt the row */
	FATE_CHANGED,                   /* runs differently, or has options to set on its open sockets: the next
					   activation uses the new row */
	FATE_SOCKETS,                   /* its sockets differ in number or address, or have to be made anew */
	FATE_ADDED, FATE_REMOVED,
};

/* Compares two rows of the same name, from any tables. why, when not NULL, gets the names of the options that differ,
 * separated by blanks. */
enum fate service_compare(const struct service *before, const struct service *after, struct buf *why);

/* Whether a backend would be started otherwise by the one row than by the other. */
bool service_runs_differently(const struct service *before, const struct service *after);

/* Whether a listener open with `before`'s options must be made anew to have `after`'s; equal endpoints assumed. */
bool socket_options_need_rebind(const struct socket_options *before, const struct socket_options *after);
bool socket_options_equal(const struct socket_options *before, const struct socket_options *after);
