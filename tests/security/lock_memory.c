/* A backend one process of which keeps the lock of its own memory (mmap_lock): one thread unmaps a dirty page of a file
 * whose file system does not take it, and another one, which maps, waits for that. Readers of its environ or cmdline
 * wait behind both.
 *
 *   lock_memory beside    it is an orphan in a session of its own, which nothing but its environment connects
 *   lock_memory daemon    it is left when the first process ends, which it does as soon as the lock is kept */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuse_server.h"

#define PAGE 4096

static void *unmap(void *page)
{
	munmap(page, PAGE);
	return NULL;
}

static void *map(void *unused)
{
	(void)unused;
	for (;;) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	return NULL;
}

static void hold(void)
{
	static char bytes[PAGE];
	pthread_t threads[2];
	char *page;
	int fd;

	fuse_mount(SILENT_ON_WRITE);
	fd = fuse_open(O_RDWR);
	if (write(fd, bytes, PAGE) != PAGE)
		_exit(1);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		_exit(1);
	*(volatile char *)page = 1;
	fprintf(stderr, "pid %ld keeps its memory locked\n", (long)getpid());
	pthread_create(&threads[0], NULL, unmap, page);
	pthread_create(&threads[1], NULL, map, NULL);
	pthread_join(threads[0], NULL);
	fprintf(stderr, "the memory is unlocked\n");
	_exit(1);
}

/* Its parent ends at once, and so superd is its parent. */
static pid_t start_orphan(void)
{
	pid_t child, orphan = 0;
	int ends[2];

	if (pipe(ends) < 0)
		return 0;
	child = fork();
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		orphan = getpid();
		if (write(ends[1], &orphan, sizeof(orphan)) < 0)
			_exit(1);
		syscall(__NR_close_range, 3, ~0U, 0);
		hold();
	}
	waitpid(child, NULL, 0);
	return read(ends[0], &orphan, sizeof(orphan)) == (ssize_t)sizeof(orphan) ? orphan : 0;
}

/* Whether a reader of its command line waits. */
static bool is_locked(pid_t pid)
{
	char path[64], bytes[64];
	pid_t reader = fork(), ended = 0;

	if (reader == 0) {
		snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
		_exit(read(open(path, O_RDONLY), bytes, sizeof(bytes)) < 0);
	}
	for (int n = 0; n < 30 && ended == 0; n++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		ended = waitpid(reader, NULL, WNOHANG);
	}
	if (ended == 0) {
		kill(reader, SIGKILL);
		waitpid(reader, NULL, 0);
	}
	return ended == 0;
}

int main(int argc, char **argv)
{
	bool stays = argc > 1 && !strcmp(argv[1], "beside");
	pid_t orphan = start_orphan();

	while (!stays && orphan && !is_locked(orphan))
		;
	while (stays)
		pause();
	return 0;
}
