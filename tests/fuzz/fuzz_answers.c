/* What worker processes that were taken over answer, from any bytes: the first byte chooses who answers, the second
 * how many descriptors come along. What superd makes of an answer is within its bounds, its texts end, and a reader
 * hands out each descriptor once.
 *
 * The channel is replaced (the linker's --wrap in Makefile.am). */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "fuzzer.h"
#include "superd/process/bind_worker.h"
#include "superd/stop/client_look.h"
#include "superd/process/hold.h"
#include "superd/stop/reclaim.h"
#include "superd/stop/freeze_fds.h"
#include "superd/process/receive_async.h"
#include "superd/process/restore_async.h"

#define FDS_MOST 100
#define FIRST_FD 1000000                /* a number that no descriptor has */

static struct {
	const uint8_t *bytes;
	size_t size, fds;
	bool heard;
} message;

static struct worker_process worker;
static size_t handed_out;

ssize_t __wrap_fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags);

ssize_t __wrap_fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags)
{
	(void)from, (void)flags;
	if (message.heard) {
		*count = 0;
		errno = EAGAIN;
		return -1;
	}
	message.heard = true;
	message.fds = message.fds < *count ? message.fds : *count;
	for (*count = 0; *count < message.fds; ++*count)
		fds[*count] = FIRST_FD + (int)*count;
	memcpy(bytes, message.bytes, size < message.size ? size : message.size);
	return (ssize_t)message.size;   /* as with MSG_TRUNC */
}

static void take_all(const int *fds, size_t count)
{
	for (size_t n = 0; n < count; n++)
		handed_out += fds[n] >= FIRST_FD;
}

static void hear_hold(void)
{
	struct hold_report report;

	if (hold_hear(&worker, &report))
		require(hold_obstacle_text(report.obstacle) && report.error >= 0);
	else
		require(errno == EPIPE);
}

static void hear_restore(void)
{
	struct restore_answer answer;
	int client;

	if (restore_async_hear(&worker, true, &answer, &client)) {
		require(answer.error >= 0 && answer.error <= 4095 && memchr(answer.lines, '\0', RESTORE_LINES_MOST));
		take_all(&client, 1);
		return;
	}
	require(client == -1);
	handed_out = message.fds;       /* it was closed */
}

static void hear_count(void)
{
	struct client_count_answer answer;
	struct buf text = { 0 };

	client_count_hear(&worker, &answer);
	require(answer.own_count <= OWN_PORTS_MOST);
	for (size_t n = 0; n < answer.own_count; n++) {
		require(answer.own[n].kind < CONN_KINDS && !answer.own[n].cookies && !answer.own[n].probes);
		own_port_describe(&answer.own[n], &text);
		require(conn_count_is_same(&answer.own[n], &answer.own[n]));
	}
	buf_free(&text);
}

static void hear_reclaim(void)
{
	int error = 0;

	memory_reclaim_hear(&worker, &error);
	require(error >= 0 && error <= 255);
}

static void hear_watch(void)
{
	struct socket_watch_result result;

	if (socket_watch_hear(&worker, &result) == SOCKET_WATCHING_DONE)
		require((result.forbidden || !result.forbidden) && (result.relay_unseen || !result.relay_unseen));
}

static void hear_receive(void)
{
	struct received received;

	if (receive_async_hear(&worker, &received) == RECEIVE_DONE)
		require(strlen(received.kind) < RECEIVED_KIND && received.refused <= RECEIVED_MOST);
	take_all(received.fds, received.count);
}

static void hear_bind(void)
{
	struct bind_worker bind = { .process = worker };
	struct bind_report report;

	if (bind_worker_hear(&bind, &report))
		require(report.event <= BIND_FAILED && strlen(report.text) < sizeof(report.text) &&
			strlen(report.left.text) < sizeof(report.left.text) && report.error >= 0);
}

static void (*const readers[])(void) = {
	hear_hold, hear_restore, hear_count, hear_reclaim, hear_watch, hear_receive, hear_bind,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer_fault fault;

	if (size < 3)
		return 0;
	message.bytes = data + 2;
	message.size = size - 2;
	message.fds = data[1] % (FDS_MOST + 1u);
	message.heard = false;
	handed_out = 0;
	worker = (struct worker_process){ .channel = FIRST_FD - 1, .pid = -1 };
	readers[data[0] % (sizeof(readers) / sizeof(*readers))]();
	require(message.heard && handed_out == message.fds);
	while (answer_take_fault(&fault))
		require(fault.process && fault.flaw);
	return 0;
}
