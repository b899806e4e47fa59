/* Address rules that the kernel applies before superd sees a client: a classic BPF program on the listening socket
 * (socket(7), SO_ATTACH_FILTER). The kernel drops a packet that is not allowed before it queues it: for TCP the SYN,
 * for UDP the datagram. Used for accept = no with only_from or no_access. Below: programs of control groups, for devices
 * and packets. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "table/service/access.h"

/* A program of classic BPF while it is made. */
struct bpf_code {
	struct sock_filter list[BPF_MAXINSNS];
	size_t length;                  /* more than BPF_MAXINSNS: it does not fit, and `list` is of no use */
};

/* Appends an instruction, and returns its place; 0: there is no room. yes, no: how many to skip. */
static inline size_t bpf_emit(struct bpf_code *code, unsigned operation, uint32_t k, unsigned yes, unsigned no)
{
	if (code->length++ >= BPF_MAXINSNS)
		return 0;
	code->list[code->length - 1] = (struct sock_filter){ (uint16_t)operation, (uint8_t)yes, (uint8_t)no, k };
	return code->length - 1;
}

/* Compiles a program that passes only what `access` permits, for a socket of this family (AF_INET, AF_INET6). The
 * program lies in the pool. NULL with the reason in why: the rules contain host names or interfaces, there are more networks than the
 * kernel's 4096 instructions (BPF_MAXINSNS) hold, or memory is short. */
const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why);

/* Sets the filter of a socket; NULL removes it. 0, or -1 and errno; EPERM: another one is locked. */
int socket_filter_attach(int fd, const struct sock_fprog *filter);

/* Locks the filter, for all who have the socket and for ever: SO_LOCK_FILTER of socket(7). false and errno. */
bool socket_filter_lock(int fd);
bool socket_filter_is_locked(int fd);

/* Whether both are the same program; NULL is no program. */
bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b);

/* BPF programs (bpf(2)) that filter a control group's device accesses and IP packets: BPF_PROG_TYPE_CGROUP_DEVICE and
 * BPF_PROG_TYPE_CGROUP_SKB. Async-signal-safe, as the child attaches them. ENOSYS where superd was built without
 * bpf(2). */

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
