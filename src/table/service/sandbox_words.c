/* Names that the options of hardening have: address families, errors, and groups of system calls. */
#include "table/service/service.h"

/* The numbers of address families are the same on every architecture. */
#ifndef AF_MCTP
#define AF_MCTP 45
#endif

#define FAMILY(name) { name, #name },

static const struct { int number; const char *name; } families[] = {
	FAMILY(AF_UNSPEC) FAMILY(AF_UNIX) FAMILY(AF_INET) FAMILY(AF_AX25) FAMILY(AF_IPX) FAMILY(AF_APPLETALK)
	FAMILY(AF_NETROM) FAMILY(AF_BRIDGE) FAMILY(AF_ATMPVC) FAMILY(AF_X25) FAMILY(AF_INET6) FAMILY(AF_ROSE)
	FAMILY(AF_NETBEUI) FAMILY(AF_SECURITY) FAMILY(AF_KEY) FAMILY(AF_NETLINK) FAMILY(AF_PACKET)
	FAMILY(AF_ECONET) FAMILY(AF_ATMSVC) FAMILY(AF_RDS) FAMILY(AF_IRDA) FAMILY(AF_PPPOX) FAMILY(AF_WANPIPE)
	FAMILY(AF_LLC) FAMILY(AF_IB) FAMILY(AF_MPLS) FAMILY(AF_CAN) FAMILY(AF_TIPC) FAMILY(AF_BLUETOOTH)
	FAMILY(AF_IUCV) FAMILY(AF_RXRPC) FAMILY(AF_ISDN) FAMILY(AF_PHONET) FAMILY(AF_IEEE802154)
	FAMILY(AF_CAIF) FAMILY(AF_ALG) FAMILY(AF_NFC) FAMILY(AF_VSOCK) FAMILY(AF_KCM) FAMILY(AF_QIPCRTR)
	FAMILY(AF_SMC) FAMILY(AF_XDP) FAMILY(AF_MCTP)
	{ AF_UNIX, "AF_LOCAL" }, { AF_NETLINK, "AF_ROUTE" },
};

bool address_family_find(const char *name, int *out)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (!strcmp(families[i].name, name)) {
			*out = families[i].number;
			return true;
		}
	}
	return false;
}

/* The numbers of errors differ between architectures, so tables have the names, and the numbers come from this
 * machine's errno.h (errno(3)). */

#define ERROR(name) { name, #name },

/* If two names have one number, the list has the usual one. */
static const struct { int number; const char *name; } errors[] = {
	ERROR(EPERM) ERROR(ENOENT) ERROR(ESRCH) ERROR(EINTR) ERROR(EIO) ERROR(ENXIO) ERROR(E2BIG) ERROR(ENOEXEC)
	ERROR(EBADF) ERROR(ECHILD) ERROR(EAGAIN) ERROR(ENOMEM) ERROR(EACCES) ERROR(EFAULT) ERROR(EBUSY)
	ERROR(EEXIST) ERROR(EXDEV) ERROR(ENODEV) ERROR(ENOTDIR) ERROR(EISDIR) ERROR(EINVAL) ERROR(ENFILE)
	ERROR(EMFILE) ERROR(ENOTTY) ERROR(ETXTBSY) ERROR(EFBIG) ERROR(ENOSPC) ERROR(ESPIPE) ERROR(EROFS)
	ERROR(EMLINK) ERROR(EPIPE) ERROR(EDOM) ERROR(ERANGE) ERROR(EDEADLK) ERROR(ENAMETOOLONG) ERROR(ENOLCK)
	ERROR(ENOSYS) ERROR(ENOTEMPTY) ERROR(ELOOP) ERROR(ENOMSG) ERROR(EIDRM) ERROR(ENODATA) ERROR(ETIME)
	ERROR(EPROTO) ERROR(EBADMSG) ERROR(EOVERFLOW) ERROR(EILSEQ) ERROR(EUSERS) ERROR(ENOTSOCK)
	ERROR(EDESTADDRREQ) ERROR(EMSGSIZE) ERROR(EPROTOTYPE) ERROR(ENOPROTOOPT) ERROR(EPROTONOSUPPORT)
	ERROR(ESOCKTNOSUPPORT) ERROR(EOPNOTSUPP) ERROR(EPFNOSUPPORT) ERROR(EAFNOSUPPORT) ERROR(EADDRINUSE)
	ERROR(EADDRNOTAVAIL) ERROR(ENETDOWN) ERROR(ENETUNREACH) ERROR(ENETRESET) ERROR(ECONNABORTED)
	ERROR(ECONNRESET) ERROR(ENOBUFS) ERROR(EISCONN) ERROR(ENOTCONN) ERROR(ESHUTDOWN) ERROR(ETOOMANYREFS)
	ERROR(ETIMEDOUT) ERROR(ECONNREFUSED) ERROR(EHOSTDOWN) ERROR(EHOSTUNREACH) ERROR(EALREADY) ERROR(EINPROGRESS)
	ERROR(ESTALE) ERROR(EDQUOT) ERROR(ECANCELED) ERROR(EOWNERDEAD) ERROR(ENOTRECOVERABLE)
};

bool errno_scan(const char *text, int64_t *out)
{
	int64_t number;

	if (!strcmp(text, "kill")) {
		*out = ERRNO_KILL;
		return true;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!strcmp(errors[i].name, text)) {
			*out = errors[i].number;
			return true;
		}
	}
	if (!*text || scan_count(text, &number) || number < 0 || number > ERRNO_MOST)
		return false;
	*out = number;
	return true;
}

const char *errno_name(int64_t number)
{
	if (number == ERRNO_KILL)
		return "kill";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == number)
			return errors[i].name;
	}
	return NULL;
}

/* Groups of system calls of all architectures. A name that an architecture lacks is ignored there.
 *
 * Tables allow groups and nothing else. So a newer call of the kernel must join the group of the older call that it
 * replaces, or the filter kills programs that use the newer one. */

/* Parts of @default. */
#define TIME_TOLD "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 "
#define SLEEPING "nanosleep clock_nanosleep clock_nanosleep_time64 pause "
#define OWN_IDS \
	"getuid getuid32 geteuid geteuid32 getresuid getresuid32 getgid getgid32 getegid getegid32 " \
	"getresgid getresgid32 getgroups getgroups32 getpid getppid gettid getpgid getpgrp getsid "
#define OWN_MEMORY "brk mmap mmap2 mprotect munmap mseal map_shadow_stack "
#define THREADS \
	"futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue set_robust_list get_robust_list " \
	"membarrier rseq set_tid_address sched_yield sched_getaffinity arch_prctl set_thread_area " \
	"get_thread_area set_tls "
#define START_AND_END "execve exit exit_group restart_syscall sigreturn rt_sigreturn uretprobe "

const struct syscall_group syscall_groups[] = {
	{ "@default",
	  START_AND_END OWN_MEMORY THREADS OWN_IDS TIME_TOLD SLEEPING
	  "getrlimit ugetrlimit prlimit64 getrandom cacheflush riscv_flush_icache riscv_hwprobe" },
	{ "@aio",
	  "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64 "
	  "io_uring_setup io_uring_enter io_uring_register" },
	{ "@basic-io",
	  "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek "
	  "close close_range dup dup2 dup3" },
	{ "@chown", "chown chown32 fchown fchown32 fchownat lchown lchown32" },
	{ "@clock", "settimeofday clock_settime clock_settime64 adjtimex clock_adjtime clock_adjtime64" },
	{ "@cpu-emulation", "modify_ldt vm86 vm86old subpage_prot switch_endian" },
	{ "@debug", "ptrace perf_event_open pidfd_getfd lookup_dcookie rtas s390_runtime_instr sys_debug_setcontext" },
	{ "@file-system",
	  "open openat openat2 creat close truncate truncate64 ftruncate ftruncate64 fallocate "
	  "stat stat64 oldstat lstat lstat64 oldlstat fstat fstat64 oldfstat fstatat64 newfstatat statx "
	  "statfs statfs64 fstatfs fstatfs64 statmount listmount file_getattr file_setattr "
	  "access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 fcntl fcntl64 "
	  "chdir fchdir getcwd getdents getdents64 mkdir mkdirat rmdir mknod mknodat "
	  "link linkat symlink symlinkat readlink readlinkat unlink unlinkat rename renameat renameat2 "
	  "getxattr getxattrat lgetxattr fgetxattr setxattr setxattrat lsetxattr fsetxattr "
	  "listxattr listxattrat llistxattr flistxattr removexattr removexattrat lremovexattr fremovexattr "
	  "utime utimes utimensat utimensat_time64 futimesat "
	  "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch" },
	{ "@io-event",
	  "select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 "
	  "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 "
	  "eventfd eventfd2" },
	{ "@ipc",
	  "pipe pipe2 memfd_create process_madvise process_vm_readv process_vm_writev "
	  "ipc msgget msgsnd msgrcv msgctl semget semop semctl semtimedop semtimedop_time64 shmget shmat shmdt shmctl "
	  "mq_open mq_unlink mq_getsetattr mq_notify mq_timedsend mq_timedsend_time64 mq_timedreceive "
	  "mq_timedreceive_time64" },
	{ "@keyring", "add_key request_key keyctl" },
	{ "@memlock", "mlock mlock2 mlockall munlock munlockall" },
	{ "@module", "init_module finit_module delete_module" },
	{ "@mount",
	  "mount umount umount2 pivot_root chroot "
	  "fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount mount_setattr" },
	{ "@network-io",
	  "socket socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername "
	  "getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64" },
	{ "@obsolete",
	  "_sysctl sysfs ustat uselib create_module query_module get_kernel_syms bdflush stime ftime ulimit "
	  "sgetmask ssetmask stty gtty prof profil idle break lock mpx security vserver tuxcall afs_syscall "
	  "getpmsg putpmsg" },
	{ "@pkey", "pkey_alloc pkey_free pkey_mprotect" },
	{ "@process",
	  "fork vfork clone clone3 execveat kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo "
	  "pidfd_open pidfd_send_signal wait4 waitid waitpid getrusage times capget prctl swapcontext setns unshare" },
	{ "@raw-io",
	  "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read s390_pci_mmio_write" },
	{ "@reboot", "reboot kexec_load kexec_file_load" },
	{ "@resources",
	  "setrlimit setpriority nice ioprio_set sched_setaffinity sched_setattr sched_setparam sched_setscheduler "
	  "mbind set_mempolicy set_mempolicy_home_node migrate_pages move_pages" },
	{ "@sandbox", "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self" },
	{ "@setuid",
	  "setuid setuid32 setreuid setreuid32 setresuid setresuid32 "
	  "setgid setgid32 setregid setregid32 setresgid setresgid32 setgroups setgroups32" },
	{ "@signal",
	  "signal sigaction rt_sigaction sigprocmask rt_sigprocmask sigpending rt_sigpending sigsuspend rt_sigsuspend "
	  "rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack signalfd signalfd4" },
	{ "@swap", "swapon swapoff" },
	{ "@sync", "sync syncfs fsync fdatasync msync sync_file_range sync_file_range2" },
	{ "@timer",
	  "alarm getitimer setitimer times timer_create timer_delete timer_getoverrun "
	  "timer_gettime timer_gettime64 timer_settime timer_settime64 "
	  "timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64" },
	{ "@privileged",
	  "@chown @clock @module @raw-io @reboot @swap "
	  "acct bpf capset chroot pivot_root fanotify_init fanotify_mark open_by_handle_at nfsservctl quotactl "
	  "quotactl_fd "
	  "sethostname setdomainname vhangup _sysctl setfsuid setfsuid32 setgroups setgroups32 "
	  "setuid setuid32 setreuid setreuid32 setresuid setresuid32" },
	{ "@system-service",
	  "@default @aio @basic-io @chown @file-system @io-event @ipc @keyring @memlock @network-io @process "
	  "@resources "
	  "@sandbox @setuid @signal @sync @timer "
	  "capget capset personality setfsuid setfsuid32 setfsgid setfsgid32 setpgid setsid umask getpriority "
	  "ioprio_get sched_getattr sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min "
	  "sched_rr_get_interval sched_rr_get_interval_time64 sched_yield get_mempolicy getcpu "
	  "uname olduname oldolduname sysinfo kcmp ioctl flock readdir name_to_handle_at userfaultfd "
	  "madvise mremap remap_file_pages readahead fadvise64 fadvise64_64 arm_fadvise64_64 cachestat "
	  "sendfile sendfile64 splice tee vmsplice copy_file_range process_mrelease lsm_get_self_attr "
	  "lsm_list_modules" },
};

const size_t syscall_group_count = sizeof(syscall_groups) / sizeof(syscall_groups[0]);

const struct syscall_group *syscall_group_find(const char *name)
{
	for (size_t i = 0; i < syscall_group_count; i++) {
		if (!strcmp(syscall_groups[i].name, name))
			return &syscall_groups[i];
	}
	return NULL;
}
