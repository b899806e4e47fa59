/* Loads the lines that waited in the log sinks of the superd before (superd/reload/save_log). */
#include "superd/reload/load.h"

#include <string.h>

#include "lib/log/log_sink.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/engine.h"

static void load_lines(struct state_section *section, struct log_sink *sink)
{
	size_t done = (size_t)state_number(section, "done", 0, LOG_SINK_QUEUE, 0);

	sink->unreported.all += (unsigned long)state_number(section, "lost", 0, INT32_MAX, 0);
	sink->unreported.of_clients += (unsigned long)state_number(section, "lost_of_clients", 0, INT32_MAX, 0);
	for (size_t n = 0; n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		bool of_client = !strcmp(entry->key, "client");

		if (!of_client && strcmp(entry->key, "chatter") != 0)
			continue;
		entry->used = true;
		log_sink_take_queued(sink, &(struct log_text){ entry->value, strlen(entry->value), done, of_client });
		done = 0;
	}
}

void load_log(struct state_stream *stream, struct log *log)
{
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];

		if (strcmp(section->kind, "log") != 0)
			continue;
		section->used = true;
		load_lines(section, log_sink(log));
	}
}

void load_log_other(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;
	const char *destination = state_text(section, "destination");
	struct log_sink *sink = destination ? records_open(engine, destination) : NULL;

	if (sink)
		load_lines(section, sink);
	else
		log_warn(engine->log, "lines of log_type that waited for %s were lost in the upgrade",
			 destination ? destination : "a log");
}
