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
	order = order_without_wait(superd, "stop", "");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	WAIT_UNTIL(superd_processes(superd) == 0);
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


/* reloads: only then it is to be restricted, and that is under way. */
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
	clock_go_on();
	if (reloads) /* the next superd tries again */
		WAIT_UNTIL((clock_move(SECOND_MS / 4), superd_logged(superd, KEPT)));
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

/* The child of a start sets the rules: that start fails at its limit, and nobody else waits. */
static void expect_guarded_start(const char *words)
{
	struct scene scene = { .port = free_port() };
	pid_t left;

	SKIP_WITHOUT_LOCKS();
	scene.superd = controlled_clock_run("service hostile { listen = \"udp:127.0.0.1:%d\" exec = \"%s %s late\"\n"
					    " kill_mode = process timeout_start = 10s only_from = { 127.0.0.1 } %s }\n"
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
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(scene.superd, "it was not ready within timeout_start")));
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

/* Its client waits in the queue, so nobody is connected, and the instance is stopped. */
Behaviour(hostile_listener, nor_does_a_drain)
{
	struct superd *superd;
	struct program order;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	order = order_without_wait(superd, "drain", "");
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	cr_expect(superd_logged(superd, "it is drained"), "%s", world_logs());
	cr_expect_eq(program_end(&order).status, 0);
	control_once("hold hostile");
	superctl_order("stop --no-wait hostile");
	end_locked(superd, client);
}

/* The next instance has the same socket; the one that keeps its lock ends. */
Behaviour(hostile_listener, nor_does_a_reload_that_overlaps)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	clock_hold();
	cr_assert(superd_reload(superd, LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
				path_in("acts"), "lock", "on_change = overlap nice = 1", backend("stdio")));
	client_ask_pid(superd_port(superd, "other"));
	WAIT_UNTIL(superd_log_count(superd, "hostile: started") == 2);
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	control_once("hold hostile");
	superctl_order("stop --no-wait hostile");
	end_locked(superd, client);
}

#define HEIR \
	"service %s { listen = \"%s:%d\" exec = \"%s\" }\n" \
	"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"

/* Another row gets its address, the same or a wider one: that takes effect at once, and whoever has it ends. */
static void expect_heir(const char *address)
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
	cr_assert(superd_reload(superd, HEIR, "heir", address, port, backend("serve"), backend("stdio")));
	client_ask_pid(superd_port(superd, "other"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "hostile: pid ")));
	close(client);
	WAIT_UNTIL((clock_move(SECOND_MS), client_can_connect(port)));
	client_ask_pid(port);
	superd_stop(superd);
}

Behaviour(hostile_listener, nor_does_a_reload_that_gives_its_address_to_another)
{
	expect_heir("127.0.0.1");
}

Behaviour(hostile_listener, nor_does_a_reload_that_gives_its_port_to_another)
{
	expect_heir("tcp4:0.0.0.0");
}

/* Its row goes and comes back, and its program runs on: it has a client. */
Behaviour(hostile_listener, and_the_last_of_several_reloads_takes_effect)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT_LOCKS();
	superd = run_locked("lock", &client);
	clock_hold();
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
				backend("stdio")));
	cr_assert(superd_reload(superd, LOCKING, replaced(backend("%s", ""), "backend ", "hostile_backend"),
				path_in("acts"), "lock", "nice = 1", backend("stdio")));
	client_ask_pid(superd_port(superd, "other"));
	clock_go_on();
	end_kept(superd, client);
}

/* Its program has left a process that keeps the lock: no start waits for that, and nobody else. */
Behaviour(hostile_listener, nor_does_a_start_behind_one_who_leaves_it_locked)
{
	struct superd *superd;
	int client, other;
	long left;

	SKIP_WITHOUT_LOCKS();
	superd = run_hostile("leave", "kill_mode = process");
	client = client_connect(superd_port(superd, "hostile"));
	superd_wait_log(superd, "asked 15");
	other = superd_port(superd, "other");
	left = pid_behind(path_in("acts"), "left ");
	clock_hold();
	cr_expect(control_is_done(control_once("hold hostile")));
	kill((pid_t)pid_behind(superd->log, "hostile: started, pid "), SIGUSR1);
	superd_wait_log(superd, "ended: exit status 0");
	client_ask_pid(other);
	cr_expect(control_is_done(control_once("release hostile")));
	WAIT_UNTIL(superd_log_count(superd, "hostile: started") == 2);
	client_ask_pid(other);
	clock_go_on();
	kill(-(pid_t)left, SIGKILL);
	close(client);
	superd_stop(superd);
}

/* Its rules cannot be set any more, and hold for the next instance all the same. */
Behaviour(hostile_listener, a_datagram_socket_whose_rules_are_off_and_locked_is_opened_again)
{
	struct scene scene = begin("udp:", "unfilter", "only_from = { 127.0.0.1 }");

	WAIT_UNTIL(is_served(&scene, SOCK_DGRAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	WAIT_UNTIL(is_served(&scene, SOCK_DGRAM));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: listening on"), 2, "%s", world_logs());
	superd_stop(scene.superd);
}

#define LATE \
	"service hostile { listen = \"127.0.0.1:%d\" exec = \"%s %s late\" kill_mode = process %s }\n" \
	"service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"

/* A service with probes, whose program has left a process that keeps the lock of its listener from SIGUSR1 on. */
static struct scene run_probed(pid_t *left)
{
	struct scene scene = { .port = free_port() };

	scene.superd = controlled_clock_run(LATE, scene.port,
					    replaced(backend("%s", ""), "backend ", "hostile_backend"),
					    write_file("acts", "%s", ""), "probe_from = { \"127.0.0.2\" }",
					    backend("stdio"));
	superd_wait_log(scene.superd, "other: listening on");
	cr_assert(is_served(&scene, SOCK_STREAM));
	superd_wait_log(scene.superd, "ended: exit status 0");
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "left "));
	*left = (pid_t)pid_behind(path_in("acts"), "left ");
	close(client_connect_from("127.0.0.2", scene.port));
	WAIT_UNTIL(!strstr(control_once("status hostile"), "\"probes\":0"));
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 1);
	clock_settle(scene.superd);
	return scene;
}

/* A probe comes, and the process that is to drop it waits for the lock. */
static int wait_with_probe(const struct scene *scene, pid_t left)
{
	pid_t pids[64];
	size_t count = process_descendants(scene->superd->pid, pids, 64);
	int probe;

	clock_hold();
	kill(left, SIGUSR1);
	WAIT_UNTIL(strstr(read_text(path_in("acts")), "asked 15"));
	probe = client_connect_from("127.0.0.2", scene->port);
	WAIT_UNTIL(process_descendants(scene->superd->pid, pids, 64) > count);
	client_ask_pid(superd_port(scene->superd, "other"));
	return probe;
}

/* Nothing is watched until it has ended. */
Behaviour(hostile_listener, nor_do_probes_that_wait_there)
{
	struct scene scene;
	pid_t left;
	int probe;

	SKIP_WITHOUT_LOCKS();
	scene = run_probed(&left);
	probe = wait_with_probe(&scene, left);
	clock_go_on();
	for (int n = 0; n < 5; n++) {
		clock_move(SECOND_MS);
		client_ask_pid(superd_port(scene.superd, "other"));
	}
	cr_expect_eq(superd_log_count(scene.superd, "hostile: started"), 1);
	kill(-left, SIGKILL);
	close(probe);
	WAIT_UNTIL((clock_move(SECOND_MS), is_served(&scene, SOCK_STREAM)));
	superd_stop(scene.superd);
}

/* The queue is measured before. */
Behaviour(hostile_listener, who_comes_behind_probes_is_not_dropped_with_them)
{
	struct scene scene;
	int probe, client;
	pid_t left;

	SKIP_WITHOUT_LOCKS();
	scene = run_probed(&left);
	probe = wait_with_probe(&scene, left);
	client = open_client(&scene, SOCK_STREAM);
	WAIT_UNTIL(poll(&(struct pollfd){ client, POLLOUT, 0 }, 1, 0) == 1);
	kill(-left, SIGKILL);
	cr_expect(is_answered(client), "%s", world_logs());
	clock_go_on();
	close(probe);
	superd_stop(scene.superd);
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

	scene = run_accepting(&left);
	one = client_ask_pid(scene.port);
	for (int n = 0; n < 5; n++)
		cr_expect_neq(client_ask_pid(scene.port), one);
	WAIT_UNTIL(superd_log_count(scene.superd, "for 127.0.0.1") == 6);
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
	client_ask_pid(superd_port(scene.superd, "other"));
	clock_go_on();
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(scene.superd, "keeps it from being used")));
	client_ask_pid(superd_port(scene.superd, "other"));
	kill((pid_t)-left, SIGKILL);
	client_ask_pid(scene.port);
	close(client);
	superd_stop(scene.superd);
}
