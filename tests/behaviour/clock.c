/* Moves the clock of superd under test, and waits until superd sleeps by it. The hard thing is to know that nothing is
 * under way any more: superd itself says so in the page, and of a worker process that is to answer it /proc shows
 * whether it sleeps. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "../clock/page.h"
#include "guarding.h"

enum { PROCESSES_MOST = 4096 };

static struct clock_page *page;
static const char *path;

void clock_prepare(void)
{
	int fd;

	if (page)
		return;
	path = path_in("test-clock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	cr_assert(fd >= 0 && fchmod(fd, 0666) == 0 && ftruncate(fd, sizeof(*page)) == 0, "%s: %s", path,
		  strerror(errno));
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(page, MAP_FAILED);
	close(fd);
	page->generation = CLOCK_BEGIN;
}

/* A sanitizer's library wants to be the first. */
void clock_enter(void)
{
	const char *options = getenv("ASAN_OPTIONS");

	setenv("LD_PRELOAD", text_of("%s/clock.so", getenv("SUPERD_TESTDIR")), 1);
	setenv("TEST_CLOCK", path, 1);
	if (running_sanitized())
		setenv("ASAN_OPTIONS", text_of("%s:verify_asan_link_order=0", options ? options : ""), 1);
}

struct superd *clock_run(const char *format, ...)
{
	const struct setup setup = { .clock = true };
	struct superd *superd;
	va_list list;

	va_start(list, format);
	superd = superd_run_with(&setup, "%s", text_of_list(format, list));
	va_end(list);
	return superd;
}

/* ---- steps ---- */

/* Signals the threads of this process that wait by the page. */
static void wake_process(pid_t pid, const struct clock_wait *const *waits, size_t count)
{
	pid_t number = process_own_number(pid, pid);

	for (size_t n = 0; n < count; n++) {
		if (number && waits[n]->process == number)
			syscall(SYS_tgkill, pid, process_find_thread(pid, waits[n]->thread), SIGURG);
	}
}

static size_t list_below(pid_t pid, pid_t *out)
{
	size_t count = process_descendants(pid, out, PROCESSES_MOST);

	cr_assert_leq(count, (size_t)PROCESSES_MOST);
	return count;
}

static void wake_all(void)
{
	static const struct clock_wait *waits[CLOCK_WAITS];
	pid_t below[PROCESSES_MOST];
	size_t count = 0, processes = list_below(getpid(), below);

	for (size_t n = 0; n < CLOCK_WAITS; n++) {
		if (page->wait[n].thread)
			waits[count++] = &page->wait[n];
	}
	for (size_t n = 0; n < processes; n++)
		wake_process(below[n], waits, count);
}

/* Who begins to wait behind the change reads it; who waits already is woken. */
static uint32_t step(long long milliseconds)
{
	uint32_t generation;

	cr_assert_not_null(page, "no superd of this test has a clock");
	page->offset += milliseconds * 1000000;
	generation = ++page->generation;
	wake_all();
	return generation;
}

void clock_move(long long milliseconds)
{
	step(milliseconds);
}

void clock_set_wall(long long milliseconds)
{
	page->wall = milliseconds * 1000000;
	step(0);
}

void clock_set_pace(long long milliseconds)
{
	page->pace = milliseconds * 1000000;
}

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void clock_hold(void)
{
	cr_assert_not_null(page, "no superd of this test has a clock");
	page->held = monotonic();
	step(0);
}

void clock_go_on(void)
{
	if (!page || !page->held)
		return;
	page->offset -= monotonic() - page->held;
	page->held = 0;
	step(0);
}

unsigned long clock_wakes(void)
{
	return page->woken;
}

bool clock_has_waiter(pid_t pid)
{
	for (size_t n = 0; n < CLOCK_WAITS; n++) {
		if (page->wait[n].process == pid)
			return true;
	}
	return false;
}

/* ---- rest ---- */

struct rest {
	uint32_t generation;
	bool of_backends;
};

static bool waits_by(pid_t pid, uint32_t generation, bool is_guard)
{
	pid_t number = process_own_number(pid, pid);

	for (size_t n = 0; n < CLOCK_WAITS; n++) {
		const struct clock_wait *wait = &page->wait[n];

		if (wait->thread == number && wait->process == number && wait->seen == generation &&
		    (is_guard || wait->is_loop))
			return true;
	}
	return false;
}

/* Who is called superd may be a start that is under way. */
static bool is_superds(struct superd *superd, pid_t pid)
{
	return process_is_beside(pid, NULL) || process_is_called(pid, superd->name);
}

/* A backend may run now and then, and has told superd whatever it had to tell where it sleeps in between. */
static bool superd_rests(struct superd *superd, const struct rest *rest, unsigned long *sum)
{
	bool has_guard = process_is_called(superd->pid, "superd-guard");
	pid_t below[PROCESSES_MOST], guarded = has_guard ? guarded_pid(superd) : 0;
	size_t count = list_below(superd->pid, below);
	unsigned long unused;

	*sum = page->woken;
	if (!waits_by(superd->pid, rest->generation, has_guard) || !process_rests(superd->pid, sum) ||
	    (guarded && !waits_by(guarded, rest->generation, false)))
		return false;
	for (size_t n = 0; n < count; n++) {
		bool counts = below[n] == guarded || is_superds(superd, below[n]);

		if ((counts || rest->of_backends) && !process_rests(below[n], counts ? sum : &unused))
			return false;
	}
	return true;
}

/* Nobody has run between two looks at all of them. */
static bool all_rest(struct superd *superd, const struct rest *rest)
{
	unsigned long before, sum;

	return superd_rests(superd, rest, &before) && superd_rests(superd, rest, &sum) && sum == before;
}

static void step_and_wait(struct superd *superd, long long milliseconds, bool of_backends)
{
	struct rest rest = { .of_backends = of_backends, .generation = step(milliseconds) };

	WAIT_UNTIL(superd_has_ended(superd) || all_rest(superd, &rest));
}

void clock_settle(struct superd *superd)
{
	step_and_wait(superd, 0, true);
}

void clock_advance(struct superd *superd, long long milliseconds)
{
	step_and_wait(superd, 0, true);
	step_and_wait(superd, milliseconds, true);
}

void clock_expect_wakes(struct superd *superd, long long milliseconds, int steps, unsigned long most)
{
	long long until = now_ms() + DEADLINE_MS;
	unsigned long before;

	do {
		before = page->woken;
		for (int n = 0; n < steps; n++)
			clock_advance(superd, milliseconds);
		cr_assert_lt(now_ms(), until, "%lu wake-ups in %d steps\n%s", page->woken - before, steps,
			     world_logs());
	} while (page->woken - before > most);
}

struct clock_steps clock_begin_steps(void)
{
	return (struct clock_steps){ .woken = page->woken, .until = now_ms() + DEADLINE_MS };
}

void clock_count_step(struct clock_steps *steps, int most, const char *condition)
{
	if (steps->count++ < most)
		return;
	do {
		cr_assert_lt(now_ms(), steps->until, "in vain: %s\n%s", condition, world_logs());
		pause_a_moment();
	} while (page->woken == steps->woken);
	steps->count = 1;
	steps->woken = page->woken;
}

bool clock_is_quiet(struct superd *superd, int fd)
{
	clock_advance(superd, HOUR_MS);
	clock_advance(superd, HOUR_MS);
	return client_is_quiet(fd, 0);
}

void clock_stop(struct superd *superd, long long milliseconds)
{
	superd_signal(superd, SIGTERM);
	WAIT_UNTIL((clock_move(milliseconds), superd_has_ended(superd)));
	cr_assert_eq(superd_wait_exit(superd), 0);
}

void clock_advance_beside(struct superd *superd, long long milliseconds)
{
	step_and_wait(superd, 0, false);
	step_and_wait(superd, milliseconds, false);
}
