/* superd's own capabilities, by capget(2) and capset(2). The kernel keeps them by thread: a change holds for the
 * calling thread, and for threads that it creates afterwards. */
#include "os/host/host.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define JOIN_SESSION 1                  /* constants of linux/keyctl.h, which is not installed everywhere */
#define SET_PERMISSIONS 5
#define SESSION_KEYRING (-3)
#define SEARCHED_ALONE 0x0b030000       /* possessor: view, read, search; owner: view, read */

void own_privileges_leave_keyring(void)
{
	has_own_keyring = capability_held(CAP_SETUID) &&
				syscall(SYS_keyctl, JOIN_SESSION, NULL, 0, 0, 0) >= 0 &&
				syscall(SYS_keyctl, SET_PERMISSIONS, SESSION_KEYRING, SEARCHED_ALONE, 0, 0) >= 0;
}

static uint64_t found_inheritable, found_ambient;

void own_privileges_clear_inheritable_again(void)
{
	struct capability_sets sets;

	if (!capabilities_read(&sets))
		return;
	if (sets.inheritable) {
		sets.inheritable = 0;
		inheritable_caps_possible = !capabilities_write(&sets) || !capabilities_read(&sets) || sets.inheritable;
	} else {
		inheritable_caps_possible = false;
	}
}

uint64_t own_privileges_clear_inheritable(void)
{
	struct capability_sets sets;

	if (capabilities_read(&sets))
		found_inheritable = sets.inheritable;
	found_ambient = 0;
	/* The ambient set is a subset of the inheritable one, and shrinks with it. */
	for (int cap = 0; cap < 64; cap++) {
		if (found_inheritable >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			found_ambient |= UINT64_C(1) << cap;
	}
	own_privileges_clear_inheritable_again();
	return found_ambient;
}

void own_privileges_restore_inheritable(void)
{
	struct capability_sets sets;

	if (!found_inheritable || !capabilities_read(&sets))
		return;
	sets.inheritable = found_inheritable;
	if (!capabilities_write(&sets)) {              /* the kernel refuses bits that superd does not hold itself */
		sets.inheritable = found_inheritable & sets.permitted;
		capabilities_write(&sets);
	}
	for (int cap = 0; cap < 64; cap++) {
		if (found_ambient >> cap & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	}
}

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* The capabilities that superd never uses, though its children may. */
static const uint64_t never_used =
	CAP(SYS_MODULE) | CAP(SYS_RAWIO) | CAP(SYS_BOOT) | CAP(SYS_TIME) | CAP(SYS_PACCT) | CAP(LINUX_IMMUTABLE) |
	CAP(LEASE) | CAP(NET_BROADCAST) | CAP(AUDIT_WRITE) | CAP(AUDIT_CONTROL) | CAP(AUDIT_READ) |
	CAP(MAC_OVERRIDE) | CAP(MAC_ADMIN) | CAP(SYSLOG) | CAP(WAKE_ALARM) | CAP(BLOCK_SUSPEND) | CAP(MKNOD) |
	CAP(SETFCAP) | CAP(SYS_TTY_CONFIG) | CAP(SYS_ADMIN) | CAP(PERFMON) | CAP(CHECKPOINT_RESTORE);

/* If the kernel refuses, the set stays as it is. */
void own_privileges_use(uint64_t capabilities)
{
	struct capability_sets sets;

	if (!capabilities_read(&sets))
		return;
	capabilities &= sets.permitted;
	if (sets.effective == capabilities)
		return;
	sets.effective = capabilities;
	capabilities_write(&sets);
}

void own_privileges_use_all(void)
{
	own_privileges_use(~never_used);
}

uint64_t own_privileges_raise(void)
{
	struct capability_sets before;

	if (!capabilities_read(&before))
		return UINT64_MAX;
	own_privileges_use(UINT64_MAX);
	return before.effective;
}

void own_privileges_drop_others(uint64_t capabilities)
{
	struct capability_sets sets;

	if (!capabilities_read(&sets))
		return;
	sets.effective = sets.permitted = sets.permitted & capabilities;
	capabilities_write(&sets);
}

/* A symbol of AddressSanitizer: its leak check traces the process, which must not be hidden then. */
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

void own_privileges_hide_process(void)
{
	if (!__asan_unpoison_memory_region)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* capget(2) by the raw system call: superd asks for single bits, which needs no library. If the kernel has no
 * capabilities, or a filter forbids the call, the old rule holds: root has all of them, other users none. */

bool capability_held(int capability)
{
	struct capability_sets sets;

	if (capability < 0 || capability > 63)
		return false;
	return capabilities_read(&sets) ? sets.permitted >> capability & 1 : geteuid() == 0;
}

bool capability_kills(const struct service *service)
{
	const struct account *account = service->account;
	uid_t uid = account && account->switches ? account->uid : geteuid();

	return uid == 0 && !service->groups->hardening->private_users &&
	       service->groups->identity->capability_bounding_set >> CAP_KILL & 1;
}

int capability_port_start(void)
{
	int64_t start;

	return fd_read_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", &start) ? (int)start : 1024;
}

/* Reads /proc/self/uid_map and gid_map. */

static bool is_mapped(const char *path, uint64_t first, uint64_t count)
{
	FILE *file = fopen(path, "re");
	unsigned long inside, outside, length;
	bool mapped = !file;

	while (file && !mapped && fscanf(file, "%lu %lu %lu", &inside, &outside, &length) == 3)
		mapped = inside <= first && first + count <= (uint64_t)inside + length;
	if (file)
		fclose(file);
	return mapped;
}

bool id_map_has_uids(unsigned first, unsigned count)
{
	return is_mapped("/proc/self/uid_map", first, count);
}

bool id_map_has_gids(unsigned first, unsigned count)
{
	return is_mapped("/proc/self/gid_map", first, count);
}
