/* One rule of a filter, for one architecture. */

#include "filter/internal.h"

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

/* Not seccomp_rule_add_exact_array(3): if an architecture folds a call into another, both are denied. */
void seccomp_filter_rule(struct seccomp_filter *filter, size_t index, uint32_t action, int call, unsigned count,
			 const struct scmp_arg_cmp *arguments)
{
	int result;

	if (filter->error || call == __NR_SCMP_ERROR)
		return;                 /* write_young denies it; the list's caller reports it */
	result = seccomp_rule_add_array(filter->contexts[index], action, call, count, arguments);
	/* EDOM: the architecture lacks the call. EEXIST, EACCES: the rule exists, or has the default action. */
	if (result < 0 && result != -EDOM && result != -EEXIST && result != -EACCES)
		filter->error = -result;
}
