/* Service builders: what is refused and where, and how a service's values override the defaults in whatever order they
 * come. */
#include "table/option/service_mark.h"
#include "tests/unit/builders.h"

TestSuite(builder, .init = begin_table, .fini = end_table);

Test(builder, a_service_that_says_little_has_the_defaults)
{
	struct service *row = end(begin_good("web", "80"));

	expect_nothing();
	cr_expect_str_eq(row->name, "web");
	cr_expect_eq(row->at.line, 1);
	cr_assert_eq(row->socket_count, 1);
	cr_expect_eq(row->sockets[0].endpoint->port, 80);
	cr_expect_eq(row->sockets[0].address, row->sockets[0].endpoint);
	cr_expect_str_eq(row->sockets[0].name, "web");
	cr_expect_eq(row->sockets[0].options, row->groups->socket_defaults);
	cr_expect_eq(listen_prepared(row->sockets)->owner, (uid_t)-1);
	cr_expect_eq(row->sockets[0].at.line, 2);
	cr_expect_str_eq(row->exec->exec[0], "/bin/true");
	cr_expect_eq(row->groups->lifecycle->timeout_stop, 10000000);
	cr_expect_eq(row->groups->access->instances, 1000);
	cr_expect_null(row->account);
	cr_expect(service_waits(row));
}

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
	cr_expect_null(one.prepared);
}

/* journald's own unit says 4224. */
Test(builder, a_number_that_tunes_is_cut_and_one_that_protects_is_not)
{
	struct service_builder *builder = begin_good("web", "80");

	cr_expect(set(builder, "file_descriptor_store_max", "4224", NULL));
	cr_expect(set(builder, "timer_slack", "10min", NULL));
	cr_expect_eq(diags.errors, 0);
	cr_expect_not_null(strstr(all_said(), "'4224' is more than there can be: it is taken as 4000"));
	cr_expect_not_null(strstr(all_said(), "'10min' is more than there can be: it is taken as 1min"));
	cr_expect_not(set(builder, "nice", "20", NULL));
	cr_expect_eq(end(builder)->groups->lifecycle->file_descriptor_store_max, 4000);
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
			     sizeof(struct endpoint) + 3 * sizeof(struct mark) + 16,
		     "%zu bytes", each);
	expect_nothing();
}

Test(builder, what_a_service_says_beats_the_defaults_and_these_beat_superds_own)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("web", "80");
	struct service *row;

	set(builder, "timeout_stop", "3s", NULL);
	set(defaults, "timeout_stop", "5s", NULL);
	set(defaults, "timeout_start", "7s", NULL);
	set(defaults, "socket_mode", "0600", NULL);
	row = end_with(builder, defaults);
	cr_expect_eq(row->groups->lifecycle->timeout_stop, 3000000);
	cr_expect_eq(row->groups->lifecycle->timeout_start, 7000000);
	cr_expect_eq(row->groups->lifecycle->backoff_max, 30000000);
	cr_expect_eq(row->sockets[0].options->socket_mode, 0600);
	builder_free(defaults);
	expect_nothing();
}

Test(builder, defaults_may_go_on_after_a_service_was_sealed)
{
	struct service_builder *defaults = begin(NULL);

	set(defaults, "timeout_stop", "5s", NULL);
	cr_expect_eq(end_with(begin_good("a", "80"), defaults)->groups->lifecycle->timeout_stop, 5000000);
	set(defaults, "timeout_start", "6s", NULL);
	cr_expect_eq(end_with(begin_good("b", "81"), defaults)->groups->lifecycle->timeout_start, 6000000);
	cr_expect_eq(end_with(begin_good("c", "82"), NULL)->groups->lifecycle->timeout_stop, 10000000);
	builder_free(defaults);
	expect_nothing();
}

Test(builder, a_plain_list_replaces_and_an_addition_adds)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("plain", "80");
	struct service *row;

	set(defaults, "env", "A=1", "B=2", NULL);
	set(builder, "env", "C=3", NULL);
	row = end_with(builder, defaults);
	cr_expect_str_eq(row->groups->environment->env[0], "C=3");
	cr_expect_null(row->groups->environment->env[1]);
	builder = begin_good("more", "81");
	add(builder, "env", "C=3", NULL);
	add(builder, "env", "D=4", NULL);
	row = end_with(builder, defaults);
	cr_expect_str_eq(row->groups->environment->env[0], "A=1");
	cr_expect_str_eq(row->groups->environment->env[1], "B=2");
	cr_expect_str_eq(row->groups->environment->env[2], "C=3");
	cr_expect_str_eq(row->groups->environment->env[3], "D=4");
	cr_expect_null(row->groups->environment->env[4]);
	builder = begin_good("both", "82");
	set(builder, "env", "C=3", NULL);
	add(builder, "env", "D=4", NULL);
	row = end_with(builder, defaults);
	cr_expect_str_eq(row->groups->environment->env[0], "C=3");
	cr_expect_str_eq(row->groups->environment->env[1], "D=4");
	builder_free(defaults);
	expect_nothing();
}

Test(builder, an_empty_list_takes_the_default_away)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("web", "80");

	set(defaults, "passenv", "TZ", NULL);
	cr_expect(set(builder, "passenv", NULL));
	cr_expect_null(end_with(builder, defaults)->groups->environment->passenv);
	builder_free(defaults);
	expect_nothing();
}

Test(builder, endpoints_stand_in_the_order_of_the_text)
{
	struct service_builder *builder = begin_good("web", "80");
	struct service *row;

	builder_open_socket(builder, "admin", next_line());
	set(builder, "socket_mode", "0660", NULL);
	set(builder, "listen", "/run/web.sock", NULL);
	builder_close_socket(builder, &diags);
	add(builder, "listen", "81", "udp:82", NULL);
	builder_open_socket(builder, "two", next_line());
	set(builder, "listen", "83", "84", NULL);
	set(builder, "backlog", "5", NULL);
	builder_close_socket(builder, &diags);
	set(builder, "backlog", "7", NULL);
	row = end(builder);
	expect_nothing();
	cr_assert_eq(row->socket_count, 6);
	cr_expect_eq(row->sockets[0].endpoint->port, 80);
	cr_expect_str_eq(row->sockets[1].endpoint->address, "/run/web.sock");
	cr_expect_str_eq(row->sockets[1].name, "admin");
	cr_expect_eq(row->sockets[1].options->socket_mode, 0660);
	cr_expect_eq(row->sockets[1].options->backlog, 7);
	cr_expect_eq(row->sockets[3].endpoint->kind, ENDPOINT_UDP);
	cr_expect_str_eq(row->sockets[3].name, "web");
	cr_expect_eq(row->sockets[3].options->socket_mode, 0666);
	cr_expect_str_eq(row->sockets[5].name, "two");
	cr_expect_eq(row->sockets[5].options->backlog, 5);
	cr_expect_eq(row->groups->socket_defaults->backlog, 7);
}

Test(builder, marks_say_what_was_set_and_where)
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
	cr_expect_eq(service_mark(row, "socket_mode")->block, 1);
	cr_expect_eq(service_origin(row, "listen").line, 2, "the service's own comes first");
	cr_expect_eq(service_origin(row, "group").line, 1, "the service's place where it is not set");
	cr_expect_null(service_mark(row, "group"));
}

/* As xinetd's defaults, which each service sets for itself, from the place where they stand. */
Test(builder, marks_of_a_place_above_are_one_copy)
{
	static const char *const five[] = { "5" };
	const struct value nice = { .words = five, .count = 1, .at = next_line() };
	const struct mark *marks[2];

	line = 4;
	for (unsigned n = 0; n < 2; n++) {
		struct service_builder *builder = begin_good(n ? "b" : "a", "80");
		struct service *row;

		cr_assert(builder_set(builder, "nice", &nice, &diags));
		row = end(builder);
		cr_expect_eq(service_origin(row, "listen").line, n ? 9 : 6);
		cr_expect_eq(service_origin(row, "nice").line, 1);
		marks[n] = row->marks;
	}
	cr_expect_eq(marks[0], marks[1]);
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

Test(builder, pass_follows_accept_unless_it_is_said)
{
	struct service_builder *defaults = begin(NULL), *builder;

	cr_expect_eq(end(begin_good("a", "80"))->exec->pass, PASS_SYSTEMD);
	builder = begin_good("b", "81");
	set(builder, "accept", "yes", NULL);
	cr_expect_eq(end(builder)->exec->pass, PASS_INETD);
	builder = begin_good("c", "82");
	set(builder, "accept", "yes", NULL);
	set(builder, "pass", "systemd", NULL);
	cr_expect_eq(end(builder)->exec->pass, PASS_SYSTEMD);
	set(defaults, "accept", "yes", NULL);
	cr_expect_eq(end_with(begin_good("d", "83"), defaults)->exec->pass, PASS_INETD);
	set(defaults, "pass", "systemd", NULL);
	cr_expect_eq(end_with(begin_good("e", "84"), defaults)->exec->pass, PASS_SYSTEMD);
	builder_free(defaults);
	expect_nothing();
}

Test(builder, output_alone_speaks_for_both_streams_but_never_for_the_socket)
{
	struct service_builder *builder = begin_good("a", "80");

	set(builder, "output", "syslog", NULL);
	cr_expect_eq(end(builder)->groups->streams->error.kind, STREAM_SYSLOG);
	builder = begin_good("b", "81");
	set(builder, "output", "syslog", NULL);
	set(builder, "error", "null", NULL);
	cr_expect_eq(end(builder)->groups->streams->error.kind, STREAM_NULL);
	builder = begin_good("c", "82");
	set(builder, "output", "socket", NULL);
	cr_expect_eq(end(builder)->groups->streams->error.kind, STREAM_LOG);
	expect_nothing();
}

Test(builder, an_unknown_option_is_refused_with_a_hint)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "usr", "www", NULL));
	expect_error(2, "unknown option 'usr'");
	cr_expect(strstr(diags.list[0].hint, "did you mean 'user'?"));
	builder_free(builder);
}

Test(builder, a_word_of_another_system_is_translated_in_the_hint)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "server", "/bin/true", NULL));
	expect_error(2, "unknown option 'server'");
	cr_expect(strstr(diags.list[0].hint, "exec"));
	builder_free(builder);
}

Test(builder, a_value_of_several_words_is_one_and_takes_no_addition)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("web", "80");
	struct service *row;

	cr_expect(set(defaults, "cps", "50", "10", NULL));
	cr_expect(set(builder, "cps", "7", "1min", NULL));
	row = end_with(builder, defaults);
	cr_expect_eq(row->groups->access->cps.number, 7);
	cr_expect_eq(row->groups->access->cps.pause, 60000000);
	expect_nothing();
	builder = begin_good("mail", "25");
	cr_expect_not(add(builder, "cps", "7", "1min", NULL));
	row = end_with(builder, defaults);
	cr_expect_eq(row->groups->access->cps.number, 50);
	expect_error(10, "cps needs one value: += adds to lists only");
	builder_free(defaults);
}

Test(builder, flags_and_address_rules_add_to_those_of_the_defaults)
{
	struct service_builder *defaults = begin(NULL), *builder = begin_good("web", "80");
	struct service *row;

	cr_expect(set(defaults, "log_on_success", "PID", "HOST", NULL));
	cr_expect(set(defaults, "only_from", "192.0.2.0/24", NULL));
	cr_expect(add(builder, "log_on_success", "exit", NULL));
	cr_expect(add(builder, "only_from", "::1", NULL));
	row = end_with(builder, defaults);
	cr_expect_eq(row->groups->logging->log_on_success, SUCCESS_PID | SUCCESS_HOST | SUCCESS_EXIT);
	cr_expect_str_eq(row->groups->socket_defaults->only_from[0], "192.0.2.0/24");
	cr_expect_str_eq(row->groups->socket_defaults->only_from[1], "::1");
	cr_expect_null(row->groups->socket_defaults->only_from[2]);
	builder = begin_good("mail", "25");
	cr_expect(set(builder, "log_on_success", NULL));
	cr_expect(set(builder, "only_from", NULL));
	row = end_with(builder, defaults);
	cr_expect_eq(row->groups->logging->log_on_success, 0);
	cr_expect_null(row->groups->socket_defaults->only_from);
	expect_nothing();
	builder_free(defaults);
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

Test(builder, each_bad_endpoint_is_reported_at_its_place)
{
	struct service_builder *builder = begin("web");
	struct service *row;

	cr_expect_not(set(builder, "listen", "80", "99999", "81", "tcp:", NULL));
	cr_assert_eq(diags.count, 2, "%s", all_said());
	cr_expect_eq(diags.list[0].column, 11);
	cr_expect_eq(diags.list[1].column, 13);
	row = end(builder);
	cr_expect_eq(row->socket_count, 2);
	cr_expect(service_is_unclear(row, "listen"));
}

Test(builder, an_option_set_twice_names_both_places)
{
	struct service_builder *builder = begin("web");

	set(builder, "user", "a", NULL);
	cr_expect_not(set(builder, "user", "b", NULL));
	expect_error(3, "user is already set at " FILE_NAME ":2");
	cr_expect_str_eq(end(builder)->groups->identity->user, "a");
}

Test(builder, a_list_set_twice_is_refused_but_may_be_added_to)
{
	struct service_builder *builder = begin("web");

	set(builder, "env", "A=1", NULL);
	cr_expect(add(builder, "env", "B=2", NULL));
	cr_expect_not(set(builder, "env", "C=3", NULL));
	expect_error(4, "env is already set");
	builder_free(builder);
}

Test(builder, a_socket_may_repeat_an_option_of_its_service_but_not_its_own)
{
	struct service_builder *builder = begin_good("web", "80");

	set(builder, "backlog", "5", NULL);
	builder_open_socket(builder, "x", next_line());
	cr_expect(set(builder, "listen", "81", NULL));
	cr_expect(set(builder, "backlog", "6", NULL));
	expect_nothing();
	cr_expect_not(set(builder, "backlog", "7", NULL));
	builder_close_socket(builder, &diags);
	expect_error(8, "backlog is already set at " FILE_NAME ":7");
	builder_free(builder);
}

Test(builder, one_value_is_no_list)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "user", "a", "b", NULL));
	expect_error(2, "user needs one value");
	cr_expect_not(add(builder, "user", "a", NULL));
	cr_expect(strstr(diags.list[1].message, "+="));
	cr_expect_not(set(builder, "nice", NULL));
	cr_expect_eq(diags.count, 3);
	builder_free(builder);
}

Test(builder, listen_needs_an_endpoint)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "listen", NULL));
	expect_error(2, "listen needs an endpoint");
	builder_free(builder);
}

Test(builder, what_is_a_services_own_is_no_default)
{
	struct service_builder *defaults = begin(NULL);

	cr_expect_not(set(defaults, "listen", "80", NULL));
	expect_error(2, "listen does not belong in defaults");
	cr_expect_not(set(defaults, "exec", "/bin/true", NULL));
	cr_expect_eq(diags.count, 2);
	builder_open_socket(defaults, "x", next_line());
	set(defaults, "listen", "80", NULL);
	builder_close_socket(defaults, &diags);
	cr_expect_eq(diags.count, 3, "%s", all_said());
	cr_expect(strstr(diags.list[2].message, "socket does not belong in defaults"));
	builder_free(defaults);
}

Test(builder, a_socket_takes_options_of_sockets_only)
{
	struct service_builder *builder = begin_good("web", "80");

	builder_open_socket(builder, "x", next_line());
	set(builder, "listen", "81", NULL);
	cr_expect_not(set(builder, "user", "www", NULL));
	builder_close_socket(builder, &diags);
	expect_error(6, "user belongs to the service");
	cr_expect(set(builder, "user", "www", NULL));
	builder_free(builder);
}

Test(builder, a_socket_needs_to_listen)
{
	struct service_builder *builder = begin_good("web", "80");

	builder_open_socket(builder, "x", next_line());
	set(builder, "backlog", "5", NULL);
	builder_close_socket(builder, &diags);
	expect_error(4, "socket x: listen is missing");
	builder_free(builder);
}

Test(builder, one_socket_too_many_is_told_as_that)
{
	struct service_builder *builder = begin_good("web", "80");

	for (unsigned n = 1; n <= UINT16_MAX + 2; n++) {
		builder_open_socket(builder, "s", (struct origin){ .file = FILE_NAME, .line = 1000000 + n });
		set(builder, "listen", "0", NULL);
		builder_close_socket(builder, &diags);
	}
	cr_expect_eq(diags.errors, 1, "%s", all_said());
	expect_error(1000000 + UINT16_MAX + 1, "a service has at most 65535 sockets");
	cr_expect_eq(end(builder)->socket_count, UINT16_MAX + 1);
}

Test(builder, two_sockets_may_have_one_name)
{
	struct service_builder *builder = begin("web");

	for (int i = 0; i < 2; i++) {
		builder_open_socket(builder, "x", next_line());
		set(builder, "listen", i ? "80" : "81", NULL);
		builder_close_socket(builder, &diags);
	}
	cr_expect_eq(diags.count, 0);
	builder_free(builder);
}

Test(builder, socket_is_no_option)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "socket", "x", NULL));
	expect_error(2, "socket needs a name and braces");
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
		struct service_builder *builder = begin("web");

		builder_set_foreign(builder, cases[n].dialect);
		cr_expect_not(builder_set_text(builder, cases[n].option, "a:", next_line(), &diags));
		cr_expect(!strncmp(diags.list[n].message, cases[n].message, strlen(cases[n].message)), "%s",
			  diags.list[n].message);
		builder_free(builder);
	}
}

Test(builder, freeing_none_is_harmless)
{
	builder_free(NULL);
}

Test(builder, every_bad_word_of_a_list_is_reported)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "env", "NOEQ", "A=1", "=x", "A B=1", NULL));
	cr_assert_eq(diags.errors, 3u);
	cr_expect(strstr(diags.list[0].message, "env: 'NOEQ': "), "%s", diags.list[0].message);
	cr_expect(strstr(diags.list[1].message, "env: '=x': "), "%s", diags.list[1].message);
	cr_expect(strstr(diags.list[2].message, "env: 'A B=1': "), "%s", diags.list[2].message);
	builder_free(builder);
}

Test(builder, a_command_is_refused_as_one)
{
	struct service_builder *builder = begin("web");

	cr_expect_not(set(builder, "exec", "", "it's", NULL));
	cr_expect_eq(diags.errors, 1u, "%s", diags.list[1].message);
	builder_free(builder);
}
