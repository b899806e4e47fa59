/* What --keep-going leaves out is seen by every question of an operator, and comes in by a reload. */
#include "controlling.h"
#include "guarding.h"
#include "private.h"
#include "superctl.h"

static struct superd *run(const char *format, const char *table)
{
	const struct setup setup = {
		.clock = true,
		.format = format,
		.arguments = (const char *const[]){ "--keep-going", "--control", control_path(), NULL },
	};
	struct superd *superd = superd_run_with(&setup, "%s", table);

	wait_node(control_path());
	return superd;
}

static const char *row(const char *name, const char *exec, const char *more)
{
	return text_of("service %s { listen = \"127.0.0.1:0\" exec = \"%s\" user = \"%s\" %s }\n", name, exec,
		       own_user(), more);
}

/* One that is served, one whose program is missing, one with a mistake, one that is disabled. */
static struct superd *run_some(void)
{
	return run("superd", text_of("%s%s%s%s", row("good", "/bin/cat", ""), row("bad", path_in("prog"), ""),
				     row("worse", "/bin/cat", "usr = 3"), row("off", "/bin/cat", "disable = yes")));
}

static const char *ctl(const char *verb, const char *name)
{
	struct outcome outcome = SUPERCTL(control_path(), verb, name);

	return text_of("%s%sstatus %d\n", outcome.out, outcome.err, outcome.status);
}

static void expect_in(const char *text, const char *wanted)
{
	cr_expect_not_null(strstr(text, wanted), "no '%s' in: %s", wanted, text);
}

Behaviour(left_out, is_a_row_with_its_reason)
{
	struct superd *superd = run_some();
	const char *place = text_of("%s:2:", superd->table);
	const char *list = SUPERCTL(control_path(), "list").out, *line = strstr(list, "bad "), *answer;

	cr_assert_not_null(line, "%s", list);
	line = text_of("%.*s", (int)strcspn(line, "\n"), line);
	expect_in(line, "left out");
	expect_in(line, place);
	expect_in(line, "there is no such program");
	cr_expect(strstr(list, "x  bad") || strstr(list, "\u00d7  bad"), "%s", list);
	expect_in(list, "unknown option 'usr'");
	expect_in(list, "disabled");
	answer = SUPERCTL(control_path(), "--json", "list").out;
	cr_expect(schema_holds("list", answer));
	expect_in(answer, "\"service\":\"bad\",\"state\":\"left out\"");
	cr_expect(schema_holds("status", SUPERCTL(control_path(), "--json", "status").out));
	cr_expect(schema_holds("show", SUPERCTL(control_path(), "--json", "show", "worse").out));
	answer = ctl("status", "bad");
	expect_in(answer, text_of("Left out: %s", place));
	expect_in(answer, "status 3");
	cr_expect(schema_holds("why", SUPERCTL(control_path(), "--json", "why").out));
	answer = ctl("why", "bad");
	expect_in(answer, place);
	expect_in(answer, "correct that, then superctl reload");
	expect_in(ctl("why", "worse"), "correct that, then superctl reload");
}

Behaviour(left_out, counts_in_health_and_metrics)
{
	struct superd *superd = run_some();
	struct outcome outcome = SUPERCTL(control_path(), "health");
	const char *answer;

	cr_expect_eq(outcome.status, 0, "a new superd would not mend it");
	expect_in(outcome.out, "degraded: 2 faults\nbad: it is left out: ");
	expect_in(outcome.out, "\nworse: it is left out: ");
	cr_expect(schema_holds("metrics", SUPERCTL(control_path(), "--json", "metrics").out));
	answer = SUPERCTL(control_path(), "metrics").out;
	expect_in(answer, "\nsuperd_services_left_out 2");
	expect_in(answer, "\nsuperd_service_left_out{service=\"bad\"} 1");
	expect_in(answer, "\nsuperd_service_left_out{service=\"good\"} 0");
	expect_in(answer, "{service=\"bad\",superd_service_state=\"left out\"} 1");
	superd_wait_log(superd, ", 2 services\n");
}

Behaviour(left_out, is_said_to_who_would_start_it)
{
	static const char *const verbs[] = { "start", "stop", "restart", "hold", "release", "drain", "freeze", "thaw",
					     "enable", "disable" };
	struct superd *superd = run_some();

	for (size_t n = 0; n < sizeof(verbs) / sizeof(*verbs); n++) {
		const char *answer = ctl(verbs[n], "bad");

		expect_in(answer, "bad: it is left out: ");
		expect_in(answer, "there is no such program");
		cr_expect_null(strstr(answer, "status 0"), "%s: %s", verbs[n], answer);
	}
	superd_stop(superd);
}

/* The one line has no name at all, the other that of a service that is served. */
Behaviour(left_out, has_its_place_for_a_name_where_it_has_no_other)
{
	int port = free_port();
	struct superd *superd = run("inetd", text_of("%d stream tcp nowait %s /bin/cat cat\n"
						     "\"x stream tcp nowait %s /bin/cat cat\n"
						     "%d stream udp nowait %s /bin/cat cat\n",
						     port, own_user(), own_user(), port, own_user()));
	const char *answer = ctl("status", text_of("%s:2", superd->table));

	expect_in(answer, "left out");
	expect_in(answer, "is not closed on its line");
	expect_in(ctl("status", text_of("%s:3", superd->table)), "left out");
	expect_in(ctl("status", text_of("%d", port)), "asleep");
}

/* superd could not read its entry back. */
Behaviour(left_out, is_a_comment_of_show)
{
	struct superd *superd = run_some();
	struct outcome outcome = SUPERCTL(control_path(), "show");
	const char *shown = write_file("shown.conf", "%s", outcome.out);

	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	expect_in(outcome.out, "# bad is left out: ");
	expect_in(outcome.out, "# worse is left out: ");
	outcome = SUPERD_ANSWER("--print", "--no-preflight", "-f", shown);
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	expect_in(outcome.out, "service good {");
	superd_stop(superd);
}

/* A reload has found its entry wrong, and it runs. */
Behaviour(left_out, is_told_of_what_goes_on_as_it_was)
{
	struct superd *superd = run("superd", row("dog", "/bin/cat", ""));
	const char *answer;

	cr_assert(superd_reload(superd, "%s", row("dog", "/bin/cat", "usr = 3")));
	answer = SUPERCTL(control_path(), "list").out;
	expect_in(answer, "asleep");
	expect_in(answer, "unknown option 'usr'");
	answer = ctl("why", "dog");
	expect_in(answer, "so the previous one stays in effect: ");
	expect_in(answer, "correct that, then superctl reload");
	expect_in(SUPERCTL(control_path(), "health").out,
		  "degraded: dog: its configuration has an error now, so the previous one stays in effect: ");
}

static struct outcome check(const char *source)
{
	return SUPERD_ANSWER("--check", "--keep-going", "-f", source);
}

Behaviour(left_out, is_counted_by_services)
{
	const char *table = write_file("inetd.conf", "127.0.0.1,127.0.0.2:7001 stream tcp nowait %s /bin/cat cat\n"
						     "127.0.0.1,127.0.0.2:7002 stream tcp nowait nobody-of-this-name "
						     "/bin/cat cat\n", own_user());
	const char *native = write_file("superd.conf", "%s", row("good", "/bin/cat", ""));
	struct outcome outcome = check(text_of("inetd:%s", table));

	cr_expect_str_eq(outcome.out, text_of("%s: inetd.conf, 2 services, 2 left out\n", table));
	outcome = SUPERD_ANSWER("--check", "--keep-going", "-f", text_of("inetd:%s", table), "-f", native);
	cr_expect_str_eq(outcome.out, text_of("%s: superd.conf, 1 service\n%s: inetd.conf, 4 services\n"
					      "in all: 3 services, 2 left out\n", native, table));
}

/* Each of its files has a mistake. */
Behaviour(left_out, is_one_service_of_two_files)
{
	const char *folder = path_in("units");
	struct outcome outcome;

	cr_assert_eq(mkdir(folder, 0755), 0);
	write_file("units/dog.socket", "[Socket]\nListenStream=none:of:these\n");
	write_file("units/dog.service", "[Service]\nExecStart=/bin/cat\nUMask=x\n");
	outcome = check(text_of("systemd:%s", folder));
	cr_expect_str_eq(outcome.out, text_of("%s: unit files, 0 services, 1 left out\n", folder));
	cr_expect_eq(outcome.status, 1);
	outcome = SUPERD_ANSWER("--check", "-f", text_of("systemd:%s", folder));
	cr_expect_eq(outcome.status, 1, "a folder of units leaves out without --keep-going, too: %s", outcome.err);
}

static void write_program(const char *name)
{
	cr_assert_eq(chmod(write_file(name, "#!/bin/sh\nexec /bin/cat\n"), 0755), 0);
}

/* Nobody but a reload reads it again. */
Behaviour(left_out, comes_in_by_a_reload_when_its_program_is_there)
{
	const char *table = text_of("%s%s", row("good", "/bin/cat", "accept = yes"),
				    row("bad", path_in("prog"), "accept = yes"));
	struct superd *superd = run("superd", table);
	int client = client_connect(superd_port(superd, "good"));

	cr_assert_str_eq(client_ask(superd_port(superd, "good"), "before\n"), "before");
	write_program("prog");
	cr_assert(superd_reload(superd, "%s", table));
	cr_expect_str_eq(client_ask(superd_port(superd, "bad"), "at last\n"), "at last");
	client_send(client, "still here\n");
	cr_expect_str_eq(client_line(client), "still here");
	close(client);
}

/* The next superd could read the sources, or not: it goes on by the table of the one before. */
Behaviour(left_out, is_so_after_each_death_of_superd_and_an_upgrade)
{
	const char *arguments[] = { "--keep-going", "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments };
	const char *good = row("good", "/bin/cat", "accept = yes wants = worse");
	struct superd *superd = superd_run_with(&setup, "%s%s%s", good, row("bad", path_in("prog"), ""),
						row("worse", "/bin/cat", "usr = 3"));

	cr_expect_str_eq(client_ask(superd_port(superd, "good"), "saved\n"), "saved");
	for (int n = 0; n < 3; n++) {
		const char *answer;

		if (n == 1)
			cr_assert_eq(SUPERCTL(control_path(), "upgrade").status, 0, "%s", world_logs());
		else
			guarded_kill(superd);
		answer = ctl("status", "bad");
		expect_in(answer, text_of("Left out: %s:2:", superd->table));
		expect_in(answer, "there is no such program");
		expect_in(ctl("status", "worse"), "unknown option 'usr'");
		expect_in(ctl("start", "bad"), "bad: it is left out: ");
		expect_in(SUPERCTL(control_path(), "health").out, "\nbad: it is left out: ");
		cr_expect_str_eq(client_ask(superd_port(superd, "good"), "still\n"), "still");
		if (n == 1)
			write_file(strrchr(superd->table, '/') + 1, "%s", "superd { pid_fil = 3 }");
	}
}

/* The former row is that of no source, and the next superd must have it all the same. */
Behaviour(left_out, keeps_its_former_row_over_a_death_and_an_upgrade)
{
	const char *arguments[] = { "--keep-going", "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "%s", row("dog", backend("serve"), ""));
	const char *wrong = row("dog", path_in("prog"), "");
	int port = superd_port(superd, "dog");
	long pid = client_ask_pid(port);

	for (int n = 0; n < 2; n++) {
		cr_assert(superd_reload(superd, "%s# %d\n", wrong, n));
		cr_expect_eq(superd_log_count(superd, "service 'dog' is left out"), 0, "%s", world_logs());
	}
	guarded_kill(superd);
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	WAIT_UNTIL(strstr(ctl("why", "dog"), "so the previous one stays in effect"));
	cr_expect_eq(SUPERCTL(control_path(), "upgrade").status, 0, "%s", world_logs());
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
}

