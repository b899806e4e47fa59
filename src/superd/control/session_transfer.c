/* Passes the clients of the control socket to the new superd of an upgrade.
 *
 * The new superd trusts nothing in the state. It asks the kernel again who a client is, and checks the values of the
 * request as if the client had just sent them. */
#include "superd/control/session_transfer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "superd/control/event_stream.h"
#include "superd/control/verbs.h"
#include "superd/reload/load.h"

#define SERIAL_MOST (INT64_MAX / 2)     /* leaves room for later lines */
#define INTERVAL_MOST 86400. /* seconds, the limit of --interval (superd/control/request.c) */

static void save_io(struct state_saver *saver, const struct line_io *io)
{
	save_fd(saver, "fd", io->fd);
	if (io->filled)
		state_add_bytes(&saver->text, "input", io->input, io->filled);
	if (line_io_pending(io))
		state_add_bytes(&saver->text, "output", io->output.data + io->sent, line_io_pending(io));
}

static void save_names(struct state_saver *saver, const struct request *request)
{
	struct buf names = { 0 };

	for (size_t n = 0; n < request->name_count; n++)
		buf_add(&names, request->names[n], strlen(request->names[n]) + 1);
	if (names.length)
		state_add_bytes(&saver->text, "names", names.data, names.length);
	saver->text.failed |= names.failed;
	buf_free(&names);
}

static void save_session(struct state_saver *saver, const struct session *session)
{
	const char *verb = verb_upgrade_is_pending(session) ? "upgrade" : event_stream_verb(session);

	/* The new superd would take a session of superd's own for one of superd's user. */
	if (session->is_own || session->io.broken || session->io.leaving || (session->ops && !verb))
		return;
	state_open_section(&saver->text, "operator");
	save_io(saver, &session->io);
	if (*session->hello)
		save_text(saver, "hello", session->hello);
	save_text(saver, "verb", verb);
	if (!verb)
		return;
	state_add(&saver->text, "level", log_level_name(session->request.level));
	save_text(saver, "pattern", session->request.service);
	save_names(saver, &session->request);
	save_real(saver, "interval", session->request.interval);
	save_number(saver, "dropped", (int64_t)event_stream_dropped(session));
}

static void save_recent_log(void *context, const char *service, const struct recent_line *line)
{
	struct state_saver *saver = context;

	state_open_section(&saver->text, "said");
	state_add(&saver->text, "service", service);
	state_add_number(&saver->text, "serial", (int64_t)line->serial);
	state_add_real(&saver->text, "at", line->at);
	state_add(&saver->text, "level", log_level_name(line->level));
	state_add(&saver->text, "text", line->text);
}

static void save_sessions(void *context, struct state_saver *saver)
{
	struct server *server = context;

	LIST_EACH(link, &server->sessions)
		save_session(saver, container_of(link, struct session, link));
	recent_log_for_each(&server->recent_log, save_recent_log, saver);
}

static void restore_buffers(struct line_io *io, struct state_section *section)
{
	size_t length;
	char *bytes = state_take_bytes(section, "input", sizeof(io->input), &length);

	if (bytes) {
		memcpy(io->input, bytes, length);
		io->filled = length;
	}
	free(bytes);
	bytes = state_take_bytes(section, "output", LINE_IO_OUTPUT_MOST, &length);
	if (bytes)
		buf_add(&io->output, bytes, length);
	free(bytes);
}

static void restore_request(struct request *request, struct state_section *section)
{
	const char *pattern = state_text(section, "pattern"), *level = state_text(section, "level");
	size_t length, end, at = pattern ? strlen(pattern) + 1 : 0;
	char *names = state_take_bytes(section, "names", LINE_IO_REQUEST_MOST, &length);

	request->interval = state_real(section, "interval", 1.);
	if (!(request->interval >= .1 && request->interval <= INTERVAL_MOST))
		request->interval = 1.;
	request->level = LEVEL_INFO;
	if (level)
		(void)log_parse_level(level, &request->level); /* an unknown level leaves the default */
	if (pattern)
		buf_add(&request->words, pattern, at);
	if (names) {
		buf_add(&request->words, names, length);
		buf_char(&request->words, '\0');
	}
	end = names ? at + length : 0;
	free(names);
	if (request->words.failed)
		return;
	request->service = pattern ? request->words.data : NULL;
	for (; at < end && request->name_count < REQUEST_WORDS; at += strlen(&request->words.data[at]) + 1)
		request->names[request->name_count++] = &request->words.data[at];
}

static void resume_request(struct session *session, const char *verb, struct state_section *section)
{
	if (!strcmp(verb, "upgrade"))
		verb_upgrade_resume(session);
	else if (!strcmp(verb, "events"))
		event_stream_resume(session, (unsigned long)state_number(section, "dropped", 0, LONG_MAX, 0));
	else if (!strcmp(verb, "top"))
		event_stream_top(session);
}

static void restore_session(struct server *server, struct state_section *section)
{
	const char *verb = state_text(section, "verb"), *hello = state_text(section, "hello");
	int fd = load_fd(section, "fd");
	struct session *session = fd >= 0 ? server_admit(server, fd) : NULL;

	if (!session)
		return;
	if (hello)
		snprintf(session->hello, sizeof(session->hello), "%s", hello);
	restore_buffers(&session->io, section);
	restore_request(&session->request, section);
	if (verb)
		resume_request(session, verb, section);
	watch_wake(&session->io.watch);
}

static void restore_recent_line(struct server *server, struct state_section *section)
{
	const char *service = state_text(section, "service"), *text = state_text(section, "text");
	const char *name = state_text(section, "level");
	enum level level = LEVEL_INFO;

	if (service && text && name && !log_parse_level(name, &level))
		recent_log_add(&server->recent_log, service,
			       &(struct logged_line){ state_real(section, "at", 0.), level, text, strlen(text),
						      (uint64_t)state_number(section, "serial", 0, SERIAL_MOST, 0) });
}

static void restore_sessions(struct server *server, struct state_stream *stream)
{
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];
		bool is_operator = !strcmp(section->kind, "operator");

		if (!is_operator && strcmp(section->kind, "said") != 0)
			continue;
		section->used = true;
		if (is_operator)
			restore_session(server, section);
		else
			restore_recent_line(server, section);
	}
}

void session_transfer_begin(struct server *server)
{
	struct supervisor *supervisor = server->supervisor;

	supervisor->upgrade.source.save_operators = save_sessions;
	supervisor->upgrade.source.operators = server;
	if (supervisor->before)
		restore_sessions(server, supervisor->before);
}

void session_transfer_answer(struct server *server)
{
	struct state_stream *stream = server->supervisor->before;

	if (!stream)
		return;
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (verb_upgrade_is_pending(session))
			verb_upgrade_answer(session, load_version(stream));
	}
}
