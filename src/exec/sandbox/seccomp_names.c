/* System calls from number 424 on (Linux 5.1), which have the same number on every architecture. superd judges them by
 * instructions of its own, in front of libseccomp's.
 *
 * libseccomp knows the calls of its own day. It takes a number that it does not know for the machine's own kind of
 * calls alone, so a younger call would be free by every other way into the kernel: int 0x80 and x32 on x86-64. */
#ifdef HAVE_LIBSECCOMP
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "exec/sandbox/seccomp_internal.h"

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

/* Young ones of one architecture alone, among its old numbers. */
static const struct { const char *name; uint32_t architecture; int number;
} own[] = {
	{ "uretprobe", SCMP_ARCH_X86_64, 335 }, { "uprobe", SCMP_ARCH_X86_64, 336 },
	{ "riscv_hwprobe", SCMP_ARCH_RISCV64, 258 },
};

#define UNIFIED (sizeof(unified) / sizeof(unified[0]))

const char *seccomp_unified_name(size_t n)
{
	return n < UNIFIED ? unified[n] : NULL;
}

/* One that libseccomp knows and this table does not has its number there, as x86-64 has the unified ones. */
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

/* Of this architecture, or of any (0). */
static int own_number(const char *call, uint32_t architecture)
{
	for (size_t n = 0; n < sizeof(own) / sizeof(own[0]); n++) {
		if (!strcmp(own[n].name, call) && (!architecture || own[n].architecture == architecture))
			return own[n].number;
	}
	return -1;
}

enum call_kind seccomp_call_kind(const char *call)
{
	if (unified_number(call) >= 0)
		return CALL_UNIFIED;
	if (seccomp_syscall_resolve_name(call) != __NR_SCMP_ERROR)
		return CALL_OLD;
	return own_number(call, 0) >= 0 ? CALL_UNIFIED : CALL_UNKNOWN;
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

/* The kernel gives calls of x32 as those of x86-64, by their numbers alone. */
static uint32_t token_of(uint32_t architecture)
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
		resolved = own_number(call, architecture);
	if (resolved < 0)
		return;                 /* this architecture has no such call */
	rule.number = seccomp_call_base(architecture) + (uint32_t)resolved;
	if (count) {
		rule.argument = arguments[0].arg;
		rule.mask = (uint32_t)arguments[0].datum_a;
		rule.value = (uint32_t)arguments[0].datum_b;
		if (count > 1 || arguments[0].op != SCMP_CMP_MASKED_EQ || arguments[0].datum_a > UINT32_MAX) {
			filter->error = ENOTSUP;        /* no rule of superd's is such */
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

static void add(struct sock_filter *out, size_t *count, uint16_t code, uint32_t value, size_t yes, size_t no)
{
	if (out)
		out[*count] = (struct sock_filter){ code, (uint8_t)yes, (uint8_t)no, value };
	(*count)++;
}

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define LOAD_NUMBER LOAD, offsetof(struct seccomp_data, nr), 0, 0
#define IF_EQUAL (BPF_JMP | BPF_JEQ | BPF_K)

static void add_rule(struct sock_filter *out, size_t *count, const struct unified_rule *rule)
{
	/* The half of an argument that counts. */
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) + 8 * rule->argument +
		      (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);

	add(out, count, IF_EQUAL, rule->number, 0, rule->mask ? 5 : 1);
	if (rule->mask) {
		add(out, count, LOAD, at, 0, 0);
		add(out, count, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
		add(out, count, IF_EQUAL, rule->value, 0, 1);
	}
	add(out, count, BPF_RET | BPF_K, rule->action, 0, 0);
	if (rule->mask)
		add(out, count, LOAD_NUMBER);
}

/* Those of one architecture: a call that is older than all of them is past them by three comparisons. */
static size_t write_rules(const struct seccomp_filter *filter, uint32_t architecture, uint32_t *lowest,
			  struct sock_filter *out)
{
	size_t count = 0;

	*lowest = UINT32_MAX;
	for (size_t n = 0; n < filter->unified_count; n++) {
		const struct unified_rule *rule = &filter->unified[n];

		if (rule->architecture != architecture)
			continue;
		add_rule(out, &count, rule);
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
	add(out, &count, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
	add(out, &count, IF_EQUAL, token_of(architecture), 1, 0);
	add(out, &count, BPF_JMP | BPF_JA, (uint32_t)rules + 3, 0, 0);
	add(out, &count, LOAD_NUMBER);
	add(out, &count, BPF_JMP | BPF_JGE | BPF_K, lowest, 1, 0);
	add(out, &count, BPF_JMP | BPF_JA, (uint32_t)rules, 0, 0);
	return count + write_rules(filter, architecture, &lowest, out ? out + count : NULL);
}

/* What falls through all of it comes to libseccomp's instructions behind. */
size_t seccomp_unified_write(const struct seccomp_filter *filter, struct sock_filter *out)
{
	size_t count = 0;

	for (size_t n = 0; n < filter->count; n++)
		count += write_architecture(filter, filter->architectures[n], out ? out + count : NULL);
	return count;
}
#else
typedef int no_libseccomp;
#endif
