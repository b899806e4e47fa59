/* builtin = status: the pages that superd-web serves to browsers. What a browser makes of them is
 * tests/places/browser's. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define MANY 1000                       /* services */
#define MANY_BYTES 600000               /* of the page about them */

static struct superd *run(const char *words, const char *more)
{
	const char *const arguments[] = { "--control", control_path(), NULL };

	return superd_run_with(
		&(const struct setup){ .arguments = arguments, .clock = true },
		"service p { listen = \"127.0.0.1:0\" accept = yes builtin = { status%s } user = \"%s\" }\n%s", words,
		own_user(), more);
}

static const char *answer_for(struct superd *superd, const char *request)
{
	int client = client_connect(superd_port(superd, "p"));
	const char *answer;

	client_send(client, request);
	answer = client_rest(client);
	close(client);
	return answer;
}

static const char *page_of(struct superd *superd, const char *path)
{
	return answer_for(superd, text_of("GET %s HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", path));
}

static bool begins(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

Behaviour(builtin_status, the_overview_has_a_row_for_each_service)
{
	struct superd *superd = run("", "service other { listen = \"127.0.0.1:0\" exec = \"/bin/true\" }\n");
	const char *page = page_of(superd, "/");

	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s\n%s", page, world_logs());
	cr_expect_not_null(strstr(page, ">p</a>"), "%s", page);
	cr_expect_not_null(strstr(page, "href=\"service/other\">other</a><td class=\"sleep\">asleep<"), "%s", page);
	cr_expect_not_null(strstr(page, "<dt>Services</dt><dd>2</dd>"), "%s", page);
	cr_expect_not_null(strstr(page, "\r\nContent-Security-Policy: default-src 'none'; "), "%s", page);
	cr_expect_null(strstr(page, "unsafe"), "%s", page);
	page = answer_for(superd, "HEAD / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s", page);
	cr_expect_null(strstr(page, "<html"), "%s", page);
	cr_expect_not_null(strstr(page_of(superd, "/page.css"), "\r\nContent-Type: text/css;"));
}

/* The page, superctl and superd count the same services: all that have a row. */
Behaviour(builtin_status, a_disabled_service_counts)
{
	struct superd *superd = run("", "service off { listen = \"127.0.0.1:0\" exec = \"/bin/true\" disable = yes }\n"
					"service other { listen = \"127.0.0.1:0\" exec = \"/bin/true\" }\n");
	const char *page = page_of(superd, "/"), *list = SUPERCTL(control_path(), "list").out;

	cr_expect_not_null(strstr(page, "<dt>Services</dt><dd>3<small>, 1 disabled</small></dd>"), "%s", page);
	cr_expect_not_null(strstr(list, "\n3 services: "), "%s", list);
	cr_expect_not_null(strstr(list, ", 1 disabled\n"), "%s", list);
	cr_expect_not_null(strstr(control_once("metrics"), "\"services\":3,\"disabled\":1,"));
	cr_expect(control_is_done(control_once("disable other")));
	page = page_of(superd, "/");
	cr_expect_not_null(strstr(page, "<dt>Services</dt><dd>3<small>, 2 disabled</small></dd>"), "%s", page);
	cr_expect_not_null(strstr(control_once("metrics"), "\"services\":3,\"disabled\":2,"));
}

static void expect_order(const char *page, const char *const *names)
{
	for (const char *at = page; *names; names++) {
		const char *row = strstr(page, text_of("<tr id=\"s-%s\">", *names));

		cr_expect_not_null(row, "%s", *names);
		cr_expect(!row || row > at, "%s stands too early in %s", *names, page);
		at = row ? row : at;
	}
}

Behaviour(builtin_status, has_faults_first_then_what_is_awake)
{
	struct superd *superd = run("", text_of("service b { listen = \"127.0.0.1:0\" exec = \"/bin/true\" }\n"
						"service a { listen = \"127.0.0.1:0\" exec = \"/bin/true\" }\n"
						"service awake { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
						"service fails { listen = \"127.0.0.1:0\" exec = \"/bin/false\"\n"
						"\tbackoff_min = 1h backoff_max = 1h }\n", backend("serve")));
	int client = client_connect(superd_port(superd, "fails"));

	superd_wait_log(superd, "fails: next start in");
	expect_order(page_of(superd, "/"), (const char *const[]){ "fails", "p", "b", "a", "awake", NULL });
	client_ask_pid(superd_port(superd, "awake"));
	expect_order(page_of(superd, "/"), (const char *const[]){ "fails", "p", "awake", "b", "a", NULL });
	close(client);
}

Behaviour(builtin_status, a_service_has_a_page_with_its_row_and_its_log)
{
	struct superd *superd = run(", log", "service fails { listen = \"127.0.0.1:0\" exec = \"/bin/sh -c 'exit 7'\"\n"
					"\tbackoff_min = 1min backoff_max = 1min }\n");
	int client = client_connect(superd_port(superd, "fails"));
	const char *page;

	superd_wait_log(superd, "fails: next start in");
	page = page_of(superd, "/service/fails");
	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s\n%s", page, world_logs());
	cr_expect_not_null(strstr(page, "<dt>Last failure</dt><dd>exit status 7, "), "%s", page);
	cr_expect_not_null(strstr(page, "</time> listening on tcp:127.0.0.1:"), "%s", page);
	cr_expect_not_null(strstr(page, "\n\texec = &quot;/bin/sh -c &#39;exit 7&#39;&quot;\n"), "%s", page);
	page = page_of(superd, "/");
	cr_expect_not_null(strstr(page, "<td class=\"fault\">exit status 7, "), "%s", page);
	cr_expect_not_null(strstr(page, "<dt>With a fault</dt><dd>1</dd>"), "%s", page);
	cr_expect(begins(page_of(superd, "/service/nobody"), "HTTP/1.1 404 "));
	cr_expect(begins(page_of(superd, "/service/f*"), "HTTP/1.1 404 "));
	close(client);
}

/* Everybody on the machine may connect to a port of loopback; a unix socket has a mode. */
Behaviour(builtin_status, logs_and_commands_are_for_a_unix_socket_or_need_the_word_log)
{
	const char *path = path_in("page");
	struct superd *superd = run("", text_of(
		"service local { listen = \"%s\" accept = yes builtin = status user = \"%s\" }\n"
		"service fails { listen = \"127.0.0.1:0\" exec = \"/bin/sh -c 'echo printed-secret; exit 7'\"\n"
		"\tbackoff_min = 1min backoff_max = 1min }\n", path, own_user()));
	int client = client_connect(superd_port(superd, "fails")), reader;
	const char *page;

	superd_wait_log(superd, "fails: next start in");
	WAIT_UNTIL(superd_logged(superd, "printed-secret"));
	page = page_of(superd, "/service/fails");
	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s\n%s", page, world_logs());
	cr_expect_not_null(strstr(page, "<dt>Last failure</dt><dd>exit status 7, "), "%s", page);
	cr_expect_null(strstr(page, "secret"), "%s", page);
	cr_expect_null(strstr(page, "exit 7"), "%s", page);
	cr_expect_null(strstr(page_of(superd, "/"), "secret"));
	reader = client_connect_unix(path, SOCK_STREAM);
	client_send(reader, "GET /service/fails HTTP/1.1\r\nHost: here\r\n\r\n");
	page = client_rest(reader);
	cr_expect_not_null(strstr(page, "\n\texec = &quot;/bin/sh -c "), "%s", page);
	cr_expect_not_null(strstr(page, " printed-secret\n"), "%s", page);
	close(reader);
	close(client);
}

/* Clients that send nothing take nothing from those that ask: neither of this service nor of another. */
Behaviour(builtin_status, silent_clients_keep_nobody_out)
{
	enum { SILENT = 100 };
	struct superd *superd = run("", "");
	int clients[SILENT];

	for (int n = 0; n < SILENT; n++)
		clients[n] = client_connect(superd_port(superd, "p"));
	WAIT_UNTIL(superd_processes(superd) == SILENT);
	cr_expect(begins(page_of(superd, "/"), "HTTP/1.1 200 OK\r\n"), "%s", world_logs());
	cr_expect_not(superd_logged(superd, "failing"), "%s", world_logs());
	for (int n = 0; n < SILENT; n++)
		close(clients[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(builtin_status, shows_what_the_services_did_and_who_woke_them)
{
	struct superd *superd =
		run("", text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 1h }\n",
				backend("serve")));
	const char *page;

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(control_once("timeline web"), "\"by\":\"127.0.0.1\""));
	WAIT_UNTIL(!strstr(control_once("timeline web"), "\"delay\":null"));
	clock_advance(superd, 2 * SECOND_MS); /* longer than it was starting */
	page = page_of(superd, "/");
	cr_expect_not_null(strstr(page, "<svg class=\"timeline\" viewBox=\"0 0 96 1\""), "%s", page);
	cr_expect(strstr(page, "<path class=\"t-running\" d=\"M95 0h1v1H95z\"/>") ||
			  strstr(page, "<path class=\"t-running\" d=\"M94 0h2v1H94z\"/>"),
		  "%s", page);
	cr_expect_not_null(strstr(page, "<svg class=\"axis\""), "%s", page);
	cr_expect_null(strstr(page, " style="), "its Content-Security-Policy refuses such an attribute");
	page = page_of(superd, "/service/web");
	cr_expect_not_null(strstr(page, "<svg class=\"timeline\" viewBox=\"0 0 360 1\""), "%s", page);
	cr_expect_not_null(strstr(page, "<td>start<td class=\"n\">"), "%s", page);
	cr_expect_not_null(strstr(page, "s<td>127.0.0.1\n"), "%s", page);
}

/* A port taken for a second, say, is no red hour; but it is seen. */
Behaviour(builtin_status, the_bar_marks_a_short_failure)
{
	struct superd *superd = run("", text_of("service fails { listen = \"127.0.0.1:0\"\n"
						"\texec = \"/bin/sh -c 'mkdir %s && exit 1; exec %s'\"\n"
						"\tbackoff_min = 1s backoff_max = 1s }\n",
						path_in("failed"), backend("take 1")));
	int client;
	const char *page;

	superd_port(superd, "fails");
	clock_advance(superd, 2 * HOUR_MS);
	client = client_connect(superd_port(superd, "fails"));
	client_send(client, "hello\n");
	CLOCK_UNTIL(superd, SECOND_MS, 10, strstr(control_once("status fails"), "\"state\":\"running\""));
	client_rest(client);
	close(client);
	WAIT_UNTIL(strstr(control_once("status fails"), "\"state\":\"listening\""));
	page = page_of(superd, "/");
	cr_expect_not_null(strstr(page, ", failing for a moment\"><path "), "%s", page);
	cr_expect_null(strstr(page, "failing, failing"), "no cell is of the failure alone: %s", page);
	cr_expect_not_null(strstr(page, "<path class=\"t-failed\" d=\"M95 .65h1v1H95z\"/></svg>"), "%s", page);
}

/* How many bytes the overview shows as saved, from "12.3 MB" or the like: only whether it is more than none. */
static bool saves_memory(const char *page)
{
	const char *saved = strstr(page, "<dt>Saved by sleeping</dt><dd>");

	cr_assert_not_null(saved, "%s", page);
	return strtod(strstr(saved, "<dd>") + 4, NULL) > 0;
}

Behaviour(builtin_status, shows_what_a_sleeping_service_saves)
{
	struct superd *superd = run("",
				    text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\"\n"
					    "\tidle_timeout = 5min }\n",
					    backend("serve")));

	superd_wait_log(superd, "web: listening on ");
	cr_expect(!saves_memory(page_of(superd, "/")));
	client_ask_pid(superd_port(superd, "web"));
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, "no client has been connected for"));
	WAIT_UNTIL(saves_memory(page_of(superd, "/")));
}

/* Text of tables, backends and clients is text on the page. */
Behaviour(builtin_status, no_text_becomes_an_element)
{
	struct superd *superd = run(", log", "service x { listen = \"127.0.0.1:0\"\n"
					"\texec = { \"/bin/sh\", \"-c\", \"echo '<script>1</script>'; exit 1\" } }\n");
	int client = client_connect(superd_port(superd, "x"));
	const char *page;

	superd_wait_log(superd, "x: next start in");
	superd_wait_log(superd, "]: <script>");
	page = page_of(superd, "/service/x");
	cr_expect_null(strstr(page, "<script>"), "%s", page);
	cr_expect_not_null(strstr(page, "]</b> &lt;script&gt;1&lt;/script&gt;"), "%s", page);
	cr_expect_not_null(strstr(page, "&lt;script&gt;1&lt;/script&gt;&#39;"), "%s", page);
	close(client);
}

Behaviour(builtin_status, what_is_no_request_for_a_page_is_refused)
{
	struct superd *superd = run("", "");

	cr_expect(begins(page_of(superd, "/metrics"), "HTTP/1.1 404 "));
	cr_expect(begins(page_of(superd, "/service/"), "HTTP/1.1 404 "));
	cr_expect(begins(page_of(superd, "/service/%0A"), "HTTP/1.1 400 "));
	cr_expect(begins(answer_for(superd, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP/1.1 405 "));
	cr_expect(begins(answer_for(superd, "hold p\n\n"), "HTTP/1.1 400 "));
}

/* A page elsewhere whose name leads to 127.0.0.1 (DNS rebinding) reads nothing. */
Behaviour(builtin_status, a_strange_host_is_refused)
{
	struct superd *superd = run(", status.example.org", "");

	cr_expect(begins(answer_for(superd, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "HTTP/1.1 421 "));
	cr_expect(begins(answer_for(superd, "GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 421 "));
	cr_expect(begins(answer_for(superd, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
			 "HTTP/1.1 421 "));
	cr_expect(begins(answer_for(superd, "GET / HTTP/1.1\r\nHost: status.example.org:8090\r\n\r\n"),
			 "HTTP/1.1 200 "));
	cr_expect(begins(answer_for(superd, "GET / HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n"), "HTTP/1.1 200 "));
}

/* The client is somebody who has typed the name of the server, or a page elsewhere. */
Behaviour(builtin_status, a_strange_host_reads_the_line_that_lets_it_in)
{
	struct superd *superd = run(", log, a.example", "");
	const char *page = answer_for(superd, "GET / HTTP/1.1\r\nHost: server-1:8480\r\n\r\n");

	cr_expect(begins(page, "HTTP/1.1 421 "), "%s", page);
	cr_expect_not_null(strstr(page, " lists: builtin = { status, ..., server-1 }\n"), "%s", page);
	page = answer_for(superd, "GET / HTTP/1.1\r\nHost: <b>&\"\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 421 "), "%s", page);
	cr_expect_not_null(strstr(page, "a host name that builtin lists\n"), "%s", page);
	page = answer_for(superd, text_of("GET / HTTP/1.1\r\nHost: %0300d.example\r\n\r\n", 0));
	cr_expect_not_null(strstr(page, "a host name that builtin lists\n"), "%s", page);
}

/* How long the page takes tests/bench/times measures. */
Behaviour(builtin_status, a_thousand_services_are_on_one_page)
{
	struct superd *superd;
	const char *folder = path_in("many");
	size_t size = 200 * MANY, length = 0;
	char *table = malloc(size);
	const char *page;

	cr_assert_not_null(table);
	for (int n = 0; n < MANY; n++)
		length += (size_t)snprintf(table + length, size - length,
					   "service s%d { listen = \"@%s.%d\" exec = \"/bin/true\" }\n",
					   n, folder, n);
	superd = run("", text_of("include(\"%s\")\n", write_file("many.conf", "%s", table)));
	page = page_of(superd, "/");
	cr_expect_not_null(strstr(page, "<dt>Services</dt><dd>1001</dd>"), "%.2000s\n%s", page, world_logs());
	cr_expect_not_null(strstr(page, ">s999</a>"));
	cr_expect_lt(strlen(page), MANY_BYTES);
	superd_stop(superd);
	free(table);
}
