/* Makes builders of the statements of superd.conf.
 *
 * superd reports every mistake of a broken service but never runs it: the options are set in a builder, which checks
 * their values, and then the builder is freed. */

#include "table/reading/values.h"

/* The most options of a statement. The builder searches each option among those before it, so time grows with the
 * square. */
#define ITEMS_MOST 4096

/* Bounds of what superd-read writes for one table: services, each of which takes some KiB, however short its text is;
 * and words that += makes anew, as it does with all of its list: an eighth of it is a list of 2000 words that has a
 * line for each. */
#define SERVICES_MOST 100000
#define ADDED_MOST (1u << 25)

/* Who has written a text. */
enum writer {
	WRITER_USER,
	WRITER_SUPERD,                  /* itself, for the next one */
	WRITER_READ                     /* superd-read, for this one */
};

struct native {
	struct reading *reading;
	struct diags *diags;            /* mistakes of the text */
	const struct source_file *source;
	enum writer writer;
	struct statement statement;
	struct values values;
	const char *const *words;       /* the value of each word of the statement */
};

/* The only word of a service's or socket's head; NULL: it is missing (reported). */
static const char *head_word(const struct native *native, size_t item)
{
	if (native->statement.items[item].count == 0)
		return NULL;
	return native->words[native->statement.items[item].first];
}

static void set_option(struct native *native, struct service_builder *builder, const struct statement_item *item)
{
	const struct value value = {
		.words = native->words + item->first,
		.word_at = item->count ? native->statement.word_at + item->first : NULL,
		.count = item->count,
		.is_list = item->is_list,
		.append = item->append,
		.at = item->at,
	};
	size_t length = item->name.end - item->name.start;
	char name[256];                 /* no option has a name of that length, which is cut for the message */

	if (length >= sizeof(name))
		length = sizeof(name) - 1;
	memcpy(name, native->source->text + item->name.start, length);
	name[length] = '\0';
	builder_set(builder, name, &value, native->diags);
}

static void set_options(struct native *native, struct service_builder *builder)
{
	for (size_t i = 1; i < native->statement.item_count; i++) {
		const struct statement_item *item = &native->statement.items[i];

		if (item->kind == ITEM_OPTION)
			set_option(native, builder, item);
		else if (item->kind == ITEM_SOCKET)
			builder_open_socket(builder, head_word(native, i), item->at);
		else if (item->kind == ITEM_END)
			builder_close_socket(builder, native->diags);
	}
}

static void read_service(struct native *native)
{
	struct reading *reading = native->reading;
	const struct statement_item *head = &native->statement.items[0];
	const struct place_mark *mark = &native->statement.mark;
	const char *name = head_word(native, 0);
	struct service_builder *builder = builder_new(reading->table, name ? name : "?", head->at);

	if (!builder) {
		diag_error(native->diags, head->at, "out of memory");
		return;
	}
	if (mark->is_foreign)
		builder_set_foreign(builder, mark->dialect);
	if (mark->is_alone)
		builder_set_alone(builder);
	set_options(native, builder);
	if (!native->statement.broken) {
		reading_add(reading, builder);
		return;
	}
	builder_free(builder);
	reading_skip(reading, head->at, name);
}

static void read_defaults(struct native *native)
{
	struct reading *reading = native->reading;
	struct origin at = native->statement.items[0].at;

	if (!reading->defaults)
		reading->defaults = builder_new(reading->table, NULL, at);
	if (!reading->defaults)
		diag_error(native->diags, at, "out of memory");
	else
		set_options(native, reading->defaults);
}

static void read_globals(struct native *native)
{
	struct table *table = native->reading->table;
	struct origin at = native->statement.items[0].at;
	struct service_builder *builder;
	struct buf place = { 0 };

	if (table->superd.at.file) {
		origin_describe(table->superd.at, &place);
		diag_error(native->diags, at, "there is another superd { }%s: a configuration has at most one",
			   buf_string(&place));
		diags_hint(native->diags, "write all settings in one of the two");
		buf_free(&place);
		return;
	}
	builder = builder_new(table, "superd", at);
	if (builder) {
		builder_set_superd(builder);
		set_options(native, builder);
		builder_finish_superd(builder, native->diags);
	} else {
		diags_out_of_memory(native->diags, at);
	}
	builder_free(builder);
}

static void read_include_or_import(struct native *native)
{
	const char *path = head_word(native, 0);
	struct origin at = native->statement.items[0].at;
	bool optional;

	if (native->statement.broken || !path)
		return;
	/* A path with - in front may be missing. - alone is standard input, which is refused. */
	optional = path[0] == '-' && path[1];
	if (!*path)
		diag_error(native->diags, at, "the path is empty: name a file");
	else if (native->statement.kind == STATEMENT_INCLUDE)
		include_files(native->reading, &reader_superd, path, at);
	else
		reading_import(native->reading, path + optional, optional, at);
}

static void read_statement(struct native *native)
{
	struct origin at = native->statement.items[0].at;
	bool is_service = native->statement.kind == STATEMENT_SERVICE;
	bool is_long = native->statement.item_count > ITEMS_MOST;

	if (!is_service)
		reading_add_role(native->reading, (struct source_role){ ROLE_VITAL, .at = at });
	native->words = values_read(&native->values, native->source, &native->statement);
	if (!native->words)
		diag_error(native->diags, at, "out of memory");
	else if (is_long)
		diag_error(native->diags, at, "more than %d options in one place: split it", ITEMS_MOST);
	if (!native->words || is_long) {
		if (is_service)
			reading_skip(native->reading, at, native->words ? head_word(native, 0) : NULL);
		return;
	}
	switch (native->statement.kind) {
	case STATEMENT_SERVICE:
		read_service(native);
		break;
	case STATEMENT_DEFAULTS:
		read_defaults(native);
		break;
	case STATEMENT_INCLUDE:
	case STATEMENT_IMPORT:
		read_include_or_import(native);
		break;
	case STATEMENT_SUPERD:
		read_globals(native);
		break;
	case STATEMENTS:
		break;
	}
}

/* superd-read writes whole services, and no more than superd can take. */
static bool may_take(struct native *native)
{
	const struct statement *statement = &native->statement;
	struct reading *reading = native->reading;
	uint64_t adds = 0;

	for (size_t n = 0; n < statement->item_count; n++)
		adds += statement->items[n].append;
	reading->words_added += adds * statement->word_count;
	if (reading->words_added > ADDED_MOST)
		return diags_refuse(native->diags, (struct origin){ 0 },
				    "too many lists in parts: write each list in one line");
	if (reading->builder_count >= SERVICES_MOST)
		return diags_refuse(native->diags, (struct origin){ 0 }, "more than %d services", SERVICES_MOST);
	return statement->kind == STATEMENT_SERVICE && !statement->broken && statement->item_count <= ITEMS_MOST;
}

static bool read_statements(struct native *native)
{
	struct statement_splitter splitter = {
		.source = native->source, .diags = native->diags,
		.reading = native->writer == WRITER_READ ? NULL : native->reading,
		.files = native->writer == WRITER_USER ? NULL : native->reading->table->pool,
	};
	bool ok = true;

	while (ok && statement_next(&splitter, &native->statement)) {
		if (native->writer == WRITER_READ)
			ok = may_take(native);
		if (ok)
			read_statement(native);
		ok &= native->writer != WRITER_READ || !native->diags->errors;
	}
	return ok && !native->statement.failed;
}

static void native_free(struct native *native)
{
	statement_free(&native->statement);
	values_free(&native->values);
}

static bool read_text_of(enum writer writer, struct reading *reading, const struct source_file *source)
{
	struct native native = {
		.reading = reading, .diags = reading->diags, .source = source, .writer = writer,
	};
	bool ok = read_statements(&native);

	if (!ok)
		diag_error(reading->diags, (struct origin){ .file = source->file }, "out of memory");
	native_free(&native);
	return ok;
}

bool superd_read_source(struct reading *reading, const struct source_file *source)
{
	return read_text_of(WRITER_USER, reading, source);
}

bool superd_read_saved(struct reading *reading, const struct source_file *source)
{
	return read_text_of(WRITER_SUPERD, reading, source);
}

/* A mistake of superd-read's is none of a user's. */
bool superd_read_services(struct reading *reading, char *text, size_t length)
{
	struct source_file source = { .text = text, .length = length };
	struct diags unheard = { 0 };
	struct native native = {
		.reading = reading, .diags = &unheard, .source = &source, .writer = WRITER_READ,
	};
	bool good = read_statements(&native) && !unheard.errors;

	if (!good)
		diag_error(reading->diags, native.statement.item_count ? native.statement.items[0].at :
			   (struct origin){ 0 }, "superd refuses what superd-read has written: %s: %.200s",
			   unheard.count ? unheard.list[0].message : "it is no service",
			   text + (native.statement.item_count ? native.statement.items[0].name.start : 0));
	native_free(&native);
	diags_free(&unheard);
	return good;
}

static bool superd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load, superd_read_source);
}

const struct reader reader_superd = {
	.recognises = statement_begins,
	.read = superd_read,
};
