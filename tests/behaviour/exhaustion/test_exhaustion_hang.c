/* A table on a file system that does not answer, as a network's file system without its server, and names that nobody
 * answers for: superd says what it waits for, serves on, and goes on when there is an answer. What does not answer
 * never would, so whatever comes meanwhile has not waited for it.
 *
 * Not in the core are those that need /dev/fuse, or have superctl wait for 2 s of real time. */
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "private.h"
#include "superctl.h"

/* Answers nothing but the kernel's first request, and takes no other: who waits for a request that a server has taken
 * cannot be ended, not by SIGKILL. */
static void be_silent(int device)
{
	static char request[1 << 20];
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} reply = { .init = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 } };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(device, request, sizeof(request)) > 0) {
		const struct fuse_in_header *header = (const void *)request;

		reply.header = (struct fuse_out_header){ .len = sizeof(reply), .unique = header->unique };
		if (header->opcode == FUSE_INIT && write(device, &reply, sizeof(reply)) == sizeof(reply))
			break;
	}
	for (;;)
		pause();
}

/* A folder whose file system answers or does not. */
struct folder {
	const char *path;
	pid_t server;
};

static void go_silent(struct folder *folder)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	const char *options = text_of("fd=%d,rootmode=40755,user_id=0,group_id=0", device);

	cr_assert(device >= 0 && mount("silent", folder->path, "fuse", MS_NOSUID | MS_NODEV, options) == 0, "%s",
		  strerror(errno));
	folder->server = fork();
	if (folder->server == 0)
		be_silent(device);
	close(device);
}

/* With the end of its server the kernel answers all requests with an error, and the table is there again. */
static void answer_again(const struct folder *folder)
{
	cr_assert_eq(umount2(folder->path, MNT_DETACH), 0, "%s", strerror(errno));
	kill(folder->server, SIGKILL);
	cr_assert_eq(waitpid(folder->server, NULL, 0), folder->server);
}

static struct folder make_folder(void)
{
	struct folder folder = { .path = path_in("table") };

	SKIP_WITHOUT(private_enter(), "needs root, and mounts of its own");
	SKIP_WITHOUT(access("/dev/fuse", R_OK | W_OK) == 0, "needs /dev/fuse");
	cr_assert_eq(mkdir(folder.path, 0755), 0);
	return folder;
}

static struct superd *run_from_in(const char *table, const char *const *environment)
{
	const char *arguments[] = { "--control", control_path(), "-f", table, NULL };
	const struct setup setup = {
		.arguments = arguments, .without_table = true, .environment = environment, .clock = true,
	};

	return superd_run_with(&setup, "%s", "");
}

static struct superd *run_from(const char *table)
{
	return run_from_in(table, NULL);
}

static const char *write_table(int port, const char *options)
{
	return write_file("table/superd.conf", "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
			  " exec = \"%s\"\n user = \"root\"\n%s\n}\n", port, backend("stdio"), options);
}

/* superd does not rest while it waits for what does not answer. */
static void move_until_logged(struct superd *superd, const char *text)
{
	WAIT_UNTIL((clock_move(SECOND_MS), strstr(read_text(superd->log) + superd->mark, text)));
	superd_wait_log(superd, text);
}

static int end_by(struct superd *superd, int signal)
{
	superd_signal(superd, signal);
	WAIT_UNTIL((clock_move(SECOND_MS), superd_has_ended(superd)));
	return superd_wait_exit(superd);
}

Behaviour(exhaustion_hang, a_start_names_the_file_that_does_not_answer_and_can_be_ended)
{
	struct folder folder = make_folder();
	const char *table = write_table(free_port(), "");
	struct superd *superd;

	go_silent(&folder);
	superd = run_from(table);
	move_until_logged(superd, text_of("not started yet: the file %s has not answered for ", table));
	cr_assert_eq(end_by(superd, SIGINT), 128 + SIGINT, "%s", world_logs());
	answer_again(&folder);
}

/* superd-read waits for it. */
Behaviour(exhaustion_hang, a_start_names_the_other_systems_file_that_does_not_answer)
{
	struct folder folder = make_folder();
	const char *table = write_file("table/inetd.conf", "%d stream tcp nowait root /bin/cat cat\n", free_port());
	struct superd *superd;

	go_silent(&folder);
	superd = run_from(table);
	move_until_logged(superd, text_of("not started yet: the file %s (read by superd-read, pid ", table));
	cr_assert_eq(end_by(superd, SIGINT), 128 + SIGINT, "%s", world_logs());
	answer_again(&folder);
}

Behaviour(exhaustion_hang, a_start_below_a_guard_names_the_file_and_can_be_ended)
{
	struct folder folder = make_folder();
	const char *arguments[] = { "--control", "none", "--guard", "-f", write_table(free_port(), ""), NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = true };
	struct superd *superd;

	go_silent(&folder);
	superd = superd_run_with(&setup, "%s", "");
	move_until_logged(superd, text_of("not started yet: the file %s has not answered for ", arguments[4]));
	end_by(superd, SIGTERM);
	answer_again(&folder);
}

/* The kernel drops signals that process 1 neither handles nor blocks, so superd blocks them until it serves. */
static void end_as_process_1(const char *const *arguments)
{
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = true, .pid1 = true };
	struct superd *superd = superd_run_with(&setup, "%s", "");

	move_until_logged(superd, text_of("not started yet: the file %s has not answered for ", arguments[3]));
	cr_assert_eq(end_by(superd, SIGTERM), 128 + SIGTERM, "%s", world_logs());
	cr_assert(superd_logged(superd, "stop requested before the configuration was read: ending"), "%s",
		  world_logs());
}

Behaviour(exhaustion_hang, process_1_can_be_ended_too_with_and_without_a_guard)
{
	struct folder folder = make_folder();
	const char *table = write_table(free_port(), "");

	go_silent(&folder);
	end_as_process_1((const char *const[]){ "--control", "none", "-f", table, "--guard", NULL });
	end_as_process_1((const char *const[]){ "--control", "none", "-f", table, "--no-guard", NULL });
	answer_again(&folder);
}

Behaviour(exhaustion_hang, process_1_can_be_ended_while_its_input_is_a_table_without_an_end)
{
	const char *const arguments[] = { "--control", "none", "-f", "superd:-", NULL };
	struct setup setup = { .arguments = arguments, .without_table = true, .clock = true, .pid1 = true };
	struct superd *superd;
	int ends[2];

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	setup.in = ends[0];
	superd = superd_run_with(&setup, "%s", "");
	close(ends[0]);
	WAIT_UNTIL(process_blocks(superd->pid, SIGTERM));
	cr_assert_eq(end_by(superd, SIGTERM), 128 + SIGTERM, "%s", world_logs());
	close(ends[1]);
}

static void expect_service(int port)
{
	client_ask_pid(port);
	cr_assert_eq(SUPERCTL(control_path(), "list").status, 0);
}

Behaviour(exhaustion_hang, a_reload_and_an_upgrade_that_hang_are_told_and_others_served)
{
	struct folder folder = make_folder();
	int port = free_port(), other = free_port();
	const char *table = write_table(port, "");
	struct superd *superd = run_from(table);
	struct outcome outcome;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_service(port);
	go_silent(&folder);
	outcome = SUPERCTL(control_path(), "--timeout", "2s", "reload");
	cr_assert_neq(outcome.status, 0);
	cr_assert(strstr(outcome.err, "not reloaded in time: the file ") && strstr(outcome.err, table), "%s",
		  outcome.err);
	move_until_logged(superd, text_of("the reload waits for the file %s, which has not answered for ", table));
	expect_service(port);
	outcome = SUPERCTL(control_path(), "--timeout", "15s", "upgrade");
	cr_assert_neq(outcome.status, 0);
	cr_assert_gt(strlen(outcome.err), 0);
	expect_service(port);
	answer_again(&folder);
	write_table(other, "");
	WAIT_UNTIL(SUPERCTL(control_path(), "--timeout", "10s", "reload").status == 0);
	WAIT_UNTIL(client_can_connect(other));
	expect_service(other);
	/* Nor does it hold up the end. */
	go_silent(&folder);
	superd_signal(superd, SIGHUP);
	move_until_logged(superd, "the reload waits for ");
	superd_stop(superd);
	answer_again(&folder);
}

Behaviour(exhaustion_hang, a_start_anew_needs_no_file)
{
	struct folder folder = make_folder();
	const char *table = write_file("table/superd.conf", "service each {\n listen = \"127.0.0.1:0\"\n"
				       " exec = \"%s\"\n user = \"root\"\n}\n", backend("serve"));
	const char *arguments[] = { "--control", "none", "--guard", "-f", table, NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = true };
	struct superd *superd = superd_run_with(&setup, "%s", "");

	client_ask_pid(superd_port(superd, "each"));    /* superd saves its state before this start */
	superd_wait_log(superd, "each: started, pid ");
	go_silent(&folder);
	cr_assert_eq(kill(guarded_wait(superd), SIGKILL), 0);
	superd_wait_log(superd, "its guard restarted it");
	cr_assert_eq(end_by(superd, SIGTERM), 0, "%s", world_logs());
	cr_assert_eq(superd_processes(superd), 0);
	answer_again(&folder);
}

/* ---- names ---- */

Behaviour(exhaustion_hang, a_start_names_the_host_that_nobody_answers_for_and_can_be_ended)
{
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	for (int n = 0; n < 2; n++) {
		int resolver = private_silent_resolver();
		struct superd *superd;
		const char *table;
		int signal;

		private_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
		table = write_file("table/superd.conf",
				   "service each {\n listen = \"host.example:%d\"\n accept = yes\n"
				   " user = \"root\"\n exec = \"%s\"\n}\n", free_port(), backend("stdio"));
		superd = run_from(table);
		move_until_logged(superd,
				  "not started yet: the address of the host host.example has not answered for ");
		signal = n ? SIGTERM : SIGINT;
		cr_assert_eq(end_by(superd, signal), 128 + signal, "%s", world_logs());
		close(resolver);
	}
}

static struct superd *run_guarded(const char *table, const char *const *environment)
{
	const char *arguments[] = { "--control", control_path(), "--guard", "-f", table, NULL };
	const struct setup setup = {
		.arguments = arguments, .without_table = true, .environment = environment, .clock = true,
	};

	return superd_run_with(&setup, "%s", "");
}

/* superd is killed while nobody answers for the names of its table, which it has found out before. */
static void kill_and_expect_service(struct superd *superd, int port)
{
	cr_assert_eq(kill(guarded_wait(superd), SIGKILL), 0);
	superd_wait_log(superd, "its guard restarted it");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_service(port);
	cr_assert_not(superd_logged(superd, "has not answered for"), "%s", world_logs());
}

Behaviour(exhaustion_hang, a_start_anew_goes_on_by_the_address_that_a_host_had)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	private_file("/etc/hosts", "127.0.0.1 host.example\n");
	superd = run_guarded(write_file("table/superd.conf",
					"service each {\n listen = \"host.example:%d\"\n accept = yes\n"
					" user = \"root\"\n exec = \"%s\"\n"
					" only_from = { \"127.0.0.1\", \"some-network\" }\n}\n",
					port, backend("stdio")), NULL);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_service(port);
	private_silent_resolver();
	private_file("/etc/hosts", "127.0.0.1 localhost\n");
	private_file("/etc/nsswitch.conf", "hosts: files dns\nnetworks: files dns\n");
	private_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
	kill_and_expect_service(superd, port);
	kill_and_expect_service(superd, port);
}

#ifdef __GLIBC__
/* A module of NSS that is asked before the files, and answers nothing while this path exists (silent_nss.c). */
static const char *silence(void)
{
	return path_in("silence");
}

static void use_silent_module(const char *environment[3])
{
	private_file("/etc/nsswitch.conf", "passwd: silent files\ngroup: silent files\n");
	environment[0] = text_of("LD_LIBRARY_PATH=%s", getenv("SUPERD_TESTDIR"));
	environment[1] = text_of("SILENT_NSS=%s", silence());
	environment[2] = NULL;
}

static const char *write_table_of_nobody(int port)
{
	return write_file("table/superd.conf", "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
			  " exec = \"%s\"\n user = \"nobody\"\n}\n", port, backend("stdio"));
}

Behaviour(exhaustion_hang, a_start_names_the_user_that_nss_does_not_answer_for_and_can_be_ended)
{
	const char *environment[3], *table;
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, and mounts of its own");
	use_silent_module(environment);
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	table = write_table_of_nobody(free_port());
	write_file("silence", "%s", "");
	superd = run_from_in(table, environment);
	move_until_logged(superd, "not started yet: NSS: the user nobody has not answered for ");
	cr_assert_eq(end_by(superd, SIGTERM), 128 + SIGTERM, "%s", world_logs());
	superd = run_from_in(table, environment);
	move_until_logged(superd, "not started yet: NSS: the user nobody has not answered for ");
	cr_assert_eq(unlink(silence()), 0);
	superd_wait_log(superd, "each: listening on ");
}

/* What names nobody answers for stops nothing that runs: superd serves by what it has found out. */
Behaviour(exhaustion_hang, a_reload_that_nss_does_not_answer_for_stops_nothing)
{
	const char *environment[3], *table;
	int port = free_port(), other = free_port();
	struct superd *superd;
	struct outcome outcome;

	SKIP_WITHOUT(private_enter() && namespace_users(), "needs root, mounts of its own, and a build for all users");
	use_silent_module(environment);
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	table = write_table_of_nobody(port);
	superd = run_from_in(table, environment);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	write_file("silence", "%s", "");
	expect_service(port);           /* its first start */
	write_table_of_nobody(other);
	outcome = SUPERCTL(control_path(), "--timeout", "2s", "reload");
	cr_assert_neq(outcome.status, 0);
	cr_assert_not_null(strstr(outcome.err, "not reloaded in time: NSS: the user nobody does not answer"), "%s",
			   outcome.err);
	move_until_logged(superd, "the reload waits for NSS: the user nobody, which has not answered for ");
	for (int n = 0; n < 3; n++)
		expect_service(port);
	cr_assert_eq(unlink(silence()), 0);
	superd_wait_log(superd, "each: listening on ");
	expect_service(other);
	write_file("silence", "%s", "");
	superd_signal(superd, SIGHUP);
	move_until_logged(superd, "the reload waits for ");
}

Behaviour(exhaustion_hang, a_start_anew_asks_nss_for_no_name_that_it_had)
{
	const char *environment[3];
	int port = free_port(), other = free_port();
	struct superd *superd;

	SKIP_WITHOUT(private_enter() && namespace_users(), "needs root, mounts of its own, and a build for all users");
	use_silent_module(environment);
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	superd = run_guarded(write_file("table/superd.conf",
					"service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
					" exec = \"%s\"\n user = \"nobody\"\n supplementary_groups = \"mail\"\n}\n"
					"service own {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					" dynamic_user = yes\n}\n",
					port, backend("stdio"), backend("serve")), environment);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_service(port);
	write_file("silence", "%s", "");
	kill_and_expect_service(superd, port);
	kill_and_expect_service(superd, port);
	/* An edit that nobody has asked superd to read, with a name that it has not had. */
	write_file("table/superd.conf", "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
		   " exec = \"%s\"\n user = \"daemon\"\n}\n", other, backend("stdio"));
	kill_and_expect_service(superd, port);
	/* A reload asks for each. */
	superd_signal(superd, SIGHUP);
	move_until_logged(superd, "the reload waits for NSS: the user daemon, which has not answered for ");
	cr_assert_eq(unlink(silence()), 0);
	WAIT_UNTIL(client_can_connect(other));
	expect_service(other);
}

Behaviour(exhaustion_hang, a_start_anew_asks_nss_for_nobody_who_was_left_out)
{
	const char *environment[3];
	int port = free_port();
	const char *arguments[] = { "--control", control_path(), "--guard", "--keep-going", "-f",
				    path_in("table/superd.conf"), NULL };
	const struct setup setup = {
		.arguments = arguments, .without_table = true, .environment = environment, .clock = true,
	};
	struct superd *superd;

	SKIP_WITHOUT(private_enter() && namespace_users(), "needs root, mounts of its own, and a build for all users");
	use_silent_module(environment);
	cr_assert_eq(mkdir(path_in("table"), 0755), 0);
	write_file("table/superd.conf", "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
					" exec = \"%s\"\n user = \"nobody\"\n}\n"
					"service lacking {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					" user = \"nosuchuser\"\n}\n",
					port, backend("stdio"), backend("serve"));
	superd = superd_run_with(&setup, "%s", "");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_service(port);
	cr_expect(superd_logged(superd, "there is no such user here"));
	write_file("silence", "%s", "");
	kill_and_expect_service(superd, port);
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "why", "lacking").out, "there is no such user here"));
	cr_assert_eq(unlink(silence()), 0);
}
#endif
