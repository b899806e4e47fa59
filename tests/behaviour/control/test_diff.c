/* superctl diff: what a reload would change, which is what it then does, and nothing before. */
#include <sys/prctl.h>

#include "controlling.h"
#include "superctl.h"

#define SAME "service same { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
#define GONE "service gone { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"

static void edit(const struct superd *superd, const char *text)
{
	write_file(strrchr(superd->table, '/') + 1, "%s", text);
}

static struct outcome diff(void)
{
	return SUPERCTL(control_path(), "diff");
}

static void expect(const char *text, const char *part)
{
	cr_expect(strstr(text, part), "there is no \"%s\" in:\n%s", part, text);
}

Behaviour(diff, tells_what_a_reload_does_and_does_nothing)
{
	int port = free_port(), other = free_port();
	const char *after;
	struct superd *superd = controlled_run(
		SAME "service same2 { listen = \"127.0.0.1:%d\" exec = \"%s\" env = { \"A=1\" } backlog = 6 }\n"
		     "service moved { listen = \"%s\" exec = \"%s\" }\n" GONE,
		port, backend("serve"), other, backend("serve"), path_in("moved"), backend("serve"), backend("serve"));
	struct outcome outcome, reload;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	outcome = diff();
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_str_eq(outcome.out, "4 unchanged, 0 changed, 0 added, 0 removed\n");

	after = text_of(SAME "service same2 { listen = \"127.0.0.1:%d\" exec = \"%s\" env = { \"A=2\" } nice = 5 "
			     "backlog = 7 }\n"
			     "service moved { listen = { \"%s\", \"%s\" } exec = \"%s\" }\n"
			     "service new { listen = \"%s\" exec = \"%s\" }\n",
			port, backend("serve"), other, backend("serve"), path_in("moved"), path_in("moved2"),
			backend("serve"), path_in("new"), backend("serve"));
	edit(superd, after);
	outcome = diff();
	cr_expect_eq(outcome.status, 1, "%s", outcome.err);
	expect(outcome.out, "same2: changed\n");
	expect(outcome.out, "    env: \"A=1\" -> \"A=2\"\n");
	expect(outcome.out, "    nice: 0 -> 5\n");
	expect(outcome.out, "    backlog: 6 -> 7\n");
	expect(outcome.out, text_of("moved: changed\n    listen: %s -> %s, %s\n", path_in("moved"), path_in("moved"),
				    path_in("moved2")));
	expect(outcome.out, "new: added\n");
	expect(outcome.out, "gone: removed\n");
	expect(outcome.out, "1 unchanged, 2 changed, 1 added, 1 removed\n");
	cr_expect_null(strstr(outcome.out, "same:"), "%s", outcome.out);
	outcome = SUPERCTL(control_path(), "--json", "diff");
	cr_expect_eq(outcome.status, 1);
	schema_holds("diff", outcome.out);
	cr_expect_not(superd_logged(superd, "reloaded"));
	cr_expect_not(superd_logged(superd, "requested"));
	cr_expect_neq(access(path_in("new"), F_OK), 0);
	expect(SUPERCTL(control_path(), "list", "gone").out, "asleep");

	reload = SUPERCTL(control_path(), "reload");
	expect(reload.out, "same2: changed (");
	expect(reload.out, "moved: changed (listen)");
	expect(reload.out, "new: added\n");
	expect(reload.out, "gone: removed\n");
	expect(reload.out, "1 unchanged\n");
	outcome = diff();
	cr_expect_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
}

Behaviour(diff, tells_that_a_removed_service_is_disabled)
{
	struct superd *superd = controlled_run("service slow { listen = \"%s\" exec = \"%s\" }\n" GONE, path_in("slow"),
					       backend("serve"), backend("serve"));

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	edit(superd, text_of("service slow { listen = \"%s\" exec = \"%s\" disable = yes nice = 5 }\n", path_in("slow"),
			     backend("serve")));
	expect(diff().out, "slow: removed\n    disable: no -> yes\ngone: removed\n");
	schema_holds("diff", SUPERCTL(control_path(), "--json", "diff").out);
	expect(SUPERCTL(control_path(), "reload", "--json").out, "\"options\":[\"disable\"]");
	expect(diff().out, "0 unchanged, 0 changed, 0 added, 0 removed\n");
}

#define CAT "service %s { listen = \"%s\" exec = /bin/cat accept = yes }\n"

/* superd --check and diff look at the kernel's list: neither opens a port. */
Behaviour(diff, and_check_name_the_process_that_has_a_port)
{
	int port = free_port(), other = free_port(), own = free_port();
	int taken = listen_on(port), second = listen_on(other);
	const char *address = text_of("127.0.0.1:%d", port), *anywhere = text_of("%d", other);
	const char *free_one = text_of("127.0.0.2:%d", port), *other_kind = text_of("udp:127.0.0.1:%d", port);
	struct superd *superd = controlled_run(CAT, "web", text_of("127.0.0.1:%d", own));
	const char *has_it = text_of("now: pid %ld (", (long)getpid());
	struct outcome outcome;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	edit(superd, text_of(CAT CAT CAT CAT "service dgram { listen = \"%s\" exec = /bin/cat }\n",
			     "web", text_of("127.0.0.1:%d", own), "one", address, "two", anywhere, "three", free_one,
			     other_kind));
	outcome = diff();
	expect(outcome.err, text_of("%s:2:24: warning: one: superd cannot listen on tcp:%s %s", superd->table, address,
				    has_it));
	expect(outcome.err, text_of("%s:3:24: warning: two: superd cannot listen on tcp:%s %s", superd->table, anywhere,
				    has_it));
	cr_expect_null(strstr(outcome.err, "web: superd cannot"), "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "three: superd cannot"), "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "dgram: superd cannot"), "%s", outcome.err);
	outcome = SUPERD_ANSWER("--check", "-f", superd->table);
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	expect(outcome.err, text_of("one: superd cannot listen on tcp:%s %s", address, has_it));
	/* An ordinary user cannot see what superd has. */
	if (geteuid() == 0)
		cr_expect_null(strstr(outcome.err, "web: superd cannot"), "%s", outcome.err);
	close(taken);
	close(second);
	outcome = diff();
	cr_expect_null(strstr(outcome.err, "superd cannot"), "%s", outcome.err);
}

/* --check cannot know which superd has this table; the one that diff asks does. */
Behaviour(diff, names_the_other_superd_that_has_a_port)
{
	int port = free_port(), own = free_port();
	const char *folder = path_in("new"), *program = path_in("new/superd");
	const char *web = text_of(CAT, "web", text_of("127.0.0.1:%d", own));
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .program = program };
	struct superd *other, *superd;
	struct outcome outcome;

	SKIP_WITHOUT(geteuid() == 0, "only root sees who has a port");
	cr_assert_eq(mkdir(folder, 0700), 0);
	copy_program(superd_path(), program);
	other = superd_run(CAT, "one", text_of("127.0.0.1:%d", port));
	superd_wait_log(other, "one: listening on ");
	superd = superd_run_with(&setup, "%s", web);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	edit(superd, text_of("%s" CAT, web, "one", text_of("127.0.0.1:%d", port)));
	outcome = diff();
	expect(outcome.err, text_of("warning: one: superd cannot listen on tcp:127.0.0.1:%d now: pid %ld "
				    "(superd-guard) has it", port, (long)other->pid));
	cr_expect_null(strstr(outcome.err, "web: superd cannot"), "%s", outcome.err);
	outcome = program_answer((const char *const[]){ program, "--check", "-f", superd->table, NULL });
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "superd cannot"), "%s", outcome.err);
}

Behaviour(diff, and_check_say_that_systemd_may_pass_a_socket)
{
	int port = free_port(), taken = listen_on(port);
	const char *table = write_file("table", CAT, "one", text_of("127.0.0.1:%d", port));
	struct outcome outcome;
	char before[16];

	cr_assert_eq(prctl(PR_GET_NAME, before), 0);
	cr_assert_eq(prctl(PR_SET_NAME, "systemd"), 0);
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_assert_eq(prctl(PR_SET_NAME, before), 0);
	expect(outcome.err, text_of("now: pid %ld (systemd) has it", (long)getpid()));
	expect(outcome.err, "unless it passes superd the socket");
	close(taken);
}

/* superd compares for 2 ms in a turn of its loop. Each service has options of its own, so that none shares them. */
static const char *many(unsigned first, unsigned count, unsigned nice)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	cr_assert(stream);
	for (unsigned n = first; n < first + count; n++)
		fprintf(stream,
			"service s%u { listen = \"%s%u\" remove_on_stop = yes exec = \"%s\" env = { \"A=%u\" } "
			"nice = %u backlog = %u }\n",
			n, path_in("s"), n, backend("serve"), n, nice, n + 1);
	cr_assert_eq(fclose(stream), 0);
	return text;
}

Behaviour(diff, of_many_services_takes_several_turns)
{
	struct superd *superd = controlled_run("%s", many(0, 2000, 1));
	struct outcome outcome;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	outcome = diff();
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_str_eq(outcome.out, "2000 unchanged, 0 changed, 0 added, 0 removed\n");
	edit(superd, many(1000, 2000, 2));
	outcome = diff();
	cr_expect_eq(outcome.status, 1, "%s", outcome.err);
	expect(outcome.out, "s0: removed\n");
	expect(outcome.out, "s1999: changed\n    nice: 1 -> 2\n");
	expect(outcome.out, "s2999: added\n");
	expect(outcome.out, "0 unchanged, 1000 changed, 1000 added, 1000 removed\n");
}

/* A reload does not change what the command line sets, nor what only a start does. */
Behaviour(diff, of_the_block_superd_is_what_a_reload_changes)
{
	const char *arguments[] = { "--control", control_path(), "--log-format", "text", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *row = text_of(GONE, backend("serve"));
	struct superd *superd = superd_run_with(&setup, "superd { max_starting = 3 }\n%s", row);
	struct outcome outcome;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	edit(superd, text_of("superd {\n log_level = \"debug\"\n log_format = \"json\"\n stop_timeout = 7s\n"
			     " pid_file = \"%s\"\n}\n%s", path_in("other.pid"), row));
	outcome = diff();
	cr_expect_eq(outcome.status, 1, "%s", outcome.err);
	expect(outcome.out, "superd { }: changed\n    max_starting: 3 -> none\n    stop_timeout: 8s -> 7s\n");
	cr_expect_null(strstr(outcome.out, "log_"), "%s", outcome.out);
	cr_expect_null(strstr(outcome.out, "pid_file"), "%s", outcome.out);
	expect(outcome.out, "1 unchanged, 0 changed, 0 added, 0 removed\n");
	expect(outcome.err, "pid_file: the change takes effect at the next start");
	outcome = SUPERCTL(control_path(), "--json", "diff");
	schema_holds("diff", outcome.out);
	cr_expect_eq(SUPERCTL(control_path(), "reload").status, 0);
	outcome = diff();
	cr_expect_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
}

Behaviour(diff, of_a_wrong_table_prints_its_errors)
{
	int port = free_port();
	struct superd *superd = controlled_run(SAME, port, backend("serve"));
	struct outcome outcome;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	edit(superd, "service same { listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\" }\n");
	outcome = diff();
	cr_expect_eq(outcome.status, 2);
	expect(outcome.err, text_of("%s:2:", superd->table));
	expect(outcome.err, "error: ");
	expect(outcome.err, "cannot compare: ");
	cr_expect_str_eq(outcome.out, "");
	edit(superd, "");
	outcome = diff();
	cr_expect_eq(outcome.status, 2);
	expect(outcome.err, "is empty");
	client_ask_pid(port);
	unlink(superd->table);
	cr_expect_eq(diff().status, 2);
	cr_expect_eq(SUPERCTL("/none/there", "diff").status, 4);
}

/* A service that an instance keeps after its removal counts as added when it is back, as in a reload. */
Behaviour(diff, of_a_service_that_leaves_is_that_of_a_reload)
{
	int port = free_port(), client;
	const char *row = text_of(SAME, port, backend("serve"));
	struct superd *superd = controlled_run("%s" GONE, row, backend("serve"));

	superd_wait_log(superd, "same: listening on ");
	client = client_connect(port);
	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd));
	cr_assert(superd_reload(superd, GONE, backend("serve")));
	cr_expect_eq(diff().status, 0);
	edit(superd, text_of("%s" GONE, row, backend("serve")));
	expect(diff().out, "same: added\n1 unchanged, 0 changed, 1 added, 0 removed\n");
	expect(SUPERCTL(control_path(), "reload").out, "same: added");
	close(client);
}
