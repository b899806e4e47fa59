/* Units that are asked for and not there, and what superd says of a table of theirs. Which belong together, and
 * what each key becomes, is in tests/read/systemd. */
#include "unit_pairs.h"

static struct outcome *read_all(const struct given *given, const char *first, const char *second)
{
	const char *const ask[] = { first, second, NULL };

	return read_units(given, ask);
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
	expect_said(read_all(given, "c.socket", NULL), "c.socket: hint: there is c@.socket");
	expect_said(read_all(given, "d.socket", NULL), "d.socket: hint: there is d@.service");
}

Test(units, that_are_templates_need_an_instance)
{
	const struct given given[] = { { "a@.socket", SOCKET }, { NULL, NULL } };

	expect_said(read_all(given, "a@.socket", NULL),
		    "error: a@.socket is a template: name an instance, as a@NAME.socket");
}

Test(units, name_the_key_that_keeps_two_wildcards_apart)
{
	expect_said(read_pair("[Socket]\nListenStream=0.0.0.0:80\nListenStream=[::]:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
	expect_said(read_pair("[Socket]\nListenStream=80\nListenStream=127.0.0.1:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
}

static void lenient(void)
{
	warns_of_unsupported = true;
}

static void strict(void)
{
	warns_of_unsupported = false;
}

Test(units, are_run_without_what_superd_lacks_where_that_is_asked_for, .init = lenient, .fini = strict)
{
	struct outcome *outcome = with_service("RootImage=/x\n");

	cr_expect(strstr(outcome->said, "a.service:3:11: warning: RootImage: superd cannot honour it"), "%s",
		  outcome->said);
	cr_expect_eq(outcome->table->count, 1);
	outcome_free(outcome);
	outcome = with_service("User=a b\n");
	cr_expect(strstr(outcome->said, "error"), "%s", outcome->said);
	cr_expect_eq(outcome->table->count, 0);
	outcome_free(outcome);
}
