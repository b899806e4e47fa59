/* superd's side of its guard. The page is written by plain stores: whoever reads it does so after the writer has
 * died, or in the same process. */
#include "os/guard/guard_link.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/list.h"
#include "lib/notify_send.h"
#include "lib/run_limit.h"
#include "os/foreign/fork_memory.h"
#include "os/guard/guard_page.h"
#include "os/host/program.h"
#include "os/netdiag/socket_id.h"
#include "os/proc/process.h"

#define ANSWER_LIMIT 5.                 /* seconds until the guard has to begin with an upgrade */
#define NOTIFY_LIMIT .5                 /* seconds until the guard has to have sent a text */
#define YIELDS 20                       /* times that superd looks for its answer at once */
#define TAKE_LIMIT 20.                  /* seconds until the next superd has to take over then */

static struct {
	struct guard_page *page;        /* shared with the guard; NULL: there is none */
	int fd;                         /* the page's */
	int channel;                    /* superd's end; the page has the next superd's, if there is one */
	struct noted_fd kept;
} guard_link = { .fd = -1, .channel = -1 };

void guard_link_begin(struct guard_page *page, int fd)
{
	guard_link.page = page;
	guard_link.fd = fd;
	guard_link.channel = page->channel;
	fork_memory_note(page, sizeof(*page));
}

pid_t guard_pid(void)
{
	return guard_link.page ? guard_link.page->guard : 0;
}

bool guard_is_lost(void)
{
	return guard_link.page && getppid() != guard_link.page->guard;
}

pid_t guard_first_pid(void)
{
	return guard_link.page ? guard_link.page->guard : getpid();
}

bool guard_or_superd_is(pid_t pid)
{
	return pid > 0 && (pid == getpid() || pid == guard_pid());
}

enum guard_cause guard_cause(void)
{
	return guard_link.page ? (enum guard_cause)guard_link.page->cause : GUARD_FRESH;
}

void guard_found_blocked(sigset_t *found)
{
	uint64_t blocked = guard_link.page ? guard_link.page->blocked : 0;

	sigemptyset(found);
	for (int number = 1; number <= 64 && number < NSIG; number++) {
		if (blocked >> (number - 1) & 1)
			sigaddset(found, number);
	}
}

int guard_channel(void)
{
	return guard_link.channel;
}

static bool is_still(const struct noted_fd *noted)
{
	return noted->fd > 0 && socket_has_id(noted->fd, noted->socket);
}

bool guard_owns_fd(int fd)
{
	const struct guard_page *page = guard_link.page;

	if (program_owns_fd(fd))
		return true;
	return page && fd >= 0 &&
	       (fd == guard_link.fd || fd == page->channel || fd == page->own_end || fd == page->signals ||
		(fd == guard_link.kept.fd && is_still(&guard_link.kept)));
}

void guard_keep_fd(int fd)
{
	guard_link.kept = (struct noted_fd){ fd, socket_id(fd) };
}

bool guard_next_end(struct guarded_end *end)
{
	struct guard_message message;
	ssize_t length;

	errno = EAGAIN;
	if (!guard_link.page)
		return false;
	length = recv(guard_link.channel, &message, sizeof(message), MSG_DONTWAIT);
	if (length < 0)
		return false;
	errno = EBADMSG;
	if (length != (ssize_t)sizeof(message) || message.kind != GUARD_ENDED)
		return false;
	*end = (struct guarded_end){ message.pid, message.status, message.cpu };
	return true;
}

static bool send_message(const struct guard_message *message, size_t size)
{
	ssize_t sent;

	if (!guard_link.page) {
		errno = ENOTCONN;
		return false;
	}
	do
		sent = send(guard_link.channel, message, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)size;
}

/* The guard reports one end at a time, so there is always room for the answer. */
bool guard_reap(pid_t pid)
{
	const struct guard_message message = { .kind = GUARD_REAP, .pid = pid };

	return send_message(&message, sizeof(message)) || !guard_link.page || guard_is_lost();
}

void guard_take_signal(int number)
{
	if (guard_link.page)
		guard_link.page->unanswered &= ~(UINT64_C(1) << (number - 1));
}

int guard_death(void)
{
	return guard_link.page ? guard_link.page->death : 0;
}

bool guard_ended_hung(void)
{
	return guard_link.page && guard_link.page->hung;
}

static bool change_notice(int32_t from, int32_t to)
{
	return atomic_compare_exchange_strong(&guard_link.page->notice.state, &from, to);
}

/* Writes the notice, unless the guard still sends the one before. It has the lock on all members until ASKED. */
static bool write_notice(int sender, const char *name, const char *text, int descriptor)
{
	struct guard_notice *notice = &guard_link.page->notice;

	errno = EMSGSIZE;
	if (strlen(name) >= sizeof(notice->socket) || strlen(text) >= sizeof(notice->text))
		return false;
	errno = EAGAIN;
	if (atomic_load(&notice->state) == NOTICE_SENDING)
		return false;
	notice->sender = sender;
	notice->descriptor = descriptor;
	strcpy(notice->socket, name);
	strcpy(notice->text, text);
	return true;
}

static bool ask_for_notice(void)
{
	const struct guard_message message = { .kind = GUARD_NOTIFY };

	if (change_notice(NOTICE_CANCELLED, NOTICE_ASKED))
		return true;
	atomic_store(&guard_link.page->notice.state, NOTICE_ASKED);
	if (send_message(&message, sizeof(message)))
		return true;
	atomic_store(&guard_link.page->notice.state, NOTICE_NONE);
	return false;
}

/* The guard has nothing else to do, and is as fast as the machine: the first looks cost less than a sleep. */
static bool await_notice(void)
{
	const struct timespec moment = { .tv_nsec = 50000 };
	struct guard_notice *notice = &guard_link.page->notice;
	struct run_limit limit;

	run_limit_begin(&limit, NOTIFY_LIMIT);
	for (unsigned looks = 0; atomic_load(&notice->state) != NOTICE_DONE; looks++) {
		if (looks < YIELDS) {
			sched_yield();
		} else if (run_limit_left(&limit) > 0 && !guard_is_lost()) {
			nanosleep(&moment, NULL);
		} else if (change_notice(NOTICE_ASKED, NOTICE_CANCELLED) ||
			   atomic_load(&notice->state) != NOTICE_DONE) {
			errno = EAGAIN;
			return false;
		}
	}
	errno = notice->error;
	return !notice->error;
}

bool guard_notify(int sender, const char *name, const char *text, int descriptor)
{
	if (!guard_link.page || guard_is_lost())
		return notify_socket_send_fd(sender, name, text, descriptor);
	return write_notice(sender, name, text, descriptor) && ask_for_notice() && await_notice();
}

void guard_tell_alive(double seconds)
{
	if (guard_link.page)
		atomic_store(&guard_link.page->alive_until, seconds > 0 ? clock_ms() + (int64_t)(seconds * 1e3) : 0);
}

int guard_state(uint64_t *end)
{
	const struct guard_page *page = guard_link.page;

	if (!page || page->area < 0)
		return -1;
	*end = page->areas[page->area].end;
	return page->areas[page->area].fd;
}

void guard_replace_state(int fd, uint64_t end)
{
	struct guard_page *page = guard_link.page;
	int other;

	if (!page)
		return;
	other = page->area == 0;
	page->areas[other] = (struct guard_area){ fd, end };
	atomic_signal_fence(memory_order_release);
	page->area = fd < 0 ? -1 : other;
	page->successor_state = -1;
	page->has_begun = true;
}

bool guard_state_is_dropped(void)
{
	return guard_link.page && guard_link.page->faults >= GUARD_FAULTS_MOST;
}

void guard_extend_state(uint64_t end)
{
	struct guard_page *page = guard_link.page;

	if (page && page->area >= 0)
		page->areas[page->area].end = end;
}

int guard_successor_state(void)
{
	return guard_link.page ? guard_link.page->successor_state : -1;
}

int guard_page_fd(void)
{
	return guard_link.fd;
}

static bool ask_to_become(const char *program)
{
	size_t size = sizeof(struct guard_message) + strlen(program) + 1;
	struct guard_message *message = NULL;
	bool good;

	errno = ENAMETOOLONG;
	if (strlen(program) < GUARD_PATH_MOST)
		message = calloc(1, size);
	if (!message)
		return false;
	message->kind = GUARD_UPGRADE;
	memcpy(message->path, program, strlen(program) + 1);
	good = send_message(message, size);
	free(message);
	return good;
}

/* false: the next superd has taken over, or the guard has refused. */
static bool withdraw(struct guard_page *page)
{
	int32_t now = atomic_load(&page->succession);

	while (now == SUCCESSION_OFFERED || now == SUCCESSION_EXECUTING || now == SUCCESSION_STARTING) {
		if (atomic_compare_exchange_weak(&page->succession, &now, SUCCESSION_WITHDRAWN))
			return true;
	}
	return false;
}

/* Signals that came since superd became quiet are for the next one. */
static _Noreturn void end_for_successor(struct guard_page *page)
{
	sigset_t pending;

	page->unheard = 0;
	sigpending(&pending);
	for (int number = 1; number <= 64 && number < NSIG; number++) {
		if (number != SIGCHLD && sigismember(&pending, number) == 1)
			page->unheard |= UINT64_C(1) << (number - 1);
	}
	_exit(0);
}

/* The guard, which has begun to become the program, or the superd that it has started hangs. If that superd goes on
 * nevertheless, it finds that this one has withdrawn. */
static void end_successors(const struct guard_page *page)
{
	struct process process;

	if (page->successor > 0 && process_read(page->successor, &process) && process.parent == page->guard)
		kill(page->successor, SIGKILL);
	kill(page->guard, SIGKILL);
}

/* Process 1 cannot be ended: it starts another superd in place of one that hangs. */
static bool end_hanging(struct guard_page *page)
{
	bool can_end = page->guard != 1;

	if (can_end && !withdraw(page))
		return false;
	end_successors(page);
	return can_end;
}

/* Returns why superd goes on. It looks again and again, as no call waits for the word and for the guard's end at
 * once. */
static const char *await_successor(struct guard_page *page)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct run_limit limit;
	bool begun = false;

	run_limit_begin(&limit, ANSWER_LIMIT);
	for (;;) {
		int32_t now = atomic_load(&page->succession);

		if (now == SUCCESSION_TAKEN)
			end_for_successor(page);
		if (now == SUCCESSION_REFUSED)
			return strerror(page->refusal);
		if (guard_is_lost() && withdraw(page))
			return "it has ended";
		if (!begun && now != SUCCESSION_OFFERED) {
			begun = true;
			run_limit_begin(&limit, TAKE_LIMIT);
		}
		if (run_limit_left(&limit) <= 0) {
			if (!begun && atomic_compare_exchange_strong(&page->succession, &now, SUCCESSION_WITHDRAWN))
				return "it does not answer";
			if (begun && end_hanging(page))
				return "the next superd has not taken over within 20 s, and was ended";
			run_limit_begin(&limit, TAKE_LIMIT);
		}
		nanosleep(&moment, NULL);
	}
}

const char *guard_upgrade(const char *program, int state)
{
	struct guard_page *page = guard_link.page;
	int32_t area = page->area;
	const char *why;

	page->successor_state = state;
	page->predecessor = getpid();
	page->successor = 0;
	atomic_store(&page->succession, SUCCESSION_OFFERED);
	if (ask_to_become(program)) {
		why = await_successor(page);
	} else {
		why = strerror(errno);
		atomic_store(&page->succession, SUCCESSION_WITHDRAWN);
	}
	page->predecessor = 0;
	page->area = area;
	page->successor_state = -1;
	return why;
}

int guard_hand_on(int state)
{
	guard_link.page->successor_state = state;
	guard_link.page->cause = GUARD_SUCCEEDS;
	guard_link.page->predecessor = 0;
	guard_link.page->successor = 0;
	prctl(PR_GET_NAME, guard_link.page->name);
	atomic_store(&guard_link.page->succession, SUCCESSION_NONE);
	return guard_link.fd;
}

void guard_take_back(void)
{
	guard_link.page->successor_state = -1;
}

static int32_t *note_start(const struct start_note *start, int channel)
{
	struct guard_page *page = guard_link.page;

	for (size_t n = 0; page && n < GUARD_STARTS; n++) {
		struct start_note *note = &page->starts[n];

		if (note->owner)
			continue;
		*note = *start;
		note->owner = 0;
		if (!note->pid)
			note->pid = -(page->noted = page->noted % INT32_MAX + 1);
		page->handovers[n] = guard_noted_fd(channel);
		atomic_signal_fence(memory_order_release);
		note->owner = start->owner;
		return &note->pid;
	}
	return NULL;
}

int32_t *guard_note_start(const struct start_note *start)
{
	return note_start(start, -1);
}

void guard_take_starts_back(void)
{
	struct guard_page *page = guard_link.page;

	for (size_t n = 0; page && n < GUARD_STARTS; n++) {
		int32_t number = __atomic_load_n(&page->starts[n].pid, __ATOMIC_SEQ_CST);

		if (!page->starts[n].owner || number >= 0)
			continue;
		__atomic_store_n(&page->taken_back[n], number, __ATOMIC_SEQ_CST);
		__atomic_compare_exchange_n(&page->starts[n].pid, &number, 0, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	}
}

const int32_t *guard_taken_back(const int32_t *noted)
{
	return noted ? &guard_link.page->taken_back[container_of((int32_t *)(uintptr_t)noted, struct start_note, pid) -
						    guard_link.page->starts]
		     : NULL;
}

int32_t *guard_note_command(void)
{
	return guard_link.page ? &guard_link.page->command : NULL;
}

pid_t guard_command(void)
{
	int32_t *noted = guard_note_command(), number = noted ? *noted : 0;

	while (noted && number <= 0 &&
	       !__atomic_compare_exchange_n(noted, &number, number - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		continue;
	return number > 0 ? number : 0;
}

int32_t *guard_note_handover(const struct start_note *start, int channel)
{
	return note_start(start, channel);
}

int guard_handover(size_t number, int *client)
{
	const struct guard_page *page = guard_link.page;

	if (!page || !page->starts[number].owner || !is_still(&page->handovers[number]) ||
	    !is_still(&page->starts[number].client))
		return -1;
	*client = page->starts[number].client.fd;
	return page->handovers[number].fd;
}

void guard_settle_handover(size_t number, bool given)
{
	guard_link.page->handovers[number] = (struct noted_fd){ 0 };
	if (!given)
		guard_clear_note(number);
}

struct noted_fd guard_noted_fd(int fd)
{
	return fd > 0 && guard_link.page ? (struct noted_fd){ fd, socket_id(fd) } : (struct noted_fd){ 0 };
}

/* By the socket: superd may have moved it to another number since, or copied it. socket: 0: the kernel does not
 * tell. */
static bool is_given(const struct noted_fd *noted, int client, uint64_t socket)
{
	if (noted->fd <= 0)
		return false;
	return noted->socket && socket ? noted->socket == socket : noted->fd == client;
}

pid_t guard_given_to(int client, bool promised)
{
	const struct start_note *notes = guard_notes();
	uint64_t socket = notes ? socket_id(client) : 0;

	for (size_t n = 0; notes && n < GUARD_STARTS; n++) {
		bool counts = notes[n].owner && notes[n].pid > 0 && !(promised && notes[n].channel_client.fd > 0);

		if (counts && is_given(&notes[n].client, client, socket))
			return notes[n].pid;
	}
	return 0;
}

bool guard_was_given(int client, bool promised)
{
	return guard_given_to(client, promised) > 0;
}

void guard_clear_note(size_t number)
{
	if (guard_link.page)
		guard_link.page->starts[number].owner = 0;
}

const struct start_note *guard_notes(void)
{
	return guard_link.page ? guard_link.page->starts : NULL;
}

unsigned guard_notes_used(void)
{
	const struct start_note *notes = guard_notes();
	unsigned count = 0;

	for (size_t n = 0; notes && n < GUARD_STARTS; n++)
		count += notes[n].owner != 0;
	return count;
}

void guard_forget_start(int32_t *noted)
{
	if (noted)
		container_of(noted, struct start_note, pid)->owner = 0;
}

void guard_note_promise(uint64_t owner, unsigned listener, int client, uint64_t sent)
{
	struct guard_page *page = guard_link.page;
	struct promise *promise;
	uint32_t number;

	if (!page)
		return;
	number = page->next_promise++ % GUARD_PROMISES;
	promise = &page->promises[number];
	promise->owner = 0;
	atomic_signal_fence(memory_order_release);
	promise->listener = listener;
	promise->client = guard_noted_fd(client);
	page->promise_sent[number] = sent;
	atomic_signal_fence(memory_order_release);
	promise->owner = owner;
}

static const struct promise *find_promise(int client)
{
	const struct promise *promises = guard_promises();

	for (size_t n = 0; promises && n < GUARD_PROMISES; n++) {
		if (promises[n].owner && promises[n].client.fd == client && is_still(&promises[n].client))
			return &promises[n];
	}
	return NULL;
}

bool guard_is_promised(int client)
{
	return find_promise(client);
}

uint64_t guard_promise_sent(int client)
{
	const struct promise *promise = find_promise(client);

	return promise ? guard_link.page->promise_sent[promise - guard_link.page->promises] : 0;
}

const struct promise *guard_promises(void)
{
	return guard_link.page ? guard_link.page->promises : NULL;
}
