/* Property lists of XML: where an element stands, and how much is taken. What is in them is in tests/read/launchd. */
#include "launchd_reading.h"

TestSuite(plist, .init = open_reading, .fini = close_reading);

Test(plist, knows_line_and_column_of_every_element)
{
	const struct plist *root =
		read_xml("<plist>\n<dict>\n\t<key>Label</key>\n\t<string>\xc3\xbc</string> <key>b</key>"
			 "<true/>\n</dict></plist>");
	const struct plist *label = plist_get(root, "Label"), *b = plist_get(root, "b");

	cr_assert(label && b, "%s", said());
	cr_expect(root->at.line == 2 && root->at.column == 1);
	cr_expect(label->key_at.line == 3 && label->key_at.column == 2);
	cr_expect(label->at.line == 4 && label->at.column == 2);
	cr_expect(b->at.line == 4 && b->at.column == 34, "%u:%u", b->at.line, b->at.column);
	cr_expect_str_eq(b->at.file, "t.plist");
}

Test(plist, is_bounded_in_depth)
{
	struct buf text = { 0 };

	buf_text(&text, "<plist>");
	for (int n = 0; n < PLIST_DEPTH + 1; n++)
		buf_text(&text, "<array>");
	for (int n = 0; n < PLIST_DEPTH + 1; n++)
		buf_text(&text, "</array>");
	buf_text(&text, "</plist>");
	cr_expect_null(read_xml(buf_string(&text)));
	cr_expect(strstr(said(), "elements are nested more than"), "%s", said());
	buf_free(&text);
}

Test(plist, is_bounded_in_size)
{
	struct buf text = { 0 };

	buf_text(&text, "<plist><array>");
	for (int n = 0; n < PLIST_MOST; n++)
		buf_text(&text, "<true/>");
	buf_text(&text, "</array></plist>");
	cr_expect_null(read_xml(buf_string(&text)));
	cr_expect(strstr(said(), "more than 20000 elements"), "%s", said());
	cr_expect_eq(diags.errors, 1);
	buf_free(&text);
}

Test(plist, of_the_binary_form_is_refused_with_the_way_to_convert_it)
{
	static const char text[] = "bplist00\xd0\x08";

	cr_expect_null(read_tree(text, sizeof(text)));
	cr_expect_not_null(strstr(said(), "this is a binary property list"), "%s", said());
	cr_expect_not_null(strstr(said(), "plistutil -i FILE -o FILE.xml"), "%s", said());
}

Test(plist, is_told_by_its_first_bytes)
{
	static const char *const lists[] = { HEAD, "<plist>", "\n<!DOCTYPE plist>", "bplist00", "<!-- x --><plist/>" };
	static const char *const others[] = { "", "<?xml version=\"1.0\"?><html/>", "service a { }", "bplis", "<plis" };

	for (size_t n = 0; n < sizeof(lists) / sizeof(*lists); n++) {
		struct source_file source = source_of(lists[n], strlen(lists[n]));

		cr_expect(plist_recognises(&source), "%s", lists[n]);
		source_free(&source);
	}
	for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++) {
		struct source_file source = source_of(others[n], strlen(others[n]));

		cr_expect(!plist_recognises(&source), "%s", others[n]);
		source_free(&source);
	}
}

