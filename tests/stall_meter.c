/* Measures how long the machine keeps a process waiting that has nothing to do but to wake up. A machine that has the
 * time takes a few milliseconds. A virtual machine whose host has none may take a second, and a test that failed
 * meanwhile says nothing.
 *
 *   stall_meter                        until SIGTERM: prints the longest wait in milliseconds
 *   stall_meter sum                    until SIGTERM: prints all of them together
 *   stall_meter run SECONDS FILE PROGRAM [WORD...]
 *                                      runs a program as timeout(1) does, but counts only the time in which the machine
 *                                      ran; the longest wait goes to FILE. 124: it was ended when the time was over */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 20
#define LAST_MS 10000                   /* between SIGTERM and SIGKILL */
#define TIME_IS_OVER 124
#define CANNOT_RUN 127

struct meter {
	long long before;
	long long longest;
	long long sum;
};

static volatile sig_atomic_t is_over;

static void on_term(int signal)
{
	(void)signal;
	is_over = 1;
}

static void on_child(int signal)
{
	(void)signal;           /* ends a pause */
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Makes a pause. Returns for how much of it the machine ran, in milliseconds. */
static long long pause_and_measure(struct meter *meter)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	long long now, took, waited;

	nanosleep(&pause, NULL);
	now = now_ms();
	took = now - meter->before;
	waited = took > PAUSE_MS ? took - PAUSE_MS : 0;
	meter->longest = waited > meter->longest ? waited : meter->longest;
	meter->sum += waited;
	meter->before = now;
	return took < 2 * PAUSE_MS ? took : 2 * PAUSE_MS;
}

static void end_group(pid_t group, int signal)
{
	kill(-group, signal);
	kill(-group, SIGCONT);
}

/* Waits for the end of a process. Whoever it has started is of its group, unless they chose another. */
static int wait_for(pid_t pid, long long left, struct meter *meter)
{
	bool is_ending = false, is_late = false;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		left -= pause_and_measure(meter);
		if (!is_ending && (is_over || left <= 0)) {
			is_ending = true;
			is_late = !is_over;
			left = LAST_MS;
			end_group(pid, SIGTERM);
		} else if (left <= 0) {
			end_group(pid, SIGKILL);
		}
	}
	return is_late ? TIME_IS_OVER : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(double seconds, const char *path, char **program)
{
	struct meter meter = { .before = now_ms() };
	pid_t pid = fork();
	FILE *file;
	int status;

	if (pid == 0) {
		setpgid(0, 0);
		execvp(program[0], program);
		perror(program[0]);
		_exit(CANNOT_RUN);
	}
	if (pid < 0) {
		perror("fork");
		return CANNOT_RUN;
	}
	setpgid(pid, pid);
	status = wait_for(pid, (long long)(seconds * 1000), &meter);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%lld\n", meter.longest) < 0 || fclose(file) != 0)
		perror(path);
	return status;
}

int main(int argc, char **argv)
{
	const struct sigaction end = { .sa_handler = on_term }, child = { .sa_handler = on_child };
	struct meter meter = { .before = now_ms() };

	sigaction(SIGTERM, &end, NULL);
	if (argc > 4 && !strcmp(argv[1], "run")) {
		sigaction(SIGINT, &end, NULL);
		sigaction(SIGHUP, &end, NULL);
		sigaction(SIGCHLD, &child, NULL);
		return run(atof(argv[2]), argv[3], argv + 4);
	}
	while (!is_over)
		pause_and_measure(&meter);
	printf("%lld\n", argc > 1 && !strcmp(argv[1], "sum") ? meter.sum : meter.longest);
	return fflush(stdout) != 0;
}
