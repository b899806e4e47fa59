/* A server that stays, and can have its listener in either way: it binds the port that it is given (pass = bind),
 * or has descriptor 3. It answers a line of a client with "y"; "c" with the nanoseconds that a system call takes
 * which no filter stops; "b" with those of a bind(2) that is none of superd's. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 200000, BINDS = 200 };

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int listen_at(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0) {
		perror("bound");
		exit(1);
	}
	return fd;
}

static long long time_calls(void)
{
	long long began = nanoseconds();

	for (int n = 0; n < CALLS; n++)
		syscall(SYS_getppid);
	return (nanoseconds() - began) / CALLS;
}

static long long time_binds(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	long long spent = 0;

	for (int n = 0; n < BINDS; n++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		long long began = nanoseconds();

		bind(fd, (struct sockaddr *)&any, sizeof(any));
		spent += nanoseconds() - began;
		close(fd);
	}
	return spent / BINDS;
}

int main(int argc, char **argv)
{
	int listener = argc > 1 ? listen_at(atoi(argv[1])) : 3, client;

	for (;;) {
		char line[512], answer[32] = "y";

		client = accept(listener, NULL, NULL);
		if (client < 0)
			continue;
		if (read(client, line, sizeof(line)) > 0) {
			if (*line == 'c')
				snprintf(answer, sizeof(answer), "%lld", time_calls());
			else if (*line == 'b')
				snprintf(answer, sizeof(answer), "%lld", time_binds());
			if (write(client, answer, strlen(answer)) < 0)
				return 1;
		}
		close(client);
	}
}
