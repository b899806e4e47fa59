/* The parts of a draft. For draft*.c alone. */
#pragma once

#include "config/option/setting.h"
#include "config/table/draft.h"

/* A socket NAME { } of the text. */
struct block {
	const char *name;               /* kept */
	struct origin at;
	struct settings settings;
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

struct draft {
	struct table *table;
	unsigned number;                /* no other draft of this table has it */
	const char *name;               /* kept; NULL: the defaults */
	struct origin at;
	struct settings settings;
	struct block *blocks;
	size_t block_count, block_capacity;
	struct listen_word *words;           /* in the order of the text, which is the order of descriptors */
	size_t word_count, word_capacity;
	bool open;                      /* between draft_open_socket and draft_close_socket: the last block */
	bool is_surplus;                /* the block that is open is one too many, at surplus_at, and is not kept */
	bool is_crowded;                /* there was such a block (reported) */
	struct origin surplus_at;
	bool is_foreign;                /* as draft_set_foreign has it */
	enum dialect dialect;
	bool is_alone;                  /* as draft_set_alone has it */
	struct guess *guesses;          /* of the service's own level */
	size_t guess_count, guess_capacity;
	bool bad_address;               /* one of its endpoints was refused */
	bool exhausted;                 /* memory ran out where it could not be said */
};

/* Moves a place's file name from the text, which goes with its source, to the table. false: out of memory. */
bool origin_keep(struct draft *draft, struct origin *at);

struct block *draft_block(struct draft *draft);         /* the one that is open, or NULL */
struct settings *draft_level(struct draft *draft);      /* of the open block, or of the service */

/* "WHAT is already set at FILE:LINE". */
void report_twice(struct diags *diags, struct origin at, const char *what, struct origin before);
