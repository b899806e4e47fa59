/* The options of a control group that are BPF programs (bpf(2)): device_allow and device_policy, ip_address_allow and
 * ip_address_deny. */
#include "superd/start/bpf_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "lib/pool.h"
#include "lib/scan.h"
#include "superd/start/cgroup_settings.h"
#include "table/words/resource_words.h"

#define CODE_MOST 30000                 /* instructions; a jump's offset from the instruction behind it reaches 32767 */

/* A program while it is assembled. A zeroed struct is empty. */
struct bpf_asm {
	struct bpf_insn *list;
	size_t count, capacity;
	bool failed;                    /* out of memory */
};

/* Adds an instruction, and returns its index. value: the offset of a load, or what another one has itself. */
static size_t emit(struct bpf_asm *code, unsigned operation, unsigned to, unsigned from, int value)
{
	bool loads = BPF_CLASS(operation) == BPF_LDX;
	struct bpf_insn *list = array_grow(code->list, &code->capacity, code->count, sizeof(*list));

	if (!list) {
		code->failed = true;
		return 0;
	}
	code->list = list;
	code->list[code->count] = (struct bpf_insn){
		.code = (uint8_t)operation, .dst_reg = to & 15, .src_reg = from & 15,
		.off = (short)(loads ? value : 0), .imm = loads ? 0 : value,
	};
	return code->count++;
}

#define LOAD(code, to, from, offset) emit(code, BPF_LDX | BPF_MEM | BPF_W, to, from, (int)(offset))
#define MOVE(code, to, from) emit(code, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0)
#define SET(code, to, value) emit(code, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, value)
#define AND(code, to, value) emit(code, BPF_ALU64 | BPF_AND | BPF_K, to, 0, value)
#define JUMP_UNLESS(code, reg, value) emit(code, BPF_JMP | BPF_JNE | BPF_K, reg, 0, value)

/* Adds: r0 = value, and the end of the program. */
static void bpf_asm_return(struct bpf_asm *code, int value)
{
	SET(code, BPF_REG_0, value);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* Makes the jump at this index lead to the next instruction to be added. */
static void bpf_asm_land(struct bpf_asm *code, size_t jump)
{
	if (!code->failed && jump < code->count)
		code->list[jump].off = (short)(code->count - jump - 1);
}

/* Copies the program to the pool and frees `code`. false: out of memory. */
static bool bpf_asm_keep(struct bpf_asm *code, struct pool *pool, struct cgroup_bpf_program *program)
{
	*program = (struct cgroup_bpf_program){ .count = code->count };
	if (!code->failed)
		program->code = pool_keep(pool, code->list, code->count * sizeof(*code->list));
	free(code->list);
	*code = (struct bpf_asm){ 0 };
	return program->code;
}

/* ---- devices ---- */

/* The kernel runs the program at each open(2) and mknod(2) of a device (BPF_PROG_TYPE_CGROUP_DEVICE). A path that is no
 * device adds no rule, so a mistake never allows more. */

#define KINDS_MOST (1u << 16)
#define EVERY_MINOR (-1)

/* Devices that device_policy = closed allows (systemd.resource-control(5)), and pseudo terminals. */
static const char *const standard_devices[] = {
	"/dev/null", "/dev/zero", "/dev/full",	      "/dev/random", "/dev/urandom",
	"/dev/tty",  "/dev/ptmx", "/dev/pts/ptmx rw", "char-pts rw",
};

/* A device, or all devices of a kind. */
struct device {
	bool is_block;
	unsigned major_number;
	long minor_number;              /* EVERY_MINOR: all */
	unsigned rights;                /* BPF_DEVCG_ACC_x */
};

typedef bool see_device(void *context, const struct device *device);

/* Whether a line of /proc/devices is of the rule's kind. */
static bool kind_matches(const char *line, const struct device_rule *rule, unsigned *major_number)
{
	char *name, pattern[256];
	long number = strtol(line, &name, 10);

	snprintf(pattern, sizeof(pattern), "%.*s", (int)rule->length, rule->name);
	*major_number = (unsigned)number;
	return name > line && number > 0 && *name == ' ' && fnmatch(pattern, name + 1, 0) == 0;
}

/* Calls `see` for each kind with the rule's name or number. */
static bool each_kind(const struct device_rule *rule, see_device *see, void *context)
{
	size_t length;
	char *text = fd_read_file("/proc/devices", KINDS_MOST, &length), *rest = text, *line;
	bool blocks = false, any = false;

	while ((line = strsep(&rest, "\n"))) {
		struct device device = { .is_block = rule->is_block,
					 .minor_number = EVERY_MINOR,
					 .rights = rule->rights };

		line += strspn(line, " ");
		if (!strcmp(line, "Block devices:"))
			blocks = true;
		if (blocks != rule->is_block || !kind_matches(line, rule, &device.major_number))
			continue;
		any = true;
		if (see && !see(context, &device))
			break;
	}
	free(text);
	return any;
}

static bool find_device(const struct device_rule *rule, struct device *device)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%.*s", (int)rule->length, rule->name);
	if (stat(path, &status) < 0 || (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)))
		return false;
	*device = (struct device){ S_ISBLK(status.st_mode), major(status.st_rdev), (long)minor(status.st_rdev),
				   rule->rights };
	return true;
}

bool device_rule_is_known(const struct device_rule *rule)
{
	struct device device;

	return rule->is_kind ? each_kind(rule, NULL, NULL) : find_device(rule, &device);
}

/* Adds the test for a device. Registers: r2 kind, r3 requested access, r4 and r5 major and minor number. */
static bool add_device(void *context, const struct device *device)
{
	struct bpf_asm *code = context;
	size_t jumps[4], count = 0;

	jumps[count++] = JUMP_UNLESS(code, BPF_REG_2, device->is_block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	MOVE(code, BPF_REG_6, BPF_REG_3);
	AND(code, BPF_REG_6, (int)device->rights);
	jumps[count++] = emit(code, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_6, BPF_REG_3, 0);
	jumps[count++] = JUMP_UNLESS(code, BPF_REG_4, (int)device->major_number);
	if (device->minor_number != EVERY_MINOR)
		jumps[count++] = JUMP_UNLESS(code, BPF_REG_5, (int)device->minor_number);
	bpf_asm_return(code, 1);
	while (count)
		bpf_asm_land(code, jumps[--count]);
	return code->count < CODE_MOST;
}

static void add_device_rule(struct bpf_asm *code, const char *word)
{
	struct device_rule rule;
	struct device device;

	if (!device_rule_read(word, &rule))
		return;
	if (rule.is_kind)
		each_kind(&rule, add_device, code);
	else if (find_device(&rule, &device))
		add_device(code, &device);
}

static void add_prologue(struct bpf_asm *code)
{
	LOAD(code, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	MOVE(code, BPF_REG_3, BPF_REG_2);
	AND(code, BPF_REG_2, 0xffff);
	emit(code, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 16);
	LOAD(code, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major));
	LOAD(code, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

bool device_filter_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
			struct cgroup_bpf_program *program)
{
	struct bpf_asm code = { 0 };

	if (cgroup_filters->device_policy == DEVICES_AUTO && !cgroup_filters->device_allow)
		return true;
	add_prologue(&code);
	for (size_t n = 0; cgroup_filters->device_policy != DEVICES_STRICT &&
	     n < sizeof(standard_devices) / sizeof(*standard_devices);
	     n++)
		add_device_rule(&code, standard_devices[n]);
	for (words word = cgroup_filters->device_allow; word && *word && code.count < CODE_MOST; word++)
		add_device_rule(&code, *word);
	bpf_asm_return(&code, 0);
	return bpf_asm_keep(&code, pool, program);
}

/* ---- addresses ---- */

/* Programs for the packets of a control group's sockets (BPF_PROG_TYPE_CGROUP_SKB).
 *
 * bpf_skb_load_bytes() copies the packet's address to the stack once; each network is compared with that copy, 32 bits
 * at a time. Allowed networks come first, as they win (systemd.resource-control(5)). */

#define PROTOCOL_IPV4 0x0800 /* linux/if_ether.h */
#define PROTOCOL_IPV6 0x86dd
#define STACK (-16) /* stack offset of the packet's address */

/* Where an IP header has its addresses. */
struct ip_header {
	unsigned protocol;
	int source, target, length; /* offsets, and bytes of an address */
};

static const struct ip_header ipv4 = { PROTOCOL_IPV4, 12, 16, 4 }, ipv6 = { PROTOCOL_IPV6, 8, 24, 16 };

static uint32_t read_word(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Emits: return `verdict` if the address is in the network. */
static void emit_network(struct bpf_asm *code, const struct network *network, bool v4, int verdict)
{
	unsigned bits = network->bits - (v4 ? 96 : 0);
	const unsigned char *bytes = network->address + (v4 ? 12 : 0);
	size_t jumps[4], count = 0;

	for (int at = 0; bits; at += 4) {
		unsigned here = bits < 32 ? bits : 32;
		uint32_t mask = ~UINT32_C(0) << (32 - here);

		LOAD(code, BPF_REG_2, BPF_REG_10, STACK + at);
		emit(code, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_2, 0, 32);
		emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, (int)mask);
		jumps[count++] = emit(code, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_2, 0,
				      (int)(read_word(bytes + at) & mask));
		bits -= here;
	}
	bpf_asm_return(code, verdict);
	while (count)
		bpf_asm_land(code, jumps[--count]);
}

/* Emits a list of networks. true: the last one contains all addresses, and nothing may follow. */
static bool emit_networks(struct bpf_asm *code, words list, bool v4, int verdict)
{
	for (; list && *list && code->count < CODE_MOST; list++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(*list, networks);

		for (size_t n = 0; n < count; n++) {
			if (network_is_v4(&networks[n]) != v4)
				continue;
			emit_network(code, &networks[n], v4, verdict);
			if (networks[n].bits == (v4 ? 96 : 0))
				return true;
		}
	}
	return false;
}

/* Emits the rules of one IP version. A packet that is too short for an address is dropped. */
static void emit_family(struct bpf_asm *code, const struct cgroup_filter_options *cgroup_filters,
			const struct ip_header *header, bool incoming)
{
	const int offset = incoming ? header->source : header->target;
	size_t other = JUMP_UNLESS(code, BPF_REG_7, htons((uint16_t)header->protocol)), broken;

	MOVE(code, BPF_REG_1, BPF_REG_6);
	SET(code, BPF_REG_2, offset);
	MOVE(code, BPF_REG_3, BPF_REG_10);
	emit(code, BPF_ALU64 | BPF_ADD, BPF_REG_3, 0, STACK);
	SET(code, BPF_REG_4, header->length);
	emit(code, BPF_JMP | BPF_CALL, 0, 0, BPF_FUNC_skb_load_bytes);
	broken = JUMP_UNLESS(code, BPF_REG_0, 0);
	if (!emit_networks(code, cgroup_filters->ip_address_allow, header == &ipv4, 1) &&
	    !emit_networks(code, cgroup_filters->ip_address_deny, header == &ipv4, 0))
		bpf_asm_return(code, 1);
	bpf_asm_land(code, broken);
	bpf_asm_return(code, 0);
	bpf_asm_land(code, other);
}

static bool compile_filter(const struct cgroup_filter_options *cgroup_filters, struct pool *pool, bool incoming,
			   struct cgroup_bpf_program *program)
{
	struct bpf_asm code = { 0 };

	MOVE(&code, BPF_REG_6, BPF_REG_1);
	LOAD(&code, BPF_REG_7, BPF_REG_6, offsetof(struct __sk_buff, protocol));
	emit_family(&code, cgroup_filters, &ipv4, incoming);
	emit_family(&code, cgroup_filters, &ipv6, incoming);
	bpf_asm_return(&code, 1);
	if (code.count >= CODE_MOST) {
		free(code.list);
		errno = E2BIG;
		return false;
	}
	errno = ENOMEM;
	return bpf_asm_keep(&code, pool, program);
}

int ip_filters_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
		    struct cgroup_bpf_program *ingress, struct cgroup_bpf_program *egress)
{
	if (!cgroup_filters->ip_address_deny)
		return 0;
	if (compile_filter(cgroup_filters, pool, true, ingress) && compile_filter(cgroup_filters, pool, false, egress))
		return 0;
	return errno;
}
