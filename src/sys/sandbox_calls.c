/* A filter of system calls, made of the numbers that this libc's headers have: no library is needed, and the start
 * of a program of a few hundred microseconds takes hardly longer.
 *
 * The hard thing is another libc than the one of today. So a call that is not in the lists gives ENOSYS, at which a
 * libc falls back to an older one; and what ends the process is only what no libc does by itself: other programs,
 * other processes' memory, namespaces, mounts, modules. The kind of calls is held against the machine that this
 * program was built for, as in its own ELF header: numbers of another kind would mean other calls. */
#include "sys/sandbox_calls.h"

#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

/* New 32-bit machines have neither SYS_futex nor SYS_clock_gettime: there a list of its own would be needed. */
#if defined(HAVE_LINUX_SECCOMP_H) && defined(HAVE_LINUX_FILTER_H) && defined(SYS_futex) && defined(SYS_clock_gettime)
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define MOST 512                        /* instructions */
#define KILL 0x80000000u                /* SECCOMP_RET_KILL_PROCESS, Linux 4.14; before, it ends the thread */
#define SPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_VM)
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* By the linker, at the beginning of the program. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

struct filter {
	struct sock_filter list[MOST];
	size_t count;
};

/* What each of the programs does all the time: what is open, memory, time, its end. */
static const int plain_calls[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_lseek, SYS_fcntl, SYS_dup, SYS_dup3, SYS_ppoll,
	SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_shutdown, SYS_getsockopt, SYS_setsockopt,
	SYS_getsockname, SYS_getpeername, SYS_pipe2, SYS_splice, SYS_signalfd4, SYS_brk, SYS_munmap, SYS_mremap,
	SYS_madvise, SYS_futex, SYS_clock_gettime, SYS_clock_nanosleep, SYS_gettimeofday, SYS_getpid, SYS_gettid,
	SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo, SYS_getrandom,
	SYS_prlimit64, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit,
	SYS_exit_group, SYS_sched_yield, SYS_timer_settime, SYS_timer_delete,
#ifdef SYS_fstat
	SYS_fstat,
#endif
#ifdef SYS_getrlimit
	SYS_getrlimit,
#endif
#ifdef SYS_dup2
	SYS_dup2,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_time
	SYS_time,
#endif
#ifdef SYS_alarm
	SYS_alarm,
#endif
#ifdef SYS_setitimer
	SYS_setitimer,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_statx
	SYS_statx,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_recv
	SYS_recv, SYS_send,
#endif
#ifdef SYS_socketcall
	SYS_socketcall,                 /* all calls of sockets in one, where the libc is old */
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64, SYS_fstat64, SYS__llseek, SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32,
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64,
#endif
#ifdef SYS_ugetrlimit
	SYS_ugetrlimit,
#endif
#ifdef SYS_sigreturn
	SYS_sigreturn,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64, SYS_ppoll_time64, SYS_futex_time64, SYS_clock_nanosleep_time64, SYS_timer_settime64,
#endif
};

static const int name_calls[] = {
	SYS_sendmmsg, SYS_recvmmsg, SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_statfs, SYS_fstatfs,
	SYS_getcwd, SYS_umask, SYS_setpriority, SYS_getpriority, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
	SYS_eventfd2, SYS_getgroups, SYS_getppid, SYS_pread64, SYS_flock, SYS_rt_sigpending,
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_access
	SYS_access, SYS_readlink, SYS_stat, SYS_lstat,
#endif
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
#ifdef SYS_select
	SYS_select,
#endif
#ifdef SYS_stat64
	SYS_stat64, SYS_lstat64, SYS_fstatfs64, SYS_statfs64, SYS_getgroups32,
#endif
#ifdef SYS_recvmmsg_time64
	SYS_recvmmsg_time64,
#endif
};

static const int client_calls[] = {
	SYS_accept4, SYS_wait4, SYS_set_robust_list,
#ifdef SYS_accept
	SYS_accept,
#endif
#ifdef SYS_waitid
	SYS_waitid,
#endif
};

static const int user_calls[] = {
	SYS_setresuid, SYS_setresgid, SYS_setreuid, SYS_setregid, SYS_setgroups, SYS_setuid, SYS_setgid,
#ifdef SYS_setresuid32
	SYS_setresuid32, SYS_setresgid32, SYS_setreuid32, SYS_setregid32, SYS_setgroups32,
#endif
};

/* Only an attacker makes these. */
static const int attacks[] = {
	SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount, SYS_umount2,
	SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf, SYS_perf_event_open, SYS_init_module,
	SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_open_by_handle_at, SYS_kcmp, SYS_swapon,
	SYS_acct,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_userfaultfd
	SYS_userfaultfd,
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_open_tree
	SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsmount, SYS_fspick,
#endif
};

static void add(struct filter *filter, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (filter->count < MOST)
		filter->list[filter->count++] = (struct sock_filter){ code, yes, no, k };
}

static void give(struct filter *filter, uint32_t action)
{
	add(filter, BPF_RET | BPF_K, action, 0, 0);
}

static void load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The lower half, in which all that is looked at lies. */
static void load_argument(struct filter *filter, int number)
{
	size_t offset = offsetof(struct seccomp_data, args) + (size_t)number * sizeof(uint64_t);

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		offset += sizeof(uint32_t);
	load(filter, offset);
}

static void add_list(struct filter *filter, const int *calls, size_t count, uint32_t action)
{
	for (size_t n = 0; n < count; n++) {
		add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[n], 0, 1);
		give(filter, action);
	}
}

#define ADD_LIST(filter, calls, action) add_list(filter, calls, sizeof(calls) / sizeof((calls)[0]), action)

/* A call that is allowed unless one of these bits is in an argument. */
static void add_without(struct filter *filter, int call, int argument, uint32_t bits, uint32_t otherwise)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
	load_argument(filter, argument);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	give(filter, otherwise);
	give(filter, SECCOMP_RET_ALLOW);
}

/* A call that is allowed with one of these values of an argument. */
static void add_with(struct filter *filter, int call, int argument, const uint32_t *values, uint8_t count,
		     int otherwise)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, (uint8_t)(3 + count));
	load_argument(filter, argument);
	for (uint8_t n = 0; n < count; n++)
		add(filter, BPF_JMP | BPF_JEQ | BPF_K, values[n], (uint8_t)(count - n), 0);
	give(filter, SECCOMP_RET_ERRNO | (uint32_t)otherwise);
	give(filter, SECCOMP_RET_ALLOW);
}

/* Where its flags stand depends on the machine: the first argument or the second, the other being 0 for a fork. */
static void add_fork(struct filter *filter)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 6);
	load_argument(filter, 0);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, SPACES, 2, 0);
	load_argument(filter, 1);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, SPACES, 0, 1);
	give(filter, KILL);
	give(filter, SECCOMP_RET_ALLOW);
#ifdef SYS_fork
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_fork, 0, 1);
	give(filter, SECCOMP_RET_ALLOW);
#endif
}

/* Memory that a program writes is never memory that it runs. Modules of NSS are mapped from their files. */
static void add_mapping(struct filter *filter, int call, bool loads_modules)
{
	if (!loads_modules) {
		add_without(filter, call, 2, PROT_EXEC, SECCOMP_RET_ERRNO | EACCES);
		return;
	}
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 7);
	load_argument(filter, 2);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 4);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 2, 0);
	load_argument(filter, 3);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 1);
	give(filter, SECCOMP_RET_ERRNO | EACCES);
	give(filter, SECCOMP_RET_ALLOW);
}

static void add_memory(struct filter *filter, const struct sandbox *sandbox)
{
#ifdef SYS_mmap
	add_mapping(filter, SYS_mmap, sandbox->finds_names);
#endif
#ifdef SYS_mmap2
	add_mapping(filter, SYS_mmap2, sandbox->finds_names);
#endif
	add_without(filter, SYS_mprotect, 2, PROT_EXEC, SECCOMP_RET_ERRNO | EACCES);
}

static void add_names(struct filter *filter)
{
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

	ADD_LIST(filter, name_calls, SECCOMP_RET_ALLOW);
	add_with(filter, SYS_socket, 0, families, 4, EAFNOSUPPORT);
	add_without(filter, SYS_openat, 2, WRITES, SECCOMP_RET_ERRNO | EACCES);
#ifdef SYS_open
	add_without(filter, SYS_open, 1, WRITES, SECCOMP_RET_ERRNO | EACCES);
#endif
	add_list(filter, (const int[]){ SYS_connect, SYS_bind }, 2, SECCOMP_RET_ALLOW);
}

static void add_connections(struct filter *filter)
{
	static const uint32_t families[] = { AF_INET, AF_INET6 };

	add_with(filter, SYS_socket, 0, families, 2, EAFNOSUPPORT);
	add_list(filter, (const int[]){ SYS_connect }, 1, SECCOMP_RET_ALLOW);
}

static void add_requests(struct filter *filter)
{
	static const uint32_t requests[] = { FIONREAD, FIONBIO, TCGETS, SIOCGIFINDEX, SIOCGIFNAME };

	add_with(filter, SYS_ioctl, 1, requests, sizeof(requests) / sizeof(requests[0]), ENOTTY);
}

/* AUDIT_ARCH_x of this program; 0: it can't be told. Its parts are the machine of the ELF header, the size of a word
 * and the order of bytes. */
static uint32_t own_kind(void)
{
	uint32_t kind;

	if (!&__ehdr_start)
		return 0;
	kind = __ehdr_start.e_machine;
	if (kind == EM_MIPS && sizeof(long) == 4 && __ehdr_start.e_flags & EF_MIPS_ABI2)
		return 0;                       /* n32 has a mark of its own */
	if (sizeof(long) == 8 || kind == EM_X86_64)
		kind |= __AUDIT_ARCH_64BIT;
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? kind | __AUDIT_ARCH_LE : kind;
}

static void install(struct filter *filter)
{
	struct sock_fprog program = { .len = (unsigned short)filter->count, .filter = filter->list };

	if (filter->count < MOST)
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

void sandbox_filter_calls(const struct sandbox *sandbox)
{
	struct filter filter = { .count = 0 };
	uint32_t kind = own_kind();

	if (!kind)
		return;
	load(&filter, offsetof(struct seccomp_data, arch));
	add(&filter, BPF_JMP | BPF_JEQ | BPF_K, kind, 1, 0);
	give(&filter, KILL);
	load(&filter, offsetof(struct seccomp_data, nr));
	ADD_LIST(&filter, plain_calls, SECCOMP_RET_ALLOW);
	add_memory(&filter, sandbox);
	add_requests(&filter);
	if (sandbox->finds_names)
		add_names(&filter);
	if (sandbox->connects)
		add_connections(&filter);
	if (sandbox->binds_any)
		add_list(&filter, (const int[]){ SYS_bind }, 1, SECCOMP_RET_ALLOW);
	if (sandbox->has_clients) {
		ADD_LIST(&filter, client_calls, SECCOMP_RET_ALLOW);
		add_fork(&filter);
	}
	if (sandbox->acts_as_users)
		ADD_LIST(&filter, user_calls, SECCOMP_RET_ALLOW);
	ADD_LIST(&filter, attacks, KILL);
	give(&filter, SECCOMP_RET_ERRNO | ENOSYS);
	install(&filter);
}
#else
void sandbox_filter_calls(const struct sandbox *sandbox)
{
	(void)sandbox;
}
#endif
