/* superctl with a real superd: its answers are as the documented schema has them, and its metrics as Prometheus reads
 * them. How they are shown is test_superctl's. */
#include <sys/un.h>
#include <time.h>

#include "guarding.h"
#include "private.h"
#include "superctl.h"

#define TABLE \
	"service web { listen = \"127.0.0.1:0\" exec = \"%s\" user = \"%s\" }\n" \
	"service each { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\" user = \"%s\" no_access = " \
	"\"127.0.0.9\" }\n" \
	"service bad { listen = \"127.0.0.1:0\" exec = \"/bin/false\" user = \"%s\" backoff_min = 1h " \
	"backoff_max = 1h }\n" \
	"service asleep { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" user = \"%s\" idle_timeout = 1h }\n"

static const char *control;

static void wait_abstract(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	WAIT_UNTIL(connect(fd, (struct sockaddr *)&address, length) == 0);
	close(fd);
}

static struct superd *run(void)
{
	struct superd *superd;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } }, TABLE,
		backend("serve"), own_user(), own_user(), own_user(), own_user());
	superd_wait_log(superd, "asleep: listening on");
	wait_node(control);
	return superd;
}

/* Something to tell of: an instance of each kind, a refusal, an exit and a failure. */
static int make_history(struct superd *superd)
{
	int refused = client_connect_from("127.0.0.9", superd_port(superd, "each")), failing, client;

	cr_assert(client_sees_end(refused));
	close(refused);
	cr_assert_str_eq(client_ask(superd_port(superd, "each"), "through cat\n"), "through cat");
	failing = client_connect(superd_port(superd, "bad"));
	superd_wait_log(superd, "bad: ");
	client = client_connect(superd_port(superd, "each"));
	client_send(client, "still here\n");
	cr_assert_str_eq(client_line(client), "still here");
	close(failing);
	return client;
}

/* The value of a sample, as text; "": there is none. */
static const char *sample(const char *name)
{
	const char *page = SUPERCTL(control, "metrics").out, *at = strstr(page, text_of("\n%s ", name));

	return at ? text_of("%.*s", (int)strcspn(at + strlen(name) + 2, "\n"), at + strlen(name) + 2) : "";
}

static double seconds(const char *name)
{
	return strtod(sample(text_of("superd_service_%s", name)), NULL);
}

struct question {
	const char *definition, *verb, *name;
};

static bool is_as_documented(const struct question *question)
{
	struct outcome outcome = question->name ? SUPERCTL(control, "--json", question->verb, question->name)
						: SUPERCTL(control, "--json", question->verb);

	cr_assert_neq(strchr(outcome.out, '\n'), NULL, "%s: %s", question->verb, outcome.err);
	return schema_holds(question->definition, outcome.out);
}

Behaviour(superctl_real, answers_are_as_the_schema_has_them)
{
	static const struct question questions[] = {
		{ "status", "status", NULL },	  { "list", "list", NULL },
		{ "show", "show", NULL },	  { "why", "why", NULL },
		{ "health", "health", NULL },	  { "metrics", "metrics", NULL },
		{ "version", "version", NULL },
		{ "act", "hold", "each" },	  { "status", "status", "each" },
		{ "why", "why", "each" },	  { "act", "release", "each" },
		{ "end", "status", "eac" },	  { "act", "stop", "*" },
		{ "act", "start", "asleep" },	  { "act", "disable", "asleep" },
		{ "status", "status", "asleep" }, { "act", "enable", "asleep" },
		{ "act", "restart", "asleep" },	  { "reload", "reload", NULL },
		{ "log", "log", NULL },		  { "log", "log", "-n3" },
		{ "act", "reload", "web" },	  { "upgrade", "upgrade", "--check" },
	};
	struct superd *superd = run();
	int client = make_history(superd);

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (!is_as_documented(&questions[i]))
			cr_skip_test("python3 has no jsonschema (Debian: python3-jsonschema)");
	}
	close(client);
}

/* A status alone tells nobody what is wrong; what an instance before has printed tells something else. */
Behaviour(superctl_real, why_has_what_a_failed_instance_printed_last)
{
	const char *said = path_in("said");
	struct superd *superd;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service web {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n"
		" exec = { \"/bin/sh\", \"-c\", \"test -e %s || echo cannot open my.cnf >&2; exit 1\" }\n}\n",
		own_user(), said);
	wait_node(control);
	SUPERCTL(control, "start", "web");
	WAIT_UNTIL(strstr(SUPERCTL(control, "why", "web").out, "\n  last printed: cannot open my.cnf\n"));
	write_file("said", "\n");
	SUPERCTL(control, "start", "web");
	superd_wait_log(superd, "ended: exit status 1");
	superd_wait_log(superd, "ended: exit status 1");
	cr_expect_null(strstr(SUPERCTL(control, "why", "web").out, "last printed"), "%s",
		       SUPERCTL(control, "why", "web").out);
}

/* Node and others print a trace behind the reason. */
Behaviour(superctl_real, why_has_the_line_that_names_the_error)
{
	static const char trace[] = "loader:1143\\n\\nError: Cannot find module /server.js\\n    at Module\\n"
				    "  code: 1\\n}\\nNode.js v20";
	struct superd *superd;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service web {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n"
		" exec = { \"/bin/sh\", \"-c\", \"printf '%s\\n'; exit 1\" }\n}\n",
		own_user(), trace);
	wait_node(control);
	SUPERCTL(control, "start", "web");
	WAIT_UNTIL(strstr(SUPERCTL(control, "why", "web").out, "last printed: Error: Cannot find module /server.js\n"));
	superd_stop(superd);
}

/* Prints the entries by superctl show, and has a superd read that. */
static struct outcome read_back(const char *name)
{
	return answer_to(NULL, (const char *const[]){ "/bin/sh", "-c",
						      text_of("%s --control %s show %s | %s --print -f -",
							      superctl_path(), control, name, superd_path()), NULL });
}

/* Each value stands as it was written, also one of `defaults { }`. */
Behaviour(superctl_real, show_is_a_table_that_reads_back)
{
	static const char expected[] =
		"defaults {\n\tidle_timeout = 600s\n}\n\n"
		"service web {\n\texec = \"/bin/cat\"\n%s\tmemory_max = 65536K\n\tcps = { 25, 10s }\n"
		"\tsocket a { listen = \"tcp:127.0.0.1:0\"  defer_accept = 90s }\n\tlisten = \"%s\"\n}\n";
	static const char table[] =
		"defaults { idle_timeout = \"600s\" }\n"
		"service web {\n exec = \"/bin/cat\"\n user = \"%s\"\n"
		" memory_max = \"65536K\"\n cps = { 25, \"10s\" }\n"
		" socket a {\n listen = \"127.0.0.1:0\"\n defer_accept = \"90s\"\n }\n listen = \"%s\"\n}\n"
		"service page { listen = \"127.0.0.1:0\" accept = yes builtin = status user = \"%s\" }\n"
		"service gate { listen = \"127.0.0.1:0\" accept = yes redirect = \"127.0.0.1 9\"\n"
		" only_from = \"127.0.0.0/8\" user = \"%s\" }\n";
	const char *user = own_user(), *path = path_in("web.socket"), *printed;
	struct superd *superd;
	struct outcome outcome;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		table, user, path, user, user);
	wait_node(control);
	outcome = read_back("web");
	printed = text_of(expected, text_of("\tuser = %s\n", user), path);
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_str_eq(outcome.out, printed, "%s", outcome.err);
	outcome = read_back("");
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.out, "service gate {"), "%s", outcome.out);
	cr_expect_null(strstr(outcome.out, "exec = {}"), "%s", outcome.out);
	outcome = SUPERCTL(control, "show", "web");
	cr_expect_not_null(strstr(outcome.out, ":5\n\tmemory_max = 65536K\n"), "%s", outcome.out);
	superd_stop(superd);
}

Behaviour(superctl_real, an_answer_that_cannot_be_written_is_a_failure)
{
	static const char *const verbs[] = { "list",	"status web",	"why web",  "show web", "metrics web",
					     "version", "hold web", "health",	"--json list" };
	struct superd *superd = run();

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct outcome outcome = answer_to(
			NULL, (const char *const[]){ "/bin/sh", "-c",
						     text_of("exec %s --control %s %s >/dev/full", superctl_path(),
							     control, verbs[i]), NULL });

		cr_expect_eq(outcome.status, 1, "%s: %d", verbs[i], outcome.status);
		cr_expect_not_null(strstr(outcome.err, "cannot write the answer"), "%s: %s", verbs[i], outcome.err);
	}
	superd_stop(superd);
}

/* As logrotate has it, while somebody edits the table. */
Behaviour(superctl_real, opens_the_log_again_and_does_nothing_else)
{
	const char *log = path_in("own.log"), *rotated = path_in("own.log.1"), *arguments[5];
	struct superd *superd;

	control = path_in("control");
	arguments[0] = "--control", arguments[1] = control, arguments[2] = "--log";
	arguments[3] = text_of("file:%s", log), arguments[4] = NULL;
	superd = superd_run_with(&(const struct setup){ .arguments = arguments },
				 "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	wait_node(control);
	cr_assert_eq(rename(log, rotated), 0);
	write_file(strrchr(superd->table, '/') + 1, "service web { lis");
	cr_assert_eq(SUPERCTL(control, "reopen").status, 0);
	cr_assert_eq(access(log, F_OK), 0);
	superd_signal(superd, SIGUSR1);
	WAIT_UNTIL(strstr(read_text(log), "web"));
	cr_expect_null(strstr(read_text(log), "not reloaded"), "%s", read_text(log));
	cr_expect_null(strstr(read_text(rotated), "not reloaded"), "%s", read_text(rotated));
}

/* A backslash is a character like others, in a pattern, too; and a name that looks like a pattern means itself. */
Behaviour(superctl_real, names_mean_themselves_whatever_they_hold)
{
	static const char *const asked[][2] = {
		{ "a\\b", "a\\b\n" }, { "a\\\\b", "a\\\\b\n" }, { "a\\*", "a\\b\na\\\\b\n" }, { "a\\\\*", "a\\\\b\n" },
		{ "[a]\\?", "a\\b\n" }, { "it's", "it's\n" }, { "q[1]", "q[1]\n" }, { "q[[]1]", "q[1]\n" },
		{ "s*r", "s*r\n" }, { "s?r", "s*r\nsxr\n" },
	};
	const char *more = text_of("exec = \"/bin/cat\" accept = yes user = \"%s\" }\n", own_user());
	struct superd *superd;
	struct outcome outcome;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service 'a\\b' { listen = \"127.0.0.1:0\" %s"
		"service \"a\\\\\\\\b\" { listen = \"127.0.0.1:0\" %s"
		"service \"it's\" { listen = \"127.0.0.1:0\" %s"
		"service 'q[1]' { listen = \"127.0.0.1:0\" %s"
		"service 's*r' { listen = \"127.0.0.1:0\" %s"
		"service sxr { listen = \"127.0.0.1:0\" %s", more, more, more, more, more, more);
	wait_node(control);
	for (size_t n = 0; n < sizeof(asked) / sizeof(*asked); n++) {
		outcome = SUPERCTL(control, "list", "--names", asked[n][0]);
		cr_expect_str_eq(outcome.out, asked[n][1], "%s: %s%s", asked[n][0], outcome.out, outcome.err);
	}
	outcome = SUPERCTL(control, "--json", "hold", "a\\\\b", "s*r");
	cr_expect_not_null(strstr(outcome.out, "\"service\":\"a\\\\\\\\b\",\"state\":\"held\""), "%s", outcome.out);
	cr_expect_not_null(strstr(outcome.out, "\"service\":\"s*r\",\"state\":\"held\""), "%s", outcome.out);
	cr_expect_null(strstr(outcome.out, "sxr"), "the name of a service means no other: %s", outcome.out);
	superd_stop(superd);
}

/* As two of one version may differ. */
Behaviour(superctl_real, the_version_tells_builds_apart)
{
	struct superd *superd = run();
	const char *version = SUPERCTL(control, "version").out, *first = strstr(version, "(build ");

	cr_assert(first && strspn(first + 7, "0123456789abcdef") == 12, "%s", version);
	cr_expect(!strstr(first + 7, "(build "), "superctl is another program: %s", version);
	cr_expect(strstr(SUPERD_ANSWER("--version").out, text_of("%.19s)", first)), "%s", version);
	first = strstr(version, "superd ");
	cr_assert(first && strstr(first, "(build ") &&
			  strstr(first, text_of("), pid %ld\n", (long)superd_itself(superd))),
		  "%s", version);
}

/* What superctl prints, without its times, "Nov 25 02:24:59 ". */
static const char *without_times(const char *text)
{
	const char *out = "";

	for (; *text; text += strcspn(text, "\n") + 1)
		out = text_of("%s%.*s\n", out, (int)strcspn(text + 16, "\n"), text + 16);
	return out;
}

Behaviour(superctl_real, log_has_the_last_lines_in_their_order)
{
	struct superd *superd = run();
	int client = make_history(superd);
	const char *all, *each;
	struct outcome outcome;

	cr_assert_eq(SUPERCTL(control, "reload").status, 0);
	all = without_times(SUPERCTL(control, "log", "-n", "100").out);
	cr_expect(strstr(all, "web: listening on ") < strstr(all, "each: listening on "), "%s", all);
	cr_expect_not_null(strstr(all, "superd: uid "), "%s", all);
	each = without_times(SUPERCTL(control, "log", "each", "asleep").out);
	cr_expect_not_null(strstr(each, "each: listening on "), "%s", each);
	cr_expect_not_null(strstr(each, "asleep: listening on "), "%s", each);
	cr_expect_null(strstr(each, "web: "), "%s", each);
	cr_expect_null(strstr(each, "superd: "), "%s", each);
	outcome = SUPERCTL(control, "log", "-n", "1", "each", "asleep");
	cr_expect(strlen(outcome.out) && strchr(outcome.out, '\n')[1] == '\0', "%s", outcome.out);
	outcome = SUPERCTL(control, "log", "asleeep");
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "did you mean asleep?"), "%s", outcome.err);
	close(client);
}

/* A program prints what superd itself would say about a client. */
Behaviour(superctl_real, what_a_program_printed_is_no_line_of_superd)
{
	struct superd *superd;
	const char *log;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service liar {\n start = boot\n user = \"%s\"\n"
		" exec = { \"/bin/sh\", \"-c\", \"echo refused 192.0.2.66; exec sleep 1000\" }\n}\n", own_user());
	wait_node(control);
	superd_wait_log(superd, "]: refused 192.0.2.66");
	log = SUPERCTL(control, "log", "liar").out;
	cr_expect_not_null(strstr(log, "]: refused 192.0.2.66"), "%s", log);
	cr_expect_null(strstr(log, "liar: refused"), "%s", log);
	log = SUPERCTL(control, "status", "liar").out;
	cr_expect_not_null(strstr(log, "]: refused 192.0.2.66"), "%s", log);
	log = SUPERCTL(control, "--json", "log", "liar").out;
	cr_expect_not_null(strstr(log, "\"from\":\"output\",\"pid\":"), "%s", log);
}

/* superctl log --follow, which has no end of its own. */
static pid_t follow_log(const char *out)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
			execl(superctl_path(), "superctl", "--control", control, "log", "-n", "1", "-f", "each", "asl*",
			      (char *)NULL);
		_exit(127);
	}
	return pid;
}

static bool holds(const char *path, const char *text)
{
	const char *content = read_text(path);

	return content && strstr(content, text);
}

Behaviour(superctl_real, log_goes_on_with_the_lines_to_come_until_superd_ends)
{
	struct superd *superd = run();
	const char *out = path_in("followed");
	pid_t pid = follow_log(out);
	int status;

	WAIT_UNTIL(holds(out, "asleep: listening on "));
	cr_assert_str_eq(client_ask(superd_port(superd, "each"), "one\n"), "one");
	WAIT_UNTIL(holds(out, "each: started, pid "));
	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	cr_assert_eq(SUPERCTL(control, "hold", "asleep").status, 0);
	WAIT_UNTIL(holds(out, "asleep: uid "));
	cr_expect_null(strstr(read_text(out), "web: "), "%s", read_text(out));
	superd_upgrade(superd);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

Behaviour(superctl_real, list_failed_names_what_has_a_fault)
{
	struct superd *superd = run();
	struct outcome outcome = SUPERCTL(control, "list", "--failed");
	int client;

	cr_expect_eq(outcome.status, 0);
	cr_expect_str_eq(outcome.out, "no service has failed\n");
	client = client_connect(superd_port(superd, "bad"));
	superd_wait_log(superd, "bad: next start in ");
	cr_expect_eq(SUPERCTL(control, "hold", "web").status, 0);
	outcome = SUPERCTL(control, "list", "--failed", "--names");
	cr_expect_str_eq(outcome.out, "bad\n");
	close(client);
}

Behaviour(superctl_real, signal_goes_to_the_main_process_of_each_instance)
{
	struct superd *superd = run();
	int one = client_connect(superd_port(superd, "each")), other = client_connect(superd_port(superd, "each"));
	struct outcome outcome;

	client_send(one, "one\n");
	client_send(other, "other\n");
	cr_assert_str_eq(client_line(one), "one");
	cr_assert_str_eq(client_line(other), "other");
	outcome = SUPERCTL(control, "signal", "each", "TERM");
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.out, "each: sent SIGTERM to pid "), "%s", outcome.out);
	cr_expect(client_sees_end(one) && client_sees_end(other));
	superd_wait_log(superd, " requested: ");
	outcome = SUPERCTL(control, "signal", "web", "HUP");
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "web: no process of it runs"), "%s", outcome.err);
	cr_expect_eq(SUPERCTL(control, "signal", "web").status, 2);
	cr_expect_eq(SUPERCTL(control, "signal", "web", "FOO").status, 2);
	close(one);
	close(other);
}

Behaviour(superctl_real, tells_what_is_no_socket)
{
	struct outcome outcome = SUPERCTL(write_file("no-socket", "%s", ""), "list");

	cr_expect_eq(outcome.status, 4);
	cr_expect_not_null(strstr(outcome.err, ": it is no socket"), "%s", outcome.err);
	outcome = SUPERCTL("", "list");
	cr_expect_eq(outcome.status, 2);
	cr_expect_not_null(strstr(outcome.err, "--control: '': expected the path of a socket"), "%s", outcome.err);
}

Behaviour(superctl_real, what_a_reload_says_is_as_the_schema_has_it)
{
	struct superd *superd = run();
	const char *table = read_text(superd->table);
	struct outcome outcome;
	double loaded;

	cr_expect_str_eq(sample("superd_config_last_reload_successful"), "1.0");
	loaded = strtod(sample("superd_config_last_reload_success_timestamp_seconds"), NULL);
	cr_expect(loaded > (double)time(NULL) - 600 && loaded < (double)time(NULL) + 1, "loaded at %f", loaded);
	write_file("superd.conf", "%s", replaced(table, "accept = yes", "lisen = 3 accept = yes"));
	outcome = SUPERCTL(control, "reload");
	cr_assert_eq(outcome.status, 1);
	cr_expect_str_eq(sample("superd_config_last_reload_successful"), "0.0");
	cr_assert_not_null(strstr(outcome.err, "superd.conf:2:"), "%s", outcome.err);
	(void)schema_holds("reload", SUPERCTL(control, "--json", "reload").out);
	write_file("superd.conf", "%s", replaced(table, "service bad", "service good"));
	outcome = SUPERCTL(control, "--json", "reload");
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.out, "\"result\":\"added\""), "%s", outcome.out);
	cr_expect_str_eq(sample("superd_config_last_reload_successful"), "1.0");
	cr_expect_gt(strtod(sample("superd_config_last_reload_success_timestamp_seconds"), NULL), loaded);
	if (!schema_holds("reload", outcome.out))
		cr_skip_test("python3 has no jsonschema (Debian: python3-jsonschema)");
}

/* superctl's own process, as events has no end. */
static pid_t start_events(const char *out)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (dup2(fd, STDOUT_FILENO) == STDOUT_FILENO)
			execl(superctl_path(), "superctl", "--control", control, "--json", "events", "ea*",
			      (char *)NULL);
		_exit(93);
	}
	cr_assert_gt(pid, 0);
	return pid;
}

static bool stirs(struct superd *superd, const char *events)
{
	const char *text;

	cr_assert_str_eq(client_ask(superd_port(superd, "each"), "stir\n"), "stir");
	text = read_text(events);
	return text && strstr(text, "\"exited\"") && text[strlen(text) - 1] == '\n';
}

Behaviour(superctl_real, events_are_as_the_schema_has_them)
{
	struct superd *superd = run();
	const char *events = path_in("events");
	pid_t pid = start_events(events);
	bool looked;

	WAIT_UNTIL(stirs(superd, events));
	cr_assert_eq(kill(pid, SIGTERM), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	looked = schema_holds("events", read_text(events));
	superd_stop(superd);
	if (!looked)
		cr_skip_test("python3 has no jsonschema (Debian: python3-jsonschema)");
}

Behaviour(superctl_real, metrics_are_read_by_prometheus)
{
	struct superd *superd = run();
	int client = make_history(superd);
	const char *samples = metrics_read(SUPERCTL(control, "metrics").out);

	if (samples) {
		cr_assert_not_null(strstr(samples, "superd_service_accepted_total{service=\"each\"} 3"), "%s", samples);
		cr_assert_not_null(strstr(samples, "superd_service_instances{service=\"each\"} 1"), "%s", samples);
		cr_assert_not_null(strstr(samples,
					  "superd_service_state{service=\"asleep\","
					  "superd_service_state=\"listening\"} 1"),
				   "%s", samples);
	}
	close(client);
	superd_stop(superd);
	if (!samples)
		cr_skip_test("python3 has no prometheus_client (Debian: python3-prometheus-client)");
}

#define WAKES "superd_service_activation_latency_seconds_count{service=\"it\"}"

/* Also after its process has ended. */
Behaviour(superctl_real, metrics_tell_of_a_sleepers_life)
{
	struct superd *superd;
	double cpu, frozen;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .clock = true,
				       .arguments = (const char *const[]){ "--control", control, NULL } },
		"service it { listen = \"127.0.0.1:0\" exec = \"%s\" user = \"%s\" idle_timeout = 10min "
		"idle_action = freeze }\n",
		backend("serve"), own_user());
	client_ask_pid(superd_port(superd, "it"));
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 20, superd_logged(superd, "is frozen until a client connects"));
	clock_advance(superd, MINUTE_MS);
	client_ask_pid(superd_port(superd, "it"));
	superd_wait_log(superd, "thawed after");
	WAIT_UNTIL(!strcmp(sample(WAKES), "2"));
	frozen = seconds("state_seconds_total{service=\"it\",state=\"frozen\"}");
	cpu = seconds("cpu_seconds_total{service=\"it\"}");
	cr_expect_geq(frozen, 60);
	cr_expect_gt(seconds("state_seconds_total{service=\"it\",state=\"listening\"}"), 0);
	cr_expect_gt(seconds("state_seconds_total{service=\"it\",state=\"running\"}"), 0);
	cr_expect_str_eq(sample("superd_service_state_seconds_total{service=\"it\",state=\"backoff\"}"), "");
	cr_expect_eq(SUPERCTL(control, "stop", "it").status, 0);
	cr_expect_geq(seconds("cpu_seconds_total{service=\"it\"}"), cpu);
	cr_expect_gt(seconds("cpu_seconds_total{service=\"it\"}"), 0);
}

Behaviour(superctl_real, metrics_are_good_for_promtool)
{
	const char *promtool = find_program("prometheus", "promtool");
	struct superd *superd;
	struct outcome outcome;
	int client;

	SKIP_WITHOUT(promtool, "promtool is not here (Debian: prometheus, also unpacked below SUPERD_PEERS)");
	superd = run();
	client = make_history(superd);
	outcome = answer_to(write_file("metrics", "%s", SUPERCTL(control, "metrics").out),
			    (const char *const[]){ promtool, "check", "metrics", NULL });
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	cr_assert_null(strstr(outcome.err, "error"), "%s", outcome.err);
	close(client);
}

Behaviour(superctl_real, metrics_are_good_for_the_textfile_collector)
{
	const char *exporter = find_program("prometheus-node-exporter", "prometheus-node-exporter");
	struct superd *superd;
	struct outcome outcome;
	int client;

	SKIP_WITHOUT(exporter, "node_exporter is not here (Debian: prometheus-node-exporter, also unpacked below "
			       "SUPERD_PEERS)");
	superd = run();
	client = make_history(superd);
	write_file("superd.prom", "%s", SUPERCTL(control, "metrics").out);
	outcome = answer_to(NULL, (const char *const[]){ "/usr/bin/python3",
							 text_of("%s/tests/behaviour/textfile.py", getenv("SRCDIR")),
							 exporter, path_in("."), NULL });
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.out, "\nnode_textfile_scrape_error 0\n"), "%s", outcome.out);
	cr_assert_not_null(strstr(outcome.out, "\nsuperd_service_accepted_total{service=\"each\"} 3\n"), "%s",
			   outcome.out);
	close(client);
}

Behaviour(superctl_real, steers_and_tells)
{
	struct superd *superd = run();
	int client = make_history(superd);
	struct outcome outcome = SUPERCTL(control, "status", "each");

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.out, "127.0.0.1"), "%s", outcome.out);
	outcome = SUPERCTL(control, "status", "eahc");
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "each"), "%s", outcome.err);
	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	cr_assert_eq(SUPERCTL(control, "status", "web").status, 3);
	cr_assert_not_null(strstr(SUPERCTL(control, "why", "web").out, "held"));
	cr_assert_eq(SUPERCTL(control, "release", "web").status, 0);
	cr_assert_eq(SUPERCTL(control, "status", "web").status, 0);
	cr_assert_str_eq(SUPERCTL(control, "list", "--names").out, "web\neach\nbad\nasleep\n");
	close(client);
	cr_assert_eq(SUPERCTL(control, "shutdown").status, 0);
	cr_assert_eq(superd_wait_exit(superd), 0);
}

/* As in a container, whose processes all are process 1's. */
Behaviour(superctl_real, who_is_ended_by_the_shutdown_it_asked_for_has_succeeded)
{
	const char *path = path_in("control");
	const struct setup setup = { .arguments = (const char *const[]){ "--control", path, NULL } };
	struct superd *superd = superd_run_with(
		&setup, "service off {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
			" exec = { \"%s\", \"--control\", \"%s\", \"shutdown\" }\n user = \"%s\"\n}\n",
		superctl_path(), path, own_user());
	int client;

	wait_node(path);
	client = client_connect(superd_port(superd, "off"));
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_expect_eq(superd_log_count(superd, "ended: exit status 0"), 1, "%s", world_logs());
	close(client);
}

Behaviour(superctl_real, health_and_status_report_a_refused_reload_until_one_succeeds)
{
	static const char refused[] = "the last reload was refused: ";
	static const char before[] = "; superd uses the previous configuration\n";
	const char *web = text_of("service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" user = \"%s\" }\n",
				  own_user());
	struct superd *superd = run();
	struct outcome outcome;

	cr_assert_str_eq(SUPERCTL(control, "health").out, "healthy\n");
	cr_assert_not(superd_reload(superd, "%sservice web {\n wrong = 1 }\n", web));
	outcome = SUPERCTL(control, "health");
	cr_expect_eq(outcome.status, 0, "a new superd would not start");
	cr_expect_eq(strncmp(outcome.out, "degraded: the last reload was refused: /", 40), 0, "%s", outcome.out);
	cr_expect_not_null(strstr(outcome.out, ".conf:"), "%s", outcome.out);
	cr_expect_not_null(strstr(outcome.out, before), "%s", outcome.out);
	outcome = SUPERCTL(control, "status");
	cr_expect_not_null(strstr(outcome.out, refused), "%s", outcome.out);
	cr_expect(schema_holds("version", SUPERCTL(control, "--json", "version").out));
	cr_assert(superd_reload(superd, "%s", web));
	cr_expect_str_eq(SUPERCTL(control, "health").out, "healthy\n");
	cr_expect_null(strstr(SUPERCTL(control, "status").out, refused));
}

Behaviour(superctl_real, the_log_tells_who_asked_for_what)
{
	struct superd *superd = run();

	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	superd_wait_log(superd, text_of("web: uid %lu requested: hold", (unsigned long)geteuid()));
	cr_assert_eq(SUPERCTL(control, "upgrade", "--check").status, 0);
	cr_assert_eq(SUPERCTL(control, "reload").status, 0);
	superd_wait_log(superd, text_of("superd: uid %lu requested: reload", (unsigned long)geteuid()));
	cr_expect_null(strstr(read_text(superd->log), ": upgrade"), "a question was logged as an order");
	cr_expect_null(strstr(read_text(superd->log), "each: told"), "nobody asked for that");
}

#define OPENS_A_PORT "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(1000)"

/* No doubt, and no need to wait for: the kernel says so. */
Behaviour(superctl_real, why_sees_a_program_that_opens_a_port_of_its_own)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "python3 is not installed");
	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service deaf { listen = \"127.0.0.1:0\" user = \"%s\" "
		"exec = { \"/usr/bin/python3\", \"-c\", \"%s\" } }\n",
		own_user(), OPENS_A_PORT);
	client = client_connect(superd_port(superd, "deaf"));
	superd_wait_log(superd, "deaf: started");
	WAIT_UNTIL(strstr(SUPERCTL(control, "why", "deaf").out, " itself: its program must accept at descriptor 3"));
	close(client);
}

static double age_of(const char *service)
{
	const char *answer = SUPERCTL(control, "--json", "status", service).out, *at = strstr(answer, "\"age\":");

	cr_assert_not_null(at, "%s", answer);
	return strtod(at + 6, NULL);
}

Behaviour(superctl_real, why_doubts_a_program_that_takes_nobody)
{
	struct superd *superd;
	bool is_doubted;
	int client;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .clock = true,
				       .arguments = (const char *const[]){ "--control", control, NULL } },
		"service deaf { listen = \"127.0.0.1:0\" exec = \"/bin/sleep 1000\" user = \"%s\" }\n", own_user());
	client = client_connect(superd_port(superd, "deaf"));
	superd_wait_log(superd, "deaf: started");
	is_doubted = strstr(SUPERCTL(control, "why", "deaf").out, "LISTEN_FDS");
	/* A start may take a while. */
	cr_expect(!is_doubted || age_of("deaf") >= 5);
	clock_advance(superd, 6 * SECOND_MS);
	cr_expect_not_null(strstr(SUPERCTL(control, "why", "deaf").out, "at descriptor 3, as LISTEN_FDS announces"));
	close(client);
}

Behaviour(superctl_real, a_frozen_backend_can_not_read_its_configuration)
{
	struct superd *superd = run();
	struct outcome outcome;

	cr_assert_eq(SUPERCTL(control, "start", "web").status, 0);
	outcome = SUPERCTL(control, "freeze", "web");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	outcome = SUPERCTL(control, "reload", "web");
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "web: it is frozen: thaw it first"), "%s%s", outcome.out, outcome.err);
	superd_stop(superd);
}

/* A user's superd and superctl meet by XDG_RUNTIME_DIR, without a word of --control. */
Behaviour(superctl_real, a_user_finds_their_own_superd)
{
	const char *folder = path_in("."), *place = text_of("XDG_RUNTIME_DIR=%s", folder);
	const char *node = path_in("superd/control");
	const struct setup setup = { .arguments = (const char *const[]){ "--control", node, NULL }, .uid = 65534 };
	const char *const words[] = { "/usr/bin/setpriv", "--reuid=65534", "--regid=65534",	  "--clear-groups",
				      "/usr/bin/env",	  place,	   superctl_path(), "list", "--names", NULL };
	struct superd *superd;
	struct outcome outcome;

	SKIP_WITHOUT(namespace_users() && access(words[0], X_OK) == 0, "needs root, to be another user, and setpriv");
	cr_assert_eq(chown(folder, 65534, 65534), 0);
	cr_assert_eq(mkdir(path_in("superd"), 0700), 0);
	cr_assert_eq(chown(path_in("superd"), 65534, 65534), 0);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	superd_wait_log(superd, "web: listening on");
	wait_node(node);
	outcome = program_answer(words);
	cr_expect_str_eq(outcome.out, "web\n", "%s", outcome.err);
}

static const char no_word[] = "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n";

static void expect_names(const char *const *words, const char *names)
{
	struct outcome outcome = program_answer(words);

	cr_expect_str_eq(outcome.out, names, "%s%s", outcome.err, world_logs());
}

Behaviour(superctl_real, superd_and_superctl_obey_one_variable)
{
	const char *variable = text_of("SUPERD_CONTROL=%s", path_in("here"));
	const struct setup setup = { .environment = (const char *const[]){ variable, NULL }, .without_settings = true };
	struct superd *superd = superd_run_with(&setup, "%s", no_word);

	wait_node(path_in("here"));
	expect_names((const char *const[]){ "/usr/bin/env", variable, superctl_path(), "list", "--names", NULL },
		     "web\n");
	superd_stop(superd);
	/* The table knows better. */
	superd = superd_run_with(&setup, "superd { control = \"%s\" }\n%s", path_in("there"), no_word);
	wait_node(path_in("there"));
	cr_expect_neq(access(path_in("here"), F_OK), 0);
}

/* As at each login without logind. */
Behaviour(superctl_real, a_user_without_a_runtime_folder_has_a_name)
{
	const struct setup setup = { .uid = 65534, .without_settings = true };
	const char *const words[] = { "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
				      superctl_path(), "list", "--names", NULL };
	struct superd *superd;

	unsetenv("XDG_RUNTIME_DIR");
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	SKIP_WITHOUT(namespace_users() && access(words[0], X_OK) == 0, "needs to be another user, and setpriv");
	superd = superd_run_with(&setup, "%s", no_word);
	superd_wait_log(superd, "web: listening on");
	wait_abstract("superd-65534");
	expect_names(words, "web\n");
}

/* It takes no other superd's place, and does without where its own is taken. */
Behaviour(superctl_real, a_service_that_is_tried_out_has_the_usual_name)
{
	const char *const arguments[] = { "-l", "127.0.0.1:0", "--log-level", "info", "--", "/bin/cat", NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .without_settings = true };
	const char *const words[] = { superctl_path(), "list", "--names", NULL };
	struct superd *superd, *second;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	superd = superd_run_with(&setup, "#\n");
	superd_port(superd, "cat");
	wait_abstract("superd-0");
	expect_names(words, "cat\n");
	second = superd_run_with(&setup, "#\n");
	superd_port(second, "cat");
	superd_wait_log(second, "no control socket @superd-0: superctl reaches another superd there, pid ");
}

Behaviour(superctl_real, a_name_that_is_none_refuses_the_request)
{
	static const char *const verbs[] = { "status", "list", "why", "show", "hold" };
	struct superd *superd = run();

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct outcome outcome = SUPERCTL(control, verbs[i], "we*", "dog");

		cr_expect_eq(outcome.status, 1, "%s: %d", verbs[i], outcome.status);
		cr_expect_null(strstr(outcome.out, "web"), "%s: %s", verbs[i], outcome.out);
		cr_expect_not_null(strstr(outcome.err, "'dog': there is no such service"), "%s: %s", verbs[i],
				   outcome.err);
		outcome = SUPERCTL(control, verbs[i], "cow*", "web");
		cr_expect_eq(outcome.status, 1, "%s: %d", verbs[i], outcome.status);
		cr_expect_not_null(strstr(outcome.err, "'cow*': no service has such a name"), "%s: %s", verbs[i],
				   outcome.err);
	}
	cr_expect_null(strstr(SUPERCTL(control, "list", "web").out, "held"));
	superd_stop(superd);
}

/* One is accepted, and waits with those that are not: every view counts them together. */
Behaviour(superctl_real, counts_the_waiting_clients_once_for_all_views)
{
	struct superd *superd;
	int clients[4];

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" cps = { 1, 3600 } }\n",
		backend("lines"));
	for (int n = 0; n < 4; n++)
		clients[n] = client_connect(superd_port(superd, "each"));
	superd_wait_log(superd, "Deactivating service each");
	wait_node(control);
	WAIT_UNTIL(strstr(SUPERCTL(control, "status", "each").out, ", 3 waiting"));
	cr_expect_not_null(strstr(SUPERCTL(control, "why", "each").out, "3 clients wait in its queue"));
	cr_expect_not_null(strstr(SUPERCTL(control, "list").out, " 3 "), "%s", SUPERCTL(control, "list").out);
	for (int n = 0; n < 4; n++)
		close(clients[n]);
}

/* No client can be the cause of that status. */
Behaviour(superctl_real, names_a_program_that_cannot_begin_at_its_first_client)
{
	struct superd *superd;
	int client;

	control = path_in("control");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } },
		"service each { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/sh -c 'exit 127'\" }\n");
	client = client_connect(superd_port(superd, "each"));
	client_rest(client);
	wait_node(control);
	WAIT_UNTIL(strstr(SUPERCTL(control, "health").out,
			  "degraded: each: its last instance failed with exit status 127"));
	cr_expect_not_null(strstr(SUPERCTL(control, "list", "--failed").out, "each"));
	close(client);
}
