/* superd-lookup alone: what it asks about a client, and what it makes of answers that are slow, wrong or ill meant.
 * Names, rules and ports are those of a network and an /etc of the test's own. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include "harness.h"
#include "private.h"

enum { IDENT_PORT = 113, NOBODY = 65534 };

/* One superd-lookup that was asked about one connection. */
struct inquiry {
	pid_t pid;
	int client;                     /* the other end of the connection */
	int answers;
	unsigned their_port, our_port;
};

static const char *program_path(void)
{
	const char *folder = getenv("SUPERD_LIBEXEC");

	cr_assert_not_null(folder, "SUPERD_LIBEXEC is not set: run the tests by make check");
	return text_of("%s/superd-lookup", folder);
}

static bool has_libwrap(void)
{
	return strstr(SUPERD_ANSWER("--version").out, "libwrap");
}

static void enter(void)
{
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/nsswitch.conf", "hosts: files\n");
	private_file("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 client.example.org client\n::1 six.example.org\n");
}

static void enter_wrapped(const char *allow, const char *deny)
{
	SKIP_WITHOUT(has_libwrap(), "superd was built without libwrap");
	enter();
	private_file("/etc/hosts.allow", "%s", allow);
	private_file("/etc/hosts.deny", "%s", deny);
}

/* A connection between two addresses of this machine; IPv4 ones come to an IPv6 socket, as they do by superd's own. */
static int connect_from(const char *from, int *server, struct inquiry *inquiry)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	socklen_t length = sizeof(any);
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), client;

	cr_assert(listener >= 0 && bind(listener, (struct sockaddr *)&any, sizeof(any)) == 0 &&
		  listen(listener, 1) == 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&any, &length), 0);
	inquiry->our_port = ntohs(any.sin6_port);
	client = strchr(from, ':') ? client_connect_to(from, (int)inquiry->our_port)
				   : client_connect_from(from, (int)inquiry->our_port);
	length = sizeof(any);
	*server = accept4(listener, (struct sockaddr *)&any, &length, SOCK_CLOEXEC);
	cr_assert_geq(*server, 0);
	inquiry->their_port = ntohs(any.sin6_port);
	close(listener);
	return client;
}

/* Each at its place, the answers' pipe not in the way of the connection. */
static void place(int server, int answers)
{
	int connection = fcntl(server, F_DUPFD, 16), pipe_end = fcntl(answers, F_DUPFD, 16);

	dup2(connection, 0);
	dup2(connection, 4);
	dup2(pipe_end, 3);
	for (int fd = 5; fd < 1024; fd++)
		close(fd);
}

static struct inquiry ask_as(uid_t uid, const char *from, const char *const *arguments)
{
	const char *words[9] = { program_path(), superd_build_word() };
	struct inquiry inquiry;
	int server, ends[2];

	for (size_t n = 0; arguments[n]; n++)
		words[n + 2] = arguments[n];
	inquiry.client = connect_from(from, &server, &inquiry);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	clock_prepare();
	inquiry.pid = fork();
	if (inquiry.pid == 0) {
		clock_enter();
		place(server, ends[1]);
		if (uid && setuid(uid) < 0)
			_exit(95);
		execv(words[0], (char *const *)(size_t)words);
		_exit(93);
	}
	cr_assert_gt(inquiry.pid, 0);
	close(server);
	close(ends[1]);
	inquiry.answers = ends[0];
	return inquiry;
}

#define ASK(from, ...) ask_as(0, from, (const char *const[]){ __VA_ARGS__, NULL })

/* All it says, to the end of the pipe. */
static const char *hear(struct inquiry *inquiry)
{
	const char *text = client_rest(inquiry->answers);
	int status;

	close(inquiry->client);
	WAIT_UNTIL(waitpid(inquiry->pid, &status, WNOHANG) == inquiry->pid);
	return text;
}

#define EXPECT_ANSWER(inquiry, text) cr_expect_str_eq(hear(inquiry), text)

Behaviour(name, is_the_one_that_leads_back_to_the_address)
{
	struct inquiry four, six;

	enter();
	four = ASK("127.0.0.2", "-n");
	EXPECT_ANSWER(&four, "name client.example.org\n");
	six = ASK("::1", "-n");
	EXPECT_ANSWER(&six, "name six.example.org\n");
}

Behaviour(name, is_none_where_the_address_has_none)
{
	struct inquiry inquiry;

	enter();
	inquiry = ASK("127.0.0.3", "-n");
	EXPECT_ANSWER(&inquiry, "name\n");
}

Behaviour(name, is_none_where_it_is_an_address)
{
	struct inquiry inquiry;

	enter();
	private_file("/etc/hosts", "127.0.0.4 10.0.0.1\n");
	inquiry = ASK("127.0.0.4", "-n");
	EXPECT_ANSWER(&inquiry, "name\n");
}

/* The name server of an enemy, who says any address of his is victim.example.org. */
static size_t dns_answer(unsigned char *message, size_t question)
{
	static const unsigned char name[] = "\6victim\7example\3org";
	unsigned char *at = message + question;
	unsigned type = at[-3];

	message[2] = 0x84;              /* an answer, authoritative */
	message[3] = 0;
	message[7] = type == 12 || type == 1;
	message[9] = message[11] = 0;   /* no more than that */
	if (!message[7])
		return question;
	memcpy(at, "\xc0\x0c\0\0\0\1\0\0\0\0\0\0", 12);
	at[3] = (unsigned char)type;
	at[11] = type == 1 ? 4 : sizeof(name);
	memcpy(at + 12, type == 1 ? (const unsigned char *)"\12\0\0\1" : name, at[11]);
	return question + 12 + at[11];
}

static void serve_names(int fd)
{
	unsigned char message[512];
	struct sockaddr_in from;

	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t got = recvfrom(fd, message, 256, 0, (struct sockaddr *)&from, &length);
		size_t end = 12;

		while (got > 0 && end < (size_t)got && message[end])
			end += message[end] + 1u;
		if (got < 0 || end + 5 > (size_t)got)
			continue;
		sendto(fd, message, dns_answer(message, end + 5), 0, (struct sockaddr *)&from, length);
	}
}

static pid_t start_name_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t server;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	server = fork();
	if (server == 0)
		serve_names(fd);
	close(fd);
	return server;
}

static void stop(pid_t process)
{
	kill(process, SIGKILL);
	cr_assert_eq(waitpid(process, NULL, 0), process);
}

Behaviour(name, is_none_where_it_leads_elsewhere)
{
	struct sockaddr_in liar = { .sin_family = AF_INET };
	struct inquiry inquiry;
	char name[NI_MAXHOST];
	pid_t server;

	enter();
	private_file("/etc/nsswitch.conf", "hosts: files dns\n");
	private_file("/etc/resolv.conf", "nameserver 127.0.0.1\n");
	server = start_name_server();
	liar.sin_addr.s_addr = inet_addr("127.0.0.5");
	cr_assert_eq(getnameinfo((struct sockaddr *)&liar, sizeof(liar), name, sizeof(name), NULL, 0, NI_NAMEREQD), 0);
	cr_assert_str_eq(name, "victim.example.org", "it is what the test is about");
	inquiry = ASK("127.0.0.5", "-n");
	EXPECT_ANSWER(&inquiry, "name\n");
	stop(server);
}

/* An ident server that the test is itself. */
static int take_ident_question(int listener, struct inquiry *inquiry)
{
	struct sockaddr_in6 from;
	socklen_t length = sizeof(from);
	int fd = accept4(listener, (struct sockaddr *)&from, &length, SOCK_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_expect_str_eq(client_line(fd), text_of("%u , %u\r", inquiry->their_port, inquiry->our_port));
	return fd;
}

static int ident_listener(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(IDENT_PORT) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && listen(fd, 4) == 0);
	return fd;
}

static const char *ports_of(const struct inquiry *inquiry)
{
	return text_of("%u , %u", inquiry->their_port, inquiry->our_port);
}

/* What is said to the client's address when its ident server replies so about the two ports. */
static void expect_reply(const char *address, const char *reply, const char *answer)
{
	struct inquiry inquiry;
	int listener, server;

	enter();
	listener = ident_listener();
	inquiry = ASK(address, "-i", "10");
	server = take_ident_question(listener, &inquiry);
	client_send(server, text_of("%s%s", ports_of(&inquiry), reply));
	EXPECT_ANSWER(&inquiry, answer);
	close(server);
	close(listener);
}

Behaviour(ident, is_asked_about_the_two_ports_of_the_connection)
{
	expect_reply("127.0.0.2", " : USERID : UNIX : somebody\r\n", "ident yes UNIX : somebody\n");
}

Behaviour(ident, is_asked_over_ipv6_too)
{
	expect_reply("::1", " : ERROR : HIDDEN-USER\r\n", "ident no HIDDEN-USER\n");
}

Behaviour(ident, may_answer_in_pieces_and_without_an_end_of_line)
{
	struct inquiry inquiry;
	int listener, server;

	enter();
	listener = ident_listener();
	inquiry = ASK("127.0.0.2", "-i", "10");
	server = take_ident_question(listener, &inquiry);
	for (const char *at = text_of("%s:USERID:UNIX:root", ports_of(&inquiry)); *at; at++)
		client_send(server, text_of("%c", *at));
	shutdown(server, SHUT_WR);
	EXPECT_ANSWER(&inquiry, "ident yes UNIX:root\n");
	close(server);
	close(listener);
}

Behaviour(ident, puts_nothing_into_an_answer_but_visible_ascii)
{
	expect_reply("127.0.0.2", " : USERID : UNIX : \x1b[31m\xc3\xa9\x07\nlibwrap allow\n",
		     "ident yes UNIX : ?[31m???\n");
}

/* The question ends when its 30 s are over, whatever the server says meanwhile. */
static void expect_given_up(const char *words)
{
	struct inquiry inquiry;
	int listener, server;

	enter();
	listener = ident_listener();
	inquiry = ASK("127.0.0.2", "-i", "30");
	server = take_ident_question(listener, &inquiry);
	for (int n = 0; n < 3; n++) {
		WAIT_UNTIL(clock_has_waiter(inquiry.pid));
		clock_move(7 * SECOND_MS);
		client_send(server, words);
	}
	cr_assert(client_is_quiet(inquiry.answers, 0));
	clock_move(10 * SECOND_MS);
	EXPECT_ANSWER(&inquiry, text_of("ident no no answer of the ident server: %s\n", error_text(ETIMEDOUT)));
	close(server);
	close(listener);
}

Behaviour(ident, is_given_up_when_its_server_is_silent)
{
	expect_given_up("");
}

Behaviour(ident, is_given_up_when_its_server_dribbles_without_end)
{
	expect_given_up("x");
}

Behaviour(ident, reads_no_more_of_an_endless_answer_than_one_may_have)
{
	struct inquiry inquiry;
	int listener, server;
	char flood[4096];

	enter();
	memset(flood, 'x', sizeof(flood));
	listener = ident_listener();
	inquiry = ASK("127.0.0.2", "-i", "10");
	server = take_ident_question(listener, &inquiry);
	while (send(server, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
		;                       /* until it has closed its end */
	EXPECT_ANSWER(&inquiry, "ident no the ident server's answer is too long\n");
	close(server);
	close(listener);
}

Behaviour(ident, is_none_where_there_is_no_server)
{
	struct inquiry inquiry;

	enter();
	inquiry = ASK("127.0.0.2", "-i", "5");
	EXPECT_ANSWER(&inquiry, "ident no cannot reach the ident server: Connection refused\n");
}

Behaviour(libwrap, allows_what_hosts_allow_lists_and_denies_what_hosts_deny_does)
{
	struct inquiry allowed, denied, unnamed;

	enter_wrapped("ftpd: 127.0.0.2\n", "ftpd: ALL\n");
	allowed = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&allowed, "libwrap allow\n");
	denied = ASK("127.0.0.3", "-w", "ftpd");
	EXPECT_ANSWER(&denied, "libwrap deny\n");
	unnamed = ASK("127.0.0.3", "-w", "telnetd");
	EXPECT_ANSWER(&unnamed, "libwrap allow\n");
}

Behaviour(libwrap, goes_by_names_of_hosts)
{
	struct inquiry allowed, denied;

	enter_wrapped("ftpd: .example.org\n", "ALL: ALL\n");
	allowed = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&allowed, "libwrap allow\n");
	denied = ASK("127.0.0.1", "-w", "ftpd");
	EXPECT_ANSWER(&denied, "libwrap deny\n");
}

Behaviour(libwrap, lets_nobody_in_by_a_table_it_may_not_read)
{
	struct inquiry inquiry;

	enter_wrapped("ALL: ALL\n", "");
	SKIP_WITHOUT(namespace_users(), "needs to be another user, who can read what was built");
	cr_assert_eq(chmod("/etc/hosts.deny", 0600), 0);
	inquiry = ask_as(NOBODY, "127.0.0.2", (const char *const[]){ "-w", "ftpd", NULL });
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
}

/* As of a program that has denied many thousand intruders. */
Behaviour(libwrap, decides_by_a_table_of_megabytes)
{
	static const char line[] = "ALL: 192.0.2.1\n";
	const size_t length = sizeof(line) - 1, count = (2 << 20) / length;
	char *deny = calloc(count + 2, length);
	struct inquiry inquiry;

	cr_assert(deny);
	for (size_t n = 0; n < count; n++)
		memcpy(deny + n * length, line, length);
	strcpy(deny + count * length, "ALL: 127.0.0.3\n");
	enter_wrapped("", deny);
	inquiry = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
	inquiry = ASK("127.0.0.3", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
	free(deny);
}

/* libwrap takes a file that it can't open for one without a name. */
Behaviour(libwrap, lets_nobody_in_where_a_rule_names_a_file_it_may_not_read)
{
	const char *const words[] = { "-w", "ftpd", NULL };
	struct inquiry inquiry;

	enter_wrapped("", "ALL: /etc/hosts.bad\n");
	SKIP_WITHOUT(namespace_users(), "needs to be another user, who can read what was built");
	inquiry = ask_as(NOBODY, "127.0.0.2", words);
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
	private_file("/etc/hosts.bad", "192.0.2.1 127.0.0.3\n");
	inquiry = ask_as(NOBODY, "127.0.0.2", words);
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
	inquiry = ask_as(NOBODY, "127.0.0.3", words);
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
	cr_assert_eq(chmod("/etc/hosts.bad", 0600), 0);
	inquiry = ask_as(NOBODY, "127.0.0.2", words);
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
	private_file("/etc/hosts.deny", "ALL: 127.0.0.3: spawn (a; \\\n/etc/hosts.bad)\n"); /* a program */
	inquiry = ask_as(NOBODY, "127.0.0.2", words);
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
}

Behaviour(libwrap, lets_nobody_in_by_a_rule_that_is_broken)
{
	struct inquiry inquiry;

	enter_wrapped("ftpd: ALL: nonsense\n", "");
	inquiry = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
}

Behaviour(libwrap, runs_what_spawn_says_and_tells_it_an_ipv4_client_as_one)
{
	struct inquiry inquiry;
	const char *note = path_in("note");

	enter_wrapped("", text_of("ftpd: ALL: spawn (echo %%d %%a >%s): allow\n", note));
	inquiry = ASK("127.0.0.2", "-w", "ftpd commands");
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
	cr_expect_str_eq(read_text(note), "ftpd 127.0.0.2\n");
}

Behaviour(libwrap, becomes_the_program_of_a_twist_which_speaks_with_the_client)
{
	const char *note = path_in("note");
	struct inquiry inquiry;
	int status;

	enter_wrapped(text_of("ftpd: ALL: spawn (echo once >>%s): "
			      "twist (read line; echo 421 no $line for %%a; ls /proc/self/fd | wc -w)\n", note), "");
	inquiry = ASK("127.0.0.2", "-n", "-w", "ftpd commands", "-i", "5");
	cr_expect_str_eq(client_rest(inquiry.answers), "name client.example.org\nlibwrap twist\n");
	cr_expect_eq(count_lines(note), 1);
	cr_expect_eq(waitpid(inquiry.pid, &status, WNOHANG), 0, "the answers ended before the program did");
	client_send(inquiry.client, "hello\n");
	cr_expect_str_eq(client_line(inquiry.client), "421 no hello for 127.0.0.2");
	cr_expect_str_eq(client_line(inquiry.client), "4", "0, 1, 2 and what ls reads the folder by");
	cr_expect(client_sees_end(inquiry.client));
	WAIT_UNTIL(waitpid(inquiry.pid, &status, WNOHANG) == inquiry.pid);
	close(inquiry.client);
}

Behaviour(libwrap, runs_nothing_unless_it_is_asked_to)
{
	struct inquiry inquiry;
	const char *note = path_in("note");

	enter_wrapped(text_of("ftpd: 127.0.0.2: spawn (touch %s)\nftpd: 127.0.0.3: spawn (touch %s): twist /bin/echo\n",
			      note, note), text_of("ftpd: ALL: spawn (touch %s)\n", note));
	inquiry = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap allow\n");
	inquiry = ASK("127.0.0.3", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
	inquiry = ASK("127.0.0.4", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
	cr_expect_neq(access(note, F_OK), 0);
	enter_wrapped("ftpd: 127.0.0.9: aclexec /bin/true\nftpd: ALL\n", "");
	inquiry = ASK("127.0.0.2", "-w", "ftpd");
	EXPECT_ANSWER(&inquiry, "libwrap deny\n");
}

Behaviour(lookup_program, answers_all_it_is_asked_in_one_go)
{
	struct inquiry inquiry;
	int listener, server;

	enter_wrapped("ftpd: ALL\n", "ALL: ALL\n");
	listener = ident_listener();
	inquiry = ASK("127.0.0.2", "-n", "-w", "ftpd", "-i", "10");
	server = take_ident_question(listener, &inquiry);
	client_send(server, text_of("%s : USERID : UNIX : root\r\n", ports_of(&inquiry)));
	EXPECT_ANSWER(&inquiry, "name client.example.org\nlibwrap allow\nident yes UNIX : root\n");
	close(server);
	close(listener);
}

Behaviour(lookup_program, refuses_a_question_it_does_not_know)
{
	static const char *const wrong[][3] = { { "-x" }, { "-i", "0" }, { "-i", "31" }, { "-i", "5x" }, { "name" } };

	enter();
	for (size_t n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++) {
		struct inquiry inquiry = ask_as(0, "127.0.0.2", wrong[n]);

		EXPECT_ANSWER(&inquiry, "");
	}
}
