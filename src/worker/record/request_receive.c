/* How the other process receives a request: a message that has no text, and whose first descriptor is a sealed file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "worker/record/request.h"

bool request_receive(int channel, struct record *request, int *fds, size_t *count)
{
	int received[FD_MESSAGE_MOST];
	size_t room = *count + 1;
	ssize_t got;
	bool good;
	char byte;

	do
		got = fd_message_receive(channel, &byte, 1, received, &room, 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0 || !room)
		return false;
	good = record_open(request, received[0], REQUEST_MOST);
	close(received[0]);
	*count = room - 1;
	if (*count)
		memcpy(fds, received + 1, *count * sizeof(*fds));
	return good;
}

bool request_receive_fds(int channel, int *fds, size_t count)
{
	for (size_t n = 0; n < count;) {
		size_t wanted = count - n < FD_MESSAGE_MOST ? count - n : FD_MESSAGE_MOST, room = wanted;
		char byte;
		ssize_t got = fd_message_receive(channel, &byte, 1, fds + n, &room, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || room != wanted)
			return false;
		n += room;
	}
	return true;
}
