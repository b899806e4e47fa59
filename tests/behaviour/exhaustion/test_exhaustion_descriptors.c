/* Forty services of every kind and five hundred clients, where descriptors are for a few of them only: nobody is lost,
 * and superd takes little processor time to wait. superctl works, though not even all sockets can be had. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

enum { SERVICES = 40, LAST_EACH = 37, CLIENTS_MOST = 500 };

static const char *const names[] = { "shared", "each", "echo", "pass" };

struct crowd {
	int ports[SERVICES];
	const char *table;
};

/* One kind after the other: a server that takes all its clients, a process a client, a builtin and a redirect to the
 * first. stays: what can serve many clients does, and never ends. */
static const char *row(const struct crowd *crowd, int n, bool stays)
{
	const char *accept = stays && n % 8 > 3 ? "no" : "yes";
	const char *options[] = {
		text_of("exec = \"%s\"", backend("%s", stays ? "crowd" : "few 1")),
		text_of("accept = yes\n exec = \"%s\"", backend("stdio")),
		text_of("accept = %s\n builtin = echo", accept),
		text_of("accept = %s\n redirect = \"127.0.0.1 %d\"", accept, crowd->ports[n - n % 4]),
	};

	return text_of("service %s%d. {\n listen = \"127.0.0.1:%d\"\n user = \"%s\"\n %s\n}\n", names[n % 4], n,
		       crowd->ports[n], own_user(), options[n % 4]);
}

static struct crowd forty(bool stays)
{
	struct crowd crowd = { .table = "defaults {\n backoff_max = 500ms\n}\n" };

	for (int n = 0; n < SERVICES; n++) {
		crowd.ports[n] = free_port();
		crowd.table = text_of("%s%s", crowd.table, row(&crowd, n, stays));
	}
	return crowd;
}

static struct superd *run(unsigned long descriptors, const char *program, const struct crowd *crowd)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .descriptors = descriptors + OWN_PROGRAMS,
				     .program = program, .clock = true };
	struct superd *superd = superd_run_with(&setup, "%s", crowd->table);

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	return superd;
}

static void expect_listening(struct superd *superd)
{
	for (int n = 0; n < SERVICES; n++)
		superd_port(superd, text_of("%s%d.", names[n % 4], n));
}

/* superd sleeps while clients wait for descriptors. dies: superd-output does so meanwhile. */
static void serve(struct superd *superd, const struct crowd *crowd, int count, bool dies)
{
	pid_t output = superd_aside(superd, "superd-output");
	int clients[CLIENTS_MOST];

	for (int n = 0; n < count; n++) {
		clients[n] = client_connect(crowd->ports[n % SERVICES]);
		client_send(clients[n], "hello\n");
	}
	clock_settle(superd);
	if (dies)
		cr_assert_eq(kill(output, SIGKILL), 0);
	client_expect_all(clients, (size_t)count, "hello");
}

static void lose_nobody(unsigned long descriptors, const char *program, bool stays, int count, bool dies)
{
	struct crowd crowd = forty(stays);
	struct superd *superd;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need descriptors of their own");
	superd = run(descriptors, program, &crowd);
	expect_listening(superd);
	serve(superd, &crowd, count, dies);
	superd_stop(superd);
}

Behaviour(exhaustion_descriptors, a_hundred_and_twenty_eight_lose_nobody)
{
	lose_nobody(128, NULL, false, 120, false);
}

/* The next one has what it needs, though clients have all that is left. */
Behaviour(exhaustion_descriptors, a_hundred_and_twenty_eight_lose_nobody_when_superd_output_dies)
{
	lose_nobody(128, NULL, false, 120, true);
}

Behaviour(exhaustion_descriptors, two_hundred_and_fifty_six_lose_nobody)
{
	lose_nobody(256, NULL, true, CLIENTS_MOST, false);
}

/* Each that starts needs 3. */
Behaviour(exhaustion_descriptors, that_are_left_are_told_as_services)
{
	static const char key[] = "\nsuperd_services_at_once ";
	struct crowd crowd = forty(false);
	struct superd *superd;
	const char *answer, *found;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need descriptors of their own");
	superd = run(128, NULL, &crowd);
	answer = SUPERCTL(control_path(), "metrics").out;
	found = strstr(answer, key);
	cr_assert(found && strtol(found + sizeof(key) - 1, NULL, 10) > 1 &&
			  strtol(found + sizeof(key) - 1, NULL, 10) < (128 - SERVICES) / 3,
		  "%s",
		  answer);
	superd_stop(superd);
}

/* superd raises it by itself. */
Behaviour(exhaustion_descriptors, a_soft_limit_is_none)
{
	const char *program = write_file("superd", "#!/bin/sh\nulimit -Sn 32 && exec %s \"$@\"\n", superd_path());

	cr_assert_eq(chmod(program, 0755), 0);
	lose_nobody(256, program, true, 120, false);
}

/* More sockets than descriptors: those that are there serve, superctl works, and makes room for the last one that takes
 * clients. */
static void make_room(unsigned long descriptors)
{
	struct crowd crowd = forty(false);
	const char *words[SERVICES + 1] = { "disable" };
	struct superd *superd;
	struct outcome outcome;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need descriptors of their own");
	superd = run(descriptors, NULL, &crowd);
	superd_wait_log(superd, "superd has too few descriptors for its sockets: cannot listen on all");
	clock_settle(superd);
	outcome = SUPERCTL(control_path(), "list");
	cr_assert(outcome.status == 0 && strstr(outcome.out, "no port"), "%s%s", outcome.out, outcome.err);
	client_ask_pid(superd_port(superd, "shared0."));
	client_ask_pid(superd_port(superd, "each1."));
	for (int n = 0, count = 1; n < SERVICES; n++) {
		if (n != LAST_EACH)
			words[count++] = text_of("%s%d.", names[n % 4], n);
	}
	outcome = superctl_answer(control_path(), words);
	cr_assert_eq(outcome.status, 0, "%s%s\n%s", outcome.out, outcome.err, world_logs());
	WAIT_UNTIL(client_can_connect(crowd.ports[LAST_EACH]));
	client_ask_pid(crowd.ports[LAST_EACH]);
	superd_stop(superd);
}

Behaviour(exhaustion_descriptors, more_sockets_than_32_descriptors_leave_superctl_its_own)
{
	make_room(32);
}

Behaviour(exhaustion_descriptors, more_sockets_than_48_descriptors_leave_superctl_its_own)
{
	make_room(48);
}
