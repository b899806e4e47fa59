/* A row as superd.conf, which reads back as the same service: superd --print and superctl show write it. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "table/option/option_table.h"
#include "table/services/table.h"

/* The defaults that a row is compared with: superd's own, and those of the table's `defaults { }`. */
struct conf_defaults {
	struct pool *pool;              /* owned; holds all the rest */
	struct service plain;           /* superd's defaults: option groups without a name or sockets */
	struct service defaults_row;    /* the same, with the table's defaults in it */
	struct option_groups plain_groups, row_groups;  /* the groups of `plain` and `defaults_row` */
	bool *is_in_defaults;           /* for each directive: whether the table's defaults change it */
	struct conf_last {
		const struct exec_options *exec;        /* NULL: there is none */
		const struct option_groups *groups;
		const struct mark *marks;               /* similar rows share them */
		bool derives_optional;
		bool *differs, *is_marked;      /* for each directive: not the default; its own text sets it */
	} *last;                        /* the row that was printed last: in many rows the same differs */
	const void **usual;             /* for each shared group: values of a row that was printed, all of which were the
					   defaults, so that the many rows with the same need no look; NULL: none yet */
};

/* false: out of memory. */
bool conf_defaults_make(struct conf_defaults *defaults, const struct table *table);
void conf_defaults_free(struct conf_defaults *defaults);

/* Moves into the defaults what all rows have in common, or most of them while the others say another value. Only options
 * for which it makes no difference whether a service's own text sets them. false: out of memory. */
bool conf_defaults_share(struct conf_defaults *defaults, const struct service *const *rows, size_t count);

struct conf_style {
	const struct conf_defaults *defaults; /* what a row is compared with; borrowed */
	bool comments;                  /* above each value the place where it was set */
	bool is_for_people;             /* a short socket { } stands in one line */
	bool hides;                     /* a comment stands in place of a secret */
	struct origin *last;            /* not NULL: each value has the mark of its place, of which this is the last; what
					   is set to its default is written, too; a mark of line 0: nobody has set this */
};

/* Adds service NAME { … } with the options that differ from what the row would have anyway (table/services/derived.h). */
void service_conf_add(struct buf *out, const struct service *service, const struct conf_style *style);

/* Adds defaults { … } and an empty line; nothing if the table has none. The places are not known. */
void service_conf_add_defaults(struct buf *out, const struct conf_style *style);

/* Adds the comment or the mark of a place, if the style has them and the place is known. */
void service_conf_add_place(struct buf *out, const struct conf_style *style, const char *indent, struct origin at);
