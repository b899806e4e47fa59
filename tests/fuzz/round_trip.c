/* From a fuzzer's text through a reader to a table, out as superd.conf and back.
 *
 * The hard thing is includes: a fuzzer finds "all below /" sooner or later, and a finding must come again from its
 * bytes alone. So any file counts as one too many. */
#include "round_trip.h"

#include "fuzzer.h"
#include "read/client/client.h"
#include "tests/unit/read_text.h"

/* The table as superd.conf; free() it. */
static char *print(const struct table *table)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	require(out && print_conf(table, false, out) && fclose(out) == 0);
	return text;
}

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool places_equal(struct origin a, struct origin b)
{
	return texts_equal(a.file, b.file) && a.line == b.line && a.column == b.column;
}

static void read_back(const struct table *table)
{
	struct diags diags = { 0 };
	char *first = print(table), *second;
	struct table *again = read_text("printed.conf", first, strlen(first), &diags);

	if (diags.errors) {
		fputs(first, stderr);
		diags_print(&diags, stderr);
	}
	require(again && diags.errors == 0);
	second = print(again);
	require(strcmp(first, second) == 0);

	free(second);
	free(first);
	table_free(again);
	diags_free(&diags);
}

/* What superd-read writes of a builder makes the same row again, with all places. */
static void write_and_read_back(const struct reading *reading, struct reading *again)
{
	struct buf text = { 0 };

	for (size_t n = 0; n < reading->kept; n++) {
		const struct conf_style style = { .places = PLACES_MARKED, .last = &(struct origin){ 0 } };
		struct service row;

		require(builder_row(reading->builders[n], NULL, &row));
		service_conf_add(&text, &row, &style);
	}
	require(!text.failed);
	if (text.length && !superd_read_services(again, text.data, text.length)) {
		fputs(text.data, stderr);
		require(false);
	}
	buf_free(&text);
}

/* with_places: of their settings, too. */
static void require_same_row(const struct service *a, const struct service *b, bool with_places)
{
	require(!strcmp(a->name, b->name) && places_equal(a->at, b->at));
	require(a->dialect == b->dialect && a->is_foreign == b->is_foreign && a->is_unclear == b->is_unclear);
	require(a->socket_count == b->socket_count && a->settings->count == b->settings->count);
	for (size_t n = 0; n < a->socket_count; n++) {
		require(a->sockets[n].setting == b->sockets[n].setting);
		require(!with_places || places_equal(a->sockets[n].at, b->sockets[n].at));
		require(!strcmp(a->sockets[n].name, b->sockets[n].name));
	}
	for (size_t n = 0; n < a->settings->count; n++) {
		const struct option_setting *one = &a->settings->list[n], *other = &b->settings->list[n];

		require(!with_places || places_equal(service_place(a, one), service_place(b, other)));
		require(one->option == other->option && one->block == other->block);
		require(one->refused == other->refused && one->append == other->append);
	}
}

static void require_same_rows(const struct table *table, const struct table *again, bool with_places)
{
	char *first = print(table), *second = print(again);

	require(table->count == again->count);
	for (size_t n = 0; n < table->count; n++)
		require_same_row(&table->services[n], &again->services[n], with_places);
	require(!strcmp(first, second));
	free(first);
	free(second);
}

/* What superd saves for the next one is the same table, too, with a place for each service. */
static void read_saved_back(const struct table *table)
{
	struct diags diags = { 0 };
	char *saved = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&saved, &length);
	struct table *again;

	require(out && print_conf_saved(table, NULL, 0, out) && fclose(out) == 0);
	again = read_saved(saved, &diags);
	if (diags.errors) {
		fputs(saved, stderr);
		diags_print(&diags, stderr);
	}
	require(again && diags.errors == 0);
	require_same_rows(table, again, false);
	free(saved);
	table_free(again);
	diags_free(&diags);
}

static void check_table(const struct table *table, const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		require(diags->list[i].message && diags->list[i].message[0] && diags->list[i].file);
	require(!table->skipped_count || diags->errors);
	if (diags->errors == 0) {
		read_back(table);
		read_saved_back(table);
	}
}

void round_trip_reading(struct reading *reading, bool is_foreign)
{
	struct diags unheard = { 0 };
	struct reading again = { .table = table_new(), .diags = &unheard };

	require(again.table);
	if (is_foreign) {
		formats_finish(reading);
		write_and_read_back(reading, &again);
		reading_finish(&again);
	}
	reading_finish(reading);
	if (is_foreign)
		require_same_rows(reading->table, again.table, true);
	check_table(reading->table, reading->diags);
	table_free(again.table);
	table_free(reading->table);
	diags_free(&unheard);
	diags_free(reading->diags);
}

void round_trip_text(const struct round_trip *way, const char *text, size_t size)
{
	struct diags diags = { 0 };
	struct reading reading = {
		.table = table_new(), .diags = &diags, .compat = way->compat, .files = READING_FILES,
	};
	struct source_file source;

	require(reading.table);
	if (source_from_text(&source, "fuzz.conf", text, size, reading.table->pool, &diags)) {
		way->reader->recognises(&source);
		require(way->read(&reading, &source));
		source_free(&source);
		if (way->reader->end_source)
			way->reader->end_source(&reading);
	}
	round_trip_reading(&reading, way->reader != &reader_superd);
}
