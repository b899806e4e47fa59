/* From assignments to options: collects what a key says over all of its assignments, and hands it over.
 *
 * A further assignment extends a list, and an empty one clears it. Of other values the last assignment counts. The
 * option's type says whether it is a list. */
#include "read/systemd/internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "table/words/resource_words.h"

void unit_builder_turn(struct unit_builder *builder, const struct unit *unit)
{
	const struct read_request *request = builder->reading->request;

	builder->unit = unit;
	builder->names = (struct unit_names){
		.unit = unit,
		.machine = request ? request->machine : NULL,
		.service = builder->builder ? builder_name(builder->builder) : NULL,
		.per_connection = builder->accepts && unit == builder->service,
	};
}

struct origin unit_start(const struct unit *unit)
{
	return (struct origin){ .file = unit->path, .line = 1, .column = 1 };
}

void unit_leave_out(struct unit_builder *builder, struct origin at, const char *key, const char *word,
		    const char *wrong)
{
	unit_warn(builder, at, "%s: '%s' is left out: %s", key, word, wrong);
}

static bool is_of(const struct unit_lines *lines, const struct unit_assignment *assignment)
{
	const struct key_row *key;

	if (strcmp(assignment->section, lines->section) != 0)
		return false;
	if (lines->form == FORM_OPTION || strncmp(assignment->today, lines->key, strlen(lines->key)) != 0)
		return !strcmp(assignment->today, lines->key);
	key = unit_key_find(lines->section, assignment->today);
	return key && key->form == lines->form;
}

const struct unit_assignment *unit_line_next(struct unit_lines *lines)
{
	const struct unit_assignment *list = lines->unit->list;

	for (size_t n = lines->next ? 0 : lines->unit->count; n-- > 0 && !lines->next;)
		lines->next = !*list[n].value && is_of(lines, &list[n]) ? n : 0;
	while (lines->next < lines->unit->count) {
		if (is_of(lines, &list[lines->next++]))
			return &list[lines->next - 1];
	}
	return NULL;
}

const struct unit_assignment *unit_assigned(const struct unit_builder *builder, const char *section, const char *key)
{
	return builder->unit ? unit_last(builder->unit, section, key) : NULL;
}

const char *unit_value(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	struct buf text = { 0 };
	size_t at = 0;
	const char *wrong = unit_expand(&builder->names, assignment->value, &text, &at);

	if (!wrong)
		return buf_keep(&text, builder->pool);
	buf_free(&text);
	unit_refuse(builder, unit_place(assignment, at), "%s: %s", assignment->key, wrong);
	return NULL;
}

bool unit_bool(struct unit_builder *builder, const char *section, const char *key, bool fallback)
{
	const struct unit_assignment *said = unit_assigned(builder, section, key);
	bool truth = fallback;

	if (said && scan_bool(said->value, &truth)) {
		unit_refuse(builder, unit_place(said, 0), "%s: '%s': expected yes or no", key, said->value);
		return fallback;
	}
	return truth;
}

bool unit_timespan(struct unit_builder *builder, const struct unit_assignment *said, int64_t *span)
{
	const char *wrong = said ? scan_timespan(said->value, span) : NULL;

	if (wrong)
		unit_refuse(builder, unit_place(said, 0), "%s: '%s': %s", said->key, said->value, wrong);
	return said && !wrong;
}

const char *unit_span_text(struct unit_builder *builder, int64_t span)
{
	char text[32];

	scan_duration_format(span, text);
	return pool_text(builder->pool, text);
}

bool unit_words(struct unit_builder *builder, const struct unit_assignment *assignment, bool for_superd,
		struct unit_split *split)
{
	struct unit_names names = builder->names;
	const char *wrong, *odd = NULL;
	size_t odd_at;

	names.for_superd = for_superd;
	if (for_superd)
		odd = unit_split(builder->pool, &names, assignment->value, 0, split);
	if (for_superd && !odd)
		return true;
	odd_at = split->wrong_at;
	wrong = unit_split(builder->pool, &names, assignment->value, UNIT_WORDS_RELAX, split);
	if (wrong)
		return unit_refuse(builder, unit_place(assignment, split->wrong_at), "%s: %s", assignment->key, wrong);
	if (odd)
		unit_warn(builder, unit_place(assignment, odd_at), "%s: %s; it is used literally", assignment->key,
			  odd);
	return true;
}

/* Splits a value by the rules of `how`. */
static bool split_value(struct unit_builder *builder, const struct unit_assignment *assignment, enum unit_collect how,
			struct unit_split *split)
{
	static const unsigned flags[] = {
		[COLLECT_PATHS] = UNIT_WORDS_LITERAL,
		[COLLECT_BINDINGS] = UNIT_WORDS_LITERAL | UNIT_WORDS_PARTS,
		[COLLECT_FOLDERS] = UNIT_WORDS_PARTS,
	};
	const char *wrong;

	if (how < COLLECT_PATHS)
		return unit_words(builder, assignment, how == COLLECT_VARIABLES, split);
	wrong = unit_split(builder->pool, &builder->names, assignment->value, flags[how], split);
	return !wrong ||
	       unit_refuse(builder, unit_place(assignment, split->wrong_at), "%s: %s", assignment->key, wrong);
}

static void add_simple_path(struct buf *simple, const char *name, size_t length)
{
	size_t start = simple->length, part;

	if (length && *name == '/')
		buf_char(simple, '/');          /* which is refused later */
	for (size_t at = 0; at < length; at += part + 1) {
		part = strcspn(name + at, "/:");
		if (!part || (part == 1 && name[at] == '.'))
			continue;
		if (simple->length > start && simple->data[simple->length - 1] != '/')
			buf_char(simple, '/');
		buf_add(simple, name + at, part);
	}
}

/* Drops empty parts and "." from the name of a folder, and from that of a link behind a colon. */
static const char *simplify_folder(struct unit_builder *builder, const char *word)
{
	struct buf simple = { 0 };
	const char *first = word;

	for (size_t length; *word; word += length + (word[length] == ':')) {
		length = strcspn(word, ":");
		if (word > first)
			buf_char(&simple, ':');
		add_simple_path(&simple, word, length);
	}
	return buf_keep(&simple, builder->pool);
}

static unsigned folder_char_rank(char c)
{
	return c == '\0' ? 0 : c == ':' ? 1 : c == '/' ? 2 : 3u + (unsigned char)c;
}

struct folder {
	const char *word;
	struct origin place;
};

/* Sorts by the name, component by component, and then by the link. */
static int compare_folders(const void *one, const void *other)
{
	const char *a = ((const struct folder *)one)->word, *b = ((const struct folder *)other)->word;
	unsigned left, right;

	while (*a && *a == *b)
		a++, b++;
	left = folder_char_rank(*a);
	right = folder_char_rank(*b);
	return (left > right) - (left < right);
}

/* Sorts folders and drops doubles, as systemd does in $STATE_DIRECTORY and the like. */
static void order_folders(struct unit_builder *builder, struct word_list *list)
{
	size_t count = list->count;
	struct folder *folders = pool_alloc(builder->pool, count * sizeof(*folders));

	for (size_t n = 0; n < count; n++)
		folders[n] = (struct folder){ list->words[n], list->places[n] };
	qsort(folders, count, sizeof(*folders), compare_folders);
	list->count = 0;
	for (size_t n = 0; n < count; n++) {
		if (n && !strcmp(folders[n].word, folders[n - 1].word))
			continue;
		list->words[list->count] = folders[n].word;
		list->places[list->count++] = folders[n].place;
	}
}

static void collect_words(struct unit_builder *builder, const struct unit_assignment *assignment, enum unit_collect how,
			  struct word_list *list)
{
	bool has_tilde = how == COLLECT_WORDS || how == COLLECT_SET || how == COLLECT_NETWORKS, denies;
	struct unit_split found = { 0 };

	if (!split_value(builder, assignment, how, &found)) {
		list->failed = true;
		return;
	}
	denies = has_tilde && found.count && *found.list->text == '~';
	for (size_t n = 0; n < found.count; n++) {
		const char *word = found.list[n].text;

		/* A ~ before the first word of an assignment holds for all of its words, and blanks may follow it.
		 * Here each word gets its own, because the list may have words of several assignments. */
		if (denies && !n && !word[1] && found.count > 1)
			continue;
		if (denies && *word != '~')
			word = pool_textf(builder->pool, "~%s", word);
		if (how == COLLECT_FOLDERS)
			word = simplify_folder(builder, word);
		word_list_add(list, word, unit_place(assignment, found.list[n].offset));
	}
}

/* Whether a word is the name of a variable. A template in it gets its value only with the connection. */
static bool is_variable(const char *word, enum unit_collect how, const struct key_row *key)
{
	size_t length = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	if (how == COLLECT_VARIABLES && word[strcspn(word, "%=")] == '%')
		return true;
	if (!length || (*word >= '0' && *word <= '9'))
		return false;
	return word[length] ? word[length] == '=' && (how == COLLECT_VARIABLES || key->denies)
			    : how == COLLECT_NAMES;
}

/* What is wrong with a word; NULL: nothing. */
static const char *wrong_word(const char *word, enum unit_collect how, const struct key_row *key)
{
	struct network read[NETWORKS_MOST];

	/* superd's own options would read another word as the name of a host. */
	if (how == COLLECT_NETWORKS && !networks_read(word, read))
		return "expected an address, a network as 192.0.2.0/24, or any, localhost, link-local or multicast";
	if (how != COLLECT_NETWORKS && !is_variable(word, how, key))
		return "a variable's name has letters, digits and _, and no digit at its start; in Environment = and "
		       "a value follow";
	return NULL;
}

static void leave_out_wrong(struct unit_builder *builder, enum unit_collect how, const struct key_row *key,
			    struct word_list *list)
{
	size_t count = list->count;

	list->count = 0;
	for (size_t n = 0; n < count; n++) {
		const char *word = list->words[n], *wrong = wrong_word(word, how, key);

		if (!wrong) {
			list->places[list->count] = list->places[n];
			list->words[list->count++] = word;
		} else if (key->denies) {
			list->failed = !unit_refuse(builder, list->places[n], "%s: '%s': %s", key->name, word, wrong);
		} else {
			unit_leave_out(builder, list->places[n], key->name, word, wrong);
		}
	}
}

struct word_list unit_collect(struct unit_builder *builder, const char *section, const char *key, enum unit_collect how)
{
	struct unit_lines lines = { .unit = builder->unit, .section = section, .key = key };
	const struct unit_assignment *assignment;
	struct word_list list = { 0 };
	const char *text;

	while (builder->unit && (assignment = unit_line_next(&lines))) {
		list.at = assignment->at;
		if (how == COLLECT_SET && !strcmp(assignment->value, "~"))
			list.count = 0;
		if (!*assignment->value)
			continue;
		if (how != COLLECT_VALUES) {
			collect_words(builder, assignment, how, &list);
			continue;
		}
		text = unit_value(builder, assignment);
		list.failed |= !text;
		if (text)
			word_list_add(&list, text, unit_place(assignment, 0));
	}
	if (how == COLLECT_FOLDERS)
		order_folders(builder, &list);
	if (how == COLLECT_NAMES || how == COLLECT_VARIABLES || how == COLLECT_NETWORKS)
		leave_out_wrong(builder, how, unit_key_find(section, key), &list);
	return list;
}

bool unit_set_list(struct unit_builder *builder, const char *option, const struct word_list *list)
{
	const struct value value = word_list_value(list);

	return !list->failed && builder_set(builder->builder, option, &value, builder->reading->diags);
}
