/* superd-output by what it and superd say to each other: the test is its superd. */
#include "output/message.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include "os/host/host.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 60000

static int start_output(pid_t *pid)
{
	char path[4096], *slash;
	int ends[2];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 20);

	cr_assert_gt(length, 0);
	path[length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash, "/superd-output");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*pid = fork();
	if (*pid == 0) {
		dup2(ends[1], STDIN_FILENO);
		execl(path, "superd-output", build_word(), (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

static void say(int channel, struct output_message *message, const int *fds, size_t count)
{
	message->descriptors = (uint32_t)count;
	cr_assert(fd_message_send(channel, message, sizeof(*message), fds, count, 0), "%s", strerror(errno));
}

static void greet(int channel)
{
	struct output_message hello = { .kind = OUTPUT_HELLO };
	int fds[] = { memfd_create("page", MFD_CLOEXEC), timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC) };

	cr_assert_eq(ftruncate(fds[0], sizeof(struct output_page)), 0);
	strcpy(hello.build, build_word());
	say(channel, &hello, fds, 2);
	close(fds[0]);
	close(fds[1]);
}

/* Whether it answers, having looked at all of its pipes before. */
static bool answers(int channel, uint32_t serial)
{
	struct output_message ask = { .kind = OUTPUT_ASK, .ask.serial = serial };
	struct pollfd look = { channel, POLLIN, 0 };
	static char bytes[OUTPUT_ANSWER_MOST];
	struct output_answer answer = { 0 };

	if (!fd_message_send(channel, &ask, sizeof(ask), NULL, 0, 0))
		return false;
	while (answer.serial != serial) {
		if (poll(&look, 1, PATIENCE_MS) != 1 ||
		    recv(channel, bytes, sizeof(bytes), 0) < (ssize_t)sizeof(answer))
			return false;
		memcpy(&answer, bytes, sizeof(answer));
	}
	return true;
}

/* superd still has a pipe whose end superd-output has seen: it closes its own descriptors a moment later. */
Test(output, lives_on_when_superd_has_a_pipe_longer_than_it)
{
	pid_t pid;
	int channel = start_output(&pid), ends[2], status;
	struct output_message message = { .kind = OUTPUT_SERVICE, .number = 1, .service = "web" };

	greet(channel);
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	strcpy(message.of.identifier, "web");
	say(channel, &message, ends, 1);
	message.kind = OUTPUT_GONE;
	say(channel, &message, ends, 2);
	cr_assert(answers(channel, 1));
	close(ends[1]); /* its last writer, and it is at its end */
	for (uint32_t serial = 2; serial < 20; serial++)
		cr_assert(answers(channel, serial), "it has ended at question %u", serial);
	close(ends[0]);
	close(channel);
	cr_assert_gt(wait(&status), 0);
	cr_assert_eq(status, 0);
}

/* Whether it ends, so that superd passes all to another one, if it has no room for the descriptors of superd's next
 * message. */
static bool ends_without_room(bool has_greeted)
{
	struct output_message message = { .kind = OUTPUT_SERVICE, .number = 1, .service = "web" };
	int ends[2], status, channel;
	const struct rlimit none = { 3, 3 };
	pid_t pid;

	channel = start_output(&pid);
	if (has_greeted)
		greet(channel);
	cr_assert(answers(channel, 1));
	cr_assert_eq(prlimit(pid, RLIMIT_NOFILE, &none, NULL), 0);
	if (has_greeted) {
		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		say(channel, &message, ends, 1);
	} else {
		greet(channel);
	}
	if (answers(channel, 2))
		kill(pid, SIGKILL);
	close(channel);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

Test(output, ends_when_it_has_no_room_for_a_pipe)
{
	cr_expect(ends_without_room(true));
}

Test(output, ends_when_it_has_no_room_for_its_page)
{
	cr_expect(ends_without_room(false));
}
