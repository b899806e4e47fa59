/* xinetd's lines to the letter, and the files they go to: with limits, rotated under superd, out of reach. */
#include <sys/un.h>
#include <syslog.h>

#include "lib/scan.h"
#include "superd/log/xinetd_line.h"
#include "superd/log/xinetd_log_file.h"
#include "table/service/service.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

#define ALL (SUCCESS_PID | SUCCESS_HOST | SUCCESS_USERID | SUCCESS_EXIT | SUCCESS_DURATION | SUCCESS_TRAFFIC)

static char folder[] = "/tmp/superd-record-XXXXXX";
static char path[64], moved[64], log_path[64];
static struct engine engine;
static struct log_files log_files;
static struct buf line;
static struct log_target target;

static void set_up(void)
{
	char destination[80];
	const char *why;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/records", folder);
	snprintf(moved, sizeof(moved), "%s/records.1", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	snprintf(destination, sizeof(destination), "file:%s", log_path);
	engine.log = log_open(destination, false, LEVEL_INFO, &why);
	cr_assert_not_null(engine.log);
	records_init(&engine, &log_files);
	target = (struct log_target){
		.kind = LOG_TYPE_FILE, .path = path, .soft = SCAN_INFINITY, .hard = SCAN_INFINITY
	};
}

static void tear_down(void)
{
	records_free(&engine);
	log_close(engine.log);
	buf_free(&line);
	unlink(path);
	unlink(moved);
	unlink(log_path);
	rmdir(path);
	cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

TestSuite(record, .init = set_up, .fini = tear_down, .timeout = 120);

#define EXPECT_LINE(expected, call) \
	do { \
		buf_clear(&line); \
		call; \
		cr_expect_str_eq(buf_string(&line), expected); \
	} while (0)

Test(record, users_traffic_and_sensors_read_as_xinetd_has_them)
{
	EXPECT_LINE("USERID: web UNIX : joe", xinetd_line_user(&line, "web", "UNIX : joe"));
	EXPECT_LINE("NOID: web 192.0.2.1 no server", xinetd_line_nobody(&line, "web", "192.0.2.1", "no server"));
	EXPECT_LINE("TRAFFIC: web in=2(bytes) out=18446744073709551615(bytes)",
		    xinetd_line_traffic(&line, "web", 2, UINT64_MAX));
	EXPECT_LINE("77 {process_sensor} Adding 192.0.2.1 to the global_no_access list for -1 minutes",
		    xinetd_line_sensor(&line, 77, "192.0.2.1", -1));
}

Test(record, what_a_stranger_says_makes_no_second_line)
{
	char flood[4 * RECORD_MOST];

	EXPECT_LINE("USERID: web joe\\x0aFAIL: web address from=192.0.2.9",
		    xinetd_line_user(&line, "web", "joe\nFAIL: web address from=192.0.2.9"));
	memset(flood, 'x', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	buf_clear(&line);
	xinetd_line_user(&line, "web", flood);
	cr_assert_leq(line.length, RECORD_MOST);
}

Test(record, a_files_lines_begin_with_the_time_unpadded_as_ever)
{
	struct tm tm = { .tm_year = 109, .tm_mon = 0, .tm_mday = 5, .tm_hour = 3, .tm_min = 4, .tm_sec = 9 };

	EXPECT_LINE("09/1/5@03:04:09: ", xinetd_line_stamp(&line, &tm));
	tm.tm_mon = 11;
	tm.tm_mday = 31;
	EXPECT_LINE("09/12/31@03:04:09: ", xinetd_line_stamp(&line, &tm));
}

static void take(const char *text)
{
	const struct event event = { .name = "start", .service = "web" };

	xinetd_record_target_take(&engine, &target, &event, text, strlen(text));
}

static const char *content(const char *name)
{
	static char text[2][20000];
	static int n;
	FILE *file = fopen(name, "r");
	size_t got;

	n = !n;
	if (!file)
		return NULL;
	got = fread(text[n], 1, sizeof(text[n]) - 1, file);
	text[n][got] = '\0';
	fclose(file);
	return text[n];
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; text && (text = strstr(text, part)); text++)
		found++;
	return found;
}

/* The path is looked at once a second: this is the next look. */
static void await_look(void)
{
	own_clock_advance(1.);
}

Test(record, a_file_that_was_emptied_is_logged_to_again)
{
	target.soft = target.hard = 100;
	for (int n = 0; n < 20; n++)
		take("START: web pid=1");
	cr_assert_eq(truncate(path, 0), 0);
	await_look();
	take("START: web pid=2");
	cr_assert(strstr(content(path), "START: web pid=2\n"));
}

static void flush(void *context, struct log_sink *sink)
{
	bool *waits = context;

	log_sink_flush(sink);
	*waits |= !log_queue_is_empty(&sink->queue);
}

/* Gives what is in the pipe to nobody, and the lines that wait to the pipe, until all is through; counts them. */
static size_t drain(int reader)
{
	char text[4096];
	size_t lines = 0;
	bool waits;
	ssize_t got;

	do {
		while ((got = read(reader, text, sizeof(text))) > 0) {
			for (ssize_t n = 0; n < got; n++)
				lines += text[n] == '\n';
		}
		waits = false;
		records_each(&engine, flush, &waits);
	} while (waits);
	while ((got = read(reader, text, sizeof(text))) > 0) {
		for (ssize_t n = 0; n < got; n++)
			lines += text[n] == '\n';
	}
	return lines;
}

Test(record, a_pipe_nobody_empties_does_not_hold_superd_up)
{
	char text[1001] = "";
	size_t got;
	int reader;

	cr_assert_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(reader, 0);
	memset(text, 'x', sizeof(text) - 1);
	for (int n = 0; n < 1000; n++)
		take(text);
	cr_assert_eq(count(content(log_path), "Resource temporarily unavailable: the lines of log_type are dropped"),
		     1u, "%s", content(log_path));
	got = drain(reader);
	cr_assert_eq(got + log_dropped(engine.log), 1000u);
	cr_assert_eq(log_losses(engine.log)->of_clients, log_dropped(engine.log));
	take("START: web pid=2");
	snprintf(text, sizeof(text), "again: %lu lines of log_type were dropped", log_dropped(engine.log));
	cr_assert_eq(count(content(log_path), text), 1u, "%s", content(log_path));
	close(reader);
}

Test(record, a_pipe_has_no_limits)
{
	int reader;

	cr_assert_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	target.soft = target.hard = 10;
	take("START: web pid=1");
	take("START: web pid=2");
	cr_assert_eq(content(log_path)[0], '\0', "%s", content(log_path));
	close(reader);
}

Test(record, a_file_that_cannot_be_opened_again_goes_on_and_is_told_of_once)
{
	take("START: web pid=1");
	cr_assert_eq(rename(path, moved), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	records_reopen(&engine);
	take("START: web pid=2");
	records_reopen(&engine);
	cr_assert_eq(count(content(log_path), "cannot open "), 1u, "%s", content(log_path));
	cr_assert_eq(count(content(moved), "\n"), 2u);
}

Test(record, syslog_that_is_gone_is_told_once)
{
	log_files.syslog.syslog.path = path;
	target = (struct log_target){ .kind = LOG_TYPE_SYSLOG, .facility = LOG_DAEMON, .level = LOG_INFO };
	take("START: web pid=1");
	take("START: web pid=2");
	cr_assert_eq(count(content(log_path), "cannot log to syslog"), 1u, "%s", content(log_path));
}

Test(record, at_the_soft_limit_it_is_told_once_at_the_hard_one_logging_ends)
{
	target.soft = 100;
	target.hard = 200;
	for (int n = 0; n < 20; n++)
		take("START: web pid=1");
	cr_assert_leq(strlen(content(path)), 200u);
	cr_assert_gt(strlen(content(path)), 150u);
	cr_assert_eq(count(content(log_path), "web: warning: "), 2u, "%s", content(log_path));
	cr_assert_eq(count(content(log_path), "grows beyond 100B, log_type's soft limit"), 1u);
	cr_assert_eq(count(content(log_path), "has reached 200B, log_type's hard limit"), 1u);
}
