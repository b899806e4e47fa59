# Hardening without privileges: what a superd that is not root can give by a user namespace, and what it refuses.
suite hardening_user

set table {service web { listen = "127.0.0.1:0" accept = yes exec = { "/bin/sh", "-c", "$script" } $options }}
set as_nobody "setpriv --reuid 65534 --regid 65534 --clear-groups"

proc gives {options script answer} { superd -uid 65534 $::table; is [told web] $answer }

# A user namespace by somebody who is not root, which some systems forbid.
proc needs_users {} {
	needs {[has_users] && [has_namespaces] &&
		[lindex [run /bin/sh -c "$::as_nobody unshare -Um true"] 0] == 0} "needs root to be nobody, and user namespaces for all"
}

test files_are_closed_by_a_user_namespace {
	needs_users
	gives "private_tmp = yes protect_system = strict" "ls /tmp; : >/tmp/mine && ls /tmp" "mine\n"
}

test folders_that_it_may_not_enter_are_covered_too {
	needs_users
	foreach name {closed emptied} { file mkdir [path $name]; file attributes [path $name] -permissions 0700 }
	gives {protect_home = yes inaccessible_paths = "%/closed" temporary_file_system = "%/emptied:mode=1777"} \
		{stat -fc %T /root %/closed; : >%/emptied/mine && ls %/emptied} "tmpfs\ntmpfs\nmine\n"
}

test a_network_of_its_own_has_nothing_but_itself {
	needs_users
	gives "private_network = yes" "tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1" "lo\n"
}

test it_stays_the_same_user_without_any_right {
	needs_users
	gives "private_mounts = yes" "id -u; grep CapEff /proc/self/status | cut -f2" "65534\n0000000000000000\n"
}

test what_takes_root_is_refused_by_name {
	set options "protect_proc = invisible"; set script true
	write refused.conf $table
	needs_users
	set check "$as_nobody $superd --check -f %/refused.conf"
	lassign [run /bin/sh -c $check] status output errors
	expect {$status == 1}
	has $errors "protect_proc = invisible: only root or CAP_SYS_ADMIN"
	lassign [run /bin/sh -c "$check --unsupported=warn"] status output errors
	expect {$status == 0} $errors
	has $errors "the option is ignored"
}
