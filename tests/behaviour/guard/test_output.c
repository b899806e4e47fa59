/* What services print outlives superd: superd-output reads it until the last writer has ended. */
#include <sys/mount.h>

#include "binding.h"
#include "controlling.h"
#include "guarding.h"
#include "superctl.h"

#define ECHOES \
	"service web { start = boot %s\n" \
	"exec = \"/bin/sh -c 'while read -r line; do echo said $line; done <>%s'\" }\n"

static const char *make_fifo(const char *name)
{
	const char *path = path_in("%s", name);

	cr_assert_eq(mkfifo(path, 0600), 0);
	return path;
}

/* Has the program that reads the fifo print a line. */
static void say(const char *fifo, const char *text)
{
	int fd;

	WAIT_UNTIL((fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
	cr_assert_eq(dprintf(fd, "%s\n", text), (int)strlen(text) + 1);
	close(fd);
}

static pid_t output_pid(pid_t below)
{
	pid_t list[64];
	size_t count = process_descendants(below, list, 64);

	for (size_t n = 0; n < count; n++) {
		if (process_is_called(list[n], "superd-output") && process_lives(list[n]))
			return list[n];
	}
	return 0;
}

static void end_all_below(pid_t pid, const char *but)
{
	pid_t list[64];
	size_t count = process_descendants(pid, list, 64);

	for (size_t n = 0; n < count; n++) {
		if (!process_is_called(list[n], but))
			kill(list[n], SIGKILL);
	}
}

static void get(int port, const char *path)
{
	int fd = client_connect(port);

	client_send(fd, text_of("GET /%s HTTP/1.0\r\n\r\n", path));
	cr_assert_not_null(strstr(client_rest(fd), "404"), "%s", path);
	close(fd);
}

Behaviour(output, a_web_server_that_prints_serves_on_when_superd_is_killed)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "no Python is here");
	superd = superd_run_with(&(struct setup){ .arguments = (const char *const[]){ "--no-guard", NULL } },
				 "service web { listen = \"127.0.0.1:%d\" pass = bind\n"
				 "exec = \"/usr/bin/python3 -m http.server --bind 127.0.0.1 %d\" }\n",
				 port, port);
	superd_port(superd, "web");
	get(port, "before");
	superd_wait_log(superd, "\"GET /before HTTP/1.0\" 404");
	kill(superd->pid, SIGKILL);
	superd_wait_exit(superd);
	for (int n = 0; n < 3; n++) {
		get(port, text_of("after-%d", n));
		WAIT_UNTIL(superd_logged(superd, text_of("\"GET /after-%d HTTP/1.0\" 404", n)));
	}
	end_all_below(getpid(), "superd-output");
	WAIT_UNTIL(!output_pid(getpid()));
}

Behaviour(output, a_program_prints_on_whoever_of_superd_and_its_reader_is_killed)
{
	const char *fifo;
	struct superd *superd;
	pid_t pid, reader;

	fifo = make_fifo("fifo");
	superd = guarded_run(ECHOES, "", fifo);
	say(fifo, "one");
	superd_wait_log(superd, "web[");
	superd_wait_log(superd, "said one");
	pid = superd_only_process(superd);

	reader = output_pid(superd->pid);
	guarded_kill(superd);
	say(fifo, "two");
	superd_wait_log(superd, "said two");
	cr_expect_eq(output_pid(superd->pid), reader, "the reader did not outlive superd");

	kill(reader, SIGKILL);
	say(fifo, "three");
	superd_wait_log(superd, "said three");

	reader = output_pid(superd->pid);
	kill(reader, SIGSTOP);
	kill(guarded_wait(superd), SIGKILL);
	kill(reader, SIGKILL);
	superd_wait_log(superd, "signal KILL ended superd, and its guard restarted it");
	say(fifo, "four");
	superd_wait_log(superd, "said four");
	cr_expect_eq(superd_only_process(superd), pid, "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, "web: started, pid "), 1);
}

/* Each line is in the log once, and superctl log has it from either side of superd's death. */
Behaviour(output, lines_are_kept_over_superds_death)
{
	const char *fifo, *lines;
	struct superd *superd;

	fifo = make_fifo("fifo");
	superd = guarded_run(ECHOES, "", fifo);
	say(fifo, "one");
	superd_wait_log(superd, "said one");
	guarded_kill(superd);
	say(fifo, "two");
	superd_wait_log(superd, "said two");
	lines = SUPERCTL(control_path(), "log", "web").out;
	cr_expect(strstr(lines, "said one") && strstr(lines, "said two"), "%s", lines);
	cr_expect_eq(superd_log_count(superd, "said one"), 1);
	cr_expect_eq(superd_log_count(superd, "said two"), 1);
}

Behaviour(output, who_prints_without_end_delays_nobody)
{
	const char *fifo;
	struct superd *superd;

	fifo = make_fifo("fifo");
	superd = controlled_run("service loud { start = boot exec = \"/bin/sh -c 'exec yes'\" }\n" ECHOES, "", fifo);
	superd_wait_log(superd, "loud: warning: printed more than 10000 lines within 30 s");
	for (int n = 0; n < 20; n++) {
		say(fifo, text_of("line %d", n));
		superd_wait_log(superd, text_of("said line %d", n));
	}
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "log", "web").out, "said line 19"));
}

/* What is printed meanwhile waits in the pipes. */
Behaviour(output, while_its_reader_stands_still_services_start_and_end)
{
	enum { CLIENTS = 200 };
	static const char each[] = "service each { listen = \"127.0.0.1:%d\" accept = yes\n"
				   "exec = \"/bin/sh -c 'echo served >&2; exec %s'\" error = log %s }\n";
	int port = free_port();
	struct superd *superd;
	const char *fifo;
	pid_t reader;
	char *table;

	fifo = make_fifo("fifo");
	table = strdup(text_of(ECHOES, "", fifo));
	superd = controlled_run("%s%s", table, text_of(each, port, backend("stdio"), ""));
	say(fifo, "one");
	superd_wait_log(superd, "said one");
	reader = output_pid(superd->pid);
	cr_assert_eq(kill(reader, SIGSTOP), 0);
	WAIT_UNTIL(process_is_stopped(reader));
	say(fifo, "two");
	for (int n = 0; n < CLIENTS; n++)
		client_ask_pid(port);
	superctl_order("restart web");
	cr_assert(superd_reload(superd, "%s%s", table, text_of(each, port, backend("stdio"), "nice = 1")));
	client_ask_pid(port);
	cr_expect_eq(SUPERCTL(control_path(), "log", "web").status, 0);
	cr_expect_eq(output_pid(superd->pid), reader);
	cr_expect(!superd_logged(superd, "said two"));
	cr_assert_eq(kill(reader, SIGCONT), 0);
	superd_wait_log(superd, "said two");
	WAIT_UNTIL(superd_log_count(superd, "]: served") == CLIENTS + 1);
	free(table);
}

/* It writes from a page that is never there: the kernel has the lock of its pipe meanwhile, and whoever reads there
 * hangs. Its next start has another pipe. */
Behaviour(output, who_holds_the_lock_of_its_pipe_silences_itself_alone)
{
	const char *fifo, *file, *program;
	struct superd *superd;
	pid_t reader;

	SKIP_WITHOUT(geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0, "needs root and /dev/fuse");
	fifo = make_fifo("fifo");
	file = write_file("acts", "%s", "");
	program = replaced(backend("%s", ""), "backend ", "hostile_backend");
	superd = controlled_run("service hostile { start = boot exec = \"%s %s print\" }\n" ECHOES, program, file, "",
				fifo);
	WAIT_UNTIL((reader = output_pid(superd->pid)));
	say(fifo, "one");
	superd_wait_log(superd, "hostile: warning: its output is not read any more");
	WAIT_UNTIL(superd_logged(superd, "said one"));
	say(fifo, "two");
	superd_wait_log(superd, "said two");
	write_file("acts", "%s", "tampered\n");
	superctl_order("restart hostile");
	superd_wait_log(superd, "said again");
	WAIT_UNTIL(!process_lives(reader));
}

Behaviour(output, the_line_by_which_a_program_is_ready_is_heard)
{
	const char *fifo;
	struct superd *superd;

	fifo = make_fifo("fifo");
	superd = guarded_run(ECHOES, "ready = \"said ready\"", fifo);
	say(fifo, "one");
	superd_wait_log(superd, "said one");
	cr_expect_not_null(strstr(why_of("web"), "it has printed no line with"), "%s", why_of("web"));
	kill(output_pid(superd->pid), SIGKILL);
	say(fifo, "so: said ready");
	WAIT_UNTIL(strstr(why_of("web"), "awake"));
}

/* A reload that moves the log moves what programs print with it; and so does what rotates it. */
Behaviour(output, follows_the_log)
{
	const char *fifo;
	struct superd *superd;

	fifo = make_fifo("fifo");
	superd = superd_run("superd { log = \"file:%s\" }\n" ECHOES, path_in("one"), "", fifo);
	say(fifo, "one");
	WAIT_UNTIL(read_text(path_in("one")) && strstr(read_text(path_in("one")), "said one"));
	cr_assert_eq(rename(path_in("one"), path_in("one.old")), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(read_text(path_in("one")) && strstr(read_text(path_in("one")), "reloaded: "));
	say(fifo, "two");
	WAIT_UNTIL(strstr(read_text(path_in("one")), "said two"));
	cr_expect_null(strstr(read_text(path_in("one")), "said one"));
}
