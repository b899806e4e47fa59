/* The speaker to /dev/log, against daemons of our own on sockets in a folder of our own. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#include <regex.h>
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

static struct log_sink sink;

static void open_sink(void)
{
	cr_assert_null(log_sink_open(&sink, "syslog", -1));
	sink.daemon = path;
}

/* Whether it is written at once. */
static bool send_line(const char *ident, const char *line, size_t length)
{
	log_sink_take_as(&sink, &(struct syslog_head){ LOG_INFO, ident, 0 }, line, length);
	return sink.state == LOG_SINK_READY;
}

Test(syslog, makes_control_characters_visible)
{
	int fd = forking_open(SOCK_DGRAM);

	open_sink();
	cr_assert(send_line("a\n", "b\n<0>c\0d", 8));
	expect_match(receive(fd), " a\\\\x0a: b\\\\x0a<0>c\\\\x00d$");
	log_sink_close(&sink);
	close(fd);
}

Test(syslog, cuts_long_lines)
{
	int fd = forking_open(SOCK_DGRAM);
	static char line[100000];

	memset(line, 'x', sizeof(line));
	open_sink();
	cr_assert(send_line("a", line, sizeof(line)));
	cr_assert_eq(strlen(receive(fd)), SYSLOG_LINE);
	log_sink_close(&sink);
	close(fd);
}

Test(syslog, speaks_to_a_stream)
{
	int fd = forking_open(SOCK_STREAM), connection;
	char text[512];
	ssize_t got;

	open_sink();
	cr_assert(send_line("a", "one", 3));
	cr_assert(send_line("a", "two", 3));
	connection = accept(fd, NULL, NULL);
	got = recv(connection, text, sizeof(text), MSG_DONTWAIT);
	cr_assert_gt(got, 0);
	cr_assert_eq(text[got - 1], '\0');
	expect_match(text, " a: one$");
	expect_match(text + strlen(text) + 1, " a: two$");
	cr_assert_eq(text + got, text + 2 * (strlen(text) + 1));
	log_sink_close(&sink);
	close(connection);
	close(fd);
}

Test(syslog, keeps_lines_for_a_daemon_and_looks_for_it_once_a_second)
{
	int fd;

	open_sink();
	cr_assert(!send_line("a", "one", 3));
	fd = forking_open(SOCK_DGRAM);
	sink.retry_at += 1000;
	cr_assert(!send_line("a", "two", 3));
	log_sink_flush(&sink);
	cr_assert_eq(sink.state, LOG_SINK_AWAY);
	sink.retry_at -= 1001;
	log_sink_flush(&sink);
	expect_match(receive(fd), " a: one$");
	expect_match(receive(fd), " a: two$");
	cr_assert_eq(sink.unreported, 0);
	log_sink_close(&sink);
	close(fd);
}

/* A stream that is full takes a part of a line: the rest follows, and its end. */
Test(syslog, goes_on_where_a_stream_stopped)
{
	static char line[3001], all[4000000];
	int fd = forking_open(SOCK_STREAM), client;
	size_t have = 0, lines = 1;
	const char *at = all;
	ssize_t got;

	memset(line, 'x', sizeof(line) - 1);
	open_sink();
	while (send_line("a", line, sizeof(line) - 1) && lines < 1000)
		lines++;
	cr_assert_eq(sink.state, LOG_SINK_FULL);
	client = accept(fd, NULL, NULL);
	cr_assert_geq(client, 0);
	while (sink.state == LOG_SINK_FULL) {
		got = recv(client, all + have, sizeof(all) - have, MSG_DONTWAIT);
		have += got > 0 ? (size_t)got : 0;
		log_sink_flush(&sink);
	}
	while ((got = recv(client, all + have, sizeof(all) - have, MSG_DONTWAIT)) > 0)
		have += (size_t)got;
	for (size_t n = 0; n < lines; n++, at += strlen(at) + 1) {
		cr_assert_lt(at, all + have);
		cr_assert_str_eq(at + strlen(at) - strlen(line), line);
	}
	cr_assert_eq(at, all + have);
	log_sink_close(&sink);
	close(client);
	close(fd);
}

Test(syslog, knows_facilities)
{
	cr_assert_str_eq(syslog_facilities[LOG_FAC(LOG_DAEMON)], "daemon");
	cr_assert_str_eq(syslog_facilities[LOG_FAC(LOG_AUTHPRIV)], "authpriv");
	cr_assert_str_eq(syslog_facilities[LOG_FAC(LOG_LOCAL7)], "local7");
	cr_assert_null(log_sink_refusal("syslog:local7"));
	cr_assert_null(log_sink_refusal("syslog:security"));
	cr_assert_not_null(log_sink_refusal("syslog:nothing"));
	cr_assert_not_null(log_sink_refusal("syslog:"));
}

Test(syslog, finds_a_restarted_daemon_with_the_same_line)
{
	int fd = forking_open(SOCK_DGRAM);

	open_sink();
	cr_assert(send_line("a", "one", 3));
	close(fd);
	unlink(path);
	fd = forking_open(SOCK_DGRAM);
	sink.retry_at = 0;
	cr_assert(send_line("a", "two", 3));
	expect_match(receive(fd), " a: two$");
	log_sink_close(&sink);
	close(fd);
}
