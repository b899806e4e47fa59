/* A row as superd.conf, which reads back as the same service: superd --print, superctl show, superd-read and the text that
 * superd keeps for the next one. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "table/option/option_table.h"
#include "table/services/table.h"

struct conf_style {
	enum {
		PLACES_NONE,
		PLACES_OF_SERVICES,     /* a comment above each service */
		PLACES_OF_ALL,          /* and above each value that stands elsewhere */
		PLACES_MARKED           /* marks, which table/reading/superd_conf.c reads */
	} places;
	bool hides;                     /* a comment stands in place of a secret */
	/* The services stand below its defaults { }. For people: what only the reader of another system's table has set, and the
	 * row has anyway, is skipped. NULL: all is written that is set. */
	const struct table *table;
	const struct option_setting *const *shared;     /* for each option: the value that stands in defaults { }, and
							   is skipped; NULL: none */
	struct origin *last;            /* of PLACES_MARKED: the last mark; NULL: only services have marks */
	bool is_apart;                  /* the services stand below defaults { } of another table: theirs stand in them */
};

/* Adds service NAME { … }. */
void service_conf_add(struct buf *out, const struct service *service, const struct conf_style *style);

/* Adds defaults { … } with an empty line; nothing without any. NULL: there are none but the shared ones. */
void service_conf_add_defaults(struct buf *out, const struct option_settings *defaults, const struct conf_style *style);

/* Adds superd { … } with an empty line; nothing if the table has none. */
void service_conf_add_superd(struct buf *out, const struct service *superd, const struct conf_style *style);

/* Adds the value of an option, whose field this is: the words of the service or its socket { } if these set it once. */
void conf_value_add(struct buf *out, const struct service *service, const struct option_def *option, unsigned block,
		    const void *field);

/* How the mark of a service says which dialect its messages have. */
extern const char *const dialect_words[DIALECTS];
