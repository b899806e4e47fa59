/* Sends a file to a connection: the lists of servers and services, and the names of tcpmux.
 *
 * superd writes the list, so that a slow client delays only this process. Where superd has no files in memory
 * (memfd_create(2)), the list is a pipe; lseek(2) then fails, which does not matter. */
#include "builtin/services.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "builtin/poll_deadline.h"
#include "lib/clock.h"

#define TIMEOUT (INT64_C(5) * 60 * 1000) /* milliseconds for the whole list */

int listing_send(int file, int connection)
{
	int64_t until = clock_ms() + TIMEOUT;
	char bytes[16 << 10];
	ssize_t got;

	lseek(file, 0, SEEK_SET);
	while ((got = read(file, bytes, sizeof(bytes))) > 0) {
		if (!send_deadline(connection, bytes, (size_t)got, until))
			break;
	}
	if (got < 0)
		builtin_log("cannot read the list: %s", strerror(errno));
	shutdown_and_drain(connection);
	return got < 0;
}

int listing_stream(const struct settings *settings, int connection)
{
	if (settings->channel < 0) {
		builtin_log("%s needs superd, which sends the list", settings->builtin->name);
		return 1;
	}
	return listing_send(settings->channel, connection);
}
