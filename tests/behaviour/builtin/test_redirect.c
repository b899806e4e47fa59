/* redirect: a connection passed on. The hard thing is that neither side may notice: not by an end that comes too
 * early, nor by one that never comes, nor by a byte too few, however slow or rude the other is. */
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>

#include "harness.h"

enum { MEGABYTE = 1 << 20, MUCH = 64 * MEGABYTE };

/* A redirect to where the test listens. */
static struct superd *run_way(const char *way, int target, const char *options)
{
	return clock_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n %s\n"
			 " redirect = \"127.0.0.1 %d\"\n passenv = " CLOCK_PASSED "\n %s\n}\n",
			 own_user(), way, target, options);
}

static const char one_redirect[] = "service pass {\n listen = \"127.0.0.1:%d\"\n user = \"%s\"\n accept = yes\n"
				   " redirect = \"127.0.0.1 %d\"\n log_on_success = { \"EXIT\" }\n}\n";

static struct superd *run_redirect(int target, const char *options)
{
	return run_way("accept = yes", target, options);
}

static int take(int listener)
{
	struct pollfd ready = { listener, POLLIN, 0 };

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "nobody came\n%s", world_logs());
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* A process of a redirect waits some seconds for another client before it ends. */
static void wait_for_all_ends(struct superd *superd)
{
	CLOCK_UNTIL(superd, 10 * SECOND_MS, 20, superd_processes(superd) == 0);
}

/* Both ends of a redirect. */
struct pair {
	struct superd *superd;
	int listener, client, target;
};

static struct pair open_way(const char *way, const char *options)
{
	struct pair pair = { .listener = listen_on(0) };

	pair.superd = run_way(way, local_port(pair.listener), options);
	pair.client = client_connect(superd_port(pair.superd, "pass"));
	pair.target = take(pair.listener);
	return pair;
}

static struct pair open_pair(const char *options)
{
	return open_way("accept = yes", options);
}

static void close_pair(struct pair *pair)
{
	close(pair->client);
	close(pair->target);
	close(pair->listener);
	wait_for_all_ends(pair->superd);
	superd_stop(pair->superd);
}

Behaviour(redirect, each_side_hears_the_other)
{
	struct pair pair = open_pair("");

	client_send(pair.client, "question\n");
	cr_assert_str_eq(client_line(pair.target), "question");
	client_send(pair.target, "answer\n");
	cr_assert_str_eq(client_line(pair.client), "answer");
	close_pair(&pair);
}

Behaviour(redirect, a_client_that_has_said_all_still_gets_its_answer)
{
	struct pair pair = open_pair("");

	client_send(pair.client, "question");
	shutdown(pair.client, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.target), "question");
	client_send(pair.target, "answer\n");
	cr_assert_str_eq(client_line(pair.client), "answer");
	client_send(pair.target, "and more");
	shutdown(pair.target, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.client), "and more");
	close_pair(&pair);
}

Behaviour(redirect, a_target_that_has_said_all_goes_on_listening)
{
	struct pair pair = open_pair("");

	client_send(pair.target, "greeting");
	shutdown(pair.target, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.client), "greeting");
	client_send(pair.client, "still there\n");
	cr_assert_str_eq(client_line(pair.target), "still there");
	shutdown(pair.client, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.target), "");
	close_pair(&pair);
}

/* A read stops at an urgent byte (tcp(7)), though more has arrived behind it, and no second edge tells of that. */
Behaviour(redirect, what_follows_an_urgent_byte_arrives)
{
	static const char *const ways[] = { "accept = yes", "accept = no" };

	for (size_t n = 0; n < sizeof(ways) / sizeof(ways[0]); n++) {
		struct pair pair = open_way(ways[n], "");
		pid_t relay = superd_only_process(pair.superd);

		client_send(pair.client, "before\n");
		cr_assert_str_eq(client_line(pair.target), "before");
		kill(relay, SIGSTOP);
		client_send(pair.client, "one ");
		cr_assert_eq(send(pair.client, "!", 1, MSG_OOB), 1);
		client_send(pair.client, "two\n");
		kill(relay, SIGCONT);
		cr_assert_str_eq(client_line(pair.target), "one two", "%s", ways[n]);
		close_pair(&pair);
	}
}

/* The byte at an offset: a pattern in which no piece may be missing, doubled or moved. */
static unsigned char pattern(size_t offset)
{
	return (unsigned char)(offset * 2654435761u >> 13);
}

/* Sends what is taken without waiting, from an offset on; gives how far it came. */
static size_t push(int fd, size_t from, size_t until)
{
	static unsigned char bytes[65536];

	while (from < until) {
		size_t length = until - from < sizeof(bytes) ? until - from : sizeof(bytes);
		ssize_t sent;

		for (size_t n = 0; n < length; n++)
			bytes[n] = pattern(from + n);
		sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent <= 0)
			break;
		from += (size_t)sent;
	}
	return from;
}

/* Reads what is there, and compares it. */
static size_t pull(int fd, size_t from)
{
	static unsigned char bytes[65536];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		for (ssize_t n = 0; n < got; n++, from++)
			cr_assert_eq(bytes[n], pattern(from), "at %zu", from);
	}
	return from;
}

/* Until nothing more is taken, and all sleep: superd and the kernel hold a bounded part, and the sender the rest. */
static size_t push_until_full(struct superd *superd, int fd, size_t most)
{
	size_t sent = 0, before;

	do {
		before = sent;
		sent = push(fd, sent, most);
		clock_settle(superd);
	} while (sent != before);
	return sent;
}

static void move_all(int from, int to, size_t sent)
{
	size_t got = 0;

	for (long long until = now_ms() + DEADLINE_MS; got < MUCH;) {
		struct pollfd ready[2] = { { from, sent < MUCH ? POLLOUT : 0, 0 }, { to, POLLIN, 0 } };

		cr_assert(now_ms() < until, "%zu of %zu bytes came\n%s", got, sent, world_logs());
		poll(ready, 2, 100);
		sent = push(from, sent, MUCH);
		got = pull(to, got);
	}
}

Behaviour(redirect, who_reads_slowly_slows_the_sender_and_loses_nothing)
{
	struct pair pair = open_pair("");
	size_t to_client = push_until_full(pair.superd, pair.target, MUCH);
	size_t to_target = push_until_full(pair.superd, pair.client, MUCH);

	cr_assert_lt(to_client, MUCH, "the target never had to wait");
	cr_assert_lt(to_target, MUCH, "the client never had to wait");
	move_all(pair.target, pair.client, to_client);
	move_all(pair.client, pair.target, to_target);
	shutdown(pair.client, SHUT_WR);
	shutdown(pair.target, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.client), "");
	cr_assert_str_eq(client_rest(pair.target), "");
	close_pair(&pair);
}

/* What comes fast is gathered: its last bytes must not wait for more. */
Behaviour(redirect, the_end_of_a_burst_is_not_kept_back)
{
	struct pair pair = open_pair("");
	size_t sent = 0, got = 0;

	for (int burst = 1; burst <= 5; burst++) {
		size_t all = (size_t)burst * 8 * MEGABYTE + (size_t)burst;

		for (long long until = now_ms() + DEADLINE_MS; got < all;) {
			cr_assert(now_ms() < until, "%zu of %zu bytes came\n%s", got, all, world_logs());
			sent = push(pair.target, sent, all);
			got = pull(pair.client, got);
		}
	}
	cr_assert_eq(got, sent);
	close_pair(&pair);
}

/* It gives its processor away no more while superd's clock goes on. */
static bool sleeps_on(struct superd *superd, pid_t pid)
{
	unsigned long before = 0, after = 0;
	bool rests = process_rests(pid, &before);

	for (int n = 0; n < 10; n++)
		clock_advance(superd, MINUTE_MS);
	return rests && process_rests(pid, &after) && after == before;
}

/* The clock, which wakes whom it is passed to, is not its own. What TCP still does wakes it a few times. */
Behaviour(redirect, a_waiting_redirect_does_not_spin)
{
	struct pair pair = { .listener = listen_on(0) };
	pid_t pid;

	pair.superd = clock_run(one_redirect, free_port(), own_user(), local_port(pair.listener));
	pair.client = client_connect(superd_port(pair.superd, "pass"));
	pair.target = take(pair.listener);
	push_until_full(pair.superd, pair.target, MUCH);
	shutdown(pair.client, SHUT_WR); /* nothing but the room at the client is waited for now */
	cr_assert_str_eq(client_rest(pair.target), "");
	WAIT_UNTIL(superd_others(pair.superd, &pid, 1) == 1);
	WAIT_UNTIL(sleeps_on(pair.superd, pid));
	close_pair(&pair);
}

Behaviour(redirect, a_reset_is_passed_on_as_one)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	struct pair pair = open_pair("");
	struct pollfd ready = { pair.client, POLLIN, 0 };
	char byte;

	client_send(pair.client, "hello\n");
	cr_assert_str_eq(client_line(pair.target), "hello");
	cr_assert_eq(setsockopt(pair.target, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(pair.target);
	pair.target = -1;
	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1);
	cr_assert_eq(recv(pair.client, &byte, 1, 0), -1, "a reset looked like a proper end");
	cr_assert_eq(errno, ECONNRESET);
	close_pair(&pair);
}

static void reset(int *client)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	cr_assert_eq(setsockopt(*client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(*client);
	*client = -1;
}

/* The target, which says nothing, would otherwise keep the process and its place among the instances. */
Behaviour(redirect, a_client_that_has_said_all_and_is_reset_leaves_nothing)
{
	struct pair pair = open_pair("instances = 1");
	int next;

	client_send(pair.client, "question\n");
	cr_assert_eq(shutdown(pair.client, SHUT_WR), 0);
	cr_assert_str_eq(client_rest(pair.target), "question\n");
	reset(&pair.client);
	cr_assert(client_sees_end(pair.target));
	pair.client = client_connect(superd_port(pair.superd, "pass"));
	next = take(pair.listener);
	client_send(pair.client, "next\n");
	cr_assert_str_eq(client_line(next), "next");
	close(next);
	close_pair(&pair);
}

/* Of a unix socket there is no half of a connection left where the client has closed it, and no reset. */
Behaviour(redirect, a_client_of_a_unix_socket_that_has_closed_leaves_nothing)
{
	int listener = listen_on(0), client, target;
	const char *path = path_in("pass.sock");
	struct superd *superd = clock_run("service pass {\n listen = \"%s\"\n user = \"%s\"\n accept = yes\n"
					  " redirect = \"127.0.0.1 %d\"\n}\n",
					  path, own_user(), local_port(listener));

	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	target = take(listener);
	client_send(client, "all\n");
	close(client);
	cr_assert_str_eq(client_rest(target), "all\n");
	wait_for_all_ends(superd);
	close(target);
	close(listener);
}

Behaviour(redirect, where_nobody_listens_the_client_is_let_go)
{
	int target = free_port();
	struct superd *superd = run_redirect(target, "");
	int client = client_connect(superd_port(superd, "pass"));

	cr_assert(client_sees_end(client));
	superd_wait_log(superd, text_of("cannot connect to 127.0.0.1 port %d: Connection refused", target));
	close(client);
}

/* A relay of its own for each client, and one for all. */
Behaviour(redirect, a_connection_without_a_byte_ends_where_the_row_says_so)
{
	static const char *const ways[] = { "accept = yes", "accept = no" };

	for (size_t n = 0; n < sizeof(ways) / sizeof(ways[0]); n++) {
		struct pair pair = open_way(ways[n], "redirect_timeout = 1h");

		client_send(pair.client, "question\n");
		cr_assert_str_eq(client_line(pair.target), "question");
		clock_advance(pair.superd, 50 * MINUTE_MS);
		client_send(pair.target, "answer\n");
		cr_assert_str_eq(client_line(pair.client), "answer");
		clock_advance(pair.superd, 50 * MINUTE_MS);
		cr_assert(client_is_quiet(pair.client, 0) && client_is_quiet(pair.target, 0));
		clock_advance(pair.superd, 20 * MINUTE_MS);
		cr_assert(client_sees_end(pair.client));
		cr_assert(client_sees_end(pair.target));
		cr_expect_not(superd_logged(pair.superd, "exit status 1"), "%s", world_logs());
		close_pair(&pair);
	}
}

static void expect_relayed(int client, int listener, int *target)
{
	*target = take(listener);
	client_send(client, "hello\n");
	cr_assert_str_eq(client_line(*target), "hello");
}

Behaviour(redirect, one_source_has_only_so_many_connections)
{
	int listener = listen_on(0), clients[2], targets[2], other, other_target, more;
	struct superd *superd = run_way("accept = no", local_port(listener), "per_source = 2");
	int port = superd_port(superd, "pass");

	for (int n = 0; n < 2; n++) {
		clients[n] = client_connect_from("127.0.0.2", port);
		expect_relayed(clients[n], listener, &targets[n]);
	}
	more = client_connect_from("127.0.0.2", port);
	cr_assert(client_sees_end(more));
	superd_wait_log(superd, "refused 127.0.0.2 port ");
	close(more);
	other = client_connect_from("127.0.0.3", port);
	expect_relayed(other, listener, &other_target);
	close(clients[0]);
	cr_assert(client_sees_end(targets[0]));
	close(targets[0]);
	clock_settle(superd);
	clients[0] = client_connect_from("127.0.0.2", port);
	expect_relayed(clients[0], listener, &targets[0]);
	for (int n = 0; n < 2; n++) {
		close(clients[n]);
		close(targets[n]);
	}
	close(other);
	close(other_target);
	close(listener);
	wait_for_all_ends(superd);
}

/* One process serves all of them, and accepts the client before it knows that the target is not there. */
Behaviour(redirect, where_nobody_listens_one_process_lets_all_clients_go)
{
	int target = free_port(), listener, client;
	struct superd *superd = run_way("accept = no", target, "");
	int port = superd_port(superd, "pass");

	for (int n = 0; n < 5; n++) {
		client = client_connect(port);
		cr_assert(client_sees_end(client));
		close(client);
	}
	superd_wait_log(superd, text_of("cannot connect to 127.0.0.1 port %d: Connection refused", target));
	listener = listen_on(target);
	client = client_connect(port);
	close(take(listener));
	cr_assert(client_sees_end(client));
	close(client);
	close(listener);
}

Behaviour(redirect, what_is_said_before_the_target_answers_is_kept)
{
	int listener = listen_on(0), client, target;
	struct superd *superd = run_redirect(local_port(listener), "");

	client = client_connect(superd_port(superd, "pass"));
	client_send(client, "early bird\n");
	shutdown(client, SHUT_WR);
	WAIT_UNTIL(superd_processes(superd) == 1);
	target = take(listener);
	cr_assert_str_eq(client_rest(target), "early bird\n");
	client_send(target, "worm");
	close(target);
	cr_assert_str_eq(client_rest(client), "worm");
	close(client);
	close(listener);
}

/* A listener whose queue is full drops who comes, so connecting to it hangs. */
Behaviour(redirect, a_client_that_leaves_while_the_target_is_slow_leaves_nothing)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), filler[8], client;
	struct superd *superd;

	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 0), 0);
	address.sin_port = htons((uint16_t)local_port(listener));
	for (int n = 0; n < 8; n++) {
		filler[n] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(filler[n], (struct sockaddr *)&address, sizeof(address));
	}
	superd = run_redirect(local_port(listener), "");
	client = client_connect(superd_port(superd, "pass"));
	WAIT_UNTIL(superd_processes(superd) == 1);
	clock_advance(superd, 10 * SECOND_MS); /* the process gives up after 30 */
	cr_assert(client_is_quiet(client, 0));
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(client);
	wait_for_all_ends(superd);
	superd_wait_log(superd, "the client left before");
	for (int n = 0; n < 8; n++)
		close(filler[n]);
	close(listener);
}

/* No time passes, so nothing is tried a second time. */
Behaviour(redirect, a_target_that_can_never_answer_refuses_at_once)
{
	struct superd *superd = clock_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
					  " redirect = \"/etc/passwd/x\"\n passenv = " CLOCK_PASSED "\n}\n",
					  own_user());
	int port = superd_port(superd, "pass"), client;

	clock_hold();
	client = client_connect(port);
	cr_expect_str_eq(client_rest(client), "");
	close(client);
	superd_wait_log(superd, "cannot connect to /etc/passwd/x: Not a directory");
	clock_go_on();
}

/* Its bytes are in the socket when the loop hears of its end. */
static void send_and_close(const char *way)
{
	int listener = listen_on(0), client, target;
	const char *path = path_in("in.%d", (int)strlen(way));
	struct superd *superd = superd_run("service pass {\n listen = \"%s\"\n user = \"%s\"\n %s\n"
					   " redirect = \"127.0.0.1 %d\"\n}\n", path, own_user(), way,
					   local_port(listener));

	wait_node(path);
	for (int n = 0; n < 20; n++) {
		client = client_connect_unix(path, SOCK_STREAM);
		client_send(client, "message\n");
		close(client);
		target = take(listener);
		cr_expect_str_eq(client_rest(target), "message\n");
		close(target);
	}
	cr_expect_not(superd_logged(superd, "the client left before"), "%s", world_logs());
	close(listener);
	superd_stop(superd);
}

Behaviour(redirect, a_client_that_has_sent_and_closed_is_passed_on)
{
	send_and_close("accept = yes");
	send_and_close("accept = no");
}

/* Of its descriptors some are for the loop. */
Behaviour(redirect, with_too_few_descriptors_says_so_and_refuses)
{
	struct superd *superd = superd_run("service none {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
					   " redirect = \"127.0.0.1 9\" rlimit_nofile = 5\n}\n", own_user());
	int client = client_connect(superd_port(superd, "none"));

	cr_expect(client_sees_end(client));
	close(client);
	superd_wait_log(superd, "cannot serve the client: Too many open files");
}

static void fill_queue(const struct sockaddr_un *address, int fillers[4])
{
	for (int n = 0; n < 4; n++) {
		fillers[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fillers[n], (const struct sockaddr *)address, sizeof(*address));
	}
}

/* superd is killed while a client waits for the target: the channel's number is the target's then. */
Behaviour(redirect, a_report_for_a_superd_that_is_gone_reaches_no_target)
{
	const char *const arguments[] = { "--no-guard", NULL }; /* with one, superd would end the relay */
	const struct setup setup = { .arguments = arguments };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fillers[4], client, target;
	struct superd *superd;
	const char *text;
	pid_t relay;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_in("target"));
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(chmod(address.sun_path, 0777), 0);
	cr_assert_eq(listen(listener, 0), 0);
	fill_queue(&address, fillers);
	superd = superd_run_with(&setup, "service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
				 " redirect = \"%s\"\n}\n", own_user(), address.sun_path);
	client = client_connect(superd_port(superd, "pass"));
	client_send(client, "hello ");
	WAIT_UNTIL(superd_processes(superd) == 1);
	relay = superd_only_process(superd);
	WAIT_UNTIL(process_is_called(relay, "superd-builtin"));
	superd_signal(superd, SIGKILL);
	cr_expect_eq(superd_wait_exit(superd), 128 + SIGKILL);
	for (int n = 0; n < 4; n++)
		close(fillers[n]);
	for (text = NULL; !text || !*text;) {   /* what filled the queue comes first */
		target = take(listener);
		shutdown(target, SHUT_WR);
		if (process_lives(relay) && client >= 0 && recv(target, &(char){ 0 }, 1, MSG_PEEK) > 0) {
			client_send(client, "more");
			shutdown(client, SHUT_WR);
		}
		text = client_rest(target);
		close(target);
	}
	cr_expect_str_eq(text, "hello more");
	close(client);
	close(listener);
	WAIT_UNTIL(!process_lives(relay));
}

Behaviour(redirect, a_host_with_several_addresses_is_tried_to_the_last)
{
	int listener = listen_on(0), client, target;
	struct superd *superd = superd_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
					   " redirect = \"localhost %d\"\n}\n",
					   own_user(), local_port(listener));

	client = client_connect(superd_port(superd, "pass"));
	target = take(listener);
	client_send(target, "here\n");
	cr_assert_str_eq(client_line(client), "here");
	close(target);
	close(client);
	close(listener);
}

Behaviour(redirect, the_bytes_of_both_ways_are_recorded)
{
	struct pair pair = open_pair("log_on_success = { \"TRAFFIC\" }");

	client_send(pair.client, "12345");
	client_send(pair.target, "123");
	shutdown(pair.client, SHUT_WR);
	shutdown(pair.target, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.client), "123");
	cr_assert_str_eq(client_rest(pair.target), "12345");
	superd_wait_log(pair.superd, "TRAFFIC: pass in=5(bytes) out=3(bytes)");
	close_pair(&pair);
}

Behaviour(redirect, nothing_of_many_is_left)
{
	int listener = listen_on(0), port;
	struct superd *superd = run_redirect(local_port(listener), "log_on_success = { \"TRAFFIC\" }");
	size_t before = 0;

	port = superd_port(superd, "pass");
	for (int n = 0; n < 25; n++) {
		int client = client_connect(port), target = take(listener);

		client_send(client, "hello\n");
		cr_assert_str_eq(client_line(target), "hello");
		close(n % 2 ? client : target);
		cr_assert(client_sees_end(n % 2 ? target : client));
		close(n % 2 ? target : client);
		if (n != 4)
			continue;
		wait_for_all_ends(superd);
		before = superd_fd_count(superd);
	}
	wait_for_all_ends(superd);
	superd_expect_fds(superd, before);
	close(listener);
}

/* One client's question and the target's answer, from beginning to end. */
static void exchange(int port, int listener)
{
	int client = client_connect(port), target = take(listener);

	client_send(client, "question");
	shutdown(client, SHUT_WR);
	cr_assert_str_eq(client_rest(target), "question");
	client_send(target, "answer");
	close(target);
	cr_assert_str_eq(client_rest(client), "answer");
	close(client);
}

/* Who serves the one client there is. */
static pid_t pid_of_next(struct superd *superd, int port, int listener)
{
	int client = client_connect(port), target = take(listener);
	pid_t pid;

	WAIT_UNTIL(superd_others(superd, &pid, 1) == 1);
	close(client);
	close(target);
	return pid;
}

Behaviour(redirect, where_processor_time_is_rationed_each_connection_has_its_own_process)
{
	int listener = listen_on(0), port;
	struct superd *superd = run_redirect(local_port(listener), "rlimit_cpu = 10\n log_on_success = { \"EXIT\" }");
	pid_t first;

	port = superd_port(superd, "pass");
	first = pid_of_next(superd, port, listener);
	superd_wait_log(superd, "EXIT: pass status=0");
	cr_assert_neq(pid_of_next(superd, port, listener), first);
	wait_for_all_ends(superd);
	close(listener);
}

Behaviour(redirect, a_process_that_was_killed_while_it_waited_is_missed_by_nobody)
{
	int listener = listen_on(0), port;
	struct superd *superd = run_redirect(local_port(listener), "log_on_success = { \"EXIT\" }");
	pid_t pid;

	port = superd_port(superd, "pass");
	for (unsigned n = 1; n <= 5; n++) {
		exchange(port, listener);
		WAIT_UNTIL(superd_log_count(superd, "EXIT: pass status=0") == n);
		if (superd_others(superd, &pid, 1) == 1)
			kill(pid, SIGKILL);
		wait_for_all_ends(superd);
	}
	cr_assert(!superd_logged(superd, "signal"));
	close(listener);
}

Behaviour(redirect, a_reload_is_obeyed_by_the_next_connection)
{
	int old = listen_on(0), new = listen_on(0), port = free_port();
	struct superd *superd = clock_run(one_redirect, port, own_user(), local_port(old));

	cr_assert_eq(superd_port(superd, "pass"), port);
	exchange(port, old);
	superd_wait_log(superd, "EXIT: pass status=0");
	cr_assert(superd_reload(superd, one_redirect, port, own_user(), local_port(new)));
	exchange(port, new);
	wait_for_all_ends(superd);
	close(old);
	close(new);
}

/* Whoever is begun under the old row ends under the new one, and must not be given another client. */
Behaviour(redirect, who_outlives_a_reload_takes_nobody_more)
{
	int old = listen_on(0), new = listen_on(0), port = free_port(), client, target;
	struct superd *superd = clock_run(one_redirect, port, own_user(), local_port(old));

	client = client_connect(superd_port(superd, "pass"));
	target = take(old);
	cr_assert(superd_reload(superd, one_redirect, port, own_user(), local_port(new)));
	client_send(client, "still here\n");
	cr_assert_str_eq(client_line(target), "still here");
	close(client);
	close(target);
	superd_wait_log(superd, "EXIT: pass status=0");
	exchange(port, new);
	wait_for_all_ends(superd);
	close(old);
	close(new);
}

Behaviour(redirect, one_that_is_stopped_reports_what_it_moved)
{
	struct pair pair = open_pair("runtime_max = 1h\n log_on_success = { \"EXIT\", \"TRAFFIC\" }");

	client_send(pair.client, "12345\n");
	cr_assert_str_eq(client_line(pair.target), "12345");
	client_send(pair.target, "12\n");
	cr_assert_str_eq(client_line(pair.client), "12");
	clock_advance(pair.superd, 59 * MINUTE_MS);
	cr_assert(client_is_quiet(pair.client, 0) && client_is_quiet(pair.target, 0), "%s", world_logs());
	clock_advance(pair.superd, 2 * MINUTE_MS);
	cr_assert(client_sees_end(pair.client));
	cr_assert(client_sees_end(pair.target));
	superd_wait_log(pair.superd, "TRAFFIC: pass in=6(bytes) out=3(bytes)");
	superd_wait_log(pair.superd, "EXIT: pass signal=15");
	close_pair(&pair);
}

/* poll(2) finds something ready each time: a signal alone would not be noticed. */
Behaviour(redirect, one_that_is_busy_is_stopped_as_soon)
{
	struct pair pair = open_pair("runtime_max = 1h\n timeout_stop = 1h\n"
				     " log_on_success = { \"EXIT\", \"TRAFFIC\" }");
	size_t sent = 0, got = 0;
	bool is_late = false;

	for (long long until = now_ms() + DEADLINE_MS; !superd_logged(pair.superd, "EXIT: pass signal=15");) {
		cr_assert(now_ms() < until, "it goes on\n%s", world_logs());
		sent = push(pair.target, sent, sent + MEGABYTE);
		got = pull(pair.client, got);
		if (!is_late && got > MEGABYTE)
			clock_move(61 * MINUTE_MS);
		is_late = got > MEGABYTE;
	}
	cr_assert(superd_logged(pair.superd, "TRAFFIC: pass in=0(bytes) out="));
	cr_assert_gt(got, MEGABYTE);
	close_pair(&pair);
}

Behaviour(redirect, the_bytes_of_both_ways_are_recorded_over_an_upgrade)
{
	struct pair pair = open_pair("log_on_success = { \"EXIT\", \"TRAFFIC\" }");

	client_send(pair.client, "123\n");
	cr_assert_str_eq(client_line(pair.target), "123");
	superd_upgrade(pair.superd);
	client_send(pair.client, "45");
	client_send(pair.target, "123");
	shutdown(pair.client, SHUT_WR);
	shutdown(pair.target, SHUT_WR);
	cr_assert_str_eq(client_rest(pair.client), "123");
	cr_assert_str_eq(client_rest(pair.target), "45");
	superd_wait_log(pair.superd, "TRAFFIC: pass in=6(bytes) out=3(bytes)");
	superd_wait_log(pair.superd, "EXIT: pass "); /* its process is not kept by the new superd, and ends */
	cr_assert_eq(superd_log_count(pair.superd, "EXIT: pass "), 1);
	close_pair(&pair);
}

/* Each has a process, and ends only when its target has answered, which needs one, too. */
Behaviour(redirect, to_services_of_its_own_superd_never_waits_for_itself)
{
	enum { PAIRS = 4 };
	const struct setup setup = { .descriptors = 70 + OWN_PROGRAMS };
	const char *table = "";
	int ports[PAIRS], clients[PAIRS];
	struct superd *superd;

	for (int n = 0; n < PAIRS; n++) {
		int target = free_port();

		ports[n] = free_port();
		table = text_of("%sservice target%d {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
				" exec = \"%s\"\n}\n"
				"service pass%d {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
				" user = \"%s\"\n redirect = \"127.0.0.1 %d\"\n}\n",
				table, n, target, backend("lines"), n, ports[n], own_user(), target);
	}
	superd = superd_run_with(&setup, "%s", table);
	superd_port(superd, "pass3");
	superd_signal(superd, SIGSTOP); /* so that all come at once */
	for (int n = 0; n < PAIRS; n++) {
		clients[n] = client_connect(ports[n]);
		client_send(clients[n], "hello\n");
	}
	superd_signal(superd, SIGCONT);
	client_expect_all(clients, PAIRS, " hello");
	superd_stop(superd);
}
