/* [Socket] as a socket { } of superd.conf: addresses, options, who may come. */
#include "unit_pairs.h"

#include "parse/systemd/build.h"

static void expect_address(const char *key, const char *text, const char *endpoint)
{
	struct buf out = { 0 };
	const char *wrong = unit_address(key, NULL, text, &out);

	cr_expect_null(wrong, "%s=%s: %s", key, text, wrong);
	cr_expect_str_eq(buf_string(&out), endpoint);
	buf_free(&out);
}

static void expect_no_address(const char *key, const char *text, const char *why)
{
	struct buf out = { 0 };
	const char *wrong = unit_address(key, NULL, text, &out);

	cr_expect(wrong && strstr(wrong, why), "%s=%s: %s", key, text, wrong ? wrong : "taken");
	buf_free(&out);
}

Test(unit_socket, takes_the_addresses_of_systemd)
{
	expect_address("ListenStream", "65535", "tcp:65535");
	expect_address("ListenStream", "127.0.0.1:80", "tcp:127.0.0.1:80");
	expect_address("ListenStream", "[::1]:1234%lo", "tcp:[::1]:1234%lo");
	expect_address("ListenDatagram", "[::]:53", "udp:[::]:53");
	expect_address("ListenStream", "/foo/bar", "unix:/foo/bar");
	expect_address("ListenStream", "/var/run/x", "unix:/run/x");
	expect_address("ListenDatagram", "/run/log", "unix-dgram:/run/log");
	expect_address("ListenSequentialPacket", "@abstract", "seqpacket:@abstract");
	expect_address("ListenStream", "vsock:2:1234", "vsock:2:1234");
	expect_address("ListenStream", "vsock::1234", "vsock::1234");
	expect_address("ListenStream", "vsock-stream::1", "vsock::1");
	expect_address("ListenFIFO", "/run/f", "fifo:/run/f");
	expect_address("ListenSpecial", "/dev/rfkill", "special:/dev/rfkill");
	expect_address("ListenNetlink", "kobject-uevent\t10", "netlink:kobject-uevent 10");
	expect_address("ListenNetlink", "route", "netlink:route");
}

Test(unit_socket, refuses_what_systemd_does)
{
	static const char *const wrong[] = { "junk",
					     "x:0",
					     "::1",
					     "192.168.1.1",
					     "[::1]",
					     "[::1]8888",
					     "[a:b:1]:8888",
					     "[::1]%lo:1234",
					     "[::1]:0%lo",
					     "[::1]:80%lo%lo",
					     "[::1]:80%",
					     "localhost:80",
					     "http",
					     "127.0.0.1:http",
					     "127.0.0.1:",
					     "127.0.0.1:65536",
					     "vsock:2",
					     "vsock:2x:1",
					     "vsock-dgram:2:1",
					     "/",
					     "@" };
	struct buf longest = { 0 };
	char path[110];

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		expect_no_address("ListenStream", wrong[n], "");
	expect_no_address("ListenStream", "0", "1 to 65535");
	expect_no_address("ListenStream", "65536", "1 to 65535");
	expect_no_address("ListenSequentialPacket", "80", "need a unix socket");
	expect_no_address("ListenDatagram", "vsock:2:1", "for streams alone");
	expect_no_address("ListenFIFO", "run/f", "starts with /");
	expect_no_address("ListenNetlink", "route -1", "number of a group");
	expect_no_address("ListenNetlink", "route 1 2", "number of a group");
	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	expect_no_address("ListenStream", path, "107");
	path[107] = '\0';
	cr_expect_null(unit_address("ListenStream", NULL, path, &longest));
	buf_free(&longest);
}

Test(unit_socket, keeps_the_order_of_its_lines_whatever_their_kinds)
{
	expect_printed(read_pair("[Socket]\nListenDatagram=80\nListenStream=/run/a\nListenFIFO=/run/f\n", SERVICE),
		       "listen = {udp:80, /run/a, fifo:/run/f}");
}

Test(unit_socket, begins_all_its_lines_anew_with_an_empty_one)
{
	expect_printed(
		read_pair("[Socket]\nListenDatagram=80\nListenStream=81\nListenFIFO=\nListenStream=82\n", SERVICE),
		"listen = {tcp:82}");
	expect_said(read_pair("[Socket]\nListenDatagram=80\nListenStream=\n", SERVICE),
		    "there is nothing to listen on");
}

Test(unit_socket, names_the_key_that_was_meant_by_an_unknown_one)
{
	struct outcome *outcome = read_pair("[Socket]\nListen=8001\n", SERVICE);

	cr_expect_not_null(strstr(outcome->said,
				  "a.socket:2:1: error: there is nothing to listen on: this key is unknown\n"
				  "a.socket:2:1: hint: did you mean 'ListenStream'?"),
			   "%s", outcome->said);
	cr_expect_null(strstr(outcome->said, "left out"), "one message: %s", outcome->said);
	outcome_free(outcome);
	expect_said(read_pair("[Socket]\nListenDatagam=8001\n", SERVICE), "did you mean 'ListenDatagram'?");
	expect_said(read_pair("[Socket]\nListenTCP=8001\n", SERVICE), "did you mean 'ListenStream'?");
	expect_said(read_pair("[Socket]\nAccept=no\n", SERVICE), "[Socket] has no ListenStream, nor another key");
}

Test(unit_socket, names_the_key_that_keeps_two_wildcards_apart)
{
	expect_said(read_pair("[Socket]\nListenStream=0.0.0.0:80\nListenStream=[::]:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
	expect_said(read_pair("[Socket]\nListenStream=80\nListenStream=127.0.0.1:80\n", SERVICE),
		    "BindIPv6Only=ipv6-only keeps a to IPv6");
}

Test(unit_socket, is_called_as_its_unit_or_as_it_says)
{
	expect_printed(with_socket(""), "socket a.socket {");
	expect_printed(with_socket("FileDescriptorName=web\n"), "socket web {");
	expect_printed(with_socket("FileDescriptorName=web\nFileDescriptorName=\n"), "socket a.socket {");
	expect_printed(with_socket("Accept=yes\n"), "socket connection {");
	expect_printed(with_socket("Accept=yes\nFileDescriptorName=web\n"), "socket web {");
}

Test(unit_socket, has_options_of_its_own)
{
	expect_printed(with_socket("SocketMode=0600\n"), "\t\tsocket_mode = 0600\n");
	expect_printed(with_socket("SocketUser=root\nSocketGroup=www\n"), "\t\tsocket_group = www\n");
	expect_printed(with_socket("PassCredentials=true\n"), "\t\tpass_credentials = yes\n");
	expect_printed(with_socket("RemoveOnStop=1\n"), "\t\tremove_on_stop = yes\n");
	expect_printed(with_socket("ReceiveBuffer=8M\n"), "\t\treceive_buffer = 8M\n");
	expect_printed(with_socket("Symlinks=/run/b /run/c\n"), "\t\tsymlinks = {\"/run/b\", \"/run/c\"}\n");
	expect_printed(with_socket("Symlinks=/run/b\nSymlinks=/run/c\n"), "\t\tsymlinks = {\"/run/b\", \"/run/c\"}\n");
	expect_printed(with_socket("KeepAliveTimeSec=2min 30s\n"), "\t\tkeep_alive_time = 150s\n");
	expect_printed(with_socket("SocketMode=0600\nSocketMode=\n"), "backlog");
}

Test(unit_socket, takes_as_long_a_queue_as_there_is)
{
	expect_printed(with_socket(""), "\t\tbacklog = 2147483647\n");
	expect_printed(with_socket("Backlog=0x10\n"), "\t\tbacklog = 16\n");
	expect_printed(with_socket("Backlog=4294967295\n"), "\t\tbacklog = 2147483647\n");
	expect_printed(with_socket("Backlog=0\n"), "\t\tbacklog = 1\n");
	expect_said(with_socket("Backlog=many\n"), "a.socket:3:9: error: Backlog: 'many'");
}

Test(unit_socket, knows_the_words_of_BindIPv6Only)
{
	expect_printed(with_socket("BindIPv6Only=both\n"), "\t\tipv6_only = no\n");
	expect_printed(with_socket("BindIPv6Only=ipv6-only\n"), "\t\tipv6_only = yes\n");
	expect_printed(with_socket("BindIPv6Only=yes\n"), "\t\tipv6_only = yes\n");
	expect_said(with_socket("BindIPv6Only=maybe\n"), "default, both or ipv6-only");
}

Test(unit_socket, speaks_sctp)
{
	expect_printed(read_pair("[Socket]\nListenStream=80\nSocketProtocol=sctp\n", SERVICE), "listen = {sctp:80}");
	expect_said(read_pair("[Socket]\nListenStream=80\nSocketProtocol=dccp\n", SERVICE), "error");
}

Test(unit_socket, of_connections_takes_no_datagrams)
{
	expect_said(with_socket("Accept=yes\nListenDatagram=80\n"), "no connections to accept");
	expect_said(with_socket("Accept=yes\nService=b.service\n"), "Service goes with Accept=no");
	expect_said(with_socket("Accept=maybe\n"), "Accept: expected yes or no");
}

Test(unit_socket, lets_in_64_connections)
{
	expect_printed(with_socket("Accept=yes\n"), "\tinstances = 64\n\toverload = refuse\n");
	expect_printed(with_socket("Accept=yes\nMaxConnections=5\nMaxConnectionsPerSource=2\n"),
		       "\tinstances = 5\n\toverload = refuse\n\tper_source = 2\n");
	expect_said(with_socket("Accept=yes\nMaxConnections=0\n"), "MaxConnections: 0");
}

/* A service with two sockets, which say these lines. */
static struct outcome *with_two_sockets(const char *first, const char *second)
{
	char texts[2][512];
	const struct given given[] = {
		{ "a.socket", texts[0] }, { "b.socket", texts[1] },
		{ "a.service", SERVICE "Sockets=a.socket b.socket\n" },
		{ NULL, NULL },
	};
	static const char *const ask[] = { "a.socket", "b.socket", NULL };

	snprintf(texts[0], sizeof(texts[0]), SOCKET "%s", first);
	snprintf(texts[1], sizeof(texts[1]), "[Socket]\nListenStream=/run/b\nService=a.service\n%s", second);
	return read_units(given, ask);
}

Test(unit_socket, has_a_limit_of_its_own)
{
	expect_printed(with_two_sockets("", "TriggerLimitBurst=5\n"), "\t\ttrigger_limit_burst = 5\n");
	expect_printed(with_two_sockets("TriggerLimitBurst=5\n", "PollLimitBurst=6\n"),
		       "\t\ttrigger_limit_burst = 6\n");
	expect_said(with_two_sockets("TriggerLimitBurst=5\n", "TriggerLimitBurst=x\n"),
		    "b.socket:4:19: error: TriggerLimitBurst: 'x': expected a number");
}

Test(unit_socket, rests_at_a_limit_that_is_said)
{
	expect_printed(with_socket("TriggerLimitBurst=5\n"),
		       "\t\ttrigger_limit_burst = 5\n\t\ttrigger_limit_pause = 2s\n");
	expect_printed(with_socket("TriggerLimitIntervalSec=0\n"), "exec");
	expect_printed(with_socket("PollLimitIntervalSec=10s\nPollLimitBurst=3\nTriggerLimitBurst=100\n"),
		       "\t\ttrigger_limit_burst = 3\n\t\ttrigger_limit_interval = 10s\n");
}

Test(unit_socket, has_clients_from_allowed_addresses)
{
	expect_printed(with_socket("IPAddressDeny=any\nIPAddressAllow=localhost 192.0.2.0/24\n"),
		       "\t\tonly_from = {\"127.0.0.0/8\", \"::1/128\", \"192.0.2.0/24\"}\n");
	expect_printed(with_socket("IPAddressDeny=192.0.2.1\n"), "\t\tno_access = {\"192.0.2.1/32\"}\n");
	expect_printed(with_socket("IPAddressAllow=192.0.2.1\n"), "exec");
	expect_printed(with_socket("IPAddressDeny=any\nIPAddressAllow=any\n"), "exec");
	expect_printed(with_socket("IPAddressDeny=10.0.0.0/30\nIPAddressAllow=10.0.0.1\n"),
		       "\t\tno_access = {\"10.0.0.0/32\", \"10.0.0.2/31\"}\n");
}

Test(unit_socket, takes_an_address_for_what_systemd_takes_it_for)
{
	expect_printed(with_socket("IPAddressDeny=any\nIPAddressAllow=10.0.0.0\n"),
		       "\t\tonly_from = {\"10.0.0.0/32\"}\n");
	expect_said(with_socket("IPAddressDeny=a.name\n"), "error: IPAddressDeny: 'a.name'");
	expect_said(with_socket("IPAddressDeny=any\nIPAddressAllow=.example.org\n"),
		    "warning: IPAddressAllow: '.example.org' is left out");
	expect_warned(with_socket("IPAddressDeny=any\nIPAddressAllow=.example.org\n"),
		      "\t\tno_access = {\"0.0.0.0/0\", \"::/0\"}\n");
	expect_said(with_socket("IPAddressAllow=10.0.0.0/33\n"), "warning: IPAddressAllow");
}

Test(unit_socket, says_what_it_does_not_know)
{
	expect_said(with_socket("ListenStraem=80\n"), "a.socket:3:1: warning: ListenStraem: unknown in [Socket]");
	expect_said(with_socket("ListenStraem=80\n"), "did you mean 'ListenStream'?");
	expect_said(with_socket("ExecStart=/bin/x\n"), "it belongs in [Service]");
	expect_printed(with_socket("X-Mine=1\n[X-Mine]\na=b\n"), "exec");
	expect_said(with_socket("[Timer]\nOnBootSec=1\n"), "[Timer]: a unit of this kind has no such section");
	expect_said(with_socket("ListenUSBFunction=/dev/x\n"), "error: ListenUSBFunction: superd cannot honour it");
	expect_said(with_socket("SmackLabel=x\n"), "warning: SmackLabel is left out");
	expect_printed(with_socket("SELinuxContextFromNet=no\nDeferTrigger=yes\n"), "exec");
	expect_said(with_socket("SELinuxContextFromNet=yes\n"), "error: SELinuxContextFromNet");
	expect_printed(with_socket("User=nobody\nUMask=0077\n"), "exec");
}
