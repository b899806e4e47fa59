/* builtin = metrics: superd-web's answers to HTTP. What the page says is test_superctl_real's. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

static const char get_page[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

static struct superd *run(const char *more)
{
	const char *const arguments[] = { "--control", control_path(), NULL };

	return superd_run_with(
		&(const struct setup){ .arguments = arguments },
		"service m { listen = \"127.0.0.1:0\" accept = yes builtin = metrics user = \"%s\" %s }\n", own_user(),
		more);
}

static const char *page_for(struct superd *superd, const char *request)
{
	int client = client_connect(superd_port(superd, "m"));
	const char *answer;

	client_send(client, request);
	answer = client_rest(client);
	close(client);
	return answer;
}

static bool begins(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

Behaviour(builtin_metrics, a_scrape_gets_the_counters)
{
	struct superd *superd = run("");
	const char *page = page_for(superd, get_page);

	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s\n%s", page, world_logs());
	cr_expect_not_null(strstr(page, "\nsuperd_service_instances{service=\"m\"} 1\n"), "%s", page);
	page = page_for(superd, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s", page);
	cr_expect_null(strstr(page, "superd_service"), "%s", page);
	page = page_for(superd,
			"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text\r\n\r\n");
	cr_expect_not_null(strstr(page, "Content-Type: text/plain; version=0.0.4"), "%s", page);
}

Behaviour(builtin_metrics, what_is_no_scrape_is_refused)
{
	struct superd *superd = run("");
	const char *page = page_for(superd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

	cr_expect(begins(page, "HTTP/1.1 404 "), "%s", page);
	page = page_for(superd, "POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 405 "), "%s", page);
	page = page_for(superd, "hold m\n\n");
	cr_expect(begins(page, "HTTP/1.1 400 "), "%s", page);
	page = page_for(superd, "GET /metrics HTTP/2.0\r\nHost: localhost\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 505 "), "%s", page);
	page = page_for(superd, text_of("GET /%09000d HTTP/1.1\r\n", 0));
	cr_expect(begins(page, "HTTP/1.1 431 "), "%s", page);
}

/* As a page of another site has it whose name was made to lead here (DNS rebinding). */
Behaviour(builtin_metrics, a_request_for_another_host_is_refused)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct superd *superd = superd_run_with(&(const struct setup){ .arguments = arguments },
						"service m { listen = \"127.0.0.1:0\" accept = yes user = \"%s\""
						" builtin = { metrics, db1.example.org } }\n",
						own_user());
	const char *page = page_for(superd, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");

	cr_expect(begins(page, "HTTP/1.1 421 "), "%s", page);
	cr_expect_null(strstr(page, "superd_service"), "%s", page);
	cr_expect(begins(page_for(superd, "GET /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 421 "));
	page = page_for(superd, "GET /metrics HTTP/1.1\r\nHost: DB1.example.org:9089\r\n\r\n");
	cr_expect(begins(page, "HTTP/1.1 200 "), "%s", page);
}

/* A client that leaves before it has its page is no fault of the service. */
Behaviour(builtin_metrics, clients_that_leave_early_are_no_failures)
{
	const char *const requests[] = { get_page,
					 "GET /metrics HTTP/1.1\r\nHo" };
	const char *const arguments[] = { "--control", control_path(), "--log-level", "debug", NULL };
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct superd *superd = superd_run_with(&(const struct setup){ .arguments = arguments },
						"service m { listen = \"127.0.0.1:0\" accept = yes"
						" builtin = metrics user = \"%s\" }\n",
						own_user());

	for (unsigned n = 0; n < 2; n++) {
		int client = client_connect(superd_port(superd, "m"));

		client_send(client, requests[n]);
		cr_assert_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		close(client);
		WAIT_UNTIL(superd_log_count(superd, "ended: exit status") == n + 1);
	}
	cr_expect_not(superd_logged(superd, "ended: exit status 1"), "%s", world_logs());
}

Behaviour(builtin_metrics, its_connection_is_had_with_pass_systemd_too)
{
	struct superd *superd = run("pass = systemd");
	const char *page = page_for(superd, get_page);

	cr_expect(begins(page, "HTTP/1.1 200 OK\r\n"), "%s\n%s", page, world_logs());
}

Behaviour(builtin_metrics, without_a_control_socket_the_log_says_so)
{
	const char *const arguments[] = { "--control", "none", NULL };
	struct superd *superd = superd_run_with(
		&(const struct setup){ .arguments = arguments },
		"service m { listen = \"127.0.0.1:0\" accept = yes builtin = metrics user = \"%s\" }\n", own_user());
	int client = client_connect(superd_port(superd, "m"));

	superd_wait_log(superd, "superd has no control socket, which it needs (--control)");
	close(client);
}

/* Clients of the page and operators have separate limits. */
Behaviour(builtin_metrics, silent_clients_take_no_place_of_an_operator)
{
	struct superd *superd = run("instances = 40");
	int clients[20];

	for (size_t n = 0; n < sizeof(clients) / sizeof(*clients); n++)
		clients[n] = client_connect(superd_port(superd, "m"));
	WAIT_UNTIL(superd_processes(superd) == sizeof(clients) / sizeof(*clients));
	cr_expect_eq(SUPERCTL(control_path(), "list").status, 0);
	cr_expect_eq(SUPERCTL(control_path(), "hold", "m").status, 0);
	for (size_t n = 0; n < sizeof(clients) / sizeof(*clients); n++)
		close(clients[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(builtin_metrics, scrapes_go_on_after_an_upgrade)
{
	struct superd *superd = run("");

	(void)superd_port(superd, "m");
	superd_upgrade(superd);
	cr_expect(begins(page_for(superd, get_page), "HTTP/1.1 200 OK\r\n"), "%s",
		  world_logs());
}

/* No user, no group that may read the control socket, and no restart. */
Behaviour(builtin_metrics, one_block_and_a_reload_are_enough)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct superd *superd =
		superd_run_with(&(const struct setup){ .arguments = arguments },
				"service e { listen = \"127.0.0.1:0\" accept = yes builtin = echo }\n");

	(void)superd_port(superd, "e");
	cr_assert(superd_reload(superd, "service e { listen = \"127.0.0.1:0\" accept = yes builtin = echo }\n"
					"service m { listen = \"127.0.0.1:0\" accept = yes builtin = metrics }\n"));
	cr_expect(begins(page_for(superd, get_page), "HTTP/1.1 200 OK\r\n"), "%s",
		  world_logs());
}
