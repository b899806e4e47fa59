/* The log: its forms, and that nobody who reads it badly can hold superd up. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#include <regex.h>
#include <sys/resource.h>

static char folder[] = "/tmp/superd-log-XXXXXX";
static char path[64], second[64], destination[80];
static int saved_stderr;
static struct log *open_one;
static char text[600000];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(second, sizeof(second), "%s/log.1", folder);
	snprintf(destination, sizeof(destination), "file:%s", path);
	signal(SIGPIPE, SIG_IGN);
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
}

static void tear_down(void)
{
	log_close(open_one);
	dup2(saved_stderr, STDERR_FILENO);
	unlink(path);
	unlink(second);
	rmdir(folder);
}

TestSuite(log, .init = set_up, .fini = tear_down, .timeout = 120);

/* As superd opens it. */
static int file_of(const char *where)
{
	return strncmp(where, "file:", 5) ? -1
		: open(where + 5, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, LOG_SINK_MODE);
}

static void open_log(const char *where, bool json, enum level level)
{
	const char *why = NULL;

	open_one = log_open(where, file_of(where), json, level, &why);
	cr_assert_not_null(open_one, "%s", why);
	cr_assert_null(why);
}

/* Makes fd stderr, and opens the log on it. */
static void open_on(int fd, bool json)
{
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	open_log("stderr", json, LEVEL_INFO);
}

/* What can be read now; a pipe or socket is read until it has nothing. */
static const char *read_now(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	ssize_t got = 1;

	while (got > 0 && have < sizeof(text) - 1 && poll(&ask, 1, 0) == 1) {
		got = read(fd, text + have, sizeof(text) - 1 - have);
		have += got > 0 ? (size_t)got : 0;
	}
	text[have] = '\0';
	return text;
}

static const char *read_path(const char *file)
{
	int fd = open(file, O_RDONLY);

	cr_assert_geq(fd, 0);
	read_now(fd);
	close(fd);
	return text;
}

static void expect_match(const char *pattern)
{
	regex_t compiled;

	cr_assert_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	cr_expect_eq(regexec(&compiled, text, 0, NULL, 0), 0, "%s", text);
	regfree(&compiled);
}

Test(log, writes_text_with_the_service_or_superd_in_front)
{
	const struct event event = { .name = "started", .service = "echo", .pid = 7 };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	log_event(open_one, LEVEL_INFO, &event, "pid %d", 7);
	log_event(open_one, LEVEL_WARNING, &event, "odd");
	errno = ENOENT;
	log_error(open_one, "cannot open: %m");
	cr_assert_eq(errno, ENOENT);
	log_warn(open_one, "careful");
	log_debug(open_one, "not wanted");
	cr_assert_str_eq(read_now(ends[0]),
			 "echo: pid 7\necho: warning: odd\n"
			 "superd: cannot open: No such file or directory\nsuperd: warning: careful\n");
}

Test(log, leaves_stderr_blocking_for_the_others)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	log_info(open_one, "line");
	cr_assert(!(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK));
	cr_assert(!(fcntl(STDERR_FILENO, F_GETFD) & FD_CLOEXEC));
}

Test(log, filters_by_level)
{
	open_log(destination, false, LEVEL_WARNING);
	cr_assert(log_wants(open_one, LEVEL_ERROR));
	cr_assert(log_wants(open_one, LEVEL_WARNING));
	cr_assert(!log_wants(open_one, LEVEL_NOTICE));
	cr_assert(!log_wants(NULL, LEVEL_ERROR));
	log_notice(open_one, "no");
	log_error(open_one, "yes");
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "echo", .pid = 0 }, "always", 6);
	read_path(path);
	cr_assert_null(strstr(text, "no\n"));
	cr_assert_not_null(strstr(text, ": yes\n"));
	cr_assert_not_null(strstr(text, ": echo[-]: always\n"));
}

Test(log, leaves_a_record_as_it_is_at_every_level)
{
	const struct event event = { .name = "start", .service = "echo", .pid = 7 };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	open_log("stderr", false, LEVEL_ERROR);
	log_record(open_one, LEVEL_INFO, &event, "START: echo pid=7", 17);
	log_record(open_one, LEVEL_WARNING, &event, "two\nlines", 9);
	cr_assert_str_eq(read_now(ends[0]), "START: echo pid=7\ntwo\\x0alines\n");
}

Test(log, gives_a_record_its_facts_in_json)
{
	const struct event event = { .name = "start", .service = "echo", .pid = 7, .peer = "192.0.2.1" };

	open_log(destination, true, LEVEL_INFO);
	log_record(open_one, LEVEL_INFO, &event, "START: echo pid=7", 17);
	read_path(path);
	expect_match("\"service\":\"echo\",\"event\":\"start\",\"pid\":7,\"peer\":\"192\\.0\\.2\\.1\","
		     "\"message\":\"START: echo pid=7\"\\}\n$");
}

Test(log, does_nothing_without_a_log)
{
	const struct event event = { 0 };

	log_event(NULL, LEVEL_ERROR, &event, "x");
	log_say(NULL, LEVEL_ERROR, "x");
	log_output(NULL, LEVEL_INFO, &(struct event){ .service = "a", .pid = 0 }, "x", 1);
	log_record(NULL, LEVEL_INFO, &event, "x", 1);
	log_close(NULL);
	cr_assert_null(log_losses(NULL));
}

Test(log, stamps_the_lines_of_a_file)
{
	struct stat status;

	umask(0);
	open_log(destination, false, LEVEL_DEBUG);
	log_debug(open_one, "why");
	read_path(path);
	expect_match("^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2} "
		     "superd\\[[0-9]+\\]: debug: why\n$");
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 07777, 0640);
}

/* xinetd's own levels stand behind its own dates; a warning is not called one twice. */
Test(log, stamps_the_lines_of_a_file_under_another_name)
{
	open_log(destination, false, LEVEL_INFO);
	log_set_name(open_one, "inetd", false);
	log_info(open_one, "one");
	log_set_name(open_one, "xinetd", true);
	log_warn(open_one, "two");
	log_notice(open_one, "three");
	read_path(path);
	expect_match("^[^ ]+ inetd\\[[0-9]+\\]: one\n"
		     "[0-9]{2}/[01][0-9]/[0-3][0-9]@[0-2][0-9]:[0-5][0-9]:[0-6][0-9] xinetd\\[[0-9]+\\]: WARNING: two\n"
		     "[^ ]+ xinetd\\[[0-9]+\\]: NOTICE: three\n$");
}

Test(log, writes_every_fact_as_json)
{
	const struct event event = {
		.name = "exited",
		.service = "a\"b",
		.pid = 12,
		.peer = "192.0.2.1",
		.has_status = true,
		.has_signal = true,
		.has_duration = true,
		.signal = SIGTERM,
		.duration = 1.5,
		.reason = "idle",
	};

	open_log(destination, true, LEVEL_INFO);
	log_event(open_one, LEVEL_NOTICE, &event, "ended\n");
	read_path(path);
	expect_match("^\\{\"time\":\"[0-9T:.-]+\\.[0-9]{3}Z\",\"level\":\"notice\",\"service\":\"a\\\\\"b\",\"event\":"
		     "\"exited\","
		     "\"pid\":12,\"peer\":\"192\\.0\\.2\\.1\",\"status\":0,\"signal\":\"TERM\",\"duration\":1\\.500,"
		     "\"reason\":\"idle\",\"message\":\"ended\\\\n\"\\}\n$");
}

Test(log, leaves_out_facts_that_are_not)
{
	open_log(destination, true, LEVEL_INFO);
	log_info(open_one, "hello");
	read_path(path);
	expect_match("^\\{\"time\":\"[^\"]+\",\"level\":\"info\",\"event\":\"message\",\"message\":\"hello\"\\}\n$");
}

Test(log, leaves_out_a_peer_without_an_address)
{
	const struct event event = { .name = "started", .service = "web", .peer = "" };

	open_log(destination, true, LEVEL_INFO);
	log_event(open_one, LEVEL_INFO, &event, "started");
	read_path(path);
	cr_assert_null(strstr(text, "peer"), "%s", text);
}

Test(log, writes_output_of_backends_harmlessly)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "echo", .pid = 0 },
		   "a\tb\x1b[2J\0caf\xc3\xa9\nfake: line", 24);
	cr_assert_str_eq(read_now(ends[0]), "echo[-]: a\tb\\x1b[2J\\x00caf\xc3\xa9\\x0afake: line\n");
}

Test(log, marks_what_a_backend_prints_so_that_it_is_not_taken_for_its_own)
{
	static const char told[] = "\x1b a\\b";
	const struct event event = { .name = "refused", .service = "web" };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	log_event(open_one, LEVEL_NOTICE, &event, "refused 192.0.2.7");
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "web", .pid = 12 }, "refused 192.0.2.7", 17);
	log_output(open_one, LEVEL_WARNING, &(struct event){ .service = "web", .pid = 0 }, "refused", 7);
	cr_assert_str_eq(read_now(ends[0]), "web: refused 192.0.2.7\nweb[12]: refused 192.0.2.7\n"
					    "web[-]: warning: refused\n");
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "web", .pid = 12 }, told, sizeof(told) - 1);
	cr_assert_str_eq(read_now(ends[0]), "web[12]: \\x1b a\\b\n");
}

Test(log, writes_output_of_backends_as_json)
{
	open_log(destination, true, LEVEL_INFO);
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "echo", .pid = 0 }, "hi \xff", 4);
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "echo", .pid = 77 }, "there", 5);
	read_path(path);
	expect_match(
		"^\\{\"time\":\"[^\"]+\",\"level\":\"info\",\"service\":\"echo\",\"event\":\"output\",\"message\":\"hi "
		"\xef\xbf\xbd\"\\}\n.*\"event\":\"output\",\"pid\":77,\"message\":\"there\"\\}\n$");
}

Test(log, cuts_a_long_line_so_that_a_pipe_takes_it_whole)
{
	static char line[20000];
	int ends[2];

	memset(line, 'x', sizeof(line));
	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	log_output(open_one, LEVEL_INFO, &(struct event){ .service = "echo", .pid = 0 }, line, sizeof(line));
	read_now(ends[0]);
	cr_assert_leq(strlen(text), 4000);
	cr_assert_geq(strlen(text), 3990);
	cr_assert_str_eq(text + strlen(text) - 5, "x\xe2\x80\xa6\n");
}

Test(log, keeps_json_whole_when_it_cuts)
{
	static char line[20000];
	struct event event = { .service = line, .name = line, .peer = line, .reason = line };
	int ends[2];

	memset(line, '\x01', sizeof(line) - 1);
	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], true);
	log_event(open_one, LEVEL_INFO, &event, "%s", line);
	read_now(ends[0]);
	cr_assert_leq(strlen(text), 4000);
	cr_assert_geq(strlen(text), 3980);
	cr_assert_str_eq(text + strlen(text) - 6, "\xe2\x80\xa6\"}\n");
}

/* Fills the log's pipe or socket, and the queue behind it, until a line is dropped. */
static unsigned fill(void)
{
	unsigned written = 0;

	while (!*log_losses(open_one) && written < 100000) {
		log_info(open_one, "line %u", written);
		written++;
	}
	cr_assert_eq(*log_losses(open_one), 1);
	return written;
}

/* Reads until the queue is empty; what was read is in text. */
static void read_all(int reader)
{
	static char all[sizeof(text)];
	size_t have = 0;

	do {
		log_sink_flush(log_sink(open_one));
		read_now(reader);
		cr_assert_lt(have + strlen(text), sizeof(all));
		have += strlen(strcpy(all + have, text));
	} while (*text);
	memcpy(text, all, have + 1);
}

static void expect_full_and_back(int reader)
{
	unsigned written = fill() - 1, expected = 0, number;
	const char *at = text;

	read_all(reader);
	/* All lines in their order, and how many more there were. */
	for (; sscanf(at, "superd: line %u\n", &number) == 1; expected++, at = strchr(at, '\n') + 1)
		cr_assert_eq(number, expected);
	cr_assert_eq(expected, written);
	cr_assert_str_eq(at, "superd: warning: 1 line of the log was dropped\n");
	log_info(open_one, "more");
	cr_assert_str_eq(read_now(reader), "superd: more\n");
}

Test(log, never_waits_for_a_stuck_pipe_and_says_what_was_dropped)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	expect_full_and_back(ends[0]);
}

/* Without a way to open the pipe anew, as where /proc is missing or the pipe is another user's. */
Test(log, never_waits_for_a_stuck_pipe_that_it_can_only_ask)
{
	struct rlimit none = { 0, 0 }, before;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	open_log("stderr", false, LEVEL_INFO);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_full_and_back(ends[0]);
}

Test(log, never_waits_for_a_stuck_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal;

	cr_assert_geq(master, 0);
	cr_assert_eq(grantpt(master), 0);
	cr_assert_eq(unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	cr_assert_geq(terminal, 0);
	open_on(terminal, false);
	fill();
	read_all(master);
	cr_assert_not_null(strstr(text, "superd: warning: 1 line of the log was dropped\r\n"));
	log_info(open_one, "back");
	cr_assert_str_eq(read_now(master), "superd: back\r\n");
	close(master);
}

Test(log, never_waits_for_a_stuck_socket)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_on(ends[1], false);
	fill();
	read_all(ends[0]);
	cr_assert_not_null(strstr(text, "superd: warning: 1 line of the log was dropped\n"));
	log_info(open_one, "back");
	cr_assert_str_eq(read_now(ends[0]), "superd: back\n");
}

Test(log, survives_a_reader_that_went_away)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	close(ends[0]);
	log_info(open_one, "to nobody");
	cr_assert_eq(*log_losses(open_one), 1);
}

Test(log, goes_on_in_a_new_file_after_rotation)
{
	open_log(destination, false, LEVEL_INFO);
	log_info(open_one, "one");
	cr_assert_eq(rename(path, second), 0);
	log_info(open_one, "two");
	log_move(open_one, destination, file_of(destination));
	log_info(open_one, "three");
	read_path(second);
	expect_match("one\n.*two\n$");
	read_path(path);
	expect_match("^[^\n]*: three\n$");
}

Test(log, moves_to_another_destination_with_the_lines_that_wait)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	fill();
	cr_assert_null(log_move(open_one, destination, file_of(destination)));
	log_info(open_one, "new");
	while (log_sink(open_one)->queue.length)
		log_sink_flush(log_sink(open_one));
	read_path(path);
	expect_match("^.*superd: line [0-9]+\n.*: new\n.*: warning: 1 line of the log was dropped\n$");
	cr_assert_not_null(log_move(open_one, "file:/nowhere/log", -1));
	cr_assert_not_null(log_move(open_one, "nowhere", -1));
	log_set_form(open_one, true, LEVEL_NOTICE);
	log_info(open_one, "unheard");
	log_notice(open_one, "as before");
	log_sink_flush(log_sink(open_one));
	read_path(path);
	expect_match("\"message\":\"as before\"}\n$");
	cr_expect_null(strstr(text, "unheard"));
	close(ends[0]);
	close(ends[1]);
}

Test(log, goes_on_in_the_old_file_when_there_can_be_no_new_one)
{
	open_log(destination, false, LEVEL_INFO);
	cr_assert_eq(rename(path, second), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_not_null(log_move(open_one, destination, file_of(destination)));
	log_info(open_one, "still here");
	rmdir(path);
	read_path(second);
	expect_match("^[^\n]*still here\n$");
}

/* A full disk, as a limit of the file's size. */
static rlim_t limit_file(size_t more)
{
	struct rlimit limit;
	rlim_t before;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = more == SIZE_MAX ? limit.rlim_max : strlen(read_path(path)) + more;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return before;
}

Test(log, ends_a_line_that_went_out_in_part_when_the_disk_has_room_again)
{
	open_log(destination, false, LEVEL_INFO);
	log_info(open_one, "whole");
	limit_file(10);
	log_info(open_one, "torn");
	log_info(open_one, "after");
	cr_assert_eq(strchr(read_path(path), '\n') + 11 - text, (ptrdiff_t)strlen(text));
	limit_file(SIZE_MAX);
	log_info(open_one, "next");
	read_path(path);
	expect_match("^[^\n]*: whole\n[^\n]*: torn\n[^\n]*: after\n[^\n]*: next\n$");
	cr_assert_eq(*log_losses(open_one), 0);
}

Test(log, writes_a_torn_line_whole_into_a_new_file)
{
	open_log(destination, false, LEVEL_INFO);
	log_info(open_one, "whole");
	limit_file(10);
	log_info(open_one, "torn");
	cr_assert_eq(rename(path, second), 0);
	log_move(open_one, destination, file_of(destination));           /* the old file is as full as before */
	limit_file(SIZE_MAX);
	read_path(path);
	expect_match("^[0-9][^\n]*: torn\n$");
	cr_assert_eq(*log_losses(open_one), 0);
}

Test(log, goes_on_with_a_torn_line_where_a_reopened_file_is_the_same)
{
	open_log(destination, false, LEVEL_INFO);
	log_info(open_one, "whole");
	limit_file(10);
	log_info(open_one, "torn");
	limit_file(SIZE_MAX);
	log_move(open_one, destination, file_of(destination));
	read_path(path);
	expect_match("^[^\n]*: whole\n[0-9][^\n]*: torn\n$");
}

Test(log, waits_a_moment_at_its_end_for_a_reader_and_no_longer)
{
	struct timespec begun, ended;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	open_on(ends[1], false);
	fill();
	clock_gettime(CLOCK_MONOTONIC, &begun);
	log_close(open_one);            /* it returns, though nobody reads */
	open_one = NULL;
	clock_gettime(CLOCK_MONOTONIC, &ended);
	cr_assert_geq((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000, 900);
}

Test(log, refuses_destinations_that_are_none)
{
	static const char *const wrong[] = { "",	"stdout",	  "file:", "file", "syslog:nothing",
					     "syslogd", "/var/log/superd" };
	const char *why;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why = NULL;
		cr_expect_null(log_open(wrong[i], -1, false, LEVEL_INFO, &why), "%s", wrong[i]);
		cr_expect_not_null(why);
	}
	cr_expect_null(log_open("file:/nowhere/at/all", -1, false, LEVEL_INFO, &why));
}

Test(log, opens_syslog_without_a_daemon)
{
	open_log("syslog:local3", false, LEVEL_INFO);
	log_move(open_one, "syslog:local3", -1);
	log_close(open_one);
	open_log("syslog", false, LEVEL_INFO);
}

struct tapped {
	struct log *log;
	unsigned count;
	enum level level;
	char service[32], text[64];
};

static void hear(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	struct tapped *tapped = context;

	tapped->count++;
	tapped->level = level;
	snprintf(tapped->service, sizeof(tapped->service), "%s", event->service ? event->service : "");
	snprintf(tapped->text, sizeof(tapped->text), "%.*s", (int)length, message);
	log_error(tapped->log, "this is not heard, or it would never end");
}

Test(log, lets_a_tap_hear_what_the_log_leaves_out)
{
	const char *why;
	struct log *log = log_open("file:/dev/null", file_of("file:/dev/null"), false, LEVEL_NOTICE, &why);
	struct tapped tapped = { .log = log };
	const struct event event = { .name = "started", .service = "web" };

	cr_assert_not_null(log);
	cr_expect_not(log_wants(log, LEVEL_INFO));
	log_tap(log, LEVEL_INFO, hear, &tapped);
	cr_expect(log_wants(log, LEVEL_INFO));
	cr_expect_not(log_wants(log, LEVEL_DEBUG));
	log_event(log, LEVEL_INFO, &event, "pid %d", 7);
	cr_expect_eq(tapped.count, 1);
	cr_expect_eq(tapped.level, LEVEL_INFO);
	cr_expect_str_eq(tapped.service, "web");
	cr_expect_str_eq(tapped.text, "pid 7");
	log_debug(log, "too much");
	cr_expect_eq(tapped.count, 1);
	log_tap(log, LEVEL_INFO, NULL, NULL);
	log_notice(log, "nobody listens");
	cr_expect_eq(tapped.count, 1);
	log_close(log);
}
