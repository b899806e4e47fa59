/* A closer is a superd-worker that closes descriptors one after another, for one owner at a time: so an owner whose
 * closing hangs delays only itself, and superd always knows whose descriptors a closer has.
 *
 * A closer gets each descriptor in a message. Then superd closes its own copy, and its next message says so. Only at
 * that word does the closer close: so it is not superd that drops the last reference. When superd ends, or becomes
 * another program, it has no copy any more, so nothing need be said. The closer answers each close.
 *
 * superd keeps what has no room in a queue. At a later look a process inherits it that has no channel, and so needs no
 * descriptor of superd's. superd kills it as soon as it has closed its own copies, and its exit closes them.
 *
 * What a closer has, and what is in its queue, its own exit closes, whoever killed it: the kernel empties a queue when
 * its reader ends, and superd's end of the channel gets nothing but answers. So superd looks whether the closer has
 * ended before it closes its copy. Only if a closer is killed between the two, which takes superd's user or a lack of
 * memory, superd drops the last reference. */
#include "superd/process/close_async.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "superd/start/worker_process.h"
#include "worker/record/request.h"

#define CLOSERS_MOST CLOSE_OWNERS       /* each owner may have one that hangs */
#define FURTHER_MOST (CLOSERS_MOST / 2) /* closers at work, above which no owner gets another one beside its first */
#define PASS_ON_LEAST 64                /* kept descriptors of an owner that are worth another closer */
#define HANGS_AFTER 1000                /* milliseconds without progress */
#define IDLE_LOOKS 2                    /* looks without work, after which a closer is to exit */
#define END_LOOKS 200                   /* milliseconds that superd's end waits for the rest */
#define ALL_OWNERS CLOSE_OWNERS

struct closer {
	struct worker_process process;  /* without a channel it gets no more, and once reaped its place is free */
	unsigned owner;                 /* of all that it has to close */
	unsigned given;                 /* descriptors that it has, and has not answered for */
	bool owes;                      /* superd has closed a copy, and there was no room for the word about it */
	uint32_t progress;              /* time of the last answer, or when it got work, in milliseconds */
	unsigned idle;                  /* looks in a row at which it had nothing to do */
};

static struct {
	struct closer closers[CLOSERS_MOST];
	size_t used;                    /* closers in use, and free places among them */
	struct kept_fd {                /* that no closer has yet */
		int fd;
		unsigned owner;
	} *kept;
	size_t count, room;
	unsigned kept_of[CLOSE_OWNERS];         /* by owner */
	unsigned hanging[CLOSE_OWNERS];         /* at the last look */
} queue;

static bool is_free(const struct closer *closer)
{
	return closer->process.channel < 0 && !worker_process_runs(&closer->process);
}

/* Hears what it has closed. */
static void hear_closer(struct closer *closer)
{
	static const struct answer_field fields[] = { ANSWER_NUMBER(close_answer, closed, 1, 1) };
	static const struct answer_form form = ANSWER_FORM("superd-close", struct close_answer, fields);
	struct close_answer answer;
	ssize_t got = 1;

	while (closer->process.channel >= 0 && got > 0) {
		got = worker_process_hear(&closer->process, &form, &answer, NULL, NULL);
		if (got > 0 && closer->given) {
			closer->given--;
			closer->progress = (uint32_t)clock_ms();
		} else if (got >= 0) {
			if (got)
				worker_process_refuse(&closer->process, &form, "more than it was given");
			fd_close(&closer->process.channel);
		}
	}
}

static void say_released(struct closer *closer)
{
	if (closer->owes)
		closer->owes = !fd_message_send(closer->process.channel, "", 1, NULL, 0, MSG_DONTWAIT);
}

static void drop_kept(size_t n)
{
	queue.kept_of[queue.kept[n].owner]--;
	queue.kept[n] = queue.kept[--queue.count];
}

static void begin_work(struct closer *closer, unsigned owner)
{
	closer->owner = owner % CLOSE_OWNERS;
	closer->progress = (uint32_t)clock_ms();
	closer->idle = 0;
}

static struct closer *take_place(void)
{
	size_t n = 0;

	while (n < queue.used && !is_free(&queue.closers[n]))
		n++;
	if (n == CLOSERS_MOST)
		return NULL;
	if (n == queue.used)
		queue.used++;
	queue.closers[n] = (struct closer){ .process.channel = -1 };
	return &queue.closers[n];
}

/* The closer that works for this owner, else one that works for nobody, else a new one. */
static struct closer *find_closer(unsigned owner)
{
	struct closer *closer, *unused = NULL;

	for (size_t n = 0; n < queue.used; n++) {
		closer = &queue.closers[n];
		if (closer->given && !queue.hanging[closer->owner])
			hear_closer(closer);
		if (closer->given && closer->owner == owner)
			return closer;
		if (!closer->given && closer->process.channel >= 0)
			unused = closer;
	}
	closer = unused ? unused : take_place();
	if (closer && !unused)
		closer->process = worker_process_start(WORKER_CLOSE, 0);
	return closer;
}

/* false: it stays with superd, as the queue is full, or there is no closer. */
static bool send_to_closer(int fd, unsigned owner)
{
	struct closer *closer = find_closer(owner);
	struct pollfd end = { .fd = closer ? closer->process.channel : -1 };

	if (end.fd < 0)
		return false;
	say_released(closer);
	if (closer->owes || !fd_message_send(end.fd, "", 1, &fd, 1, MSG_DONTWAIT) || poll(&end, 1, 0) != 0)
		return false;
	if (!closer->given++)
		begin_work(closer, owner);
	close(fd);
	closer->owes = true;
	say_released(closer);
	return true;
}

static bool is_of(const struct kept_fd *kept, unsigned owner)
{
	return owner == ALL_OWNERS || kept->owner == owner;
}

static void wait_for_kill(const void *with)
{
	while (getppid() == *(const pid_t *)with)
		poll(NULL, 0, 1000);
}

/* Leaves all that is kept of an owner to the exit of another process. false: it stays. */
static bool leave_to_exit(unsigned owner)
{
	struct closer *closer = take_place();
	int *list = closer ? malloc(queue.count * sizeof(*list)) : NULL;
	pid_t own = getpid(), pid;
	int count = 0;

	for (size_t n = 0; list && n < queue.count; n++) {
		if (is_of(&queue.kept[n], owner))
			list[count++] = queue.kept[n].fd;
	}
	pid = list ? spawn_worker(list, count, wait_for_kill, &own) : -1;
	free(list);
	if (pid < 0)
		return false;
	closer->process = (struct worker_process){ -1, pid, spawn_worker_serial(pid) };
	closer->given = (unsigned)count;
	begin_work(closer, owner);
	for (size_t n = queue.count; n-- > 0;) {
		if (is_of(&queue.kept[n], owner)) {
			close(queue.kept[n].fd);
			drop_kept(n);
		}
	}
	worker_process_end(&closer->process);
	return true;
}

bool close_async(int *fd, unsigned owner)
{
	struct kept_fd *kept;

	owner = owner < CLOSE_OWNERS ? owner : 0;
	if (*fd >= 0 && !send_to_closer(*fd, owner)) {
		kept = array_grow(queue.kept, &queue.room, queue.count, sizeof(*kept));
		if (!kept)
			return false;
		queue.kept = kept;
		queue.kept[queue.count++] = (struct kept_fd){ .fd = *fd, .owner = owner };
		queue.kept_of[owner]++;
	}
	*fd = -1;
	return true;
}

bool close_async_is_busy(void)
{
	return queue.used || queue.count;
}

unsigned close_async_hanging(unsigned owner)
{
	return owner < CLOSE_OWNERS ? queue.hanging[owner] : 0;
}

static unsigned count_given(unsigned owner)
{
	unsigned count = 0;

	for (size_t n = 0; n < queue.used; n++)
		count += queue.closers[n].owner == owner ? queue.closers[n].given : 0;
	return count;
}

unsigned close_async_pending(unsigned owner)
{
	return (owner < CLOSE_OWNERS ? queue.kept_of[owner] : 0) + count_given(owner);
}

/* Returns whether its owner's closings hang. */
static bool check_closer(struct closer *closer)
{
	hear_closer(closer);
	say_released(closer);
	if (is_free(closer))
		closer->given = 0;      /* its exit has closed what it had */
	if (!closer->given && ++closer->idle >= IDLE_LOOKS)
		fd_close(&closer->process.channel);     /* at which it exits */
	return closer->given && (uint32_t)clock_ms() - closer->progress >= HANGS_AFTER;
}

static void pass_on_kept(void)
{
	for (size_t n = queue.count; n-- > 0;) {
		if (send_to_closer(queue.kept[n].fd, queue.kept[n].owner))
			drop_kept(n);
	}
	/* superd may keep a few of an owner that hangs, and each owner has a right to its first closer. */
	for (size_t n = 0; n < queue.count;) {
		unsigned owner = queue.kept[n].owner;

		if (count_given(owner) && (queue.kept_of[owner] < PASS_ON_LEAST || queue.used >= FURTHER_MOST))
			n++;
		else if (!leave_to_exit(owner))
			return;
	}
}

void close_async_look(close_hangs *hangs, void *context)
{
	bool hanging[CLOSE_OWNERS] = { false };

	for (size_t n = 0; n < queue.used; n++)
		hanging[queue.closers[n].owner] |= check_closer(&queue.closers[n]);
	while (queue.used && is_free(&queue.closers[queue.used - 1]))
		queue.used--;
	for (unsigned owner = 0; owner < CLOSE_OWNERS; owner++) {
		unsigned before = queue.hanging[owner], count = hanging[owner] ? close_async_pending(owner) : 0;

		queue.hanging[owner] = count < CLOSE_HANGING_MOST ? count : CLOSE_HANGING_MOST;
		if (queue.hanging[owner] > before)
			hangs(context, owner, queue.hanging[owner]);
	}
	pass_on_kept();
}

void close_async_leave(void)
{
	if (queue.count)
		leave_to_exit(ALL_OWNERS);
}

void close_async_end(void)
{
	bool waits = true;

	close_async_leave();
	for (size_t n = 0; n < queue.used; n++)
		fd_close(&queue.closers[n].process.channel);    /* closers exit after the last message */
	for (int looks = 0; waits && looks < END_LOOKS; looks++) {
		waits = false;
		for (size_t n = 0; n < queue.used; n++) {
			const struct worker_process *process = &queue.closers[n].process;

			if (!worker_process_runs(process) || queue.hanging[queue.closers[n].owner])
				continue;
			if (waitpid(process->pid, NULL, WNOHANG))
				spawn_reaped(process->pid);
			else
				waits = true;
		}
		if (waits)
			poll(NULL, 0, 1);
	}
}
