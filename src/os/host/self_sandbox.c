/* The sandbox: limits of resources, Landlock, and a filter of system calls. Of superd itself only the forks that work
 * on other users' files have it.
 *
 * Landlock's constants are those of Linux 6.12; superd asks a kernel that knows fewer for fewer (landlock(7)). */
#include "os/host/host.h"

#include <err.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifdef SANITIZED
enum { IS_SANDBOXED = false };
#else
enum { IS_SANDBOXED = true };
#endif

/* A seccomp filter, made from the system call numbers in this libc's headers. It needs no library, and adds hardly
 * anything to the start of a program, which takes a few hundred microseconds.
 *
 * The program may run with another libc than it was built with. So a system call without a rule fails with ENOSYS,
 * and the libc falls back to an older call. Only calls that no libc makes on its own kill the process: executing
 * programs, other processes' memory, namespaces, mounts, modules. Numbers mean other calls on other architectures, so
 * the filter compares the architecture with that of the program's own ELF header.
 *
 * The kernel runs a new filter for every number once, to learn which calls are always allowed (Linux 5.11). So the
 * filter is a list in blocks, each behind a jump over it: that takes half the time of one list. */

/* New 32-bit architectures have neither SYS_futex nor SYS_clock_gettime; they would need a list of their own. */
#if defined(SYS_futex) && defined(SYS_clock_gettime)
#define CALLS_MOST 8192                 /* numbers of calls; those of MIPS begin at 4000, 5000 or 6000 */
#define BLOCK 64                        /* numbers that are skipped by one jump */

/* Of Linux 6.6; headers may be older. */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* The instructions of a check: each loads a word, or decides by it, or else the next one is run. */
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FAIL(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define KILL BPF_STMT(BPF_RET | BPF_K, 0x80000000u)     /* SECCOMP_RET_KILL_PROCESS */
#define IF(value, then) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, 1), then
#define IF_NOT(value, then) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 1, 0), then
#define IF_ANY(bits, then) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), 0, 1), then
#define IF_NONE(bits, then) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), 1, 0), then
#define END { 0 }
#define NUMBER LOAD(offsetof(struct seccomp_data, nr))  /* of the call, for the rule behind one that did not decide */

/* The lower half of an argument, which holds all bits that matter, except of a pointer. */
#define FIRST_HALF(number) (offsetof(struct seccomp_data, args) + (number) * sizeof(uint64_t))
#define ARGUMENT(number) LOAD(FIRST_HALF(number) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0))

static const struct sock_filter allowed[] = { ALLOW, END }, refused[] = { FAIL(EACCES), END },
				deadly[] = { KILL, END };

static const struct sock_filter reads_only[] = { ARGUMENT(2), IF_ANY(WRITES, FAIL(EACCES)), ALLOW, END };
#ifdef SYS_open
static const struct sock_filter old_reads_only[] = { ARGUMENT(1), IF_ANY(WRITES, FAIL(EACCES)), ALLOW, END };
#endif

/* Memory is never both writable and executable. Modules of NSS are mapped from their files. */
static const struct sock_filter no_code[] = { ARGUMENT(2), IF_ANY(PROT_EXEC, FAIL(EACCES)), ALLOW, END };
static const struct sock_filter code_of_files[] = {
	ARGUMENT(2), IF_NONE(PROT_EXEC, ALLOW), IF_ANY(PROT_WRITE, FAIL(EACCES)),
	ARGUMENT(3), IF_ANY(MAP_ANONYMOUS, FAIL(EACCES)), ALLOW, END,
};

/* sendto(2) without an address. A pointer may have zeros in either half. */
static const struct sock_filter unaddressed[] = {
	LOAD(FIRST_HALF(4)), IF_NOT(0, FAIL(EACCES)),
	LOAD(FIRST_HALF(4) + sizeof(uint32_t)), IF_NOT(0, FAIL(EACCES)), ALLOW, END,
};

static const struct sock_filter name_families[] = {
	ARGUMENT(0), IF(AF_UNIX, ALLOW), IF(AF_INET, ALLOW), IF(AF_INET6, ALLOW), IF(AF_NETLINK, ALLOW),
	FAIL(EAFNOSUPPORT), END,
};
static const struct sock_filter unix_family[] = { ARGUMENT(0), IF(AF_UNIX, ALLOW), FAIL(EAFNOSUPPORT), END };
static const struct sock_filter inet_families[] = {
	ARGUMENT(0), IF(AF_INET, ALLOW), IF(AF_INET6, ALLOW), FAIL(EAFNOSUPPORT), END,
};

/* A process changes its own limits, and no other's. A signal by a pidfd is 0, which asks whether it is one. */
static const struct sock_filter own_limits[] = { ARGUMENT(0), IF(0, ALLOW), FAIL(EPERM), END };
static const struct sock_filter no_signal[] = { ARGUMENT(1), IF(0, ALLOW), FAIL(EPERM), END };

static const struct sock_filter wishes[] = {
	ARGUMENT(0), IF(PR_SET_KEEPCAPS, ALLOW), IF(PR_SET_DUMPABLE, ALLOW), FAIL(EPERM), END,
};

#define REQUESTS IF(FIONREAD, ALLOW), IF(FIONBIO, ALLOW), IF(TCGETS, ALLOW), \
		 IF(SIOCGIFINDEX, ALLOW), IF(SIOCGIFNAME, ALLOW), FAIL(ENOTTY)

static const struct sock_filter requests[] = { ARGUMENT(1), REQUESTS, END };
static const struct sock_filter more_requests[] = {
	ARGUMENT(1), IF(SECCOMP_IOCTL_NOTIF_RECV, ALLOW), IF(SECCOMP_IOCTL_NOTIF_SEND, ALLOW),
	IF(NOTIF_SET_FLAGS, ALLOW), IF(SECCOMP_IOCTL_NOTIF_ID_VALID, ALLOW), IF(SECCOMP_IOCTL_NOTIF_ADDFD, ALLOW),
	REQUESTS, END,
};

/* A descriptor whose owner is another process would have the kernel send that one a signal. */
static const struct sock_filter controls[] = {
	ARGUMENT(1), IF(F_DUPFD, ALLOW), IF(F_DUPFD_CLOEXEC, ALLOW), IF(F_GETFD, ALLOW), IF(F_SETFD, ALLOW),
	IF(F_GETFL, ALLOW), IF(F_GETPIPE_SZ, ALLOW), IF(F_SETPIPE_SZ, ALLOW), IF(F_ADD_SEALS, ALLOW),
	IF(F_GET_SEALS, ALLOW), IF_NOT(F_SETFL, FAIL(EPERM)), ARGUMENT(2), IF_ANY(O_ASYNC, FAIL(EPERM)), ALLOW, END,
};

#ifdef SYS_socketcall
/* socketcall(2) makes all socket calls, with their arguments in memory: its first argument says which. Without them no
 * check is possible, and only the call itself is refused. */
static const struct sock_filter open_sockets[] = {
	ARGUMENT(0), IF(SYS_GETSOCKNAME, ALLOW), IF(SYS_GETPEERNAME, ALLOW), IF(SYS_SEND, ALLOW), IF(SYS_RECV, ALLOW),
	IF(SYS_RECVFROM, ALLOW), IF(SYS_SHUTDOWN, ALLOW), IF(SYS_SETSOCKOPT, ALLOW), IF(SYS_GETSOCKOPT, ALLOW),
	IF(SYS_RECVMSG, ALLOW), NUMBER, END,
};
static const struct sock_filter sent[] = { ARGUMENT(0), IF(SYS_SENDTO, ALLOW), IF(SYS_SENDMSG, ALLOW), NUMBER, END };
static const struct sock_filter made[] = { ARGUMENT(0), IF(SYS_SOCKET, ALLOW), NUMBER, END };
static const struct sock_filter connected[] = { ARGUMENT(0), IF(SYS_CONNECT, ALLOW), NUMBER, END };
static const struct sock_filter bound[] = { ARGUMENT(0), IF(SYS_BIND, ALLOW), NUMBER, END };
static const struct sock_filter accepted[] = {
	ARGUMENT(0), IF(SYS_ACCEPT, ALLOW), IF(SYS_ACCEPT4, ALLOW), NUMBER, END,
};
static const struct sock_filter many[] = {
	ARGUMENT(0), IF(SYS_RECVMMSG, ALLOW), IF(SYS_SENDMMSG, ALLOW), NUMBER, END,
};
#endif

#define OPENS (MAY_READ_FILES | MAY_FIND_NAMES)
#define WAITS (MAY_TAKE_CLIENTS | MAY_FIND_NAMES | MAY_LOOK)

/* The name is pasted at once, as some headers define it as another one. */
#define CHECK(rights, call, check) { __NR_##call, rights, check }
#define ANY(call) { __NR_##call, 0, allowed }
#define WITH(rights, call) { __NR_##call, rights, allowed }
#define KILLS(call) { __NR_##call, 0, deadly }

/* Of several rules for a call, the first that the program has a right for holds, or that decides. */
static const struct call_rule {
	uint32_t call;
	unsigned rights;                /* one of these is needed; 0: each program may make the call */
	const struct sock_filter *check;        /* of its arguments, up to END */
} rules[] = {
	/* On open descriptors, for memory, time, and the end. */
	ANY(read), ANY(write), ANY(readv), ANY(writev), ANY(close), ANY(lseek), ANY(dup), ANY(dup3), ANY(ppoll),
	ANY(recvfrom), ANY(recvmsg), ANY(shutdown), ANY(getsockopt), ANY(setsockopt), ANY(getsockname),
	ANY(getpeername), ANY(pipe2), ANY(splice), ANY(signalfd4), ANY(brk), ANY(munmap), ANY(mremap),
	ANY(madvise), ANY(futex), ANY(clock_gettime), ANY(clock_nanosleep), ANY(gettimeofday), ANY(getpid),
	ANY(gettid), ANY(getuid), ANY(geteuid), ANY(getgid), ANY(getegid), ANY(getppid), ANY(uname),
	ANY(sysinfo), ANY(getrandom), ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn),
	ANY(restart_syscall), ANY(exit), ANY(exit_group), ANY(sched_yield), ANY(timer_settime),
	ANY(timer_delete), ANY(timerfd_settime), ANY(statx), CHECK(0, mprotect, no_code),
	CHECK(0, prlimit64, own_limits), CHECK(0, pidfd_send_signal, no_signal), CHECK(0, fcntl, controls),
	CHECK(MAY_CONTROL, ioctl, more_requests), CHECK(0, ioctl, requests),

	/* Messages and sockets. sendmsg(2) has the address in memory, where no filter sees it. */
	WITH(MAY_SEND, sendto), CHECK(0, sendto, unaddressed), WITH(MAY_SEND, sendmsg),
	CHECK(0, sendmsg, refused),
	CHECK(MAY_FIND_NAMES | MAY_QUERY, socket, name_families), CHECK(MAY_CONNECT_UNIX, socket, unix_family),
	CHECK(MAY_CONNECT, socket, inet_families),
	WITH(MAY_FIND_NAMES | MAY_CONNECT | MAY_CONNECT_UNIX, connect), WITH(MAY_FIND_NAMES | MAY_BIND, bind),
	WITH(MAY_TAKE_CLIENTS, accept4), WITH(WAITS, epoll_create1),
	WITH(WAITS, epoll_ctl), WITH(WAITS, epoll_pwait),

	/* To open and list files, and to learn about them. */
	CHECK(OPENS, openat, reads_only), WITH(OPENS, getdents64), WITH(OPENS, readlinkat),
	WITH(OPENS, faccessat), WITH(OPENS, faccessat2), WITH(OPENS, statfs), WITH(OPENS, fstatfs),
	WITH(OPENS, pread64), WITH(OPENS, getcwd),

	/* What the libraries that look up names do beside. */
	WITH(MAY_FIND_NAMES, sendmmsg), WITH(MAY_FIND_NAMES, recvmmsg), WITH(MAY_FIND_NAMES, umask),
	WITH(MAY_FIND_NAMES, setpriority), WITH(MAY_FIND_NAMES, getpriority), WITH(MAY_FIND_NAMES, eventfd2),
	WITH(MAY_FIND_NAMES, getgroups), WITH(MAY_FIND_NAMES, flock), WITH(MAY_FIND_NAMES, rt_sigpending),

	/* Other users' /proc entries are read with the file system's user, where the kernel wants that. */
	WITH(MAY_LOOK, process_vm_readv), WITH(MAY_LOOK, setfsuid), WITH(MAY_LOOK, setfsgid),
	WITH(MAY_LOOK | MAY_TAKE_CLIENTS, timer_create), WITH(MAY_LOOK, getxattr), WITH(MAY_LOOK, mq_getsetattr),
	WITH(MAY_LOOK, pidfd_open), WITH(MAY_LOOK, pidfd_getfd), WITH(MAY_LOOK, process_madvise),
	WITH(MAY_CHANGE_USER, setresuid), WITH(MAY_CHANGE_USER, setresgid), WITH(MAY_CHANGE_USER, setreuid),
	WITH(MAY_CHANGE_USER, setregid), WITH(MAY_CHANGE_USER, setgroups), WITH(MAY_CHANGE_USER, setuid),
	WITH(MAY_CHANGE_USER, setgid), WITH(MAY_CHANGE_USER, capget), WITH(MAY_CHANGE_USER, capset),
	CHECK(MAY_CHANGE_USER, prctl, wishes),

	/* Only an attacker makes these, unless a rule above has allowed them. */
	KILLS(execve), KILLS(execveat), KILLS(ptrace), KILLS(process_vm_readv), KILLS(process_vm_writev),
	KILLS(pidfd_getfd), KILLS(kcmp), KILLS(unshare), KILLS(setns), KILLS(chroot), KILLS(pivot_root),
	KILLS(mount), KILLS(umount2), KILLS(open_tree), KILLS(move_mount), KILLS(fsopen), KILLS(fsmount),
	KILLS(fspick), KILLS(open_by_handle_at), KILLS(bpf), KILLS(perf_event_open), KILLS(userfaultfd),
	KILLS(io_uring_setup), KILLS(io_uring_enter), KILLS(io_uring_register), KILLS(init_module),
	KILLS(finit_module), KILLS(delete_module), KILLS(kexec_load), KILLS(reboot), KILLS(swapon), KILLS(acct),
#ifdef SYS_kexec_file_load
	KILLS(kexec_file_load),
#endif

	/* What only some architectures have. */
#ifdef SYS_mmap
	CHECK(MAY_FIND_NAMES, mmap, code_of_files), CHECK(0, mmap, no_code),
#endif
#ifdef SYS_mmap2
	CHECK(MAY_FIND_NAMES, mmap2, code_of_files), CHECK(0, mmap2, no_code),
#endif
#ifdef SYS_open
	CHECK(OPENS, open, old_reads_only),
#endif
#ifdef SYS_access
	WITH(OPENS, access), WITH(OPENS, readlink), WITH(OPENS, stat), WITH(OPENS, lstat),
#endif
#ifdef SYS_stat64
	WITH(OPENS, stat64), WITH(OPENS, lstat64), WITH(OPENS, fstatfs64), WITH(OPENS, statfs64),
	WITH(MAY_FIND_NAMES, getgroups32),
#endif
#ifdef SYS_fstat
	ANY(fstat),
#endif
#ifdef SYS_newfstatat
	ANY(newfstatat),
#endif
#ifdef SYS_fstatat64
	ANY(fstatat64),
#endif
#ifdef SYS_dup2
	ANY(dup2),
#endif
#ifdef SYS_poll
	ANY(poll),
#endif
#ifdef SYS_select
	WITH(MAY_FIND_NAMES, select),
#endif
#ifdef SYS_epoll_wait
	WITH(WAITS, epoll_wait),
#endif
#ifdef SYS_accept
	WITH(MAY_TAKE_CLIENTS, accept),
#endif
#ifdef SYS_time
	ANY(time),
#endif
#ifdef SYS_alarm
	ANY(alarm),
#endif
#ifdef SYS_setitimer
	ANY(setitimer),
#endif
#ifdef SYS_getrlimit
	ANY(getrlimit),
#endif
#ifdef SYS_ugetrlimit
	ANY(ugetrlimit),
#endif
#ifdef SYS_rseq
	ANY(rseq),
#endif
#ifdef SYS_recv
	ANY(recv), ANY(send),
#endif
#ifdef SYS_socketcall
	CHECK(0, socketcall, open_sockets), CHECK(MAY_SEND, socketcall, sent),
	CHECK(MAY_TAKE_CLIENTS, socketcall, accepted),
	CHECK(MAY_FIND_NAMES | MAY_QUERY | MAY_CONNECT | MAY_CONNECT_UNIX, socketcall, made),
	CHECK(MAY_FIND_NAMES | MAY_CONNECT | MAY_CONNECT_UNIX, socketcall, connected),
	CHECK(MAY_FIND_NAMES | MAY_BIND, socketcall, bound), CHECK(MAY_FIND_NAMES, socketcall, many),
	CHECK(0, socketcall, refused),
#endif
#ifdef SYS_sigreturn
	ANY(sigreturn),
#endif
#ifdef SYS_fcntl64
	CHECK(0, fcntl64, controls), ANY(fstat64), ANY(_llseek), ANY(getuid32), ANY(geteuid32), ANY(getgid32),
	ANY(getegid32),
#endif
#ifdef SYS_setresuid32
	WITH(MAY_CHANGE_USER, setresuid32), WITH(MAY_CHANGE_USER, setresgid32),
	WITH(MAY_CHANGE_USER, setreuid32), WITH(MAY_CHANGE_USER, setregid32),
	WITH(MAY_CHANGE_USER, setgroups32), WITH(MAY_LOOK, setfsuid32), WITH(MAY_LOOK, setfsgid32),
#endif
#ifdef SYS_clock_gettime64
	ANY(clock_gettime64), ANY(ppoll_time64), ANY(futex_time64), ANY(clock_nanosleep_time64),
	ANY(timer_settime64), ANY(timerfd_settime64),
	WITH(MAY_FIND_NAMES, recvmmsg_time64),
#endif
};

/* The program's own ELF header; the linker defines this symbol. It is not weak: a compiler may ask the GOT whether a
 * weak symbol exists, where ld enters 0 for this one, as the header is at the start of the file. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* The machine in the ELF header, the size of a word and the byte order. */
static uint32_t own_arch(void)
{
	uint32_t arch = __ehdr_start.e_machine;

	if (arch == EM_MIPS && sizeof(long) == 4 && __ehdr_start.e_flags & EF_MIPS_ABI2)
		return 0;                       /* MIPS n32 has an AUDIT_ARCH of its own */
	if (sizeof(long) == 8 || arch == EM_X86_64)
		arch |= __AUDIT_ARCH_64BIT;
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? arch | __AUDIT_ARCH_LE : arch;
}

static void put(struct bpf_code *filter, struct sock_filter instruction)
{
	bpf_emit(filter, instruction.code, instruction.k, instruction.jt, instruction.jf);
}

/* Puts the rules that this program has for the calls from `first` on, behind a jump over them for all calls beyond. */
static void put_block(struct bpf_code *filter, uint32_t first, unsigned rights)
{
	size_t jump, before = filter->length;

	bpf_emit(filter, BPF_JMP | BPF_JGE | BPF_K, first + BLOCK, 0, 1);
	jump = bpf_emit(filter, BPF_JMP | BPF_JA, 0, 0, 0);
	for (size_t n = 0; n < sizeof(rules) / sizeof(*rules); n++) {
		const struct call_rule *rule = &rules[n];
		uint8_t length = 0;

		if (rule->call / BLOCK != first / BLOCK || (rule->rights && !(rule->rights & rights)))
			continue;
		while (rule->check[length].code)
			length++;
		bpf_emit(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, length);
		for (uint8_t i = 0; i < length; i++)
			put(filter, rule->check[i]);
	}
	if (filter->length == jump + 1) {
		filter->length = before;
		return;
	}
	put(filter, (struct sock_filter)FAIL(ENOSYS));
	filter->list[jump].k = (uint32_t)(filter->length - jump - 1);
}

static bool filter_calls(const struct self_sandbox *sandbox)
{
	static struct bpf_code filter;
	struct sock_fprog program = { .filter = filter.list };
	const struct sock_filter head[] = {
		LOAD(offsetof(struct seccomp_data, arch)), IF_NOT(own_arch(), KILL),
		NUMBER,
	};

	for (size_t n = 0; n < sizeof(head) / sizeof(*head); n++)
		put(&filter, head[n]);
	for (uint32_t first = 0; first < CALLS_MOST; first += BLOCK)
		put_block(&filter, first, sandbox->rights);
	put(&filter, (struct sock_filter)FAIL(ENOSYS));
	program.len = (unsigned short)filter.length;
	errno = E2BIG;
	return filter.length <= BPF_MAXINSNS && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static uint32_t own_arch(void)
{
	return 0;
}

static bool filter_calls(const struct self_sandbox *sandbox)
{
	(void)sandbox;
	return true;
}
#endif

/* The numbers are the same on all architectures; headers may be older. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define CREATE_VERSION 1u               /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_PATH 1                     /* LANDLOCK_RULE_PATH_BENEATH */
#define RULE_PORT 2                     /* LANDLOCK_RULE_NET_PORT, Linux 6.7 */
#define FS_READ ((UINT64_C(1) << 2) | (UINT64_C(1) << 3))       /* READ_FILE, READ_DIR */
#define NET_BIND UINT64_C(1)
#define NET_CONNECT UINT64_C(2)
#define SCOPE_ABSTRACT UINT64_C(1)      /* Linux 6.12 */
#define SCOPE_SIGNAL UINT64_C(2)

/* struct landlock_ruleset_attr of Linux 6.12. It has grown; older kernels accept the longer struct if the rest is 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

/* struct landlock_path_beneath_attr, struct landlock_net_port_attr. */
struct path_rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* The kernel's version of Landlock; below 1: it has none. */
static long landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
}

static bool add_rule(int ruleset, int kind, const void *rule)
{
	return syscall(SYS_landlock_add_rule, ruleset, kind, rule, 0) == 0;
}

static bool restrict_objects(const struct self_sandbox *sandbox)
{
	long version = landlock_version();
	unsigned files = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
	struct ruleset wanted = { .files = (UINT64_C(1) << files) - 1 };        /* all rights that it knows */
	int ruleset, root;
	bool good;

	if (version >= 4)
		wanted.net = NET_BIND | NET_CONNECT;
	if (version >= 6)
		wanted.scoped = SCOPE_SIGNAL |
				(sandbox->rights & (MAY_ANSWER_UNIX | MAY_FIND_NAMES) ? 0 : SCOPE_ABSTRACT);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
	good = ruleset >= 0;
	if (good && sandbox->rights & (MAY_FIND_NAMES | MAY_READ_FILES)) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		good = root >= 0 && add_rule(ruleset, RULE_PATH, &(const struct path_rule){ FS_READ, root });
		fd_close(&root);
	}
	for (size_t n = 0; good && version >= 4 && n < sandbox->port_count; n++)
		good = add_rule(ruleset, RULE_PORT, &(const struct port_rule){ NET_CONNECT, sandbox->ports[n] });
	if (good && version >= 4 && sandbox->rights & MAY_BIND)
		good = add_rule(ruleset, RULE_PORT, &(const struct port_rule){ NET_BIND, 0 });
	/* E2BIG: it is in as many domains as the kernel allows. */
	good = good && (syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 || errno == E2BIG);
	fd_close(&ruleset);
	return good;
}

static void set_limit_to_zero(int resource)
{
	const struct rlimit none = { 0, 0 };

	setrlimit((__typeof__(RLIMIT_CORE))resource, &none);
}

void self_sandbox_begin(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	set_limit_to_zero(RLIMIT_CORE);
}

void self_sandbox_enter(const struct self_sandbox *sandbox)
{
	bool writes = sandbox->rights & MAY_WRITE_FILES;
	struct stat status;

	if (!IS_SANDBOXED)
		return;
	/* Standard output or error may be a file, which the program must be able to write to. */
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		writes |= fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	if (!writes)
		set_limit_to_zero(RLIMIT_FSIZE);
	set_limit_to_zero(RLIMIT_NPROC);
	if (!(sandbox->rights & MAY_LOOK) && self_sandbox_can_restrict() && !restrict_objects(sandbox))
		err(EXIT_FAILURE, "cannot enter its sandbox (Landlock)");
	if (self_sandbox_can_filter() && !filter_calls(sandbox))
		err(EXIT_FAILURE, "cannot enter its sandbox (seccomp)");
}

bool self_sandbox_can_filter(void)
{
	/* The kernel checks the mode before the address, which is none (seccomp(2)). */
	return IS_SANDBOXED && own_arch() && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	       errno == EFAULT;
}

bool self_sandbox_can_restrict(void)
{
	return IS_SANDBOXED && landlock_version() > 0;
}

void self_sandbox_add_name_ports(struct self_sandbox *sandbox)
{
	static const uint16_t ports[] = { 53, 111, 389, 636, 853 };      /* DNS, NIS, LDAP, LDAPS, DNS over TLS */

	for (size_t n = 0; n < sizeof(ports) / sizeof(ports[0]) && sandbox->port_count < SANDBOX_PORTS; n++)
		sandbox->ports[sandbox->port_count++] = ports[n];
}
