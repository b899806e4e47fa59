/* Limits for all: no service fills what all share.
 *
 * A place is room for one more instance: for its processes below the pids.max of superd's control group and of those
 * above it, and for the descriptors that superd needs while it starts. A service that runs may not take the places that
 * are kept for those of which nothing runs, one for each, a quarter of all at most: it waits in line until an instance
 * ends. So do starts beyond max_starting, in the same line: it bounds the work while superd begins. A start that
 * somebody waits for waits for what others do in their first second alone, and not for those whose last start was slow
 * or failed. Where the kernel refuses a process, a descriptor or memory all the same, nobody starts until something
 * has ended or a second has passed: that is no failure of anybody. */
#include "superd/daemon.h"

#include <dirent.h>

#define DESCRIPTORS_EACH 3 /* that an instance needs while it starts: its client, its report, a channel */
#define DESCRIPTORS_FREE 9 /* beside the sockets: for a start, and for the control socket with a client */
#define RESERVE_PART 8	   /* of a group's processes, for superd's own and for those that instances start; */
#define RESERVE_MOST 32	   /* at most */
#define RESERVE_OTHERS 2   /* of the reserve, for a service without an instance */
#define KEPT_PART 4	   /* of all places, which are kept at most for services without an instance */
#define AGAIN 1.	   /* seconds */
#define START_COUNTS 30.   /* seconds for which a start counts, at most; */
#define START_IS_FRESH 1.  /* for one that somebody waits for */

static struct {
	size_t total;	    /* instances that there may be at once */
	double looked;	    /* loop time at which it was found */
	double short_until; /* the kernel has refused something; 0: it has not */
	struct log_rate_limit told;
	size_t allowed; /* sockets that may yet be opened in the turn of the loop that began then */
	double allowed_at;
	bool is_full; /* there was none for the last one, which the log has */
	bool offers;
	size_t slow; /* starts that have lasted too long to count, as they may wait for one in line: at the last look */
	struct list fresh; /* by run->queue: those that count for a start that somebody waits for; by their time */
	size_t fresh_count;
	ev_timer again;
} places;

/* Processes that may still be started, less the reserve: the least that superd's group leaves, and those above it.
 * SIZE_MAX: nothing limits them. */
static size_t count_room(void)
{
	static const char *const hierarchies[] = { "", "pids" };
	size_t least = SIZE_MAX;

	for (int n = 0; n < 2; n++) {
		char path[PATH_MAX], file[PATH_MAX + 16], *last;
		const char *wrong;
		bool more = cgroup_find_own(hierarchies[n], path, sizeof(path), &wrong);

		for (; more; more = last && cgroup_is_group(path)) {
			int64_t most, used = 0, reserve;

			snprintf(file, sizeof(file), "%s/pids.max", path);
			if (fd_read_number(file, &most)) {
				snprintf(file, sizeof(file), "%s/pids.current", path);
				fd_read_number(file, &used);
				reserve = most / RESERVE_PART + 1;
				used += reserve < RESERVE_MOST ? reserve : RESERVE_MOST;
				most = most > used ? most - used : 0;
				least = (size_t)most < least ? (size_t)most : least;
			}
			if ((last = strrchr(path, '/')))
				*last = '\0';
		}
	}
	return least;
}

static size_t places_used(void)
{
	return superd.instances + superd.asking;
}

/* Descriptors that are free, at least. They are counted where the table and the instances might need all. */
static size_t count_free(void)
{
	size_t most = DESCRIPTORS_OWN + DESCRIPTORS_EACH * (places_used() + superd.table->count);
	struct rlimit limit;
	struct stat status;
	DIR *stream;

	for (size_t n = 0; n < superd.table->count; n++)
		most += superd.table->services[n].socket_count;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		limit.rlim_cur = INT_MAX;
	/* Since Linux 6.2 the folder's size is their number. */
	if (limit.rlim_cur < 2 * most && stat("/proc/self/fd", &status) == 0 && status.st_size > 0) {
		most = (size_t)status.st_size;
	} else if (limit.rlim_cur < 2 * most && (stream = opendir("/proc/self/fd"))) {
		for (most = 0; readdir(stream);)
			most++;
		closedir(stream);
	}
	return limit.rlim_cur > most ? (size_t)limit.rlim_cur - most : 0;
}

static void count_places(void)
{
	size_t processes = count_room(), descriptors = count_free();

	descriptors = descriptors > DESCRIPTORS_FREE ? (descriptors - DESCRIPTORS_FREE) / DESCRIPTORS_EACH : 0;
	places.total = places_used() - instances_gathered() + (processes < descriptors ? processes : descriptors);
	places.total += !places.total; /* one at least: the kernel has the last word */
	places.looked = ev_now(superd.loop);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	places.short_until = places.looked = 0;
	places.slow = 0;
	LIST_OF(struct svc, svc, link, &superd.services)
	{
		places.slow += svc->state == STARTING && svc->since + START_COUNTS < clock_now();
		if (svc->state == QUEUED && !svc->run->awaited && svc_readable(svc))
			svc_run(svc)->awaited = true;
	}
	limits_offer();
	if (!list_empty(&superd.queue))
		ev_timer_again(loop, timer);
}

void limits_note_start(struct svc *svc)
{
	struct run *run = svc_run(svc);

	superd.starting++;
	run->awaited = false;
	if (run->starts_slowly)
		return;
	list_add(&places.fresh, &run->queue);
	places.fresh_count++;
}

static void forget_fresh(struct run *run)
{
	list_remove(&run->queue);
	places.fresh_count--;
}

/* good: it has become ready. */
void limits_note_start_end(struct svc *svc, bool good)
{
	double lasted = clock_now() - svc->since;

	superd.starting--;
	places.slow -= places.slow && lasted > START_COUNTS;
	if (!list_empty(&svc->run->queue))
		forget_fresh(svc->run);
	svc_run(svc)->starts_slowly = !good || lasted > START_IS_FRESH;
}

/* superd has another table, or its first. */
void limits_begin(void)
{
	int64_t given = superd.options->given.max_starting, most = superd.table->globals.max_starting;
	unsigned highest = FD_LISTENER + 1;

	if (!ev_is_active(&places.again)) {
		ev_init(&places.again, on_again);
		if (!places.fresh.next)
			list_init(&places.fresh);
		places.again.repeat = AGAIN;
	}
	superd.most_starting = given >= 0 ? (size_t)given
		: most >= 0		  ? (size_t)most
					  : 2 * (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	if (superd.loaded > 0)
		ev_feed_event(superd.loop, &places.again, EV_TIMER);
	for (size_t n = 0; n < superd.table->count; n++)
		highest += superd.table->services[n].socket_count;
	fd_make_room((int)highest);
	count_places();
}

size_t limits_places(void)
{
	count_places();
	return places.total;
}

/* Whether an instance of the service may start now. */
bool limits_allow(const struct svc *svc)
{
	size_t kept, asleep = superd.table->count > superd.awake ? superd.table->count - superd.awake : 0;

	if (places.short_until > clock_now() || close_is_slow(svc))
		return false;
	if (places_used() > places.total / 2 && places.looked != ev_now(superd.loop))
		count_places();
	if (svc_is_empty(svc) && !svc->run->count) /* what superd itself has started since is no reason to wait */
		return places_used() < places.total + RESERVE_OTHERS;
	kept = asleep < places.total / KEPT_PART ? asleep : places.total / KEPT_PART;
	return places_used() + kept < places.total;
}

bool limits_allow_start(const struct svc *svc)
{
	if (!limits_allow(svc))
		return false;
	if (svc->row->exec->accept || !superd.most_starting || superd.starting < superd.most_starting + places.slow)
		return true;
	while (places.fresh_count) {
		struct run *first = container_of(places.fresh.next, struct run, queue);

		if (first->svc->since + START_IS_FRESH > clock_now())
			break;
		forget_fresh(first);
	}
	return svc->run->awaited && places.fresh_count < superd.most_starting;
}

void limits_wait(struct svc *svc)
{
	svc_unwatch(svc);
	superd.delayed += svc->state != QUEUED;
	svc_set(svc, QUEUED); /* first: it may be among the fresh starts */
	list_remove(&svc->run->queue);
	list_add(&superd.queue, &svc_run(svc)->queue);
	if (!ev_is_active(&places.again))
		ev_timer_again(superd.loop, &places.again);
}

/* Something has ended, or is ready: who waits is let in, in turn. Who may not have what is left keeps its turn. */
void limits_offer(void)
{
	struct list mark;

	if (places.offers || list_empty(&superd.queue))
		return;
	places.offers = true;
	list_add(&superd.queue, &mark);
	while (superd.queue.next != &mark && !superd_is_stopping()) {
		struct svc *svc = container_of(superd.queue.next, struct run, queue)->svc;

		list_remove(&svc->run->queue);
		if (limits_allow_start(svc))
			svc_activate(svc);
		else
			list_add(&superd.queue, &svc_run(svc)->queue);
	}
	list_remove(&mark);
	places.offers = false;
	if (list_empty(&superd.queue))
		ev_timer_stop(superd.loop, &places.again);
}

bool limits_are_meant(int error)
{
	return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* The kernel has refused what a start or a client needs. */
void limits_lack(struct svc *svc, const char *what, int error)
{
	char more[LOG_RATE_LIMIT_MORE];

	if (error == EMFILE) { /* services give up what they keep for their next start */
		LIST_OF(struct svc, other, link, &superd.services) {
			if (!svc_is_empty(other))
				continue;
			notify_close(other);
			output_release(other);
			journal_service(other); /* their numbers are another's soon */
		}
	}
	svc_set_reason(svc, "%s: %s", what, strerror(error));
	if (!svc->run->lacks && log_rate_limit_is_due(&places.told, more))
		svc_say(svc, LEVEL_WARNING, "exhausted", "%s: %s: its clients wait%s", what, strerror(error), more);
	svc->run->lacks = true;
	limits_wait(svc);
	places.short_until = clock_now() + AGAIN;
}

/* Counts a socket that is opened, if it may be: what a start takes stays free beside it, and what the control socket
 * does. Those that are free are counted once a turn. */
bool limits_take_socket(struct svc *svc)
{
	bool was_full = places.is_full;
	size_t free;

	if (places.allowed_at != ev_now(superd.loop)) {
		free = count_free();
		places.allowed = free > DESCRIPTORS_FREE ? free - DESCRIPTORS_FREE : 0;
		places.allowed_at = ev_now(superd.loop);
	}
	places.is_full = !places.allowed;
	places.allowed -= !places.is_full;
	if (places.is_full && !was_full)
		svc_say(svc, LEVEL_ERROR, "exhausted",
			"superd has too few descriptors for its sockets: cannot listen on all: %s: they are tried "
			"again",
			strerror(EMFILE));
	return !places.is_full;
}

/* Holds descriptors for what has to work although services have used up all others, or lets them go for that work. */
void limits_reserve(int *fds, size_t count, bool holds)
{
	for (size_t n = 0; n < count; n++) {
		if (!holds)
			fd_close(&fds[n]);
		else if (fds[n] < 0)
			fds[n] = fd_raise(fcntl(superd.null_in, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), FD_HIGH);
	}
}

/* An instance has ended: another may have what it had. */
void limits_note_end(void)
{
	places.short_until = 0;
}
