/* What a unit's service is told: the words of its command with variables in place, the name of its instance, and the
 * variables of systemd. */
#include <arpa/inet.h>

#include "harness.h"
#include "reading.h"
#include "unit_files.h"

#define VARIABLES "Environment=FOO=one \"BAR=two words\" EMPTY= \"QUX=q \\\"inner q\\\" q\"\n"

static const char *report_words(const char *words)
{
	return text_of("ExecStart=%s/report - %s\nStandardInput=socket\nStandardError=journal\n",
		       getenv("SUPERD_TESTDIR"), words);
}

/* A service for each connection that reports to its client, with these words behind its own. */
static struct reading ask_report(void)
{
	struct superd *superd = units_run("a.socket", NULL);
	struct reading reading;
	int client;

	wait_node(path_in("a.sock"));
	client = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	shutdown(client, SHUT_WR);
	reading = reading_of(client_rest(client));
	close(client);
	superd_stop(superd);
	return reading;
}

static struct reading report_of(const char *words, const char *more)
{
	write_pair("a", text_of("Accept=yes\nListenStream=%s", path_in("a.sock")),
		   text_of("%s%s", report_words(words), more));
	return ask_report();
}

/* The words behind the two of the report itself. */
static void expect_words(struct reading reading, const char *const *words)
{
	size_t count = 0;

	for (; words[count]; count++)
		reading_expect(reading, text_of("argv.%zu", count + 2), words[count]);
	reading_expect(reading, "argc", text_of("%zu", count + 2));
}

#define EXPECT_WORDS(reading, ...) expect_words(reading, (const char *const[]){ __VA_ARGS__, NULL })

Behaviour(unit_words, variables_are_filled_in_as_systemd_does)
{
	struct reading reading = report_of("$FOO $BAR \"$BAR\" ${BAR} x${BAR}y x$BAR $FOO,$BAR $EMPTY $UNSET ${EMPTY} "
					   "${UNSET} ${UNSET:-def} $$FOO $${FOO} %% $QUX ${QUX}",
					   VARIABLES);

	EXPECT_WORDS(reading, "one", "two", "words", "two", "words", "two words", "xtwo wordsy", "x$BAR", "", "",
		     "${UNSET:-def}", "$FOO", "${FOO}", "%", "q", "inner q", "q", "q \"inner q\" q");
}

Behaviour(unit_words, escapes_quotes_and_continuation_go_before)
{
	struct reading reading = report_of("a\\x41b \\s\\t e\"f\" 'c d' one\\\n# a comment\n two", "");

	EXPECT_WORDS(reading, "aAb", " \t", "ef", "c d", "one", "two");
}

Behaviour(unit_words, a_colon_keeps_variables_but_not_specifiers)
{
	struct superd *superd;
	struct reading reading;
	int client;

	write_pair("a", text_of("Accept=yes\nListenStream=%s", path_in("a.sock")),
		   text_of("ExecStart=:%s/report - $FOO ${FOO} "
			   "%%p\nStandardInput=socket\nStandardError=journal\n" VARIABLES,
			   getenv("SUPERD_TESTDIR")));
	superd = units_run("a.socket", NULL);
	wait_node(path_in("a.sock"));
	client = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	shutdown(client, SHUT_WR);
	reading = reading_of(client_rest(client));
	close(client);
	EXPECT_WORDS(reading, "$FOO", "${FOO}", "a");
	superd_stop(superd);
}

Behaviour(unit_words, a_file_of_variables_is_read_at_each_start)
{
	struct superd *superd;
	int client;

	write_file("x.env", "WORD=before\n");
	write_pair("a", text_of("Accept=yes\nListenStream=%s", path_in("a.sock")),
		   text_of("ExecStart=/bin/echo ${WORD} ${OTHER}\nStandardInput=socket\nStandardError=journal\n"
			   "EnvironmentFile=%s\nEnvironment=WORD=first OTHER=kept",
			   path_in("*.env")));
	superd = units_run("a.socket", NULL);
	wait_node(path_in("a.sock"));
	cr_expect_str_eq(client_ask_unix(path_in("a.sock"), ""), "before kept");
	write_file("x.env", "# as systemd.exec(5) has it\n; this too\nWORD = after  \nJ=a#b\nexport OTHER=lost\n");
	cr_expect_str_eq(client_ask_unix(path_in("a.sock"), ""), "after kept");
	write_file("y.env", "WORD=\"of the \\\nlast\"\n");
	client = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	cr_expect_str_eq(client_line(client), "of the last kept");
	close(client);
	superd_stop(superd);
}

Behaviour(unit_words, what_a_connection_tells_may_stand_in_a_command)
{
	struct superd *superd;
	int client, port;
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	write_pair("a", text_of("Accept=yes\nListenStream=127.0.0.1:%d", port = free_port()),
		   "ExecStart=/bin/echo from ${REMOTE_ADDR} $REMOTE_PORT\nStandardInput=socket\nStandardError=journal");
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "listening on");
	client = client_connect(port);
	cr_assert_eq(getsockname(client, (struct sockaddr *)&own, &length), 0);
	cr_expect_str_eq(client_line(client), text_of("from 127.0.0.1 %d", ntohs(own.sin_port)));
	close(client);
}

/* NUMBER-COOKIE-127.0.0.1:PORT-127.0.0.1:PORT */
Behaviour(unit_words, an_instance_has_systemds_name)
{
	int port = free_port(), client, other;
	unsigned long long cookie;
	struct superd *superd;
	const char *name, *told;
	char *end;

	write_pair("a", text_of("Accept=yes\nListenStream=127.0.0.1:%d", port),
		   "ExecStart=/bin/echo %i %n "
		   "${SO_COOKIE}\nStandardInput=socket\nStandardError=journal\nEnvironment=I=%i");
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "listening on");
	client = client_connect(port);
	name = client_line(client);
	cr_assert_eq(strncmp(name, "0-", 2), 0, "%s", name);
	cookie = strtoull(name + 2, &end, 10);
	cr_expect(cookie > 0, "%s", name);
	cr_assert_eq(strncmp(end, text_of("-127.0.0.1:%d-127.0.0.1:", port),
			     strlen(text_of("-127.0.0.1:%d-127.0.0.1:", port))),
		     0, "%s", name);
	told = strstr(name, " a@0-");
	cr_expect(told && strstr(told, ".service "), "%s", name);
	cr_expect(strstr(name, text_of(".service %llu", cookie)), "%s", name);
	other = client_connect(port);
	cr_expect_eq(strncmp(client_line(other), "1-", 2), 0);
	close(client);
	close(other);
}

Behaviour(unit_words, a_local_client_gives_its_process_and_user)
{
	struct superd *superd =
		superd_run("service a { listen = \"%s\" accept = yes exec = \"/bin/echo %%{instance}\" }\n",
			   path_in("a.sock"));
	const char *name, *behind;

	wait_node(path_in("a.sock"));
	name = client_ask_unix(path_in("a.sock"), "");
	behind = strchr(name + 2, '-');
	cr_assert(!strncmp(name, "0-", 2) && behind, "%s", name);
	cr_expect_eq(strncmp(behind + 1, text_of("%d", getpid()), strlen(text_of("%d", getpid()))), 0, "%s", name);
	cr_expect_str_eq(strrchr(name, '-'), text_of("-%u", geteuid()));
	superd_stop(superd);
}

Behaviour(unit_words, a_connection_tells_where_it_comes_from)
{
	struct reading reading = report_of("", "");
	const char *id = reading_get(reading, "env.INVOCATION_ID");

	/* An unbound peer has no address. */
	cr_expect_null(reading_get(reading, "env.REMOTE_ADDR"));
	cr_expect_null(reading_get(reading, "env.REMOTE_PORT"));
	cr_expect_not_null(reading_get(reading, "env.SO_COOKIE"));
	cr_expect(id && strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32, "%s", id ? id : "none");
	reading_expect(reading, "env.SYSTEMD_EXEC_PID", reading_get(reading, "pid"));
	cr_expect_null(reading_get(reading, "env.LISTEN_FDS"));
	cr_expect_null(reading_get(reading, "env.JOURNAL_STREAM"));
}

Behaviour(unit_words, what_is_unset_is_not_told)
{
	struct reading reading = report_of("$FOO", "Environment=FOO=1 BAR=2 BAZ=3\nUnsetEnvironment=FOO BAR=2 BAZ=4\n");

	cr_expect_null(reading_get(reading, "env.FOO"));
	cr_expect_null(reading_get(reading, "env.BAR"));
	reading_expect(reading, "env.BAZ", "3");
	reading_expect(reading, "argc", "2");
}

/* A service of superd.conf is told of none of it, and nothing in its words is a variable. */
Behaviour(unit_words, a_service_of_superd_conf_is_told_no_more_than_it_asks_for)
{
	struct superd *superd = superd_run("service a { listen = \"%s\" accept = yes error = log "
					   "exec = { \"%s/report\", \"-\", \"$HOME\", \"${HOME}\" } }",
					   path_in("a.sock"), getenv("SUPERD_TESTDIR"));
	struct reading reading;
	int client;

	wait_node(path_in("a.sock"));
	client = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	shutdown(client, SHUT_WR);
	reading = reading_of(client_rest(client));
	close(client);
	EXPECT_WORDS(reading, "$HOME", "${HOME}");
	cr_expect_null(reading_get(reading, "env.INVOCATION_ID"));
	cr_expect_null(reading_get(reading, "env.SYSTEMD_EXEC_PID"));
	cr_expect_null(reading_get(reading, "env.SO_COOKIE"));
	superd_stop(superd);
}

Behaviour(unit_words, sockets_of_any_number_land_from_three_on)
{
	const char *report = path_in("report");
	struct superd *superd;

	write_file("a.socket",
		   "[Socket]\nListenStream=%s\nListenDatagram=%s\nListenStream=%s\nListenSequentialPacket=%s\n",
		   path_in("1"), path_in("2"), path_in("3"), path_in("4"));
	write_file("a.service", "[Service]\nExecStart=%s\nUser=%s\n", report_to(report), own_user());
	superd = units_run("a.socket", NULL);
	wait_node(path_in("4"));
	cr_expect_str_eq(client_ask_unix(path_in("3"), "x\n"), "reported");
	reading_expect(reading_wait(report), "env.LISTEN_FDS", "4");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "a.socket:a.socket:a.socket:a.socket");
	reading_expect(reading_wait(report), "listen_pid_own", "1");
	for (int n = 0; n < 4; n++)
		reading_expect(reading_wait(report), text_of("fd.%d.address", 3 + n), path_in("%d", n + 1));
	reading_expect(reading_wait(report), "fd.4.type", "datagram");
	reading_expect(reading_wait(report), "fd.6.type", "seqpacket");
	superd_stop(superd);
}
