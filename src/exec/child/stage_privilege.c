/* The stages that take rights away or keep them: capabilities(7), keyrings(7), PR_SET_NO_NEW_PRIVS of prctl(2). */
#include "exec/child/stages.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/child/sandbox.h"
#include "os/rights/raw_syscall.h"

#define JOIN_SESSION 1                  /* constants of linux/keyctl.h, which is not installed everywhere */
#define LINK 8
#define SESSION_KEYRING (-3)
#define USER_KEYRING (-4)

/* Whether a failure to create a keyring can be ignored. A user may have few keyrings (200,
 * /proc/sys/kernel/keys/maxkeys), and each start creates one. If there are none left, superd's own is as private, as it
 * takes no keys. */
static bool is_keyring_failure_harmless(int error)
{
	if (error == EDQUOT)
		return has_own_keyring;
	/* A kernel without keys, or a seccomp filter that forbids them. */
	return error == ENOSYS || error == EPERM;
}

int stage_keyring(struct job *job)
{
	if (job->plan->keyring == KEYRING_INHERIT)
		return 0;
	if (syscall(SYS_keyctl, JOIN_SESSION, NULL, 0, 0, 0) < 0)
		return is_keyring_failure_harmless(errno) && (job->plan->keyring == KEYRING_PRIVATE || errno != EDQUOT)
			? 0
			: -1;
	if (job->plan->keyring != KEYRING_SHARED)
		return 0;
	return syscall(SYS_keyctl, LINK, USER_KEYRING, SESSION_KEYRING, 0, 0) < 0 ? -1 : 0;
}

#define KEEP_CAPS (1u << 4)             /* SECBIT_KEEP_CAPS */
#define EACH_CAPABILITY(cap) (int cap = 0; cap < 64; cap++)

static int drop_bounding(uint64_t bounding)
{
	if (bounding == UINT64_MAX)
		return 0;
	for EACH_CAPABILITY(cap) {
		if (bounding >> cap & 1)
			continue;
		/* EINVAL: this kernel has fewer capabilities. */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			return -1;
	}
	return 0;
}

/* Sets the inheritable set to the ambient set, whatever superd was started with: at the exec, root gains the
 * inheritable set beyond the bounding set, and any user the ambient set. For a user other than root, permitted and
 * effective get the ambient set and what superd holds of `needed`, which ends with the exec (capabilities(7)). */
static int set_ambient(uint64_t ambient, uint64_t needed, bool root)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (!ambient && !needed && !inheritable_caps_possible)
		return 0;
	if (inheritable_caps_possible && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return -1;
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int n = 0; n < 2; n++) {
		uint32_t part = (uint32_t)(ambient >> 32 * n), held = data[n].permitted;

		data[n].inheritable = part;
		if (!root)
			data[n].permitted = data[n].effective = part | ((uint32_t)(needed >> 32 * n) & held);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	for EACH_CAPABILITY(cap) {
		if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	}
	return 0;
}

static unsigned secure_bits(const struct plan *plan)
{
	return plan->sandbox ? plan->sandbox->secure_bits : 0;
}

/* Capabilities that a user other than root needs for the remaining stages: secure bits and filters. */
static uint64_t caps_of_later_stages(const struct plan *plan)
{
	bool has_filters = plan->bind_filter || (plan->sandbox && plan->sandbox->filters);
	bool filters = has_filters && !plan->no_new_privileges;

	return (secure_bits(plan) ? UINT64_C(1) << CAP_SETPCAP : 0) | (filters ? UINT64_C(1) << CAP_SYS_ADMIN : 0);
}

int stage_bounding(struct job *job)
{
	return drop_bounding(job->plan->bounding);
}

/* Done right before the change of user, as entering a user namespace in between resets it. */
int child_keep_over_user(const struct plan *plan)
{
	return plan->ambient || caps_of_later_stages(plan) ? prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) : 0;
}

/* No command inherits superd's own ambient set. A command that stays superd's user keeps superd's permitted set, and
 * nothing is raised. */
int stage_ambient(struct job *job)
{
	if (job->command->flags & (COMMAND_PRIVILEGED | COMMAND_SAME_IDENTITY))
		return set_ambient(0, 0, true);
	return set_ambient(job->plan->ambient, caps_of_later_stages(job->plan), geteuid() == 0);
}

/* superd's own secure bits stay, as they may be locked. SECBIT_KEEP_CAPS is cleared, as it has done its work. */
int stage_secure_bits(struct job *job)
{
	int held = secure_bits(job->plan) ? prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) : 0;

	if (held < 0 || !secure_bits(job->plan))
		return held;
	return prctl(PR_SET_SECUREBITS, ((unsigned)held & ~KEEP_CAPS) | secure_bits(job->plan), 0, 0, 0);
}

int stage_no_new_privileges(struct job *job)
{
	return job->plan->no_new_privileges ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;
}
