/* What a table is compared with when it is printed: every option at its default, and what its `defaults { }` must have
 * said. For print*.c alone. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/pool.h"
#include "model/directive.h"
#include "model/table.h"

struct fallbacks {
	struct pool *pool;
	struct service plain;           /* superd's own; no name, no sockets: only the groups */
	struct service laid;            /* the same with the table's defaults over it */
	void *groups[GROUPS];           /* laid's, to be written */
	bool *is_laid;                  /* of each directive: set by the table's defaults */
};

/* false: out of memory. */
bool fallbacks_make(struct fallbacks *fallbacks, const struct table *table);
void fallbacks_free(struct fallbacks *fallbacks);

/* Whether the option has a value in struct service, and whether it is one of the sockets'. */
bool directive_has_value(const struct directive *directive);
bool directive_is_of_socket(const struct directive *directive);

/* The option in a socket's own options. */
const void *socket_field(const struct directive *directive, const struct socket_options *options);

/* Whether a service's value is what it would be if its own text said nothing. error follows output, pass follows accept. */
bool service_has_fallback(const struct service *service, const struct directive *directive,
			  const struct fallbacks *fallbacks);

/* Writes what was composed and empties the buffer. false: out of memory, or out can't be written. */
bool buf_flush(struct buf *buf, FILE *out);
