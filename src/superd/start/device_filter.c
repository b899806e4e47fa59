/* device_allow and device_policy as a BPF program that the kernel runs at each open(2) and mknod(2) of a device
 * (BPF_PROG_TYPE_CGROUP_DEVICE). A path that is no device adds no rule, so a mistake never allows more. */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "superd/start/bpf_asm.h"
#include "superd/start/bpf_program.h"
#include "table/words/resource_words.h"

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

static struct bpf_insn jump_unless_equal(unsigned reg, int value)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg & 15, .imm = value };
}

/* Adds the test for a device. Registers: r2 kind, r3 requested access, r4 and r5 major and minor number. */
static bool add_device(void *context, const struct device *device)
{
	struct bpf_asm *code = context;
	size_t jumps[4], count = 0;

	jumps[count++] = code->count;
	bpf_asm_add(code, jump_unless_equal(BPF_REG_2, device->is_block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	bpf_asm_add(
		code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_3 });
	bpf_asm_add(code,
		    (struct bpf_insn){
			 .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_6, .imm = (int)device->rights });
	jumps[count++] = code->count;
	bpf_asm_add(code,
		    (struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_3 });
	jumps[count++] = code->count;
	bpf_asm_add(code, jump_unless_equal(BPF_REG_4, (int)device->major_number));
	if (device->minor_number != EVERY_MINOR) {
		jumps[count++] = code->count;
		bpf_asm_add(code, jump_unless_equal(BPF_REG_5, (int)device->minor_number));
	}
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

static struct bpf_insn load_word(unsigned reg, size_t offset)
{
	return (struct bpf_insn){
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = reg & 15, .src_reg = BPF_REG_1, .off = (short)offset
	};
}

static void add_prologue(struct bpf_asm *code)
{
	bpf_asm_add(code, load_word(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	bpf_asm_add(
		code,
		(struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_2 });
	bpf_asm_add(code,
		    (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_2, .imm = 0xffff });
	bpf_asm_add(code, (struct bpf_insn){ .code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_3, .imm = 16 });
	bpf_asm_add(code, load_word(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major)));
	bpf_asm_add(code, load_word(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor)));
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
