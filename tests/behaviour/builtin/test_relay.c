/* exec beside redirect: a program that takes no sockets is started by its first client, and superd relays to it; and
 * redirect with accept = no, one process for all clients. No client may notice: not by a refusal while the program
 * starts, nor by an answer that is cut short. */
#include "binding.h"
#include "harness.h"
#include "superctl.h"

/* A server with a port, or a unix socket, of its own. It answers each line with "PID LINE", and the end of a client
 * with what it has got in all. With a second word it listens only once that file is there. */
static const char *server_script(void)
{
	return write_file("own.py", "%s",
			  "import os, socket, sys, threading, time\n"
			  "where = sys.argv[1]\n"
			  "while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):\n"
			  "    time.sleep(0.01)\n"
			  "if where[0] == '/':\n"
			  "    listener = socket.socket(socket.AF_UNIX)\n"
			  "    listener.bind(where)\n"
			  "else:\n"
			  "    listener = socket.socket()\n"
			  "    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
			  "    listener.bind(('127.0.0.1', int(where)))\n"
			  "    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
			  "    udp.bind(('127.0.0.1', int(where)))\n"
			  "    def answer_datagrams():\n"
			  "        while True:\n"
			  "            text, client = udp.recvfrom(65536)\n"
			  "            udp.sendto(b'%d %s' % (os.getpid(), text), client)\n"
			  "    threading.Thread(target=answer_datagrams, daemon=True).start()\n"
			  "listener.listen(4096)\n"
			  "def serve(client):\n"
			  "    count = 0\n"
			  "    with client, client.makefile('rb') as lines:\n"
			  "        for line in lines:\n"
			  "            if line == b'exit\\n':\n"
			  "                os._exit(0)\n"
			  "            count += len(line)\n"
			  "            client.sendall(b'%d %s' % (os.getpid(), line))\n"
			  "        client.sendall(b'end after %d\\n' % count)\n"
			  "while True:\n"
			  "    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()\n");
}

/* superd is under the clock, and the relay is not. */
static struct superd *run_relayed(int port, const char *wait, const char *options)
{
	const char *const arguments[] = { "--control", path_in("ctl"), NULL };

	return superd_run_with(&(struct setup){ .arguments = arguments, .clock = true },
			       "service app {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n"
			       " exec = \"%s %s %d %s\"\n redirect = \"127.0.0.1 %d\"\n %s\n}\n",
			       own_user(), find_program("python3-minimal", "python3"), server_script(), port, wait,
			       port, options);
}

static const char *why(void)
{
	return SUPERCTL(path_in("ctl"), "why", "app").out;
}

static void pass_hours(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
}

/* "PID LINE": the pid. */
static long ask_pid(int port)
{
	long pid = strtol(client_ask(port, "who\n"), NULL, 10);

	cr_assert_gt(pid, 0, "no answer\n%s", world_logs());
	return pid;
}

static pid_t relay_pid(void)
{
	static const char key[] = "\"relay\":{\"pid\":"; /* of the instance; its service has one, too */
	const char *at = strstr(SUPERCTL(path_in("ctl"), "status", "app", "--json").out, key);

	return at ? (pid_t)strtol(at + strlen(key), NULL, 10) : 0;
}

BehaviourOfUsers(relay, the_first_client_starts_the_program_and_all_reach_it)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app");
	long pid = ask_pid(port);
	int one = client_connect(port), two = client_connect(port);

	client_send(one, "one\n");
	client_send(two, "two\n");
	cr_assert_str_eq(client_line(one), text_of("%ld one", pid));
	cr_assert_str_eq(client_line(two), text_of("%ld two", pid));
	WAIT_UNTIL(strstr(why(), "relaying 2 clients to 127.0.0.1:"));
	cr_assert(strstr(SUPERCTL(path_in("ctl"), "status", "app").out, "relaying 2 clients to 127.0.0.1:"));
	cr_assert(strstr(SUPERCTL(path_in("ctl"), "list").out, ", relayed to 127.0.0.1:"));
	close(one);
	close(two);
}

BehaviourOfUsers(relay, a_client_that_has_said_all_still_gets_its_answer)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int client = client_connect(superd_port(superd, "app"));

	client_send(client, "question\n");
	shutdown(client, SHUT_WR);
	cr_assert(strstr(client_line(client), " question"));
	cr_assert_str_eq(client_line(client), "end after 9");
	cr_assert_str_eq(client_rest(client), "");
	close(client);
}

BehaviourOfUsers(relay, clients_wait_until_the_program_listens)
{
	const char *gate = path_in("gate");
	struct superd *superd = run_relayed(free_port(), gate, "timeout_start = 24h");
	int client = client_connect(superd_port(superd, "app"));

	client_send(client, "early\n");
	WAIT_UNTIL(strstr(why(), "waiting for 127.0.0.1:"));
	WAIT_UNTIL(strstr(why(), "Connection refused"));
	cr_assert(strstr(why(), "starting for"));
	pass_hours(superd);
	cr_assert(client_is_quiet(client, 0));
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), " early"));
	close(client);
}

/* As PostgreSQL, which accepts clients while it recovers, and turns them away. */
BehaviourOfUsers(relay, clients_wait_until_a_program_that_announces_it_is_ready)
{
	const char *gate = path_in("gate");
	int target = free_port(), client;
	struct superd *superd =
		clock_run("service app {\n listen = \"127.0.0.1:0\"\n redirect = \"127.0.0.1 %d\"\n type = notify\n"
			  " timeout_start = 24h\n exec = \"%s\"\n}\n", target,
			  binder("tcp4 bind=127.0.0.1:%d listen=64 ready-after=%s serve=poll", target, gate));

	client = client_connect(superd_port(superd, "app"));
	client_send(client, "early\n");
	WAIT_UNTIL(client_can_connect(target));
	clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(client, 0), "%s", world_logs());
	write_file("gate", "%s", "");
	cr_assert(strstr(client_line(client), " early"));
	close(client);
}

BehaviourOfUsers(relay, a_program_that_never_listens_is_stopped_and_its_client_waits_for_the_next)
{
	const char *gate = path_in("gate");
	int target = free_port();
	struct superd *superd =
		run_relayed(target, gate, "timeout_start = 10min\n backoff_min = 1min\n backoff_max = 1min\n");
	int client = client_connect(superd_port(superd, "app"));

	client_send(client, "patient\n");
	WAIT_UNTIL(strstr(why(), "Connection refused"));
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "it was not ready"), "%s", world_logs());
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, text_of("it was not ready within timeout_start: connect to 127.0.0.1:%d: Connection "
					"refused; let the program listen there, or name the address where it does in "
					"redirect (", target));
	superd_wait_log(superd, text_of("it was not ready within timeout_start, and nothing answered at 127.0.0.1:%d",
					target));
	cr_expect_not(superd_logged(superd, "ended with signal TERM"), "%s", world_logs());
	write_file("gate", "%s", "");
	CLOCK_UNTIL(superd, MINUTE_MS, 5, superd_log_count(superd, "app: started") == 2);
	cr_assert(strstr(client_line(client), " patient"));
	close(client);
}

BehaviourOfUsers(relay, the_end_of_the_program_is_the_end_of_the_instance)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app"), client;
	long first = ask_pid(port);

	client = client_connect(port);
	client_send(client, "exit\n");
	cr_assert(client_sees_end(client));
	close(client);
	superd_wait_log(superd, "ended: exit status 0");
	cr_assert_neq(ask_pid(port), first);
}

BehaviourOfUsers(relay, an_idle_program_is_stopped_and_no_sooner)
{
	struct superd *superd = run_relayed(free_port(), "", "idle_timeout = 5min\n");
	int port = superd_port(superd, "app"), client = client_connect(port);
	long first;

	client_send(client, "here\n");
	first = strtol(client_line(client), NULL, 10);
	pass_hours(superd);
	cr_expect_not(superd_logged(superd, "ended:"), "%s", world_logs());
	client_send(client, "still\n");
	cr_assert_str_eq(client_line(client), text_of("%ld still", first));
	close(client);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, "no client has been connected for 5 min"));
	superd_wait_log(superd, "ended: signal TERM");
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_neq(ask_pid(port), first);
}

BehaviourOfUsers(relay, a_frozen_program_goes_on_with_the_next_client)
{
	struct superd *superd = run_relayed(free_port(), "", "idle_timeout = 5min\n idle_action = freeze\n");
	int port = superd_port(superd, "app");
	long first = ask_pid(port);

	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, "is frozen until a client connects"));
	cr_assert_eq(ask_pid(port), first);
	superd_wait_log(superd, "thawed after");
}

static long ask_again(int client, const char *question)
{
	const char *answer;

	client_send(client, text_of("%s\n", question));
	answer = client_line(client);
	cr_assert(strstr(answer, question), "'%s'", answer);
	return strtol(answer, NULL, 10);
}

/* The kernel says for how long nothing has moved, in real time. */
BehaviourOfUsers(relay, the_next_byte_of_a_quiet_client_wakes_a_frozen_program)
{
	struct superd *superd = run_relayed(
		free_port(), "", "idle_timeout = 500ms\n idle_action = freeze\n idle_means = quiet\n");
	int client = client_connect(superd_port(superd, "app"));
	long first = ask_again(client, "one");

	for (unsigned n = 1; n <= 2; n++) {
		WAIT_UNTIL(superd_log_count(superd, "is frozen until a client connects") == n);
		cr_expect(geteuid() != 0 || strstr(why(), "; nothing has moved for"), "%s", why());
		cr_assert_eq(ask_again(client, text_of("again %u", n)), first);
		WAIT_UNTIL(superd_log_count(superd, "thawed after") == n);
	}
	close(client);
}

/* Before the first count of connections only the relay knows of a client. */
BehaviourOfUsers(relay, superctl_does_not_doubt_the_client_that_is_relayed)
{
	struct superd *superd = run_relayed(free_port(), "", "idle_timeout = 1h\n");
	int client = client_connect(superd_port(superd, "app"));
	const char *said;

	ask_again(client, "one");
	WAIT_UNTIL(strstr(why(), "relaying 1 client"));
	said = why();
	cr_expect_null(strstr(said, "is not known"), "%s", said);
	cr_expect_not_null(strstr(said, "it sleeps "), "%s", said); /* how, tells its count */
	close(client);
}

BehaviourOfUsers(relay, so_does_one_after_an_operator_has_frozen_it)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int client = client_connect(superd_port(superd, "app")), other = client_connect(superd_port(superd, "app"));
	long first = ask_again(client, "one");

	ask_again(other, "quiet");
	cr_assert_eq(SUPERCTL(path_in("ctl"), "freeze", "app").status, 0);
	superd_wait_log(superd, "is frozen");
	pass_hours(superd);
	cr_expect_not(superd_logged(superd, "thawed after"), "%s", world_logs());
	cr_assert_eq(ask_again(client, "two"), first);
	superd_wait_log(superd, "thawed after");
	cr_assert_eq(ask_again(other, "three"), first);
	close(client);
	close(other);
}

BehaviourOfUsers(relay, so_does_one_by_a_unix_socket)
{
	const char *path = path_in("front");
	const char *const arguments[] = { "--control", path_in("ctl"), NULL };
	int target = free_port(), client;
	struct superd *superd = superd_run_with(
		&(struct setup){ .arguments = arguments, .clock = true },
		"service app {\n listen = \"%s\"\n user = \"%s\"\n exec = \"%s %s %d\"\n"
		" redirect = \"127.0.0.1 %d\"\n}\n",
		path, own_user(), find_program("python3-minimal", "python3"), server_script(), target, target);
	long first;

	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	first = ask_again(client, "one");
	cr_assert_eq(SUPERCTL(path_in("ctl"), "freeze", "app").status, 0);
	superd_wait_log(superd, "is frozen");
	pass_hours(superd);
	cr_expect_not(superd_logged(superd, "thawed after"), "%s", world_logs());
	cr_assert_eq(ask_again(client, "two"), first);
	superd_wait_log(superd, "thawed after");
	close(client);
}

/* A flow of datagrams keeps a program awake until redirect_timeout has passed. An operator freezes it all the same. */
BehaviourOfUsers(relay, the_next_datagram_wakes_a_frozen_program)
{
	int target = free_port(), client;
	const char *const arguments[] = { "--control", path_in("ctl"), NULL };
	struct superd *superd = superd_run_with(
		&(struct setup){ .arguments = arguments },
		"service app {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s %s %d\"\n"
		" redirect = \"127.0.0.1 %d\"\n}\n",
		own_user(), find_program("python3-minimal", "python3"), server_script(), target, target);

	client = datagram_client(superd_port(superd, "app"));
	cr_assert(strstr(datagram_ask(client, "first"), " first"));
	cr_assert_eq(SUPERCTL(path_in("ctl"), "freeze", "app").status, 0);
	superd_wait_log(superd, "is frozen");
	cr_assert(strstr(datagram_ask(client, "second"), " second"));
	superd_wait_log(superd, "thawed after");
	close(client);
}

BehaviourOfUsers(relay, another_relay_begins_where_one_was_killed)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app");
	long first = ask_pid(port);
	pid_t relay = relay_pid();

	cr_assert_gt(relay, 1);
	kill(relay, SIGKILL);
	superd_wait_log(superd, "signal KILL");
	cr_assert_eq(ask_pid(port), first);
	cr_assert_neq(relay_pid(), relay);
}

BehaviourOfUsers(relay, an_upgrade_keeps_clients_and_relay)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app"), client = client_connect(port);
	pid_t relay;
	long first;

	client_send(client, "before\n");
	first = strtol(client_line(client), NULL, 10);
	relay = relay_pid();
	superd_upgrade(superd);
	client_send(client, "after\n");
	cr_assert_str_eq(client_line(client), text_of("%ld after", first));
	cr_assert_eq(ask_pid(port), first);
	cr_assert_eq(relay_pid(), relay);
	WAIT_UNTIL(strstr(why(), "relaying 1 client to 127.0.0.1:"));
	close(client);
}

BehaviourOfUsers(relay, a_reload_leads_the_next_start_elsewhere)
{
	int first = free_port(), second = free_port();
	struct superd *superd = run_relayed(first, "", "");
	int port = superd_port(superd, "app"), client;

	cr_assert_gt(ask_pid(port), 1);
	cr_assert(superd_reload(superd,
				"service app {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s %s %d\"\n"
				" redirect = \"127.0.0.1 %d\"\n}\n",
				own_user(), find_program("python3-minimal", "python3"), server_script(), second,
				second));
	cr_assert_gt(ask_pid(port), 1);
	client = client_connect(port);
	client_send(client, "exit\n");
	cr_assert(client_sees_end(client));
	close(client);
	superd_wait_log(superd, "ended: exit status 0");
	cr_assert_gt(ask_pid(port), 1);
	cr_assert(strstr(why(), text_of("127.0.0.1:%d", second)));
	cr_assert(!client_can_connect(first));
}

BehaviourOfUsers(relay, stop_restart_and_hold_lose_nobody)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app"), client;
	long first = ask_pid(port), second;

	cr_assert_eq(SUPERCTL(path_in("ctl"), "restart", "app").status, 0);
	second = ask_pid(port);
	cr_assert_neq(second, first, "%s", world_logs());
	cr_assert_eq(SUPERCTL(path_in("ctl"), "stop", "app").status, 0);
	cr_assert_eq(SUPERCTL(path_in("ctl"), "hold", "app").status, 0);
	client = client_connect(port);
	client_send(client, "held\n");
	pass_hours(superd);
	cr_assert(client_is_quiet(client, 0));
	cr_assert_eq(SUPERCTL(path_in("ctl"), "release", "app").status, 0);
	cr_assert(strstr(client_line(client), " held"));
	close(client);
}

BehaviourOfUsers(relay, a_oneshot_starts_what_is_relayed_to_and_stops_it_when_idle)
{
	int target = free_port();
	const char *python = find_program("python3-minimal", "python3"), *pid = path_in("pid");
	struct superd *superd = clock_run(
		"service shot {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n type = oneshot\n remain_after_exit = yes\n"
		" exec = \"/bin/sh -c 'setsid %s %s %d >/dev/null 2>&1 </dev/null & echo $! >%s'\"\n"
		" exec_stop = \"/bin/sh -c 'kill $(cat %s)'\"\n kill_mode = none\n redirect = \"127.0.0.1 %d\"\n"
		" idle_timeout = 5min\n}\n",
		own_user(), python, server_script(), target, pid, pid, target);
	int port = superd_port(superd, "shot");
	long first = ask_pid(port);

	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, "no client has been connected for 5 min"));
	WAIT_UNTIL(!client_can_connect(target));
	cr_assert_neq(ask_pid(port), first);
}

BehaviourOfUsers(relay, datagrams_reach_the_program_and_come_back)
{
	int target = free_port();
	struct superd *superd =
		superd_run("service app {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s %s %d\"\n"
			   " redirect = \"127.0.0.1 %d\"\n}\n",
			   own_user(), find_program("python3-minimal", "python3"), server_script(), target, target);
	int port = superd_port(superd, "app"), one = datagram_client(port), two;

	cr_assert(strstr(datagram_ask(one, "first"), " first"));
	two = datagram_client(port);
	cr_assert(strstr(datagram_ask(two, "second"), " second"));
	cr_assert(strstr(datagram_ask(one, "third"), " third"));
	close(one);
	close(two);
}

/* How often the relay has gone to sleep again. */
static unsigned long relay_sleeps(void)
{
	pid_t relay = relay_pid();
	unsigned long count;

	WAIT_UNTIL((count = 0, process_rests(relay, &count)));
	return count;
}

/* It sends the datagram again after 20 ms, and doubles that, up to a second. */
BehaviourOfUsers(relay, the_first_datagram_waits_for_the_program)
{
	enum { TRIES = 5 };
	const char *const arguments[] = { "--control", path_in("ctl"), NULL };
	const char *gate = path_in("gate");
	int target = free_port(), client;
	unsigned long before;
	struct superd *superd = superd_run_with(
		&(struct setup){ .arguments = arguments, .clock = true },
		"service app {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s %s %d %s\"\n"
		" redirect = \"127.0.0.1 %d\"\n timeout_start = 24h\n}\n",
		own_user(), find_program("python3-minimal", "python3"), server_script(), target, gate, target);

	client = datagram_client(superd_port(superd, "app"));
	cr_assert_eq(send(client, "early", 5, 0), 5);
	superd_wait_log(superd, "started, pid");
	WAIT_UNTIL(relay_pid());
	before = relay_sleeps();
	WAIT_UNTIL(relay_sleeps() >= before + TRIES);
	pass_hours(superd);
	cr_assert(client_is_quiet(client, 0));
	write_file("gate", "%s", "");
	WAIT_UNTIL(client_can_connect(target));
	WAIT_UNTIL(strstr(datagram_ask(client, "late"), " early"));     /* datagrams may overtake each other */
	close(client);
}

static bool has_sample(const char *name, unsigned value)
{
	return strstr(SUPERCTL(path_in("ctl"), "metrics").out,
		      text_of("superd_service_%s{service=\"app\"} %u\n", name, value));
}

/* Two connections, the second of which stays; then an upgrade, and the end of a relay. */
BehaviourOfUsers(relay, metrics_count_what_is_relayed)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app"), client;

	cr_expect(has_sample("relayed_total", 0) && has_sample("relay_connections", 0));
	cr_assert_gt(ask_pid(port), 0);
	client = client_connect(port);
	client_send(client, "stays\n");
	client_line(client);
	WAIT_UNTIL(has_sample("relayed_total", 2) && has_sample("relay_connections", 1));
	cr_expect(has_sample("relay_flows", 0));
	superd_upgrade(superd);
	WAIT_UNTIL(has_sample("relay_connections", 1));
	cr_expect(has_sample("relayed_total", 2));
	close(client);
	WAIT_UNTIL(has_sample("relay_connections", 0));
	cr_expect(has_sample("relay_received_bytes_total", strlen("who\nstays\n")));
	cr_expect_not(has_sample("relay_sent_bytes_total", 0));
	kill(relay_pid(), SIGKILL);
	superd_wait_log(superd, "signal KILL");
	cr_assert_gt(ask_pid(port), 0);
	WAIT_UNTIL(has_sample("relayed_total", 3));
	metrics_read(SUPERCTL(path_in("ctl"), "metrics").out);
}

BehaviourOfUsers(relay, a_relay_retires_when_superd_leaves)
{
	struct superd *superd = run_relayed(free_port(), "", "");
	int port = superd_port(superd, "app"), client = client_connect(port);
	pid_t relay;
	long program;

	client_send(client, "before\n");
	program = strtol(client_line(client), NULL, 10);
	relay = relay_pid();
	superd_signal(superd, SIGQUIT);
	cr_assert_eq(superd_wait_exit(superd), 0);
	client_send(client, "after\n");
	cr_assert_str_eq(client_line(client), text_of("%ld after", program));
	WAIT_UNTIL(!client_can_connect(port));
	close(client);
	kill((pid_t)program, SIGKILL);
	WAIT_UNTIL(!process_lives((pid_t)program) && !process_lives(relay));
}

static void expect_header(const char *accept)
{
	const char *path = path_in("target-%s", accept);
	int listener = listen_unix(path), target, client;
	struct superd *superd = superd_run("service %s {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = %s\n"
					   " redirect = \"%s\"\n proxy_protocol = v1\n}\n",
					   accept, own_user(), accept, path);

	client = client_connect(superd_port(superd, accept));
	target = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	client_send(client, "hello\n");
	cr_assert_str_eq(client_line(target), text_of("PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r", local_port(client),
						      superd_port(superd, accept)));
	cr_assert_str_eq(client_line(target), "hello");
	close(client);
	close(target);
	close(listener);
	superd_stop(superd);
}

Behaviour(relay, a_unix_target_learns_the_clients_address)
{
	expect_header("yes");
	expect_header("no");
}

Behaviour(relay, a_client_of_a_unix_socket_has_no_address)
{
	const char *path = path_in("front");
	int listener = listen_on(0), target, client;
	struct superd *superd = superd_run("service pass {\n listen = \"%s\"\n user = \"%s\"\n"
					   " redirect = \"127.0.0.1 %d\"\n proxy_protocol = v2\n}\n",
					   path, own_user(), local_port(listener));
	unsigned char header[16];

	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	target = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_eq(recv(target, header, sizeof(header), MSG_WAITALL), (ssize_t)sizeof(header));
	cr_assert_arr_eq(header, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", sizeof(header));
	close(client);
	close(target);
	close(listener);
	superd_stop(superd);
}

Behaviour(relay, one_process_serves_many_clients)
{
	enum { MANY = 300 };
	int listener = listen_on(0), clients[MANY], targets[MANY];
	struct superd *superd = superd_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n"
					   " redirect = \"127.0.0.1 %d\"\n}\n",
					   own_user(), local_port(listener));
	int port = superd_port(superd, "pass");

	for (int n = 0; n < MANY; n++) {
		clients[n] = client_connect(port);
		targets[n] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	cr_assert_eq(superd_processes(superd), 1);
	for (int n = 0; n < MANY; n++)
		client_send(targets[n], "greeting\n");
	for (int n = 0; n < MANY; n++) {
		cr_assert_str_eq(client_line(clients[n]), "greeting");
		close(clients[n]);
		close(targets[n]);
	}
	close(listener);
}

Behaviour(relay, check_says_what_does_not_go_together)
{
	const char *table = write_file(
		"wrong.conf", "%s",
		"service a { listen = \"1111\" exec = \"/bin/cat\" redirect = \"127.0.0.1 80\" accept = yes"
		" user = \"0\" }\n"
		"service b { listen = \"udp:1112\" redirect = \"/run/x.sock\" user = \"0\" }\n"
		"service c { listen = \"udp:1113\" redirect = \"127.0.0.1 80\" proxy_protocol = v1 user = \"0\" }\n"
		"service d { listen = \"1114\" exec = \"/bin/cat\" proxy_protocol = v1 user = \"0\" }\n"
		"service e { listen = \"1115\" exec = \"/bin/cat\" redirect = \"127.0.0.1 80\" pass = inetd"
		" user = \"0\" }\n");
	struct outcome outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", table);

	cr_assert_eq(outcome.status, 1);
	cr_assert(strstr(outcome.err, ":1:47: error: a: redirect beside exec needs accept = no"), "%s", outcome.err);
	cr_assert(strstr(outcome.err, ":2:22: error: b: redirect to a unix socket is for connections"), "%s",
		  outcome.err);
	cr_assert(strstr(outcome.err, "error: c: proxy_protocol is for connections, not for UDP"), "%s", outcome.err);
	cr_assert(strstr(outcome.err, "error: d: proxy_protocol needs redirect"), "%s", outcome.err);
	cr_assert(strstr(outcome.err, "error: e: pass = inetd and redirect exclude each other"), "%s", outcome.err);
}
