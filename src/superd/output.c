/* What services print: superd-output (output/main.c) reads and writes it, and here is superd's side of that.
 *
 * Each service whose output goes to the log has a pipe, which all of its instances share. superd holds both ends of it,
 * never reads, and gives the reading end to superd-output. So a pipe has a reader whichever of the two dies: a new
 * superd-output gets all of them, and the superd behind this one, which has the descriptors from the journal, tells the
 * superd-output that runs about each again. Of the process itself the journal has its pid and the channel. A
 * superd-output of another build ends when it is greeted, and is followed by one of superd's own.
 *
 * The loop waits for superd-output only where what a program printed is to be in the log before a line of superd's, for
 * a bounded time. It is woken for lines only while somebody follows the log. If a call of superd-output's has not
 * returned within a second, as a program can hold the lock of its pipe, superd gives it up with that pipe, which it has
 * named in the page that both have. Once that superd-output has ended, what held the pipe has let it go, and it is read
 * again. For the same reason superd does not close a pipe itself, but passes its ends. */
#include "superd/daemon.h"

#include <sys/mman.h>
#include <sys/timerfd.h>
#include <syslog.h>

#include "output/message.h"

#define WAIT_MOST .02	   /* seconds that superd waits for an answer, at most, */
#define WAIT_SHARE .2	   /* and the share of all time */
#define LOOK .1		   /* seconds of a second look at a superd-output that hangs */
#define HANGS_MOST 8 /* times that a pipe which has held superd-output up is read again */
#define PAUSE_LEAST 100000 /* microseconds between two starts of superd-output that fail */
#define PAUSE_MOST 10000000
#define TURN 64	      /* messages that a turn of the loop takes */
#define ASKED_MOST (OUTPUT_QUESTIONS / 2) /* questions for lines that wait for answers: others have to have room */
#define QUEUE_MOST 512 /* messages that there can be in the channel at once, and more */
#define SEND_PAUSE 10 /* milliseconds */
#define LATER .1      /* seconds until what the kernel had no room for is sent again */

static struct {
	struct list all, unsent; /* of struct output */
	struct io io, timer_io;
	ev_prepare turn; /* tells what has changed in a turn, once */
	ev_timer again;	 /* the next start */
	ev_timer later;	 /* sends again where the kernel has no room, and says that the channel has */
	struct output_page *page;
	int page_fd;
	uint32_t number, progress; /* the last one given; of the last look at a call that hangs */
	uint32_t serial, answered;
	bool log_unsent, hangs;
	int follows; /* superd is told lines up to this level; -1: none */
	double begun, wait_left, wait_left_at;
	struct backoff failed;	       /* superd-outputs in a row */
	struct output_message message; /* the last one that was sent */
	struct output_answer state;
	int reserve[3]; /* what the next superd-output needs: its channel, its page, its timer */
} self = { .follows = -1, .page = MAP_FAILED, .page_fd = -1, .reserve = { -1, -1, -1 } };

static void ask(struct output *output, unsigned wishes);
static void give_up(void);

/* ---- what superd tells ---- */

/* ETOOMANYREFS: all processes of the user have more descriptors under way than superd may have open (unix(7)). */
static bool send_message(const int *fds, size_t count)
{
	self.message.descriptors = (uint32_t)count;
	if (superd.output.fd < 0)
		return false;
	if (fd_message_send(superd.output.fd, &self.message, sizeof(self.message), fds, count, MSG_DONTWAIT))
		return true;
	if (errno != EAGAIN && errno != EINTR)
		timer_begin(&self.later, LATER);
	return false;
}

static uint32_t slot_of(const struct output *output)
{
	return (uint32_t)output->write_end % OUTPUT_SLOTS;
}

/* Memory for a slot, as without it superd would die of SIGBUS where the machine has none. false and errno. */
static bool make_slot(const struct output *output)
{
	return fallocate(self.page_fd, 0, (off_t)offsetof(struct output_page, slots[slot_of(output)]),
			 sizeof(struct output_slot)) == 0;
}

/* Its instances have changed. */
void output_tell(struct svc *svc)
{
	struct output_slot *slot;
	pid_t pid = 0;

	if (!svc->run->output || self.page == MAP_FAILED)
		return;
	if (!svc->row->exec->accept && list_has_one(&svc->run->instances)) /* its pid is in the head of each line */
		pid = container_of(svc->run->instances.next, struct instance, link)->pid;
	slot = &self.page->slots[slot_of(svc->run->output)];
	atomic_store(&slot->pid, pid);
	atomic_store(&slot->start, svc->run->starts);
}

static bool send_output(struct output *output)
{
	const int ends[] = { output->read_end, output->write_end };
	const struct stream_options *streams;
	struct svc *svc = output->svc;

	self.message = (struct output_message){ .kind = svc ? OUTPUT_SERVICE : OUTPUT_GONE, .number = output->number };
	text_copy(self.message.service, sizeof(self.message.service), output->service);
	if (!svc)
		return send_message(ends, 2);
	streams = svc->row->groups->streams;
	self.message.of.slot = slot_of(output);
	self.message.of.rules = (struct output_rules){
		.has_prefix = streams->syslog_level_prefix,
		.level = streams->syslog_level,
		.burst = streams->log_rate_limit_burst == UNLIMITED ? 0 : (uint64_t)streams->log_rate_limit_burst,
		.interval = (double)streams->log_rate_limit_interval / 1e6,
	};
	text_copy(self.message.of.identifier, sizeof(self.message.of.identifier),
		  streams->syslog_identifier ? streams->syslog_identifier : svc->row->name);
	if (svc->row->groups->lifecycle->ready)
		text_copy(self.message.of.ready, sizeof(self.message.of.ready), svc->row->groups->lifecycle->ready);
	return send_message(ends, 1);
}

/* What has changed in a turn of the loop. */
static void send_all(void)
{
	bool waits;

	if (superd.output.fd < 0)
		return;
	ev_timer_stop(superd.loop, &self.later);
	if (self.log_unsent) {
		int fd;

		self.message = (struct output_message){ .kind = OUTPUT_LOG };
		fd = log_shape(superd.log, &self.message.log.shape);
		self.message.log.follows = self.follows;
		self.log_unsent = !send_message(&fd, fd >= 0);
	}
	for (struct list *link; !self.log_unsent && (link = list_first(&self.unsent)) != &self.unsent;) {
		struct output *output = container_of(link, struct output, unsent);

		if (!send_output(output))
			break;
		list_remove(link);
		if (output->svc)
			continue;
		list_remove(&output->link); /* no longer the last to close it */
		child_forget(&output->killed);
		fd_close(&output->read_end);
		fd_close(&output->write_end);
		free(output->service);
		free(output);
	}
	self.io.fd = superd.output.fd;
	waits = (self.log_unsent || !list_empty(&self.unsent)) && !ev_is_active(&self.later);
	io_watch(&self.io, waits ? EV_READ | EV_WRITE : EV_READ);
}

static void send_later(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	send_all();
}

static void on_turn(struct ev_loop *loop, ev_prepare *turn, int events)
{
	(void)loop, (void)turn, (void)events;
	if ((self.log_unsent || !list_empty(&self.unsent)) && !(self.io.wanted & EV_WRITE) &&
	    !ev_is_active(&self.later))
		send_all();
}

static void note_unsent(struct output *output)
{
	if (list_empty(&output->unsent) && !output->hangs)
		list_add(&self.unsent, &output->unsent);
}

/* It has other options: superd-output hears of that at the end of this turn. */
void output_changed(struct svc *svc)
{
	if (svc->run->output)
		note_unsent(svc->run->output);
}

/* What was printed before does not count any more. superd-output sees that before it takes a line of the next one. */
void output_forget(struct svc *svc)
{
	svc->run->starts++;
	*svc->run->last_line = '\0';
	if (svc->run->output) {
		svc->run->output->is_ready = false;
		journal_service(svc);
	}
	output_tell(svc);
}

/* The log was moved, opened anew, or is followed at another level. */
void output_log_changed(void)
{
	self.log_unsent = true;
}

/* ---- the ring: the last lines of superd's own, and of services those that somebody has asked for ---- */

/* svc NULL: of no service. Lines come late from superd-output: they are in the order of their time. */
static void ring_add(struct svc *svc, double at, enum level level, const struct event *event, const char *text,
		     size_t length)
{
	struct ring *ring = svc ? &svc->run->ring : &superd.ring;
	unsigned most = svc ? RING : RING * 4, room = ring->room ? 2 * ring->room : 1, here;
	struct ring_line *lines = ring->lines,
			 line = { .at = at,
				  .level = level,
				  .event = event->name,
				  .serial = ++superd.serial,
				  .pid = event->pid,
				  .is_output = event->is_output };

	if (ring->next == ring->room && ring->room < most) { /* most services have one line or two */
		if (!(lines = realloc(lines, room * sizeof(*lines))))
			return;
		memset(lines + ring->room, 0, (room - ring->room) * sizeof(*lines));
		ring->lines = lines;
		ring->room = room;
	}
	if (length <= OUTPUT_KEPT)
		line.text = strndup(text, length);
	else if (asprintf(&line.text, "%.*s…", OUTPUT_KEPT - 3, text) < 0)
		line.text = NULL;
	here = ring->next++;
	free(lines[here % ring->room].text);
	for (unsigned n = 1; n < ring->room && here; n++, here--) {
		struct ring_line *before = &lines[(here - 1) % ring->room];

		if (!before->text || before->at <= at)
			break;
		lines[here % ring->room] = *before;
	}
	lines[here % ring->room] = line;
}

static void on_log(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	struct svc *svc = event->service ? svc_find(event->service) : NULL;
	/* Thousands of services have this line each: it would take more memory than all else that is kept. */
	bool is_usual =
		svc && !svc->run->ring.room && superd.table->count > RING * 4 && !strcmp(event->name, "listening");

	(void)context;
	if (level <= LEVEL_INFO && !is_usual)
		ring_add(svc, clock_wall(), level, event, message, length);
	control_log(event->service, level, event, message, length);
}

/* level: how deep operators want to follow it; is_followed: one does. */
void ring_begin(enum level level, bool is_followed)
{
	log_tap(superd.log, level, on_log, NULL);
	if (self.follows == (is_followed ? (int)level : -1))
		return;
	self.follows = is_followed ? (int)level : -1;
	output_log_changed();
}

/* ---- what superd-output tells ---- */

bool output_describe_log(struct buf *out)
{
	const struct log_sink *sink = log_sink(superd.log);
	const char *place = superd.options->settings.log;
	unsigned long lost = output_lost(); /* it asks, and so hears of the error */
	int error = self.state.error ? self.state.error : log_sink_error(sink);
	time_t since = (time_t)(self.state.error ? self.state.since : sink->away_since);
	char when[16];
	struct tm local;

	if (!error)
		return false;
	strftime(when, sizeof(when), "%H:%M:%S", localtime_r(&since, &local));
	buf_addf(out, "the log %s: %s since %s",
		 sink->kind == LOG_SINK_SYSLOG	       ? "in syslog"
			 : !strncmp(place, "file:", 5) ? place + 5
						       : place,
		 error == ENOENT ? "no daemon listens at /dev/log" : strerror(error), when);
	if (lost)
		buf_addf(out, ", %lu line%s dropped", lost, lost == 1 ? "" : "s");
	return true;
}

/* Lines of the log that were dropped, here and there. */
unsigned long output_lost(void)
{
	ask(NULL, 0);
	return *log_losses(superd.log) + self.state.lost;
}

static void take_line(struct svc *svc, const struct output_told *told, const char *text, bool is_news)
{
	struct event event = { .name = told->is_output ? "output" : "suppressed",
			       .service = svc->row->name,
			       .pid = told->pid,
			       .is_output = told->is_output };

	if (told->level <= LEVEL_INFO)
		ring_add(svc, told->at, told->level, &event, text, told->length);
	if (is_news)
		control_log(svc->row->name, told->level, &event, text, told->length);
}

/* Seconds that a clock may show: localtime_r(3) has others none of. */
static bool is_time(double seconds)
{
	return seconds >= 0 && seconds < 1e12;
}

/* false: there is nothing more now. The channel is closed if superd-output has ended. */
static bool take_answer(void)
{
	static char bytes[OUTPUT_ANSWER_MOST];
	struct output_answer answer;
	ssize_t got = recv(superd.output.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	size_t at = sizeof(answer);
	struct output *output;
	struct svc *svc;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < (ssize_t)sizeof(answer)) {
		give_up();
		return false;
	}
	self.hangs = false;
	memcpy(&answer, bytes, sizeof(answer));
	answer.service[sizeof(answer.service) - 1] = answer.last_line[sizeof(answer.last_line) - 1] = '\0';
	if (answer.is_ready > 1 || answer.error < 0 || !is_time(answer.since)) {
		log_error(superd.log, "superd-output says what cannot be: superd kills it");
		give_up();
		return false;
	}
	svc = svc_find(answer.service);
	output = svc ? svc->run->output : NULL;
	self.state = answer;
	if (answer.serial - self.answered - 1 < self.serial - self.answered) { /* of a question that is open */
		self.answered = answer.serial;
		control_wake(); /* somebody may wait for the lines */
	}
	if (output && answer.start == output->svc->run->starts) {
		if (*answer.last_line)
			memcpy(output->svc->run->last_line, answer.last_line, sizeof(answer.last_line));
		output->is_ready |= answer.is_ready;
		if (answer.is_ready && svc->run->current) /* not in the midst of what has asked */
			ev_feed_event(superd.loop, &svc->run->current->ready, EV_TIMER);
	}
	for (uint32_t n = 0; output && n < answer.count && at + sizeof(struct output_told) <= (size_t)got; n++) {
		struct output_told told;

		memcpy(&told, bytes + at, sizeof(told));
		at += sizeof(told);
		if (told.length > (size_t)got - at || told.level > LEVEL_DEBUG || told.is_output > 1 ||
		    !is_time(told.at))
			break;
		take_line(output->svc, &told, bytes + at, !answer.serial);
		at += told.length;
	}
	return true;
}

/* Whether its program has printed the line by which it is ready. */
bool output_is_ready(const struct svc *svc)
{
	return svc->run->output && svc->run->output->is_ready;
}

static void on_channel(struct io *io)
{
	for (int n = 0; n < TURN && superd.output.fd >= 0 && take_answer(); n++)
		continue;
	if (io->got & EV_WRITE)
		send_all();
}

/* output NULL: about the log. false: nobody can be asked now. */
static bool send_question(struct output *output, unsigned wishes) /* enum output_wish */
{
	if (self.log_unsent || !list_empty(&self.unsent))
		send_all();
	self.message =
		(struct output_message){ .kind = OUTPUT_ASK, .ask = { .serial = self.serial + 1, .wishes = wishes } };
	if (output)
		text_copy(self.message.service, sizeof(self.message.service), output->service);
	if ((output && (!list_empty(&output->unsent) || output->hangs)) || !send_message(NULL, 0))
		return false;
	self.serial++;
	return true;
}

/* Asks, and waits a moment for the answer: what superd-output has heard it has logged. */
static void ask(struct output *output, unsigned wishes)
{
	struct pollfd channel = { .fd = superd.output.fd, .events = POLLIN };
	double now = clock_now(), left;

	if (!send_question(output, wishes))
		return;
	self.wait_left += (now - self.wait_left_at) * WAIT_SHARE;
	self.wait_left = self.wait_left < WAIT_MOST ? self.wait_left : WAIT_MOST;
	self.wait_left_at = now;
	while (superd.output.fd >= 0 && self.answered != self.serial) {
		left = self.hangs ? 0 : self.wait_left - (clock_now() - now);
		if (left <= 0 || poll(&channel, 1, (int)(left * 1000) + 1) <= 0) {
			self.hangs = true; /* until it is heard of again */
			break;
		}
		take_answer();
	}
	self.wait_left -= clock_now() - now;
	self.wait_left_at = clock_now();
}

/* What a program has printed comes before what superd logs next. For its last line superd asks in any case. */
void output_drain(struct svc *svc, bool last, bool has_failed)
{
	struct output *output = svc->run->output;
	struct pollfd unread = { .fd = output ? output->read_end : -1, .events = POLLIN };

	if (output &&
	    (has_failed || poll(&unread, 1, 0) > 0 || self.page == MAP_FAILED ||
	     atomic_load(&self.page->reads) == output->number || (last && atomic_load(&self.page->unfinished))))
		ask(output, last ? OUTPUT_REST : 0);
	for (int n = 0; n < QUEUE_MOST && svc->row->groups->lifecycle->ready && superd.output.fd >= 0; n++) {
		if (!take_answer())
			break;
	}
	if (svc->run->current && output_is_ready(svc))
		instance_be_ready(svc->run->current);
}

/* Asks for what superd has not heard of yet, which comes into its ring once output_has_answered. false: not before some
 * of the questions so far are answered. */
bool output_fetch(struct svc *svc, uint32_t *question)
{
	if (!output_has_answered(self.serial - ASKED_MOST))
		return false;
	if (svc->run->output && send_question(svc->run->output, OUTPUT_LINES))
		*question = self.serial;
	return true;
}

bool output_has_answered(uint32_t question)
{
	return (int32_t)(self.answered - question) >= 0;
}

/* ---- pipes ---- */

static struct output *output_add(struct svc *svc, int read_end, int write_end)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->svc = svc;
	output->read_end = read_end;
	output->write_end = write_end;
	if (!(output->service = strdup(svc->row->name)) || (self.page != MAP_FAILED && !make_slot(output))) {
		free(output->service);
		free(output);
		return NULL;
	}
	output->number = ++self.number;
	list_add(&self.all, &output->link);
	list_init(&output->unsent);
	note_unsent(output);
	svc->run->output = output;
	output_tell(svc);
	return output;
}

/* superd has no use for it. Who still writes there is read on until its end. */
static void release(struct output *output)
{
	output->svc->run->output = NULL;
	output->svc = NULL;
	output->hangs = false;
	note_unsent(output);
}

/* Returns the writing end, for a program. -1 and errno. */
int output_open(struct svc *svc)
{
	struct output *output = svc->run->output;
	int ends[2];

	if (output && output->hangs && list_has_one(&svc->run->instances)) {
		release(output);
		output = NULL;
	}
	if (output)
		return output->write_end;
	if (fd_pipe(ends) < 0)
		return -1;
	fd_set_nonblocking(ends[1], false);
	ends[0] = fd_raise(ends[0], FD_HIGH);
	ends[1] = fd_raise(ends[1], FD_HIGH);
	output = output_add(svc, ends[0], ends[1]);
	if (output) {
		journal_service(svc);
		return output->write_end;
	}
	close(ends[0]);
	close(ends[1]);
	errno = ENOMEM;
	return -1;
}

void output_resume(struct svc *svc, int read_end, int write_end)
{
	if (!output_add(svc, read_end, write_end))
		close(read_end), close(write_end);
}

void output_release(struct svc *svc)
{
	if (!svc->run->output)
		return;
	release(svc->run->output);
	send_all();
}

/* ---- the process ---- */

static void forget_page(void)
{
	if (self.page != MAP_FAILED)
		munmap(self.page, sizeof(*self.page));
	self.page = MAP_FAILED;
	fd_close(&self.page_fd);
}

/* A page and a timer that both have: new ones for each superd and each superd-output. */
static bool greet(void)
{
	int fds[] = { fd_raise(memfd_create("superd-output", MFD_CLOEXEC), FD_HIGH),
		      fd_raise(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), FD_HIGH) };
	bool good = fds[0] >= 0 && fds[1] >= 0 && ftruncate(fds[0], sizeof(*self.page)) == 0;

	self.message = (struct output_message){ .kind = OUTPUT_HELLO };
	text_copy(self.message.build, sizeof(self.message.build), build_word());
	if (good)
		self.page = mmap(NULL, sizeof(*self.page), PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	self.page_fd = fds[0];
	good = self.page != MAP_FAILED;
	LIST_OF(struct output, output, link, &self.all) {
		good = good && make_slot(output);
		if (good && output->svc)
			output_tell(output->svc);
	}
	if (!good || !send_message(fds, 2)) {
		forget_page();
		fd_close(&fds[1]);
		return false;
	}
	self.timer_io.fd = fds[1];
	io_watch(&self.timer_io, EV_READ);
	self.log_unsent = true;
	self.hangs = false;
	LIST_EACH(link, &self.all)
		note_unsent(container_of(link, struct output, link));
	send_all();
	return true;
}

static void close_process(void)
{
	if (superd.output.fd < 0)
		return;
	io_stop(&self.io);
	if (self.page != MAP_FAILED) {
		io_stop(&self.timer_io);
		close(self.timer_io.fd);
		forget_page();
	}
	fd_close(&superd.output.fd);
	self.answered = self.serial; /* nobody else answers these */
	control_wake();
}

/* It has ended, or hangs: another one gets all pipes. One that fails again and again is started with growing pauses. */
static void give_up(void)
{
	double pause = 0;

	close_process();
	if (superd.output.child.pid > 0)
		kill(superd.output.child.pid, SIGKILL);
	child_forget(&superd.output.child);
	if (superd.life == SUPERD_IS_OVER)
		return;
	limits_reserve(self.reserve, 3, true);
	if (clock_now() - self.begun > PAUSE_MOST / 1e6)
		backoff_reset(&self.failed);
	else
		pause = backoff_next(&self.failed, PAUSE_LEAST, PAUSE_MOST, 0);
	timer_begin(&self.again, pause);
	journal_rewrite(false);
}

static void on_process(struct child *child, int status, const struct rusage *used)
{
	(void)status, (void)used;
	child->pid = 0; /* the end of the channel tells the rest */
}

/* The pipe has let a superd-output go that had hung there, so that it has ended of its SIGKILL. */
static void on_killed(struct child *child, int status, const struct rusage *used)
{
	struct output *output = container_of(child, struct output, killed);

	(void)status, (void)used;
	child->pid = 0;
	if (!output->hangs)
		return;
	output->hangs = false;
	note_unsent(output);
	svc_say(output->svc, LEVEL_NOTICE, "unread", "its output is read again");
}

/* The timer that superd-output sets before a call that may hang, and ends behind it. */
static void on_silent(struct io *io)
{
	const struct itimerspec soon = { .it_value.tv_nsec = (long)(LOOK * 1e9) };
	const struct itimerspec later = { .it_value.tv_sec = (time_t)OUTPUT_SILENT };
	uint32_t number = atomic_load(&self.page->reads), progress = atomic_load(&self.page->progress);
	pid_t pid = superd.output.child.pid;
	struct output *held = NULL;
	uint64_t expired;

	/* One that has ended holds nothing up any more: the end of its channel brings the next one. */
	if (read(io->fd, &expired, sizeof(expired)) < 0 || !number || !pid)
		return;
	if (atomic_load(&self.page->writes)) { /* the log's file system is: what it reads then may hang, too */
		self.state.since = self.state.error ? self.state.since : clock_wall() - OUTPUT_SILENT;
		self.state.error = EAGAIN;
		timerfd_settime(io->fd, 0, &later, NULL);
		return;
	}
	if (progress != self.progress) { /* it may only be slow */
		self.progress = progress;
		timerfd_settime(io->fd, 0, &soon, NULL);
		return;
	}
	LIST_EACH(link, &self.all) {
		struct output *output = container_of(link, struct output, link);

		if (output->number != number || !output->svc)
			continue;
		held = output;
		output->hangs = true;
		list_remove(&output->unsent);
		svc_say(output->svc, LEVEL_WARNING, "unread",
			"its output is not read any more, as reading it does not return: a process holds its pipe; "
			"it is read again once that lets go, and the next start has another pipe");
	}
	self.begun = 0;
	give_up();
	if (!held || ++held->hung > HANGS_MOST)
		return;
	held->killed.ended = on_killed;
	child_watch(&held->killed, pid);
}

static void start(struct ev_loop *loop, ev_timer *timer, int events)
{
	const struct own_program *program = program_get(PROGRAM_OUTPUT);
	struct buf why = { 0 };
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	(void)loop, (void)timer, (void)events;
	self.begun = clock_now();
	limits_reserve(self.reserve, 3, false);
	if (program->fd >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
		pid = own_program_begin(program, ends[1], 0, NULL);
	fd_close(&ends[1]);
	if (pid > 0) {
		child_watch(&superd.output.child, pid);
		superd.output.fd = fd_raise(ends[0], FD_HIGH);
		fd_set_nonblocking(superd.output.fd, true);
		scm_rights_allow(superd.output.fd, false);
		journal_rewrite(false); /* before it has pipes: one that nobody knew would read on there */
		journal_ready();
		if (greet())
			return;
	} else {
		fd_close(&ends[0]);
	}
	if (program->fd < 0)
		program_describe_missing(PROGRAM_OUTPUT, &why);
	else
		buf_text(&why, strerror(errno));
	if (!self.failed.failures)
		log_warn(superd.log, "the output of services waits: cannot start superd-output: %s", buf_string(&why));
	buf_free(&why);
	give_up();
}

/* pid: of the superd-output that the superd before had, with its channel; 0: there is none. */
void output_begin(pid_t pid, int channel)
{
	superd.output.child.ended = on_process;
	superd.output.fd = channel;
	if (pid > 0 && channel >= 0) {
		self.begun = clock_now();
		child_watch(&superd.output.child, pid);
		if (!greet())
			give_up();
	} else {
		start(superd.loop, &self.again, 0);
	}
}

void output_init(void)
{
	list_init(&self.all);
	list_init(&self.unsent);
	io_init(&self.io, -1, on_channel, NULL);
	io_init(&self.timer_io, -1, on_silent, NULL);
	ev_init(&self.again, start);
	ev_init(&self.later, send_later);
	ev_prepare_init(&self.turn, on_turn);
	ev_prepare_start(superd.loop, &self.turn);
	superd.output.fd = -1;
}

/* superd ends: superd-output writes what there is, and follows. It stays where instances run on. */
void output_end(void)
{
	int64_t until = log_deadline(superd.log), left;
	struct pollfd channel = { .fd = superd.output.fd, .events = POLLIN };

	ev_timer_stop(superd.loop, &self.again);
	ev_timer_stop(superd.loop, &self.later);
	LIST_EACH(link, &self.all) {
		struct output *output = container_of(link, struct output, link);

		if (output->svc)
			release(output);
	}
	while (superd.output.fd >= 0 && !list_empty(&self.unsent) && clock_ms() < until) {
		send_all();
		if (!list_empty(&self.unsent)) /* it is full, or the kernel has no memory */
			poll(NULL, 0, SEND_PAUSE);
	}
	if (superd.output.fd < 0)
		return;
	shutdown(superd.output.fd, SHUT_WR);
	while (!superd.instances && (left = until - clock_ms()) > 0 && poll(&channel, 1, (int)left) > 0) {
		char rest[512];

		if (recv(superd.output.fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
			continue;
		while (superd.output.child.pid > 0 && waitpid(superd.output.child.pid, NULL, WNOHANG) == 0 &&
		       clock_ms() < until) /* pid 0 would be any process of the group */
			poll(NULL, 0, 1);
		break;
	}
	child_forget(&superd.output.child);
	close_process();
}
