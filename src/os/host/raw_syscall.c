/* Raw system calls for the child between fork and exec.
 *
 * glibc's setuid(2) and similar calls signal every thread of the process (nptl(7)). The child shares its parent's
 * memory, so those would be the parent's threads. The raw calls change the calling thread only. */
#include "os/host/host.h"

#include <grp.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <linux/capability.h>
#include <linux/close_range.h>
#include <sys/prctl.h>

extern char **environ;

bool inheritable_caps_possible = true;
bool has_own_keyring;

int raw_unshare_fds(unsigned from)
{
	return (int)syscall(__NR_close_range, from, ~0u, CLOSE_RANGE_UNSHARE);
}

int raw_execute(int fd, char *const *argv, char *const *environment)
{
	return (int)syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
}

#ifdef SYS_setgroups32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

int raw_set_groups(size_t count, const gid_t *groups)
{
	return (int)syscall(CALL_SETGROUPS, count, groups);
}

/* The kernel makes the memory of a process that changes its user or group as dumpable as fs.suid_dumpable says
 * (proc_sys_fs(5)): the new user could look into it. A child may share that of superd. */
static int set_ids(long call, unsigned real, unsigned effective, unsigned saved)
{
	bool hidden = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1;
	int result = (int)syscall(call, real, effective, saved);

	if (hidden)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return result;
}

int raw_set_gid(gid_t gid)
{
	return set_ids(CALL_SETRESGID, gid, gid, gid);
}

int raw_set_egid(gid_t gid)
{
	return set_ids(CALL_SETRESGID, (gid_t)-1, gid, (gid_t)-1);
}

int raw_set_uid(uid_t uid)
{
	return set_ids(CALL_SETRESUID, uid, uid, uid);
}

int raw_set_euid(uid_t uid)
{
	return set_ids(CALL_SETRESUID, (uid_t)-1, uid, (uid_t)-1);
}

bool capabilities_read(struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return true;
}

bool capabilities_write(const struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) == 0;
}

void raw_raise_effective(void)
{
	struct capability_sets sets;

	if (!capabilities_read(&sets))
		return;
	sets.effective = sets.permitted;
	capabilities_write(&sets);
}

#define NOROOT 1                        /* SECBIT_NOROOT: root gains nothing by an exec */

/* The next program gets root's capabilities by itself; others only by the ambient set, if a secure bit allows that. */
static void keep_capabilities(void)
{
	struct capability_sets sets;
	bool by_root = geteuid() == 0 && !(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & NOROOT);

	if (by_root || !capabilities_read(&sets) || !sets.permitted)
		return;
	sets.inheritable = sets.permitted;
	capabilities_write(&sets);
	for (int cap = 0; cap < 64; cap++) {
		if (sets.permitted >> cap & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	}
}

static void drop_loader_variables(void)
{
	char **kept = environ;

	for (char **at = environ; at && *at; at++) {
		if (strncmp(*at, "LD_", 3) != 0)
			*kept++ = *at;
	}
	if (kept)
		*kept = NULL;
}

int raw_execute_own_with(int program, char *const *argv, char *const *environment)
{
	raw_raise_effective();
	keep_capabilities();
	return raw_execute(program, argv, environment);
}

int raw_execute_own(int program, char *const *argv)
{
	drop_loader_variables();
	return raw_execute_own_with(program, argv, environ);
}

/* The timer ends with the exec. By the plain calls, as timer_create(3) of libc may allocate. */
int raw_kill_unless_executed(unsigned seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	const struct { long interval[2], value[2]; } limit = { .value = { (long)seconds } };
	int timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0)
		return -1;
	return (int)syscall(SYS_timer_settime, timer, 0, &limit, NULL);
}

void raw_set_dumpable(void)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
