/* The targets of log_type: superd's own log, syslog, or a file. A file may be rotated, cut, full or unreachable
 * while superd runs. superd looks at its path at most once a second, opens it again where needed, and logs the
 * beginning and the end of each such state once. */
#include "superd/log/xinetd_log_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log/log_sink.h"
#include "lib/size_text.h"
#include "os/fs/path_trust.h"
#include "superd/log/xinetd_line.h"
#include "superd/loop/log_pump.h"

static const char file_prefix[] = "file:";

struct record_file {
	struct list link;
	struct log_sink sink;
	char *destination;              /* "file:" and the path */
	size_t hash;                    /* hash of the path */
	bool is_open;
	bool used;                      /* a line was logged there since the last records_reopen */
	bool soft_logged, hard_logged;  /* this limit was logged; reset when the file gets shorter */
	bool reopen_logged;             /* it was logged that the file cannot be opened again */
	int64_t size;                   /* bytes */
	char *flaw;                     /* why superd refuses to open the path; NULL: no reason */
	int64_t looked;                 /* monotonic second of the last check of the path; -1: none */
	unsigned long lost;             /* lines dropped while it was not open, since the last report of them */
	bool outage_logged;             /* it was logged that the file takes no lines now */
	struct log_pump pump;
};

static const char *file_path(const struct record_file *file)
{
	return file->destination + strlen(file_prefix);
}

static void file_close(struct record_file *file)
{
	if (!file->is_open)
		return;
	log_pump_detach(&file->pump);
	log_sink_close(&file->sink);
	file->lost += file->sink.unreported.all;
	file->is_open = false;
}

static void file_free(struct record_file *file)
{
	file_close(file);
	list_remove(&file->link);
	free(file->destination);
	free(file->flaw);
	free(file);
}

static size_t hash_path(const char *path)
{
	uint64_t h = hash_text(HASH_START, path);

	return (size_t)(h ^ h >> 29);
}

static struct record_file *file_new(const char *path, size_t name)
{
	struct record_file *file = calloc(1, sizeof(*file));
	struct buf destination = { 0 };

	if (!file)
		return NULL;
	buf_addf(&destination, "%s%s", file_prefix, path);
	file->destination = buf_take(&destination);
	if (!file->destination) {
		free(file);
		return NULL;
	}
	file->hash = name;
	file->looked = -1;
	return file;
}

/* NULL: out of memory. */
static struct record_file *file_find(struct engine *engine, const char *path)
{
	size_t name = hash_path(path);
	struct list *bucket = &engine->log_files->files[name % LOG_FILE_BUCKETS];
	struct record_file *file;

	LIST_EACH(link, bucket) {
		file = container_of(link, struct record_file, link);
		if (file->hash == name && !strcmp(file_path(file), path))
			return file;
	}
	file = file_new(path, name);
	if (file)
		list_add(bucket, &file->link);
	return file;
}

/* Notes the file's size. A file that has become shorter has room again. */
static void file_measure(struct record_file *file, int64_t size)
{
	if (size < file->size)
		file->soft_logged = file->hard_logged = false;
	file->size = size;
}

/* Whether only root controls the path: another user could lead superd to another file, or block it there. false: the
 * reason is in file->flaw. */
static bool file_is_trusted(struct record_file *file)
{
	struct path_finding finding;
	struct buf why = { 0 };

	free(file->flaw);
	file->flaw = NULL;
	if (path_is_open_to_us(file_path(file), LOG_SINK_MODE, NULL, path_mounts_cached(), &finding))
		return true;
	path_finding_describe(&finding, &why);
	buf_text(&why, ", and a file of log_type must be in a directory of root");
	file->flaw = buf_take(&why);
	return false;
}

static void file_reopen(struct engine *engine, struct record_file *file)
{
	int64_t size;

	if (!log_sink_reopen(&file->sink)) {
		if (!file->reopen_logged)
			log_warn(engine->log,
				 "cannot open %s again: %m: superd still writes the lines of log_type to the old file",
				 file_path(file));
		file->reopen_logged = true;
		return;
	}
	file->reopen_logged = false;
	log_sink_is_current(&file->sink, &size);
	file->size = INT64_MAX;
	file_measure(file, size);
}

static void log_outage(struct engine *engine, const char *service, const char *name, const char *why,
		       const char *what)
{
	const struct event event = { .name = "records", .service = service, .reason = why };

	log_event(engine->log, LEVEL_WARNING, &event, "cannot log to %s: %s: the lines of log_type %s", name, why,
		  what);
}

static void log_recovery(struct engine *engine, const char *service, const char *name, unsigned long lost)
{
	const struct event event = { .name = "records", .service = service };

	if (lost)
		log_event(engine->log, LEVEL_NOTICE, &event, "logging to %s again: %lu line%s of log_type %s dropped",
			  name, lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
	else
		log_event(engine->log, LEVEL_NOTICE, &event, "logging to %s again: no line was dropped", name);
}

static const char *outage_reason(const struct log_sink *sink)
{
	if (sink->state == LOG_SINK_FULL)
		return strerror(EAGAIN);
	return sink->error ? strerror(sink->error) : "no daemon listens at /dev/log";
}

/* Whether a destination of log_type takes lines, and what superd has logged about that. */
struct outage {
	const char *name;               /* the destination, for the log */
	bool *logged;                   /* it was logged that it takes no lines; cleared when it takes them again */
	unsigned long *lost;            /* lines dropped since the last report */
};

/* Reports once that a sink takes no line, and once that it does again. A sink that is only full for a moment, and has
 * dropped nothing, is not reported. */
static void report_outage(struct engine *engine, const char *service, const struct outage *outage,
			  struct log_sink *sink)
{
	unsigned long all = *outage->lost + sink->unreported.all;

	if (!*outage->logged && (sink->unreported.all || sink->state == LOG_SINK_AWAY)) {
		*outage->logged = true;
		log_outage(engine, service, outage->name, outage_reason(sink),
			   sink->unreported.all ? "are dropped" : "wait");
	} else if (*outage->logged && sink->state == LOG_SINK_READY) {
		*outage->logged = false;
		*outage->lost = 0;
		sink->unreported = (struct log_losses){ 0 };
		log_recovery(engine, service, outage->name, all);
	}
}

/* Counts a line for a file that is not open. */
static void lose_line(struct engine *engine, const struct event *of, const struct outage *outage, const char *why)
{
	struct log_losses *losses = log_losses(engine->log);

	(*outage->lost)++;
	if (losses) {
		losses->all++;
		losses->of_clients++;
	}
	if (!*outage->logged)
		log_outage(engine, of->service, outage->name, why, "are dropped");
	*outage->logged = true;
}

static struct outage file_outage(struct record_file *file)
{
	return (struct outage){ file_path(file), &file->outage_logged, &file->lost };
}

static void on_file(void *context, struct log_pump *pump)
{
	struct record_file *file = container_of(pump, struct record_file, pump);
	const struct outage outage = file_outage(file);

	report_outage(context, NULL, &outage, &file->sink);
}

/* Checks the path and opens the file where needed, at most once a second, as that costs system calls. Returns NULL, or
 * the reason why the file is not open; "": it was not open at a check in this second. */
static const char *file_check(struct engine *engine, struct record_file *file)
{
	int64_t now = clock_ms() / 1000;
	const char *why;
	int64_t size;

	if (file->looked == now)
		return file->is_open ? NULL : "";
	file->looked = now;
	if (!file_is_trusted(file)) {
		file_close(file);
		return file->flaw ? file->flaw : "out of memory";
	}
	if (!file->is_open) {
		why = log_sink_open(&file->sink, file->destination);
		file->is_open = !why;
		if (why)
			return why;
		file->sink.lost = log_losses(engine->log);
		if (engine->loop)
			log_pump_attach(&file->pump, engine->loop, &file->sink);
		file->pump.looked = on_file;
		file->pump.context = engine;
		log_sink_is_current(&file->sink, &size);
		file_measure(file, size);
	} else if (log_sink_is_current(&file->sink, &size)) {
		file_measure(file, size);
	} else {
		file_reopen(engine, file);
	}
	return NULL;
}

/* false: the file would pass the hard limit. Passing the soft limit is only logged. */
static bool file_has_room(struct engine *engine, struct record_file *file, const struct log_target *target,
			  const struct event *of, size_t length)
{
	const struct event event = { .name = "records", .service = of->service, .reason = "log_type" };
	int64_t size = file->size + (int64_t)(file->sink.queue.bytes + length);
	char text[SIZE_TEXT_MOST];

	if (!file->sink.is_regular)
		return true;            /* a pipe or terminal doesn't grow */
	if (size > target->soft && !file->soft_logged) {
		file->soft_logged = true;
		log_event(engine->log, LEVEL_WARNING, &event, "%s grows beyond %s, log_type's soft limit",
			  file_path(file), size_write(text, (double)target->soft));
	}
	if (size <= target->hard)
		return true;
	if (!file->hard_logged)
		log_event(engine->log, LEVEL_WARNING, &event,
			  "%s has reached %s, log_type's hard limit: superd does not log there until the file is "
			  "emptied or moved",
			  file_path(file), size_write(text, (double)target->hard));
	file->hard_logged = true;
	return false;
}

static void compose_line(struct buf *out, const char *line, size_t length)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	xinetd_line_stamp(out, &tm);
	buf_add(out, line, length);
	buf_char(out, '\n');
}

static void file_take(struct engine *engine, const struct log_target *target, const struct event *event,
		      const char *line, size_t length)
{
	struct record_file *file = file_find(engine, target->path);
	struct outage outage;
	struct buf text = { 0 };
	const char *why;
	bool logged;

	if (!file) {
		logged = engine->log_files->lost;
		outage = (struct outage){ target->path, &logged, &engine->log_files->lost };
		lose_line(engine, event, &outage, "out of memory");
		return;
	}
	outage = file_outage(file);
	file->used = true;
	why = file_check(engine, file);
	compose_line(&text, line, length);
	if (why || text.failed) {
		lose_line(engine, event, &outage, why ? why : "out of memory");
	} else if (file_has_room(engine, file, target, event, text.length)) {
		if (log_sink_take(&file->sink, 0, text.data, text.length, true) && file->sink.state == LOG_SINK_READY)
			file->size += (int64_t)text.length;
		report_outage(engine, event->service, &outage, &file->sink);
	}
	buf_free(&text);
}

static void syslog_report(struct engine *engine, const char *service)
{
	struct log_files *files = engine->log_files;
	const struct outage outage = { "syslog", &files->syslog_outage_logged, &files->lost };

	report_outage(engine, service, &outage, &files->syslog);
}

static void on_syslog(void *context, struct log_pump *pump)
{
	(void)pump;
	syslog_report(context, NULL);
}

void xinetd_record_syslog_take(struct engine *engine, const struct syslog_head *head, const char *line, size_t length)
{
	log_sink_take_as(&engine->log_files->syslog, head, line, length, false);
	syslog_report(engine, head->ident);
}

static void syslog_take(struct engine *engine, const struct log_target *target, const char *service, const char *line,
			size_t length)
{
	const struct syslog_head head = { target->facility | target->level, log_name(engine->log), getpid() };

	log_sink_take_as(&engine->log_files->syslog, &head, line, length, true);
	syslog_report(engine, service);
}

void xinetd_record_target_take(struct engine *engine, const struct log_target *target, const struct event *event,
			       const char *line, size_t length)
{
	if (!target) {
		log_record(engine->log, LEVEL_INFO, event, line, length);
		return;
	}
	switch ((enum log_kind)target->kind) {
	case LOG_TYPE_SYSLOG:
		syslog_take(engine, target, event->service, line, length);
		break;
	case LOG_TYPE_FILE:
		file_take(engine, target, event, line, length);
		break;
	}
}

void records_init(struct engine *engine, struct log_files *files)
{
	engine->log_files = files;
	for (size_t n = 0; n < LOG_FILE_BUCKETS; n++)
		list_init(&files->files[n]);
	list_init(&files->released);
	log_sink_open(&files->syslog, "syslog");
	files->syslog.lost = log_losses(engine->log);
	files->syslog_pump.looked = on_syslog;
	files->syslog_pump.context = engine;
}

void records_attach(struct engine *engine)
{
	log_pump_attach(&engine->log_files->syslog_pump, engine->loop, &engine->log_files->syslog);
}

void records_each(struct engine *engine, void (*each)(void *context, struct log_sink *sink), void *context)
{
	for (size_t n = 0; n < LOG_FILE_BUCKETS; n++) {
		LIST_EACH(link, &engine->log_files->files[n]) {
			struct record_file *file = container_of(link, struct record_file, link);

			if (file->is_open)
				each(context, &file->sink);
		}
	}
	each(context, &engine->log_files->syslog);
}

static void finish_sink(void *context, struct log_sink *sink)
{
	log_sink_finish(sink, *(const int64_t *)context);
}

void records_finish(struct engine *engine)
{
	int64_t until = log_deadline(engine->log);

	if (engine->log_files)
		records_each(engine, finish_sink, &until);
}

static void file_reopen_used(struct engine *engine, struct record_file *file)
{
	if (!file->used) {
		file_free(file);
		return;
	}
	file->used = false;
	if (file->is_open && file_is_trusted(file))
		file_reopen(engine, file);
	else
		file->looked = -1;
}

void records_reopen(struct engine *engine)
{
	for (size_t n = 0; n < LOG_FILE_BUCKETS; n++) {
		LIST_EACH(link, &engine->log_files->files[n])
			file_reopen_used(engine, container_of(link, struct record_file, link));
	}
}

void records_free(struct engine *engine)
{
	for (size_t n = 0; n < LOG_FILE_BUCKETS; n++) {
		LIST_EACH(link, &engine->log_files->files[n])
			file_free(container_of(link, struct record_file, link));
	}
	log_pump_detach(&engine->log_files->syslog_pump);
	log_sink_close(&engine->log_files->syslog);
}

static const struct state_field log_files_fields[] = {
	{ STATE_FIELD(log_files, "records_lost", lost), .most = INT32_MAX },
};
const struct field_table log_files_state = FIELD_TABLE(NULL, log_files, log_files_fields);
