/* What an upgrade carries over: each table of fields is walked. A member that is in no table would be lost, so those
 * that go over are read from the sources: of a struct with an anonymous struct in it, the members of that. */
#include <math.h>

#include "struct_text.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/pending_client.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
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
#include "superd/instance/start_queue.h"
#include "superd/saved/state_field.h"
#include "superd/saved/state_stream.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/start/removal.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "tests/unit/unit.h"

#define ROUNDS 50
#define TABLES_MOST 64
#define OBJECT_MOST 65536

static const struct field_table *tables[TABLES_MOST] = {
	&engine_state, &address_entry_state, &latency_state, &thaw_latency_state, &listener_state, &parked_state,
	&debt_state, &output_state, &released_state, &kept_state, &notify_state, &saved_runtime,
	&saved_times, &failure_state, &standby_state, &pair_state, &socket_commands_state,
	&service_reload_state, &instance_state, &notice_state, &bind_calls_state, &bind_use_state,
	&bind_stray_state, &command_state, &sequence_state, &search_state,
	&pending_state, &stop_state, &log_files_state, &start_resources_state, &admission_state, &saved_accept,
	&socket_rate_state,
	&start_queue_state, &saved_run, &removal_state, &relay_state,
};
static size_t table_count;
static struct ev_loop *loop;
static struct state_stream stream;

static void add_table(const struct field_table *table)
{
	for (size_t n = 0; n < table_count; n++) {
		if (tables[n] == table)
			return;
	}
	cr_assert_lt(table_count, TABLES_MOST);
	tables[table_count++] = table;
}

/* Adds the tables that are parts of others. */
static void set_up(void)
{
	loop = ev_loop_new(EVFLAG_AUTO);
	while (tables[table_count])
		table_count++;
	for (size_t n = 0; n < table_count; n++) {
		for (size_t row = 0; row < tables[n]->count; row++) {
			if (tables[n]->fields[row].kind == STATE_INNER)
				add_table(tables[n]->fields[row].inner);
		}
	}
	srandom(7);
}

static void tidy(void)
{
	state_stream_free(&stream);
	ev_loop_destroy(loop);
}

TestSuite(state_field, .init = set_up, .fini = tidy);

static struct state_section *parse(struct buf *text)
{
	struct buf why = { 0 };

	state_stream_end(text);
	state_stream_free(&stream);
	cr_assert_null(state_stream_parse(&stream, text->data, text->length, &why), "%s", buf_string(&why));
	*text = (struct buf){ 0 };
	buf_free(&why);
	return stream.sections;
}

static struct state_section *save(const struct field_table *table, const void *object)
{
	struct state_saver carry = { .loop = loop };
	struct state_section *section;

	state_stream_begin(&carry.text);
	if (!table->kind)
		state_open_section(&carry.text, "part");
	state_save(&carry, table, object);
	cr_assert_not(carry.failed);
	section = parse(&carry.text);
	save_free(&carry);
	return section;
}

/* A section of one value. */
static struct state_section *say(const char *key, const char *value)
{
	struct buf text = { 0 };

	state_stream_begin(&text);
	state_open_section(&text, "part");
	state_add(&text, key, value);
	return parse(&text);
}

static bool is_number(const struct state_field *field)
{
	return field->kind == STATE_FLAG || field->kind == STATE_UNSIGNED || field->kind == STATE_SIGNED;
}

static void find_bounds(const struct state_field *field, int64_t *least, int64_t *most)
{
	unsigned bits = (unsigned)field->size * 8 - (field->kind == STATE_SIGNED || field->size == 8);
	int64_t all = (int64_t)((UINT64_C(1) << bits) - 1);

	*least = field->least;
	*most = field->kind == STATE_FLAG ? 1 : field->most;
	if (*least || *most)
		return;
	*most = all == INT64_MAX ? all - 1 : all;
	*least = field->kind == STATE_SIGNED ? -*most - 1 : 0;
}

static uint64_t any(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

static int64_t any_number(const struct state_field *field)
{
	int64_t least, most;
	uint64_t range;

	find_bounds(field, &least, &most);
	range = (uint64_t)most - (uint64_t)least;
	return random() % 4 == 0 ? least : random() % 3 == 0 ? most
		: (int64_t)((uint64_t)least + (range == UINT64_MAX ? any() : any() % (range + 1)));
}

/* Little endian or not, a number begins where its field does. */
static void put_number(const struct state_field *field, void *at, int64_t number)
{
	unsigned char byte = (unsigned char)number;
	uint32_t four = (uint32_t)number;

	memcpy(at, field->size == 1 ? (void *)&byte : field->size == 4 ? (void *)&four : (void *)&number, field->size);
}

static void fill_text(char *text, size_t size)
{
	size_t length = (size_t)random() % size;

	for (size_t n = 0; n < length; n++)
		text[n] = "ab\\\n=[]. \x01\xff"[random() % 11];
	text[length] = '\0';
}

static void fill_value(const struct state_field *field, void *at)
{
	bool bounded = field->least || field->most;
	double most = bounded ? (double)field->most : (double)STATE_TIME_MOST;

	if (is_number(field))
		put_number(field, at, any_number(field));
	else if (field->kind == STATE_REAL)
		*(double *)at = field->endless && random() % 2 ? INFINITY
			: random() % 3 == 0 ? most : (double)(any() % 1000000000) / 512.;
	else if (field->kind == STATE_TEXT)
		fill_text(at, field->size);
	else if (field->kind == STATE_STRING)
		fill_text(*(char **)at = calloc(1, 40), 40);
	else if (field->kind == STATE_BORROWED)
		*(const char **)at = "a b";
	else if (field->kind == STATE_BYTES)
		for (size_t n = 0; n < field->size; n++)
			((unsigned char *)at)[n] = (unsigned char)random();
	else if (field->kind == STATE_FD)
		*(int *)at = random() % 2 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
}

static void start_timer(ev_timer *timer)
{
	ev_timer_set(timer, (double)(any() % 100000) + 100., 0.);
	ev_timer_start(loop, timer);
}

static void fill(const struct field_table *table, char *object)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];
		char *at = object + field->offset;
		size_t count = field->length;

		if (field->kind == STATE_INNER)
			fill(field->inner, at);
		else if (field->kind == STATE_TIMER && random() % 2)
			start_timer((ev_timer *)(void *)at);
		if (field->count)
			count = *(size_t *)(void *)(object + field->count) = (size_t)random() % (field->length + 1);
		for (size_t i = 0; i < (field->length ? count : 1); i++)
			fill_value(field, at + i * field->size);
	}
}

/* -1: it does not run. */
static double seconds_left(ev_timer *timer)
{
	return ev_is_active(timer) ? ev_timer_remaining(loop, timer) : -1.;
}

static void expect_same_string(const char *key, const char *was, const char *is)
{
	cr_assert(!was || !*was ? !is : is && !strcmp(was, is), "%s", key);
}

static void expect_same_value(const struct state_field *field, void *was, void *is)
{
	if (field->kind == STATE_REAL)
		cr_assert(*(double *)was == *(double *)is, "%s: %f %f", field->key, *(double *)was, *(double *)is);
	else if (field->kind == STATE_TEXT)
		cr_assert_str_eq(is, was, "%s", field->key);
	else if (field->kind == STATE_STRING || field->kind == STATE_BORROWED)
		expect_same_string(field->key, *(char **)was, *(char **)is);
	else if (field->kind == STATE_TIMER)
		cr_assert_float_eq(seconds_left(is), seconds_left(was), 1., "%s", field->key);
	else if (is_number(field) || field->kind == STATE_BYTES || field->kind == STATE_FD)
		cr_assert_arr_eq(is, was, field->size, "%s", field->key);
}

static void expect_same(const struct field_table *table, char *was, char *is)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];

		if (field->kind == STATE_INNER)
			expect_same(field->inner, was + field->offset, is + field->offset);
		else if (field->kind != STATE_CUSTOM && field->kind != STATE_LEFT)
			for (size_t i = 0; i < (field->length ? field->length : 1); i++)
				expect_same_value(field, was + field->offset + i * field->size,
						  is + field->offset + i * field->size);
	}
}

static void release(const struct field_table *table, char *object, bool closes)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];
		void *at = object + field->offset;

		if (field->kind == STATE_INNER)
			release(field->inner, at, closes);
		else if (field->kind == STATE_STRING)
			free(*(char **)at);
		else if (field->kind == STATE_TIMER)
			ev_timer_stop(loop, at);
		else if (field->kind == STATE_FD && closes && *(int *)at >= 0)
			close(*(int *)at);
	}
}

/* What the functions of some rows look at. */
static void *make(const struct field_table *table)
{
	void *object = calloc(1, table->size + 1);              /* kept ends with a name */

	cr_assert_not_null(object);
	if (table == &instance_state)
		((struct instance *)object)->state = INSTANCE_READY;
	for (size_t n = 0; n < table->count; n++) {
		if (table->fields[n].kind == STATE_FD)
			*(int *)(void *)((char *)object + table->fields[n].offset) = -1;
	}
	return object;
}

/* Who makes the object has read some of its keys before. */
static bool has_maker(const struct field_table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (table->fields[n].kind == STATE_CUSTOM && !table->fields[n].load)
			return true;
	}
	return false;
}

/* By their keys superd knows the descriptors in a stream that it does not understand. */
Test(state_field, descriptors_alone_have_the_keys_of_descriptors)
{
	for (size_t n = 0; n < table_count; n++) {
		for (size_t row = 0; row < tables[n]->count; row++) {
			const struct state_field *field = &tables[n]->fields[row];

			if (field->key)
				cr_expect_eq(load_holds_descriptor(field->key), field->kind == STATE_FD, "%s: %s",
					     tables[n]->tag, field->key);
		}
	}
}

Test(state_field, is_the_same_when_it_has_come_over)
{
	for (size_t n = 0; n < table_count * ROUNDS; n++) {
		const struct field_table *table = tables[n / ROUNDS];
		char *was = make(table), *is = make(table);

		fill(table, was);
		state_load(save(table, was), table, is, loop);
		cr_assert_null(stream.flaw, "%s: %s", table->tag, stream.flaw);
		expect_same(table, was, is);
		for (size_t i = 0; i < stream.sections->count; i++) {
			const struct state_entry *entry = &stream.sections->entries[i];

			cr_assert(entry->used || has_maker(table), "%s: nobody reads %s", table->tag, entry->key);
		}
		release(table, was, true);
		release(table, is, false);
		free(was);
		free(is);
	}
}

/* Whatever was there before. */
Test(state_field, that_is_not_written_is_what_its_row_says)
{
	for (size_t n = 0; n < table_count; n++) {
		const struct field_table *table = tables[n];
		char *was = make(table), *is = make(table);

		for (size_t row = 0; row < table->count; row++) {
			const struct state_field *field = &table->fields[row];

			if ((is_number(field) || field->kind == STATE_REAL) && !field->always && !field->length)
				fill_value(field, is + field->offset);
			if (field->missing)
				put_number(field, was + field->offset, field->missing);
		}
		state_load(save(table, was), table, is, loop);
		expect_same(table, was, is);
		release(table, is, false);
		free(was);
		free(is);
	}
}

static void refuse(const struct field_table *table, const struct state_field *field, const char *value)
{
	struct state_field one = *field;
	const struct field_table alone = { "part", table->tag, table->size, &one, 1 };
	char *was = make(table), *is = make(table);
	struct state_section *section;

	if (is_number(field) && (field->always || field->missing)) {
		int64_t least, most;

		find_bounds(field, &least, &most);
		put_number(field, was + field->offset, field->always ? most : field->missing);
		put_number(field, is + field->offset, most);
	}
	section = say(field->key, value);
	state_load(section, &alone, is, loop);
	cr_assert(stream.flaw && !strcmp(stream.flaw, field->key), "%s: %s=%.50s was taken", table->tag, field->key,
		  value);
	cr_assert_arr_eq(is + field->offset, was + field->offset, field->size, "%s: %s=%.50s", table->tag, field->key,
			 value);
	free(was);
	free(is);
}

static void refuse_number(const struct field_table *table, const struct state_field *field, int64_t value, bool goes)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (goes)
		refuse(table, field, text);
}

static void refuse_values(const struct field_table *table, const struct state_field *field)
{
	static const char *const no_numbers[] = { "", "x", "1x", " ", "99999999999999999999", "-99999999999999999999" };
	char *too_long = calloc(2, STATE_STRING_MOST);
	int64_t least = 0, most = 0;

	memset(too_long, 'a', 2 * STATE_STRING_MOST - 1);
	if (is_number(field))
		find_bounds(field, &least, &most);
	for (size_t n = 0; is_number(field) && n < sizeof(no_numbers) / sizeof(*no_numbers); n++)
		refuse(table, field, no_numbers[n]);
	if (is_number(field)) {
		refuse_number(table, field, least - (least > INT64_MIN), least > INT64_MIN);
		refuse_number(table, field, most + (most < INT64_MAX), most < INT64_MAX);
	} else if (field->kind == STATE_TIMER) {
		refuse(table, field, "x");
		refuse(table, field, "-1.0");
		refuse(table, field, "inf");
	} else if (field->kind == STATE_REAL) {
		refuse(table, field, "nan");
		refuse(table, field, "-2.0");
		refuse(table, field, "2e15");
		refuse(table, field, "1.0 s");
		refuse(table, field, field->endless ? "-inf" : "inf");
	} else if (field->kind == STATE_TEXT || field->kind == STATE_STRING) {
		too_long[field->kind == STATE_TEXT ? field->size : STATE_STRING_MOST + 1] = '\0';
		refuse(table, field, too_long);
	} else if (field->kind == STATE_BYTES) {
		refuse(table, field, "00");
		refuse(table, field, too_long);
	}
	free(too_long);
}

Test(state_field, refuses_what_is_out_of_bounds)
{
	for (size_t n = 0; n < table_count; n++) {
		for (size_t row = 0; row < tables[n]->count; row++) {
			if (!tables[n]->fields[row].length)
				refuse_values(tables[n], &tables[n]->fields[row]);
		}
	}
}

/* The flaw is told when the section that it was in has been left. */
Test(state_field, notes_an_element_of_an_array_by_its_section)
{
	for (size_t n = 0; n < table_count; n++) {
		for (size_t row = 0; row < tables[n]->count; row++) {
			const struct state_field *field = &tables[n]->fields[row];
			const struct field_table alone = { "part", tables[n]->tag, tables[n]->size, field, 1 };
			char *object = calloc(1, tables[n]->size);

			if (field->length) {
				state_load(say(field->key, "x"), &alone, object, loop);
				cr_expect(stream.flaw && !strcmp(stream.flaw, field->key), "%s", field->key);
				cr_expect_str_eq(stream.flawed, "part", "%s", field->key);
			}
			free(object);
		}
	}
}

/* ---- the members of the structs; a pointer to a function never goes over ---- */

struct search_text {
	const char *tag;
	char *body;
};

static bool look_for(const char *code, void *context)
{
	struct search_text *search = context;

	search->body = find_body(code, search->tag);
	return search->body;
}

/* The members that go over: those of its anonymous struct, or all. NULL: it is none of superd's. */
static struct struct_text *saved_members(const char *tag)
{
	struct search_text search = { .tag = tag };
	struct struct_text *text = calloc(1, sizeof(*text));

	/* Another part of superd may have a struct of this name. */
	if (!each_source("src/superd", look_for, &search) && !each_source("src", look_for, &search)) {
		free(text);
		return NULL;
	}
	keep_anonymous(search.body);
	split_body(text, search.body);
	cr_assert_gt(text->count, 0, "struct %s", tag);
	free(search.body);
	return text;
}

/* Whether a table of the struct has a row for the path; within: or for members of it. */
static bool has_row(const char *tag, const char *path, bool within)
{
	size_t length = strlen(path);

	for (size_t n = 0; n < table_count; n++) {
		for (size_t row = 0; !strcmp(tables[n]->tag, tag) && row < tables[n]->count; row++) {
			const char *member = tables[n]->fields[row].member;

			if (!strncmp(member, path, length) &&
			    (within ? member[length] == '.' : !member[length] || member[length] == '['))
				return true;
		}
	}
	return false;
}

static void expect_rows(const char *tag, const char *within, const char *of)
{
	struct struct_text *text = saved_members(of);

	for (size_t n = 0; text && n < text->count; n++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", within, *within ? "." : "", text->members[n].name);
		if (text->members[n].is_call || has_row(tag, path, false))
			continue;
		cr_expect(has_row(tag, path, true),
			  "struct %s: %s is in no table: it is lost at an upgrade. Add a STATE_FIELD for it, or "
			  "move it out of the saved members", tag, path);
		if (has_row(tag, path, true))
			expect_rows(tag, path, text->members[n].tag);
	}
	free(text);
}

Test(state_field, has_each_member_of_its_struct)
{
	for (size_t n = 0; n < table_count; n++)
		expect_rows(tables[n]->tag, "", tables[n]->tag);
}

static bool is_member(const struct struct_text *text, const char *path)
{
	for (size_t n = 0; n < text->count; n++) {
		if (!strncmp(text->members[n].name, path, strcspn(path, ".[")) &&
		    strlen(text->members[n].name) == strcspn(path, ".["))
			return true;
	}
	return false;
}

Test(state_field, has_no_other_member)
{
	for (size_t n = 0; n < table_count; n++) {
		struct struct_text *text = saved_members(tables[n]->tag);

		for (size_t row = 0; row < tables[n]->count; row++) {
			const struct state_field *field = &tables[n]->fields[row];

			cr_expect(text && is_member(text, field->member), "struct %s: %s is not saved", tables[n]->tag,
				  field->member);
		}
		free(text);
	}
}

static bool count_tables(const char *code, void *context)
{
	for (const char *at = code; (at = strstr(at, "= FIELD_TABLE(")); at++)
		++*(size_t *)context;
	return false;
}

/* A table that this test does not know is not walked. */
Test(state_field, knows_each_table)
{
	size_t count = 0;

	each_source("src", count_tables, &count);
	cr_assert_eq(count, table_count, "src has %zu tables, and this test %zu", count, table_count);
}

/* ---- rows with functions of their own ---- */

Test(state_field, carries_the_state_of_an_instance)
{
	for (unsigned state = INSTANCE_COND; state < INSTANCE_STATES; state++) {
		struct instance *was = make(&instance_state), *is = make(&instance_state);

		was->state = (unsigned char)state;
		state_load(save(&instance_state, was), &instance_state, is, loop);
		cr_expect_eq(is->state, state, "%s comes as %s", instance_state_name(state),
			     instance_state_name(is->state));
		free(was);
		free(is);
	}
}

Test(state_field, carries_refusals_by_their_reason)
{
	struct service_stats *was = make(&saved_stats), *is = make(&saved_stats);

	for (unsigned n = 0; n < REFUSALS; n++)
		was->refused[n] = n * n * n;
	state_load(save(&saved_stats, was), &saved_stats, is, loop);
	cr_assert_arr_eq(is->refused, was->refused, sizeof(is->refused));
	free(was);
	free(is);
}
