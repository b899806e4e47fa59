/* A handshake that was under way when an instance was parted from its socket ends well, however far off its client is.
 * The kernel moves it to the socket that goes on, where superd may load a program for that; else the old socket is kept
 * for a while. Each claim is tried in both ways; for the second superd is forbidden bpf(2). */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "controlling.h"
#include "guarding.h"
#include "handshake.h"
#include "private.h"

#define PORT 7001
#define SERVICE \
	"service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n user = \"%s\"\n on_change = drain\n %s\n}\n"

#define CAP_BPF_NUMBER 39

/* As superd, which does not use CAP_SYS_ADMIN for it. */
static bool may_load_programs(void)
{
#ifdef HAVE_STRUCT_SK_REUSEPORT_MD_MIGRATING_SK
	union bpf_attr map;
	int fd;

	memset(&map, 0, sizeof(map));
	map.map_type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
	map.key_size = 4;
	map.value_size = 8;
	map.max_entries = 1;
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
	if (fd >= 0)
		close(fd);
	return fd >= 0 && prctl(PR_CAPBSET_READ, CAP_BPF_NUMBER, 0, 0, 0) == 1;
#else
	return false;
#endif
}

/* From now on, for this process and all that it starts. */
static bool forbid_programs(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

enum way { MOVED, KEPT };

static void prepare(enum way way)
{
	SKIP_WITHOUT(private_enter() && handshake_allowed(), "needs root, and a network of its own");
	if (way == MOVED)
		SKIP_WITHOUT(may_load_programs(), "superd may load no programs into this kernel");
	else
		SKIP_WITHOUT(forbid_programs(), "bpf(2) cannot be forbidden here");
}

static const char *table(const char *user, const char *options)
{
	return text_of(SERVICE, PORT, backend("-d 2 careless 0"), user, options);
}

static struct superd *run(void)
{
	struct superd *superd = controlled_run("%s", table(own_user(), ""));

	superd_port(superd, "web");
	return superd;
}

/* It ends by itself, as superd waits for handshakes before it tells it to. */
static void end(struct superd *superd, long pid)
{
	cr_assert_eq(kill((pid_t)pid, SIGTERM), 0);
	superd_wait_log(superd, text_of("pid %ld ended", pid));
}

static size_t count_sockets(void)
{
	const char *text = read_text("/proc/net/tcp"), *wanted = text_of(":%04X 00000000:0000 0A ", PORT);
	size_t count = 0;

	for (const char *at = text; at && (at = strstr(at, wanted)); at++)
		count++;
	free((char *)(size_t)text);
	return count;
}

/* Nothing of the parting is left. */
static void ends_with_one_socket(struct superd *superd)
{
	WAIT_UNTIL(count_sockets() == 1);
	cr_expect_gt(client_ask_pid(PORT), 0);
	superd_stop(superd);
}

static void is_served(struct handshake *handshake, long but_not_by)
{
	const char *answer = handshake_finish(handshake, "far\n");

	cr_assert_not_null(answer, "it was reset\n%s", world_logs());
	cr_expect_not_null(strstr(answer, " far"), "%s", answer);
	cr_expect_neq(strtol(answer, NULL, 10), but_not_by);
}

static void outlasts(enum way way, void (*part)(struct superd *superd))
{
	struct handshake *handshake;
	struct superd *superd;
	long pid;

	prepare(way);
	superd = run();
	pid = client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	part(superd);
	end(superd, pid);
	if (way == MOVED)
		WAIT_UNTIL(count_sockets() == 1);
	is_served(handshake, pid);
	ends_with_one_socket(superd);
}

static void order(const char *verb)
{
	const char *answer = control_once("%s --no-wait web", verb);

	cr_assert(control_is_done(answer), "%s\n%s", answer, world_logs());
}

static void stop(struct superd *superd)
{
	(void)superd;
	order("stop");
}

static void restart(struct superd *superd)
{
	(void)superd;
	order("restart");
}

static void drain(struct superd *superd)
{
	(void)superd;
	order("drain");
}

/* New clients come to the next instance once another process has made the address sharable. */
static void reload_and_drain(struct superd *superd, const char *text)
{
	cr_assert(superd_reload(superd, "%s", text), "%s", world_logs());
	superd_wait_log(superd, " to the end");
}

static void change(struct superd *superd)
{
	reload_and_drain(superd, table(own_user(), "nice = 1"));
}

#define Both(claim, part) \
	Behaviour(tcp_migration, claim##_has_handshakes_moved) \
	{ \
		outlasts(MOVED, part); \
	} \
	Behaviour(tcp_migration, claim##_keeps_a_socket_for_handshakes) \
	{ \
		outlasts(KEPT, part); \
	}

Both(by_a_stop, stop)
Both(by_a_restart, restart)
Both(by_a_drain, drain)
Both(by_a_changed_row, change)

/* New clients are another instance's by then, which goes on; or, where superd had to keep the socket, makes room. */
static void comes_beside_a_successor(enum way way)
{
	struct handshake *handshake;
	struct superd *superd;
	long first, second;

	prepare(way);
	superd = run();
	first = client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	change(superd);
	second = client_ask_pid(PORT);
	cr_assert_neq(first, second);
	end(superd, first);
	is_served(handshake, first);
	ends_with_one_socket(superd);
}

Behaviour(tcp_migration, moves_handshakes_to_an_instance_that_runs)
{
	comes_beside_a_successor(MOVED);
}

Behaviour(tcp_migration, has_another_instance_for_a_handshake_with_a_socket_that_is_kept)
{
	comes_beside_a_successor(KEPT);
}

/* An idle instance ends at once, as its handshake goes to the next one; or it serves that client first. */
static void comes_at_the_last_moment(enum way way)
{
	struct handshake *handshake;
	struct superd *superd;
	const char *answer;
	long pid;

	prepare(way);
	superd = superd_run("service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n user = \"%s\"\n "
			    "idle_timeout = 1s\n}\n", PORT, backend("serve"), own_user());
	superd_port(superd, "web");
	pid = client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	superd_wait_log(superd, "no client has been connected for ");
	if (way == MOVED)
		WAIT_UNTIL(!process_lives(pid));
	answer = handshake_finish(handshake, "far\n");
	cr_assert_not_null(answer, "it was reset\n%s", world_logs());
	cr_expect_eq(strtol(answer, NULL, 10) == pid, way == KEPT);
	WAIT_UNTIL(!process_lives(pid));
	superd_expect_count(superd, "web: started", way == KEPT ? 1 : 2);
	ends_with_one_socket(superd);
}

Behaviour(tcp_migration, moves_a_handshake_of_the_last_moment_from_an_idle_instance)
{
	comes_at_the_last_moment(MOVED);
}

Behaviour(tcp_migration, has_an_idle_instance_serve_a_handshake_where_nobody_is_moved)
{
	comes_at_the_last_moment(KEPT);
}

static bool is_in_phase(const char *phase)
{
	return strstr(control_once("status web"), text_of("\"phase\":\"%s\"", phase));
}

/* A third socket at the address, so that the kernel may move nobody there. */
static int join(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s", strerror(errno));
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

/* Each of them has a handshake of the last moment. Those of the first and third are moved before the instance ends. */
Behaviour(tcp_migration, loses_nobody_where_one_of_three_sockets_cannot_move)
{
	struct handshake *handshakes[3];
	struct superd *superd;
	int stranger;
	long pid;

	prepare(MOVED);
	superd = controlled_clock_run("service web {\n"
				      " listen = { \"127.0.0.1:%d\", \"127.0.0.1:%d\", \"127.0.0.1:%d\" }\n"
				      " exec = \"%s\"\n user = \"%s\"\n idle_timeout = 10min\n}\n",
				      PORT, PORT + 1, PORT + 2, backend("serve"), own_user());
	superd_port(superd, "web");
	pid = client_ask_pid(PORT);
	for (int n = 0; n < 3; n++)
		handshakes[n] = handshake_begin(PORT + n);
	clock_hold();
	CLOCK_UNTIL(superd, MINUTE_MS, 30, is_in_phase("freeze"));
	CLOCK_UNTIL(superd, 1, 60, is_in_phase("newcomer"));
	stranger = join(PORT + 1);
	clock_go_on();
	CLOCK_UNTIL(superd, SECOND_MS, 10, !process_lives((pid_t)pid));
	cr_expect_eq(count_sockets(), 1);
	close(stranger);
	for (int n = 0; n < 3; n++)
		is_served(handshakes[n], pid);
}

static void upgrade(struct superd *superd)
{
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: upgraded from ");
}

/* The kernel keeps the program, and the socket that is kept goes over. */
static void goes_over(enum way way, void (*interrupt)(struct superd *superd))
{
	struct handshake *before, *during;
	struct superd *superd;
	long pid;

	prepare(way);
	superd = guarded_run("%s", table(own_user(), ""));
	superd_port(superd, "web");
	pid = client_ask_pid(PORT);
	before = handshake_begin(PORT);
	drain(superd);
	interrupt(superd);
	during = handshake_begin(PORT);
	end(superd, pid);
	interrupt(superd);
	is_served(before, pid);
	is_served(during, pid);
	ends_with_one_socket(superd);
}

Behaviour(tcp_migration, goes_over_an_upgrade_with_handshakes_moved)
{
	goes_over(MOVED, upgrade);
}

Behaviour(tcp_migration, goes_over_an_upgrade_with_a_socket_for_handshakes)
{
	goes_over(KEPT, upgrade);
}

Behaviour(tcp_migration, goes_over_a_kill_with_handshakes_moved)
{
	goes_over(MOVED, guarded_kill);
}

Behaviour(tcp_migration, goes_over_a_kill_with_a_socket_for_handshakes)
{
	goes_over(KEPT, guarded_kill);
}

/* Neither is there any more when the client's answer comes. */
Behaviour(tcp_migration, moves_a_handshake_on_and_on)
{
	struct handshake *handshake;
	struct superd *superd;
	long pid = 0;

	prepare(MOVED);
	superd = run();
	client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	for (unsigned n = 0; n < 3; n++) {
		pid = client_ask_pid(PORT);
		if (n == 1)
			change(superd);
		else
			order("stop");
		end(superd, pid);
		WAIT_UNTIL(count_sockets() == 1);
	}
	is_served(handshake, pid);
	ends_with_one_socket(superd);
}

/* No client comes to the wrong socket of the two. tests/bench/times measures whether the orders wait for handshakes. */
Behaviour(tcp_migration, serves_between_orders_that_follow_each_other)
{
	struct superd *superd;

	prepare(KEPT);
	superd = run();
	for (unsigned n = 0; n < 12; n++) {
		static const char *const orders[] = { "restart", "drain", "stop" };

		cr_assert_gt(client_ask_pid(PORT), 0);
		cr_assert(control_is_done(control_once("%s web", orders[n % 3])), "%s", world_logs());
	}
	ends_with_one_socket(superd);
}

/* Whom it leaves in its queue, in a moment in which nobody else runs. */
static void keeps_the_queue(enum way way)
{
	struct superd *superd;
	int waiting[3];
	long pid;

	prepare(way);
	superd = controlled_run("%s", text_of(SERVICE, PORT, backend("lazy"), own_user(), ""));
	superd_port(superd, "web");
	cr_assert(control_is_done(control_once("start web")));
	pid = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	for (unsigned n = 0; n < 3; n++)
		waiting[n] = client_connect(PORT);
	reload_and_drain(superd, table(own_user(), ""));
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	superd_wait_log(superd, text_of("pid %ld ended", pid));
	for (unsigned n = 0; n < 3; n++) {
		client_send(waiting[n], "here\n");
		cr_expect_not_null(strstr(client_line(waiting[n]), " here"));
		close(waiting[n]);
	}
	ends_with_one_socket(superd);
}

Behaviour(tcp_migration, moves_who_waits)
{
	keeps_the_queue(MOVED);
}

Behaviour(tcp_migration, serves_who_waits_where_nobody_is_moved)
{
	keeps_the_queue(KEPT);
}

/* Its sockets are foreign to superd: a process does what needs their locks. */
static void outlasts_for_a_user(enum way way)
{
	struct handshake *handshake;
	struct superd *superd;
	long pid;

	prepare(way);
	SKIP_WITHOUT(namespace_users(), "nobody must be able to run what was built");
	superd = controlled_run("%s", table("nobody", ""));
	superd_port(superd, "web");
	pid = client_ask_pid(PORT);
	handshake = handshake_begin(PORT);
	order("drain");
	order("release");
	cr_assert_neq(client_ask_pid(PORT), pid);
	end(superd, pid);
	is_served(handshake, pid);
	ends_with_one_socket(superd);
}

Behaviour(tcp_migration, of_another_user_has_handshakes_moved)
{
	outlasts_for_a_user(MOVED);
}

Behaviour(tcp_migration, of_another_user_keeps_a_socket_for_handshakes)
{
	outlasts_for_a_user(KEPT);
}

/* With defer_accept the server's side of a handshake lasts until its client says something. */
static void outlasts_silence(enum way way)
{
	struct handshake *handshake;
	struct superd *superd;
	long pid;

	prepare(way);
	superd = controlled_clock_run("%s", table(own_user(), "defer_accept = 1min"));
	superd_port(superd, "web");
	cr_assert(control_is_done(control_once("start web")));
	pid = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	handshake = handshake_begin(PORT);
	handshake_confirm(handshake);
	order("drain");
	end(superd, pid);
	for (int n = 0; way == KEPT && n < 5; n++) {
		clock_advance(superd, 10 * SECOND_MS);
		cr_assert_eq(count_sockets(), 2);
	}
	is_served(handshake, pid);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, count_sockets() == 1);
	superd_stop(superd);
}

Behaviour(tcp_migration, moves_a_client_who_says_nothing_yet)
{
	outlasts_silence(MOVED);
}

Behaviour(tcp_migration, keeps_a_socket_for_a_client_who_says_nothing_yet)
{
	outlasts_silence(KEPT);
}
