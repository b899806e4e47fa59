/* inside PROBE…: what a confined backend can still do, by the machine's own system calls and, where a name ends in
 * _i, by those of i386 (int 0x80). Prints a line for each: the name, and "allowed" or why not. Each is tried in a
 * process of its own, as a filter may kill it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH "/tmp/inside"
#define UNIFIED_CACHESTAT 451
#define UNIFIED_FCHMODAT2 452
#define UNIFIED_LSM_SET_SELF_ATTR 460
#define UNIFIED_SETXATTRAT 463
#define UNIFIED_OPEN_TREE_ATTR 467

/* Memory that 32 bits reach. */
static char *low;

static long low_address(void)
{
	return (long)(intptr_t)low;
}

#ifdef __x86_64__
static long i386(long n, long a, long b, long c, long d, long e)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	r = (int)r;
	if (r >= 0)
		return r;
	errno = (int)-r;
	return -1;
}
#define IOPL syscall(SYS_iopl, 3)
#else
static long i386(long n, long a, long b, long c, long d, long e)
{
	(void)n, (void)a, (void)b, (void)c, (void)d, (void)e;
	errno = ENOSYS;
	return -1;
}
#define IOPL (errno = ENOSYS, -1L)
#endif

static long end_child(long pid)
{
	if (pid == 0)
		_exit(0);
	return pid;
}

static long from_map(const void *at)
{
	return at == MAP_FAILED ? -1 : 0;
}

static long scratch_file(void)
{
	int fd = open(SCRATCH, O_CREAT | O_WRONLY, 0666);

	if (fd >= 0)
		close(fd);
	strcpy(low, SCRATCH);
	return fd;
}

/* Whether the file has the bit, for a call whose success tells nothing. */
static long has_suid(long result)
{
	struct stat status;

	if (result < 0 || stat(SCRATCH, &status) < 0)
		return -1;
	errno = EPERM;
	return status.st_mode & S_ISUID ? 0 : -1;
}

#define PROBE(name, ...) static long name(void) { __VA_ARGS__ }
PROBE(unshare_user, return syscall(SYS_unshare, CLONE_NEWUSER);)
PROBE(unshare_user_i, return i386(310, CLONE_NEWUSER, 0, 0, 0, 0);)
PROBE(unshare_user_x32, return syscall(SYS_unshare | 0x40000000, CLONE_NEWUSER);)
PROBE(unshare_high, return syscall(SYS_unshare, CLONE_NEWUSER | 0x100000000);)
PROBE(clone_user, return end_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));)
PROBE(clone_user_i, return end_child(i386(120, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));)
PROBE(clone3_user, struct clone_args a = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
      return end_child(syscall(SYS_clone3, &a, sizeof(a)));)
PROBE(sock_packet, return socket(AF_PACKET, SOCK_RAW, 0);)
PROBE(sock_unix, return socket(AF_UNIX, SOCK_STREAM, 0);)
PROBE(sock_inet, return socket(AF_INET, SOCK_STREAM, 0);)
PROBE(sock_netlink, return socket(AF_NETLINK, SOCK_RAW, 0);)
PROBE(sock_high, return syscall(SYS_socket, AF_NETLINK | 0x100000000, SOCK_RAW, 0);)
PROBE(sock_netlink_i, return i386(359, AF_NETLINK, SOCK_RAW, 0, 0, 0);)
PROBE(socketcall_i, unsigned words[3] = { AF_NETLINK, SOCK_RAW, 0 }; memcpy(low, words, sizeof(words));
      return i386(102, 1, low_address(), 0, 0, 0);)
PROBE(uring, struct io_uring_params p = { 0 }; return syscall(SYS_io_uring_setup, 4, &p);)
PROBE(uring_i, memset(low, 0, sizeof(struct io_uring_params)); return i386(425, 4, low_address(), 0, 0, 0);)
PROBE(wx_mmap, return from_map(mmap(0, 4096, PROT_WRITE | PROT_EXEC, MAP_ANON | MAP_PRIVATE, -1, 0));)
PROBE(wx_mmap_i, return i386(192, 0, 4096, PROT_WRITE | PROT_EXEC, MAP_ANON | MAP_PRIVATE, -1);)
PROBE(wx_mprotect, void *p = mmap(0, 4096, PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
      return mprotect(p, 4096, PROT_READ | PROT_EXEC);)
/* Whether the kernel itself refuses such memory; one before Linux 6.3 cannot. */
PROBE(wx_refused_by_kernel, int r = prctl(66 /* PR_GET_MDWE */, 0UL, 0UL, 0UL, 0UL); errno = r < 0 ? errno : ENODATA;
      return r > 0 ? 0 : -1;)
PROBE(wx_personality, return personality(READ_IMPLIES_EXEC);)
PROBE(wx_personality_i, return i386(136, READ_IMPLIES_EXEC, 0, 0, 0, 0);)
PROBE(wx_personality_high, return syscall(SYS_personality, READ_IMPLIES_EXEC | 0x100000000);)
PROBE(personality_query, return personality(0xffffffff);)
PROBE(personality_same, return personality((unsigned long)personality(0xffffffff));)
PROBE(personality_32, return personality(PER_LINUX32);)
PROBE(personality_0, return personality(PER_LINUX);)
PROBE(personality_i, return i386(136, PER_LINUX32, 0, 0, 0, 0);)
PROBE(chmod_suid, scratch_file(); return chmod(SCRATCH, 04755);)
PROBE(chmod_suid_i, scratch_file(); return has_suid(i386(15, low_address(), 04755, 0, 0, 0));)
PROBE(open_suid, unlink(SCRATCH); return open(SCRATCH, O_CREAT | O_WRONLY, 04755);)
PROBE(mknod_suid, unlink(SCRATCH); return mknod(SCRATCH, S_IFREG | 04755, 0);)
PROBE(fchmodat2_suid, scratch_file(); return syscall(UNIFIED_FCHMODAT2, AT_FDCWD, SCRATCH, 04755, 0);)
PROBE(fchmodat2_suid_i, scratch_file(); return has_suid(i386(UNIFIED_FCHMODAT2, AT_FDCWD, low_address(), 04755, 0, 0));)
PROBE(fchmodat2_plain, scratch_file(); return syscall(UNIFIED_FCHMODAT2, AT_FDCWD, SCRATCH, 0755, 0);)
PROBE(fchmodat2_plain_i, scratch_file(); return i386(UNIFIED_FCHMODAT2, AT_FDCWD, low_address(), 0755, 0, 0);)
PROBE(cachestat, return syscall(UNIFIED_CACHESTAT, -1, 0, 0, 0);)
PROBE(cachestat_i, return i386(UNIFIED_CACHESTAT, -1, 0, 0, 0, 0);)
PROBE(cachestat_x32, return syscall(UNIFIED_CACHESTAT | 0x40000000, -1, 0, 0, 0);)
PROBE(setxattrat, return syscall(UNIFIED_SETXATTRAT, AT_FDCWD, 0, 0, 0, 0, 0);)
PROBE(setxattrat_i, return i386(UNIFIED_SETXATTRAT, AT_FDCWD, 0, 0, 0, 0);)
PROBE(security_label, return syscall(UNIFIED_LSM_SET_SELF_ATTR, 0, 0, 0);)
PROBE(security_label_i, return i386(UNIFIED_LSM_SET_SELF_ATTR, 0, 0, 0, 0, 0);)
PROBE(waitpid_i, return i386(7, -1, 0, WNOHANG, 0, 0);)

/* A copy of /usr without its read-only attribute, and a file there. */
static long write_tree(long tree)
{
	return tree < 0 ? -1 : openat((int)tree, "inside-probe", O_CREAT | O_WRONLY, 0600);
}

static uint64_t *tree_attributes(void)
{
	uint64_t *attributes = (uint64_t *)(void *)(low + 64);

	strcpy(low, "/usr");
	memset(attributes, 0, 32);
	attributes[1] = 1;              /* clears MOUNT_ATTR_RDONLY */
	return attributes;
}

PROBE(write_tree_attr, uint64_t *a = tree_attributes();
      return write_tree(syscall(UNIFIED_OPEN_TREE_ATTR, AT_FDCWD, "/usr", 0x8001, a, 32));)
PROBE(write_tree_attr_i, tree_attributes();
      return write_tree(i386(UNIFIED_OPEN_TREE_ATTR, AT_FDCWD, low_address(), 0x8001, low_address() + 64, 32));)
PROBE(sched_fifo, struct sched_param p = { 1 }; return sched_setscheduler(0, SCHED_FIFO, &p);)
PROBE(sched_fifo_i, int priority = 1; memcpy(low, &priority, sizeof(priority));
      return i386(156, 0, SCHED_FIFO, low_address(), 0, 0);)
PROBE(settime, struct timespec now; clock_gettime(CLOCK_REALTIME, &now); return clock_settime(CLOCK_REALTIME, &now);)
PROBE(syslog_read, return syscall(SYS_syslog, 10, 0, 0);)
PROBE(init_module, return syscall(SYS_finit_module, -1, "", 0);)
PROBE(sethost, char name[65] = ""; gethostname(name, 64); return sethostname(name, strlen(name));)
PROBE(raw_io, return IOPL;)
PROBE(mknod_device, unlink(SCRATCH); return mknod(SCRATCH, S_IFBLK | 0600, makedev(254, 0));)
PROBE(open_kmsg, return open("/dev/kmsg", O_RDONLY | O_NONBLOCK);)
PROBE(open_kcore, return open("/proc/kcore", O_RDONLY);)
PROBE(write_sysctl, return open("/proc/sys/kernel/domainname", O_WRONLY);)
PROBE(write_sysrq, return open("/proc/sysrq-trigger", O_WRONLY);)
PROBE(write_usr, return open("/usr/inside-probe", O_CREAT | O_WRONLY, 0600);)
PROBE(write_etc, return open("/etc/inside-probe", O_CREAT | O_WRONLY, 0600);)
PROBE(write_var, return open("/var/inside-probe", O_CREAT | O_WRONLY, 0600);)
PROBE(read_root, return open("/root/inside-home", O_RDONLY);)
PROBE(umount_root, return umount2("/root", MNT_DETACH);)
PROBE(umount_tmp, return umount2("/tmp", MNT_DETACH);)
PROBE(remount_usr, return mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL);)
PROBE(mount_proc, return mount("proc", "/mnt", "proc", 0, NULL);)
PROBE(proc_meminfo, return open("/proc/meminfo", O_RDONLY);)

#define T(name) { #name, name }
static const struct {
	const char *name;
	long (*try)(void);
} probes[] = {
	T(unshare_user), T(unshare_user_i), T(unshare_user_x32), T(unshare_high), T(clone_user), T(clone_user_i),
	T(clone3_user), T(sock_packet), T(sock_unix), T(sock_inet), T(sock_netlink), T(sock_high), T(sock_netlink_i),
	T(socketcall_i), T(uring), T(uring_i), T(wx_mmap), T(wx_mmap_i), T(wx_mprotect), T(wx_refused_by_kernel),
	T(wx_personality),
	T(wx_personality_i), T(wx_personality_high), T(personality_query), T(personality_same), T(personality_32),
	T(personality_0), T(personality_i), T(chmod_suid), T(chmod_suid_i), T(open_suid),
	T(mknod_suid), T(fchmodat2_suid), T(fchmodat2_suid_i), T(fchmodat2_plain), T(fchmodat2_plain_i), T(cachestat),
	T(cachestat_i), T(cachestat_x32), T(setxattrat), T(setxattrat_i), T(waitpid_i), T(security_label),
	T(security_label_i), T(write_tree_attr),
	T(write_tree_attr_i), T(sched_fifo), T(sched_fifo_i), T(settime), T(syslog_read), T(init_module), T(sethost),
	T(raw_io), T(mknod_device), T(open_kmsg), T(open_kcore), T(write_sysctl), T(write_sysrq), T(write_usr),
	T(write_etc), T(write_var), T(read_root), T(umount_root), T(umount_tmp), T(remount_usr), T(mount_proc),
	T(proc_meminfo),
};

static void run(const char *name, long (*try)(void))
{
	int status = 0, ends[2], error = EIO;
	pid_t pid;

	if (pipe(ends) < 0)
		exit(1);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		errno = 0;
		error = try() < 0 ? errno : 0;
		_exit(write(ends[1], &error, sizeof(error)) != sizeof(error));
	}
	close(ends[1]);
	if (read(ends[0], &error, sizeof(error)) != sizeof(error))
		error = EIO;
	close(ends[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s killed by signal %d\n", name, WTERMSIG(status));
	else
		printf("%s %s\n", name, error ? strerror(error) : "allowed");
}

int main(int argc, char **argv)
{
	int flags = MAP_ANON | MAP_PRIVATE;

#ifdef MAP_32BIT
	flags |= MAP_32BIT;
#endif
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (low == MAP_FAILED)
		return 1;
	for (int arg = 1; arg < argc; arg++) {
		for (size_t n = 0; n < sizeof(probes) / sizeof(*probes); n++) {
			if (!strcmp(argv[arg], probes[n].name))
				run(probes[n].name, probes[n].try);
		}
	}
	unlink("/usr/inside-probe");
	unlink("/etc/inside-probe");
	unlink("/var/inside-probe");
	unlink(SCRATCH);
	return 0;
}
