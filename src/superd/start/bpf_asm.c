/* Assembles a BPF program. A jump's offset counts from the instruction behind it, in 16 bits. */
#include "superd/start/bpf_asm.h"

#include <stdlib.h>

#include "lib/array.h"

void bpf_asm_add(struct bpf_asm *code, struct bpf_insn instruction)
{
	struct bpf_insn *list = array_grow(code->list, &code->capacity, code->count, sizeof(*list));

	if (!list) {
		code->failed = true;
		return;
	}
	code->list = list;
	code->list[code->count++] = instruction;
}

void bpf_asm_return(struct bpf_asm *code, int value)
{
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value });
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

void bpf_asm_land(struct bpf_asm *code, size_t jump)
{
	if (!code->failed && jump < code->count)
		code->list[jump].off = (short)(code->count - jump - 1);
}

bool bpf_asm_keep(struct bpf_asm *code, struct pool *pool, struct cgroup_bpf_program *program)
{
	*program = (struct cgroup_bpf_program){ .count = code->count };
	if (!code->failed)
		program->code = pool_keep(pool, code->list, code->count * sizeof(*code->list));
	free(code->list);
	*code = (struct bpf_asm){ 0 };
	return program->code;
}
