/* Numbers of system calls. The hard thing is a kernel that is younger than libseccomp: a call that the library has
 * not heard of is as good a way around a filter as any. Since Linux 5.1 a new call has one number everywhere, but
 * libseccomp takes one that it does not know for the machine's own kind of calls alone. */
#ifdef HAVE_LIBSECCOMP
#include <string.h>

#include "sys/seccomp_parts.h"

static const struct { const char *name; int number; } young[] = {
	{ "process_mrelease", 448 }, { "futex_waitv", 449 }, { "set_mempolicy_home_node", 450 }, { "cachestat", 451 },
	{ "fchmodat2", 452 }, { "map_shadow_stack", 453 }, { "futex_wake", 454 }, { "futex_wait", 455 },
	{ "futex_requeue", 456 }, { "statmount", 457 }, { "listmount", 458 }, { "lsm_get_self_attr", 459 },
	{ "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 }, { "mseal", 462 }, { "setxattrat", 463 },
	{ "getxattrat", 464 }, { "listxattrat", 465 }, { "removexattrat", 466 }, { "open_tree_attr", 467 },
	{ "file_getattr", 468 }, { "file_setattr", 469 },
};

int seccomp_call_number(const char *call)
{
	int number = seccomp_syscall_resolve_name(call);

	for (size_t n = 0; number == __NR_SCMP_ERROR && n < sizeof(young) / sizeof(young[0]); n++) {
		if (!strcmp(young[n].name, call))
			return young[n].number;
	}
	return number;
}

bool seccomp_is_young(const char *call)
{
	return seccomp_syscall_resolve_name(call) == __NR_SCMP_ERROR;
}
#else
typedef int no_libseccomp;
#endif
