/* superd.conf: from text to services, values through libconfuse and the directive table. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/option/option_table.h"
#include "table/sources/sources.h"

struct result {
	struct table *table;
	struct diags diags;
	char *said;
};

static struct result *read_string(const char *text)
{
	struct result *result = calloc(1, sizeof(*result));
	size_t length;
	FILE *said;

	cr_assert(result);
	result->table = read_text("t", text, strlen(text), &result->diags);
	cr_assert(result->table);
	said = open_memstream(&result->said, &length);
	diags_print(&result->diags, said);
	fclose(said);
	return result;
}

static void result_free(struct result *result)
{
	table_free(result->table);
	diags_free(&result->diags);
	free(result->said);
	free(result);
}

static void expect_said(const char *text, const char *said)
{
	struct result *result = read_string(text);

	cr_expect(strstr(result->said, said), "of: %s\nwanted: %s\nsaid: %s", text, said, result->said);
	result_free(result);
}

/* A service with these lines behind its exec. */
static void expect_of_command(const char *lines, const char *said)
{
	struct result *result;
	char text[256];

	snprintf(text, sizeof(text), "service a {\n listen = 80\n user = x\n %s\n}\n", lines);
	result = read_string(text);
	if (said)
		cr_expect(strstr(result->said, said), "of: %s\nwanted: %s\nsaid: %s", text, said, result->said);
	else
		cr_expect_null(strstr(result->said, "no shell"), "of: %s\nsaid: %s", text, result->said);
	result_free(result);
}

Test(native, warns_of_what_only_a_shell_would_do)
{
	static const char *const meant[] = { "|", "||", "&&", "&", ">", "2>&1", "</dev/null", ";", "x;", "$HOME",
					     "a/${HOME}", "`date`", "$(date)" };
	static const char *const plain[] = { "'|'", "\\\\>", "a|b", "->", "'$HOME'", "$1", "100$", "%{port}" };
	char line[128], said[160];

	for (size_t n = 0; n < sizeof(meant) / sizeof(*meant); n++) {
		snprintf(line, sizeof(line), "exec = \"/bin/x y %s z\"", meant[n]);
		snprintf(said, sizeof(said), "t:4:9: warning: exec: '%s': no shell reads this", meant[n]);
		expect_of_command(line, said);
	}
	for (size_t n = 0; n < sizeof(plain) / sizeof(*plain); n++) {
		snprintf(line, sizeof(line), "exec = \"/bin/x y %s z\"", plain[n]);
		expect_of_command(line, NULL);
	}
	expect_of_command("exec = /bin/x\n exec_start_pre = { /bin/y, \"/bin/z a && b\" }",
			  "t:5:29: warning: exec_start_pre: '&&': no shell reads this");
}

Test(native, leaves_to_a_shell_what_is_a_shells)
{
	expect_of_command("exec = \"/bin/sh -c 'a | b > $HOME' | \"", NULL);
	expect_of_command("exec = \"/usr/bin/env bash -ec a ; b\"", NULL);
	expect_of_command("exec = \"/bin/sh script | b\"", "'|': no shell reads this");
	expect_of_command("exec = \"/usr/sbin/nginx -c file | b\"", "'|': no shell reads this");
	expect_of_command("exec = { /bin/x, '|' }", NULL);
	expect_of_command("exec = \"/bin/x $HOME ${A}\"\n expand_environment = yes", NULL);
	expect_of_command("exec = \"/bin/x $(date)\"\n expand_environment = yes", "'$(date)': no shell reads this");
	expect_of_command("exec = \"/bin/x $HOME\"", "or set expand_environment = yes");
}

/* The values of env, where anything may stand. */
static void expect_env(const char *written, const char *value)
{
	char text[256];
	struct result *result;
	const struct service *service;

	snprintf(text, sizeof(text), "service a {\n listen = 80\n exec = /bin/x\n env = { %s }\n}\n", written);
	result = read_string(text);
	cr_expect_str_eq(result->said, "", "of: %s", text);
	service = table_find(result->table, "a");
	cr_assert(service && service->groups->environment->env && service->groups->environment->env[0], "of: %s", text);
	cr_expect_str_eq(service->groups->environment->env[0], value, "of: %s", text);
	result_free(result);
}

Test(native, reads_a_service)
{
	struct result *result = read_string("service echo {\n listen = { \"8888\" }\n"
					    " exec = \"/usr/bin/ruby /srv/echo.rb\"\n"
					    " user = \"kill\"\n nice = 5\n timeout_stop = 5s\n}\n");
	const struct service *service = table_find(result->table, "echo");

	cr_expect_str_eq(result->said, "");
	cr_assert(service);
	cr_expect_eq(service->at.line, 1);
	cr_assert_eq(service->socket_count, 1);
	cr_expect_eq(service->sockets[0].endpoint->port, 8888);
	cr_expect_str_eq(service->sockets[0].name, "echo");
	cr_expect_str_eq(service->exec->exec[0], "/usr/bin/ruby");
	cr_expect_str_eq(service->exec->exec[1], "/srv/echo.rb");
	cr_expect_str_eq(service->groups->identity->user, "kill");
	cr_expect_eq(service->groups->environment->nice, 5);
	cr_expect_eq(service->groups->lifecycle->timeout_stop, 5000000);
	result_free(result);
}

Test(native, gives_sockets_their_own_names_and_options_in_order)
{
	struct result *result = read_string("service web {\n socket http { listen = 80 backlog = 5 }\n listen = 81\n"
					    " socket admin { listen = /run/web.sock socket_mode = 0660 }\n"
					    " exec = /bin/x\n backlog = 7\n}\n");
	const struct service *service = table_find(result->table, "web");

	cr_expect_str_eq(result->said, "");
	cr_assert(service);
	cr_assert_eq(service->socket_count, 3);
	cr_expect_str_eq(service->sockets[0].name, "http");
	cr_expect_eq(service->sockets[0].options->backlog, 5);
	cr_expect_str_eq(service->sockets[1].name, "web");
	cr_expect_eq(service->sockets[1].options->backlog, 7);
	cr_expect_str_eq(service->sockets[2].name, "admin");
	cr_expect_eq(service->sockets[2].options->backlog, 7);
	cr_expect_eq(service->sockets[2].options->socket_mode, 0660);
	result_free(result);
}

/* What exec is made of, with | between its words, and that it is printed as a text that is read the same. */
static void expect_exec(const char *options, const char *wanted)
{
	char text[256], got[256] = "";
	struct buf printed = { 0 };
	const struct service *service;
	struct result *result;

	snprintf(text, sizeof(text), "service a {\n listen = 80\n %s\n}\n", options);
	result = read_string(text);
	cr_expect_str_eq(result->said, "", "of: %s", text);
	service = table_find(result->table, "a");
	cr_assert(service && service->exec->exec, "of: %s", text);
	for (size_t i = 0; service->exec->exec[i]; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "|" : "", service->exec->exec[i]);
	cr_expect_str_eq(got, wanted, "of: %s", text);
	if (!strncmp(options, "exec = {", 8)) {
		const struct directive *directive = directive_find(NATIVE, "exec");

		buf_text(&printed, "exec = ");
		type_format(directive, &service->exec->exec, &printed);
		expect_exec(buf_string(&printed), wanted);
		buf_free(&printed);
	}
	result_free(result);
}

Test(native, splits_a_command_that_is_a_text_and_takes_a_list_word_by_word)
{
	expect_exec("exec = \"/opt/my app/run\"", "/opt/my|app/run");
	expect_exec("exec = {\"/opt/my app/run\"}", "/opt/my app/run");
	expect_exec("exec = {\"/opt/my 'app\\\\run\"}", "/opt/my 'app\\run");
	expect_exec("exec = {\"/opt/my app/run\", \"a b\"}", "/opt/my app/run|a b");
	expect_exec("exec = \"/bin/x y\"\n exec += \"a b\"", "/bin/x|y|a|b");
	expect_exec("exec = \"/bin/x\"\n exec += {\"a b\"}\n exec += {c}", "/bin/x|a b|c");
	expect_said("service a {\n listen = 80\n exec = {\"\"}\n}\n",
		    "the program, the first word of a command, is not empty");
}

Test(native, lays_defaults_under_services_wherever_they_stand)
{
	struct result *result = read_string("service a { listen = 80 exec = /bin/x }\n"
					    "defaults { user = nobody nice = 3 }\n"
					    "service b { listen = 81 exec = /bin/x user = root }\n");

	cr_expect_str_eq(result->said, "");
	cr_assert_eq(result->table->count, 2);
	cr_expect_str_eq(result->table->services[0].groups->identity->user, "nobody");
	cr_expect_str_eq(result->table->services[1].groups->identity->user, "root");
	cr_expect_eq(result->table->services[1].groups->environment->nice, 3);
	result_free(result);
}

Test(native, expands_nothing)
{
	cr_assert_eq(setenv("SUPERD_TEST", "expanded", 1), 0);
	expect_env("\"A=${SUPERD_TEST}\"", "A=${SUPERD_TEST}");
	expect_env("\"A=$SUPERD_TEST\"", "A=$SUPERD_TEST");
	expect_env("\"A=\\${SUPERD_TEST}\"", "A=${SUPERD_TEST}");
	expect_env("\"A=\\\\${SUPERD_TEST}\"", "A=\\${SUPERD_TEST}");
	expect_env("'A=${SUPERD_TEST}'", "A=${SUPERD_TEST}");
	expect_env("\"A=%{fd}~*\"", "A=%{fd}~*");
}

Test(native, knows_the_escapes_of_quoted_texts)
{
	expect_env("\"A=\\t\\\"\\\\\\x41\\101\\q\"", "A=\t\"\\AAq");
	expect_env("'A=\\n\\'\\\\\"'", "A=\\n'\\\"");
	expect_env("\"A=b\\\n c\"", "A=b c");
	expect_env("\"A=\xc3\xa4 # // /* */\"", "A=\xc3\xa4 # // /* */");
}

Test(native, takes_bare_words_as_they_stand)
{
	struct result *result = read_string("service a { listen = *:80 exec = /srv//bin/x+y*z\\w$v }");

	cr_expect_str_eq(result->said, "");
	cr_assert_eq(result->table->count, 1);
	cr_expect_eq(result->table->services[0].sockets[0].endpoint->port, 80);
	result_free(result);
}

Test(native, keeps_lines_right_behind_comments_and_long_quotes)
{
	expect_said("# one\n// two\nservice a {\n /* three\n */ exec = \"/bin/x \\\n -y\"\n listen = 80\n"
		    " nice = 99\n}\n",
		    "t:8:9: error: nice");
}

Test(native, reports_values_at_their_own_column)
{
	expect_said("service a { listen = { 80, 99999 } exec = /bin/x }", "t:1:28: error: listen:");
	expect_said("service a { listen = 80 exec = /bin/x\n  socket b { listen = tcp:bad:port:x } }",
		    "t:2:23: error: listen:");
}

Test(native, reports_what_libconfuse_refuses_at_its_place_and_goes_on)
{
	expect_said("service a {\n listen = 80\n exec = \"/bin/x \\777\"\n}\nservice b { usr = x }\n",
		    "t:3:17: error: invalid octal number '\\777'");
	expect_said("service a {\n listen = 80\n exec = \"/bin/x \\777\"\n}\nservice b { usr = x }\n",
		    "t:5:13: error: unknown option 'usr'\n");
	expect_said("service a {\n socket b {\n  listen = \"\\999\" } }\n",
		    "t:3:13: error: bad escape sequence '\\999'");
}

/* libconfuse tells the line alone, so the place is looked for from there on. */
Test(native, takes_the_line_of_libconfuse_for_what_it_is)
{
	expect_said("service a { # \\777\n exec = \"x \\\n \\\\777\"\n listen = { 80,\n # \\777\n\n  81 }\n"
		    " env = \"\\777\"\n}\n",
		    "t:8:9: error: invalid octal number '\\777'");
}

Test(native, reports_unknown_options_with_a_hint)
{
	expect_said("service a { usr = x }", "t:1:13: error: unknown option 'usr'\n");
	expect_said("service a { usr = x }", "hint: did you mean 'user'?\n");
	expect_said("service a { idle_timeout = 2 min }",
		    "unexpected 'min' after the value of 'idle_timeout': a number and its unit are one word");
	expect_said("service a { this_name_is_far_longer_than_any_option_of_any_system_could_ever_be_in_the_future "
		    "= x }",
		    "t:1:13: error: unknown option");
	expect_said("service a { socket b { listen = 80 bcklog = 4 } }", "t:1:36: error: unknown option 'bcklog'\n");
}

Test(native, reports_an_option_set_twice_with_both_places)
{
	expect_said("service a {\n user = x\n nice = 1\n user = y\n}", "t:4:2: error: user is already set at t:2\n");
	expect_said("service a { socket b {\n listen = 80\n backlog = 1\n backlog = 2 } }",
		    "t:4:2: error: backlog is already set at t:3\n");
	expect_said("defaults {\n user = x }\ndefaults { user = y }", "t:3:12: error: user is already set at t:2\n");
}

/* said: all that is said; "" if the number is right. */
static void expect_max_starting(const char *text, bool is_set, int64_t number, const char *said)
{
	struct result *result = read_string(text);
	const struct globals *globals = &result->table->globals;

	cr_expect_str_eq(result->said, said, "of: %s", text);
	cr_expect_eq(globals->at[GLOBAL_MAX_STARTING].file != NULL, is_set, "of: %s", text);
	cr_expect_eq(globals->max_starting, number, "of: %s", text);
	result_free(result);
}

#define A "service a { listen = 80 exec = /bin/x }\n"

Test(native, reads_the_settings_of_superd_itself)
{
	expect_max_starting(A, false, -1, "");
	expect_max_starting("superd { }\n" A, false, -1, "");
	expect_max_starting("superd { max_starting = 4 }\n" A, true, 4, "");
	expect_max_starting(A "superd {\n\tmax_starting = { \"1000000\" }\n}", true, 1000000, "");
	expect_max_starting("superd { max_starting = 0 } " A, true, 0, "");
	expect_max_starting("superd { max_starting = \"\" } " A, true, -1, "");
	expect_max_starting("superd {\n max_starting = many\n}\n" A, true, -1,
			    "t:2:17: error: max_starting: 'many': expected a number from 0 to 1000000\n");
	expect_max_starting("superd {\n max_starting = -1\n}\n" A, true, -1,
			    "t:2:17: error: max_starting: '-1': expected a number from 0 to 1000000\n");
	expect_max_starting("superd {\n max_starting = 1000001\n}\n" A, true, -1,
			    "t:2:17: error: max_starting: '1000001': expected a number from 0 to 1000000\n");
	expect_max_starting("superd {\n max_starting = { 4, 5 }\n}\n" A, true, -1,
			    "t:2:22: error: max_starting needs one value\n");
	expect_max_starting("superd {\n max_starting = {}\n}\n" A, true, -1,
			    "t:2:2: error: max_starting needs one value\n");
	expect_max_starting("superd {\n max_starting += 4\n}\n" A, true, -1,
			    "t:2:2: error: max_starting needs one value: += adds to lists only\n");
	expect_max_starting("superd {\n max_starting = 4\n max_starting = 5\n}\n" A, true, 4,
			    "t:3:2: error: max_starting is already set at t:2\nt:3:2: hint: keep one of the two\n");
}

Test(native, refuses_a_second_block_of_superd_itself_with_both_places)
{
	expect_max_starting("superd { max_starting = 4 }\n" A "superd { max_starting = 5 }\n", true, 4,
			    "t:3:1: error: there is another superd { } at t:1: a configuration has at most one\n"
			    "t:3:1: hint: write all settings in one of the two\n");
	expect_max_starting("superd { }\n" A "superd { }\n", false, -1,
			    "t:3:1: error: there is another superd { } at t:1: a configuration has at most one\n"
			    "t:3:1: hint: write all settings in one of the two\n");
}

Test(native, knows_where_a_setting_and_an_option_belong)
{
	expect_said("service a {\n max_starting = 4 }", "t:2:2: error: unknown option 'max_starting'\n"
		    "t:2:2: hint: it is a setting of superd itself: write it in superd { }\n");
	expect_said("service a { socket b {\n max_starting = 4 } }", "write it in superd { }");
	expect_said("defaults {\n max_starting = 4 }", "write it in superd { }");
	expect_said("superd {\n user = x }", "t:2:2: error: unknown setting 'user' in superd { }\n"
		    "t:2:2: hint: it is an option of services: write it in service { } or defaults { }\n");
	expect_said("superd {\n max_startin = 4 }", "t:2:2: error: unknown setting 'max_startin' in superd { }\n"
		    "t:2:2: hint: did you mean 'max_starting'?\n");
	expect_said("superd {\n socket a { listen = 80 } }",
		    "t:2:2: error: a socket block belongs in a service, not in superd");
}

Test(native, adds_to_lists_and_keeps_the_rest_single)
{
	struct result *result = read_string("defaults { env = \"A=1\" }\nservice a { listen = 80 listen += { 81 }\n"
					    " exec = /bin/x env += { \"B=2\", \"C=3\" } }");
	const struct service *service = table_find(result->table, "a");

	cr_expect_str_eq(result->said, "");
	cr_assert(service);
	cr_expect_eq(service->socket_count, 2);
	cr_expect_str_eq(service->groups->environment->env[0], "A=1");
	cr_expect_str_eq(service->groups->environment->env[2], "C=3");
	result_free(result);
	expect_said("service a { user += x }", "t:1:13: error: user");
	expect_said("service a { user = {x, y} }", "t:1:24: error: user needs one value");
}

Test(native, runs_nothing_half_understood)
{
	struct result *result = read_string("service a { listen = 80 exec = /bin/x user }\n"
					    "service b { listen = 81 exec = /bin/x }");

	cr_expect_eq(result->diags.errors, 1, "said: %s", result->said);
	cr_expect_null(table_find(result->table, "a"));
	cr_expect(table_find(result->table, "b"));
	result_free(result);
}

Test(native, checks_the_values_of_a_broken_service_too)
{
	struct result *result = read_string("service a { listen = 80 user\n nice = 99 }");

	cr_expect_eq(result->diags.errors, 2, "said: %s", result->said);
	result_free(result);
}

Test(native, bounds_the_options_of_one_service)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct result *result;

	fputs("service a {\n", out);
	for (int i = 0; i < 5000; i++)
		fputs("env += A=\n", out);
	fputs("}\nservice b { listen = 80 exec = /bin/x }\n", out);
	fclose(out);
	result = read_string(text);
	cr_expect(result->diags.errors);
	cr_expect(table_find(result->table, "b"));
	result_free(result);
	free(text);
}
