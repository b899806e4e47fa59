/* The parts of a builder. For builder_*.c alone. */
#pragma once

#include "config/option/option_setting.h"
#include "config/table/service_builder.h"

/* A socket NAME { } of the text. */
struct socket_block {
	const char *name;               /* kept */
	struct origin at;
	struct option_settings settings;
};

/* An endpoint of a listen option. */
struct listen_word {
	const struct endpoint *endpoint;
	struct origin at;
	size_t block;                   /* 0: of the service, n: of its n-th block */
};

/* An option that a misspelt name was likely meant for. */
struct guess {
	const struct directive *directive;
	struct origin at;
};

struct service_builder {
	struct table *table;
	unsigned number;                /* no other builder of this table has it */
	const char *name;               /* kept; NULL: the defaults */
	struct origin at;
	struct option_settings settings;
	struct socket_block *blocks;
	size_t block_count, block_capacity;
	struct listen_word *words;           /* in the order of the text, which is the order of descriptors */
	size_t word_count, word_capacity;
	bool open;                      /* between builder_open_socket and builder_close_socket: the last block */
	bool is_surplus;                /* the block that is open is one too many, at surplus_at, and is not kept */
	bool is_crowded;                /* there was such a block (reported) */
	struct origin surplus_at;
	bool is_foreign;                /* as builder_set_foreign has it */
	enum dialect dialect;
	bool is_alone;                  /* as builder_set_alone has it */
	struct guess *guesses;          /* of the service's own level */
	size_t guess_count, guess_capacity;
	bool bad_address;               /* one of its endpoints was refused */
	bool exhausted;                 /* memory ran out where it could not be said */
};

/* Moves a place's file name from the text, which goes with its source, to the table. false: out of memory. */
bool origin_keep(struct service_builder *builder, struct origin *at);

struct socket_block *builder_block(struct service_builder *builder); /* the one that is open, or NULL */
struct option_settings *builder_level(struct service_builder *builder); /* of the open block, or of the service */

/* "WHAT is already set at FILE:LINE". */
void report_duplicate(struct diags *diags, struct origin at, const char *what, struct origin before);
