/* Walks tables of fields: writes a struct for the next superd, and reads one of the former. */
#include "superd/saved/state_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/saved/state_stream.h"

struct number_range {
	int64_t least, most;
};

/* A number of eight bytes without a sign is an int64_t on its way: RLIM_INFINITY is -1. */
static struct number_range range_of(const struct state_field *field)
{
	struct number_range range = { field->least, field->most };
	unsigned bits = (unsigned)field->size * 8 - (field->kind == STATE_SIGNED);

	if (range.least || range.most)
		return range;
	range.most = bits >= 63 ? STATE_NUMBER_MOST : (INT64_C(1) << bits) - 1;
	range.least = field->kind == STATE_SIGNED ? -range.most - 1 : 0;
	return range;
}

/* Reads or writes a number of any size at its place, which may be an element of an array. */
static int64_t get_number(const struct state_field *field, const void *at)
{
	union {
		bool flag;
		uint8_t one;
		uint16_t two;
		uint32_t four;
		int32_t four_signed;
		int64_t eight;
	} value = { .eight = 0 };

	memcpy(&value, at, field->size);
	if (field->kind == STATE_FLAG)
		return value.flag;
	switch (field->size) {
	case 1:
		return value.one;
	case 2:
		return value.two;
	case 4:
		return field->kind == STATE_SIGNED ? (int64_t)value.four_signed : (int64_t)value.four;
	default:
		return value.eight;
	}
}

static void set_number(const struct state_field *field, void *at, int64_t number)
{
	uint8_t one = (uint8_t)number;
	uint16_t two = (uint16_t)number;
	uint32_t four = (uint32_t)number;

	if (field->kind == STATE_FLAG)
		*(bool *)at = number;
	else
		memcpy(at, field->size == 1 ? (void *)&one : field->size == 2 ? (void *)&two : field->size == 4 ?
		       (void *)&four : (void *)&number, field->size);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		if (bytes[n])
			return false;
	}
	return true;
}

/* One value: the whole of a field, or an element of an array. */
static void save_value(struct state_saver *saver, const struct state_field *field, const void *at)
{
	ev_timer *timer = (ev_timer *)(size_t)at;       /* libev only reads it */
	double real, left;
	int64_t number;

	switch (field->kind) {
	case STATE_FLAG:
	case STATE_UNSIGNED:
	case STATE_SIGNED:
		number = get_number(field, at);
		if (field->always || number != field->missing)
			state_add_number(&saver->text, field->key, number);
		break;
	case STATE_REAL:
		real = *(const double *)at;
		if (field->always || real < 0 || real > 0)
			state_add_real(&saver->text, field->key, real);
		break;
	case STATE_TEXT:
		save_text(saver, field->key, at);
		break;
	case STATE_STRING:
	case STATE_BORROWED:
		if (field->always && *(const char *const *)at)
			state_add(&saver->text, field->key, *(const char *const *)at);
		else
			save_text(saver, field->key, *(const char *const *)at);
		break;
	case STATE_BYTES:
		if (field->always || !is_zero(at, field->size))
			state_add_bytes(&saver->text, field->key, at, field->size);
		break;
	case STATE_FD:
		save_fd(saver, field->key, *(const int *)at);
		break;
	case STATE_TIMER:
	case STATE_LEFT:
		/* One that is due, which libev has stopped already, is due at once in the next superd, too. superd may
		 * die long after it has saved this. */
		left = ev_is_active(timer) ? ev_timer_remaining(saver->loop, timer) : 0.;
		if (ev_is_active(timer) || ev_is_pending(timer))
			state_add_real(&saver->text, field->key, clock_now() + (left > 0. ? left : 0.));
		break;
	default:
		break;
	}
}

static size_t count_of(const struct state_field *field, const void *object)
{
	return field->count ? *(const size_t *)(const void *)((const char *)object + field->count) : field->length;
}

static void save_field(struct state_saver *saver, const struct state_field *field, const void *object);

static void save_fields(struct state_saver *saver, const struct field_table *table, const void *object)
{
	for (size_t n = 0; n < table->count; n++)
		save_field(saver, &table->fields[n], object);
}

static void save_field(struct state_saver *saver, const struct state_field *field, const void *object)
{
	const char *at = (const char *)object + field->offset;

	if (field->kind == STATE_INNER)
		save_fields(saver, field->inner, at);
	else if (field->kind == STATE_CUSTOM)
		field->save(saver, object);
	else if (!field->length)
		save_value(saver, field, at);
	else
		for (size_t n = 0; n < count_of(field, object); n++)
			save_value(saver, field, at + n * field->size);
}

void state_save(struct state_saver *saver, const struct field_table *table, const void *object)
{
	if (table->kind)
		state_open_section(&saver->text, table->kind);
	save_fields(saver, table, object);
}

static void load_number(struct state_section *section, const struct state_field *field, void *at)
{
	struct number_range range = field->kind == STATE_FLAG ? (struct number_range){ 0, 1 } : range_of(field);
	int64_t fallback = field->always ? get_number(field, at) : field->missing;

	set_number(field, at, state_number(section, field->key, range.least, range.most, fallback));
}

static void load_real(struct state_section *section, const struct state_field *field, double *real)
{
	bool bounded = field->least || field->most;
	double least = bounded ? (double)field->least : 0., most = bounded ? (double)field->most : STATE_TIME_MOST;
	double fallback = field->always ? *real : 0., value = state_real(section, field->key, fallback);
	bool fits = value >= least && (value <= most || (field->endless && isinf(value)));

	if (state_text(section, field->key) && !fits) {
		state_note_flaw(section, field->key);
		value = fallback;
	}
	*real = value;
}

/* NULL: there is none, or a longer one, which is a flaw. */
static const char *text_within(struct state_section *section, const char *key, size_t most)
{
	const char *text = state_text(section, key);

	if (!text || strlen(text) <= most)
		return text;
	state_note_flaw(section, key);
	return NULL;
}

double state_seconds_left(struct state_section *section, const char *key)
{
	double due = state_real(section, key, -1.);

	if (due >= 0. && due <= STATE_TIME_MOST)
		return number_max(due - clock_now(), 0.);
	if (state_text(section, key))
		state_note_flaw(section, key);
	return -1.;
}

static void load_value(struct state_section *section, const struct state_field *field, void *at, struct ev_loop *loop)
{
	const char *text;
	double left;

	switch (field->kind) {
	case STATE_FLAG:
	case STATE_UNSIGNED:
	case STATE_SIGNED:
		load_number(section, field, at);
		break;
	case STATE_REAL:
		load_real(section, field, at);
		break;
	case STATE_TEXT:
		text = text_within(section, field->key, field->size - 1);
		memcpy(at, text ? text : "", text ? strlen(text) + 1 : 1);
		break;
	case STATE_STRING:
		text = text_within(section, field->key, STATE_STRING_MOST);
		*(char **)at = text ? strdup(text) : NULL;      /* without memory for it, it is not there */
		break;
	case STATE_BORROWED:
		*(const char **)at = state_text(section, field->key);
		break;
	case STATE_BYTES:
		if (!state_bytes(section, field->key, at, field->size) && !field->always)
			memset(at, 0, field->size);
		break;
	case STATE_FD:
		*(int *)at = load_fd(section, field->key);
		break;
	case STATE_TIMER:
		left = state_seconds_left(section, field->key);
		if (left < 0.)
			break;
		ev_timer_set((ev_timer *)at, left, 0.);
		ev_timer_start(loop, (ev_timer *)at);
		break;
	default:
		break;
	}
}

/* Elements beyond those that are there are 0. A list whose length varies has none that is 0, or out of bounds. */
static void load_array(struct state_section *section, const struct state_field *field, void *object)
{
	char *at = (char *)object + field->offset;
	size_t count = 0;

	for (size_t n = 0; n < section->count; n++) {
		struct state_section one = *section;

		one.entries = &section->entries[n];
		one.count = 1;
		if (strcmp(one.entries->key, field->key) != 0)
			continue;
		one.entries->used = true;
		if (count == field->length) {
			state_note_flaw(section, field->key);
			break;
		}
		load_value(&one, field, at + count * field->size, NULL);
		count += !field->count || !is_zero((unsigned char *)at + count * field->size, field->size);
	}
	if (field->count)
		*(size_t *)(void *)((char *)object + field->count) = count;
	memset(at + count * field->size, 0, (field->length - count) * field->size);
}

void state_load(struct state_section *section, const struct field_table *table, void *object, struct ev_loop *loop)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct state_field *field = &table->fields[n];
		void *at = (char *)object + field->offset;

		if (field->kind == STATE_INNER)
			state_load(section, field->inner, at, loop);
		else if (field->kind == STATE_CUSTOM && field->load)
			field->load(section, object);
		else if (field->length)
			load_array(section, field, object);
		else
			load_value(section, field, at, loop);
	}
}
