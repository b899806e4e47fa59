/* The only code that knows libconfuse.
 *
 * libconfuse 3.3 counts two lines for a comment, drops a bare '*' without a word, expands "${X}" and keeps only
 * the last of two equal options. So it never sees the text as written: what it gets is put together anew from the
 * statement's items, with the lines where they were, every value quoted, and the second `user` of a section called
 * `user:9`. Its error function has no context argument, hence the one thread-local pointer. And its scanner, flex's,
 * ends the process where it gets no memory, so that is seen to before. */
#include "parse/superd/section.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option/directive.h"

/* libconfuse looks names up one by one, so the cost is the square of this. */
#define ITEMS_MOST 4096

#define NAME_MOST 64

/* Of which the scanner's buffer takes 16 KiB, twice as much with each word that is longer, and the stream it reads by
 * takes 4. So little stays with the thread's part of the heap when it is freed, where no other thread gets it. */
#define SCANNER_BYTES ((size_t)64 << 10)

struct complaint {
	const struct source *source;
	struct origin start;            /* of the statement */
	struct diags *diags;
	bool made;
};

static _Thread_local struct complaint *listening;

static bool is_block(const struct statement *statement)
{
	return statement->kind == STATEMENT_SERVICE || statement->kind == STATEMENT_DEFAULTS;
}

/* Where libconfuse means: what it quotes in its message, looked for from its line on. */
static struct origin find_place(const struct complaint *complaint, unsigned line, const char *message)
{
	const struct source *source = complaint->source;
	const char *quoted = strchr(message, '\''), *end = quoted ? strrchr(message, '\'') : NULL, *found;
	size_t start;

	if (!line || line > source->line_count)
		return complaint->start;
	start = source->lines[line - 1];
	if (end > quoted + 1) {
		found = memmem(source->text + start, source->length - start, quoted + 1, (size_t)(end - quoted - 1));
		if (found)
			return source_origin(source, (size_t)(found - source->text));
	}
	start += strspn(source->text + start, " \t");
	return source_origin(source, start);
}

__attribute__((format(printf, 2, 0)))
static void hear_complaint(cfg_t *cfg, const char *format, va_list arguments)
{
	struct complaint *complaint = listening;
	unsigned line = complaint->start.line + (cfg->line > 0 ? (unsigned)cfg->line - 1 : 0);
	char message[256];

	vsnprintf(message, sizeof(message), format, arguments);
	diag_error(complaint->diags, find_place(complaint, line, message), "%s", message);
	complaint->made = true;
}

static bool section_reserve(struct section *section, const struct statement *statement)
{
	if (section->item_capacity < statement->item_count) {
		size_t count = statement->item_capacity;
		cfg_opt_t *options = reallocarray(section->options, 2 * count + 4, sizeof(*options));
		struct slot *slots;

		if (!options)
			return false;
		section->options = options;
		slots = reallocarray(section->slots, count, sizeof(*slots));
		if (!slots)
			return false;
		section->slots = slots;
		section->item_capacity = count;
	}
	if (section->word_capacity < statement->word_count + 1) {
		const char **texts = reallocarray(section->words, statement->word_capacity + 1, sizeof(*texts));

		if (!texts)
			return false;
		section->words = texts;
		section->word_capacity = statement->word_capacity + 1;
	}
	return true;
}

/* NULL: there is no such directive. */
static const struct directive *item_directive(const struct source *source, const struct item *item)
{
	size_t length = item->name.end - item->name.start;
	char name[NAME_MOST];

	if (length >= sizeof(name))
		return NULL;
	memcpy(name, source->text + item->name.start, length);
	name[length] = '\0';
	return directive_find(NATIVE, name);
}

const char *section_name(const struct section *section, size_t item)
{
	const struct directive *directive = section->slots[item].directive;

	return directive ? directive->name[NATIVE] : NULL;
}

/* Adds an option under a name that the array from `start` on does not have yet. */
static bool add_option(struct section *section, size_t start, const char *name, cfg_opt_t option, struct pool *pool)
{
	for (size_t i = start; i < section->option_count; i++) {
		if (strcmp(section->options[i].name, name))
			continue;
		name = pool_textf(pool, "%s:%zu", name, section->option_count - start);
		break;
	}
	if (!name)
		return false;
	option.name = name;
	section->options[section->option_count++] = option;
	return true;
}

/* The array for the items of one level, from..until; those inside sockets are of the next. */
static bool add_level(struct section *section, const struct source *source, const struct statement *statement,
		      size_t from, size_t until, struct pool *pool)
{
	static const cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NODEFAULT), end = CFG_END();
	static const cfg_opt_t socket = CFG_SEC(NULL, NULL, CFGF_MULTI | CFGF_TITLE);
	size_t start = section->option_count;

	for (size_t i = from; i < until; i++) {
		const struct item *item = &statement->items[i];
		bool is_socket = item->kind == ITEM_SOCKET;
		const char *name = is_socket ? "socket" : NULL;

		if (item->kind == ITEM_OPTION) {
			section->slots[i].directive = item_directive(source, item);
			name = section_name(section, i);
		}
		if (!name)
			continue;
		section->slots[i].index = section->option_count;
		if (!add_option(section, start, name, is_socket ? socket : list, pool))
			return false;
		while (is_socket && statement->items[i].kind != ITEM_END)
			i++;
	}
	section->options[section->option_count++] = end;
	return true;
}

static size_t socket_end(const struct statement *statement, size_t socket)
{
	while (statement->items[socket].kind != ITEM_END)
		socket++;
	return socket;
}

static bool make_options(struct section *section, const struct source *source, const struct statement *statement,
			 struct pool *pool)
{
	static const cfg_opt_t end = CFG_END(), list = CFG_STR_LIST("path", NULL, CFGF_NODEFAULT);
	cfg_opt_t block = CFG_SEC("service", NULL, CFGF_MULTI | CFGF_TITLE);

	section->options[0] = list;
	section->options[1] = end;
	section->option_count = 2;
	for (size_t i = 0; i < statement->item_count; i++)
		section->slots[i] = (struct slot){ .index = SIZE_MAX };
	section->slots[0].index = 0;
	if (!is_block(statement))
		return true;
	if (statement->kind == STATEMENT_DEFAULTS)
		block = (cfg_opt_t)CFG_SEC("defaults", NULL, CFGF_MULTI);
	block.subopts = &section->options[2];
	section->options[0] = block;
	if (!add_level(section, source, statement, 1, statement->item_count, pool))
		return false;
	for (size_t i = 1; i < statement->item_count; i++) {
		if (statement->items[i].kind != ITEM_SOCKET)
			continue;
		section->options[section->slots[i].index].subopts = &section->options[section->option_count];
		if (!add_level(section, source, statement, i + 1, socket_end(statement, i), pool))
			return false;
	}
	return true;
}

/* The copy for libconfuse. It keeps every newline of the text, so that libconfuse counts lines right. */
struct writer {
	struct buf *out;
	const struct source *source;
	unsigned line;                  /* of the source, as far as it is written */
};

static void write_to_line(struct writer *writer, unsigned line)
{
	for (; writer->line < line; writer->line++)
		buf_char(writer->out, '\n');
}

/* How much of a text stands for itself. */
static size_t plain_length(const char *text, const char *end)
{
	const char *at = text;

	while (at < end && *at != '$' && *at != '\\' && *at != '\n')
		at++;
	return (size_t)(at - text);
}

/* A bare word becomes a quoted one; in quoted ones "${" loses its meaning. */
static void write_word(struct writer *writer, struct word word, struct origin at)
{
	const char *text = writer->source->text + word.start, *end = writer->source->text + word.end;
	bool bare = *text != '"' && *text != '\'', literal = *text == '\'';

	write_to_line(writer, at.line);
	if (bare)
		buf_char(writer->out, '"');
	for (; text < end; text++) {
		size_t plain = plain_length(text, end);

		buf_add(writer->out, text, plain);
		text += plain;
		if (text == end)
			break;
		if ((*text == '$' && !literal) || (*text == '\\' && bare))
			buf_char(writer->out, '\\');
		buf_char(writer->out, *text);
		if (*text == '\\' && !bare)
			buf_char(writer->out, *++text);
		if (*text == '\n')
			writer->line++;
	}
	if (bare)
		buf_char(writer->out, '"');
}

static void write_words(struct writer *writer, const struct statement *statement, const struct item *item)
{
	for (size_t i = item->first; i < item->first + item->count; i++) {
		if (i > item->first)
			buf_char(writer->out, ',');
		write_word(writer, statement->words[i], statement->word_at[i]);
	}
}

static void write_option(struct writer *writer, const struct statement *statement, const struct item *item,
			 const char *name)
{
	write_to_line(writer, item->at.line);
	buf_text(writer->out, name);
	buf_text(writer->out, item->append ? " += {" : " = {");
	write_words(writer, statement, item);
	buf_text(writer->out, "} ");
}

/* NAME "TITLE" {; a title that is missing was reported, libconfuse gets one for it. */
static void write_opening(struct writer *writer, const struct statement *statement, const struct item *item,
			  const char *name, bool titled)
{
	write_to_line(writer, item->at.line);
	buf_text(writer->out, name);
	buf_char(writer->out, ' ');
	if (item->count)
		write_words(writer, statement, item);
	else if (titled)
		buf_text(writer->out, "\"?\"");
	buf_text(writer->out, " { ");
}

static void write_statement(struct section *section, const struct source *source, const struct statement *statement)
{
	const struct item *head = &statement->items[0];
	struct writer writer = { &section->copy, source, head->at.line };

	buf_clear(&section->copy);
	if (!is_block(statement))
		return write_option(&writer, statement, head, section->options[0].name);
	write_opening(&writer, statement, head, section->options[0].name, statement->kind == STATEMENT_SERVICE);
	for (size_t i = 1; i < statement->item_count; i++) {
		const struct item *item = &statement->items[i];
		size_t index = section->slots[i].index;

		if (item->kind == ITEM_END)
			buf_text(writer.out, "} ");
		else if (index == SIZE_MAX)
			continue;
		else if (item->kind == ITEM_SOCKET)
			write_opening(&writer, statement, item, section->options[index].name, true);
		else
			write_option(&writer, statement, item, section->options[index].name);
	}
	buf_text(writer.out, "}");
}

/* Finds each item's option in what libconfuse made of the arrays: copies, in the same order. */
static void find_values(struct section *section, const struct statement *statement)
{
	cfg_opt_t *head = &section->parsed->opts[0], *level;
	size_t start = 2;

	section->slots[0].value = head;
	if (!is_block(statement))
		return;
	level = cfg_opt_getnsec(head, 0)->opts;
	for (size_t i = 1; i < statement->item_count; i++) {
		struct slot *slot = &section->slots[i];

		if (statement->items[i].kind == ITEM_END) {
			level = cfg_opt_getnsec(head, 0)->opts;
			start = 2;
		}
		if (slot->index == SIZE_MAX)
			continue;
		slot->value = &level[slot->index - start];
		if (statement->items[i].kind != ITEM_SOCKET)
			continue;
		level = cfg_opt_getnsec(slot->value, 0)->opts;
		start = (size_t)(section->options[slot->index].subopts - section->options);
	}
}

static bool scanner_has_memory(const struct section *section)
{
	void *volatile room;            /* or the compiler drops both calls */
	bool good;

	room = malloc(SCANNER_BYTES + 4 * section->copy.length);
	good = room;
	free(room);
	return good;
}

bool section_open(struct section *section, const struct source *source, const struct statement *statement,
		  struct pool *pool, struct diags *diags)
{
	struct complaint complaint = { source, statement->items[0].at, diags, false };
	int result;

	section_close(section);
	if (statement->item_count > ITEMS_MOST) {
		diag_error(diags, complaint.start, "more than %d options in one place: split it", ITEMS_MOST);
		return false;
	}
	if (!section_reserve(section, statement) || !make_options(section, source, statement, pool))
		goto out_of_memory;
	write_statement(section, source, statement);
	section->parsed = section->copy.failed ? NULL : cfg_init(section->options, CFGF_NONE);
	if (!section->parsed || !scanner_has_memory(section))
		goto out_of_memory;
	cfg_set_error_function(section->parsed, hear_complaint);
	listening = &complaint;
	result = cfg_parse_buf(section->parsed, buf_string(&section->copy));
	listening = NULL;
	if (result == CFG_SUCCESS) {
		find_values(section, statement);
		return true;
	}
	if (complaint.made) {
		section_close(section);
		return false;
	}
	/* Memory ran out within it, and its cfg_free crashes on what is half made: better lost than freed. */
	section->parsed = NULL;
out_of_memory:
	diag_error(diags, complaint.start, "out of memory");
	return false;
}

const char *const *section_words(const struct section *section, const struct statement *statement, size_t item)
{
	const struct item *of = &statement->items[item];
	const struct slot *slot = &section->slots[item];
	const char **texts = section->words + of->first;

	if (slot->index == SIZE_MAX)
		return NULL;
	if (slot->value->type == CFGT_SEC && of->count)
		texts[0] = cfg_title(cfg_opt_getnsec(slot->value, 0));
	for (size_t i = 0; i < of->count && slot->value->type == CFGT_STR; i++)
		texts[i] = cfg_opt_getnstr(slot->value, (unsigned)i);
	return texts;
}

void section_close(struct section *section)
{
	if (section->parsed)
		cfg_free(section->parsed);
	section->parsed = NULL;
}

void section_free(struct section *section)
{
	section_close(section);
	free(section->options);
	free(section->slots);
	free(section->words);
	buf_free(&section->copy);
	*section = (struct section){ 0 };
}
