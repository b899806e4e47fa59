/* A clock that a test moves. A library for LD_PRELOAD, for superd alone: the programs that it starts have an
 * environment of their own, unless their table says otherwise.
 *
 * It adds an offset, which the test writes to a page that both have (TEST_CLOCK, page.h), to every clock but those of
 * processor time, and lets a timed wait end when the offset has grown past its time. Real time goes on besides. No wait
 * looks at the page again and again: the test sends SIGURG to each thread that waits, which ends a system call and
 * nothing else, and the wait goes on with what is left of it. The signal is blocked but for the system call itself
 * (epoll_pwait(2), ppoll(2)), and the page is read before that, so it cannot come too early. To a process that does not
 * wait it is nothing, as it is ignored by default. superd handles SIGURG like all signals, and must not get this one,
 * so no signalfd(2) here has it.
 *
 * What a caller of epoll_wait(2) has worked out as its time, it has by a clock that it read before: a step of the
 * test's in between counts as part of the wait.
 *
 * Limits by timer_create(2) and alarm(2), which end a process that hangs, stay real, as do the times that the kernel
 * measures. Only the calls that superd and libev make are here. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "page.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define SHORTLY (50 * MILLISECOND) /* what a loop looks at again so soon is under way … */
#define NEVER INT64_MIN
#define SIGNALS ((size_t)(_NSIG / 8)) /* bytes of the kernel's set of signals */
#define OF_THREAD _Thread_local __attribute__((tls_model("initial-exec")))

enum { TIMERS = 64 };
enum { LOOKS = 8 };		   /* … for so many looks behind a step; more of them may go on for ever */

typedef int timed_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until);

static struct clock_page *page;
static timed_wait *real_timed_wait;

static OF_THREAD int64_t offset_read = NEVER;	 /* the offset when this thread last read a clock */
static OF_THREAD volatile sig_atomic_t is_woken; /* by a step of the clock */
static OF_THREAD struct {
	bool waits;
	int64_t until; /* by the moved clock */
	struct timespec real;
} condition_wait;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TEST_CLOCK");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	page = at == MAP_FAILED ? NULL : at;
	real_timed_wait = (timed_wait *)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
}

static int64_t moved(void)
{
	return page ? page->offset : 0;
}

/* What the caller of a wait has gone by. */
static int64_t known_offset(void)
{
	return offset_read == NEVER ? moved() : offset_read;
}

static int64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec * SECOND + time->tv_nsec;
}

static struct timespec timespec_of(int64_t time)
{
	return (struct timespec){ time / SECOND, time % SECOND };
}

/* How much of real time has not counted since the test has held the clock. */
static int64_t lag(int64_t monotonic)
{
	int64_t held = page ? page->held : 0;

	return held ? monotonic - held : 0;
}

static int64_t read_monotonic(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return nanoseconds(&now);
}

static int64_t real_now(void)
{
	int64_t now = read_monotonic();

	return now - lag(now);
}

/* ---- clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	int64_t ahead;

	if (result < 0 || !page || clock < 0)
		return result;
	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID) {
		*now = (struct timespec){ 0 };  /* what superd does takes no time, so no machine is too slow for it */
		return result;
	}
	if (clock == CLOCK_MONOTONIC)
		page->offset += page->pace;
	ahead = offset_read = page->offset;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		ahead += page->wall;
	*now = timespec_of(nanoseconds(now) + ahead - lag(read_monotonic()));
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	*now = (struct timeval){ exact.tv_sec, exact.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *place)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (place)
		*place = now.tv_sec;
	return now.tv_sec;
}

/* ---- timers ---- */

/* The descriptors of timers that run from the time they were set; a forked process has none of its own. */
static struct {
	pid_t owner;
	int64_t offset; /* what all of them are set by */
	int fds[TIMERS];
	size_t count;
} timers;

static int64_t at_least_one(int64_t time)
{
	return time > 0 ? time : 1;
}

/* Sets them by what the offset has grown. A descriptor that is no timer any more is forgotten. */
static void move_timers(void)
{
	int64_t now = page->offset, passed = now - timers.offset;
	struct itimerspec left;

	if (timers.owner != getpid()) {
		timers.owner = getpid();
		timers.count = 0;
	}
	timers.offset = now;
	for (size_t n = passed ? timers.count : 0; n-- > 0;) {
		if (syscall(SYS_timerfd_gettime, timers.fds[n], &left) < 0) {
			timers.fds[n] = timers.fds[--timers.count];
		} else if (nanoseconds(&left.it_value)) {
			left.it_value = timespec_of(at_least_one(nanoseconds(&left.it_value) - passed));
			syscall(SYS_timerfd_settime, timers.fds[n], 0, &left, NULL);
		}
	}
}

static void note_timer(int fd)
{
	for (size_t n = 0; n < timers.count; n++) {
		if (timers.fds[n] == fd)
			return;
	}
	if (timers.count == TIMERS)
		abort();
	timers.fds[timers.count++] = fd;
}

/* One by absolute time is set once and for all: it is libev's, which expires when the machine's clock is set. */
int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec wanted = *new;
	int64_t value = nanoseconds(&wanted.it_value);
	int result;

	if (page)
		move_timers();
	if (page && value) {
		value -= flags & TFD_TIMER_ABSTIME ? timers.offset : timers.offset - known_offset();
		wanted.it_value = timespec_of(at_least_one(value));
	}
	result = (int)syscall(SYS_timerfd_settime, fd, flags, &wanted, old);
	if (page && result == 0 && !(flags & TFD_TIMER_ABSTIME))
		note_timer(fd);
	return result;
}

/* ---- waits ---- */

int signalfd(int fd, const sigset_t *mask, int flags)
{
	sigset_t without = *mask;

	if (page)
		sigdelset(&without, SIGURG);
	return (int)syscall(SYS_signalfd4, fd, &without, SIGNALS, flags);
}

static void set_condition_wait(void)
{
	condition_wait.real = timespec_of(condition_wait.until - page->offset);
}

static void on_step(int signal)
{
	(void)signal;
	is_woken = 1;
	if (condition_wait.waits)
		set_condition_wait();
}

struct wait {
	enum { EPOLL, POLL, SIGNALS_OF_SET } kind;
	int epoll;
	struct epoll_event *events;
	int most;
	struct pollfd *fds;
	nfds_t count;
	siginfo_t *info;
	sigset_t set;	      /* to wait for */
	const sigset_t *mask; /* blocked meanwhile; NULL: as before */
	sigset_t mask_without;
	sigset_t before;
	struct clock_wait *place;
};

/* The place of a process that was killed in its wait stays taken. */
static struct clock_wait *take_place(bool is_loop)
{
	int32_t thread = (int32_t)syscall(SYS_gettid);

	for (uint32_t n = 0; n < CLOCK_WAITS; n++) {
		struct clock_wait *place = &page->wait[((uint32_t)thread + n) % CLOCK_WAITS];
		int32_t nobody = 0;

		if (!atomic_compare_exchange_strong(&place->thread, &nobody, thread))
			continue;
		place->process = getpid();
		place->is_loop = is_loop;
		return place;
	}
	abort();
}

/* superd resets all handlers when it begins, so this is set for each wait. */
static void begin_wait(struct wait *wait)
{
	const struct sigaction harmless = { .sa_handler = on_step, .sa_flags = SA_RESTART };
	sigset_t only;

	wait->place = take_place(wait->kind == EPOLL);
	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	pthread_sigmask(SIG_BLOCK, &only, &wait->before);
	sigaction(SIGURG, &harmless, NULL);
	wait->mask_without = wait->mask ? *wait->mask : wait->before;
	sigdelset(&wait->mask_without, SIGURG);
	wait->mask = &wait->mask_without;
	sigaddset(&wait->set, SIGURG);
}

/* What only a stop and SIGCONT has interrupted is no wake-up: superd goes back to sleep. */
static void end_wait(struct wait *wait, long result)
{
	int error = errno;

	wait->place->seen = 0;
	wait->place->process = 0;
	wait->place->thread = 0;
	if (!sigismember(&wait->before, SIGURG))
		pthread_sigmask(SIG_SETMASK, &wait->before, NULL);
	if (wait->kind == EPOLL && !(result < 0 && error == EINTR))
		page->woken++;
	errno = error;
}

/* left: nanoseconds; less than 0: without an end. What a step of the clock has ended is_woken. */
static long wait_really(struct wait *wait, int64_t left)
{
	struct timespec time = timespec_of(left);
	int64_t milliseconds = left < 0 ? -1 : (left + MILLISECOND - 1) / MILLISECOND;
	long result;

	if (wait->kind == EPOLL)
		return syscall(SYS_epoll_pwait, wait->epoll, wait->events, wait->most,
			       milliseconds > INT_MAX ? INT_MAX : (int)milliseconds, wait->mask, SIGNALS);
	if (wait->kind == POLL)
		return syscall(SYS_ppoll, wait->fds, wait->count, left < 0 ? NULL : &time, wait->mask, SIGNALS);
	result = syscall(SYS_rt_sigtimedwait, &wait->set, wait->info, left < 0 ? NULL : &time, SIGNALS);
	if (result == SIGURG) {
		is_woken = 1;
		errno = EINTR;
		return -1;
	}
	return result < 0 && errno == EAGAIN ? 0 : result;
}

/* Whether a loop that has nothing to do for this time sleeps. Where the clock is held no look comes by itself. */
static bool is_sleep(uint32_t generation, int64_t left)
{
	static uint32_t last;
	static unsigned looks;

	if (generation != last)
		looks = 0;
	last = generation;
	return left < 0 || left > SHORTLY || page->held || looks++ >= LOOKS;
}

/* Who waits by the page has nothing to do: there is nothing ready, and no timer is due. */
static long wait_by_page(struct wait *wait, int64_t until)
{
	for (;;) {
		uint32_t generation = page->generation;
		int64_t left;
		long result;

		is_woken = 0;
		if (wait->kind == EPOLL)
			move_timers();
		result = wait_really(wait, 0);
		left = until < 0 ? -1 : until - real_now() - page->offset;
		if (result == 0 && left <= 0 && until >= 0)
			return 0;
		if (result == 0) {
			wait->place->seen = wait->kind != EPOLL || is_sleep(generation, left) ? generation : 0;
			result = wait_really(wait, page->held ? -1 : left);
			wait->place->seen = 0;
		}
		if (result > 0 || (result < 0 && !(errno == EINTR && is_woken)))
			return result;
	}
}

/* A short pause that nothing but time can end: no step need end it, and it goes on where the clock is held. */
static bool is_pause(const struct wait *wait, int64_t time)
{
	return wait->kind == POLL && !wait->count && time >= 0 && time <= SHORTLY;
}

/* Another signal that comes together with that of a step is taken for it. */
static long wait_for(struct wait *wait, int64_t time)
{
	int64_t offset = wait->kind == EPOLL ? known_offset() : moved();
	long result;

	if (!page || !time || is_pause(wait, time))
		return wait_really(wait, time);
	begin_wait(wait);
	result = wait_by_page(wait, time < 0 ? -1 : real_now() + offset + time);
	end_wait(wait, result);
	return result;
}

static int64_t of_milliseconds(int timeout)
{
	return timeout < 0 ? -1 : timeout * MILLISECOND;
}

int epoll_pwait(int epoll, struct epoll_event *events, int most, int timeout, const sigset_t *mask)
{
	struct wait wait = { .kind = EPOLL, .epoll = epoll, .events = events, .most = most, .mask = mask };

	return (int)wait_for(&wait, of_milliseconds(timeout));
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	return epoll_pwait(epoll, events, most, timeout, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct wait wait = { .kind = POLL, .fds = fds, .count = count };

	return (int)wait_for(&wait, of_milliseconds(timeout));
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct wait wait = { .kind = POLL, .fds = fds, .count = count, .mask = mask };

	return (int)wait_for(&wait, timeout ? nanoseconds(timeout) : -1);
}

/* As a program calls them that was compiled with _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
	(void)size;
	return poll(fds, count, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, count, timeout, mask);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	struct wait wait = { .kind = POLL };
	int64_t until = real_now() + moved() + nanoseconds(time), rest;
	int result = nanoseconds(time) ? (int)wait_for(&wait, nanoseconds(time)) : 0;

	if (result < 0 && left) {
		rest = until - real_now() - moved();
		*left = timespec_of(rest > 0 ? rest : 0);
	}
	return result;
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	struct wait wait = { .kind = SIGNALS_OF_SET, .info = info, .set = *set };
	long result = wait_for(&wait, timeout ? nanoseconds(timeout) : -1);

	if (result == 0) {
		errno = EAGAIN;
		return -1;
	}
	return (int)result;
}

/* libc waits until a time that it reads again after each signal, so the handler changes it. The time is one of
 * CLOCK_MONOTONIC. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict until)
{
	struct wait wait = { .kind = POLL };
	uint32_t generation;
	sigset_t only;
	int result;

	if (!page)
		return real_timed_wait(condition, mutex, until);
	begin_wait(&wait);
	condition_wait.until = nanoseconds(until);
	condition_wait.waits = true;
	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	do {
		generation = page->generation;
		set_condition_wait();
	} while (generation != page->generation);
	result = real_timed_wait(condition, mutex, &condition_wait.real);
	condition_wait.waits = false;
	pthread_sigmask(SIG_BLOCK, &only, NULL);
	end_wait(&wait, 0);
	return result;
}
