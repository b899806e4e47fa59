/* sleep_under_pressure: superd runs in a control group that has not memory enough for all of its backends. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define HEAVY "service %s { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 60s %s }\n"
#define PRESSED "sleep_under_pressure = yes"

static const char *group;               /* path of the group; NULL: there is none */

static bool write_group(const char *file, const char *text)
{
	FILE *out = fopen(text_of("%s/%s", group, file), "we");
	bool good = out && fputs(text, out) >= 0;

	return out && fclose(out) == 0 && good;
}

/* Makes a group with a limit below this test's own, in cgroup v1 or v2. false: that is not possible here. */
static bool make_group(const char *limit)
{
	char line[512], *path;
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file && !group && fgets(line, sizeof(line), file)) {
		bool is_v1 = strstr(line, ":memory:");

		if (!is_v1 && !strstr(line, "::"))
			continue;
		line[strcspn(line, "\n")] = '\0';
		path = strchr(strchr(line, ':') + 1, ':') + 1;
		group = text_of("/sys/fs/cgroup%s%s/superd-test.%ld", is_v1 ? "/memory" : "", path, (long)getpid());
		if (mkdir(group, 0755) == 0 &&
		    write_group(is_v1 ? "memory.limit_in_bytes" : "memory.max", limit))
			break;
		rmdir(group);
		group = NULL;
	}
	if (file)
		fclose(file);
	return group;
}

/* A superd with a control socket, in a group of so much memory. */
static struct superd *run_in_group(const char *limit, const char *table)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct setup setup = { .arguments = arguments, .clock = true };

	if (getuid() != 0 || running_sanitized() || !make_group(limit))
		cr_skip_test("needs root and a control group with a limit of memory");
	setup.program = write_file("superd", "#!/bin/sh\necho $$ >%s/cgroup.procs\nexec %s \"$@\"\n", group,
				   superd_path());
	chmod(setup.program, 0755);
	return superd_run_with(&setup, "%s", table);
}

static void stop(struct superd *superd)
{
	superd_stop(superd);
	WAIT_UNTIL(rmdir(group) == 0);
	cr_assert_not(superd_logged(superd, "signal KILL"), "%s", world_logs());
}

static const char *heavy(const char *name, int megabytes, const char *options)
{
	return text_of(HEAVY, name, backend("heavy %d", megabytes), options);
}

/* Four services, three of which have room. */
static const char *four(const char *options_of_one, int megabytes_of_four)
{
	return text_of("%s%s%s%s", heavy("one", 20, options_of_one), heavy("two", 20, PRESSED),
		       heavy("three", 20, PRESSED), heavy("four", megabytes_of_four, PRESSED));
}

/* The program has closed its end as well: superd counts no client of it any more. */
static void ask(struct superd *superd, const char *name)
{
	int client = client_connect(superd_port(superd, name));

	client_send(client, "who\n");
	client_line(client);
	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	client_rest(client);
	close(client);
}

Behaviour(memory_pressure, who_is_unused_for_longest_makes_room_for_a_start)
{
	struct superd *superd = run_in_group("80M", four(PRESSED, 20));
	const char *metrics;

	ask(superd, "one");
	ask(superd, "two");
	ask(superd, "three");
	cr_assert_not(superd_logged(superd, "memory is short"), "%s", world_logs());
	ask(superd, "four");
	superd_wait_log(superd, "superd: memory is short: ");
	superd_wait_log(superd, "one: stopping pid ");
	superd_wait_log(superd, "memory is short, and no client has been connected for ");
	metrics = SUPERCTL(control_path(), "metrics").out;
	cr_assert(strstr(metrics, "superd_service_pressure_sleeps_total{service=\"one\"} 1"), "%s", metrics);
	cr_assert(strstr(metrics, "superd_service_pressure_sleeps_total{service=\"two\"} 0"), "%s", metrics);
	ask(superd, "one");
	superd_wait_log(superd, "two: stopping pid ");
	stop(superd);
}

Behaviour(memory_pressure, who_says_no_stays_and_who_has_a_client_as_well)
{
	struct superd *superd = run_in_group("80M", four("sleep_under_pressure = no", 20));
	int client;

	ask(superd, "one");
	ask(superd, "two");                     /* it has its memory by then */
	client = client_connect(superd_port(superd, "two"));
	ask(superd, "three");
	ask(superd, "four");
	superd_wait_log(superd, "three: stopping pid ");
	client_send(client, "still here\n");
	cr_assert(strstr(client_line(client), " still here"));
	cr_assert_not(superd_logged(superd, "one: stopping") || superd_logged(superd, "two: stopping"), "%s",
		      world_logs());
	close(client);
	stop(superd);
}

/* Whoever fills the memory, and keeps it: another service waits until superd knows that nobody can go. */
Behaviour(memory_pressure, no_start_waits_where_nothing_can_go)
{
	static const char *const names[] = { "one", "two", "three" };
	struct superd *superd = run_in_group("80M", four(PRESSED, 5));
	int clients[3], client;

	for (int n = 0; n < 3; n++) {
		ask(superd, names[n]);
		clients[n] = client_connect(superd_port(superd, names[n]));
	}
	clock_hold();
	client = client_connect(superd_port(superd, "four"));
	client_send(client, "hello\n");
	CLOCK_UNTIL(superd, SECOND_MS / 10, 10, !client_is_quiet(client, 0));
	cr_assert_not_null(strstr(client_line(client), " hello"));
	cr_assert_not(superd_logged(superd, ": stopping pid "), "%s", world_logs());
	close(client);
	for (int n = 0; n < 3; n++)
		close(clients[n]);
	stop(superd);
}
