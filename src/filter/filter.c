/* Makes seccomp filters with libseccomp.
 *
 * libseccomp knows the calls of its release. In a filter a younger one fails as in a kernel that lacks it, because no
 * rule could deny it by all ways into the kernel, such as int 0x80 and x32 on x86-64.
 *
 * A 64-bit kernel also accepts the system calls of its 32-bit architectures, so a filter for one architecture can be
 * bypassed. Each filter covers all architectures that this kernel runs, or those in system_call_architectures; then a
 * call of any other one kills the process. */
#include "filter/filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "filter/internal.h"

#define FAMILY_MOST 3

/* libseccomp's architectures, in the order of system_call_architectures' words; 0: unknown to this libseccomp. */
static const uint32_t architectures_by_word[] = {
	SCMP_ARCH_NATIVE,      SCMP_ARCH_X86,	  SCMP_ARCH_X86_64,    SCMP_ARCH_X32,	 SCMP_ARCH_ARM,
	SCMP_ARCH_AARCH64,
#ifdef SCMP_ARCH_LOONGARCH64
	SCMP_ARCH_LOONGARCH64,
#else
	0,
#endif
	SCMP_ARCH_MIPS,	       SCMP_ARCH_MIPS64,  SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64,
	SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_PARISC,  SCMP_ARCH_PARISC64,  SCMP_ARCH_PPC,	 SCMP_ARCH_PPC64,
	SCMP_ARCH_PPC64LE,     SCMP_ARCH_RISCV64, SCMP_ARCH_S390,      SCMP_ARCH_S390X,
};

/* Architectures that run on one kernel; the first is the kernel's own. */
static const uint32_t families[][FAMILY_MOST] = {
	{ SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 }, { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	{ SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 },
	{ SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 }, { SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC },
	{ SCMP_ARCH_PPC64, SCMP_ARCH_PPC }, { SCMP_ARCH_S390X, SCMP_ARCH_S390 },
};

static void add_architecture(struct seccomp_filter *filter, uint32_t architecture)
{
	for (size_t n = 0; n < filter->count; n++) {
		if (filter->architectures[n] == architecture)
			return;
	}
	if (architecture && filter->count < ARCHITECTURES_MOST)
		filter->architectures[filter->count++] = architecture;
}

/* A 32-bit superd may run on a 64-bit kernel, so all of its family are added. */
static void choose_architectures(struct seccomp_filter *filter, unsigned wanted)
{
	uint32_t native = seccomp_arch_native();

	add_architecture(filter, native);
	for (size_t row = 0; !wanted && row < sizeof(families) / sizeof(families[0]); row++) {
		bool is_own = false;

		for (size_t n = 0; n < FAMILY_MOST; n++)
			is_own |= families[row][n] == native;
		for (size_t n = 0; is_own && n < FAMILY_MOST; n++)
			add_architecture(filter, families[row][n]);
	}
	for (size_t n = 1; n < sizeof(architectures_by_word) / sizeof(architectures_by_word[0]); n++) {
		if (wanted >> n & 1)
			add_architecture(filter, architectures_by_word[n]);
	}
}

static scmp_filter_ctx open_context(uint32_t architecture, uint32_t default_action, bool is_bound)
{
	scmp_filter_ctx context = seccomp_init(default_action);
	uint32_t native = seccomp_arch_native();

	/* An architecture that libseccomp does not know would bypass the filter, so its calls fail with ENOSYS. */
	if (context &&
	    (architecture == native ||
	     (!seccomp_arch_remove(context, native) && !seccomp_arch_add(context, architecture))) &&
	    !seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH,
			      is_bound ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS))) {
		seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
		return context;
	}
	if (context)
		seccomp_release(context);
	return NULL;
}

/* The number behind those of the youngest call that libseccomp knows. From 424 on (Linux 5.1) calls have the same
 * numbers on every architecture, above that of its first call, and x86-64 has all of them. */
static uint32_t first_young(void)
{
	uint32_t number = CALLS_MOST;
	char *name = NULL;

	while (number && !(name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)number - 1)))
		number--;
	free(name);
	return number;
}

#define IF_AT_LEAST(value, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, yes, no))

/* Writes instructions that end younger calls, and fall through for all others. Returns their number. */
static size_t write_young(const struct seccomp_filter *filter, struct sock_filter *out)
{
	uint32_t young = first_young();
	size_t count = 0;

	out[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t n = 0; n < filter->count; n++) {
		uint32_t base = seccomp_call_base(filter->architectures[n]);

		out[count++] = IF_AT_LEAST(base + young, 0, 2);
		out[count++] = IF_AT_LEAST(base + CALLS_MOST, 1, 0);
		out[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	return count;
}

/* Exports libseccomp's instructions, at most `most` bytes, by the file `scratch`, as libseccomp writes to a descriptor.
 * Returns their length. */
static size_t export_rest(struct seccomp_filter *filter, int scratch, char *out, size_t most)
{
	ssize_t length;

	if (lseek(scratch, 0, SEEK_SET) != 0)
		filter->error = errno;
	else
		filter->error = -seccomp_export_bpf(filter->contexts[0], scratch);
	if (filter->error)
		return 0;
	length = lseek(scratch, 0, SEEK_CUR);
	if (length < 0 || lseek(scratch, 0, SEEK_SET) != 0)
		filter->error = errno;
	else if ((size_t)length > most)
		filter->error = EFBIG;  /* longer than the kernel allows */
	else if (read(scratch, out, (size_t)length) != length)
		filter->error = EIO;
	return filter->error ? 0 : (size_t)length;
}

/* superd's own instructions, followed by those of all contexts, merged into the first. Returns their number. */
static size_t export_program(struct seccomp_filter *filter, int scratch, struct sock_filter *out)
{
	size_t own = write_young(filter, out), rest;

	for (size_t n = 1; n < filter->count && !filter->error; n++) {
		filter->error = -seccomp_merge(filter->contexts[0], filter->contexts[n]);
		if (!filter->error)
			filter->contexts[n] = NULL;     /* the first one owns it now */
	}
	if (filter->error)
		return 0;
	/* A binary tree, if libseccomp has it. */
	seccomp_attr_set(filter->contexts[0], SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rest = export_rest(filter, scratch, (char *)(out + own), (FILTER_INSTRUCTIONS_MOST - own) * sizeof(*out));
	return filter->error ? 0 : own + rest / sizeof(*out);
}

size_t filter_compile(const struct filter_request *request, int scratch, char answer[FILTER_ANSWER_MOST])
{
	uint32_t usual = request->calls ? seccomp_list_default(request->calls, request->error) : SCMP_ACT_ALLOW;
	struct filter_answer head = { 0 };
	struct sock_filter *instructions = (struct sock_filter *)(void *)(answer + sizeof(head));
	struct seccomp_filter filter = { .count = 0 };
	size_t length;

	choose_architectures(&filter, (unsigned)request->architectures);
	for (size_t n = 0; n < filter.count; n++) {
		filter.contexts[n] = open_context(filter.architectures[n], usual, request->architectures);
		if (!filter.contexts[n])
			filter.error = ENOMEM;
	}
	if (request->calls)
		seccomp_filter_list(&filter, request->calls, request->error);
	else
		seccomp_filter_restrict(&filter, request);
	head.instructions = (uint32_t)export_program(&filter, scratch, instructions);
	head.error = (uint32_t)filter.error;
	head.unknown = (uint32_t)filter.unknown_count;
	length = sizeof(head) + head.instructions * sizeof(*instructions);
	memcpy(answer, &head, sizeof(head));
	memcpy(answer + length, filter.unknown, filter.unknown_count * sizeof(filter.unknown[0]));
	for (size_t n = 0; n < filter.count; n++) {
		if (filter.contexts[n])
			seccomp_release(filter.contexts[n]);
	}
	return length + filter.unknown_count * sizeof(filter.unknown[0]);
}
