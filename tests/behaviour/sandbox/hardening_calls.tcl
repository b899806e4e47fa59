# Filters of system calls, seen from inside: what is denied by its arguments, by its name, by its group.
suite hardening_calls

uses probing

proc needs_filters {} {
	needs {[root] && [string match *libseccomp* [lindex [answer --version] 1]]} "needs root and libseccomp"
}

test families_of_sockets {
	needs_filters
	set rows {
		"restrict_address_families = { AF_UNIX, AF_INET }" socket:1 ok ok
		"restrict_address_families = { AF_UNIX, AF_INET }" socket:2 ok ok
		"restrict_address_families = { AF_UNIX, AF_INET }" socket:16 EAFNOSUPPORT ok
		{restrict_address_families = { "~AF_NETLINK" }} socket:16 EAFNOSUPPORT ok
		{restrict_address_families = { "~AF_NETLINK" }} socket:2 ok ok
		"restrict_address_families = none" socket:1 EAFNOSUPPORT ok
	}
	if {$tcl_platform(machine) eq "x86_64"} {
		append rows {
			{restrict_address_families = { "~AF_NETLINK" }} socket-of-32-bits:16 !ok ""
			"system_call_architectures = native" socket-of-32-bits:2 !ok ""
		}
	}
	tried root $rows
}

test namespaces_and_personalities {
	needs_filters
	tried root {
		"restrict_namespaces = yes" unshare:0x20000 EPERM ok
		"restrict_namespaces = yes" unshare:0x10000000 EPERM ""
		"restrict_namespaces = yes" unshare:0x200 ok ok
		"restrict_namespaces = yes" enter:uts EPERM ok
		"restrict_namespaces = { mnt }" unshare:0x20000 ok ok
		"restrict_namespaces = { mnt }" unshare:0x4000000 EPERM ok
		{restrict_namespaces = { "~mnt" }} unshare:0x20000 EPERM ok
		{restrict_namespaces = { "~mnt" }} unshare:0x4000000 ok ok
		"lock_personality = yes" personality EPERM ok
		"lock_personality = yes" ask-personality ok ok
	}
}

test memory_scheduling_and_modes {
	needs_filters
	tried root {
		"memory_deny_write_execute = yes" map EPERM ok
		"memory_deny_write_execute = yes" protect EPERM ok
		"memory_deny_write_execute = yes" attach EPERM ok
		"restrict_realtime = yes" schedule:1 EPERM ""
		"restrict_realtime = yes" schedule:3 ok ok
		"restrict_suid_sgid = yes" suid:/var/tmp EPERM ok
		"restrict_suid_sgid = yes" new-suid:/var/tmp EPERM ok
		"restrict_suid_sgid = yes" nameless-suid:/var/tmp EPERM ""
		"restrict_suid_sgid = yes" write:/var/tmp ok ok
	}
}

test lists_of_calls {
	needs_filters
	tried root {
		{system_call_filter = { "@system-service" }} write:/var/tmp ok ok
		{system_call_filter = { "@system-service" }} mount SIGSYS ENOENT
		{system_call_filter = { "@system-service" } system_call_error_number = EPERM} mount EPERM ENOENT
		{system_call_filter = { "@system-service" } system_call_error_number = ""} mount SIGSYS ENOENT
		{system_call_filter = { "~@mount" }} mount SIGSYS ENOENT
		{system_call_filter = { "~@mount:ENOSYS" }} mount ENOSYS ENOENT
		{system_call_filter = { "~@mount:ENOSYS", "@clock" }} clock SIGSYS ok
		{system_call_filter = { "~@mount", "+mount" }} mount ENOENT ENOENT
		{system_call_filter = { "@system-service", "@mount", "~mount:EACCES" }} mount EACCES ENOENT
	}
}

# A filter takes CAP_SYS_ADMIN (21), or no_new_privileges, which only a row that asks for it gets. The capability is gone with the
# exec, from all sets.
test a_filter_of_another_user_leaves_it_as_it_is {
	needs {[has_users]} "needs root, and others who can read what was built"
	needs_filters
	tried nobody {
		"restrict_realtime = yes" no-new-privileges 0 0
		"restrict_realtime = yes no_new_privileges = yes" no-new-privileges 1 0
		"restrict_realtime = yes private_users = yes" no-new-privileges 0 0
		"protect_clock = yes capability_bounding_set = { CAP_NET_RAW }" no-new-privileges 0 0
		"protect_clock = yes capability_bounding_set = { CAP_NET_RAW }" bound:21 0 ""
		"private_users = yes capability_bounding_set = { CAP_NET_RAW }" bound:21 0 ""
		"private_users = yes capability_bounding_set = { CAP_NET_RAW }" bound:13 1 ""
		"restrict_realtime = yes" held:21 0 0
		"restrict_realtime = yes private_users = yes" held:21 0 0
		"restrict_realtime = yes ambient_capabilities = { CAP_NET_RAW }" held:21 0 0
		"restrict_realtime = yes ambient_capabilities = { CAP_NET_RAW }" held:13 1 0
		{system_call_filter = { "~@privileged", "~@setuid" }} no-new-privileges 0 0
		"restrict_realtime = yes" schedule:3 ok ok
	}
}
