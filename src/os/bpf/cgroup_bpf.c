/* bpf(2), which libc does not wrap. The kernel refuses an argument whose unused bytes are not 0, so the whole union is
 * cleared with memset. */
#include "os/bpf/cgroup_bpf.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

static const unsigned types[CGROUP_BPF_KINDS] = {
	[CGROUP_BPF_DEVICES] = BPF_PROG_TYPE_CGROUP_DEVICE,
	[CGROUP_BPF_INGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
	[CGROUP_BPF_EGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
};
static const unsigned attachments[CGROUP_BPF_KINDS] = {
	[CGROUP_BPF_DEVICES] = BPF_CGROUP_DEVICE,
	[CGROUP_BPF_INGRESS] = BPF_CGROUP_INET_INGRESS,
	[CGROUP_BPF_EGRESS] = BPF_CGROUP_INET_EGRESS,
};

static int load_program(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind)
{
	static const char license[] = "GPL";
	union bpf_attr argument;

	memset(&argument, 0, sizeof(argument));
	argument.prog_type = types[kind];
	argument.insn_cnt = (uint32_t)program->count;
	argument.insns = (uint64_t)(uintptr_t)program->code;
	argument.license = (uint64_t)(uintptr_t)license;
	argument.expected_attach_type = attachments[kind];
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &argument, sizeof(argument));
}

/* BPF_F_ALLOW_MULTI: the commands of one instance share its group, and each attaches the program again. The kernel runs
 * all of them, and all have to agree. */
int cgroup_bpf_attach(const struct cgroup_bpf_program *program, enum cgroup_bpf_kind kind, int group)
{
	union bpf_attr argument;
	int loaded_fd = load_program(program, kind), result;

	if (loaded_fd < 0)
		return -1;
	memset(&argument, 0, sizeof(argument));
	argument.target_fd = (uint32_t)group;
	argument.attach_bpf_fd = (uint32_t)loaded_fd;
	argument.attach_type = attachments[kind];
	argument.attach_flags = BPF_F_ALLOW_MULTI;
	result = (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &argument, sizeof(argument));
	close(loaded_fd);
	return result;
}

bool cgroup_bpf_is_possible(enum cgroup_bpf_kind kind)
{
	static const struct bpf_insn yes[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct cgroup_bpf_program program = { yes, sizeof(yes) / sizeof(*yes) };
	int loaded_fd = load_program(&program, kind);

	if (loaded_fd < 0)
		return false;
	close(loaded_fd);
	return true;
}
