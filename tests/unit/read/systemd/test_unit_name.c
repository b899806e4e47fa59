/* Names of units, their parts, and escaping. */
#include "unit_reading.h"

TestSuite(unit_name, .init = open_reading, .fini = close_reading);

Test(unit_name, takes_what_systemd_takes_for_a_name)
{
	static const char *const good[] = {
		"a.service", "foo-bar.socket", "foo@.service", "foo@bar.service", "foo@a@b.c.service", "a.b.timer",
		"x\\x2dy.mount", "a:b_c.target", "foo@.socket", "-.slice",
	};
	static const char *const bad[] = {
		"", "a", "a.", ".service", "a.conf", "@.service", "@a.service", "a b.service", "a/b.service",
		"a%.service", "a.Service", "a.service ", "a.service@b", "\xc3\xa9.service",
	};
	char name[300];

	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++)
		cr_expect(unit_name_is_valid(good[n]), "%s", good[n]);
	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++)
		cr_expect_not(unit_name_is_valid(bad[n]), "%s", bad[n]);
	memset(name, 'a', sizeof(name));
	strcpy(name + 255 - 8, ".service");
	cr_expect(unit_name_is_valid(name));
	memset(name, 'a', sizeof(name));
	strcpy(name + 256 - 8, ".service");
	cr_expect_not(unit_name_is_valid(name));
}

static void expect_parts(const char *name, const char *prefix, const char *instance, const char *suffix)
{
	const struct unit *unit = read_unit(name, "");

	cr_expect_str_eq(unit->name, name);
	cr_expect_str_eq(unit->prefix, prefix);
	cr_expect_str_eq(unit->suffix, suffix);
	if (instance)
		cr_expect_str_eq(unit->instance, instance);
	else
		cr_expect_null(unit->instance);
}

Test(unit_name, cuts_a_name_at_its_first_at_sign_and_last_dot)
{
	expect_parts("foo.service", "foo", NULL, "service");
	expect_parts("foo.bar.socket", "foo.bar", NULL, "socket");
	expect_parts("foo@.service", "foo", "", "service");
	expect_parts("foo@bar.service", "foo", "bar", "service");
	expect_parts("foo@a@b.c.service", "foo", "a@b.c", "service");
}

Test(unit_name, tells_templates_from_instances)
{
	cr_expect(unit_name_is_template("foo@.service"));
	cr_expect_not(unit_name_is_template("foo@a.service"));
	cr_expect_not(unit_name_is_template("foo.service"));
}

/* The instance of this name without its escapes, or as a path. NULL: an escape is wrong. */
static char *unescaped(const char *instance, bool path)
{
	char name[64];
	struct unit_names names = { 0 };
	struct buf out = { 0 };
	size_t at;

	snprintf(name, sizeof(name), "t@%s.service", instance);
	names.unit = read_unit(name, "");
	if (!unit_expand(&names, path ? "%f" : "%I", &out, &at))
		return out.length ? buf_take(&out) : strdup("");
	buf_free(&out);
	return NULL;
}

static void expect_unescaped(const char *text, bool path, const char *wanted)
{
	char *got = unescaped(text, path);

	cr_expect(got && !strcmp(got, wanted), "of %s: %s", text, got ? got : "nothing");
	free(got);
}

Test(unit_name, undoes_escaping)
{
	expect_unescaped("foo-bar", false, "foo/bar");
	expect_unescaped("foo\\x2dbar", false, "foo-bar");
	expect_unescaped("\\x2efoo\\xC3\\xa9", false, ".foo\xc3\xa9");
	expect_unescaped("\\x5cx2d", false, "\\x2d");
	expect_unescaped("", false, "");
	expect_unescaped("dev-sda\\x2d1", true, "/dev/sda-1");
	expect_unescaped("-", true, "/");
	expect_unescaped("-dev-sda", true, "/dev/sda");
}

Test(unit_name, refuses_what_is_no_escape)
{
	static const char *const texts[] = { "a\\b", "\\x", "\\x2", "\\x2g", "\\x00", "a\\" };

	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++)
		cr_expect_null(unescaped(texts[n], false), "%s", texts[n]);
}
