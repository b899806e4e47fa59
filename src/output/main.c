/* superd-output: reads what the programs of superd's services print, and writes it to superd's log.
 *
 * It is apart from superd for two reasons. A program that holds the lock of its pipe (write(2) from a page of its own
 * FUSE file sleeps with it) hangs whoever reads there, and superd must not hang. And a pipe must have a reader for as
 * long as a program writes to it, or that program dies of SIGPIPE: superd-output outlives superd until its last writer
 * has ended. It reads, limits, escapes and formats lines, writes them, and keeps the last ones of each service, for
 * which superd asks. It has no rights but its descriptors: superd opens the log and passes it. */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <syslog.h>

#include "os/host/host.h"
#include "output/message.h"

#define CHUNK 4096	   /* bytes of one read(2), the turn of a pipe: one that is never empty delays no other */
#define DRAINED 65536	   /* bytes that a question has read, at most */
#define KEPT_ALL (4 << 20) /* bytes of kept lines; beyond them a service keeps KEPT_FEW */
#define KEPT_FEW 4
#define TRACE_MOST 30  /* lines of a trace behind the line that names the error */

struct kept {
	double at;
	enum level level;
	pid_t pid;
	bool is_output, told;
	uint32_t length;
	char text[];
};

/* A pipe. */
struct source {
	struct source *next;
	uint32_t bucket;
	int fd;
	ino_t node;
	char *service; /* NULL: superd has no use for it any more, or has died; it is read to its end */
	uint32_t number, slot, start;
	pid_t pid;
	struct output_rules rules;
	char *name;  /* in the log */
	char *ready; /* the line by which a start is ready; NULL: none */
	bool awaits; /* it, in this start */
	bool is_ready; /* it has come, and superd could not be told */
	char *line;  /* unfinished, `length` bytes */
	size_t length;
	char last_line[160]; /* beginning of the line that tells why the program ended */
	unsigned lines_after;
	double interval_begin;
	unsigned long interval_lines, suppressed;
	struct kept **kept; /* room for OUTPUT_RING; NULL: it has printed nothing */
	unsigned kept_count;
};

static struct {
	int channel, epoll, timer; /* channel -1: superd has ended */
	bool is_other; /* a superd that was upgraded has greeted: it gives the pipes to a superd-output of its own */
	struct output_page *page;
	struct log *log;
	struct log_shape shape;
	struct source *sources[256];
	unsigned count, unfinished;
	bool any_ready; /* of those that superd is to be told */
	struct source *current; /* its line is being logged */
	int follows; /* as superd has said; -1: it is told no line without a question */
	size_t kept_bytes;
	struct output_message asked[OUTPUT_QUESTIONS]; /* questions that came while a pipe was read */
	unsigned asked_count;
	bool is_timed;
	int error; /* of the log, as superd knows it */
	double retry_at;
	struct output_message said;
	char text[OUTPUT_LINE + CHUNK], answer[OUTPUT_ANSWER_MOST];
} self; /* zeroes, which are no part of the file */

/* ---- to superd ---- */

/* Tells superd about a pipe, or, without one, about the log alone. lines: the first of `count` that it is told. A
 * superd that takes nothing now learns of them when it asks. */
static bool tell(struct source *source, uint32_t serial, bool is_ready, struct kept *const *lines, unsigned count)
{
	struct output_answer head = { .serial = serial,
				      .is_ready = is_ready,
				      .lost = *log_losses(self.log),
				      .error = self.error,
				      .since = log_sink(self.log)->away_since };
	size_t length = sizeof(head);

	if (source && source->service) {
		snprintf(head.service, sizeof(head.service), "%s", source->service);
		memcpy(head.last_line, source->last_line, sizeof(head.last_line));
		head.start = source->start;
	}
	for (; head.count < count; head.count++) {
		const struct kept *kept = lines[head.count];
		struct output_told told = { kept->at, kept->level, kept->pid, kept->is_output, kept->length };

		if (length + sizeof(told) + kept->length > OUTPUT_ANSWER_MOST)
			break;
		memcpy(self.answer + length, &told, sizeof(told));
		memcpy(self.answer + length + sizeof(told), kept->text, kept->length);
		length += sizeof(told) + kept->length;
	}
	memcpy(self.answer, &head, sizeof(head));
	if (self.channel < 0 || send(self.channel, self.answer, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return false;
	for (unsigned n = 0; n < head.count; n++)
		lines[n]->told = true;
	return true;
}

/* ---- lines ---- */

static void forget_oldest(struct source *source)
{
	self.kept_bytes -= sizeof(struct kept) + source->kept[0]->length;
	free(source->kept[0]);
	memmove(source->kept, source->kept + 1, --source->kept_count * sizeof(*source->kept));
}

/* Keeps what was logged about a service, as superd's own lines are kept there. */
static void on_logged(void *context, enum level level, const struct event *event, const char *text, size_t length)
{
	static const char more[] = "…";
	size_t shown = length;
	struct kept *kept;

	(void)context;
	if (!self.current || !self.current->service)
		return;
	if (shown > OUTPUT_KEPT)
		for (shown = OUTPUT_KEPT - strlen(more); shown && (text[shown] & 0xc0) == 0x80; shown--)
			; /* no half of a character */
	if (!self.current->kept)
		self.current->kept = calloc(OUTPUT_RING, sizeof(*self.current->kept));
	kept = self.current->kept ? malloc(sizeof(*kept) + shown + sizeof(more)) : NULL;
	if (!kept)
		return;
	*kept = (struct kept){ .at = clock_wall(), .level = level, .pid = event->pid, .is_output = event->is_output };
	kept->length = (uint32_t)snprintf(kept->text, shown + sizeof(more), "%.*s%s", (int)shown, text,
					  shown < length ? more : "");
	if ((int)level <= self.follows)
		tell(self.current, 0, false, &kept, 1);
	if (level > LEVEL_INFO) {
		free(kept);
		return;
	}
	while (self.current->kept_count >= (self.kept_bytes > KEPT_ALL ? KEPT_FEW : OUTPUT_RING))
		forget_oldest(self.current);
	self.current->kept[self.current->kept_count++] = kept;
	self.kept_bytes += sizeof(*kept) + kept->length;
}

static bool names_error(const char *line)
{
	static const char *const marks[] = {
		"error:", "exception:", "fatal", "panic", "cannot ", "can't ", "no such "
	};

	for (size_t n = 0; n < sizeof(marks) / sizeof(*marks); n++) {
		if (strcasestr(line, marks[n]))
			return true;
	}
	return false;
}

static void tell_suppressed(struct source *source)
{
	if (source->suppressed)
		log_event(self.log, LEVEL_WARNING, &(struct event){ .name = "suppressed", .service = source->name },
			  "suppressed %lu line%s of its output", source->suppressed,
			  source->suppressed == 1 ? "" : "s");
	source->suppressed = 0;
}

/* As journald does: at most so many lines in an interval, which begins with its first line. */
static bool is_suppressed(struct source *source)
{
	const struct event event = { .name = "suppressed", .service = source->name };
	double now = clock_now(), interval = source->rules.interval;
	char span[DURATION_MOST];

	if (!source->rules.burst || interval <= 0)
		return false;
	if (now - source->interval_begin >= interval || !source->interval_lines) {
		tell_suppressed(source);
		source->interval_begin = now;
		source->interval_lines = 0;
	}
	if (++source->interval_lines <= source->rules.burst)
		return false;
	if (!source->suppressed++)
		log_event(self.log, LEVEL_WARNING, &event,
			  "printed more than %llu lines within %s (log_rate_limit_burst): further ones are suppressed",
			  (unsigned long long)source->rules.burst, duration_write(span, interval));
	return true;
}

/* The level of a line whose prefix <N> (sd-daemon(3), printk) is skipped: a level, or a facility and a level, of which
 * that of the service holds. */
static unsigned take_prefix(const struct source *source, const char **line, size_t *length)
{
	const char *at = *line + 1, *end = *line + (*length < 5 ? *length : 5);
	unsigned number = 0;

	if (!source->rules.has_prefix || !*length || **line != '<')
		return source->rules.level;
	while (at < end && *at >= '0' && *at <= '9')
		number = number * 10 + (unsigned)(*at++ - '0');
	if (at == end || *at != '>' || at == *line + 1)
		return source->rules.level;
	*length -= (size_t)(at + 1 - *line);
	*line = at + 1;
	return LOG_PRI(number);
}

static void log_line(struct source *source, const char *line, size_t length)
{
	static const enum level levels[] = { LEVEL_ERROR,   LEVEL_ERROR,  LEVEL_ERROR, LEVEL_ERROR,
					     LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO,  LEVEL_DEBUG };
	unsigned level;

	while (length && line[length - 1] == '\r')
		length--;
	if (length) {
		char start[sizeof(source->last_line)];

		/* The line that tells why it ended: the last one, but some print a trace behind the reason. */
		snprintf(start, sizeof(start), "%.*s", (int)length, line);
		if (source->lines_after++ >= TRACE_MOST || !names_error(source->last_line) || names_error(start)) {
			memcpy(source->last_line, start, sizeof(start));
			source->lines_after = 0;
		}
	}
	if (source->awaits && source->ready && memmem(line, length, source->ready, strlen(source->ready))) {
		source->awaits = false;
		source->is_ready = !tell(source, 0, true, NULL, 0);
		self.any_ready |= source->is_ready;
	}
	self.current = source;
	if (!is_suppressed(source)) {
		level = take_prefix(source, &line, &length);
		log_output(self.log, levels[level & 7],
			   &(struct event){ .service = source->name, .pid = source->pid }, line, length);
	}
	self.current = NULL;
}

/* ---- pipes ---- */

static struct source *source_find(const struct output_message *of)
{
	for (struct source *source = self.sources[hash_text_32(of->service) % 256]; source; source = source->next) {
		if (source->service && !strcmp(source->service, of->service))
			return source;
	}
	return NULL;
}

static void source_forget(struct source *source)
{
	free(source->service);
	source->service = NULL;
	while (source->kept_count)
		forget_oldest(source);
	free(source->kept);
	source->kept = NULL;
}

static void set_unfinished(struct source *source, size_t length)
{
	self.unfinished += (length != 0) - (source->length != 0);
	source->length = length;
	if (self.page)
		atomic_store(&self.page->unfinished, self.unfinished);
}

static void log_rest(struct source *source)
{
	size_t length = source->length;

	set_unfinished(source, 0);
	if (length)
		log_line(source, source->line, length);
	free(source->line);
	source->line = NULL;
}

static void source_end(struct source *source)
{
	struct source **at = &self.sources[source->bucket];

	while (*at != source)
		at = &(*at)->next;
	*at = source->next;
	log_rest(source);
	self.current = source;
	tell_suppressed(source);
	self.current = NULL;
	epoll_ctl(self.epoll, EPOLL_CTL_DEL, source->fd, NULL); /* superd may have the pipe for a moment yet */
	close(source->fd);
	source_forget(source);
	free(source->name);
	free(source->ready);
	free(source);
	self.count--;
}

/* What may hang is done on behalf of a pipe: superd sees its number in the page when the timer ends. */
static void begin_call(uint32_t number)
{
	const struct itimerspec limit = { .it_value.tv_sec = (time_t)OUTPUT_SILENT };

	if (!self.is_timed && self.timer >= 0)
		timerfd_settime(self.timer, 0, &limit, NULL);
	self.is_timed = true;
	if (!self.page)
		return;
	atomic_fetch_add(&self.page->progress, 1);
	atomic_store(&self.page->reads, number);
}

/* A log that does not return is not the pipe's fault. */
static void begin_writing(void)
{
	if (self.page)
		atomic_store(&self.page->writes, 1);
}

static void end_call(void)
{
	if (!self.page)
		return;
	atomic_store(&self.page->reads, 0);
	atomic_store(&self.page->writes, 0);
}

/* What the page says of it. In another start nothing counts that was printed before. */
static void look_at_slot(struct source *source)
{
	struct output_slot *slot = self.page ? &self.page->slots[source->slot] : NULL;
	uint32_t start = slot ? atomic_load(&slot->start) : 0;

	if (!start || !source->service)
		return;
	source->pid = atomic_load(&slot->pid);
	if (start == source->start)
		return;
	source->start = start;
	*source->last_line = '\0';
	source->lines_after = 0;
	source->is_ready = false;
	source->awaits = true;
}

static void receive(void);

/* The turn of a pipe. Returns the bytes that it had; -1: nobody writes there any more. */
static ssize_t source_read(struct source *source)
{
	char *at = self.text, *newline;
	size_t length = source->length;
	ssize_t got;

	if (length)
		memcpy(self.text, source->line, length);
	begin_call(source->number);
	got = read(source->fd, self.text + length, CHUNK);
	if (got > 0)
		receive(); /* a new pipe is told of before its program prints */
	look_at_slot(source);
	begin_writing();
	if (got > 0) {
		length += (size_t)got;
		while ((newline = memchr(at, '\n', length)) || length >= OUTPUT_LINE) {
			size_t whole = newline ? (size_t)(newline - at) : length;

			if (whole > OUTPUT_LINE) {
				whole = OUTPUT_LINE;
				newline = NULL;
			}
			log_line(source, at, whole);
			whole += newline != NULL;
			at += whole;
			length -= whole;
		}
		free(source->line);
		source->line = length ? malloc(length) : NULL;
		if (length && !source->line) {
			log_line(source, at, length);
			length = 0;
		}
		set_unfinished(source, length);
		if (length)
			memcpy(source->line, at, length);
	}
	end_call();
	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) ? -1 : got;
}

/* ---- from superd ---- */

static void take_service(const struct output_message *said, int fd)
{
	struct source *source = source_find(said);
	struct epoll_event wants = { .events = EPOLLIN };
	struct stat status = { 0 };

	fstat(fd, &status);
	if (source && source->node != status.st_ino) {
		source_forget(source); /* a superd has died before it could tell anybody of that pipe */
		source = NULL;
	}
	if (!source) {
		source = calloc(1, sizeof(*source));
		wants.data.ptr = source;
		if (!source || !(source->service = strdup(said->service)) ||
		    epoll_ctl(self.epoll, EPOLL_CTL_ADD, fd, &wants) < 0)
			exit(1); /* superd passes all to another one */
		source->fd = fd;
		source->node = status.st_ino;
		source->bucket = hash_text_32(said->service) % 256;
		source->next = self.sources[source->bucket];
		self.sources[source->bucket] = source;
		self.count++;
		source->awaits = true;
	} else {
		begin_call(said->number);
		close(fd);
		end_call();
	}
	source->number = said->number;
	source->slot = said->of.slot % OUTPUT_SLOTS;
	source->rules = said->of.rules;
	if (!source->name || strcmp(source->name, said->of.identifier) != 0) {
		free(source->name);
		source->name = strdup(said->of.identifier);
	}
	free(source->ready);
	source->ready = *said->of.ready ? strdup(said->of.ready) : NULL;
}

static void take(const struct output_message *said, int *fds, size_t count)
{
	struct source *source;

	switch (said->kind) {
	case OUTPUT_HELLO:
		self.is_other |= strcmp(said->build, build_word()) != 0;
		if (self.is_other)
			return;
		if (self.page)
			munmap(self.page, sizeof(*self.page));
		fd_close(&self.timer);
		self.page = mmap(NULL, sizeof(*self.page), PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
		self.page = self.page == MAP_FAILED ? NULL : self.page;
		if (self.page)
			atomic_store(&self.page->unfinished, self.unfinished);
		self.timer = fds[1];
		self.is_timed = false;
		close(fds[0]);
		self.follows = -1;
		for (int n = 0; n < 256; n++) {
			for (source = self.sources[n]; source; source = source->next) {
				for (unsigned line = 0; line < source->kept_count; line++)
					source->kept[line]->told = false;
			}
		}
		return;
	case OUTPUT_LOG:
		self.shape = said->log.shape;
		log_adopt(self.log, &self.shape, count ? fds[0] : -1);
		self.follows = said->log.follows;
		log_tap(self.log, self.follows > LEVEL_INFO ? LEVEL_DEBUG : LEVEL_INFO, on_logged, NULL);
		return;
	case OUTPUT_SERVICE:
		take_service(said, fds[0]);
		return;
	case OUTPUT_GONE:
		source = source_find(said);
		if (source)
			source_forget(source);
		begin_call(said->number);
		while (count)
			close(fds[--count]);
		end_call();
		return;
	case OUTPUT_ASK:
		if (self.asked_count < sizeof(self.asked) / sizeof(*self.asked))
			self.asked[self.asked_count++] = *said;
	}
}

static void receive(void)
{
	int fds[2];

	while (self.channel >= 0 && !self.is_other) {
		size_t count = 2, size = sizeof(self.said);
		ssize_t got = fd_message_receive(self.channel, &self.said, size, fds, &count, MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		self.is_other = got > 0 && got != (ssize_t)size;
		if (got <= 0) { /* superd has ended, or ends and waits until this process has */
			self.channel = -1;
			fd_close(&self.timer);
			if (self.page)
				munmap(self.page, sizeof(*self.page));
			self.page = NULL;
			return;
		}
		if (self.is_other)
			return;
		if (count < self.said.descriptors && self.said.kind != OUTPUT_GONE)
			_exit(1); /* superd passes all but what is gone to another one, which has room */
		take(&self.said, fds, count);
	}
}

static void answer(const struct output_message *question)
{
	struct source *source = source_find(question);
	unsigned first = 0;
	ssize_t got = 1;

	for (size_t all = 0; source && got > 0 && all < DRAINED; all += (size_t)got)
		got = source_read(source);
	source = source_find(question); /* what was read meanwhile may have changed that */
	if (source && question->ask.wishes & OUTPUT_REST)
		log_rest(source);
	if (source && source->kept_count && question->ask.wishes & OUTPUT_LINES) {
		size_t length = sizeof(struct output_answer);

		/* Those that superd has not, the newest at any rate. */
		for (first = source->kept_count; first && !source->kept[first - 1]->told; first--) {
			length += sizeof(struct output_told) + source->kept[first - 1]->length;
			if (length > OUTPUT_ANSWER_MOST)
				break;
		}
		tell(source, question->ask.serial, false, source->kept + first, source->kept_count - first);
		return;
	}
	tell(source, question->ask.serial, false, NULL, 0);
}

/* It took nothing as the lines came. */
static void tell_ready(void)
{
	self.any_ready = false;
	for (int n = 0; n < 256; n++) {
		for (struct source *source = self.sources[n]; source; source = source->next) {
			source->is_ready &= source->service && !tell(source, 0, true, NULL, 0);
			self.any_ready |= source->is_ready;
		}
	}
}

/* ---- destinations ---- */

/* Writes what waits, and tells superd when the log takes nothing any more, and when it does again. Returns the
 * milliseconds until the next try; -1: nothing waits. */
static int flush(struct pollfd *full)
{
	struct log_sink *sink = log_sink(self.log);
	double now = clock_now();
	int error;

	if (sink->state == LOG_SINK_FULL || (sink->state != LOG_SINK_READY && now >= self.retry_at))
		log_sink_flush(sink);
	full->fd = sink->state == LOG_SINK_FULL ? sink->fd : -1;
	error = log_sink_error(sink);
	if (!error != !self.error) {
		self.error = error;
		tell(NULL, 0, false, NULL, 0);
	}
	if (sink->state == LOG_SINK_READY)
		return -1;
	if (now >= self.retry_at)
		self.retry_at = now + log_sink_pause(sink);
	return (int)((self.retry_at - now) * 1000) + 1;
}

static void serve(void)
{
	struct pollfd fds[] = { { .events = POLLIN }, { .events = POLLIN }, { .events = POLLOUT } };
	struct epoll_event events[64];

	while (self.channel >= 0 || self.count) {
		const struct itimerspec never = { 0 };
		int count, pause = flush(fds + 2);

		if (self.is_timed && self.timer >= 0)
			timerfd_settime(self.timer, 0, &never, NULL);
		self.is_timed = false;
		fds[0].fd = self.epoll;
		fds[1].fd = self.channel;
		fds[1].events = self.any_ready ? POLLIN | POLLOUT : POLLIN;
		poll(fds, 3, self.asked_count ? 0 : pause);
		receive();
		if (self.any_ready)
			tell_ready();
		while (self.asked_count) {
			struct output_message question = self.asked[0];

			memmove(self.asked, self.asked + 1, --self.asked_count * sizeof(question));
			answer(&question);
		}
		if (self.is_other)
			break;
		count = epoll_wait(self.epoll, events, sizeof(events) / sizeof(*events), 0);
		for (int n = 0; n < count; n++) {
			struct source *source = events[n].data.ptr;

			if (source_read(source) < 0)
				source_end(source);
		}
	}
	for (int n = 0; n < 256; n++) {
		for (struct source *source = self.sources[n]; source; source = source->next)
			log_rest(source);
	}
	log_finish(self.log);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	const char *why;
	struct tm local;
	time_t now = 0;

	program_begin("superd-output", false, &argc, argv);
	self.channel = STDIN_FILENO;
	self.timer = -1;
	localtime_r(&now, &local); /* the time zone is a file */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	self.epoll = epoll_create1(EPOLL_CLOEXEC);
	self.log = log_open("stderr", -1, false, LEVEL_INFO, &why);
	if (self.epoll < 0 || !self.log)
		return 1;
	self_sandbox_enter(
		&(const struct self_sandbox){ .rights = MAY_CONNECT_UNIX | MAY_TAKE_CLIENTS | MAY_WRITE_FILES });
	serve();
	return 0;
}
