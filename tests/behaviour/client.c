/* Clients for the behaviour tests. The hard thing is that none may hang for ever on a superd that is wrong: every
 * read waits in poll under one deadline, every send is small enough for the socket's buffer. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>

#include "harness.h"

enum { ANSWER_MOST = 1 << 20 };

/* until: by now_ms() */
static bool wait_readable(int fd, long long until)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	long long left;
	int found;

	do {
		left = until - now_ms();
		found = poll(&polled, 1, left > 0 ? (int)left : 0);
	} while (!found && left > 0);
	return found > 0;
}

/* Of an IPv4 or IPv6 literal; its length. */
static socklen_t ip_address(struct sockaddr_storage *address, const char *ip, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	*address = (struct sockaddr_storage){ .ss_family = AF_INET };
	in->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1)
		return sizeof(*in);
	address->ss_family = AF_INET6;
	cr_assert_eq(inet_pton(AF_INET6, ip, &in6->sin6_addr), 1, "%s", ip);
	return sizeof(*in6);
}

int client_connect_to(const char *address, int port)
{
	struct sockaddr_storage to;
	socklen_t length = ip_address(&to, address, port);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	result = connect(fd, (struct sockaddr *)&to, length);
	cr_assert_eq(result, 0, "connecting to port %d of %s: %s\n%s", port, address, strerror(errno), world_logs());
	return fd;
}

int client_connect(int port)
{
	return client_connect_to("127.0.0.1", port);
}

static int connect_from(const char *from, int type, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && inet_pton(AF_INET, from, &own.sin_addr) == 1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0, "%s: %s", from, strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		cr_assert(type & SOCK_NONBLOCK && errno == EINPROGRESS, "port %d: %s", port, strerror(errno));
	return fd;
}

int client_connect_from(const char *from, int port)
{
	return connect_from(from, SOCK_STREAM, port);
}

int client_from(const char *from, int type, int port)
{
	return connect_from(from, type | SOCK_NONBLOCK, port);
}

static socklen_t unix_address(struct sockaddr_un *address, const char *path)
{
	size_t length = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	cr_assert_lt(length, sizeof(address->sun_path));
	memcpy(address->sun_path, path, length);
	if (path[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

int client_connect_unix(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t length = unix_address(&address, path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0, "socket: %s", strerror(errno));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, length), 0, "connecting to %s: %s\n%s", path,
		     strerror(errno), world_logs());
	return fd;
}

bool client_can_connect(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connected = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;
	close(fd);
	return connected;
}

static int try_unix(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t length = unix_address(&address, path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	close(fd);
	return -1;
}

int client_try_unix(const char *path)
{
	return try_unix(path, SOCK_STREAM);
}

int client_try_unix_at_once(const char *path)
{
	return try_unix(path, SOCK_STREAM | SOCK_NONBLOCK);
}

bool client_can_connect_unix(const char *path)
{
	int fd = client_try_unix(path);

	return fd >= 0 && close(fd) == 0;
}

void client_send(int fd, const char *text)
{
	ssize_t length = (ssize_t)strlen(text);

	cr_assert_eq(send(fd, text, (size_t)length, MSG_NOSIGNAL), length, "sending: %s", strerror(errno));
}

const char *client_line(int fd)
{
	long long until = now_ms() + DEADLINE_MS;
	static char line[65536];
	size_t length = 0;

	while (length < sizeof(line) - 1) {
		ssize_t got;

		cr_assert(wait_readable(fd, until), "no line came in time, only: %.*s\n%s", (int)length, line,
			  world_logs());
		got = recv(fd, line + length, 1, 0);
		cr_assert(got == 1, "instead of a line: %s\n%s", got == 0 ? "the end" : strerror(errno), world_logs());
		if (line[length] == '\n')
			break;
		length++;
	}
	line[length] = '\0';
	return text_of("%s", line);
}

const char *client_rest(int fd)
{
	long long until = now_ms() + DEADLINE_MS;
	char *text = malloc(ANSWER_MOST);
	size_t length = 0;
	ssize_t got;

	cr_assert_not_null(text);
	do {
		cr_assert(wait_readable(fd, until), "no end came in time, only: %.*s\n%s", (int)length, text,
			  world_logs());
		got = recv(fd, text + length, ANSWER_MOST - 1 - length, 0);
		cr_assert(got >= 0, "receiving: %s\n%s", strerror(errno), world_logs());
		length += (size_t)got;
	} while (got > 0);
	text[length] = '\0';
	return text;
}

bool client_is_quiet(int fd, int milliseconds)
{
	return !wait_readable(fd, now_ms() + milliseconds);
}

bool client_sees_end(int fd)
{
	char byte;

	cr_assert(wait_readable(fd, now_ms() + DEADLINE_MS), "neither an end nor an answer came\n%s", world_logs());
	return recv(fd, &byte, 1, MSG_PEEK) <= 0;
}

static const char *ask(int fd, const char *text)
{
	const char *answer;

	client_send(fd, text);
	answer = client_line(fd);
	close(fd);
	return answer;
}

const char *client_ask(int port, const char *text)
{
	return ask(client_connect(port), text);
}

const char *client_ask_unix(const char *path, const char *text)
{
	return ask(client_connect_unix(path, SOCK_STREAM), text);
}

long client_ask_pid(int port)
{
	const char *answer = client_ask(port, "who\n");
	long pid = strtol(answer, NULL, 10);

	cr_assert(pid > 0 && strcmp(answer, text_of("%ld who", pid)) == 0, "an odd answer: %s", answer);
	return pid;
}

long client_ask_to_the_end(int port)
{
	int fd = client_connect(port);
	long pid;

	client_send(fd, "who\n");
	pid = strtol(client_line(fd), NULL, 10);
	cr_assert(shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN);
	cr_assert(client_sees_end(fd));
	close(fd);
	return pid;
}

int datagram_client(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0, "udp: %s", strerror(errno));
	return fd;
}

int datagram_client_at(const char *from, int own_port, const char *to, int port)
{
	struct sockaddr_storage own, peer;
	socklen_t own_length = ip_address(&own, from, own_port), length = ip_address(&peer, to, port);
	int fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	if (bind(fd, (struct sockaddr *)&own, own_length) < 0) {
		close(fd);
		return -1;
	}
	cr_assert_eq(connect(fd, (struct sockaddr *)&peer, length), 0, "udp: %s", strerror(errno));
	return fd;
}

int datagram_client_unix(const char *server, const char *own)
{
	struct sockaddr_un address;
	socklen_t length = unix_address(&address, own);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0, "%s: %s", own, strerror(errno));
	length = unix_address(&address, server);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, length), 0, "%s: %s", server, strerror(errno));
	return fd;
}

const char *datagram_ask(int fd, const char *text)
{
	static char answer[65536];
	ssize_t got;

	client_send(fd, text);
	cr_assert(wait_readable(fd, now_ms() + DEADLINE_MS), "no answer to the datagram\n%s", world_logs());
	got = recv(fd, answer, sizeof(answer) - 1, 0);
	cr_assert(got >= 0, "receiving: %s", strerror(errno));
	answer[got] = '\0';
	return text_of("%s", answer);
}

/* Each sender may send less than the queue has room for. */
int datagram_fill(const char *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int count = 0, before;

	cr_assert_lt(strlen(server), sizeof(address.sun_path));
	memcpy(address.sun_path, server, strlen(server) + 1);
	do {
		int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		cr_assert_geq(fd, 0);
		before = count;
		while (sendto(fd, "noise", 5, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof(address)) == 5)
			count++;
		cr_assert_eq(errno, EAGAIN, "%s", strerror(errno));
		close(fd);
	} while (count > before);
	return count;
}

int client_settle(int fd)
{
	client_send(fd, "hello\n");
	cr_assert_not_null(strstr(client_line(fd), " hello"), "not served\n%s", world_logs());
	return fd;
}

int client_served(int port)
{
	return client_settle(client_connect(port));
}

const char *datagram_next(int fd)
{
	static char text[512];
	ssize_t length;

	cr_assert(wait_readable(fd, now_ms() + DEADLINE_MS), "nothing was said");
	length = recv(fd, text, sizeof(text) - 1, 0);
	cr_assert_gt(length, 0);
	text[length] = '\0';
	return text;
}

int local_port(int fd)
{
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &length), 0);
	return ntohs(own.sin_port);
}

int bind_unix(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	cr_assert_lt(snprintf(address.sun_path, sizeof(address.sun_path), "%s", path), (int)sizeof(address.sun_path));
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s", strerror(errno));
	return fd;
}

int listen_unix(const char *path)
{
	int fd = bind_unix(path, SOCK_STREAM);

	cr_assert_eq(listen(fd, 16), 0);
	return fd;
}
