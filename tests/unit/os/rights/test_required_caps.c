/* What superd itself uses for a row, row by row. */
#include <linux/capability.h>

#include "os/rights/required_caps.h"
#include "tests/unit/rows.h"
#include "tests/unit/unit.h"

TestSuite(needed, .init = set_up, .fini = tear_down);

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define FILES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID))
#define ANY (CAP(KILL) | CAP(SYS_RESOURCE))     /* of any row */
#define LOOKS (CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH) | CAP(DAC_OVERRIDE))      /* and has a control group */
#define PORTS 1024

/* Of a built-in service at this address, with these options. */
static uint64_t of(const char *address, const char *options)
{
	return required_caps_of(
		row("service x { listen = { \"%s\" } accept = yes builtin = \"echo\" %s }", address, options), PORTS);
}

/* The same of a backend. */
static uint64_t of_backend(const char *address, const char *options)
{
	return required_caps_of(row("service x { listen = { \"%s\" } exec = \"/bin/cat\" %s }", address, options),
				PORTS);
}

/* The option of a user: who is not root has itself alone, and that is none to become. */
static const char *user(const char *more)
{
	static char text[64];

	snprintf(text, sizeof(text), "user = \"%u\" %s", geteuid() ? geteuid() : 65534, more);
	return text;
}

Test(needed, without_a_row_is_to_end_processes)
{
	cr_assert_eq(required_caps_always(), CAP(KILL));
}

Test(needed, by_a_builtin_at_a_high_port_is_next_to_nothing)
{
	cr_assert_eq(of("127.0.0.1:7001", ""), ANY);
}

Test(needed, does_not_grow_by_a_user_as_children_raise_that_themselves)
{
	cr_assert_eq(of("127.0.0.1:7001", user("")), ANY);
	cr_assert_eq(of_backend("127.0.0.1:7001", user("")), ANY | LOOKS);
}

Test(needed, does_not_grow_by_what_children_alone_use)
{
	cr_assert_eq(of_backend("127.0.0.1:7001", "root_directory = \"/\" nice = -5 oom_score_adjust = -5 "
						  "rlimit_nofile = \"100:200\" private_tmp = yes private_users = yes "
						  "protect_system = full memory_max = 1G no_new_privileges = yes "
						  "capability_bounding_set = \"kill\""),
		     ANY | LOOKS);
}

Test(needed, by_a_low_port_is_net_bind_service)
{
	cr_assert_eq(of("127.0.0.1:1023", ""), ANY | CAP(NET_BIND_SERVICE));
	cr_assert_eq(of("[::1]:7", ""), ANY | CAP(NET_BIND_SERVICE));
	cr_assert_eq(of("127.0.0.1:1024", ""), ANY);
	cr_assert_eq(of("127.0.0.1:0", ""), ANY);
}

Test(needed, goes_by_the_port_where_privilege_begins)
{
	const struct service *service = row("service x { listen = { \"127.0.0.1:80\", \"127.0.0.1:2000\" } "
					    "accept = yes builtin = \"echo\" }");

	cr_assert_eq(required_caps_of(service, 0), ANY);
	cr_assert_eq(required_caps_of(service, 80), ANY);
	cr_assert_eq(required_caps_of(service, 81), ANY | CAP(NET_BIND_SERVICE));
	cr_assert_eq(required_caps_of(service, 4000), ANY | CAP(NET_BIND_SERVICE));
}

Test(needed, goes_by_the_number_of_a_named_port)
{
	cr_assert_eq(of_backend("ftp", "accept = yes"), ANY | LOOKS | CAP(NET_BIND_SERVICE));
}

Test(needed, by_a_low_vsock_port_is_net_bind_service)
{
	cr_assert_eq(of_backend("vsock::100", ""), ANY | LOOKS | CAP(NET_BIND_SERVICE));
	cr_assert_eq(of_backend("vsock::2000", ""), ANY | LOOKS);
}

Test(needed, by_a_node_is_to_handle_files)
{
	cr_assert_eq(of("/run/x", ""), ANY | FILES | CAP(NET_ADMIN));
	cr_assert_eq(of("@x", ""), ANY);
	cr_assert_eq(of_backend("fifo:/run/x", ""), ANY | LOOKS | FILES);
	cr_assert_eq(of_backend("mqueue:/x", ""), ANY | LOOKS | FILES);
}

Test(needed, by_raw_sockets_and_netlink_is_of_the_network)
{
	cr_assert_eq(of_backend("raw:89", ""), ANY | LOOKS | CAP(NET_RAW));
	cr_assert_eq(of_backend("netlink:kobject-uevent 1", ""), ANY | LOOKS | CAP(NET_ADMIN));
}

Test(needed, by_options_of_a_socket_is_net_admin_or_net_raw)
{
	cr_assert_eq(of("127.0.0.1:7001", "mark = 1"), ANY | CAP(NET_ADMIN));
	cr_assert_eq(of("127.0.0.1:7001", "priority = 6"), ANY);
	cr_assert_eq(of("127.0.0.1:7001", "priority = 7"), ANY | CAP(NET_ADMIN));
	cr_assert_eq(of("127.0.0.1:7001", "receive_buffer = 4096"), ANY | CAP(NET_ADMIN));
	cr_assert_eq(of("127.0.0.1:7001", "send_buffer = 4096"), ANY | CAP(NET_ADMIN));
	cr_assert_eq(of("127.0.0.1:7001", "transparent = yes"), ANY | CAP(NET_ADMIN) | CAP(NET_RAW));
	cr_assert_eq(of("127.0.0.1:7001", "bind_to_device = \"lo\""), ANY | CAP(NET_RAW));
	cr_assert_eq(of("127.0.0.1:7001", "free_bind = yes ip_tos = 16 backlog = 5"), ANY);
}

Test(needed, by_rules_of_the_kernel_is_to_set_them)
{
	cr_assert_eq(of("127.0.0.1:7001", "only_from = { \"127.0.0.0/8\" }"), ANY);
	cr_assert_eq(of_backend("127.0.0.1:7001", "accept = no only_from = { \"127.0.0.0/8\" }"),
		     ANY | LOOKS | CAP(NET_ADMIN) | CAP(NET_RAW));
}

Test(needed, by_a_backend_or_a_command_is_to_look_at_processes)
{
	cr_assert_eq(of_backend("127.0.0.1:7001", ""), ANY | LOOKS);
	cr_assert_eq(of("127.0.0.1:7001", "exec_start_pre = \"/bin/true\""), ANY | LOOKS);
}

Test(needed, by_folders_and_files_is_to_handle_them)
{
	static const char *const options[] = {
		"runtime_directory = \"x\"", "output = \"append:/tmp/x\"", "error = \"file:/tmp/x\"",
		"log_type = \"FILE /tmp/x\"", "set_credential = \"a:b\"",
	};

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++)
		cr_assert_eq(of_backend("127.0.0.1:7001", options[n]), ANY | LOOKS | FILES, "%s", options[n]);
}

Test(needed, by_folders_that_stay_is_nothing_of_superds)
{
	static const char *const options[] = {
		"state_directory = \"x\"", "cache_directory = \"x\"", "logs_directory = \"x\"",
		"configuration_directory = \"x\"",
	};

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++)
		cr_assert_eq(of_backend("127.0.0.1:7001", options[n]), ANY | LOOKS, "%s", options[n]);
}

Test(needed, by_files_that_are_read_is_to_read_them)
{
	cr_assert_eq(of("127.0.0.1:7001", "banner = \"/etc/hostname\""), ANY | CAP(DAC_READ_SEARCH));
	cr_assert_eq(of("127.0.0.1:7001", "libwrap = \"x\""), ANY | CAP(DAC_READ_SEARCH));
}

Test(needed, to_remove_what_a_user_has_left_is_nothing_of_superds)
{
	cr_assert_eq(of_backend("127.0.0.1:7001", user("remove_ipc = yes")), ANY | LOOKS);
}

Test(needed, by_devices_and_addresses_is_to_load_programs)
{
	static const char *const options[] = {
		"device_policy = closed", "device_allow = \"/dev/null r\"", "ip_address_deny = \"any\"",
		"ip_address_allow = \"localhost\"",
	};

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++) {
		uint64_t more = of_backend("127.0.0.1:7001", options[n]) & ~(ANY | LOOKS);

		cr_assert(more & CAP(NET_ADMIN), "%s", options[n]);
		cr_assert(more & (UINT64_C(1) << 39 | CAP(SYS_ADMIN)), "%s", options[n]);
	}
}
