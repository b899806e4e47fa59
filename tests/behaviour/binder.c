/* A server that binds its own sockets, and knows nothing of superd: it does the steps it is given, one an argument,
 * WORD or WORD=VALUE. A step that fails ends it, with a line on stderr; a tried one says its result there and goes on.
 *
 *   tcp4 tcp6 udp4 udp6 sctp4 unix dgram seqpacket    opens a socket, which the next steps are about
 *   number=N               gives it this number
 *   copy=N                 copies it to this number
 *   copies=N               copies it so many times
 *   use=N                  goes on with this number in its place
 *   close                  closes it
 *   cloexec nonblock block
 *   v6only=N nodelay=N keepalive=N linger=N rcvbuf=N defer=N reuseport=N reuseaddr=N pktinfo=N syncnt=N
 *   fwmark=N minttl=N
 *   detach=0 lock-filter=N of its filter of packets; filter=0 attaches one that lets all in
 *   device=INTERFACE       binds it to this interface
 *   watch=level|edge|once  registers it with epoll
 *   bind=ADDRESS:PORT, [ADDRESS]:PORT, PATH or @NAME; listen=BACKLOG; shutdown
 *   listen-if-needed=BACKLOG       listens unless SO_ACCEPTCONN says that the socket does, as haproxy
 *   try-STEP               tries a step
 *   unlink=PATH unlinkat=PATH connect=PATH mode=OCTAL,PATH chdir=PATH
 *   folder=N,PATH          opens a folder under this number
 *   unshare=FLAGS          unshare(2), FLAGS a number
 *   fork                   a child goes on, and this process waits for it
 *   daemon                 a grandchild in a session of its own goes on, and this process ends
 *   workers=N              so many children go on
 *   thread                 another thread goes on
 *   say=TEXT               to NOTIFY_SOCKET
 *   ready-after=PATH       another thread says READY=1 once there is such a file
 *   await=PATH             waits until there is such a file
 *   mark=PATH              adds a line with its pid
 *   alarms=MICROSECONDS    a signal interrupts its calls as often, and they go on; 0: none does any more
 *   fill=MEBIBYTES         takes so much memory, which its end takes time to give back
 *   exit=STATUS
 *   serve=poll|block|level|edge|once
 *
 * A client's line is answered "PID LINE", and the connection closed; behind a '+' it stays. Behind a '?' the answer
 * tells of the client and of the listener. Behind a '!' stand steps to do, and "PID ok" or the error comes back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS_MOST = 16, LINE_MOST = 1024, PATIENCE_MS = 120000 };

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t length;
};

static int current = -1, set = -1;
static volatile sig_atomic_t ending; /* by SIGTERM: a client that was accepted is served first */
static int bound[SOCKETS_MOST];
static int bound_count;
static char **steps_left;

static bool do_step(const char *step);

/* ---- addresses ---- */

static bool read_host(struct address *address, char *host, int port)
{
	size_t length = strlen(host);

	if (*host == '[' && length > 2) {
		host[length - 1] = '\0';
		host++;
	}
	if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((uint16_t)port);
		address->length = sizeof(address->in);
		return true;
	}
	address->in6.sin6_family = AF_INET6;
	address->in6.sin6_port = htons((uint16_t)port);
	address->length = sizeof(address->in6);
	return inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1;
}

static bool read_address(struct address *address, const char *text)
{
	int domain = 0;
	socklen_t length = sizeof(domain);
	char host[128];
	const char *colon = strrchr(text, ':');

	memset(address, 0, sizeof(*address));
	getsockopt(current, SOL_SOCKET, SO_DOMAIN, &domain, &length);
	if (domain == AF_UNIX) {
		address->un.sun_family = AF_UNIX;
		snprintf(address->un.sun_path, sizeof(address->un.sun_path), "%s", text);
		address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) + (*text != '@'));
		if (*text == '@')
			address->un.sun_path[0] = '\0';
		return true;
	}
	errno = EINVAL;
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	return read_host(address, host, atoi(colon + 1));
}

static const char *write_address(const struct address *address, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address->any.sa_family == AF_UNIX)
		snprintf(out, size, "%s",
			 address->length > offsetof(struct sockaddr_un, sun_path)
				 ? (*address->un.sun_path ? address->un.sun_path : "abstract")
				 : "unnamed");
	else if (address->any.sa_family == AF_INET)
		snprintf(out, size, "%s:%d", inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host)),
			 ntohs(address->in.sin_port));
	else if (address->any.sa_family == AF_INET6)
		snprintf(out, size, "[%s]:%d", inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host)),
			 ntohs(address->in6.sin6_port));
	else
		snprintf(out, size, "none");
	return out;
}

/* ---- steps ---- */

static bool open_socket(int domain, int type, int protocol)
{
	current = socket(domain, type, protocol);
	return current >= 0;
}

static bool set_number(const char *value)
{
	int number = atoi(value);

	if (current == number)
		return true;
	if (dup2(current, number) < 0)
		return false;
	close(current);
	current = number;
	return true;
}

static bool copy_to(const char *value)
{
	return dup2(current, atoi(value)) >= 0;
}

static bool make_copies(const char *value)
{
	for (int n = atoi(value); n > 0; n--) {
		if (dup(current) < 0)
			return false;
	}
	return true;
}

static bool use_number(const char *value)
{
	for (int n = 0; n < bound_count; n++) {
		if (bound[n] == current)
			bound[n] = atoi(value);
	}
	current = atoi(value);
	return true;
}

static bool set_flag(int flag, bool on)
{
	int flags = fcntl(current, F_GETFL);

	return fcntl(current, F_SETFL, on ? flags | flag : flags & ~flag) == 0;
}

static void forget(int fd)
{
	for (int n = 0; n < bound_count; n++) {
		if (bound[n] == fd)
			bound[n--] = bound[--bound_count];
	}
}

static bool bind_it(const char *value)
{
	struct address address;

	if (!read_address(&address, value) || bind(current, &address.any, address.length) < 0)
		return false;
	forget(current);
	bound[bound_count++] = current;
	return true;
}

static bool watch_it(const char *how)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = current };

	if (set < 0)
		set = epoll_create1(EPOLL_CLOEXEC);
	event.events |= !strcmp(how, "edge") ? (unsigned)EPOLLET : !strcmp(how, "once") ? (unsigned)EPOLLONESHOT : 0;
	return epoll_ctl(set, EPOLL_CTL_ADD, current, &event) == 0;
}

static bool connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), saved;
	bool good;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	good = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	saved = errno;
	close(fd);
	errno = saved;
	return good;
}

static bool change_mode(const char *value)
{
	const char *comma = strchr(value, ',');

	return comma && chmod(comma + 1, (mode_t)strtol(value, NULL, 8)) == 0;
}

static bool open_folder(const char *value)
{
	const char *comma = strchr(value, ',');
	int fd = comma ? open(comma + 1, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd >= 0 && dup2(fd, atoi(value)) >= 0;
}

static bool say(const char *text)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length;
	bool good;

	if (!name)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name == '/'));
	if (*name == '@')
		address.sun_path[0] = '\0';
	good = sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, length) > 0;
	close(fd);
	return good;
}

static bool await_file(const char *path)
{
	const struct timespec moment = { .tv_nsec = 3000000 };

	for (int n = 0; access(path, F_OK) < 0; n++) {
		if (n > PATIENCE_MS / 3)
			return false;
		nanosleep(&moment, NULL);
	}
	return true;
}

static void *say_ready(void *path)
{
	if (!await_file(path) || !say("READY=1"))
		exit(1);
	return NULL;
}

static bool say_ready_after(const char *path)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, say_ready, (void *)(size_t)path);
	return !errno;
}

static bool mark(const char *path)
{
	FILE *file = fopen(path, "ae");

	return file && fprintf(file, "%ld\n", (long)getpid()) > 0 && fclose(file) == 0;
}

/* Waits for its children, and ends as the first of them does. */
_Noreturn static void wait_for_children(void)
{
	int status = 0;

	while (wait(&status) < 0 && errno == EINTR)
		;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) >= 0 || errno == EINTR)
		;
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static bool go_on_in_children(int count)
{
	for (int n = 0; n < count; n++) {
		pid_t pid = fork();

		if (pid < 0)
			return false;
		if (pid == 0)
			return true;
	}
	wait_for_children();
}

static bool become_daemon(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return false;
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	setsid();
	pid = fork();
	if (pid > 0)
		_exit(0);
	return pid == 0;
}

static void do_rest(void)
{
	while (*steps_left) {
		const char *step = *steps_left++;

		if (!do_step(step)) {
			fprintf(stderr, "binder: %s: %s\n", step, strerror(errno));
			exit(1);
		}
	}
}

static void *run_thread(void *context)
{
	(void)context;
	do_rest();
	exit(0);
}

static void block_end(bool on)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

static bool go_on_in_thread(void)
{
	pthread_t thread;

	block_end(true); /* in both; the new one is told while it waits */
	errno = pthread_create(&thread, NULL, run_thread, NULL);
	if (errno)
		return false;
	pthread_join(thread, NULL);
	return true;
}

/* ---- serving ---- */

static int get_number(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, name, &value, &length) < 0 ? -1 : value;
}

static int backlog_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	memset(&info, 0, sizeof(info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ? -1 : (int)info.tcpi_sacked;
}

static int describe(char *out, size_t size, int listener, int client, const struct address *peer)
{
	struct address own = { .length = sizeof(own.storage) }, name = own;
	struct linger linger = { 0, 0 };
	socklen_t length = sizeof(linger);
	char texts[3][128];

	getsockname(client, &own.any, &own.length);
	getsockname(listener, &name.any, &name.length);
	getsockopt(client, SOL_SOCKET, SO_LINGER, &linger, &length);
	return snprintf(out, size,
			" family=%d domain=%d peer=%s own=%s name=%s nodelay=%d keepalive=%d linger=%d rcvbuf=%d "
			"nonblock=%d cloexec=%d defer=%d backlog=%d fwmark=%d",
			peer->any.sa_family == AF_INET		  ? 4
				: peer->any.sa_family == AF_INET6 ? 6
								  : 0,
			get_number(client, SOL_SOCKET, SO_DOMAIN) == AF_INET6	       ? 6
				: get_number(client, SOL_SOCKET, SO_DOMAIN) == AF_INET ? 4
										       : 0,
			write_address(peer, texts[0], 128), write_address(&own, texts[1], 128),
			write_address(&name, texts[2], 128), get_number(client, IPPROTO_TCP, TCP_NODELAY),
			get_number(client, SOL_SOCKET, SO_KEEPALIVE), linger.l_onoff ? linger.l_linger : -1,
			get_number(client, SOL_SOCKET, SO_RCVBUF), !!(fcntl(listener, F_GETFL) & O_NONBLOCK),
			!!(fcntl(listener, F_GETFD) & FD_CLOEXEC), get_number(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT),
			backlog_of(listener), get_number(listener, SOL_SOCKET, SO_MARK));
}

/* Does the steps of a line, parted by blanks. */
static const char *obey(char *line)
{
	char *place = NULL;

	for (char *step = strtok_r(line, " ", &place); step; step = strtok_r(NULL, " ", &place)) {
		if (!do_step(step))
			return strerror(errno);
	}
	return "ok";
}

static size_t make_answer(char *line, char *out, size_t size, int listener, int client, const struct address *peer)
{
	int length;

	if (*line == '!')
		return (size_t)snprintf(out, size, "%ld %s\n", (long)getpid(), obey(line + 1));
	length = snprintf(out, size, "%ld %s", (long)getpid(), line);
	if (*line == '?')
		length += describe(out + length, size - (size_t)length, listener, client, peer);
	return (size_t)(length + snprintf(out + length, size - (size_t)length, "\n"));
}

static bool wait_for(int fd, short events)
{
	struct pollfd polled = { fd, events, 0 };

	return poll(&polled, 1, PATIENCE_MS) == 1;
}

static bool read_line(int fd, char *line)
{
	size_t length = 0;

	while (length < LINE_MOST - 1 && wait_for(fd, POLLIN)) {
		ssize_t got = read(fd, line + length, 1);

		if (got <= 0 || line[length] == '\n')
			break;
		length++;
	}
	line[length] = '\0';
	return length > 0;
}

static void serve_client(int listener, int client, const struct address *peer)
{
	char line[LINE_MOST], out[2 * LINE_MOST];
	bool stays = true;
	int type = get_number(client, SOL_SOCKET, SO_TYPE);

	while (stays) {
		if (type == SOCK_SEQPACKET) {
			ssize_t got = read(client, line, sizeof(line) - 1);

			line[got > 0 ? got : 0] = '\0';
			line[strcspn(line, "\n")] = '\0';
			if (got <= 0)
				break;
		} else if (!read_line(client, line)) {
			break;
		}
		stays = *line == '+';
		if (write(client, out, make_answer(line + stays, out, sizeof(out), listener, client, peer)) < 0)
			break;
	}
	shutdown(client, SHUT_WR);
	while (wait_for(client, POLLIN) && read(client, line, sizeof(line)) > 0)
		;
	close(client);
}

static void write_target(struct msghdr *message, char *out, size_t size)
{
	struct address to = { .length = 0 };

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
			to.any.sa_family = AF_INET;
			to.in.sin_addr = ((struct in_pktinfo *)(void *)CMSG_DATA(part))->ipi_addr;
		} else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
			to.any.sa_family = AF_INET6;
			to.in6.sin6_addr = ((struct in6_pktinfo *)(void *)CMSG_DATA(part))->ipi6_addr;
		}
	}
	write_address(&to, out, size);
}

static void serve_datagram(int fd)
{
	struct address peer;
	char line[LINE_MOST], out[2 * LINE_MOST], control[256], to[128];
	struct iovec part = { line, sizeof(line) - 1 };
	struct msghdr message = {
		.msg_name = &peer.storage,
		.msg_namelen = sizeof(peer.storage),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
	int length;

	if (got < 0)
		return;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	peer.length = message.msg_namelen;
	write_target(&message, to, sizeof(to));
	if (*line == '?')
		length = snprintf(out, sizeof(out), "%ld %s family=%d to=%s", (long)getpid(), line,
				  peer.any.sa_family == AF_INET		   ? 4
					  : peer.any.sa_family == AF_INET6 ? 6
									   : 0,
				  to);
	else
		length = snprintf(out, sizeof(out), "%ld %s", (long)getpid(), *line == '!' ? obey(line + 1) : line);
	sendto(fd, out, (size_t)length, 0, &peer.any, peer.length);
}

static int accept_client(int listener, struct address *peer)
{
	peer->length = sizeof(peer->storage);
	peer->any.sa_family = AF_UNSPEC;
	return accept4(listener, &peer->any, &peer->length, SOCK_CLOEXEC);
}

/* false: nobody was there. */
static bool serve_one(int listener)
{
	struct address peer;
	int client;

	if (get_number(listener, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM) {
		serve_datagram(listener);
		return false;
	}
	client = accept_client(listener, &peer);
	if (client < 0)
		return false;
	serve_client(listener, client, &peer);
	return true;
}

static void serve_by_poll(void)
{
	struct pollfd polled[SOCKETS_MOST];
	int count = bound_count;
	sigset_t none;

	for (int n = 0; n < count; n++)
		polled[n] = (struct pollfd){ bound[n], POLLIN, 0 };
	sigemptyset(&none);
	if (ppoll(polled, (nfds_t)count, NULL, &none) <= 0)
		return;
	for (int n = 0; n < count; n++) {
		if (polled[n].revents & POLLIN)
			serve_one(polled[n].fd);
	}
}

/* By edges the queue is emptied, which takes a socket that does not block. */
static void serve_by_epoll(const char *how)
{
	struct epoll_event event;
	sigset_t none;

	sigemptyset(&none);
	if (epoll_pwait(set, &event, 1, -1, &none) <= 0)
		return;
	if (!strcmp(how, "level")) {
		serve_one(event.data.fd);
		return;
	}
	while (serve_one(event.data.fd) && !ending)
		;
	if (!strcmp(how, "once")) {
		event.events = EPOLLIN | EPOLLONESHOT;
		epoll_ctl(set, EPOLL_CTL_MOD, event.data.fd, &event);
	}
}

static void on_end(int signal)
{
	(void)signal;
	ending = 1;
}

static bool serve(const char *how)
{
	int before = current;
	bool blocks = !strcmp(how, "block");

	if (!blocks)
		signal(SIGTERM, on_end);
	block_end(!blocks);

	if (strcmp(how, "poll") != 0 && !blocks && set < 0) {
		for (int n = 0; n < bound_count; n++) {
			current = bound[n];
			if (!watch_it(how))
				return false;
		}
		current = before;
	}
	while (!ending) {
		if (!strcmp(how, "poll"))
			serve_by_poll();
		else if (blocks)
			serve_one(bound[0]);
		else
			serve_by_epoll(how);
	}
	exit(0);
}

/* ---- what there is to do ---- */

static bool do_socket_step(const char *word, bool *known)
{
	static const struct {
		const char *word;
		int domain, type, protocol;
	} kinds[] = {
		{ "tcp4", AF_INET, SOCK_STREAM, 0 },	     { "tcp6", AF_INET6, SOCK_STREAM, 0 },
		{ "udp4", AF_INET, SOCK_DGRAM, 0 },	     { "udp6", AF_INET6, SOCK_DGRAM, 0 },
		{ "unix", AF_UNIX, SOCK_STREAM, 0 },	     { "dgram", AF_UNIX, SOCK_DGRAM, 0 },
		{ "seqpacket", AF_UNIX, SOCK_SEQPACKET, 0 }, { "sctp4", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
	};

	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (strcmp(word, kinds[n].word) == 0)
			return open_socket(kinds[n].domain, kinds[n].type, kinds[n].protocol);
	}
	*known = false;
	return false;
}

static bool do_option_step(const char *word, const char *value, bool *known)
{
	static const struct {
		const char *word;
		int level, name;
	} options[] = {
		{ "v6only", IPPROTO_IPV6, IPV6_V6ONLY },    { "nodelay", IPPROTO_TCP, TCP_NODELAY },
		{ "keepalive", SOL_SOCKET, SO_KEEPALIVE },  { "rcvbuf", SOL_SOCKET, SO_RCVBUF },
		{ "defer", IPPROTO_TCP, TCP_DEFER_ACCEPT }, { "reuseport", SOL_SOCKET, SO_REUSEPORT },
		{ "reuseaddr", SOL_SOCKET, SO_REUSEADDR },  { "syncnt", IPPROTO_TCP, TCP_SYNCNT },
		{ "fwmark", SOL_SOCKET, SO_MARK },	    { "detach", SOL_SOCKET, SO_DETACH_FILTER },
		{ "lock-filter", SOL_SOCKET, SO_LOCK_FILTER }, { "minttl", IPPROTO_IP, IP_MINTTL },
	};
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, 0xffffffff) };
	const struct sock_fprog filter = { 1, all };
	int number = atoi(value);
	struct linger linger = { 1, number };

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++) {
		if (strcmp(word, options[n].word) == 0)
			return setsockopt(current, options[n].level, options[n].name, &number, sizeof(number)) == 0;
	}
	if (!strcmp(word, "linger"))
		return setsockopt(current, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0;
	if (!strcmp(word, "device"))
		return setsockopt(current, SOL_SOCKET, SO_BINDTODEVICE, value, (socklen_t)strlen(value) + 1) == 0;
	if (!strcmp(word, "filter"))
		return setsockopt(current, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
	if (!strcmp(word, "pktinfo"))
		return get_number(current, SOL_SOCKET, SO_DOMAIN) == AF_INET
			? setsockopt(current, IPPROTO_IP, IP_PKTINFO, &number, sizeof(number)) == 0
			: setsockopt(current, IPPROTO_IPV6, IPV6_RECVPKTINFO, &number, sizeof(number)) == 0;
	*known = false;
	return false;
}

static bool close_current(void)
{
	forget(current);
	if (set >= 0) /* as the libraries of events do: superd may have the file still */
		epoll_ctl(set, EPOLL_CTL_DEL, current, NULL);
	return close(current) == 0;
}

static bool listen_step(const char *value)
{
	return listen(current, atoi(value)) == 0;
}
static bool listen_if_needed_step(const char *value)
{
	if (get_number(current, SOL_SOCKET, SO_ACCEPTCONN) != 1)
		return listen_step(value);
	fprintf(stderr, "binder: it listens already\n");
	return true;
}
static bool unlink_step(const char *value)
{
	return unlink(value) == 0;
}
static bool unlinkat_step(const char *value)
{
	return unlinkat(AT_FDCWD, value, 0) == 0;
}
static bool chdir_step(const char *value)
{
	return chdir(value) == 0;
}
static bool cloexec_step(const char *value)
{
	(void)value;
	return fcntl(current, F_SETFD, FD_CLOEXEC) == 0;
}
static bool nonblock_step(const char *value)
{
	(void)value;
	return set_flag(O_NONBLOCK, true);
}
static bool block_step(const char *value)
{
	(void)value;
	return set_flag(O_NONBLOCK, false);
}
static bool close_step(const char *value)
{
	(void)value;
	return close_current();
}
static bool shutdown_step(const char *value)
{
	(void)value;
	return shutdown(current, SHUT_RDWR) == 0;
}
static bool unshare_step(const char *value)
{
	return unshare((int)strtol(value, NULL, 0)) == 0;
}
static bool fork_step(const char *value)
{
	(void)value;
	return go_on_in_children(1);
}
static bool workers_step(const char *value)
{
	return go_on_in_children(atoi(value));
}
static bool daemon_step(const char *value)
{
	(void)value;
	return become_daemon();
}
static bool thread_step(const char *value)
{
	(void)value;
	return go_on_in_thread();
}
static bool fill_step(const char *value)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;

	return mmap(NULL, (size_t)atoi(value) << 20, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

static void on_alarm(int signal)
{
	(void)signal;
}

static bool alarms_step(const char *value)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct itimerval timer = { { 0, atoi(value) }, { 0, atoi(value) } };

	return sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &timer, NULL) == 0;
}

static bool exit_step(const char *value)
{
	exit(atoi(value));
}

static bool do_step(const char *step)
{
	static const struct {
		const char *word;
		bool (*run)(const char *value);
	} steps[] = {
		{ "number", set_number },
		{ "copy", copy_to },
		{ "copies", make_copies },
		{ "use", use_number },
		{ "close", close_step },
		{ "cloexec", cloexec_step },
		{ "nonblock", nonblock_step },
		{ "block", block_step },
		{ "watch", watch_it },
		{ "bind", bind_it },
		{ "listen", listen_step },
		{ "listen-if-needed", listen_if_needed_step },
		{ "shutdown", shutdown_step },
		{ "unlink", unlink_step },
		{ "unlinkat", unlinkat_step },
		{ "connect", connect_to },
		{ "mode", change_mode },
		{ "chdir", chdir_step },
		{ "folder", open_folder },
		{ "unshare", unshare_step },
		{ "fork", fork_step },
		{ "daemon", daemon_step },
		{ "workers", workers_step },
		{ "thread", thread_step },
		{ "say", say },
		{ "await", await_file },
		{ "mark", mark },
		{ "ready-after", say_ready_after },
		{ "fill", fill_step },
		{ "alarms", alarms_step },
		{ "exit", exit_step },
		{ "serve", serve },
	};
	char word[32];
	const char *value = strchr(step, '=') ? strchr(step, '=') + 1 : "";
	bool known = true, good;

	if (!strncmp(step, "try-", 4)) {
		errno = 0;
		good = do_step(step + 4);
		fprintf(stderr, "binder: %s: %s\n", step + 4, good ? "ok" : strerror(errno));
		return true;
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(step, "="), step);
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		if (strcmp(word, steps[n].word) == 0)
			return steps[n].run(value);
	}
	good = do_socket_step(word, &known);
	if (known)
		return good;
	known = true;
	good = do_option_step(word, value, &known);
	if (!known)
		errno = ENOSYS;
	return good;
}

int main(int argc, char **argv)
{
	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stderr, NULL, _IOLBF, 0);
	steps_left = argv + 1;
	do_rest();
	return 0;
}
