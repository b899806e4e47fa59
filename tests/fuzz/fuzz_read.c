/* What superd-read may write: any bytes. superd either takes them whole, or says what is wrong with superd-read; a
 * service that it takes has been read as superd.conf. */

#include "fuzzer.h"
#include "read/client/client.h"

static int answer[2];

static bool give_answer(void *context, int *channel, pid_t *pid, struct buf *why)
{
	(void)context;
	(void)pid;
	(void)why;
	*channel = answer[0];
	return true;
}

static void describe_end(void *context, struct buf *why)
{
	(void)context;
	buf_text(why, "it has ended");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const sources[] = { "superd.conf", "inetd:inetd.conf", "xinetd:xinetd.conf" };
	const struct read_request request = {
		.sources = sources, .count = 3, .start = give_answer, .describe_end = describe_end,
	};
	struct diags diags = { 0 };
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };

	require(reading.table && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, answer) == 0);
	send(answer[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(answer[1], SHUT_WR);
	for (size_t n = 0; n < request.count; n++) {
		reading_import(&reading, sources[n], false, (struct origin){ 0 });
		reading.imports[n].path = n ? sources[n] : NULL;
		reading.imports[n].waits = n;
	}
	ask_imports(&reading);
	reading.import_count = 0;
	reading_finish(&reading);
	fd_close(&answer[1]);
	table_free(reading.table);
	diags_free(&diags);
	return 0;
}
