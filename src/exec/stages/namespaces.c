/* A sandbox, except its mounts: namespaces, AppArmor profile, seccomp filters. */
#include "exec/child/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/stages/stages.h"
#include "exec/stages/userns_map.h"
#include "os/foreign/path_walk.h"

/* In a new network namespace the loopback interface is down. A kernel without IPv4 has none. */
static int bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : -1;
	result = ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (result == 0)
		result = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return result;
}

static int enter_network_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -1;
	result = setns(fd, CLONE_NEWNET);
	close(fd);
	return result;
}

int sandbox_namespaces(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);

	if (!sandbox)
		return 0;
	if (sandbox->users_first) {
		path_walk_note_namespace();
		if (userns_enter(job) < 0)
			return -1;
	}
	if (sandbox->network && enter_network_namespace(sandbox->network) < 0) {
		job->fault.resource = SANDBOX_NETWORK;
		return -1;
	}
	if (sandbox->namespaces && unshare((int)sandbox->namespaces) < 0)
		return -1;
	return sandbox->namespaces & CLONE_NEWNET ? bring_up_loopback() : 0;
}

int sandbox_users(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);

	if (!sandbox || !sandbox->users || sandbox->users_first)
		return 0;
	return userns_enter(job);
}

/* Sets the AppArmor profile for the next exec, by a file of the process itself (aa_change_onexec(2)). */
int sandbox_profile(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);
	char order[300] = "exec ";
	int fd, result;

	if (!sandbox || !sandbox->profile)
		return 0;
	if (strlen(sandbox->profile) >= sizeof(order) - 6) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(order + 5, sandbox->profile, strlen(sandbox->profile) + 1);
	fd = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = write(fd, order, strlen(order)) < 0 ? -1 : 0;
	close(fd);
	return result;
}

/* Newer than the headers of Linux 6.1. */
#define SET_MDWE 65                     /* PR_SET_MDWE of Linux 6.3 */
#define REFUSE_EXEC_GAIN 1UL            /* PR_MDWE_REFUSE_EXEC_GAIN */

/* For this process's memory, which is its own in a start apart, and for programs that it executes. If the kernel lacks
 * the call, the filter does the work. */
static int refuse_executable_memory(void)
{
	return prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0UL, 0UL, 0UL) < 0 && errno != EINVAL ? -1 : 0;
}

int sandbox_system_calls(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);

	if (sandbox && sandbox->refuses_executable_memory && refuse_executable_memory() < 0)
		return -1;
	for (size_t n = 0; sandbox && sandbox->filters && sandbox->filters[n]; n++) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, sandbox->filters[n], 0, 0) < 0)
			return -1;
	}
	return 0;
}
