/* The values of a state stream from any bytes: every section is loaded as each struct that an upgrade carries over,
 * and whether the stream fits a table is judged. What was loaded lies within its bounds: it is saved and loads
 * again, without a flaw, as the same.
 *
 * A number that stands for a descriptor stays a number here (the linker's --wrap in Makefile.am). */
#include <ev.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "lib/diag.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/pending_client.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/fdstore.h"
#include "superd/instance/notify.h"
#include "superd/instance/relay.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listener.h"
#include "superd/socket/rpcbind.h"
#include "superd/log/output_pipe.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/engine.h"
#include "superd/reload/load.h"
#include "superd/instance/service_stats.h"
#include "superd/instance/start_queue.h"
#include "superd/saved/state_field.h"
#include "superd/saved/state_stream.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/sources/sources.h"

static const struct field_table *const tables[] = {
	&engine_state,	   &address_entry_state,   &latency_state,	  &thaw_latency_state,	  &rate_limit_state,
	&listener_state,   &parked_state,	   &debt_state,		  &output_state,	  &released_state,
	&kept_state,	   &notify_state,	   &saved_runtime,
	&saved_times,	   &saved_stats,	   &failure_state,	  &standby_state,	  &pair_state,
	&socket_commands_state, &service_reload_state, &instance_state,	  &notice_state,
	&bind_calls_state, &bind_use_state,	   &bind_stray_state, &command_state,
	&sequence_state,   &search_state,
	&pending_state,	   &stop_state,	   &log_files_state,	  &start_resources_state, &admission_state,
	&saved_accept,	   &start_queue_state,	   &saved_run,
	&socket_rate_state, &relay_state,
};

int __wrap_load_fd(struct state_section *section, const char *key);
int __wrap_load_fd_of(struct state_section *section, struct state_entry *entry);

int __wrap_load_fd(struct state_section *section, const char *key)
{
	return (int)state_number(section, key, 3, INT32_MAX, -1);
}

int __wrap_load_fd_of(struct state_section *section, struct state_entry *entry)
{
	struct state_section one = { .kind = section->kind, .entries = entry, .count = 1, .stream = section->stream };

	return __wrap_load_fd(&one, entry->key);
}

/* A timer's rest changes with the clock, and functions of a row read their objects' own. */
static bool has_functions(const struct field_table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];

		if (field->kind == STATE_CUSTOM || field->kind == STATE_TIMER || field->kind == STATE_LEFT ||
		    (field->kind == STATE_INNER && has_functions(field->inner)))
			return true;
	}
	return false;
}

static void *make(const struct field_table *table)
{
	char *object = calloc(1, table->size + 1);

	require(object);
	for (size_t n = 0; n < table->count; n++) {
		if (table->fields[n].kind == STATE_FD)
			memset(object + table->fields[n].offset, 0xff, sizeof(int));
	}
	return object;
}

static void release(const struct field_table *table, char *object)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];

		if (field->kind == STATE_INNER)
			release(field->inner, object + field->offset);
		else if (field->kind == STATE_STRING)
			free(*(char **)(void *)(object + field->offset));
	}
}

static void save(const struct field_table *table, const void *object, struct buf *text)
{
	struct state_saver saver = { 0 };

	state_stream_begin(&saver.text);
	if (!table->kind)
		state_open_section(&saver.text, "part");
	state_save(&saver, table, object);
	state_stream_end(&saver.text);
	require(!saver.failed && !saver.text.failed);
	*text = saver.text;
	saver.text = (struct buf){ 0 };
	save_free(&saver);
}

/* A field that a missing key leaves as it was: 0 here, where superd has set it. */
static bool may_be_missing(const struct field_table *table, const char *key)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];

		if (field->kind == STATE_INNER ? may_be_missing(field->inner, key)
					       : field->always && field->key && !strcmp(field->key, key))
			return true;
	}
	return false;
}

static void check_again(const struct field_table *table, const void *object)
{
	struct buf first = { 0 }, second = { 0 }, why = { 0 };
	struct state_stream again;
	void *other = make(table);
	char *copy;

	save(table, object, &first);
	copy = strdup(buf_string(&first));
	require(copy && !state_stream_parse(&again, copy, first.length, &why));
	state_load(again.sections, table, other, NULL);
	require(!again.flaw || may_be_missing(table, again.flaw));
	save(table, other, &second);
	require(again.flaw || (first.length == second.length && !strcmp(buf_string(&first), buf_string(&second))));
	release(table, other);
	free(other);
	state_stream_free(&again);
	buf_free(&first);
	buf_free(&second);
}

static void load_as(const struct field_table *table, struct state_section *section)
{
	void *object;

	if (has_functions(table))
		return;
	object = make(table);
	state_load(section, table, object, NULL);
	check_again(table, object);
	release(table, object);
	free(object);
}

/* What the stream is held against: read once. */
static const struct table *make_table(void)
{
	static const char text[] = "service web { listen = 80 accept = yes exec = \"/x\" user = root }\n"
				   "service mail { listen = { 25, \"/run/m\" } exec = \"/y\" user = root }\n";
	static struct table *table;
	struct diags diags = { 0 };

	if (!table)
		table = read_text("superd.conf", text, sizeof(text) - 1, &diags);
	if (diags.errors)
		diags_print(&diags, stderr);
	require(table && !diags.errors);
	diags_free(&diags);
	return table;
}

static void judge(struct state_stream *stream)
{
	struct buf why = { 0 };

	require(load_fits(stream, make_table(), &why) || why.length);
	load_is_ours(stream);
	load_previous_table(stream);
	load_version(stream);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_stream stream;
	struct buf why = { 0 };
	char *copy = malloc(size + 1);

	require(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (!state_stream_parse(&stream, copy, size, &why)) {
		judge(&stream);
		for (size_t n = 0; n < stream.count && n < 8; n++) {
			for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
				load_as(tables[i], &stream.sections[n]);
		}
	}
	state_stream_free(&stream);
	buf_free(&why);
	return 0;
}
