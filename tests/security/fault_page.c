/* A process that holds a lock of the kernel for ever: it passes a page of its own FUSE file, whose READ is never
 * answered, to a system call that reads or writes it under that lock. Who waits for the lock can't be killed.
 *
 *   fault_page write FD|PATH [stay]    the lock of a pipe or fifo, after some lines have been written to it
 *   fault_page options FD [stay]       the lock of an IPv4 socket
 *   fault_page receive FD [stay]       the lock of those who receive at a unix socket; it waits for a message first
 *   fault_page folder PATH [stay]      the lock of a folder
 *   fault_page store                   that of a pipe whose reading end it has given to superd (FDSTORE=1); then
 *                                      FDSTOREREMOVE=1
 *
 * stay: a process in a session of its own does it, so that its parent can end, which waits until the page is asked for.
 * The file system says on standard error that it was asked 15 (FUSE_READ); the lock is held then. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <netinet/in.h>

#include "fuse_server.h"
#include "pass_descriptors.h"

#define PAGE 4096
#define LINE "hello\n"
#define LINES 5000                      /* enough to keep a reader busy until the lock is held */

static int open_target(const char *mode, const char *target)
{
	bool is_number = *target >= '0' && *target <= '9';
	int fd;

	if (is_number)
		return atoi(target);
	fd = open(target, strcmp(mode, "folder") ? O_WRONLY | O_NONBLOCK : O_RDONLY | O_DIRECTORY);
	if (fd < 0) {
		perror(target);
		exit(1);
	}
	return fd;
}

/* An ordinary page, and behind it the one that nobody gets. */
static char *map_pages(void)
{
	char *pages = mmap(NULL, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	fuse_mount(SILENT_ON_READ);
	fd = fuse_open(O_RDWR);
	if (pages == MAP_FAILED ||
	    mmap(pages + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
		perror("mapping its file");
		exit(1);
	}
	return pages;
}

static void write_lines(int fd)
{
	static char text[LINES * (sizeof(LINE) - 1) + 1];

	for (size_t n = 0; n < LINES; n++)
		memcpy(text + n * (sizeof(LINE) - 1), LINE, sizeof(LINE) - 1);
	if (write(fd, text, sizeof(text) - 1) < 0)
		perror("writing lines");
}

static void hold(const char *mode, int fd, char *pages)
{
	char *fault = pages + PAGE;
	long got = -1;

	if (!strcmp(mode, "write")) {
		write_lines(fd);
		got = write(fd, fault, PAGE);
	} else if (!strcmp(mode, "options")) {
		got = setsockopt(fd, IPPROTO_IP, IP_OPTIONS, fault - 8, 40);    /* the first int is read without */
	} else if (!strcmp(mode, "receive")) {
		struct pollfd arrives = { fd, POLLIN, 0 };

		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		poll(&arrives, 1, -1);
		got = recv(fd, fault, PAGE, 0);
	} else if (!strcmp(mode, "folder")) {
		got = syscall(SYS_getdents64, fd, fault, PAGE);
	}
	fprintf(stderr, "the call has returned %ld: %s\n", got, strerror(errno));
	exit(1);
}

/* Its parent returns once this has its pages, and little is left to do. */
static void stay(const char *mode, int fd)
{
	int ready[2];
	char *pages, byte;

	if (pipe(ready) < 0)
		exit(1);
	if (fork() > 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1)
			poll(NULL, 0, 300);
		return;
	}
	setsid();
	if (fork() > 0)
		_exit(0);
	close(ready[0]);
	pages = map_pages();
	if (write(ready[1], "", 1) < 0)
		exit(1);
	close(ready[1]);
	hold(mode, fd, pages);
}

static int store(void)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	int superd = notify ? connect_to(SOCK_DGRAM, notify) : -1, ends[2];

	if (superd < 0 || pipe(ends) < 0)
		return 2;
	if (send(superd, "READY=1", 7, 0) < 0 || !pass_descriptors(superd, "FDSTORE=1\nFDNAME=x", ends, 1))
		return 1;
	close(ends[0]);
	stay("write", ends[1]);
	close(ends[1]);
	if (send(superd, "FDSTOREREMOVE=1\nFDNAME=x", 24, 0) < 0)
		return 1;
	fprintf(stderr, "asked superd to close a pipe\n");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 2 && !strcmp(argv[1], "store"))
		return store();
	if (argc < 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	fd = open_target(argv[1], argv[2]);
	if (argc > 3 && !strcmp(argv[3], "stay"))
		stay(argv[1], fd);
	else
		hold(argv[1], fd, map_pages());
	return 0;
}
