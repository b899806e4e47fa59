/* Shares, weights, limits of devices, rules for devices, networks: what each option takes, refuses and writes again. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "table/option/option_table.h"
#include "table/words/resource_words.h"
#include "tests/unit/pool_fixture.h"

TestSuite(resource, .init = open_pool, .fini = close_pool);

union value {
	struct amount amount;
	int64_t number;
	bool yes;
	words list;
};

/* NULL, or the reason. */
static const char *parse(const char *option, union value *value, const char *const *given, size_t count)
{
	const struct directive *directive = directive_find(NATIVE, option);
	struct parse parse = { .directive = directive, .words = given, .count = count, .pool = pool };

	cr_assert(directive, "%s", option);
	memset(value, 0, sizeof(*value));
	return type_parse(&parse, value);
}

/* Reads it, writes it, and reads that. */
static void expect(const char *option, const char *text, const char *written)
{
	const struct directive *directive = directive_find(NATIVE, option);
	union value value, again;
	struct buf out = { 0 };
	const char *wrong = parse(option, &value, &text, 1);

	cr_assert_null(wrong, "%s = %s: %s", option, text, wrong);
	type_format(directive, &value, &out);
	cr_expect_str_eq(buf_string(&out), written, "%s = %s", option, text);
	if (!directive->type->is_list) {
		char bare[64];

		snprintf(bare, sizeof(bare), "%s", written[0] == '"' ? written + 1 : written);
		bare[strcspn(bare, "\"")] = '\0';
		cr_expect_null(parse(option, &again, (const char *const[]){ bare }, 1));
		cr_expect(type_equal(directive->type, &value, &again), "%s = %s", option, text);
	}
	buf_free(&out);
}

static void expect_refused(const char *option, const char *text)
{
	union value value;

	cr_expect_not_null(parse(option, &value, &text, 1), "%s = '%s' was taken", option, text);
}

Test(resource, memory_is_a_size_a_share_or_without_end)
{
	expect("memory_max", "64M", "64M");
	expect("memory_max", "1.5G", "1536M");
	expect("memory_swap_max", "0", "0");
	expect("memory_max", "10%", "\"10%\"");
	expect("memory_max", "12.50%", "\"12.5%\"");
	expect("memory_max", "12.05%", "\"12.05%\"");
	expect("memory_max", "infinity", "infinity");
	expect("memory_max", "", "\"\"");
	for (const char *const *text = (const char *const[]){ "x", "-1", "101%", "%", "1 %", "10%x", "1.%%", "0", "0%",
							    NULL };
	     *text; text++)
		expect_refused("memory_max", *text);
}

Test(resource, tasks_are_a_number_or_a_share_and_never_none)
{
	expect("tasks_max", "12", "12");
	expect("tasks_max", "50%", "\"50%\"");
	expect("tasks_max", "infinity", "infinity");
	for (const char *const *text = (const char *const[]){ "0", "0%", "12M", "-1", "x", NULL }; *text; text++)
		expect_refused("tasks_max", *text);
}

Test(resource, a_quota_is_a_share_of_a_processor_and_may_be_several)
{
	union value value;

	expect("cpu_quota", "20%", "\"20%\"");
	expect("cpu_quota", "250%", "\"250%\"");
	cr_assert_null(parse("cpu_quota", &value, (const char *const[]){ "0.5%" }, 1));
	cr_expect_eq(value.number, 50);
	for (const char *const *text = (const char *const[]){ "20", "0%", "-5%", "99999999999%", NULL }; *text; text++)
		expect_refused("cpu_quota", *text);
}

Test(resource, weights_have_bounds_and_only_that_of_processors_an_idle)
{
	expect("cpu_weight", "idle", "idle");
	expect("cpu_weight", "1", "1");
	expect("io_weight", "10000", "10000");
	expect_refused("io_weight", "idle");
	expect_refused("io_weight", "0");
	expect_refused("cpu_weight", "0");
	expect_refused("cpu_weight", "10001");
}

Test(resource, a_limit_of_a_device_is_one_word_or_two)
{
	const char *const apart[] = { "/dev/a", "5M", "/dev/b 7", "/dev/c", "infinity" };
	struct device_limit limit;
	union value value;

	cr_assert_null(parse("io_read_bandwidth_max", &value, apart, 5));
	cr_assert_str_eq(value.list[0], "/dev/a 5M");
	cr_assert_str_eq(value.list[1], "/dev/b 7");
	cr_assert_str_eq(value.list[2], "/dev/c infinity");
	cr_assert_null(value.list[3]);
	cr_assert(device_limit_read("/dev/a 5M", &limit));
	cr_expect_eq(limit.most, 5000000);
	cr_expect_eq(limit.path_length, 6u);
	cr_expect(device_limit_read("/x  2K", &limit) && limit.most == 2000);
	for (const char *const *text = (const char *const[]){ "/dev/a", "a 5", "/dev/a 0", "/dev/a 5X", "/dev/a -1",
							      "/dev/a 5 6", "/dev/a 9999999999T", NULL };
	     *text; text++)
		expect_refused("io_write_iops_max", *text);
}

Test(resource, a_rule_for_devices_says_which_and_what)
{
	const char *const apart[] = { "/dev/null", "rw", "char-pts", "block-loop r" };
	struct device_rule rule;
	union value value;

	cr_assert_null(parse("device_allow", &value, apart, 4));
	cr_assert_str_eq(value.list[0], "/dev/null rw");
	cr_assert_str_eq(value.list[1], "char-pts");
	cr_assert_str_eq(value.list[2], "block-loop r");
	cr_assert(device_rule_read("char-pts", &rule));
	cr_expect(rule.is_kind && !rule.is_block && rule.length == 3);
	cr_expect_eq(rule.rights, (unsigned)(DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD));
	cr_assert(device_rule_read("/dev/sda w", &rule));
	cr_expect(!rule.is_kind && rule.rights == DEVICE_WRITE);
	for (const char *const *text =
		     (const char *const[]){ "null", "/dev/", "/etc/passwd r", "char-", "/dev/null x", NULL };
	     *text; text++)
		expect_refused("device_allow", *text);
}

Test(resource, controllers_by_name_are_a_delegation)
{
	union value value;

	cr_expect(!parse("delegate", &value, (const char *const[]){ "cpu", "memory" }, 2) && value.yes);
	cr_expect(!parse("delegate", &value, (const char *const[]){ "no" }, 1) && !value.yes);
	cr_expect(!parse("delegate", &value, (const char *const[]){ "yes" }, 1) && value.yes);
	expect_refused("delegate", "gpu");
}

Test(resource, a_network_is_written_by_number_and_means_what_it_says)
{
	struct network networks[NETWORKS_MOST];

	cr_expect_eq(networks_read("10.0.0.0", networks), 1u);
	cr_expect_eq(networks[0].bits, 128u, "one address, whatever zeros it ends in");
	cr_expect_eq(networks_read("10.1.2.3/8", networks), 1u);
	cr_expect(networks[0].bits == 104 && network_is_v4(&networks[0]) && !networks[0].address[13]);
	cr_expect_eq(networks_read("any", networks), 2u);
	cr_expect(network_is_v4(&networks[0]) && networks[0].bits == 96 && !networks[1].bits &&
		  !network_is_v4(&networks[1]));
	cr_expect_eq(networks_read("fe80::/10", networks), 1u);
	for (const char *const *text = (const char *const[]){ "10", "10.0.0", "host", "10.0.0.0/33", "::1/129",
							      "1.2.3.4/-1", "1.2.3.4/", NULL };
	     *text; text++)
		cr_expect_eq(networks_read(*text, networks), 0u, "%s", *text);
}
