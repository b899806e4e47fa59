/* Takes over the lines that waited in the sinks of the former superd (engine/upgrade/carry_log). */
#include "engine/upgrade/resume.h"

#include <string.h>

#include "base/sink.h"
#include "engine/core/engine.h"
#include "engine/log/record_target.h"

static void resume_lines(struct ledger_section *section, struct sink *sink)
{
	size_t done = (size_t)ledger_number(section, "done", 0, SINK_QUEUE, 0);

	sink->unsaid.all += (unsigned long)ledger_number(section, "lost", 0, INT32_MAX, 0);
	sink->unsaid.of_clients += (unsigned long)ledger_number(section, "lost_of_clients", 0, INT32_MAX, 0);
	for (size_t n = 0; n < section->count; n++) {
		struct ledger_entry *entry = &section->entries[n];
		bool of_client = !strcmp(entry->key, "client");

		if (!of_client && strcmp(entry->key, "chatter") != 0)
			continue;
		entry->used = true;
		sink_take_queued(sink, entry->value, strlen(entry->value), done, of_client);
		done = 0;
	}
}

void resume_log(struct ledger *ledger, struct log *log)
{
	for (size_t n = 0; n < ledger->count; n++) {
		struct ledger_section *section = &ledger->sections[n];

		if (strcmp(section->kind, "log") != 0)
			continue;
		section->used = true;
		resume_lines(section, log_sink(log));
	}
}

void resume_log_other(struct resume *resume, struct ledger_section *section)
{
	struct engine *engine = resume->engine;
	const char *destination = ledger_text(section, "destination");
	struct sink *sink = destination ? records_open(engine, destination) : NULL;

	if (sink)
		resume_lines(section, sink);
	else
		log_warn(engine->log, "lines of log_type that waited for %s did not come through the upgrade",
			 destination ? destination : "a log");
}
