/* Reads for superd: one table, source by source.
 *
 * The reading is superd's own in all but its place: the same readers fill builders, and table and diagnostics collect
 * what they say. After each source superd gets what has come since. */
#include "read/main/serve.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/host/hosts_access.h"
#include "os/host/self_sandbox.h"
#include "read/apart/setup.h"
#include "superd/machine/machine.h"
#include "table/services/service_builder.h"
#include "table/services/service_conf.h"
#include "table/sources/format.h"
#include "table/sources/sources.h"

struct read_server {
	struct frames frames;
	struct reading reading;
	struct diags diags;
	struct pool *pool;              /* of the setup; owned */
	struct received_setup setup;
	struct hosts_access hosts;
	bool has_failed;                /* superd has gone, or asks for nonsense */
	double told;                    /* when it last sent what it had, in front of a file */
	/* How much of each list superd has. */
	size_t said, left_out, notes;
	size_t dropped_errors, dropped_others, lost;
};

static void end_frame(struct read_server *server)
{
	server->has_failed |= !frame_end(&server->frames);
}

/* The callback read_request.take_builder. */
static bool send_builder(void *context, struct service_builder *builder)
{
	struct read_server *server = context;
	struct buf *out = &server->frames.out;
	const struct conf_style style = { .places = PLACES_MARKED, .last = &(struct origin){ 0 } };
	struct service row;
	bool good = builder_row(builder, NULL, &row);

	builder_free(builder);
	if (!good)
		return false;
	frame_begin(&server->frames, FRAME_SERVICE);
	buf_char(out, '=');
	service_conf_add(out, &row, &style);
	buf_char(out, '\0');
	end_frame(server);
	return true;
}

/* The callback read_request.on_source. */
static void send_read(void *context, const char *path, const char *format, size_t services)
{
	struct read_server *server = context;

	frame_begin(&server->frames, FRAME_READ);
	frame_put_text(&server->frames, path);
	frame_put_text(&server->frames, format);
	frame_put_number(&server->frames, (int64_t)services);
	end_frame(server);
}

/* The callback read_request.on_file. superd gives up a superd-read that says nothing for long, and a folder on a slow
 * file server takes its time, file by file. */
static void send_sign(void *context)
{
	struct read_server *server = context;
	double now = clock_now();

	if (now - server->told < 1)
		return;
	server->told = now;
	frame_begin(&server->frames, FRAME_SIGN);
	end_frame(server);
	server->has_failed |= !frames_flush(&server->frames);
}

/* Sends what has come since to each list of the table and the diagnostics. */
static void send_records(struct read_server *server)
{
	const struct table *table = server->reading.table;
	struct frames *frames = &server->frames;

	for (; server->said < server->diags.count; server->said++) {
		const struct diag *diag = &server->diags.list[server->said];

		frame_begin(frames, FRAME_DIAG);
		frame_put_number(frames, diag->severity);
		frame_put_place(frames, (struct origin){ diag->file, diag->line, diag->column });
		frame_put_text(frames, diag->message);
		frame_put_text(frames, diag->hint);
		frame_put_number(frames, diag->follows);
		end_frame(server);
	}
	for (; server->left_out < table->left_out_count; server->left_out++) {
		const struct left_out *entry = &table->left_out[server->left_out];

		frame_begin(frames, FRAME_LEFT_OUT);
		frame_put_place(frames, entry->at);
		frame_put_text(frames, entry->name);
		frame_put_number(frames, entry->is_doubtful);
		frame_put_number(frames, entry->is_part);
		end_frame(server);
	}
	for (; server->notes < table->note_count; server->notes++) {
		const struct note *note = &table->notes[server->notes];

		frame_begin(frames, FRAME_NOTE);
		frame_put_number(frames, note->kind);
		frame_put_place(frames, note->at);
		frame_put_text(frames, note->name);
		end_frame(server);
	}
}

static void put_new(struct read_server *server, size_t *had, size_t has)
{
	frame_put_number(&server->frames, (int64_t)(has - *had));
	*had = has;
}

static void send_end(struct read_server *server, enum read_result result)
{
	send_records(server);
	frame_begin(&server->frames, FRAME_END);
	frame_put_number(&server->frames, result);
	frame_put_number(&server->frames, (int64_t)server->reading.files);
	frame_put_number(&server->frames, (int64_t)server->reading.pending);
	frame_put_number(&server->frames, server->reading.asked_masked);
	put_new(server, &server->dropped_errors, server->diags.dropped_errors);
	put_new(server, &server->dropped_others, server->diags.dropped_others);
	put_new(server, &server->lost, server->diags.lost);
	end_frame(server);
	server->has_failed |= !frames_flush(&server->frames);
}

static void serve_source(struct read_server *server, struct frame *frame)
{
	struct reading *reading = &server->reading;
	struct pool *pool = reading->table->pool;
	const char *name = frame_text(frame), *path;
	const struct format *format = name ? format_find(name, strlen(name)) : NULL;
	struct origin from;
	size_t depth;

	reading->compat = (enum compat)frame_number(frame, 0, COMPATS);
	path = pool_text(pool, frame_text(frame));
	from = frame_place(frame, pool);
	reading->files = (size_t)frame_number(frame, 0, READING_FILES);
	depth = (size_t)frame_number(frame, 0, READING_DEPTH);
	for (reading->depth = 0; reading->depth < depth; reading->depth++) {
		struct opened *opened = &reading->opened[reading->depth];

		opened->path = pool_text(pool, frame_text(frame));
		opened->device = (dev_t)frame_number(frame, INT64_MIN, INT64_MAX);
		opened->inode = (ino_t)frame_number(frame, INT64_MIN, INT64_MAX);
		opened->from = frame_place(frame, pool);
		frame->is_bad |= !opened->path;
	}
	server->has_failed |= frame->is_bad || !path || (name && !format);
	if (!server->has_failed)
		send_end(server, reading_path(reading, format, path, from));
}

static bool take_setup(struct read_server *server)
{
	struct read_request *request = &server->setup.request;
	struct frame frame;

	if (!frame_receive(&server->frames, &frame) || frame.kind != FRAME_SETUP ||
	    !setup_read(&frame, server->pool, &server->setup))
		return false;
	request->only_foreign = true;
	request->take_builder = send_builder;
	request->on_source = send_read;
	request->on_file = send_sign;
	request->context = request->files_context = server;
	request->has_host_rules = hosts_access_has_rules(&server->hosts);
	if (request->asks_services) {
		/* Loads the modules of nss(5) and connects them to their server, before the sandbox is entered. */
		services_find_port("superd", "tcp");
		request->service_port = services_find_port;
	}
	server->reading.request = request;
	server->reading.inetd = request->inetd;
	return true;
}

static void serve_requests(struct read_server *server)
{
	struct frame frame;

	while (!server->has_failed && frame_receive(&server->frames, &frame)) {
		if (frame.kind == FRAME_SOURCE) {
			serve_source(server, &frame);
		} else if (frame.kind == FRAME_FINISH) {
			formats_finish(&server->reading);
			reading_drop_states(&server->reading);
			send_end(server, READ_DONE);
		} else {
			server->has_failed = true;
		}
	}
}

int serve_superd(void)
{
	struct read_server server = { .frames.fd = STDOUT_FILENO, .diags.keeps_all = true, .pool = pool_new() };
	bool good;

	frames_end_without_memory(server.frames.fd);
	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* a file that does not answer may hold it longer than superd waits */
	server.reading = (struct reading){ .table = table_new(), .diags = &server.diags };
	good = take_setup(&server);
	if (good) {
		self_sandbox_enter(&(const struct self_sandbox){ .rights = MAY_READ_FILES });
		serve_requests(&server);
	}
	good = good && !server.has_failed;
	frames_free(&server.frames);
	diags_free(&server.diags);
	table_free(server.reading.table);
	pool_free(server.pool);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
