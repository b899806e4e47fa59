/* hijacked.so: a superd-builtin that an attacker has in hand. Loaded into it by LD_PRELOAD, it takes the place of
 * send(2): what echo would send back is an order, and what became of it goes to the client. The orders are those of
 * a stranger who found a fault that lets him run code there. In a redirect it takes the place of connect(2): it shuts
 * down all its sockets but the client's, superd's channel among them, and stays. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static long connect_to(int family)
{
	struct sockaddr_un node = { .sun_family = AF_UNIX, .sun_path = "/run/superd/control" };
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	return syscall(SYS_connect, fd, &node, sizeof(node));
}

int connect(int fd, const struct sockaddr *to, socklen_t length)
{
	(void)fd, (void)to, (void)length;
	for (int n = 0; n < 100; n++)
		sendto(3, "in=1 out=2 id=1\n", 16, MSG_DONTWAIT, NULL, 0);
	for (int other = 3; other < 16; other++)
		shutdown(other, SHUT_RDWR);
	for (;;)
		poll(NULL, 0, -1);
}

static long map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

/* Not by the functions of the libc, which may do something else when it fails. */
static long obey(const char *order)
{
	static char name[] = "true";
	char *const argv[] = { name, NULL };

	if (!strncmp(order, "read", 4))
		return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	if (!strncmp(order, "folder", 6))
		return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	if (!strncmp(order, "write", 5))
		return syscall(SYS_openat, AT_FDCWD, "/tmp/hijacked", O_WRONLY | O_CREAT, 0600);
	if (!strncmp(order, "exec", 4))
		return syscall(SYS_execve, "/bin/true", argv, argv + 1);
	if (!strncmp(order, "fork", 4))
		return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!strncmp(order, "socket", 6))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strncmp(order, "unix", 4))
		return connect_to(AF_UNIX);
	if (!strncmp(order, "user", 4))
		return syscall(SYS_unshare, 0x10000000);
	if (!strncmp(order, "trace", 5))
		return syscall(SYS_ptrace, 16, 1, 0, 0);
	if (!strncmp(order, "kill", 4))
		return syscall(SYS_kill, -1, SIGKILL);
	if (!strncmp(order, "code", 4))
		return map_code();
	return 0;
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	char order[16] = "", answer[64];
	int size;

	if (fd == 3 && length > 3 && !memcmp(bytes, "in=", 3))
		return sendto(fd, bytes, length, flags, NULL, 0); /* the end of a client, to superd */
	memcpy(order, bytes, length < sizeof(order) ? length : sizeof(order) - 1);
	errno = 0;
	size = obey(order) < 0 ? snprintf(answer, sizeof(answer), "refused %d\n", errno)
			       : snprintf(answer, sizeof(answer), "done\n");
	if (sendto(fd, answer, (size_t)size, flags, NULL, 0) < 0)
		return -1;
	return (ssize_t)length;
}
