/* What the probe tries with system calls. The hard thing is to ask for what harms, in a way that does not. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>

#include "probe_attempts.h"

int try_socket(const char *family)
{
	int fd = socket(atoi(family), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : close(fd);
}

int try_unshare(const char *flag)
{
	return unshare((int)strtol(flag, NULL, 0));
}

int try_enter(const char *kind)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, 0);
}

int try_map(const char *nothing)
{
	(void)nothing;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		? -1
		: 0;
}

int try_protect(const char *nothing)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)nothing;
	return page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

int try_attach(const char *nothing)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700), result = -1, error;
	void *at;

	(void)nothing;
	if (id < 0)
		return -1;
	at = shmat(id, NULL, SHM_EXEC);
	error = errno;
	result = (intptr_t)at == -1 ? -1 : 0;
	shmctl(id, IPC_RMID, NULL);
	errno = error;
	return result;
}

int try_schedule(const char *policy)
{
	struct sched_param parameter = { .sched_priority = 0 };
	int kind = atoi(policy);

	parameter.sched_priority = kind == SCHED_FIFO || kind == SCHED_RR;
	return sched_setscheduler(0, kind, &parameter);
}

int try_suid(const char *folder)
{
	char path[1024];
	int fd, result, error;

	snprintf(path, sizeof(path), "%s/.probe-suid-%d", folder, getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	result = fchmod(fd, 04700);
	error = errno;
	close(fd);
	unlink(path);
	errno = error;
	return result;
}

int try_new_suid(const char *folder)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/.probe-new-%d", folder, getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 02700);
	if (fd < 0)
		return -1;
	close(fd);
	return unlink(path);
}

int try_nameless_suid(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 04700);

	return fd < 0 ? -1 : close(fd);
}

int try_personality(const char *nothing)
{
	(void)nothing;
	return personality(ADDR_NO_RANDOMIZE) < 0 ? -1 : 0;
}

int try_ask_personality(const char *nothing)
{
	(void)nothing;
	return personality(0xffffffff) < 0 ? -1 : 0;
}

/* The name that it has. */
int try_host_name(const char *nothing)
{
	char name[256] = "";

	(void)nothing;
	return gethostname(name, sizeof(name) - 1) < 0 ? -1 : sethostname(name, strlen(name));
}

int try_clock(const char *nothing)
{
	struct timex reads = { .modes = 0 };

	(void)nothing;
	return adjtimex(&reads) < 0 ? -1 : 0;
}

int try_kernel_log(const char *nothing)
{
	(void)nothing;
	return klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0) < 0 ? -1 : 0;
}

/* ENOENT is what who may unload it hears. */
int try_module(const char *nothing)
{
	(void)nothing;
	return (int)syscall(SYS_delete_module, "no-module-of-this-name", O_NONBLOCK);
}

int try_ports(const char *nothing)
{
	(void)nothing;
#ifdef SYS_iopl
	return (int)syscall(SYS_iopl, 0);
#else
	errno = ENOSYS;
	return -1;
#endif
}

int try_node(const char *folder)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/.probe-node-%d", folder, getpid());
	return mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0 ? -1 : unlink(path);
}

int try_mount(const char *nothing)
{
	(void)nothing;
	return mount("probe", "/no/such/folder", "tmpfs", 0, NULL);
}

int try_bound(const char *capability)
{
	return probe_tell(prctl(PR_CAPBSET_READ, atoi(capability), 0, 0, 0));
}

/* Whether it is permitted or effective. */
int try_held(const char *capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	unsigned number = (unsigned)atoi(capability);

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	return probe_tell((data[number / 32].permitted | data[number / 32].effective) >> number % 32 & 1);
}

int try_no_new_privileges(const char *nothing)
{
	(void)nothing;
	return probe_tell(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

int try_keyring(const char *nothing)
{
	long id = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* the session's */, 0, 0, 0);

	(void)nothing;
	return id < 0 ? -1 : probe_tell(id);
}

int try_user(const char *nothing)
{
	(void)nothing;
	return probe_tell((long)getuid());
}

int try_owner(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? -1 : probe_tell((long)status.st_uid);
}

/* A socket by the system calls of 32 bits, which a process of 64 can make as well. */
int try_socket_of_32_bits(const char *family)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(359L), "b"((long)atoi(family)), "c"(2L), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? -1 : 0;
#else
	(void)family;
	errno = ENOSYS;
	return -1;
#endif
}
