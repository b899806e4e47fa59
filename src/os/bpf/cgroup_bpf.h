/* BPF programs (bpf(2)) that filter a control group's device accesses and IP packets: BPF_PROG_TYPE_CGROUP_DEVICE and
 * BPF_PROG_TYPE_CGROUP_SKB. Async-signal-safe, as the child attaches them. ENOSYS where superd was built without
 * bpf(2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bpf_insn;

enum cgroup_bpf_kind { CGROUP_BPF_DEVICES, CGROUP_BPF_INGRESS, CGROUP_BPF_EGRESS, CGROUP_BPF_KINDS };

/* A BPF program, borrowed from the caller that assembled it. */
struct cgroup_bpf_program {
	const struct bpf_insn *code;
	size_t count;                   /* number of instructions; 0: no program */
};

/* Loads a program and attaches it to a control group, given by its descriptor, beside those that are attached already.
 * 0, or -1 and errno. */
int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group);

/* Whether this kernel lets superd load programs of this kind. It loads one and drops it again. false and errno. */
bool cgroup_bpf_is_possible(enum cgroup_bpf_kind kind);
