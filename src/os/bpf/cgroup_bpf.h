/* BPF programs (bpf(2)) that judge a control group's devices and packets. Async-signal-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bpf_insn;

enum cgroup_bpf_kind { CGROUP_BPF_DEVICES, CGROUP_BPF_INGRESS, CGROUP_BPF_EGRESS, CGROUP_BPF_KINDS };

/* A BPF program; count 0: none. */
struct cgroup_bpf_program {
	const struct bpf_insn *code;
	size_t count;
};

/* Loads a program and attaches it to a control group, given by its descriptor. 0, or -1 and errno. */
int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group);

/* Whether this kernel takes such a program from us. false and errno. */
bool cgroup_bpf_is_possible(enum cgroup_bpf_kind kind);
