/* systemd's units as they stand: a socket with its service, by name and by folder, without systemd. */
#include "harness.h"
#include "unit_files.h"

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
}

static void make_folders(const char *const *names)
{
	for (; *names; names++)
		cr_assert_eq(mkdir(path_in("%s", *names), 0755), 0, "%s", *names);
}

static void link_to(const char *target, const char *name)
{
	cr_assert_eq(symlink(target, path_in("%s", name)), 0, "%s", name);
}

/* A socket unit, and a service that says its name; both in this folder. */
static void write_named(const char *folder, const char *unit, const char *path)
{
	write_file(text_of("%s/%s.socket", folder, unit), "[Socket]\nListenStream=%s\n", path);
	write_file(text_of("%s/%s.service", folder, unit), "[Service]\n%s\nUser=%s\n", unit_backend("serve"),
		   own_user());
}

/* As `systemctl enable` leaves it, with what has happened since. SYSTEMD_UNIT_PATH has etc before lib. */
static const struct setup *enabled(const char *const *arguments)
{
	static struct setup setup;
	static const char *environment[2];

	environment[0] = text_of("SYSTEMD_UNIT_PATH=%s:%s", path_in("etc"), path_in("lib"));
	setup = (struct setup){ .arguments = arguments, .without_table = true, .environment = environment };
	return &setup;
}

static struct superd *run_enabled(void)
{
	static const char *arguments[3] = { "-f" };

	arguments[1] = text_of("systemd:%s", path_in("etc/sockets.target.wants"));
	return superd_run_with(enabled(arguments), "%s", "");
}

Behaviour(units, an_enabled_folder_is_read_by_the_names_of_its_links)
{
	static const char *const folders[] = { "etc", "lib", "etc/sockets.target.wants", "etc/web.socket.d", NULL };
	struct superd *superd;

	make_folders(folders);
	write_named("lib", "web", path_in("never"));
	write_file("etc/web.socket.d/port.conf", "[Socket]\nListenStream=\nListenStream=%s\n", path_in("web.sock"));
	link_to(path_in("lib/web.socket"), "etc/sockets.target.wants/web.socket");
	write_named("lib", "masked", path_in("masked.sock"));
	link_to("/dev/null", "etc/masked.socket");
	link_to(path_in("lib/masked.socket"), "etc/sockets.target.wants/masked.socket");
	write_named("lib", "own", path_in("packaged.sock"));
	write_file("etc/own.socket", "[Socket]\nListenStream=%s\n", path_in("own.sock"));
	link_to(path_in("lib/own.socket"), "etc/sockets.target.wants/own.socket");
	write_named("lib", "real", path_in("real.sock"));
	link_to(path_in("lib/real.socket"), "etc/nick.socket");
	link_to(path_in("lib/real.socket"), "etc/sockets.target.wants/real.socket");
	link_to(path_in("lib/real.socket"), "etc/sockets.target.wants/nick.socket");
	write_named("lib", "each@", text_of("%s-%%i", path_in("each")));
	path_in("each-one");
	link_to(path_in("lib/each@.socket"), "etc/sockets.target.wants/each@one.socket");
	superd = run_enabled();
	cr_expect(strstr(said_to(path_in("web.sock"), "hi\n"), " hi"));
	cr_expect(strstr(said_to(path_in("own.sock"), "hi\n"), " hi"));
	cr_expect(strstr(said_to(path_in("real.sock"), "hi\n"), " hi"));
	cr_expect(strstr(said_to(path_in("each-one"), "hi\n"), " hi"));
	cr_expect_neq(access(path_in("masked.sock"), F_OK), 0);
	cr_expect_neq(access(path_in("packaged.sock"), F_OK), 0);
	cr_expect(superd_logged(superd, "masked.socket is masked: it is left out"), "%s", world_logs());
}

/* No --keep-going: each unit of a folder is on its own, as with systemd. */
Behaviour(units, a_leftover_in_an_enabled_folder_costs_itself_alone)
{
	static const char *const folders[] = { "etc", "lib", "etc/sockets.target.wants", NULL };
	struct outcome outcome;
	struct superd *superd;

	make_folders(folders);
	write_named("etc", "good", path_in("good.sock"));
	link_to("../good.socket", "etc/sockets.target.wants/good.socket");
	link_to("../good.service", "etc/sockets.target.wants/good.service");
	link_to(path_in("lib/gone.socket"), "etc/sockets.target.wants/gone.socket");
	link_to(path_in("none/away.socket"), "etc/sockets.target.wants/away.socket");
	link_to("round.socket", "etc/sockets.target.wants/round.socket");
	write_file("etc/half.socket", "[Socket]\nListenStream=%s\n", path_in("half.sock"));
	link_to("../half.socket", "etc/sockets.target.wants/half.socket");
	write_named("etc", "wrong", path_in("wrong.sock"));
	write_file("etc/wrong.socket", "[Socket]\nListenStream=%s\nBacklog=many\n", path_in("wrong.sock"));
	link_to("../wrong.socket", "etc/sockets.target.wants/wrong.socket");
	write_named("etc", "twin", path_in("good.sock"));
	link_to("../twin.socket", "etc/sockets.target.wants/twin.socket");
	link_to("../some.timer", "etc/sockets.target.wants/some.timer");
	superd = run_enabled();
	cr_expect(strstr(said_to(path_in("good.sock"), "hi\n"), " hi"));
	cr_expect(superd_logged(superd, "gone.socket: warning: there is no such unit"), "%s", world_logs());
	cr_expect(superd_logged(superd, "away.socket: warning: leads to "), "%s", world_logs());
	cr_expect(superd_logged(superd, "round.socket: warning: "), "%s", world_logs());
	cr_expect(superd_logged(superd, "half.socket:1:1: warning: half.service: there is no such unit"), "%s",
		  world_logs());
	cr_expect(superd_logged(superd, "wrong.socket:3:9: warning: "), "%s", world_logs());
	cr_expect(superd_logged(superd, "is claimed already by good"), "%s", world_logs());
	cr_expect(superd_logged(superd, "some.timer: warning: it is left out"), "%s", world_logs());
	superd_stop(superd);
	outcome = SUPERD_ANSWER("--check", "-f", text_of("systemd:%s", path_in("etc/sockets.target.wants")));
	cr_expect_eq(outcome.status, 1, "%s", outcome.err);
	cr_expect(strstr(outcome.out, "1 service, 6 left out"), "%s", outcome.out);
	outcome = SUPERD_ANSWER("--check", "-f", path_in("etc/half.socket"));
	cr_expect_eq(outcome.status, 1, "a unit that is named itself is an error: %s", outcome.err);
}

/* A package with both ways to run, as openssh-server: whoever names the daemon gets the daemon alone. */
Behaviour(units, a_service_beside_a_socket_with_accept_yes_runs_without_it)
{
	struct superd *superd;

	write_file("a.socket", "[Socket]\nListenStream=%s\nAccept=yes\n", path_in("a.sock"));
	write_unit("a@.service", "[Service]\nExecStart=/bin/cat\nStandardInput=socket");
	write_unit("a.service", "[Service]\nExecStart=/bin/sh -c 'echo daemon; exec sleep 1000'");
	superd = run(path_in("a.service"), NULL);
	superd_wait_log(superd, ": daemon");
	cr_expect_neq(access(path_in("a.sock"), F_OK), 0);
	cr_expect(superd_logged(superd, "a.socket:1:1: note: not read: it leads to a@.service, not to a.service"));
}

Behaviour(units, a_pid_file_goes_with_its_program_whatever_the_type)
{
	const char *path = path_in("a.sock"), *pid_file = path_in("a.pid");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path),
		   text_of("PIDFile=%s\nExecStartPre=/usr/bin/touch %s\n%s", pid_file, pid_file,
			   unit_backend("take 1")));
	superd = units_run("a.socket", NULL);
	cr_assert(strstr(unit_ask(path, "asked\n"), " asked"));
	WAIT_UNTIL(access(pid_file, F_OK) != 0);
	superd_stop(superd);
}
