/* The table of option_defs, walked row by row: what every entry owes its readers.
 * docs-in-sync compares that the manual has each. */
#include <sys/resource.h>

#include "table/services/services.h"
#include "tests/unit/pool_fixture.h"
#include "tests/unit/unit.h"

#define EACH(entry) \
	for (const struct option_def *entry = option_defs; entry < option_defs + option_count; entry++)

TestSuite(option, .init = open_pool, .fini = close_pool);
TestSuite(global, .init = open_pool, .fini = close_pool);

union field {
	const void *pointer;
	int64_t number;
	struct limit limit;
	struct stream stream;
	struct rate rate;
};

static const char *name_of(const struct option_def *option)
{
	return option->name[NATIVE];
}

static bool works(const struct option_def *option)
{
	return !(option->flags & STRUCTURE);
}

Test(option, every_entry_explains_itself)
{
	EACH(option) {
		const char *name = name_of(option);

		cr_assert_not_null(name);
		cr_expect_not_null(option->type, "%s", name);
		cr_expect(option->help && strlen(option->help) > 20, "%s has no help", name);
		cr_expect_eq(option->help[strlen(option->help) - 1], '.', "%s: help is a sentence", name);
		cr_expect_lt((unsigned)option->chapter, CHAPTERS, "%s", name);
	}
}

Test(option, names_are_in_snake_case)
{
	EACH(option) {
		for (const char *c = name_of(option); *c; c++)
			cr_expect(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_', "%s",
				  name_of(option));
	}
}

Test(option, no_name_stands_twice_in_a_dialect)
{
	EACH(a) {
		for (int dialect = 0; dialect < DIALECTS; dialect++) {
			if (a->name[dialect])
				cr_expect_eq(option_find((enum dialect)dialect, a->name[dialect]), a, "%s: %s",
					     name_of(a), a->name[dialect]);
		}
	}
}

Test(option, systemd_names_say_their_section)
{
	EACH(option) {
		const char *unit = option->name[UNIT];

		if (unit)
			cr_expect(!strncmp(unit, "Socket.", 7) || !strncmp(unit, "Service.", 8), "%s: %s",
				  name_of(option), unit);
	}
}

Test(option, only_what_a_service_is_stands_in_no_defaults)
{
	static const char *const alone[] = { "listen", "socket", "exec", "builtin", "redirect", "deny_time", "requires",
					     "wants", "beside", "behind", "socket_requires", "socket_wants",
					     "socket_beside" };

	EACH(option) {
		bool own = false;

		for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
			own |= !strcmp(name_of(option), alone[i]);
		cr_expect_eq(!!(option->flags & NOT_IN_DEFAULTS), own, "%s", name_of(option));
	}
}

Test(option, the_options_of_a_socket_are_those_of_its_group)
{
	EACH(option) {
		bool of_sockets = (option->group == GROUP_SOCKETS && !(option->flags & STRUCTURE)) ||
				  !strcmp(name_of(option), "listen");

		cr_expect_eq(option->in_socket, of_sockets, "%s", name_of(option));
	}
}

Test(option, only_sockets_are_made_anew)
{
	EACH(option) {
		bool of_sockets = option->group == GROUP_SOCKETS || (option->flags & STRUCTURE);

		if (option->change == CHANGE_REBIND)
			cr_expect(of_sockets, "%s", name_of(option));
		if (option->change == CHANGE_SOCKET)
			cr_expect(of_sockets, "%s", name_of(option));
	}
}

Test(option, every_field_is_inside_its_group_and_shares_no_byte)
{
	for (enum option_group group = 0; group < GROUPS; group++) {
		char owner[sizeof(union group_values)] = { 0 };

		EACH(option) {
			if (option->group != group || !works(option))
				continue;
			cr_assert_leq(option->offset + field_size(option->type), group_sizes[group], "%s",
				      name_of(option));
			for (size_t i = 0; i < field_size(option->type); i++)
				cr_expect_eq(owner[option->offset + i]++, 0, "%s", name_of(option));
		}
	}
}

Test(option, every_resource_limit_has_its_place)
{
	size_t found = 0;

	cr_assert_eq(RLIMITS, RLIM_NLIMITS);
	EACH(option)
		found += option->type == &type_limit;
	cr_expect_eq(found, RLIMITS);
	cr_expect_eq(option_find(XINETD, "rlimit_files"), option_find(NATIVE, "rlimit_nofile"));
	cr_expect_eq(option_find(NATIVE, "rlimit_nofile")->offset,
		     offsetof(struct limit_options, of[RLIMIT_NOFILE]));
	cr_expect_eq(option_find(NATIVE, "rlimit_as")->offset, offsetof(struct limit_options, of[RLIMIT_AS]));
}

Test(option, words_are_those_of_a_word_type)
{
	EACH(option)
		cr_expect(option->type != &type_word || (option->words && option->words[0]), "%s",
			  name_of(option));
}

static const char *read_text(const struct option_def *option, const char *text, union field *field)
{
	return type_parse(&(struct parse){ .option = option, .words = &text, .count = 1, .pool = pool }, field);
}

Test(option, every_default_parses)
{
	EACH(option) {
		union field field = { 0 };

		if (!works(option) || !option->fallback)
			continue;
		cr_expect_null(read_text(option, option->fallback, &field), "%s = %s", name_of(option),
			       option->fallback);
		cr_expect_eq(option_is_default(option, &field, pool), !option->unset, "%s", name_of(option));
	}
}

/* Takes "…" off a value as superd.conf has it; the texts below need no more than that. */
static const char *unquoted(struct buf *native)
{
	char *text = native->data;

	if (native->length < 2 || text[0] != '"')
		return buf_string(native);
	text[native->length - 1] = '\0';
	return text + 1;
}

static void expect_round_trip(const struct option_def *option, const void *field)
{
	union field again = { 0 };
	struct buf native = { 0 };
	const char *text;

	if (option->type->is_tuple || option->type == &type_namespaces)
		return;
	type_format(option, field, &native);
	cr_assert(native.length, "%s writes nothing", name_of(option));
	text = unquoted(&native);
	cr_expect_null(read_text(option, text, &again), "%s = %s", name_of(option), text);
	cr_expect(type_equal(option, field, &again), "%s = %s", name_of(option), text);
	buf_free(&native);
}

Test(option, what_is_written_of_a_default_is_read_back_the_same)
{
	EACH(option) {
		union field field = { 0 };

		if (!works(option) || !option->fallback)
			continue;
		read_text(option, option->fallback, &field);
		expect_round_trip(option, &field);
	}
}

Test(option, what_is_written_of_bounds_and_words_is_read_back_the_same)
{
	EACH(option) {
		bool counts = option->type == &type_count || option->type == &type_size ||
			      option->type == &type_duration;
		union field field = { 0 };

		if (counts && (option->least || option->most)) {
			field.number = option->least;
			expect_round_trip(option, &field);
			field.number = option->most;
			expect_round_trip(option, &field);
		}
		for (unsigned i = 0; option->type == &type_word && option->words[i]; i++) {
			memcpy(&field, &i, sizeof(i));
			expect_round_trip(option, &field);
		}
	}
}

Test(option, a_default_lies_within_its_bounds)
{
	EACH(option) {
		bool bounded = option->least || option->most;
		union field field = { 0 };

		if (!works(option) || !option->fallback || !bounded ||
		    field_size(option->type) != sizeof(int64_t))
			continue;
		read_text(option, option->fallback, &field);
		cr_expect(field.number >= option->least && field.number <= option->most, "%s",
			  name_of(option));
		cr_expect_leq(option->least, option->most, "%s", name_of(option));
	}
}

Test(option, defaults_are_what_the_manual_says)
{
	union group_values group;

	cr_assert(option_fill_defaults(GROUP_SOCKETS, &group, pool));
	cr_expect_eq(group.socket_defaults.backlog, 4096);
	cr_expect_eq(group.socket_defaults.socket_mode, 0666);
	cr_expect_eq(group.socket_defaults.directory_mode, 0755);
	cr_expect_eq(group.socket_defaults.priority, -1);
	cr_assert(option_fill_defaults(GROUP_LIFECYCLE, &group, pool));
	cr_expect_eq(group.lifecycle.timeout_start, 90000000);
	cr_expect_eq(group.lifecycle.timeout_stop, 10000000);
	cr_expect_eq(group.lifecycle.runtime_max, INT64_MAX);
	cr_expect_eq(group.lifecycle.kill_signal, 15);
	cr_expect_eq(group.lifecycle.backoff_min, 100000);
	cr_expect_eq(group.lifecycle.backoff_max, 30000000);
	cr_assert(option_fill_defaults(GROUP_ACCESS, &group, pool));
	cr_expect_eq(group.access.instances, 1000);
	cr_expect_eq(group.access.per_source, UNLIMITED);
	cr_expect_eq(group.access.per_source_prefix, 64);
	cr_expect_eq(group.access.overload, OVERLOAD_QUEUE);
	cr_assert(option_fill_defaults(GROUP_SOCKETS, &group, pool));
	cr_expect_null(group.socket_defaults.only_from);
	cr_assert(option_fill_defaults(GROUP_ACCESS, &group, pool));
	cr_expect_eq(group.access.max_load, 0);
	cr_expect_eq(group.access.cps.number, UNLIMITED);
	cr_expect_eq(group.socket_defaults.trigger_limit_burst, UNLIMITED);
	cr_expect_eq(group.socket_defaults.trigger_limit_interval, 2000000);
	cr_expect_eq(group.socket_defaults.trigger_limit_pause, 10000000);
	cr_expect_eq(group.access.deny_time, -1);
	cr_assert(option_fill_defaults(GROUP_LOG, &group, pool));
	cr_expect_null(group.logging.log_type);
	cr_expect_eq(group.logging.log_on_success, 0);
	cr_assert(option_fill_defaults(GROUP_IDENTITY, &group, pool));
	cr_expect(group.identity.groups);
	cr_expect_null(group.identity.user);
	cr_expect_eq(group.identity.capability_bounding_set, UINT64_MAX);
	cr_assert(option_fill_defaults(GROUP_STREAMS, &group, pool));
	cr_expect_eq(group.streams.input.kind, STREAM_NULL);
	cr_expect_eq(group.streams.output.kind, STREAM_LOG);
	cr_expect_eq(group.streams.error.kind, STREAM_LOG);
	cr_assert(option_fill_defaults(GROUP_ENVIRONMENT, &group, pool));
	cr_expect_eq(group.environment.umask, 022);
	cr_expect_str_eq(group.environment.working_directory, "/");
	cr_expect_eq(group.environment.oom_score_adjust, INT64_MIN);
	cr_assert(option_fill_defaults(GROUP_LIMITS, &group, pool));
	for (int i = 0; i < RLIMITS; i++)
		cr_expect(group.limits.of[i].soft == -1 && group.limits.of[i].hard == -1);
}

Test(option, finds_no_unknown_name)
{
	cr_expect_null(option_find(NATIVE, "usr"));
	cr_expect_null(option_find(NATIVE, "User"));
	cr_expect_null(option_find(NATIVE, ""));
	cr_expect_null(option_find(UNIT, "User"));
	cr_expect_str_eq(name_of(option_find(UNIT, "Service.User")), "user");
	cr_expect_str_eq(name_of(option_find(XINETD, "Only_From")), "only_from");
}

static void expect_hint(const char *name, const char *part)
{
	struct buf hint = { 0 };

	option_hint(name, false, &hint);
	if (part)
		cr_expect(strstr(buf_string(&hint), part), "%s: '%s' is not in '%s'", name, part, buf_string(&hint));
	else
		cr_expect_str_eq(buf_string(&hint), "");
	buf_free(&hint);
}

Test(option, hints_at_what_a_word_of_another_system_is_called)
{
	expect_hint("server", "exec");
	expect_hint("ExecStart", "exec");
	expect_hint("Service.ExecStart", "exec");
	expect_hint("WorkingDirectory", "working_directory");
	expect_hint("UserName", "user");
	expect_hint("directory", "working_directory");
	expect_hint("wait", "accept");
	expect_hint("socket_type", "listen");
	expect_hint("rlimit_files", "rlimit_nofile");
	expect_hint("idle", "idle_timeout");
	expect_hint("usr", "did you mean 'user'?");
	expect_hint("qqqqqqqqqq", NULL);
}

Test(global, every_setting_explains_itself)
{
	struct globals globals;

	globals_init(&globals);
	for (size_t n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];
		const char *name = name_of(option);

		cr_assert_not_null(name);
		cr_expect_eq(global_find(name), option, "%s", name);
		cr_expect_eq(option->chapter, CHAPTER_SUPERD, "%s", name);
		cr_expect(option->argument || option->words, "%s has neither argument nor words", name);
		cr_expect_eq(option->help[strlen(option->help) - 1], '.', "%s: help is a sentence", name);
		cr_expect_not(global_is_set(&globals, (enum global)n), "%s", name);
	}
}

Test(global, the_default_of_the_manual_is_the_one_that_applies)
{
	struct globals unset, joined;

	globals_init(&unset);
	joined = globals_join(&unset, NULL);
	for (size_t n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];
		struct parse parse = {
			.option = option, .words = &option->fallback, .count = 1, .pool = pool
		};
		struct globals said = unset;

		if (option->fallback)
			cr_expect_null(type_parse(&parse, global_field(&said, (enum global)n)));
		cr_expect(type_equal(option, global_value(&said, (enum global)n),
						 global_value(&joined, (enum global)n)), "%s", name_of(option));
	}
}

Test(global, the_first_overrides_the_second)
{
	struct globals first, second, joined;

	globals_init(&first);
	globals_init(&second);
	first.max_starting = 0;
	second.max_starting = 5;
	second.log = "syslog";
	joined = globals_join(&first, &second);
	cr_expect_eq(joined.max_starting, 0);
	cr_expect_str_eq(joined.log, "syslog");
	cr_expect_eq(joined.log_level, LEVEL_INFO);
}

Test(option, every_chapter_has_a_title_and_entries)
{
	for (unsigned chapter = 0; chapter < CHAPTERS; chapter++) {
		const struct option_def *option;
		size_t count = 0;

		for (size_t n = 0; (option = option_listed(n)); n++)
			count += (unsigned)option->chapter == chapter;
		cr_expect_gt(count, 0);
		cr_expect_not_null(chapter_title((enum chapter)chapter));
	}
}

/* Options of other systems are beside those that they resemble. */
Test(option, entries_stand_chapter_by_chapter)
{
	enum chapter last = CHAPTER_EXEC;

	for (size_t i = 0; i < option_count; i++) {
		if (option_defs[i].chapter == CHAPTER_XINETD || option_defs[i].chapter == CHAPTER_UNITS)
			continue;
		cr_expect_leq(last, option_defs[i].chapter, "%s", name_of(&option_defs[i]));
		last = option_defs[i].chapter;
	}
}
