/* Which units belong together: sockets and their services, by their names, by Service and by Sockets. */
#include "unit_pairs.h"

#define OTHER "[Socket]\nListenStream=/run/b\n"

static struct outcome *read_all(const struct given *given, const char *first, const char *second)
{
	const char *const ask[] = { first, second, NULL };

	return read_units(given, ask);
}

Test(units, make_one_service_of_a_socket_and_its_service)
{
	const struct given given[] = { { "a.socket", SOCKET }, { "a.service", SERVICE }, { NULL, NULL } };

	expect_printed(read_all(given, "a.socket", NULL), "service a {\n\tsocket a.socket {\n\t\tlisten = {/run/a}\n");
	expect_printed(read_all(given, "a.service", NULL), "service a {\n\tsocket a.socket {\n\t\tlisten = {/run/a}\n");
	expect_printed(read_all(given, "a.service", "a.socket"), "service a {\n\tsocket a.socket {\n");
}

Test(units, start_a_service_without_a_socket_at_once)
{
	const struct given given[] = { { "a.service", SERVICE }, { NULL, NULL } };

	expect_printed(read_all(given, "a.service", NULL), "\tstart = boot\n");
}

Test(units, start_a_service_without_a_socket_again_only_where_it_says_so)
{
	const struct given unsaid[] = { { "a.service", SERVICE }, { NULL, NULL } },
			   said[] = { { "a.service", SERVICE "Restart=on-failure\n" }, { NULL, NULL } };

	expect_printed(read_all(unsaid, "a.service", NULL), "\trestart = no\n");
	expect_printed(read_all(said, "a.service", NULL), "\trestart = on-failure\n");
}

Test(units, give_a_service_the_sockets_that_name_it_in_the_order_they_were_asked_for)
{
	const struct given given[] = { { "a.socket", SOCKET },
				       { "b.socket", OTHER "Service=a.service\n" },
				       { "a.service", SERVICE },
				       { NULL, NULL } };
	struct outcome *outcome = read_all(given, "b.socket", "a.socket");

	cr_expect_str_empty(outcome->said);
	cr_assert_eq(outcome->table->count, 1);
	cr_assert_eq(outcome->table->services[0].socket_count, 2);
	cr_expect_str_eq(outcome->table->services[0].sockets[0].name, "b.socket");
	cr_expect_str_eq(outcome->table->services[0].sockets[1].name, "a.socket");
	outcome_free(outcome);
}

Test(units, give_a_service_the_sockets_it_names_behind_the_others_by_their_names)
{
	const struct given given[] = { { "a.socket", SOCKET },
				       { "c.socket", "[Socket]\nListenStream=/run/c\nService=a.service\n" },
				       { "b.socket", OTHER "Service=a.service\n" },
				       { "a.service", SERVICE "Sockets=c.socket b.socket a.socket\n" },
				       { NULL, NULL } };
	struct outcome *outcome = read_all(given, "a.socket", NULL);

	cr_expect_str_empty(outcome->said);
	cr_assert_eq(outcome->table->services[0].socket_count, 3);
	cr_expect_str_eq(outcome->table->services[0].sockets[0].name, "a.socket");
	cr_expect_str_eq(outcome->table->services[0].sockets[1].name, "b.socket");
	cr_expect_str_eq(outcome->table->services[0].sockets[2].name, "c.socket");
	outcome_free(outcome);
}

Test(units, give_two_sockets_one_name)
{
	const struct given given[] = { { "a.socket", SOCKET "FileDescriptorName=x\n" },
				       { "b.socket",
					 OTHER "Service=a.service\nFileDescriptorName=x\nSocketMode=0600\n" },
				       { "a.service", SERVICE },
				       { NULL, NULL } };

	expect_printed(read_all(given, "a.socket", "b.socket"), "\tsocket x {\n\t\tlisten = {/run/b}\n");
}

Test(units, give_a_socket_to_one_service_alone)
{
	const struct given given[] = { { "a.socket", SOCKET },
				       { "b.socket", OTHER },
				       { "b.service", SERVICE },
				       { "a.service", SERVICE "Sockets=b.socket\n" },
				       { NULL, NULL } };

	expect_said(read_all(given, "a.socket", "b.socket"),
		    "a.service:3:1: error: Sockets: b.socket leads to another");
	expect_said(read_all((struct given[]){ { "a.service", SERVICE "Sockets=z.socket\n" }, { NULL, NULL } },
			     "a.service", NULL),
		    "a.service:3:1: error: Sockets: there is no socket z.socket");
}

Test(units, of_connections_are_called_as_their_socket)
{
	const struct given given[] = { { "a.socket", SOCKET "Accept=yes\n" },
				       { "a@.service", SERVICE },
				       { NULL, NULL } };

	expect_printed(read_all(given, "a.socket", NULL), "service a {\n");
	expect_printed(read_all(given, "a.socket", NULL), "\taccept = yes\n\tpass = systemd\n");
}

Test(units, say_at_once_what_is_missing_and_what_is_there)
{
	const struct given waits[] = { { "a.socket", SOCKET }, { "a@.service", SERVICE }, { NULL, NULL } };
	const struct given accepts[] = { { "a.socket", SOCKET "Accept=yes\n" },
					 { "a.service", SERVICE },
					 { NULL, NULL } };

	expect_said(read_all(waits, "a.socket", NULL), "a.socket:1:1: error: a.service: there is no such unit");
	expect_said(read_all(waits, "a.socket", NULL), "a@.service, which is there, goes with Accept=yes");
	expect_said(read_all(accepts, "a.socket", NULL), "a.socket:1:1: error: a@.service: there is no such unit");
	expect_said(read_all(accepts, "a.socket", NULL), "a.service, which is there, goes with Accept=no");
	expect_said(read_all(accepts, "b.socket", NULL), "b.socket: error: there is no such unit");
	expect_said(read_all(accepts, "b.timer", NULL), "their names end in .socket or .service");
}

Test(units, name_what_is_there_where_another_was_asked_for)
{
	const struct given given[] = { { "a.service", SERVICE },
				       { "b.socket", SOCKET },
				       { "c@.socket", SOCKET },
				       { "d@.service", SERVICE },
				       { NULL, NULL } };

	expect_said(read_all(given, "a.socket", NULL), "a.socket: hint: there is a.service");
	expect_said(read_all(given, "b.service", NULL), "b.service: hint: there is b.socket");
	expect_said(read_all(given, "c.socket", NULL),
		    "c.socket: hint: c@.socket is a template: name an instance, as c@NAME.socket");
	expect_said(read_all(given, "d.socket", NULL), "d.socket: hint: there is d@.service");
}

Test(units, say_all_that_is_wrong_with_both_though_a_socket_leads_nowhere)
{
	const struct given given[] = { { "a.socket", "[Socket]\nListenStream=http\nAccept=maybe\n[Sokcet]\nA=b\n" },
				       { "a.service", "[Servce]\nExecStart=/bin/x\n" },
				       { "b.socket", SOCKET "Accept=maybe\n" },
				       { "b@.service", "[Service]\nExecStart=x/y\n" },
				       { NULL, NULL } };
	const char *const said[] = {
		"a.socket:2:14: error: ListenStream: 'http'",
		"a.socket:3:8: error: Accept: expected yes or no",
		"a.socket:5:1: warning: [Sokcet]: a unit",
		"a.socket:5:1: hint: did you mean [Socket]?",
		"a.service:1:1: error: a.service: ExecStart is missing",
		"a.service:2:1: hint: did you mean [Service]?",
		"b.socket:3:8: error: Accept: expected yes or no",
		"b@.service:2:11: error: ExecStart: 'x/y'",
	};
	struct outcome *outcome = read_all(given, "a.socket", "b.socket");

	for (size_t n = 0; n < sizeof(said) / sizeof(*said); n++)
		cr_expect(strstr(outcome->said, said[n]), "'%s': %s", said[n], outcome->said);
	cr_expect_eq(outcome->table->count, 0);
	outcome_free(outcome);
}

Test(units, have_instances)
{
	const struct given given[] = { { "a@x.socket", "[Socket]\nListenStream=@a-%i\n" },
				       { "a@x.service", "[Service]\nExecStart=/bin/x %i %p %N\n" },
				       { "a@.socket", SOCKET },
				       { NULL, NULL } };

	expect_printed(read_all(given, "a@x.socket", NULL),
		       "service \"a@x\" {\n\tsocket \"a@x.socket\" {\n\t\tlisten = {\"@a-x\"}\n");
	expect_printed(read_all(given, "a@x.socket", NULL), "exec = \"/bin/x x a a@x\"");
	expect_said(read_all(given, "a@.socket", NULL),
		    "error: a@.socket is a template: name an instance, as a@NAME.socket");
}

Test(units, that_are_wrong_are_left_out_whole)
{
	const struct given given[] = { { "a.socket", SOCKET "Backlog=x\n" },
				       { "a.service", SERVICE "RootImage=/x\n" },
				       { "b.socket", OTHER },
				       { "b.service", SERVICE },
				       { NULL, NULL } };
	struct outcome *outcome = read_all(given, "a.socket", "b.socket");

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_assert_eq(outcome->table->count, 1);
	cr_expect_str_eq(outcome->table->services[0].name, "b");
	cr_expect_eq(outcome->table->left_out_count, 2);
	outcome_free(outcome);
}

Test(units, are_told_of_their_own_mistakes_where_their_service_is_missing)
{
	const struct given given[] = {
		{ "a.socket", "[Unit]\nConditionFirmware=x\n[Socket]\nListenStream=/run/a\nBacklog=x\n"
			      "MaxConnectionsPerSource=y\nExecStartPre=bin/x\n" },
		{ "b.socket", SOCKET "Service=nosuch.service\nNoDelay=x\n" },
		{ NULL, NULL }
	};

	expect_said(read_all(given, "a.socket", NULL), "error: a.service: there is no such unit");
	expect_said(read_all(given, "a.socket", NULL), "a.socket:2:1: error: ConditionFirmware");
	expect_said(read_all(given, "a.socket", NULL), "a.socket:5:9: error: ");
	expect_said(read_all(given, "a.socket", NULL), "a.socket:7:14: error: ExecStartPre: 'bin/x'");
	expect_said(read_all(given, "b.socket", NULL), "b.socket:3:9: error: nosuch.service: there is no such unit");
	expect_said(read_all(given, "b.socket", NULL), "b.socket:4:9: error: ");
}
