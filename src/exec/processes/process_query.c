/* Asking in a process that may hang. It answers a byte a process, in order: so the one that it hangs at is known, and
 * the next inquiry leaves that out. */
#include "exec/processes/process_query.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "exec/spawn/spawn.h"
#include "os/rights/required_caps.h"

enum {
	PATIENCE_MS = 100,              /* for one inquiry */
	BUDGET_MS = 200, REFILL = 50,   /* for all; a millisecond comes back in so many */
	BATCH = 64,                     /* processes of one inquiry */
	KNOWN_MOST = 64,                /* answers that are remembered */
	HANGING_MOST = 8,               /* processes of ours that hang */
	HUNG_MS = 60000,                /* a process that let one hang is left alone for so long */
	ANSWERED_MS = 5000,             /* and one that was answered for */
};

/* What was found out lately. An answer is about a question; that one hangs is about them all. */
struct known {
	pid_t pid;
	int64_t start_time, until;
	uint64_t question;
	bool hung, answer;
};

static struct known known[KNOWN_MOST];
static size_t known_next;
static pid_t hanging[HANGING_MOST];
static int64_t spent, spent_at;         /* in milliseconds, of the whole process, as the loop is */

struct asking {
	const struct process *list[BATCH];
	bool *answers[BATCH];
	size_t count;
	bool (*look)(pid_t pid, const void *about);
	const void *about;
	uint64_t question;
	int to;                         /* where the answers go */
};

static const struct known *find_known(const struct process *process, uint64_t question)
{
	int64_t now = clock_ms();

	for (size_t n = 0; n < KNOWN_MOST; n++) {
		if (known[n].pid == process->pid && known[n].start_time == process->start_time &&
		    known[n].until > now && (known[n].hung || known[n].question == question))
			return &known[n];
	}
	return NULL;
}

static void remember(const struct process *process, uint64_t question, bool hung, bool answer)
{
	known[known_next++ % KNOWN_MOST] = (struct known){
		.pid = process->pid,
		.start_time = process->start_time,
		.until = clock_ms() + (hung ? HUNG_MS : ANSWERED_MS),
		.question = question,
		.hung = hung,
		.answer = answer,
	};
}

/* The place for one more that hangs; NULL: there are too many. */
static pid_t *find_place(void)
{
	for (size_t n = 0; n < HANGING_MOST; n++) {
		if (!hanging[n] || !spawn_is_worker(hanging[n])) {
			hanging[n] = 0;
			return &hanging[n];
		}
	}
	return NULL;
}

static void answer(const void *with)
{
	const struct asking *asking = with;

	for (size_t n = 0; n < asking->count; n++) {
		unsigned char found = asking->look(asking->list[n]->pid, asking->about);

		if (write(asking->to, &found, 1) != 1)
			return;
	}
}

/* Its answers until its end, or until there is no time left: how many. */
static size_t hear(const struct asking *asking, int fd, int64_t until)
{
	unsigned char found[BATCH];
	struct pollfd told = { fd, POLLIN, 0 };
	size_t count = 0;
	ssize_t got;

	for (;;) {
		int64_t left = until - clock_ms();
		int ready = poll(&told, 1, left > 0 ? (int)left : 0);

		if (ready == 0 || (ready < 0 && errno != EINTR))
			return count;
		if (ready < 0)
			continue;
		got = read(fd, found, sizeof(found));
		if (got <= 0)
			return got < 0 ? count : asking->count;
		for (ssize_t n = 0; n < got && count < asking->count; n++, count++) {
			*asking->answers[count] = found[n];
			remember(asking->list[count], asking->question, false, found[n]);
		}
		if (count == asking->count)
			return count;
	}
}

static bool may_take_time(int64_t now)
{
	int64_t back = (now - spent_at) / REFILL;

	if (back > 0) {
		spent = spent > back ? spent - back : 0;
		spent_at = now;
	}
	return spent < BUDGET_MS;
}

static void ask(struct asking *asking)
{
	int64_t began = clock_ms();
	pid_t *place = asking->count && may_take_time(began) ? find_place() : NULL, pid;
	int ends[2];
	size_t heard;

	if (!place || fd_pipe(ends) < 0)
		return;
	asking->to = ends[1];
	pid = spawn_worker("superd-ask", CAPS_TO_LOOK, answer, asking, &ends[1], 1);
	fd_close(&ends[1]);
	if (pid > 0) {
		heard = hear(asking, ends[0], began + PATIENCE_MS);
		if (heard < asking->count) {
			remember(asking->list[heard], 0, true, false);
			kill(pid, SIGKILL);
			*place = pid;
			spent += clock_ms() - began;
		}
	}
	fd_close(&ends[0]);
}

static void add(struct asking *asking, const struct process *process, bool *found)
{
	const struct known *before = find_known(process, asking->question);

	*found = before && before->answer;
	if (before)
		return;
	asking->list[asking->count] = process;
	asking->answers[asking->count++] = found;
}

static bool look_told(pid_t pid, const void *about)
{
	return process_has_variable(pid, about);
}

void process_query_variable(const struct process *processes, size_t count, const char *variable, bool *told)
{
	struct asking asking = {
		.look = look_told, .about = variable, .question = hash_text(1, variable),
	};

	for (size_t n = 0; n < count; n++) {
		add(&asking, &processes[n], &told[n]);
		if (asking.count < BATCH && n + 1 < count)
			continue;
		ask(&asking);
		asking.count = 0;
	}
}

static bool look_runs(pid_t pid, const void *about)
{
	return process_has_command(pid, about);
}

bool process_query_command(const struct process *process, const char *const *command)
{
	struct asking asking = { .look = look_runs, .about = command, .question = 2 };
	bool found = false;

	if (!process_is_named(process->pid, command[0]))
		return false;
	for (const char *const *word = command; *word; word++)
		asking.question = hash_text(asking.question, *word);
	add(&asking, process, &found);
	ask(&asking);
	return found;
}
