/* The speaker to /dev/log, against daemons of our own on sockets in a folder of our own. */
#include "lib/log/log.h"
#include "tests/unit/unit.h"

#include <regex.h>
#include <sys/un.h>
#include <syslog.h>

static char folder[] = "/tmp/superd-syslog-XXXXXX";
static char path[64];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(syslog, .init = set_up, .fini = tear_down, .timeout = 120);

static int forking_open(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	cr_assert_geq(fd, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 5), 0);
	return fd;
}

static const char *receive(int fd)
{
	static char text[8192];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	cr_assert_geq(got, 0);
	text[got] = '\0';
	return text;
}

static void expect_match(const char *text, const char *pattern)
{
	regex_t compiled;

	cr_assert_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	cr_expect_eq(regexec(&compiled, text, 0, NULL, 0), 0, "%s", text);
	regfree(&compiled);
}

static bool send_line(struct syslog *syslog, int priority, const char *ident, long pid, const char *line, size_t length)
{
	struct buf text = { 0 };
	size_t done = 0;
	enum write_outcome outcome;

	syslog_compose(&text, &(struct syslog_head){ priority, ident, pid }, line, length);
	cr_assert(!text.failed);
	outcome = syslog_put(syslog, text.data, text.length, &done);
	buf_free(&text);
	return outcome == WRITE_DONE;
}

Test(syslog, makes_control_characters_visible)
{
	struct syslog syslog = SYSLOG_INIT;
	int fd = forking_open(SOCK_DGRAM);

	syslog.path = path;
	cr_assert(send_line(&syslog, LOG_INFO, "a\n", 0, "b\n<0>c\0d", 8));
	expect_match(receive(fd), " a\\\\x0a: b\\\\x0a<0>c\\\\x00d$");
	syslog_close(&syslog);
	close(fd);
}

Test(syslog, cuts_long_lines)
{
	struct syslog syslog = SYSLOG_INIT;
	int fd = forking_open(SOCK_DGRAM);
	static char line[100000];

	memset(line, 'x', sizeof(line));
	syslog.path = path;
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, line, sizeof(line)));
	cr_assert_eq(strlen(receive(fd)), SYSLOG_LINE);
	syslog_close(&syslog);
	close(fd);
}

Test(syslog, speaks_to_a_stream)
{
	struct syslog syslog = SYSLOG_INIT;
	int fd = forking_open(SOCK_STREAM), connection;
	char text[512];
	ssize_t got;

	syslog.path = path;
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, "one", 3));
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, "two", 3));
	connection = accept(fd, NULL, NULL);
	got = recv(connection, text, sizeof(text), MSG_DONTWAIT);
	cr_assert_gt(got, 0);
	cr_assert_eq(text[got - 1], '\0');
	expect_match(text, " a: one$");
	expect_match(text + strlen(text) + 1, " a: two$");
	cr_assert_eq(text + got, text + 2 * (strlen(text) + 1));
	syslog_close(&syslog);
	close(connection);
	close(fd);
}

Test(syslog, drops_and_counts_without_a_daemon_and_tries_once_a_second)
{
	struct syslog syslog = SYSLOG_INIT;
	int fd;

	syslog.path = path;
	cr_assert(!send_line(&syslog, LOG_INFO, "a", 0, "lost", 4));
	fd = forking_open(SOCK_DGRAM);
	syslog.retry_at += 1000;
	cr_assert(!send_line(&syslog, LOG_INFO, "a", 0, "too early", 9));
	syslog.retry_at -= 1001;
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, "found", 5));
	expect_match(receive(fd), " a: found$");
	syslog_close(&syslog);
	close(fd);
}

/* A stream that is full takes a part of a line: the rest follows, and its end. */
Test(syslog, goes_on_where_a_stream_stopped)
{
	static char line[3001], all[4000000];
	struct syslog syslog = SYSLOG_INIT;
	int fd = forking_open(SOCK_STREAM), client;
	enum write_outcome outcome = WRITE_DONE;
	size_t have = 0, done = 0, lines = 0;
	ssize_t got;

	memset(line, 'x', sizeof(line) - 1);
	syslog.path = path;
	while (outcome == WRITE_DONE && lines < 1000) {
		done = 0;
		outcome = syslog_put(&syslog, line, sizeof(line) - 1, &done);
		lines++;
	}
	cr_assert_eq(outcome, WRITE_FULL);
	client = accept(fd, NULL, NULL);
	cr_assert_geq(client, 0);
	while (outcome == WRITE_FULL) {
		got = recv(client, all + have, sizeof(all) - have, MSG_DONTWAIT);
		have += got > 0 ? (size_t)got : 0;
		outcome = syslog_put(&syslog, line, sizeof(line) - 1, &done);
	}
	cr_assert_eq(outcome, WRITE_DONE);
	while ((got = recv(client, all + have, sizeof(all) - have, MSG_DONTWAIT)) > 0)
		have += (size_t)got;
	cr_assert_eq(have, lines * sizeof(line));
	for (size_t n = 0; n < lines; n++)
		cr_assert_str_eq(all + n * sizeof(line), line);
	syslog_close(&syslog);
	close(client);
	close(fd);
}

Test(syslog, knows_facilities)
{
	cr_assert_eq(syslog_facility("daemon"), LOG_DAEMON);
	cr_assert_eq(syslog_facility("local7"), LOG_LOCAL7);
	cr_assert_eq(syslog_facility("kern"), LOG_KERN);
	cr_assert_eq(syslog_facility("nothing"), -1);
	cr_assert_eq(syslog_facility(""), -1);
}

Test(syslog, finds_a_restarted_daemon_with_the_same_line)
{
	struct syslog syslog = SYSLOG_INIT;
	int fd = forking_open(SOCK_DGRAM);

	syslog.path = path;
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, "one", 3));
	close(fd);
	unlink(path);
	fd = forking_open(SOCK_DGRAM);
	syslog.retry_at = 0;
	cr_assert(send_line(&syslog, LOG_INFO, "a", 0, "two", 3));
	expect_match(receive(fd), " a: two$");
	syslog_close(&syslog);
	close(fd);
}
