/* Binary property lists: the same tree as of XML, and bytes that lie. */
#include "launchd_reading.h"

TestSuite(plist_binary, .init = open_reading, .fini = close_reading);

/* What xml below says. */
static const unsigned char job[] = {
	0x62, 0x70, 0x6c, 0x69, 0x73, 0x74, 0x30, 0x30, 0xd8, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
	0x0a, 0x0b, 0x0f, 0x1d, 0x1e, 0x21, 0x22, 0x55, 0x4c, 0x61, 0x62, 0x65, 0x6c, 0x57, 0x50, 0x72, 0x6f, 0x67,
	0x72, 0x61, 0x6d, 0x5f, 0x10, 0x10, 0x50, 0x72, 0x6f, 0x67, 0x72, 0x61, 0x6d, 0x41, 0x72, 0x67, 0x75, 0x6d,
	0x65, 0x6e, 0x74, 0x73, 0x57, 0x53, 0x6f, 0x63, 0x6b, 0x65, 0x74, 0x73, 0x54, 0x4e, 0x69, 0x63, 0x65, 0x59,
	0x4b, 0x65, 0x65, 0x70, 0x41, 0x6c, 0x69, 0x76, 0x65, 0x59, 0x52, 0x75, 0x6e, 0x41, 0x74, 0x4c, 0x6f, 0x61,
	0x64, 0x5f, 0x10, 0x12, 0x48, 0x61, 0x72, 0x64, 0x52, 0x65, 0x73, 0x6f, 0x75, 0x72, 0x63, 0x65, 0x4c, 0x69,
	0x6d, 0x69, 0x74, 0x73, 0x5f, 0x10, 0x10, 0x6f, 0x72, 0x67, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65,
	0x2e, 0x65, 0x63, 0x68, 0x6f, 0x5c, 0x2f, 0x75, 0x73, 0x72, 0x2f, 0x62, 0x69, 0x6e, 0x2f, 0x63, 0x61, 0x74,
	0xa3, 0x0c, 0x0d, 0x0e, 0x53, 0x63, 0x61, 0x74, 0x52, 0x2d, 0x75, 0x64, 0x00, 0xfc, 0x20, 0xac, 0xd8, 0x34,
	0xdd, 0x1e, 0xd2, 0x10, 0x11, 0x12, 0x17, 0x59, 0x4c, 0x69, 0x73, 0x74, 0x65, 0x6e, 0x65, 0x72, 0x73, 0x55,
	0x4c, 0x6f, 0x63, 0x61, 0x6c, 0xd2, 0x13, 0x14, 0x15, 0x16, 0x5f, 0x10, 0x0f, 0x53, 0x6f, 0x63, 0x6b, 0x53,
	0x65, 0x72, 0x76, 0x69, 0x63, 0x65, 0x4e, 0x61, 0x6d, 0x65, 0x5c, 0x53, 0x6f, 0x63, 0x6b, 0x4e, 0x6f, 0x64,
	0x65, 0x4e, 0x61, 0x6d, 0x65, 0x54, 0x38, 0x38, 0x38, 0x38, 0x59, 0x31, 0x32, 0x37, 0x2e, 0x30, 0x2e, 0x30,
	0x2e, 0x31, 0xa1, 0x18, 0xd2, 0x19, 0x1a, 0x1b, 0x1c, 0x5c, 0x53, 0x6f, 0x63, 0x6b, 0x50, 0x61, 0x74, 0x68,
	0x4e, 0x61, 0x6d, 0x65, 0x5c, 0x53, 0x6f, 0x63, 0x6b, 0x50, 0x61, 0x74, 0x68, 0x4d, 0x6f, 0x64, 0x65, 0x5e,
	0x2f, 0x72, 0x75, 0x6e, 0x2f, 0x65, 0x63, 0x68, 0x6f, 0x2e, 0x73, 0x6f, 0x63, 0x6b, 0x11, 0x01, 0xb0, 0x13,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfb, 0xd1, 0x1f, 0x20, 0x5e, 0x53, 0x75, 0x63, 0x63, 0x65, 0x73,
	0x73, 0x66, 0x75, 0x6c, 0x45, 0x78, 0x69, 0x74, 0x08, 0x09, 0xd1, 0x23, 0x24, 0x5d, 0x4e, 0x75, 0x6d, 0x62,
	0x65, 0x72, 0x4f, 0x66, 0x46, 0x69, 0x6c, 0x65, 0x73, 0x11, 0x04, 0x00, 0x00, 0x08, 0x00, 0x19, 0x00, 0x1f,
	0x00, 0x27, 0x00, 0x3a, 0x00, 0x42, 0x00, 0x47, 0x00, 0x51, 0x00, 0x5b, 0x00, 0x70, 0x00, 0x83, 0x00, 0x90,
	0x00, 0x94, 0x00, 0x98, 0x00, 0x9b, 0x00, 0xa4, 0x00, 0xa9, 0x00, 0xb3, 0x00, 0xb9, 0x00, 0xbe, 0x00, 0xd0,
	0x00, 0xdd, 0x00, 0xe2, 0x00, 0xec, 0x00, 0xee, 0x00, 0xf3, 0x01, 0x00, 0x01, 0x0d, 0x01, 0x1c, 0x01, 0x1f,
	0x01, 0x28, 0x01, 0x2b, 0x01, 0x3a, 0x01, 0x3b, 0x01, 0x3c, 0x01, 0x3f, 0x01, 0x4d, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x25, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x50,
};

static const char xml[] =
	HEAD "<dict><key>Label</key><string>org.example.echo</string><key>Program</key><string>/usr/bin/cat</string>"
	     "<key>ProgramArguments</key><array><string>cat</string><string>-u</string>"
	     "<string>\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e</string></array>"
	     "<key>Sockets</key><dict><key>Listeners</key><dict><key>SockServiceName</key><string>8888</string>"
	     "<key>SockNodeName</key><string>127.0.0.1</string></dict>"
	     "<key>Local</key><array><dict><key>SockPathName</key><string>/run/echo.sock</string>"
	     "<key>SockPathMode</key><integer>432</integer></dict></array></dict>"
	     "<key>Nice</key><integer>-5</integer><key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>"
	     "<key>RunAtLoad</key><true/><key>HardResourceLimits</key><dict><key>NumberOfFiles</key>"
	     "<integer>1024</integer></dict></dict>" TAIL;

static bool same(const struct plist *a, const struct plist *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || strcmp(a->key ? a->key : "", b->key ? b->key : "") != 0 ||
	    strcmp(a->text, b->text) != 0)
		return false;
	return (a->kind == PLIST_STRING || a->number == b->number) && same(a->first, b->first) &&
		same(a->next, b->next);
}

Test(plist_binary, is_the_tree_of_its_xml)
{
	const struct plist *binary = read_tree(job, sizeof(job)), *text = read_xml(xml);

	cr_assert(binary && text, "%s", said());
	cr_expect(same(binary, text));
	cr_expect_str_eq(said(), "");
}

Test(plist_binary, has_offsets_for_places)
{
	const struct plist *root = read_tree(job, sizeof(job));

	cr_assert_not_null(root);
	cr_expect(root->at.line == 8 && root->at.column == 0, "%u:%u", root->at.line, root->at.column);
	cr_expect_eq(job[plist_get(root, "Nice")->at.line], 0x13);
}

Test(plist_binary, that_ends_early_is_refused)
{
	for (size_t length = 8; length < sizeof(job); length++) {
		const struct plist *tree = read_tree(job, length);

		cr_expect(!tree || diags.errors, "%zu bytes", length);
		close_reading();
		open_reading();
	}
}

/* Read or refused, and nothing behind its end is looked at, as a sanitizer sees. */
Test(plist_binary, with_any_byte_changed_is_survived)
{
	for (size_t n = 8; n < sizeof(job); n++) {
		unsigned char changed[sizeof(job)];

		memcpy(changed, job, sizeof(job));
		for (int byte = 0; byte < 256; byte += 15) {
			changed[n] = (unsigned char)byte;
			cr_expect(read_tree(changed, sizeof(job)) || diags.errors, "byte %zu is %d", n, byte);
			close_reading();
			open_reading();
		}
	}
}

/* Objects, then the offset of each in one byte, then the trailer. */
static const struct plist *read_objects(const char *objects, size_t length, const char *offsets, unsigned count)
{
	unsigned char bytes[512] = "bplist00";
	size_t end = 8 + length;

	memcpy(bytes + 8, objects, length);
	memcpy(bytes + end, offsets, count);
	memset(bytes + end + count, 0, 32);
	bytes[end + count + 6] = bytes[end + count + 7] = 1;
	bytes[end + count + 15] = (unsigned char)count;
	bytes[end + count + 31] = (unsigned char)end;
	return read_tree(bytes, end + count + 32);
}

#define READ(objects, offsets) read_objects(objects, sizeof(objects) - 1, offsets, sizeof(offsets) - 1)

Test(plist_binary, takes_numbers_of_every_width)
{
	const struct plist *root = READ("\xa5\1\2\3\4\5\x10\xff\x11\x01\x00\x12\xff\xff\xff\xff"
					"\x13\xff\xff\xff\xff\xff\xff\xff\xfe\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7",
					"\x08\x0e\x10\x13\x18\x21");
	static const int64_t numbers[] = { 255, 256, 4294967295, -2, 7 };
	size_t n = 0;

	cr_assert_not_null(root, "%s", said());
	for (const struct plist *one = root->first; one; one = one->next)
		cr_expect_eq(one->number, numbers[n++]);
	cr_expect_eq(n, 5);
}

Test(plist_binary, that_holds_itself_ends)
{
	cr_expect_null(READ("\xa1\0", "\x08"));
	cr_expect(strstr(said(), "objects are nested too deeply"), "%s", said());
}

/* Eight arrays, each with the next one fourteen times: more elements than bytes could hold. */
Test(plist_binary, that_grows_without_end_is_stopped)
{
	char objects[8 * 15 + 1], offsets[9];

	for (int n = 0; n < 8; n++) {
		memset(objects + n * 15, n + 1, 15);
		objects[n * 15] = (char)0xae;
		offsets[n] = (char)(8 + n * 15);
	}
	objects[8 * 15] = 9;
	offsets[8] = (char)(8 + 8 * 15);
	cr_expect_null(read_objects(objects, sizeof(objects), offsets, 9));
	cr_expect(strstr(said(), "more than 20000 elements"), "%s", said());
	cr_expect_eq(diags.errors, 1);
}

/* An array that names one string of a thousand bytes seventeen thousand times: more text than a file could hold. */
Test(plist_binary, that_names_a_long_string_without_end_is_stopped)
{
	static unsigned char bytes[8 + 3 + 3 + 17000 + 1 + 2 + 1000 + 2 * 2 + 32] = "bplist00\xaf\x11\x42\x68";
	unsigned char *at = bytes + 12;

	memset(at, 1, 17000);
	at += 17000;
	memcpy(at, "\x5f\x11\x03\xe8", 4);
	memset(at + 4, 'x', 1000);
	at += 4 + 1000;
	memcpy(at, "\0\x08\x42\x74", 4);
	at[4 + 6] = 2;
	at[4 + 7] = 1;
	at[4 + 15] = 2;
	at[4 + 30] = (unsigned char)((at - bytes) >> 8);
	at[4 + 31] = (unsigned char)(at - bytes);
	cr_expect_null(read_tree(bytes, (size_t)(at + 4 + 32 - bytes)));
	cr_expect(strstr(said(), "a long string is named too often"), "%s", said());
	cr_expect_eq(diags.errors, 1);
}

Test(plist_binary, refuses_what_no_list_holds)
{
	static const struct {
		const char *objects;
		size_t length;
		const char *says;
	} lies[] = {
#define LIE(text) text, sizeof(text) - 1
		{ LIE("\x51\x80"), "a string has characters that are none" },
		{ LIE("\x51\x01"), "a string has characters that are none" },
		{ LIE("\x61\xd8\x00"), "a string has characters that are none" },
		{ LIE("\x61\xdc\x00"), "a string has characters that are none" },
		{ LIE("\x5f\x10\x50"
		      "abc"),
		  "a string extends beyond the end" },
		{ LIE("\x5f\x50"), "an object has no length" },
		{ LIE("\x15"
		      "aaaa"),
		  "an integer is too wide" },
		{ LIE("\x14\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"), "an integer is too large" },
		{ LIE("\xd1\0\0"), "a dictionary's key is no string" },
		{ LIE("\xa1\5"), "an object is named that is not there" },
		{ LIE("\xaf\x13\xff\xff\xff\xff\xff\xff\xff\xff"), "extends beyond the end" },
		{ LIE("\x80\0"), "a type that property lists do not have" },
		{ LIE("\0"), "a type that property lists do not have" },
	};

	for (size_t n = 0; n < sizeof(lies) / sizeof(*lies); n++) {
		cr_expect_null(read_objects(lies[n].objects, lies[n].length, "\x08", 1), "%zu", n);
		cr_expect(strstr(said(), lies[n].says), "%zu: %s", n, said());
		close_reading();
		open_reading();
	}
}

Test(plist_binary, of_another_version_is_refused)
{
	cr_expect_null(read_tree("bplist15aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 48));
	cr_expect(strstr(said(), "of version 15: superd knows 00"), "%s", said());
}
