/* superd's own capabilities, by the raw system calls. They belong to a thread, not to a process: what is set here is
 * that of the thread that calls, and of those it makes afterwards. */
#include "os/rights/own_privileges.h"

#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif
#if defined(HAVE_LINUX_CAPABILITY_H) && defined(HAVE_SYS_PRCTL_H)
#include <linux/capability.h>
#include <sys/prctl.h>
#endif

#include "os/rights/capability.h"
#include "os/rights/raw_syscall.h"

#ifdef SYS_keyctl
#define JOIN_SESSION 1                  /* linux/keyctl.h's, which is not everywhere */
#define SET_PERMISSIONS 5
#define SESSION_KEYRING (-3)
#define SEARCHED_ALONE 0x0b030000       /* by who has it: view, read, search; by its owner: view, read */

void own_privileges_leave_keyring(void)
{
	has_own_keyring = capability_held(CAP_SETUID) &&
				syscall(SYS_keyctl, JOIN_SESSION, NULL, 0, 0, 0) >= 0 &&
				syscall(SYS_keyctl, SET_PERMISSIONS, SESSION_KEYRING, SEARCHED_ALONE, 0, 0) >= 0;
}
#else
void own_privileges_leave_keyring(void)
{
}
#endif

#ifdef _LINUX_CAPABILITY_VERSION_3
static uint64_t found_inheritable, found_ambient;

struct sets {
	uint64_t effective, permitted, inheritable;
};

static bool get(struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return true;
}

static bool set(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) == 0;
}

/* What is ambient is inheritable, too, and is gone where that goes. */
static uint64_t find_ambient(uint64_t inheritable)
{
	uint64_t found = 0;

	for (int cap = 0; cap < 64; cap++) {
		if (inheritable >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			found |= UINT64_C(1) << cap;
	}
	return found;
}

static void empty(void)
{
	struct sets sets;

	if (!get(&sets))
		return;
	if (sets.inheritable) {
		sets.inheritable = 0;
		inheritable_caps_possible = !set(&sets) || !get(&sets) || sets.inheritable;
	} else {
		inheritable_caps_possible = false;
	}
}

uint64_t own_privileges_clear_inheritable(void)
{
	struct sets sets;

	if (get(&sets)) {
		found_inheritable = sets.inheritable;
		found_ambient = find_ambient(sets.inheritable);
	}
	empty();
	return found_ambient;
}

void own_privileges_restore_inheritable(void)
{
	struct sets sets;

	if (!found_inheritable || !get(&sets))
		return;
	sets.inheritable = found_inheritable;
	if (!set(&sets)) {              /* some of it superd never held itself */
		sets.inheritable = found_inheritable & sets.permitted;
		set(&sets);
	}
	for (int cap = 0; cap < 64; cap++) {
		if (found_ambient >> cap & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	}
}

void own_privileges_clear_inheritable_again(void)
{
	empty();
}
#define CAP(name) (UINT64_C(1) << CAP_##name)
#define CAP_PERFMON_BIT (UINT64_C(1) << 38)     /* of Linux 5.8, as is */
#define CAP_BPF_NUMBER 39
#define CAP_CHECKPOINT_RESTORE_BIT (UINT64_C(1) << 40)         /* of Linux 5.9 */

/* Never used by superd, and by its children apart alone. Before Linux 5.8 programs for control groups take
 * CAP_SYS_ADMIN. */
static uint64_t unused(void)
{
	uint64_t sets = CAP(SYS_MODULE) | CAP(SYS_RAWIO) | CAP(SYS_BOOT) | CAP(SYS_TIME) | CAP(SYS_PACCT) |
			CAP(LINUX_IMMUTABLE) | CAP(LEASE) | CAP(NET_BROADCAST) | CAP(AUDIT_WRITE) | CAP(AUDIT_CONTROL) |
			CAP(AUDIT_READ) | CAP(MAC_OVERRIDE) | CAP(MAC_ADMIN) | CAP(SYSLOG) | CAP(WAKE_ALARM) |
			CAP(BLOCK_SUSPEND) | CAP(MKNOD) | CAP(SETFCAP) | CAP(SYS_TTY_CONFIG) | CAP_PERFMON_BIT |
			CAP_CHECKPOINT_RESTORE_BIT;

	if (prctl(PR_CAPBSET_READ, CAP_BPF_NUMBER, 0, 0, 0) >= 0)
		sets |= CAP(SYS_ADMIN);
	return sets;
}

/* One that may not change it goes on with what it has. */
static void set_effective(uint64_t capabilities)
{
	struct sets sets;

	if (!get(&sets))
		return;
	capabilities &= sets.permitted;
	if (sets.effective == capabilities)
		return;
	sets.effective = capabilities;
	set(&sets);
}

void own_privileges_use(uint64_t capabilities)
{
	set_effective(capabilities);
}

void own_privileges_use_all(void)
{
	own_privileges_use(~unused());
}

uint64_t own_privileges_raise(void)
{
	struct sets before;

	if (!get(&before))
		return UINT64_MAX;
	set_effective(UINT64_MAX);
	return before.effective;
}

void own_privileges_drop_others(uint64_t capabilities)
{
	struct sets sets;

	if (!get(&sets))
		return;
	sets.effective = sets.permitted = sets.permitted & capabilities;
	set(&sets);
}

/* Of AddressSanitizer: its look for leaks traces the process, which it may not of one that is hidden. */
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

void own_privileges_hide_process(void)
{
	if (!__asan_unpoison_memory_region)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void own_privileges_read(struct own_privileges *privileges)
{
	struct sets sets = { 0 };

	get(&sets);
	*privileges = (struct own_privileges){ .effective = sets.effective, .permitted = sets.permitted };
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			privileges->bounding |= UINT64_C(1) << cap;
	}
	privileges->no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	privileges->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
}
#else
void own_privileges_use(uint64_t capabilities)
{
	(void)capabilities;
}

void own_privileges_use_all(void)
{
}

uint64_t own_privileges_raise(void)
{
	return 0;
}

void own_privileges_drop_others(uint64_t capabilities)
{
	(void)capabilities;
}

void own_privileges_hide_process(void)
{
}

void own_privileges_read(struct own_privileges *privileges)
{
	*privileges = (struct own_privileges){ .dumpable = true };
}

uint64_t own_privileges_clear_inheritable(void)
{
	inheritable_caps_possible = false;
	return 0;
}

void own_privileges_restore_inheritable(void)
{
}

void own_privileges_clear_inheritable_again(void)
{
}
#endif
