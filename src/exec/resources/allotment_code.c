/* A BPF program while it is built. The offset of a jump counts from the instruction behind it, in 16 bits. */
#include "exec/resources/allotment_code.h"

#include <stdlib.h>

#include "base/array.h"

void code_add(struct code *code, struct bpf_insn instruction)
{
	struct bpf_insn *list = array_grow(code->list, &code->capacity, code->count, sizeof(*list));

	if (!list) {
		code->failed = true;
		return;
	}
	code->list = list;
	code->list[code->count++] = instruction;
}

void code_return(struct code *code, int value)
{
	code_add(code, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value });
	code_add(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

void code_land(struct code *code, size_t jump)
{
	if (!code->failed && jump < code->count)
		code->list[jump].off = (short)(code->count - jump - 1);
}

bool code_keep(struct code *code, struct pool *pool, struct group_program *program)
{
	*program = (struct group_program){ .count = code->count };
	if (!code->failed)
		program->code = pool_keep(pool, code->list, code->count * sizeof(*code->list));
	free(code->list);
	*code = (struct code){ 0 };
	return program->code;
}
