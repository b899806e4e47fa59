/* idle_action = freeze: backends of every shape stand still when nobody is connected, and go on for the next client;
 * whatever is done with one that is frozen leaves none of it frozen behind. Each by its control group and by
 * signals. */
#include <sys/resource.h>

#include "guarding.h"
#include "harness.h"
#include "superctl.h"

#define NOBODY 65534

/* As nobody superd can make no control groups, nor as an ordinary user who runs this test. */
static const struct setup by_group = { .clock = true }, by_signals = { .clock = true, .uid = NOBODY },
			  as_it_is = { .clock = true };

static const char *beats(void)
{
	const char *path = path_in("beats");
	int fd;

	if (access(path, F_OK) == 0)
		return path;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	cr_assert(fd >= 0 && fchmod(fd, 0666) == 0);
	close(fd);
	return path;
}

static off_t beat_count(void)
{
	struct stat status;

	return stat(beats(), &status) == 0 ? status.st_size : 0;
}

/* A table of one service, whose backend beats. */
static const char *table(const char *options, const char *words)
{
	return text_of("service it {\n listen = \"127.0.0.1:0\"\n idle_timeout = 5min\n idle_action = freeze\n"
		       " exec = \"%s/beater %s %s\"\n %s\n}\n",
		       getenv("SUPERD_TESTDIR"), beats(), words, options);
}

static struct superd *run(const struct setup *setup, const char *options, const char *words)
{
	return superd_run_with(setup, "%s%s", setup->uid || geteuid() ? "" : "defaults { user = root }\n",
			       table(options, words));
}

static long ask(struct superd *superd)
{
	return strtol(client_ask(superd_port(superd, "it"), ""), NULL, 10);
}

static void expect_beating(void)
{
	off_t before = beat_count();

	WAIT_UNTIL(beat_count() > before + 3);
}

#define FROZEN "is frozen until a client connects"

static void pass_idle_time(struct superd *superd)
{
	size_t before = superd_log_count(superd, FROZEN);

	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, FROZEN) > before);
	superd_wait_log(superd, FROZEN);
}

/* All its processes stand still: those stopped by a signal, as by a frozen control group. Its connections are
 * watched: until then superd takes one that ends for one that the processes have seen end. */
static void wait_frozen(struct superd *superd)
{
	pid_t pids[64];
	size_t count;

	pass_idle_time(superd);
	clock_settle(superd);
	count = superd_others(superd, pids, 64);
	cr_assert(count > 0 && count <= 64);
	for (size_t n = 0; n < count; n++)
		cr_assert(process_is_frozen(pids[n]), "pid %d runs\n%s", pids[n], world_logs());
}

/* It sleeps and wakes some times, always with the same processes. */
static void sleep_and_wake(const struct setup *setup, const char *words)
{
	struct superd *superd = run(setup, "", words);

	ask(superd);
	for (int round = 0; round < 3; round++) {
		wait_frozen(superd);
		ask(superd);
		superd_wait_log(superd, "thawed after");
		expect_beating();
	}
	superd_expect_count(superd, "it: started", 1);
	superd_stop(superd);
}

#define BY_ITS_GROUP(name, act) \
	Behaviour(freeze, name##_by_its_group) \
	{ \
		const struct setup *way = &by_group; \
		SKIP_WITHOUT(geteuid() == 0 && superd_has_groups(), "needs root, and control groups"); \
		SKIP_WITHOUT(!running_sanitized(), "sanitized, superd starts nothing in a control group"); \
		act; \
	}

#define BOTH_WAYS(name, act) \
	BY_ITS_GROUP(name, act) \
	Behaviour(freeze, name##_by_signals) \
	{ \
		const struct setup *way = geteuid() ? &as_it_is : &by_signals; \
		SKIP_WITHOUT(geteuid() || namespace_users(), "needs a build that nobody can reach"); \
		act; \
	}

BOTH_WAYS(one_process_sleeps_and_wakes, sleep_and_wake(way, ""))
BOTH_WAYS(workers_sleep_and_wake, sleep_and_wake(way, "workers 5"))
/* Without a group superd does not know what has left its session. */
BY_ITS_GROUP(a_daemon_of_two_forks_sleeps_and_wakes, sleep_and_wake(way, "daemon workers 1"))
BOTH_WAYS(one_that_forks_all_the_time_sleeps_and_wakes, sleep_and_wake(way, "forking workers 2"))

static void lose_nobody(const struct setup *setup)
{
	struct superd *superd = run(setup, "", "workers 2");
	unsigned seed = (unsigned)now_ms();

	fprintf(stderr, "seed %u\n", seed);
	srand(seed);
	for (int n = 0; n < 60; n++) {
		cr_assert_gt(ask(superd), 0);
		if (rand() % 3)
			continue;
		clock_advance_beside(superd, SECOND_MS);        /* the kernel has told it of the client's end */
		clock_move(6 * MINUTE_MS);
		usleep((unsigned)rand() % 15000);
	}
	superd_expect_count(superd, "it: started", 1);
	superd_stop(superd);
}

BOTH_WAYS(a_client_at_the_very_moment_is_served, lose_nobody(way))

static void keep_watchdog(const struct setup *setup)
{
	struct superd *superd = run(setup, "type = notify\n watchdog = 2h", "notify");
	long pid = ask(superd);

	wait_frozen(superd);
	clock_advance(superd, 2 * HOUR_MS - 10 * SECOND_MS);
	for (int n = 0; n < 40; n++)    /* a watchdog that is more than a second late is taken for a paused machine's */
		clock_advance(superd, SECOND_MS / 2);
	clock_advance(superd, 3 * HOUR_MS);
	cr_assert_not(superd_logged(superd, "WATCHDOG=1"), "%s", world_logs());
	cr_expect_eq(ask(superd), pid);
	expect_beating();
	superd_stop(superd);
}

BOTH_WAYS(its_watchdog_rests, keep_watchdog(way))

static void keep_limit(const struct setup *setup)
{
	struct superd *superd = run(setup, "runtime_max = 1h", "");
	long pid = ask(superd);

	wait_frozen(superd);
	for (int n = 0; n < 5; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_logged(superd, "runtime_max is over"), "%s", world_logs());
	for (int n = 0; ask(superd) == pid; n++) {
		cr_assert_lt(n, 20, "%s", world_logs());
		clock_advance_beside(superd, 4 * MINUTE_MS);
	}
	superd_wait_log(superd, "runtime_max is over");
	superd_stop(superd);
}

BOTH_WAYS(its_time_to_run_rests, keep_limit(way))

static void stop_frozen(const struct setup *setup)
{
	struct superd *superd;
	const char *folder = path_in("said"), *farewell = path_in("said/farewell");

	cr_assert(mkdir(folder, 0777) == 0 && chmod(folder, 0777) == 0);
	superd = run(setup, "", text_of("workers 3 farewell %s", farewell));
	ask(superd);
	wait_frozen(superd);
	superd_stop(superd);
	cr_expect_eq(access(farewell, F_OK), 0, "it did not hear its signal");
}

BOTH_WAYS(it_is_stopped_by_its_own_signal, stop_frozen(way))

static bool nobody_is_left(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return process_descendants(getpid(), NULL, 0) == 0;
}

static void leave_frozen(const struct setup *setup)
{
	struct superd *superd = run(setup, "", "workers 2");

	ask(superd);
	wait_frozen(superd);
	superd_signal(superd, SIGQUIT);
	cr_expect_eq(superd_wait_exit(superd), 0);
	expect_beating();
	unlink(beats());
	WAIT_UNTIL(nobody_is_left());   /* what superd has left is ours, and its children are its own */
}

BOTH_WAYS(it_goes_on_when_superd_leaves, leave_frozen(way))

static pid_t main_pid(struct superd *superd)
{
	static const char words[] = "it: started, pid ";
	const char *at = strstr(read_text(superd->log), words);

	cr_assert(at);
	return (pid_t)strtol(at + sizeof(words) - 1, NULL, 10);
}

static void lose_main(const struct setup *setup)
{
	struct superd *superd = run(setup, "", "daemon workers 2");

	ask(superd);
	wait_frozen(superd);
	kill(main_pid(superd), SIGKILL);
	superd_wait_log(superd, "ended: signal KILL");
	expect_beating();       /* the daemon is still there */
	cr_expect_gt(ask(superd), 0);
	superd_stop(superd);
	unlink(beats());
}

BY_ITS_GROUP(those_left_by_one_that_is_killed_go_on, lose_main(way))

static void change_row(const struct setup *setup)
{
	struct superd *superd = run(setup, "", "workers 2");

	ask(superd);
	wait_frozen(superd);
	cr_assert(superd_reload(superd, "%s%s", setup->uid || geteuid() ? "" : "defaults { user = root }\n",
				table("nice = 5\n on_remove = stop", "workers 2")));
	expect_beating();
	wait_frozen(superd);
	cr_assert(superd_reload(superd, "%s", "defaults { umask = 022 }\n"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_stop(superd);
}

BOTH_WAYS(a_reload_that_changes_it_wakes_it, change_row(way))

static void finish_removed(const struct setup *setup)
{
	struct superd *superd = run(setup, "on_remove = finish", "workers 2");

	ask(superd);
	wait_frozen(superd);
	cr_assert(superd_reload(superd, "%s", "defaults { umask = 022 }\n"));
	expect_beating();
	superd_stop(superd);
}

BOTH_WAYS(one_that_is_removed_and_may_finish_goes_on, finish_removed(way))

/* A real server that knows nothing of idling: it sleeps, and serves the next client with the processes it had. */
static void freeze_server(const char *table, int port, const char *server)
{
	struct superd *superd = clock_run("%s", table);
	int client;

	superd_wait_log(superd, "it: listening");
	for (int round = 0; round < 3; round++) {
		client = client_connect(port);
		client_send(client, "GET / HTTP/1.0\r\n\r\n");
		cr_assert(strstr(client_rest(client), "200 OK"), "%s in round %d", server, round);
		close(client);
		pass_idle_time(superd);
	}
	superd_expect_count(superd, "it: started", 1);
	superd_stop(superd);
}

Behaviour(freeze, nginx_with_workers_sleeps_and_wakes)
{
	int port = free_port();
	const char *own = path_in("nginx"), *text;

	SKIP_WITHOUT(access("/usr/sbin/nginx", X_OK) == 0 && geteuid() == 0,
		     "needs root, and nginx (Debian: nginx-light)");
	cr_assert_eq(mkdir(own, 0755), 0);
	text = write_file("nginx/nginx.conf",
			  "daemon off;\nworker_processes 3;\npid %s;\nerror_log stderr;\nevents { }\n"
			  "http { access_log off; client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s;\n"
			  "uwsgi_temp_path %s; scgi_temp_path %s;\n"
			  "server { listen 127.0.0.1:%d; return 200 \"hello\"; } }\n",
			  path_in("nginx/pid"), path_in("nginx/b"), path_in("nginx/p"), path_in("nginx/f"),
			  path_in("nginx/u"), path_in("nginx/s"), port);
	freeze_server(text_of("service it {\n listen = \"127.0.0.1:%d\"\n user = root\n idle_timeout = 5min\n"
			      " idle_action = freeze\n env = { \"NGINX=%%{fd};\" }\n"
			      " exec = \"/usr/sbin/nginx -e stderr -c %s\"\n}\n",
			      port, text),
		      port, "nginx");
}

Behaviour(freeze, python_with_several_processes_sleeps_and_wakes)
{
	static const char script[] = "import http.server, multiprocessing, socket\n"
				     "class Handler(http.server.BaseHTTPRequestHandler):\n"
				     "    def do_GET(self):\n"
				     "        self.send_response(200)\n"
				     "        self.end_headers()\n"
				     "        self.wfile.write(b'hello')\n"
				     "server = http.server.HTTPServer(('', 0), Handler, False)\n"
				     "server.socket = socket.socket(fileno=3)\n"
				     "for n in range(3):\n"
				     "    multiprocessing.Process(target=server.serve_forever, daemon=True).start()\n"
				     "server.serve_forever()\n";
	int port = free_port();

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "needs python3");
	freeze_server(text_of("service it {\n listen = \"127.0.0.1:%d\"\n idle_timeout = 5min\n"
			      " user = \"%s\"\n idle_action = freeze\n exec = \"/usr/bin/python3 %s\"\n}\n",
			      port, own_user(), write_file("server.py", "%s", script)),
		      port, "python");
}

/* By hand it is frozen whoever is connected, and until somebody wants something of it. */
static void freeze_by_hand(const struct setup *setup)
{
	const char *folder = path_in("run"), *control = path_in("run/control");
	struct setup own = *setup;
	struct superd *superd;
	struct outcome outcome;
	int client;

	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert(!setup->uid || chown(folder, setup->uid, setup->uid) == 0);
	own.arguments = (const char *const[]){ "--control", control, NULL };
	superd = superd_run_with(&own, "service it {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n exec = \"%s\"\n}\n",
				 setup->uid ? "65534" : own_user(), backend("talk"));
	WAIT_UNTIL(access(control, F_OK) == 0);
	client = client_connect(superd_port(superd, "it"));
	client_send(client, "one\n");
	cr_expect(strstr(client_line(client), "one"));
	outcome = SUPERCTL(control, "freeze", "it");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	client_send(client, "two\n");
	cr_expect(strstr(client_line(client), "two"));
	superd_wait_log(superd, "thawed after");
	outcome = SUPERCTL(control, "freeze", "it");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	outcome = SUPERCTL(control, "freeze", "it");
	cr_expect(!outcome.status && strstr(outcome.out, "it is frozen already"), "%s%s", outcome.out, outcome.err);
	outcome = SUPERCTL(control, "thaw", "it");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	client_send(client, "three\n");
	cr_expect(strstr(client_line(client), "three"));
	outcome = SUPERCTL(control, "thaw", "it");
	cr_expect(!outcome.status && strstr(outcome.out, "it was not frozen"), "%s%s", outcome.out, outcome.err);
	close(client);
	superd_stop(superd);
}

BOTH_WAYS(by_hand_it_is_frozen_and_woken_by_who_is_connected, freeze_by_hand(way))

/* By its own user, as root may lack CAP_SYS_RESOURCE. */
static void limit_descriptors(const struct setup *setup, pid_t superd, const struct rlimit *limit)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((setup->uid && (setgid(setup->uid) < 0 || setuid(setup->uid) < 0)) ||
		      prlimit(superd, RLIMIT_NOFILE, limit, NULL) < 0);
	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void thaw_again(const struct setup *setup, bool is_stopped, const char *why)
{
	struct superd *superd = run(setup, "", "");
	struct rlimit before, none;
	int client;
	long pid = ask(superd);
	pid_t self = guarded_pid(superd) ? guarded_pid(superd) : superd->pid;

	wait_frozen(superd);
	SKIP_WITHOUT(process_is_stopped((pid_t)pid) == is_stopped, "no control group that can be frozen");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_max = before.rlim_max };
	limit_descriptors(setup, self, &none);
	client = client_connect(superd_port(superd, "it"));
	superd_wait_log(superd, text_of("stays frozen: %s: %s", why, error_text(EMFILE)));
	limit_descriptors(setup, self, &before);
	superd_wait_log(superd, "is thawed now");
	close(client);
	cr_expect_eq(ask(superd), pid);
}

Behaviour(freeze, a_group_that_cannot_be_thawed_is_tried_again)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root");
	thaw_again(&by_group, false, "its control group cannot be thawed");
}

Behaviour(freeze, processes_that_cannot_be_listed_are_thawed_later)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root");
	thaw_again(&by_signals, true, "its processes cannot be listed");
}

Behaviour(freeze, handing_memory_back_is_for_frozen_ones_alone)
{
	struct superd *superd = run(&by_group, "freeze_reclaim = yes", "workers 2");

	for (int round = 0; round < 3; round++) {
		ask(superd);
		wait_frozen(superd);
	}
	cr_expect_gt(ask(superd), 0);
	expect_beating();
}

#define ROW \
	"service %s {\n listen = \"127.0.0.1:%d\"\n idle_timeout = 5min\n idle_action = freeze\n user = %s\n" \
	" exec = \"%s/beater %s\"\n}\n"

/* A second socket opens beside that of the instance, which drains. */
Behaviour(freeze, its_address_may_go_to_another)
{
	int port = free_port(), client;
	struct superd *superd =
		superd_run_with(&by_group, ROW, "it", port, own_user(), getenv("SUPERD_TESTDIR"), beats());
	long old = ask(superd);

	wait_frozen(superd);
	write_file("superd.conf", ROW, "heir", port, own_user(), getenv("SUPERD_TESTDIR"), beats());
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded:");
	client = client_connect(port);
	client_send(client, "\n");
	cr_expect_neq(strtol(client_line(client), NULL, 10), old, "%s", world_logs());
	cr_expect_not(superd_logged(superd, "cannot be kept from it"));
	close(client);
	superd_stop(superd);
}
