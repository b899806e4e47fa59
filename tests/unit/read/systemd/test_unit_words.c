/* Specifiers of a machine, a template and a connection. Quotes and escapes are in tests/read/systemd/words.tables.
 * What is claimed of systemd was seen of its version 252. */
#include "unit_reading.h"

#include "read/systemd/internal.h"

static const struct specifier_values machine = {
	.host_name = "host.example.org", .short_host_name = "host", .pretty_host_name = "My Host",
	.machine_id = "0123456789abcdef0123456789abcdef", .boot_id = "fedcba9876543210fedcba9876543210",
	.kernel = "6.18.0", .architecture = "x86-64", .os_id = "debian", .os_version_id = "12", .os_build_id = "b1",
	.os_variant_id = "", .image_id = "img", .image_version = "7", .user = "root", .group = "wheel", .user_id = "0",
	.group_id = "1", .home = "/root", .shell = "/bin/sh", .runtime = "/run", .state = "/var/lib",
	.cache = "/var/cache", .logs = "/var/log", .configuration = "/etc", .data = "/usr/share", .temporary = "/tmp",
	.lasting_temporary = "/var/tmp",
};

static struct unit_names names;

static void open_names(void)
{
	open_reading();
	names = (struct unit_names){ .unit = read_unit("lex-t@a-b\\x2dc.service", ""), .machine = &machine };
}

TestSuite(unit_words, .init = open_names, .fini = close_reading);

/* Words are written one behind the other, each with a bar behind it. */
static void expect_words(const char *value, const char *wanted)
{
	char got[1000] = "";
	struct unit_split split = { 0 };
	size_t length = 0;
	const char *wrong = unit_split(reading.table->pool, &names, value, 0, &split);

	cr_assert_null(wrong, "%s: %s at %zu", value, wrong, split.wrong_at);
	for (size_t n = 0; n < split.count; n++)
		length += (size_t)snprintf(got + length, sizeof(got) - length, "%s|", split.list[n].text);
	cr_expect_str_eq(got, wanted, "of %s: %s", value, got);
}

static void expect_wrong(const char *value, unsigned flags, const char *why, size_t where)
{
	struct unit_split split = { 0 };
	const char *wrong = unit_split(reading.table->pool, &names, value, flags, &split);

	cr_assert_not_null(wrong, "%s", value);
	cr_expect(strstr(wrong, why), "%s: %s", value, wrong);
	cr_expect_eq(split.wrong_at, where, "%s: at %zu", value, split.wrong_at);
}

static void expect_text(const char *text, const char *wanted)
{
	struct buf out = { 0 };
	size_t at = 0;
	const char *wrong = unit_expand(&names, text, &out, &at);

	cr_assert_null(wrong, "%s: %s", text, wrong);
	cr_expect_str_eq(buf_string(&out), wanted, "%s: %s", text, buf_string(&out));
	buf_free(&out);
}

static void expect_refused(const char *text, const char *why, size_t where)
{
	struct buf out = { 0 };
	size_t at = 0;
	const char *wrong = unit_expand(&names, text, &out, &at);

	cr_assert_not_null(wrong, "%s", text);
	cr_expect(strstr(wrong, why), "%s: %s", text, wrong);
	cr_expect_eq(at, where, "%s: at %zu", text, at);
	buf_free(&out);
}

Test(unit_words, knows_where_a_word_begins_and_whether_it_was_quoted)
{
	static const struct unit_word wanted[] = {
		{ "a", 1, false }, { ";", 3, false }, { ";", 5, true }, { ";", 8, true }, { ";", 12, true },
		{ "b\"", 16, true }, { "c", 20, true },
	};
	struct unit_split split = { 0 };
	const struct unit_word *list;

	cr_assert_null(unit_split(reading.table->pool, &names, " a ; \\; ';' \";\" b\\\" c''", 0, &split));
	cr_assert_eq(split.count, sizeof(wanted) / sizeof(*wanted));
	list = split.list;
	for (size_t n = 0; n < split.count; n++) {
		cr_expect_str_eq(list[n].text, wanted[n].text);
		cr_expect_eq(list[n].offset, wanted[n].offset, "%s: %zu", list[n].text, list[n].offset);
		cr_expect_eq(list[n].is_quoted, wanted[n].is_quoted, "%zu", n);
	}
}

Test(unit_words, replaces_specifiers_once_words_are_split)
{
	expect_words("%q %%", "My Host|%|");
	expect_words("'%i' \\x25i", "a-b\\x2dc|a-b\\x2dc|");
	expect_words("%%i %%%i", "%i|%a-b\\x2dc|");
	expect_wrong("/bin/echo unknown%z", 0, "no specifier", 17);
	expect_wrong("/bin/echo 'unknown %z'", 0, "no specifier", 10);
}

Test(unit_words, replaces_every_specifier_of_the_machine)
{
	expect_text("%H %l %q", "host.example.org host My Host");
	expect_text("%m %b", "0123456789abcdef0123456789abcdef fedcba9876543210fedcba9876543210");
	expect_text("%v %a %o %w %B [%W] %M %A", "6.18.0 x86-64 debian 12 b1 [] img 7");
	expect_text("%u %U %g %G %h %s", "root 0 wheel 1 /root /bin/sh");
	expect_text("%t %S %C %L %E %D %T %V", "/run /var/lib /var/cache /var/log /etc /usr/share /tmp /var/tmp");
}

Test(unit_words, gives_the_folder_a_unit_is_in)
{
	struct unit unit = *names.unit;

	names.unit = &unit;
	unit.path = "/usr/lib/systemd/system/a.service";
	expect_text("%y %Y", "/usr/lib/systemd/system/a.service /usr/lib/systemd/system");
	unit.path = "/a.service";
	expect_text("%Y", "/");
	unit.path = NULL;
	expect_refused("x%Y", "the unit has no file", 1);
}

Test(unit_words, refuses_specifiers_nobody_knows)
{
	expect_refused("unknown%z", "no specifier", 7);
	expect_refused("%5", "no specifier", 0);
	expect_refused("%d", "not known here", 0);
	expect_refused("a%c", "no specifiers any more", 1);
	names.machine = NULL;
	expect_refused("%n %H", "not known here", 3);
	names.machine = &(const struct specifier_values){ .host_name = "h" };
	expect_text("%H", "h");
	expect_refused("%m", "there is no machine id here", 0);
	names.unit = read_unit("lex-t@\\xzz.service", "");
	expect_text("%i", "\\xzz");
	expect_refused("%I", "not followed by \\xHH", 0);
}

Test(unit_words, doubles_percent_signs_of_a_template_of_superd)
{
	names.for_superd = true;
	expect_text("100% %% %-", "100%% %% %%-");
	names.machine = &(const struct specifier_values){ .host_name = "a%b" };
	expect_text("%H", "a%%b");
	names.unit = read_unit("t@\\x25.service", "");
	expect_text("%I", "%%");
	expect_words("a%% \\x25%%", "a%%|%%%%|");
}

Test(unit_words, makes_a_template_of_the_instance_of_a_connection)
{
	names = (struct unit_names){
		.unit = read_unit("a@.service", ""), .per_connection = true, .for_superd = true,
	};
	expect_text("%i %I %%i", "%{instance} %{instance} %%i");
	expect_text("%n %N %p", "a@%{instance}.service a@%{instance} a");
	expect_refused("x %f", "cannot become a path", 2);
	names.for_superd = false;
	expect_text("%p", "a");
	expect_refused("%i", "known only with its connection", 0);
	expect_refused(" %n", "known only with its connection", 1);
}
