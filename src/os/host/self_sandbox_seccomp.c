/* A seccomp filter, made from the system call numbers in this libc's headers. It needs no library, and adds hardly
 * anything to the start of a program, which takes a few hundred microseconds.
 *
 * The program may run with another libc than it was built with. So a system call that is in no list fails with ENOSYS,
 * and the libc falls back to an older call. Only calls that no libc makes on its own kill the process: executing
 * programs, other processes' memory, namespaces, mounts, modules. Numbers mean other calls on other architectures, so
 * the filter compares the architecture with that of the program's own ELF header. */
#include "os/host/self_sandbox_parts.h"

#include <sys/syscall.h>

#if defined(SYS_futex) && defined(SYS_clock_gettime)
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define INSTRUCTIONS_MOST 1024          /* instructions */
#define RULES_MOST 256
#define KILL 0x80000000u                /* SECCOMP_RET_KILL_PROCESS */

/* Of Linux 6.6; headers may be older. */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* Calls that every program makes: on open descriptors, for memory, time, and its end. */
static const int common_calls[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_lseek, SYS_dup, SYS_dup3, SYS_ppoll,
	SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_shutdown, SYS_getsockopt, SYS_setsockopt,
	SYS_getsockname, SYS_getpeername, SYS_pipe2, SYS_splice, SYS_signalfd4, SYS_brk, SYS_munmap, SYS_mremap,
	SYS_madvise, SYS_futex, SYS_clock_gettime, SYS_clock_nanosleep, SYS_gettimeofday, SYS_getpid, SYS_gettid,
	SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getppid, SYS_uname, SYS_sysinfo, SYS_getrandom,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit,
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
	SYS_statx,
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_recv
	SYS_recv, SYS_send,
#endif
#ifdef SYS_socketcall
	SYS_socketcall,                 /* all socket calls in one, with an old libc */
#endif
#ifdef SYS_fcntl64
	SYS_fstat64, SYS__llseek, SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32,
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
	SYS_eventfd2, SYS_getgroups, SYS_pread64, SYS_flock, SYS_rt_sigpending,
	__NR_faccessat2,
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
	SYS_accept4, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
#ifdef SYS_accept
	SYS_accept,
#endif
};

static const int thread_calls[] = {
	SYS_set_robust_list, SYS_sigaltstack,
};

/* To open and list files, and to learn about them. */
static const int file_calls[] = {
	SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_statfs, SYS_fstatfs, SYS_pread64, SYS_getcwd,
	__NR_faccessat2,
#ifdef SYS_access
	SYS_access, SYS_readlink, SYS_stat, SYS_lstat,
#endif
#ifdef SYS_stat64
	SYS_stat64, SYS_lstat64, SYS_fstatfs64, SYS_statfs64,
#endif
};

/* Other users' /proc entries are read with the file system's user, where the kernel wants that. */
static const int look_calls[] = {
	SYS_process_vm_readv, SYS_setfsuid, SYS_setfsgid, SYS_epoll_ctl, SYS_epoll_pwait, SYS_timer_create,
	SYS_getxattr, SYS_mq_getsetattr,
#ifdef SYS_setfsuid32
	SYS_setfsuid32, SYS_setfsgid32,
#endif
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_pidfd_open,
	__NR_pidfd_getfd,
	__NR_process_madvise,
};

static const int trace_calls[] = {
	SYS_ptrace, SYS_wait4, SYS_rt_sigtimedwait,
#ifdef SYS_rt_sigtimedwait_time64
	SYS_rt_sigtimedwait_time64,
#endif
};

static const int user_calls[] = {
	SYS_setresuid, SYS_setresgid, SYS_setreuid, SYS_setregid, SYS_setgroups, SYS_setuid, SYS_setgid,
#ifdef SYS_setresuid32
	SYS_setresuid32, SYS_setresgid32, SYS_setreuid32, SYS_setregid32, SYS_setgroups32,
#endif
};

/* Calls that only an attacker makes. */
static const int attacks[] = {
	SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount, SYS_umount2,
	SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_bpf, SYS_perf_event_open, SYS_init_module,
	SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_open_by_handle_at, SYS_kcmp, SYS_swapon,
	SYS_acct,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
	SYS_userfaultfd,
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
	__NR_pidfd_getfd,
	SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsmount, SYS_fspick,
};

/* The rule for one system call. */
struct rule {
	uint32_t number;
	enum { ALWAYS, WITHOUT, WITH, MAPS_MODULES, THREADS, CONTROLS,
	       PLAIN_SOCKETS, UNADDRESSED } kind;
	/* ALWAYS: the action; WITHOUT, WITH: the action if the argument is not allowed. */
	uint32_t action;
	int argument;                   /* number of the argument, from 0 */
	uint32_t bits;                  /* WITHOUT: bits that must not be set */
	const uint32_t *values;         /* WITH, CONTROLS, PLAIN_SOCKETS: the `count` allowed values; borrowed */
	uint8_t count;
};

/* The calls from `first` up to the next range; rule NULL: they are in no list. */
struct call_range {
	uint32_t first;
	const struct rule *rule;
};

/* The filter while it is made. */
struct bpf_filter {
	struct rule rules[RULES_MOST];  /* sorted by number, each number once */
	size_t rule_count;
	struct call_range ranges[2 * RULES_MOST + 1];
	size_t range_count;
	struct sock_filter list[INSTRUCTIONS_MOST];
	/* By instruction: which shared end it jumps to, from 1, for no and yes; 0: none. */
	int8_t ends[INSTRUCTIONS_MOST][2];
	size_t count;                   /* INSTRUCTIONS_MOST: the filter does not fit */
};

/* The action for a call that is in no list. */
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)
#define SHARED_ENDS 3

static const uint32_t end_actions[SHARED_ENDS] = { SECCOMP_RET_ALLOW, UNKNOWN, KILL };

/* Adds a rule, unless the call has one already. */
static void put_rule(struct bpf_filter *filter, struct rule rule)
{
	size_t at = filter->rule_count;

	while (at && filter->rules[at - 1].number > rule.number)
		at--;
	if (filter->rule_count == RULES_MOST || (at && filter->rules[at - 1].number == rule.number))
		return;
	memmove(&filter->rules[at + 1], &filter->rules[at], (filter->rule_count++ - at) * sizeof(rule));
	filter->rules[at] = rule;
}

static void put_list(struct bpf_filter *filter, const int *calls, size_t count, uint32_t action)
{
	for (size_t n = 0; n < count; n++)
		put_rule(filter, (struct rule){ .number = (uint32_t)calls[n], .action = action });
}

#define PUT_LIST(filter, calls, action) put_list(filter, calls, sizeof(calls) / sizeof((calls)[0]), action)

static void put_rule_without(struct bpf_filter *filter, int call, int argument, uint32_t bits)
{
	put_rule(filter, (struct rule){ .number = (uint32_t)call, .kind = WITHOUT, .action = SECCOMP_RET_ERRNO | EACCES,
					.argument = argument, .bits = bits });
}

/* A WITH rule: the call fails with this errno unless the argument has one of the values of an array. */
#define RULE_WITH(call, which, list, error) \
	((struct rule){ .number = (uint32_t)(call), .kind = WITH, .action = SECCOMP_RET_ERRNO | (uint32_t)(error), \
			.argument = (which), .values = (list), .count = sizeof(list) / sizeof((list)[0]) })

/* Memory is never both writable and executable. Modules of NSS are mapped from their files. */
static void put_mapping(struct bpf_filter *filter, int call, bool loads_modules)
{
	if (loads_modules)
		put_rule(filter, (struct rule){ .number = (uint32_t)call, .kind = MAPS_MODULES });
	else
		put_rule_without(filter, call, 2, PROT_EXEC);
}

static void put_memory(struct bpf_filter *filter, const struct self_sandbox *sandbox)
{
#ifdef SYS_mmap
	put_mapping(filter, SYS_mmap, sandbox->finds_names);
#endif
#ifdef SYS_mmap2
	put_mapping(filter, SYS_mmap2, sandbox->finds_names);
#endif
	put_rule_without(filter, SYS_mprotect, 2, PROT_EXEC);
}

static void put_names(struct bpf_filter *filter)
{
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

	PUT_LIST(filter, name_calls, SECCOMP_RET_ALLOW);
	put_rule(filter, RULE_WITH(SYS_socket, 0, families, EAFNOSUPPORT));
	put_rule_without(filter, SYS_openat, 2, WRITES);
#ifdef SYS_open
	put_rule_without(filter, SYS_open, 1, WRITES);
#endif
	put_list(filter, (const int[]){ SYS_connect, SYS_bind }, 2, SECCOMP_RET_ALLOW);
}

static void put_connections(struct bpf_filter *filter, bool to_unix)
{
	static const uint32_t families[] = { AF_INET, AF_INET6 }, local[] = { AF_UNIX };

	if (to_unix)
		put_rule(filter, RULE_WITH(SYS_socket, 0, local, EAFNOSUPPORT));
	else
		put_rule(filter, RULE_WITH(SYS_socket, 0, families, EAFNOSUPPORT));
	put_list(filter, (const int[]){ SYS_connect }, 1, SECCOMP_RET_ALLOW);
}

/* clone3(2) has its flags in memory, where no filter sees them: it is in no list, and libc falls back to clone(2). */
static void put_threads(struct bpf_filter *filter)
{
	PUT_LIST(filter, thread_calls, SECCOMP_RET_ALLOW);
	put_rule(filter, (struct rule){ .number = SYS_clone, .kind = THREADS });
}

static void put_files(struct bpf_filter *filter)
{
	PUT_LIST(filter, file_calls, SECCOMP_RET_ALLOW);
	put_rule_without(filter, SYS_openat, 2, WRITES);
#ifdef SYS_open
	put_rule_without(filter, SYS_open, 1, WRITES);
#endif
}

static void put_user_change(struct bpf_filter *filter)
{
	static const uint32_t wishes[] = { PR_SET_KEEPCAPS, PR_SET_DUMPABLE };

	PUT_LIST(filter, user_calls, SECCOMP_RET_ALLOW);
	put_list(filter, (const int[]){ SYS_capget, SYS_capset }, 2, SECCOMP_RET_ALLOW);
	put_rule(filter, RULE_WITH(SYS_prctl, 0, wishes, EPERM));
}

/* A process changes its own limits, and no other's. A signal by a pidfd is 0, which asks whether it is one. */
static void put_own(struct bpf_filter *filter)
{
	static const uint32_t zero[] = { 0 };

	put_rule(filter, RULE_WITH(SYS_prlimit64, 0, zero, EPERM));
	put_rule(filter, RULE_WITH(SYS_pidfd_send_signal, 1, zero, EPERM));
}

#define REQUESTS FIONREAD, FIONBIO, TCGETS, SIOCGIFINDEX, SIOCGIFNAME

static void put_requests(struct bpf_filter *filter, const struct self_sandbox *sandbox)
{
	static const uint32_t of_programs[] = { REQUESTS };
	static const uint32_t of_workers[] = {
		REQUESTS, TIOCSWINSZ, SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND, NOTIF_SET_FLAGS,
		SECCOMP_IOCTL_NOTIF_ID_VALID, SECCOMP_IOCTL_NOTIF_ADDFD,
	};

	if (sandbox->profile == PROFILE_PROGRAM)
		put_rule(filter, RULE_WITH(SYS_ioctl, 1, of_programs, ENOTTY));
	else
		put_rule(filter, RULE_WITH(SYS_ioctl, 1, of_workers, ENOTTY));
}

/* A descriptor whose owner is another process would have the kernel send that one a signal. */
static void put_controls(struct bpf_filter *filter)
{
	static const uint32_t commands[] = {
		F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_GETPIPE_SZ, F_SETPIPE_SZ, F_ADD_SEALS,
		F_GET_SEALS,
	};
	struct rule rule = RULE_WITH(SYS_fcntl, 1, commands, EPERM);

	rule.kind = CONTROLS;
	put_rule(filter, rule);
#ifdef SYS_fcntl64
	rule.number = SYS_fcntl64;
	put_rule(filter, rule);
#endif
}

static void emit_instruction(struct bpf_filter *filter, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (filter->count < INSTRUCTIONS_MOST)
		filter->list[filter->count++] = (struct sock_filter){ code, yes, no, k };
}

static void emit_return(struct bpf_filter *filter, uint32_t action)
{
	emit_instruction(filter, BPF_RET | BPF_K, action, 0, 0);
}

static void emit_load(struct bpf_filter *filter, size_t offset)
{
	emit_instruction(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Loads the lower half of an argument, which holds all bits that matter, except of a pointer. */
static void emit_load_argument(struct bpf_filter *filter, int number)
{
	size_t offset = offsetof(struct seccomp_data, args) + (size_t)number * sizeof(uint64_t);

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		offset += sizeof(uint32_t);
	emit_load(filter, offset);
}

static void emit_jump_at_bits(struct bpf_filter *filter, uint32_t bits, uint8_t yes, uint8_t no)
{
	emit_instruction(filter, BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
}

static void emit_with(struct bpf_filter *filter, const struct rule *rule)
{
	emit_load_argument(filter, rule->argument);
	for (uint8_t n = 0; n < rule->count; n++)
		emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->values[n], (uint8_t)(rule->count - n), 0);
	emit_return(filter, rule->action);
	emit_return(filter, SECCOMP_RET_ALLOW);
}

/* fcntl(2): F_SETFL without O_ASYNC, and what is on the list. */
static void emit_controls(struct bpf_filter *filter, const struct rule *rule)
{
	emit_load_argument(filter, 1);
	emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 0, 4);
	emit_load_argument(filter, 2);
	emit_jump_at_bits(filter, O_ASYNC, 0, 1);
	emit_return(filter, rule->action);
	emit_return(filter, SECCOMP_RET_ALLOW);
	emit_with(filter, rule);
}

/* socket(2) in one of the domains on the list, that neither sees nor forges others' packets. AF_INET knows SOCK_PACKET,
 * too (packet(7)). */
static void emit_plain_sockets(struct bpf_filter *filter, const struct rule *rule)
{
	emit_load_argument(filter, 1);
	emit_instruction(filter, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
	emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, SOCK_RAW, 1, 0);
	emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, SOCK_PACKET, 0, 1);
	emit_return(filter, rule->action);
	emit_with(filter, rule);
}

/* sendto(2) without an address. A pointer may have zeros in either half. */
static void emit_unaddressed(struct bpf_filter *filter, const struct rule *rule)
{
	size_t offset = offsetof(struct seccomp_data, args) + (size_t)rule->argument * sizeof(uint64_t);

	emit_load(filter, offset);
	emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
	emit_load(filter, offset + sizeof(uint32_t));
	emit_instruction(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	emit_return(filter, rule->action);
	emit_return(filter, SECCOMP_RET_ALLOW);
}

static void emit_maps_modules(struct bpf_filter *filter)
{
	emit_load_argument(filter, 2);
	emit_jump_at_bits(filter, PROT_EXEC, 0, 4);
	emit_jump_at_bits(filter, PROT_WRITE, 2, 0);
	emit_load_argument(filter, 3);
	emit_jump_at_bits(filter, MAP_ANONYMOUS, 0, 1);
	emit_return(filter, SECCOMP_RET_ERRNO | EACCES);
	emit_return(filter, SECCOMP_RET_ALLOW);
}

/* clone(2) has its flags in the first or the second argument, depending on the architecture; the other one is the
 * address of the thread's stack, which may look like the flag. A process that was made so has the same filter. */
static void emit_threads(struct bpf_filter *filter)
{
	emit_load_argument(filter, 0);
	emit_jump_at_bits(filter, CLONE_THREAD, 3, 0);
	emit_load_argument(filter, 1);
	emit_jump_at_bits(filter, CLONE_THREAD, 1, 0);
	emit_return(filter, KILL);
	emit_return(filter, SECCOMP_RET_ALLOW);
}

static void emit_rule(struct bpf_filter *filter, const struct rule *rule)
{
	if (!rule) {
		emit_return(filter, UNKNOWN);
	} else if (rule->kind == ALWAYS) {
		emit_return(filter, rule->action);
	} else if (rule->kind == WITH) {
		emit_with(filter, rule);
	} else if (rule->kind == CONTROLS) {
		emit_controls(filter, rule);
	} else if (rule->kind == PLAIN_SOCKETS) {
		emit_plain_sockets(filter, rule);
	} else if (rule->kind == UNADDRESSED) {
		emit_unaddressed(filter, rule);
	} else if (rule->kind == MAPS_MODULES) {
		emit_maps_modules(filter);
	} else if (rule->kind == THREADS) {
		emit_threads(filter);
	} else {
		emit_load_argument(filter, rule->argument);
		emit_jump_at_bits(filter, rule->bits, 0, 1);
		emit_return(filter, rule->action);
		emit_return(filter, SECCOMP_RET_ALLOW);
	}
}

static bool have_same_action(const struct rule *a, const struct rule *b)
{
	return a == b || (a && b && a->kind == ALWAYS && b->kind == ALWAYS && a->action == b->action);
}

static void put_range(struct bpf_filter *filter, uint32_t first, const struct rule *rule)
{
	if (!filter->range_count || !have_same_action(filter->ranges[filter->range_count - 1].rule, rule))
		filter->ranges[filter->range_count++] = (struct call_range){ first, rule };
}

/* Covers all numbers from 0, and joins neighbours with the same action. */
static void find_ranges(struct bpf_filter *filter)
{
	put_range(filter, 0, filter->rules[0].number ? NULL : &filter->rules[0]);
	for (size_t n = 0; n < filter->rule_count; n++) {
		uint32_t number = filter->rules[n].number;

		put_range(filter, number, &filter->rules[n]);
		if (n + 1 == filter->rule_count || filter->rules[n + 1].number != number + 1)
			put_range(filter, number + 1, NULL);
	}
}

/* The index in end_actions of a range that needs no test of arguments; -1: it needs one. */
static int find_shared_end(const struct rule *rule)
{
	for (int end = 0; end < SHARED_ENDS; end++) {
		if (rule ? rule->kind == ALWAYS && rule->action == end_actions[end] : end_actions[end] == UNKNOWN)
			return end;
	}
	return -1;
}

static void emit_tree(struct bpf_filter *filter, size_t from, size_t to);

/* Emits one side of a node: records the jump if it leads to a shared end, else emits the code here. */
static void emit_side(struct bpf_filter *filter, size_t node, bool yes, size_t from, size_t to)
{
	int end = to - from == 1 ? find_shared_end(filter->ranges[from].rule) : -1;
	size_t distance = filter->count - node - 1;

	if (end >= 0) {
		filter->ends[node][yes] = (int8_t)(end + 1);
		return;
	}
	if (yes && distance > UINT8_MAX)
		filter->count = INSTRUCTIONS_MOST;
	if (filter->count == INSTRUCTIONS_MOST)
		return;
	if (yes)
		filter->list[node].jt = (uint8_t)distance;
	else
		filter->list[node].jf = (uint8_t)distance;
	if (to - from == 1)
		emit_rule(filter, filter->ranges[from].rule);
	else
		emit_tree(filter, from, to);
}

/* A tree with shared ends: the kernel runs a new filter for every number once, to learn which calls are always allowed,
 * and compiles each instruction. A tree takes a fraction of the time of a list. */
static void emit_tree(struct bpf_filter *filter, size_t from, size_t to)
{
	size_t middle = from + (to - from) / 2, node = filter->count;

	emit_instruction(filter, BPF_JMP | BPF_JGE | BPF_K, filter->ranges[middle].first, 0, 0);
	if (filter->count == INSTRUCTIONS_MOST)
		return;
	emit_side(filter, node, false, from, middle);
	emit_side(filter, node, true, middle, to);
}

static void emit_ends(struct bpf_filter *filter)
{
	size_t first = filter->count;

	for (int end = 0; end < SHARED_ENDS; end++)
		emit_return(filter, end_actions[end]);
	for (size_t node = 0; node < first && filter->count < INSTRUCTIONS_MOST; node++) {
		for (int yes = 0; yes < 2; yes++) {
			size_t distance = first + (size_t)filter->ends[node][yes] - 1 - node - 1;

			if (!filter->ends[node][yes])
				continue;
			if (distance > UINT8_MAX)
				filter->count = INSTRUCTIONS_MOST;
			else if (yes)
				filter->list[node].jt = (uint8_t)distance;
			else
				filter->list[node].jf = (uint8_t)distance;
		}
	}
}

static void install_filter(struct bpf_filter *filter)
{
	struct sock_fprog program = { .len = (unsigned short)filter->count, .filter = filter->list };

	if (filter->count < INSTRUCTIONS_MOST)
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

/* A worker sends nothing to an address: its channel is connected, and a netlink socket's usual peer is the kernel.
 * sendmsg(2) has the address in memory, where no filter sees it: the one profile that passes on descriptors by it
 * creates no socket. */
static void put_worker(struct bpf_filter *filter, enum self_profile profile)
{
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	static const uint32_t plain[] = { AF_UNIX, AF_INET, AF_INET6, AF_VSOCK };
	struct rule sockets = RULE_WITH(SYS_socket, 0, plain, EAFNOSUPPORT);

	if (profile != PROFILE_PROGRAM)
		put_rule(filter, (struct rule){ .number = SYS_sendto, .kind = UNADDRESSED, .argument = 4,
						.action = SECCOMP_RET_ERRNO | EACCES });
	if (profile != PROFILE_PROGRAM && profile != PROFILE_PROC)
		put_list(filter, (const int[]){ SYS_sendmsg }, 1, SECCOMP_RET_ERRNO | EACCES);
	if (profile == PROFILE_OUTPUT)
		put_threads(filter);
	if (profile == PROFILE_TRACES)
		PUT_LIST(filter, trace_calls, SECCOMP_RET_ALLOW);
	if (profile >= PROFILE_LOOKS) {
		PUT_LIST(filter, look_calls, SECCOMP_RET_ALLOW);
		put_user_change(filter);
	}
	if (profile >= PROFILE_PROC)
		put_files(filter);
	if (profile >= PROFILE_SOCKETS)
		put_rule(filter, RULE_WITH(SYS_socket, 0, families, EAFNOSUPPORT));
	if (profile == PROFILE_RESTORES) {
		sockets.kind = PLAIN_SOCKETS;
		put_rule(filter, sockets);
		put_list(filter, (const int[]){ SYS_listen }, 1, SECCOMP_RET_ALLOW);
	}
}

static void put_network(struct bpf_filter *filter, const struct self_sandbox *sandbox)
{
	if (sandbox->finds_names)
		put_names(filter);
	if (sandbox->connects || sandbox->connects_unix)
		put_connections(filter, sandbox->connects_unix);
	if (sandbox->has_clients)
		PUT_LIST(filter, client_calls, SECCOMP_RET_ALLOW);
	if (sandbox->binds_any)
		put_list(filter, (const int[]){ SYS_bind }, 1, SECCOMP_RET_ALLOW);
	if (sandbox->acts_as_users)
		PUT_LIST(filter, user_calls, SECCOMP_RET_ALLOW);
}

/* The first rule of a call holds, so what a process needs of the attackers' calls comes before those. */
void self_sandbox_filter_calls(const struct self_sandbox *sandbox)
{
	static struct bpf_filter filter;
	uint32_t arch = self_sandbox_arch();

	if (!arch)
		return;
	put_worker(&filter, sandbox->profile);
	if (sandbox->reads_files)
		put_files(&filter);
	put_own(&filter);
	put_controls(&filter);
	PUT_LIST(&filter, common_calls, SECCOMP_RET_ALLOW);
	PUT_LIST(&filter, attacks, KILL);
	put_memory(&filter, sandbox);
	put_requests(&filter, sandbox);
	put_network(&filter, sandbox);
	find_ranges(&filter);
	emit_load(&filter, offsetof(struct seccomp_data, arch));
	emit_instruction(&filter, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	emit_return(&filter, KILL);
	emit_load(&filter, offsetof(struct seccomp_data, nr));
	emit_tree(&filter, 0, filter.range_count);
	emit_ends(&filter);
	install_filter(&filter);
}
#else
void self_sandbox_filter_calls(const struct self_sandbox *sandbox)
{
	(void)sandbox;
}
#endif
