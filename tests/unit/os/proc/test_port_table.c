/* The processes of this machine's ports. */
#include "os/proc/proc.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>

#include "tests/unit/own_clock.h"

static int listener(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* The one at this port of 127.0.0.1; NULL: none. */
static const struct port_socket *find(const struct port_table *ports, uint16_t port)
{
	const uint8_t loopback[] = { 127, 0, 0, 1 };

	for (size_t n = port_table_first(ports, port); n < ports->count && ports->list[n].port == port; n++) {
		if (ports->list[n].protocol == IPPROTO_TCP && !memcmp(ports->list[n].address, loopback, 4))
			return &ports->list[n];
	}
	return NULL;
}

Test(port_table, finds_who_has_a_socket)
{
	uint16_t open_port;
	int fd = listener(&open_port);
	const struct port_socket *found;
	struct port_table ports;

	if (!port_table_read(&ports))
		cr_skip_test("the kernel does not list sockets (sock_diag)");
	cr_assert_not_null(find(&ports, open_port));
	port_table_find_holders(&ports, true);
	found = find(&ports, open_port);
	cr_assert_not_null(found);
	cr_expect_eq(found->holder, getpid());
	cr_expect(found->has_superd);
	port_table_free(&ports);
	close(fd);
}

/* Its port; a child of this process has the socket, and this process does not. */
static pid_t held(struct endpoint *address)
{
	int fd = listener(&address->port);
	pid_t pid = fork();

	if (pid == 0)
		pause();
	close(fd);
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

Test(port_owner, is_not_looked_for_once_looking_has_taken_its_time)
{
	struct endpoint address = { .kind = ENDPOINT_TCP, .family = FAMILY_IPV4, .address = "127.0.0.1" };
	struct endpoint other = address;
	pid_t pid = held(&address), another = held(&other);

	own_clock_hold();
	if (port_owner(&address) == 0)
		cr_skip_test("the kernel does not list sockets (sock_diag)");
	cr_expect_eq(port_owner(&address), pid);
	own_clock->step = 1;
	port_owner(&address);
	own_clock->step = 0;
	cr_expect_eq(port_owner(&other), 0);
	for (int n = 0; n < 1000 * 1000 / 20 && !port_owner(&other); n++)
		own_clock_advance(0.02);
	cr_expect_eq(port_owner(&other), another);
	end(pid);
	end(another);
}

/* As a frozen program that a killed superd has left: kill(1) without a signal does nothing then. */
Test(port_owner, that_is_stopped_is_described_so)
{
	struct endpoint address = { .kind = ENDPOINT_TCP, .family = FAMILY_IPV4, .address = "127.0.0.1" };
	pid_t pid = held(&address);
	struct buf text = { 0 };
	siginfo_t info;

	process_describe(pid, &text);
	cr_expect_null(strstr(buf_string(&text), "SIGCONT"), "%s", buf_string(&text));
	buf_clear(&text);
	kill(pid, SIGSTOP);
	waitid(P_PID, (id_t)pid, &info, WSTOPPED);
	process_describe(pid, &text);
	cr_expect_not_null(strstr(buf_string(&text), ", stopped until SIGCONT)"), "%s", buf_string(&text));
	buf_free(&text);
	end(pid);
}
