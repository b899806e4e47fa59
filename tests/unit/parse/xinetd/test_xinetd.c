/* xinetd.conf: its lines and entries, defaults, operators, which services there are. */
#include "xinetd_text.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/option/service_mark.h"
#include "parse/xinetd/attribute.h"
#include "parse/xinetd/line.h"
#include "parse/xinetd/value.h"

#define LISTED " protocol = tcp\n wait = no\n user = nobody\n server = /bin/x\n"
#define GOOD " type = UNLISTED\n port = 7777\n protocol = tcp\n wait = no\n user = nobody\n server = /bin/x\n"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* Reads a file or folder as the command line would; gives the names of the services, and what was said. */
static void expect_read(const char *path, const char *names, const char *said)
{
	const struct read_request request = { .sources = &path, .count = 1 };
	struct diags diags = { 0 };
	struct table *table = read_table(&request, &diags);
	char got[1000] = "", *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(table && out);
	for (size_t i = 0; i < table->count; i++) {
		strncat(got, table->services[i].name, sizeof(got) - strlen(got) - 1);
		strncat(got, " ", sizeof(got) - strlen(got) - 1);
	}
	diags_print(&diags, out);
	fclose(out);
	cr_expect_str_eq(got, names, "of %s: %s", path, text);
	cr_expect(*said ? strstr(text, said) != NULL : !*text, "of %s: wanted: %s\nsaid: %s", path, said, text);
	free(text);
	table_free(table);
	diags_free(&diags);
}

static char folder[] = "/tmp/superd-xinetd-XXXXXX";

static void enter_folder(void)
{
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void leave_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert(chdir("/") == 0 && system(command) == 0);
}

TestSuite(xinetd_files, .init = enter_folder, .fini = leave_folder);

Test(xinetd, takes_a_service_to_the_same_words_as_superd_conf)
{
	struct outcome *outcome =
		read_xinetd("service telnet\n{\n\tflags\t\t= REUSE\n\tsocket_type\t= stream\n\twait\t\t= no\n"
			    "\tuser\t\t= root\n\tserver\t\t= /usr/sbin/in.telnetd\n"
			    "\tserver_args\t= -h -L /bin/login\n}\n");
	const struct service *service = table_find(outcome->table, "telnet");

	cr_expect_str_eq(outcome->said, "");
	cr_assert(service);
	cr_expect_eq(service->at.line, 1);
	cr_expect_str_eq(service->exec->exec[0], "/usr/sbin/in.telnetd");
	cr_expect_str_eq(service->exec->exec[3], "/bin/login");
	cr_expect_null(service->exec->exec[4]);
	cr_expect_str_eq(service->exec->argv0, "in.telnetd");
	cr_expect(service->exec->accept);
	cr_expect_eq(service->exec->pass, PASS_INETD);
	cr_expect_eq(service->groups->streams->error.kind, STREAM_SOCKET);
	cr_expect_eq(service->groups->access->instances, UNLIMITED);
	cr_expect_eq(service->groups->access->overload, OVERLOAD_REFUSE);
	cr_expect_eq(service->groups->access->cps.number, 50);
	cr_expect_eq(service->groups->access->cps.pause, 10000000);
	cr_expect_not(service->groups->identity->groups);
	outcome_free(outcome);
}

Test(xinetd, gives_every_option_the_place_of_its_attribute)
{
	struct outcome *outcome =
		read_xinetd("defaults\n{\n instances = 7\n}\nservice a\n{\n" GOOD "\n  nice\t= 5\n}\n");
	const struct service *service = table_find(outcome->table, "a");
	struct origin at;

	cr_assert(service);
	cr_expect_eq(service_origin(service, "instances").line, 3);
	at = service_origin(service, "nice");
	cr_expect_eq(at.line, 14);
	cr_expect_eq(at.column, 3);
	cr_expect_eq(service_origin(service, "listen").line, 8);
	outcome_free(outcome);
}

Test(xinetd, needs_no_blank_in_front_of_an_operator)
{
	expect_option("only_from=10.0.0.1\nlog_on_success+=PID\nlog_on_success +=HOST\n", "only_from = {\"10.0.0.1\"}");
	expect_option("only_from=10.0.0.1\nlog_on_success+=PID\nlog_on_success +=HOST\n",
		      "log_on_success = {\"PID\", \"HOST\"}");
}

static void expect_dropped(const char *lines, const char *warning)
{
	char *text = with(lines);

	expect_warned(text, warning, "nice = 5");
	free(text);
}

Test(xinetd, knows_no_quotes_comments_behind_values_or_continuations)
{
	char *text = with("server_args = \"a b\" \\\n# comment \\\n");

	expect_warned(text, "t:9:15: warning: server_args: quotes mean nothing here",
		      "exec = \"/bin/x '\\\"a' 'b\\\"' '\\\\'\"");
	free(text);
	expect_dropped("nice = 6 # less\nnice = 5",
		       "t:9:10: warning: nice needs one value, not 3: the line is left out, as in xinetd\n"
		       "t:9:10: hint: a comment must be");
}

Test(xinetd, reads_keywords_and_attributes_in_any_case)
{
	expect_line("SERVICE a\n{\n TYPE = unlisted\n Port = 7777\n PROTOCOL = TCP\n Wait = NO\n user = nobody\n"
		    "Server = /bin/x\n}\n", "service a {\n\tlisten = {tcp4:7777}\n");
}

Test(xinetd, reads_lines_that_end_in_crlf_and_a_last_one_that_does_not_end)
{
	expect_line("service a\r\n{\r\n type = UNLISTED\r\n port = 7777\r\n protocol = tcp\r\n wait = no\r\n"
		    " user = nobody\r\n server = /bin/x\r\n}", "exec = /bin/x\n");
}

Test(xinetd, takes_a_brace_on_the_line_of_the_service)
{
	expect_line("defaults {\n instances = 5\n}\nservice a {\n" GOOD "}\n", "instances = 5\n");
}

Test(xinetd, goes_on_behind_every_mistake_and_makes_no_service_of_a_tail)
{
	struct outcome *outcome =
		read_xinetd("service a\n{\n" GOOD " what is this\n}\n"
			    "stray = 1\n}\nservice b\n" GOOD "}\nservice c\n{\n" GOOD
			    "service d\n{\n port = 7778\n type = UNLISTED\n protocol = tcp\n wait = no\n"
			    "user = nobody\n server = /bin/d\n} # end\nservice e\n{\n type = UNLISTED\n"
			    " port = 1\n protocol = tcp\n wait = no\n user = nobody\n server = /bin/e\n}\n");

	cr_expect(strstr(outcome->said, "t:9:2: error: this is no attribute"));
	cr_expect(strstr(outcome->said, "t:11:1: error: this attribute is in no entry"));
	cr_expect(strstr(outcome->said, "t:12:1: error: this begins no entry"));
	cr_expect(strstr(outcome->said, "t:14:2: error: the brace that begins the entry is missing"));
	cr_expect(strstr(outcome->said, "t:21:1: error: the brace that ends the entry is missing"));
	cr_expect(strstr(outcome->said, "t:37:1: error: the brace that ends an entry must be alone on its line"));
	cr_expect_str_eq(only_name(outcome), "e", "said: %s", outcome->said);
	outcome_free(outcome);
}

Test(xinetd, says_where_an_entry_that_does_not_end_begins)
{
	expect_refused("# x\nservice a\n{\n" GOOD, "t:2:1: error: the brace that ends the entry is missing");
	expect_refused("service\n{\n" GOOD "}\n", "t:1:1: error: service: its name is missing");
	expect_refused("service a\n{\n" GOOD "instances = x\n", "t:9:13: error: instances: 'x'");
}

Test(xinetd, lays_defaults_under_a_service_that_stands_before_them)
{
	expect_line("service a\n{\n" GOOD "}\ndefaults\n{\n only_from = 10.0.0.0\n instances = 5\n}\n",
		    "only_from = {\"10.0.0.0\"}");
	expect_line("service a\n{\n" GOOD "}\ndefaults\n{\n only_from = 10.0.0.0\n instances = 5\n}\n",
		    "instances = 5");
}

Test(xinetd, adds_to_takes_from_and_replaces_what_defaults_say)
{
#define DEFAULTS "defaults\n{\n only_from = 10.0.0.0/8\n only_from = 192.0.2.1\n log_on_success = PID HOST\n}\n"
	expect_line(DEFAULTS "service a\n{\n" GOOD "}\n", "only_from = {\"10.0.0.0/8\", \"192.0.2.1\"}");
	expect_line(DEFAULTS "service a\n{\n" GOOD " only_from += h\n}\n",
		    "only_from = {\"10.0.0.0/8\", \"192.0.2.1\", \"h\"}");
	expect_line(DEFAULTS "service a\n{\n" GOOD " only_from = h\n}\n", "only_from = {\"h\"}");
	expect_line(DEFAULTS "service a\n{\n" GOOD " only_from -= 192.0.2.1\n}\n", "only_from = {\"10.0.0.0/8\"}");
	expect_warned(DEFAULTS "service a\n{\n" GOOD " only_from =\n}\n",
		      "warning: only_from is empty: no client is allowed", "only_from = {\"none\"}");
	expect_line(DEFAULTS "service a\n{\n" GOOD " log_on_success -= pid\n}\n", "log_on_success = {\"HOST\"}");
	expect_warned(DEFAULTS "service a\n{\n" GOOD " only_from -= 192.0.2.1 10.0.0.0/8\n}\n",
		      "warning: only_from is empty: no client is allowed", "only_from = {\"none\"}");
}

Test(xinetd, takes_away_an_address_that_is_written_otherwise)
{
	expect_line(DEFAULTS "service a\n{\n" GOOD " only_from -= 10.0.0.0\n}\n", "only_from = {\"192.0.2.1\"}");
}

Test(xinetd, refuses_to_leave_only_from_wider_than_its_author_thinks)
{
	expect_refused(DEFAULTS "service a\n{\n" GOOD " only_from -= 192.0.2.2\n}\n",
		       "error: only_from: there is no '192.0.2.2' to remove");
	expect_warned(DEFAULTS "service a\n{\n" GOOD " log_on_success -= EXIT\n}\n",
		      "warning: log_on_success: there is no 'EXIT' to remove",
		      "log_on_success = {\"PID\", \"HOST\"}");
}

Test(xinetd, takes_the_first_of_two_defaults_in_a_file)
{
	expect_warned("defaults\n{\n no_access = 10.1.1.1\n instances = 5\n}\nservice a\n{\n" GOOD
		      "}\ndefaults\n{\n no_access = 10.1.1.2\n instances = 6\n}\n",
		      "t:15:1: warning: the file has defaults already", "no_access = {\"10.1.1.1\"}");
}

Test(xinetd, adds_in_defaults_also_with_an_equal_sign)
{
	expect_line("defaults\n{\n no_access = 10.1.1.1\n no_access = 10.1.1.2\n}\nservice a\n{\n" GOOD "}\n",
		    "no_access = {\"10.1.1.1\", \"10.1.1.2\"}");
}

Test(xinetd, says_of_lines_that_begin_no_entry_what_they_are_and_reads_on)
{
	struct outcome *outcome = read_xinetd("hello world\nservice a\n{\n" GOOD "}\n}\ndefaults\n{\n foo = 1\n}\n");

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_expect_eq(outcome->table->left_out_count, 2);
	cr_expect_eq(outcome->table->vital_count, 0);
	cr_expect_str_eq(only_name(outcome), "a");
	outcome_free(outcome);
}

Test(xinetd, runs_no_service_without_an_attribute_that_a_brace_too_early_cut_off)
{
	struct outcome *outcome = read_xinetd("service a\n{\n" GOOD "}\nservice b\n{\n" GOOD
					      "}\n only_from = 10.0.0.1\n}\n");

	cr_expect(strstr(outcome->said, "error: this attribute is in no entry"), "%s", outcome->said);
	cr_expect_str_eq(only_name(outcome), "a");
	outcome_free(outcome);
	outcome = read_xinetd("service a\n{\n" GOOD "}\nhello = world\n");
	cr_expect_eq(outcome->diags.errors, 1, "%s", outcome->said);
	cr_expect_str_eq(only_name(outcome), "a");
	outcome_free(outcome);
	outcome = read_xinetd("defaults\n{\n}\n only_from = 10.0.0.1\nservice a\n{\n" GOOD
			      "}\nservice b\n{\n" GOOD " only_from = 10.0.0.2\n}\n");
	cr_expect_eq(outcome->diags.errors, 1, "%s", outcome->said);
	cr_expect_str_eq(only_name(outcome), "b");
	outcome_free(outcome);
}

Test(xinetd, takes_the_family_of_an_address_before_that_of_the_flags)
{
	expect_warned("service a\n{\n" GOOD " bind = 127.0.0.1\n flags = IPv6\n}\n",
		      "warning: flags: IPv6: it is bound to 127.0.0.1", "listen = {tcp:127.0.0.1:7777}");
	expect_warned("service a\n{\n" GOOD " bind = ::1\n flags = IPv4\n}\n",
		      "warning: flags: IPv4: it is bound to ::1", "listen = {\"tcp:[::1]:7777\"}");
}

Test(xinetd, warns_of_words_that_are_hardly_names_of_hosts)
{
	expect_warned("service a\n{\n" GOOD " only_from = ALL\n}\n",
		      "warning: only_from: 'ALL' is taken for the name of a host", "only_from = ");
	expect_warned("service a\n{\n" GOOD " no_access = 0x7f.1\n}\n",
		      "warning: no_access: '0x7f.1' is taken for the name of a host", "no_access = ");
}

Test(xinetd, says_a_port_that_is_none_once)
{
	struct outcome *outcome = read_xinetd("service a\n{\n type = UNLISTED\n port = 99999\n socket_type = stream\n"
					      " wait = no\n user = nobody\n server = /bin/x\n}\n");

	cr_expect_eq(outcome->diags.errors, 1, "%s", outcome->said);
	cr_expect(strstr(outcome->said, "port: '99999'"), "%s", outcome->said);
	outcome_free(outcome);
}

Test(xinetd, says_a_mistake_in_defaults_once_and_runs_nobody_without_what_they_meant)
{
	struct outcome *outcome = read_xinetd("defaults\n{\n instances = 5 6\n only_from = 10.0.0.300\n}\n"
					      "service a\n{\n" GOOD "}\nservice b\n{\n" GOOD " instances = 4\n}\n"
					      "service c\n{\n" GOOD " instances = 4\n only_from = 10.0.0.1\n}\n");

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_expect(strstr(outcome->said, "t:3:16: error: instances needs one value, not 2"));
	cr_expect(strstr(outcome->said, "t:4:14: error: only_from: '10.0.0.300'"));
	cr_expect_str_eq(only_name(outcome), "c");
	outcome_free(outcome);
}

Test(xinetd, refuses_a_wrong_number_of_values_whatever_enabled_says)
{
	static const char *const lines[] = {
		"instances = 1 2", "cps = 50",	     "cps = 1 2 3",   "per_source =",
		"rlimit_as = 1 2", "access_times =", "server_args =", "flags =",      "deny_time =",
		"max_load = 1 2",  "umask =",	     "bind = a b",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *service = with(lines[i]), *text;

		expect_refused(service, "t:9:");
		cr_assert_gt(asprintf(&text, "defaults\n{\n enabled = a\n}\n%s", service), 0);
		expect_refused(text, "t:13:");
		free(text);
		free(service);
	}
}

Test(xinetd, refuses_a_limit_that_does_not_read)
{
	static const char *const lines[] = {
		"instances = many",
		"per_source = -1",
		"cps = fast 10",
		"cps = 10 soon",
		"max_load = 0",
		"max_load = high",
		"access_times = 8-17",
		"access_times = 25:00-26:00",
		"only_from = 10.0.0.1,10.0.0.2",
		"no_access = 1.2.3.4.5",
		"rlimit_as = big",
		"rlimit_cpu = 1x",
		"umask = 9",
		"nice = low",
		"only_from = 1.2.3.4/33",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_refused_option(lines[i], "t:9:");
}

Test(xinetd, names_the_attribute_that_may_be_meant)
{
	expect_refused_option("only_form = 10.0.0.1",
			      "t:9:1: error: unknown attribute 'only_form'\nt:9:1: hint: did you mean 'only_from'?");
	expect_refused_option("intreface = 10.0.0.1", "hint: did you mean 'interface'?");
	expect_refused_option("flags = NODELY",
			      "t:9:9: error: flags: there is no 'NODELY'\nt:9:9: hint: did you mean 'NODELAY'?");
}

Test(xinetd, refuses_operators_an_attribute_does_not_know)
{
	expect_refused_option("instances += 5", "t:9:1: error: instances knows no +=");
	expect_refused_option("env -= A", "t:9:1: error: env knows no -=");
}

Test(xinetd, drops_with_a_warning_what_xinetd_drops_unless_it_restricts)
{
	expect_dropped("foo = bar\nnice = 5", "t:9:1: warning: unknown attribute 'foo': it is left out, as in xinetd");
	expect_dropped("nice = 5\ngroups += yes", "t:10:1: warning: groups knows no +=: the line is left out");
	expect_dropped("nice = 5\ngroups = yes no", "warning: groups needs one value, not 2: the line is left out");
	expect_refused_option("cps = 25", "error: cps needs two values, not 1");
	expect_refused_option("socket_typ = dgram", "error: unknown attribute 'socket_typ'");
}

Test(xinetd, takes_the_first_of_two_lines_as_xinetd_does)
{
	char *same = with("nice = 5\nnice = 5"), *other = with("nice = 5\nnice = 6");
	char *limit = with("instances = 5\ninstances = 6");

	expect_warned(same, "warning: nice is already set at t:9, and that counts", "nice = 5");
	expect_warned(other, "warning: nice is already set at t:9, and that counts", "nice = 5");
	expect_warned(limit, "t:10:1: warning: instances is already set at t:9, and that counts", "instances = 5");
	free(limit);
	free(other);
	free(same);
}

Test(xinetd, refuses_to_replace_a_list_that_restricts_by_a_second)
{
	expect_refused_option("no_access = 127.0.0.1\nno_access = 10.0.0.0/8",
			      "t:10:1: error: no_access is already set at t:9, and this would replace it");
	expect_refused_option("only_from = 10.0.0.1\nonly_from = 10.0.0.2", "t:10:1: error: only_from is already set");
	expect_option("no_access = 10.0.0.1\nno_access += 10.0.0.2", "no_access = {\"10.0.0.1\", \"10.0.0.2\"}");
	expect_option("no_access = 10.0.0.1\nno_access = 10.0.0.1", "no_access = {\"10.0.0.1\"}");
}

Test(xinetd, passes_over_what_is_in_braces_behind_no_known_word_and_blames_nobody_else)
{
	static const char text[] = "service a\n{\n" GOOD "}\nservce b\n{\n port = 1\n nice = 2\n}\n"
				   "servce c {\n nice = 3\n}\n";
	struct outcome *outcome = read_xinetd(text);

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_expect(strstr(outcome->said, "t:10:1: error: this begins no entry"), "%s", outcome->said);
	cr_expect(strstr(outcome->said, "t:15:1: error: this begins no entry"), "%s", outcome->said);
	cr_expect(strstr(outcome->printed, "service a {"), "%s", outcome->printed);
	outcome_free(outcome);
}

Test(xinetd, takes_misspelt_defaults_for_what_they_are)
{
	static const char text[] = "service a\n{\n" GOOD "}\ndefault\n{\n only_from = 10.0.0.1\n}\n"
				   "defaults\n{\n only_from = 10.0.0.2\n}\nDefault {\n no_access = 10.0.0.3\n}\n";
	struct outcome *outcome = read_xinetd(text);

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_expect(strstr(outcome->said, "t:10:1: error: this begins no entry"), "%s", outcome->said);
	cr_expect(strstr(outcome->said, "hint: did you mean defaults?"), "%s", outcome->said);
	cr_expect(strstr(outcome->printed, "only_from = {\"10.0.0.1\", \"10.0.0.2\"}"), "%s", outcome->printed);
	cr_expect(strstr(outcome->printed, "no_access = {\"10.0.0.3\"}"), "%s", outcome->printed);
	outcome_free(outcome);
}

Test(xinetd, adds_thousands_of_lines_to_a_list_without_a_copy_for_each)
{
	static const char *const word[] = { "10.0.0.1", NULL };
	const struct origin at = { .file = "t", .line = 1, .column = 1 };
	const struct xinetd_assignment written = {
		.name = "no_access", .sign = OPERATOR_ADD, .words = word, .count = 1, .at = at, .word_at = &at,
	};
	struct xinetd_value value = { 0 };
	struct xinetd *xinetd = xinetd_new();

	cr_assert(xinetd);
	for (int i = 0; i < 4000; i++)
		xinetd_value_add(xinetd, &value, &written);
	cr_expect_eq(value.count, 4000);
	cr_expect_str_eq(value.words[3999], "10.0.0.1");
	cr_expect_null(value.words[4000]);
	cr_expect_lt(pool_used(xinetd->pool), 1 << 20);
	xinetd_free(xinetd);
}

Test(xinetd, gives_each_service_a_list_of_its_own_behind_that_of_defaults)
{
	static const char text[] =
		"defaults\n{\n no_access = 10.0.0.1\n no_access += 10.0.0.2\n}\n"
		"service ftp\n{\n no_access += 10.0.0.3\n" LISTED "}\n"
		"service ssh\n{\n no_access -= 10.0.0.1\n no_access += 10.0.0.4\n" LISTED "}\n"
		"service telnet\n{\n" LISTED "}\n";

	expect_line(text, "no_access = {\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"}");
	expect_line(text, "no_access = {\"10.0.0.2\", \"10.0.0.4\"}");
	expect_line(text, "no_access = {\"10.0.0.1\", \"10.0.0.2\"}");
}

Test(xinetd, passes_over_what_stands_in_the_wrong_place_unless_it_restricts)
{
	expect_warned("defaults\n{\n socket_type = stream\n flags = REUSE\n}\nservice a\n{\n" GOOD "}\n",
		      "t:4:2: warning: flags does not belong to defaults", "service a");
	expect_warned("defaults\n{\n access_times = 8:00-18:00\n}\nservice a\n{\n" GOOD "}\n",
		      "t:3:2: warning: xinetd ignores access_times in defaults", "access_times = ");
	expect_warned("defaults\n{\n deny_time = 5\n}\nservice a\n{\n" GOOD "}\n",
		      "t:3:2: warning: xinetd ignores deny_time in defaults", "service a");
	expect_refused("defaults\n{\n flags = IDONLY\n}\n", "t:3:2: error: flags does not belong to defaults");
	expect_refused("defaults\n{\n rlimit_as = 10M\n}\n", "t:3:2: error: rlimit_as does not belong to defaults");
	expect_refused("service a\n{\n" GOOD " disabled = b\n}\n", "error: disabled does not belong to a service");
	expect_refused("service a\n{\n" GOOD " disabled = b\n}\n", "hint: disable = yes disables this service");
}

Test(xinetd, reads_a_disabled_entry_to_its_end_with_errors_as_warnings)
{
	struct outcome *outcome = read_xinetd("service a\n{\n disable = yes\n" GOOD "}\n"
					      "service b\n{\n disable = yes\n instances = many\n}\n");

	cr_expect_eq(outcome->diags.errors, 0);
	cr_expect(strstr(outcome->said, "t:14:14: warning: instances: 'many'"), "said: %s", outcome->said);
	cr_expect(strstr(outcome->said, "warning: b: socket_type is missing"));
	cr_expect(strstr(outcome->said, "warning: b: it is disabled, and left out"));
	cr_expect_str_eq(only_name(outcome), "a");
	cr_expect(outcome->table->services[0].exec->disable);
	outcome_free(outcome);
}

Test(xinetd, runs_what_enabled_names_and_disabled_does_not)
{
#define THREE(more) \
	"service x\n{\n id = a\n" GOOD "}\nservice b\n{\n type = UNLISTED\n port = 2\n protocol = tcp\n wait = no\n" \
	" user = nobody\n server = /bin/x\n}\nservice c\n{\n type = UNLISTED\n port = 3\n protocol = tcp\n wait = " \
	"no\n" \
	" user = nobody\n server = /bin/x\n}\ndefaults\n{\n" more "}\n"
	struct outcome *outcome = read_xinetd(THREE("enabled = A b\ndisabled = b\n"));

	cr_expect_str_eq(outcome->said, "");
	cr_assert_eq(outcome->table->count, 3);
	cr_expect_not(table_find(outcome->table, "a")->exec->disable);
	cr_expect(table_find(outcome->table, "b")->exec->disable);
	cr_expect(table_find(outcome->table, "c")->exec->disable);
	cr_expect_eq(service_origin(table_find(outcome->table, "b"), "disable").line, 32);
	outcome_free(outcome);
}

Test(xinetd, does_not_revive_by_enabled_what_says_disable)
{
	struct outcome *outcome =
		read_xinetd("defaults\n{\n enabled = a\n}\nservice a\n{\n disable = yes\n" GOOD "}\n");

	cr_expect_str_eq(outcome->said, "");
	cr_expect_str_eq(only_name(outcome), "a");
	cr_expect(outcome->table->services[0].exec->disable);
	outcome_free(outcome);
}

Test(xinetd, warns_of_an_id_in_enabled_or_disabled_that_nobody_has)
{
	expect_warned(THREE("enabled = a b c\ndisabled = telnet\n"),
		      "warning: disabled: no service has the id 'telnet'", "service c");
}

Test(xinetd, calls_a_service_by_its_id)
{
	expect_option("id = echo-stream", "service echo-stream {\n\tlisten = {tcp4:7777}");
	expect_line("service telnet\n{\n id = other\n socket_type = stream\n wait = no\n user = root\n server = "
		    "/bin/x\n}\n",
		    "service other {\n\tlisten = {tcp4:telnet}");
}

Test(xinetd, tells_two_services_of_one_id_apart_and_lets_the_one_that_runs_have_it)
{
#define TIME(type, wait, more) \
	"service time\n{\n type = INTERNAL\n socket_type = " type "\n wait = " wait "\n" more "}\n"
	struct outcome *outcome = read_xinetd(TIME("stream", "no", "disable = yes\n") TIME("stream", "no", "")
					      TIME("dgram", "yes", " flags = NOLIBWRAP\n"));

	cr_expect_eq(outcome->diags.errors, 0, "%s", outcome->said);
	cr_assert_eq(outcome->table->count, 3);
	cr_expect_str_eq(outcome->table->services[0].name, "time-3");
	cr_expect_str_eq(outcome->table->services[1].name, "time");
	cr_expect_str_eq(outcome->table->services[2].name, "time-dgram");
	cr_expect(strstr(outcome->said,
			 "warning: the id time is taken already at t:8: this service is called time-dgram"));
	cr_expect_null(strstr(outcome->said, "time-3"), "%s", outcome->said);
	outcome_free(outcome);
}

Test(xinetd, gives_no_name_that_another_service_has)
{
#define NAMED(id, port) "service s\n{\n id = " id "\n type = UNLISTED\n port = " port "\n socket_type = stream\n" \
	" wait = no\n user = nobody\n server = /bin/x\n}\n"
	struct outcome *outcome = read_xinetd(NAMED("a", "1") NAMED("a", "2") NAMED("a-stream", "3") NAMED("a", "4")
					      NAMED("a-3", "5") NAMED("a-stream", "6"));
	static const char *const names[] = { "a", "a-2", "a-stream", "a-4", "a-3", "a-stream-2" };

	cr_expect_eq(outcome->diags.errors, 0, "%s", outcome->said);
	cr_assert_eq(outcome->table->count, 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect_str_eq(outcome->table->services[i].name, names[i]);
	outcome_free(outcome);
}

Test(xinetd, knows_itself_by_words_that_superd_conf_does_not_have)
{
	static const struct {
		const char *text;
		bool is;
	} texts[] = {
		{ "service a\n{\n socket_type = stream\n}\n", true },
		{ "# c\n\ndefaults\n{\n instances = 60\n}\nincludedir /etc/xinetd.d\n", true },
		{ "include /etc/x\n", true },
		{ "service a\n{\n user = root\n disable = yes\n server = /bin/x\n}\n", true },
		{ "service a { listen = 80 exec = /bin/x }\n", false },
		{ "service a {\n user = root\n exec = /bin/x\n}\n", false },
		{ "defaults\n{\n user = \"nobody\"\n}\n", false },
		{ "include(\"a\")\n", false },
		{ "telnet stream tcp nowait root /bin/x x\n", false },
		{ "127.0.0.1:80 stream tcp nowait root /bin/x x\n", false },
		{ "a = b\n", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct source_file source = { .file = "t",
					      .text = strdup(texts[i].text),
					      .length = strlen(texts[i].text) };

		cr_expect_eq(reader_xinetd.recognises(&source), texts[i].is, "%s", texts[i].text);
		free(source.text);
	}
}

Test(xinetd_files, reads_a_folder_without_names_that_have_a_dot_or_end_in_a_tilde)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("xinetd.conf", "includedir d\n");
	write_file("d/b", "service b\n{\n" GOOD "}\n");
	write_file("d/a",
		   "defaults\n{\n instances = 3\n}\nservice a\n{\n type = UNLISTED\n port = 2\n protocol = tcp\n wait "
		   "= no\n"
		   "user = nobody\n server = /bin/x\n}\n");
	write_file("d/a~", "service old\n{\n" GOOD "}\n");
	write_file("d/.hidden", "service hidden\n{\n" GOOD "}\n");
	expect_read("xinetd.conf", "a b ", "");
	expect_read("xinetd:d", "a b ", "");
	write_file("d/c.conf", "service c\n{\n" GOOD "}\n");
	expect_read("xinetd.conf", "a b ",
		    "d/c.conf: warning: left out: xinetd reads no files with a dot");
	write_file("d/c.conf", "some text\n");
	expect_read("xinetd.conf", "a b ", "");
}

Test(xinetd_files, takes_a_text_in_a_folder_for_no_table)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("d/README", "Files in this folder are services.\n\nservices: one each\n");
	write_file("d/empty", "# nothing yet\n");
	write_file("d/b", "service b\n{\n" GOOD "}\n");
	expect_read("xinetd:d", "b ", "d/README: warning: left out: nothing in it begins an entry\n");
	write_file("d/README", "service x\n");
	expect_read("xinetd:d", "b ", "d/README:1:1: error: the brace that ends the entry is missing");
}

Test(xinetd_files, are_imported_by_superd_conf_with_their_own_defaults)
{
	write_file("superd.conf", "import(\"xinetd:x\")\nservice n { listen = 80 exec = /bin/n user = root }\n");
	write_file("x", "service b\n{\n" GOOD "}\ndefaults\n{\n disabled = b\n}\n");
	expect_read("superd.conf", "b n ", "");
}

Test(xinetd_files, lays_defaults_of_one_file_under_services_of_another)
{
	const char *const sources[] = { "xinetd:main" };
	const struct read_request request = { .sources = sources, .count = 1 };
	struct diags diags = { 0 };
	struct table *table;

	write_file("main", "include first\ninclude second\n");
	write_file("first", "service a\n{\n" GOOD "}\n");
	write_file("second", "defaults\n{\n only_from = 10.0.0.0\n}\n");
	table = read_table(&request, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 1);
	cr_assert(table->services[0].sockets[0].options->only_from);
	cr_expect_str_eq(table->services[0].sockets[0].options->only_from[0], "10.0.0.0");
	table_free(table);
	diags_free(&diags);
}

Test(xinetd_files, keeps_the_defaults_of_one_source_from_another)
{
	const char *const sources[] = { "xinetd:one", "xinetd:two" };
	const struct read_request request = { .sources = sources, .count = 2 };
	struct diags diags = { 0 };
	struct table *table;

	write_file("one", "defaults\n{\n only_from = 10.0.0.0\n}\n");
	write_file("two", "service a\n{\n" GOOD "}\n");
	table = read_table(&request, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 1);
	cr_expect_null(table->services[0].sockets[0].options->only_from);
	table_free(table);
	diags_free(&diags);
}

Test(xinetd_files, says_which_include_is_missing_or_goes_round)
{
	write_file("xinetd.conf", "include none\n");
	expect_read("xinetd.conf", "", "xinetd.conf:1:1: error: cannot read none: No such file");
	write_file("xinetd.conf", "service a\n{\n" GOOD "}\nincludedir none\n");
	expect_read("xinetd.conf", "a ", "xinetd.conf:10:1: warning: includedir: there is no none\n");
	write_file("other", "include xinetd.conf\n");
	write_file("xinetd.conf", "include other\n");
	expect_read("xinetd.conf", "", "other:1:1: error: xinetd.conf is being read already");
	write_file("xinetd.conf", "include\n");
	expect_read("xinetd.conf", "", "xinetd.conf:1:1: error: include needs one path");
}

Test(xinetd_lines, have_a_name_an_operator_and_values)
{
	static const struct {
		const char *text;
		enum xinetd_line_kind kind;
		const char *name;
		enum xinetd_operator sign;
		size_t count;
	} lines[] = {
		{ "a = b c", XINETD_ATTRIBUTE, "a", OPERATOR_SET, 2 },
		{ "\ta=b", XINETD_ATTRIBUTE, "a", OPERATOR_SET, 1 },
		{ "a+=b", XINETD_ATTRIBUTE, "a", OPERATOR_ADD, 1 },
		{ "a -=b=c", XINETD_ATTRIBUTE, "a", OPERATOR_REMOVE, 1 },
		{ "a =", XINETD_ATTRIBUTE, "a", OPERATOR_SET, 0 },
		{ "a + = b", XINETD_STATEMENT, "a", OPERATOR_SET, 4 },
		{ "include /a=b", XINETD_STATEMENT, "", OPERATOR_SET, 2 },
		{ "{", XINETD_OPEN, "{", OPERATOR_SET, 0 },
		{ "{ a", XINETD_STATEMENT, "", OPERATOR_SET, 2 },
		{ "} x", XINETD_CLOSE, "}", OPERATOR_SET, 1 },
		{ "= b", XINETD_STATEMENT, "", OPERATOR_SET, 2 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct source_file source = { .text = strdup(lines[i].text), .length = strlen(lines[i].text) };
		struct xinetd_scanner scanner = { .source = &source };

		cr_assert(source_find_lines(&source));
		cr_assert(xinetd_line_next(&scanner), "%s", lines[i].text);
		cr_expect_eq(scanner.kind, lines[i].kind, "%s: %d", lines[i].text, scanner.kind);
		cr_expect_eq(scanner.count, lines[i].count, "%s: %zu", lines[i].text, scanner.count);
		if (scanner.kind == XINETD_ATTRIBUTE) {
			cr_expect_eq(scanner.sign, lines[i].sign, "%s", lines[i].text);
			cr_expect(xinetd_span_is(&source, scanner.name, lines[i].name), "%s", lines[i].text);
		}
		cr_expect_not(xinetd_line_next(&scanner));
		xinetd_scanner_free(&scanner);
		source_free(&source);
	}
}
