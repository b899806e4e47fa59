/* Assembles a BPF program (bpf(2)). Private to superd/start. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/pool.h"
#include "superd/start/cgroup_settings.h"

#define CODE_MOST 30000                 /* instructions; a jump reaches 32767 */

/* A program while it is assembled. A zeroed struct is empty. */
struct bpf_asm {
	struct bpf_insn *list;
	size_t count, capacity;
	bool failed;                    /* out of memory */
};

void bpf_asm_add(struct bpf_asm *code, struct bpf_insn instruction);

/* Adds: r0 = value, and the end of the program. */
void bpf_asm_return(struct bpf_asm *code, int value);

/* Makes the jump at this index lead to the next instruction to be added. */
void bpf_asm_land(struct bpf_asm *code, size_t jump);

/* Copies the program to the pool and frees `code`. false: out of memory. */
bool bpf_asm_keep(struct bpf_asm *code, struct pool *pool, struct cgroup_bpf_program *program);
