/* Requests to superd-worker and superd-hold from any bytes: the first byte chooses the kind. What is read whole is
 * within its bounds, and says the same when it is written and read again. */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzzer.h"
#include "os/socket/bind.h"
#include "table/access/access.h"
#include "worker/record/bind_request.h"
#include "worker/record/hold_request.h"
#include "worker/record/request.h"

static void require_conn(const struct conn_count *conn)
{
	require(conn->kind < CONN_KINDS && conn->which <= CONN_WHICH_ACCEPTED);
	require(conn->kind != CONN_UNIX || conn->length <= sizeof(conn->name));
	if (conn->probes)
		access_lists(conn->probes, AF_INET, "\x0a\0\0\1");
}

static void pass_count(struct record *record)
{
	static struct client_count_request request;

	if (record_reads(record))
		request = (struct client_count_request){ 0 };
	count_request_record(record, &request);
	for (size_t n = 0; record_reads(record) && !record->flaw && n < request.count; n++)
		require_conn(&request.conns[n]);
}

static void pass_restore(struct record *record)
{
	static struct restore_task task;

	if (record_reads(record))
		task = (struct restore_task){ 0 };
	restore_task_record(record, &task);
	if (record_reads(record) && !record->flaw)
		require(task.listen->address->kind < ENDPOINT_KINDS && task.listen->endpoint && task.listen->options);
}

static void pass_receive(struct record *record)
{
	static struct receive_request request;

	receive_request_record(record, &request);
	require(request.purpose <= RECEIVE_PROCESS);
}

static void pass_watch(struct record *record)
{
	static struct socket_watch_request request;

	if (record_reads(record))
		request = (struct socket_watch_request){ 0 };
	socket_watch_request_record(record, &request);
	for (size_t n = 0; record_reads(record) && !record->flaw && n < request.listener_count; n++)
		require_conn(&request.listeners[n]);
}

static void pass_page_out(struct record *record)
{
	static struct page_out_request request;

	if (record_reads(record))
		request = (struct page_out_request){ 0 };
	page_out_request_record(record, &request);
	require(record->flaw || !request.group || strlen(request.group) + 1);
}

static void pass_hold(struct record *record)
{
	static struct hold_request request;

	hold_request_record(record, &request);
	require(record->flaw || (request.program > 0 && request.place_count && request.place_count <= HOLD_PLACES));
}

static void pass_output(struct record *record)
{
	static struct output_request request;

	output_request_record(record, &request);
	require(record->flaw || request.slots <= OUTPUT_SLOTS);
}

static void pass_bind(struct record *record)
{
	static struct bind_request request;

	if (record_reads(record))
		request = (struct bind_request){ 0 };
	bind_request_record(record, &request);
	for (size_t n = 0; record_reads(record) && !record->flaw && n < request.count; n++) {
		for (size_t other = 0; other < request.offers[n].count; other++)
			require(request.offers[n].addresses[other].length <= sizeof(struct sockaddr_storage));
	}
}

static void pass_bind_left(struct record *record)
{
	static struct bind_left_request request;

	bind_left_request_record(record, &request);
}

static void (*const kinds[])(struct record *record) = {
	pass_count, pass_restore, pass_receive, pass_watch, pass_page_out, pass_hold, pass_output,
	pass_bind, pass_bind_left,
};

/* Reads a text, and writes what it says; what is written is in `out`. false: there is a flaw. */
static bool pass_on(void (*pass)(struct record *), const char *bytes, size_t length, struct buf *out)
{
	struct record record = { .pool = pool_new() }, written = { 0 };
	char *text = record.pool ? pool_alloc(record.pool, length + 1) : NULL;
	bool good = text;

	if (good) {
		memcpy(text, bytes, length);
		record = record_of(text, length, record.pool);
		pass(&record);
		good = record_is_read(&record);
	}
	if (good)
		pass(&written);
	*out = written.out;
	pool_free(record.pool);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = { 0 }, second = { 0 };
	void (*pass)(struct record *) = size ? kinds[data[0] % (sizeof(kinds) / sizeof(*kinds))] : NULL;

	if (size && pass_on(pass, (const char *)data + 1, size - 1, &first)) {
		require(pass_on(pass, first.data, first.length, &second));
		require(first.length == second.length && !memcmp(first.data, second.data, first.length));
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}
