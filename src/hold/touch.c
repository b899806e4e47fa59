/* A call touches the connection if it takes one of its descriptors, or may pass one on. Not so the calls to which
 * the placeholder answers as a connection does: fstat(2), isatty(3), lseek(2). Interpreters ask these early.
 *
 * The program has one thread, which stands still. Still, its memory may change if it shares it with another process. If
 * that makes a judgement wrong, the program uses a placeholder, which harms nobody else. */
#include "hold/touch.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define POLL_MOST 64                    /* descriptors of a set that are looked at */
#define MESSAGES_MOST 16                /* of sendmmsg(2) */
#define USER_DISPATCH 59                /* PR_SET_SYSCALL_USER_DISPATCH of Linux 5.11 */

#define NO_FD 0x80
#define FD0 1
#define FD1 2
#define FD2 4

/* Which arguments are descriptors, by the call's number. 0: the call is not known. */
static const uint8_t descriptors[] = {
	/* memory */
	[SYS_brk] = NO_FD, [SYS_munmap] = NO_FD, [SYS_mprotect] = NO_FD, [SYS_mremap] = NO_FD, [SYS_msync] = NO_FD,
	[SYS_mincore] = NO_FD, [SYS_madvise] = NO_FD, [SYS_mlock] = NO_FD, [SYS_mlock2] = NO_FD,
	[SYS_munlock] = NO_FD, [SYS_mlockall] = NO_FD, [SYS_munlockall] = NO_FD, [SYS_mbind] = NO_FD,
	[SYS_set_mempolicy] = NO_FD, [SYS_get_mempolicy] = NO_FD, [SYS_pkey_alloc] = NO_FD, [SYS_pkey_free] = NO_FD,
	[SYS_pkey_mprotect] = NO_FD, [SYS_membarrier] = NO_FD, [SYS_memfd_create] = NO_FD, [SYS_shmget] = NO_FD,
	[SYS_shmat] = NO_FD, [SYS_shmctl] = NO_FD, [SYS_shmdt] = NO_FD, [SYS_arch_prctl] = NO_FD,
	[SYS_modify_ldt] = NO_FD,
	/* signals, clocks, waiting */
	[SYS_rt_sigaction] = NO_FD, [SYS_rt_sigprocmask] = NO_FD, [SYS_rt_sigreturn] = NO_FD,
	[SYS_rt_sigpending] = NO_FD, [SYS_rt_sigtimedwait] = NO_FD, [SYS_rt_sigqueueinfo] = NO_FD,
	[SYS_rt_tgsigqueueinfo] = NO_FD, [SYS_rt_sigsuspend] = NO_FD, [SYS_sigaltstack] = NO_FD, [SYS_kill] = NO_FD,
	[SYS_tkill] = NO_FD, [SYS_tgkill] = NO_FD, [SYS_pause] = NO_FD, [SYS_nanosleep] = NO_FD,
	[SYS_clock_nanosleep] = NO_FD, [SYS_getitimer] = NO_FD, [SYS_setitimer] = NO_FD, [SYS_alarm] = NO_FD,
	[SYS_gettimeofday] = NO_FD, [SYS_time] = NO_FD, [SYS_times] = NO_FD, [SYS_clock_gettime] = NO_FD,
	[SYS_clock_getres] = NO_FD, [SYS_timer_create] = NO_FD, [SYS_timer_settime] = NO_FD,
	[SYS_timer_gettime] = NO_FD, [SYS_timer_getoverrun] = NO_FD, [SYS_timer_delete] = NO_FD, [SYS_futex] = NO_FD,
	[SYS_restart_syscall] = NO_FD, [SYS_wait4] = NO_FD, [SYS_waitid] = NO_FD, [SYS_sched_yield] = NO_FD,
	/* the process */
	[SYS_getpid] = NO_FD, [SYS_getppid] = NO_FD, [SYS_gettid] = NO_FD, [SYS_getuid] = NO_FD,
	[SYS_geteuid] = NO_FD, [SYS_getgid] = NO_FD, [SYS_getegid] = NO_FD, [SYS_getresuid] = NO_FD,
	[SYS_getresgid] = NO_FD, [SYS_getgroups] = NO_FD, [SYS_setuid] = NO_FD, [SYS_setgid] = NO_FD,
	[SYS_setreuid] = NO_FD, [SYS_setregid] = NO_FD, [SYS_setresuid] = NO_FD, [SYS_setresgid] = NO_FD,
	[SYS_setgroups] = NO_FD, [SYS_setfsuid] = NO_FD, [SYS_setfsgid] = NO_FD, [SYS_getpgrp] = NO_FD,
	[SYS_getpgid] = NO_FD, [SYS_setpgid] = NO_FD, [SYS_getsid] = NO_FD, [SYS_setsid] = NO_FD,
	[SYS_capget] = NO_FD, [SYS_capset] = NO_FD, [SYS_personality] = NO_FD, [SYS_exit] = NO_FD,
	[SYS_exit_group] = NO_FD, [SYS_set_tid_address] = NO_FD, [SYS_set_robust_list] = NO_FD,
	[SYS_get_robust_list] = NO_FD, [SYS_rseq] = NO_FD, [SYS_getrlimit] = NO_FD, [SYS_setrlimit] = NO_FD,
	[SYS_prlimit64] = NO_FD, [SYS_getrusage] = NO_FD, [SYS_getpriority] = NO_FD, [SYS_setpriority] = NO_FD,
	[SYS_ioprio_get] = NO_FD, [SYS_ioprio_set] = NO_FD, [SYS_sched_setparam] = NO_FD,
	[SYS_sched_getparam] = NO_FD, [SYS_sched_setscheduler] = NO_FD, [SYS_sched_getscheduler] = NO_FD,
	[SYS_sched_get_priority_max] = NO_FD, [SYS_sched_get_priority_min] = NO_FD,
	[SYS_sched_rr_get_interval] = NO_FD, [SYS_sched_setaffinity] = NO_FD, [SYS_sched_getaffinity] = NO_FD,
	[SYS_sched_setattr] = NO_FD, [SYS_sched_getattr] = NO_FD, [SYS_getcpu] = NO_FD, [SYS_unshare] = NO_FD,
	[SYS_pidfd_open] = NO_FD, [SYS_pidfd_send_signal] = FD0, [SYS_setns] = FD0, [SYS_umask] = NO_FD,
	/* the machine */
	[SYS_uname] = NO_FD, [SYS_sysinfo] = NO_FD, [SYS_syslog] = NO_FD, [SYS_getrandom] = NO_FD,
	[SYS_sync] = NO_FD, [SYS_add_key] = NO_FD, [SYS_request_key] = NO_FD, [SYS_keyctl] = NO_FD,
	[SYS_sethostname] = NO_FD, [SYS_semget] = NO_FD, [SYS_semop] = NO_FD, [SYS_semctl] = NO_FD,
	[SYS_semtimedop] = NO_FD, [SYS_msgget] = NO_FD, [SYS_msgsnd] = NO_FD, [SYS_msgrcv] = NO_FD,
	[SYS_msgctl] = NO_FD,
	/* files by their paths */
	[SYS_open] = NO_FD, [SYS_creat] = NO_FD, [SYS_stat] = NO_FD, [SYS_lstat] = NO_FD, [SYS_access] = NO_FD,
	[SYS_readlink] = NO_FD, [SYS_getcwd] = NO_FD, [SYS_chdir] = NO_FD, [SYS_chroot] = NO_FD,
	[SYS_rename] = NO_FD, [SYS_mkdir] = NO_FD, [SYS_rmdir] = NO_FD, [SYS_link] = NO_FD, [SYS_unlink] = NO_FD,
	[SYS_symlink] = NO_FD, [SYS_chmod] = NO_FD, [SYS_chown] = NO_FD, [SYS_lchown] = NO_FD,
	[SYS_truncate] = NO_FD, [SYS_mknod] = NO_FD, [SYS_utime] = NO_FD, [SYS_utimes] = NO_FD, [SYS_statfs] = NO_FD,
	[SYS_getxattr] = NO_FD, [SYS_lgetxattr] = NO_FD, [SYS_listxattr] = NO_FD, [SYS_llistxattr] = NO_FD,
	[SYS_setxattr] = NO_FD, [SYS_lsetxattr] = NO_FD, [SYS_removexattr] = NO_FD, [SYS_lremovexattr] = NO_FD,
	[SYS_mount] = NO_FD, [SYS_umount2] = NO_FD,
	/* new descriptors */
	[SYS_pipe] = NO_FD, [SYS_pipe2] = NO_FD, [SYS_socket] = NO_FD, [SYS_socketpair] = NO_FD,
	[SYS_epoll_create] = NO_FD, [SYS_epoll_create1] = NO_FD, [SYS_eventfd] = NO_FD, [SYS_eventfd2] = NO_FD,
	[SYS_timerfd_create] = NO_FD, [SYS_inotify_init] = NO_FD, [SYS_inotify_init1] = NO_FD, [SYS_mq_open] = NO_FD,
	[SYS_mq_unlink] = NO_FD,
	/* descriptors */
	[SYS_read] = FD0, [SYS_write] = FD0, [SYS_pread64] = FD0, [SYS_pwrite64] = FD0, [SYS_readv] = FD0,
	[SYS_writev] = FD0, [SYS_preadv] = FD0, [SYS_pwritev] = FD0, [SYS_preadv2] = FD0, [SYS_pwritev2] = FD0,
	[SYS_close] = FD0, [SYS_dup] = FD0, [SYS_dup2] = FD0 | FD1, [SYS_dup3] = FD0 | FD1,
	[SYS_sendfile] = FD0 | FD1, [SYS_splice] = FD0 | FD2, [SYS_tee] = FD0 | FD1, [SYS_vmsplice] = FD0,
	[SYS_copy_file_range] = FD0 | FD2, [SYS_connect] = FD0, [SYS_accept] = FD0, [SYS_accept4] = FD0,
	[SYS_bind] = FD0, [SYS_listen] = FD0, [SYS_sendto] = FD0, [SYS_recvfrom] = FD0, [SYS_recvmsg] = FD0,
	[SYS_recvmmsg] = FD0, [SYS_shutdown] = FD0, [SYS_getsockname] = FD0, [SYS_getpeername] = FD0,
	[SYS_setsockopt] = FD0, [SYS_getsockopt] = FD0, [SYS_flock] = FD0, [SYS_fsync] = FD0, [SYS_fdatasync] = FD0,
	[SYS_ftruncate] = FD0, [SYS_fallocate] = FD0, [SYS_getdents] = FD0, [SYS_getdents64] = FD0,
	[SYS_fchdir] = FD0, [SYS_fchmod] = FD0, [SYS_fchown] = FD0, [SYS_fstatfs] = FD0, [SYS_fgetxattr] = FD0,
	[SYS_flistxattr] = FD0, [SYS_fsetxattr] = FD0, [SYS_fremovexattr] = FD0, [SYS_readahead] = FD0,
	[SYS_fadvise64] = FD0, [SYS_sync_file_range] = FD0, [SYS_syncfs] = FD0, [SYS_epoll_ctl] = FD0 | FD2,
	[SYS_epoll_wait] = FD0, [SYS_epoll_pwait] = FD0, [SYS_inotify_add_watch] = FD0, [SYS_inotify_rm_watch] = FD0,
	[SYS_signalfd] = FD0, [SYS_signalfd4] = FD0, [SYS_timerfd_settime] = FD0, [SYS_timerfd_gettime] = FD0,
	[SYS_mq_timedsend] = FD0, [SYS_mq_timedreceive] = FD0, [SYS_mq_notify] = FD0, [SYS_mq_getsetattr] = FD0,
	[SYS_openat] = FD0, [__NR_openat2] = FD0, [SYS_mkdirat] = FD0, [SYS_mknodat] = FD0, [SYS_fchownat] = FD0,
	[SYS_futimesat] = FD0, [SYS_utimensat] = FD0, [SYS_unlinkat] = FD0, [SYS_renameat] = FD0 | FD2,
	[SYS_renameat2] = FD0 | FD2, [SYS_linkat] = FD0 | FD2, [SYS_symlinkat] = FD1, [SYS_readlinkat] = FD0,
	[SYS_fchmodat] = FD0, [SYS_faccessat] = FD0, [__NR_faccessat2] = FD0, [SYS_name_to_handle_at] = FD0,
	/* the placeholder answers as a connection would, but for the number of its inode */
	[SYS_fstat] = NO_FD, [SYS_newfstatat] = NO_FD, [SYS_statx] = NO_FD, [SYS_lseek] = NO_FD,
};

static bool is_place(const struct hold_request *request, uint64_t argument)
{
	for (size_t n = 0; n < request->place_count; n++) {
		if (request->places[n] == (int)argument)
			return true;
	}
	return false;
}

static bool read_memory(const struct hold_request *request, uint64_t at, void *out, size_t size)
{
	struct iovec here = { out, size }, there = { (void *)(uintptr_t)at, size };

	return process_vm_readv(request->program, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool has_place_among(const struct hold_request *request, const struct hold_call *call)
{
	uint8_t which = call->number < sizeof(descriptors) ? descriptors[call->number] : 0;

	if (!which)
		return true;
	for (int n = 0; n < 3; n++) {
		if (which & 1 << n && is_place(request, call->arguments[n]))
			return true;
	}
	return false;
}

/* ---- calls whose descriptors are in memory ---- */

static bool polls_place(const struct hold_request *request, const struct hold_call *call)
{
	struct pollfd set[POLL_MOST];
	uint64_t count = call->arguments[1];

	if (count > POLL_MOST)
		return true;
	if (count && !read_memory(request, call->arguments[0], set, count * sizeof(*set)))
		return true;
	for (uint64_t n = 0; n < count; n++) {
		if (is_place(request, (uint64_t)set[n].fd))
			return true;
	}
	return false;
}

/* A set of select(2) is an array of words, up to that of the highest descriptor. */
static bool selects_place(const struct hold_request *request, const struct hold_call *call)
{
	for (int set = 1; set <= 3; set++) {
		for (size_t n = 0; n < request->place_count && call->arguments[set]; n++) {
			unsigned place = (unsigned)request->places[n];
			uint64_t word;

			if ((int)place >= (int)call->arguments[0])
				continue;
			if (!read_memory(request, call->arguments[set] + place / 64 * sizeof(word), &word,
					 sizeof(word)) ||
			    word >> place % 64 & 1)
				return true;
		}
	}
	return false;
}

/* A message with control data may carry a placeholder to another process. */
static bool sends_control(const struct hold_request *request, uint64_t at)
{
	struct msghdr message = { 0 };

	return !read_memory(request, at, &message, sizeof(message)) || message.msg_controllen > 0;
}

static bool sends_controls(const struct hold_request *request, const struct hold_call *call)
{
	if (call->arguments[2] > MESSAGES_MOST)
		return true;
	for (uint64_t n = 0; n < call->arguments[2]; n++) {
		if (sends_control(request, call->arguments[1] + n * sizeof(struct mmsghdr)))
			return true;
	}
	return false;
}

/* ---- calls that depend on more ---- */

static bool is_touch_of_fcntl(const struct hold_request *request, const struct hold_call *call)
{
	int command = (int)call->arguments[1];

	return is_place(request, call->arguments[0]) && command != F_GETFD && command != F_SETFD && command != F_GETFL;
}

static bool is_touch_of_ioctl(const struct hold_request *request, const struct hold_call *call)
{
	switch ((unsigned)call->arguments[1]) {
	case TCGETS:
	case TIOCGWINSZ:
	case TIOCGPGRP:
	case FIOCLEX:
	case FIONCLEX:
		return false;
	default:
		return is_place(request, call->arguments[0]);
	}
}

static bool is_in_range(const struct hold_request *request, const struct hold_call *call)
{
	for (size_t n = 0; n < request->place_count; n++) {
		unsigned place = (unsigned)request->places[n];

		if (place >= (unsigned)call->arguments[0] && place <= (unsigned)call->arguments[1])
			return true;
	}
	return false;
}

/* Whether execve(2) would close the descriptor (proc_pid_fdinfo(5)); true also if that is unknown. */
static bool closes_on_exec(pid_t program, int fd)
{
	char path[64], text[256];
	const char *flags;
	int info;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%d", (long)program, fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return true;
	got = read(info, text, sizeof(text) - 1);
	close(info);
	text[got > 0 ? got : 0] = '\0';
	flags = strstr(text, "flags:");
	return !flags || strtol(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC;
}

static bool loses_place(const struct hold_request *request)
{
	for (size_t n = 0; n < request->place_count; n++) {
		if (closes_on_exec(request->program, request->places[n]))
			return true;
	}
	return false;
}

/* The process that a call makes would have the placeholder, too. A thread could use it. */
static struct hold_verdict judge_clone(uint64_t flags)
{
	if (flags & CLONE_THREAD)
		return (struct hold_verdict){ .obstacle = HOLD_THREADS };
	return (struct hold_verdict){ .touches = true };
}

static struct hold_verdict judge_prctl(const struct hold_call *call)
{
	switch (call->arguments[0]) {
	case PR_SET_SECCOMP:
		return (struct hold_verdict){ .obstacle = HOLD_OWN_FILTER };
	case USER_DISPATCH:
		return (struct hold_verdict){ .obstacle = call->arguments[1] ? HOLD_OWN_FILTER : HOLD_NONE };
	case PR_SET_DUMPABLE:
		return (struct hold_verdict){ .obstacle = call->arguments[1] == 0 ? HOLD_UNTRACEABLE : HOLD_NONE };
	default:
		return (struct hold_verdict){ .touches = false };
	}
}

static struct hold_verdict judge_seccomp(const struct hold_call *call)
{
	bool installs = call->arguments[0] == SECCOMP_SET_MODE_STRICT || call->arguments[0] == SECCOMP_SET_MODE_FILTER;

	return (struct hold_verdict){ .obstacle = installs ? HOLD_OWN_FILTER : HOLD_NONE };
}

static bool is_touch(const struct hold_request *request, const struct hold_call *call)
{
	switch (call->number) {
	case SYS_poll:
	case SYS_ppoll:
		return polls_place(request, call);
	case SYS_select:
	case SYS_pselect6:
		return selects_place(request, call);
	case SYS_sendmsg:
		return is_place(request, call->arguments[0]) || sends_control(request, call->arguments[1]);
	case SYS_sendmmsg:
		return is_place(request, call->arguments[0]) || sends_controls(request, call);
	case SYS_fcntl:
		return is_touch_of_fcntl(request, call);
	case SYS_ioctl:
		return is_touch_of_ioctl(request, call);
	case SYS_mmap:
		return !(call->arguments[3] & MAP_ANONYMOUS) && is_place(request, call->arguments[4]);
	case __NR_close_range:
		return is_in_range(request, call);
	case SYS_execve:
		return loses_place(request);
	case SYS_execveat:
		return is_place(request, call->arguments[0]) || loses_place(request);
	default:
		return has_place_among(request, call);
	}
}

struct hold_verdict hold_judge_call(const struct hold_request *request, const struct hold_call *call)
{
	uint64_t flags;

	if (!call->is_64_bit)
		return (struct hold_verdict){ .obstacle = HOLD_32_BIT };
	switch (call->number) {
	case SYS_fork:
	case SYS_vfork:
		return judge_clone(0);
	case SYS_clone:
		return judge_clone(call->arguments[0]);
	case SYS_clone3:
		return judge_clone(read_memory(request, call->arguments[0], &flags, sizeof(flags)) ? flags : 0);
	case SYS_prctl:
		return judge_prctl(call);
	case SYS_seccomp:
		return judge_seccomp(call);
	case SYS_ptrace:
		return (struct hold_verdict){ .obstacle = HOLD_OWN_FILTER };
	default:
		return (struct hold_verdict){ .touches = is_touch(request, call) };
	}
}
