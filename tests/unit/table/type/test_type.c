/* The types of values: what each reads and refuses, which word it blames, and that what it writes is read back
 * the same, by libconfuse as much as by itself. */
#include <criterion/criterion.h>

#include <confuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/scan.h"
#include "table/option/option_table.h"
#include "table/type/type.h"
#include "tests/unit/pool_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

TestSuite(type, .init = open_pool, .fini = close_pool);

/* A field of any type. */
union field {
	const char *text;
	bool yes;
	int64_t number;
	mode_t mode;
	unsigned word;
	int signal;
	words list;
	struct stream stream;
	struct limit limit;
	uint64_t set;
	struct rate rate;
	const struct log_target *log;
};

static const struct directive
	plain_text = { .type = &type_text }, plain_path = { .type = &type_path },
	plain_name = { .type = &type_name }, plain_bool = { .type = &type_bool },
	plain_count = { .type = &type_count }, plain_size = { .type = &type_size },
	plain_duration = { .type = &type_duration }, plain_mode = { .type = &type_mode },
	plain_signal = { .type = &type_signal }, plain_list = { .type = &type_list },
	plain_paths = { .type = &type_paths }, plain_command = { .type = &type_command },
	plain_env = { .type = &type_env }, plain_stream = { .type = &type_stream },
	plain_limit = { .type = &type_limit }, plain_capabilities = { .type = &type_capabilities },
	plain_scheduling = { .type = &type_scheduling }, plain_cpus = { .type = &type_cpus },
	plain_multicast = { .type = &type_multicast },
	plain_directories = { .type = &type_directories }, plain_endpoints = { .type = &type_endpoints },
	plain_redirect = { .type = &type_redirect }, plain_addresses = { .type = &type_addresses },
	plain_times = { .type = &type_times }, plain_load = { .type = &type_load },
	plain_log = { .type = &type_log_type };

static const int64_t no_number = -1, no_adjustment = INT64_MIN;
static const struct limit no_limit = { -1, -1 };
static const char *const shades[] = { "simple", "notify", "forking", NULL };
static const char *const only_words[] = { "default", "no", "yes", NULL };
static const char *const input_words[] = { "null", "file", "inherit", "socket", NULL };
static const char *const home_words[] = { "~", NULL };

static const char *const small_words[] = { "echo", "daytime", "auth", NULL };
static const char *const flag_words[] = { "PID", "HOST", "USERID", NULL };
static const struct rate no_rate = { .number = UNLIMITED };

static const struct directive
	small = { .type = &type_builtin, .words = small_words }, flags = { .type = &type_flags, .words = flag_words },
	plain_rate = { .type = &type_rate, .unset = &no_rate },
	bounded_count = { .type = &type_count, .least = 1, .most = 65535 },
	open_count = { .type = &type_count, .least = 1, .most = UNLIMITED },
	unset_count = { .type = &type_count, .least = -1000, .most = 1000, .unset = &no_adjustment },
	bounded_size = { .type = &type_size, .most = 1 << 20 },
	bounded_duration = { .type = &type_duration, .least = 1000000, .most = 86400000000 },
	bounded_mode = { .type = &type_mode, .most = 0777 },
	shade = { .type = &type_word, .words = shades },
	only = { .type = &type_word, .words = only_words },
	input = { .type = &type_stream, .words = input_words },
	optional_path = { .type = &type_path, .flags = OPTIONAL_PATH, .words = home_words },
	optional_paths = { .type = &type_paths, .flags = OPTIONAL_PATH },
	tos = { .type = &type_tos, .unset = &no_number },
	nofile = { .type = &type_limit, .group = GROUP_LIMITS, .unset = &no_limit,
		   .offset = offsetof(struct limit_options, of[RLIMIT_NOFILE]) },
	cpu_time = { .type = &type_limit, .group = GROUP_LIMITS, .unset = &no_limit,
		     .offset = offsetof(struct limit_options, of[RLIMIT_CPU]) },
	real_time = { .type = &type_limit, .group = GROUP_LIMITS, .unset = &no_limit,
		      .offset = offsetof(struct limit_options, of[RLIMIT_RTTIME]) };

static size_t count_words(const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* A value of these words, to be read by type_parse. */
static struct parse value(const struct directive *directive, const char *const *list, bool append)
{
	return (struct parse){
		.directive = directive, .words = list, .count = count_words(list), .append = append, .pool = pool,
		.bad = 99,
	};
}

static const char *add(const struct directive *directive, const char *word, union field *field)
{
	struct parse parse = value(directive, WORDS(word), true);

	return type_parse(&parse, field);
}

static union field parse(const struct directive *directive, const char *const *list)
{
	struct parse parse = value(directive, list, false);
	union field field;
	const char *reason;

	memset(&field, 0, sizeof(field));
	reason = type_parse(&parse, &field);
	cr_assert_null(reason, "%s: %s was refused: %s", directive->type->name, list[0], reason);
	return field;
}

static union field parse_one(const struct directive *directive, const char *word)
{
	return parse(directive, WORDS(word));
}

static void expect_refused(const struct directive *directive, const char *const *list, size_t at, const char *part)
{
	struct parse parse = value(directive, list, false);
	union field field, before;
	const char *reason;

	memset(&field, 0, sizeof(field));
	before = field;
	reason = type_parse(&parse, &field);
	cr_assert_not_null(reason, "%s: %s was accepted", directive->type->name, list[0]);
	cr_expect(strstr(reason, part), "%s: '%s' is not in: %s", list[0], part, reason);
	cr_expect_eq(parse.bad, at, "%s: blames word %zu in place of %zu", reason, parse.bad, at);
	cr_expect(!memcmp(&field, &before, sizeof(field)), "%s: %s was refused and kept", directive->type->name,
		  list[0]);
}

static void expect_one_refused(const struct directive *directive, const char *word, const char *part)
{
	expect_refused(directive, WORDS(word), 0, part);
}

static const char *kept(void (*write)(const struct directive *, const void *, struct buf *),
			const struct directive *directive, const void *field)
{
	struct buf out = { 0 };
	const char *text;

	write(directive, field, &out);
	cr_assert_not(out.failed);
	text = pool_text(pool, buf_string(&out));
	buf_free(&out);
	return text;
}

static const char *format(const struct directive *directive, const union field *field)
{
	return kept(type_format, directive, field);
}

static const char *json(const struct directive *directive, const union field *field)
{
	return kept(type_json, directive, field);
}

/* The words that libconfuse makes of a value written in superd.conf. */
static const char *const *read_native(const char *text, bool is_list)
{
	cfg_opt_t options[] = {
		CFG_STR("one", NULL, CFGF_NONE), CFG_STR_LIST("many", NULL, CFGF_NONE),
		CFG_STR("after", NULL, CFGF_NONE), CFG_END()
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	const char *line = pool_textf(pool, "%s = %s\nafter = here\n", is_list ? "many" : "one", text);
	const char *list[64] = { NULL };
	unsigned count;

	cr_assert_eq(cfg_parse_buf(cfg, line), CFG_SUCCESS, "libconfuse refuses %s", line);
	cr_assert_str_eq(cfg_getstr(cfg, "after"), "here", "%s", line);
	count = is_list ? cfg_size(cfg, "many") : 1;
	cr_assert_lt(count, COUNT(list));
	for (unsigned i = 0; i < count; i++)
		list[i] = pool_text(pool, is_list ? cfg_getnstr(cfg, "many", i) : cfg_getstr(cfg, "one"));
	cfg_free(cfg);
	return pool_list(pool, list, count);
}

/* What is written is read back by libconfuse and by the type as an equal value, which is written the same. */
static void expect_identity(const struct directive *directive, const union field *field)
{
	const char *text = format(directive, field);
	const char *const *list = read_native(text, text[0] == '{');
	struct parse parse = value(directive, list, false);
	union field again;
	const char *reason;

	memset(&again, 0, sizeof(again));
	reason = type_parse(&parse, &again);
	cr_assert_null(reason, "%s: its own %s was refused: %s", directive->type->name, text, reason);
	cr_expect(type_equal(directive->type, field, &again), "%s: %s is another value", directive->type->name, text);
	cr_expect_str_eq(format(directive, &again), text);
}

/* Parses the words, and expects these texts in superd.conf and in JSON. */
static void expect_written(const struct directive *directive, const char *const *list, const char *native,
			   const char *as_json)
{
	union field field = parse(directive, list);

	cr_expect_str_eq(format(directive, &field), native, "%s", format(directive, &field));
	cr_expect_str_eq(json(directive, &field), as_json, "%s", json(directive, &field));
	expect_identity(directive, &field);
}

static void expect_one_written(const struct directive *directive, const char *word, const char *native,
			       const char *as_json)
{
	expect_written(directive, WORDS(word), native, as_json);
}

Test(type, writes_plain_texts_bare_and_others_quoted)
{
	expect_one_written(&plain_text, "nobody", "nobody", "\"nobody\"");
	expect_one_written(&plain_text, "a_b.c-d:/e9", "a_b.c-d:/e9", "\"a_b.c-d:/e9\"");
	expect_one_written(&plain_text, "a+b", "\"a+b\"", "\"a+b\"");
	expect_one_written(&plain_text, "//x", "\"//x\"", "\"//x\"");
	expect_one_written(&plain_text, "a#b", "\"a#b\"", "\"a#b\"");
	expect_one_written(&plain_text, "a b", "\"a b\"", "\"a b\"");
	expect_one_written(&plain_text, "\"q\" \\", "\"\\\"q\\\" \\\\\"", "\"\\\"q\\\" \\\\\"");
	expect_one_written(&plain_text, "$HOME ${HOME}", "\"$HOME \\${HOME}\"", "\"$HOME ${HOME}\"");
	expect_one_written(&plain_text, "a\nb\tc\x01", "\"a\\nb\\tc\\x01\"", "\"a\\nb\\tc\\u0001\"");
	expect_one_written(&plain_text, "grün", "\"grün\"", "\"grün\"");
	expect_one_written(&plain_text, "", "\"\"", "null");
}

Test(type, writes_every_byte_so_that_it_comes_back)
{
	setenv("HOME", "/expanded", 1);
	for (int byte = 1; byte < 256; byte++) {
		char text[8] = { (char)byte, '\0' };
		union field field;

		field = parse_one(&plain_text, text);
		expect_identity(&plain_text, &field);
		snprintf(text, sizeof(text), "a%c%c{b", byte, byte);
		field = parse_one(&plain_text, text);
		expect_identity(&plain_text, &field);
		field = parse_one(&plain_list, text);
		expect_identity(&plain_list, &field);
	}
}

Test(type, refuses_lists_and_additions_where_one_value_stands)
{
	static const struct directive *const singles[] = {
		&plain_text, &plain_path, &plain_name, &plain_bool, &plain_count, &plain_size, &plain_duration,
		&plain_mode,
		&shade, &plain_signal, &plain_stream, &plain_limit, &tos, &plain_scheduling,
	};

	for (size_t i = 0; i < COUNT(singles); i++) {
		struct parse parse = value(singles[i], WORDS("1"), true);
		union field field = { 0 };
		const char *reason = type_parse(&parse, &field);

		cr_expect(!singles[i]->type->is_list);
		cr_expect(reason && strstr(reason, "not a list"), "%s", singles[i]->type->name);
		cr_expect_eq(parse.bad, 0);
		expect_refused(singles[i], WORDS("a", "b"), 0, "one value");
		expect_refused(singles[i], (const char *const[]){ NULL }, 0, "one value");
	}
}

Test(type, reads_absolute_paths_and_the_words_beside_them)
{
	expect_one_written(&plain_path, "/run/x", "/run/x", "\"/run/x\"");
	expect_one_written(&plain_path, "/with blank", "\"/with blank\"", "\"/with blank\"");
	expect_one_written(&plain_path, "", "\"\"", "null");
	expect_one_written(&optional_path, "-/run", "-/run", "\"-/run\"");
	expect_one_written(&optional_path, "~", "\"~\"", "\"~\"");
	expect_one_written(&optional_path, "-~", "\"-~\"", "\"-~\"");
	expect_one_refused(&plain_path, "run/x", "a path starts with /");
	expect_one_refused(&plain_path, "-/run", "a path starts with /");
	expect_one_refused(&plain_path, "~", "a path starts with /");
	expect_one_refused(&optional_path, "-run", "a path starts with /");
}

Test(type, reads_names_of_users_and_groups)
{
	expect_one_written(&plain_name, "www-data", "www-data", "\"www-data\"");
	expect_one_written(&plain_name, "4294967294", "4294967294", "\"4294967294\"");
	expect_one_written(&plain_name, "user@realm", "\"user@realm\"", "\"user@realm\"");
	expect_one_written(&plain_name, "", "\"\"", "null");
	expect_one_refused(&plain_name, "4294967295", "at most 4294967294");
	expect_one_refused(&plain_name, "99999999999999999999", "at most 4294967294");
	expect_one_refused(&plain_name, "-1", "does not start with -");
	expect_one_refused(&plain_name, "a:b", "no blank");
	expect_one_refused(&plain_name, "a b", "no blank");
}

Test(type, reads_booleans)
{
	expect_one_written(&plain_bool, "yes", "yes", "true");
	expect_one_written(&plain_bool, "OFF", "no", "false");
	expect_one_refused(&plain_bool, "maybe", "yes or no");
}

Test(type, honours_the_bounds_of_counts_and_names_them)
{
	expect_one_written(&bounded_count, "1", "1", "1");
	expect_one_written(&bounded_count, "0xffff", "65535", "65535");
	expect_one_refused(&bounded_count, "0", "a number from 1 to 65535");
	expect_one_refused(&bounded_count, "65536", "a number from 1 to 65535");
	expect_one_refused(&bounded_count, "many", "a number from 1 to 65535");
	expect_one_refused(&bounded_count, "unlimited", "a number from 1 to 65535");
	expect_one_refused(&bounded_count, "", "a number from 1 to 65535");
	expect_one_written(&open_count, "Unlimited", "unlimited", "\"unlimited\"");
	expect_one_written(&open_count, "infinity", "unlimited", "\"unlimited\"");
	expect_one_refused(&open_count, "0", "a number of at least 1, or unlimited");
	expect_one_written(&plain_count, "-20", "-20", "-20");
	expect_one_refused(&plain_count, "unlimited", "a number up to");
}

Test(type, reads_the_empty_text_as_unset_where_that_is_something)
{
	expect_one_written(&unset_count, "", "\"\"", "null");
	cr_expect_eq(parse_one(&unset_count, "").number, INT64_MIN);
	expect_one_written(&unset_count, "-1000", "-1000", "-1000");
	expect_one_refused(&unset_count, "1001", "a number from -1000 to 1000");
	expect_one_written(&nofile, "", "\"\"", "{\"soft\": null, \"hard\": null}");
	expect_one_written(&tos, "", "\"\"", "null");
}

Test(type, reads_sizes_in_bytes)
{
	expect_one_written(&plain_size, "64K", "64K", "65536");
	expect_one_written(&plain_size, "0", "0", "0");
	expect_one_written(&plain_size, "1000", "1000", "1000");
	expect_one_written(&bounded_size, "1M", "1M", "1048576");
	expect_one_refused(&bounded_size, "1048577", "a size from 0 to 1M");
	expect_one_refused(&bounded_size, "infinity", "a size from 0 to 1M");
	expect_one_refused(&plain_size, "infinity", "a size of at least 0");
	expect_one_refused(&plain_size, "64Q", "a size is");
}

Test(type, reads_durations_and_writes_seconds_for_programs)
{
	expect_one_written(&plain_duration, "90", "90s", "90");
	expect_one_written(&plain_duration, "5min", "5min", "300");
	expect_one_written(&plain_duration, "250ms", "250ms", "0.25");
	expect_one_written(&plain_duration, "1s 50us", "1000050us", "1.00005");
	expect_one_written(&plain_duration, "infinity", "infinity", "\"infinity\"");
	expect_one_written(&plain_duration, "0", "0", "0");
	expect_one_written(&bounded_duration, "1d", "1d", "86400");
	expect_one_refused(&bounded_duration, "999ms", "a duration from 1s to 1d");
	expect_one_refused(&bounded_duration, "infinity", "a duration from 1s to 1d");
	expect_one_refused(&plain_duration, "5 parsecs", "a duration is");
	expect_one_refused(&plain_duration, "-5s", "never negative");
}

Test(type, reads_octal_modes)
{
	expect_one_written(&plain_mode, "0660", "0660", "\"0660\"");
	expect_one_written(&plain_mode, "22", "0022", "\"0022\"");
	expect_one_written(&plain_mode, "4755", "04755", "\"04755\"");
	expect_one_refused(&plain_mode, "0888", "octal");
	expect_one_refused(&plain_mode, "10000", "at most 07777");
	expect_one_refused(&bounded_mode, "1777", "up to 0777");
	expect_one_refused(&bounded_mode, "99999", "up to 0777");
	expect_one_refused(&bounded_mode, "rw", "up to 0777");
}

Test(type, lists_the_words_and_suggests_the_near_one)
{
	expect_one_written(&shade, "notify", "notify", "\"notify\"");
	cr_expect_eq(parse_one(&shade, "forking").word, 2);
	expect_one_refused(&shade, "nofity", "simple, notify or forking; did you mean 'notify'?");
	expect_one_refused(&shade, "Simple", "did you mean 'simple'?");
	expect_one_refused(&shade, "quark", "expected one of simple, notify or forking");
	expect_one_refused(&shade, "yes", "expected one of");
	expect_one_refused(&shade, "", "expected one of");
	cr_expect_eq(parse_one(&only, "true").word, 2);
	cr_expect_eq(parse_one(&only, "off").word, 1);
	cr_expect_eq(parse_one(&only, "default").word, 0);
}

Test(type, reads_signals_by_name_and_number)
{
	expect_one_written(&plain_signal, "SIGTERM", "TERM", "\"TERM\"");
	expect_one_written(&plain_signal, "9", "KILL", "\"KILL\"");
	expect_one_written(&plain_signal, "RTMIN+3", "\"RTMIN+3\"", "\"RTMIN+3\"");
	cr_expect_eq(parse_one(&plain_signal, "QUIT").signal, SIGQUIT);
	expect_one_refused(&plain_signal, "SIGFOO", "signal");
}

Test(type, keeps_lists_word_by_word)
{
	expect_written(&plain_list, WORDS("a", "b c", ""), "{\"a\", \"b c\", \"\"}", "[\"a\", \"b c\", \"\"]");
	expect_written(&plain_list, (const char *const[]){ NULL }, "{}", "[]");
	cr_expect_null(parse(&plain_list, (const char *const[]){ NULL }).list);
}

Test(type, adds_to_a_list_without_touching_what_was_there)
{
	union field field = parse(&plain_list, WORDS("a", "b")), before = field;

	cr_assert_null(add(&plain_list, "c", &field));
	cr_expect_str_eq(format(&plain_list, &field), "{\"a\", \"b\", \"c\"}");
	cr_expect_str_eq(format(&plain_list, &before), "{\"a\", \"b\"}");
	field = parse(&plain_list, WORDS("d"));
	cr_expect_str_eq(format(&plain_list, &field), "{\"d\"}");
	field.list = NULL;
	cr_assert_null(add(&plain_list, "e", &field));
	cr_expect_str_eq(format(&plain_list, &field), "{\"e\"}");
}

Test(type, blames_the_word_of_a_list_that_is_wrong)
{
	expect_refused(&plain_paths, WORDS("/a", "b"), 1, "a path starts with /");
	expect_refused(&plain_paths, WORDS("/a", "/b", "-/c"), 2, "a path starts with /");
	expect_refused(&plain_env, WORDS("A=1", "B", "C=3"), 1, "NAME=value");
	expect_refused(&plain_directories, WORDS("a", "superd"), 1, "this name is reserved for superd");
	expect_refused(&plain_directories, WORDS("credstore/a"), 0, "this name is reserved for superd");
	expect_refused(&plain_directories, WORDS("a:superd/control"), 0, "this name is reserved for superd");
	expect_refused(&plain_directories, WORDS("a", "b", "../c"), 2, "..");
	expect_refused(&plain_cpus, WORDS("0", "1,x"), 1, "a processor is");
	expect_refused(&plain_capabilities, WORDS("kill", "chow"), 1, "did you mean 'chown'?");
	expect_refused(&plain_endpoints, WORDS("80", "/run/x", "tcp:99999"), 2, "'tcp:99999': a port is");
}

Test(type, reads_lists_of_paths_and_folders)
{
	expect_written(&plain_paths, WORDS("/a", "/b c"), "{\"/a\", \"/b c\"}", "[\"/a\", \"/b c\"]");
	expect_written(&optional_paths, WORDS("-/a", "/b"), "{\"-/a\", \"/b\"}", "[\"-/a\", \"/b\"]");
	expect_written(&plain_directories, WORDS("app", "a/b..c/.d"), "{\"app\", \"a/b..c/.d\"}",
		       "[\"app\", \"a/b..c/.d\"]");
	expect_one_refused(&plain_directories, "/run/x", "without / at the start");
	expect_one_refused(&plain_directories, "", "without / at the start");
	expect_one_refused(&plain_directories, "..", "..");
	expect_one_refused(&plain_directories, "a/../b", "..");
	expect_one_refused(&plain_directories, "a//b", "empty");
	expect_one_refused(&plain_directories, "a/.", "..");
	expect_one_refused(&plain_directories, "a/", "does not end in /");
}

Test(type, reads_variables)
{
	expect_written(&plain_env, WORDS("A=", "NGINX=%{fd};", "B=${X} y"),
		       "{\"A=\", \"NGINX=%{fd};\", \"B=\\${X} y\"}",
		       "[\"A=\", \"NGINX=%{fd};\", \"B=${X} y\"]");
	expect_one_refused(&plain_env, "HOME", "passenv");
	expect_one_refused(&plain_env, "=x", "not empty");
	expect_one_refused(&plain_env, "A B=x", "no blanks");
}

Test(type, splits_processors_at_commas)
{
	expect_written(&plain_cpus, WORDS("0,2-4,", "8191"),
		       "{\"0\", \"2-4\", \"8191\"}", "[\"0\", \"2-4\", \"8191\"]");
	expect_one_refused(&plain_cpus, "8192", "0 to 8191");
	expect_one_refused(&plain_cpus, "99999999999999999999", "0 to 8191");
	expect_one_refused(&plain_cpus, "4-2", "lower number");
	expect_one_refused(&plain_cpus, "2-", "a processor is");
	expect_one_refused(&plain_cpus, ",0", "a processor is");
	expect_one_refused(&plain_cpus, "", "a processor is");
}

Test(type, tells_multicast_groups_from_other_addresses)
{
	expect_written(&plain_multicast, WORDS("224.0.0.251", "ff02::fb%eth0"), "{\"224.0.0.251\", \"ff02::fb%eth0\"}",
		       "[\"224.0.0.251\", \"ff02::fb%eth0\"]");
	expect_one_refused(&plain_multicast, "192.0.2.1", "224.0.0.0");
	expect_one_refused(&plain_multicast, "fe80::1", "begins with ff");
	expect_one_refused(&plain_multicast, "all-hosts.example", "224.0.0.0");
	expect_one_refused(&plain_multicast, "", "224.0.0.0");
	expect_one_refused(&plain_multicast, "224.0.0.1%", "the name of an interface");
	expect_one_refused(&plain_multicast, "224.0.0.1%an-interface-too-long", "the name of an interface");
}

Test(type, splits_a_command_that_is_one_text)
{
	union field field = parse_one(&plain_command, "/usr/sbin/nginx -g 'daemon off;'");

	cr_assert_eq(count_words(field.list), 3);
	cr_expect_str_eq(field.list[0], "/usr/sbin/nginx");
	cr_expect_str_eq(field.list[2], "daemon off;");
	expect_identity(&plain_command, &field);
	cr_expect_str_eq(json(&plain_command, &field), "[\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"]");
	expect_one_written(&plain_command, "/bin/true", "/bin/true", "[\"/bin/true\"]");
}

Test(type, takes_a_command_of_several_words_as_it_is)
{
	union field field = parse(&plain_command, WORDS("/bin/a b", "'", "\"", "\\", "", "${X}", "$(x)", "a\nb", "\t"));

	cr_assert_eq(count_words(field.list), 9);
	cr_expect_str_eq(field.list[0], "/bin/a b");
	cr_expect_str_eq(field.list[1], "'");
	expect_identity(&plain_command, &field);
}

Test(type, refuses_commands_without_a_program)
{
	expect_one_refused(&plain_command, "", "is empty");
	expect_one_refused(&plain_command, "  ", "is empty");
	expect_one_refused(&plain_command, "''", "is not empty");
	expect_refused(&plain_command, WORDS("", "x"), 0, "is not empty");
	expect_one_refused(&plain_command, "/bin/a 'b", "not closed");
	cr_expect_str_eq(format(&plain_command, &(union field){ 0 }), "{}");
	expect_identity(&plain_command, &(union field){ 0 });
}

Test(type, adds_arguments_to_a_command)
{
	union field field = parse_one(&plain_command, "/bin/a -b");

	cr_assert_null(add(&plain_command, "-c 'd e'", &field));
	cr_assert_eq(count_words(field.list), 4);
	cr_expect_str_eq(field.list[3], "d e");
}

Test(type, reads_streams)
{
	expect_one_written(&plain_stream, "log", "log", "\"log\"");
	expect_one_written(&plain_stream, "syslog", "syslog", "\"syslog\"");
	expect_one_written(&plain_stream, "file:/var/log/x", "file:/var/log/x", "\"file:/var/log/x\"");
	expect_one_written(&plain_stream, "append:/a b:c", "\"append:/a b:c\"", "\"append:/a b:c\"");
	expect_one_written(&plain_stream, "socket", "socket", "\"socket\"");
	expect_one_refused(&plain_stream, "file", "a path that starts with /");
	expect_one_refused(&plain_stream, "append:log", "a path that starts with /");
	expect_one_written(&plain_stream, "truncate:/x", "truncate:/x", "\"truncate:/x\"");
	expect_one_written(&plain_stream, "fd", "fd", "\"fd\"");
	expect_one_written(&plain_stream, "fd:web", "fd:web", "\"fd:web\"");
	expect_one_written(&plain_stream, "data", "data", "\"data\"");
	expect_one_refused(&plain_stream, "fd:", "the name of a socket");
	expect_one_refused(&plain_stream, "truncate:x", "a path that starts with /");
	expect_one_refused(&plain_stream, "data:x", "expected log");
	expect_one_refused(&plain_stream, "log:x",
			   "append:PATH, truncate:PATH, null, inherit, socket, fd:NAME or data");
	expect_one_refused(&plain_stream, "sylog", "did you mean 'syslog'?");
	expect_one_refused(&plain_stream, "", "expected log");
	expect_one_written(&input, "file:/x", "file:/x", "\"file:/x\"");
	expect_one_refused(&input, "log", "expected file:PATH, null, inherit or socket");
}

Test(type, tells_streams_apart_by_kind_and_path)
{
	union field a = parse_one(&plain_stream, "file:/x"), b = parse_one(&plain_stream, "file:/y");
	union field c = parse_one(&plain_stream, "append:/x"), null = parse_one(&plain_stream, "null");

	cr_expect_not(type_equal(&type_stream, &a, &b));
	cr_expect_not(type_equal(&type_stream, &a, &c));
	cr_expect_not(type_equal(&type_stream, &a, &null));
	cr_expect(type_equal(&type_stream, &null, &null));
}

Test(type, reads_limits_of_things_and_bytes)
{
	expect_one_written(&nofile, "1024", "1024", "{\"soft\": 1024, \"hard\": 1024}");
	expect_one_written(&nofile, "1024:4096", "1024:4096", "{\"soft\": 1024, \"hard\": 4096}");
	expect_one_written(&nofile, "1K:unlimited", "1024:unlimited", "{\"soft\": 1024, \"hard\": \"unlimited\"}");
	expect_one_written(&nofile, "infinity", "unlimited", "{\"soft\": \"unlimited\", \"hard\": \"unlimited\"}");
	expect_one_written(&nofile, ":5", ":5", "{\"soft\": null, \"hard\": 5}");
	expect_one_written(&nofile, "5:", "5:", "{\"soft\": 5, \"hard\": null}");
	expect_one_written(&nofile, "0", "0", "{\"soft\": 0, \"hard\": 0}");
	expect_one_refused(&nofile, "5:4", "at most the hard limit");
	expect_one_refused(&nofile, "unlimited:4", "at most the hard limit");
	expect_one_refused(&nofile, "-1", "not negative");
	expect_one_refused(&nofile, "1:2:3", "a size is");
	expect_one_refused(&nofile, "5min", "a size is");
}

Test(type, reads_limits_of_time_in_the_unit_of_the_resource)
{
	expect_one_written(&cpu_time, "10", "10", "{\"soft\": 10, \"hard\": 10}");
	expect_one_written(&cpu_time, "2min:1h", "120:3600", "{\"soft\": 120, \"hard\": 3600}");
	expect_one_written(&cpu_time, "1500ms", "2", "{\"soft\": 2, \"hard\": 2}");
	expect_one_written(&real_time, "1500", "1500", "{\"soft\": 1500, \"hard\": 1500}");
	expect_one_written(&real_time, "2ms", "2000", "{\"soft\": 2000, \"hard\": 2000}");
	expect_one_refused(&cpu_time, "64M", "a duration is");
}

Test(type, reads_capabilities_in_any_spelling)
{
	expect_written(&plain_capabilities, WORDS("CAP_NET_BIND_SERVICE", "chown"), "{\"chown\", \"net_bind_service\"}",
		       "[\"chown\", \"net_bind_service\"]");
	cr_expect_eq(parse(&plain_capabilities, WORDS("cap_kill", "Checkpoint_Restore", "50")).set,
		     UINT64_C(1) << 5 | UINT64_C(1) << 40 | UINT64_C(1) << 50);
	expect_written(&plain_capabilities, WORDS("41", "0"), "{\"chown\", \"41\"}", "[\"chown\", \"41\"]");
	expect_written(&plain_capabilities, (const char *const[]){ NULL }, "{}", "[]");
	expect_one_refused(&plain_capabilities, "63", "a capability is");
	expect_one_refused(&plain_capabilities, "", "a capability is");
	expect_one_refused(&plain_capabilities, "net_bind_servic", "did you mean 'net_bind_service'?");
	expect_refused(&plain_capabilities, WORDS("kill", "~chown"), 1, "did you mean 'chown'?");
}

Test(type, inverts_a_set_of_capabilities)
{
	union field field;

	expect_written(&plain_capabilities, WORDS("~sys_admin", "sys_boot"), "{\"~sys_admin\", \"sys_boot\"}",
		       "[\"~sys_admin\", \"sys_boot\"]");
	cr_expect_eq(parse_one(&plain_capabilities, "~chown").set, ~UINT64_C(1));
	cr_expect_eq(parse_one(&plain_capabilities, "~").set, UINT64_MAX);
	expect_one_written(&plain_capabilities, "~", "{\"~\"}", "[\"~\"]");
	field = parse(&plain_capabilities, WORDS("chown", "kill"));
	cr_assert_null(add(&plain_capabilities, "bpf", &field));
	cr_assert_null(add(&plain_capabilities, "~chown", &field));
	cr_expect_str_eq(format(&plain_capabilities, &field), "{\"kill\", \"bpf\"}");
}

Test(type, brings_every_known_capability_back)
{
	for (unsigned i = 0; i < 63; i++) {
		union field field = { .set = UINT64_C(1) << i }, others = { .set = ~(UINT64_C(1) << i) };

		expect_identity(&plain_capabilities, &field);
		expect_identity(&plain_capabilities, &others);
	}
}

Test(type, reads_types_of_service)
{
	expect_one_written(&tos, "low-delay", "low-delay", "\"low-delay\"");
	expect_one_written(&tos, "16", "low-delay", "\"low-delay\"");
	expect_one_written(&tos, "0xb8", "184", "184");
	expect_one_refused(&tos, "256", "0 to 255");
	expect_one_refused(&tos, "-1", "0 to 255");
	expect_one_refused(&tos, "fast", "low-delay, throughput");
}

Test(type, reads_io_scheduling)
{
	expect_one_written(&plain_scheduling, "idle", "idle", "\"idle\"");
	expect_one_written(&plain_scheduling, "best-effort", "best-effort:4", "\"best-effort:4\"");
	expect_one_written(&plain_scheduling, "realtime:0", "realtime:0", "\"realtime:0\"");
	expect_one_written(&plain_scheduling, "", "\"\"", "null");
	expect_one_refused(&plain_scheduling, "idle:1", "expected idle");
	expect_one_refused(&plain_scheduling, "best-effort:8", "expected idle");
	expect_one_refused(&plain_scheduling, "realtime:", "expected idle");
	expect_one_refused(&plain_scheduling, "realtime:11", "expected idle");
}

Test(type, writes_endpoints_in_their_canonical_form)
{
	expect_written(&plain_endpoints, WORDS("80", "unix:/run/x"),
		       "{\"tcp:80\", \"/run/x\"}", "[\"tcp:80\", \"/run/x\"]");
}

Test(type, compares_across_pools)
{
	struct pool *other = pool_new();
	union field list = parse(&plain_list, WORDS("a", "b")), same = { 0 };
	union field longer = parse(&plain_list, WORDS("a", "b", "c"));
	struct parse words_of = value(&plain_list, WORDS("a", "b"), false);
	struct parse text_of = value(&plain_text, WORDS("x"), false);
	union field text = parse_one(&plain_text, "x"), same_text = { 0 }, none = { 0 };

	words_of.pool = text_of.pool = other;
	cr_assert_null(type_parse(&words_of, &same));
	cr_assert_null(type_parse(&text_of, &same_text));
	cr_expect_neq(list.list, same.list);
	cr_expect(type_equal(&type_list, &list, &same));
	cr_expect_not(type_equal(&type_list, &list, &longer));
	cr_expect_not(type_equal(&type_list, &list, &none));
	cr_expect(type_equal(&type_text, &text, &same_text));
	cr_expect_not(type_equal(&type_text, &text, &none));
	pool_free(other);
}

Test(type, reads_builtins_with_their_options)
{
	expect_one_written(&small, "echo", "echo", "[\"echo\"]");
	expect_one_written(&small, "daytime xinetd", "\"daytime xinetd\"", "[\"daytime\", \"xinetd\"]");
	expect_written(&small, WORDS("auth", "-d", "no body"), "\"auth -d 'no body'\"",
		       "[\"auth\", \"-d\", \"no body\"]");
	expect_one_refused(&small, "ech", "expected one of echo, daytime or auth; did you mean 'echo'?");
	expect_one_refused(&small, "Echo", "did you mean 'echo'?");
	expect_one_refused(&small, "", "expected one of");
	expect_one_refused(&small, "auth 'x", "not closed");
	expect_refused(&small, WORDS("x", "echo"), 0, "expected one of");
}

Test(type, reads_hosts_with_their_ports)
{
	expect_one_written(&plain_redirect, "192.0.2.1 80", "{\"192.0.2.1\", \"80\"}", "[\"192.0.2.1\", \"80\"]");
	expect_one_written(&plain_redirect, "192.0.2.1:80", "{\"192.0.2.1\", \"80\"}", "[\"192.0.2.1\", \"80\"]");
	expect_one_written(&plain_redirect, "[::1]:http", "{\"::1\", \"http\"}", "[\"::1\", \"http\"]");
	expect_written(&plain_redirect, WORDS("::1", "http"), "{\"::1\", \"http\"}", "[\"::1\", \"http\"]");
	expect_written(&plain_redirect, WORDS("[fe80::1%eth0]", "9"), "{\"fe80::1%eth0\", \"9\"}",
		       "[\"fe80::1%eth0\", \"9\"]");
	expect_one_written(&plain_redirect, "backend.example 8080", "{\"backend.example\", \"8080\"}",
			   "[\"backend.example\", \"8080\"]");
	expect_one_written(&plain_redirect, "/run/x.sock", "{\"/run/x.sock\"}", "[\"/run/x.sock\"]");
	expect_one_written(&plain_redirect, "@name", "{\"@name\"}", "[\"@name\"]");
	expect_one_written(&plain_redirect, "'/run/a \"b'", "{\"'/run/a \\\"b'\"}", "[\"/run/a \\\"b\"]");
	expect_one_refused(&plain_redirect, "/", "a name is missing");
	expect_refused(&plain_redirect, WORDS("/run/x.sock", "80"), 0, "no name of a host");
	expect_one_refused(&plain_redirect, "80", "a host and a port");
	expect_one_refused(&plain_redirect, "", "a host and a port");
	expect_refused(&plain_redirect, WORDS("a", "1", "b"), 0, "a host and a port");
	expect_one_refused(&plain_redirect, "::1:80", "in brackets");
	expect_one_refused(&plain_redirect, "[::1]", "follow the bracket");
	expect_one_refused(&plain_redirect, "[::1]x:80", "follow the bracket");
	expect_one_refused(&plain_redirect, ":80", "a host is missing");
	expect_one_refused(&plain_redirect, "192.0.2 80", "no IPv4 address");
	expect_one_refused(&plain_redirect, "::g 80", "no IPv6 address");
	expect_one_refused(&plain_redirect, "ho/st 80", "no name of a host");
	expect_refused(&plain_redirect, WORDS("host", "0"), 1, "from 1 to 65535");
	expect_refused(&plain_redirect, WORDS("host", "65536"), 1, "from 1 to 65535");
	expect_refused(&plain_redirect, WORDS("host", "-1"), 1, "from 1 to 65535");
	expect_one_refused(&plain_redirect, "host 8,0", "from 1 to 65535");
}

Test(type, keeps_address_rules_as_they_are_written)
{
	expect_written(&plain_addresses, WORDS("192.0.2.{1,7}", "::1/128", ".example.org", "none"),
		       "{\"192.0.2.{1,7}\", \"::1/128\", \".example.org\", \"none\"}",
		       "[\"192.0.2.{1,7}\", \"::1/128\", \".example.org\", \"none\"]");
	expect_refused(&plain_addresses, WORDS("::1", "192.0.2.0/33"), 1, "0 to 32");
	expect_one_refused(&plain_addresses, "", "is missing");
}

Test(type, reads_spans_of_a_day)
{
	expect_written(&plain_times, WORDS("8:00-17:30", "22:00-06:00"), "{\"8:00-17:30\", \"22:00-06:00\"}",
		       "[\"8:00-17:30\", \"22:00-06:00\"]");
	expect_refused(&plain_times, WORDS("8:00-9:00", "8-9"), 1, "HH:MM-HH:MM");
}

Test(type, reads_loads_to_the_thousandth)
{
	expect_one_written(&plain_load, "2.5", "2.5", "2.5");
	expect_one_written(&plain_load, "10", "10", "10");
	expect_one_written(&plain_load, ".125", "0.125", "0.125");
	expect_one_written(&plain_load, "3.5000", "3.5", "3.5");
	expect_one_written(&plain_load, "0.001", "0.001", "0.001");
	expect_one_written(&plain_load, "", "\"\"", "null");
	cr_expect_eq(parse_one(&plain_load, "2.5").number, 2500);
	expect_one_refused(&plain_load, "0", "above 0");
	expect_one_refused(&plain_load, "0.0001", "three decimal digits");
	expect_one_refused(&plain_load, "-1", "above 0");
	expect_one_refused(&plain_load, "2,5", "above 0");
	expect_one_refused(&plain_load, "1e3", "above 0");
	expect_one_refused(&plain_load, ".", "above 0");
	expect_one_refused(&plain_load, "99999999999999999999", "above 0");
}

Test(type, reads_rates_with_their_pause)
{
	expect_written(&plain_rate, WORDS("50", "10"), "{50, 10s}", "{\"number\": 50, \"pause\": 10}");
	expect_one_written(&plain_rate, "50 1min", "{50, 1min}", "{\"number\": 50, \"pause\": 60}");
	expect_one_written(&plain_rate, "7", "{7, 10s}", "{\"number\": 7, \"pause\": 10}");
	expect_written(&plain_rate, WORDS("1", "250ms"), "{1, 250ms}", "{\"number\": 1, \"pause\": 0.25}");
	expect_one_written(&plain_rate, "unlimited", "\"\"", "null");
	expect_one_written(&plain_rate, "", "\"\"", "null");
	expect_one_refused(&plain_rate, "0", "from 1 on");
	expect_one_refused(&plain_rate, "-1 5", "from 1 on");
	expect_one_refused(&plain_rate, "unlimited 5", "from 1 on");
	expect_refused(&plain_rate, WORDS("5", "0"), 1, "longer than 0");
	expect_refused(&plain_rate, WORDS("5", "infinity"), 1, "at most a year");
	expect_refused(&plain_rate, WORDS("5", "x"), 1, "a duration");
	expect_refused(&plain_rate, WORDS("5", "6", "7"), 0, "number of connections");
}

Test(type, reads_log_types_as_xinetd_has_them)
{
	expect_one_written(&plain_log, "SYSLOG daemon", "{SYSLOG, daemon, info}",
			   "{\"facility\": \"daemon\", \"level\": \"info\"}");
	expect_written(&plain_log, WORDS("syslog", "LOCAL7", "Debug"), "{SYSLOG, local7, debug}",
		       "{\"facility\": \"local7\", \"level\": \"debug\"}");
	expect_one_written(&plain_log, "FILE /var/log/x", "{FILE, \"/var/log/x\"}",
			   "{\"file\": \"/var/log/x\", \"soft\": null, \"hard\": null}");
	expect_written(&plain_log, WORDS("file", "/a b", "1m", "2M"), "{FILE, \"/a b\", 1M, 2M}",
		       "{\"file\": \"/a b\", \"soft\": 1048576, \"hard\": 2097152}");
	expect_one_written(&plain_log, "", "\"\"", "null");
	expect_refused(&plain_log, WORDS("SYSLOG", "demon"), 1, "did you mean 'daemon'?");
	expect_refused(&plain_log, WORDS("SYSLOG", "daemon", "loud"), 2, "expected one of emerg");
	expect_one_refused(&plain_log, "SYSLOG", "a facility");
	expect_one_refused(&plain_log, "FILE", "a path");
	expect_refused(&plain_log, WORDS("FILE", "x"), 1, "starts with /");
	expect_refused(&plain_log, WORDS("FILE", "/x", "0"), 2, "is a size");
	expect_refused(&plain_log, WORDS("FILE", "/x", "2K", "1K"), 3, "not below the soft one");
	expect_refused(&plain_log, WORDS("FILE", "/x", "1", "2", "3"), 0, "FILE must be followed");
	expect_one_refused(&plain_log, "MAIL root", "expected {SYSLOG");
}

Test(type, a_log_ends_a_hundredth_beyond_its_soft_limit)
{
	cr_expect_eq(parse_one(&plain_log, "FILE /x 1000").log->hard, 1000 + 5 * 1024);
	cr_expect_eq(parse_one(&plain_log, "FILE /x 1M").log->hard, (1 << 20) + (1 << 20) / 100);
	cr_expect_eq(parse_one(&plain_log, "FILE /x 1G").log->hard, (1 << 30) + 20 * 1024);
	cr_expect_eq(parse_one(&plain_log, "FILE /x infinity").log->hard, SCAN_INFINITY);
}

Test(type, reads_flags_in_any_case_and_adds_to_them)
{
	union field field = { 0 };

	expect_written(&flags, WORDS("host", "PID", "Host"), "{\"PID\", \"HOST\"}", "[\"PID\", \"HOST\"]");
	expect_written(&flags, WORDS(NULL), "{}", "[]");
	expect_refused(&flags, WORDS("PID", "HOSTS"), 1, "did you mean 'HOST'?");
	field.word = 1;
	cr_expect_null(add(&flags, "USERID", &field));
	cr_expect_eq(field.word, 5);
}

Test(type, values_of_several_words_take_no_addition)
{
	static const struct directive *const tuples[] = { &small, &plain_redirect, &plain_rate, &plain_log };

	for (size_t i = 0; i < COUNT(tuples); i++) {
		struct parse parse = value(tuples[i], WORDS("1"), true);
		union field field = { 0 };

		cr_expect(tuples[i]->type->is_tuple && !tuples[i]->type->is_list);
		cr_expect(type_parse(&parse, &field));
		cr_expect_eq(parse.bad, 0);
		expect_refused(tuples[i], (const char *const[]){ NULL }, 0, "expected");
	}
}
