/* What each process of superd's own does first, and what this machine lacks of the rest. Of superd itself
 * only the forks that work on other users' files have the rest. */
#include "os/host/self_sandbox.h"

#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_VERSION 1u               /* LANDLOCK_CREATE_RULESET_VERSION */

void self_sandbox_begin(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

#ifdef SYS_landlock_create_ruleset
long self_sandbox_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
}
#else
long self_sandbox_landlock(void)
{
	return -1;
}
#endif

/* New 32-bit architectures have neither SYS_futex nor SYS_clock_gettime; they would need a list of their own. */
#if defined(SYS_futex) && defined(SYS_clock_gettime)
/* The program's own ELF header; the linker defines this symbol. It is not weak: a compiler may ask the GOT whether a
 * weak symbol exists, where ld enters 0 for this one, as the header is at the start of the file. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* The machine in the ELF header, the size of a word and the byte order. */
uint32_t self_sandbox_arch(void)
{
	uint32_t arch = __ehdr_start.e_machine;

	if (arch == EM_MIPS && sizeof(long) == 4 && __ehdr_start.e_flags & EF_MIPS_ABI2)
		return 0;                       /* MIPS n32 has an AUDIT_ARCH of its own */
	if (sizeof(long) == 8 || arch == EM_X86_64)
		arch |= __AUDIT_ARCH_64BIT;
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? arch | __AUDIT_ARCH_LE : arch;
}
#else
uint32_t self_sandbox_arch(void)
{
	return 0;
}
#endif

#ifdef SANITIZED
bool self_sandbox_can_filter(void)
{
	return false;
}

bool self_sandbox_can_restrict(void)
{
	return false;
}
#else
bool self_sandbox_can_filter(void)
{
	/* The kernel checks the mode before the address, which is none (seccomp(2)). */
	return self_sandbox_arch() && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 && errno == EFAULT;
}

bool self_sandbox_can_restrict(void)
{
	return self_sandbox_landlock() > 0;
}
#endif
