/* System calls that restrictions deny, depending on their arguments.
 *
 * A filter cannot read memory, so it does not see the arguments of clone3(2), openat2(2) and socketcall(2). If the
 * plain call is allowed or denied by its arguments, such a call is denied altogether. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>

#include "filter/internal.h"

#define DENY(error) SCMP_ACT_ERRNO(error)
#define FAMILIES_MOST 256

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const unsigned long namespace_flags[NAMESPACE_KINDS] = {
	[NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [NAMESPACE_IPC] = CLONE_NEWIPC, [NAMESPACE_MNT] = CLONE_NEWNS,
	[NAMESPACE_NET] = CLONE_NEWNET, [NAMESPACE_PID] = CLONE_NEWPID, [NAMESPACE_TIME] = CLONE_NEWTIME,
	[NAMESPACE_USER] = CLONE_NEWUSER, [NAMESPACE_UTS] = CLONE_NEWUTS,
};

/* The kernel uses 32 bits of most arguments, and so does a filter: the bits above may be anything. */
#define SEEN UINT32_MAX

/* Whether an argument, counted from 0, has all of these bits; is above a value; has a value. */
#define HAS_BITS(argument, bits) ((struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, bits, bits })
#define IS_ABOVE(argument, most) ((struct scmp_arg_cmp){ argument, SCMP_CMP_GT, most, 0 })
#define EQUALS(argument, value) ((struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, SEEN, value })

static void deny_if(struct seccomp_filter *filter, size_t n, int error, const char *call, struct scmp_arg_cmp argument)
{
	seccomp_filter_rule(filter, n, DENY(error), call, 1, &argument);
}

static void deny_group(struct seccomp_filter *filter, const char *name, int error)
{
	const char *call = syscall_group_find(name)->calls;

	for (; *call; call += strspn(call, " ")) {
		char text[64] = "";
		size_t length = strcspn(call, " ");

		if (length < sizeof(text))
			memcpy(text, call, length);
		seccomp_filter_call(filter, DENY(error), text);
		call += length;
	}
}

/* On s390 clone(2) has its flags in the second argument. */
static unsigned clone_flags(uint32_t architecture)
{
	return architecture == SCMP_ARCH_S390 || architecture == SCMP_ARCH_S390X ? 1 : 0;
}

/* setns(2) with 0 accepts any kind. clone3(2) fails with ENOSYS, so that libc falls back to clone(2). */
static void deny_namespaces(struct seccomp_filter *filter, unsigned denied)
{
	for (size_t n = 0; n < filter->count; n++) {
		seccomp_filter_rule(filter, n, DENY(ENOSYS), "clone3", 0, NULL);
		deny_if(filter, n, EPERM, "setns", EQUALS(1, 0));
		for (unsigned kind = 0; kind < NAMESPACE_KINDS; kind++) {
			if (!(denied >> kind & 1))
				continue;
			deny_if(filter, n, EPERM, "unshare", HAS_BITS(0, namespace_flags[kind]));
			deny_if(filter, n, EPERM, "setns", HAS_BITS(1, namespace_flags[kind]));
			if (kind != NAMESPACE_TIME)     /* in clone(2) its bit is part of the exit signal */
				deny_if(filter, n, EPERM, "clone",
					HAS_BITS(clone_flags(filter->architectures[n]), namespace_flags[kind]));
		}
	}
}

/* Marks the families that the list names: the denied ones if the list denies, else the allowed ones. */
static void mark_families(words families, bool *marked)
{
	for (words word = families; *word; word++) {
		const char *name = *word + (**word == '~' || **word == '+');
		bool denies = signed_list_denies(families);
		int family;

		if (address_family_find(name, &family) && family < FAMILIES_MOST)
			marked[family] = (**word == '~') == denies;
	}
}

static void deny_families(struct seccomp_filter *filter, words families)
{
	bool denies = signed_list_denies(families), marked[FAMILIES_MOST] = { 0 };

	mark_families(families, marked);
	for (size_t n = 0; n < filter->count; n++) {
		if (seccomp_is_multiplexed(filter->architectures[n]))
			seccomp_filter_rule(filter, n, DENY(EAFNOSUPPORT), "socketcall", 0, NULL);
		for (unsigned family = 0; family < FAMILIES_MOST; family++) {
			if (marked[family] == denies)
				deny_if(filter, n, EAFNOSUPPORT, "socket", EQUALS(0, family));
		}
		if (!denies)
			deny_if(filter, n, EAFNOSUPPORT, "socket", IS_ABOVE(0, FAMILIES_MOST - 1));
	}
	seccomp_filter_call(filter, DENY(EPERM), "io_uring_setup"); /* io_uring opens sockets without socket(2) */
}

/* Allows only SCHED_OTHER, SCHED_BATCH and SCHED_IDLE. The argument of sched_setattr(2) is in memory. */
static void deny_realtime(struct seccomp_filter *filter)
{
	static const int policies[] = { SCHED_FIFO, SCHED_RR, 4, 6 /* SCHED_DEADLINE */ };

	for (size_t n = 0; n < filter->count; n++) {
		for (size_t policy = 0; policy < sizeof(policies) / sizeof(policies[0]); policy++) {
			uint64_t value = (uint64_t)policies[policy];

			deny_if(filter, n, EPERM, "sched_setscheduler", EQUALS(1, value));
			deny_if(filter, n, EPERM, "sched_setscheduler", EQUALS(1, value | SCHED_RESET_ON_FORK));
		}
		seccomp_filter_rule(filter, n, DENY(EPERM), "sched_setattr", 0, NULL);
	}
}

static void deny_mode(struct seccomp_filter *filter, size_t n, const char *call, unsigned argument)
{
	deny_if(filter, n, EPERM, call, HAS_BITS(argument, S_ISUID));
	deny_if(filter, n, EPERM, call, HAS_BITS(argument, S_ISGID));
}

/* The mode argument matters only if a file is created. */
static void deny_new_mode(struct seccomp_filter *filter, size_t n, const char *call, unsigned flags)
{
	static const uint64_t makes[] = { O_CREAT, O_TMPFILE & ~O_DIRECTORY }, bits[] = { S_ISUID, S_ISGID };

	for (size_t pair = 0; pair < 4; pair++) {
		uint64_t made = makes[pair / 2], bit = bits[pair % 2];
		const struct scmp_arg_cmp arguments[] = {
			{ flags, SCMP_CMP_MASKED_EQ, made, made }, { flags + 1, SCMP_CMP_MASKED_EQ, bit, bit },
		};

		seccomp_filter_rule(filter, n, DENY(EPERM), call, 2, arguments);
	}
}

static void deny_suid_sgid(struct seccomp_filter *filter)
{
	static const struct { const char *call; unsigned argument;
	} calls[] = {
		{ "chmod", 1 },	  { "fchmod", 1 }, { "fchmodat", 2 }, { "fchmodat2", 2 }, { "mkdir", 1 },
		{ "mkdirat", 2 }, { "mknod", 1 },  { "mknodat", 2 },  { "creat", 1 },
	};

	for (size_t n = 0; n < filter->count; n++) {
		for (size_t call = 0; call < sizeof(calls) / sizeof(calls[0]); call++)
			deny_mode(filter, n, calls[call].call, calls[call].argument);
		deny_new_mode(filter, n, "open", 1);
		deny_new_mode(filter, n, "openat", 2);
		seccomp_filter_rule(filter, n, DENY(ENOSYS), "openat2", 0, NULL);
	}
	seccomp_filter_call(filter, DENY(EPERM), "io_uring_setup");
}

/* Denies personalities that differ from the wanted one in these bits. The exception is 0xffffffff, which only queries:
 * so the rules deny a difference with the highest bit clear, and with it set any value that is not all ones. */
static void deny_personalities(struct seccomp_filter *filter, uint32_t bits, uint32_t wanted)
{
	const uint64_t highest = UINT64_C(1) << 31;

	for (size_t n = 0; n < filter->count; n++) {
		for (unsigned shift = 0; shift < 31; shift++) {
			uint64_t bit = UINT64_C(1) << shift;

			if (bits & bit)
				seccomp_filter_rule(filter, n, DENY(EPERM), "personality", 1,
						    &(struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, highest | bit,
								    ~(uint64_t)wanted & bit });
			seccomp_filter_rule(filter, n, DENY(EPERM), "personality", 1,
					    &(struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, highest | bit, highest });
		}
	}
}

/* Old calls whose arguments are in memory are denied altogether: programs built in this century use mmap2(2) and
 * shmat(2). READ_IMPLIES_EXEC (personality(2)) would make readable memory executable. */
static void deny_executable_memory(struct seccomp_filter *filter)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;

	deny_personalities(filter, READ_IMPLIES_EXEC, 0);
	for (size_t n = 0; n < filter->count; n++) {
		uint32_t architecture = filter->architectures[n];
		bool folded = architecture == SCMP_ARCH_X86 || architecture == SCMP_ARCH_S390;

		deny_if(filter, n, EPERM, "mmap2", HAS_BITS(2, both));
		if (folded)
			seccomp_filter_rule(filter, n, DENY(EPERM), "mmap", 0, NULL);
		else
			deny_if(filter, n, EPERM, "mmap", HAS_BITS(2, both));
		deny_if(filter, n, EPERM, "mprotect", HAS_BITS(2, PROT_EXEC));
		deny_if(filter, n, EPERM, "pkey_mprotect", HAS_BITS(2, PROT_EXEC));
		deny_if(filter, n, EPERM, "shmat", HAS_BITS(2, SHM_EXEC));
		if (seccomp_is_multiplexed(architecture))
			seccomp_filter_rule(filter, n, DENY(EPERM), "ipc", 1,
					    &(struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, 0xffff, 21 /* SHMAT */ });
	}
}

static void restrict_kernel(struct seccomp_filter *filter, const struct filter_request *request)
{
	if (request->sysctl)
		seccomp_filter_call(filter, DENY(EPERM), "_sysctl");
	if (request->modules)
		deny_group(filter, "@module", EPERM);
	if (request->logs)
		seccomp_filter_call(filter, DENY(EPERM), "syslog");
	if (request->clock)
		deny_group(filter, "@clock", EPERM);
	if (request->raw_io)
		deny_group(filter, "@raw-io", EPERM);
	if (request->hostname) {
		seccomp_filter_call(filter, DENY(EPERM), "sethostname");
		seccomp_filter_call(filter, DENY(EPERM), "setdomainname");
	}
}

void seccomp_filter_restrict(struct seccomp_filter *filter, const struct filter_request *request)
{
	restrict_kernel(filter, request);
	if (request->namespaces)
		deny_namespaces(filter, (unsigned)request->namespaces);
	if (request->families)
		deny_families(filter, request->families);
	if (request->realtime)
		deny_realtime(filter);
	if (request->suid_sgid)
		deny_suid_sgid(filter);
	if (request->executable_memory)
		deny_executable_memory(filter);
	if (request->personality >= 0)
		deny_personalities(filter, UINT32_MAX, (uint32_t)request->personality);
}
