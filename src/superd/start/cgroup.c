/* The settings of a service's control group: its files, and BPF programs for devices and packets. */
#include "superd/start/start.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <linux/bpf.h>
#include <sys/sysmacros.h>

/* The options of a control group that are BPF programs (bpf(2)): device_allow and device_policy, ip_address_allow and
 * ip_address_deny. */

#define CODE_MOST 30000 /* instructions; a jump's offset from the instruction behind it reaches 32767 */

/* A program while it is assembled. A zeroed struct is empty. */
struct bpf_asm {
	struct bpf_insn *list;
	size_t count, capacity;
	bool failed; /* out of memory */
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
		.code = (uint8_t)operation,
		.dst_reg = to & 15,
		.src_reg = from & 15,
		.off = (short)(loads ? value : 0),
		.imm = loads ? 0 : value,
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
	long minor_number; /* EVERY_MINOR: all */
	unsigned rights;   /* BPF_DEVCG_ACC_x */
};

/* Adds the test for a device. Registers: r2 kind, r3 requested access, r4 and r5 major and minor number. */
static void add_device(struct bpf_asm *code, const struct device *device)
{
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
}

/* Adds each kind with the rule's name or number. */
static void add_kinds(struct bpf_asm *code, const struct device_rule *rule)
{
	size_t length;
	char *text = fd_read_file("/proc/devices", KINDS_MOST, &length), *rest = text, *line, *name, pattern[256];
	bool blocks = false;

	snprintf(pattern, sizeof(pattern), "%.*s", (int)rule->length, rule->name);
	while (code->count < CODE_MOST && (line = strsep(&rest, "\n"))) {
		long number = strtol(line, &name, 10);
		const struct device device = { rule->is_block, (unsigned)number, EVERY_MINOR, rule->rights };

		blocks |= !strcmp(line, "Block devices:");
		if (blocks == rule->is_block && name != line && number > 0 && *name == ' ' &&
		    !fnmatch(pattern, name + 1, 0))
			add_device(code, &device);
	}
	free(text);
}

static void add_device_rule(struct bpf_asm *code, const char *word)
{
	struct device_rule rule;
	struct stat status;
	char path[PATH_MAX];

	if (!device_rule_read(word, &rule))
		return;
	if (rule.is_kind) {
		add_kinds(code, &rule);
		return;
	}
	snprintf(path, sizeof(path), "%.*s", (int)rule.length, rule.name);
	if (stat(path, &status) == 0 && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)))
		add_device(code, &(struct device){ S_ISBLK(status.st_mode), major(status.st_rdev),
						   (long)minor(status.st_rdev), rule.rights });
}

static bool names_devices(const struct cgroup_filter_options *cgroup_filters)
{
	return cgroup_filters->device_policy != DEVICES_AUTO || cgroup_filters->device_allow;
}

static bool device_filter_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
			       struct cgroup_bpf_program *program)
{
	struct bpf_asm made = { 0 }, *code = &made;

	LOAD(code, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	MOVE(code, BPF_REG_3, BPF_REG_2);
	AND(code, BPF_REG_2, 0xffff);
	emit(code, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 16);
	LOAD(code, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major));
	LOAD(code, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t n = 0; cgroup_filters->device_policy != DEVICES_STRICT &&
	     n < sizeof(standard_devices) / sizeof(*standard_devices);
	     n++)
		add_device_rule(code, standard_devices[n]);
	for (words word = cgroup_filters->device_allow; word && *word && code->count < CODE_MOST; word++)
		add_device_rule(code, *word);
	bpf_asm_return(code, 0);
	return bpf_asm_keep(code, pool, program);
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

/* Emits: return `verdict` if the address is in the network. */
static void emit_network(struct bpf_asm *code, const struct network *network, bool v4, int verdict)
{
	unsigned bits = network->bits - (v4 ? 96 : 0);
	const unsigned char *bytes = network->address + (v4 ? 12 : 0);
	size_t jumps[4], count = 0;

	for (int at = 0; bits; at += 4) {
		unsigned here = bits < 32 ? bits : 32;
		uint32_t mask = ~UINT32_C(0) << (32 - here), word;

		memcpy(&word, bytes + at, sizeof(word));
		LOAD(code, BPF_REG_2, BPF_REG_10, STACK + at);
		emit(code, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_2, 0, 32);
		emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, (int)mask);
		jumps[count++] = emit(code, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_2, 0, (int)(ntohl(word) & mask));
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

/* Makes the settings of a service's control group, and finds out which of them this machine supports.
 *
 * Limits are skipped with a warning where superd can create no groups. A rule for devices or addresses that cannot be
 * enforced prevents the service's start. */

/* ---- the files ---- */

/* The table of options that are files of a control group, in the order of writing. Source: the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.
 *
 * A percentage becomes a share of this machine's memory or tasks. */

int64_t machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (int64_t)pages * size : SCAN_INFINITY;
}

static int64_t read_limit(const char *path)
{
	int64_t value;

	return fd_read_number(path, &value) && value > 0 ? value : SCAN_INFINITY;
}

int64_t machine_tasks(void)
{
	int64_t pids = read_limit("/proc/sys/kernel/pid_max"), threads = read_limit("/proc/sys/kernel/threads-max");

	return pids < threads ? pids : threads;
}

/* The amount itself, or its share of `whole`; nothing if it is unset. */
static void write_amount(const struct amount *amount, int64_t whole, struct buf *out)
{
	int64_t value = amount->share < 0 ? amount->number : whole;

	if (amount->share >= 0 && whole != SCAN_INFINITY)
		value = whole / WHOLE * amount->share + whole % WHOLE * amount->share / WHOLE;
	if (value == SCAN_INFINITY)
		buf_text(out, "max");
	else if (value >= 0)
		buf_addf(out, "%" PRId64, value);
}

/* What a file is written from. */
enum cgroup_form { MEMORY, TASKS, OOM_GROUP, QUOTA, IDLE, WEIGHT };

/* An option that is a file of a control group (cgroup-v2.rst). */
struct cgroup_file {
	const char *option, *file;
	unsigned controller;	  /* the file's controller, enum controller */
	const char *default_text; /* restores the kernel's default */
	bool optional;		  /* some kernels lack the file */
	enum cgroup_form form;
	size_t offset; /* of the option in struct resource_options */
};

#define OF(member) offsetof(struct resource_options, member)

static const struct cgroup_file cgroup_file_list[] = {
	{ "memory_high", "memory.high", CONTROLLER_MEMORY, "max", false, MEMORY, OF(memory_high) },
	{ "memory_max", "memory.max", CONTROLLER_MEMORY, "max", false, MEMORY, OF(memory_max) },
	{ "memory_swap_max", "memory.swap.max", CONTROLLER_MEMORY, "max", true, MEMORY, OF(memory_swap_max) },
	{ "oom_policy", "memory.oom.group", CONTROLLER_MEMORY, "0", false, OOM_GROUP, 0 },
	{ "tasks_max", "pids.max", CONTROLLER_PIDS, "max", false, TASKS, OF(tasks_max) },
	{ "cpu_quota", "cpu.max", CONTROLLER_CPU, "max", false, QUOTA, 0 },
	{ "cpu_weight", "cpu.idle", CONTROLLER_CPU, "0", true, IDLE, OF(cpu_weight) },
	{ "cpu_weight", "cpu.weight", CONTROLLER_CPU, "100", false, WEIGHT, OF(cpu_weight) },
};
static const size_t cgroup_file_count = sizeof(cgroup_file_list) / sizeof(*cgroup_file_list);

/* Appends the service's text; nothing if the service does not set the option. */
static void cgroup_file_write(const struct cgroup_file *file, const struct service *service, struct buf *out)
{
	const struct resource_options *resources = service->groups->resources;
	const void *value = (const char *)resources + file->offset;
	const struct amount *amount = value;
	const int64_t *weight = value;
	int64_t period = 100000, quota;         /* microseconds; the kernel's usual period */

	switch (file->form) {
	case MEMORY:
		write_amount(amount, amount->share >= 0 ? machine_memory() : 0, out);
		break;
	case TASKS:
		write_amount(amount, amount->share >= 0 ? machine_tasks() : 0, out);
		break;
	case OOM_GROUP:
		buf_text(out, resources->oom_policy != OOM_CONTINUE ? "1" : "");
		break;
	case QUOTA:
		if (resources->cpu_quota < 0)
			break;
		quota = (int64_t)((double)period * (double)resources->cpu_quota / WHOLE);
		if (quota < 1000) { /* the kernel allows no quota below 1 ms; then the period grows, up to 1 s */
			period = (int64_t)(1000. * WHOLE / (double)resources->cpu_quota);
			quota = 1000;
		}
		buf_addf(out, "%" PRId64 " %" PRId64, quota, period > 1000000 ? 1000000 : period);
		break;
	case IDLE:
		buf_text(out, *weight ? "" : "1");
		break;
	case WEIGHT:
		if (*weight > 0)
			buf_addf(out, "%" PRId64, *weight);
		break;
	}
}

/* The settings of one service while they are made. */
struct settings_build {
	const struct service *service;
	struct pool *pool;
	struct cgroup_attribute *list;
	size_t count, capacity;
	struct cgroup_settings result;
	bool closes_devices;
};

static bool add_memory_error(const struct service *service, struct diags *diags)
{
	diag_error(diags, service->at, "%s: resources: out of memory", service->name);
	return false;
}

static bool needs_nothing(const struct service *service)
{
	const struct resource_options *resources = service->groups->resources;
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	struct buf text = { 0 };
	bool none = !resources->delegate && !names_devices(cgroup_filters) && !cgroup_filters->ip_address_deny &&
		!service->groups->hardening->private_devices;

	for (size_t n = 0; none && n < cgroup_file_count; n++) {
		cgroup_file_write(&cgroup_file_list[n], service, &text);
		none = !text.length && !text.failed;
	}
	buf_free(&text);
	return none;
}

/* Whether only a control group can tell which process its daemon is. Where superd can start processes right in a group,
 * the service has one anyway. */
static bool needs_group(const struct service *service)
{
	return service->exec->type == TYPE_FORKING && !service->groups->lifecycle->pid_file;
}

/* The files whose controllers are available, and the programs. false: out of memory. */
static bool make_settings(struct settings_build *build, const struct table *table, struct diags *diags)
{
	const struct service *service = build->service;
	const struct cgroup_filter_options *filters = service->groups->cgroup_filters;
	struct cgroup_settings *result = &build->result;
	struct cgroup_bpf_program *programs = result->programs;
	bool good = true, has_programs = false;
	struct buf text = { 0 };

	for (const struct cgroup_file *file = cgroup_file_list; good && file < cgroup_file_list + cgroup_file_count;
	     file++) {
		struct cgroup_attribute *list, *line;

		buf_clear(&text);
		if (file->controller & result->place->controllers)
			cgroup_file_write(file, service, &text);
		if (!text.length && !text.failed)
			continue;
		list = array_grow(build->list, &build->capacity, build->count, sizeof(*list));
		good = list && !text.failed;
		if (!good)
			break;
		build->list = list;
		line = &list[build->count++];
		memset(line, 0, sizeof(*line)); /* the padding, too: pools share equal bytes */
		line->file = file->file;
		line->text = pool_text(build->pool, buf_string(&text));
		line->option = file->option;
		line->optional = file->optional;
		good = line->text;
		result->controllers |= file->controller;
	}
	buf_free(&text);
	if (good && (names_devices(filters) || build->closes_devices))
		good = device_filter_make(filters, build->pool, &programs[CGROUP_BPF_DEVICES]);
	if (!good)
		return false;
	if (filters->ip_address_deny &&
	    (!compile_filter(filters, build->pool, true, &programs[CGROUP_BPF_INGRESS]) ||
	     !compile_filter(filters, build->pool, false, &programs[CGROUP_BPF_EGRESS]))) {
		if (errno != E2BIG)
			return false;
		diag_error(diags, service_origin(service, "ip_address_deny"),
			   "%s: ip_address_allow and ip_address_deny: more networks than the kernel can check",
			   service->name);
	}
	for (enum cgroup_bpf_kind kind = 0; kind < CGROUP_BPF_KINDS; kind++) {
		if (table->warns_of_unsupported && programs[kind].count &&
		    (!result->place->path || !cgroup_bpf_is_possible(kind)))
			programs[kind] = (struct cgroup_bpf_program){ 0 };
		has_programs |= programs[kind].count > 0;
	}
	if (build->count)
		result->list = pool_keep(build->pool, build->list, build->count * sizeof(*build->list));
	result->count = build->count;
	result->has_group = result->place->path &&
		(result->count || service->groups->resources->delegate || has_programs ||
		 (needs_group(service) && !clone_into_cgroup_is_possible()));
	return result->list || !result->count;
}

bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags)
{
	struct settings_build build = { .service = service, .pool = table->pool };
	const struct option_groups *groups = service->groups;
	struct prepared prepared = *service_prepared(service);
	bool sets_nothing = !needs_group(service) && !groups->hardening->private_devices;

	if (sets_nothing && groups->resources == cgroup_cache->plain_resources &&
	    groups->cgroup_filters == cgroup_cache->plain_cgroup_filters)
		return true;
	if (sets_nothing && needs_nothing(service)) {
		cgroup_cache->plain_resources = groups->resources;
		cgroup_cache->plain_cgroup_filters = groups->cgroup_filters;
		return true;
	}
	if (!cgroup_cache->place)
		cgroup_cache->place = cgroup_delegation_find(table->pool);
	if (!cgroup_cache->place)
		return add_memory_error(service, diags);
	memset(&build.result, 0, sizeof(build.result)); /* the padding, too: pools share equal bytes */
	build.result.place = cgroup_cache->place;
	/* As in systemd private_devices also means device_policy = closed: root can mount another /dev. Where that is
	 * not possible, as in a container, the mount and the capabilities remain. */
	if (groups->hardening->private_devices && !cgroup_cache->takes_devices)
		cgroup_cache->takes_devices =
			build.result.place->path && cgroup_bpf_is_possible(CGROUP_BPF_DEVICES) ? 1 : -1;
	build.closes_devices = groups->hardening->private_devices && cgroup_cache->takes_devices > 0;
	if (make_settings(&build, table, diags))
		prepared.cgroup_settings = pool_keep(table->pool, &build.result, sizeof(build.result));
	free(build.list);
	return (prepared.cgroup_settings && service_prepare(service, table->pool, prepared)) ||
		add_memory_error(service, diags);
}

static void check_files(const struct service *service, support_say *say, void *context)
{
	const struct cgroup_delegation *place = service_prepared(service)->cgroup_settings->place;
	const char *before = "";
	struct buf set = { 0 };
	char text[96] = "";

	for (const struct cgroup_file *file = cgroup_file_list; file < cgroup_file_list + cgroup_file_count; file++) {
		buf_clear(&set);
		cgroup_file_write(file, service, &set);
		if (place->controllers & file->controller || !strcmp(before, file->option) || !set.length ||
		    !strcmp(buf_string(&set), file->default_text))
			continue;
		before = file->option;
		for (unsigned bit = 0; bit < CONTROLLERS; bit++) {
			if (file->controller >> bit & 1)
				snprintf(text, sizeof(text), "there is no control group here with the controller %s",
					 controller_names[bit]);
		}
		say(context, service, file->option, false, place->wrong ? place->wrong : text);
	}
	buf_free(&set);
}

static void check_program(const struct service *service, enum cgroup_bpf_kind kind, const char *option,
			  support_say *say, void *context)
{
	const struct cgroup_delegation *place = service_prepared(service)->cgroup_settings->place;

	if (!place->path)
		say(context, service, option, true, place->wrong);
	else if (!cgroup_bpf_is_possible(kind))
		say(context, service, option, true,
		    errno == EPERM ? "superd may load no programs into the kernel (CAP_BPF, CAP_NET_ADMIN)"
				   : strerror(errno));
}

void cgroup_settings_compare(const struct service *service, support_say *say, void *context)
{
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	if (!cgroup_settings)
		return;
	check_files(service, say, context);
	if (names_devices(cgroup_filters))
		check_program(service, CGROUP_BPF_DEVICES,
			      cgroup_filters->device_policy != DEVICES_AUTO ? "device_policy" : "device_allow", say,
			      context);
	if (cgroup_filters->ip_address_deny)
		check_program(service, CGROUP_BPF_EGRESS, "ip_address_deny", say, context);
	if (service->groups->resources->delegate && !cgroup_settings->place->path)
		say(context, service, "delegate", false, cgroup_settings->place->wrong);
}

/* Whether the file has another text by the second row, which is then in `text`. */
static bool file_changes(const struct cgroup_file *file, const struct service *before, const struct service *after,
			 struct buf *text)
{
	bool is_idle = file->form == WEIGHT && !after->groups->resources->cpu_weight, changes;
	struct buf had = { 0 };

	buf_clear(text);
	cgroup_file_write(file, before, &had);
	cgroup_file_write(file, after, text);
	changes = !is_idle && strcmp(buf_string(&had), buf_string(text)) != 0; /* an idle group has no weight */
	if (changes && !text->length)
		buf_text(text, file->default_text);
	buf_free(&had);
	return changes;
}

bool cgroup_settings_differ(const struct service *before, const struct service *after)
{
	struct buf text = { 0 };
	bool differ = false;

	for (size_t n = 0; n < cgroup_file_count; n++)
		differ |= file_changes(&cgroup_file_list[n], before, after, &text);
	buf_free(&text);
	return differ;
}

bool cgroup_settings_change(const struct service *before, const struct service *after, const char *group)
{
	struct buf text = { 0 };
	int error = 0;

	for (const struct cgroup_file *file = cgroup_file_list; file < cgroup_file_list + cgroup_file_count; file++) {
		if (!file_changes(file, before, after, &text))
			continue;
		/* ENOENT: a group without its controller, of which --check warns. */
		if (text.failed)
			error = ENOMEM;
		else if (!cgroup_write(group, file->file, buf_string(&text)) && errno != ENOENT)
			error = errno;
	}
	buf_free(&text);
	errno = error;
	return !error;
}

bool cgroup_settings_share(const struct service *service)
{
	const struct cgroup_settings *settings = service_prepared(service)->cgroup_settings;
	const struct resource_options *resources = service->groups->resources;

	return settings && settings->has_group && settings->controllers & CONTROLLER_CPU &&
		(resources->cpu_quota >= 0 || resources->cpu_weight >= 0);
}

bool cgroup_settings_write_share(const struct service *service, const char *group)
{
	struct buf text = { 0 };
	bool good = true;

	for (const struct cgroup_file *file = cgroup_file_list; file < cgroup_file_list + cgroup_file_count; file++) {
		buf_clear(&text);
		if (file->controller == CONTROLLER_CPU)
			cgroup_file_write(file, service, &text);
		good = good && !text.failed && (!text.length || cgroup_write(group, file->file, text.data));
	}
	buf_free(&text);
	return good;
}

const char *cgroup_settings_fault_option(const struct service *service, int resource)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	if (!cgroup_settings || resource < 0)
		return NULL;
	if (resource >= CGROUP_PROGRAMS)
		return resource != CGROUP_PROGRAMS + CGROUP_BPF_DEVICES ? "ip_address_deny"
			: names_devices(service->groups->cgroup_filters) ? "device_policy" : "private_devices";
	return (size_t)resource < cgroup_settings->count ? cgroup_settings->list[resource].option : NULL;
}
