/* Filters of system calls, seen from inside: what is denied by its arguments, by its name, by its group. */
#include "harness.h"
#include "probing.h"

#define SKIP_WITHOUT_FILTERS() \
	SKIP_WITHOUT(geteuid() == 0 && strstr(SUPERD_ANSWER("--version").out, "libseccomp"), \
		     "needs root and libseccomp")

Behaviour(hardening_calls, families_of_sockets)
{
	SKIP_WITHOUT_FILTERS();
	PROBE_ALL("root", ((const struct probing[]){
		{ "restrict_address_families = { AF_UNIX, AF_INET }", "socket:1", "ok", "ok" },
		{ "restrict_address_families = { AF_UNIX, AF_INET }", "socket:2", "ok", "ok" },
		{ "restrict_address_families = { AF_UNIX, AF_INET }", "socket:16", "EAFNOSUPPORT", "ok" },
		{ "restrict_address_families = { \"~AF_NETLINK\" }", "socket:16", "EAFNOSUPPORT", "ok" },
		{ "restrict_address_families = { \"~AF_NETLINK\" }", "socket:2", "ok", "ok" },
		{ "restrict_address_families = none", "socket:1", "EAFNOSUPPORT", "ok" },
#ifdef __x86_64__
		{ "restrict_address_families = { \"~AF_NETLINK\" }", "socket-of-32-bits:16", "!ok", NULL },
		{ "system_call_architectures = native", "socket-of-32-bits:2", "!ok", NULL },
#endif
	}));
}

Behaviour(hardening_calls, namespaces_and_personalities)
{
	SKIP_WITHOUT_FILTERS();
	PROBE_ALL("root", ((const struct probing[]){
		{ "restrict_namespaces = yes", "unshare:0x20000", "EPERM", "ok" },
		{ "restrict_namespaces = yes", "unshare:0x10000000", "EPERM", NULL },
		{ "restrict_namespaces = yes", "unshare:0x200", "ok", "ok" },
		{ "restrict_namespaces = yes", "enter:uts", "EPERM", "ok" },
		{ "restrict_namespaces = { mnt }", "unshare:0x20000", "ok", "ok" },
		{ "restrict_namespaces = { mnt }", "unshare:0x4000000", "EPERM", "ok" },
		{ "restrict_namespaces = { \"~mnt\" }", "unshare:0x20000", "EPERM", "ok" },
		{ "restrict_namespaces = { \"~mnt\" }", "unshare:0x4000000", "ok", "ok" },
		{ "lock_personality = yes", "personality", "EPERM", "ok" },
		{ "lock_personality = yes", "ask-personality", "ok", "ok" },
	}));
}

Behaviour(hardening_calls, memory_scheduling_and_modes)
{
	SKIP_WITHOUT_FILTERS();
	PROBE_ALL("root", ((const struct probing[]){
		{ "memory_deny_write_execute = yes", "map", "EPERM", "ok" },
		{ "memory_deny_write_execute = yes", "protect", "EPERM", "ok" },
		{ "memory_deny_write_execute = yes", "attach", "EPERM", "ok" },
		{ "restrict_realtime = yes", "schedule:1", "EPERM", NULL },
		{ "restrict_realtime = yes", "schedule:3", "ok", "ok" },
		{ "restrict_suid_sgid = yes", "suid:/var/tmp", "EPERM", "ok" },
		{ "restrict_suid_sgid = yes", "new-suid:/var/tmp", "EPERM", "ok" },
		{ "restrict_suid_sgid = yes", "nameless-suid:/var/tmp", "EPERM", NULL },
		{ "restrict_suid_sgid = yes", "write:/var/tmp", "ok", "ok" },
	}));
}

Behaviour(hardening_calls, lists_of_calls)
{
	SKIP_WITHOUT_FILTERS();
	PROBE_ALL("root",
		  ((const struct probing[]){
			  { "system_call_filter = { \"@system-service\" }", "write:/var/tmp", "ok", "ok" },
			  { "system_call_filter = { \"@system-service\" }", "mount", "SIGSYS", "ENOENT" },
			  { "system_call_filter = { \"@system-service\" }\nsystem_call_error_number = EPERM", "mount",
			    "EPERM", "ENOENT" },
			  { "system_call_filter = { \"~@mount\" }", "mount", "SIGSYS", "ENOENT" },
			  { "system_call_filter = { \"~@mount:ENOSYS\" }", "mount", "ENOSYS", "ENOENT" },
			  { "system_call_filter = { \"~@mount:ENOSYS\", \"@clock\" }", "clock", "SIGSYS", "ok" },
			  { "system_call_filter = { \"~@mount\", \"+mount\" }", "mount", "ENOENT", "ENOENT" },
			  { "system_call_filter = { \"@system-service\", \"@mount\", \"~mount:EACCES\" }", "mount",
			    "EACCES", "ENOENT" },
		  }));
}

/* A filter takes CAP_SYS_ADMIN (21), or no_new_privileges, which only a row that asks for it gets. The capability is
 * gone with the exec, from all sets. */
Behaviour(hardening_calls, a_filter_of_another_user_leaves_it_as_it_is)
{
	SKIP_WITHOUT(namespace_users(), "needs root, and others who can read what was built");
	SKIP_WITHOUT_FILTERS();
	PROBE_ALL("nobody", ((const struct probing[]){
		{ "restrict_realtime = yes", "no-new-privileges", "0", "0" },
		{ "restrict_realtime = yes\nno_new_privileges = yes", "no-new-privileges", "1", "0" },
		{ "restrict_realtime = yes\nprivate_users = yes", "no-new-privileges", "0", "0" },
		{ "protect_clock = yes\ncapability_bounding_set = { CAP_NET_RAW }", "no-new-privileges", "0", "0" },
		{ "protect_clock = yes\ncapability_bounding_set = { CAP_NET_RAW }", "bound:21", "0", NULL },
		{ "private_users = yes\ncapability_bounding_set = { CAP_NET_RAW }", "bound:21", "0", NULL },
		{ "private_users = yes\ncapability_bounding_set = { CAP_NET_RAW }", "bound:13", "1", NULL },
		{ "restrict_realtime = yes", "held:21", "0", "0" },
		{ "restrict_realtime = yes\nprivate_users = yes", "held:21", "0", "0" },
		{ "restrict_realtime = yes\nambient_capabilities = { CAP_NET_RAW }", "held:21", "0", "0" },
		{ "restrict_realtime = yes\nambient_capabilities = { CAP_NET_RAW }", "held:13", "1", "0" },
		{ "system_call_filter = { \"~@privileged\", \"~@setuid\" }", "no-new-privileges", "0", "0" },
		{ "restrict_realtime = yes", "schedule:3", "ok", "ok" },
	}));
}
