/* Asks the kernel about connections, one question at a time. Nobody knows before how long an answer takes: the
 * kernel looks at every connection of the machine, and for the first question it may have to load a module. So a
 * thread asks until the kernel was seen to be quick, and again as soon as it is not. */
#include "engine/clients/conn_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/core/worker.h"
#include "engine/runtime/runtime.h"

#define QUICK 0.001                     /* seconds for which the loop may be held up */
#define PART 64                         /* counts that one question is about */
#define REST 200.                       /* pause before a question that can wait, in durations of the last one */

/* The part of one query in the question that is under way. Its counts and guests stay when the query is cancelled, as
 * the thread may be at them. */
struct share {
	struct conn_query *query;       /* NULL: it was cancelled */
	struct table *table;            /* held until the thread is done with it */
	size_t count;                   /* counts of the query */
	enum guests_use use;
	struct cookie_set cookies;
};

struct conn_queries {
	struct ev_loop *loop;
	struct list asked;              /* queries for the next question */
	ev_async turn;                  /* sent: a query has come, and no question is under way */
	ev_timer later;                 /* for queries that can wait */
	struct worker worker;           /* asks the kernel */
	struct share *shares;
	struct conn_count *conns;       /* copies of the counts of all shares */
	size_t share_count, tally_count;
	double took[1 << CONN_KINDS];   /* seconds for PART counts, by their kinds; 2 * QUICK while that is unknown */
	double last;                    /* seconds that the last question took */
	double ended;                   /* loop time of the last answer; 0: none yet */
};

bool conn_query_init(struct conn_query *query, struct service_runtime *runtime, size_t most,
		     void (*counted)(struct conn_query *query))
{
	struct conn_count *conns = calloc(most + 1, sizeof(*conns));

	*query = (struct conn_query){ 0 };
	if (!conns)
		return false;
	*query = (struct conn_query){ .runtime = runtime, .counted = counted, .conns = conns };
	list_init(&query->link);
	return true;
}

void conn_query_free(struct conn_query *query)
{
	if (!query->runtime)
		return;
	conn_query_cancel(query);
	free(query->conns);
	*query = (struct conn_query){ 0 };
}

struct conn_query *conn_query_new(struct service_runtime *runtime, void (*counted)(struct conn_query *query))
{
	struct conn_query *query = malloc(sizeof(*query));

	if (query && conn_query_init(query, runtime, runtime->listener_count, counted))
		return query;
	free(query);
	return NULL;
}

void conn_query_drop(struct conn_query **query)
{
	if (*query)
		conn_query_free(*query);
	free(*query);
	*query = NULL;
}

bool conn_query_add(struct conn_query *query, int fd, unsigned kinds)
{
	struct conn_count *conn = &query->conns[query->count];

	conn_count_init(conn, fd);
	if (!(kinds >> conn->kind & 1))
		return false;
	query->count++;
	return true;
}

void conn_query_add_listeners(struct conn_query *query, unsigned kinds)
{
	const struct service_runtime *runtime = query->runtime;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]))
			conn_query_add(query, runtime->listeners[n].io.fd, kinds);
	}
}

/* The kernel has a list of its own for each kind. */
static unsigned kinds_of(const struct conn_count *conns, size_t count)
{
	unsigned kinds = 0;

	for (size_t n = 0; n < count; n++)
		kinds |= 1u << conns[n].kind;
	return kinds;
}

static double parts_of(size_t count)
{
	size_t parts = count / PART + 1;

	return (double)parts;
}

static bool is_quick(const struct conn_queries *queries, const struct conn_count *conns, size_t count)
{
	return queries->took[kinds_of(conns, count)] * parts_of(count) <= QUICK;
}

static void count(struct conn_queries *queries)
{
	double began = clock_now();

	conn_counts_run(queries->conns, queries->tally_count);
	for (size_t n = 0; n < queries->share_count; n++) {
		if (queries->shares[n].use == GUESTS_NOTED)
			cookie_set_sort(&queries->shares[n].cookies);
	}
	queries->ended = clock_now();
	queries->last = queries->ended - began;
	queries->took[kinds_of(queries->conns, queries->tally_count)] = queries->last / parts_of(queries->tally_count);
}

static void count_in_thread(struct worker *worker)
{
	count(container_of(worker, struct conn_queries, worker));
}

static void let_go(struct table **table)
{
	if (*table)
		table_release(*table);
	*table = NULL;
}

static void forget_shares(struct conn_queries *queries)
{
	for (size_t n = 0; n < queries->share_count; n++) {
		let_go(&queries->shares[n].table);
		free(queries->shares[n].cookies.list);
	}
	free(queries->shares);
	free(queries->conns);
	queries->shares = NULL;
	queries->conns = NULL;
	queries->share_count = queries->tally_count = 0;
}

/* The last thing done with a query: counted may free it. */
static void finish(struct conn_query *query)
{
	query->failures = conn_query_is_whole(query) ? 0 : query->failures + 1;
	query->counted(query);
}

static void answer(struct share *share, const struct conn_count *conns)
{
	struct conn_query *query = share->query;

	memcpy(query->conns, conns, share->count * sizeof(*conns));
	for (size_t n = 0; n < share->count; n++)
		query->conns[n].cookies = NULL;
	free(query->cookies.list);      /* its user may have set it while the count was under way */
	query->cookies = share->cookies;
	share->cookies = (struct cookie_set){ 0 };
	query->place = NULL;
	finish(query);
}

/* A callback may ask anew, or withdraw the queries of others. */
static void tell(struct conn_queries *queries)
{
	const struct conn_count *conn = queries->conns;

	for (size_t n = 0; n < queries->share_count; n++) {
		if (queries->shares[n].query)
			answer(&queries->shares[n], conn);
		conn += queries->shares[n].count;
	}
	forget_shares(queries);
	if (!list_empty(&queries->asked))
		ev_async_send(queries->loop, &queries->turn);
}

static void on_done(struct worker *worker)
{
	tell(container_of(worker, struct conn_queries, worker));
}

static bool make_shares(struct conn_queries *queries)
{
	size_t shares = 0, conns = 0;

	LIST_EACH(link, &queries->asked) {
		shares++;
		conns += container_of(link, struct conn_query, link)->count;
	}
	queries->shares = calloc(shares + 1, sizeof(*queries->shares));
	queries->conns = calloc(conns + 1, sizeof(*queries->conns));
	if (queries->shares && queries->conns)
		return true;
	forget_shares(queries);
	return false;
}

/* Sets in each count what the whole query wants. */
static void instruct(const struct conn_query *query, struct conn_count *conns, struct cookie_set *guests)
{
	for (size_t n = 0; n < query->count; n++) {
		conns[n].which = query->which;
		conns[n].probes = query->probes;
		conns[n].cookies = query->use == GUESTS_IGNORED ? NULL : guests;
		conns[n].only_known = query->use == GUESTS_SOUGHT;
		conns[n].skips_known = query->use == GUESTS_SPARED;
	}
}

static void take(struct conn_queries *queries, struct conn_query *query)
{
	struct share *share = &queries->shares[queries->share_count++];
	struct conn_count *conns = queries->conns + queries->tally_count;

	*share = (struct share){ query, query->table, query->count, query->use, query->cookies };
	query->table = NULL;
	query->cookies = (struct cookie_set){ 0 };
	query->place = &share->query;
	if (share->use == GUESTS_NOTED)
		share->cookies = (struct cookie_set){ .list = share->cookies.list, .room = share->cookies.room };
	memcpy(conns, query->conns, query->count * sizeof(*conns));
	instruct(query, conns, &share->cookies);
	queries->tally_count += query->count;
}

static void take_asked(struct conn_queries *queries)
{
	LIST_EACH(link, &queries->asked) {
		list_remove(link);
		take(queries, container_of(link, struct conn_query, link));
	}
}

/* Out of memory: answers every query with "unknown". A callback may start its query anew, for the next turn, or cancel
 * those of others. */
static void tell_nothing(struct conn_queries *queries)
{
	struct list unanswered;

	list_init(&unanswered);
	LIST_EACH(link, &queries->asked) {
		list_remove(link);
		list_add(&unanswered, link);
	}
	while (!list_empty(&unanswered)) {
		struct conn_query *query = container_of(unanswered.next, struct conn_query, link);

		list_remove(&query->link);
		let_go(&query->table);
		for (size_t n = 0; n < query->count; n++)
			query->conns[n].known = false;
		finish(query);
	}
}

static double find_due(const struct conn_queries *queries)
{
	double due = HUGE_VAL;

	LIST_EACH(link, &queries->asked)
		due = fmin(due, container_of(link, struct conn_query, link)->due);
	return due;
}

/* true: the timer is set, and the question is put later. */
static bool wait_for_rest(struct conn_queries *queries)
{
	double rested = queries->ended > 0 ? queries->ended + REST * queries->last : 0;
	double wait = fmin(rested, find_due(queries)) - clock_now();

	ev_timer_stop(queries->loop, &queries->later);
	if (wait <= 0)
		return false;
	ev_timer_set(&queries->later, wait, 0.);
	ev_timer_start(queries->loop, &queries->later);
	return true;
}

/* Puts all queries of the last turn of the loop as one question; engine/clients/close_events has told the kernel of
 * their ports by now. */
static void take_turn(struct conn_queries *queries)
{
	if (queries->worker.busy || list_empty(&queries->asked) || wait_for_rest(queries))
		return;
	if (!make_shares(queries)) {
		tell_nothing(queries);
		return;
	}
	take_asked(queries);
	if (!is_quick(queries, queries->conns, queries->tally_count) && worker_start(&queries->worker))
		return;
	count(queries);
	tell(queries);
}

static void on_turn(struct ev_loop *loop, ev_async *turn, int events)
{
	(void)loop, (void)events;
	take_turn(container_of(turn, struct conn_queries, turn));
}

static void on_later(struct ev_loop *loop, ev_timer *later, int events)
{
	(void)loop, (void)events;
	take_turn(container_of(later, struct conn_queries, later));
}

static struct conn_queries *conn_queries_of(struct engine *engine)
{
	struct conn_queries *queries = engine->conn_queries;

	if (queries)
		return queries;
	queries = engine->conn_queries = calloc(1, sizeof(*queries));
	if (!queries)
		return NULL;
	queries->loop = engine->loop;
	for (size_t n = 0; n < sizeof(queries->took) / sizeof(*queries->took); n++)
		queries->took[n] = 2 * QUICK;
	list_init(&queries->asked);
	ev_async_init(&queries->turn, on_turn);
	ev_async_start(queries->loop, &queries->turn);
	worker_init(&queries->worker, queries->loop, count_in_thread, on_done);
	ev_init(&queries->later, on_later);
	queries->later.data = queries;
	return queries;
}

bool conn_query_start(struct conn_query *query)
{
	struct conn_queries *queries = conn_queries_of(query->runtime->engine);

	if (!queries)
		return false;
	if (conn_query_is_open(query))
		return true;
	list_add(&queries->asked, &query->link);
	query->since = query->runtime->since;
	query->probes = query->no_probes ? query->runtime->service->probes : NULL;
	query->table = query->runtime->table;
	query->table->users++;
	if (!queries->worker.busy)
		ev_async_send(queries->loop, &queries->turn);
	return true;
}

bool conn_query_now(struct conn_query *query)
{
	const struct conn_queries *queries = query->runtime->engine->conn_queries;

	if (!queries || queries->worker.busy || !is_quick(queries, query->conns, query->count))
		return false;
	query->probes = query->no_probes ? query->runtime->service->probes : NULL;
	instruct(query, query->conns, &query->cookies);
	conn_counts_run(query->conns, query->count);
	return true;
}

void conn_query_note(struct conn_query *query)
{
	conn_query_cancel(query);
	query->use = GUESTS_NOTED;
	query->which = CONN_WHICH_ALL;
}

void conn_query_seek(struct conn_query *query)
{
	query->use = GUESTS_SOUGHT;
	query->which = CONN_WHICH_ACCEPTED;
}

bool conn_query_is_whole(const struct conn_query *query)
{
	for (size_t n = 0; n < query->count; n++) {
		if (!query->conns[n].known)
			return false;
	}
	return !query->cookies.failed;
}

bool conn_query_is_current(const struct conn_query *query)
{
	return query->runtime->since == query->since;
}

uint32_t conn_query_sum(const struct conn_query *query)
{
	uint32_t sum = 0;

	for (size_t n = 0; n < query->count; n++)
		sum += query->conns[n].known ? query->conns[n].count : 0;
	return sum;
}

void conn_query_cancel(struct conn_query *query)
{
	list_remove(&query->link);
	let_go(&query->table);
	if (query->place)
		*query->place = NULL;
	query->place = NULL;
	free(query->cookies.list);
	query->cookies = (struct cookie_set){ 0 };
	query->failures = 0;
}

void conn_queries_end(struct engine *engine)
{
	struct conn_queries *queries = engine->conn_queries;

	if (!queries)
		return;
	worker_end(&queries->worker);
	ev_async_stop(queries->loop, &queries->turn);
	ev_timer_stop(queries->loop, &queries->later);
	forget_shares(queries);
	free(queries);
	engine->conn_queries = NULL;
}
