/* Every key of [Socket] and [Service], set differently in two .socket units of one service: what superd makes of it,
 * beside what systemd.socket(5) and systemd.resource-control(5) say. A key without a row fails. */
#include "tests/unit/read/systemd/unit_pairs.h"

#include "read/systemd/internal.h"

/* What a key of a .socket rules, by systemd's documentation, and how superd keeps to it. */
enum scope {
	OWN,            /* this socket: each has its own value */
	NAMES,          /* what the unit is: its addresses, its service, the name of its descriptors */
	CONNECTIONS,    /* connections of Accept=yes, where a .socket has a service of its own; else nothing */
	COMMANDS,       /* the commands of the socket: those of all sockets run together, each as written */
	NOTHING,        /* nothing: harmless, warned of or refused wherever it is set */
};

static const struct row {
	const char *key;
	enum scope scope;
	const char *a, *b;
} rows[] = {
	{ "Accept", NAMES, NULL, NULL },
	{ "AcceptFileDescriptors", NOTHING, NULL, NULL },
	{ "BPFProgram", NOTHING, NULL, NULL },
	{ "Backlog", OWN, "7", "9" },
	{ "BindIPv6Only", OWN, "both", "ipv6-only" },
	{ "BindNetworkInterface", NOTHING, NULL, NULL },
	{ "BindToDevice", OWN, "lo", "eth0" },
	{ "Broadcast", OWN, "yes", "no" },
	{ "DeferAcceptSec", OWN, "1s", "2s" },
	{ "DeferTrigger", NOTHING, NULL, NULL },
	{ "DeferTriggerMaxSec", NOTHING, NULL, NULL },
	{ "DirectoryMode", OWN, "0700", "0750" },
	{ "ExecStartPost", COMMANDS, "/bin/a", "/bin/b" },
	{ "ExecStartPre", COMMANDS, "/bin/a", "/bin/b" },
	{ "ExecStopPost", COMMANDS, "/bin/a", "/bin/b" },
	{ "ExecStopPre", NOTHING, NULL, NULL },
	{ "FileDescriptorName", NAMES, NULL, NULL },
	{ "FlushPending", NOTHING, NULL, NULL },
	{ "FreeBind", OWN, "yes", "no" },
	{ "IPAddressAllow", OWN, "10.0.0.0/8\nIPAddressDeny=any", "192.0.2.0/24\nIPAddressDeny=any" },
	{ "IPAddressDeny", OWN, "10.0.0.0/8", "192.0.2.0/24" },
	{ "IPEgressFilterPath", NOTHING, NULL, NULL },
	{ "IPIngressFilterPath", NOTHING, NULL, NULL },
	{ "IPTOS", NOTHING, NULL, NULL },
	{ "IPTTL", NOTHING, NULL, NULL },
	{ "KeepAlive", OWN, "yes", "no" },
	{ "KeepAliveIntervalSec", OWN, "7s", "9s" },
	{ "KeepAliveProbes", OWN, "7", "9" },
	{ "KeepAliveTimeSec", OWN, "7s", "9s" },
	{ "ListenDatagram", NAMES, NULL, NULL },
	{ "ListenFIFO", NAMES, NULL, NULL },
	{ "ListenMessageQueue", NAMES, NULL, NULL },
	{ "ListenNetlink", NAMES, NULL, NULL },
	{ "ListenSequentialPacket", NAMES, NULL, NULL },
	{ "ListenSpecial", NAMES, NULL, NULL },
	{ "ListenStream", NAMES, NULL, NULL },
	{ "ListenUSBFunction", NOTHING, NULL, NULL },
	{ "Mark", NOTHING, NULL, NULL },
	{ "MaxConnections", CONNECTIONS, "7", "9" },
	{ "MaxConnectionsPerSource", CONNECTIONS, "7", "9" },
	{ "MessageQueueMaxMessages", NOTHING, NULL, NULL },
	{ "MessageQueueMessageSize", NOTHING, NULL, NULL },
	{ "NFTSet", NOTHING, NULL, NULL },
	{ "NetworkNamespacePath", NOTHING, NULL, NULL },
	{ "NoDelay", OWN, "yes", "no" },
	{ "PassCredentials", OWN, "yes", "no" },
	{ "PassFileDescriptorsToExec", NOTHING, NULL, NULL },
	{ "PassPIDFD", NOTHING, NULL, NULL },
	{ "PassPacketInfo", OWN, "yes", "no" },
	{ "PassSecurity", NOTHING, NULL, NULL },
	{ "PipeSize", NOTHING, NULL, NULL },
	{ "PollLimitBurst", NOTHING, NULL, NULL },
	{ "PollLimitIntervalSec", NOTHING, NULL, NULL },
	{ "Priority", OWN, "3", "4" },
	{ "PrivateNetwork", NOTHING, NULL, NULL },
	{ "ReceiveBuffer", OWN, "64K", "128K" },
	{ "RemoveOnStop", OWN, "yes", "no" },
	{ "RestrictNetworkInterfaces", NOTHING, NULL, NULL },
	{ "ReusePort", OWN, "yes", "no" },
	{ "SELinuxContextFromNet", NOTHING, NULL, NULL },
	{ "SendBuffer", OWN, "64K", "128K" },
	{ "Service", NAMES, NULL, NULL },
	{ "SmackLabel", NOTHING, NULL, NULL },
	{ "SmackLabelIPIn", NOTHING, NULL, NULL },
	{ "SmackLabelIPOut", NOTHING, NULL, NULL },
	{ "SocketBindAllow", NOTHING, NULL, NULL },
	{ "SocketBindDeny", NOTHING, NULL, NULL },
	{ "SocketGroup", OWN, "mail", "news" },
	{ "SocketMode", OWN, "0600", "0660" },
	{ "SocketProtocol", NAMES, NULL, NULL },
	{ "SocketUser", OWN, "mail", "news" },
	{ "Symlinks", OWN, "/run/c", "/run/d" },
	{ "TCPCongestion", NOTHING, NULL, NULL },
	{ "TimeoutSec", NOTHING, NULL, NULL },
	{ "Timestamping", NOTHING, NULL, NULL },
	{ "Transparent", OWN, "yes", "no" },
	{ "TriggerLimitBurst", OWN, "7", "9" },
	{ "TriggerLimitIntervalSec", OWN, "7s", "9s" },
	{ "Writable", OWN, "yes", "no" },
	{ "XAttrAccept", NOTHING, NULL, NULL },
	{ "XAttrEntryPoint", NOTHING, NULL, NULL },
	{ "XAttrListen", NOTHING, NULL, NULL },
};

/* Keys of [Unit] that rule one .socket. */
static const struct row unit_rows[] = {
	{ "AssertPathExists", OWN, "/a", "/b" },
	{ "ConditionPathExists", OWN, "/a", "|/b" },
};

static const char *socket_text(const char *section, const char *key, const char *value, const char *more)
{
	static char texts[2][512];
	static int turn;
	char *text = texts[turn = !turn];

	snprintf(text, sizeof(texts[0]), "[%s]\n%s=%s\n[Socket]\n%s", section, key, value, more);
	return text;
}

/* a.service with a.socket, and with b.socket unless that is NULL. */
static struct outcome *read_sockets(const char *a, const char *b)
{
	const struct given given[] = { { "a.socket", a }, { "a.service", SERVICE },
				       { b ? "b.socket" : NULL, b }, { NULL, NULL } };
	const char *const ask[] = { "a.socket", b ? "b.socket" : NULL, NULL };

	return read_units(given, ask);
}

static const struct service *service_of(const struct outcome *outcome, const char *key)
{
	cr_assert_eq(outcome->table->count, 1, "%s: %s", key, outcome->said);
	return &outcome->table->services[0];
}

/* The options in which two sockets differ, as --print=json has them; `optional` follows from there being several. */
static size_t count_differences(const struct listen *a, const struct listen *b, const char **differing)
{
	size_t count = 0;

	for (size_t n = 0; n < option_count; n++) {
		const struct option_def *option = &option_defs[n];
		const char *name = option->name[NATIVE];

		if (option->group != GROUP_SOCKETS || option->flags & STRUCTURE || !strcmp(name, "optional") ||
		    type_equal(option, (const char *)a->options + option->offset,
					   (const char *)b->options + option->offset))
			continue;
		*differing = name;
		count++;
	}
	return count;
}

/* Each socket has beside the other what it has alone. */
static void expect_own(const char *section, const struct row *row)
{
	bool needs_address = !strncmp(row->key, "IPAddress", 9);
	const char *at = needs_address ? "ListenStream=7001\n" : "ListenStream=/run/a\n";
	const char *a = socket_text(section, row->key, row->a, at);
	const char *b = socket_text(section, row->key, row->b,
				    needs_address ? "ListenStream=7002\nService=a.service\n"
						  : "ListenStream=/run/b\nService=a.service\n");
	struct outcome *both = read_sockets(a, b), *first = read_sockets(a, NULL), *second;
	const struct service *service = service_of(both, row->key);
	const char *option = "";

	second = read_sockets(socket_text(section, row->key, row->b, at), NULL);
	cr_assert_eq(service->socket_count, 2, "%s", row->key);
	cr_expect_gt(count_differences(&service->sockets[0], &service->sockets[1], &option), 0, "%s", row->key);
	cr_expect_eq(count_differences(&service->sockets[0], service_of(first, row->key)->sockets, &option), 0,
		     "%s: %s", row->key, option);
	cr_expect_eq(count_differences(&service->sockets[1], service_of(second, row->key)->sockets, &option), 0,
		     "%s: %s", row->key, option);
	cr_expect_str_eq(both->said, "", "%s", row->key);
	outcome_free(both);
	outcome_free(first);
	outcome_free(second);
}

static struct outcome *read_row(const struct row *row, const char *a, const char *b)
{
	char first[256], second[256];

	snprintf(first, sizeof(first), SOCKET "%s%s%s\n", a ? row->key : "", a ? "=" : "", a ? a : "");
	snprintf(second, sizeof(second), "[Socket]\nListenStream=/run/b\nService=a.service\n%s%s%s\n",
		 b ? row->key : "", b ? "=" : "", b ? b : "");
	return read_sockets(first, second);
}

static void expect_both_commands(const struct row *row)
{
	struct outcome *both = read_row(row, row->a, row->b);

	cr_expect(strstr(both->printed, "{ \"/bin/a\", \"/bin/b\" }"), "%s: %s", row->key, both->printed);
	outcome_free(both);
}

/* Without Accept=yes the socket sees no connections, and systemd ignores the key. */
static void expect_nothing(const struct row *row)
{
	struct outcome *both = read_row(row, row->a, row->b), *none = read_row(row, NULL, NULL);

	cr_expect_str_eq(both->printed, none->printed, "%s", row->key);
	outcome_free(both);
	outcome_free(none);
}

Test(unit_apart, each_key_of_a_socket_has_a_row)
{
	struct key_list socket = key_list(&unit_keys_socket);
	size_t count = sizeof(rows) / sizeof(*rows);

	for (size_t n = 0; n < socket.count; n++)
		cr_expect(n < count && !strcmp(socket.list[n].name, rows[n].key), "%s",
			  socket.list[n].name);
	cr_expect_eq(socket.count, count);
}

Test(unit_apart, sockets_of_one_service_keep_what_is_theirs)
{
	for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		const struct key_row *key = unit_key_find("Socket", rows[n].key);
		bool is_done = key->status == KEY_DONE;

		cr_expect_eq(is_done, rows[n].scope != NOTHING, "%s", rows[n].key);
		switch (rows[n].scope) {
		case OWN:
			expect_own("Socket", &rows[n]);
			break;
		case CONNECTIONS:
			expect_nothing(&rows[n]);
			break;
		case COMMANDS:
			expect_both_commands(&rows[n]);
			break;
		case NAMES:
		case NOTHING:
			break;
		}
	}
	for (size_t n = 0; n < sizeof(unit_rows) / sizeof(*unit_rows); n++)
		expect_own("Unit", &unit_rows[n]);
}

/* A key of [Service] rules the service's processes, and none of the sockets: only NonBlocking is about the descriptors
 * that they get. */
Test(unit_apart, no_key_of_a_service_rules_a_socket)
{
	const struct key_table *const sections[] = { &unit_keys_service, &unit_keys_shared };

	for (size_t i = 0; i < 2; i++) {
		for (size_t n = 0; n < key_list(sections[i]).count; n++) {
			const struct key_row *key = &key_list(sections[i]).list[n];
			const char *name = unit_key_option("Service", key);
			const struct option_def *option = name ? option_find(NATIVE, name) : NULL;

			if (option && strcmp(key->name, "NonBlocking") != 0)
				cr_expect_neq(option->group, GROUP_SOCKETS, "%s: %s", key->name, name);
		}
	}
}

Test(unit_apart, address_rules_of_a_service_are_for_its_own_sockets)
{
	struct outcome *outcome = with_service("IPAddressDeny=any\nIPAddressAllow=localhost 10.0.0.0/8\n");
	const struct service *service = service_of(outcome, "IPAddressDeny");

	cr_expect_null(service->sockets[0].options->only_from);
	cr_expect_null(service->sockets[0].options->no_access);
	cr_expect_str_eq(service->groups->cgroup_filters->ip_address_deny[0], "any");
	cr_expect_str_eq(service->groups->cgroup_filters->ip_address_allow[1], "10.0.0.0/8");
	outcome_free(outcome);
}

/* With a command each key of systemd.exec(5) and its like is told; without one it is harmless. */
Test(unit_apart, no_key_for_the_commands_of_a_socket_is_dropped_without_a_word)
{
	struct key_list shared = key_list(&unit_keys_shared);

	for (size_t n = 0; n < shared.count; n++) {
		const struct key_row *key = &shared.list[n];
		struct row row = { key->name, NOTHING, "1\nExecStartPre=/bin/a", "1" };
		struct outcome *with = read_row(&row, row.a, NULL), *without = read_row(&row, row.b, NULL);

		if (unit_key_find("Socket", key->name) == key && key->status != KEY_HARMLESS) {
			cr_expect_str_neq(with->said, "", "%s", key->name);
			cr_expect_str_eq(without->said, "", "%s", key->name);
		}
		outcome_free(with);
		outcome_free(without);
	}
}
