/* Hands a key over as the option of its name, and reports a key without an option.
 *
 * A key that superd lacks may have a value that asks for nothing: PrivateNetwork=no restricts nothing and is no
 * reason to refuse a service. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "parse/systemd/build.h"

#define NAME_MOST 96 /* bytes of "Section.Key" */

/* Keys that superd lacks or may lack, with the value that asks for nothing, if that is none of idle_words. */
static const char *const idle_values[][2] = {
	{ "AcceptFileDescriptors", "yes" },
	{ "CacheDirectoryMode", "0755" },
	{ "ConfigurationDirectoryMode", "0755" },
	{ "DevicePolicy", "auto" },
	{ "KeyringMode", "inherit" },
	{ "LogsDirectoryMode", "0755" },
	{ "ProcSubset", "all" },
	{ "RuntimeDirectoryMode", "0755" },
	{ "SendSIGKILL", "yes" },
	{ "StateDirectoryMode", "0755" },
	{ "WatchdogSignal", "SIGABRT" },
};
static const char *const idle_words[] = { "no", "false", "off", "n", "f", "none", "default", "infinity" };

static bool says_the_same(const char *value, const char *idle)
{
	bool a, b;

	if (!strcmp(value, idle))
		return true;
	return !scan_bool(value, &a) && !scan_bool(idle, &b) && a == b;
}

static bool is_idle(const char *key, const char *value)
{
	for (size_t n = 0; n < sizeof(idle_values) / sizeof(*idle_values); n++) {
		if (!strcmp(idle_values[n][0], key))
			return says_the_same(value, idle_values[n][1]);
	}
	for (size_t n = 0; n < sizeof(idle_words) / sizeof(*idle_words); n++) {
		if (!strcmp(idle_words[n], value))
			return true;
	}
	return !strcmp(value, "0");
}

static void hand(struct unit_builder *builder, const char *name, const struct value *value)
{
	builder_set(builder->builder, UNIT, name, value, builder->reading->diags);
}

/* How many words from `start` on are alike in that a ~ stands in front of them, or none; options have one for all. */
static size_t take_run(struct unit_list *list, size_t start)
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

/* A ~ with nothing behind it is all of them. Where that is what counts without the key, systemd goes on as if nothing
 * was said: the next line is the set. */
static struct unit_list collect_set(struct unit_builder *builder, const char *section, const char *key,
				    bool is_all_unset)
{
	struct unit_list list = unit_collect(builder, section, key, COLLECT_SET);

	if (!is_all_unset || !list.count || strcmp(list.words[0], "~") != 0)
		return list;
	list.count--;
	memmove(list.words, list.words + 1, list.count * sizeof(*list.words));
	memmove(list.places, list.places + 1, list.count * sizeof(*list.places));
	if (!list.count)
		list.at = (struct origin){ 0 };
	return list;
}

/* Whether a word can be read by itself; else what is wrong with it. */
static const char *judge_word(struct unit_builder *builder, const struct directive *directive, const char *word)
{
	union { max_align_t align; char bytes[64]; } field = { 0 };
	struct parse parse = { .directive = directive, .words = &word, .count = 1, .pool = builder->pool };

	return directive->type->size > sizeof(field) ? NULL : type_parse(&parse, &field);
}

/* Leaves out of a list of what is allowed the words that superd does not know, as systemd does: without them it allows
 * no more. Of what is taken away by a ~ each has to be known. true: the list began with what is allowed, and none of
 * that is left. */
static bool leave_unknown(struct unit_builder *builder, const char *key, const struct directive *directive,
			  struct unit_list *list)
{
	bool allows = list->count && list->words[0][0] != '~';
	size_t kept = 0;

	for (size_t n = 0; directive->nothing && n < list->count; n++) {
		const char *word = list->words[n];
		const char *wrong = *word == '~' ? NULL : judge_word(builder, directive, word);

		if (wrong) {
			unit_leave_out(builder, list->places[n], key, word, wrong);
			continue;
		}
		list->words[kept] = word;
		list->places[kept++] = list->places[n];
	}
	if (directive->nothing)
		list->count = kept;
	return directive->nothing && allows && (!kept || list->words[0][0] == '~');
}

static void hand_nothing(struct unit_builder *builder, const char *name, const struct directive *directive,
			 struct origin at)
{
	const struct value value = {
		.words = &directive->nothing,
		.count = *directive->nothing != '\0',
		.is_list = true,
		.at = at,
	};

	hand(builder, name, &value);
}

static enum unit_collect words_of(const struct type *type)
{
	if (type == &type_directories)
		return COLLECT_FOLDERS;
	if (type == &type_bindings)
		return COLLECT_BINDINGS;
	return type == &type_protected_paths || type == &type_paths || type == &type_temporary ? COLLECT_PATHS
											       : COLLECT_WORDS;
}

/* Hands over a list. An assignment adds its words to those before it, or with a ~ removes them; superd's options do the
 * same. */
static void hand_list(struct unit_builder *builder, const char *section, const char *key, const char *name,
		      const struct directive *directive)
{
	bool is_set = directive->type == &type_capabilities;
	struct unit_list list = is_set ? collect_set(builder, section, key, directive->unset)
				       : unit_collect(builder, section, key, words_of(directive->type));
	bool is_said = list.count || (is_set && list.at.file);          /* an empty set is one, too */
	bool is_begun = !list.failed && leave_unknown(builder, key, directive, &list);
	size_t start = 0;

	if (is_begun)
		hand_nothing(builder, name, directive, list.at);
	is_said = is_begun ? list.count : is_said;
	while (is_said && !list.failed) {
		size_t count = take_run(&list, start);
		const struct value value = {
			.words = list.count ? list.words + start : NULL,
			.count = count,
			.is_list = true,
			.append = is_begun || start > 0,
			.at = list.at,
			.word_at = list.count ? list.places + start : NULL,
		};

		hand(builder, name, &value);
		start += count;
		is_said = start < list.count;
	}
	unit_list_free(&list);
}

/* systemd knows more words for a span than superd.conf, which gets it in its own. */
static const char *span_text(struct unit_builder *builder, const struct unit_assignment *said)
{
	char text[32];
	int64_t span;
	const char *wrong = unit_scan_timespan(said->value, &span);

	if (wrong) {
		unit_refuse(builder, unit_place(said, 0), "%s: '%s': %s", said->key, said->value, wrong);
		return NULL;
	}
	scan_duration_format(span, text);
	return pool_text(builder->pool, text);
}

/* Whether a percent sign in a value of this type is part of a number and begins no specifier. */
static bool is_share(const struct type *type)
{
	return type == &type_memory || type == &type_tasks || type == &type_quota;
}

static void hand_value(struct unit_builder *builder, const char *section, const char *key, const char *name,
		       const struct directive *directive)
{
	const struct unit_assignment *said = unit_assigned(builder, section, key);
	const char *text;
	struct origin place;

	if (!said)
		return;
	if (directive->type == &type_duration)
		text = span_text(builder, said);
	else
		text = is_share(directive->type) ? said->value : unit_value(builder, said);
	place = unit_place(said, 0);
	if (text)
		hand(builder, name, &(struct value){ .words = &text, .count = 1, .at = said->at, .word_at = &place });
}

static void hand_option(struct unit_builder *builder, const char *section, const char *key, const char *name,
			const struct directive *directive)
{
	if (directive->type->is_list)
		hand_list(builder, section, key, name, directive);
	else
		hand_value(builder, section, key, name, directive);
}

/* Reports a key that superd lacks, unless its value asks for nothing. */
static void say_class(struct unit_builder *builder, const struct unit_key *key, const struct unit_assignment *said)
{
	struct origin at = unit_place(said, 0);

	if (is_idle(key->key, said->value))
		return;
	if (key->class == KEY_WARNED)
		unit_warn(builder, at, "%s is left out: %s", key->key, key->reason);
	else if (key->class == KEY_REFUSED)
		unit_unsupported(builder, at, "%s: superd cannot honour it: %s", key->key, key->reason);
}

void unit_apply_key(struct unit_builder *builder, const char *section, const struct unit_key *key)
{
	const struct unit_assignment *said = unit_assigned(builder, section, key->key);
	const struct directive *directive;
	char name[NAME_MOST];

	snprintf(name, sizeof(name), "%s.%s", unit_key_is_shared(key) ? "Service" : section, key->key);
	directive = directive_find(UNIT, name);
	if (directive)
		hand_option(builder, section, key->key, name, directive);
	else if (said)
		say_class(builder, key, said);
}

static bool is_private(const char *name)
{
	return !strncmp(name, "X-", 2);
}

static void say_unknown(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	const char *section = unit_key_section(assignment->section, assignment->key);
	const struct unit_key *near = unit_key_suggest(assignment->section, assignment->key);

	unit_warn(builder, assignment->at, "%s: unknown in [%s], it is left out", assignment->key, assignment->section);
	if (section)
		diags_hint(builder->reading->diags, "it belongs in [%s]", section);
	else if (near)
		diags_hint(builder->reading->diags, "did you mean '%s'", near->key);
}

/* Keys that were handed over, by their places in the tables. */
struct key_values {
	bool keys[KEYS_SECTIONS][512];
};

/* false when it already was. */
static bool note_handed(struct key_values *handed, const struct unit_key *key)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		const struct unit_keys *keys = unit_keys[n];

		if (key >= keys->list && key < keys->list + keys->count) {
			bool *mark = &handed->keys[n][key - keys->list];
			bool was = *mark;

			*mark = true;
			return !was;
		}
	}
	return false;
}

void unit_apply_keys(struct unit_builder *builder, const char *section, bool (*takes)(const struct unit_key *key))
{
	const struct unit *unit = builder->unit;
	struct key_values handed = { 0 };

	for (size_t n = 0; n < unit->count; n++) {
		const struct unit_assignment *assignment = &unit->list[n];
		const struct unit_key *key;

		if (strcmp(assignment->section, section) != 0 || is_private(assignment->key))
			continue;
		key = unit_key_find(section, assignment->key);
		if (!key)
			say_unknown(builder, assignment);
		else if (note_handed(&handed, key) && !takes(key))
			unit_apply_key(builder, section, key);
	}
}

static bool is_condition(const struct unit_key *key)
{
	return !strncmp(key->key, "Condition", 9) || !strncmp(key->key, "Assert", 6);
}

static bool is_none(const struct unit_key *key)
{
	(void)key;
	return false;
}

void unit_apply_common_keys(struct unit_builder *builder)
{
	unit_apply_keys(builder, "Unit", is_condition);
	unit_apply_keys(builder, "Install", is_none);
}

static void say_section(struct unit_builder *builder, const struct unit_assignment *first, const char *own)
{
	const char *const known[] = { own, "Unit", "Install" };

	unit_warn(builder, first->at, "[%s]: a unit of this kind has no such section, it is left out", first->section);
	for (size_t n = 0; n < sizeof(known) / sizeof(*known); n++) {
		if (scan_distance(first->section, known[n], 2) > 2)
			continue;
		diags_hint(builder->reading->diags, "did you mean [%s]", known[n]);
		return;
	}
}

void unit_say_sections(struct unit_builder *builder, const char *own)
{
	const struct unit *unit = builder->unit;
	const char *before = "";

	for (size_t n = 0; n < unit->count; n++) {
		const char *section = unit->list[n].section;

		if (strcmp(section, before) && !is_private(section) && strcmp(section, own) &&
		    strcmp(section, "Unit") && strcmp(section, "Install"))
			say_section(builder, &unit->list[n], own);
		before = section;
	}
}
