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
