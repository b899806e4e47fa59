/* Service builders: what services share, what they cost, and the settings of what was set.
 * tests/read/superd/builder.conf has what is refused, and how a service's values override the defaults. */
#include "table/option/option.h"
#include "tests/unit/builders.h"

TestSuite(builder, .init = begin_table, .fini = end_table);

Test(builder, what_is_prepared_of_equal_services_is_one_copy)
{
	struct service one = *end(begin_good("web", "80")), two = one;
	struct prepared prepared = { .probes = (const struct access *)&one };

	cr_expect_null(service_prepared(&one)->probes);
	cr_expect(service_prepare(&one, table->pool, prepared));
	cr_expect(service_prepare(&two, table->pool, prepared));
	cr_expect_eq(service_prepared(&one)->probes, prepared.probes);
	cr_expect_eq(service_prepared(&one), service_prepared(&two));
	cr_expect(service_prepare(&one, table->pool, (struct prepared){ 0 }));
	cr_expect_null(service_prepared(&one)->probes);
}

Test(builder, equal_groups_of_a_table_are_one_copy)
{
	struct service_builder *builder = begin_good("a", "80");
	const void *lifecycle, *who, *surroundings, *groups;
	struct service *row;

	set(builder, "timeout_stop", "5s", NULL);
	set(builder, "user", "www", NULL);
	row = end(builder);
	lifecycle = row->groups->lifecycle;
	who = row->groups->identity;
	surroundings = row->groups->environment;
	groups = row->groups;
	builder = begin_good("b", "81");
	set(builder, "user", "www", NULL);
	set(builder, "timeout_stop", "5000ms", NULL);
	row = end(builder);
	cr_expect_eq(row->groups->lifecycle, lifecycle);
	cr_expect_eq(row->groups->identity, who);
	cr_expect_eq(row->groups->environment, surroundings);
	cr_expect_eq(row->groups, groups);
	builder = begin_good("c", "82");
	set(builder, "user", "www", NULL);
	set(builder, "nice", "5", NULL);
	row = end(builder);
	cr_expect_neq(row->groups, groups);
	cr_expect_neq(row->groups->environment, surroundings);
	cr_expect_eq(row->groups->identity, who);
	expect_nothing();
}

Test(builder, ten_thousand_services_take_little_memory)
{
	size_t used;

	for (unsigned i = 0; i < 10000; i++) {
		char port[16], name[16];

		snprintf(port, sizeof(port), "127.0.0.1:%u", 1000 + i);
		snprintf(name, sizeof(name), "s%u", i);
		end(begin_good(name, port));
	}
	used = pool_used(table->pool) + table->count * sizeof(struct service);
	cr_expect_lt(used, 10000 * (size_t)512, "%zu bytes a service", used / 10000);
	expect_nothing();
}

/* What the others cost it beside its own words: the group it sets, and no other. */
Test(builder, an_option_that_each_service_sets_costs_its_group_alone)
{
	enum { COUNT = 1000 };
	size_t before, each;

	end(begin_good("first", "99"));
	before = pool_used(table->pool);
	for (unsigned i = 0; i < COUNT; i++) {
		struct service_builder *builder;
		char name[16], text[16];

		snprintf(name, sizeof(name), "s%u", i);
		snprintf(text, sizeof(text), "%u", 1000 + i);
		builder = begin_good(name, text);
		set(builder, "rlimit_nofile", text, NULL);
		end(builder);
	}
	each = (pool_used(table->pool) - before) / COUNT;
	cr_expect_lt(each,
		     sizeof(struct limit_options) + sizeof(struct option_groups) + sizeof(struct listen) +
			     sizeof(struct endpoint) + sizeof(struct option_settings) +
			     3 * sizeof(struct option_setting) + 2 * sizeof(char *) + 16,
		     "%zu bytes", each);
	expect_nothing();
}

Test(builder, defaults_hold_for_the_services_that_are_sealed_with_them)
{
	struct service_builder *defaults = begin(NULL);

	set(defaults, "timeout_stop", "5s", NULL);
	cr_expect_eq(end_with(begin_good("a", "80"), defaults)->groups->lifecycle->timeout_stop, 5000000);
	cr_expect_eq(end_with(begin_good("c", "82"), NULL)->groups->lifecycle->timeout_stop, 10000000);
	builder_free(defaults);
	expect_nothing();
}

Test(builder, settings_say_what_was_set_and_where)
{
	struct service_builder *builder = begin_good("web", "80");
	struct service *row;

	set(builder, "user", "www", NULL);
	builder_open_socket(builder, "admin", next_line());
	set(builder, "listen", "/run/web.sock", NULL);
	set(builder, "socket_mode", "0600", NULL);
	builder_close_socket(builder, &diags);
	cr_expect(builder_has(builder, "user"));
	cr_expect(builder_has(builder, "socket"));
	cr_expect(builder_has(builder, "socket_mode"));
	cr_expect_not(builder_has(builder, "group"));
	cr_expect_not(builder_has(builder, "nonsense"));
	row = end(builder);
	cr_expect_eq(service_origin(row, "user").line, 4);
	cr_expect_str_eq(service_origin(row, "user").file, FILE_NAME);
	cr_expect_eq(service_origin(row, "socket").line, 5);
	cr_expect_eq(service_origin(row, "socket_mode").line, 7);
	cr_expect_eq(service_setting(row, "socket_mode")->block, 1);
	cr_expect_eq(service_origin(row, "listen").line, 2, "the service's own comes first");
	cr_expect_eq(service_origin(row, "group").line, 1, "the service's place where it is not set");
	cr_expect_null(service_setting(row, "group"));
}

/* As xinetd's defaults, which each service sets for itself, from the place where they stand. */
Test(builder, settings_of_a_place_above_are_one_copy)
{
	static const char *const five[] = { "5" };
	const struct value nice = { .words = five, .count = 1, .at = next_line() };
	const struct option_settings *settings[2];

	line = 4;
	for (unsigned n = 0; n < 2; n++) {
		struct service_builder *builder = begin_good(n ? "b" : "a", "80");
		struct service *row;

		cr_assert(builder_set(builder, "nice", &nice, &diags));
		row = end(builder);
		cr_expect_eq(service_origin(row, "listen").line, n ? 9 : 6);
		cr_expect_eq(service_origin(row, "nice").line, 1);
		settings[n] = row->settings;
	}
	cr_expect_eq(settings[0], settings[1]);
}

Test(builder, the_name_of_the_file_outlives_the_text)
{
	char name[] = "gone.conf";
	const char *const texts[] = { "www", NULL };
	struct value value = { .words = texts, .count = 1, .at = { .file = name, .line = 7 } };
	struct service_builder *builder = begin_good("web", "80");

	cr_assert(builder_set(builder, "user", &value, &diags));
	memset(name, 'x', sizeof(name) - 1);
	cr_expect_str_eq(service_origin(end(builder), "user").file, "gone.conf");
}

Test(builder, a_bad_value_is_reported_at_its_word_and_counts_as_set)
{
	struct service_builder *builder = begin("web");
	struct service *row;

	cr_expect_not(set(builder, "timeout_stop", "soon", NULL));
	expect_error(2, "timeout_stop: 'soon'");
	cr_expect_eq(diags.list[0].column, 10);
	cr_expect(builder_has(builder, "timeout_stop"));
	row = end(builder);
	cr_expect(service_is_unclear(row, "timeout_stop"));
	cr_expect_not(service_is_unclear(row, "user"));
	cr_expect_eq(row->groups->lifecycle->timeout_stop, 10000000);
}

Test(builder, one_socket_too_many_is_told_as_that)
{
	struct service_builder *builder = begin_good("web", "80");

	for (unsigned n = 1; n <= SETTING_BLOCK + 1; n++) {
		builder_open_socket(builder, "s", (struct origin){ .file = FILE_NAME, .line = 1000000 + n });
		cr_expect_eq(set(builder, "listen", "0", NULL), n <= SETTING_BLOCK);
		builder_close_socket(builder, &diags);
	}
	cr_expect_eq(diags.errors, 1, "%s", all_said());
	cr_expect(said(SEVERITY_ERROR, "more than 4095 sockets"), "%s", all_said());
	cr_expect_not(builder_finish(builder, NULL, &diags));
	builder_free(builder);
}

Test(builder, messages_have_the_names_of_the_services_language)
{
	static const struct {
		enum dialect dialect;
		const char *option, *message;
	} cases[] = {
		{ UNIT, "user", "User: " }, { UNIT, "rlimit_nice", "LimitNICE: " },
		{ UNIT, "socket_condition", "Condition: " }, { LAUNCHD, "multicast_group", "MulticastGroup: " },
		{ XINETD, "rlimit_nofile", "rlimit_files: " }, { NATIVE, "rlimit_nofile", "rlimit_nofile: " },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		struct service_builder *builder =
			builder_new(table, (struct service){ .name = "web", .at = next_line(), .is_foreign = true,
							     .dialect = cases[n].dialect & 7 });

		cr_expect_not(builder_set_text(builder, cases[n].option, "a:", next_line(), &diags));
		cr_expect(!strncmp(diags.list[n].message, cases[n].message, strlen(cases[n].message)), "%s",
			  diags.list[n].message);
		builder_free(builder);
	}
}
