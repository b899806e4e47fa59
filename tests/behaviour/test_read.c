/* superd-read prints tables of other systems as superd.conf, which superd reads as the same services. */
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define INETD "echo stream tcp nowait root internal\n" \
	"each stream tcp nowait.7 nobody /bin/cat cat 'a b' $x\n" \
	"deaf dgram udp wait root /bin/true true\n"
#define XINETD "service each\n{\n\ttype = UNLISTED\n\tport = 4711\n\tsocket_type = stream\n\tprotocol = tcp\n" \
	"\twait = no\n\tuser = nobody\n\tserver = /bin/cat\n\tserver_args = -u \"a\\\\b\"\n\tinstances = 3\n" \
	"\tonly_from = 127.0.0.0/8\n\tenv = A=1 B=2\n\tenv += C=${D}\n}\n"
#define SOCKET "[Socket]\nListenStream=127.0.0.1:4711\nListenStream=/run/own.sock\nSocketMode=0600\nAccept=no\n"
#define SERVICE "[Service]\nExecStart=/bin/cat -u %%n \"x y\"\nUser=nobody\nProtectSystem=strict\nEnvironment=A=1 B=2\n"

static const char *program(void)
{
	return text_of("%s/superd-read", getenv("SUPERD_LIBEXEC"));
}

static struct outcome read_source(const char *source)
{
	return program_answer((const char *const[]){ program(), source, NULL });
}

/* What superd makes of the source and of what superd-read prints of it, without the marks of places. */
static void expect_same(const char *source)
{
	struct outcome printed = read_source(source), direct, again;
	const char *table;

	cr_assert_eq(printed.status, 0, "%s", printed.err);
	table = write_file("read.conf", "%s", printed.out);
	direct = SUPERD_ANSWER("--print", "-f", source);
	again = SUPERD_ANSWER("--print", "-f", text_of("superd:%s", table));
	cr_assert_eq(direct.status, 0, "%s", direct.err);
	cr_assert_eq(again.status, 0, "%s\n%s", again.err, printed.out);
	cr_expect_str_eq(direct.out, again.out);
}

Behaviour(read, what_superd_read_prints_is_the_same_table)
{
	expect_same(text_of("inetd:%s", write_file("inetd", "%s", INETD)));
	expect_same(text_of("xinetd:%s", write_file("xinetd", "%s", XINETD)));
	write_file("own.socket", "%s", SOCKET);
	write_file("own.service", SERVICE);
	expect_same(path_in("own.socket"));
}

Behaviour(read, each_service_stands_below_the_place_that_it_comes_from)
{
	const char *table = write_file("inetd.conf", "%s", INETD);
	struct outcome printed = read_source(table);

	cr_expect(strstr(printed.out, text_of("# %s:2\nservice each {\n", table)), "%s", printed.out);
	cr_expect(strstr(printed.out, "\ttrigger_limit_burst = 7\n"), "%s", printed.out);
}

Behaviour(read, with_an_error_the_other_services_are_printed_and_the_status_is_1)
{
	const char *table = write_file("inetd.conf", "%s", INETD "bad stream tcp nowait root\n");
	struct outcome printed = read_source(table);

	cr_expect_eq(printed.status, 1);
	cr_expect(strstr(printed.err, text_of("%s:4:", table)) && strstr(printed.err, "error: bad: "), "%s",
		  printed.err);
	cr_expect(strstr(printed.out, "service each {"), "%s", printed.out);
}

Behaviour(read, superd_conf_is_refused_and_so_is_no_table)
{
	const char *table = write_file("superd.conf", "service each {\n listen = \"80\"\n exec = \"/bin/true\"\n}\n");
	struct outcome printed = read_source(table);

	cr_expect_eq(printed.status, 1);
	cr_expect(strstr(printed.err, "this is superd.conf, which superd reads itself"), "%s", printed.err);
	cr_expect_str_eq(printed.out, "");
	printed = program_answer((const char *const[]){ program(), NULL });
	cr_expect_eq(printed.status, 1);
	cr_expect(strstr(printed.err, "superd-read: name a configuration"), "%s", printed.err);
}
