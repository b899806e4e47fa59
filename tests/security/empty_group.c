/* empty_group FOLDER PORT: a backend whose process group empties after its leader's end without superd hearing of
 * it. When the leader is told to end, a member of its group stays behind for a moment, whose parent is in a session
 * of its own. After that FOLDER/empty holds the group's number. Once there is FOLDER/go, a client connects to PORT,
 * whose service is to get that number. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_a_little(void)
{
	usleep(5000);
}

static void empty(pid_t leader, pid_t member, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
	int client = socket(AF_INET, SOCK_STREAM, 0);
	FILE *file;

	while (getppid() == leader)
		wait_a_little();
	usleep(300000);                 /* superd has looked at the group by now */
	kill(member, SIGKILL);
	waitpid(member, NULL, 0);
	file = fopen("empty", "w");
	fprintf(file, "%d\n", leader);
	fclose(file);
	while (access("go", F_OK) < 0)
		wait_a_little();
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(client, (void *)&to, sizeof(to));
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	pid_t leader = getpid(), member;

	if (argc != 3 || chdir(argv[1]) < 0)
		return 2;
	if (fork() == 0) {
		signal(SIGTERM, SIG_IGN);
		member = fork();
		if (member > 0) {
			setsid();
			empty(leader, member, atoi(argv[2]));
		}
	}
	for (;;)
		pause();
}
