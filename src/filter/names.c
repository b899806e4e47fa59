/* System calls from number 424 (Linux 5.1), which have the same number on every architecture. superd tests for them by
 * its own instructions, in front of libseccomp's.
 *
 * libseccomp knows the calls of its release. A number that it does not know it tests for on the native architecture
 * only, so a newer call would be allowed by other ways into the kernel: int 0x80 and x32 on x86-64. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter_internal.h"
#include "lib/array.h"

#define FIRST_UNIFIED 424
#define X32_BIT 0x40000000u

static const char *const unified[] = {
	"pidfd_send_signal", "io_uring_setup", "io_uring_enter", "io_uring_register", "open_tree", "move_mount",
	"fsopen", "fsconfig", "fsmount", "fspick", "pidfd_open", "clone3", "close_range", "openat2", "pidfd_getfd",
	"faccessat2", "process_madvise", "epoll_pwait2", "mount_setattr", "quotactl_fd", "landlock_create_ruleset",
	"landlock_add_rule", "landlock_restrict_self", "memfd_secret", "process_mrelease", "futex_waitv",
	"set_mempolicy_home_node", "cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait",
	"futex_requeue", "statmount", "listmount", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules",
	"mseal", "setxattrat", "getxattrat", "listxattrat", "removexattrat", "open_tree_attr", "file_getattr",
	"file_setattr", "listns",
};

/* New calls of only one architecture, among its old numbers. */
static const struct { const char *name; uint32_t architecture; int number;
} single_architecture[] = {
	{ "uretprobe", SCMP_ARCH_X86_64, 335 }, { "uprobe", SCMP_ARCH_X86_64, 336 },
	{ "riscv_hwprobe", SCMP_ARCH_RISCV64, 258 },
};

#define UNIFIED (sizeof(unified) / sizeof(unified[0]))

const char *seccomp_unified_name(size_t n)
{
	return n < UNIFIED ? unified[n] : NULL;
}

/* The number of a unified call; -1: it is none. A call that only libseccomp knows has the number of x86-64, which has
 * all unified ones. */
static int unified_number(const char *call)
{
	int number;

	for (size_t n = 0; n < UNIFIED; n++) {
		if (!strcmp(unified[n], call))
			return FIRST_UNIFIED + (int)n;
	}
	number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, call);
	return number >= FIRST_UNIFIED ? number : -1;
}

/* The call's number on this architecture, or on any (0); -1: none. */
static int single_number(const char *call, uint32_t architecture)
{
	for (size_t n = 0; n < sizeof(single_architecture) / sizeof(single_architecture[0]); n++) {
		if (!strcmp(single_architecture[n].name, call) &&
		    (!architecture || single_architecture[n].architecture == architecture))
			return single_architecture[n].number;
	}
	return -1;
}

enum call_kind seccomp_call_kind(const char *call)
{
	if (unified_number(call) >= 0)
		return CALL_UNIFIED;
	if (seccomp_syscall_resolve_name(call) != __NR_SCMP_ERROR)
		return CALL_OLD;
	return single_number(call, 0) >= 0 ? CALL_UNIFIED : CALL_UNKNOWN;
}

unsigned seccomp_call_base(uint32_t architecture)
{
	switch (architecture) {
	case SCMP_ARCH_X32:
		return X32_BIT;
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

/* The kernel reports x32 calls as x86-64, with X32_BIT in their numbers. */
static uint32_t audit_architecture(uint32_t architecture)
{
	return architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture;
}

void seccomp_unified_rule(struct seccomp_filter *filter, size_t number, uint32_t action, const char *call,
			  unsigned count, const struct scmp_arg_cmp *arguments)
{
	uint32_t architecture = filter->architectures[number];
	struct unified_rule rule = { .architecture = architecture, .action = action }, *rules;
	int resolved = unified_number(call);

	if (resolved < 0)
		resolved = single_number(call, architecture);
	if (resolved < 0)
		return;                 /* this architecture has no such call */
	rule.number = seccomp_call_base(architecture) + (uint32_t)resolved;
	if (count) {
		rule.argument = arguments[0].arg;
		rule.mask = (uint32_t)arguments[0].datum_a;
		rule.value = (uint32_t)arguments[0].datum_b;
		if (count > 1 || arguments[0].op != SCMP_CMP_MASKED_EQ || arguments[0].datum_a > UINT32_MAX) {
			filter->error = ENOTSUP;        /* superd has no such rules */
			return;
		}
	}
	rules = array_grow(filter->unified, &filter->unified_capacity, filter->unified_count, sizeof(rule));
	if (!rules) {
		filter->error = ENOMEM;
		return;
	}
	filter->unified = rules;
	rules[filter->unified_count++] = rule;
}

static void emit_instruction(struct sock_filter *out, size_t *count, struct sock_filter instruction)
{
	if (out)
		out[*count] = instruction;
	(*count)++;
}

#define LOAD(offset) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define LOAD_NUMBER LOAD(offsetof(struct seccomp_data, nr))
#define IF_EQUAL(value, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no))
#define JUMP(distance) ((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance))

static void emit_rule(struct sock_filter *out, size_t *count, const struct unified_rule *rule)
{
	/* The lower half of the argument. */
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) + 8 * rule->argument +
		      (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);

	emit_instruction(out, count, IF_EQUAL(rule->number, 0, rule->mask ? 5 : 1));
	if (rule->mask) {
		emit_instruction(out, count, LOAD(at));
		emit_instruction(out, count, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask));
		emit_instruction(out, count, IF_EQUAL(rule->value, 0, 1));
	}
	emit_instruction(out, count, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, rule->action));
	if (rule->mask)
		emit_instruction(out, count, LOAD_NUMBER);
}

/* Writes the rules of one architecture. A call with a lower number passes all of them by three comparisons. */
static size_t write_rules(const struct seccomp_filter *filter, uint32_t architecture, uint32_t *lowest,
			  struct sock_filter *out)
{
	size_t count = 0;

	*lowest = UINT32_MAX;
	for (size_t n = 0; n < filter->unified_count; n++) {
		const struct unified_rule *rule = &filter->unified[n];

		if (rule->architecture != architecture)
			continue;
		emit_rule(out, &count, rule);
		if (rule->number < *lowest)
			*lowest = rule->number;
	}
	return count;
}

static size_t write_architecture(const struct seccomp_filter *filter, uint32_t architecture, struct sock_filter *out)
{
	uint32_t lowest;
	size_t count = 0, rules = write_rules(filter, architecture, &lowest, NULL);

	if (!rules)
		return 0;
	emit_instruction(out, &count, LOAD(offsetof(struct seccomp_data, arch)));
	emit_instruction(out, &count, IF_EQUAL(audit_architecture(architecture), 1, 0));
	emit_instruction(out, &count, JUMP((uint32_t)rules + 3));
	emit_instruction(out, &count, LOAD_NUMBER);
	emit_instruction(out, &count, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, lowest, 1, 0));
	emit_instruction(out, &count, JUMP((uint32_t)rules));
	return count + write_rules(filter, architecture, &lowest, out ? out + count : NULL);
}

/* A call without a rule falls through to libseccomp's instructions. */
size_t seccomp_unified_write(const struct seccomp_filter *filter, struct sock_filter *out)
{
	size_t count = 0;

	for (size_t n = 0; n < filter->count; n++)
		count += write_architecture(filter, filter->architectures[n], out ? out + count : NULL);
	return count;
}
