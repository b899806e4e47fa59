/* Queries in a helper process that may hang. It writes one byte for each process, in order: so superd knows the process
 * that it hangs at, and leaves that out next time. */
#include "exec/processes/process_query.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "exec/spawn/worker_process.h"
#include "os/rights/required_caps.h"

enum {
	QUERY_TIMEOUT_MS = 100,         /* milliseconds for one query */
	BUDGET_MS = 200, REFILL = 50,   /* milliseconds for all queries; 1 ms comes back every REFILL ms */
	BATCH = 64,                     /* processes of one query */
	KNOWN_MOST = 64,                /* remembered answers */
	HANGING_MOST = 8,               /* helper processes that hang */
	HUNG_MS = 60000,                /* a process that made a helper hang is not queried for so long */
	ANSWERED_MS = 5000,             /* an answer is valid for so long */
};

/* A remembered answer. It is valid for one query; that a process makes helpers hang is valid for all queries. */
struct known_answers {
	pid_t pid;
	int64_t start_time, until;
	uint64_t query_id;
	bool hung, answer;
};

static struct known_answers known_answers[KNOWN_MOST];
static size_t known_next;
static struct worker_process hanging[HANGING_MOST];
/* Milliseconds used of the budget, and when; for the whole process, as there is one loop. */
static int64_t spent, spent_at;

/* A query about several processes. */
struct query {
	const struct process *list[BATCH];
	bool *answers[BATCH];
	size_t count;
	bool (*look)(pid_t pid, const void *about);
	const void *about;
	uint64_t query_id;
};

static const struct known_answers *find_known(const struct process *process, uint64_t query_id)
{
	int64_t now = clock_ms();

	for (size_t n = 0; n < KNOWN_MOST; n++) {
		if (known_answers[n].pid == process->pid && known_answers[n].start_time == process->start_time &&
		    known_answers[n].until > now && (known_answers[n].hung || known_answers[n].query_id == query_id))
			return &known_answers[n];
	}
	return NULL;
}

static void remember_answer(const struct process *process, uint64_t query_id, bool hung, bool run_query)
{
	known_answers[known_next++ % KNOWN_MOST] = (struct known_answers){
		.pid = process->pid,
		.start_time = process->start_time,
		.until = clock_ms() + (hung ? HUNG_MS : ANSWERED_MS),
		.query_id = query_id,
		.hung = hung,
		.answer = run_query,
	};
}

/* A slot for one more hanging helper; NULL: there are too many. */
static struct worker_process *find_hanging_slot(void)
{
	for (size_t n = 0; n < HANGING_MOST; n++) {
		if (!worker_process_runs(&hanging[n]))
			return &hanging[n];
	}
	return NULL;
}

static void run_query(int channel, const void *with)
{
	const struct query *query = with;

	for (size_t n = 0; n < query->count; n++) {
		unsigned char found = query->look(query->list[n]->pid, query->about);

		if (send(channel, &found, 1, MSG_NOSIGNAL) != 1)
			return;
	}
}

/* Reads answers until the helper exits or the time is over. Returns their number. */
static size_t read_answers(const struct query *query, int channel, int64_t until)
{
	struct pollfd readable = { channel, POLLIN, 0 };
	unsigned char found;
	size_t count = 0;
	ssize_t got;

	while (count < query->count) {
		int64_t left = until - clock_ms();
		int ready = poll(&readable, 1, left > 0 ? (int)left : 0);

		if (ready == 0 || (ready < 0 && errno != EINTR))
			return count;
		if (ready < 0)
			continue;
		got = recv(channel, &found, 1, 0);
		if (got <= 0)
			return got < 0 ? count : query->count;
		*query->answers[count] = found;
		remember_answer(query->list[count++], query->query_id, false, found);
	}
	return count;
}

static bool has_budget(int64_t now)
{
	int64_t back = (now - spent_at) / REFILL;

	if (back > 0) {
		spent = spent > back ? spent - back : 0;
		spent_at = now;
	}
	return spent < BUDGET_MS;
}

static const struct worker_kind asker = {
	.name = "superd-ask",
	.sandbox = { .looks_at_processes = true },
};

static void send_query(const struct query *query)
{
	int64_t began = clock_ms();
	struct worker_process *slot = query->count && has_budget(began) ? find_hanging_slot() : NULL, process;
	size_t heard;

	if (!slot)
		return;
	process = worker_process_start(&asker, CAPS_TO_LOOK, run_query, query, NULL, 0);
	if (process.channel < 0)
		return;
	heard = read_answers(query, process.channel, began + QUERY_TIMEOUT_MS);
	if (heard == query->count) {
		fd_close(&process.channel);
		return;
	}
	remember_answer(query->list[heard], 0, true, false);
	worker_process_end(&process);
	*slot = process;
	spent += clock_ms() - began;
}

static void add_to_query(struct query *query, const struct process *process, bool *found)
{
	const struct known_answers *before = find_known(process, query->query_id);

	*found = before && before->answer;
	if (before)
		return;
	query->list[query->count] = process;
	query->answers[query->count++] = found;
}

static bool query_has_variable(pid_t pid, const void *about)
{
	return process_has_variable(pid, about);
}

void process_query_variable(const struct process *processes, size_t count, const char *variable, bool *found)
{
	struct query query = {
		.look = query_has_variable, .about = variable, .query_id = hash_text(1, variable),
	};

	for (size_t n = 0; n < count; n++) {
		add_to_query(&query, &processes[n], &found[n]);
		if (query.count < BATCH && n + 1 < count)
			continue;
		send_query(&query);
		query.count = 0;
	}
}

static bool query_has_command(pid_t pid, const void *about)
{
	return process_has_command(pid, about);
}

bool process_query_command(const struct process *process, const char *const *command)
{
	struct query query = { .look = query_has_command, .about = command, .query_id = 2 };
	bool found = false;

	if (!process_is_named(process->pid, command[0]))
		return false;
	for (const char *const *word = command; *word; word++)
		query.query_id = hash_text(query.query_id, *word);
	add_to_query(&query, process, &found);
	send_query(&query);
	return found;
}
