/* Each call is tried, as nothing else tells what a filter of system calls answers. */
#include "superd/machine/denied_calls.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/bpf/cgroup_bpf.h"
#include "os/fs/memory_file.h"
#include "os/host/self_sandbox.h"
#include "os/proc/clone_into_cgroup.h"
#include "os/proc/pidfd.h"
#include "os/rights/raw_syscall.h"

static bool can_unshare_fds(void)
{
	return raw_unshare_fds(~0u) == 0;       /* there is no such descriptor, and nobody shares them now */
}

static bool can_copy_fds(void)
{
	int self = pidfd_of(getpid()), copy = self < 0 ? -1 : pidfd_copy(self, self);
	bool can = copy >= 0;

	fd_close(&copy);
	fd_close(&self);
	return can;
}

/* Without root nobody expects it. */
static bool can_load_programs(void)
{
	return geteuid() != 0 || cgroup_bpf_is_possible(CGROUP_BPF_INGRESS);
}

static bool can_make_files(void)
{
	int fd = memory_open("superd", false);
	bool can = fd >= 0;

	fd_close(&fd);
	return can;
}

static bool can_resolve(void)
{
	struct { uint64_t flags, mode, resolve; } how = { O_PATH | O_CLOEXEC, 0, 0 };
	int fd = (int)syscall(__NR_openat2, AT_FDCWD, "/", &how, sizeof(how));
	bool can = fd >= 0;

	fd_close(&fd);
	return can;
}

const struct denied_call_row denied_calls[DENIED_CALLS] = {
	[DENIED_SECCOMP] = { "seccomp", self_sandbox_can_filter,
			     "no filter of system calls confines superd's own processes" },
	[DENIED_LANDLOCK] = { "Landlock", self_sandbox_can_restrict,
			      "superd's own processes are not kept from files and ports" },
	[DENIED_CLOSE_RANGE] = { "close_range", can_unshare_fds,
				 "each start copies superd's descriptors, which takes longer" },
	[DENIED_CLONE3] = { "clone3", clone_into_cgroup_is_possible,
			    "a process joins its control group by itself, which takes longer" },
	[DENIED_PIDFD_GETFD] = { "pidfd_getfd", can_copy_fds,
				 "pass = bind is refused, and only its listeners wake a frozen service" },
	[DENIED_PROCESS_MADVISE] = { "process_madvise", pidfd_can_page_out,
				     "freeze_reclaim needs a control group with memory.reclaim" },
	[DENIED_BPF] = { "bpf", can_load_programs,
			 "filters of devices and packets are refused, and at a stop handshakes move only by "
			 "net.ipv4.tcp_migrate_req" },
	[DENIED_MEMFD_CREATE] = { "memfd_create", can_make_files,
				  "superd's state goes through unlinked files in its runtime folder" },
	[DENIED_OPENAT2] = { "openat2", can_resolve,
			     "bind mounts below a folder that superd removes are not noticed" },
};

void denied_calls_describe(struct buf *out)
{
	for (int n = 0; n < DENIED_CALLS; n++) {
		if (!denied_calls[n].is_possible())
			buf_addf(out, "This machine lacks %s: %s\n", denied_calls[n].name, denied_calls[n].lost);
	}
}
