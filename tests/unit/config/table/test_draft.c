/* Drafts: what is refused and where, and how a service's values lie over the defaults whatever the order they came
 * in. */
#include "config/option/service_mark.h"
#include "tests/unit/drafts.h"

TestSuite(draft, .init = begin_table, .fini = end_table);

Test(draft, a_service_that_says_little_has_the_defaults)
{
	struct service *row = end(begin_good("web", "80"));

	expect_nothing();
	cr_expect_str_eq(row->name, "web");
	cr_expect_eq(row->at.line, 1);
	cr_assert_eq(row->socket_count, 1);
	cr_expect_eq(row->sockets[0].endpoint->port, 80);
	cr_expect_eq(row->sockets[0].address, row->sockets[0].endpoint);
	cr_expect_str_eq(row->sockets[0].name, "web");
	cr_expect_eq(row->sockets[0].options, row->terms->socket_defaults);
	cr_expect_eq(row->sockets[0].owner, (uid_t)-1);
	cr_expect_eq(row->sockets[0].at.line, 2);
	cr_expect_str_eq(row->what->exec[0], "/bin/true");
	cr_expect_eq(row->terms->life->timeout_stop, 10000000);
	cr_expect_eq(row->terms->gate->instances, 1000);
	cr_expect_null(row->account);
	cr_expect(service_waits(row));
}

/* journald's own unit says 4224. */
Test(draft, a_number_that_tunes_is_cut_and_one_that_protects_is_not)
{
	struct draft *draft = begin_good("web", "80");

	cr_expect(set(draft, "file_descriptor_store_max", "4224", NULL));
	cr_expect(set(draft, "timer_slack", "10min", NULL));
	cr_expect_eq(diags.errors, 0);
	cr_expect_not_null(strstr(all_said(), "'4224' is more than there can be: it is taken as 4000"));
	cr_expect_not_null(strstr(all_said(), "'10min' is more than there can be: it is taken as 1min"));
	cr_expect_not(set(draft, "nice", "20", NULL));
	cr_expect_eq(end(draft)->terms->life->file_descriptor_store_max, 4000);
}

Test(draft, equal_groups_of_a_table_are_one_copy)
{
	struct draft *draft = begin_good("a", "80");
	const void *life, *who, *surroundings, *terms;
	struct service *row;

	set(draft, "timeout_stop", "5s", NULL);
	set(draft, "user", "www", NULL);
	row = end(draft);
	life = row->terms->life;
	who = row->terms->who;
	surroundings = row->terms->surroundings;
	terms = row->terms;
	draft = begin_good("b", "81");
	set(draft, "user", "www", NULL);
	set(draft, "timeout_stop", "5000ms", NULL);
	row = end(draft);
	cr_expect_eq(row->terms->life, life);
	cr_expect_eq(row->terms->who, who);
	cr_expect_eq(row->terms->surroundings, surroundings);
	cr_expect_eq(row->terms, terms);
	draft = begin_good("c", "82");
	set(draft, "user", "www", NULL);
	set(draft, "nice", "5", NULL);
	row = end(draft);
	cr_expect_neq(row->terms, terms);
	cr_expect_neq(row->terms->surroundings, surroundings);
	cr_expect_eq(row->terms->who, who);
	expect_nothing();
}

Test(draft, ten_thousand_services_take_little_memory)
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
Test(draft, an_option_that_each_service_sets_costs_its_group_alone)
{
	enum { COUNT = 1000 };
	size_t before, each;

	end(begin_good("first", "99"));
	before = pool_used(table->pool);
	for (unsigned i = 0; i < COUNT; i++) {
		struct draft *draft;
		char name[16], text[16];

		snprintf(name, sizeof(name), "s%u", i);
		snprintf(text, sizeof(text), "%u", 1000 + i);
		draft = begin_good(name, text);
		set(draft, "rlimit_nofile", text, NULL);
		end(draft);
	}
	each = (pool_used(table->pool) - before) / COUNT;
	cr_expect_lt(each,
		     sizeof(struct limits) + sizeof(struct terms) + sizeof(struct listen) + sizeof(struct endpoint) +
			     3 * sizeof(struct mark) + 16,
		     "%zu bytes", each);
	expect_nothing();
}

Test(draft, what_a_service_says_beats_the_defaults_and_these_beat_superds_own)
{
	struct draft *defaults = begin(NULL), *draft = begin_good("web", "80");
	struct service *row;

	set(draft, "timeout_stop", "3s", NULL);
	set(defaults, "timeout_stop", "5s", NULL);
	set(defaults, "timeout_start", "7s", NULL);
	set(defaults, "socket_mode", "0600", NULL);
	row = end_with(draft, defaults);
	cr_expect_eq(row->terms->life->timeout_stop, 3000000);
	cr_expect_eq(row->terms->life->timeout_start, 7000000);
	cr_expect_eq(row->terms->life->backoff_max, 30000000);
	cr_expect_eq(row->sockets[0].options->socket_mode, 0600);
	draft_free(defaults);
	expect_nothing();
}

Test(draft, defaults_may_go_on_after_a_service_was_sealed)
{
	struct draft *defaults = begin(NULL);

	set(defaults, "timeout_stop", "5s", NULL);
	cr_expect_eq(end_with(begin_good("a", "80"), defaults)->terms->life->timeout_stop, 5000000);
	set(defaults, "timeout_start", "6s", NULL);
	cr_expect_eq(end_with(begin_good("b", "81"), defaults)->terms->life->timeout_start, 6000000);
	cr_expect_eq(end_with(begin_good("c", "82"), NULL)->terms->life->timeout_stop, 10000000);
	draft_free(defaults);
	expect_nothing();
}

Test(draft, a_plain_list_replaces_and_an_addition_adds)
{
	struct draft *defaults = begin(NULL), *draft = begin_good("plain", "80");
	struct service *row;

	set(defaults, "env", "A=1", "B=2", NULL);
	set(draft, "env", "C=3", NULL);
	row = end_with(draft, defaults);
	cr_expect_str_eq(row->terms->surroundings->env[0], "C=3");
	cr_expect_null(row->terms->surroundings->env[1]);
	draft = begin_good("more", "81");
	add(draft, "env", "C=3", NULL);
	add(draft, "env", "D=4", NULL);
	row = end_with(draft, defaults);
	cr_expect_str_eq(row->terms->surroundings->env[0], "A=1");
	cr_expect_str_eq(row->terms->surroundings->env[1], "B=2");
	cr_expect_str_eq(row->terms->surroundings->env[2], "C=3");
	cr_expect_str_eq(row->terms->surroundings->env[3], "D=4");
	cr_expect_null(row->terms->surroundings->env[4]);
	draft = begin_good("both", "82");
	set(draft, "env", "C=3", NULL);
	add(draft, "env", "D=4", NULL);
	row = end_with(draft, defaults);
	cr_expect_str_eq(row->terms->surroundings->env[0], "C=3");
	cr_expect_str_eq(row->terms->surroundings->env[1], "D=4");
	draft_free(defaults);
	expect_nothing();
}

Test(draft, an_empty_list_takes_the_default_away)
{
	struct draft *defaults = begin(NULL), *draft = begin_good("web", "80");

	set(defaults, "passenv", "TZ", NULL);
	cr_expect(set(draft, "passenv", NULL));
	cr_expect_null(end_with(draft, defaults)->terms->surroundings->passenv);
	draft_free(defaults);
	expect_nothing();
}

Test(draft, endpoints_stand_in_the_order_of_the_text)
{
	struct draft *draft = begin_good("web", "80");
	struct service *row;

	draft_open_socket(draft, "admin", next_line());
	set(draft, "socket_mode", "0660", NULL);
	set(draft, "listen", "/run/web.sock", NULL);
	draft_close_socket(draft, &diags);
	add(draft, "listen", "81", "udp:82", NULL);
	draft_open_socket(draft, "two", next_line());
	set(draft, "listen", "83", "84", NULL);
	set(draft, "backlog", "5", NULL);
	draft_close_socket(draft, &diags);
	set(draft, "backlog", "7", NULL);
	row = end(draft);
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
	cr_expect_eq(row->terms->socket_defaults->backlog, 7);
}

Test(draft, marks_say_what_was_set_and_where)
{
	struct draft *draft = begin_good("web", "80");
	struct service *row;

	set(draft, "user", "www", NULL);
	draft_open_socket(draft, "admin", next_line());
	set(draft, "listen", "/run/web.sock", NULL);
	set(draft, "socket_mode", "0600", NULL);
	draft_close_socket(draft, &diags);
	cr_expect(draft_has(draft, "user"));
	cr_expect(draft_has(draft, "socket"));
	cr_expect(draft_has(draft, "socket_mode"));
	cr_expect_not(draft_has(draft, "group"));
	cr_expect_not(draft_has(draft, "nonsense"));
	row = end(draft);
	cr_expect_eq(service_origin(row, "user").line, 4);
	cr_expect_str_eq(service_origin(row, "user").file, FILE_NAME);
	cr_expect_eq(service_origin(row, "socket").line, 5);
	cr_expect_eq(service_origin(row, "socket_mode").line, 7);
	cr_expect_eq(service_mark(row, "socket_mode")->block, 1);
	cr_expect_eq(service_origin(row, "listen").line, 2, "the service's own comes first");
	cr_expect_eq(service_origin(row, "group").line, 1, "the service's place where it is not set");
	cr_expect_null(service_mark(row, "group"));
}

Test(draft, the_name_of_the_file_outlives_the_text)
{
	char name[] = "gone.conf";
	const char *const texts[] = { "www", NULL };
	struct value value = { .words = texts, .count = 1, .at = { .file = name, .line = 7 } };
	struct draft *draft = begin_good("web", "80");

	cr_assert(draft_set(draft, NATIVE, "user", &value, &diags));
	memset(name, 'x', sizeof(name) - 1);
	cr_expect_str_eq(service_origin(end(draft), "user").file, "gone.conf");
}

Test(draft, pass_follows_accept_unless_it_is_said)
{
	struct draft *defaults = begin(NULL), *draft;

	cr_expect_eq(end(begin_good("a", "80"))->what->pass, PASS_SYSTEMD);
	draft = begin_good("b", "81");
	set(draft, "accept", "yes", NULL);
	cr_expect_eq(end(draft)->what->pass, PASS_INETD);
	draft = begin_good("c", "82");
	set(draft, "accept", "yes", NULL);
	set(draft, "pass", "systemd", NULL);
	cr_expect_eq(end(draft)->what->pass, PASS_SYSTEMD);
	set(defaults, "accept", "yes", NULL);
	cr_expect_eq(end_with(begin_good("d", "83"), defaults)->what->pass, PASS_INETD);
	set(defaults, "pass", "systemd", NULL);
	cr_expect_eq(end_with(begin_good("e", "84"), defaults)->what->pass, PASS_SYSTEMD);
	draft_free(defaults);
	expect_nothing();
}

Test(draft, output_alone_speaks_for_both_streams_but_never_for_the_socket)
{
	struct draft *draft = begin_good("a", "80");

	set(draft, "output", "syslog", NULL);
	cr_expect_eq(end(draft)->terms->streams->error.kind, STREAM_SYSLOG);
	draft = begin_good("b", "81");
	set(draft, "output", "syslog", NULL);
	set(draft, "error", "null", NULL);
	cr_expect_eq(end(draft)->terms->streams->error.kind, STREAM_NULL);
	draft = begin_good("c", "82");
	set(draft, "output", "socket", NULL);
	cr_expect_eq(end(draft)->terms->streams->error.kind, STREAM_LOG);
	expect_nothing();
}

Test(draft, an_unknown_option_is_refused_with_a_hint)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "usr", "www", NULL));
	expect_error(2, "unknown option 'usr'");
	cr_expect(strstr(diags.list[0].hint, "did you mean 'user'"));
	draft_free(draft);
}

Test(draft, a_word_of_another_system_is_translated_in_the_hint)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "server", "/bin/true", NULL));
	expect_error(2, "unknown option 'server'");
	cr_expect(strstr(diags.list[0].hint, "exec"));
	draft_free(draft);
}

Test(draft, a_value_of_several_words_is_one_and_takes_no_addition)
{
	struct draft *defaults = begin(NULL), *draft = begin_good("web", "80");
	struct service *row;

	cr_expect(set(defaults, "cps", "50", "10", NULL));
	cr_expect(set(draft, "cps", "7", "1min", NULL));
	row = end_with(draft, defaults);
	cr_expect_eq(row->terms->gate->cps.number, 7);
	cr_expect_eq(row->terms->gate->cps.pause, 60000000);
	expect_nothing();
	draft = begin_good("mail", "25");
	cr_expect_not(add(draft, "cps", "7", "1min", NULL));
	row = end_with(draft, defaults);
	cr_expect_eq(row->terms->gate->cps.number, 50);
	expect_error(10, "cps takes one value: += adds to lists only");
	draft_free(defaults);
}

Test(draft, flags_and_address_rules_add_to_those_of_the_defaults)
{
	struct draft *defaults = begin(NULL), *draft = begin_good("web", "80");
	struct service *row;

	cr_expect(set(defaults, "log_on_success", "PID", "HOST", NULL));
	cr_expect(set(defaults, "only_from", "192.0.2.0/24", NULL));
	cr_expect(add(draft, "log_on_success", "exit", NULL));
	cr_expect(add(draft, "only_from", "::1", NULL));
	row = end_with(draft, defaults);
	cr_expect_eq(row->terms->logging->log_on_success, SUCCESS_PID | SUCCESS_HOST | SUCCESS_EXIT);
	cr_expect_str_eq(row->terms->gate->only_from[0], "192.0.2.0/24");
	cr_expect_str_eq(row->terms->gate->only_from[1], "::1");
	cr_expect_null(row->terms->gate->only_from[2]);
	draft = begin_good("mail", "25");
	cr_expect(set(draft, "log_on_success", NULL));
	cr_expect(set(draft, "only_from", NULL));
	row = end_with(draft, defaults);
	cr_expect_eq(row->terms->logging->log_on_success, 0);
	cr_expect_null(row->terms->gate->only_from);
	expect_nothing();
	draft_free(defaults);
}

Test(draft, a_bad_value_is_reported_at_its_word_and_counts_as_set)
{
	struct draft *draft = begin("web");
	struct service *row;

	cr_expect_not(set(draft, "timeout_stop", "soon", NULL));
	expect_error(2, "timeout_stop: 'soon'");
	cr_expect_eq(diags.list[0].column, 10);
	cr_expect(draft_has(draft, "timeout_stop"));
	row = end(draft);
	cr_expect(service_is_unclear(row, "timeout_stop"));
	cr_expect_not(service_is_unclear(row, "user"));
	cr_expect_eq(row->terms->life->timeout_stop, 10000000);
}

Test(draft, each_bad_endpoint_is_reported_at_its_place)
{
	struct draft *draft = begin("web");
	struct service *row;

	cr_expect_not(set(draft, "listen", "80", "99999", "81", "tcp:", NULL));
	cr_assert_eq(diags.count, 2, "%s", all_said());
	cr_expect_eq(diags.list[0].column, 11);
	cr_expect_eq(diags.list[1].column, 13);
	row = end(draft);
	cr_expect_eq(row->socket_count, 2);
	cr_expect(service_is_unclear(row, "listen"));
}

Test(draft, an_option_set_twice_names_both_places)
{
	struct draft *draft = begin("web");

	set(draft, "user", "a", NULL);
	cr_expect_not(set(draft, "user", "b", NULL));
	expect_error(3, "user is already set at " FILE_NAME ":2");
	cr_expect_str_eq(end(draft)->terms->who->user, "a");
}

Test(draft, a_list_set_twice_is_refused_but_may_be_added_to)
{
	struct draft *draft = begin("web");

	set(draft, "env", "A=1", NULL);
	cr_expect(add(draft, "env", "B=2", NULL));
	cr_expect_not(set(draft, "env", "C=3", NULL));
	expect_error(4, "env is already set");
	draft_free(draft);
}

Test(draft, a_socket_may_repeat_an_option_of_its_service_but_not_its_own)
{
	struct draft *draft = begin_good("web", "80");

	set(draft, "backlog", "5", NULL);
	draft_open_socket(draft, "x", next_line());
	cr_expect(set(draft, "listen", "81", NULL));
	cr_expect(set(draft, "backlog", "6", NULL));
	expect_nothing();
	cr_expect_not(set(draft, "backlog", "7", NULL));
	draft_close_socket(draft, &diags);
	expect_error(8, "backlog is already set at " FILE_NAME ":7");
	draft_free(draft);
}

Test(draft, one_value_is_no_list)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "user", "a", "b", NULL));
	expect_error(2, "user takes one value");
	cr_expect_not(add(draft, "user", "a", NULL));
	cr_expect(strstr(diags.list[1].message, "+="));
	cr_expect_not(set(draft, "nice", NULL));
	cr_expect_eq(diags.count, 3);
	draft_free(draft);
}

Test(draft, listen_needs_an_endpoint)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "listen", NULL));
	expect_error(2, "listen needs an endpoint");
	draft_free(draft);
}

Test(draft, what_is_a_services_own_is_no_default)
{
	struct draft *defaults = begin(NULL);

	cr_expect_not(set(defaults, "listen", "80", NULL));
	expect_error(2, "listen does not belong in defaults");
	cr_expect_not(set(defaults, "exec", "/bin/true", NULL));
	cr_expect_eq(diags.count, 2);
	draft_open_socket(defaults, "x", next_line());
	set(defaults, "listen", "80", NULL);
	draft_close_socket(defaults, &diags);
	cr_expect_eq(diags.count, 3, "%s", all_said());
	cr_expect(strstr(diags.list[2].message, "socket does not belong in defaults"));
	draft_free(defaults);
}

Test(draft, a_socket_takes_options_of_sockets_only)
{
	struct draft *draft = begin_good("web", "80");

	draft_open_socket(draft, "x", next_line());
	set(draft, "listen", "81", NULL);
	cr_expect_not(set(draft, "user", "www", NULL));
	draft_close_socket(draft, &diags);
	expect_error(6, "user belongs to the service");
	cr_expect(set(draft, "user", "www", NULL));
	draft_free(draft);
}

Test(draft, a_socket_needs_to_listen)
{
	struct draft *draft = begin_good("web", "80");

	draft_open_socket(draft, "x", next_line());
	set(draft, "backlog", "5", NULL);
	draft_close_socket(draft, &diags);
	expect_error(4, "socket x: listen is missing");
	draft_free(draft);
}

Test(draft, one_socket_too_many_is_told_as_that)
{
	struct draft *draft = begin_good("web", "80");

	for (unsigned n = 1; n <= UINT16_MAX + 2; n++) {
		draft_open_socket(draft, "s", (struct origin){ .file = FILE_NAME, .line = 1000000 + n });
		set(draft, "listen", "0", NULL);
		draft_close_socket(draft, &diags);
	}
	cr_expect_eq(diags.errors, 1, "%s", all_said());
	expect_error(1000000 + UINT16_MAX + 1, "a service has at most 65535 sockets");
	cr_expect_eq(end(draft)->socket_count, UINT16_MAX + 1);
}

Test(draft, two_sockets_may_have_one_name)
{
	struct draft *draft = begin("web");

	for (int i = 0; i < 2; i++) {
		draft_open_socket(draft, "x", next_line());
		set(draft, "listen", i ? "80" : "81", NULL);
		draft_close_socket(draft, &diags);
	}
	cr_expect_eq(diags.count, 0);
	draft_free(draft);
}

Test(draft, socket_is_no_option)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "socket", "x", NULL));
	expect_error(2, "socket takes a name and braces");
	draft_free(draft);
}

static bool set_in(struct draft *draft, enum dialect dialect, const char *name, const char *text)
{
	const char *const texts[] = { text, NULL };
	struct value value = { .words = texts, .count = 1, .at = next_line() };

	return draft_set(draft, dialect, name, &value, &diags);
}

Test(draft, other_dialects_use_their_own_names)
{
	struct draft *draft = begin_good("web", "80");
	struct service *row;

	cr_expect(set_in(draft, UNIT, "Service.User", "www"));
	cr_expect(set_in(draft, UNIT, "Socket.Backlog", "9"));
	cr_expect(set_in(draft, XINETD, "UMASK", "027"));
	cr_expect(set_in(draft, LAUNCHD, "GroupName", "staff"));
	expect_nothing();
	row = end(draft);
	cr_expect_str_eq(row->terms->who->user, "www");
	cr_expect_str_eq(row->terms->who->group, "staff");
	cr_expect_eq(row->terms->socket_defaults->backlog, 9);
	cr_expect_eq(row->terms->surroundings->umask, 027);
}

Test(draft, a_word_that_means_something_else_elsewhere_is_never_taken_as_it_is)
{
	struct draft *draft = begin("web");

	cr_expect_not(set_in(draft, XINETD, "wait", "yes"));
	expect_error(2, "wait");
	cr_expect_not(draft_has(draft, "accept"));
	cr_expect_not(set_in(draft, XINETD, "v6only", "no"));
	cr_expect_eq(diags.count, 2);
	draft_free(draft);
}

Test(draft, freeing_none_is_harmless)
{
	draft_free(NULL);
}

Test(draft, every_bad_word_of_a_list_is_reported)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "env", "NOEQ", "A=1", "=x", "A B=1", NULL));
	cr_assert_eq(diags.errors, 3u);
	cr_expect(strstr(diags.list[0].message, "env: 'NOEQ': "), "%s", diags.list[0].message);
	cr_expect(strstr(diags.list[1].message, "env: '=x': "), "%s", diags.list[1].message);
	cr_expect(strstr(diags.list[2].message, "env: 'A B=1': "), "%s", diags.list[2].message);
	draft_free(draft);
}

Test(draft, a_command_is_refused_as_one)
{
	struct draft *draft = begin("web");

	cr_expect_not(set(draft, "exec", "", "it's", NULL));
	cr_expect_eq(diags.errors, 1u, "%s", diags.list[1].message);
	draft_free(draft);
}
