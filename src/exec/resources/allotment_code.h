/* Putting a program together. Private to exec/resources/allotment_*. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "exec/resources/allotment.h"

#define CODE_MOST 30000                 /* a jump reaches 32767 */

struct code {
	struct bpf_insn *list;
	size_t count, capacity;
	bool failed;                    /* out of memory */
};

void code_add(struct code *code, struct bpf_insn instruction);

/* dst = imm, and the end of the program. */
void code_return(struct code *code, int value);

/* Has the jump at this place lead to what comes next. */
void code_land(struct code *code, size_t jump);

/* Keeps it. false: out of memory. Frees what it was made in. */
bool code_keep(struct code *code, struct pool *pool, struct group_program *program);
