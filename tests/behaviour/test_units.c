/* systemd's units as they stand: a socket with its service, by name and by folder, without systemd. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "harness.h"

/* superd with what is asked for by -f, in this order. */
static struct superd *run(const char *first, const char *second)
{
	const char *const arguments[] = { "-f", first, second ? "-f" : NULL, second, NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true };

	return superd_run_with(&setup, "%s", "");
}

static const char *write_unit(const char *name, const char *text)
{
	write_file(name, "%s\nUser=%s\n", text, own_user());
	return path_in("%s", name);
}

static const char *said_to(const char *path, const char *text)
{
	wait_node(path);
	return client_ask_unix(path, text);
}

Behaviour(units, a_service_gets_the_sockets_that_lead_to_it_by_their_names)
{
	const char *report = path_in("report");
	struct superd *superd;

	write_file("a.socket", "[Socket]\nListenStream=%s\n", path_in("a.sock"));
	write_file("b.socket", "[Socket]\nListenStream=%s\nService=a.service\nFileDescriptorName=second\n",
		   path_in("b.sock"));
	write_unit("a.service", text_of("[Service]\nExecStart=%s\n", report_to(report)));
	superd = run(path_in("a.socket"), path_in("b.socket"));
	said_to(path_in("b.sock"), "x\n");
	WAIT_UNTIL(read_text(report) && strstr(read_text(report), "LISTEN_FDNAMES"));
	cr_expect(strstr(read_text(report), "LISTEN_FDNAMES=a.socket:second"), "%s", read_text(report));
	superd_stop(superd);
}

Behaviour(units, a_connection_has_an_instance_of_the_template)
{
	struct superd *superd;

	write_file("a.socket", "[Socket]\nListenStream=%s\nAccept=yes\n", path_in("a.sock"));
	write_unit("a@.service", "[Service]\nExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal");
	superd = run(path_in("a.socket"), NULL);
	cr_expect_str_eq(said_to(path_in("a.sock"), "through cat\n"), "through cat");
	cr_expect_str_eq(said_to(path_in("a.sock"), "and again\n"), "and again");
	superd_stop(superd);
}

Behaviour(units, a_folder_is_every_socket_in_it_and_an_instance_needs_no_file)
{
	struct superd *superd;

	write_file("a@.socket", "[Socket]\nListenStream=%s-%%i\nAccept=yes\n", path_in("sock"));
	write_unit("a@.service", "[Service]\nExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal");
	path_in("sock-one");
	superd = run(path_in("a@one.socket"), NULL);
	cr_expect_str_eq(said_to(path_in("sock-one"), "one\n"), "one");
	superd_stop(superd);
}

Behaviour(units, the_example_says_back_what_it_is_told)
{
	const char *port = text_of("127.0.0.1:%d", free_port());
	const char *service = example_table("units/cat@.service");
	struct superd *superd;

	write_file("cat.socket", "%s", replaced(example_table("units/cat.socket"), "127.0.0.1:7777", port));
	write_file("cat@.service", "%s", replaced(service, "User=nobody", text_of("User=%s", own_user())));
	superd = run(path_in("cat.socket"), NULL);
	superd_wait_log(superd, "cat: listening on");
	cr_expect_str_eq(client_ask((int)strtol(strchr(port, ':') + 1, NULL, 10), "through cat\n"), "through cat");
	superd_stop(superd);
}

Behaviour(units, what_superd_lacks_refuses_a_service_unless_a_warning_is_asked_for)
{
	struct outcome outcome;

	write_file("a.socket", "[Socket]\nListenStream=%s\n", path_in("a.sock"));
	write_unit("a.service", "[Service]\nExecStart=/bin/cat\nRootImage=/none");
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", path_in("a.socket"));
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "a.service:3:11: error: RootImage: superd cannot honour it"), "%s", outcome.err);
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "--unsupported=warn", "-f", path_in("a.socket"));
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "a.service:3:11: warning: RootImage: superd cannot honour it"), "%s",
		  outcome.err);
}

Behaviour(units, one_that_is_wrong_is_left_out_and_the_others_run)
{
	const char *const arguments[] = { "--keep-going", "-f", text_of("systemd:%s", path_in("units")), NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true };
	struct superd *superd;

	cr_assert_eq(mkdir(path_in("units"), 0755), 0);
	write_file("units/bad.socket", "[Socket]\nListenStream=%s\n", path_in("bad.sock"));
	write_unit("units/bad.service", "[Service]\nExecStart=/bin/cat\nKillMode=all");
	write_file("units/good.socket", "[Socket]\nListenStream=%s\nAccept=yes\n", path_in("good.sock"));
	write_unit("units/good@.service", "[Service]\nExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal");
	superd = superd_run_with(&setup, "%s", "");
	cr_expect_str_eq(said_to(path_in("good.sock"), "good\n"), "good");
	cr_expect(superd_logged(superd, "service 'bad' is left out"));
	superd_stop(superd);
}
