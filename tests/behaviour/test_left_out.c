/* What --keep-going leaves out is seen by every question of an operator. */
#include <string.h>
#include <unistd.h>

#include "controlling.h"
#include "harness.h"
#include "superctl.h"

static struct superd *run(const char *format, const char *table)
{
	const struct setup setup = {
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
	expect_in(list, "off");
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
	expect_in(answer, "a reload looks");
	expect_in(ctl("why", "worse"), "mend its entry, and reload");
	superd_stop(superd);
}

Behaviour(left_out, counts_in_health_and_metrics)
{
	struct superd *superd = run_some();
	struct outcome outcome = SUPERCTL(control_path(), "health");
	const char *answer;

	cr_expect_eq(outcome.status, 0, "a new superd would not mend it");
	expect_in(outcome.out, "degraded: bad: left out: ");
	expect_in(outcome.out, "worse: left out: ");
	cr_expect(schema_holds("metrics", SUPERCTL(control_path(), "--json", "metrics").out));
	answer = SUPERCTL(control_path(), "metrics").out;
	expect_in(answer, "\nsuperd_services_left_out 2");
	expect_in(answer, "\nsuperd_service_left_out{service=\"bad\"} 1");
	expect_in(answer, "\nsuperd_service_left_out{service=\"good\"} 0");
	expect_in(answer, "{service=\"bad\",superd_service_state=\"left out\"} 1");
	superd_stop(superd);
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
	expect_in(ctl("status", text_of("%d", port)), "listening");
	superd_stop(superd);
}
