/* bpf(2), which libc does not wrap. The kernel refuses an argument whose unused bytes are not 0, so the whole union is
 * cleared with memset. */
#include "os/bpf/kernel_program.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#ifdef SYS_bpf
#include <linux/bpf.h>

static const unsigned types[JUDGED] = {
	[JUDGED_DEVICES] = BPF_PROG_TYPE_CGROUP_DEVICE,
	[JUDGED_INGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
	[JUDGED_EGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
};
static const unsigned attachments[JUDGED] = {
	[JUDGED_DEVICES] = BPF_CGROUP_DEVICE,
	[JUDGED_INGRESS] = BPF_CGROUP_INET_INGRESS,
	[JUDGED_EGRESS] = BPF_CGROUP_INET_EGRESS,
};

static int load(const struct group_program *program, enum judged judged)
{
	static const char license[] = "GPL";
	union bpf_attr argument;

	memset(&argument, 0, sizeof(argument));
	argument.prog_type = types[judged];
	argument.insn_cnt = (uint32_t)program->count;
	argument.insns = (uint64_t)(uintptr_t)program->code;
	argument.license = (uint64_t)(uintptr_t)license;
	argument.expected_attach_type = attachments[judged];
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &argument, sizeof(argument));
}

/* A group that has one already of an earlier command of the same instance gets it again: all of them have to agree. */
int kernel_program_attach(const struct group_program *program, enum judged judged, int group)
{
	union bpf_attr argument;
	int loaded = load(program, judged), result;

	if (loaded < 0)
		return -1;
	memset(&argument, 0, sizeof(argument));
	argument.target_fd = (uint32_t)group;
	argument.attach_bpf_fd = (uint32_t)loaded;
	argument.attach_type = attachments[judged];
	argument.attach_flags = BPF_F_ALLOW_MULTI;
	result = (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &argument, sizeof(argument));
	close(loaded);
	return result;
}

bool kernel_program_possible(enum judged judged)
{
	static const struct bpf_insn yes[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct group_program program = { yes, sizeof(yes) / sizeof(*yes) };
	int loaded = load(&program, judged);

	if (loaded < 0)
		return false;
	close(loaded);
	return true;
}
#else
int kernel_program_attach(const struct group_program *program, enum judged judged, int group)
{
	(void)program, (void)judged, (void)group;
	errno = ENOSYS;
	return -1;
}

bool kernel_program_possible(enum judged judged)
{
	(void)judged;
	errno = ENOSYS;
	return false;
}
#endif
