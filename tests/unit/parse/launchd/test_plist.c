/* Property lists of XML as a tree: what is taken, where it stands, and what no list may hold. */
#include "launchd_reading.h"

TestSuite(plist, .init = open_reading, .fini = close_reading);

static const struct plist *read_dict(const char *elements)
{
	static char text[8192];

	snprintf(text, sizeof(text), HEAD "<dict>%s</dict>" TAIL, elements);
	return read_xml(text);
}

static void expect_refusal(const char *elements, const char *message)
{
	read_dict(elements);
	cr_expect(strstr(said(), message), "of %s: %s", elements, said());
	cr_expect_gt(diags.errors, 0);
	close_reading();
	open_reading();
}

Test(plist, has_each_kind_of_element)
{
	const struct plist *root =
		read_dict("<key>s</key><string> a &amp; b </string><key>i</key><integer> -12 </integer>"
			  "<key>t</key><true/><key>f</key><false/><key>r</key><real>1.5</real>"
			  "<key>d</key><date>2024-01-01T00:00:00Z</date><key>b</key><data>AA==</data>"
			  "<key>l</key><array><string/><dict/></array>");

	cr_assert_not_null(root, "%s", said());
	cr_expect_str_eq(plist_get(root, "s")->text, " a & b ");
	cr_expect_eq(plist_get(root, "i")->number, -12);
	cr_expect(plist_get(root, "t")->kind == PLIST_BOOL && plist_get(root, "t")->number == 1);
	cr_expect(plist_get(root, "f")->kind == PLIST_BOOL && plist_get(root, "f")->number == 0);
	cr_expect_eq(plist_get(root, "r")->kind, PLIST_REAL);
	cr_expect_eq(plist_get(root, "d")->kind, PLIST_DATE);
	cr_expect_eq(plist_get(root, "b")->kind, PLIST_DATA);
	cr_expect_eq(plist_get(root, "l")->first->kind, PLIST_STRING);
	cr_expect_str_eq(plist_get(root, "l")->first->text, "");
	cr_expect_eq(plist_get(root, "l")->first->next->kind, PLIST_DICT);
	cr_expect_null(plist_get(root, "x"));
	cr_expect_str_eq(said(), "");
}

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

Test(plist, takes_a_leading_zero_for_decimal)
{
	const struct plist *root = read_dict("<key>a</key><integer>0660</integer><key>b</key><integer>0x1b0</integer>"
					     "<key>c</key><integer>+000</integer>");

	cr_expect_eq(plist_get(root, "a")->number, 660);
	cr_expect_eq(plist_get(root, "b")->number, 432);
	cr_expect_eq(plist_get(root, "c")->number, 0);
}

Test(plist, takes_integers_to_the_largest)
{
	cr_expect_eq(plist_get(read_dict("<key>a</key><integer>9223372036854775807</integer>"), "a")->number,
		     INT64_MAX);
	cr_expect_eq(plist_get(read_dict("<key>a</key><integer>-9223372036854775806</integer>"), "a")->number,
		     -INT64_MAX + 1);
	expect_refusal("<key>a</key><integer>9223372036854775808</integer>",
		       "an integer is at most 9223372036854775807");
	expect_refusal("<key>a</key><integer>0x</integer>", "an integer is a decimal number");
	expect_refusal("<key>a</key><integer>0x1g</integer>", "an integer is a decimal number");
}

Test(plist, takes_comments_and_sections_of_text)
{
	const struct plist *root =
		read_dict("<!-- <key>no</key> --><key>a</key><!-- x --><string>b<!-- c --><![CDATA[<d>]]>"
			  "</string>");

	cr_expect_str_eq(plist_get(root, "a")->text, "b<d>");
	cr_expect_null(plist_get(root, "no"));
}

Test(plist, says_what_its_rules_ask_for)
{
	expect_refusal("<string>a</string>", "a <key> must precede each value");
	expect_refusal("<key>a</key>", "a has no value");
	expect_refusal("<key>a</key><key>b</key><true/>", "a has no value");
	expect_refusal("<key>a</key><array><key>b</key></array>", "a <key> belongs in a <dict>");
	expect_refusal("<key>a</key><text>b</text>", "<text>: property lists have no such element");
	expect_refusal("<key>a</key><string>b<i>c</i></string>", "<i>: only text is allowed here");
	expect_refusal("<key>a</key><integer>12a</integer>", "'12a': an integer is");
	expect_refusal("<key>a</key><integer>99999999999999999999</integer>", "an integer is");
	expect_refusal("<key>a</key><integer/>", "an integer is");
	expect_refusal("<key>a</key><true>yes</true>", "<true/> and <false/> are empty");
	expect_refusal("@SOCKETS@", "there is text between elements: '@SOCKETS@'");
	expect_refusal("<key>a</key><true/><key>a</key><false/>", "a occurs twice in one dictionary");
	expect_refusal("<key>a</key><string>b</key>", "this is no well-formed XML: mismatched tag");
	expect_refusal("<key>a</key><string>&b;</string>", "&b; is unknown");
}

Test(plist, says_all_that_is_wrong_with_one_list)
{
	read_dict("<key>a</key><nothing/><key>b</key><integer>x</integer><string>c</string>");
	cr_expect_geq(diags.errors, 3, "%s", said());
}

Test(plist, takes_no_entities)
{
	read_xml("<!DOCTYPE plist [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>"
		 "<plist><string>&b;&b;</string></plist>");
	cr_expect(strstr(said(), "the entity a is declared: superd supports no entities"), "%s", said());
	close_reading();
	open_reading();
	cr_expect_null(
		read_xml("<!DOCTYPE plist [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><plist><string>&a;</string>"
			 "</plist>"));
	cr_expect_eq(diags.errors, 1, "%s", said());
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

Test(plist, of_nothing_or_of_another_kind_is_refused)
{
	cr_expect_null(read_xml("<plist/>"));
	cr_expect(strstr(said(), "the property list is empty"), "%s", said());
	cr_expect_null(read_xml("<html><dict/></html>"));
	cr_expect(strstr(said(), "its first element is <html>, not <plist>"), "%s", said());
	cr_expect_null(read_xml(""));
	cr_expect(strstr(said(), "no element found"), "%s", said());
	read_xml("<plist><dict/><dict/></plist>");
	cr_expect(strstr(said(), "a property list has one value"), "%s", said());
}

Test(plist, of_json_or_of_the_older_form_is_told_how_to_convert)
{
	static const char *const lists[] = { "\n{ \"Label\": \"a\" }", "\n{ Label = a; }", "\n( a )",
					     "\n// !$*UTF8*$!\n{}", "\n/* x */ {}" };

	for (size_t n = 0; n < sizeof(lists) / sizeof(*lists); n++) {
		struct source_file source = source_of(lists[n], strlen(lists[n]));
		close_reading();
		open_reading();
		cr_expect_null(plist_read(reading.table->pool, &source, &diags));
		cr_expect(strstr(said(), "t.plist:2:1: error: this is no property list of XML"), "%s", said());
		cr_expect(strstr(said(), "plutil -convert xml1"), "%s", said());
		source_free(&source);
	}
}
