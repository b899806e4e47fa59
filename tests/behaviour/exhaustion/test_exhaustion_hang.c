/* A table on a file system that does not answer, as a network's file system without its server: superd says what it
 * waits for, serves on, and goes on when there is an answer. What does not answer never would, so whatever comes
 * meanwhile has not waited for it.
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

static struct superd *run_from(const char *table)
{
	const char *arguments[] = { "--control", control_path(), "-f", table, NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = true };

	return superd_run_with(&setup, "%s", "");
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
