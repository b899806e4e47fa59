/* Base64: the texts of RFC 4648 both ways, and what is none. */
#include "lib/base64.h"
#include "tests/unit/unit.h"

static const char *const pairs[][2] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe?>", "//4/Pg==" },
};

Test(base64, writes_and_reads_the_texts_of_its_rfc)
{
	for (size_t n = 0; n < sizeof(pairs) / sizeof(*pairs); n++) {
		struct buf text = { 0 }, bytes = { 0 };

		base64_encode(&text, pairs[n][0], strlen(pairs[n][0]));
		cr_expect_str_eq(buf_string(&text), pairs[n][1]);
		cr_expect(base64_decode(pairs[n][1], &bytes));
		cr_expect_str_eq(buf_string(&bytes), pairs[n][0]);
		buf_free(&text);
		buf_free(&bytes);
	}
}

Test(base64, holds_any_bytes)
{
	unsigned char all[256];
	struct buf text = { 0 }, bytes = { 0 };

	for (size_t n = 0; n < sizeof(all); n++)
		all[n] = (unsigned char)n;
	base64_encode(&text, all, sizeof(all));
	cr_assert(base64_decode(buf_string(&text), &bytes));
	cr_assert_eq(bytes.length, sizeof(all));
	cr_expect_eq(memcmp(bytes.data, all, sizeof(all)), 0);
	buf_free(&text);
	buf_free(&bytes);
}

Test(base64, passes_over_blanks)
{
	struct buf bytes = { 0 };

	cr_expect(base64_decode(" Zm9v\n\tYmFy\r\n", &bytes));
	cr_expect_str_eq(buf_string(&bytes), "foobar");
	buf_free(&bytes);
}

Test(base64, refuses_what_is_none)
{
	static const char *const bad[] = { "Z",	   "Zg",   "Zg=",      "Zg===", "=",	"====",
					   "Zh==", "Zm9=", "Zg==Zg==", "Zm9v!", "Zm-_", "Zg=v" };

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++)
		cr_expect_not(base64_decode(bad[n], NULL), "%s", bad[n]);
}
