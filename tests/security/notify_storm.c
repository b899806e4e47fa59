/* A backend whose processes send to superd as fast as it takes, for ever: all that sd_notify(3) knows, false and
 * broken, or descriptors.
 *
 *   notify_storm words       lines of all keys, with control sequences, too long, with NULs
 *   notify_storm store       descriptors to be kept, removed and kept again
 *   notify_storm passed      descriptors that nobody asked for, 253 with each message */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pass_descriptors.h"

#define PROCESSES 4
#define MOST 253

static const char *const words[] = {
	"STATUS=\033]0;owned\007\033[2J\r\nREADY=1", "READY=1", "RELOADING=1", "STOPPING=0", "MAINPID=1", "MAINPID=-1",
	"EXTEND_TIMEOUT_USEC=18446744073709551615", "WATCHDOG=1", "WATCHDOG=trigger", "WATCHDOG_USEC=1", "ERRNO=99999",
	"FDSTOREREMOVE=1\nFDNAME=a", "BARRIER=1", "NOTIFYACCESS=none", "BUSERROR=\033[31m", "EXIT_STATUS=-1", "", "=",
	"\n\n",
};

static void pause_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void send_words(int superd)
{
	static char large[8192];
	size_t next = 0;

	memset(large, '\033', sizeof(large));
	for (;;) {
		const char *text = words[next++ % (sizeof(words) / sizeof(*words))];

		send(superd, text, strlen(text), 0);
		if (next % 16 == 0)
			send(superd, large, next % sizeof(large), 0);
		if (next % 64 == 0)
			send(superd, "STATUS=a\0b", 10, 0);
	}
}

static void send_descriptors(int superd, const char *text, int *fds, size_t count)
{
	if (!pass_descriptors(superd, text, fds, count))
		pause_a_moment();
}

static void store(int superd)
{
	char text[64];
	int fds[4];

	for (unsigned next = 0;; next++) {
		fds[0] = eventfd(0, 0);
		fds[1] = socket(AF_UNIX, SOCK_STREAM, 0);
		fds[2] = open("/dev/null", O_RDWR);
		snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%u", next % 100);
		send_descriptors(superd, text, fds, 3);
		for (int n = 0; n < 3; n++)
			close(fds[n]);
		if (next % 50)
			continue;
		snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%u", next % 100);
		send(superd, text, strlen(text), 0);
	}
}

static void pass_many(int superd)
{
	int fds[MOST];

	for (int n = 0; n < MOST; n++)
		fds[n] = STDIN_FILENO;
	for (;;)
		send_descriptors(superd, "STATUS=x", fds, MOST);
}

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET"), *manner = argc > 1 ? argv[1] : "";
	int superd;

	if (!notify)
		return 2;
	superd = connect_to(SOCK_DGRAM, notify);
	send(superd, "READY=1", 7, 0);
	for (int n = 1; n < PROCESSES; n++) {
		if (fork() == 0)
			break;
	}
	fprintf(stderr, "the storm begins\n");
	if (!strcmp(manner, "words"))
		send_words(superd);
	if (!strcmp(manner, "store"))
		store(superd);
	if (!strcmp(manner, "passed"))
		pass_many(superd);
	return 2;
}
