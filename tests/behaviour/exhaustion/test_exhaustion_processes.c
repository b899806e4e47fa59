/* A control group with room for a few processes (pids.max), as a container or a systemd unit has it: clients wait and
 * are all served, no service takes what all share, and superd neither ends nor spins meanwhile. */
#include "controlling.h"
#include "harness.h"
#include "load.h"
#include "superctl.h"

enum { CLIENTS = 40 };

static bool write_group(const char *group, const char *file, const char *text)
{
	FILE *out = fopen(text_of("%s/%s", group, file), "we");
	bool good = out && fputs(text, out) >= 0;

	return out && fclose(out) == 0 && good;
}

/* Makes a group below this test's own, in cgroup v1 or v2. NULL: that is not possible here. */
static const char *make_group(const char *limit)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	const char *group = NULL;
	char line[512], *path;

	while (file && !group && fgets(line, sizeof(line), file)) {
		bool is_v1 = strstr(line, ":pids:");

		if (!is_v1 && !strstr(line, "::"))
			continue;
		line[strcspn(line, "\n")] = '\0';
		path = strchr(strchr(line, ':') + 1, ':') + 1;
		group = text_of("/sys/fs/cgroup%s%s/superd-test.%ld", is_v1 ? "/pids" : "", path, (long)getpid());
		if (mkdir(group, 0755) == 0 && write_group(group, "pids.max", limit))
			break;
		rmdir(group);
		group = NULL;
	}
	if (file)
		fclose(file);
	return group;
}

static struct superd *run_in_group(const char *group, const char *table)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct setup setup = { .arguments = arguments, .clock = true };

	setup.program = write_file("superd", "#!/bin/sh\necho $$ >%s/cgroup.procs\nexec %s \"$@\"\n", group,
				   superd_path());
	cr_assert_eq(chmod(setup.program, 0755), 0);
	return superd_run_with(&setup, "%s", table);
}

static const char *some_group(const char *limit)
{
	const char *group = geteuid() == 0 && !running_sanitized() ? make_group(limit) : NULL;

	SKIP_WITHOUT(group, "needs root and a control group with a limit of processes");
	return group;
}

static void leave(struct superd *superd, const char *group)
{
	superd_stop(superd);
	WAIT_UNTIL(rmdir(group) == 0);
}

static bool waits(const char *service)
{
	return strstr(SUPERCTL(control_path(), "list", service).out, "queued");
}

Behaviour(exhaustion_processes, a_full_group_loses_nobody)
{
	const char *group = some_group("9");
	struct superd *superd =
		run_in_group(group, text_of("service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
					    " exec = \"%s\"\n}\n", backend("-d 100 stdio")));
	struct load *load = load_start(&(struct load_plan){ .port = superd_port(superd, "each"), .threads = 30,
							    .connections = CLIENTS });
	struct tally tally;

	WAIT_UNTIL(waits("each"));
	clock_settle(superd);           /* while clients wait */
	tally = load_wait(load);
	tally_expect_all_served(&tally);
	cr_assert_not(superd_logged(superd, "next start in"), "%s", world_logs()); /* what has ended may count still */
	leave(superd, group);
}

/* As many clients of one service as there is room for, and more: the others have their places. */
Behaviour(exhaustion_processes, one_service_leaves_a_place_for_each_other)
{
	enum { HELD = 60 };
	const char *group = some_group("40");
	struct superd *superd = run_in_group(
		group, text_of("service held {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n"
			       "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n"
			       "service shared {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n",
			       backend("stdio"), backend("stdio"), backend("serve")));
	int clients[HELD], port = superd_port(superd, "held");

	for (int n = 0; n < HELD; n++)
		clients[n] = client_connect(port);
	WAIT_UNTIL(waits("held"));
	client_ask_pid(superd_port(superd, "shared"));
	for (int n = 0; n < 3; n++)
		client_ask_pid(superd_port(superd, "each"));
	cr_assert(waits("held"));
	cr_assert_not(superd_logged(superd, "cannot start"), "%s", world_logs());
	for (int n = 0; n < HELD; n++)
		client_send(clients[n], "hello\n");
	client_expect_all(clients, HELD, "hello");
	client_ask_pid(port);
	leave(superd, group);
}

/* Whatever else is in superd's group has all of it: that is told once, and nobody's failure. */
Behaviour(exhaustion_processes, what_others_take_is_no_failure)
{
	enum { OTHERS = 30 };
	const char *group = some_group("30");
	struct superd *superd = run_in_group(
		group, text_of("service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n"
			       "service shared {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n",
			       backend("stdio"), backend("serve")));
	int each = superd_port(superd, "each"), shared = superd_port(superd, "shared"), clients[2];
	pid_t others[OTHERS];

	for (int n = 0; n < OTHERS; n++) {
		others[n] = fork();
		if (others[n] == 0) {
			write_group(group, "cgroup.procs", text_of("%d", (int)getpid()));
			pause();
		}
	}
	WAIT_UNTIL(atoi(read_text(text_of("%s/pids.current", group))) > OTHERS);
	clients[0] = client_connect(each);
	clients[1] = client_connect(shared);
	for (int n = 0; n < 2; n++)
		client_send(clients[n], "hello\n");
	superd_wait_log(superd, "Resource temporarily unavailable: its clients wait");
	for (int n = 0; n < 5; n++)
		clock_advance(superd, MINUTE_MS);
	cr_assert(waits("each") && waits("shared"));
	for (int n = 0; n < OTHERS; n++) {
		kill(others[n], SIGKILL);
		waitpid(others[n], NULL, 0);
	}
	clock_advance(superd, 2 * SECOND_MS);
	for (int n = 0; n < 2; n++)
		cr_assert_not_null(strstr(client_line(clients[n]), "hello"));
	cr_assert_null(strstr(SUPERCTL(control_path(), "status", "each").out, "failed"));
	close(clients[0]);
	close(clients[1]);
	leave(superd, group);
}
