/* Jobs of launchd as services: what each key becomes, and what superd says of the others. */
#include "cli/print/print_conf.h"
#include "launchd_reading.h"
#include "parse/launchd/keys.h"
#include "parse/sources/sources.h"

TestSuite(launchd, .init = open_reading, .fini = close_reading);

#define LABEL "<key>Label</key><string>t</string>"
#define RUNS LABEL "<key>ProgramArguments</key><array><string>/bin/cat</string></array>"
#define LISTENS \
	"<key>Sockets</key><dict><key>a</key><dict><key>SockServiceName</key><string>80</string>" \
	"<key>SockFamily</key><string>IPv4</string></dict></dict>"
#define NOWAIT "<key>inetdCompatibility</key><dict><key>Wait</key><false/></dict>"

static void read_job(const char *elements)
{
	static char text[16384];
	struct source_file source;

	close_reading();
	open_reading();
	snprintf(text, sizeof(text), HEAD "<dict>%s</dict>" TAIL, elements);
	source = source_of(text, strlen(text));
	cr_assert(launchd_read_source(&reading, &source));
	source_free(&source);
	reading_finish(&reading);
}

/* The table it comes to, as superd --print has it, every blank a single one. */
static const char *printed(const char *elements)
{
	static char *text;
	char *out;
	size_t length;
	FILE *file;

	read_job(elements);
	free(text);
	file = open_memstream(&text, &length);
	cr_assert(file && print_conf(reading.table, false, file));
	fclose(file);
	out = text;
	for (const char *in = text; *in; in++) {
		char c = strchr("\t\n", *in) ? ' ' : *in;

		if (c != ' ' || (out > text && out[-1] != ' '))
			*out++ = c;
	}
	*out = '\0';
	return text;
}

static void expect_option(const char *elements, const char *option)
{
	const char *table = printed(elements);

	cr_expect(strstr(table, option), "of %s: %s%s", elements, table, said());
	cr_expect_str_eq(said(), "", "of %s", elements);
}

static void expect_no_option(const char *elements, const char *option)
{
	const char *table = printed(elements);

	cr_expect(strstr(table, "service t {"), "of %s: %s", elements, said());
	cr_expect(!strstr(table, option), "of %s: %s", elements, table);
}

static void expect_message(const char *elements, enum severity severity, const char *message)
{
	read_job(elements);
	cr_expect(strstr(said(), message), "of %s: %s", elements, said());
	cr_expect_eq(diags.errors > 0, severity == SEVERITY_ERROR, "of %s: %s", elements, said());
}

static void expect_error(const char *elements, const char *message)
{
	expect_message(elements, SEVERITY_ERROR, message);
}

static void expect_warning(const char *elements, const char *message)
{
	expect_message(elements, SEVERITY_WARNING, message);
}

/* A job whose Sockets hold this one. */
static const char *with_socket(const char *keys)
{
	static char text[2][4096];
	static int turn;

	turn = !turn;
	snprintf(text[turn], sizeof(text[turn]), RUNS "<key>Sockets</key><dict><key>a</key><dict>%s</dict></dict>",
		 keys);
	return text[turn];
}

static const char *with(const char *keys)
{
	static char text[4096];

	snprintf(text, sizeof(text), RUNS LISTENS "%s", keys);
	return text;
}

#define STRING(key, value) "<key>" key "</key><string>" value "</string>"
#define INTEGER(key, value) "<key>" key "</key><integer>" value "</integer>"
#define TRUE(key) "<key>" key "</key><true/>"
#define FALSE(key) "<key>" key "</key><false/>"

Test(launchd, has_a_socket_for_each_family_where_none_is_said)
{
	const char *table = printed(with_socket(STRING("SockServiceName", "80")));

	cr_expect(strstr(table, "socket a { listen = {tcp4:80} } socket a { listen = {tcp6:80} optional = yes }"),
		  "%s%s", table, said());
}

Test(launchd, listens_where_each_form_of_a_socket_says)
{
	expect_option(with_socket(STRING("SockServiceName", "80") STRING("SockFamily", "IPv4")), "listen = {tcp4:80}");
	expect_option(with_socket(STRING("SockServiceName", "80") STRING("SockFamily", "ipv6")), "listen = {tcp6:80}");
	expect_option(with_socket(INTEGER("SockServiceName", "80") STRING("SockFamily", "IPv4v6")),
		      "listen = {tcp:80}");
	expect_option(with_socket(STRING("SockServiceName", "http") STRING("SockFamily", "IPv4")),
		      "listen = {tcp4:http}");
	expect_option(with_socket(STRING("SockServiceName", "53") STRING("SockNodeName", "127.0.0.1")
					  STRING("SockType", "dgram")),
		      "listen = {udp:127.0.0.1:53}");
	expect_option(with_socket(STRING("SockServiceName", "53") STRING("SockNodeName", "::1")
					  STRING("SockProtocol", "UDP")),
		      "listen = {\"udp:[::1]:53\"}");
	expect_option(with_socket(STRING("SockServiceName", "53") STRING("SockNodeName", "fe80::1%eth0")),
		      "listen = {\"tcp:[fe80::1]:53%eth0\"}");
	expect_option(with_socket(STRING("SockServiceName", "80") STRING("SockNodeName", "localhost")),
		      "listen = {tcp:localhost:80} every_address = yes");
	expect_option(with_socket(STRING("SockServiceName", "80") STRING("SockNodeName", "localhost")
					  STRING("SockFamily", "IPv4")),
		      "listen = {tcp4:localhost:80} every_address = yes");
	expect_option(with_socket(STRING("SockPathName", "/run/a")), "listen = {/run/a} socket_mode = 0700");
	expect_option(with_socket(STRING("SockPathName", "/run/a") STRING("SockType", "DGRAM")),
		      "listen = {unix-dgram:/run/a}");
	expect_option(with_socket(STRING("SockPathName", "/run/a") STRING("SockType", "seqpacket")
					  STRING("SockFamily", "Unix")),
		      "listen = {seqpacket:/run/a}");
}

Test(launchd, has_the_sockets_of_an_array_under_one_name)
{
	const char *table = printed(
		RUNS "<key>Sockets</key><dict><key>a</key><array>"
		     "<dict>" STRING("SockPathName", "/run/a") "</dict>"
							       "<dict>" STRING("SockPathName",
									       "/run/b") "</dict></array></dict>");

	cr_expect_eq(reading.table->services[0].socket_count, 2);
	cr_expect(strstr(table, "socket a { listen = {/run/a, /run/b} socket_mode = 0700 }"), "%s", table);
}

Test(launchd, takes_modes_for_decimal_and_leaves_out_a_files_type)
{
	expect_option(with_socket(STRING("SockPathName", "/run/a") INTEGER("SockPathMode", "432")),
		      "socket_mode = 0660");
	expect_option(with_socket(STRING("SockPathName", "/run/a") INTEGER("SockPathMode", "49663")),
		      "socket_mode = 0777");
	expect_warning(with_socket(STRING("SockPathName", "/run/a") INTEGER("SockPathMode", "666")),
		       "SockPathMode: 666 is decimal, which is 01232 in octal");
	expect_error(with_socket(STRING("SockPathName", "/run/a") INTEGER("SockPathMode", "-1")), "-1 is no mode");
	expect_option(with_socket(STRING("SockPathName", "/run/a") INTEGER("SockPathOwner", "1")
					  STRING("SockPathGroup", "daemon")),
		      "socket_user = 1 socket_group = daemon");
}

Test(launchd, finds_a_private_path_and_tells_it_the_job)
{
	const char *table = printed(with_socket(STRING("SecureSocketWithKey", "DISPLAY")));

	cr_expect(strstr(said(), "DISPLAY is set for this job alone"), "%s", said());
	cr_expect(strstr(table, "listen = {\"%{runtime}/secure/t/a\"} socket_mode = 0600 remove_on_stop = yes"), "%s",
		  table);
	cr_expect(strstr(table, "env = {\"DISPLAY=%{path:a}\"}"), "%s", table);
	table = printed(RUNS STRING("UserName", "daemon") "<key>Sockets</key><dict><key>a</key><dict>" STRING(
		"SecureSocketWithKey", "A") "</dict></dict>");
	cr_expect(strstr(table, "socket_user = daemon"), "%s", table);
	expect_error(with_socket(STRING("SecureSocketWithKey", "A=B")), "is no name of a variable");
	expect_error(with_socket(STRING("SecureSocketWithKey", "A") STRING("SockPathName", "/run/a")),
		     "does not go with");
}

Test(launchd, joins_a_multicast_group)
{
	expect_option(with_socket(STRING("SockServiceName", "5353") STRING("SockType", "dgram")
					  STRING("MulticastGroup", "224.0.0.251")),
		      "listen = {udp4:5353} multicast_group = {\"224.0.0.251\"}");
	expect_option(with_socket(STRING("SockServiceName", "5353") STRING("SockType", "dgram")
					  STRING("MulticastGroup", "ff02::fb")),
		      "listen = {udp6:5353}");
	expect_error(with_socket(STRING("SockServiceName", "5353") STRING("MulticastGroup", "224.0.0.251")),
		     "MulticastGroup: it goes with SockType dgram");
	expect_error(with_socket(STRING("SockServiceName", "5353") STRING("SockType", "dgram")
					 STRING("MulticastGroup", "192.0.2.1")),
		     "224.0.0.0");
}

Test(launchd, refuses_a_socket_it_cannot_make)
{
	expect_error(with_socket(""), "SockServiceName or SockPathName is missing");
	expect_error(with_socket(STRING("SockServiceName", "80") FALSE("SockPassive")),
		     "connects no sockets for a job");
	expect_error(with_socket(STRING("SockServiceName", "80") STRING("SockType", "seqpacket")),
		     "goes with SockPathName");
	expect_error(with_socket(STRING("SockServiceName", "80") STRING("SockType", "raw")),
		     "expected stream, dgram or seqpacket");
	expect_error(with_socket(STRING("SockServiceName", "80") STRING("SockFamily", "IPX")),
		     "expected IPv4, IPv6, IPv4v6");
	expect_error(with_socket(STRING("SockServiceName", "80") STRING("SockProtocol", "SCTP")),
		     "expected TCP or UDP");
	expect_error(
		with_socket(STRING("SockServiceName", "80") STRING("SockProtocol", "TCP") STRING("SockType", "dgram")),
		"does not go with SockType dgram");
	expect_error(with_socket(STRING("SockServiceName", "99999")), "99999");
	expect_error(with_socket(STRING("SockPathName", "a")), "starts with /");
	expect_error(RUNS "<key>Sockets</key><dict><key>a</key><string>80</string></dict>",
		     "a dictionary or an array of them");
	expect_error(RUNS "<key>Sockets</key><dict><key>a</key><array><true/></array></dict>",
		     "of the array must be a dictionary");
}

Test(launchd, never_makes_another_kind_of_socket_than_was_meant)
{
	expect_error(with_socket(STRING("SockFamily", "Unix") STRING("SockServiceName", "80")),
		     "SockFamily: 'Unix': SockPathName is missing");
	expect_warning(with_socket(STRING("SockFamily", "IPv4") STRING("SockPathName", "/run/a")),
		       "SockFamily has no effect: with SockPathName it is a unix socket");
	expect_warning(with_socket(STRING("SecureSocketWithKey", "A") STRING("SockServiceName", "80")),
		       "SockServiceName is left out: a unix socket has none");
	expect_warning(with_socket(STRING("SockType", "dgram") STRING("MulticastGroup", "224.0.0.251")
					   STRING("SockPathName", "/run/a")),
		       "MulticastGroup is left out: a unix socket has none");
	expect_warning(with_socket(STRING("SockServiceName", "80") INTEGER("SockPathMode", "384")),
		       "SockPathMode is left out: it goes with SockPathName");
	expect_warning(with_socket(STRING("SockNodeName", "127.0.0.1")),
		       "SockServiceName is missing: the port is any that is free");
	expect_error(with_socket(STRING("SockNodeName", "[::1]") STRING("SockServiceName", "80")),
		     "SockNodeName: '[::1]': expected a host or an address, without brackets");
	expect_error(with_socket(STRING("SockNodeName", "") STRING("SockServiceName", "80")), "SockNodeName: ''");
}

/* What is of a wrong kind is told of by itself, and not also as missing. */
Test(launchd, says_of_one_mistake_one_thing)
{
	static const char *const jobs[] = {
		RUNS "<key>Sockets</key><array/>",
		LABEL LISTENS STRING("ProgramArguments", "/bin/cat"),
		RUNS STRING("RunAtLoad", "yes"),
		RUNS "<key>Sockets</key><dict><key>a</key><array/></dict>",
		RUNS "<key>Sockets</key><dict><key>a</key><dict>" TRUE("SockServiceName") "</dict></dict>",
		INTEGER("Label", "1") "<key>Program</key><string>/bin/cat</string>" LISTENS,
	};

	for (size_t n = 0; n < sizeof(jobs) / sizeof(*jobs); n++) {
		read_job(jobs[n]);
		cr_expect_eq(diags.errors, 1, "of %s: %s", jobs[n], said());
	}
}

Test(launchd, names_its_own_keys_where_a_value_is_wrong)
{
	expect_error(with(INTEGER("Nice", "100")), "error: Nice: '100'");
	expect_error(with(INTEGER("ExitTimeOut", "-1")), "error: ExitTimeOut: '-1'");
	expect_error(with(STRING("WorkingDirectory", "srv")), "error: WorkingDirectory: 'srv'");
	expect_error(with(STRING("StandardOutPath", "log")),
		     "StandardOutPath: 'log': expected a path that starts with /");
	expect_error(with("<key>SoftResourceLimits</key><dict>" INTEGER("CPU", "-1") "</dict>"),
		     "CPU: a limit is not negative");
	expect_error(with("<key>SoftResourceLimits</key><dict>" INTEGER(
			     "CPU", "7") "</dict>"
					 "<key>HardResourceLimits</key><dict>" INTEGER("CPU", "6") "</dict>"),
		     "CPU: the soft limit, 7, is above the hard one, 6");
	expect_error(with("<key>EnvironmentVariables</key><dict>" STRING("A=B", "1") "</dict>"),
		     "'A=B': the name of a variable has no =");
	expect_error(LABEL LISTENS STRING("Program", ""), "Program: it is empty");
}

Test(launchd, gives_a_socket_a_name_that_a_list_of_names_can_hold)
{
	expect_warning(
		RUNS "<key>Sockets</key><dict><key>..</key><dict>" STRING("SecureSocketWithKey", "A") "</dict></dict>",
		"'..' is called _. in LISTEN_FDNAMES");
	expect_warning(RUNS "<key>Sockets</key><dict><key>org.x:0</key><dict>" STRING("SockPathName",
										      "/run/a") "</dict></dict>",
		       "'org.x:0' is called org.x_0 in LISTEN_FDNAMES");
	cr_expect_str_eq(reading.table->services[0].sockets[0].name, "org.x_0");
}

Test(launchd, runs_a_job_of_inetd_as_inetd_does)
{
	const char *table = printed(RUNS LISTENS NOWAIT);

	cr_expect(strstr(table, "accept = yes pass = inetd"), "%s%s", table, said());
	cr_expect(strstr(table, "error = socket"), "%s", table);
	expect_option(RUNS LISTENS "<key>inetdCompatibility</key><dict>" TRUE("Wait") "</dict>",
		      "accept = no pass = inetd");
	expect_option(RUNS LISTENS "<key>inetdCompatibility</key><dict>" FALSE("Wait")
			      INTEGER("Instances", "42") "</dict>",
		      "instances = 42");
	expect_option(RUNS LISTENS NOWAIT STRING("StandardErrorPath", "/dev/null"), "error = null");
	expect_warning(RUNS LISTENS "<key>inetdCompatibility</key><dict>" TRUE("Wait")
			       INTEGER("Instances", "42") "</dict>",
		       "Instances has no effect: with Wait true");
	expect_error(RUNS "<key>Sockets</key><dict><key>a</key><dict>" STRING(
			     "SockPathName",
			     "/run/a") "</dict>"
				       "<key>b</key><dict>" STRING("SockPathName",
								   "/run/b") "</dict></dict>"
									     "<key>inetdCompatibility</key><dict>" TRUE(
										     "Wait") "</dict>",
		     "with Wait true a job has one socket as its standard input, and these are 2");
	expect_warning(RUNS LISTENS "<key>InetdCompatibility</key><dict>" FALSE("Wait") "</dict>",
		       "InetdCompatibility is taken for inetdCompatibility");
	cr_expect(reading.table->services[0].exec->accept);
	expect_option(RUNS LISTENS NOWAIT STRING("StandardOutPath", "/var/log/a"),
		      "output = append:/var/log/a error = socket");
}

Test(launchd, has_one_socket_for_both_families_where_it_is_the_standard_input)
{
	expect_option(RUNS "<key>Sockets</key><dict><key>a</key><dict>" STRING("SockServiceName", "512")
			      STRING("SockType", "dgram") "</dict></dict><key>inetdCompatibility</key><dict>" TRUE(
				      "Wait") "</dict>",
		      "listen = {udp:512}");
}

Test(launchd, tells_the_program_from_its_name)
{
	expect_option(LABEL LISTENS STRING("Program", "/bin/cat"), "exec = /bin/cat");
	expect_option(
		LABEL LISTENS STRING("Program", "/bin/cat") "<key>ProgramArguments</key><array><string>cat</string>"
							    "<string>-u x</string></array>",
		"exec = \"/bin/cat '-u x'\" argv0 = cat");
	expect_no_option(
		LABEL LISTENS STRING("Program", "/bin/cat") "<key>ProgramArguments</key><array><string>/bin/cat"
							    "</string></array>",
		"argv0");
	expect_option(LABEL LISTENS "<key>ProgramArguments</key><array><string>cat</string></array>",
		      "exec_search_path = {\"/usr/bin\", \"/bin\", \"/usr/sbin\", \"/sbin\"}");
	expect_option(LABEL LISTENS
		      "<key>ProgramArguments</key><array><string>/bin/date</string><string>+%H%{x}</string>"
		      "</array>",
		      "exec = \"/bin/date +%%H%%{x}\"");
	expect_option(LABEL LISTENS STRING("Program", "/opt/My App/d"), "exec = \"'/opt/My App/d'\"");
	expect_error(LABEL LISTENS, "ProgramArguments is missing");
	expect_error(LABEL LISTENS "<key>ProgramArguments</key><array/>", "ProgramArguments is missing");
	expect_error(LABEL LISTENS
		     "<key>ProgramArguments</key><array><string>/bin/a</string><integer>1</integer></array>",
		     "an argument is a string");
	expect_error(LABEL LISTENS STRING("Program", "cat"), "absolute");
}

Test(launchd, runs_as_whom_and_with_what_the_job_says)
{
	expect_option(with(STRING("UserName", "daemon") STRING("GroupName", "mail") FALSE("InitGroups")),
		      "user = daemon group = mail groups = no");
	expect_option(with("<key>EnvironmentVariables</key><dict>" STRING("A", "50%") STRING("B", "") "</dict>"),
		      "env = {\"A=50%%\", \"B=\"}");
	expect_option(with(STRING("WorkingDirectory", "/srv") STRING("RootDirectory", "/jail")),
		      "working_directory = /srv root_directory = /jail");
	expect_option(with(INTEGER("Umask", "18")), "exec = /bin/cat");
	expect_option(with(INTEGER("Umask", "63")), "umask = 0077");
	expect_option(with(STRING("Umask", "077")), "umask = 0077");
	expect_option(with(STRING("Umask", "63")), "umask = 0077");
	expect_error(with(INTEGER("Umask", "777")), "Umask: '777': expected at most 511");
	expect_warning(with(INTEGER("Umask", "77")), "Umask: '77' is decimal, which is 0115 in octal");
	expect_warning(with(STRING("Umask", "22")), "Umask: '22' is decimal, which is 026 in octal");
	expect_option(with(INTEGER("Nice", "-5")), "nice = -5");
	expect_error(with("<key>EnvironmentVariables</key><dict>" INTEGER("A", "1") "</dict>"),
		     "A: a variable is a string");
	expect_error(with(STRING("UserName", "")), "UserName: it is empty");
	expect_error(with(STRING("RootDirectory", "")), "RootDirectory: it is empty");
}

Test(launchd, limits_resources_softly_and_hard)
{
	const char *table = printed(with("<key>SoftResourceLimits</key><dict>" INTEGER("NumberOfFiles", "100") INTEGER(
		"CPU", "60") "</dict><key>HardResourceLimits</key><dict>" INTEGER("NumberOfFiles", "200")
						 INTEGER("Stack", "65536") "</dict>"));

	cr_expect_str_eq(said(), "");
	cr_expect(strstr(table, "rlimit_nofile = 100:200"), "%s", table);
	cr_expect(strstr(table, "rlimit_cpu = 60:"), "%s", table);
	cr_expect(strstr(table, "rlimit_stack = :65536"), "%s", table);
	expect_option(with("<key>SoftResourceLimits</key><dict>" INTEGER("Core", "9223372036854775807") "</dict>"),
		      "rlimit_core = unlimited:");
	expect_error(with("<key>HardResourceLimits</key><dict>" STRING("CPU", "60") "</dict>"),
		     "CPU: expected an integer, not a string");
}

Test(launchd, adds_to_the_files_of_its_streams)
{
	expect_option(with(STRING("StandardOutPath", "/var/log/a") STRING("StandardErrorPath", "/var/log/b")),
		      "output = append:/var/log/a error = append:/var/log/b");
	expect_option(with(STRING("StandardInPath", "/etc/motd") STRING("StandardOutPath", "/dev/null")),
		      "output = null error = log input = file:/etc/motd");
	expect_no_option(with(STRING("StandardOutPath", "/var/log/a")), "error = append");
}

Test(launchd, starts_when_the_job_says)
{
	expect_option(RUNS TRUE("RunAtLoad"), "start = boot");
	expect_no_option(RUNS TRUE("RunAtLoad"), "restart");
	expect_option(RUNS TRUE("KeepAlive"), "start = boot");
	expect_option(RUNS TRUE("KeepAlive"), "restart = always");
	expect_option(RUNS FALSE("OnDemand"), "restart = always");
	expect_option(RUNS "<key>KeepAlive</key><dict>" TRUE("SuccessfulExit") "</dict>", "restart = on-success");
	expect_option(RUNS "<key>KeepAlive</key><dict>" FALSE("SuccessfulExit") "</dict>", "restart = on-failure");
	expect_option(RUNS "<key>KeepAlive</key><dict>" TRUE("Crashed") "</dict>", "restart = on-abnormal");
	expect_option(RUNS "<key>KeepAlive</key><dict>" FALSE("SuccessfulExit") "</dict>", "start = boot");
	expect_no_option(with("<key>KeepAlive</key><dict>" TRUE("SuccessfulExit") TRUE("AfterInitialDemand") "</dict>"),
			 "start = boot");
	expect_no_option(with(FALSE("RunAtLoad") FALSE("KeepAlive") TRUE("OnDemand")), "start = boot");
	expect_error(RUNS, "nothing starts it");
	expect_error(RUNS "<key>Sockets</key><dict/>", "nothing starts it");
	expect_warning(RUNS LISTENS NOWAIT TRUE("RunAtLoad"), "RunAtLoad is left out");
	expect_option(with(TRUE("Disabled")), "disable = yes");
	expect_warning(with("<key>KeepAlive</key><dict><key>PathState</key><dict>" TRUE("/tmp/a") "</dict></dict>"),
		       "PathState is left out: superd does not watch files");
}

Test(launchd, leaves_out_how_long_to_be_idle_where_it_could_not_be_so)
{
	expect_option(with(INTEGER("TimeOut", "30")), "idle_timeout = 30s");
	expect_warning(RUNS INTEGER("TimeOut", "30") "<key>Sockets</key><dict><key>a</key><dict>" STRING(
			       "SockType", "dgram") STRING("SockPathName", "/run/a") "</dict></dict>",
		       "TimeOut is left out: the users of a unix datagram socket");
	expect_warning(with(INTEGER("TimeOut", "30") TRUE("KeepAlive")),
		       "TimeOut is left out: KeepAlive has it started again");
	expect_warning(with(INTEGER("TimeOut", "30") NOWAIT), "TimeOut is left out: with inetdCompatibility");
}

Test(launchd, starts_again_after_each_end_that_some_key_names)
{
	static const struct {
		const char *keys, *restart;
	} cases[] = {
		{ TRUE("Crashed"), "on-abnormal" },
		{ FALSE("Crashed"), "always" },
		{ TRUE("SuccessfulExit") TRUE("Crashed"), "always" },
		{ TRUE("SuccessfulExit") FALSE("Crashed"), "always" },
		{ FALSE("SuccessfulExit") TRUE("Crashed"), "on-failure" },
		{ FALSE("SuccessfulExit") FALSE("Crashed"), "always" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		char keys[256], option[64];

		snprintf(keys, sizeof(keys), "<key>KeepAlive</key><dict>%s</dict>", cases[n].keys);
		snprintf(option, sizeof(option), "restart = %s ", cases[n].restart);
		expect_option(with(keys), option);
	}
}

Test(launchd, runs_a_job_once_that_has_no_sockets_and_is_not_kept_alive)
{
	expect_option(RUNS TRUE("RunAtLoad"), "type = oneshot");
	expect_option(RUNS "<key>KeepAlive</key><dict>" FALSE("SuccessfulExit") "</dict>", "type = oneshot");
	expect_no_option(RUNS TRUE("KeepAlive"), "type");
	expect_no_option(RUNS "<key>KeepAlive</key><dict>" TRUE("SuccessfulExit") "</dict>", "type");
	expect_no_option(with(TRUE("RunAtLoad")), "type");
}

Test(launchd, ends_and_pauses_when_the_job_says)
{
	expect_option(with(""), "timeout_stop = 20s");
	expect_option(with(INTEGER("ExitTimeOut", "5")), "timeout_stop = 5s");
	expect_option(with(INTEGER("ExitTimeOut", "0")), "timeout_stop = infinity");
	expect_option(with(INTEGER("TimeOut", "60")), "idle_timeout = 1min");
	expect_option(with(INTEGER("ThrottleInterval", "5")), "backoff_min = 5s");
	expect_option(with(INTEGER("ThrottleInterval", "0")), "backoff_min = 1ms");
	expect_option(with(INTEGER("ThrottleInterval", "60")), "backoff_min = 1min backoff_max = 1min");
	expect_error(with(INTEGER("ThrottleInterval", "-1")), "from 0 to 86400 seconds");
	expect_option(with(TRUE("AbandonProcessGroup")), "kill_mode = process");
	expect_option(with(TRUE("LowPriorityIO")), "io_scheduling = best-effort:7");
}

Test(launchd, says_what_it_lacks_by_its_class)
{
	expect_no_option(with(STRING("ProcessType", "Background") TRUE("ServiceIPC")), "background");
	cr_expect_str_eq(said(), "");
	expect_warning(with_socket(STRING("SockPathName", "/run/a") TRUE("Bonjour")),
		       "Bonjour is left out: superd announces");
	expect_warning(with(TRUE("LaunchOnlyOnce")), "LaunchOnlyOnce is left out");
	expect_error(with(INTEGER("StartInterval", "60")), "StartInterval: superd cannot honour it");
	expect_error(with(STRING("SandboxProfile", "a")), "SandboxProfile: superd cannot honour it");
	expect_no_option(with(FALSE("StartOnMount") "<key>WatchPaths</key><array/>"), "watch");
	cr_expect_str_eq(said(), "");
	expect_warning(with(STRING("Usernam", "a")), "Usernam: unknown, it is left out");
	cr_expect(strstr(said(), "did you mean 'UserName'?"), "%s", said());
	expect_error(with(TRUE("UserName")), "UserName: expected a string, not true or false");
}

Test(launchd, is_named_by_its_label)
{
	expect_error("<key>ProgramArguments</key><array><string>/bin/cat</string></array>" LISTENS, "Label is missing");
	expect_error("<key>Label</key><true/>" LISTENS, "Label: expected a string, not true or false");
	expect_error(STRING("Label", "") LISTENS, "Label: it is the job's name, and empty");
	expect_error(STRING("Label", "..") "<key>Program</key><string>/bin/cat</string>" TRUE("RunAtLoad"),
		     "'..': a name is part of paths");
	expect_error(STRING("Label", "a b") "<key>Program</key><string>/bin/cat</string>" TRUE("RunAtLoad"),
		     "a name consists of");
}

Test(launchd, leaves_a_broken_job_out_whole)
{
	read_job(with(INTEGER("Nice", "100") STRING("WorkingDirectory", "x")));
	cr_expect_eq(diags.errors, 2, "%s", said());
	cr_expect_eq(reading.table->count, 0);
	cr_expect_eq(reading.table->left_out_count, 1);
}

Test(launchd, keys_are_named_once_and_have_a_way_or_a_reason)
{
	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct key_table *keys = &launchd_keys[n];
		struct key_list known = key_list(keys);

		for (size_t i = 0; i < known.count; i++) {
			const struct key_row *key = &known.list[i];

			cr_expect(!i || strcmp(known.list[i - 1].name, key->name) < 0, "%s", key->name);
			cr_expect_eq(launchd_key_find(keys, key->name), key, "%s", key->name);
			cr_expect(key->kinds, "%s", key->name);
			if (key->status == KEY_DONE)
				cr_expect(key_option(keys, key), "%s has no option", key->name);
			else
				cr_expect(key->reason, "%s has no reason", key->name);
		}
	}
}

/* What launchd.plist(5) of macOS names. */
Test(launchd, keys_of_the_manual_are_all_known)
{
	static const char *const manual[] = {
		"Label",
		"Disabled",
		"UserName",
		"GroupName",
		"inetdCompatibility",
		"LimitLoadToHosts",
		"LimitLoadFromHosts",
		"LimitLoadToSessionType",
		"LimitLoadToHardware",
		"LimitLoadFromHardware",
		"Program",
		"BundleProgram",
		"ProgramArguments",
		"EnableGlobbing",
		"EnableTransactions",
		"EnablePressuredExit",
		"OnDemand",
		"ServiceIPC",
		"KeepAlive",
		"RunAtLoad",
		"RootDirectory",
		"WorkingDirectory",
		"EnvironmentVariables",
		"Umask",
		"TimeOut",
		"ExitTimeOut",
		"ThrottleInterval",
		"InitGroups",
		"WatchPaths",
		"QueueDirectories",
		"StartOnMount",
		"StartInterval",
		"StartCalendarInterval",
		"StandardInPath",
		"StandardOutPath",
		"StandardErrorPath",
		"Debug",
		"WaitForDebugger",
		"SoftResourceLimits",
		"HardResourceLimits",
		"Nice",
		"ProcessType",
		"AbandonProcessGroup",
		"LowPriorityIO",
		"LowPriorityBackgroundIO",
		"MaterializeDatalessFiles",
		"LaunchOnlyOnce",
		"MachServices",
		"Sockets",
		"LaunchEvents",
		"HopefullyExitsLast",
		"HopefullyExitsFirst",
		"SessionCreate",
		"LegacyTimers",
		"AssociatedBundleIdentifiers",
		"SpawnConstraint",
	};
	static const char *const sockets[] = {
		"SockType",	"SockPassive",	"SockNodeName",	       "SockServiceName",   "SockFamily",
		"SockProtocol", "SockPathName", "SecureSocketWithKey", "SockPathOwner",	    "SockPathGroup",
		"SockPathMode", "Bonjour",	"MulticastGroup",      "ReceivePacketInfo",
	};

	for (size_t n = 0; n < sizeof(manual) / sizeof(*manual); n++)
		cr_expect_not_null(launchd_key_find(&launchd_keys[LAUNCHD_JOB], manual[n]), "%s", manual[n]);
	for (size_t n = 0; n < sizeof(sockets) / sizeof(*sockets); n++)
		cr_expect_not_null(launchd_key_find(&launchd_keys[LAUNCHD_SOCKETS], sockets[n]), "%s", sockets[n]);
}
