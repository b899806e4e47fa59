/* What superd knows of who uses a backend: since when nobody does, whose connections are whose while another instance
 * goes on with its clients, and what it says of it. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define FROZEN "is frozen until a client connects"
#define SERVICE "service web {\n listen = \"%s\"\n exec = \"%s\"\n idle_timeout = %s\n %s\n}\n"

static void visit(int port)
{
	cr_assert_gt(client_ask_pid(port), 0);
}

static bool is_stopped(struct superd *superd)
{
	return superd_logged(superd, "web: stopping pid ");
}

/* Whether superd knows of an end in the last minute, which the kernel reports a moment later. */
static bool knows_the_end(void)
{
	const char *idle = strstr(control_once("status web"), "\"idle\":");

	return idle && !strcmp(control_value(idle, "standing"), "unused") && atof(control_value(idle, "for")) < 60;
}

/* An hour later; as much as an eighth is for the timers' grain. */
static void expect_stop_an_hour_later(struct superd *superd)
{
	WAIT_UNTIL(knows_the_end());
	clock_advance(superd, 55 * MINUTE_MS);
	cr_assert_not(is_stopped(superd), "%s", world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 15, is_stopped(superd));
}

static void expect_awake(struct superd *superd)
{
	for (int n = 0; n < 4; n++) {
		clock_advance(superd, 50 * MINUTE_MS);
		cr_assert_not(is_stopped(superd), "%s", world_logs());
		cr_assert_not(superd_logged(superd, FROZEN), "%s", world_logs());
	}
}

Behaviour(idle_known, the_time_begins_with_the_end_of_the_last_connection)
{
	struct superd *superd = controlled_clock_run(SERVICE, "127.0.0.1:0", backend("talk"), "1h", "");
	int port = superd_port(superd, "web");

	for (int n = 0; n < 4; n++) {
		visit(port);
		WAIT_UNTIL(knows_the_end());
		clock_advance(superd, 50 * MINUTE_MS);
		cr_assert_not(is_stopped(superd), "%s", world_logs());
	}
	visit(port);
	expect_stop_an_hour_later(superd);
}

Behaviour(idle_known, also_where_others_have_left_long_before)
{
	struct superd *superd = controlled_clock_run(SERVICE, "127.0.0.1:0", backend("talk"), "1h", "");
	int port = superd_port(superd, "web"), stays = client_connect(port);

	client_send(stays, "here\n");
	client_line(stays);
	visit(port);
	expect_awake(superd);
	close(stays);
	expect_stop_an_hour_later(superd);
}

static bool is_unused_since(const char *status, long long begun)
{
	const char *idle = strstr(status, "\"idle\":");

	return idle && !strcmp(control_value(idle, "standing"), "unused") &&
	       atof(control_value(idle, "for")) * 1000 <= (double)(now_ms() - begun);
}

/* Also where the kernel takes long to count, as with memory for many connections. */
Behaviour(idle_known, status_and_why_count_who_is_connected)
{
	static const char *const verbs[] = { "status web", "status" };
	struct superd *superd = controlled_run(SERVICE, "127.0.0.1:0", backend("talk"), "1h", "");
	int port = superd_port(superd, "web"), client;

	for (int n = 0; n < 3; n++) {
		long long begun = now_ms();
		const char *answer, *wanted;

		client = client_connect(port);
		client_send(client, "here\n");
		client_line(client);
		answer = n == 2 ? why_of("web") : control_once("%s", verbs[n]);
		wanted = n == 2 ? "1 client (127.0.0.1); it sleeps 1 h after the last one leaves"
				: "\"connections\":1,";
		cr_expect_not_null(strstr(answer, wanted), "%s", answer);
		close(client);
		visit(port);
		/* The backend may not have seen the end of it yet, and the kernel reports it a moment later. */
		if (n == 2)
			WAIT_UNTIL(strstr(why_of("web"), "no clients for "));
		else
			WAIT_UNTIL(is_unused_since(control_once("%s", verbs[n]), begun));
	}
}

static double last_used(void)
{
	return atof(control_value(control_once("list web"), "last_used"));
}

/* As far as superd knows: nobody has counted since the last end that the kernel has reported. */
Behaviour(idle_known, list_knows_the_last_end)
{
	struct superd *superd = controlled_clock_run(SERVICE, "127.0.0.1:0", backend("talk"), "1h", "");
	int port = superd_port(superd, "web");
	double first;

	visit(port);
	first = last_used();
	clock_advance(superd, 50 * MINUTE_MS);
	cr_expect_lt(last_used(), first + 60, "%s", world_logs());
	visit(port);
	WAIT_UNTIL(last_used() > first + 49 * 60);
	clock_advance(superd, 40 * MINUTE_MS);
	cr_expect(last_used() > first + 49 * 60 && last_used() < first + 51 * 60, "%f", last_used() - first);
}

/* More of them than are counted at once. */
Behaviour(idle_known, status_counts_those_of_many_services)
{
	enum { MANY = 130 };
	const char *table = "";
	struct superd *superd;
	const char *answer;
	size_t count = 0;

	for (int n = 0; n < MANY; n++)
		table = text_of("%sservice s%d {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n idle_timeout = 1h\n}\n",
				table, n, backend("talk"));
	superd = controlled_run("%s", table);
	visit(superd_port(superd, "s0"));
	visit(superd_port(superd, text_of("s%d", MANY - 1)));
	WAIT_UNTIL((answer = control_once("status")) && strstr(answer, "\"standing\":\"unused\""));
	for (const char *at = answer; (at = strstr(at, "\"service\":")); at++)
		count++;
	cr_expect_geq(count, (size_t)MANY);
	WAIT_UNTIL(!strcmp(control_value(control_once("status s%d", MANY - 1), "standing"), "unused"));
}

static bool stands(const char *standing)
{
	return !strcmp(control_value(control_once("status web"), "standing"), standing);
}

static void expect_why(const char *text)
{
	const char *why = why_of("web");

	cr_expect_not_null(strstr(why, text), "%s", why);
}

Behaviour(idle_known, status_says_no_more_than_is_true)
{
	struct superd *superd =
		controlled_clock_run(SERVICE, "127.0.0.1:0", backend("talk"), "1h", "idle_action = freeze");
	int port = superd_port(superd, "web"), client = client_connect(port);
	const char *status;

	client_send(client, "here\n");
	client_line(client);
	WAIT_UNTIL(stands("used"));
	status = control_once("status web");
	cr_expect_str_eq(control_value(status, "connections"), "1", "%s", status);
	expect_why("1 client");
	for (int n = 0; n < 4; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert_not(stands("unused"), "%s", control_once("status web"));
	}
	close(client);
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 20, stands("frozen"));
	status = control_once("status web");
	cr_expect_str_neq(control_value(status, "connections"), "1", "%s", status);
	expect_why("no clients for ");
}

/* A crowd of sockets that are nobody's business; so many that the kernel takes its time with all of them. */
static void fill_with_sockets(int *pairs, size_t count, int type)
{
	for (size_t n = 0; n < count; n += 2)
		cr_assert_eq(socketpair(AF_UNIX, type, 0, &pairs[n]), 0);
}

Behaviour(idle_known, sockets_of_others_hide_nobody)
{
	enum { MANY = 800 };
	const char *path = path_in("web.sock");
	struct superd *superd = clock_run(SERVICE, path, backend("talk"), "1h", "");
	int pairs[MANY], client;

	fill_with_sockets(pairs, MANY, SOCK_STREAM);
	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	client_send(client, "here\n");
	client_line(client);
	expect_awake(superd);
	close(client);
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 20, is_stopped(superd));
	for (int n = 0; n < MANY; n++)
		close(pairs[n]);
}
