/* Bounds the starts that are under way at once. superd does nothing for this while no service waits, but count. */
#include "superd/instance/start_queue.h"

#include <limits.h>
#include <sched.h>
#include <stdint.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "os/proc/schedstat.h"

static struct start_ticket *ticket_of(const struct service_runtime *runtime)
{
	return runtime->run ? &runtime->run->start : NULL;
}

static struct service_runtime *runtime_of(struct list *link)
{
	return container_of(link, struct service_run, start.link)->runtime;
}

/* Places for clients' starts. A program that is started ahead may take long, and takes none of them. */
static unsigned count_free(const struct start_queue *queue)
{
	unsigned most = queue->most ? queue->most : UINT_MAX;

	return !queue->held && most > queue->running_count ? most - queue->running_count : 0;
}

void start_queue_offer(struct engine *engine)
{
	struct start_queue *queue = engine->start_queue;
	unsigned free_places = count_free(queue);

	LIST_EACH(link, &queue->line) {
		if (engine->quiet || !free_places--)
			return;
		runtime_post(runtime_of(link), ROOM);
	}
}

/* Whether the processes of a start have wanted a processor since the last look; true if that is unknown. */
static bool is_busy(struct start_ticket *ticket, double now)
{
	bool runs = true;
	double demand = ticket->pid > 0 ? schedstat_demand(ticket->pid, &runs) : -1., before = ticket->demand;
	double passed = now - ticket->looked;
	bool is_known = ticket->looked > 0 && demand >= before;

	if (demand < 0)
		return true;
	ticket->demand = demand;
	ticket->looked = now;
	return runs || !is_known || demand - before >= START_BUSY * passed;
}

static void on_alarm(struct alarm *alarm)
{
	struct start_queue *queue = container_of(alarm, struct start_queue, alarm);
	double now = clock_now();
	unsigned looks = 0;

	LIST_EACH(link, &queue->running) {
		struct start_ticket *ticket = container_of(link, struct start_ticket, link);

		if (ticket->until <= now || (looks++ < START_LOOKS_MOST && !is_busy(ticket, now)))
			start_queue_leave(runtime_of(link));
	}
	if (queue->waiting_count)
		alarm_set(alarm, START_LOOK);
}

void start_queue_init(struct engine *engine, struct start_queue *queue)
{
	engine->start_queue = queue;
	list_init(&queue->line);
	list_init(&queue->running);
	alarm_init(&queue->alarm, engine, on_alarm);
}

void start_queue_free(struct engine *engine)
{
	alarm_stop(&engine->start_queue->alarm);
}

unsigned start_queue_default(void)
{
	cpu_set_t sets[8];              /* 8192 processors: the kernel needs room for all that the machine may have */

	return sched_getaffinity(0, sizeof(sets), sets) < 0 ? 2 : 2 * (unsigned)CPU_COUNT_S(sizeof(sets), sets);
}

static void begin(struct start_queue *queue, struct service_runtime *runtime)
{
	struct start_ticket *ticket = &runtime->run->start;
	double limit = (double)runtime->service->groups->lifecycle->timeout_start / 1e6;

	ticket->stage = START_RUNS;
	ticket->pid = 0;
	ticket->demand = ticket->looked = 0;
	ticket->until = clock_now() + number_min(limit, START_LONGEST);
	list_add(&queue->running, &ticket->link);
	queue->running_count++;
}

static void join(struct start_queue *queue, struct service_runtime *runtime)
{
	struct start_ticket *ticket = &runtime->run->start;

	ticket->stage = START_WAITS;
	ticket->number = ++queue->last_number;
	list_add(&queue->line, &ticket->link);
	queue->delayed++;
	if (!queue->waiting_count++)
		alarm_set(&queue->alarm, START_LOOK);
}

/* Whether fewer services than `most` stand before this one in line. */
static bool is_among_first(const struct start_queue *queue, const struct start_ticket *ticket, unsigned most)
{
	LIST_EACH(link, (struct list *)(uintptr_t)&queue->line) {
		if (!most--)
			return false;
		if (link == &ticket->link)
			return true;
	}
	return false;
}

bool start_queue_take(struct service_runtime *runtime)
{
	struct start_queue *queue = runtime->engine->start_queue;
	struct start_ticket *ticket = &runtime->run->start;

	if (ticket->stage == START_RUNS)        /* the start before had its place still */
		start_queue_leave(runtime);
	if (ticket->stage == START_NONE && (queue->waiting_count || !count_free(queue)))
		join(queue, runtime);
	if (ticket->stage == START_WAITS) {
		if (!is_among_first(queue, ticket, count_free(queue)))
			return false;
		list_remove(&ticket->link);
		queue->waiting_count--;
	}
	begin(queue, runtime);
	return true;
}

void start_queue_note_run(struct service_runtime *runtime, pid_t pid)
{
	struct start_ticket *ticket = &runtime->run->start;

	if (ticket->stage != START_RUNS)
		return;
	ticket->pid = pid;
	ticket->looked = clock_now();
}

void start_queue_hold(struct engine *engine, bool held)
{
	bool ends = engine->start_queue->held && !held;

	engine->start_queue->held = held;
	if (ends)
		start_queue_offer(engine);
}

void start_queue_settle(struct service_runtime *runtime)
{
	struct start_ticket *ticket = ticket_of(runtime);

	if (ticket && ticket->stage == START_RUNS)
		ticket->until = number_min(ticket->until, clock_now() + START_UNSEEN);
}

void start_queue_leave(struct service_runtime *runtime)
{
	struct start_queue *queue = runtime->engine->start_queue;
	struct start_ticket *ticket = ticket_of(runtime);

	if (!ticket || ticket->stage == START_NONE)
		return;
	if (ticket->stage == START_RUNS)
		queue->running_count--;
	else
		queue->waiting_count--;
	ticket->stage = START_NONE;
	list_remove(&ticket->link);
	if (queue->waiting_count)
		start_queue_offer(runtime->engine);
	else
		alarm_stop(&queue->alarm);
}

void start_queue_follow(struct service_runtime *runtime)
{
	const struct start_ticket *ticket = ticket_of(runtime);
	unsigned run = runtime->state.run;

	if (!ticket || ticket->stage == START_NONE)
		return;
	if (ticket->stage == START_WAITS ? run == RUN_QUEUED : run == RUN_STARTING || run == RUN_RUNNING)
		return;
	if (ticket->stage == START_WAITS)
		runtime->started = false;       /* start = boot has not started it yet */
	start_queue_leave(runtime);
}

bool start_queue_has_room(const struct engine *engine)
{
	const struct start_queue *queue = engine->start_queue;

	return !queue->waiting_count && count_free(queue) > queue->ahead_count;
}

bool start_queue_waits(const struct service_runtime *runtime)
{
	const struct start_ticket *ticket = ticket_of(runtime);

	return ticket && ticket->stage == START_WAITS;
}

unsigned start_queue_place(const struct service_runtime *runtime)
{
	const struct start_queue *queue = runtime->engine->start_queue;
	const struct start_ticket *ticket = ticket_of(runtime);
	unsigned place = 0;

	if (!start_queue_waits(runtime))
		return 0;
	LIST_EACH(link, (struct list *)(uintptr_t)&queue->line) {
		if (++place > START_PLACE_MOST)
			return 0;
		if (link == &ticket->link)
			return place;
	}
	return 0;
}

/* Puts a ticket into the line behind those with smaller numbers. */
static void join_in_order(struct start_queue *queue, struct service_runtime *runtime)
{
	struct start_ticket *ticket = &runtime->run->start;
	struct list *behind = &queue->line;

	while (behind->previous != &queue->line &&
	       container_of(behind->previous, struct start_ticket, link)->number > ticket->number)
		behind = behind->previous;
	list_add(behind, &ticket->link);
	if (!queue->waiting_count++)
		alarm_set(&queue->alarm, START_LOOK);
	if (queue->last_number < ticket->number)
		queue->last_number = ticket->number;
}

void start_queue_load(struct service_runtime *runtime)
{
	struct start_queue *queue = runtime->engine->start_queue;
	struct start_ticket *ticket = ticket_of(runtime);
	bool runs = runtime->state.run == RUN_STARTING || runtime->state.run == RUN_RUNNING;
	bool accepts = runtime->service->exec->accept;

	if (!ticket || ticket->stage == START_NONE)
		return;
	if (ticket->stage == START_WAITS && !accepts && runtime->state.run == RUN_IDLE &&
	    service_is_wanted(runtime->state)) {
		runtime->state.run = RUN_QUEUED;
		join_in_order(queue, runtime);
	} else if (ticket->stage == START_RUNS && !accepts && runs) {
		list_add(&queue->running, &ticket->link);
		queue->running_count++;
	} else {
		if (ticket->stage == START_WAITS)
			runtime->started = false;
		ticket->stage = START_NONE;
	}
}

static const struct state_field queue_fields[] = {
	{ STATE_FIELD(start_queue, "delayed_starts", delayed) },
};
const struct field_table start_queue_state = FIELD_TABLE(NULL, start_queue, queue_fields);
