/* Names of units, their parts, and escaping. */
#include "tests/unit/pool_fixture.h"

#include "lib/buf.h"
#include "read/systemd/internal.h"

TestSuite(unit_name, .init = open_pool, .fini = close_pool);

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
	struct unit unit = { 0 };

	unit_name_cut(pool, name, &unit);
	cr_expect_str_eq(unit.name, name);
	cr_expect_str_eq(unit.prefix, prefix);
	cr_expect_str_eq(unit.suffix, suffix);
	if (instance)
		cr_expect_str_eq(unit.instance, instance);
	else
		cr_expect_null(unit.instance);
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
	cr_expect(unit_name_is_instance("foo@a.service"));
	cr_expect(unit_name_is_instance("foo@.a.service"));
	cr_expect_not(unit_name_is_instance("foo@.service"));
	cr_expect_not(unit_name_is_instance("foo.service"));
	cr_expect_str_eq(unit_name_template(pool, "foo@a.b.service"), "foo@.service");
	cr_expect_str_eq(unit_name_instance(pool, "bar@.service", "foo@a.b.service"), "bar@a.b.service");
}

static void expect_unescaped(const char *text, bool path, const char *wanted)
{
	struct buf out = { 0 };

	cr_expect(unit_unescape_add(&out, text, path));
	cr_expect_str_eq(buf_string(&out), wanted, "of %s: %s", text, buf_string(&out));
	buf_free(&out);
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

Test(unit_name, keeps_what_is_no_escape_and_tells_so)
{
	static const char *const texts[] = { "a\\b", "\\x", "\\x2", "\\x2g", "\\x00", "a\\" };

	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
		struct buf out = { 0 };

		cr_expect_not(unit_unescape_add(&out, texts[n], false));
		cr_expect_str_eq(buf_string(&out), texts[n]);
		buf_free(&out);
	}
}
