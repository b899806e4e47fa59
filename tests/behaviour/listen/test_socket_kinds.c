/* Sockets of units that are no plain ones: message queues, and those that are flushed. */
#include <mqueue.h>

#include "reading.h"
#include "unit_files.h"

static const char *queue_name(void)
{
	return text_of("/superd-behaviour-%d", getpid());
}

static bool queue_is_there(struct stat *status)
{
	int fd = mq_open(queue_name(), O_RDONLY | O_NONBLOCK);
	bool there = fd >= 0 && fstat(fd, status) == 0;

	if (fd >= 0)
		mq_close(fd);
	return there;
}

static void send_message(const char *text)
{
	mqd_t queue = mq_open(queue_name(), O_WRONLY);

	cr_assert_geq(queue, 0);
	cr_assert_eq(mq_send(queue, text, strlen(text), 0), 0);
	mq_close(queue);
}

Behaviour(socket_kinds, a_message_queue_has_its_owner_and_goes_at_the_end)
{
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	write_pair("a",
		   text_of("ListenMessageQueue=%s\nSocketUser=65534\nSocketGroup=65533\nSocketMode=0620\nRemoveOnStop="
			   "yes\n"
			   "MessageQueueMaxMessages=4\nMessageQueueMessageSize=100",
			   queue_name()),
		   unit_backend("hang"));
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "listening on mqueue:/superd-behaviour-");
	cr_assert(queue_is_there(&status));
	cr_expect_eq(status.st_uid, 65534u);
	cr_expect_eq(status.st_gid, 65533u);
	cr_expect_eq(status.st_mode & 0777, 0620u);
	superd_stop(superd);
	cr_expect_not(queue_is_there(&status));
}

Behaviour(socket_kinds, a_message_starts_the_service_which_gets_the_queue)
{
	const char *report = path_in("report");
	struct superd *superd;

	write_pair("a", text_of("ListenMessageQueue=%s\nRemoveOnStop=yes", queue_name()),
		   text_of("ExecStart=%s/report --stay %s", getenv("SUPERD_TESTDIR"), report));
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "listening on mqueue:");
	send_message("hello");
	reading_expect(reading_wait(report), "env.LISTEN_FDS", "1");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "a.socket");
}

/* Who waits when an instance ends is sent away, and starts no other. */
Behaviour(socket_kinds, flush_pending_sends_away_who_waits)
{
	struct superd *superd;
	int first, second;

	write_pair("a", text_of("ListenStream=%s\nFlushPending=yes", path_in("a.sock")),
		   text_of("ExecStart=/bin/sh -c 'while ! test -e %s; do sleep 0.05; done'", path_in("go")));
	superd = units_clock_run("a.socket", NULL);
	wait_node(path_in("a.sock"));
	first = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	superd_wait_log(superd, "started");
	second = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	write_file("go", "now\n");
	cr_expect(client_sees_end(first));
	cr_expect(client_sees_end(second));
	close(first);
	close(second);
	superd_wait_log(superd, "ended: ");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	superd_expect_count(superd, "started, pid", 1);
	second = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	WAIT_UNTIL(superd_log_count(superd, "started, pid") == 2);
	close(second);
}

/* A program that can't be run, with somebody waiting: paused and told, and the address stays superd's. */
Behaviour(socket_kinds, a_command_that_cannot_run_does_no_harm_to_a_flushed_socket)
{
	struct superd *superd;
	int client;

	write_file("not-executable", "x\n");
	write_pair("a", text_of("ListenStream=@superd-flush-%d\nFlushPending=yes", getpid()),
		   text_of("ExecStart=%s", path_in("not-executable")));
	superd = superd_run_with(
		&(struct setup){ .without_table = true,
				 .clock = true,
				 .arguments =
					 (const char *const[]){ "--no-preflight", "-f",
								text_of("systemd:%s", path_in("a.socket")), NULL } },
		"%s", "");
	superd_wait_log(superd, "listening on");
	client = client_connect_unix(text_of("@superd-flush-%d", getpid()), SOCK_STREAM);
	cr_expect(client_sees_end(client));
	close(client);
	superd_wait_log(superd, "exec: ");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_not(superd_has_ended(superd), "%s", world_logs());
	client = client_connect_unix(text_of("@superd-flush-%d", getpid()), SOCK_STREAM);
	close(client);
}
