/* superd-read is superd's own user, as others may not read the tables, and keeps of its rights those to read any file.
 * SECURITY.md says why it is no wall: what it prints is what root runs. */
#include "prepare/reader_process.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scan.h"

#define NUMBERS 256                     /* descriptors that a source may name */

/* The number in /dev/fd/N or /proc/self/fd/N; -1: it is no such path. */
static int find_number(const char *source)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

	for (size_t n = 0; n < sizeof(folders) / sizeof(*folders); n++) {
		const char *at = strstr(source, folders[n]);
		int64_t number;

		if (at && (at == source || at[-1] == ':') && !scan_count(at + strlen(folders[n]), &number) &&
		    number >= 0 && number < NUMBERS)
			return (int)number;
	}
	return -1;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

bool reader_process_start(void *with, int *channel, struct buf *why)
{
	struct reader_process *reader = with;
	int wanted[NUMBERS];
	struct helper_start start = {
		.option = "--marks", .type = SOCK_STREAM, .number = STDOUT_FILENO, .wanted = wanted, .wanted_count = 3,
		.capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_DAC_OVERRIDE,
	};
	bool good;

	for (int n = 0; n < NUMBERS; n++)
		wanted[n] = -1;
	wanted[STDIN_FILENO] = is_open(STDIN_FILENO) ? STDIN_FILENO : -1;
	wanted[STDERR_FILENO] = is_open(STDERR_FILENO) ? STDERR_FILENO : -1;
	for (size_t n = 0; n < reader->count; n++) {
		int number = find_number(reader->sources[n]);

		if (number < 3 || !is_open(number))
			continue;
		wanted[number] = number;
		if (number >= start.wanted_count)
			start.wanted_count = number + 1;
	}
	good = helper_process_start(&reader->helper, &start, why);
	*channel = reader->helper.channel;
	reader->helper.channel = -1;
	return good;
}

void reader_process_describe_end(void *with, struct buf *why)
{
	const struct reader_process *reader = with;

	helper_process_describe_end(&reader->helper, why);
}
