/* A reload of a table with a bad line fails, and calls the service by its one name. */
#include "controlling.h"
#include "superctl.h"

static void expect(const char *text, const char *part)
{
	cr_expect(strstr(text, part), "there is no \"%s\" in:\n%s", part, text);
}

static const char *inetd_row(int port, const char *wait)
{
	return text_of("127.0.0.1:%d stream tcp %s %s /bin/cat cat\n", port, wait, own_user());
}

/* Called as inetd, superd keeps what it serves where a line is wrong now. */
Behaviour(reload_loss, a_bad_line_of_an_inetd_conf_fails_and_names_the_service)
{
	int port = free_port(), other = free_port();
	const char *name = text_of("%d@127.0.0.1", port), *list;
	const struct setup setup = { .format = "inetd", .arguments = (const char *const[]){ "--keep-going", "--control",
											   control_path(), NULL } };
	struct superd *superd = superd_run_with(&setup, "%s", inetd_row(port, "nowait.100"));
	struct outcome outcome;

	superd_port(superd, name);
	wait_node(control_path());
	cr_expect_eq(SUPERCTL(control_path(), "hold", name).status, 0);
	write_file(strrchr(superd->table, '/') + 1, "%s%s", inetd_row(port, "nowiat.100"), inetd_row(other, "wiat"));
	outcome = SUPERCTL(control_path(), "reload");
	cr_expect_eq(outcome.status, 1, "%s", outcome.out);
	expect(outcome.err, text_of("%s: failed: ", name));
	expect(outcome.err, "'nowiat.100' is neither wait nor nowait; it keeps its previous configuration");
	expect(outcome.err, text_of("%d: failed: ", other));
	expect(outcome.err, "it is left out");
	expect(outcome.err, "reloaded, but 2 entries have errors");
	cr_expect_null(strstr(outcome.err, text_of("service '%d' is left out", port)), "%s", outcome.err);
	list = SUPERCTL(control_path(), "list", "--names").out;
	expect(list, text_of("%s\n", name));
	cr_expect_null(strstr(list, text_of("%d\n", port)), "%s", list);
	outcome = SUPERCTL(control_path(), "--json", "reload");
	schema_holds("reload", outcome.out);
	expect(SUPERCTL(control_path(), "why", name).out, "so the previous one stays in effect");
	expect(SUPERCTL(control_path(), "why", name).out, " ago by an operator (uid ");
	cr_expect(client_can_connect(port));
	superd_wait_log(superd, "superd: reloaded: 1 unchanged, 0 changed, 0 added, 0 removed, 2 with errors");
}
