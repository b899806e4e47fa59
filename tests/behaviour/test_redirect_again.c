/* Processes of a redirect that serve one client after the other. The hard thing is that nobody may tell: neither a
 * client, nor the log, nor whatever confines or limits the process. */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "harness.h"
#include "namespace.h"
#include "process.h"

#define LOGGED " log_on_success = { \"PID\", \"EXIT\", \"TRAFFIC\" }\n"

/* A redirect to where the test listens. */
struct passing {
	struct superd *superd;
	int listener, port;
	unsigned clients;               /* whose end was heard of */
};

static struct passing run_passing(const char *options)
{
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	struct passing passing = { .listener = listen_on(0) };

	cr_assert_eq(getsockname(passing.listener, (struct sockaddr *)&own, &length), 0);
	passing.superd = clock_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
				   " redirect = \"127.0.0.1 %d\"\n" LOGGED "%s\n}\n",
				   own_user(), ntohs(own.sin_port), options);
	passing.port = superd_port(passing.superd, "pass");
	return passing;
}

static int take(const struct passing *passing)
{
	struct pollfd ready = { passing->listener, POLLIN, 0 };

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "nobody came\n%s", world_logs());
	return accept4(passing->listener, NULL, NULL, SOCK_CLOEXEC);
}

/* One client from beginning to end; gives who served it. */
static pid_t serve_one(struct passing *passing)
{
	int client = client_connect(passing->port), target = take(passing);
	pid_t pid;

	client_send(client, "question\n");
	cr_assert_str_eq(client_line(target), "question");
	WAIT_UNTIL(superd_others(passing->superd, &pid, 1) == 1);
	client_send(target, "answer");
	close(target);
	cr_assert_str_eq(client_rest(client), "answer");
	close(client);
	passing->clients++;
	WAIT_UNTIL(superd_log_count(passing->superd, "EXIT: pass status=0 pid=") == passing->clients);
	return pid;
}

/* A process waits a second for its next client: of real time, as the clock can't be stopped. Where the machine was so
 * busy that nobody waited any more, the next ones try again. */
static pid_t serve_two_by_one(struct passing *passing)
{
	pid_t last = serve_one(passing), pid = serve_one(passing);

	for (int n = 0; n < 20 && pid != last; n++) {
		last = pid;
		pid = serve_one(passing);
	}
	cr_assert_eq(pid, last, "each client has a process of its own");
	return pid;
}

static void end_passing(struct passing *passing)
{
	CLOCK_UNTIL(passing->superd, 2 * SECOND_MS, 20, superd_processes(passing->superd) == 0);
	cr_assert_eq(superd_log_count(passing->superd, "TRAFFIC: pass in=9(bytes) out=6(bytes)"), passing->clients);
	close(passing->listener);
	superd_stop(passing->superd);
}

Behaviour(redirect_again, one_that_is_confined_takes_the_next_connection)
{
	struct passing passing =
		run_passing("no_new_privileges = yes\n restrict_address_families = { AF_INET, AF_INET6, AF_UNIX }");

	serve_two_by_one(&passing);
	end_passing(&passing);
}

Behaviour(redirect_again, one_with_commands_around_it_serves_but_once)
{
	const char *note = path_in("ended");
	struct passing passing = run_passing(
		text_of("exec_stop_post = { \"/bin/sh -c 'echo $EXIT_CODE >>%s'\" }", note));
	pid_t first = serve_one(&passing);

	WAIT_UNTIL(count_lines(note) == 1);
	cr_assert_neq(serve_one(&passing), first);
	WAIT_UNTIL(count_lines(note) == 2);
	cr_assert_str_eq(read_text(note), "exited\nexited\n");
	end_passing(&passing);
}

static const char *mount_point(void)
{
	return access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

/* The group of the second hierarchy that a process is in, as a folder; "" for none. */
static const char *folder_of(pid_t pid)
{
	const char *text = read_text(text_of("/proc/%d/cgroup", pid)), *at = text ? strstr(text, "0::/") : NULL;

	return at ? text_of("%s%.*s", mount_point(), (int)strcspn(at + 3, "\n"), at + 3) : "";
}

static bool has_groups(void)
{
	const char *table = write_file("checked.conf", "service it {\n listen = \"127.0.0.1:1\"\n user = root\n"
				       " exec = /bin/true\n device_policy = closed\n}\n");
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	return geteuid() == 0 && !strstr(text_of("%s%s", outcome.out, outcome.err), "device_policy = closed:");
}

Behaviour(redirect_again, one_in_a_control_group_keeps_it_for_the_next_client)
{
	struct passing passing;
	const char *folder;
	int client, target;
	pid_t pid;

	SKIP_WITHOUT(has_groups(), "there is no writable control group here");
	passing = run_passing("device_policy = closed");
	serve_two_by_one(&passing);
	client = client_connect(passing.port);
	target = take(&passing);
	WAIT_UNTIL(superd_others(passing.superd, &pid, 1) == 1);
	folder = folder_of(pid);
	cr_assert(strstr(folder, "/pass-"), "it has no group: '%s'", folder);
	close(client);
	close(target);
	CLOCK_UNTIL(passing.superd, 2 * SECOND_MS, 20, access(folder, F_OK) != 0);
	end_passing(&passing);
}

Behaviour(redirect_again, who_waits_at_an_upgrade_ends_and_its_control_group_goes)
{
	struct passing passing;
	const char *folder;
	pid_t pid;

	SKIP_WITHOUT(has_groups(), "there is no writable control group here");
	passing = run_passing("device_policy = closed");
	pid = serve_one(&passing);
	folder = folder_of(pid);
	cr_assert(!process_lives(pid) || strstr(folder, "/pass-"), "it has no group: '%s'", folder);
	superd_upgrade(passing.superd);
	WAIT_UNTIL(!process_lives(pid));
	WAIT_UNTIL(access(folder, F_OK) != 0);
	cr_assert_neq(serve_one(&passing), pid);
	end_passing(&passing);
}
