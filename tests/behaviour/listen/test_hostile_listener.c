/* A backend has done to the listener what setsockopt(2), connect(2), listen(2) and fcntl(2) let it
 * (hostile_backend.c), and has ended. Before long the next one has it as the table describes it, and serves clients. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "controlling.h"
#include "harness.h"
#include "superctl.h"

enum { ANSWER_MS = 3000 };

struct scene {
	struct superd *superd;
	const char *file; /* what the backend writes */
	int port;
};

static struct scene begin(const char *kind, const char *act, const char *words)
{
	struct scene scene = { .file = write_file("acts", "%s", ""), .port = free_port() };

	chmod(scene.file, 0666);
	scene.superd = superd_run("service hostile { listen = \"%s127.0.0.1:%d\" exec = \"%s %s %s\"\n"
				  " %s }\n",
				  kind, scene.port, replaced(backend("%s", ""), "backend ", "hostile_backend"),
				  scene.file, act, words);
	superd_wait_log(scene.superd, "listening on");
	return scene;
}

static int open_client(const struct scene *scene, int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)scene->port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		cr_assert_eq(errno, EINPROGRESS);
	if (type == SOCK_DGRAM)
		(void)!send(fd, "hello\n", 6, 0);
	return fd;
}

/* Ends the client. */
static bool is_answered(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char answer[64] = "";
	bool served = poll(&wait, 1, ANSWER_MS) > 0 && read(fd, answer, sizeof(answer) - 1) > 0;

	close(fd);
	return served && strstr(answer, " served\n");
}

/* Whether a client is answered; one whose packets the kernel drops is not, nor is one behind a backend that leaves. */
static bool is_served(const struct scene *scene, int type)
{
	return is_answered(open_client(scene, type));
}

/* A backend has looked at the listener since this length of what is written, and found nothing. */
static bool finds_nothing(const struct scene *scene, int type)
{
	size_t before = strlen(read_text(scene->file));

	return is_served(scene, type) && !strcmp(read_text(scene->file) + before, "looked\n");
}

static void expect_restored(struct scene scene, int type)
{
	WAIT_UNTIL(is_served(&scene, type));
	WAIT_UNTIL(strstr(read_text(scene.file), "tampered\n"));
	WAIT_UNTIL(finds_nothing(&scene, type));
	superd_stop(scene.superd);
}

Behaviour(hostile_listener, options_that_the_table_does_not_set_end_with_the_backend)
{
	expect_restored(begin("", "options", ""), SOCK_STREAM);
}

Behaviour(hostile_listener, options_of_a_datagram_socket_do_so_too)
{
	expect_restored(begin("udp:", "options", ""), SOCK_DGRAM);
}

/* Datagrams with a backend for each burst. */
Behaviour(hostile_listener, a_datagram_socket_that_is_lent_is_restored_as_well)
{
	expect_restored(begin("udp:", "options", "accept = yes"), SOCK_DGRAM);
}

Behaviour(hostile_listener, a_filter_on_a_datagram_socket_that_is_lent_goes)
{
	expect_restored(begin("udp:", "drop", "accept = yes"), SOCK_DGRAM);
}

Behaviour(hostile_listener, a_queue_of_no_length_that_waits_is_restored)
{
	expect_restored(begin("", "backlog", ""), SOCK_STREAM);
}

Behaviour(hostile_listener, descriptors_that_become_others_are_the_backends_affair)
{
	expect_restored(begin("", "close", ""), SOCK_STREAM);
}

/* send_sigio_to_task of the kernel asks whether the one who said so may send that signal. */
BehaviourOfUsers(hostile_listener, superd_gets_no_signals_of_another_user_by_the_shared_description)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root, which may be another user");
	expect_restored(begin("", "signals", text_of("user = %lu", (unsigned long)lone_user())), SOCK_STREAM);
}

/* ---- a lock that is kept for ever ---- */

#define SKIP_WITHOUT_LOCKS() \
	SKIP_WITHOUT(geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0, "needs root and /dev/fuse")

#define LOCKING \
	"service hostile { listen = \"127.0.0.1:0\" exec = \"%s %s %s\" timeout_stop = 5s %s }\n" \
	"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"

static struct superd *run_hostile(const char *act, const char *words)
{
	return controlled_clock_run(LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
				    write_file("acts", "%s", ""), act, words, backend("stdio"));
}

/* A superd whose service `hostile` has a backend that keeps the lock of the listener. */
static struct superd *run_locked(const char *act, int *client)
{
	struct superd *superd = run_hostile(act, "");

	*client = client_connect(superd_port(superd, "hostile"));
	WAIT_UNTIL(superd_logged(superd, "asked 15"));
	return superd;
}

/* No step of the clock ends what superd waits for: it serves others, or hangs. */
static struct program order_without_wait(struct superd *superd, const char *verb, const char *why)
{
	struct program order;

	clock_hold();
	order = SUPERCTL_BEGIN(false, control_path(), verb, "hostile");
	superd_wait_log(superd, text_of("requested: %s", verb));
	client_ask_pid(superd_port(superd, "other"));
	cr_expect(strstr(why_of("hostile"), why), "%s", why_of("hostile"));
	clock_go_on();
	return order;
}

static void end_locked(struct superd *superd, int client)
{
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(client);
	superd_stop(superd);
}

Behaviour(hostile_listener, a_stop_waits_for_no_lock)
{
	struct superd *superd;
	struct program order;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	control_once("hold hostile");           /* else the client starts the next one */
	order = order_without_wait(superd, "stop", ": its addresses get ready for second sockets first");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect(superd_logged(superd, "(a process that has the socket blocks it)"));
	cr_expect_not(superd_logged(superd, "opening it again"), "the lock has gone with the instance");
	close(client);
	superd_stop(superd);
	cr_expect_eq(program_end(&order).status, 0);
}

/* The service gets another socket while the stop waits for the lock. */
Behaviour(hostile_listener, a_stop_is_not_forgotten_by_a_reload)
{
	struct superd *superd;
	int client, order;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	order = control_connect();
	client_send(order, "stop hostile\n");
	superd_wait_log(superd, "requested: stop");
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
				backend("stdio")));
	WAIT_UNTIL((clock_move(SECOND_MS), superd_processes(superd) == 0));
	close(client);
	close(order);
	superd_stop(superd);
}

static void end_kept(struct superd *superd, int client)
{
	cr_expect_not(superd_logged(superd, "hostile: pid "));
	control_once("hold hostile");
	superctl_order("stop --no-wait hostile");
	end_locked(superd, client);
}

#define KEPT "keeps its old options until its program has ended: a process that has the socket blocks it"

/* Who has ordered it is told that the rules do not hold yet. */
Behaviour(hostile_listener, nor_does_a_reload_that_changes_who_may_come)
{
	struct outcome outcome;
	struct superd *superd;
	struct program order;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	clock_hold();
	write_file("superd.conf", LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
		   path_in("acts"), "lock", "no_access = { 192.0.2.1 }", backend("stdio"));
	order = SUPERCTL_BEGIN(false, control_path(), "reload");
	superd_wait_log(superd, "reloaded: 1 unchanged, 1 changed");
	client_ask_pid(superd_port(superd, "other"));
	cr_expect_not(superd_logged(superd, KEPT));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, KEPT)));
	outcome = program_end(&order);
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "hostile: failed"), "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.err, "its socket keeps its old options"), "%s", outcome.err);
	end_kept(superd, client);
}

/* reloads: only then it is to be restricted, and superd-restore has been asked already. */
static void expect_restricting_upgrade(bool reloads)
{
	const char *words = "no_access = { 192.0.2.1 } backlog = 7";
	struct superd *superd;
	int client, moved = 0;

	SKIP_WITHOUT_LOCKS();
	superd = run_hostile("lock", reloads ? "" : words);
	client = client_connect(superd_port(superd, "hostile"));
	WAIT_UNTIL(superd_logged(superd, "asked 15"));
	clock_hold();
	if (reloads) {
		write_file("superd.conf", LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
			   path_in("acts"), "lock", words, backend("stdio"));
		superd_signal(superd, SIGHUP);
		superd_wait_log(superd, "reloaded: 1 unchanged, 1 changed");
	}
	superd_signal(superd, SIGUSR2);
	/* It takes a moment to become quiet, and the wait for a lock would take a second. */
	WAIT_UNTIL((moved < SECOND_MS - 100 ? clock_move(1), moved++ : moved,
		    superd_logged(superd, ": upgraded from ")));
	client_ask_pid(superd_port(superd, "other"));
	cr_expect_not(superd_logged(superd, KEPT));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, KEPT)));
	end_kept(superd, client);
}

Behaviour(hostile_listener, nor_does_an_upgrade_that_restricts_it)
{
	expect_restricting_upgrade(false);
}

Behaviour(hostile_listener, nor_does_an_upgrade_behind_a_reload_that_does)
{
	expect_restricting_upgrade(true);
}

static long pid_behind(const char *file, const char *words)
{
	return strtol(strstr(read_text(file), words) + strlen(words), NULL, 10);
}

/* The rules go on before a start. */
static void expect_guarded_start(const char *words)
{
	struct scene scene = { .port = free_port() };
	pid_t left;

	SKIP_WITHOUT_LOCKS();
	scene.superd = controlled_clock_run("service hostile { listen = \"udp:127.0.0.1:%d\" exec = \"%s %s late\"\n"
					    " kill_mode = process only_from = { 127.0.0.1 } %s }\n"
					    "service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
					    scene.port, replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""), words, backend("stdio"));
	superd_wait_log(scene.superd, "other: listening on");
	cr_assert(is_served(&scene, SOCK_DGRAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	cr_assert(is_served(&scene, SOCK_DGRAM), "by the next one: %s", world_logs());
	WAIT_UNTIL(superd_log_count(scene.superd, "ended: exit status 0") == 2);
	clock_settle(scene.superd);
	left = (pid_t)pid_behind(path_in("acts"), "left ");
	clock_hold();
	kill(left, SIGUSR1);
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "asked 15"));
	close(open_client(&scene, SOCK_DGRAM));
	client_ask_pid(superd_port(scene.superd, "other"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(scene.superd, KEPT)));
	client_ask_pid(superd_port(scene.superd, "other"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 2);
	kill(-left, SIGKILL);
	WAIT_UNTIL((clock_move(SECOND_MS), is_served(&scene, SOCK_DGRAM)));
	superd_stop(scene.superd);
}

Behaviour(hostile_listener, nor_does_a_start_that_restricts_who_may_send)
{
	expect_guarded_start("");
}

Behaviour(hostile_listener, nor_does_a_start_for_a_burst)
{
	expect_guarded_start("accept = yes");
}

/* It is told that there is no second socket, once that is known; the instance stays. */
Behaviour(hostile_listener, nor_does_a_drain)
{
	struct outcome outcome;
	struct superd *superd;
	struct program order;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	order = order_without_wait(superd, "drain", "");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "it cannot be drained")));
	cr_expect(superd_logged(superd, "(a process that has the socket blocks it)"));
	outcome = program_end(&order);
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "clients cannot be kept from its instance"), "%s", outcome.err);
	cr_expect_not(superd_logged(superd, "hostile: pid "));
	control_once("hold hostile");
	superctl_order("stop --no-wait hostile");
	end_locked(superd, client);
}

/* The instance that has its old row goes on. */
Behaviour(hostile_listener, nor_does_a_reload_that_drains)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	clock_hold();
	cr_assert(superd_reload(superd, LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
				path_in("acts"), "lock", "on_change = drain nice = 1", backend("stdio")));
	client_ask_pid(superd_port(superd, "other"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "clients cannot be kept from the one that runs")));
	cr_expect(superd_logged(superd, "(a process that has the socket blocks it)"));
	cr_expect_not(superd_logged(superd, "hostile: pid "));
	control_once("hold hostile");
	superctl_order("stop --no-wait hostile");
	end_locked(superd, client);
}

#define HEIR \
	"service %s { listen = \"%s:%d\" exec = \"%s\" }\n" \
	"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"

/* Another row gets its address, the same or a wider one. The table waits for the lock, and takes effect without. */
static void expect_heir(const char *address, const char *outcome)
{
	int client, port = free_port();
	struct superd *superd;

	SKIP_WITHOUT_LOCKS();
	superd = controlled_clock_run(HEIR, "hostile", "127.0.0.1", port,
				      text_of("%s %s lock", replaced(backend("%s", ""), "backend ", "hostile_backend"),
					      write_file("acts", "%s", "")), backend("stdio"));
	superd_wait_log(superd, "hostile: listening on");
	client = client_connect(port);
	WAIT_UNTIL(superd_logged(superd, "asked 15"));
	clock_hold();
	write_file("superd.conf", HEIR, "heir", address, port, backend("serve"), backend("stdio"));
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(superd_aside(superd, "superd-restore"));
	client_ask_pid(superd_port(superd, "other"));
	cr_expect_not(superd_logged(superd, "reloaded:"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "reloaded: 1 unchanged")));
	cr_expect(superd_logged(superd, outcome), "%s", world_logs());
	client_ask_pid(superd_port(superd, "other"));
	close(client);
	superd_stop(superd);
}

Behaviour(hostile_listener, nor_does_a_reload_that_gives_its_address_to_another)
{
	expect_heir("127.0.0.1", "may get new clients, too: they cannot be kept from it: tcp:");
}

Behaviour(hostile_listener, nor_does_a_reload_that_gives_its_port_to_another)
{
	expect_heir("tcp4:0.0.0.0", "cannot listen on tcp4:");
}

/* A third order comes while that waits. */
Behaviour(hostile_listener, and_the_last_of_several_reloads_takes_effect)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	clock_hold();
	write_file("superd.conf", "service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
		   backend("stdio"));
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(superd_aside(superd, "superd-restore"));
	write_file("superd.conf", LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"), path_in("acts"),
		   "lock", "nice = 1", backend("stdio"));
	superd_signal(superd, SIGHUP);
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "reloaded: 1 unchanged, 1 changed, 0 added, 0 ")));
	cr_expect_eq(superd_log_count(superd, "reloaded:"), 1);
	end_kept(superd, client);
}

/* Its listener is being restored, which hangs: no order waits for that, and nobody else. */
static void expect_start_behind(const char *words)
{
	struct superd *superd;
	struct program order;
	int client, other;
	long left;

	SKIP_WITHOUT_LOCKS();
	superd = run_hostile("leave", words);
	client = client_connect(superd_port(superd, "hostile"));
	superd_wait_log(superd, "asked 15");
	other = superd_port(superd, "other");
	left = pid_behind(path_in("acts"), "left ");
	clock_hold();
	kill((pid_t)pid_behind(superd->log, "hostile: started, pid "), SIGUSR1);
	superd_wait_log(superd, "ended: exit status 0");
	client_ask_pid(other);
	cr_expect(control_is_done(control_once("hold hostile")));
	client_ask_pid(other);
	cr_expect(control_is_done(control_once("release hostile")));
	client_ask_pid(other);
	order = SUPERCTL_BEGIN(false, control_path(), "start", "--no-wait", "hostile");
	superd_wait_log(superd, "requested: start");
	client_ask_pid(other);
	cr_expect_eq(superd_log_count(superd, "hostile: started"), 1);
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "keeps its listener from being used")));
	cr_expect_eq(program_end(&order).status, 0);
	kill(-(pid_t)left, SIGKILL);
	close(client);
	superd_stop(superd);
}

Behaviour(hostile_listener, nor_does_a_start_behind_one_who_leaves_it_locked)
{
	expect_start_behind("");
}

Behaviour(hostile_listener, nor_does_one_behind_the_end_of_who_waits_there)
{
	expect_start_behind("flush_pending = yes");
}

#define LATE \
	"service hostile { listen = \"127.0.0.1:%d\" exec = \"%s %s late\" kill_mode = process %s }\n" \
	"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"

/* They are to be dropped, and start its program where that is impossible. */
Behaviour(hostile_listener, nor_do_probes_that_wait_there)
{
	struct scene scene = { .port = free_port() };
	int probe;
	long left;

	SKIP_WITHOUT_LOCKS();
	scene.superd = controlled_clock_run(LATE, scene.port,
					    replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""), "probe_from = { \"127.0.0.2\" }",
					    backend("stdio"));
	superd_wait_log(scene.superd, "other: listening on");
	cr_assert(is_served(&scene, SOCK_STREAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "left "));
	left = pid_behind(path_in("acts"), "left ");
	close(client_connect_from("127.0.0.2", scene.port));
	WAIT_UNTIL(!strstr(control_once("status hostile"), "\"probes\":0"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 1);
	clock_settle(scene.superd);
	clock_hold();
	kill((pid_t)left, SIGUSR1);
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "asked 15"));
	probe = client_connect_from("127.0.0.2", scene.port);
	WAIT_UNTIL(superd_aside(scene.superd, "superd-accept"));
	client_ask_pid(superd_port(scene.superd, "other"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 1);
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_log_count(scene.superd, "hostile: started") == 2));
	client_ask_pid(superd_port(scene.superd, "other"));
	kill((pid_t)-left, SIGKILL);
	close(probe);
	superd_stop(scene.superd);
}

#define PROBED \
	"service %s { listen = \"127.0.0.1:%d\" start = boot exec = \"/bin/true\"\n" \
	" probe_from = { \"127.0.0.2\" } }\n"

static bool has_probes(const char *name, int count)
{
	return atoi(control_value(control_once("status %s", name), "probes")) == count;
}

/* superd-accept gets no time of the processor, and another service has probes, too. Nobody is dropped in place of one
 * who was. */
Behaviour(hostile_listener, who_comes_behind_probes_is_not_dropped_with_them)
{
	int port = free_port(), second = free_port(), probes[2], client;
	struct superd *superd;
	pid_t acceptor;

	SKIP_WITHOUT(geteuid() == 0, "else superd drops them itself");
	superd = controlled_clock_run(PROBED PROBED, "first", port, "second", second);
	WAIT_UNTIL(superd_log_count(superd, "ended: exit status 0") == 2);
	close(client_connect_from("127.0.0.2", port));
	WAIT_UNTIL(has_probes("first", 1));
	WAIT_UNTIL((acceptor = superd_aside(superd, "superd-accept")));
	clock_settle(superd);
	clock_hold();
	kill(acceptor, SIGSTOP);
	probes[0] = client_connect_from("127.0.0.2", port);
	WAIT_UNTIL(has_probes("first", 2));
	probes[1] = client_connect_from("127.0.0.2", second);
	WAIT_UNTIL(has_probes("second", 1));
	client = client_connect(port);
	for (int n = 0; n < 5; n++) {
		clock_move(SECOND_MS / 10);
		control_once("status first");
	}
	cr_expect_eq(superd_aside(superd, "superd-accept"), acceptor);
	kill(acceptor, SIGCONT);
	WAIT_UNTIL(superd_log_count(superd, "first: started") >= 2);
	clock_go_on();
	close(probes[0]);
	close(probes[1]);
	close(client);
	superd_stop(superd);
}

/* A row with a program that has had the listener becomes accept = yes. left: a process that the program has left. */
static struct scene run_accepting(long *left)
{
	struct scene scene = { .port = free_port() };

	scene.superd = controlled_clock_run(LATE, scene.port,
					    replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""), "", backend("stdio"));
	superd_wait_log(scene.superd, "other: listening on");
	cr_assert(is_served(&scene, SOCK_STREAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "left "));
	*left = pid_behind(path_in("acts"), "left ");
	cr_assert(superd_reload(scene.superd,
				"service hostile { listen = \"127.0.0.1:%d\" accept = yes exec = \"%s\" }\n"
				"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n", scene.port,
				backend("stdio"), backend("stdio")));
	return scene;
}

Behaviour(hostile_listener, and_who_comes_there_later_gets_an_instance_of_his_own)
{
	struct scene scene;
	long left, one;

	SKIP_WITHOUT(geteuid() == 0, "else superd accepts itself");
	scene = run_accepting(&left);
	one = client_ask_pid(scene.port);
	cr_expect(superd_aside(scene.superd, "superd-accept"));
	for (int n = 0; n < 5; n++)
		cr_expect_neq(client_ask_pid(scene.port), one);
	cr_expect_eq(superd_log_count(scene.superd, "for 127.0.0.1"), 6, "%s", world_logs());
	cr_expect_str_eq(control_value(control_once("status hostile"), "accepted"), "6");
	kill((pid_t)-left, SIGKILL);
	superd_stop(scene.superd);
}

Behaviour(hostile_listener, nor_does_who_comes_there_then)
{
	struct scene scene;
	int client;
	long left;

	SKIP_WITHOUT_LOCKS();
	scene = run_accepting(&left);
	clock_settle(scene.superd);
	clock_hold();
	kill((pid_t)left, SIGUSR1);
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "asked 15"));
	client = client_connect(scene.port);
	WAIT_UNTIL(superd_aside(scene.superd, "superd-accept"));
	client_ask_pid(superd_port(scene.superd, "other"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(scene.superd, "keeps its listener from being used")));
	client_ask_pid(superd_port(scene.superd, "other"));
	kill((pid_t)-left, SIGKILL);
	WAIT_UNTIL((clock_move(SECOND_MS), superd_log_count(scene.superd, "hostile: listening on") == 2));
	client_ask_pid(scene.port);
	close(client);
	superd_stop(scene.superd);
}

/* Nobody could restore it then: a start finds out. */
Behaviour(hostile_listener, a_locked_filter_of_one_who_leaves_a_copy_keeps_no_address)
{
	struct scene scene = { .port = free_port() };
	struct program order;
	pid_t restorer;

	SKIP_WITHOUT(geteuid() == 0, "else no other process restores the listener");
	scene.superd = controlled_clock_run("service hostile { listen = \"127.0.0.1:%d\" exec = \"%s %s filter\"\n"
					    " kill_mode = process only_from = { \"127.0.0.1\" } }\n", scene.port,
					    replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""));
	superctl_order("start hostile");
	clock_hold();
	order = SUPERCTL_BEGIN(false, control_path(), "restart", "hostile");
	WAIT_UNTIL((clock_move(SECOND_MS / 50), superd_log_count(scene.superd, "hostile: started") == 2));
	restorer = superd_aside(scene.superd, "superd-restore");
	kill(restorer, SIGSTOP);
	kill((pid_t)strtol(control_value(control_once("status hostile"), "pid"), NULL, 10), SIGUSR1);
	superd_wait_log(scene.superd, "ended: exit status 0");
	kill(restorer, SIGKILL);
	WAIT_UNTIL((clock_move(SECOND_MS / 50), is_served(&scene, SOCK_STREAM)));
	cr_expect(superd_logged(scene.superd, "a program has locked options of its listener"));
	kill((pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	program_end(&order);
	clock_go_on();
	superd_stop(scene.superd);
}

Behaviour(hostile_listener, a_datagram_socket_whose_rules_are_off_and_locked_is_opened_again)
{
	struct scene scene;
	int client;

	SKIP_WITHOUT(geteuid() == 0, "else superd sets them itself");
	scene = begin("udp:", "unfilter", "only_from = { 127.0.0.1 }");
	WAIT_UNTIL(is_served(&scene, SOCK_DGRAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	client = open_client(&scene, SOCK_DGRAM);
	superd_wait_log(scene.superd, "is closed, as it cannot have its new options: only_from and no_access");
	close(client);
	WAIT_UNTIL(is_served(&scene, SOCK_DGRAM));
	superd_stop(scene.superd);
}

#define ONE "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" %s }\n"

/* superd-restore has ended, or none can be started. Its next program has them. */
Behaviour(hostile_listener, a_reload_says_so_where_nobody_can_set_its_rules)
{
	int port = free_port();
	struct program restart, order;
	struct outcome outcome;
	struct superd *superd;
	pid_t restorer;

	SKIP_WITHOUT(geteuid() == 0, "else superd sets them itself");
	superd = controlled_clock_run(ONE, port, backend("serve"), "");
	superctl_order("start web");
	clock_hold();
	restart = SUPERCTL_BEGIN(false, control_path(), "restart", "web");
	WAIT_UNTIL((clock_move(SECOND_MS / 50), superd_log_count(superd, "web: started") == 2));
	restorer = superd_aside(superd, "superd-restore");
	kill(restorer, SIGSTOP);
	write_file("superd.conf", ONE, port, backend("serve"), "no_access = { 192.0.2.1 }");
	order = SUPERCTL_BEGIN(false, control_path(), "reload");
	superd_wait_log(superd, "reloaded: 0 unchanged, 1 changed");
	kill(restorer, SIGKILL);
	superd_wait_log(superd, "keeps its old options until its program has ended: Resource temporarily");
	outcome = program_end(&order);
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "its socket keeps its old options"), "%s", outcome.err);
	for (size_t n = 0; n < 3; n++) {
		outcome = SUPERCTL(control_path(), ((const char *const[]){ "why", "status", "health" })[n], "web");
		cr_expect_not_null(strstr(outcome.out, "web keeps its old options"), "%s", outcome.out);
	}
	client_ask_pid(port);
	clock_go_on();
	program_end(&restart);
	superctl_order("restart web");
	cr_expect_eq(SUPERCTL(control_path(), "reload").status, 0);
	client_ask_pid(port);
	superd_stop(superd);
}

/* superd-restore has ended when the address was to be shared. Later another one does that. */
Behaviour(hostile_listener, a_drain_that_has_failed_for_that_may_be_ordered_again)
{
	int port = free_port();
	struct program restart, drain;
	struct superd *superd;
	pid_t restorer;

	SKIP_WITHOUT(geteuid() == 0, "else superd does it itself");
	superd = controlled_clock_run(ONE "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", port,
				      backend("serve"), "", backend("serve"));
	superctl_order("start web other");
	clock_hold();
	restart = SUPERCTL_BEGIN(false, control_path(), "restart", "other");
	WAIT_UNTIL((clock_move(SECOND_MS / 50), superd_log_count(superd, "other: started") == 2));
	restorer = superd_aside(superd, "superd-restore");
	kill(restorer, SIGSTOP);
	drain = SUPERCTL_BEGIN(false, control_path(), "drain", "web");
	superd_wait_log(superd, "requested: drain");
	kill(restorer, SIGKILL);
	clock_go_on();
	cr_expect_eq(program_end(&drain).status, 1);
	cr_expect(superd_logged(superd, "(SO_REUSEPORT)"), "nobody keeps a lock there");
	program_end(&restart);
	for (int n = 0; n < 30; n++)
		clock_advance(superd, SECOND_MS);
	superctl_order("drain --no-wait web");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "web: pid ")));
	cr_expect_eq(superd_log_count(superd, "cannot be drained"), 1);
	superd_stop(superd);
}

/* A superd whose service `hostile` is told to stop, or to drain. A process that its backend leaves behind keeps the
 * lock of the first socket once new clients come to the second. waiting: gets a client that the first one has in its
 * queue. */
static struct scene run_last(const char *verb, int *waiting, struct program *order)
{
	struct superd *superd = run_hostile("last", "kill_mode = process");
	struct scene scene = { .superd = superd, .port = superd_port(superd, "hostile") };

	cr_assert(is_served(&scene, SOCK_STREAM));
	if (waiting)
		*waiting = open_client(&scene, SOCK_STREAM);
	*order = SUPERCTL_BEGIN(false, control_path(), verb, "hostile");
	clock_hold();
	return scene;
}

static void end_last(const struct scene *scene, struct program *order)
{
	cr_expect_eq(program_end(order).status, 0);
	clock_go_on();
	superd_stop(scene->superd);
}

/* Nobody waits at the first socket. */
static void expect_end_without_wait(const char *verb)
{
	struct program order;
	struct scene scene;

	SKIP_WITHOUT_LOCKS();
	scene = run_last(verb, NULL, &order);
	WAIT_UNTIL((clock_move(SECOND_MS / 10), superd_logged(scene.superd, "asked 15")));
	superd_wait_log(scene.superd, "ended: exit status 0");
	client_ask_pid(superd_port(scene.superd, "other"));
	cr_expect(is_served(&scene, SOCK_STREAM), "by the next one, at another socket");
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	end_last(&scene, &order);
}

Behaviour(hostile_listener, nor_does_the_end_of_a_stop)
{
	expect_end_without_wait("stop");
}

Behaviour(hostile_listener, nor_does_the_end_of_a_drain)
{
	expect_end_without_wait("drain");
}

Behaviour(hostile_listener, nor_does_the_move_of_who_waits_then)
{
	struct program order;
	struct scene scene;
	int waiting;

	SKIP_WITHOUT_LOCKS();
	scene = run_last("stop", &waiting, &order);
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	kill((pid_t)pid_behind(scene.superd->log, "hostile: started, pid "), SIGUSR1);
	superd_wait_log(scene.superd, "ended: exit status 0");
	client_ask_pid(superd_port(scene.superd, "other"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 1);
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	cr_expect(is_answered(waiting), "it has come to the second socket");
	end_last(&scene, &order);
}

/* Nobody is accepted any more, and the time of the stop is over. */
Behaviour(hostile_listener, nor_does_the_signal_of_a_stop)
{
	struct program order;
	struct scene scene;
	int waiting;

	SKIP_WITHOUT_LOCKS();
	scene = run_last("stop", &waiting, &order);
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	kill((pid_t)pid_behind(scene.superd->log, "hostile: started, pid "), SIGUSR2);
	superd_wait_log(scene.superd, "asked 15");
	WAIT_UNTIL((clock_move(SECOND_MS), client_ask_pid(superd_port(scene.superd, "other")),
		    superd_logged(scene.superd, "ended: signal TERM")));
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	close(waiting);
	end_last(&scene, &order);
}

/* The queue of the other socket was moved. The kernel moves this one as soon as the lock is free. */
Behaviour(hostile_listener, and_who_waits_where_one_of_two_sockets_is_locked_is_served)
{
	struct scene scene = { .port = free_port() };
	int second = free_port(), waiting, other;
	struct program order;

	SKIP_WITHOUT_LOCKS();
	scene.superd = controlled_clock_run("service hostile { listen = { \"127.0.0.1:%d\", \"127.0.0.1:%d\" }\n"
					    " exec = \"%s %s last\" timeout_stop = 5s kill_mode = process }\n",
					    scene.port, second,
					    replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""));
	superd_wait_log(scene.superd, "listening on");
	cr_assert(is_served(&scene, SOCK_STREAM));
	waiting = open_client(&scene, SOCK_STREAM);
	other = client_connect(second);
	order = SUPERCTL_BEGIN(false, control_path(), "stop", "hostile");
	clock_hold();
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	kill((pid_t)pid_behind(scene.superd->log, "hostile: started, pid "), SIGUSR2);
	superd_wait_log(scene.superd, "asked 15");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(scene.superd, "ended: signal TERM")));
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	clock_go_on();
	cr_expect(is_answered(waiting), "%s", world_logs());
	close(other);
	end_last(&scene, &order);
}

/* superd-restore, which is stopped while it is to move a client. */
static pid_t run_stopped(struct scene *scene, int *waiting, struct program *order)
{
	pid_t restorer;

	*scene = run_last("stop", waiting, order);
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	write_file("acts", "%s", "left nobody\n");      /* the next one ends as any other */
	restorer = superd_aside(scene->superd, "superd-restore");
	kill(restorer, SIGSTOP);
	kill((pid_t)pid_behind(scene->superd->log, "hostile: started, pid "), SIGKILL);
	superd_wait_log(scene->superd, "ended: signal KILL");
	return restorer;
}

/* The one to whom the client would be moved ends before, and shuts its own socket down. */
Behaviour(hostile_listener, nor_does_a_client_whose_goal_is_shut_down_before_the_move)
{
	struct program order;
	struct scene scene;
	int waiting, stays;
	pid_t restorer;

	SKIP_WITHOUT(geteuid() == 0, "else no other process moves the client");
	restorer = run_stopped(&scene, &waiting, &order);
	stays = open_client(&scene, SOCK_STREAM);
	WAIT_UNTIL((clock_move(SECOND_MS / 50), superd_log_count(scene.superd, "hostile: started") == 2));
	kill((pid_t)strtol(control_value(control_once("status hostile"), "pid"), NULL, 10), SIGUSR1);
	superd_wait_log(scene.superd, "ended: exit status 0");
	kill(restorer, SIGCONT);
	clock_go_on();
	cr_expect(is_answered(waiting));
	close(stays);
	end_last(&scene, &order);
}

/* Nobody has locked the socket. */
Behaviour(hostile_listener, nor_does_a_start_behind_a_move_that_has_failed)
{
	struct program order;
	struct scene scene;
	int waiting;

	SKIP_WITHOUT(geteuid() == 0, "else no other process moves the client");
	kill(run_stopped(&scene, &waiting, &order), SIGKILL);
	WAIT_UNTIL((clock_move(SECOND_MS / 20), superd_log_count(scene.superd, "hostile: started") == 2));
	cr_expect(is_answered(waiting));
	cr_expect_not(superd_logged(scene.superd, "keeps its listener from being used"));
	end_last(&scene, &order);
}

/* The next one gets the first socket in vain, and then a new one. */
Behaviour(hostile_listener, and_a_lock_that_is_kept_costs_its_own_service_alone)
{
	struct program order;
	struct scene scene;
	int waiting;

	SKIP_WITHOUT_LOCKS();
	scene = run_last("stop", &waiting, &order);
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	kill((pid_t)pid_behind(scene.superd->log, "hostile: started, pid "), SIGUSR1);
	superd_wait_log(scene.superd, "ended: exit status 0");
	WAIT_UNTIL((clock_move(SECOND_MS / 20), client_ask_pid(superd_port(scene.superd, "other")),
		    superd_logged(scene.superd, "keeps its listener from being used")));
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	WAIT_UNTIL((clock_move(SECOND_MS / 2), superd_log_count(scene.superd, "hostile: listening on") == 2));
	close(waiting);
	end_last(&scene, &order);
}

/* Whom the next superd finds there, it serves; where the kernel moves nobody, it may be unable to use that socket. */
Behaviour(hostile_listener, and_an_upgrade_at_that_time_loses_nobody)
{
	struct program order;
	struct scene scene;
	int waiting;

	SKIP_WITHOUT_LOCKS();
	scene = run_last("stop", &waiting, &order);
	WAIT_UNTIL(strstr(why_of("hostile"), " while it makes progress"));
	kill((pid_t)pid_behind(scene.superd->log, "hostile: started, pid "), SIGUSR1);
	superd_wait_log(scene.superd, "ended: exit status 0");
	program_end(&order);
	clock_go_on();
	superd_upgrade(scene.superd);
	client_ask_pid(superd_port(scene.superd, "other"));
	kill(-(pid_t)pid_behind(path_in("acts"), "left "), SIGKILL);
	cr_expect(is_answered(waiting) || superd_logged(scene.superd, "hostile: warning: opening "));
	superd_stop(scene.superd);
}

/* The next superd has the client moved to the instance that runs by then. */
Behaviour(hostile_listener, and_an_upgrade_before_the_move_ends_nobody)
{
	struct program order;
	struct scene scene;
	int waiting, stays;
	pid_t restorer;

	SKIP_WITHOUT(geteuid() == 0, "else no other process moves the client");
	restorer = run_stopped(&scene, &waiting, &order);
	stays = open_client(&scene, SOCK_STREAM);
	WAIT_UNTIL((clock_move(SECOND_MS / 50), superd_log_count(scene.superd, "hostile: started") == 2));
	clock_go_on();
	superd_upgrade(scene.superd);
	kill(restorer, SIGKILL);
	for (int second = 0; second < 5; second++) {
		clock_move(SECOND_MS);
		client_ask_pid(superd_port(scene.superd, "other"));
	}
	cr_expect_not(superd_logged(scene.superd, "clients cannot be kept from"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 2);
	close(waiting);
	close(stays);
	cr_expect_eq(program_end(&order).status, 0);
	superd_stop(scene.superd);
}
