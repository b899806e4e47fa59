/* What superd-advise answers, line by line: nothing of it may be taken for more than it says. */
#include "superd/service/lookup.h"
#include "superd/service/socket_rest.h"
#include "superd/limits/refusal.h"
#include "tests/unit/unit.h"

static struct lookup_reply advice;

static bool takes(const char *line)
{
	return lookup_reply_parse_line(line, &advice);
}

Test(advice, reads_every_answer)
{
	cr_expect(takes("name host.example.org"));
	cr_expect(advice.has_name && advice.knows_name);
	cr_expect_str_eq(advice.name, "host.example.org");
	cr_expect(takes("libwrap allow"));
	cr_expect(advice.has_libwrap && advice.allowed);
	cr_expect(takes("ident yes UNIX : joe"));
	cr_expect(advice.has_user && advice.knows_user);
	cr_expect_str_eq(advice.user, "UNIX : joe");
	cr_expect_not(advice.twisted);
	cr_expect(takes("libwrap twist"));
	cr_expect(advice.twisted);
}

Test(advice, reads_every_no)
{
	cr_expect(takes("name"));
	cr_expect(advice.has_name && !advice.knows_name);
	cr_expect(takes("libwrap deny"));
	cr_expect(advice.has_libwrap && !advice.allowed);
	cr_expect(takes("ident no connection refused"));
	cr_expect(advice.has_user && !advice.knows_user);
	cr_expect_str_eq(advice.user, "connection refused");
}

Test(advice, takes_nothing_else_for_an_answer)
{
	static const char *const lines[] = { "",
					     "nam",
					     "names",
					     "name ",
					     "libwrap",
					     "libwrap allowed",
					     "libwrap  allow",
					     "LIBWRAP ALLOW",
					     "ident",
					     "ident yes ",
					     "ident maybe joe" };

	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++)
		cr_expect(!takes(lines[n]), "'%s'", lines[n]);
	cr_expect(!advice.has_name && !advice.has_libwrap && !advice.has_user);
}

Test(advice, takes_no_answer_that_is_too_long)
{
	char line[1024] = "name ";

	memset(line + 5, 'a', 256);
	cr_expect(!takes(line));
	cr_expect(!advice.has_name);
	line[5 + 255] = '\0';
	cr_expect(takes(line));
	memset(line, 'a', sizeof(line) - 1);
	memcpy(line, "ident yes ", 10);
	cr_expect(!takes(line));
	cr_expect(!advice.has_user);
}

Test(advice, makes_every_character_visible)
{
	cr_expect(takes("ident yes UNIX : \x1b[31mjo\xc3\xa9\t"));
	cr_expect_str_eq(advice.user, "UNIX : ?[31mjo???");
}

Test(refusal, has_a_text_and_a_word_of_xinetds_for_every_reason)
{
	static const char *const known[] = { "address",		 "time",	  "fork",    "service_limit",
					     "per_source_limit", "process_limit", "libwrap", "load" };

	for (int refusal = ADMITTED + 1; refusal < REFUSALS; refusal++) {
		const char *word = refusal_word((enum refusal)refusal);
		bool is_known = refusal == REFUSED_CLOSED && !*word;    /* that is superd's doing */

		for (size_t n = 0; n < sizeof(known) / sizeof(*known); n++)
			is_known = is_known || !strcmp(word, known[n]);
		cr_expect(is_known, "%d: '%s'", refusal, word);
		for (int other = ADMITTED; other < refusal; other++)
			cr_expect_str_neq(refusal_text((enum refusal)refusal), refusal_text((enum refusal)other));
	}
}

Test(rest, finds_the_name_that_an_inetd_table_has)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{ "echo", "echo" },
		{ "echo-udp", "echo" },
		{ "ftp-tcp6", "ftp" },
		{ "rstatd-rpc-udp", "rstatd" },
		{ "rstatd-rpc-tcp6", "rstatd" },
		{ "ftp@127.0.0.1", "ftp" },
		{ "talk-udp@10.0.0.1", "talk" },
		{ "printer-unix", "printer" },
		{ "netbios-ssn", "netbios-ssn" },
		{ "-udp", "-udp" },
		{ "x-tcpmux", "x" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
		cr_expect_eq(socket_rest_inetd_name(cases[n].name), strlen(cases[n].expected), "%s", cases[n].name);
}
