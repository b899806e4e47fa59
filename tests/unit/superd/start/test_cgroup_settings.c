/* A row as files and programs of a control group, on machines that are made up; and what becomes of what they lack. */
#include "tests/unit/resolved.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/sysmacros.h>

#include "superd/start/start.h"

TestSuite(settings, .init = set_up, .fini = tear_down);

static const struct cgroup_delegation whole = {
	.path = "/x",
	.controllers = CONTROLLER_CPU | CONTROLLER_MEMORY | CONTROLLER_PIDS,
};
static const struct cgroup_delegation bare = { .path = "/x", .wrong = "it has no controllers" };
static const struct cgroup_delegation none = { .wrong = "there is none" };

static const struct cgroup_settings *allot(const struct cgroup_delegation *place, const char *options)
{
	struct cgroup_settings_cache cgroup_cache = { .place = place };
	struct service *row;

	resolve("service a { listen = \"127.0.0.1:7\" exec = \"/bin/true\" user = \"65534\"\n%s\n}\n", options);
	row = table_find(table, "a");
	cr_assert(cgroup_settings_make(row, table, &cgroup_cache, &diags));
	return service_prepared(row)->cgroup_settings;
}

static void expect_file(const struct cgroup_settings *settings, const char *file, const char *text)
{
	for (size_t n = 0; settings && n < settings->count; n++) {
		if (!strcmp(settings->list[n].file, file) && !strcmp(settings->list[n].text, text))
			return;
	}
	cr_expect_fail("%s is not given '%s'", file, text);
}

Test(settings, a_row_that_asks_for_nothing_has_none)
{
	cr_expect_null(allot(&whole, ""));
	cr_expect_null(allot(&whole, "device_policy = auto\nip_address_allow = any"));
}

/* Where there are no groups, it starts without this part. */
Test(settings, private_devices_close_the_others_where_that_is_possible)
{
	const struct cgroup_settings *settings = allot(&whole, "private_devices = yes");

	cr_assert_not_null(settings);
	cr_expect_eq(settings->has_group, cgroup_bpf_is_possible(CGROUP_BPF_DEVICES));
	cr_expect_eq(settings->programs[CGROUP_BPF_DEVICES].count > 0, settings->has_group);
	settings = allot(&none, "private_devices = yes");
	cr_expect(settings && !settings->has_group && !settings->programs[CGROUP_BPF_DEVICES].count);
	settings = allot(&none, "private_devices = yes device_policy = closed");
	cr_expect_gt(settings->programs[CGROUP_BPF_DEVICES].count, 0);
}

Test(settings, every_option_is_the_text_of_a_file)
{
	const struct cgroup_settings *settings =
		allot(&whole,
		      "memory_max = 10M memory_high = infinity memory_swap_max = 0\n"
		      "tasks_max = 12 cpu_quota = 150% cpu_weight = 20 oom_policy = kill");

	cr_assert(settings->has_group);
	cr_expect_eq(settings->controllers, whole.controllers);
	expect_file(settings, "memory.max", "10485760");
	expect_file(settings, "memory.high", "max");
	expect_file(settings, "memory.swap.max", "0");
	expect_file(settings, "memory.oom.group", "1");
	expect_file(settings, "pids.max", "12");
	expect_file(settings, "cpu.max", "150000 100000");
	expect_file(settings, "cpu.weight", "20");
}

Test(settings, idle_is_a_file_of_its_own)
{
	const struct cgroup_settings *settings = allot(&whole, "cpu_weight = idle");

	cr_assert_eq(settings->count, 1u);
	expect_file(settings, "cpu.idle", "1");
}

static void put(const char *folder, const char *file, const char *text)
{
	char path[256];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	stream = fopen(path, "w");
	cr_assert(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
}

static void expect_in(const char *folder, const char *file, const char *text)
{
	char path[256], *got;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	got = fd_read_file(path, 4096, &length);
	cr_expect(got && !strncmp(got, text, strlen(text)), "%s: '%s', and not '%s'", file, got ? got : "", text);
	free(got);
}

/* What another row says, what nobody says any more, and what stays; a group has no files of other controllers. */
Test(settings, a_group_gets_what_another_row_changes)
{
	static const char row[] = "service %s { listen = \"127.0.0.1:0\" exec = \"/bin/true\" %s }\n";
	char folder[] = "/tmp/superd-group-XXXXXX", command[64], rows[3][200];
	const struct service *a, *b, *c;

	snprintf(rows[0], sizeof(rows[0]), row, "a",
		 "tasks_max = 9 memory_high = 100M memory_max = 1G cpu_quota = 50%");
	snprintf(rows[1], sizeof(rows[1]), row, "b",
		 "tasks_max = 20 memory_max = 1G cpu_weight = idle cpu_quota = 20%");
	snprintf(rows[2], sizeof(rows[2]), row, "c", "cpu_weight = 50");
	resolve("%s%s%s", rows[0], rows[1], rows[2]);
	a = table_find(table, "a");
	b = table_find(table, "b");
	c = table_find(table, "c");
	cr_assert_not_null(mkdtemp(folder));
	put(folder, "pids.max", "was");
	put(folder, "memory.high", "was");
	put(folder, "memory.max", "was");
	put(folder, "cpu.idle", "was");
	put(folder, "cpu.weight", "was");
	cr_expect_not(cgroup_settings_differ(a, a));
	cr_expect(cgroup_settings_differ(a, b));
	cr_expect(cgroup_settings_change(a, b, folder));
	expect_in(folder, "pids.max", "20");
	expect_in(folder, "memory.high", "max");
	expect_in(folder, "memory.max", "was");
	expect_in(folder, "cpu.idle", "1");
	expect_in(folder, "cpu.weight", "was");
	cr_expect(cgroup_settings_change(b, c, folder));
	expect_in(folder, "pids.max", "max");
	expect_in(folder, "cpu.idle", "0");
	expect_in(folder, "cpu.weight", "50");
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
	cr_expect_not(cgroup_settings_change(a, b, "/dev/null"));
	cr_expect_eq(errno, ENOTDIR);
}

Test(settings, a_share_is_one_of_the_machines)
{
	const struct cgroup_settings *settings = allot(&whole, "memory_max = 50% tasks_max = 10%");
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)(machine_memory() / 2));
	expect_file(settings, "memory.max", text);
	if (machine_tasks() == SCAN_INFINITY)           /* without /proc/sys */
		snprintf(text, sizeof(text), "max");
	else
		snprintf(text, sizeof(text), "%lld", (long long)(machine_tasks() / 10));
	expect_file(settings, "pids.max", text);
}

Test(settings, a_quota_too_small_for_the_kernel_is_kept_over_a_longer_time)
{
	expect_file(allot(&whole, "cpu_quota = 0.5%"), "cpu.max", "1000 200000");
	expect_file(allot(&whole, "cpu_quota = 50%"), "cpu.max", "50000 100000");
}

struct answers {
	char text[2048];
};

static void note(void *context, const struct service *row, const char *option, bool protects, const char *why)
{
	struct answers *answers = context;
	size_t length = strlen(answers->text);

	(void)row;
	snprintf(answers->text + length, sizeof(answers->text) - length, "%s %s: %s\n", option,
		 protects ? "refused" : "skipped", why);
}

static const char *compare(void)
{
	static struct answers answers;

	answers.text[0] = '\0';
	cgroup_settings_compare(service("a"), note, &answers);
	return answers.text;
}

Test(settings, without_controllers_limits_are_left_out)
{
	const struct cgroup_settings *settings =
		allot(&bare, "memory_max = 10M tasks_max = 5 cpu_weight = 7 memory_high = infinity");

	cr_expect_not(settings->has_group);
	cr_expect_str_eq(compare(), "memory_max skipped: it has no controllers\n"
				    "tasks_max skipped: it has no controllers\n"
				    "cpu_weight skipped: it has no controllers\n");
}

Test(settings, with_its_controllers_nothing_else_is_limited)
{
	allot(&whole, "memory_max = 10M tasks_max = 5");
	cr_expect_str_eq(compare(), "");
}

Test(settings, what_protects_is_refused_where_there_is_no_group)
{
	const struct cgroup_settings *settings =
		allot(&none, "device_policy = closed ip_address_deny = any delegate = yes");

	cr_expect_not(settings->has_group);
	cr_expect_str_eq(compare(),
			 "device_policy refused: there is none\nip_address_deny refused: there is none\n"
			 "delegate skipped: there is none\n");
}

/* As much of the kernel's machine as these programs use. */
struct machine {
	uint64_t registers[11];
	const uint32_t *context; /* what is loaded from register 1 */
	const unsigned char *packet;
	size_t length;
	unsigned char stack[16];
};

static uint64_t load(const struct machine *machine, const struct bpf_insn *code)
{
	uint32_t value;

	if (code->src_reg != BPF_REG_10)
		return machine->context[code->off / 4];
	cr_assert(code->off >= -16 && code->off <= -4);
	memcpy(&value, machine->stack + 16 + code->off, sizeof(value));
	return value;
}

static void call(struct machine *machine)
{
	size_t offset = machine->registers[2], length = machine->registers[4];

	machine->registers[0] = (uint64_t)-14;
	if (offset + length > machine->length)
		return;
	memcpy(machine->stack, machine->packet + offset, length);
	machine->registers[0] = 0;
}

static void compute(struct machine *machine, const struct bpf_insn *code)
{
	uint64_t *to = &machine->registers[code->dst_reg], *from = &machine->registers[code->src_reg];
	uint64_t operand = BPF_SRC(code->code) == BPF_X ? *from : (uint64_t)(int64_t)code->imm;

	switch (BPF_OP(code->code)) {
	case BPF_MOV:
		*to = operand;
		break;
	case BPF_ADD:
		*to += operand;
		break;
	case BPF_AND:
		*to &= operand;
		break;
	case BPF_RSH:
		*to >>= operand;
		break;
	case BPF_END:
		*to = htonl((uint32_t)*to);
		break;
	default:
		cr_assert_fail("an instruction nobody uses: %#x", code->code);
	}
	if (BPF_CLASS(code->code) == BPF_ALU)
		*to = (uint32_t)*to;
}

static bool jumps(const struct machine *machine, const struct bpf_insn *code)
{
	uint64_t value = machine->registers[code->dst_reg], other = (uint64_t)(int64_t)code->imm;

	if (BPF_SRC(code->code) == BPF_X)
		other = machine->registers[code->src_reg];
	cr_assert_eq(BPF_OP(code->code), BPF_JNE);
	return BPF_CLASS(code->code) == BPF_JMP32 ? (uint32_t)value != (uint32_t)other : value != other;
}

static int run(const struct cgroup_bpf_program *program, struct machine *machine)
{
	cr_assert(program->count);
	for (size_t at = 0; at < program->count; at++) {
		const struct bpf_insn *code = &program->code[at];

		switch (BPF_CLASS(code->code)) {
		case BPF_LDX:
			machine->registers[code->dst_reg] = load(machine, code);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			compute(machine, code);
			break;
		default:
			if (BPF_OP(code->code) == BPF_EXIT)
				return (int)machine->registers[0];
			if (BPF_OP(code->code) == BPF_CALL)
				call(machine);
			else if (jumps(machine, code))
				at += (size_t)code->off;
		}
	}
	cr_assert_fail("it does not end");
	return -1;
}

static bool opens(const struct cgroup_settings *settings, bool block, unsigned first, unsigned second, unsigned rights)
{
	const uint32_t context[] = { rights << 16 | (block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR), first, second };
	struct machine machine = { .context = context };

	return run(&settings->programs[CGROUP_BPF_DEVICES], &machine);
}

Test(settings, devices_are_those_that_are_allowed)
{
	const struct cgroup_settings *settings = allot(&whole, "device_policy = strict device_allow = \"/dev/null r\"");

	cr_expect(opens(settings, false, 1, 3, BPF_DEVCG_ACC_READ));
	cr_expect_not(opens(settings, false, 1, 3, BPF_DEVCG_ACC_WRITE));
	cr_expect_not(opens(settings, false, 1, 3, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE));
	cr_expect_not(opens(settings, false, 1, 5, BPF_DEVCG_ACC_READ));
	cr_expect_not(opens(settings, true, 1, 3, BPF_DEVCG_ACC_READ));
}

Test(settings, closed_leaves_the_usual_devices)
{
	const struct cgroup_settings *settings = allot(&whole, "device_policy = closed");

	cr_expect(opens(settings, false, 1, 3, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE));
	cr_expect(opens(settings, false, 1, 9, BPF_DEVCG_ACC_READ));
	cr_expect_not(opens(settings, false, 1, 1, BPF_DEVCG_ACC_READ), "memory");
	cr_expect_not(opens(settings, true, 8, 0, BPF_DEVCG_ACC_READ));
}

Test(settings, a_path_that_is_no_device_allows_none)
{
	const struct cgroup_settings *settings =
		allot(&whole, "device_allow = \"/dev/no-such-thing rw\" device_policy = strict");

	cr_expect_not(opens(settings, false, 0, 0, BPF_DEVCG_ACC_READ));
	cr_expect_not(opens(settings, false, 1, 3, BPF_DEVCG_ACC_READ));
}

/* A packet of IP from or to this address, as the kernel shows it to a group's program. */
static bool passes(const struct cgroup_settings *settings, enum cgroup_bpf_kind judged, const char *address)
{
	bool v4 = !strchr(address, ':'), incoming = judged == CGROUP_BPF_INGRESS;
	unsigned char packet[40] = { 0 };
	uint32_t context[16] = { 0 };
	struct machine machine = { .context = context, .packet = packet, .length = v4 ? 20 : 40 };

	context[offsetof(struct __sk_buff, protocol) / 4] = htons(v4 ? 0x0800 : 0x86dd);
	cr_assert_eq(
		inet_pton(v4 ? AF_INET : AF_INET6, address, packet + (v4 ? (incoming ? 12 : 16) : (incoming ? 8 : 24))),
		1);
	return run(&settings->programs[judged], &machine);
}

static void expect_packets(const struct cgroup_settings *settings, const char *address, bool pass)
{
	cr_expect_eq(passes(settings, CGROUP_BPF_INGRESS, address), pass, "from %s", address);
	cr_expect_eq(passes(settings, CGROUP_BPF_EGRESS, address), pass, "to %s", address);
}

Test(settings, packets_pass_as_the_two_lists_say)
{
	const struct cgroup_settings *settings = allot(
		&whole,
		"ip_address_deny = any ip_address_allow = { localhost, \"192.0.2.128/25\", \"2001:db8:0:8000::/49\" }");

	expect_packets(settings, "127.0.0.1", true);
	expect_packets(settings, "128.0.0.1", false);
	expect_packets(settings, "192.0.2.127", false);
	expect_packets(settings, "192.0.2.128", true);
	expect_packets(settings, "192.0.3.1", false);
	expect_packets(settings, "::1", true);
	expect_packets(settings, "::2", false);
	expect_packets(settings, "2001:db8:0:8001::1", true);
	expect_packets(settings, "2001:db8:0:7fff::1", false);
}

Test(settings, what_is_not_denied_passes)
{
	const struct cgroup_settings *settings = allot(&whole, "ip_address_deny = { \"200.1.0.0/16\", \"ff00::/8\" }");

	expect_packets(settings, "200.1.255.255", false);
	expect_packets(settings, "200.2.0.0", true);
	expect_packets(settings, "ff02::1", false);
	expect_packets(settings, "fe80::1", true);
}

Test(settings, a_packet_that_is_too_short_does_not_pass)
{
	const struct cgroup_settings *settings = allot(&whole, "ip_address_deny = \"10.0.0.0/8\"");
	unsigned char packet[10] = { 0 };
	uint32_t context[16] = { 0 };
	struct machine machine = { .context = context, .packet = packet, .length = sizeof(packet) };

	context[offsetof(struct __sk_buff, protocol) / 4] = htons(0x0800);
	cr_expect_eq(run(&settings->programs[CGROUP_BPF_EGRESS], &machine), 0);
	context[offsetof(struct __sk_buff, protocol) / 4] = htons(0x0806);
	memset(machine.registers, 0, sizeof(machine.registers));
	cr_expect_eq(run(&settings->programs[CGROUP_BPF_EGRESS], &machine), 1, "what is no IP has no address");
}
