/* A stand-in for superd. The hard thing is to be gone at the end: it is a child of the test, ended by its pid. */
#include "recorded.h"

#include <sys/prctl.h>
#include <sys/un.h>

#include "harness.h"

static void say(int client, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t sent = send(client, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		length -= (size_t)sent;
	}
}

static const struct recording *find(const struct recording *recordings, const char *request)
{
	for (; recordings->verb; recordings++) {
		if (!strncmp(recordings->verb, request, strlen(recordings->verb)))
			break;
	}
	return recordings;
}

/* Until the other side has gone. */
static void hang(int client)
{
	char byte;

	while (read(client, &byte, 1) > 0)
		;
}

/* false: the connection is to be closed. */
static bool answer(int client, const struct recording *recording)
{
	if (!recording->verb)
		say(client, "{\"error\":\"no such verb\",\"code\":\"usage\"}\n");
	else if (!recording->answer)
		hang(client);
	else
		say(client, recording->answer);
	return !recording->verb || (recording->answer && *recording->answer);
}

static void converse(int client, int requests, const char *greeting, const struct recording *recordings)
{
	char line[16384];
	size_t length = 0;

	if (!greeting)
		hang(client);
	else
		say(client, greeting);
	while (greeting && *greeting && length < sizeof(line) - 1 && read(client, line + length, 1) == 1) {
		if (line[length++] != '\n')
			continue;
		if (write(requests, line, length) != (ssize_t)length)
			return;
		line[length] = '\0';
		length = 0;
		if (!answer(client, find(recordings, line)))
			return;
	}
}

_Noreturn static void serve(int server, int requests, const char *greeting, const struct recording *recordings)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int client = accept(server, NULL, NULL);

		if (client < 0)
			_exit(0);
		if (fork() == 0) {      /* one of them may stay, as top does */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			converse(client, requests, greeting, recordings);
			_exit(0);
		}
		close(client);
	}
}

struct recorded recorded_run(const char *greeting, const struct recording *recordings)
{
	static unsigned serial;
	struct recorded recorded = { .path = path_in("control%u", serial), .requests = path_in("requests%u", serial) };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int requests = open(recorded.requests, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	serial++;
	cr_assert_lt(strlen(recorded.path), sizeof(address.sun_path));
	memcpy(address.sun_path, recorded.path, strlen(recorded.path));
	cr_assert(server >= 0 && requests >= 0);
	cr_assert_eq(bind(server, (const struct sockaddr *)&address, sizeof(address)), 0, "%s", strerror(errno));
	cr_assert_eq(listen(server, 8), 0);
	recorded.pid = fork();
	setpgid(recorded.pid, 0);
	if (recorded.pid == 0)
		serve(server, requests, greeting, recordings);
	cr_assert_gt(recorded.pid, 0);
	close(server);
	close(requests);
	return recorded;
}

/* The conversations, which are in its group, become children of the test. */
void recorded_stop(struct recorded *recorded)
{
	cr_assert_eq(kill(-recorded->pid, SIGKILL), 0);
	cr_assert_eq(waitpid(recorded->pid, NULL, 0), recorded->pid);
	while (waitpid(-recorded->pid, NULL, 0) > 0)
		;
	recorded->pid = -1;
}
