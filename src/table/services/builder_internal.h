/* The parts of a builder. For builder_*.c alone. */
#pragma once

#include "table/option/option_setting.h"
#include "table/services/service_builder.h"

/* A socket NAME { } of the text. */
struct socket_block {
	const char *name;               /* in the pool */
	struct origin at;
	struct option_settings settings;
};

/* An endpoint of the option `listen`. */
struct listen_word {
	const struct endpoint *endpoint;
	struct origin at;
	size_t block;                   /* 0: the service itself; n: its n-th block */
};

/* An option that the author of a misspelt name probably meant. */
struct guess {
	const struct directive *directive;
	struct origin at;
};

/* The builder as superd.conf, of a table with writes_builders. For builder_text.c. */
struct builder_text {
	struct buf body;                /* what follows the head of the service */
	struct origin at;               /* the last mark */
};

struct service_builder {
	struct table *table;
	unsigned number;                /* from 1 on, unique in the table */
	const char *name;               /* in the pool; NULL: the defaults */
	struct origin at;
	struct option_settings settings;
	struct socket_block *blocks;
	size_t block_count, block_capacity;
	struct listen_word *words;      /* in the order of the text, which is the order of descriptors */
	size_t word_count, word_capacity;
	bool open;                      /* the last block is open: from builder_open_socket to builder_close_socket */
	bool is_surplus;                /* the open block is one too many, at surplus_at, and is ignored */
	bool is_crowded;                /* there was a surplus block, which is reported */
	struct origin surplus_at;
	bool is_foreign;                /* builder_set_foreign */
	enum dialect dialect;
	bool is_alone;                  /* builder_set_alone */
	struct guess *guesses;          /* of misspelt names outside of blocks */
	size_t guess_count, guess_capacity;
	bool bad_address;               /* an invalid endpoint is reported */
	bool exhausted;                 /* memory ran out, and it is not reported yet */
	struct builder_text *text;      /* owned; NULL: it is not wanted */
};

/* Make the text of a builder: its beginning (false: out of memory), a block, and an option that counts as set. */
bool builder_text_begin(struct service_builder *builder);
void builder_text_open(struct service_builder *builder, const struct socket_block *block);
void builder_text_close(struct service_builder *builder);
void builder_text_set(struct service_builder *builder, const struct directive *directive, const struct value *value);
void builder_text_free(struct service_builder *builder);
