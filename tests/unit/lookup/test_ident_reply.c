/* Answers of ident servers (RFC 1413): what they are taken for, and what can't get through them. */
#include "lookup/lookup.h"
#include "tests/unit/unit.h"

static struct ident_reply read_bytes(const char *bytes, size_t length)
{
	struct ident_reply reply;

	memset(&reply, 'x', sizeof(reply));
	ident_reply_read(bytes, length, 6193, 23, &reply);
	cr_assert_lt(strnlen(reply.text, sizeof(reply.text)), sizeof(reply.text));
	return reply;
}

static struct ident_reply read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void expect_user(const char *text, const char *user)
{
	struct ident_reply reply = read_text(text);

	cr_expect(reply.known, "%s: %s", text, reply.text);
	cr_expect_str_eq(reply.text, user);
}

static void expect_none(const char *text, const char *why)
{
	struct ident_reply reply = read_text(text);

	cr_expect_not(reply.known, "%s: %s", text, reply.text);
	cr_expect_str_eq(reply.text, why);
}

Test(ident_reply, gives_the_user_as_the_server_wrote_it)
{
	expect_user("6193, 23 : USERID : UNIX :stjohns\r\n", "UNIX :stjohns");
	expect_user("6193,23:USERID:UNIX:root\r\n", "UNIX:root");
	expect_user("6193 , 23 : USERID : OTHER , US-ASCII :  some one \r\n", "OTHER , US-ASCII :  some one");
	expect_user("6193, 23 : USERID : UNIX : a:b:c\r\n", "UNIX : a:b:c");
}

Test(ident_reply, takes_any_blanks_case_and_end_of_line)
{
	expect_user("  6193\t,\t23  :\tuserid : UNIX : root\n", "UNIX : root");
	expect_user("6193 , 23 : UserId : UNIX : root\r", "UNIX : root");
	expect_user("6193 , 23 : USERID : UNIX : root", "UNIX : root");
	expect_user("6193 , 23 : USERID : UNIX : root\r\n6193 , 23 : USERID : UNIX : other\r\n", "UNIX : root");
}

Test(ident_reply, gives_the_reason_of_an_error)
{
	expect_none("6193, 23 : ERROR : NO-USER\r\n", "NO-USER");
	expect_none("6193, 23 : error : hidden-user\r\n", "hidden-user");
	expect_none("6193, 23 : ERROR : INVALID-PORT\r\n", "INVALID-PORT");
	expect_none("6193, 23 : ERROR : UNKNOWN-ERROR\r\n", "UNKNOWN-ERROR");
	expect_none("6193, 23 : ERROR : X-FULL-MOON\r\n", "X-FULL-MOON");
}

Test(ident_reply, must_be_about_this_connection)
{
	const char *why = "the ident server's answer is about other ports";

	expect_none("23, 6193 : USERID : UNIX : root\r\n", why);
	expect_none("6193, 24 : USERID : UNIX : root\r\n", why);
}

Test(ident_reply, is_refused_where_it_is_none)
{
	expect_none("", "the ident server sent nothing");
	expect_none("\r\n", "the ident server sent nothing");
	expect_none("6193, 23 4 : USERID : UNIX : root\r\n", "the ident server's answer is none");
	expect_none("6193, : USERID : UNIX : root\r\n", "the ident server's answer is none");
	expect_none("61930000000000000000, 23 : USERID : UNIX : root\r\n", "the ident server's answer is none");
	expect_none("garbage\r\n", "the ident server's answer is none");
	expect_none("6193 23 : USERID : UNIX : root\r\n", "the ident server's answer is none");
	expect_none("6193, 23\r\n", "the ident server's answer is none");
	expect_none("6193, 23 : USERID\r\n", "the ident server's answer is none");
	expect_none("6193, 23 : USERIDXY : UNIX : root\r\n", "the ident server's answer is none");
}

Test(ident_reply, must_name_somebody)
{
	const char *why = "the ident server's answer names no user";

	expect_none("6193, 23 : WHO : UNIX : root\r\n", why);
	expect_none("6193, 23 : USERID : root\r\n", why);
	expect_none("6193, 23 : USERID : UNIX : \t \r\n", why);
	expect_none("6193, 23 : ERROR :\r\n", why);
}

Test(ident_reply, lets_through_nothing_but_visible_ascii)
{
	expect_user("6193, 23 : USERID : UNIX : a\x1b[2Jb\tc\x7f\xc3\xa9\r\n", "UNIX : a?[2Jb?c???");
	cr_expect_str_eq(read_bytes("6193, 23 : USERID : UNIX : a\0b\r\n", 31).text, "UNIX : a");
}

Test(ident_reply, is_cut_and_bounded)
{
	char text[IDENT_REPLY_MOST + 1] = "6193, 23 : USERID : UNIX : ";
	size_t start = strlen(text);
	struct ident_reply reply;

	memset(text + start, 'u', sizeof(text) - start);
	text[900] = '\n';
	reply = read_bytes(text, sizeof(text));
	cr_expect(reply.known);
	cr_expect_eq(strlen(reply.text), sizeof(reply.text) - 1);

	text[900] = 'u';
	reply = read_bytes(text, IDENT_REPLY_MOST);
	cr_expect_not(reply.known);
	cr_expect_str_eq(reply.text, "the ident server's answer is too long");
}

Test(ident_reply, is_whole_at_its_end_of_line_or_its_bound)
{
	char text[IDENT_REPLY_MOST];

	memset(text, 'x', sizeof(text));
	cr_expect_not(ident_reply_is_whole("", 0));
	cr_expect_not(ident_reply_is_whole("6193, 23 : USERID : UNIX : root", 31));
	cr_expect(ident_reply_is_whole("x\r", 2));
	cr_expect(ident_reply_is_whole("x\ny", 3));
	cr_expect_not(ident_reply_is_whole(text, sizeof(text) - 1));
	cr_expect(ident_reply_is_whole(text, sizeof(text)));
}
