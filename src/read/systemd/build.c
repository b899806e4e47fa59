/* From assignments to options: collects what a key says over all of its assignments, and sets the option.
 *
 * A further assignment extends a list, and an empty one clears it. Of other values the last assignment counts. The
 * option's type says whether it is a list. A key that superd lacks may have a value that asks for nothing:
 * PrivateNetwork=no restricts nothing, so it is no reason to refuse a service. */
#include "read/systemd/internal.h"

void unit_builder_turn(struct unit_builder *builder, const struct unit *unit)
{
	const struct read_request *request = builder->reading->request;

	builder->unit = unit;
	builder->names = (struct unit_names){
		.unit = unit,
		.machine = request ? request->machine : NULL,
		.service = builder->builder ? builder_name(builder->builder) : NULL,
		.per_connection = builder->pair && builder->pair->accepts && unit == builder->pair->service,
	};
}

struct origin unit_start(const struct unit *unit)
{
	return (struct origin){ .file = unit->path, .line = 1, .column = 1 };
}

struct origin unit_assignment_at(const struct unit_builder *builder, const struct unit_assignment *assignment)
{
	return assignment ? unit_place(assignment, 0) : unit_start(builder->unit);
}

/* Whether an empty assignment takes back the values before it. Where a key is yes or no, a number, a time or one of
 * some words, systemd ignores it: what restricts the service stays. So do units that it needs. Sources: systemd-analyze
 * verify of systemd 252; systemd.unit(5), "Dependencies cannot be reset". */
static bool is_cleared(const struct unit_assignment *assignment)
{
	static const struct type *const stay[] = {
		&type_bool, &type_word, &type_mode, &type_limit, &type_signal, &type_stream, &type_duration,
		&type_count, &type_size,
	};
	static const char *const cleared[] = { "CPUSchedulingPolicy", "KillMode", "MountAPIVFS",
					       "Nice",		      "OOMScoreAdjust", NULL };
	const struct key_row *row = assignment->row;
	const char *name = row->status == KEY_DONE ? unit_key_option(assignment->section, row) : NULL;
	const struct option_def *option = name ? option_find(NATIVE, name) : NULL;

	for (size_t n = 0; option && n < sizeof(stay) / sizeof(*stay); n++) {
		if (option->type == stay[n])
			return words_have(cleared, row->name);
	}
	return row->form != FORM_UNITS && !row->stays;
}

const struct unit_assignment *unit_last(const struct unit *unit, const char *section, const char *key)
{
	for (size_t n = unit->count; n-- > 0;) {
		const struct unit_assignment *assignment = &unit->list[n];

		if (assignment->row && !strcmp(assignment->row->name, key) && !strcmp(assignment->section, section) &&
		    (*assignment->value || is_cleared(assignment)))
			return *assignment->value ? assignment : NULL;
	}
	return NULL;
}

const struct unit_assignment *unit_assigned(const struct unit_builder *builder, const char *section, const char *key)
{
	return unit_last(builder->unit, section, key);
}

static bool is_of(const struct unit_lines *lines, const struct unit_assignment *assignment)
{
	const struct key_row *row = assignment->row;

	if (!row || strcmp(assignment->section, lines->section) != 0)
		return false;
	if (lines->form == FORM_OPTION)
		return !strcmp(row->name, lines->key);
	return row->form == lines->form && !strncmp(row->name, lines->key, strlen(lines->key));
}

const struct unit_assignment *unit_next_assignment(struct unit_lines *lines)
{
	const struct unit_assignment *list = lines->unit->list;

	for (size_t n = lines->next ? 0 : lines->unit->count; n-- > 0 && !lines->next;)
		lines->next = !*list[n].value && is_of(lines, &list[n]) && is_cleared(&list[n]) ? n : 0;
	while (lines->next < lines->unit->count) {
		if (is_of(lines, &list[lines->next++]))
			return &list[lines->next - 1];
	}
	return NULL;
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
	const struct unit_assignment *assignment = unit_assigned(builder, section, key);
	bool truth = fallback;

	if (assignment && scan_bool(assignment->value, &truth)) {
		unit_refuse(builder, unit_place(assignment, 0), "%s: '%s': expected yes or no", key, assignment->value);
		return fallback;
	}
	return truth;
}

bool unit_timespan(struct unit_builder *builder, const struct unit_assignment *assignment, int64_t *span)
{
	const char *wrong = assignment ? scan_timespan(assignment->value, span) : NULL;

	if (wrong)
		unit_refuse(builder, unit_place(assignment, 0), "%s: '%s': %s", assignment->key, assignment->value,
			    wrong);
	return assignment && !wrong;
}

const char *unit_span_text(struct unit_builder *builder, int64_t span)
{
	char text[32];

	scan_duration_format(span, text);
	return pool_text(builder->pool, text);
}

bool unit_words(struct unit_builder *builder, const struct unit_assignment *assignment, unsigned flags,
		struct unit_split *split)
{
	struct unit_names names = builder->names;
	const char *wrong;
	size_t at;

	names.for_superd = flags & UNIT_WORDS_TEMPLATES;
	wrong = unit_split(builder->pool, &names, assignment->value, flags, split);
	at = wrong ? split->wrong_at : split->odd ? (size_t)(split->odd - assignment->value) : 0;
	if (!wrong && split->odd && flags & (UNIT_WORDS_LITERAL | UNIT_WORDS_PARTS))
		wrong = "no escape: a backslash itself is written \\\\";
	if (wrong)
		return unit_refuse(builder, unit_place(assignment, at), "%s: %s", assignment->key, wrong);
	if (split->odd)
		unit_warn(builder, unit_place(assignment, at),
			  "%s: no escape: a backslash itself is written \\\\; it is used literally", assignment->key);
	return true;
}

/* Lists. */

/* Adds a folder where it belongs, each once, as systemd has them in $STATE_DIRECTORY and the like. */
static void add_folder(struct unit_builder *builder, const char *word, struct origin place, struct word_list *list)
{
	size_t length = strlen(word), at = 0;

	while (length > 1 && word[length - 1] == '/')
		length--;
	word = pool_text_n(builder->pool, word, length);
	while (at < list->count && strcmp(list->words[at], word) < 0)
		at++;
	if (at < list->count && !strcmp(list->words[at], word))
		return;
	word_list_add(list, word, place);
	for (size_t n = list->count - 1; n > at; n--) {
		list->words[n] = list->words[n - 1];
		list->places[n] = list->places[n - 1];
	}
	list->words[at] = word;
	list->places[at] = place;
}

static void collect_words(struct unit_builder *builder, const struct unit_assignment *assignment, enum unit_collect how,
			  struct word_list *list)
{
	static const unsigned flags[COLLECT_FOLDERS + 1] = {
		[COLLECT_VARIABLES] = UNIT_WORDS_TEMPLATES,
		[COLLECT_PATHS] = UNIT_WORDS_LITERAL,
		[COLLECT_BINDINGS] = UNIT_WORDS_LITERAL | UNIT_WORDS_PARTS,
		[COLLECT_FOLDERS] = UNIT_WORDS_PARTS,
	};                              /* 0 of the others */
	struct unit_split found = { 0 };
	bool denies;

	if (how == COLLECT_VALUES || how == COLLECT_CREDENTIALS) {
		size_t length = strcspn(assignment->value, how == COLLECT_CREDENTIALS ? ":" : "");
		struct unit_assignment front = *assignment;
		const char *text;

		front.value = pool_text_n(builder->pool, assignment->value, length);
		text = unit_value(builder, &front);
		list->failed |= !text;
		if (text)
			word_list_add(list, pool_textf(builder->pool, "%s%s", text, assignment->value + length),
				      unit_place(assignment, 0));
		return;
	}
	if (!unit_words(builder, assignment, flags[how], &found)) {
		list->failed = true;
		return;
	}
	denies = how <= COLLECT_NETWORKS && found.count && *found.list->text == '~';
	for (size_t n = 0; n < found.count; n++) {
		const char *word = found.list[n].text;

		/* A ~ before the first word of an assignment holds for all of its words, and blanks may follow it.
		 * Here each word gets its own, because the list may have words of several assignments. */
		if (denies && !n && !word[1] && found.count > 1)
			continue;
		if (denies && *word != '~')
			word = pool_textf(builder->pool, "~%s", word);
		if (how == COLLECT_FOLDERS)
			add_folder(builder, word, unit_place(assignment, found.list[n].offset), list);
		else
			word_list_add(list, word, unit_place(assignment, found.list[n].offset));
	}
}

/* What is wrong with a word of a list; NULL: nothing. option: the key's, if its type knows words that may be left
 * out. */
static const char *wrong_word(struct unit_builder *builder, const char *word, enum unit_collect how,
			      const struct key_row *key, const struct option_def *option)
{
	size_t length = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	struct parse parse = { .option = option, .words = &word, .count = 1, .pool = builder->pool };
	union { max_align_t align; char bytes[64]; } field = { 0 };

	/* superd's own options would read another word as the name of a host. */
	if (how == COLLECT_NETWORKS)
		return type_networks.refuse(word);
	/* Words with ~ are denied, and the option refuses them. */
	if (option)
		return *word != '~' && field_size(option->type) <= sizeof(field) ? type_parse(&parse, &field) : NULL;
	/* A template in a name gets its value only with the connection. */
	if (how == COLLECT_VARIABLES && !strncmp(word + strcspn(word, "%="), "%{", 2))
		return NULL;
	if (length && !(*word >= '0' && *word <= '9') &&
	    (word[length] ? word[length] == '=' && (how == COLLECT_VARIABLES || key->denies) : how == COLLECT_NAMES))
		return NULL;
	return "a variable's name has letters, digits and _, and no digit at its start; in Environment = and "
	       "a value follow";
}

/* Skips wrong words of a list that allows something, as systemd does: without them the service may do less. In one
 * that denies something they are errors. */
static void skip_wrong(struct unit_builder *builder, enum unit_collect how, const struct key_row *key,
		       const struct option_def *option, struct word_list *list)
{
	size_t count = list->count;

	list->count = 0;
	for (size_t n = 0; n < count; n++) {
		const char *word = list->words[n], *wrong = wrong_word(builder, word, how, key, option);

		if (!wrong)
			word_list_add(list, word, list->places[n]);
		else if (key->denies)
			list->failed = !unit_refuse(builder, list->places[n], "%s: '%s': %s", key->name, word, wrong);
		else
			unit_warn(builder, list->places[n], "%s: '%s' is skipped: %s", key->name, word, wrong);
	}
}

static bool is_switch(const char *value)
{
	bool truth;

	return !strcmp(value, "none") || !scan_bool(value, &truth);
}

/* Whether all words of a set that takes are capabilities; others stay in it, as errors. */
static bool takes_known(const struct word_list *list)
{
	bool known = true;
	unsigned capability;

	for (size_t n = 0; n < list->count && known; n++)
		known = *list->words[n] != '~' || capability_find(list->words[n] + 1, &capability);
	return known;
}

/* Whether later words of a set give back all that those with ~ have taken from it. */
static bool is_whole(const struct word_list *list)
{
	bool whole = list->count && *list->words[0] == '~' && takes_known(list);

	for (size_t n = 0; n < list->count && whole; n++) {
		whole = *list->words[n] != '~';
		for (size_t later = n + 1; later < list->count && !whole; later++)
			whole = !strcasecmp(list->words[later], list->words[n] + 1);
	}
	return whole;
}

struct word_list unit_collect(struct unit_builder *builder, const char *section, const char *key, enum unit_collect how)
{
	struct unit_lines lines = { .unit = builder->unit, .section = section, .key = key };
	const struct unit_assignment *assignment;
	struct word_list list = { 0 };
	bool is_emptied = false;

	while ((assignment = unit_next_assignment(&lines))) {
		bool is_all = !strcmp(assignment->value, "~"), takes_nothing;

		list.at = assignment->at;
		is_emptied |= !*assignment->value;
		if ((how == COLLECT_SET || how == COLLECT_FULL_SET) && is_all)
			list.count = 0;
		takes_nothing = how == COLLECT_FULL_SET && is_emptied && !list.count && *assignment->value == '~';
		if (how == COLLECT_SWITCH && (is_switch(assignment->value) ||
					      (list.count == 1 && is_switch(*list.words) && *assignment->value != '~')))
			list.count = 0;
		if (*assignment->value)
			collect_words(builder, assignment, how, &list);
		if (takes_nothing && takes_known(&list))
			list.count = 0;
		if (how == COLLECT_FULL_SET && (is_all || is_whole(&list))) {
			list.count = 0;
			list.at = (struct origin){ 0 };
			is_emptied = false;
		}
	}
	if (how == COLLECT_NAMES || how == COLLECT_VARIABLES || how == COLLECT_NETWORKS)
		skip_wrong(builder, how, unit_key_find(section, key), NULL, &list);
	return list;
}

bool unit_set_list(struct unit_builder *builder, const char *option, const struct word_list *list)
{
	const struct value value = word_list_value(list);

	return !list->failed && builder_set(builder->builder, option, &value, builder->reading->diags);
}

/* Options that are lists. */

static void set_option(struct unit_builder *builder, const struct option_def *option, const struct value *value)
{
	builder_set(builder->builder, option->name[NATIVE], value, builder->reading->diags);
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

static enum unit_collect collection_of(const struct key_row *key, const struct option_def *option)
{
	const struct type *type = option->type;

	if (key->form == FORM_WHOLE)
		return type == &type_set_credentials ? COLLECT_CREDENTIALS : COLLECT_VALUES;
	if (key->form == FORM_VARIABLES)
		return COLLECT_NAMES;
	if (type == &type_directories)
		return COLLECT_FOLDERS;
	if (type == &type_bindings)
		return COLLECT_BINDINGS;
	if (type == &type_capabilities)
		return option->unset ? COLLECT_FULL_SET : COLLECT_SET;
	if (type == &type_namespaces || type == &type_families || type == &type_delegation)
		return COLLECT_SWITCH;
	return type == &type_protected_paths || type == &type_paths || type == &type_temporary ? COLLECT_PATHS
											       : COLLECT_WORDS;
}

/* Sets an option that is a list. An assignment adds its words to those before it, or removes them with ~, as superd's
 * options do. */
static void set_list_option(struct unit_builder *builder, const char *section, const struct key_row *key,
			    const struct option_def *option)
{
	enum unit_collect how = collection_of(key, option);
	struct word_list list = unit_collect(builder, section, key->name, how);
	bool is_set, is_begun = false, allows;
	size_t start = 0;

	/* Delegate= without a word delegates without naming a controller. */
	if (option->type == &type_delegation && !list.count && list.at.file)
		word_list_add(&list, "yes", list.at);
	/* An empty set is one, too. */
	is_set = list.count || ((how == COLLECT_SET || how == COLLECT_FULL_SET) && list.at.file);
	allows = list.count && list.words[0][0] != '~';
	if (option->nothing && !list.failed) {
		skip_wrong(builder, how, key, option, &list);
		is_begun = allows && (!list.count || list.words[0][0] == '~');
	}
	if (is_begun) {                 /* all that it begins with is skipped */
		set_option(builder, option, &(struct value){ .words = &option->nothing,
							     .count = *option->nothing != '\0', .is_list = true,
							     .at = list.at });
		is_set = list.count;
	}
	for (; is_set && !list.failed; is_set = start < list.count) {
		size_t count = key->form == FORM_WHOLE ? list.count : count_same_sign(&list, start);
		struct value value = word_list_value(&list);

		value.words = list.count ? list.words + start : NULL;
		value.word_at = list.count ? list.places + start : NULL;
		value.count = count;
		value.append = is_begun || start > 0;
		set_option(builder, option, &value);
		start += count;
	}
	word_list_free(&list);
}

/* Keys. */

static void set_value_option(struct unit_builder *builder, const struct key_row *key, const struct option_def *option,
			     const struct unit_assignment *assignment)
{
	const struct type *type = option->type;
	struct origin place = unit_place(assignment, 0);
	const char *text = assignment->value;
	int64_t span;

	if (!key->words && type == &type_duration)
		text = unit_timespan(builder, assignment, &span) ? unit_span_text(builder, span) : NULL;
	/* In amounts a percent sign is part of a number, and begins no specifier. */
	else if (!key->words && type != &type_memory && type != &type_tasks && type != &type_quota)
		text = unit_value(builder, assignment);
	if (text)
		text = key_translate(key, &(struct key_assignment){ assignment->key, text, place }, builder->pool,
				     builder->reading->diags);
	if (text)
		set_option(builder, option, &(struct value){ .words = &text, .count = 1, .word_at = &place,
							     .at = key->words || key->zero ? place : assignment->at });
}

static bool asks_for_nothing(const struct key_row *key, const char *value)
{
	static const char *const idle_words[] = {
		"no", "false", "off", "n", "f", "none", "default", "infinity", "0", NULL
	};

	return key->idle ? !strcmp(key->idle, value) : words_have(idle_words, value);
}

bool unit_has_socket_commands(const struct unit *unit)
{
	return unit_next_assignment(&(struct unit_lines){ unit, "Socket", "Exec", FORM_COMMANDS, 0 });
}

/* Reports a key of [Socket] that rules how its commands run: they run by superd's defaults. */
static void report_key_of_commands(struct unit_builder *builder, const struct key_row *key)
{
	const struct unit_assignment *assignment = unit_assigned(builder, "Socket", key->name);

	if (!assignment || asks_for_nothing(key, assignment->value) || !unit_has_socket_commands(builder->unit))
		return;
	if (key->status == KEY_DONE)
		unit_unsupported(builder, unit_place(assignment, 0),
				 "%s: superd cannot honour it for the commands of a socket", key->name);
	else
		key_report_lack(key, key->name, unit_place(assignment, 0), builder->reading);
}

/* Sets the option of a key from all of its assignments. Reports a key without an option by its key_status. */
static void apply_key(struct unit_builder *builder, const char *section, const struct key_row *key)
{
	const struct unit_assignment *assignment = unit_assigned(builder, section, key->name);
	const char *name = key->status == KEY_DONE ? unit_key_option(section, key) : NULL;
	const struct option_def *option = name ? option_find(NATIVE, name) : NULL;

	if (option && option->type->is_list)
		set_list_option(builder, section, key, option);
	else if (option && assignment)
		set_value_option(builder, key, option, assignment);
	else if (assignment && !asks_for_nothing(key, assignment->value))
		key_report_lack(key, key->name, unit_place(assignment, 0), builder->reading);
}

/* Whether the row says all about what becomes of the key. */
static bool is_option(const struct key_row *key)
{
	return key->form == FORM_OPTION || key->form == FORM_WHOLE || key->form == FORM_VARIABLES;
}

static bool is_private_name(const char *name)
{
	return !strncmp(name, "X-", 2);
}

static void report_unknown_key(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	const char *section = unit_key_section(assignment->section, assignment->key);
	const char *near = unit_key_suggest(assignment->section, assignment->key);

	unit_warn(builder, assignment->at, "%s: unknown in [%s], it is skipped", assignment->key, assignment->section);
	if (section)
		diags_hint(builder->reading->diags, "it belongs in [%s]", section);
	else if (near)
		diags_hint(builder->reading->diags, "did you mean '%s'?", near);
}

/* It is skipped, and a value before it stays. */
static void report_empty_value(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	const struct unit_assignment *last = unit_assigned(builder, assignment->section, assignment->row->name);

	if (last && last < assignment && !is_cleared(assignment))
		unit_warn(builder, assignment->at,
			  "%s: the value is missing, so the line is skipped, as under systemd; it stays %s",
			  assignment->key, last->value);
}

void unit_apply_keys(struct unit_builder *builder, const char *section)
{
	const struct unit *unit = builder->unit;
	bool is_socket = !strcmp(section, "Socket"), applied[KEYS_MOST] = { 0 };

	for (size_t n = 0; n < unit->count; n++) {
		const struct unit_assignment *assignment = &unit->list[n];
		const struct key_row *key = assignment->row;

		if (strcmp(assignment->section, section) != 0 || is_private_name(assignment->key))
			continue;
		if (!key) {
			report_unknown_key(builder, assignment);
			continue;
		}
		if (!*assignment->value)
			report_empty_value(builder, assignment);
		if (applied[key_index(key)])
			continue;
		applied[key_index(key)] = true;
		if (is_socket && unit_key_is_shared(key))
			report_key_of_commands(builder, key);
		else if (is_option(key))
			apply_key(builder, section, key);
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
	const struct unit *unit = builder->unit;
	const char *before = "";

	for (size_t n = 0; n < unit->count; before = unit->list[n++].section) {
		const char *section = unit->list[n].section;
		struct scan_nearest nearest = { .name = section, .most = 3 };

		if (!strcmp(section, before) || is_private_name(section) || words_have(known, section))
			continue;
		unit_warn(builder, unit->list[n].at, "[%s]: a unit of this kind has no such section, it is skipped",
			  section);
		for (size_t i = 0; known[i]; i++)
			scan_nearest_look(&nearest, known[i]);
		if (nearest.word)
			diags_hint(builder->reading->diags, "did you mean [%s]?", nearest.word);
	}
}

/* Conditions and assertions of [Unit] decide whether a service may start, or a socket is opened.
 *
 * Conditions of all keys form one list. Of the conditions with | one must hold, and an empty value of any Condition key
 * drops all conditions before it. Assertions form another list. */
void unit_build_conditions(struct unit_builder *builder, const char *option)
{
	static const char *const kinds[] = { "Condition", "Assert" };
	struct word_list list = { 0 };

	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		struct unit_lines lines = {
			.unit = builder->unit, .section = "Unit", .key = kinds[n], .form = FORM_CONDITION,
		};
		const struct unit_assignment *assignment;

		while ((assignment = unit_next_assignment(&lines))) {
			const char *text = NULL;

			if (!list.at.file)
				list.at = assignment->at;
			if (*assignment->value && assignment->row->status == KEY_DONE)
				text = unit_value(builder, assignment);
			else if (*assignment->value)
				key_report_lack(assignment->row, assignment->row->name, unit_place(assignment, 0),
						builder->reading);
			if (text)
				word_list_add(&list, pool_textf(builder->pool, "%s=%s", assignment->key, text),
					      assignment->at);
		}
	}
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}
