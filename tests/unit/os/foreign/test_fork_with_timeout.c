/* Work in a process with a time limit that an attacker has taken over: what superd takes of it. */
#include "lib/fd.h"
#include "os/foreign/foreign.h"
#include "tests/unit/unit.h"

TestSuite(fork_with_timeout, .timeout = 60);

/* Answers that all is well, with a descriptor. */
static char passes[] = "import socket, struct\n"
		       "socket.send_fds(socket.socket(fileno=1), [struct.pack('iiQ', 0, 0, 0)], [0])\n";

static int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

Test(fork_with_timeout, takes_no_descriptor_from_a_program)
{
	char name[] = "python3", option[] = "-c", *argv[] = { name, option, passes, NULL };
	int program = open("/usr/bin/python3", O_PATH | O_CLOEXEC), input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct buf why = { 0 }, warnings = { 0 };
	int before;

	if (program < 0)
		cr_skip_test("there is no /usr/bin/python3");
	before = count_open();
	cr_expect_eq(foreign_execute("/none", program, argv, input, &why, &warnings), -1);
	cr_expect_eq(count_open(), before, "%d descriptors more", count_open() - before);
	buf_free(&why);
	buf_free(&warnings);
	fd_close(&program);
	fd_close(&input);
}
