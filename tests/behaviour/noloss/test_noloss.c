/* The first promise: no connection is lost, whatever backends and tables do meanwhile. Thousands of clients ask
 * while backends end, fail, crash and are killed between two of them, and while the table is reloaded; not one may
 * be refused, reset or left without its answer. A client that a backend has accepted is that backend's, so the
 * backends here fail only between two clients: what happens to those in the queue is superd's doing alone. */
#include "harness.h"
#include "load.h"

#define SERVICE "service %s {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"

static size_t many(size_t connections)
{
	return running_sanitized() ? connections / 10 : connections;
}

static void expect_all(struct load *load, size_t connections)
{
	struct tally tally = load_wait(load);

	tally_expect_all_served(&tally);
	cr_assert_eq(tally.served, connections);
}

Behaviour(noloss, while_backends_end_after_each_client)
{
	struct superd *superd = superd_run(SERVICE, "web", 0, backend("-d 1 take 1"), "");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = many(1500) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, while_backends_end_at_any_time)
{
	struct superd *superd = superd_run(SERVICE, "web", 0, backend("-d 1 churn 0"), "");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = many(4000) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, while_backends_fail_and_get_killed)
{
	struct superd *superd =
		superd_run(SERVICE, "web", 0, backend("-d 1 churn 10"), "backoff_min = 10ms\nbackoff_max = 100ms");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = many(2000) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, over_inetds_wait_as_well)
{
	struct superd *superd = superd_run(SERVICE, "web", 0, backend("-d 2 churn 0"), "pass = inetd");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = many(2000) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, over_a_unix_socket)
{
	const char *path = path_in("web.sock");
	struct superd *superd =
		superd_run("service web { listen = \"%s\" exec = \"%s\" }", path, backend("-d 2 churn 0"));
	const struct load_plan plan = { .path = path, .threads = 16, .connections = many(3000) };

	superd_wait_log(superd, "web: listening on ");
	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, with_a_process_for_each_connection)
{
	struct superd *superd = superd_run(SERVICE, "web", 0, backend("stdio"), "accept = yes");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 32, .connections = many(4000) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

Behaviour(noloss, at_a_limit_that_lets_clients_queue)
{
	struct superd *superd = superd_run(SERVICE, "web", 0, backend("-d 2 stdio"), "accept = yes\ninstances = 3");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 32, .connections = many(2000) };

	expect_all(load_start(&plan), plan.connections);
	superd_stop(superd);
}

/* Reloads over and over until the load is through; the table's n-th version is chosen by n. */
static void reload_under(struct superd *superd, struct load *load, size_t connections,
			 const char *(*version)(int port, int n), int port)
{
	int n = 0;

	while (load_progress(load) < connections)
		cr_assert(superd_reload(superd, "%s", version(port, n++)), "%s", world_logs());
	expect_all(load, connections);
	cr_assert_geq(n, 5, "only %d reloads happened under load", n);
}

static const char *same_table(int port, int n)
{
	(void)n;
	return text_of(SERVICE, "web", port, backend("-d 1 churn 0"), "");
}

static const char *changing_table(int port, int n)
{
	return text_of(SERVICE SERVICE, "web", port, backend("-d 2 churn %d", n % 2 ? 0 : 1),
		       n % 3 ? "nice = 1\nbacklog = 1000\nbackoff_max = 200ms" : "backoff_max = 200ms",
		       text_of("extra%d", n % 2), 0, backend("serve"), "");
}

static const char *each_table(int port, int n)
{
	return text_of(SERVICE, "web", port, backend("stdio"), n % 2 ? "accept = yes" : "accept = yes\nnice = 1");
}

static void see_no_loss_under_reloads(const char *(*version)(int port, int n), size_t connections)
{
	int port = free_port();
	struct superd *superd = superd_run("%s", version(port, 0));
	const struct load_plan plan = { .port = port, .threads = 16, .connections = connections };

	superd_wait_log(superd, "web: listening on ");
	reload_under(superd, load_start(&plan), connections, version, port);
	superd_stop(superd);
}

Behaviour(noloss, while_the_same_table_is_reloaded)
{
	see_no_loss_under_reloads(same_table, many(3000));
}

Behaviour(noloss, while_a_changing_table_is_reloaded)
{
	see_no_loss_under_reloads(changing_table, many(3000));
}

Behaviour(noloss, while_a_table_of_processes_for_each_connection_is_reloaded)
{
	see_no_loss_under_reloads(each_table, many(3000));
}

/* A reload stops the first, which serves whom it has accepted. */
Behaviour(noloss, while_a_backend_is_replaced_by_another_way_to_serve)
{
	int port = free_port();
	struct superd *superd = superd_run(SERVICE, "web", port, backend("-d 2 few 4"), "");
	const struct load_plan plan = { .port = port, .threads = 8, .connections = 0 };
	struct load *load;
	struct tally tally;

	superd_wait_log(superd, "web: listening on ");
	load = load_start(&plan);
	for (int n = 0; n < 6; n++) {
		size_t before = load_progress(load);

		if (n % 2)
			cr_assert(superd_reload(superd, SERVICE, "web", port, backend("-d 2 few 4"), ""));
		else
			cr_assert(superd_reload(superd, SERVICE, "web", port, backend("stdio"), "accept = yes"));
		WAIT_UNTIL(load_progress(load) > before + 100);
	}
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	superd_stop(superd);
}

Behaviour(noloss, of_datagrams_while_their_server_ends)
{
	enum { DATAGRAMS = 300 };
	struct superd *superd =
		superd_run("service dgram { listen = \"udp:127.0.0.1:0\" exec = \"%s\" }", backend("datagrams 1"));
	int client = datagram_client(superd_port(superd, "dgram"));

	/* One at a time, so that no buffer can run over; their server ends again and again meanwhile. */
	for (int i = 0; i < DATAGRAMS; i++) {
		cr_assert_not_null(strstr(datagram_ask(client, text_of("number %d", i)), text_of(" number %d", i)));
		if (i % 3 == 0)
			WAIT_UNTIL(superd_processes(superd) == 0);
	}
	close(client);
	superd_stop(superd);
}
