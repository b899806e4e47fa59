/* capget(2) by the raw system call: superd asks for single bits, which needs no library. If the kernel has no
 * capabilities, or a filter forbids the call, the old rule holds: root has all of them, other users none. */
#include "os/rights/capability.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"

bool capability_held(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	unsigned word = (unsigned)capability / 32;

	if (capability < 0 || word >= _LINUX_CAPABILITY_U32S_3)
		return false;
	if (syscall(SYS_capget, &header, data) < 0)
		return geteuid() == 0;
	return data[word].permitted >> ((unsigned)capability % 32) & 1;
}

bool capability_kills(const struct service *service)
{
	const struct account *account = service->account;
	uid_t uid = account && account->switches ? account->uid : geteuid();

	return uid == 0 && service->groups->hardening->private_users == PRIVATE_USERS_NO &&
	       service->groups->identity->capability_bounding_set >> CAP_KILL & 1;
}

int capability_port_start(void)
{
	size_t length;
	char *text = fd_read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &length);
	int64_t start = 1024;

	if (text) {
		text[strcspn(text, "\n")] = '\0';
		if (scan_count(text, &start) || start < 0 || start > 65536)
			start = 1024;
	}
	free(text);
	return (int)start;
}
