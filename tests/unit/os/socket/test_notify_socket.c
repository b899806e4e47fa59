/* The socket of notifications: who sent what, and that nothing is left of what is dropped. */
#include "lib/fd_message.h"
#include "lib/notify_send.h"
#include "os/socket/notify_socket.h"
#include "tests/unit/unit.h"

static char folder[64], path[96];
static int fd;
static struct notification notification;

static void open_path(void)
{
	snprintf(folder, sizeof(folder), "/tmp/notify-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	fd = notify_socket_open(path);
	cr_assert_geq(fd, 0);
}

static void close_path(void)
{
	close(fd);
	unlink(path);
	rmdir(folder);
}

TestSuite(notify_socket, .init = open_path, .fini = close_path);

static enum notify_received hear(void)
{
	const char *flaw = NULL;
	enum notify_received heard = notify_socket_receive(fd, &notification, &flaw);

	cr_assert_eq(heard == NOTIFY_INVALID, flaw != NULL);
	return heard;
}

/* Sends as a backend may: connected, any bytes, any descriptors. */
static void post(const char *bytes, size_t length, int descriptor, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = { .header = { CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char *)(uintptr_t)bytes, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int ends[2] = { socket(AF_UNIX, SOCK_DGRAM, 0), -1 };
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	message.msg_name = &address;
	message.msg_namelen = size;
	for (size_t n = 0; n < count; n++)
		memcpy(CMSG_DATA(&control.header) + n * sizeof(int), &descriptor, sizeof(int));
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	cr_assert_geq(sendmsg(ends[0], &message, 0), 0);
	close(ends[0]);
}

static size_t count_open(void)
{
	size_t count = 0;

	for (int n = 0; n < 1024; n++)
		count += fcntl(n, F_GETFD) >= 0;
	return count;
}

Test(notify_socket, anybody_may_send_to_its_node)
{
	struct stat status;

	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0666);
}

static bool say(const char *name)
{
	int sender = notify_socket_sender();
	bool sent;

	cr_assert_geq(sender, 0);
	cr_expect(fcntl(sender, F_GETFD) & FD_CLOEXEC);
	sent = notify_socket_send(sender, name, "READY=1");
	close(sender);
	return sent;
}

Test(notify_socket, who_sent_it_is_known)
{
	cr_assert(say(path));
	cr_assert_eq(hear(), NOTIFY_RECEIVED);
	cr_expect_str_eq(notification.text, "READY=1");
	cr_expect_eq(notification.pid, getpid());
	cr_expect_eq(notification.uid, getuid());

	cr_expect_eq(hear(), NOTIFY_EMPTY);
}

/* Otherwise superd would take the socket, which stays ready, for an empty one, and read it again at once, for ever. */
Test(notify_socket, an_error_is_not_taken_for_an_empty_queue)
{
	const char *flaw = NULL;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_expect_eq(notify_socket_receive(ends[0], &notification, &flaw), NOTIFY_FAILED);
	close(ends[0]);
	close(ends[1]);
}

Test(notify_socket, a_descriptor_comes_along)
{
	int sender = notify_socket_sender(), sent = open("/dev/null", O_RDONLY | O_CLOEXEC), got[2];
	char text[32];
	size_t count = 2;
	struct stat one, other;

	cr_assert(notify_socket_send_fd(sender, path, "FDSTORE=1", sent));
	cr_assert_eq(fd_message_receive(fd, text, sizeof(text), got, &count, MSG_DONTWAIT), 9);
	cr_assert_eq(count, 1);
	cr_assert(fstat(sent, &one) == 0 && fstat(got[0], &other) == 0);
	cr_expect_eq(one.st_rdev, other.st_rdev);
	cr_assert(notify_socket_send_fd(sender, path, "FDSTOREREMOVE=1", -1));
	cr_assert_eq(hear(), NOTIFY_RECEIVED);
	cr_expect_str_eq(notification.text, "FDSTOREREMOVE=1");
	close(got[0]);
	close(sent);
	close(sender);
}

Test(notify_socket, an_abstract_name_does_as_well)
{
	char name[64];
	int other;

	snprintf(name, sizeof(name), "@superd-test-%ld", (long)getpid());
	other = notify_socket_open(name);
	cr_assert_geq(other, 0);
	cr_assert(say(name));
	cr_expect_eq(notify_socket_receive(other, &notification, &(const char *){ NULL }), NOTIFY_RECEIVED);
	close(other);
}

Test(notify_socket, names_that_are_none_are_refused)
{
	char long_name[200];

	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[0] = '/';
	long_name[sizeof(long_name) - 1] = '\0';
	cr_expect_lt(notify_socket_open(""), 0);
	cr_expect_lt(notify_socket_open("@"), 0);
	cr_expect_lt(notify_socket_open("relative"), 0);
	cr_expect_lt(notify_socket_open(long_name), 0);
	cr_expect_not(say("vsock:2:1234"));
}

Test(notify_socket, what_carries_descriptors_is_looked_at_and_left_there)
{
	size_t before = count_open();

	post("FDSTORE=1", 9, STDIN_FILENO, 3);
	cr_assert_eq(hear(), NOTIFY_RIGHTS);
	cr_expect_str_eq(notification.text, "FDSTORE=1");
	cr_expect_eq(notification.pid, getpid());
	cr_expect_eq(notification.uid, getuid());
	cr_expect_eq(hear(), NOTIFY_RIGHTS, "it is there still");
	cr_expect_eq(count_open(), before, "and nothing of it is here");
}

Test(notify_socket, what_is_dropped_leaves_no_descriptor)
{
	const char *flaw = NULL;
	char bytes[5000];
	size_t before = count_open();

	memset(bytes, 'x', sizeof(bytes));
	post(bytes, sizeof(bytes), -1, 0);
	cr_expect_eq(hear(), NOTIFY_INVALID);
	post("STATUS=a\0b", 10, -1, 0);
	cr_expect_eq(hear(), NOTIFY_INVALID);
	post(bytes, sizeof(bytes), STDIN_FILENO, 2);
	cr_expect_eq(notify_socket_receive(fd, &notification, &flaw), NOTIFY_RIGHTS);
	cr_expect_not_null(flaw);
	cr_expect_eq(count_open(), before);
}

Test(notify_socket, the_longest_is_heard_and_a_nul_at_the_end_forgiven)
{
	char bytes[NOTIFICATION_MOST];

	memset(bytes, 'x', sizeof(bytes));
	post(bytes, sizeof(bytes), -1, 0);
	cr_expect_eq(hear(), NOTIFY_RECEIVED);
	cr_expect_eq(notification.length, sizeof(bytes));
	post("READY=1", 8, -1, 0);
	cr_expect_eq(hear(), NOTIFY_RECEIVED);
	cr_expect_eq(notification.length, 7);
}

Test(notify_socket, a_node_whose_socket_is_closed_is_dead)
{
	cr_expect_not(notify_socket_is_dead(path));
	close(fd);
	cr_expect(notify_socket_is_dead(path));
	unlink(path);
	cr_expect_not(notify_socket_is_dead(path));
}
