/* servers and services, and the names of tcpmux: superd writes the list into a file, so that a slow client keeps
 * nobody else waiting. */
#include "builtin/services.h"

#include <errno.h>
#include <string.h>

#include "builtin/connection.h"
#include "lib/clock.h"

#define LIST_TIMEOUT (INT64_C(5) * 60 * 1000) /* milliseconds for the whole list */
#define SUPERD_TIMEOUT 10000            /* milliseconds for superd's answer */

static void fail(struct builtin_server *server, struct connection *connection)
{
	builtin_log("superd does not send the list: %s", strerror(errno));
	connection->served = false;
	connection_end(server, connection, false);
}

void listing_begin(struct builtin_server *server, struct connection *connection)
{
	int64_t until = clock_ms() + SUPERD_TIMEOUT;

	if (talk_begin(server, connection, until) && !talk_ask(server, connection, "", until))
		fail(server, connection);
}

void listing_told(struct builtin_server *server, struct connection *connection, int file)
{
	if (file < 0) {
		fail(server, connection);
		return;
	}
	connection->talk->file = file;
	talk_answer(server, connection, clock_ms() + LIST_TIMEOUT);
}
