/* Writes the lines that wait in the log sinks, in their order: as `client` those about a client, as `chatter` all
 * others. They are saved because a log reader may stop for longer than clients can wait for an upgrade. */
#include "superd/reload/save.h"

#include "lib/log/log_sink.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/engine.h"

static void save_lines(struct state_saver *saver, struct log_sink *sink)
{
	const struct log_line *first = log_queue_first(&sink->queue);

	/* The connection to syslog ends here, and with it a line of which only a part was sent. */
	if (first && sink->kind != LOG_SINK_SYSLOG)
		save_number(saver, "done", (int64_t)first->done);
	save_number(saver, "lost", (int64_t)sink->unreported.all);
	save_number(saver, "lost_of_clients", (int64_t)sink->unreported.of_clients);
	LIST_EACH(link, &sink->queue.lines) {
		const struct log_line *line = container_of(link, struct log_line, link);

		state_add(&saver->text, line->of_client ? "client" : "chatter", line->text);
	}
}

static bool flush_sink(struct log_sink *sink)
{
	if (!log_queue_is_empty(&sink->queue))
		log_sink_flush(sink);
	return !log_queue_is_empty(&sink->queue) || sink->unreported.all;
}

static void save_record_sink(void *context, const char *destination, struct log_sink *sink)
{
	struct state_saver *saver = context;

	if (!flush_sink(sink))
		return;
	state_open_section(&saver->text, "log_other");
	state_add(&saver->text, "destination", destination);
	save_lines(saver, sink);
}

void save_log(struct state_saver *saver, struct engine *engine)
{
	struct log_sink *sink = log_sink(engine->log);

	if (sink && flush_sink(sink)) {
		state_open_section(&saver->text, "log");
		save_lines(saver, sink);
	}
	records_each(engine, save_record_sink, saver);
}
