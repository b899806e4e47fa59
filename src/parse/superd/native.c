/* superd.conf: from statements to drafts.
 *
 * superd reports every mistake of a broken service but never runs one: its options are set in a draft, so that their
 * values are checked, and then the draft is thrown away. */
#include "parse/superd/native.h"

#include <stdlib.h>
#include <string.h>

#include "parse/include.h"
#include "parse/shell_word.h"
#include "parse/superd/section.h"
#include "parse/superd/statement.h"

struct native {
	struct reading *reading;
	const struct source *source;
	struct statement statement;
	struct section section;
};

/* The name of an unknown option, for draft_set to refuse. NULL: out of memory. */
static const char *item_name(const struct native *native, const struct item *item)
{
	return pool_text_n(native->reading->table->pool, native->source->text + item->name.start,
			   item->name.end - item->name.start);
}

/* The only word of a service's or socket's head; NULL: it is missing, which was reported. */
static const char *head_word(const struct native *native, size_t item)
{
	if (native->statement.items[item].count == 0)
		return NULL;
	return section_words(&native->section, &native->statement, item)[0];
}

static bool set_option(struct native *native, struct draft *draft, size_t index)
{
	const struct item *item = &native->statement.items[index];
	const char *known = section_name(&native->section, index), *name = known ? known : item_name(native, item);
	struct value value = {
		.words = section_words(&native->section, &native->statement, index),
		.count = item->count,
		.is_list = item->is_list,
		.append = item->append,
		.at = item->at,
	};

	if (!name) {
		diag_error(native->reading->diags, item->at, "out of memory");
		return false;
	}
	if (item->count)
		value.word_at = native->statement.word_at + item->first;
	if (!value.words)
		value.count = 0;        /* no directive: never looked at */
	return draft_set(draft, NATIVE, name, &value, native->reading->diags);
}

/* Hands every option to the draft; false when one of them was refused. */
static bool set_options(struct native *native, struct draft *draft)
{
	bool ok = true;

	for (size_t i = 1; i < native->statement.item_count; i++) {
		switch (native->statement.items[i].kind) {
		case ITEM_OPTION:
			ok &= set_option(native, draft, i);
			break;
		case ITEM_SOCKET:
			draft_open_socket(draft, head_word(native, i), native->statement.items[i].at);
			break;
		case ITEM_END:
			draft_close_socket(draft, native->reading->diags);
			break;
		case ITEM_HEAD:
		case ITEM_BAD:
			break;
		}
	}
	return ok;
}

static bool is_command(const struct directive *directive)
{
	return directive && (directive->type == &type_command || directive->type == &type_commands);
}

/* A list names each word of exec for itself: no blank in it was meant to separate any. */
static void warn_of_shell(struct native *native, const struct item *item, size_t index, bool fills_variables)
{
	const char *name = section_name(&native->section, index);
	const struct directive *directive = name ? directive_find(NATIVE, name) : NULL;
	const char *const *texts = section_words(&native->section, &native->statement, index);

	if (!is_command(directive) || !texts || (directive->type == &type_command && item->is_list))
		return;
	for (size_t n = 0; n < item->count; n++) {
		struct shell_scan scan = { .fills_variables = fills_variables };
		char *found = shell_scan_text(&scan, texts[n]);

		if (found) {
			diag_warning(native->reading->diags, native->statement.word_at[item->first + n],
				     SHELL_WORD_WARNING, name, found);
			diags_hint(native->reading->diags, "%s%s", SHELL_WORD_HINT,
				   strchr(found, '$') && !fills_variables ? ", or say expand_environment = yes" : "");
		}
		free(found);
	}
}

/* Once all options are known, of which one may say that variables are filled in. */
static void warn_of_shells(struct native *native, const struct draft *draft)
{
	const struct draft *defaults = native->reading->defaults;
	bool fills = draft_has(draft, "expand_environment") || (defaults && draft_has(defaults, "expand_environment"));

	for (size_t i = 1; i < native->statement.item_count; i++) {
		if (native->statement.items[i].kind == ITEM_OPTION)
			warn_of_shell(native, &native->statement.items[i], i, fills);
	}
}

static void read_service(struct native *native)
{
	struct reading *reading = native->reading;
	const struct item *head = &native->statement.items[0];
	const char *name = head_word(native, 0);
	struct draft *draft = draft_new(reading->table, name ? name : "?", head->at);

	if (!draft) {
		diag_error(reading->diags, head->at, "out of memory");
		return;
	}
	set_options(native, draft);
	warn_of_shells(native, draft);
	if (!native->statement.broken) {
		reading_add(reading, draft);
		return;
	}
	draft_free(draft);
	reading_leave_out(reading, head->at, name);
}

static void read_defaults(struct native *native)
{
	struct reading *reading = native->reading;
	struct origin at = native->statement.items[0].at;

	if (!reading->defaults)
		reading->defaults = draft_new(reading->table, NULL, at);
	if (!reading->defaults)
		diag_error(reading->diags, at, "out of memory");
	else
		set_options(native, reading->defaults);
}

/* With - in front a table may be missing; - alone is standard input, which is refused. */
static void import_table(struct native *native, const char *source, struct origin at)
{
	bool optional = source[0] == '-' && source[1];

	native->reading->import(native->reading, source + optional, optional, at);
}

static void read_call(struct native *native)
{
	const char *path = head_word(native, 0);
	struct origin at = native->statement.items[0].at;

	if (native->statement.broken || !path)
		return;
	if (!*path)
		diag_error(native->reading->diags, at, "the path is empty: name a file");
	else if (native->statement.kind == STATEMENT_INCLUDE)
		include_files(native->reading, &reader_native, path, at);
	else
		import_table(native, path, at);
}

/* The name as it is written, where libconfuse could make nothing of the statement. NULL: quotes may hide another. */
static const char *written_head(const struct native *native)
{
	const struct item *head = &native->statement.items[0];
	struct word word = head->count ? native->statement.words[head->first] : (struct word){ 0 };
	const char *text = native->source->text + word.start;

	if (word.start == word.end || strchr("\"'", *text))
		return NULL;
	return pool_text_n(native->reading->table->pool, text, word.end - word.start);
}

static void read_statement(struct native *native)
{
	if (native->statement.kind != STATEMENT_SERVICE)
		reading_mark_vital(native->reading, native->statement.items[0].at);
	if (!section_open(&native->section, native->source, &native->statement, native->reading->table->pool,
			  native->reading->diags)) {
		if (native->statement.kind == STATEMENT_SERVICE)
			reading_leave_out(native->reading, native->statement.items[0].at,
					  written_head(native));
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
		read_call(native);
		break;
	case STATEMENTS:
		break;
	}
	section_close(&native->section);
}

/* It may have been meant for defaults. */
static void on_stray(void *context, struct origin at)
{
	reading_mark_vital(context, at);
}

bool native_read_source(struct reading *reading, const struct source *source)
{
	struct native native = { .reading = reading, .source = source };
	struct splitter splitter = {
		.source = source, .diags = reading->diags, .strayed = on_stray, .context = reading,
	};
	bool ok;

	while (statement_next(&splitter, &native.statement))
		read_statement(&native);
	ok = !native.statement.failed;
	if (!ok)
		diag_error(reading->diags, (struct origin){ .file = source->file }, "out of memory");
	statement_free(&native.statement);
	section_free(&native.section);
	return ok;
}

static bool native_read(struct reading *reading, const char *path)
{
	struct source source;
	bool ok;

	if (!source_load(&source, path, reading->table->pool, reading->diags))
		return false;
	ok = native_read_source(reading, &source);
	source_free(&source);
	return ok;
}

const struct reader reader_native = {
	.recognises = statement_begins,
	.read = native_read,
};
