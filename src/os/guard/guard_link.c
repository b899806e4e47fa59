/* superd's side of its guard. The page is written by plain stores: whoever reads it does so after the writer has
 * died, or in the same process. */
#include "os/guard/guard_link.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/list.h"
#include "os/foreign/fork_memory.h"
#include "os/guard/guard_page.h"
#include "os/netdiag/socket_id.h"

static struct {
	struct guard_page *page;        /* shared with the guard; NULL: there is none */
	int fd;                         /* the page's */
	struct noted_fd kept;
} guard_link = { .fd = -1 };

void guard_link_begin(struct guard_page *page, int fd)
{
	guard_link.page = page;
	guard_link.fd = fd;
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

enum guard_cause guard_cause(void)
{
	return guard_link.page ? (enum guard_cause)guard_link.page->cause : GUARD_FRESH;
}

int guard_channel(void)
{
	return guard_link.page ? guard_link.page->channel : -1;
}

static bool is_still(const struct noted_fd *noted)
{
	return noted->fd > 0 && socket_id(noted->fd) == noted->socket;
}

bool guard_owns_fd(int fd)
{
	const struct guard_page *page = guard_link.page;

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

	if (!guard_link.page)
		return false;
	if (recv(guard_link.page->channel, &message, sizeof(message), MSG_DONTWAIT) != (ssize_t)sizeof(message) ||
	    message.kind != GUARD_ENDED)
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
		sent = send(guard_link.page->channel, message, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)size;
}

/* The guard reports one end at a time, so there is always room for the answer. */
void guard_reap(pid_t pid)
{
	const struct guard_message message = { .kind = GUARD_REAP, .pid = pid };

	send_message(&message, sizeof(message));
}

int guard_death(void)
{
	return guard_link.page ? guard_link.page->death : 0;
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

void guard_upgrade(const char *program, int state)
{
	size_t size = sizeof(struct guard_message) + strlen(program) + 1;
	struct guard_message *message = NULL;

	errno = ENAMETOOLONG;
	if (strlen(program) < GUARD_PATH_MOST)
		message = calloc(1, size);
	if (!message || !guard_link.page) {
		free(message);
		return;
	}
	message->kind = GUARD_UPGRADE;
	memcpy(message->path, program, strlen(program) + 1);
	guard_link.page->successor_state = state;
	if (send_message(message, size))
		_exit(0);
	guard_link.page->successor_state = -1;
	free(message);
}

int guard_hand_on(int state)
{
	guard_link.page->successor_state = state;
	guard_link.page->cause = GUARD_SUCCEEDS;
	return guard_link.fd;
}

int32_t *guard_note_start(const struct start_note *start)
{
	struct guard_page *page = guard_link.page;

	for (size_t n = 0; page && n < GUARD_STARTS; n++) {
		struct start_note *note = &page->starts[n];

		if (note->owner)
			continue;
		*note = *start;
		note->owner = 0;
		atomic_signal_fence(memory_order_release);
		note->owner = start->owner;
		return &note->pid;
	}
	return NULL;
}

struct noted_fd guard_noted_fd(int fd)
{
	return fd > 0 && guard_link.page ? (struct noted_fd){ fd, socket_id(fd) } : (struct noted_fd){ 0 };
}

bool guard_was_given(int client)
{
	const struct start_note *notes = guard_notes();

	for (size_t n = 0; notes && n < GUARD_STARTS; n++) {
		const struct noted_fd *noted = &notes[n].client;

		if (notes[n].owner && notes[n].pid > 0 && noted->fd > 0 && noted->fd == client &&
		    socket_id(client) == noted->socket)
			return true;
	}
	return false;
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

void guard_forget_start(int32_t *noted)
{
	if (noted)
		container_of(noted, struct start_note, pid)->owner = 0;
}

void guard_note_promise(uint64_t owner, unsigned listener, int client)
{
	struct guard_page *page = guard_link.page;
	struct promise *promise;

	if (!page)
		return;
	promise = &page->promises[page->next_promise++ % GUARD_PROMISES];
	promise->owner = 0;
	atomic_signal_fence(memory_order_release);
	promise->listener = listener;
	promise->client = guard_noted_fd(client);
	atomic_signal_fence(memory_order_release);
	promise->owner = owner;
}

bool guard_is_promised(int client)
{
	const struct promise *promises = guard_promises();

	for (size_t n = 0; promises && n < GUARD_PROMISES; n++) {
		if (promises[n].owner && promises[n].client.fd == client && is_still(&promises[n].client))
			return true;
	}
	return false;
}

const struct promise *guard_promises(void)
{
	return guard_link.page ? guard_link.page->promises : NULL;
}
