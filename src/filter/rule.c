/* One rule of a filter, for one architecture or all. */

#include "filter/internal.h"

bool seccomp_call_is_known(const char *call)
{
	return seccomp_syscall_resolve_name(call) != __NR_SCMP_ERROR;
}

unsigned seccomp_call_base(uint32_t architecture)
{
	switch (architecture) {
	case SCMP_ARCH_X32:
		return 0x40000000;      /* the kernel reports its calls as those of x86-64, with this bit */
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

bool seccomp_is_multiplexed(uint32_t architecture)
{
	static const uint32_t multiplexed[] = {
		SCMP_ARCH_X86, SCMP_ARCH_S390, SCMP_ARCH_S390X, SCMP_ARCH_MIPS, SCMP_ARCH_MIPSEL, SCMP_ARCH_PPC,
		SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE,
	};

	for (size_t n = 0; n < sizeof(multiplexed) / sizeof(multiplexed[0]); n++) {
		if (multiplexed[n] == architecture)
			return true;
	}
	return false;
}

/* Not seccomp_rule_add_exact_array(3): if an architecture folds a call into another, both are denied. */
void seccomp_filter_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			 unsigned count, const struct scmp_arg_cmp *arguments)
{
	int result;

	if (filter->error || !seccomp_call_is_known(call))
		return;                 /* write_young denies it; note_unknown reports it */
	result = seccomp_rule_add_array(filter->contexts[number], action, seccomp_syscall_resolve_name(call), count,
					arguments);
	/* EDOM: the architecture lacks the call. EEXIST, EACCES: the rule exists, or has the default action. */
	if (result < 0 && result != -EDOM && result != -EEXIST && result != -EACCES)
		filter->error = -result;
}

void seccomp_filter_call(struct seccomp_filter *filter, uint32_t action, const char *call)
{
	for (size_t n = 0; n < filter->count; n++)
		seccomp_filter_rule(filter, n, action, call, 0, NULL);
}
