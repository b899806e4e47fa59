/* What superd prints: tables that read back the same, JSON, and the papers made from the table of options. */
#include "table/services/services.h"
#include "tests/unit/plain_value.h"
#include "tests/unit/read_text.h"
#include "tests/unit/unit.h"

static struct table *read_string(const char *text)
{
	struct diags diags = { 0 };
	struct table *table = read_text("t", text, strlen(text), &diags);

	cr_assert(table);
	diags_free(&diags);
	return table;
}

static char *print_string(const struct table *table, bool comments)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(print_conf(table, comments, out));
	cr_assert_eq(fclose(out), 0);
	return text;
}

static bool places_equal(struct origin a, struct origin b)
{
	return origin_equal(a, b) || (!a.file && !b.file);
}

/* With the service's place. */
static bool has_setting(const struct service *service, const struct option_setting *setting)
{
	for (size_t i = 0; i < settings_count(service->settings); i++) {
		const struct option_setting *own = &service->settings->list[i];

		if (own->option == setting->option && own->block == setting->block)
			return places_equal(service_place(service, own), service->at);
	}
	return false;
}

/* What the next superd reads of a table that this one saves with `count` former rows. *saved: the caller's text. */
static struct table *save(const struct table *table, const struct service *const *rows, size_t count, char **saved,
			  struct diags *diags)
{
	size_t length;
	FILE *out = open_memstream(saved, &length);
	struct table *back;

	cr_assert(print_conf_saved(table, rows, count, out));
	cr_assert_eq(fclose(out), 0);
	back = read_saved(*saved, diags);
	cr_assert(back);
	return back;
}

/* The next superd has each row as this one, with its place in the sources, and with what is set to its default. */
static void expect_saved(const struct table *table, const char *text)
{
	struct diags diags = { 0 };
	struct buf why = { 0 };
	char *saved;
	struct table *back = save(table, NULL, 0, &saved, &diags);

	cr_assert_eq(table->count, back->count, "of: %s\nsaved: %s", text, saved);
	for (size_t i = 0; i < diags.count; i++)
		cr_expect_null(strstr(diags.list[i].message, "unknown"), "of: %s\n%s", saved, diags.list[i].message);
	for (size_t i = 0; i < table->count; i++) {
		const struct service *a = &table->services[i], *b = &back->services[i];

		cr_expect_eq(service_compare(a, b, &why), DIFF_SAME, "of: %s\nsaved: %s\ndiffers in %s", text, saved,
			     buf_string(&why));
		cr_expect(places_equal(a->at, b->at) && a->dialect == b->dialect && a->is_foreign == b->is_foreign,
			  "of: %s\nsaved: %s", text, saved);
		cr_expect_eq(a->settings->count, b->settings->count, "of: %s\nsaved: %s", text, saved);
		for (size_t n = 0; n < a->settings->count; n++)
			cr_expect(has_setting(b, &a->settings->list[n]), "of: %s\nsaved: %s\nlacks %s",
				  text, saved, option_defs[a->settings->list[n].option].name[NATIVE]);
		for (size_t n = 0; n < a->socket_count; n++)
			cr_expect(places_equal(b->sockets[n].at, b->at), "of: %s\nsaved: %s", text, saved);
	}
	buf_free(&why);
	diags_free(&diags);
	table_free(back);
	free(saved);
}

/* So it has the rows of a former table, below the defaults of another one. */
static void expect_saved_apart(const struct table *former, const char *text)
{
	struct table *table = read_string("defaults { umask = 07 env = { Z=1 } instances = 3 error = log "
					  "optional = yes } service other { listen = \"9\" exec = \"/bin/x\" }");
	const struct service **rows = calloc(former->count, sizeof(*rows));
	struct diags diags = { 0 };
	struct buf why = { 0 };
	struct table *back;
	char *saved;

	cr_assert(rows);
	for (size_t i = 0; i < former->count; i++)
		rows[i] = &former->services[i];
	back = save(table, rows, former->count, &saved, &diags);
	cr_assert_eq(back->count, 1 + former->count, "of: %s\nsaved: %s", text, saved);
	for (size_t i = 0; i < former->count; i++)
		cr_expect_eq(service_compare(rows[i], &back->services[1 + i], &why), DIFF_SAME,
			     "of: %s\nsaved: %s\ndiffers in %s", text, saved, buf_string(&why));
	buf_free(&why);
	diags_free(&diags);
	table_free(back);
	table_free(table);
	free(rows);
	free(saved);
}

/* Printed and read back it is the same table, with and without comments, and prints the same text. */
static void expect_same(const char *text)
{
	struct table *table = read_string(text);
	char *printed = print_string(table, false), *commented = print_string(table, true), *again;
	struct table *back = read_string(printed), *back_commented = read_string(commented);
	struct buf why = { 0 };

	cr_assert(table->count, "of: %s", text);
	cr_assert_eq(table->count, back->count, "of: %s\nprinted: %s", text, printed);
	cr_assert_eq(table->count, back_commented->count, "of: %s\nprinted: %s", text, commented);
	for (size_t i = 0; i < table->count; i++) {
		cr_expect_eq(service_compare(&table->services[i], &back->services[i], &why), DIFF_SAME,
			     "of: %s\nprinted: %s\ndiffers in %s", text, printed, buf_string(&why));
		cr_expect_eq(service_compare(&table->services[i], &back_commented->services[i], NULL), DIFF_SAME,
			     "of: %s\nprinted: %s", text, commented);
	}
	again = print_string(back, false);
	cr_expect_str_eq(printed, again, "of: %s", text);
	expect_saved(table, text);
	expect_saved_apart(table, text);
	buf_free(&why);
	table_free(table);
	table_free(back);
	table_free(back_commented);
	free(printed);
	free(commented);
	free(again);
}

/* The next text, from the candidate `*next` on, that the option takes and that is not its default, as superd.conf would
 * have it; false: there is none. */
static bool find_value(const struct option_def *option, size_t *next, char *out, size_t size)
{
	static const char *const candidates[] = {
		"yes", "no", "7", "33", "64K", "90ms", "0640", "INT", "RTMIN+3", "nobody", "/x y", "~",
		"10:unlimited", "unlimited",
		"chown", "~setuid", "A=1 ${B} \\\"q\\\" \\\\ '", "low-delay", "idle", "best-effort:3", "2-4", "a/b",
		"append:/x", "syslog", "infinity", "22:00-6:05", "SYSLOG local3 debug", "FILE '/x y' 1M", "2.125",
		"[2001:db8::1]:80", "192.0.2.{1,7}", "daytime xinetd", "\\t# // /*\\n", "",
		"12.5%", "/dev/x 7M", "/dev/null rw", "char-pts", "localhost", "10.0.0.0/8", "a/b:c", "239.1.2.3",
		"AF_UNIX", "-", "PathExists=/x",
	};
	size_t count = sizeof(candidates) / sizeof(*candidates);

	for (size_t i = *next; i < count + 8; i++) {
		const char *candidate = i < count ? candidates[i] : NULL;
		char text[512];
		struct diags diags = { 0 };
		struct table *table;
		const struct option_def *listen = option_find(NATIVE, "listen");
		bool good;

		for (size_t j = 0; !candidate && option->words && option->words[j]; j++)
			candidate = j == i - count ? option->words[j] : NULL;
		if (!candidate)
			continue;
		cr_assert(listen);
		snprintf(text, sizeof(text), "service a { %s = \"%s\" }", option->name[NATIVE], candidate);
		table = read_text("t", text, strlen(text), &diags);
		good = table->count == 1 && table->services[0].settings->count == 1 &&
		       !option_is_default(option, option_field(option, &table->services[0]), table->pool);
		table_free(table);
		diags_free(&diags);
		if (!good)
			continue;
		*next = i + 1;
		snprintf(out, size, "%s = \"%s\"\n", option->name[NATIVE], candidate);
		return true;
	}
	return false;
}

static bool has_value(const struct option_def *option)
{
	return !(option->flags & STRUCTURE);
}

Test(print_conf, every_option_reads_back_in_a_service_a_socket_and_the_defaults)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		char value[256], text[1024];
		size_t next = 0;

		if (!has_value(option))
			continue;
		while (find_value(option, &next, value, sizeof(value))) {
			bool is_exec = !strcmp(option->name[NATIVE], "exec");

			snprintf(text, sizeof(text), "service a { listen = 80 %s\n%s }\n",
				 is_exec ? "" : "exec = /bin/x", value);
			expect_same(text);
			if (option->in_socket) {
				snprintf(text, sizeof(text),
					 "service a { exec = /bin/x\n socket b { listen = 80\n%s }\n"
					 "socket c { listen = 81 } listen = {82, 83} }\n", value);
				expect_same(text);
			}
			if (!(option->flags & NOT_IN_DEFAULTS)) {
				snprintf(text, sizeof(text),
					 "service a { listen = 80 exec = /bin/x }\ndefaults { %s }\n"
					 "service b { listen = 81 exec = /bin/x accept = yes }\n", value);
				expect_same(text);
			}
		}
		cr_expect(next, "no value tried for %s was taken", option->name[NATIVE]);
	}
}

/* Some code asks whether an option was set at all. */
Test(print_conf, every_option_that_is_set_to_its_default_is_saved_as_set)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		struct table *plain = read_string("service a { listen = 80 exec = /bin/x }"), *table;
		struct buf text = { 0 };

		if (has_value(option) && strcmp(option->name[NATIVE], "exec") != 0) {
			buf_addf(&text, "service a {\n listen = 80\n exec = /bin/x\n %s = ", option->name[NATIVE]);
			type_format(option, option_field(option, &plain->services[0]), &text);
			buf_text(&text, "\n}\n");
			table = read_string(buf_string(&text));
			cr_expect_eq(table->count, 1, "%s", buf_string(&text));
			if (table->count && !table->services[0].is_unclear) /* builtin has no empty list */
				expect_saved(table, buf_string(&text));
			table_free(table);
		}
		table_free(plain);
		buf_free(&text);
	}
}

/* Which sockets of `a` are optional, as letters. */
static void expect_optional(const char *options, const char *expected)
{
	struct buf text = { 0 }, found = { 0 };
	struct table *table;

	buf_addf(&text, "service a { exec = /bin/x %s }\nservice b { listen = 99 exec = /bin/x }\n", options);
	table = read_string(buf_string(&text));
	cr_assert_eq(table->count, 2, "%s", buf_string(&text));
	for (size_t n = 0; n < table->services[0].socket_count; n++)
		buf_char(&found, table->services[0].sockets[n].options->optional ? 'y' : 'n');
	cr_expect_str_eq(buf_string(&found), expected, "%s", options);
	expect_same(buf_string(&text));
	table_free(table);
	buf_free(&text);
	buf_free(&found);
}

Test(print_conf, the_ipv6_socket_beside_an_ipv4_one_is_optional)
{
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" }", "ny");
	expect_optional("listen = { \"udp6:80\", \"tcp4:80\", \"udp4:80\" }", "ynn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:81\", \"udp6:80\" }", "nnn");
	expect_optional("listen = { \"tcp4:a.example:80\", \"tcp6:a.example:80\", \"tcp6:b.example:80\" }", "nyn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } optional = no", "nn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } optional = yes", "yy");
	expect_optional("socket x { listen = \"tcp4:80\" } socket y { listen = \"tcp6:80\" }", "ny");
	expect_optional("socket x { listen = \"tcp4:80\" } socket y { listen = \"tcp6:80\" optional = no }", "nn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } socket y { listen = { \"tcp4:81\", \"tcp6:81\" } "
			"optional = no }", "nynn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } socket y { listen = \"tcp:81\" optional = yes }",
			"nyy");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } } defaults { optional = no", "nn");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } } defaults { optional = yes", "yy");
	expect_optional("listen = { \"tcp4:80\", \"tcp6:80\" } optional = no } defaults { optional = yes", "nn");
}

/* A row is printed in its own words, but the defaults have what most rows say. */
Test(print_conf, says_what_most_rows_say_once)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "service a { listen = 80 exec = /bin/x timeout_stop = 300s accept = no pass = systemd error = log }",
		  "service a {\n\tlisten = \"tcp:80\"\n\texec = \"/bin/x\"\n\ttimeout_stop = 300s\n\taccept = no\n"
		  "\tpass = systemd\n\terror = log\n}\n" },
		{ "defaults { instances = 5 error = socket } service a { listen = 80 exec = /bin/x }"
		  "service b { listen = 81 builtin = echo accept = yes }",
		  "defaults {\n\tinstances = 5\n\terror = socket\n}\n\n"
		  "service a {\n\tlisten = \"tcp:80\"\n\texec = \"/bin/x\"\n}\n\n"
		  "service b {\n\tlisten = \"tcp:81\"\n\tbuiltin = echo\n\taccept = yes\n}\n" },
		{ "service a { listen = 80 exec = /bin/x accept = yes instances = 7 }"
		  "service b { listen = 81 exec = /bin/x accept = yes instances = 8 }"
		  "service c { listen = 82 exec = /bin/x accept = yes instances = 7 }"
		  "service d { listen = 83 exec = /bin/x }",
		  "defaults {\n\tinstances = 7\n}\n\n"
		  "service a {\n\tlisten = \"tcp:80\"\n\texec = \"/bin/x\"\n\taccept = yes\n}\n\n"
		  "service b {\n\tlisten = \"tcp:81\"\n\texec = \"/bin/x\"\n\taccept = yes\n\tinstances = 8\n}\n\n"
		  "service c {\n\tlisten = \"tcp:82\"\n\texec = \"/bin/x\"\n\taccept = yes\n}\n\n"
		  "service d {\n\tlisten = \"tcp:83\"\n\texec = \"/bin/x\"\n}\n" },
		{ "service a { listen = 80 exec = /bin/x user = root }"
		  "service b { listen = 81 exec = /bin/x user = root }"
		  "service c { listen = 82 exec = /bin/x user = nobody }",
		  "service a {\n\tlisten = \"tcp:80\"\n\texec = \"/bin/x\"\n\tuser = root\n}\n\n"
		  "service b {\n\tlisten = \"tcp:81\"\n\texec = \"/bin/x\"\n\tuser = root\n}\n\n"
		  "service c {\n\tlisten = \"tcp:82\"\n\texec = \"/bin/x\"\n\tuser = nobody\n}\n" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		struct table *table = read_string(cases[n].text);
		char *printed = print_string(table, false);

		cr_expect_str_eq(printed, cases[n].printed);
		expect_same(cases[n].text);
		table_free(table);
		free(printed);
	}
}

/* The n-th one, from 0. */
static bool find_nth_value(const struct option_def *option, size_t n, char *out, size_t size)
{
	size_t next = 0;
	bool found;

	do
		found = find_value(option, &next, out, size);
	while (found && n--);
	return found;
}

Test(print_conf, all_options_together_read_back)
{
	for (size_t n = 0; n < 3; n++) {
		char value[256], *text;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		fputs("service a {\nlisten = 80\n", out);
		for (size_t i = 0; i < option_count; i++) {
			if (has_value(&option_defs[i]) && find_nth_value(&option_defs[i], n, value, sizeof(value)))
				fputs(value, out);
		}
		fputs("}\n", out);
		fclose(out);
		expect_same(text);
		free(text);
	}
}

Test(print_conf, a_file_name_cannot_break_out_of_its_comment)
{
	struct diags diags = { 0 };
	static const char text[] = "service a { listen = 80 exec = /bin/x }";
	struct table *table = read_text("x\nservice b { }\n", text, strlen(text), &diags), *back;
	char *printed = print_string(table, true);

	back = read_string(printed);
	cr_expect_eq(back->count, 1, "printed: %s", printed);
	table_free(table);
	table_free(back);
	diags_free(&diags);
	free(printed);
}

Test(print_conf, tells_of_output_that_cannot_be_written)
{
	struct table *table = read_string("service a { listen = 80 exec = /bin/x }");
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		cr_skip_test("no /dev/full here");
	setvbuf(full, NULL, _IONBF, 0);
	cr_expect_not(print_conf(table, false, full));
	cr_expect_not(print_json(table, full));
	cr_expect_not(print_explain("user", full));
	cr_expect_not(print_options_json(full));
	fclose(full);
	table_free(table);
}

Test(print_conf, explains_every_option)
{
	for (size_t i = 0; i < option_count; i++) {
		const char *name = option_defs[i].name[NATIVE];
		char *text, *end;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		cr_expect(print_explain(name, out), "%s", name);
		fclose(out);
		cr_expect_eq(strncmp(text, name, strlen(name)), 0, "%s: %s", name, text);
		for (const char *line = text; (end = strchr(line, '\n')); line = end + 1)
			cr_expect(end - line <= 120, "%s: %s", name, text);
		free(text);
	}
}

/* Whether the reader has anything against one option of a service, or of superd itself. */
static bool is_refused(const struct option_def *option, const char *line)
{
	struct diags diags = { 0 };
	struct table *table;
	char text[512];
	bool is_global = option->chapter == CHAPTER_SUPERD, refused = false;

	snprintf(text, sizeof(text), "service b {\n %s\n}\nsuperd {\n %s\n}\n", is_global ? "" : line,
		 is_global ? line : "");
	table = read_text("t", text, strlen(text), &diags);
	for (size_t n = 0; n < diags.count; n++) {
		if (!strncmp(diags.list[n].message, "b: ", 3))
			continue;       /* a rule of the whole, as that it runs nothing */
		fprintf(stderr, "%s: %s\n", line, diags.list[n].message);
		refused = true;
	}
	table_free(table);
	diags_free(&diags);
	return refused;
}

Test(print_conf, gives_an_example_that_is_right)
{
	const struct option_def *option;
	char *text;
	size_t length;

	for (size_t i = 0; (option = option_listed(i)); i++) {
		const char *name = option->name[NATIVE];
		bool is_global = option->chapter == CHAPTER_SUPERD;
		FILE *out = open_memstream(&text, &length);
		char *example;

		cr_assert(print_explain(name, out));
		fclose(out);
		example = strstr(text, "    example   ");
		cr_expect(example || is_plain(option) || (is_global && is_one_word(option)),
			  "%s has no example", name);
		if (example) {
			example[strcspn(example, "\n")] = '\0';
			cr_expect_not(is_refused(option, example + 14), "%s", example);
		}
		free(text);
	}
}

Test(print_conf, explains_bounds_words_default_and_names_elsewhere)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(print_explain("backoff_max", out));
	cr_assert(print_explain("kill_mode", out));
	cr_assert(print_explain("socket_mode", out));
	fclose(out);
	cr_expect(strstr(text, "default   30s\n"), "%s", text);
	cr_expect(strstr(text, " to 1d\n"), "%s", text);
	cr_expect(strstr(text, "systemd   Service.RestartMaxDelaySec\n"), "%s", text);
	cr_expect(strstr(text, "words     group, mixed, process, none\n"), "%s", text);
	cr_expect(strstr(text, "bounds    0000 to 07777\n"), "%s", text);
	cr_expect(strstr(text, "set in    service, socket, defaults\n"), "%s", text);
	free(text);
	out = open_memstream(&text, &length);
	cr_assert(print_explain("max_starting", out));
	fclose(out);
	cr_expect(strstr(text, "set in    superd\n"), "%s", text);
	cr_expect(strstr(text, "bounds    0 to 1000000\n"), "%s", text);
	free(text);
}

/* The table of options names them as the sources of the manual pages do. */
Test(print_conf, explains_with_the_configured_directories)
{
	const struct option_def *option;
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(out);
	for (size_t i = 0; (option = option_listed(i)); i++)
		cr_assert(print_explain(option->name[NATIVE], out), "%s", option->name[NATIVE]);
	cr_assert(print_options_json(out));
	cr_assert_eq(fclose(out), 0);
	cr_expect_null(strstr(text, "dir@"), "%s", strstr(text, "dir@"));
	cr_expect(strstr(text, LOCALSTATEDIR "/lib"), "%s", text);
	cr_expect(strstr(text, RUNSTATEDIR ","), "%s", text);
	free(text);
}

Test(print_conf, lists_name_options_that_there_are)
{
	for (size_t n = 0; first_options[n]; n++) {
		const struct option_def *option = option_find(NATIVE, first_options[n]);

		cr_assert(option, "%s", first_options[n]);
		cr_expect_not(option->chapter == CHAPTER_UNITS || option->flags & FOR_UNITS, "%s", first_options[n]);
	}
}

Test(print_conf, does_not_explain_what_is_no_option)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_expect_not(print_explain("usr", out));
	fclose(out);
	cr_expect_str_eq(text, "");
	free(text);
}

