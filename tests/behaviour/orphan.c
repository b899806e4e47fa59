/* Processes that nobody is the parent of: what a PID 1 has to do with.
 *
 *   orphan burst NUMBER      so many, which all end in one moment, that of the first client's answer
 *   orphan tidy MS FILE...   one for each FILE: told to end, it takes MS, each next twice as long, to write into FILE
 *                            how often it was told; who began them ends at once
 *
 * The hard thing is to be an orphan before anybody asks: each is born by a child that has ended by then. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "passed.h"

static void be_born(void (*live)(const char *argument, long number), const char *argument, long number)
{
	pid_t child = fork();

	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		live(argument, number);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static int ends[2];

static void wait_for_the_end(const char *argument, long number)
{
	char byte;

	(void)argument, (void)number;
	close(ends[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
}

static void answer(int listener)
{
	int client = accept(listener, NULL, NULL);

	dprintf(client, "%ld\n", (long)getpid());
	close(client);
}

static int burst(char **arguments)
{
	struct passed passed;

	passed_find(&passed);
	if (pipe(ends) < 0)
		return 1;
	for (long n = strtol(arguments[0], NULL, 10); n > 0; n--)
		be_born(wait_for_the_end, NULL, 0);
	answer(passed_wait(&passed, -1));
	close(ends[1]);
	for (;;)
		answer(passed_wait(&passed, -1));
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void clean_up(const char *path, long milliseconds)
{
	struct timespec rest;
	int told = 1;
	sigset_t set;
	FILE *file;
	long until;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigwaitinfo(&set, NULL);
	until = now_ms() + milliseconds;
	for (long left; (left = until - now_ms()) > 0;) {
		rest = (struct timespec){ left / 1000, left % 1000 * 1000000 };
		told += sigtimedwait(&set, NULL, &rest) == SIGTERM;
	}
	file = fopen(path, "we");
	if (!file || fprintf(file, "%d\n", told) < 0 || fclose(file) != 0)
		_exit(1);
}

static int tidy(char **arguments)
{
	long milliseconds = strtol(arguments[0], NULL, 10);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);     /* of all of them, so that none can be told too early */
	for (char **path = arguments + 1; *path; path++, milliseconds *= 2)
		be_born(clean_up, *path, milliseconds);
	puts("orphans are ready");
	fflush(stdout);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	while (pause() < 0)
		;
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "burst"))
		return burst(argv + 2);
	if (argc > 3 && !strcmp(argv[1], "tidy"))
		return tidy(argv + 2);
	fputs("usage: orphan burst NUMBER | orphan tidy MS FILE...\n", stderr);
	return 96;
}
