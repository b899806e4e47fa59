/* Speaking the control socket's protocol as any program might. The hard thing is none: a request is a line, an answer
 * ends with the first line that is done or an error. */
#include "controlling.h"

#include <grp.h>
#include <sys/un.h>

const char *control_path(void)
{
	static const char *path;

	if (!path)
		path = path_in("control");
	return path;
}

static struct superd *run(const struct setup *setup, const char *table)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	struct setup own = *setup;

	own.arguments = arguments;
	return superd_run_with(&own, "%s", table);
}

struct superd *controlled_run(const char *format, ...)
{
	const char *table;
	va_list list;

	va_start(list, format);
	table = text_of_list(format, list);
	va_end(list);
	return run(&(struct setup){ 0 }, table);
}

struct superd *controlled_clock_run(const char *format, ...)
{
	const char *table;
	va_list list;

	va_start(list, format);
	table = text_of_list(format, list);
	va_end(list);
	return run(&(struct setup){ .clock = true }, table);
}

int control_connect(void)
{
	const char *line;
	int fd;

	WAIT_UNTIL((fd = client_try_unix(control_path())) >= 0); /* no connection more: superd counts them */
	line = client_line(fd);
	cr_assert_not_null(strstr(line, "\"protocol\":2"));
	client_send(fd, text_of("hello %s\n", control_value(line, "hello")));
	return fd;
}

static bool is_last(const char *line)
{
	return !strncmp(line, "{\"done\":", 8) || !strncmp(line, "{\"error\":", 9);
}

static const char *ask(int fd, const char *request)
{
	const char *answer = "", *line;

	client_send(fd, text_of("%s\n", request));
	do {
		line = client_line(fd);
		answer = text_of("%s%s\n", answer, line);
	} while (!is_last(line));
	return answer;
}

const char *control_ask(int fd, const char *format, ...)
{
	const char *request;
	va_list list;

	va_start(list, format);
	request = text_of_list(format, list);
	va_end(list);
	return ask(fd, request);
}

const char *control_once(const char *format, ...)
{
	const char *answer;
	va_list list;
	int fd = control_connect();

	va_start(list, format);
	answer = ask(fd, text_of_list(format, list));
	va_end(list);
	close(fd);
	return answer;
}

bool control_is_done(const char *answer)
{
	return strstr(answer, "{\"done\":true}\n");
}

const char *control_value(const char *answer, const char *key)
{
	const char *at = strstr(answer, text_of("\"%s\":", key));
	size_t length;

	cr_assert_not_null(at, "no %s in %s", key, answer);
	at += strlen(key) + 3;
	if (*at == '"')
		return text_of("%.*s", (int)strcspn(at + 1, "\""), at + 1);
	length = strcspn(at, ",}]");
	return text_of("%.*s", (int)length, at);
}

/* The two lines that somebody else is told: the greeting, and the answer's first. */
static void talk(int out, const char *request)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char greeting[512] = "", byte;
	size_t length = 0;
	const char *word;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", control_path());
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		dprintf(out, "%s\n", strerror(errno));
		return;
	}
	while (length < sizeof(greeting) - 1 && read(fd, &byte, 1) == 1 && byte != '\n')
		greeting[length++] = byte;
	dprintf(out, "%s\n", greeting);
	word = strstr(greeting, "\"hello\":\"");
	if (word)
		dprintf(fd, "hello %.16s\n%s", word + strlen("\"hello\":\""), request);
	for (int lines = 0; lines < 1 && read(fd, &byte, 1) == 1; lines += byte == '\n')
		dprintf(out, "%c", byte);
}

const char *control_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, const char *request)
{
	static size_t asked;
	const char *file = path_in("asked%zu", asked++);
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600), status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(DEADLINE_MS / 1000);
		if (setgroups(count, groups) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
			_exit(1);
		talk(out, request);
		_exit(0);
	}
	close(out);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	return read_text(file);
}
