/* Waits an hour by the call that its argument names, and ends with 0 when that is over: for the test of the clock. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#define HOUR 3600

static const struct timespec hour = { .tv_sec = HOUR };

static bool by_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(epoll_create1(EPOLL_CLOEXEC), &event, 1, HOUR * 1000) == 0;
}

static bool by_poll(void)
{
	return poll(NULL, 0, HOUR * 1000) == 0;
}

static bool by_ppoll(void)
{
	return ppoll(NULL, 0, &hour, NULL) == 0;
}

static bool by_nanosleep(void)
{
	return nanosleep(&hour, NULL) == 0;
}

static bool by_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigtimedwait(&set, NULL, &hour) < 0 && errno == EAGAIN;
}

static bool by_timerfd(void)
{
	const struct itimerspec once = { .it_value = hour };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 && timerfd_settime(fd, 0, &once, NULL) == 0 &&
		epoll_wait(epoll, &event, 1, -1) == 1;
}

static bool by_condition(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t attributes;
	pthread_cond_t condition;
	struct timespec until;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&condition, &attributes);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += HOUR;
	pthread_mutex_lock(&mutex);
	return pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT;
}

/* As superd's threads do. */
static void *run_thread(void *context)
{
	*(bool *)context = by_condition();
	return NULL;
}

static bool by_condition_of_a_thread(void)
{
	bool done = false;
	pthread_t thread;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return pthread_create(&thread, NULL, run_thread, &done) == 0 && pthread_join(thread, NULL) == 0 && done;
}

static void on_signal(int signal)
{
	(void)signal;
}

static bool by_nothing_but_a_signal(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	return poll(NULL, 0, -1) < 0 && errno == EINTR;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*wait)(void);
	} ways[] = {
		{ "epoll", by_epoll },
		{ "poll", by_poll },
		{ "ppoll", by_ppoll },
		{ "nanosleep", by_nanosleep },
		{ "sigtimedwait", by_sigtimedwait },
		{ "timerfd", by_timerfd },
		{ "condition", by_condition },
		{ "thread", by_condition_of_a_thread },
		{ "signal", by_nothing_but_a_signal },
	};

	for (size_t n = 0; argc == 2 && n < sizeof(ways) / sizeof(*ways); n++) {
		if (!strcmp(argv[1], ways[n].name))
			return ways[n].wait() ? 0 : 1;
	}
	fprintf(stderr, "usage: waiter WAY\n");
	return 2;
}
