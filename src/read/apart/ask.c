/* Asks superd-read.
 *
 * What it sends is what root will run, so the checks here are no wall against a superd-read that lies: they keep superd
 * whole. A frame that is not as it must be ends the reading with an error. */
#include "read/apart/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/wait_note.h"
#include "read/apart/frame.h"
#include "read/apart/setup.h"
#include "table/superd_conf/superd.h"

#define PROGRAM "superd-read"
#define SERVICES_MOST 100000            /* services of a table: each takes some KiB, however short its text is */

struct asked {
	struct frames frames;
	pid_t pid;                      /* of superd-read; 0: it was not started */
	struct native *native;          /* owned */
	size_t services;                /* that it has written so far */
	struct buf failure;             /* why superd-read is not asked any more; empty: it is */
};

/* error: errno; 0 and those of a closed channel: superd-read has gone. */
static void note_failure(struct reading *reading, int error)
{
	const struct read_request *request = reading->request;
	struct asked *asked = reading->asked;
	struct frame last;

	if (asked->failure.length)
		return;
	if ((error == EPIPE || error == ECONNRESET) && frame_receive(&asked->frames, &last) &&
	    last.kind == FRAME_MEMORY)
		error = ENOMEM;         /* it has ended before it was asked */
	if (!error || error == EPIPE || error == ECONNRESET)
		request->describe_end(request->start_context, &asked->failure);
	else if (error == EAGAIN)
		buf_text(&asked->failure, PROGRAM " does not answer");
	else if (error == EBADMSG)
		buf_text(&asked->failure, "the answer of " PROGRAM " is wrong");
	else
		buf_addf(&asked->failure, "cannot ask " PROGRAM ": %s", strerror(error));
}

static bool begin(struct reading *reading)
{
	const struct read_request *request = reading->request;
	struct asked *asked = calloc(1, sizeof(*asked));

	reading->asked = asked;
	if (!asked)
		return false;
	asked->frames.fd = -1;
	asked->native = superd_service_reader();
	if (!asked->native)
		note_failure(reading, ENOMEM);
	else if (request->start(request->start_context, &asked->frames.fd, &asked->pid, &asked->failure) &&
		 !setup_send(&asked->frames, request))
		note_failure(reading, errno);
	return true;
}

static bool take_service(struct reading *reading, struct frame *frame)
{
	char *text = frame->at + 1;
	const char *field = frame_text(frame);

	if (++reading->asked->services > SERVICES_MOST) {
		buf_addf(&reading->asked->failure, "it has more than %d services", SERVICES_MOST);
		return false;
	}
	return field && superd_read_service(reading->asked->native, reading, text, strlen(text));
}

static bool take_diag(struct reading *reading, struct frame *frame)
{
	enum severity severity = (enum severity)frame_number(frame, SEVERITY_NOTE, SEVERITY_ERROR);
	struct origin at = frame_place(frame, reading->table->pool);
	const char *message = frame_text(frame), *hint = frame_text(frame);
	bool follows = frame_number(frame, 0, 1);

	if (frame->is_bad || !message)
		return false;
	diags_add(reading->diags, severity, at, "%s", message);
	if (hint)
		diags_hint(reading->diags, "%s", hint);
	if (follows)
		diags_tie(reading->diags);
	return true;
}

static bool take_left_out(struct reading *reading, struct frame *frame)
{
	struct origin at = frame_place(frame, reading->table->pool);
	const char *name = frame_text(frame);
	bool is_doubtful = frame_number(frame, 0, 1), is_part = frame_number(frame, 0, 1);
	struct left_out *entry = frame->is_bad ? NULL : table_leave_out(reading->table, at, name);

	if (entry) {
		entry->is_doubtful = is_doubtful;
		entry->is_part = is_part;
	}
	return entry;
}

static bool take_read(struct reading *reading, struct frame *frame)
{
	const struct read_request *request = reading->request;
	const char *path = frame_text(frame), *title = frame_text(frame);
	size_t services = (size_t)frame_number(frame, 0, INT32_MAX);

	if (frame->is_bad || !path || !title)
		return false;
	reading->counted += services;
	if (request->on_source)
		request->on_source(request->context, path, title, services);
	return true;
}

static bool take_end(struct reading *reading, struct frame *frame, enum read_result *result)
{
	struct diags *diags = reading->diags;
	size_t errors, others, lost;

	*result = (enum read_result)frame_number(frame, READ_FAILED, READ_OWN);
	reading->files = (size_t)frame_number(frame, 0, READING_FILES);
	reading->pending = (size_t)frame_number(frame, 0, INT32_MAX);
	reading->asked_masked |= frame_number(frame, 0, 1);
	errors = (size_t)frame_number(frame, 0, INT32_MAX);
	others = (size_t)frame_number(frame, 0, INT32_MAX);
	lost = (size_t)frame_number(frame, 0, INT32_MAX);
	diags->errors += errors + lost;
	diags->dropped_errors += errors;
	diags->dropped_others += others;
	diags->lost += lost;
	return !frame->is_bad;
}

static bool take_note(struct table *table, struct frame *frame)
{
	struct note note = { .kind = (enum note_kind)frame_number(frame, 0, NOTES - 1) };

	note.at = frame_place(frame, table->pool);
	note.name = frame_text(frame);
	return !frame->is_bad && table_note(table, note);
}

static bool take_record(struct reading *reading, struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_SERVICE:
		return take_service(reading, frame);
	case FRAME_DIAG:
		return take_diag(reading, frame);
	case FRAME_LEFT_OUT:
		return take_left_out(reading, frame);
	case FRAME_NOTE:
		return take_note(reading->table, frame);
	case FRAME_READ:
		return take_read(reading, frame);
	case FRAME_SIGN:
		return true;
	default:
		return false;
	}
}

/* Takes frames up to FRAME_END. false: superd-read has failed. */
static bool take_frames(struct reading *reading, enum read_result *result)
{
	struct frame frame;

	while (frame_receive(&reading->asked->frames, &frame)) {
		if (frame.kind == FRAME_END && take_end(reading, &frame, result))
			return true;
		if (!take_record(reading, &frame) || frame.is_bad) {
			note_failure(reading, frame.kind == FRAME_MEMORY ? ENOMEM : EBADMSG);
			return false;
		}
	}
	note_failure(reading, errno);
	return false;
}

/* Sends the order, which is complete, and takes the answer. */
static bool ask(struct reading *reading, enum read_result *result)
{
	struct frames *frames = &reading->asked->frames;

	if (frame_end(frames) && frames_flush(frames))
		return take_frames(reading, result);
	note_failure(reading, errno);
	return false;
}

static bool ask_for(struct reading *reading, const struct asked_source *source, enum read_result *result)
{
	struct frames *frames = &reading->asked->frames;

	if (reading->asked->failure.length)
		return false;
	frame_begin(frames, FRAME_SOURCE);
	frame_put_text(frames, source->format);
	frame_put_number(frames, reading->compat);
	frame_put_text(frames, source->path);
	frame_put_place(frames, source->from);
	frame_put_number(frames, (int64_t)reading->files);
	frame_put_number(frames, (int64_t)reading->depth);
	for (size_t n = 0; n < reading->depth; n++) {
		frame_put_text(frames, reading->opened[n].path);
		frame_put_number(frames, (int64_t)reading->opened[n].device);
		frame_put_number(frames, (int64_t)reading->opened[n].inode);
		frame_put_place(frames, reading->opened[n].from);
	}
	return ask(reading, result);
}

enum read_result ask_source(struct reading *reading, const struct asked_source *source)
{
	struct origin at = source->from.file ? source->from : (struct origin){ .file = source->path };
	enum read_result result = READ_FAILED;
	size_t errors = reading->diags->errors;
	char waits[WAIT_NOTE_MOST];
	bool good;

	if (!reading->request || !reading->request->start)
		return source->format ? READ_DONE : READ_OWN;   /* only superd.conf matters */
	if (!reading->asked && !begin(reading)) {
		reading_refuse_memory(reading);
		return READ_FAILED;
	}
	snprintf(waits, sizeof(waits), "%.200s (read by " PROGRAM ", pid %ld)", source->path,
		 (long)reading->asked->pid);
	wait_note_begin("the file", waits);
	good = ask_for(reading, source, &result);
	wait_note_end();
	if (!good)
		diag_error(reading->diags, at, "cannot read %s: %s", source->path,
			   buf_string(&reading->asked->failure));
	else if (result == READ_FAILED && reading->diags->errors == errors)
		diag_error(reading->diags, at, "cannot read %s: " PROGRAM " does not say why", source->path);
	return good ? result : READ_FAILED;
}

void ask_finish(struct reading *reading)
{
	struct asked *asked = reading->asked;
	enum read_result result;

	if (!asked)
		return;
	if (!asked->failure.length) {
		frame_begin(&asked->frames, FRAME_FINISH);
		if (!ask(reading, &result))
			diag_error(reading->diags, ((struct origin){ 0 }), "%s", buf_string(&asked->failure));
	}
	fd_close(&asked->frames.fd);
	frames_free(&asked->frames);
	superd_service_reader_free(asked->native);
	buf_free(&asked->failure);
	free(asked);
	reading->asked = NULL;
}
