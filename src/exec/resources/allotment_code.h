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

/* Makes the jump at this index lead to the next instruction that is added. */
void code_land(struct code *code, size_t jump);

/* Copies the program to the pool and frees `code`. false: out of memory. */
bool code_keep(struct code *code, struct pool *pool, struct group_program *program);
