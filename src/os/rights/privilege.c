/* Raw system calls for the child between fork and exec.
 *
 * glibc's setuid(2) and its kin signal every thread of the process (nptl(7)). The child shares its parent's memory, so
 * those would be the parent's threads. The raw calls change the calling process only. */
#include "os/rights/privilege.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif
#ifdef SYS_pidfd_open
#include <sys/vfs.h>
#endif
#ifdef HAVE_SCHED_SETAFFINITY
#include <sched.h>
#endif

#if defined(HAVE_LINUX_CAPABILITY_H) && defined(HAVE_SYS_PRCTL_H)
#include <linux/capability.h>
#include <sys/prctl.h>
#endif

#include "config/option/service.h"
#include "exec/child/confine.h"

bool privilege_inherits = true;
bool privilege_own_keyring;

#ifdef SYS_close_range
#define UNSHARE 2u                      /* CLOSE_RANGE_UNSHARE, which older headers lack */

int privilege_unshare_descriptors(unsigned from)
{
	return (int)syscall(SYS_close_range, from, ~0u, UNSHARE);
}
#else
int privilege_unshare_descriptors(unsigned from)
{
	(void)from;
	errno = ENOSYS;
	return -1;
}
#endif

#ifdef SYS_pidfd_open
#define PIDFS 0x50494446                /* PID_FS_MAGIC of linux/magic.h; before it all pidfds were one file */

int privilege_own_pidfd(uint64_t *id)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0), result = -1;
	struct statfs system;
	struct stat file;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &system) == 0 && (unsigned long)system.f_type == PIDFS && fstat(fd, &file) == 0) {
		*id = file.st_ino;
		result = 0;
	}
	close(fd);
	return result;
}
#else
int privilege_own_pidfd(uint64_t *id)
{
	(void)id;
	errno = ENOTSUP;
	return -1;
}
#endif

#ifdef SYS_setgroups32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#elif defined(SYS_setgroups) && defined(SYS_setresuid)
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

#ifdef CALL_SETGROUPS
int privilege_set_groups(size_t count, const gid_t *groups)
{
	return (int)syscall(CALL_SETGROUPS, count, groups);
}

int privilege_set_gid(gid_t gid)
{
	return (int)syscall(CALL_SETRESGID, gid, gid, gid);
}

int privilege_set_uid(uid_t uid)
{
	return (int)syscall(CALL_SETRESUID, uid, uid, uid);
}

int privilege_act_as(uid_t uid)
{
	return (int)syscall(CALL_SETRESUID, (uid_t)-1, uid, (uid_t)-1);
}
#else
int privilege_set_groups(size_t count, const gid_t *groups)
{
	return setgroups((int)count, groups);
}

int privilege_set_gid(gid_t gid)
{
	return setgid(gid);
}

int privilege_set_uid(uid_t uid)
{
	return setuid(uid);
}

/* setuid(2) sets all three only for root, which this would end: all is done there. */
int privilege_act_as(uid_t uid)
{
	(void)uid;
	return 0;
}
#endif

#ifdef HAVE_SCHED_SETAFFINITY
int privilege_set_cpus(const struct plan *plan)
{
	return plan->cpus ? sched_setaffinity(0, plan->cpus_size, plan->cpus) : 0;
}
#else
int privilege_set_cpus(const struct plan *plan)
{
	if (!plan->cpus)
		return 0;
	errno = ENOTSUP;
	return -1;
}
#endif

int privilege_set_io_priority(const struct plan *plan)
{
	if (plan->io_priority < 0)
		return 0;
#ifdef SYS_ioprio_set
	return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, plan->io_priority);
#else
	errno = ENOTSUP;
	return -1;
#endif
}

#if defined(SYS_sched_setscheduler) && defined(PR_SET_TIMERSLACK)
/* libc's function of that name knows POSIX's policies alone, or none (musl). */
int privilege_set_scheduling(const struct plan *plan)
{
	const struct { int priority; } parameters = { plan->cpu_priority };

	if (plan->timer_slack && prctl(PR_SET_TIMERSLACK, plan->timer_slack, 0, 0, 0) < 0)
		return -1;
	return plan->cpu_policy < 0 ? 0 : (int)syscall(SYS_sched_setscheduler, 0, plan->cpu_policy, &parameters);
}
#else
int privilege_set_scheduling(const struct plan *plan)
{
	if (!plan->timer_slack && plan->cpu_policy < 0)
		return 0;
	errno = ENOTSUP;
	return -1;
}
#endif

int privilege_set_personality(const struct plan *plan)
{
	if (plan->personality < 0)
		return 0;
#ifdef SYS_personality
	return syscall(SYS_personality, plan->personality) < 0 ? -1 : 0;
#else
	errno = ENOTSUP;
	return -1;
#endif
}

#ifdef SYS_keyctl
#define JOIN_SESSION 1                  /* linux/keyctl.h's, which is not everywhere */
#define LINK 8
#define SESSION_KEYRING (-3)
#define USER_KEYRING (-4)

/* A user may have few keyrings (200, /proc/sys/kernel/keys/maxkeys), and each start makes one. Where there is none
 * left, superd's own is as private: nobody can put a key there. */
static bool can_do_without(int error)
{
	if (error == EDQUOT)
		return privilege_own_keyring;
	return error == ENOSYS || error == EPERM;       /* a kernel without keys, or a filter that forbids them */
}

int privilege_join_keyring(const struct plan *plan)
{
	if (plan->keyring == KEYRING_INHERIT)
		return 0;
	if (syscall(SYS_keyctl, JOIN_SESSION, NULL, 0, 0, 0) < 0)
		return can_do_without(errno) && (plan->keyring == KEYRING_PRIVATE || errno != EDQUOT) ? 0 : -1;
	if (plan->keyring != KEYRING_SHARED)
		return 0;
	return syscall(SYS_keyctl, LINK, USER_KEYRING, SESSION_KEYRING, 0, 0) < 0 ? -1 : 0;
}
#else
int privilege_join_keyring(const struct plan *plan)
{
	(void)plan;
	return 0;
}
#endif

#ifdef _LINUX_CAPABILITY_VERSION_3
#define KEEP_CAPS (1u << 4)             /* SECBIT_KEEP_CAPS */
#define EACH_CAPABILITY(cap) (int cap = 0; cap < 64; cap++)

static int drop_bounding(uint64_t bounding)
{
	if (bounding == UINT64_MAX)
		return 0;
	for EACH_CAPABILITY(cap) {
		if (bounding >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL) /* EINVAL: beyond this kernel's last */
			return -1;
	}
	return 0;
}

/* Inheritable holds the ambient set alone, whatever superd was started with: at the exec root gets what is inheritable
 * beside what the bounding set leaves, and any user what is ambient. Permitted and effective of a user other than root
 * hold that and what is needed for a moment more, which is gone with the exec. */
static int set_ambient(uint64_t ambient, uint64_t needed, bool root)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (!ambient && !needed && !privilege_inherits)
		return 0;
	if (privilege_inherits && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -1;
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int n = 0; n < 2; n++) {
		uint32_t part = (uint32_t)(ambient >> 32 * n);

		data[n].inheritable = part;
		if (!root)
			data[n].permitted = data[n].effective = part | (uint32_t)(needed >> 32 * n);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	for EACH_CAPABILITY(cap) {
		if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	}
	return 0;
}

void privilege_raise_effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (int n = 0; n < 2; n++)
		data[n].effective = data[n].permitted;
	syscall(SYS_capset, &header, data);
}

void privilege_show_itself(void)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static unsigned secure_bits(const struct plan *plan)
{
	return plan->confinement ? plan->confinement->secure_bits : 0;
}

/* Capabilities that a user other than root needs for the remaining stages: secure bits and filters. */
static uint64_t needed(const struct plan *plan)
{
	bool filters = plan->confinement && plan->confinement->filters && !plan->no_new_privileges;

	return (secure_bits(plan) ? UINT64_C(1) << CAP_SETPCAP : 0) | (filters ? UINT64_C(1) << CAP_SYS_ADMIN : 0);
}

int privilege_set_bounding(const struct plan *plan)
{
	return drop_bounding(plan->bounding);
}

/* Right before, as a user namespace that is made in between starts without it. */
int privilege_keep_over_user(const struct plan *plan)
{
	return plan->ambient || needed(plan) ? prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) : 0;
}

int privilege_set_ambient(const struct plan *plan)
{
	return set_ambient(plan->ambient, needed(plan), geteuid() == 0);
}

/* The rights are those of superd itself: nothing is raised, and permitted stays. */
int privilege_clear_ambient(void)
{
	return set_ambient(0, 0, true);
}

/* Those that superd has itself stay: they may be locked. The one that keeps capabilities over a change of user did its
 * work. */
int privilege_set_secure_bits(const struct plan *plan)
{
	int held = secure_bits(plan) ? prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) : 0;

	if (held < 0 || !secure_bits(plan))
		return held;
	return prctl(PR_SET_SECUREBITS, ((unsigned)held & ~KEEP_CAPS) | secure_bits(plan), 0, 0, 0);
}

int privilege_forbid_new(const struct plan *plan)
{
	return plan->no_new_privileges ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;
}
#else
void privilege_raise_effective(void)
{
}

void privilege_show_itself(void)
{
}

int privilege_set_bounding(const struct plan *plan)
{
	if (plan->bounding == UINT64_MAX)
		return 0;
	errno = ENOTSUP;
	return -1;
}

int privilege_keep_over_user(const struct plan *plan)
{
	(void)plan;
	return 0;
}

int privilege_set_ambient(const struct plan *plan)
{
	if (!plan->ambient)
		return 0;
	errno = ENOTSUP;
	return -1;
}

int privilege_clear_ambient(void)
{
	return 0;
}

int privilege_set_secure_bits(const struct plan *plan)
{
	if (!plan->confinement || !plan->confinement->secure_bits)
		return 0;
	errno = ENOTSUP;
	return -1;
}

int privilege_forbid_new(const struct plan *plan)
{
	if (!plan->no_new_privileges)
		return 0;
	errno = ENOTSUP;
	return -1;
}
#endif
