/* Asks the kernel about connections, one question at a time. The time that an answer takes is unknown: the kernel looks
 * at every connection of the machine, and for the first question it may have to load a module. So a thread asks until
 * the kernel was seen to be quick, and again as soon as it is not. */
#include "superd/stop/conn_query.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "os/socket/client.h"
#include "superd/loop/worker.h"
#include "superd/instance/runtime.h"

#define QUICK 0.001                     /* seconds of processor time for which the loop may be held up */
#define PART 64                         /* counts that one question is about */

#define TCP (1u << CONN_TCP)

/* By enum question. */
static const struct {
	unsigned char which;            /* enum conn_which */
	unsigned kinds;                 /* bits 1 << enum conn_kind: the sockets that it is about; 0: all */
	bool no_probes;                 /* connections from probe_from do not count */
	bool wants_words;               /* as in struct conn_count */
	bool skips_left;                /* the same, with probe = silent */
	/* Clients in cookies: mean nothing; are the answer; alone count; do not count. */
	enum { COOKIES_IGNORED, COOKIES_NOTED, COOKIES_SOUGHT, COOKIES_SPARED } cookies;
} questions[] = {
	[ASK_CLIENTS] = { CONN_WHICH_CLIENTS, .no_probes = true, .skips_left = true },
	[ASK_OTHERS] = { CONN_WHICH_CLIENTS, .no_probes = true, .skips_left = true, .cookies = COOKIES_SPARED },
	[ASK_WAKER] = { CONN_WHICH_CLIENTS, TCP, .no_probes = true },
	[ASK_QUEUED_WAKER] = { CONN_WHICH_QUEUED, TCP, .no_probes = true },
	[ASK_PROBES] = { CONN_WHICH_QUEUED, TCP, .no_probes = true },
	[ASK_SILENT] = { CONN_WHICH_QUEUED, TCP, .no_probes = true, .wants_words = true, .cookies = COOKIES_NOTED },
	[ASK_BACKLOG] = { CONN_WHICH_QUEUED, .cookies = COOKIES_NOTED },
	[ASK_ALL] = { CONN_WHICH_ALL, .cookies = COOKIES_NOTED },
	[ASK_LEFT] = { CONN_WHICH_ACCEPTED, .cookies = COOKIES_SOUGHT },
};

/* The part of one query in the question that is under way. Its counts and cookies stay when the query is cancelled,
 * because the thread may use them. */
struct slice {
	struct conn_query *query;       /* NULL: it was cancelled */
	struct table *table;            /* held until the thread is done with it */
	size_t count;                   /* counts of the query */
	enum question asks;
	struct cookie_set cookies;
};

struct conn_queries {
	struct ev_loop *loop;
	struct list asked;              /* queries for the next question */
	ev_async turn;                  /* sent: a query has come, and no question is under way */
	struct worker worker;           /* asks the kernel */
	struct slice *slices;
	struct conn_count *conns;       /* copies of the counts of all shares */
	size_t slice_count, conn_count_total;
	double duration[1 << CONN_KINDS]; /* seconds for PART counts, by their kinds; 2 * QUICK while that is unknown */
};

bool conn_query_init(struct conn_query *query, struct service_runtime *runtime, size_t most, enum question asks,
		     void (*counted)(struct conn_query *query))
{
	struct conn_count *conns = calloc(most + 1, sizeof(*conns));

	*query = (struct conn_query){ 0 };
	if (!conns)
		return false;
	*query = (struct conn_query){ .runtime = runtime, .counted = counted, .asks = asks, .conns = conns };
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

bool conn_query_add(struct conn_query *query, int fd)
{
	struct conn_count *conn = &query->conns[query->count];
	unsigned kinds = questions[query->asks].kinds;

	conn_count_init(conn, fd);
	if (query->runtime->service->exec->pass == PASS_BIND)
		conn_count_take_ipv4(conn, fd);
	if (kinds && !(kinds >> conn->kind & 1))
		return false;
	query->count++;
	return true;
}

void conn_query_add_listeners(struct conn_query *query)
{
	const struct service_runtime *runtime = query->runtime;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]))
			conn_query_add(query, runtime->listeners[n].fd);
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

static bool is_quick(const struct conn_queries *queries, const struct conn_count *conns, size_t count)
{
	return queries->duration[kinds_of(conns, count)] * (double)(count / PART + 1) <= QUICK;
}

/* A question costs the processor time that the kernel takes for it. On a busy machine much more time goes by while
 * others run, and that tells nothing of the next one. */
static void count_connections(struct conn_queries *queries)
{
	double began = clock_thread_cpu();

	conn_counts_run(queries->conns, queries->conn_count_total);
	for (size_t n = 0; n < queries->slice_count; n++) {
		if (questions[queries->slices[n].asks].cookies == COOKIES_NOTED)
			cookie_set_sort(&queries->slices[n].cookies);
	}
	queries->duration[kinds_of(queries->conns, queries->conn_count_total)] =
		(clock_thread_cpu() - began) / (double)(queries->conn_count_total / PART + 1);
}

static void count_in_thread(struct worker *worker)
{
	count_connections(container_of(worker, struct conn_queries, worker));
}

static void release_table(struct table **table)
{
	if (*table)
		table_release(*table);
	*table = NULL;
}

static void free_slices(struct conn_queries *queries)
{
	for (size_t n = 0; n < queries->slice_count; n++) {
		release_table(&queries->slices[n].table);
		cookie_set_free(&queries->slices[n].cookies);
	}
	free(queries->slices);
	free(queries->conns);
	queries->slices = NULL;
	queries->conns = NULL;
	queries->slice_count = queries->conn_count_total = 0;
}

/* The last thing done with a query: counted may free it. */
static void call_counted(struct conn_query *query)
{
	query->failures = conn_query_is_complete(query) ? 0 : query->failures + 1;
	query->counted(query);
}

static void answer_query(struct slice *slice, const struct conn_count *conns)
{
	struct conn_query *query = slice->query;

	memcpy(query->conns, conns, slice->count * sizeof(*conns));
	for (size_t n = 0; n < slice->count; n++)
		query->conns[n].cookies = NULL;
	cookie_set_free(&query->cookies);       /* its user may have set it while the count was under way */
	query->cookies = slice->cookies;
	slice->cookies = (struct cookie_set){ 0 };
	query->place = NULL;
	call_counted(query);
}

/* A callback may ask anew, or withdraw the queries of others. */
static void answer_queries(struct conn_queries *queries)
{
	const struct conn_count *conn = queries->conns;

	for (size_t n = 0; n < queries->slice_count; n++) {
		if (queries->slices[n].query)
			answer_query(&queries->slices[n], conn);
		conn += queries->slices[n].count;
	}
	free_slices(queries);
	if (!list_empty(&queries->asked))
		ev_async_send(queries->loop, &queries->turn);
}

static void on_done(struct worker *worker)
{
	answer_queries(container_of(worker, struct conn_queries, worker));
}

static bool make_slices(struct conn_queries *queries)
{
	size_t slices = 0, conns = 0;

	LIST_EACH(link, &queries->asked) {
		slices++;
		conns += container_of(link, struct conn_query, link)->count;
	}
	queries->slices = calloc(slices + 1, sizeof(*queries->slices));
	queries->conns = calloc(conns + 1, sizeof(*queries->conns));
	if (queries->slices && queries->conns)
		return true;
	free_slices(queries);
	return false;
}

/* Sets in each count what the whole query wants. */
static void set_wanted(const struct conn_query *query, struct conn_count *conns, struct cookie_set *cookies)
{
	bool silent = questions[query->asks].skips_left &&
		query->runtime->service->groups->lifecycle->probe == PROBE_SILENT;

	for (size_t n = 0; n < query->count; n++) {
		conns[n].which = questions[query->asks].which;
		conns[n].probes = query->probes;
		conns[n].wants_words = questions[query->asks].wants_words;
		conns[n].skips_left = silent;
		conns[n].cookies = questions[query->asks].cookies == COOKIES_IGNORED ? NULL : cookies;
		conns[n].only_known = questions[query->asks].cookies == COOKIES_SOUGHT;
		conns[n].skips_known = questions[query->asks].cookies == COOKIES_SPARED;
	}
}

static void take_query(struct conn_queries *queries, struct conn_query *query)
{
	struct slice *slice = &queries->slices[queries->slice_count++];
	struct conn_count *conns = queries->conns + queries->conn_count_total;

	*slice = (struct slice){ query, query->table, query->count, query->asks, query->cookies };
	query->table = NULL;
	query->cookies = (struct cookie_set){ 0 };
	query->place = &slice->query;
	if (questions[slice->asks].cookies == COOKIES_NOTED)
		slice->cookies = (struct cookie_set){ .list = slice->cookies.list, .room = slice->cookies.room,
						      .silent = slice->cookies.silent };
	memcpy(conns, query->conns, query->count * sizeof(*conns));
	set_wanted(query, conns, &slice->cookies);
	queries->conn_count_total += query->count;
}

/* Out of memory: answers every query with "unknown". A callback may start its query anew, for the next turn, or cancel
 * those of others. */
static void answer_unknown(struct conn_queries *queries)
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
		release_table(&query->table);
		for (size_t n = 0; n < query->count; n++)
			query->conns[n].known = false;
		call_counted(query);
	}
}

/* Puts all queries of the last turn of the loop as one question; superd/stop/close_events has told the kernel of
 * their ports by now. */
static void on_turn(struct ev_loop *loop, ev_async *turn, int events)
{
	struct conn_queries *queries = container_of(turn, struct conn_queries, turn);

	(void)loop, (void)events;
	if (queries->worker.busy || list_empty(&queries->asked))
		return;
	if (!make_slices(queries)) {
		answer_unknown(queries);
		return;
	}
	LIST_EACH(link, &queries->asked) {
		list_remove(link);
		take_query(queries, container_of(link, struct conn_query, link));
	}
	if (!is_quick(queries, queries->conns, queries->conn_count_total) && worker_start(&queries->worker))
		return;
	count_connections(queries);
	answer_queries(queries);
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
	for (size_t n = 0; n < sizeof(queries->duration) / sizeof(*queries->duration); n++)
		queries->duration[n] = 2 * QUICK;
	list_init(&queries->asked);
	ev_async_init(&queries->turn, on_turn);
	ev_async_start(queries->loop, &queries->turn);
	worker_init(&queries->worker, queries->loop, count_in_thread, on_done);
	return queries;
}

static void note_probes(struct conn_query *query)
{
	query->probes = questions[query->asks].no_probes ? service_prepared(query->runtime->service)->probes : NULL;
}

bool conn_query_start(struct conn_query *query)
{
	struct conn_queries *queries = conn_queries_of(query->runtime->engine);

	if (!queries)
		return false;
	if (!conn_query_is_open(query)) {
		list_add(&queries->asked, &query->link);
		note_probes(query);
		query->table = query->runtime->table;
		query->table->users++;
	}
	if (!queries->worker.busy)
		ev_async_send(queries->loop, &queries->turn);
	return true;
}

void conn_query_set_wanted(struct conn_query *query)
{
	note_probes(query);
	set_wanted(query, query->conns, &query->cookies);
}

bool conn_query_now(struct conn_query *query)
{
	const struct conn_queries *queries = query->runtime->engine->conn_queries;

	if (!queries || queries->worker.busy || !is_quick(queries, query->conns, query->count))
		return false;
	conn_query_set_wanted(query);
	conn_counts_run(query->conns, query->count);
	return true;
}

const struct cookie_set *conn_query_followed(const struct conn_query *query)
{
	if (query->place && query->asks == ASK_LEFT)
		return &container_of(query->place, struct slice, query)->cookies;
	return &query->cookies;
}

bool conn_query_is_complete(const struct conn_query *query)
{
	for (size_t n = 0; n < query->count; n++) {
		if (!query->conns[n].known)
			return false;
	}
	return !query->cookies.failed;
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
	release_table(&query->table);
	if (query->place)
		*query->place = NULL;
	query->place = NULL;
	cookie_set_free(&query->cookies);
	query->failures = 0;
}

void conn_queries_end(struct engine *engine)
{
	struct conn_queries *queries = engine->conn_queries;

	if (!queries)
		return;
	worker_end(&queries->worker);
	ev_async_stop(queries->loop, &queries->turn);
	free_slices(queries);
	free(queries);
	engine->conn_queries = NULL;
}

static void write_peer(const struct conn_count *conn, size_t n, char *text, size_t size)
{
	struct client client = { .fd = -1 };

	if (conn->family == AF_INET) {
		struct sockaddr_in *in = &client.peer.in;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, conn->peers[n], sizeof(in->sin_addr));
		client.length = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = &client.peer.in6;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, conn->peers[n], sizeof(in6->sin6_addr));
		client.length = sizeof(*in6);
	}
	client_address(&client, text, size);
}

bool conn_query_peer(const struct conn_query *query, size_t n, char *text, size_t size)
{
	for (size_t i = 0; i < query->count; i++) {
		if (n < query->conns[i].peer_count) {
			write_peer(&query->conns[i], n, text, size);
			return true;
		}
		n -= query->conns[i].peer_count;
	}
	return false;
}
