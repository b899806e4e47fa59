/* xinetd's records of clients: log_type, log_on_success and log_on_failure. */
#include "superd/daemon.h"

/* A file of log_type, opened at its first line. */
struct record_file {
	struct list link;
	char *path;
	int fd;			 /* -1: it is not open */
	int64_t looked;	 /* second of the last look at its path; 0: none since the last reopening */
	bool is_out;	 /* its lines stand in superd's log */
	enum { WITHIN, BEYOND_SOFT, BEYOND_HARD } size; /* its soft limit, its hard one */
};

static struct {
	struct list files;
	struct log_sink syslog;
	struct log_pump pump; /* of that, once it is open */
} records;

static struct record_file *find_file(const char *path)
{
	struct record_file *file;

	LIST_OF(struct record_file, known, link, &records.files) {
		if (!strcmp(known->path, path))
			return known;
	}
	file = calloc(1, sizeof(*file));
	if (!file || !(file->path = strdup(path))) {
		free(file);
		return NULL;
	}
	file->fd = -1;
	list_add(&records.files, &file->link);
	return file;
}

/* Nobody else may lead superd elsewhere by its path, or block it there. It is opened anew once a second, to see whether
 * it still leads to the open file. */
static bool file_open(struct record_file *file, struct buf *why)
{
	int64_t now = clock_ms() / 1000;
	struct stat named, open_one;
	int fd;

	if (file->looked == now)
		return file->fd >= 0;
	file->looked = now;
	fd = own_file_open(file->path, O_WRONLY | O_APPEND | O_CREAT, LOG_SINK_MODE, why);
	if (fd >= 0 && file->fd >= 0 && fstat(fd, &named) == 0 && fstat(file->fd, &open_one) == 0 &&
	    named.st_dev == open_one.st_dev && named.st_ino == open_one.st_ino) {
		fd_close(&fd);
		return true;
	}
	fd_close(&file->fd);
	file->fd = fd_raise(fd, FD_HIGH);
	return file->fd >= 0;
}

/* A line beyond the hard limit is written nowhere. false with the reason in why, unless it was told. */
static bool file_write(struct svc *svc, struct record_file *file, const struct log_target *target,
		       const struct buf *line, struct buf *why)
{
	char text[SIZE_TEXT_MOST];
	struct stat status;
	unsigned before = file->size;
	ssize_t wrote;
	off_t length;
	bool full;

	if (!file_open(file, why))
		return false;
	length = fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size + (off_t)line->length : 0;
	file->size = length > target->hard ? BEYOND_HARD : length > target->soft ? BEYOND_SOFT : WITHIN;
	full = file->size == BEYOND_HARD;
	if (file->size != WITHIN && before == WITHIN)
		svc_say(svc, LEVEL_WARNING, "records", "%s grows beyond %s, log_type's soft limit", file->path,
			size_write(text, (double)target->soft));
	if (full && before != BEYOND_HARD)
		svc_say(svc, LEVEL_WARNING, "records",
			"%s has reached %s, log_type's hard limit: superd does not log there until the file is "
			"emptied or moved",
			file->path, size_write(text, (double)target->hard));
	wrote = full ? 0 : write(file->fd, line->data, line->length);
	if (!full && wrote != (ssize_t)line->length)
		buf_text(why,
			 wrote >= 0		   ? strerror(ENOSPC)
				 : errno == EAGAIN ? "its reader is too slow"
						   : strerror(errno));
	return full || wrote == (ssize_t)line->length;
}

/* For log rotation and behind a reload: each is opened again, and those without a line since the last time are
 * forgotten. */
void records_reopen(void)
{
	LIST_OF(struct record_file, file, link, &records.files) {
		fd_close(&file->fd);
		if (file->looked) {
			file->looked = 0;
			continue;
		}
		list_remove(&file->link);
		free(file->path);
		free(file);
	}
}

void records_close(void)
{
	if (!records.pump.sink)
		return;
	log_sink_finish(&records.syslog, log_deadline(superd.log));
	log_pump_detach(&records.pump);
	log_sink_close(&records.syslog);
}

static void to_syslog(const struct log_target *target, const struct buf *line)
{
	const struct syslog_head head = { target->facility | target->level, log_name(superd.log), getpid() };

	if (!records.pump.sink) {
		log_sink_open(&records.syslog, "syslog", -1);
		records.syslog.lost = log_losses(superd.log);
		log_pump_attach(&records.pump, &records.syslog);
	}
	log_sink_take_as(&records.syslog, &head, line->data, line->length);
}

/* In the meantime its lines stand in superd's log. false: they do now. */
static bool to_file(struct svc *svc, const struct log_target *target, const struct buf *line)
{
	struct record_file *file = find_file(target->path);
	struct event event = { .name = "records", .service = svc->row->name };
	struct buf text = { 0 }, why = { 0 };
	time_t now = time(NULL);
	struct tm local;
	bool good;

	localtime_r(&now, &local); /* xinetd pads neither the month nor the day */
	buf_addf(&text, "%02d/%d/%d@%02d:%02d:%02d: %s\n", local.tm_year % 100, local.tm_mon + 1, local.tm_mday,
		 local.tm_hour, local.tm_min, local.tm_sec, line->data);
	good = file && !text.failed && file_write(svc, file, target, &text, &why);
	if (file && !good && !file->is_out) {
		event.reason = buf_string(&why);
		log_event(superd.log, LEVEL_WARNING, &event,
			  "cannot log to %s: %s: the lines of log_type stand here meanwhile", file->path, event.reason);
	} else if (good && file->is_out) {
		log_event(superd.log, LEVEL_NOTICE, &event, "logging to %s again", file->path);
	}
	if (file)
		file->is_out = !good;
	buf_free(&text);
	buf_free(&why);
	return good;
}

static bool has_file(const struct svc *svc)
{
	const struct log_target *target = svc->row->groups->logging->log_type;

	return target && target->kind == LOG_TYPE_FILE;
}

/* event: its name, and what is known beside the service. due: also where all services log. Frees the line. */
static void log_line(struct svc *svc, struct event event, struct buf *line, bool due)
{
	const struct log_target *target = svc->row->groups->logging->log_type;

	event.service = svc->row->name;
	if (line->failed)
		++*log_losses(superd.log);
	else if (has_file(svc) && to_file(svc, target, line))
		;
	else if (due && target && target->kind != LOG_TYPE_FILE)
		to_syslog(target, line);
	else if (due)
		log_record(superd.log, LEVEL_INFO, &event, buf_string(line), line->length);
	buf_free(line);
}

/* For a record of which superd has no line of its own. */
static bool is_due(struct svc *svc)
{
	char more[LOG_RATE_LIMIT_MORE];

	return svc_line_is_due(svc, LINE_RECORD, clock_now(), more);
}

/* ---- the lines, as xinetd 2.3.15 writes them, field by field in its order; each flag adds its field ----
 *
 * Programs parse these lines, so they must not change. They deviate in two points: an IPv4 client is written as IPv4
 * whatever socket it came by, and a program that could not be started has neither START nor EXIT. What is not visible
 * in the text of a client or a server is escaped, so none can end a line and begin another. */

#define MOST 2000 /* bytes of a line; a client's or ident server's text is cut to that */

static struct buf begin_line(const struct svc *svc, const char *word)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s: ", word);
	buf_visible(&line, svc->row->name, strlen(svc->row->name));
	return line;
}

static void add_visible(struct buf *line, const char *head, const char *text)
{
	buf_text(line, head);
	text = text ? text : "<no address>";
	buf_visible(line, text, strlen(text));
	buf_cut(line, MOST);
}

void record_start(struct svc *svc, pid_t pid, const char *peer, bool due)
{
	unsigned flags = svc->row->groups->logging->log_on_success;
	struct buf line;

	if (!flags || !(due || has_file(svc)))
		return;
	line = begin_line(svc, "START");
	if (flags & SUCCESS_PID)
		buf_addf(&line, " pid=%ld", (long)pid);
	if (flags & SUCCESS_HOST)
		add_visible(&line, " from=", peer);
	log_line(svc, (struct event){ .name = "start", .pid = pid, .peer = peer }, &line, due);
}

void record_end(struct svc *svc, struct instance *instance, double lasted, bool due)
{
	unsigned flags = svc->row->groups->logging->log_on_success;
	struct event event = { .name = "exit", .pid = instance->pid, .has_duration = true, .duration = lasted };
	int status = instance->status;
	struct buf line;

	if (!(flags & (SUCCESS_EXIT | SUCCESS_DURATION)) || !(due || has_file(svc)))
		return;
	line = begin_line(svc, "EXIT");
	if (flags & SUCCESS_EXIT)
		buf_addf(&line, WIFSIGNALED(status) ? " signal=%d" : " status=%d",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (flags & SUCCESS_PID)
		buf_addf(&line, " pid=%ld", (long)instance->pid);
	if (flags & SUCCESS_DURATION)
		buf_addf(&line, " duration=%lld(sec)", (long long)lasted);
	event_add_end(&event, status);
	log_line(svc, event, &line, due);
}

void record_refusal(struct svc *svc, const char *peer, const char *word, bool due)
{
	unsigned flags = svc->row->groups->logging->log_on_failure;
	struct buf line;

	if (!flags || !(due || has_file(svc)))
		return;
	line = begin_line(svc, "FAIL");
	buf_addf(&line, " %s", word);
	if (flags & FAILURE_HOST)
		add_visible(&line, " from=", peer);
	log_line(svc, (struct event){ .name = "fail", .peer = peer, .reason = word }, &line, due);
}

/* text: the user, or why there is none. */
void record_user(struct svc *svc, const char *peer, bool success, bool known, const char *text)
{
	const struct log_options *logging = svc->row->groups->logging;
	bool wanted = success ? logging->log_on_success & SUCCESS_USERID : logging->log_on_failure & FAILURE_USERID;
	struct buf line;

	if (known ? !wanted : !svc->row->groups->access->id_only)
		return;
	line = begin_line(svc, known ? "USERID" : "NOID");
	if (!known)
		add_visible(&line, " ", peer);
	add_visible(&line, " ", text);
	log_line(svc, (struct event){ .name = known ? "userid" : "noid", .peer = peer }, &line, is_due(svc));
}

void record_traffic(struct svc *svc, uint64_t in, uint64_t out)
{
	struct buf line;

	if (!(svc->row->groups->logging->log_on_success & SUCCESS_TRAFFIC))
		return;
	line = begin_line(svc, "TRAFFIC");
	buf_addf(&line, " in=%llu(bytes) out=%llu(bytes)", (unsigned long long)in, (unsigned long long)out);
	log_line(svc, (struct event){ .name = "traffic" }, &line, is_due(svc));
}

/* An address has touched a sensor. minutes -1: for ever. It repeats the pid, as xinetd does, in whose own log it is. */
void record_sensor(struct svc *svc, const char *peer, long long minutes)
{
	struct event event = { .name = "sensor", .service = svc->row->name, .peer = peer, .is_alone = true };

	log_event(superd.log, LEVEL_NOTICE, &event,
		  "%ld {process_sensor} Adding %s to the global_no_access list for %lld minutes", (long)getpid(), peer,
		  minutes);
}

/* The line of OpenBSD's and NetBSD's inetd for a client that libwrap has checked. */
void record_wrapped(struct svc *svc, bool let_in, const char *peer)
{
	struct event event = { .name = let_in ? "start" : "fail", .service = svc->row->name, .peer = peer };
	struct buf line = { 0 };

	if (!is_due(svc))
		return;
	buf_addf(&line, "%sconnection from %s, service", let_in ? "" : "refused ", peer);
	add_visible(&line, " ", svc->row->name);
	buf_text(&line, " (tcp)");
	log_record(superd.log, let_in ? LEVEL_INFO : LEVEL_NOTICE, &event, buf_string(&line), line.length);
	buf_free(&line);
}
