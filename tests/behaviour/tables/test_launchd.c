/* Jobs of launchd, run: a backend gets its sockets by name, or as an inetd gives them; a private socket is told to
 * its job alone; a host has a socket for each address, and a group is heard. And one service is the same table in
 * every language. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "harness.h"
#include "private.h"
#include "reading.h"

#define LIST \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist " \
	"version=\"1.0\"><dict><key>Label</key><string>web</string>\n"
#define END "</dict></plist>\n"
#define SOCKET(name, keys) "<key>" name "</key><dict>" keys "</dict>\n"
#define STRING(key, value) "<key>" key "</key><string>" value "</string>"
#define LOOPBACK STRING("SockNodeName", "127.0.0.1") "<key>SockServiceName</key><integer>0</integer>"
#define SOCKETS(sockets) "<key>Sockets</key><dict>\n" sockets "</dict>\n"

static const struct setup launchd = { .format = "launchd" };

/* ProgramArguments of a command's words. */
static const char *arguments_of(const char *command)
{
	const char *list = "<key>ProgramArguments</key><array>";

	while (*command) {
		size_t length = strcspn(command, " ");

		list = text_of("%s<string>%.*s</string>", list, (int)length, command);
		command += length + (command[length] == ' ');
	}
	return text_of("%s</array>\n", list);
}

Behaviour(launchd, a_backend_gets_its_sockets_by_their_names)
{
	const char *path = path_in("local"), *report = path_in("report");
	struct superd *superd = superd_run_with(
		&launchd,
		LIST "%s" SOCKETS(SOCKET("Listeners", LOOPBACK) SOCKET(
			"Local",
			STRING("SockPathName",
			       "%s") "<key>SockPathMode</key><integer>384</integer>")) "<key>EnvironmentVariables</"
										       "key><dict><key>RATE</"
										       "key><string>50%%{x}</string></"
										       "dict>" END,
		arguments_of(report_to(report)), path);
	struct reading reading;
	struct stat status;

	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "hello\n"), "reported");
	reading = reading_wait(report);
	reading_expect(reading, "env.LISTEN_FDS", "2");
	reading_expect(reading, "env.LISTEN_FDNAMES", "Listeners:Local");
	reading_expect(reading, "env.RATE", "50%{x}");
	cr_assert(lstat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
	superd_stop(superd);
	unlink(path);
}

Behaviour(launchd, without_wait_each_connection_is_a_standard_input)
{
	struct superd *superd = superd_run_with(
		&launchd,
		LIST
		"<key>Program</key><string>/bin/sh</string><key>ProgramArguments</key><array><string>called</string>"
		"<string>-c</string><string>read word; echo $0 $word</string></array>" SOCKETS(SOCKET(
			"Listeners", LOOPBACK)) "<key>inetdCompatibility</key><dict><key>Wait</key><false/></dict>" END
						"%s",
		"");

	for (int n = 0; n < 3; n++)
		cr_assert_str_eq(client_ask(superd_port(superd, "web"), "here\n"), "called here");
}

Behaviour(launchd, a_job_without_sockets_runs_once)
{
	struct superd *superd = superd_run_with(
		&(struct setup){ .format = "launchd", .clock = true },
		LIST "<key>RunAtLoad</key><true/><key>ProgramArguments</key><array><string>/bin/sh</string>"
		     "<string>-c</string><string>echo ran &gt;&gt;%s</string></array>" END,
		path_in("ran"));

	superd_wait_log(superd, "ended: exit status 0");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_str_eq(read_text(path_in("ran")), "ran\n");
}

Behaviour(launchd, the_example_is_served)
{
	const char *list = replaced(example_table("launchd/org.example.cat.plist"), "7777", text_of("%d", free_port()));
	struct superd *superd;

	if (geteuid() != 0)
		list = replaced(list, "nobody", own_user());
	superd = superd_run_with(&launchd, "%s", list);
	cr_assert_str_eq(client_ask(superd_port(superd, "org.example.cat"), "through cat\n"), "through cat");
}

Behaviour(launchd, a_private_socket_is_told_to_its_job_alone)
{
	const char *report = path_in("report"), *path = RUNSTATEDIR "/superd/secure/web/bus";
	struct superd *superd;
	struct reading reading;
	struct stat status;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	superd = superd_run_with(&launchd, LIST "%s" SOCKETS(SOCKET("bus", STRING("SecureSocketWithKey", "BUS"))) END,
				 arguments_of(report_to(report)));
	wait_node(path);
	cr_assert(lstat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
	cr_assert_str_eq(client_ask_unix(path, "hello\n"), "reported");
	reading = reading_wait(report);
	reading_expect(reading, "env.BUS", path);
	superd_stop(superd);
	cr_assert_neq(access(path, F_OK), 0, "it was left");
}

Behaviour(launchd, a_host_of_several_addresses_is_served_at_one_with_a_warning)
{
	const char *report = path_in("report");
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 several\n127.0.0.3 several\n");
	private_file("/etc/host.conf", "multi on\n");
	superd = superd_run_with(
		&launchd,
		LIST
		"%s" SOCKETS(SOCKET("Listeners", STRING("SockNodeName", "several") STRING("SockServiceName", "8080")))
			END,
		arguments_of(report_to(report)));
	superd_wait_log(superd, "'several' has more than one address; 127.0.0.2 is taken");
	superd_wait_log(superd, "listening on tcp:127.0.0.2:8080");
	cr_assert_str_eq(client_rest(client_connect_to("127.0.0.2", 8080)), "reported\n");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "Listeners");
}

/* A datagram to a group, out by the loopback interface. */
static void send_to_group(const char *group, int port, const char *text)
{
	struct ip_mreqn way = { .imr_ifindex = (int)if_nametoindex("lo") };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && inet_pton(AF_INET, group, &to.sin_addr) == 1);
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &way, sizeof(way)), 0);
	cr_assert_eq(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)strlen(text));
	close(fd);
}

Behaviour(launchd, a_group_that_was_joined_is_heard)
{
	const char *heard = path_in("heard");
	struct superd *superd = superd_run_with(
		&launchd,
		LIST
		"<key>ProgramArguments</key><array><string>/bin/sh</string><string>-c</string>"
		"<string>head -c 5 &gt;%s</string></array>" SOCKETS(SOCKET(
			"Group",
			STRING("SockType", "dgram") STRING("SockFamily", "IPv4") STRING("SockServiceName", "0") STRING(
				"MulticastGroup", "239.195.17.4%%lo"))) "<key>inetdCompatibility</key><dict><key>Wait</"
									"key><true/></dict>" END,
		heard);

	send_to_group("239.195.17.4", superd_port(superd, "web"), "hello");
	WAIT_UNTIL(read_text(heard) && !strcmp(read_text(heard), "hello"));
}

Behaviour(launchd, a_group_is_left_and_joined_by_a_reload)
{
	static const char table[] =
		"service web { listen = \"udp4:127.0.0.1:0\" multicast_group = { \"%s%%lo\" } exec = "
		"\"%s\" }\n";
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	superd = superd_run(table, "239.195.17.4", backend("serve"));
	superd_port(superd, "web");
	cr_assert(strstr(read_text("/proc/net/igmp"), "0411C3EF"), "%s", read_text("/proc/net/igmp"));
	cr_assert(superd_reload(superd, table, "239.195.17.5", backend("serve")));
	WAIT_UNTIL(strstr(read_text("/proc/net/igmp"), "0511C3EF"));
	cr_assert(!strstr(read_text("/proc/net/igmp"), "0411C3EF"), "%s", read_text("/proc/net/igmp"));
}

static const char *printed(const char *source)
{
	struct outcome outcome = SUPERD_ANSWER("--print=json", "-f", source);

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	return outcome.out;
}

/* What systemd tells its services of themselves has no word in the others' languages. */
/* Without what systemd gives each unit, and launchd no job. */
static const char *as_of_a_job(const char *unit)
{
	return replaced(replaced(unit, ", \"unit_environment\": true", ""), ", \"keyring_mode\": \"private\"", "");
}

Behaviour(launchd, a_list_a_unit_and_a_table_of_one_service_are_the_same)
{
	const char *list, *socket, *table, *out;

	list = write_file("web.plist",
			  LIST "<key>UserName</key><string>daemon</string><key>ProgramArguments</key>"
			       "<array><string>/bin/cat</string><string>-u</string></array>" SOCKETS(SOCKET(
				       "Listeners",
				       STRING("SockNodeName", "127.0.0.1") STRING(
					       "SockServiceName",
					       "8888"))) "<key>EnvironmentVariables</key><dict><key>RATE</"
							 "key><string>50%%{x}</string></dict>"
							 "<key>Nice</key><integer>5</integer><key>ThrottleInterval</"
							 "key><integer>2</integer>"
							 "<key>SoftResourceLimits</key><dict><key>NumberOfFiles</"
							 "key><integer>100</integer></dict>"
							 "<key>HardResourceLimits</key><dict><key>NumberOfFiles</"
							 "key><integer>200</integer></dict>"
							 "<key>StandardErrorPath</key><string>/dev/null</string>" END);
	socket = write_file("web.socket",
			    "[Socket]\nListenStream=127.0.0.1:8888\nFileDescriptorName=Listeners\nBacklog=4096\n");
	write_file("web.service",
		   "[Service]\nUser=daemon\nExecStart=/bin/cat -u\nEnvironment=RATE=50%%%%{x}\nNice=5\n"
		   "RestartSec=2\nLimitNOFILE=100:200\nStandardError=null\nTimeoutStopSec=20\nSyslogLevelPrefix=no\n"
		   "IgnoreSIGPIPE=no\n");
	table = write_file("web.conf",
			   "service web {\n socket Listeners { listen = \"127.0.0.1:8888\" }\n user = daemon\n"
			   "exec = \"/bin/cat -u\"\n env = { \"RATE=50%%%%{x}\" }\n nice = 5\n backoff_min = 2\n"
			   "rlimit_nofile = \"100:200\"\n error = null\n timeout_stop = 20\n kill_rest = yes\n}\n");
	out = printed(table);
	cr_assert_str_eq(printed(list), out);
	cr_assert_str_eq(as_of_a_job(printed(socket)), out);
}

/* At its limit systemd sends clients away, and launchd lets them wait. */
Behaviour(launchd, a_job_of_inetd_a_unit_and_a_table_of_one_service_are_the_same)
{
	const char *list, *socket, *table, *out;

	list = write_file("web.plist",
			  LIST STRING("UserName", "daemon") STRING("Umask", "027") STRING(
				  "WorkingDirectory",
				  "/") "<key>AbandonProcessGroup</key><true/>"
				       "<key>ProgramArguments</key><array><string>/bin/cat</string></array>"
				       "<key>inetdCompatibility</key><dict><key>Wait</key><false/>"
				       "<key>Instances</key><integer>5</integer></dict>" SOCKETS(SOCKET(
					       "L",
					       STRING("SockPathName",
						      "/run/web.sock") "<key>SockPathMode</key><integer>432</integer>"
								       "<key>SockPathOwner</key><integer>1</integer>"))
					       END);
	socket = write_file("web.socket",
			    "[Socket]\nListenStream=/run/web.sock\nAccept=yes\nSocketMode=0660\n"
			    "SocketUser=1\nMaxConnections=5\nBacklog=4096\nFileDescriptorName=L\n");
	write_file("web@.service",
		   "[Service]\nUser=daemon\nExecStart=/bin/cat\nStandardInput=socket\nUMask=0027\n"
		   "WorkingDirectory=/\nTimeoutStopSec=20\nKillMode=process\nSyslogLevelPrefix=no\n"
		   "IgnoreSIGPIPE=no\n");
	table = write_file("web.conf",
			   "service web {\n socket L { listen = \"/run/web.sock\" socket_mode = 0660\n"
			   " socket_user = 1 }\n accept = yes\n user = daemon\n exec = \"/bin/cat\"\n"
			   " umask = 0027\n working_directory = \"/\"\n error = socket\n instances = 5\n"
			   " timeout_stop = 20\n kill_mode = process\n}\n");
	out = printed(table);
	cr_assert_str_eq(printed(list), out);
	cr_assert_str_eq(
		replaced(as_of_a_job(printed(socket)), ", \"overload\": \"refuse\"", ""),
		out);
}
