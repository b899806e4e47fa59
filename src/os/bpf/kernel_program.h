/* BPF programs (bpf(2)) that judge a control group's devices and packets. Async-signal-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bpf_insn;

enum judged { JUDGED_DEVICES, JUDGED_INGRESS, JUDGED_EGRESS, JUDGED };

/* A BPF program; count 0: none. */
struct group_program {
	const struct bpf_insn *code;
	size_t count;
};

/* Loads a program and attaches it to a control group, given by its descriptor. 0, or -1 and errno. */
int kernel_program_attach(const struct group_program *program, enum judged judged, int group);

/* Whether this kernel takes such a program from us. false and errno. */
bool kernel_program_possible(enum judged judged);
