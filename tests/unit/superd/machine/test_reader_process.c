/* superd-read as superd starts it. */
#include <sys/time.h>

#include "superd/machine/machine.h"
#include "tests/unit/unit.h"

TestSuite(reader_process, .timeout = 120);

/* What superd does then: tests/unit/read/client/test_client.c. */
Test(reader_process, has_minutes_to_say_something)
{
	struct reader_process reader = { .helper = HELPER_PROCESS_NONE(PROGRAM_READ) };
	struct timeval receive = { 0 }, send = { 0 };
	socklen_t length = sizeof(receive);
	struct buf why = { 0 };
	int channel = -1;
	pid_t pid;

	cr_assert(reader_process_start(&reader, &channel, &pid, &why), "%s", buf_string(&why));
	cr_assert_eq(getsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &receive, &length), 0);
	cr_assert_eq(getsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &send, &length), 0);
	cr_expect(receive.tv_sec >= 60 && receive.tv_sec <= 600);
	cr_expect(send.tv_sec >= 60 && send.tv_sec <= 600);
	close(channel);
	helper_process_end(&reader.helper);
	buf_free(&why);
}
