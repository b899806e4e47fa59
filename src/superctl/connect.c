/* superctl connect: standard input and output to a socket of a service, as its clients reach it.
 *
 * A service that sends much while it receives much must not wait for superctl while superctl waits for it. So superctl
 * reads from the service whenever it can, and sends without waiting. */
#include "superctl/superctl.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

#define CONNECT_LIMIT 60000             /* milliseconds for a unix socket whose accept queue is full */
#define ENDPOINT_MOST 512
#define CHUNK 65536                     /* bytes of one read(2) */

struct connect_view {
	char endpoint[ENDPOINT_MOST];   /* the first stream socket of the service; "": it has none */
	size_t services;                /* number of services that the name means */
};

struct bridge {
	int fd;
	bool has_ended;                 /* standard input is at its end */
	char pending[CHUNK];            /* input that is still to be sent: `length` bytes from `from` on */
	size_t from, length;
};

static bool is_stream(const char *endpoint)
{
	return *endpoint == '/' || *endpoint == '@' || !strncmp(endpoint, "tcp:", 4) ||
	       !strncmp(endpoint, "tcp4:", 5) || !strncmp(endpoint, "tcp6:", 5);
}

static bool take_service(void *context, const json_t *line, struct reply_text *text)
{
	struct connect_view *view = context;
	const json_t *list = json_reply_list(line, "listeners");

	(void)text;
	view->services++;
	for (size_t n = 0; n < json_array_size(list) && !*view->endpoint; n++) {
		const char *endpoint = json_reply_text(json_array_get(list, n), "endpoint");

		if (is_stream(endpoint) && strlen(endpoint) < sizeof(view->endpoint))
			memcpy(view->endpoint, endpoint, strlen(endpoint) + 1);
	}
	return true;
}

/* Connects to the first address that accepts. Returns the socket, or -1; *why is the reason then. */
static int connect_tcp(char *endpoint, const char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char *host = strchr(endpoint, ':') + 1, *port = strrchr(host, ':');
	int error, fd = -1;

	hints.ai_family = endpoint[3] == '4' ? AF_INET : endpoint[3] == '6' ? AF_INET6 : AF_UNSPEC;
	if (port)
		*port++ = '\0';
	if (port && *host == '[' && strlen(host) > 1 && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	error = getaddrinfo(port ? host : NULL, port ? port : host, &hints, &list);
	*why = error ? gai_strerror(error) : "no address";
	for (struct addrinfo *each = error ? NULL : list; each && fd < 0; each = each->ai_next) {
		fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
		if (fd >= 0 && connect(fd, each->ai_addr, each->ai_addrlen) == 0)
			break;
		*why = strerror(errno);
		fd_close(&fd);
	}
	if (!error)
		freeaddrinfo(list);
	return fd;
}

static int connect_stream(const char *endpoint, const char **why)
{
	char copy[ENDPOINT_MOST];

	if (*endpoint == '/' || *endpoint == '@') {
		int fd = conversation_connect(endpoint, CONNECT_LIMIT);

		*why = strerror(errno);
		return fd;
	}
	memcpy(copy, endpoint, strlen(endpoint) + 1);
	return connect_tcp(copy, why);
}

/* Reads input, or learns of its end. false: it cannot be read. */
static bool take_input(struct bridge *stream)
{
	ssize_t got = read(STDIN_FILENO, stream->pending, sizeof(stream->pending));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	stream->from = 0;
	stream->length = (size_t)got;
	stream->has_ended = got == 0;
	return got > 0 || shutdown(stream->fd, SHUT_WR) == 0 || errno == ENOTCONN;
}

static bool send_pending(struct bridge *stream)
{
	ssize_t sent = send(stream->fd, stream->pending + stream->from, stream->length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->from += (size_t)sent;
	stream->length -= (size_t)sent;
	return true;
}

/* Prints what the service has sent. *ended: it has sent all. false: an error. */
static bool take_output(const struct bridge *stream, bool *ended)
{
	char text[CHUNK];
	ssize_t got = recv(stream->fd, text, sizeof(text), MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	*ended = got == 0;
	return write_all(STDOUT_FILENO, text, (size_t)got);
}

/* Copies until the service ends the connection. false, with errno: an error. */
static bool copy_both_ways(struct bridge *stream)
{
	bool ended = false, ok = true;

	while (ok && !ended) {
		struct pollfd ready[] = {
			{ .fd = stream->has_ended || stream->length ? -1 : STDIN_FILENO, .events = POLLIN },
			{ .fd = stream->fd, .events = stream->length ? POLLIN | POLLOUT : POLLIN },
		};

		if (poll(ready, 2, -1) < 0) {
			ok = errno == EINTR;
			continue;
		}
		if (ready[1].revents & ~POLLOUT)
			ok = take_output(stream, &ended);
		if (ok && !ended && ready[1].revents & POLLOUT)
			ok = send_pending(stream);
		if (ok && !ended && ready[0].revents)
			ok = take_input(stream);
	}
	return ok;
}

enum ctl_status view_connect(const struct superctl_options *options)
{
	struct superctl_options silent = *options;
	struct connect_view view = { .services = 0 };
	struct bridge stream = { .fd = -1 };
	const char *why = NULL;
	enum ctl_status status;

	silent.json = false;
	status = conversation_ask(&silent, "status", take_service, &view);
	if (status != CTL_DONE)
		return status;
	if (view.services != 1 || !*view.endpoint) {
		fprintf(stderr, view.services == 1 ? "superctl: connect: %s has no stream socket of TCP or of a path\n"
						   : "superctl: connect: %s is not the name of one service\n",
			options->names[0]);
		return CTL_FAILED;
	}
	stream.fd = connect_stream(view.endpoint, &why);
	if (stream.fd < 0) {
		fprintf(stderr, "superctl: connect: cannot connect to %s: %s\n", view.endpoint, why);
		return CTL_FAILED;
	}
	if (!copy_both_ways(&stream)) {
		fprintf(stderr, "superctl: connect: %s: %s\n", view.endpoint, strerror(errno));
		status = CTL_FAILED;
	}
	fd_close(&stream.fd);
	return status;
}
