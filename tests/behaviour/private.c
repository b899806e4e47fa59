/* The test's own process moves into new namespaces. The hard thing is /etc: some of its files (hosts.allow,
 * resolv.conf) may not be there or be links, so a whole new one is mounted, with copies of what look-ups of names go
 * by. */
#include "private.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static const char *const copied[] = {
	"group", "ld.so.cache", "ld.so.conf", "localtime", "netconfig", "networks", "nsswitch.conf", "passwd",
	"protocols", "rpc", "services",
};
#define COPIED (sizeof(copied) / sizeof(copied[0]))

static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "re"), *out;
	char bytes[8192];
	size_t length;

	if (!in)
		return;
	out = fopen(to, "we");
	cr_assert_not_null(out, "%s: %s", to, strerror(errno));
	while ((length = fread(bytes, 1, sizeof(bytes), in)) > 0)
		cr_assert_eq(fwrite(bytes, 1, length, out), length);
	fclose(in);
	cr_assert_eq(fclose(out), 0);
	cr_assert_eq(chmod(to, 0644), 0);
}

static bool bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;

	if (fd >= 0)
		close(fd);
	return up;
}

static bool mount_empty(const char *path)
{
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0;
}

bool private_enter(void)
{
	const char *aside = path_in("etc");

	if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !bring_loopback_up())
		return false;
	if (mkdir(aside, 0755) < 0 || !mount_empty(aside))
		return false;
	for (size_t n = 0; n < COPIED; n++)
		copy(text_of("/etc/%s", copied[n]), text_of("%s/%s", aside, copied[n]));
	return mount(aside, "/etc", NULL, MS_MOVE, NULL) == 0 && mount_empty("/run");
}

void private_file(const char *path, const char *format, ...)
{
	va_list arguments;
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "%s: %s", path, strerror(errno));
	va_start(arguments, format);
	cr_assert(vfprintf(file, format, arguments) >= 0);
	va_end(arguments);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, 0644), 0);
}

void private_enter_with_hosts(void)
{
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	SKIP_WITHOUT(namespace_users(), "nobody must be able to run what was built");
	private_file("/etc/nsswitch.conf", "hosts: files\n");
	private_file("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 client.example.org\n127.0.0.3 other.example.net\n");
}

int private_silent_resolver(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0);
	private_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
	private_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n");
	return fd;
}

void private_deny_names(int resolver)
{
	unsigned char message[512];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t got;

	while ((got = recvfrom(resolver, message, sizeof(message), MSG_DONTWAIT, (struct sockaddr *)&from, &size)) >
	       3) {
		message[2] |= 0x80; /* an answer */
		message[3] = 3;	    /* no such name */
		sendto(resolver, message, (size_t)got, 0, (struct sockaddr *)&from, size);
	}
}
