/* The comparison of a reload: each option's change is seen, named, and weighed by what it means for an open socket. */
#include "tests/unit/builders.h"

#include "table/services/services.h"

static struct table *other;

static void begin_both(void)
{
	begin_table();
	other = table_new();
	cr_assert_not_null(other);
}

static void end_both(void)
{
	end_table();
	table_free(other);
}

TestSuite(diff, .init = begin_both, .fini = end_both);

/* The same service in a table of its own, with one option more (NULL: none). */
static struct service *variant(struct table *in, const char *name, const char *value)
{
	struct table *kept = table;
	struct service *row;
	struct service_builder *builder;

	table = in;
	builder = begin("web");
	set(builder, "listen", "127.0.0.1:80", "/run/web.sock", NULL);
	set(builder, "exec", "/bin/cat", "-u", NULL);
	if (name)
		cr_assert(set(builder, name, value, NULL), "%s = %s:%s", name, value, all_said());
	row = end(builder);
	table = kept;
	return row;
}

static void expect_fate(enum diff_kind diff, const struct service *before, const struct service *after,
			const char *names)
{
	struct buf why = { 0 };

	cr_expect_eq(service_compare(before, after, &why), diff, "%s", names);
	cr_expect_str_eq(buf_string(&why), names);
	cr_expect_eq(service_compare(after, before, NULL), diff, "%s, the other way round", names);
	buf_free(&why);
}

Test(diff, equal_rows_of_two_tables_are_the_same)
{
	const struct service *before = variant(table, "env", "A=1"), *after = variant(other, "env", "A=1");

	expect_fate(DIFF_SAME, before, after, "");
	expect_fate(DIFF_SAME, before, before, "");
}

/* A value of each kind of option that is no default. */
static const char *changed_value(const struct option_def *option)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{ "exec", NULL }, { "type", "exec" }, { "env", "A=1" }, { "environment_file", "/etc/x" },
		{ "symlinks", "/run/x" }, { "cpu_quota", "5%" },
		{ "io_scheduling", "idle" },
		{ "kill_signal", "INT" }, { "ambient_capabilities", "kill" }, { "capability_bounding_set", "kill" },
		{ "output", "null" }, { "error", "null" }, { "input", "inherit" }, { "groups", "no" },
		{ "builtin", "echo" }, { "redirect", "::1 80" }, { "only_from", "none" }, { "no_access", "::1" },
		{ "access_times", "8:00-9:00" }, { "max_load", "2.5" }, { "cps", "7" }, { "log_type", "SYSLOG mail" },
		{ "log_on_success", "PID" },
		{ "system_call_filter", "@mount" }, { "system_call_architectures", "native" },
		{ "system_call_error_number", "EPERM" }, { "restrict_address_families", "AF_UNIX" },
		{ "multicast_group", "239.1.2.3" }, { "file_descriptor_store_preserve", "yes" },
		{ "send_sigkill", "no" }, { "exec_prefix", "-" }, { "condition", "PathExists=/x" },
		{ "socket_condition", "PathExists=/x" },
		{ "cpu_weight", "idle" }, { "cpu_quota", "7%" }, { "delegate", "yes" },
		{ "device_allow", "/dev/null rw" },
		{ "ip_address_allow", "any" }, { "ip_address_deny", "::1" },
		{ "load_credential", "x:/x" }, { "set_credential", "x:y" },
		{ "restrict_namespaces", "mnt" }, { "log_on_failure", "HOST" },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (!strcmp(values[i].name, option->name[NATIVE]))
			return values[i].value;
	}
	if (option->type == &type_word)
		return option->words[1];
	if (option->type == &type_bool)
		return "yes";
	if (option->type == &type_path || option->type == &type_paths || option->type == &type_bindings ||
	    option->type == &type_protected_paths || option->type == &type_temporary)
		return "/x";
	if (option->type == &type_signal)
		return "USR2";
	if (option->type == &type_mode)
		return "0700";
	if (option->type == &type_count || option->type == &type_size || option->type == &type_duration ||
	    option->type == &type_limit || option->type == &type_memory || option->type == &type_tasks ||
	    option->type == &type_statuses)
		return "7";
	return "x";
}

Test(diff, sees_a_change_of_every_option_and_names_it)
{
	const struct service *before = variant(table, NULL, NULL);
	size_t seen = 0;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		const char *name = option->name[NATIVE], *value;
		struct buf why = { 0 };
		enum diff_kind diff;

		if (option->flags & STRUCTURE)
			continue;
		value = changed_value(option);
		if (!value)
			continue;
		diff = service_compare(before, variant(other, name, value), &why);
		cr_expect(strstr(buf_string(&why), name), "%s = %s: '%s'", name, value, buf_string(&why));
		cr_expect_eq(diff, option->change == CHANGE_REBIND ? DIFF_SOCKETS : DIFF_CHANGED, "%s", name);
		buf_free(&why);
		seen++;
	}
	cr_expect_gt(seen, 80);
}

Test(diff, says_values_as_they_are_meant_and_no_secret)
{
	const struct service *before = variant(table, "timeout_stop", "300s");

	expect_fate(DIFF_SAME, before, variant(other, "timeout_stop", "5min"), "");
	expect_fate(DIFF_CHANGED, before, variant(other, "timeout_stop", "1h"), "timeout_stop: 5min -> 1h");
	expect_fate(DIFF_CHANGED, variant(table, "env", "A=1"), variant(other, "env", "A=2"), "env");
	expect_fate(DIFF_CHANGED, variant(table, NULL, NULL), variant(other, "argv0", "a\nb"),
		    "argv0: \"\" -> \"a\\nb\"");
}

Test(diff, cuts_a_long_value)
{
	char path[300] = "/", expected[600];

	memset(path + 1, 'x', sizeof(path) - 2);
	snprintf(expected, sizeof(expected), "working_directory: \"/\" -> \"%.199s...", path);
	expect_fate(DIFF_CHANGED, variant(table, NULL, NULL), variant(other, "working_directory", path), expected);
}

Test(diff, sees_a_change_of_the_command)
{
	struct service *after;
	struct service_builder *builder;

	variant(table, NULL, NULL);
	builder = begin("web");
	set(builder, "listen", "127.0.0.1:80", "/run/web.sock", NULL);
	set(builder, "exec", "/bin/cat", "-v", NULL);
	after = end(builder);
	expect_fate(DIFF_CHANGED, &table->services[0], after, "exec: \"/bin/cat -u\" -> \"/bin/cat -v\"");
}

static struct service *listening(const char *name, const char *first, const char *second)
{
	struct service_builder *builder = begin("web");

	set(builder, "exec", "/bin/cat", NULL);
	builder_open_socket(builder, name, next_line());
	if (second)
		set(builder, "listen", first, second, NULL);
	else
		set(builder, "listen", first, NULL);
	builder_close_socket(builder, &diags);
	return end(builder);
}

static void expect_sockets(const char *name, const char *first, const char *second, enum diff_kind diff,
			   const char *names)
{
	const struct service *after;

	listening("a", "80", "81");
	after = listening(name, first, second);
	expect_fate(diff, &table->services[table->count - 2], after, names);
}

Test(diff, sees_endpoints_their_number_and_their_order)
{
	expect_sockets("a", "80", "81", DIFF_SAME, "");
	expect_sockets("a", "80", NULL, DIFF_SOCKETS, "listen: tcp:80, tcp:81 -> tcp:80");
	expect_sockets("a", "81", "80", DIFF_SOCKETS, "listen: tcp:80, tcp:81 -> tcp:81, tcp:80");
	expect_sockets("a", "80", "udp:81", DIFF_SOCKETS, "listen: tcp:80, tcp:81 -> tcp:80, udp:81");
}

Test(diff, a_sockets_new_name_needs_no_new_socket)
{
	expect_sockets("b", "80", "81", DIFF_CHANGED, "socket");
}

Test(diff, sees_an_address_that_resolves_to_another)
{
	struct service *before = variant(table, NULL, NULL), *after = variant(other, NULL, NULL);
	const struct endpoint *moved;

	cr_assert_null(endpoint_parse("127.0.0.2:80", other->pool, &moved));
	after->sockets[0].address = moved;
	expect_fate(DIFF_SOCKETS, before, after, "listen");
}

Test(diff, sees_an_owner_that_resolves_to_another)
{
	struct service *before = variant(table, NULL, NULL), *after = variant(other, NULL, NULL);

	after->sockets[1].prepared = &(struct listen_prepared){ .owner = 7, .owner_group = (gid_t)-1 };
	expect_fate(DIFF_CHANGED, before, after, "socket_user");
}

Test(diff, one_socket_to_make_anew_outweighs_others_that_are_set_again)
{
	struct service *before = variant(table, NULL, NULL), *after = variant(other, NULL, NULL);
	struct socket_options louder = *after->sockets[0].options, other_kind = louder;

	louder.backlog = 5;
	other_kind.ipv6_only = IPV6_ONLY_YES;
	after->sockets[0].options = &other_kind;
	after->sockets[1].options = &louder;
	expect_fate(DIFF_SOCKETS, before, after, "ipv6_only: default -> yes");
	after->sockets[0].options = &louder;
	expect_fate(DIFF_CHANGED, before, after, "backlog: 4096 -> 5");
}

Test(diff, sees_an_account_that_resolves_to_another)
{
	struct service *before = variant(table, "user", "www"), *after = variant(other, "user", "www");
	static const gid_t groups[] = { 4, 5 }, fewer[] = { 4 };
	struct account a = { .name = "www", .uid = 33, .gid = 33, .groups = groups, .group_count = 2 }, b = a;

	before->account = &a;
	after->account = &b;
	expect_fate(DIFF_SAME, before, after, "");
	b.groups = fewer;
	b.group_count = 1;
	expect_fate(DIFF_CHANGED, before, after, "account");
	b = a;
	b.uid = 34;
	expect_fate(DIFF_CHANGED, before, after, "account");
}

Test(diff, knows_which_options_take_a_new_socket)
{
	const struct socket_options *plain = variant(table, NULL, NULL)->groups->socket_defaults;

	cr_expect(socket_options_equal(plain, variant(other, NULL, NULL)->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain, variant(other, NULL, NULL)->groups->socket_defaults));
	cr_expect_not(socket_options_equal(plain, variant(other, "backlog", "5")->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain, variant(other, "backlog", "5")->groups->socket_defaults));
	cr_expect_not(
		socket_options_need_rebind(plain, variant(other, "socket_mode", "0600")->groups->socket_defaults));
	cr_expect(socket_options_need_rebind(plain, variant(other, "ipv6_only", "yes")->groups->socket_defaults));
	cr_expect(socket_options_need_rebind(plain, variant(other, "reuse_port", "yes")->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain, variant(other, "free_bind", "yes")->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain, variant(other, "transparent", "yes")->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain,
						 variant(other, "bind_to_device", "eth0")->groups->socket_defaults));
	cr_expect_not(socket_options_need_rebind(plain, variant(other, "symlinks", "/run/x")->groups->socket_defaults));
}

/* What rows share is compared once, so each kind of change has to show behind rows that were alike. */
Test(diff, sees_a_change_behind_rows_alike)
{
	static const char *const changes[][2] = {
		{ "timeout_stop", "77" }, { "backlog", "5" }, { "disable", "yes" }, { "argv0", "other" },
	};
	const struct service *plain = variant(table, NULL, NULL), *alike;
	struct diff_cache known = { 0 };

	variant(other, NULL, NULL);
	for (size_t n = 0; n < sizeof(changes) / sizeof(changes[0]); n++) {
		const struct service *changed = variant(other, changes[n][0], changes[n][1]);

		alike = &other->services[0]; /* it has moved */
		cr_expect_eq(service_compare_next(&known, plain, alike, NULL), DIFF_SAME, "before %s", changes[n][0]);
		cr_expect_eq(service_compare_next(&known, plain, changed, NULL), DIFF_CHANGED, "%s", changes[n][0]);
		cr_expect_eq(service_compare_next(&known, changed, plain, NULL), DIFF_CHANGED, "%s taken back",
			     changes[n][0]);
	}
}

Test(diff, finds_what_rows_seldom_share_in_the_first_chapter)
{
	bool is_behind = false;

	for (size_t i = 0; i < option_count; i++) {
		is_behind |= option_defs[i].chapter != CHAPTER_EXEC;
		cr_expect(!is_behind || option_defs[i].group != GROUP_EXEC || option_defs[i].flags & STRUCTURE, "%s",
			  option_defs[i].name[NATIVE]);
	}
}
