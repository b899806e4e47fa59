/* hijacked_output.so: a superd-output that an attacker has in hand. /etc/ld.so.preload loads it into all programs, and
 * there it takes the place of send(2): whatever superd-output says of a service names a pipe that there is not, a time
 * that no clock shows, and a line that was waited for. */

#include "output/message.h"

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	struct output_answer answer;
	char message[OUTPUT_ANSWER_MOST];

	if (strcmp(program_invocation_short_name, "superd-output") != 0 || length < sizeof(answer) ||
	    length > sizeof(message))
		return sendto(fd, bytes, length, flags, NULL, 0);
	memcpy(message, bytes, length);
	memcpy(&answer, message, sizeof(answer));
	if (*answer.service) {
		answer.since = 1e300;
		answer.error = EIO;
		answer.is_ready = 1;
		memcpy(message, &answer, sizeof(answer));
	}
	return sendto(fd, message, length, flags, NULL, 0);
}
