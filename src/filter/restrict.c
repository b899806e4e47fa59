/* System calls that restrictions deny, depending on their arguments.
 *
 * A filter cannot read memory, so it does not see the arguments of clone3(2), openat2(2) and socketcall(2). If the
 * plain call is allowed or denied by its arguments, such a call is denied altogether. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>

#include "filter/internal.h"

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

/* Denies a call on one architecture; on all of them, if an argument matches; and on all of them in any case. */
static void deny_on(struct seccomp_filter *filter, size_t index, int error, const char *call, unsigned count,
		    const struct scmp_arg_cmp *arguments)
{
	seccomp_filter_rule(filter, index, SCMP_ACT_ERRNO(error), seccomp_syscall_resolve_name(call), count, arguments);
}

static void deny_if(struct seccomp_filter *filter, int error, const char *call, struct scmp_arg_cmp argument)
{
	for (size_t n = 0; n < filter->count; n++)
		deny_on(filter, n, error, call, 1, &argument);
}

static void deny(struct seccomp_filter *filter, int error, const char *call)
{
	for (size_t n = 0; n < filter->count; n++)
		deny_on(filter, n, error, call, 0, NULL);
}

/* setns(2) with 0 accepts any kind. clone3(2) fails with ENOSYS, so that libc falls back to clone(2). That has its
 * flags in the second argument on s390, and the bit of time namespaces is part of its exit signal. */
static void deny_namespaces(struct seccomp_filter *filter, unsigned denied)
{
	deny(filter, ENOSYS, "clone3");
	deny_if(filter, EPERM, "setns", EQUALS(1, 0));
	for (unsigned kind = 0; kind < NAMESPACE_KINDS; kind++) {
		if (!(denied >> kind & 1))
			continue;
		deny_if(filter, EPERM, "unshare", HAS_BITS(0, namespace_flags[kind]));
		deny_if(filter, EPERM, "setns", HAS_BITS(1, namespace_flags[kind]));
		for (size_t n = 0; kind != NAMESPACE_TIME && n < filter->count; n++) {
			uint32_t architecture = filter->architectures[n];
			unsigned flags = architecture == SCMP_ARCH_S390 || architecture == SCMP_ARCH_S390X;

			deny_on(filter, n, EPERM, "clone", 1, &HAS_BITS(flags, namespace_flags[kind]));
		}
	}
}

/* An architecture that has socketcall(2) has the arguments of socket(2) in memory. io_uring opens sockets without
 * socket(2). */
static void deny_families(struct seccomp_filter *filter, words families)
{
	bool denies = signed_list_denies(families), named[FAMILIES_MOST] = { 0 };
	int family;

	for (words word = families; *word; word++) {
		if (address_family_find(*word + (**word == '~' || **word == '+'), &family) && family < FAMILIES_MOST)
			named[family] = (**word == '~') == denies;
	}
	deny(filter, EAFNOSUPPORT, "socketcall");
	for (family = 0; family < FAMILIES_MOST; family++) {
		if (named[family] == denies)
			deny_if(filter, EAFNOSUPPORT, "socket", EQUALS(0, (unsigned)family));
	}
	if (!denies)
		deny_if(filter, EAFNOSUPPORT, "socket", IS_ABOVE(0, FAMILIES_MOST - 1));
	deny(filter, EPERM, "io_uring_setup");
}

/* Allows only SCHED_OTHER, SCHED_BATCH and SCHED_IDLE. The argument of sched_setattr(2) is in memory. */
static void deny_realtime(struct seccomp_filter *filter)
{
	static const unsigned policies[] = { SCHED_FIFO, SCHED_RR, 4, 6 /* SCHED_DEADLINE */ };

	for (size_t n = 0; n < sizeof(policies) / sizeof(policies[0]); n++) {
		deny_if(filter, EPERM, "sched_setscheduler", EQUALS(1, policies[n]));
		deny_if(filter, EPERM, "sched_setscheduler", EQUALS(1, policies[n] | SCHED_RESET_ON_FORK));
	}
	deny(filter, EPERM, "sched_setattr");
}

/* The mode argument behind the flags matters only if a file is created. */
static void deny_new_mode(struct seccomp_filter *filter, const char *call, unsigned flags)
{
	static const uint64_t makes[] = { O_CREAT, O_TMPFILE & ~O_DIRECTORY }, bits[] = { S_ISUID, S_ISGID };

	for (size_t n = 0; n < 4 * filter->count; n++) {
		const struct scmp_arg_cmp arguments[] = {
			HAS_BITS(flags, makes[n / 2 % 2]), HAS_BITS(flags + 1, bits[n % 2]),
		};

		deny_on(filter, n / 4, EPERM, call, 2, arguments);
	}
}

static void deny_suid_sgid(struct seccomp_filter *filter)
{
	static const struct {
		const char *call;
		unsigned mode;
	} calls[] = {
		{ "chmod", 1 },	  { "fchmod", 1 }, { "fchmodat", 2 }, { "fchmodat2", 2 }, { "mkdir", 1 },
		{ "mkdirat", 2 }, { "mknod", 1 },  { "mknodat", 2 },  { "creat", 1 },
	};

	for (size_t n = 0; n < sizeof(calls) / sizeof(calls[0]); n++) {
		deny_if(filter, EPERM, calls[n].call, HAS_BITS(calls[n].mode, S_ISUID));
		deny_if(filter, EPERM, calls[n].call, HAS_BITS(calls[n].mode, S_ISGID));
	}
	deny_new_mode(filter, "open", 1);
	deny_new_mode(filter, "openat", 2);
	deny(filter, ENOSYS, "openat2");
	deny(filter, EPERM, "io_uring_setup");
}

/* Denies personalities that differ from the wanted one in these bits. The exception is 0xffffffff, which only queries:
 * so the rules deny a difference with the highest bit clear, and with it set any value that is not all ones. */
static void deny_personalities(struct seccomp_filter *filter, uint32_t bits, uint32_t wanted)
{
	const uint64_t highest = UINT64_C(1) << 31;

	for (unsigned shift = 0; shift < 31; shift++) {
		uint64_t bit = UINT64_C(1) << shift;
		struct scmp_arg_cmp differs = { 0, SCMP_CMP_MASKED_EQ, highest | bit, ~(uint64_t)wanted & bit };
		struct scmp_arg_cmp is_no_query = { 0, SCMP_CMP_MASKED_EQ, highest | bit, highest };

		if (bits & bit)
			deny_if(filter, EPERM, "personality", differs);
		deny_if(filter, EPERM, "personality", is_no_query);
	}
}

/* Old calls whose arguments are in memory are denied altogether, and so is shmat(2) by ipc(2): programs built in this
 * century use mmap2(2) and shmat(2). READ_IMPLIES_EXEC (personality(2)) would make readable memory executable. */
static void deny_executable_memory(struct seccomp_filter *filter)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;

	deny_personalities(filter, READ_IMPLIES_EXEC, 0);
	deny_if(filter, EPERM, "mmap2", HAS_BITS(2, both));
	for (size_t n = 0; n < filter->count; n++) {
		uint32_t architecture = filter->architectures[n];
		bool is_folded = architecture == SCMP_ARCH_X86 || architecture == SCMP_ARCH_S390;

		deny_on(filter, n, EPERM, "mmap", !is_folded, &HAS_BITS(2, both));
	}
	deny_if(filter, EPERM, "mprotect", HAS_BITS(2, PROT_EXEC));
	deny_if(filter, EPERM, "pkey_mprotect", HAS_BITS(2, PROT_EXEC));
	deny_if(filter, EPERM, "shmat", HAS_BITS(2, SHM_EXEC));
	deny_if(filter, EPERM, "ipc", (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, 0xffff, 21 /* SHMAT */ });
}

void seccomp_filter_restrict(struct seccomp_filter *filter, const struct filter_request *request)
{
	const struct {
		int64_t is_wanted;
		const char *word;
	} parts[] = {
		{ request->sysctl, "~_sysctl" }, { request->modules, "~@module" },
		{ request->logs, "~syslog" }, { request->clock, "~@clock" }, { request->raw_io, "~@raw-io" },
		{ request->hostname, "~sethostname" }, { request->hostname, "~setdomainname" },
	};

	for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++) {
		if (parts[n].is_wanted)
			seccomp_filter_list(filter, (const char *const[]){ parts[n].word, NULL }, EPERM);
	}
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
