/* Asking a backend that does as it is told. The hard thing is that an answer says who gave it: the pid in front tells a
 * new backend from the old one. */
#include "notifying.h"

const char *notifier(const char *steps)
{
	return text_of("%s/notifier %s", getenv("SUPERD_TESTDIR"), steps);
}

const char *web_table(const char *steps, const char *options)
{
	return text_of("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n", notifier(steps), options);
}

struct superd *web_run(const char *steps, const char *options)
{
	return superd_run("%s", web_table(steps, options));
}

struct superd *web_clock_run(const char *steps, const char *options)
{
	return clock_run("superd { stop_timeout = 1h }\n%s", web_table(steps, options));
}

const char *web_ask(struct superd *superd, const char *step)
{
	const char *answer = client_ask(superd_port(superd, "web"), text_of("%s\n", step));
	const char *blank = strchr(answer, ' ');

	cr_assert(blank, "'%s'", answer);
	return blank + 1;
}

void web_expect(struct superd *superd, const char *step, const char *answer)
{
	const char *got = web_ask(superd, step);

	cr_assert_str_eq(got, answer, "%s: '%s' in place of '%s'\n%s", step, got, answer, world_logs());
}

long web_pid(struct superd *superd)
{
	return strtol(client_ask(superd_port(superd, "web"), "env HOME\n"), NULL, 10);
}

void web_end(struct superd *superd, int status)
{
	web_expect(superd, text_of("end %d", status), "ends");
	superd_wait_log(superd, text_of("ended: exit status %d", status));
}
