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

Test(units, that_are_asked_for_are_there)
{
	const struct given given[] = { { "a.service", SERVICE }, { NULL, NULL } };

	expect_said(read_all(given, "b.socket", NULL), "b.socket: error: there is no such unit");
	expect_said(read_all(given, "b.timer", NULL), "their names end in .socket or .service");
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

Test(units, that_are_templates_need_an_instance)
{
	const struct given given[] = { { "a@.socket", SOCKET }, { NULL, NULL } };

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

