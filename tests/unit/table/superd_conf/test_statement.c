/* Cutting superd.conf into statements: what is found where, and what is said of mistakes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "table/superd_conf/statement.h"

/* All of a text as text, "service[title] option=a,b option+=… socket[x] … end ; ", and what was said of it. */
struct cut {
	struct pool *pool;
	struct source_file source;
	struct diags diags;
	struct buf out;
	char *said;
};

static void add_words(struct cut *cut, const struct statement *statement, const struct statement_item *item)
{
	for (size_t i = 0; i < item->count; i++) {
		struct word word = statement->words[item->first + i];

		buf_addf(&cut->out, "%s%.*s", i ? "," : "", (int)(word.end - word.start),
			 cut->source.text + word.start);
	}
}

static void add_item(struct cut *cut, const struct statement *statement, const struct statement_item *item)
{
	int length = (int)(item->name.end - item->name.start);
	const char *name = cut->source.text + item->name.start;

	switch (item->kind) {
	case ITEM_HEAD:
	case ITEM_SOCKET:
		buf_addf(&cut->out, "%.*s[", length, name);
		add_words(cut, statement, item);
		buf_text(&cut->out, "] ");
		break;
	case ITEM_OPTION:
		buf_addf(&cut->out, "%.*s%s%s", length, name, item->append ? "+=" : "=", item->is_list ? "{" : "");
		add_words(cut, statement, item);
		buf_text(&cut->out, item->is_list ? "} " : " ");
		break;
	case ITEM_BAD:
		buf_addf(&cut->out, "%.*s! ", length, name);
		break;
	case ITEM_END:
		buf_text(&cut->out, "end ");
		break;
	}
}

static struct cut *cut_text(const char *text)
{
	struct cut *cut = calloc(1, sizeof(*cut));
	struct statement statement = { 0 };
	struct statement_splitter splitter = { 0 };
	size_t length;
	FILE *said;

	cr_assert(cut);
	cut->pool = pool_new();
	cr_assert(source_from_text(&cut->source, "t", text, strlen(text), cut->pool, &cut->diags));
	splitter = (struct statement_splitter){ .source = &cut->source, .diags = &cut->diags };
	while (statement_next(&splitter, &statement)) {
		for (size_t i = 0; i < statement.item_count; i++)
			add_item(cut, &statement, &statement.items[i]);
		buf_text(&cut->out, statement.broken ? "broken; " : "; ");
	}
	cr_assert_not(statement.failed);
	statement_free(&statement);
	said = open_memstream(&cut->said, &length);
	diags_print(&cut->diags, said);
	fclose(said);
	return cut;
}

static void cut_free(struct cut *cut)
{
	source_free(&cut->source);
	diags_free(&cut->diags);
	buf_free(&cut->out);
	pool_free(cut->pool);
	free(cut->said);
	free(cut);
}

static void expect(const char *text, const char *items, const char *said)
{
	struct cut *cut = cut_text(text);

	cr_expect_str_eq(buf_string(&cut->out), items, "of: %s", text);
	cr_expect_str_eq(cut->said, said, "of: %s", text);
	cut_free(cut);
}

/* The mistake is said at its place, and what is behind it is still read. */
static void expect_mistake(const char *text, const char *said, const char *then)
{
	struct cut *cut = cut_text(text);

	cr_expect(strstr(cut->said, said), "of: %s\nwanted: %s\nsaid: %s", text, said, cut->said);
	cr_expect(strstr(buf_string(&cut->out), then), "of: %s\nwanted: %s\ngot: %s", text, then,
		  buf_string(&cut->out));
	cut_free(cut);
}

Test(statement, splits_what_the_manual_shows)
{
	expect("include(\"superd.d/*.conf\")\n"
	       "defaults { user = \"nobody\" }\n"
	       "service web {\n\tsocket http { listen = \"80\" }\n\texec = \"/bin/x -y\" type = notify\n}\n"
	       "import(\"inetd:/etc/inetd.conf\")\n",
	       "include[\"superd.d/*.conf\"] ; defaults[] user=\"nobody\" ; "
	       "service[web] socket[http] listen=\"80\" end exec=\"/bin/x -y\" type=notify ; "
	       "import[\"inetd:/etc/inetd.conf\"] ; ", "");
}

Test(statement, takes_the_settings_of_superd_itself)
{
	expect("superd { max_starting = 4 }\nservice a { }\n", "superd[] max_starting=4 ; service[a] ; ", "");
	expect("service a { } superd{max_starting=\"4\"}service b { }", "service[a] ; superd[] max_starting=\"4\" ; "
	       "service[b] ; ", "");
	expect("superd { }", "superd[] ; ", "");
	expect_mistake("superd 4\nservice b { }", "t:1:1: error: '{' of superd is missing: write superd { … }",
		       "service[b]");
	expect_mistake("superd { max_starting }\nservice b { }", "t:1:10: error: 'max_starting' needs a '='",
		       "service[b]");
	expect_mistake("superd {\n max_starting: 4;\n}\nservice b { }", "t:2:2: error: 'max_starting': write =, not :",
		       "service[b]");
	expect_mistake("service a {\n listen : {\n 5\n };\n}\nservice b { }", "t:2:2: error: 'listen': write =, not :",
		       "service[b]");
	expect_mistake("superd {\n max_starting = 4 5\n}\nservice b { }", "t:2:19: error: unexpected '5' after the",
		       "max_starting! broken; service[b]");
	expect_mistake("superd {\n max_starting = 4;\n}\nservice b { }",
		       "t:2:18: error: '4;': statements do not end with ';'",
		       "service[b]");
	expect_mistake("superd {\n max_starting = 4\nservice b { }", "t:1:8: error: '{' of superd is not closed",
		       "service[b]");
	expect_mistake("supered { }", "hint: did you mean 'superd'?", "");
	expect_mistake("max_starting = 4\nservice b { }", "t:1:1: error: 'max_starting' is outside of a block: options "
		       "belong in service NAME { … } or defaults { … }, settings of superd itself in superd { … }",
		       "service[b]");
}

Test(statement, takes_single_values_lists_and_additions)
{
	expect("service a { listen = { \"80\", 81 , } env += {} nice=-5 x+=y }",
	       "service[a] listen={\"80\",81} env+={} nice=-5 x+=y ; ", "");
}

Test(statement, knows_comments_everywhere)
{
	expect("# one\nservice /* two */ a { // three\n listen = { 80, # four\n 81 /* } */ } }\n",
	       "service[a] listen={80,81} ; ", "");
}

Test(statement, sees_no_comment_inside_words_and_quotes)
{
	expect("service a { exec = /srv//bin/x#y  env = \"# // /* \" user = '\"#' }",
	       "service[a] exec=/srv//bin/x#y env=\"# // /* \" user='\"#' ; ", "");
}

Test(statement, lets_a_quote_go_on_behind_a_backslash)
{
	expect("service a { exec = \"/bin/x \\\n -y\" }", "service[a] exec=\"/bin/x \\\n -y\" ; ", "");
}

Test(statement, gives_line_and_column_of_every_name_and_word)
{
	struct cut *cut = cut_text("");
	struct statement statement = { 0 };
	struct statement_splitter splitter = { .diags = &cut->diags };
	struct source_file source;
	static const char text[] = "service a {\n\tlisten = {\n\t\t80,\n  \"81\" }\n}\n";

	cr_assert(source_from_text(&source, "t", text, strlen(text), cut->pool, &cut->diags));
	splitter.source = &source;
	cr_assert(statement_next(&splitter, &statement));
	cr_expect_eq(statement.items[1].at.line, 2);
	cr_expect_eq(statement.items[1].at.column, 2);
	cr_expect_eq(statement.word_at[1].line, 3);
	cr_expect_eq(statement.word_at[1].column, 3);
	cr_expect_eq(statement.word_at[2].line, 4);
	cr_expect_eq(statement.word_at[2].column, 3);
	cr_expect_not(statement_next(&splitter, &statement));
	statement_free(&statement);
	source_free(&source);
	cut_free(cut);
}

Test(statement, reports_an_unclosed_quote_where_it_opens_and_loses_one_line)
{
	expect("service a {\n  user = \"nobody\n  exec = x\n}\nservice b { }\n",
	       "service[a] user! exec=x broken; service[b] ; ",
	       "t:2:10: error: a quote is not closed: close it on its line, or end the line with a backslash to "
	       "continue it\n");
}

Test(statement, reports_an_unclosed_brace_where_it_opens_and_goes_on_at_the_next_statement)
{
	expect("service a {\n  user = x\n\nservice b { user = y }\n",
	       "service[a] user=x broken; service[b] user=y ; ",
	       "t:1:11: error: '{' of this service is not closed: put a '}' where it ends\n");
	expect("service a {\n  socket x { listen = 80\n", "service[a] socket[x] listen=80 end broken; ",
	       "t:2:12: error: '{' of this socket is not closed: put a '}' where it ends\n");
}

Test(statement, reports_an_unclosed_list_and_keeps_the_next_option)
{
	expect("service a {\n  listen = { \"80\"\n  user = x\n}\n", "service[a] listen={\"80\"} user=x broken; ",
	       "t:2:12: error: the list of 'listen' is not closed: it ends with '}'\n");
}

Test(statement, reports_an_unclosed_comment_where_it_opens)
{
	expect("service a { }\n/* service b { }\n", "service[a] ; ",
	       "t:2:1: error: a comment is not closed: end it with */\n");
}

Test(statement, reports_every_mistake_in_one_pass)
{
	struct cut *cut = cut_text("service a {\n nice 5\n user = a b\n listen = { 1 2 }\n}\nbogus\nservice { }\n"
				   "}\n");

	cr_expect_eq(cut->diags.errors, 6, "said: %s", cut->said);
	cut_free(cut);
}

Test(statement, says_where_and_what_would_be_right)
{
	expect_mistake("service a { nice 5 }", "t:1:13: error: 'nice' needs a '='", "service[a]");
	expect_mistake("service a {\n user =\n group = x }", "t:2:2: error: 'user' has no value", "group=x");
	expect_mistake("service a { user = a b\n group = c }", "t:1:22: error: unexpected 'b' after the value",
		       "group=c");
	expect_mistake("service a { env = A=b\n group = c }", "t:1:20: error: unexpected '='", "env! group=c");
	expect_mistake("service a { user = x; group = c }", "t:1:21: error: 'x;': statements do not end with ';'",
		       "user! group=c");
	expect_mistake("service a { listen = { 1 2 } }", "t:1:26: error: a ',' is missing before '2'", "{1,2}");
	expect_mistake("service a { listen = { , 2 } }", "t:1:24: error: a value is missing", "{2}");
	expect_mistake("service a { listen = { {1} 2 } }", "t:1:24: error: unexpected '{'", "{2}");
	expect_mistake("service a { sockt x { } nice = 1 }", "t:1:13: error: unknown block 'sockt'", "nice=1");
	expect_mistake("service a { socket { listen = 1 } nice = 1 }", "t:1:13: error: the name is missing",
		       "nice=1");
	expect_mistake("service a { socket x { socket y { } nice = 1 } }",
		       "t:1:24: error: a socket block belongs in a service",
		       "nice=1");
	expect_mistake("defaults { socket x { } nice = 1 }", "t:1:12: error: a socket block belongs in a service",
		       "nice=1");
	expect_mistake("service { nice = 1 }", "t:1:1: error: the name is missing", "nice=1");
	expect_mistake("service a\n nice = 1\n}\nservice b { }", "t:1:1: error: '{' of this service is missing",
		       "nice=1 broken; service[b]");
	expect_mistake("include \"x\"\nservice b { }", "t:1:1: error: include needs one path", "service[b]");
	expect_mistake("user = x\nservice b { }", "t:1:1: error: 'user' is outside of a block", "service[b]");
	expect_mistake("servce a { user = x }\nservice b { }", "t:1:1: error: unknown statement 'servce'",
		       "service[b]");
	expect_mistake("servce a { user = x }\n", "hint: did you mean 'service'?", "");
	expect_mistake("}\nservice b { }", "t:1:1: error: unexpected '}'", "service[b]");
}

Test(statement, refuses_a_nul_byte_written_as_an_escape)
{
	static const char *const bad[] = { "\\0", "\\000", "\\x0", "\\x00", "\\0z", "\\x0g" };
	static const char *const good[] = { "\\01", "\\101", "\\x01", "\\x0a", "\\\\0" };
	char text[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "service a { env = \"%s\" }", bad[i]);
		expect_mistake(text, "t:1:20: error: a text cannot contain the byte 0", "env!");
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct cut *cut;

		snprintf(text, sizeof(text), "service a { env = \"%s\" }", good[i]);
		cut = cut_text(text);
		cr_expect_eq(cut->diags.errors, 0, "of %s: %s", text, cut->said);
		cut_free(cut);
	}
}

/* Whatever is cut off or turned around: it ends, and says so. */
Test(statement, ends_on_every_prefix_and_every_swap)
{
	static const char text[] = "defaults{a={b,\"c\"}}service x{socket y{l=1}e+='f'}include(\"g\")/*h*/";
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text); i++) {
		struct cut *cut;

		memcpy(copy, text, sizeof(text));
		copy[i] = '\0';
		cut_free(cut_text(copy));
		for (size_t j = 0; j + 1 < sizeof(text); j++) {
			memcpy(copy, text, sizeof(text));
			copy[j] = text[(i + j) % (sizeof(text) - 1)];
			cut = cut_text(copy);
			cut_free(cut);
		}
	}
}
