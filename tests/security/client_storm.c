/* Clients that do harm to whoever serves them, until they are killed. They come from 127.0.0.2 to 127.0.0.251.
 *
 *   client_storm reset PORT COUNT          connect and reset at once
 *   client_storm silent PORT COUNT         COUNT at a time say nothing
 *   client_storm unread PORT COUNT         COUNT at a time send as much as is taken, and read nothing
 *   client_storm busy PORT COUNT           COUNT at a time send as much as is taken, and read it
 *   client_storm say PORT COUNT TEXT       COUNT at a time send TEXT (\r and \n are those) and read until the end
 *   client_storm half PORT COUNT TEXT      the same, but they never read; a reset as soon as it was sent
 *   client_storm datagrams PORT COUNT      COUNT sockets send datagrams, and read nothing
 *
 * Where the service ends a connection, the next one takes its place. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MOST 4096
#define AGAIN_MS 5                      /* where no connection is to be had */

enum manner { RESET, SILENT, UNREAD, BUSY, SAY, HALF, DATAGRAMS, MANNERS };

static const char *const manners[MANNERS] = { "reset", "silent", "unread", "busy", "say", "half", "datagrams" };

struct storm {
	enum manner manner;
	int port;
	nfds_t count;
	char text[512];
	size_t length;
	unsigned next;                  /* for the address of the next client */
	struct pollfd polled[CLIENTS_MOST];
	bool said[CLIENTS_MOST];
};

static void read_text(struct storm *storm, const char *text)
{
	for (; *text && storm->length < sizeof(storm->text); text++) {
		char byte = *text;

		if (byte == '\\' && (text[1] == 'r' || text[1] == 'n'))
			byte = *++text == 'r' ? '\r' : '\n';
		storm->text[storm->length++] = byte;
	}
}

static void end_client(int fd)
{
	struct linger reset = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static int connect_client(struct storm *storm)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
	int kind = storm->manner == DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + storm->next++ % 250);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((in_port_t)storm->port);
	setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static short awaited(const struct storm *storm)
{
	switch (storm->manner) {
	case SILENT: return POLLIN;
	case UNREAD: return POLLOUT;
	default: return POLLIN | POLLOUT;
	}
}

/* false: it is over. */
static bool send_some(struct storm *storm, nfds_t n)
{
	static const char rubbish[4096] = "rubbish\r\n";
	int fd = storm->polled[n].fd;

	if (storm->manner == RESET)
		return false;
	if (storm->manner == SAY || storm->manner == HALF) {
		storm->polled[n].events = POLLIN;
		return send(fd, storm->text, storm->length, MSG_NOSIGNAL) >= 0 && storm->manner == SAY;
	}
	if (storm->manner == DATAGRAMS)
		return send(fd, rubbish, 64, MSG_NOSIGNAL) >= 0 || errno == EAGAIN || errno == ECONNREFUSED;
	return send(fd, rubbish, sizeof(rubbish), MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

static bool read_some(struct storm *storm, nfds_t n)
{
	static char bytes[16384];
	ssize_t got = recv(storm->polled[n].fd, bytes, sizeof(bytes), 0);

	return got > 0 || (got < 0 && errno == EAGAIN) || storm->manner == DATAGRAMS;
}

static void turn(struct storm *storm)
{
	bool lacks = false;

	for (nfds_t n = 0; n < storm->count; n++) {
		struct pollfd *polled = &storm->polled[n];

		if (polled->fd < 0) {
			*polled = (struct pollfd){ .fd = connect_client(storm), .events = awaited(storm) };
			lacks |= polled->fd < 0;
		}
	}
	if (poll(storm->polled, storm->count, lacks ? AGAIN_MS : -1) < 0)
		return;
	for (nfds_t n = 0; n < storm->count; n++) {
		struct pollfd *polled = &storm->polled[n];
		bool over = (polled->revents & (POLLERR | POLLHUP | POLLNVAL)) && storm->manner != DATAGRAMS;

		over = over || ((polled->revents & POLLOUT) && !send_some(storm, n));
		over = over || ((polled->revents & POLLIN) && !read_some(storm, n));
		if (polled->fd >= 0 && over) {
			end_client(polled->fd);
			polled->fd = -1;
		}
	}
}

int main(int argc, char **argv)
{
	static struct storm storm;
	struct rlimit files;

	if (argc < 4)
		return 2;
	while (storm.manner < MANNERS && strcmp(argv[1], manners[storm.manner]) != 0)
		storm.manner++;
	storm.port = atoi(argv[2]);
	storm.count = (nfds_t)atoi(argv[3]);
	if (storm.manner == MANNERS || storm.count < 1 || storm.count > CLIENTS_MOST)
		return 2;
	if (argc > 4)
		read_text(&storm, argv[4]);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (nfds_t n = 0; n < storm.count; n++)
		storm.polled[n].fd = -1;
	for (;;)
		turn(&storm);
}
