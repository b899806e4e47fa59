/* A reload whose files have gone: a folder that is not mounted or was renamed takes away no service, unless the
 * operator says so. And a reload of a table with a bad line fails, and calls the service by its one name. */
#include "controlling.h"
#include "superctl.h"

static void expect(const char *text, const char *part)
{
	cr_expect(strstr(text, part), "there is no \"%s\" in:\n%s", part, text);
}

static const char *xinetd_row(const char *name, int port)
{
	return text_of("service %s\n{\n type = UNLISTED\n bind = 127.0.0.1\n port = %d\n socket_type = stream\n"
		       " protocol = tcp\n wait = no\n user = %s\n server = /bin/cat\n}\n",
		       name, port, own_user());
}

static const char *native_row(const char *name, int port)
{
	return text_of("service %s { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", name, port, backend("serve"));
}

static const char *inetd_row(int port, const char *wait)
{
	return text_of("127.0.0.1:%d stream tcp %s %s /bin/cat cat\n", port, wait, own_user());
}

/* A table that includes a folder with two services. */
static struct superd *run_folder(const char *format, const char *table, const char *one, const char *two)
{
	const struct setup setup = { .format = format };
	struct superd *superd;

	cr_assert_eq(mkdir(path_in("rows"), 0755), 0);
	write_file("rows/one", "%s", one);
	write_file("rows/two", "%s", two);
	superd = controlled_run_with(&setup, "%s", table);
	superd_port(superd, "two");
	wait_node(control_path());
	return superd;
}

static struct superd *run_xinetd(int one, int two)
{
	return run_folder("xinetd", text_of("includedir %s\n", path_in("rows")), xinetd_row("one", one),
			  xinetd_row("two", two));
}

static void rename_folder(void)
{
	cr_assert_eq(rename(path_in("rows"), path_in("gone")), 0);
	path_in("gone/one");            /* they stay */
	path_in("gone/two");
}

static void expect_refused(struct superd *superd, int port, const char *why)
{
	size_t before = superd_log_count(superd, "superd: not reloaded: ");
	struct outcome outcome = SUPERCTL(control_path(), "reload");

	cr_expect_eq(outcome.status, 1, "%s%s", outcome.out, outcome.err);
	expect(outcome.err, why);
	expect(outcome.err, "superctl reload --allow-empty");
	expect(outcome.err, "not reloaded");
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(superd_log_count(superd, "superd: not reloaded: ") == before + 2);
	cr_expect_eq(superd_log_count(superd, why), 2, "%s", world_logs());
	cr_expect(client_can_connect(port));
}

Behaviour(reload_loss, a_folder_of_xinetd_that_has_gone_takes_no_service_along)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run_xinetd(port, other);
	struct outcome outcome;

	rename_folder();
	expect_refused(superd, port,
		       text_of("includedir: %s has gone, and had files of this configuration", path_in("rows")));
	outcome = SUPERCTL(control_path(), "diff");
	cr_expect_eq(outcome.status, 2, "%s", outcome.out);
	outcome = SUPERCTL(control_path(), "reload", "--allow-empty");
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	expect(outcome.out, "one: removed");
	WAIT_UNTIL(!client_can_connect(port));
}

/* The table's own service would stay, and that of the folder would go. */
Behaviour(reload_loss, a_folder_of_superd_conf_that_has_gone_is_no_empty_one)
{
	const char *table, *own;
	int port = free_port(), other = free_port(), third = free_port();
	struct superd *superd;

	own = native_row("own", third);
	table = text_of("include(\"%s/*\")\n%s", path_in("rows"), own);
	superd = run_folder("superd", table, native_row("one", port), native_row("two", other));
	rename_folder();
	expect_refused(superd, port,
		       text_of("include: %s has gone, and had files of this configuration", path_in("rows")));
	/* An empty folder, or no include, is meant. */
	cr_assert(superd_reload(superd, "%s", own));
	WAIT_UNTIL(!client_can_connect(port));
	cr_expect(client_can_connect(third));
}

/* As the folder of a mount that is not mounted. */
Behaviour(reload_loss, an_empty_folder_does_not_take_all_services_along)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run_xinetd(port, other);

	cr_assert_eq(unlink(path_in("rows/one")), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(!client_can_connect(port));
	cr_assert_eq(unlink(path_in("rows/two")), 0);
	expect_refused(superd, other, "the files of all services have gone, so this would remove two");
	/* A comment says that nothing is meant. */
	write_file("rows/two", "# none\n");
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(!client_can_connect(other));
}

Behaviour(reload_loss, a_service_that_is_disabled_is_no_lost_one)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run_xinetd(port, other);

	cr_assert_eq(unlink(path_in("rows/one")), 0);
	write_file("rows/two", "%s", replaced(xinetd_row("two", other), "wait = no", "wait = no\n disable = yes"));
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(!client_can_connect(port) && !client_can_connect(other));
}

Behaviour(reload_loss, allow_empty_is_for_the_table_alone)
{
	struct superd *superd = controlled_run("service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	struct outcome outcome;

	wait_node(control_path());
	outcome = SUPERCTL(control_path(), "reload", "--allow-empty", "web");
	cr_expect_eq(outcome.status, 2, "%s", outcome.out);
	expect(outcome.err, "--allow-empty goes with no name of a service");
	outcome = SUPERCTL(control_path(), "stop", "--allow-empty", "web");
	cr_expect_eq(outcome.status, 2, "%s", outcome.out);
	superd_stop(superd);
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
