/* Asks superd-exec about the conditions of a service's sockets. Its answer has a number for each socket. */
#include "superd/socket/socket_condition.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exec/record/start_record.h"
#include "lib/build_id.h"
#include "lib/fd.h"
#include "os/foreign/foreign_path.h"
#include "os/fs/memory_file.h"
#include "os/host/program.h"
#include "superd/socket/listeners.h"

#define AT_ONCE 8                       /* queries under way, each a process */

static words conditions_of(const struct condition_query *query, size_t n)
{
	return query->sockets[n].listener->listen->options->socket_condition;
}

static void free_lists(struct condition_list *lists, size_t count)
{
	for (size_t n = 0; n < count; n++)
		free(lists[n].list);
	free(lists);
}

/* The table's reader has checked the texts. */
static bool read_conditions(struct condition_list *list, words texts)
{
	size_t count = words_count(texts);

	list->list = calloc(count + 1, sizeof(*list->list));
	for (; list->list && list->count < count; list->count++)
		condition_read(texts[list->count], &list->list[list->count]);
	return list->list;
}

/* All conditions as a file. -1 and errno. */
static int write_conditions(const struct condition_query *query)
{
	struct condition_list *lists = calloc(query->count, sizeof(*lists));
	struct record record = { 0 };
	size_t count = query->count;
	bool good = lists;
	int file = -1;

	for (size_t n = 0; good && n < count; n++)
		good = read_conditions(&lists[n], conditions_of(query, n));
	if (good)
		condition_lists_record(&record, &lists, &count);
	if (good && !record.out.failed)
		file = memory_file(record.out.data, record.out.length);
	else
		errno = ENOMEM;
	buf_free(&record.out);
	free_lists(lists, lists ? count : 0);
	return file;
}

/* Starts superd-exec. false and errno. */
static bool begin_program(struct condition_query *query)
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	char check[] = "--check-conditions";
	char *argv[] = { (char *)(uintptr_t)program->name, (char *)(uintptr_t)build_word(), check, NULL };
	int file = write_conditions(query);
	bool begun = file >= 0 && foreign_execute(&query->job, *conditions_of(query, 0), program->fd, argv, file);

	fd_close(&file);
	return begun;
}

static bool read_verdicts(struct condition_query *query, const struct buf *verdicts)
{
	struct condition_verdict verdict;

	if (verdicts->length != query->count * sizeof(verdict))
		return false;
	for (size_t n = 0; n < query->count; n++) {
		memcpy(&verdict, verdicts->data + n * sizeof(verdict), sizeof(verdict));
		if (verdict.condition != CONDITIONS_HOLD && verdict.condition >= words_count(conditions_of(query, n)))
			return false;
		query->sockets[n].condition = verdict.condition == CONDITIONS_HOLD ? NULL
									 : conditions_of(query, n)[verdict.condition];
		query->sockets[n].is_assert = verdict.is_assert == 1;
	}
	return true;
}

static void stop_watching(struct condition_query *query)
{
	ev_io_stop(query->engine->loop, &query->io);
	ev_timer_stop(query->engine->loop, &query->timer);
	if (query->child.pid)
		child_table_remove(&query->engine->children, &query->child);
	query->child.pid = 0;
	list_remove(&query->link);
}

/* Reports a failure by the loop, as the owner has not returned yet. */
static void begin_one(struct condition_query *query)
{
	if (!begin_program(query)) {
		query->error = errno;
		ev_feed_event(query->engine->loop, &query->io, EV_CUSTOM);
		return;
	}
	query->child.pid = query->job.pid;
	child_table_add(&query->engine->children, &query->child);
	ev_io_set(&query->io, query->job.answer, EV_READ);
	ev_io_start(query->engine->loop, &query->io);
	ev_timer_again(query->engine->loop, &query->timer);
}

static void begin_next(struct engine *engine)
{
	unsigned begun = 0;

	LIST_EACH(link, &engine->listeners->condition_queries) {
		struct condition_query *query = container_of(link, struct condition_query, link);

		if (begun++ == AT_ONCE)
			return;
		if (query->job.answer < 0 && !query->error)
			begin_one(query);
	}
}

static void take_answer(struct condition_query *query)
{
	struct buf verdicts = { 0 }, unused = { 0 };

	stop_watching(query);
	if (!query->error) {
		foreign_end(&query->job, *conditions_of(query, 0), &verdicts, &unused);
		query->error = errno;
	}
	if (!query->error && !read_verdicts(query, &verdicts))
		query->error = EPROTO;
	buf_free(&verdicts);
	buf_free(&unused);
	begin_next(query->engine);
	query->answered(query);
}

static void on_answer(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	take_answer(container_of(io, struct condition_query, io));
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct condition_query *query = container_of(timer, struct condition_query, timer);

	(void)loop, (void)events;
	if (run_limit_left(&query->job.limit) <= 0)
		take_answer(query);
}

static void on_ended(struct child *child, int status)
{
	(void)status;
	child->pid = 0;
	container_of(child, struct condition_query, child)->job.reaped = true;
}

static bool is_asked(const struct listener *listener, bool all)
{
	return listener->listen->options->socket_condition && !listener_is_open(listener) &&
	       (all || listener_absence(listener) != ABSENT_CONDITION);
}

struct condition_query *condition_query_begin(struct engine *engine, struct listener *listeners, size_t count, bool all)
{
	struct condition_query *query;
	size_t asked = 0;

	for (size_t n = 0; n < count; n++)
		asked += is_asked(&listeners[n], all);
	query = asked ? calloc(1, sizeof(*query) + asked * sizeof(*query->sockets)) : NULL;
	errno = asked ? ENOMEM : 0;
	if (!query)
		return NULL;
	query->engine = engine;
	query->child.ended = on_ended;
	query->job.answer = -1;
	for (size_t n = 0; n < count; n++) {
		if (is_asked(&listeners[n], all))
			query->sockets[query->count++].listener = &listeners[n];
	}
	ev_init(&query->io, on_answer);
	ev_init(&query->timer, on_look);
	query->timer.repeat = RUN_LIMIT_STEP;
	list_add(&engine->listeners->condition_queries, &query->link);
	begin_next(engine);
	return query;
}

bool condition_query_is_under_way(const struct condition_query *query)
{
	return query && !list_empty(&query->link);
}

void condition_query_free(struct condition_query *query)
{
	if (condition_query_is_under_way(query)) {
		stop_watching(query);
		timed_job_drop(&query->job);
		begin_next(query->engine);
	}
	free(query);
}

void condition_queries_finish(struct engine *engine)
{
	struct list *queries = &engine->listeners->condition_queries;

	while (!list_empty(queries))
		take_answer(container_of(queries->next, struct condition_query, link));
}
