/* The table of directives, walked row by row: what every entry owes its readers.
 * docs-in-sync compares that the manual has each. */
#include <ctype.h>
#include <sys/resource.h>

#include "lib/log/log.h"
#include "lib/shell_words.h"
#include "table/option/option_table.h"
#include "table/services/service_builder.h"
#include "tests/unit/pool_fixture.h"
#include "tests/unit/unit.h"

#define EACH(entry) \
	for (const struct directive *entry = directives; entry < directives + directive_count; entry++)

TestSuite(directive, .init = open_pool, .fini = close_pool);
TestSuite(global, .init = open_pool, .fini = close_pool);

union field {
	const void *pointer;
	int64_t number;
	struct limit limit;
	struct stream stream;
	struct rate rate;
};

static const char *name_of(const struct directive *directive)
{
	return directive->name[NATIVE];
}

static bool works(const struct directive *directive)
{
	return !(directive->flags & STRUCTURE);
}

Test(directive, every_entry_explains_itself)
{
	EACH(directive) {
		const char *name = name_of(directive);

		cr_assert_not_null(name);
		cr_expect_not_null(directive->type, "%s", name);
		cr_expect(directive->help && strlen(directive->help) > 20, "%s has no help", name);
		cr_expect_eq(directive->help[strlen(directive->help) - 1], '.', "%s: help is a sentence", name);
		cr_expect_lt((unsigned)directive->chapter, CHAPTERS, "%s", name);
	}
}

Test(directive, names_are_in_snake_case)
{
	EACH(directive) {
		for (const char *c = name_of(directive); *c; c++)
			cr_expect(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_', "%s",
				  name_of(directive));
	}
}

Test(directive, no_name_stands_twice_in_a_dialect)
{
	EACH(a) {
		for (int dialect = 0; dialect < DIALECTS; dialect++) {
			if (a->name[dialect])
				cr_expect_eq(directive_find((enum dialect)dialect, a->name[dialect]), a, "%s: %s",
					     name_of(a), a->name[dialect]);
		}
	}
}

Test(directive, systemd_names_say_their_section)
{
	EACH(directive) {
		const char *unit = directive->name[UNIT];

		if (unit)
			cr_expect(!strncmp(unit, "Socket.", 7) || !strncmp(unit, "Service.", 8), "%s: %s",
				  name_of(directive), unit);
	}
}

Test(directive, only_what_a_service_is_stands_in_no_defaults)
{
	static const char *const alone[] = { "listen", "socket", "exec", "builtin", "redirect", "deny_time", "requires",
					     "wants", "beside", "behind", "socket_requires", "socket_wants",
					     "socket_beside" };

	EACH(directive) {
		bool own = false;

		for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
			own |= !strcmp(name_of(directive), alone[i]);
		cr_expect_eq(!!(directive->flags & NOT_IN_DEFAULTS), own, "%s", name_of(directive));
	}
}

Test(directive, the_options_of_a_socket_are_those_of_its_group)
{
	EACH(directive) {
		bool of_sockets = (directive->group == GROUP_SOCKETS && !(directive->flags & STRUCTURE)) ||
				  !strcmp(name_of(directive), "listen");

		cr_expect_eq(directive->in_socket, of_sockets, "%s", name_of(directive));
	}
}

Test(directive, only_sockets_are_made_anew)
{
	EACH(directive) {
		bool of_sockets = directive->group == GROUP_SOCKETS || (directive->flags & STRUCTURE);

		if (directive->change == CHANGE_REBIND)
			cr_expect(of_sockets, "%s", name_of(directive));
		if (directive->change == CHANGE_SOCKET)
			cr_expect(of_sockets, "%s", name_of(directive));
	}
}

Test(directive, every_field_is_inside_its_group_and_shares_no_byte)
{
	for (enum option_group group = 0; group < GROUPS; group++) {
		char owner[sizeof(union group_values)] = { 0 };

		EACH(directive) {
			if (directive->group != group || !works(directive))
				continue;
			cr_assert_leq(directive->offset + field_size(directive->type), group_sizes[group], "%s",
				      name_of(directive));
			for (size_t i = 0; i < field_size(directive->type); i++)
				cr_expect_eq(owner[directive->offset + i]++, 0, "%s", name_of(directive));
		}
	}
}

Test(directive, every_resource_limit_has_its_place)
{
	size_t found = 0;

	cr_assert_eq(RLIMITS, RLIM_NLIMITS);
	EACH(directive)
		found += directive->type == &type_limit;
	cr_expect_eq(found, RLIMITS);
	cr_expect_eq(directive_find(XINETD, "rlimit_files"), directive_find(NATIVE, "rlimit_nofile"));
	cr_expect_eq(directive_find(NATIVE, "rlimit_nofile")->offset,
		     offsetof(struct limit_options, of[RLIMIT_NOFILE]));
	cr_expect_eq(directive_find(NATIVE, "rlimit_as")->offset, offsetof(struct limit_options, of[RLIMIT_AS]));
}

Test(directive, words_are_those_of_a_word_type)
{
	EACH(directive)
		cr_expect(directive->type != &type_word || (directive->words && directive->words[0]), "%s",
			  name_of(directive));
}

static const char *read_text(const struct directive *directive, const char *text, union field *field)
{
	return type_parse(&(struct parse){ .directive = directive, .words = &text, .count = 1, .pool = pool }, field);
}

Test(directive, every_default_parses)
{
	EACH(directive) {
		union field field = { 0 };

		if (!works(directive) || !directive->fallback)
			continue;
		cr_expect_null(directive->unset, "%s has two defaults", name_of(directive));
		cr_expect_null(read_text(directive, directive->fallback, &field), "%s = %s", name_of(directive),
			       directive->fallback);
		cr_expect(directive_is_default(directive, &field, pool), "%s", name_of(directive));
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

static void expect_round_trip(const struct directive *directive, const void *field)
{
	union field again = { 0 };
	struct buf native = { 0 };
	const char *text;

	if (directive->type->is_tuple || directive->type == &type_namespaces)
		return;
	type_format(directive, field, &native);
	cr_assert(native.length, "%s writes nothing", name_of(directive));
	text = unquoted(&native);
	cr_expect_null(read_text(directive, text, &again), "%s = %s", name_of(directive), text);
	cr_expect(type_equal(directive, field, &again), "%s = %s", name_of(directive), text);
	buf_free(&native);
}

Test(directive, what_is_written_of_a_default_is_read_back_the_same)
{
	EACH(directive) {
		union field field = { 0 };

		if (!works(directive) || !directive->fallback)
			continue;
		read_text(directive, directive->fallback, &field);
		expect_round_trip(directive, &field);
	}
}

Test(directive, what_is_written_of_bounds_and_words_is_read_back_the_same)
{
	EACH(directive) {
		bool counts = directive->type == &type_count || directive->type == &type_size ||
			      directive->type == &type_duration;
		union field field = { 0 };

		if (counts && (directive->least || directive->most)) {
			field.number = directive->least;
			expect_round_trip(directive, &field);
			field.number = directive->most;
			expect_round_trip(directive, &field);
		}
		for (unsigned i = 0; directive->type == &type_word && directive->words[i]; i++) {
			memcpy(&field, &i, sizeof(i));
			expect_round_trip(directive, &field);
		}
	}
}

Test(directive, a_default_lies_within_its_bounds)
{
	EACH(directive) {
		bool bounded = directive->least || directive->most;
		union field field = { 0 };

		if (!works(directive) || !directive->fallback || !bounded ||
		    field_size(directive->type) != sizeof(int64_t))
			continue;
		read_text(directive, directive->fallback, &field);
		cr_expect(field.number >= directive->least && field.number <= directive->most, "%s",
			  name_of(directive));
		cr_expect_leq(directive->least, directive->most, "%s", name_of(directive));
	}
}

Test(directive, defaults_are_what_the_manual_says)
{
	union group_values group;

	cr_assert(directive_fill_defaults(GROUP_SOCKETS, &group, pool));
	cr_expect_eq(group.socket_defaults.backlog, 4096);
	cr_expect_eq(group.socket_defaults.socket_mode, 0666);
	cr_expect_eq(group.socket_defaults.directory_mode, 0755);
	cr_expect_eq(group.socket_defaults.priority, -1);
	cr_assert(directive_fill_defaults(GROUP_LIFECYCLE, &group, pool));
	cr_expect_eq(group.lifecycle.timeout_start, 90000000);
	cr_expect_eq(group.lifecycle.timeout_stop, 10000000);
	cr_expect_eq(group.lifecycle.runtime_max, INT64_MAX);
	cr_expect_eq(group.lifecycle.kill_signal, 15);
	cr_expect_eq(group.lifecycle.backoff_min, 100000);
	cr_expect_eq(group.lifecycle.backoff_max, 30000000);
	cr_assert(directive_fill_defaults(GROUP_ACCESS, &group, pool));
	cr_expect_eq(group.access.instances, 1000);
	cr_expect_eq(group.access.per_source, UNLIMITED);
	cr_expect_eq(group.access.per_source_prefix, 64);
	cr_expect_eq(group.access.overload, OVERLOAD_QUEUE);
	cr_assert(directive_fill_defaults(GROUP_SOCKETS, &group, pool));
	cr_expect_null(group.socket_defaults.only_from);
	cr_assert(directive_fill_defaults(GROUP_ACCESS, &group, pool));
	cr_expect_eq(group.access.max_load, 0);
	cr_expect_eq(group.access.cps.number, UNLIMITED);
	cr_expect_eq(group.socket_defaults.trigger_limit_burst, UNLIMITED);
	cr_expect_eq(group.socket_defaults.trigger_limit_interval, 2000000);
	cr_expect_eq(group.socket_defaults.trigger_limit_pause, 10000000);
	cr_expect_eq(group.access.deny_time, -1);
	cr_assert(directive_fill_defaults(GROUP_LOG, &group, pool));
	cr_expect_null(group.logging.log_type);
	cr_expect_eq(group.logging.log_on_success, 0);
	cr_assert(directive_fill_defaults(GROUP_IDENTITY, &group, pool));
	cr_expect(group.identity.groups);
	cr_expect_null(group.identity.user);
	cr_expect_eq(group.identity.capability_bounding_set, UINT64_MAX);
	cr_assert(directive_fill_defaults(GROUP_STREAMS, &group, pool));
	cr_expect_eq(group.streams.input.kind, STREAM_NULL);
	cr_expect_eq(group.streams.output.kind, STREAM_LOG);
	cr_expect_eq(group.streams.error.kind, STREAM_LOG);
	cr_assert(directive_fill_defaults(GROUP_ENVIRONMENT, &group, pool));
	cr_expect_eq(group.environment.umask, 022);
	cr_expect_str_eq(group.environment.working_directory, "/");
	cr_expect_eq(group.environment.oom_score_adjust, INT64_MIN);
	cr_assert(directive_fill_defaults(GROUP_LIMITS, &group, pool));
	for (int i = 0; i < RLIMITS; i++)
		cr_expect(group.limits.of[i].soft == -1 && group.limits.of[i].hard == -1);
}

Test(directive, finds_no_unknown_name)
{
	cr_expect_null(directive_find(NATIVE, "usr"));
	cr_expect_null(directive_find(NATIVE, "User"));
	cr_expect_null(directive_find(NATIVE, ""));
	cr_expect_null(directive_find(UNIT, "User"));
	cr_expect_str_eq(name_of(directive_find(UNIT, "Service.User")), "user");
	cr_expect_str_eq(name_of(directive_find(XINETD, "Only_From")), "only_from");
}

Test(directive, suggests_what_is_near_and_nothing_else)
{
	cr_expect_str_eq(directive_suggest(NATIVE, "usr"), "user");
	cr_expect_str_eq(directive_suggest(NATIVE, "lisen"), "listen");
	cr_expect_str_eq(directive_suggest(NATIVE, "socketmode"), "socket_mode");
	cr_expect_str_eq(directive_suggest(NATIVE, "timeout_strat"), "timeout_start");
	cr_expect_null(directive_suggest(NATIVE, "qqqqqqqqqq"));
	cr_expect_null(directive_suggest(NATIVE, ""));
	cr_expect_null(directive_suggest(NATIVE, "x"));
}

static void expect_hint(enum dialect dialect, const char *name, const char *part)
{
	struct buf hint = { 0 };

	directive_hint(dialect, name, &hint);
	if (part)
		cr_expect(strstr(buf_string(&hint), part), "%s: '%s' is not in '%s'", name, part, buf_string(&hint));
	else
		cr_expect_str_eq(buf_string(&hint), "");
	buf_free(&hint);
}

Test(directive, hints_at_what_a_word_of_another_system_is_called)
{
	expect_hint(NATIVE, "server", "exec");
	expect_hint(NATIVE, "ExecStart", "exec");
	expect_hint(NATIVE, "Service.ExecStart", "exec");
	expect_hint(NATIVE, "WorkingDirectory", "working_directory");
	expect_hint(NATIVE, "UserName", "user");
	expect_hint(NATIVE, "directory", "working_directory");
	expect_hint(NATIVE, "wait", "accept");
	expect_hint(NATIVE, "socket_type", "listen");
	expect_hint(NATIVE, "rlimit_files", "rlimit_nofile");
	expect_hint(NATIVE, "idle", "idle_timeout");
	expect_hint(NATIVE, "usr", "did you mean 'user'?");
	expect_hint(UNIT, "Service.ExecStat", "did you mean 'Service.ExecStart'?");
	expect_hint(NATIVE, "qqqqqqqqqq", NULL);
}

Test(global, every_setting_explains_itself)
{
	struct globals globals;

	globals_init(&globals);
	for (size_t n = 0; n < GLOBALS; n++) {
		const struct directive *directive = &global_directives[n];
		const char *name = name_of(directive);

		cr_assert_not_null(name);
		cr_expect_eq(global_find(name), directive, "%s", name);
		cr_expect_eq(directive->chapter, CHAPTER_GLOBALS, "%s", name);
		cr_expect(directive->argument || directive->words, "%s has neither argument nor words", name);
		cr_expect_eq(directive->help[strlen(directive->help) - 1], '.', "%s: help is a sentence", name);
		cr_expect_not(global_is_set(&globals, (enum global)n), "%s", name);
	}
}

Test(global, the_default_of_the_manual_is_the_one_that_applies)
{
	struct globals unset, joined;

	globals_init(&unset);
	joined = globals_join(&unset, NULL);
	for (size_t n = 0; n < GLOBALS; n++) {
		const struct directive *directive = &global_directives[n];
		struct parse parse = {
			.directive = directive, .words = &directive->fallback, .count = 1, .pool = pool
		};
		struct globals said = unset;

		if (directive->fallback)
			cr_expect_null(type_parse(&parse, global_field(&said, (enum global)n)));
		cr_expect(type_equal(directive, global_value(&said, (enum global)n),
						 global_value(&joined, (enum global)n)), "%s", name_of(directive));
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

Test(directive, every_chapter_has_a_title_and_entries)
{
	for (unsigned chapter = 0; chapter < CHAPTERS; chapter++) {
		const struct directive *directive;
		size_t count = 0;

		for (size_t n = 0; (directive = directive_listed(n)); n++)
			count += (unsigned)directive->chapter == chapter;
		cr_expect_gt(count, 0);
		cr_expect_not_null(chapter_title((enum chapter)chapter));
	}
}

/* Options of other systems are beside those that they resemble. */
Test(directive, entries_stand_chapter_by_chapter)
{
	enum chapter last = CHAPTER_EXEC;

	for (size_t i = 0; i < directive_count; i++) {
		if (directives[i].chapter == CHAPTER_XINETD || directives[i].chapter == CHAPTER_UNITS)
			continue;
		cr_expect_leq(last, directives[i].chapter, "%s", name_of(&directives[i]));
		last = directives[i].chapter;
	}
}
