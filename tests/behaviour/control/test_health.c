/* builtin = health: how superd is, to clients of HTTP and to anybody else, on a port that no service notices. */
#include "guarding.h"
#include "superctl.h"

#define HEALTH "service health {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = { %s }\n user = \"%s\"\n}\n"
#define BY_CLOCK \
	"service health {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = health\n user = \"%s\"\n" \
	" passenv = " CLOCK_PASSED "\n}\n"
#define ASKED " / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-probe/1.30\r\nConnection: close\r\n\r\n"

#define PAGE(method, path) text_of("%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method, path)

static struct superd *run(const char *builtin, const char *more)
{
	return superd_run(HEALTH "%s", builtin, own_user(), more);
}

static const char *asked(struct superd *superd, const char *text)
{
	int client = client_connect(superd_port(superd, "health"));
	const char *answer;

	client_send(client, text);
	answer = client_rest(client);
	close(client);
	return answer;
}

static void expect_page(const char *answer, const char *status, const char *body)
{
	const char *at = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "\r\nContent-Length: ");

	cr_assert_eq(strncmp(answer, status, strlen(status)), 0, "%s", answer);
	cr_assert(at && length, "%s", answer);
	cr_assert_str_eq(at + 4, body);
	if (*body)
		cr_assert_eq(strtoul(length + 18, NULL, 10), strlen(body), "%s", answer);
}

/* A service whose port somebody else has, so it can't be had. */
static const char *ill(int *listener)
{
	int port = free_port();

	*listener = listen_on(port);
	return text_of("service ill { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port, backend("talk"));
}

Behaviour(health, is_told_by_http)
{
	struct superd *superd = run("health", "");

	expect_page(asked(superd, "GET" ASKED), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, "HEAD" ASKED), "HTTP/1.1 200 OK\r\n", "");
	expect_page(asked(superd, "POST" ASKED), "HTTP/1.1 405 Method Not Allowed\r\n",
		    "Method Not Allowed\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* A page elsewhere may have its name lead here: DNS rebinding. */
Behaviour(health, is_not_told_to_a_browser_that_took_it_for_another_server)
{
#define ELSEWHERE "use the address, localhost, or a host name that builtin lists"
	struct superd *superd = run("health, reasons, health.example.org", "");

#define FOR(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
	expect_page(asked(superd, FOR("evil.example")), "HTTP/1.1 421 Misdirected Request\r\n",
		    ELSEWHERE ": builtin = { health, ..., evil.example }\n");
	expect_page(asked(superd, FOR("localhost\r\nHost: evil.example")), "HTTP/1.1 421 ",
		    ELSEWHERE "\n");
	expect_page(asked(superd, FOR("evil}")), "HTTP/1.1 421 ", ELSEWHERE "\n");
	expect_page(asked(superd, FOR("health.example.org:8081")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, FOR("[::1]:8081")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, FOR("10.0.0.7:8081")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, "GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK\r\n", "healthy\n");
#undef FOR
#undef ELSEWHERE
}

Behaviour(health, is_a_line_to_others)
{
	struct superd *superd = clock_run(BY_CLOCK, own_user());
	int silent = client_connect(superd_port(superd, "health"));

	cr_assert_str_eq(asked(superd, "\n"), "healthy\n");
	cr_assert_str_eq(asked(superd, "how are you?\n"), "healthy\n");
	cr_assert_str_eq(asked(superd, "GET /\r\n"), "healthy\n");
	CLOCK_UNTIL(superd, SECOND_MS, 10, !client_is_quiet(silent, 0));
	cr_assert_str_eq(client_line(silent), "healthy");
	close(silent);
}

Behaviour(health, is_503_when_something_is_wrong)
{
	int listener;
	const char *more = ill(&listener);
	struct superd *superd = run("health", more);

	superd_wait_log(superd, "ill: ");
	expect_page(asked(superd, "GET" ASKED), "HTTP/1.1 503 Service Unavailable\r\n", "unhealthy\n");
	cr_assert_str_eq(asked(superd, "\n"), "unhealthy\n");
	close(listener);
	WAIT_UNTIL(!strcmp(asked(superd, "\n"), "healthy\n"));
}

Behaviour(health, tells_why_where_that_is_asked_for)
{
	int listener;
	const char *more = ill(&listener), *answer;
	struct superd *superd = run("health, reasons", more);

	superd_wait_log(superd, "ill: ");
	answer = asked(superd, "\n");
	cr_assert_eq(strncmp(answer, "unhealthy: ill: ", 16), 0, "%s", answer);
	cr_assert_not_null(strstr(answer, "in use"), "%s", answer);
	cr_assert_str_eq(strchr(answer, '\n'), "\n");
	close(listener);
}

Behaviour(health, starts_and_keeps_awake_nobody_else)
{
	struct superd *superd = run("health", text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
						      backend("talk")));

	for (int n = 0; n < 5; n++)
		expect_page(asked(superd, "GET" ASKED), "HTTP/1.1 200 OK\r\n", "healthy\n");
	cr_assert_not(superd_logged(superd, "web: started"));
}

/* A balancer asks for the one service that it sends clients to. */
Behaviour(health, is_told_of_one_service)
{
	static const char *const gone[] = { "nobody", "we", "webb", "web/", "%77e", "web%00", "web%0", "%zz" };
	int listener;
	const char *arguments[] = { "--control", path_in("control"), "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *more = ill(&listener), *control = arguments[1], *page;
	const char *own = own_user(), *cat = text_of("exec = \"/bin/cat\" accept = yes user = \"%s\" }\n", own);
	struct superd *superd = superd_run_with(
		&setup, HEALTH "%s"
		"service web { listen = \"127.0.0.1:0\" %s"
		"service 'a\\x2db?c%%' { listen = \"127.0.0.1:0\" %s"
		"service off { listen = \"127.0.0.1:0\" disable = yes %s"
		"service lost { listen = \"127.0.0.1:0\" accept = yes exec = \"/no/such/program\" user = \"%s\" }\n",
		"health, reasons", own, more, cat, cat, cat, own);

	superd_wait_log(superd, "ill: cannot listen");
	wait_node(control);
	expect_page(asked(superd, PAGE("GET", "/web")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, PAGE("HEAD", "/web?a=b")), "HTTP/1.1 200 OK\r\n", "");
	expect_page(asked(superd, PAGE("GET", "/%77e%62")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, PAGE("GET", "http://here/web")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, PAGE("GET", "/a%5cx2d%62%3Fc%25")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, PAGE("GET", "/a\\x2db%3Fc%25")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	expect_page(asked(superd, PAGE("GET", "/off")), "HTTP/1.1 503 ",
		    "unhealthy: the configuration has disable = yes\n");
	page = asked(superd, PAGE("GET", "/ill"));
	cr_expect(strstr(page, " 503 ") && strstr(page, "in use"), "%s", page);
	page = asked(superd, PAGE("GET", "/lost"));
	cr_expect(strstr(page, " 503 ") && strstr(page, "unhealthy: it is left out: "), "%s", page);
	page = asked(superd, PAGE("GET", "/"));
	cr_expect(strstr(page, " 503 ") && strstr(page, "unhealthy: ill: "), "%s", page);
	for (size_t n = 0; n < sizeof(gone) / sizeof(*gone); n++) {
		page = asked(superd, PAGE("GET", text_of("/%s", gone[n])));
		cr_expect(strstr(page, " 404 Not Found\r\n"), "%s: %s", gone[n], page);
	}
	page = asked(superd, "GET HTTP/1.1\r\n\r\n");
	cr_expect(!strncmp(page, "unhealthy: ", 11), "what is no HTTP gets a line: %s", page);
	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	expect_page(asked(superd, PAGE("GET", "/web")), "HTTP/1.1 503 ",
		    "unhealthy: an operator holds it: clients wait\n");
	cr_assert_eq(SUPERCTL(control, "release", "web").status, 0);
	cr_assert_eq(SUPERCTL(control, "disable", "web").status, 0);
	expect_page(asked(superd, PAGE("GET", "/web")), "HTTP/1.1 503 ",
		    "unhealthy: an operator has disabled it\n");
	cr_assert_eq(SUPERCTL(control, "enable", "web").status, 0);
	expect_page(asked(superd, PAGE("GET", "/web")), "HTTP/1.1 200 OK\r\n", "healthy\n");
	close(listener);
}

/* Not as it was when the client connected: superd is asked once the request is there, also one that took its place. */
Behaviour(health, is_told_as_it_is_when_asked)
{
	const char *control = path_in("control");
	const char *arguments[] = { "--control", control, "--log-level", "debug", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *web = text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("serve"));
	struct superd *superd = superd_run_with(&setup, HEALTH "%s", "health, reasons", own_user(), web);
	int client = client_connect(superd_port(superd, "health")), other;

	wait_node(control);
	client_send(client, "GET");
	superd_wait_log(superd, "started, pid ");
	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	client_send(client, " /web HTTP/1.1\r\n\r\n");
	expect_page(client_rest(client), "HTTP/1.1 503 ", "unhealthy: an operator holds it: clients wait\n");
	close(client);
	other = client_connect(superd_port(superd, "health"));
	client_send(other, "GET");
	superd_wait_log(superd, "started, pid ");
	superd_upgrade(superd);
	client_send(other, " /web HTTP/1.1\r\n\r\n");
	expect_page(client_rest(other), "HTTP/1.1 503 ", "unhealthy: an operator holds it: clients wait\n");
	close(other);
}

Behaviour(health, of_services_by_name_is_a_line_of_superctl)
{
	const char *arguments[] = { "--control", path_in("control"), NULL }, *control = arguments[1];
	const struct setup setup = { .arguments = arguments };
	const char *cat = text_of("exec = \"/bin/cat\" accept = yes user = \"%s\" }\n", own_user());
	int listener;
	struct superd *superd = superd_run_with(&setup, "%s"
						"service web { listen = \"127.0.0.1:0\" %s"
						"service web-2 { listen = \"127.0.0.1:0\" %s"
						"service off { listen = \"127.0.0.1:0\" disable = yes %s",
						ill(&listener), cat, cat, cat);
	struct outcome outcome;

	superd_wait_log(superd, "ill: cannot listen");
	wait_node(control);
	outcome = SUPERCTL(control, "health", "web", "web-2");
	cr_expect(outcome.status == 0 && !strcmp(outcome.out, "healthy\n"), "%s%s", outcome.out, outcome.err);
	cr_assert_eq(SUPERCTL(control, "hold", "web-2").status, 0);
	outcome = SUPERCTL(control, "health", "web*");
	cr_expect_eq(outcome.status, 3);
	cr_expect_str_eq(outcome.out, "unhealthy: web-2: an operator holds it: clients wait\n");
	outcome = SUPERCTL(control, "health", "web");
	cr_expect(outcome.status == 0 && !strcmp(outcome.out, "healthy\n"), "%s%s", outcome.out, outcome.err);
	outcome = SUPERCTL(control, "health", "off", "ill");
	cr_expect_eq(outcome.status, 3);
	cr_expect(!strncmp(outcome.out, "unhealthy: 2 faults\n", 20), "%s", outcome.out);
	cr_expect(strstr(outcome.out, "\noff: the configuration has disable = yes\n"), "%s", outcome.out);
	cr_expect(strstr(outcome.out, "\nill: "), "%s", outcome.out);
	outcome = SUPERCTL(control, "health", "wbe");
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.out, "unhealthy: 'wbe': there is no such service"), "%s", outcome.out);
	outcome = SUPERCTL(control, "--json", "health", "web", "off");
	cr_expect(strstr(outcome.out, "{\"service\":\"web\",\"state\":\"listening\",\"healthy\":true,"
				      "\"degraded\":false,\"reason\":null,\"listeners\":["), "%s", outcome.out);
	cr_expect_eq(outcome.status, 3);
	(void)schema_holds("health", outcome.out);
	(void)schema_holds("health", SUPERCTL(control, "--json", "health").out);
	close(listener);
}

Behaviour(health, hears_only_so_much)
{
	struct superd *superd = run("health", "");
	int client = client_connect(superd_port(superd, "health"));
	const char *answer;
	char line[1025];

	memset(line, 'x', 1024);
	line[1024] = '\0';
	client_send(client, "GET / HTTP/1.1\r\nX: ");
	for (int n = 0; n < 8; n++)
		client_send(client, line);
	answer = client_rest(client);
	cr_assert_eq(strncmp(answer, "HTTP/1.1 431 ", 13), 0, "%s", answer);
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* By the test's clock; clients of builtin = health are logged at level debug. */
static const struct setup loud = { .clock = true, .arguments = (const char *const[]){ "--log-level", "debug", NULL } };

Behaviour(health, waits_only_so_long)
{
	struct superd *superd = superd_run_with(&loud, BY_CLOCK, own_user());
	int client = client_connect(superd_port(superd, "health"));

	client_send(client, "GET / HTTP/1.1\r\n");
	superd_wait_log(superd, "started, pid ");
	CLOCK_UNTIL(superd, SECOND_MS, 10, !client_is_quiet(client, 0));
	cr_assert_eq(strncmp(client_rest(client), "HTTP/1.1 200 ", 13), 0);
	close(client);
}

/* Who says nothing is answered once he is late, and hears of a superd that hangs once that is. */
Behaviour(health, of_a_superd_that_hangs_is_told_to_the_silent)
{
	struct superd *superd = superd_run_with(&loud, BY_CLOCK, own_user());
	int client = client_connect(superd_port(superd, "health"));

	superd_wait_log(superd, "started, pid ");
	superd_signal(superd, SIGSTOP);
	WAIT_UNTIL((clock_move(SECOND_MS), !client_is_quiet(client, 0)));
	superd_signal(superd, SIGCONT);
	cr_assert_str_eq(client_rest(client), "unhealthy\n");
	close(client);
}

/* Their questions and the reports of their ends fit into the channel, which superd does not read. */
Behaviour(health, of_a_superd_that_hangs_is_told_to_hundreds)
{
	enum { CLIENTS = 250 };
	const char *many = replaced(text_of(BY_CLOCK, own_user()), " accept = yes", " accept = yes\n instances = 300");
	struct superd *superd = superd_run_with(&loud, "%s", many);
	int clients[CLIENTS], told = 0;

	for (int n = 0; n < CLIENTS; n++)
		clients[n] = client_connect(superd_port(superd, "health"));
	WAIT_UNTIL(superd_log_count(superd, "started, pid ") == CLIENTS);
	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < CLIENTS; n++)
		WAIT_UNTIL((clock_move(SECOND_MS), !client_is_quiet(clients[n], 0)));
	superd_signal(superd, SIGCONT);
	for (int n = 0; n < CLIENTS; n++) {
		told += !strcmp(client_rest(clients[n]), "unhealthy\n");
		close(clients[n]);
	}
	cr_assert_eq(told, CLIENTS);
}

/* The table of conf/ as it stands, with ports, times and addresses of a test. */
BehaviourOfUsers(health, conf_does_what_it_says)
{
	const char *table = replaced(example_table("health.conf"), "\"nobody\"", text_of("\"%s\"", own_user()));
	struct superd *superd;
	int web, probe;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "there is no python3 here");
	table = replaced(replaced(table, "\"8081\"", "\"127.0.0.1:0\""), "\"8082\"", "\"127.0.0.1:0\"");
	table = replaced(table, "192.0.2.10", "127.0.0.2");
	if (geteuid() != 0)
		table = replaced(table, "builtin   = health", text_of("builtin = health user = \"%s\"", own_user()));
	superd = clock_run("%s", table);
	web = superd_port(superd, "web");
	probe = client_connect_from("127.0.0.2", web);
	client_send(probe, "GET / HTTP/1.1\r\n\r\n");
	cr_assert(client_sees_end(probe));
	close(probe);
	expect_page(asked(superd, "GET" ASKED), "HTTP/1.1 200 OK\r\n", "healthy\n");
	cr_assert_not(superd_logged(superd, "web: started"));
	probe = client_connect(web);
	client_send(probe, "GET / HTTP/1.0\r\n\r\n");
	cr_assert_eq(strncmp(client_line(probe), "HTTP/1.", 7), 0);
	close(probe);
	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 5, superd_logged(superd, "web: stopping pid "));
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* Those that have begun a request hold what superd had to spare. An answer that superd fails to give is waited for
 * during 5 s, which is said. The page may say of health itself that a start has failed. */
static void ask_one_of_many(unsigned long descriptors)
{
	enum { CLIENTS = 60 };
	const struct setup setup = { .descriptors = descriptors + OWN_PROGRAMS, .arguments = loud.arguments };
	struct superd *superd = superd_run_with(&setup, HEALTH, "health, reasons", own_user());
	int port = superd_port(superd, "health"), clients[CLIENTS];
	const char *page;

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "GET / HTTP/1.1\r\n");
	}
	superd_wait_log(superd, "started, pid ");
	client_send(clients[0], "\r\n");
	page = client_rest(clients[0]);
	cr_assert_eq(strncmp(page, "HTTP/1.1 ", 9), 0, "with %lu descriptors: %s\n%s", descriptors, page, world_logs());
	cr_assert_not(superd_logged(superd, "superd does not report its health: Connection timed out"),
		      "with %lu descriptors\n%s", descriptors, world_logs());
	for (int n = 0; n < CLIENTS; n++)
		close(clients[n]);
	superd_stop(superd);
}

Behaviour(health, is_told_at_once_where_descriptors_are_short)
{
	for (unsigned long descriptors = 34; descriptors <= 46; descriptors += 4)
		ask_one_of_many(descriptors);
}
