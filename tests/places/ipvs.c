/* Preloaded into keepalived where the kernel may have no IPVS: says that it is there and takes all that it is told, so
 * that keepalived's checkers run. Without this it looks for the module, and ends. */
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_ipvs(int level, int option)
{
	return level == IPPROTO_IP && option >= IP_VS_BASE_CTL && option <= IP_VS_SO_SET_MAX;
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
	if (!is_ipvs(level, option))
		return (int)syscall(SYS_getsockopt, fd, level, option, value, length);
	memset(value, 0, *length);
	return 0;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	return is_ipvs(level, option) ? 0 : (int)syscall(SYS_setsockopt, fd, level, option, value, length);
}
