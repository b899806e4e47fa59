/* The parts of a builder. For service_builder.c and builder_finish.c alone. */
#pragma once

#include "table/option/option_table.h"
#include "table/services/service_builder.h"

/* An endpoint of the option `listen`. */
struct listen_word {
	const struct endpoint *endpoint;
	struct origin at;
	unsigned setting;               /* the index of the option's setting */
};

struct service_builder {
	struct table *table;
	const char *name;               /* in the pool; NULL: the defaults */
	struct origin at;
	struct option_setting *settings; /* what is set, in the order of the text; lines are those of the file */
	size_t setting_count, setting_capacity;
	struct listen_word *words;      /* in the order of the text, which is the order of descriptors */
	size_t word_count, word_capacity;
	unsigned block_count;           /* of socket NAME { } */
	bool open;                      /* the last block is open: from builder_open_socket to builder_close_socket */
	bool is_foreign;                /* builder_set_foreign */
	enum dialect dialect;
	bool is_alone;                  /* builder_set_alone */
	bool is_superd;                 /* builder_set_superd */
	bool bad_address;               /* an invalid endpoint is reported */
	bool has_unknown;               /* so is a name that is no option's */
	bool exhausted;                 /* memory ran out, or there are too many blocks */
};
