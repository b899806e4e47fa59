/* A backend that does to its listener, descriptor 3, all that it can, takes one client and ends. The next one does the
 * same. */
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIOSETOWN 0x8901

int main(void)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6 };
	struct sockaddr_in nowhere = { .sin_family = AF_INET };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sock_filter drop = { BPF_RET, 0, 0, 0 };
	struct sock_fprog filter = { 1, &drop };
	int owner = getppid(), client;

	for (size_t level = 0; level < sizeof(levels) / sizeof(*levels); level++) {
		for (int option = 1; option < 80; option++) {
			int value = (option * 7 + owner) % 3;

			setsockopt(3, levels[level], option, &value, sizeof(value));
		}
	}
	fcntl(3, F_SETOWN, owner);
	fcntl(3, F_SETSIG, SIGKILL);
	ioctl(3, FIOSETOWN, &owner);
	fcntl(3, F_SETFL, O_ASYNC);
	listen(3, 0);
	client = accept4(3, NULL, NULL, SOCK_NONBLOCK);
	if (client >= 0)
		close(client);
	bind(3, (struct sockaddr *)&nowhere, sizeof(nowhere));
	setsockopt(3, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
	if (owner % 2 == 0 || getpid() % 2)
		connect(3, &none, sizeof(none));
	if (getpid() % 3 == 0)
		shutdown(3, SHUT_RDWR);
	return 0;
}
