/* Every kind of wrong input: each must end with status 1 and lines that name file, line and column, and nothing else.
 * The hard thing is the nothing else: no crash, no endless line, no flood, not one service started. */
#include "harness.h"

/* Every line of the message must be about this file, and one an error with its place; after a refused start a last line
 * says that. */
static void expect_refused(const char *what, struct outcome outcome, const char *path)
{
	static const char refused[] = "superd: not started: ";
	const char *line = outcome.err;
	bool placed = false;

	cr_assert_eq(outcome.status, 1, "%s: ended with %d: %s", what, outcome.status, outcome.err);
	cr_assert(!*outcome.out || (strstr(outcome.out, ": superd.conf, ") && strcspn(outcome.out, "\n") + 1 ==
				    strlen(outcome.out)), "%s: printed %s", what, outcome.out);
	cr_assert_str_not_empty(outcome.err, "%s: said nothing", what);
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned row, column;

		if (!strncmp(line, refused, strlen(refused)) && !line[strcspn(line, "\n") + 1])
			break;
		cr_assert_eq(strncmp(line, path, strlen(path)), 0, "%s: says something else: %s", what, line);
		if (sscanf(line + strlen(path), ":%u:%u: error: %*c", &row, &column) == 2 && strstr(line, ": error: "))
			placed = true;
		cr_assert_lt(strcspn(line, "\n"), 2000, "%s: an endless line", what);
	}
	cr_assert(placed, "%s: no FILE:LINE:COL: error: %s", what, outcome.err);
}

#define IN_SERVICE(text) "service web {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n " text "\n}\n"

Behaviour(input, wrong_input_is_refused_with_its_place)
{
	static const struct {
		const char *what, *table;
	} cases[] = {
		{ "an unknown option", IN_SERVICE("usre = \"root\"") },
		{ "an unknown section", "sevrice web { }\n" },
		{ "a bad port", "service web { listen = \"tcp:65536\" exec = \"/bin/cat\" }\n" },
		{ "an unknown name of services(5)",
		  "service web { listen = \"tcp:no-such-service\" exec = \"/bin/cat\" }\n" },
		{ "a bad address", "service web { listen = \"300.0.0.1:80\" exec = \"/bin/cat\" }\n" },
		{ "an unknown kind of endpoint", "service web { listen = \"tpc:80\" exec = \"/bin/cat\" }\n" },
		{ "a relative socket path", "service web { listen = \"unix:web.sock\" exec = \"/bin/cat\" }\n" },
		{ "a bad duration", IN_SERVICE("timeout_stop = \"5 parsecs\"") },
		{ "a negative duration", IN_SERVICE("timeout_stop = \"-5s\"") },
		{ "a bad mode", IN_SERVICE("umask = 0999") },
		{ "a bad number", IN_SERVICE("nice = twenty") },
		{ "a number out of bounds", IN_SERVICE("nice = 1000") },
		{ "a bad size", IN_SERVICE("receive_buffer = \"10 elephants\"") },
		{ "a bad boolean", IN_SERVICE("accept = perhaps") },
		{ "a bad word", IN_SERVICE("type = complicated") },
		{ "a bad signal", IN_SERVICE("kill_signal = SIGNOTHING") },
		{ "an unknown user", IN_SERVICE("user = \"no-such-user-here\"") },
		{ "an unknown group", IN_SERVICE("group = \"no-such-group-here\"") },
		{ "a missing program", "service web { listen = \"127.0.0.1:0\" exec = \"/no/such/program\" }\n" },
		{ "a program without its path", "service web { listen = \"127.0.0.1:0\" exec = \"cat\" }\n" },
		{ "a folder as program", "service web { listen = \"127.0.0.1:0\" exec = \"/bin\" }\n" },
		{ "no listen", "service web { exec = \"/bin/cat\" }\n" },
		{ "no exec", "service web { listen = \"127.0.0.1:0\" }\n" },
		{ "an empty service", "service web { }\n" },
		{ "a service without a name", "service { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" },
		{ "two services of one name",
		  IN_SERVICE("") "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" },
		{ "two services on one endpoint",
		  "service a { listen = \"8888\" exec = \"/bin/cat\" }\n"
		  "service b { listen = \"tcp:8888\" exec = \"/bin/cat\" }\n" },
		{ "an option set twice", IN_SERVICE("nice = 1\n nice = 2") },
		{ "connections of a fifo",
		  "service web { listen = \"fifo:/run/f\" accept = yes exec = \"/bin/cat\" }\n" },
		{ "two sockets on one stdin",
		  "service web { listen = { \"127.0.0.1:0\", \"[::1]:0\" } pass = inetd exec = \"/bin/cat\" }\n" },
		{ "forking for each connection", IN_SERVICE("accept = yes\n type = forking") },
		{ "a pid file for each connection", IN_SERVICE("accept = yes\n pid_file = \"/run/web.pid\"") },
		{ "pauses the wrong way round", IN_SERVICE("backoff_min = 10s\n backoff_max = 1s") },
		{ "a name in probe_from", IN_SERVICE("probe_from = \"lb.example\"") },
		{ "a socket's name that can't be",
		  "service web { socket \"a:b\" { listen = \"127.0.0.1:0\" } exec = \"/bin/cat\" }\n" },
		{ "a service's option in a socket",
		  "service web { socket s { listen = \"127.0.0.1:0\" user = \"root\" } exec = \"/bin/cat\" }\n" },
		{ "listen in defaults", "defaults { listen = \"8888\" }\n" IN_SERVICE("") },
		{ "an unknown template", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat %{nonsense}\" }\n" },
		{ "an open brace", "service web {\n listen = \"127.0.0.1:0\"\n" },
		{ "an open quote", "service web { listen = \"127.0.0.1:0\n exec = \"/bin/cat\" }\n" },
		{ "a lone brace", "}\n" },
		{ "a word too many", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" } trailing\n" },
		{ "a missing value", IN_SERVICE("nice =") },
		{ "an include that is not there", "include(\"/no/such/file.conf\")\n" IN_SERVICE("") },
		{ "another system's table, so far", "import(\"launchd:/etc/x.plist\")\n" IN_SERVICE("") },
		{ "an unknown language", "import(\"cobol:/etc/inetd.conf\")\n" IN_SERVICE("") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *path = write_file("case.conf", "%s", cases[i].table);

		expect_refused(cases[i].what, SUPERD_ANSWER("--check", "-f", path), path);
		expect_refused(cases[i].what, SUPERD_ANSWER("-f", path), path);
	}
}

static void write_raw(const char *path, const char *bytes, size_t length, size_t times)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	while (times-- > 0)
		cr_assert_eq(fwrite(bytes, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
}

Behaviour(input, binary_rubbish_is_refused)
{
	const char *path = path_in("rubbish.conf");
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)(i * 37);
	write_raw(path, bytes, sizeof(bytes), 64);
	expect_refused("binary rubbish", SUPERD_ANSWER("--check", "-f", path), path);
	expect_refused("binary rubbish", SUPERD_ANSWER("-f", path), path);
}

Behaviour(input, a_line_of_a_megabyte_is_refused)
{
	const char *path = path_in("long.conf");

	write_raw(path, "x", 1, 1 << 20);
	expect_refused("a line of a megabyte", SUPERD_ANSWER("--check", "-f", path), path);
	expect_refused("a line of a megabyte", SUPERD_ANSWER("-f", path), path);
}

Behaviour(input, deep_nesting_is_refused)
{
	const char *path = path_in("deep.conf");
	struct outcome outcome;

	write_raw(path, "service a {\n", 12, 20000);
	outcome = SUPERD_ANSWER("--check", "-f", path);
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "error: "));
	cr_assert_lt(strlen(outcome.err), 200000, "a file of rubbish makes more rubbish");
}

Behaviour(input, what_is_no_file_is_refused)
{
	struct outcome outcome = SUPERD_ANSWER("-f", path_in("missing.conf"));

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "No such file or directory"), "%s", outcome.err);
	cr_assert_eq(mkfifo(path_in("fifo.conf"), 0600), 0);
	outcome = SUPERD_ANSWER("--check", "-f", path_in("fifo.conf"));
	cr_assert_eq(outcome.status, 1);
	outcome = SUPERD_ANSWER("--check", "-f", "/dev/zero");
	cr_assert_eq(outcome.status, 1);
}
