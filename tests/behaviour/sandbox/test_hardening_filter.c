/* Filters of system calls are compiled by superd-filter, each once; what it answers is checked. A stand-in for it lies
 * beside a copy of superd. */
#include "controlling.h"
#include "guarding.h"
#include "harness.h"

/* A copy of superd that finds the stand-in, which answers so. */
static const char *superd_with(const char *mode)
{
	const char *own = path_in("own/superd");

	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libseccomp"), "needs libseccomp");
	SKIP_WITHOUT(geteuid() != 0 || namespace_users(), "needs a build that every user can reach");
	if (mkdir(path_in("own"), 0755) == 0) {
		copy_program(superd_path(), own);
		copy_program(text_of("%s/tests/behaviour/hostile_filter", getenv("BUILDDIR")),
			     path_in("own/superd-filter"));
		copy_program(text_of("%s/superd-exec", getenv("SUPERD_LIBEXEC")), path_in("own/superd-exec"));
	}
	cr_assert_eq(chmod(write_file("own/mode", "%s", mode), 0644), 0);
	cr_assert_eq(chmod(write_file("own/requests", "%s", ""), 0666), 0);
	return own;
}

static const char *two_hundred(const char *more)
{
	static char text[200 * 160];
	size_t length = 0;

	for (int n = 0; n < 200; n++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "service s%d { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\""
					   " system_call_filter = \"@system-service\" }\n", n);
	return text_of("%s%s", text, more);
}

Behaviour(hardening_filter, one_for_two_hundred_services_is_compiled_once)
{
	const char *own = superd_with("good");
	struct setup setup = { .program = own };
	struct superd *superd = superd_run_with(&setup, "%s", two_hundred(""));
	int client = client_connect(superd_port(superd, "s7"));

	client_send(client, "hello\n");
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
	cr_expect_eq(count_lines(path_in("own/requests")), 1);
	cr_expect(strstr(read_text(path_in("own/requests")), ": calls @system-service;"));
	cr_assert(superd_reload(superd, "%s",
				two_hundred("service more { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\""
					    " system_call_filter = \"~@mount\" restrict_realtime = yes }\n")));
	cr_expect_eq(count_lines(path_in("own/requests")), 3, "a reload asks for what is new: %s",
		     read_text(path_in("own/requests")));
}

/* Only a reload with a filter that the table before did not have needs superd-filter. */
Behaviour(hardening_filter, a_reload_that_cannot_compile_one_is_refused)
{
	static const char row[] = "service %s { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\""
				  " system_call_filter = \"%s\" }\n";
	struct setup setup = { .program = superd_with("good") };
	struct superd *superd = superd_run_with(&setup, row, "one", "@system-service");
	const char *two;

	cr_assert_gt(superd_port(superd, "one"), 0);
	superd_with("ends");
	two = text_of(row, "two", "~@mount");
	cr_expect_not(superd_reload(superd, "%s%s", text_of(row, "one", "@system-service"), two));
	superd_wait_log(superd, "error: two: cannot compile its filter of system calls: superd-filter has ended");
	two = text_of(row, "two", "@system-service");
	cr_expect(superd_reload(superd, "%s%s", text_of(row, "one", "@system-service"), two));
	cr_expect_gt(superd_port(superd, "two"), 0);
}

/* By the files, and by the table that the superd before had, as an administrator is in the middle of an edit. */
Behaviour(hardening_filter, a_superd_that_takes_over_needs_no_compiler_for_known_ones)
{
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	struct setup setup = { .program = superd_with("good"), .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "service one { listen = \"127.0.0.1:0\" accept = yes"
							" exec = \"/bin/cat\" restrict_realtime = yes"
							" system_call_filter = \"@system-service\" }\n");
	int port = superd_port(superd, "one"), client;
	FILE *table;

	superd_with("ends");
	for (int n = 0; n < 3; n++) {
		if (n == 1) {
			table = fopen(superd->table, "ae");
			cr_assert_not_null(table);
			fputs("service two { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
			      " system_call_filter = \"~@mount\" }\n", table);
			cr_assert_eq(fclose(table), 0);
		}
		guarded_kill(superd);
		client = client_connect(port);
		client_send(client, "hello\n");
		cr_expect_str_eq(client_line(client), "hello", "%d: %s", n, world_logs());
		close(client);
	}
	cr_expect_null(strstr(read_text(path_in("own/requests")), "realtime"), "%s", world_logs());
	cr_expect_null(strstr(read_text(path_in("own/requests")), "@system-service"), "%s", world_logs());
}

Behaviour(hardening_filter, one_that_stays_behind_its_answers_is_ended)
{
	struct setup setup = { .program = superd_with("stays") };
	struct superd *superd = superd_run_with(&setup, "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
							" lock_personality = yes }\n");
	int pid = 0;

	cr_expect_gt(superd_port(superd, "one"), 0);
	cr_assert_eq(sscanf(read_text(path_in("own/requests")), "pid %d,", &pid), 1);
	WAIT_UNTIL(!process_lives((pid_t)pid));
}

/* A user of its own, and no capabilities. */
Behaviour(hardening_filter, it_is_compiled_without_rights)
{
	const char *own, *table = write_file("table", "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
						      " restrict_realtime = yes }\n");
	struct outcome outcome;
	int uid = 0, privileges = 0, binds = 1;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	own = superd_with("good");
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_eq(sscanf(read_text(path_in("own/requests")), "pid %*d, uid %d, no new privileges %d, may bind %d:",
			    &uid, &privileges, &binds), 3);
	cr_expect(uid >= 60594 && uid <= 60601, "%d", uid);
	cr_expect_eq(privileges, 1);
	cr_expect_eq(binds, 0);
}

/* The program itself, at the other end of its channel. */
Behaviour(hardening_filter, the_program_confines_itself_and_refuses_what_it_does_not_know)
{
	static const char request[] = "calls @basic-io nosuch\nerror 1\n";
	const char *program = text_of("%s/superd-filter", getenv("SUPERD_LIBEXEC")), *word = superd_build_word();
	uint32_t answer[10000] = { 0 };
	int ends[2], status;
	ssize_t length;
	pid_t pid;

	SKIP_WITHOUT(access(program, X_OK) == 0, "there is no superd-filter: it was built without libseccomp");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDIN_FILENO);
		execl(program, program, word, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	cr_assert_eq(send(ends[0], request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	length = recv(ends[0], answer, sizeof(answer), 0);
	cr_assert_gt(length, 12);
	cr_expect_eq(answer[0], 0);
	cr_expect_eq(answer[2], 1, "one unknown call");
	cr_expect_eq((size_t)length, 12 + answer[1] * 8 + 4);
	cr_expect_eq(answer[length / 4 - 1], 1, "the second word");
	if (!running_sanitized())
		cr_expect(strstr(read_text(text_of("/proc/%d/status", (int)pid)), "\nSeccomp:\t2\n"));
	cr_expect_gt(send(ends[0], "colour 1\n", 9, MSG_NOSIGNAL), 0);
	cr_expect_eq(recv(ends[0], answer, sizeof(answer), 0), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(ends[0]);
}

/* Each service that needs a filter has an error of its own line. */
static void expect_error(const char *mode, const char *text)
{
	const char *own = superd_with(mode);
	const char *table = write_file("table",
				       "service plain { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n"
				       "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				       " lock_personality = yes }\n"
				       "service two { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				       " system_call_filter = { \"@system-service\" } }\n");
	struct outcome outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });

	cr_expect_eq(outcome.status, 1, "%s", mode);
	cr_expect(strstr(outcome.err, text_of("table:2:1: error: one: cannot compile its filter of system calls: %s",
					      text)), "%s", outcome.err);
	cr_expect(strstr(outcome.err, text_of("table:3:1: error: two: cannot compile its filter of system calls: %s",
					      text)), "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "error: plain:"));
}

Behaviour(hardening_filter, a_wrong_answer_is_an_error_of_each_service_that_needs_one)
{
	expect_error("short", "the answer of superd-filter is wrong: it is too short");
	expect_error("cut", "the answer of superd-filter is wrong: its length is wrong");
	expect_error("long", "cannot ask superd-filter: Message too long");
	expect_error("many", "the answer of superd-filter is wrong: its number of instructions cannot be");
	expect_error("unknown", "the answer of superd-filter is wrong: it names words that were not asked for");
	expect_error("fails", "Invalid argument");
	expect_error("ends", "superd-filter has ended without an answer");
}

/* Takes ten seconds. */
Behaviour(hardening_filter, one_that_does_not_answer_is_an_error)
{
	expect_error("hangs", "superd-filter has not answered for 10 s");
}

Behaviour(hardening_filter, a_program_that_is_missing_is_an_error)
{
	const char *own = superd_with("good");
	const char *table = write_file("table", "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
						" lock_personality = yes }\n");
	struct outcome outcome;

	cr_assert_eq(chmod(path_in("own/superd-filter"), 0644), 0);
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	if (outcome.status == 0) {
		world_end();
		cr_skip_test("superd's own programs are installed on this machine");
	}
	cr_expect(strstr(outcome.err, "table:1:1: error: one: cannot compile its filter of system calls: superd's own "
				      "program superd-filter is missing"), "%s", outcome.err);
	cr_assert_eq(chmod(path_in("own/superd-exec"), 0644), 0);
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	cr_expect(strstr(outcome.err, "table:1:56: error: one: lock_personality = yes: superd's own program "
				      "superd-exec is missing (Permission denied); superd searched"), "%s",
		  outcome.err);
	table = write_file("table", "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				    " condition = \"PathExists=/\" }\n"
				    "service two { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				    " set_credential = \"name:secret\" }\n"
				    "service three { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				    " socket_condition = \"PathExists=/\" }\n");
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "table:1:56: error: one: condition = PathExists=/: superd's own program "
				      "superd-exec is missing"), "%s", outcome.err);
	cr_expect(strstr(outcome.err, "two: set_credential = name: superd's own program"), "%s", outcome.err);
	cr_expect(strstr(outcome.err, "three: socket_condition = PathExists=/: superd's own program"), "%s",
		  outcome.err);
}

/* A file in a folder of another user is superd-exec's to read: without it a daemon would pass for one that writes no
 * pid file, and be killed. */
Behaviour(hardening_filter, files_in_folders_of_others_need_superd_exec)
{
	enum { OTHER = 65534 };
	const char *own, *table, *none;
	struct outcome outcome;

	SKIP_WITHOUT(geteuid() == 0, "needs root, for a folder of another user");
	own = superd_with("good");
	cr_assert_eq(mkdir(path_in("theirs"), 0755), 0);
	write_file("theirs/variables", "%s", "A=b\n");
	cr_assert_eq(chown(path_in("theirs"), OTHER, OTHER), 0);
	none = write_file("variables", "%s", "A=b\n");
	table = write_file("table", "service one { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" type = forking"
				    " pid_file = \"%s/pid\" }\n"
				    "service two { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				    " environment_file = { \"%s\", \"-%s/variables\" } }\n"
				    "service three { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
				    " environment_file = \"%s\" }\n", path_in("theirs"), none, path_in("theirs"), none);
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_eq(chmod(path_in("own/superd-exec"), 0644), 0);
	outcome = program_answer((const char *const[]){ own, "--check", "-f", table, NULL });
	if (outcome.status == 0) {
		world_end();
		cr_skip_test("superd's own programs are installed on this machine");
	}
	cr_expect(strstr(outcome.err, "/theirs/pid: superd's own program superd-exec is missing"), "%s", outcome.err);
	cr_expect(strstr(outcome.err, "/theirs/variables: superd's own program superd-exec"), "%s", outcome.err);
	cr_expect_null(strstr(outcome.err, "three: environment_file"), "%s", outcome.err);
}
