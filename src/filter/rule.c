/* One rule of a filter, for one architecture or all. */
#include <errno.h>

#include "filter/filter_internal.h"

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
	enum call_kind kind = seccomp_call_kind(call);
	int result;

	if (filter->error || kind == CALL_UNKNOWN)
		return;                 /* unknown to libseccomp and superd; note_unknown reports it */
	if (kind == CALL_UNIFIED) {
		seccomp_unified_rule(filter, number, action, call, count, arguments);
		return;
	}
	result = seccomp_rule_add_array(filter->contexts[number], action, seccomp_syscall_resolve_name(call), count,
					arguments);
	/* EDOM: the architecture lacks the call, and always will, as new calls are unified. EEXIST, EACCES: the rule
	 * exists, or has the default action. */
	if (result < 0 && result != -EDOM && result != -EEXIST && result != -EACCES)
		filter->error = -result;
}

void seccomp_filter_call(struct seccomp_filter *filter, uint32_t action, const char *call)
{
	for (size_t n = 0; n < filter->count; n++)
		seccomp_filter_rule(filter, n, action, call, 0, NULL);
}
