/* Sets the option of a key, and reports a key without an option.
 *
 * A key that superd lacks may have a value that asks for nothing: PrivateNetwork=no restricts nothing, so it is no
 * reason to refuse a service. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "read/systemd/internal.h"
#include "table/option/socket_context.h"

static bool asks_for_nothing(const struct key_row *key, const char *value)
{
	static const char *const idle_words[] = {
		"no", "false", "off", "n", "f", "none", "default", "infinity", "0", NULL
	};

	return key->idle ? !strcmp(key->idle, value) : words_have(idle_words, value);
}

void unit_add_context(struct unit_builder *builder, const char *option, const char *const *values, size_t count,
		      struct word_list *list)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s=", option);
	for (size_t n = 0; n < count; n++) {
		if (n)
			buf_char(&text, ' ');
		shell_words_quote(&text, values[n]);
	}
	word_list_add(list, buf_keep(&text, builder->pool), list->at);
}

/* A key of a section and the option that it is. */
struct unit_option {
	const char *section;
	const struct key_row *key;
	const struct directive *directive;
};

static void set_option(struct unit_builder *builder, const struct unit_option *option, const struct value *value)
{
	const char *name = option->directive->name[NATIVE];

	if (builder->context)
		unit_add_context(builder, name, value->words, value->count, builder->context);
	builder_set(builder->builder, name, value, builder->reading->diags);
}

/* Counts words from `start` on that all have a ~ in front, or all have none: an option has one ~ for all its words. */
static size_t count_same_sign(struct word_list *list, size_t start)
{
	bool taken = start < list->count && list->words[start][0] == '~';
	size_t end = start;

	while (end < list->count && (list->words[end][0] == '~') == taken) {
		if (taken && end > start)
			list->words[end]++;
		end++;
	}
	return end - start;
}

/* Collects a set. A lone ~ means all. If all is also the default of the key, systemd then acts as if the key were not
 * set: the next assignment begins the set anew. */
static struct word_list collect_set(struct unit_builder *builder, const struct unit_option *option)
{
	struct word_list list = unit_collect(builder, option->section, option->key->name, COLLECT_SET);

	if (!option->directive->unset || !list.count || strcmp(list.words[0], "~") != 0)
		return list;
	list.count--;
	memmove(list.words, list.words + 1, list.count * sizeof(*list.words));
	memmove(list.places, list.places + 1, list.count * sizeof(*list.places));
	if (!list.count)
		list.at = (struct origin){ 0 };
	return list;
}

/* Leaves out unknown words of a list of what is allowed, as systemd does: without them less is allowed. Words with ~
 * are denied, so each must be known. true: the list began with allowed words, and all of them were left out. */
static bool leave_out_unknown(struct unit_builder *builder, const struct unit_option *option, struct word_list *list)
{
	const struct directive *directive = option->directive;
	bool allows = list->count && list->words[0][0] != '~';
	size_t count = list->count;

	if (!directive->nothing)
		return false;
	list->count = 0;
	for (size_t n = 0; n < count; n++) {
		const char *word = list->words[n], *wrong = NULL;
		union { max_align_t align; char bytes[64]; } field = { 0 };
		struct parse parse = { .directive = directive, .words = &word, .count = 1, .pool = builder->pool };

		if (*word != '~' && field_size(directive->type) <= sizeof(field))
			wrong = type_parse(&parse, &field);
		if (wrong) {
			unit_leave_out(builder, list->places[n], option->key->name, word, wrong);
			continue;
		}
		list->places[list->count] = list->places[n];
		list->words[list->count++] = word;
	}
	return allows && (!list->count || list->words[0][0] == '~');
}

static enum unit_collect collection_of(const struct unit_option *option)
{
	const struct type *type = option->directive->type;

	if (option->key->form == FORM_WHOLE)
		return COLLECT_VALUES;
	if (option->key->form == FORM_VARIABLES)
		return COLLECT_NAMES;
	if (type == &type_directories)
		return COLLECT_FOLDERS;
	if (type == &type_bindings)
		return COLLECT_BINDINGS;
	return type == &type_protected_paths || type == &type_paths || type == &type_temporary ? COLLECT_PATHS
											       : COLLECT_WORDS;
}

/* Sets an option that is a list. An assignment adds its words to those before it, or removes them with ~, as superd's
 * options do. */
static void set_list_option(struct unit_builder *builder, const struct unit_option *option)
{
	bool is_set = option->directive->type == &type_capabilities;
	struct word_list list = is_set ? collect_set(builder, option)
				       : unit_collect(builder, option->section, option->key->name,
						      collection_of(option));
	bool is_said = list.count || (is_set && list.at.file);          /* an empty set is one, too */
	bool is_begun = !list.failed && leave_out_unknown(builder, option, &list);
	size_t start = 0;

	if (is_begun) {
		const char *const *nothing = &option->directive->nothing;

		set_option(builder, option, &(struct value){ .words = nothing, .count = **nothing != '\0',
							     .is_list = true, .at = list.at });
	}
	is_said = is_begun ? list.count : is_said;
	while (is_said && !list.failed) {
		size_t count = option->key->form == FORM_WHOLE ? list.count : count_same_sign(&list, start);
		const struct value value = {
			.words = list.count ? list.words + start : NULL,
			.count = count,
			.is_list = true,
			.append = is_begun || start > 0,
			.at = list.at,
			.word_at = list.count ? list.places + start : NULL,
		};

		set_option(builder, option, &value);
		start += count;
		is_said = start < list.count;
	}
	word_list_free(&list);
}

/* The value as superd.conf has it. NULL: it is wrong (reported). */
static const char *value_text(struct unit_builder *builder, const struct type *type, const struct unit_assignment *said)
{
	int64_t span;

	if (type == &type_memory || type == &type_tasks || type == &type_quota)
		return said->value;     /* a percent sign is part of a number there, and begins no specifier */
	if (type != &type_duration)
		return unit_value(builder, said);
	return unit_timespan(builder, said, &span) ? unit_span_text(builder, span) : NULL;
}

static void set_value_option(struct unit_builder *builder, const struct unit_option *option)
{
	const struct key_row *key = option->key;
	const struct unit_assignment *said = unit_assigned(builder, option->section, key->name);
	struct origin place;
	const char *text;

	if (!said)
		return;
	place = unit_place(said, 0);
	text = key->words ? said->value : value_text(builder, option->directive->type, said);
	if (text)
		text = key_translate(key, &(struct key_said){ said->key, text, place }, builder->pool,
				     builder->reading->diags);
	if (text)
		set_option(builder, option, &(struct value){ .words = &text, .count = 1, .word_at = &place,
							     .at = key->words || key->zero ? place : said->at });
}

/* Sets the option of a key from all of its assignments. Reports a key without an option by its key_status. */
static void unit_apply_key(struct unit_builder *builder, const char *section, const struct key_row *key)
{
	const struct unit_assignment *said = unit_assigned(builder, section, key->name);
	const char *name = key->status == KEY_DONE ? unit_key_option(section, key) : NULL;
	struct unit_option option = { section, key, name ? directive_find(NATIVE, name) : NULL };

	if (option.directive && option.directive->type->is_list)
		set_list_option(builder, &option);
	else if (option.directive)
		set_value_option(builder, &option);
	else if (said && !asks_for_nothing(key, said->value))
		key_report_lack(key, key->name, unit_place(said, 0), builder->reading);
}

/* Whether the row says all about what becomes of the key. */
static bool is_option(const struct key_row *key)
{
	return key->form == FORM_OPTION || key->form == FORM_WHOLE || key->form == FORM_VARIABLES;
}

bool unit_apply_context(struct unit_builder *builder, const struct key_row *key, struct word_list *list)
{
	struct service_builder *own = builder->builder;
	const char *name = unit_key_option("Service", key);
	const struct directive *directive = name ? directive_find(NATIVE, name) : NULL;
	bool is_translated = directive && !is_option(key) && directive->translated & (1u << UNIT);

	if (key->status == KEY_DONE && (!directive || is_translated || !socket_context_takes(directive)))
		return false;
	/* A service of its own finds mistakes in the values. */
	builder->builder = builder_new(builder->reading->table, "", unit_start(builder->unit));
	builder_set_foreign(builder->builder, UNIT);
	builder->context = list;
	unit_apply_key(builder, "Socket", key);
	builder->context = NULL;
	builder_free(builder->builder);
	builder->builder = own;
	return true;
}

static bool is_private_name(const char *name)
{
	return !strncmp(name, "X-", 2);
}

static void report_unknown_key(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	const char *section = unit_key_section(assignment->section, assignment->key);
	const char *near = unit_key_suggest(assignment->section, assignment->key);

	unit_warn(builder, assignment->at, "%s: unknown in [%s], it is left out", assignment->key, assignment->section);
	if (section)
		diags_hint(builder->reading->diags, "it belongs in [%s]", section);
	else if (near)
		diags_hint(builder->reading->diags, "did you mean '%s'?", near);
}

void unit_apply_keys(struct unit_builder *builder, const char *section)
{
	const struct unit *unit = builder->unit;
	bool is_socket = !strcmp(section, "Socket"), applied[KEYS_MOST] = { 0 };

	for (size_t n = 0; n < unit->count; n++) {
		const struct unit_assignment *assignment = &unit->list[n];
		const struct key_row *key;

		if (strcmp(assignment->section, section) != 0 || is_private_name(assignment->key))
			continue;
		key = unit_key_find(section, assignment->today);
		if (!key && assignment != unit_misspelt_listen(unit))   /* which is an error (pairing.c) */
			report_unknown_key(builder, assignment);
		else if (key && !applied[key_index(key)] && is_option(key) && !(is_socket && unit_key_is_shared(key)))
			unit_apply_key(builder, section, key);  /* those shared with services are for its commands */
		if (key)
			applied[key_index(key)] = true;
	}
	if (!strcmp(section, "Service")) {
		struct origin at = unit_start(unit);

		keys_set_absent(&unit_keys_service, builder->builder, at, builder->reading->diags);
		keys_set_absent(&unit_keys_shared, builder->builder, at, builder->reading->diags);
	}
}

void unit_apply_common_keys(struct unit_builder *builder)
{
	unit_apply_keys(builder, "Unit");
	unit_apply_keys(builder, "Install");
}

void unit_report_sections(struct unit_builder *builder, const char *own)
{
	const char *const known[] = { own, "Unit", "Install", NULL };
	struct scan_nearest nearest;
	const struct unit *unit = builder->unit;
	const char *before = "";

	for (size_t n = 0; n < unit->count; before = unit->list[n++].section) {
		const char *section = unit->list[n].section;

		if (!strcmp(section, before) || is_private_name(section) || words_have(known, section))
			continue;
		unit_warn(builder, unit->list[n].at, "[%s]: a unit of this kind has no such section, it is left out",
			  section);
		nearest = (struct scan_nearest){ .name = section, .most = 3 };
		for (size_t i = 0; known[i]; i++)
			scan_nearest_look(&nearest, known[i]);
		if (nearest.word)
			diags_hint(builder->reading->diags, "did you mean [%s]?", nearest.word);
	}
}
