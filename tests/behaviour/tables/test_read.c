/* superd-read prints tables of other systems as superd.conf, which superd reads as the same services; superd asks it,
 * and believes no answer that is not as it must be. */
#include <linux/capability.h>

#include "harness.h"
#include "lib/memory.h"

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
	direct = SUPERD_ANSWER("--print=json", "-f", source);
	again = SUPERD_ANSWER("--print=json", "-f", text_of("superd:%s", table));
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

Behaviour(read, explains_all_keys_as_json)
{
	static const char *const parts[] = {
		"{\"lists\":[{\"system\":\"systemd\",\"title\":\"[Unit]\",\"keys\":[{\"name\":\"After\",",
		"{\"name\":\"MemoryMax\",\"status\":\"supported\",\"option\":\"memory_max\",",
		"{\"name\":\"RootImage\",\"status\":\"refused\",\"option\":null,\"reason\":\"superd mounts",
		"\"system\":\"launchd\"",
	};
	struct outcome printed = program_answer((const char *const[]){ program(), "--explain", "--json", NULL });

	cr_assert_eq(printed.status, 0, "%s", printed.err);
	for (size_t n = 0; n < sizeof(parts) / sizeof(*parts); n++)
		cr_expect(strstr(printed.out, parts[n]), "%s: %s", parts[n], printed.out);
}

/* A copy of superd that finds this script in place of superd-read. */
static const char *superd_with(const char *script)
{
	const char *own = path_in("own/superd");

	SKIP_WITHOUT(geteuid() != 0 || namespace_users(), "needs a build that every user can reach");
	if (mkdir(path_in("own"), 0755) == 0) {
		copy_program(superd_path(), own);
		copy_program(text_of("%s/tests/security/as_script", getenv("BUILDDIR")), path_in("own/superd-read"));
	}
	cr_assert_eq(chmod(write_file("own/superd-read.sh", "%s", script), 0755), 0);
	return own;
}

static struct outcome check_with(const char *own, const char *source)
{
	return program_answer((const char *const[]){ own, "--check", "--keep-going", "-f", source, NULL });
}

/* The script hears superd out: else superd may find the channel closed before it reads the answer. */
#define HEAR "cat <&1 >/dev/null\n"
#define MEMORY_RECORD "#memory\\t\\\\-\\t0\\t0\\t\\\\-\\t\\\\-\\t0\\t0\\t0\\t\\n"

static void expect_refused(const char *script, const char *wanted)
{
	const char *table = write_file("inetd.conf", "%s", INETD);
	struct outcome outcome = check_with(superd_with(script), table);

	cr_expect_eq(outcome.status, 1, "%s", outcome.err);
	cr_expect(strstr(outcome.err, wanted), "%s: %s", script, outcome.err);
}

static void expect_service_refused(const char *text, const char *why)
{
	expect_refused(text_of(HEAR "printf '%%s\\n}\\n#\\n' '%s'\n", text), why);
}

/* Not even --keep-going goes on without the source. */
Behaviour(read, a_wrong_answer_of_superd_read_refuses_the_source)
{
	expect_refused("exit 0\n", "cannot read ");
	expect_refused("exit 0\n", ": superd-read has ended without an answer");
	expect_refused(HEAR "printf 'hello, this is no answer at all\\n'\n",
		       ": superd-read has ended without an answer");
	expect_refused(HEAR "printf '#hello\\n'\n", ": the answer of superd-read is wrong");
	expect_refused(HEAR "printf '#end\\n'\n", ": the answer of superd-read is wrong");
	expect_refused(HEAR "printf '# 1:1 \\000\\n'\n", ": the answer of superd-read is wrong");
	expect_refused(HEAR "printf '#source\\t\\\\-\\t0\\t0\\t\\\\-\\t\\\\-\\t-1\\t0\\t0\\t\\n'\n",
		       ": the answer of superd-read is wrong");
	expect_refused("kill -9 $$\n", ": superd-read has ended without an answer");
	expect_refused(HEAR "printf '" MEMORY_RECORD "'\n", ": cannot ask superd-read: Cannot allocate memory");
	expect_refused(HEAR "head -c 70000000 /dev/zero | tr '\\000' x\n",
		       ": cannot ask superd-read: File too large");
	expect_refused(HEAR "yes \"$(printf '%01000d' 1)\"\n", ": cannot ask superd-read: File too large");
}

/* Each bit of memory more brings it to another place that asks for some. */
Behaviour(read, without_memory_it_ends_and_says_so)
{
	const char *table = write_file("inetd.conf", "%s", INETD), *conf = write_file("xinetd.conf", "%s", XINETD);
	unsigned ended = 0;

	SKIP_WITHOUT(!running_sanitized(), "a program without a sanitizer, which has memory of its own");
	write_file("own.socket", "%s", SOCKET);
	write_file("own.service", SERVICE);
	for (unsigned kilobytes = 2000; kilobytes < 8000; kilobytes += 64) {
		const char *line = text_of("ulimit -v %u && exec %s inetd:%s xinetd:%s %s", kilobytes, program(), table,
					   conf, path_in("own.socket"));
		struct outcome read = program_answer((const char *const[]){ "/bin/sh", "-c", line, NULL });

		/* The loader ends with 127, or crashes with the few KiB with which it has just mapped all. */
		if (!read.status || read.status == 127 || (read.status == 128 + SIGSEGV && !ended))
			continue;
		cr_expect(strstr(read.err, "memory"), "%d with %u KiB: %s", read.status, kilobytes, read.err);
		ended += read.status == MEMORY_EXIT;
	}
	cr_expect_gt(ended, 0);
}

Behaviour(read, a_reload_for_which_it_has_no_memory_changes_nothing)
{
	static const char table[] = "127.0.0.1:%d stream tcp nowait %s /bin/echo echo here\n";
	const char *own = superd_with(text_of("exec '%s' \"$@\"\n", program()));
	int port = free_port(), client;
	struct superd *superd = superd_run_with(&(struct setup){ .program = own, .format = "inetd" }, table, port,
						own_user());

	superd_wait_log(superd, ": listening on ");
	superd_with(HEAR "printf '" MEMORY_RECORD "'\n");
	cr_expect_not(superd_reload(superd, table, free_port(), own_user()));
	superd_wait_log(superd, "cannot ask superd-read: Cannot allocate memory");
	client = client_connect(port);
	cr_expect_str_eq(client_line(client), "here");
	close(client);
}

Behaviour(read, superd_takes_nothing_but_services_from_superd_read)
{
	expect_service_refused("defaults { user = root", "superd refuses what superd-read has written");
	expect_service_refused("superd { log = stderr", "superd refuses what superd-read has written");
	expect_service_refused("include(x)", "superd refuses what superd-read has written");
	expect_service_refused("service a { listen = 80 } defaults {", "superd refuses what superd-read has written");
	expect_service_refused("service a { listen = 80 colour = red", "unknown option");
}

/* Each += makes the whole list anew, and each option is looked for among those before it. */
Behaviour(read, superd_takes_no_service_of_thousands_of_options)
{
	char text[40000] = "service a { listen = 80 ";

	for (char *at = text + strlen(text); at < text + sizeof(text) - 16;)
		at = stpcpy(at, "env += x ");
	expect_service_refused(text, "superd refuses what superd-read has written");
}

Behaviour(read, superd_takes_few_services_whose_lists_are_in_thousands_of_parts)
{
	char text[50000] = "service a { listen = 80 exec = /bin/true ";

	for (int n = 0; n < 2000; n++)
		strcat(text, "read_only_paths += /x ");
	expect_refused(text_of(HEAR "for i in 1 2 3 4 5 6 7 8 9; do\n"
			       "printf '# 1:1 \"x\"\\n%s\\n}\\n'\ndone\necho '#'\n", text),
		       "superd refuses what superd-read has written: too many lists in parts");
}

/* A short text is a service of some KiB. */
Behaviour(read, superd_takes_a_hundred_thousand_services_and_no_more)
{
	static const char one[] = "printf '# 1:1 \"x\"\\nservice a { listen = 80 exec = /bin/true\\n}\\n'\n";

	expect_refused(text_of("cd '%s'\n{\n%s}>all\nfor n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do\n"
			       "cat all all >twice; mv twice all\ndone\n" HEAR "cat all\n", path_in("own"), one),
		       "superd refuses what superd-read has written: more than 100000 services");
	unlink(path_in("own/all"));
}

Behaviour(read, a_superd_read_that_is_missing_is_an_error_of_its_sources_alone)
{
	const char *inetd = write_file("inetd.conf", "%s", INETD), *own = superd_with("exit 0\n");
	const char *table = write_file("superd.conf", "service each { listen = \"80\" exec = \"/bin/true\" }\n");
	struct outcome outcome;

	cr_assert_eq(chmod(path_in("own/superd-read"), 0644), 0);
	outcome = check_with(own, inetd);
	if (outcome.status == 0) {
		world_end();
		cr_skip_test("superd's own programs are installed on this machine");
	}
	cr_expect(strstr(outcome.err, text_of("cannot read %s: superd's own program superd-read is missing", inetd)),
		  "%s", outcome.err);
	outcome = check_with(own, table);
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
}

/* What a superd-read can do that was taken over by what it reads. */
Behaviour(read, superd_read_has_no_rights_but_to_read_files)
{
	static const char look[] = "grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status >'%s'\n"
		"[ ! -e /proc/$$/fd/0 ] && [ ! -e /proc/$$/fd/2 ] || echo 'has streams of superd' >>'%s'\n";
	const char *rights = path_in("own/rights");
	unsigned long long bounding;
	int privileges;

	superd_with("exit 0\n");
	expect_refused(text_of(look, rights, rights), "superd-read has ended without an answer");
	cr_assert_eq(sscanf(read_text(rights), "CapBnd: %llx NoNewPrivs: %d", &bounding, &privileges), 2, "%s",
		     read_text(rights));
	cr_expect_eq(privileges, 1);
	cr_expect_not(strstr(read_text(rights), "streams"), "%s", read_text(rights));
	if (geteuid() == 0)
		cr_expect_eq(bounding & ~(1ull << CAP_DAC_READ_SEARCH), 0);
}

/* The descriptors that the command line names, and standard input, are superd's. */
Behaviour(read, a_table_may_be_standard_input_or_an_open_descriptor)
{
	const char *table = write_file("inetd.conf", "%s", "each stream tcp nowait nobody /bin/cat cat\n");
	const char *own = write_file("own.conf", "service own { listen = 80 exec = \"/bin/cat\" }\n");
	struct outcome outcome;

	outcome = program_answer((const char *const[]){
		"/bin/sh", "-c", text_of("cat '%s' | '%s' --print -f -", table, superd_path()), NULL });
	cr_expect(strstr(outcome.out, "service each {"), "%s", outcome.err);
	outcome = program_answer((const char *const[]){
		"/bin/sh", "-c", text_of("'%s' --print -f inetd:/dev/fd/7 7<'%s'", superd_path(), table), NULL });
	cr_expect(strstr(outcome.out, "service each {"), "%s", outcome.err);
	outcome = program_answer((const char *const[]){
		"/bin/sh", "-c", text_of("'%s' --print -f - <'%s'", superd_path(), own), NULL });
	cr_expect(strstr(outcome.out, "service own {"), "%s", outcome.err);
}

/* Also by a link, and in an import. */
Behaviour(read, an_open_descriptor_has_many_names)
{
	const char *table = write_file("inetd.conf", "%s", "each stream tcp nowait nobody /bin/cat cat\n");
	const char *link = path_in("link");
	const char *const sources[] = {
		"inetd:/dev/fd/300", "inetd:/dev/fd/../fd/300", text_of("inetd:%s", link),
		text_of("superd:%s", write_file("importing", "import(\"inetd:/proc/self/fd/300\")\n")),
	};

	cr_assert_eq(symlink("/dev/fd/300", link), 0);
	for (size_t n = 0; n < sizeof(sources) / sizeof(*sources); n++) {
		const char *line = text_of("'%s' --print -f '%s' 300<'%s'", superd_path(), sources[n], table);
		struct outcome outcome = program_answer((const char *const[]){ "/bin/bash", "-c", line, NULL });

		cr_expect(strstr(outcome.out, "service each {"), "%s: %s", sources[n], outcome.err);
	}
	unlink(link);
}

/* xinetd.conf may begin so, too. */
Behaviour(read, an_empty_block_says_no_language)
{
	const char *table = write_file("v1", "defaults {\n}\n%s", XINETD);
	struct outcome outcome = SUPERD_ANSWER("--print", "-f", table);

	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.out, "service each {"), "%s", outcome.err);
}

/* What superd may read, superd-read may: an ordinary user's superd may have the right from its own parent. */
Behaviour(read, a_right_to_read_that_superd_was_given_is_superd_reads_too)
{
	const char *table = write_file("inetd.conf", "%s", "each stream tcp nowait nobody /bin/cat cat\n"), *own;
	struct outcome outcome;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	SKIP_WITHOUT(access("/usr/bin/setpriv", X_OK) == 0, "there is no setpriv here");
	cr_assert_eq(chmod(table, 0600), 0);
	own = superd_path();
	outcome = program_answer((const char *const[]){
		"/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps",
		"+dac_read_search", "--ambient-caps", "+dac_read_search", own, "--print", "-f", table, NULL });
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.out, "service each {"), "%s", outcome.err);
}
