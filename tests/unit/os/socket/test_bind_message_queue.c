/* Message queues that are opened for real, and the options of sockets that look at who sends. */
#include "tests/unit/bind_fixture.h"
#include "tests/unit/hang.h"

#include <mqueue.h>
#include <poll.h>

static char name[64];

static void begin(void)
{
	set_up();
	snprintf(name, sizeof(name), "/superd-test-%d", getpid());
}

static void finish(void)
{
	mq_unlink(name);
	tear_down();
}

TestSuite(message_queue, .init = begin, .fini = finish, .timeout = 120);

static struct listen queue(void)
{
	char text[80];

	snprintf(text, sizeof(text), "mqueue:%s", name);
	return listen_of(text);
}

static void send_to_it(const char *text)
{
	mqd_t queue = mq_open(name, O_WRONLY);

	cr_assert_geq(queue, 0);
	cr_assert_eq(mq_send(queue, text, strlen(text), 0), 0);
	mq_close(queue);
}

Test(message_queue, is_made_with_its_mode)
{
	struct listen listen;
	struct stat status;
	int fd;

	options.socket_mode = 0640;
	listen = queue();
	fd = opened(&listen);
	cr_assert_eq(fstat(fd, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0640u);
	cr_expect_eq(status.st_uid, geteuid());
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
	cr_expect_eq(warnings.length, 0u, "%s", buf_string(&warnings));
	close(fd);
}

Test(message_queue, belongs_to_whom_the_table_says)
{
	struct listen listen;
	struct stat status;
	int fd;

	skip_unless(geteuid() == 0, "it takes root");
	listen = queue();
	give_to(&listen, 65534, 65533);
	fd = opened(&listen);
	cr_assert_eq(fstat(fd, &status), 0);
	cr_expect_eq(status.st_uid, 65534u);
	cr_expect_eq(status.st_gid, 65533u);
	close(fd);
}

Test(message_queue, says_when_something_waits)
{
	struct listen listen = queue();
	int fd = opened(&listen);
	struct pollfd ready = { fd, POLLIN, 0 };

	cr_expect_eq(bind_queue(fd, &listen), 0);
	send_to_it("hello");
	cr_expect_eq(poll(&ready, 1, HANG_MS), 1);
	cr_expect_gt(bind_queue(fd, &listen), 0);
	close(fd);
}

Test(message_queue, that_is_there_is_taken_over_with_what_waits)
{
	struct listen listen;
	int before, fd;

	listen = queue();
	before = opened(&listen);
	send_to_it("kept");
	close(before);
	fd = opened(&listen);
	cr_expect_gt(bind_queue(fd, &listen), 0);
	close(fd);
}

/* Who could read and send all that comes. */
Test(message_queue, of_another_user_is_not_taken_over)
{
	struct listen listen = queue();
	mqd_t others;

	skip_unless(geteuid() == 0, "giving a queue away needs root");
	others = mq_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666, NULL);
	cr_assert_geq(others, 0);
	cr_assert_eq(fchown(others, 65534, 65534), 0);
	refused(&listen, EEXIST, "belongs to user 65534, not 0");
	mq_close(others);
}

Test(message_queue, is_removed_at_the_end_where_that_is_asked_for)
{
	struct listen listen = queue();
	int fd = opened(&listen);

	bind_remove(fd, &listen);
	cr_expect_geq(mq_open(name, O_RDONLY), 0, "nobody asked to remove it");
	options.remove_on_stop = true;
	bind_remove(fd, &listen);
	cr_expect_lt(mq_open(name, O_RDONLY), 0);
	close(fd);
}
