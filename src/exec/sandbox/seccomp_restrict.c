/* System calls that the hardening switches deny, judged by their arguments.
 *
 * A filter cannot read memory, so it does not see the arguments of clone3(2), openat2(2) and socketcall(2). Where the
 * plain call is judged by its arguments, such a call is denied altogether. */
#ifdef HAVE_LIBSECCOMP
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "config/words/address_family.h"
#include "config/words/sandbox_words.h"
#include "config/words/syscall_groups.h"
#include "exec/resources/scheduling.h"
#include "exec/sandbox/seccomp_internal.h"

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

/* The kernel looks at 32 bits of most arguments, and so does a filter: those above might be anything. */
#define SEEN UINT32_MAX

/* An argument that has all of these bits, whatever others. */
static struct scmp_arg_cmp has_bits(unsigned argument, uint64_t bits)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, bits, bits };
}

static struct scmp_arg_cmp is_above(unsigned argument, uint64_t most)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_GT, most, 0 };
}

static struct scmp_arg_cmp is_value(unsigned argument, uint64_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, SEEN, value };
}

static void deny(struct seccomp_filter *filter, size_t n, int error, const char *call, struct scmp_arg_cmp argument)
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

/* On s390 the flags of clone come second. */
static unsigned clone_flags(uint32_t architecture)
{
	return architecture == SCMP_ARCH_S390 || architecture == SCMP_ARCH_S390X ? 1 : 0;
}

/* setns with 0 takes any kind. clone3 as if the kernel lacked it: libc then goes by clone. */
static void deny_namespaces(struct seccomp_filter *filter, unsigned denied)
{
	for (size_t n = 0; n < filter->count; n++) {
		seccomp_filter_rule(filter, n, DENY(ENOSYS), "clone3", 0, NULL);
		deny(filter, n, EPERM, "setns", is_value(1, 0));
		for (unsigned kind = 0; kind < NAMESPACE_KINDS; kind++) {
			if (!(denied >> kind & 1))
				continue;
			deny(filter, n, EPERM, "unshare", has_bits(0, namespace_flags[kind]));
			deny(filter, n, EPERM, "setns", has_bits(1, namespace_flags[kind]));
			if (kind != NAMESPACE_TIME)     /* there its bit is a part of the signal */
				deny(filter, n, EPERM, "clone",
				     has_bits(clone_flags(filter->architectures[n]), namespace_flags[kind]));
		}
	}
}

/* In a list that denies those that are denied are marked, else those allowed. */
static void mark_families(const struct service *service, bool *marked)
{
	for (words word = service->groups->syscalls->restrict_address_families; *word; word++) {
		const char *name = *word + (**word == '~' || **word == '+');
		bool denies = signed_list_denies(service->groups->syscalls->restrict_address_families);
		int family;

		if (address_family_find(name, &family) && family < FAMILIES_MOST)
			marked[family] = (**word == '~') == denies;
	}
}

static void deny_families(struct seccomp_filter *filter, const struct service *service)
{
	bool denies = signed_list_denies(service->groups->syscalls->restrict_address_families),
	     marked[FAMILIES_MOST] = { 0 };

	mark_families(service, marked);
	for (size_t n = 0; n < filter->count; n++) {
		if (seccomp_is_multiplexed(filter->architectures[n]))
			seccomp_filter_rule(filter, n, DENY(EAFNOSUPPORT), "socketcall", 0, NULL);
		for (unsigned family = 0; family < FAMILIES_MOST; family++) {
			if (marked[family] == denies)
				deny(filter, n, EAFNOSUPPORT, "socket", is_value(0, family));
		}
		if (!denies)
			deny(filter, n, EAFNOSUPPORT, "socket", is_above(0, FAMILIES_MOST - 1));
	}
	seccomp_filter_call(filter, DENY(EPERM), "io_uring_setup"); /* it opens sockets without the call */
}

/* Only those who yield: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE. What sched_setattr asks for lies in memory. */
static void deny_realtime(struct seccomp_filter *filter)
{
	static const int policies[] = { SCHED_FIFO, SCHED_RR, 4, 6 /* SCHED_DEADLINE */ };

	for (size_t n = 0; n < filter->count; n++) {
		for (size_t policy = 0; policy < sizeof(policies) / sizeof(policies[0]); policy++) {
			deny(filter, n, EPERM, "sched_setscheduler", is_value(1, (uint64_t)policies[policy]));
			deny(filter, n, EPERM, "sched_setscheduler",
			     is_value(1, (uint64_t)policies[policy] | SCHED_RESET_ON_FORK));
		}
		seccomp_filter_rule(filter, n, DENY(EPERM), "sched_setattr", 0, NULL);
	}
}

static void deny_mode(struct seccomp_filter *filter, size_t n, const char *call, unsigned argument)
{
	deny(filter, n, EPERM, call, has_bits(argument, S_ISUID));
	deny(filter, n, EPERM, call, has_bits(argument, S_ISGID));
}

/* A mode counts only where a file is made. */
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

/* Those that differ in one of these bits from what they are to be, but for that of all ones, which asks: with its
 * highest bit clear where it differs, with it set where it is not all ones. */
static void deny_personalities(struct seccomp_filter *filter, uint32_t bits, uint32_t wanted)
{
	const uint64_t highest = UINT64_C(1) << 31;

	for (size_t n = 0; n < filter->count; n++) {
		for (unsigned shift = 0; shift < 31; shift++) {
			uint64_t bit = UINT64_C(1) << shift;

			if (bits & bit)
				deny(filter, n, EPERM, "personality",
				     (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, highest | bit,
							    ~(uint64_t)wanted & bit });
			deny(filter, n, EPERM, "personality",
			     (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, highest | bit, highest });
		}
	}
}

/* Old ways of mapping whose arguments lie in memory go whole: what was built in this century has mmap2 and shmat. With
 * READ_IMPLIES_EXEC memory that is read may be run, although nobody asked for that. */
static void deny_executable_memory(struct seccomp_filter *filter)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;

	deny_personalities(filter, READ_IMPLIES_EXEC, 0);
	for (size_t n = 0; n < filter->count; n++) {
		uint32_t architecture = filter->architectures[n];
		bool folded = architecture == SCMP_ARCH_X86 || architecture == SCMP_ARCH_S390;

		deny(filter, n, EPERM, "mmap2", has_bits(2, both));
		if (folded)
			seccomp_filter_rule(filter, n, DENY(EPERM), "mmap", 0, NULL);
		else
			deny(filter, n, EPERM, "mmap", has_bits(2, both));
		deny(filter, n, EPERM, "mprotect", has_bits(2, PROT_EXEC));
		deny(filter, n, EPERM, "pkey_mprotect", has_bits(2, PROT_EXEC));
		deny(filter, n, EPERM, "shmat", has_bits(2, SHM_EXEC));
		if (seccomp_is_multiplexed(architecture))
			deny(filter, n, EPERM, "ipc",
			     (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, 0xffff, 21 /* SHMAT */ });
	}
}

/* The one that it starts with: its row's, else superd's own. */
static void lock_personality(struct seccomp_filter *filter, const struct scheduling_options *scheduling)
{
	long wanted = personality(0xffffffff);

	if (scheduling->personality)
		scheduling_personality(scheduling->personality, &wanted);
	deny_personalities(filter, UINT32_MAX, wanted < 0 ? 0 : (uint32_t)wanted);
}

bool seccomp_filter_is_restricted(const struct service *service)
{
	const struct hardening_options *hardening = service->groups->hardening;

	return hardening->restrict_namespaces || hardening->restrict_realtime || hardening->restrict_suid_sgid ||
	       hardening->memory_deny_write_execute || hardening->lock_personality ||
	       hardening->protect_kernel_tunables || hardening->protect_kernel_modules ||
	       hardening->protect_kernel_logs || hardening->protect_clock || hardening->protect_hostname ||
	       hardening->private_devices || service->groups->syscalls->restrict_address_families;
}

static void restrict_kernel(struct seccomp_filter *filter, const struct hardening_options *hardening)
{
	if (hardening->protect_kernel_tunables)
		seccomp_filter_call(filter, DENY(EPERM), "_sysctl");
	if (hardening->protect_kernel_modules)
		deny_group(filter, "@module", EPERM);
	if (hardening->protect_kernel_logs)
		seccomp_filter_call(filter, DENY(EPERM), "syslog");
	if (hardening->protect_clock)
		deny_group(filter, "@clock", EPERM);
	if (hardening->private_devices)
		deny_group(filter, "@raw-io", EPERM);
	if (hardening->protect_hostname) {
		seccomp_filter_call(filter, DENY(EPERM), "sethostname");
		seccomp_filter_call(filter, DENY(EPERM), "setdomainname");
	}
}

void seccomp_filter_restrict(struct seccomp_filter *filter, const struct service *service)
{
	const struct hardening_options *hardening = service->groups->hardening;

	restrict_kernel(filter, hardening);
	if (hardening->restrict_namespaces)
		deny_namespaces(filter, hardening->restrict_namespaces);
	if (service->groups->syscalls->restrict_address_families)
		deny_families(filter, service);
	if (hardening->restrict_realtime)
		deny_realtime(filter);
	if (hardening->restrict_suid_sgid)
		deny_suid_sgid(filter);
	if (hardening->memory_deny_write_execute)
		deny_executable_memory(filter);
	if (hardening->lock_personality)
		lock_personality(filter, service->groups->scheduling);
}
#else
typedef int no_libseccomp;
#endif
