# Hardening, seen from inside: a probe tries under every option what it must not, and the same without.
suite hardening

uses probing

proc needs_root {} { needs {[root] && [has_namespaces]} "needs root and namespaces" }

# A service whose client gets what this script prints.
proc shell {name options script} {
	superd {service $name { listen = "127.0.0.1:0" accept = yes $options exec = { "/bin/sh", "-c", "$script" } }}
}

# Nothing of its own /tmp is left.
proc tmp_is_gone {name} { wait {[glob -nocomplain /tmp/superd-$name-* /var/tmp/superd-$name-*] eq ""} }

# Folders of the test, each with its mode and whose it is.
proc folders {args} {
	foreach {name mode uid gid} $args {
		file mkdir [path $name]
		file attributes [path $name] -permissions 0$mode -owner $uid -group $gid
	}
}

test tmp_of_its_own {
	needs_root
	tried root {
		"private_tmp = yes" list:/tmp 0 ""
		"private_tmp = yes" list:/var/tmp 0 ""
		"private_tmp = yes" write:/tmp ok ok
		"private_tmp = disconnected" list:/tmp 0 ""
		"private_tmp = disconnected" write:/var/tmp ok ok
	}
}

# The test's own folder is there, as it is below /tmp.
test tmp_of_its_own_leaves_nothing_behind {
	needs_root
	shell left "user = root private_tmp = yes" "mkdir -p /tmp/a/b; echo x >/tmp/a/b/c; ls -d /tmp/a"
	is [told left] "/tmp/a\n"
	tmp_is_gone left
}

test commands_beside_an_instance_have_its_tmp {
	needs_root
	superd -control {service beside { listen = "127.0.0.1:0" user = root private_tmp = yes
		socket_exec_start_pre = "/bin/sh -c 'ls -A /tmp; : >/tmp/sockets'"
		exec_start_pre = "/bin/sh -c 'ls -A /tmp; : >/tmp/mine'"
		exec = "/bin/sleep 1000" exec_reload = "/bin/sh -c 'ls -A /tmp'" }}
	done "start beside"
	done "reload beside"
	log "]: mine"
	expect {![logged "]: sockets"]}
	stop
	tmp_is_gone beside
}

# One that is ended, and one that ends with superd: the next runs it again.
test commands_around_sockets_leave_no_tmp_when_they_are_cut_off {
	needs_root
	superd -control {service cut { listen = "127.0.0.1:0" user = root private_tmp = yes exec = "/bin/sleep 1000"
		socket_exec_start_pre = "/bin/sh -c 'echo begun; exec sleep 1000'" }}
	log "]: begun"
	node %/control
	done "disable cut"
	tmp_is_gone cut
	superctl enable --no-wait cut
	log "]: begun"
	set first [glob /tmp/superd-cut-*]
	kill_superd
	log "]: begun"
	wait {[llength [set now [glob -nocomplain /tmp/superd-cut-*]]] == 1 && $now ne $first}
	node %/control
	superctl disable cut
	tmp_is_gone cut
}

test each_connection_has_a_tmp_of_its_own {
	needs_root
	shell own "user = root private_tmp = yes" "ls /tmp; >/tmp/seen; echo; read x"
	repeat 2 { is [line [connect own]] "" }
}

test system_is_read_only {
	needs_root
	tried root {
		"protect_system = yes" write:/usr EROFS ok
		"protect_system = yes" write:/etc ok ok
		"protect_system = full" write:/etc EROFS ok
		"protect_system = full" write:/var ok ok
		"protect_system = strict" write:/var EROFS ok
		"protect_system = strict" write:/tmp EROFS ok
		"protect_system = strict" open-to-write:/proc/self/comm ok ok
		"protect_system = strict private_tmp = yes" write:/tmp ok ok
		{protect_system = strict read_write_paths = { "/var/tmp" }} write:/var/tmp ok ok
		{protect_system = strict read_write_paths = { "/var/tmp" }} write:/var EROFS ok
	}
}

# Also where nothing above it is read-only, as with a unit of systemd.
test a_writable_path_must_be_there {
	needs_root
	superd {service a { listen = "127.0.0.1:0" accept = yes user = root exec = "/bin/cat" read_write_paths = "/no/such/path" }
		service b { listen = "127.0.0.1:0" accept = yes user = root exec = "/bin/cat" read_write_paths = "-/no/such/path" }}
	set client [connect a]
	log "a: cannot start: mounting: /no/such/path: No such file or directory"
	close $client
	is [ask b hello] hello
}

test homes_are_hidden {
	needs_root
	tried root {
		"protect_home = yes" list:/root 0 ""
		"protect_home = yes" write:/root EROFS ok
		"protect_home = read-only" write:/root EROFS ok
		"protect_home = read-only" list:/root = ""
		"protect_home = tmpfs" list:/root 0 ""
		"protect_home = tmpfs" write:/root EROFS ok
	}
}

test devices_are_few {
	needs_root
	tried root {
		"private_devices = yes" open:/dev/kmsg ENOENT ""
		"private_devices = yes" open-to-write:/dev/null ok ok
		"private_devices = yes" open:/dev/urandom ok ok
		"private_devices = yes" write:/dev EROFS ok
		"private_devices = yes" write:/dev/shm ok ok
		{private_devices = yes exec_paths = { "/dev/shm" }} write:/dev/shm ok ok
		{private_devices = yes read_only_paths = { "/dev" }} write:/dev/shm EROFS ok
		{private_devices = yes read_only_paths = { "/dev" }} open-to-write:/dev/null ok ok
		{private_devices = yes read_only_paths = { "/dev" } read_write_paths = { "/dev/shm" }} write:/dev/shm ok ok
		"private_devices = yes" node:/var/tmp EPERM ""
		"private_devices = yes" bound:27 0 ""
		"private_devices = yes" ports EPERM ""
	}
}

test namespaces_of_its_own {
	needs_root
	tried root {
		"private_network = yes" namespace:net ~ ""
		"private_network = yes" interfaces 1 ""
		"private_network = yes" list:/sys/devices/virtual/net 1 ""
		"private_network = yes private_mounts = no protect_system = yes" list:/sys/devices/virtual/net 1 ""
		"private_network = yes" list:/sys/fs/cgroup = ""
		"private_ipc = yes" namespace:ipc ~ ""
		"private_mounts = yes" namespace:mnt ~ ""
		"private_users = yes" namespace:user ~ ""
		"private_users = yes" read:/proc/self/setgroups deny ""
		"private_users = yes" user 0 0
		"private_users = yes" node:/var/tmp EPERM ""
		"protect_hostname = yes" namespace:uts ~ ""
		"protect_hostname = yes" host-name EPERM ok
		"protect_hostname = yes" open-to-write:/proc/sys/kernel/hostname EROFS ""
	}
}

# What a root lacks is made there.
test a_root_without_dev_gets_one {
	needs_root
	folders bare 755 0 0
	set bare [path bare]
	superd {service bare { listen = "127.0.0.1:0" accept = yes user = root root_directory = "$bare"
		private_devices = yes bind_read_only_paths = { "/usr", "/bin", "-/lib", "-/lib64" }
		exec = { "/bin/sh", "-c", "echo x >/dev/null && echo good" } }}
	is [told bare] "good\n"
	stop
	file delete -force $bare
}

# Slashes and dots that mean nothing are none of the name: what is closed below the root is closed.
test a_root_is_the_same_however_it_is_written {
	needs_root
	folders jail 755 0 0 jail/closed 755 0 0 jail/open 755 0 0
	set jail [path jail]
	set above [file dirname $jail]
	foreach root [list $jail $jail/ $jail//. $above/.//jail] {
		superd {service jail { listen = "127.0.0.1:0" accept = yes user = root root_directory = "$root"
			read_only_paths = "$above//jail/./closed"
			bind_read_only_paths = { "/usr", "/bin", "-/lib", "-/lib64" }
			exec = { "/bin/sh", "-c", "echo >/open/x && echo good; echo >/closed/x && echo bad" } }}
		is [told jail] "good\n"
		stop
	}
	file delete -force $jail
}

test the_kernel_is_out_of_reach {
	needs_root
	tried root {
		"protect_kernel_tunables = yes" open-to-write:/proc/sys/vm/swappiness EROFS ok
		"protect_kernel_tunables = yes" open:/proc/kcore !ok ""
		"protect_kernel_tunables = yes" open-to-write:/sys/kernel/mm/ksm/run !ok ""
		"protect_kernel_modules = yes" module EPERM ""
		"protect_kernel_modules = yes" bound:16 0 ""
		"protect_kernel_logs = yes" kernel-log EPERM ok
		"protect_kernel_logs = yes" open:/dev/kmsg !ok ""
		"protect_kernel_logs = yes" bound:34 0 ""
		"protect_control_groups = yes" write:/sys/fs/cgroup !ok ""
		"protect_clock = yes" clock EPERM ok
		"protect_clock = yes" bound:25 0 ""
	}
}

test of_proc_little_is_seen {
	needs {[has_users] && [has_namespaces]} "needs root, and others who can read what was built"
	tried nobody {
		"protect_proc = invisible" open:/proc/1/status ENOENT ok
		"protect_proc = noaccess" open:/proc/1/status EPERM ok
		"protect_proc = invisible" open:/proc/self/status ok ok
		"proc_subset = pid" open:/proc/meminfo ENOENT ok
		"proc_subset = pid" open:/proc/self/status ok ok
	}
}

test paths_are_as_they_are_told {
	needs_root
	folders inner 777 0 0 inner/kept 777 0 0
	write inner/file "secret\n"
	set inner [path inner]; set kept $inner/kept
	set ways "read_only_paths = \"$inner\" read_write_paths = { \"$kept\", \"-/no/such/path\" }"
	tried root {
		{$ways} write:$inner EROFS ok
		{$ways} write:$kept ok ok
		{$ways} read:$inner/file secret secret
		{inaccessible_paths = "$inner/file"} read:$inner/file EACCES secret
		{inaccessible_paths = "$inner"} read:$inner/file ENOENT secret
		{inaccessible_paths = "$inner"} list:$inner 0 2
		{temporary_file_system = "$inner:ro"} list:$inner 0 2
		{temporary_file_system = "$inner:ro"} write:$inner EROFS ok
		{temporary_file_system = "$inner"} write:$inner ok ok
		{bind_paths = "$inner:$kept"} read:$kept/file secret ENOENT
		{bind_paths = "$inner:$kept"} write:$kept ok ok
		{bind_read_only_paths = "$inner:$kept"} write:$kept EROFS ok
		{temporary_file_system = "$inner" bind_paths = "$kept"} list:$inner 1 2
		{no_exec_paths = "/" exec_paths = { "/usr", "/mnt" }} run:/bin/true ok ok
		{no_exec_paths = "/usr/bin"} run:/bin/true EACCES ok
	}
}

# Root's link leads into a folder of another user, who puts a link to a folder of root's in the place of his own.
test nothing_of_root_is_bound_by_a_users_link {
	needs_root
	folders theirs 755 65534 65534 theirs/own 755 65534 65534 closed 700 0 0 closed/folder 755 0 0 to 755 0 0
	set own [path theirs/own]
	file link -symbolic [path link] $own
	write theirs/own/file mine
	write closed/folder/file hidden
	superd {service a { listen = "127.0.0.1:0" accept = yes user = "65534" bind_paths = "%/link:%/to" exec = "/bin/cat %/to/file" }}
	is [told a] mine
	file delete -force $own
	file link -symbolic $own [path closed/folder]
	run /bin/chown -h 65534:65534 $own
	close [connect a]
	log "mounting: %/link: Permission denied: [file dirname [path link]] can be written by all users, who could replace it by a link"
	stop
	file delete $own
	file link -symbolic $own /etc
	run /bin/chown -h 65534:65534 $own
	superd {service a { listen = "127.0.0.1:0" accept = yes user = "65534" bind_paths = "%/link:%/to" exec = "/bin/cat %/to/passwd" }}
	close [connect a]
	log "mounting: %/link: [error_text ELOOP]"
}

test a_users_link_leads_to_what_is_his {
	needs_root
	folders theirs 755 65534 65534 theirs/first 755 0 0 to 755 0 0
	write theirs/first/file mine
	file link -symbolic [path theirs/current] first
	run /bin/chown -h 65534:65534 [path theirs/current]
	superd {service a { listen = "127.0.0.1:0" accept = yes user = "65534" bind_paths = "%/theirs/current:%/to" exec = "/bin/cat %/to/file" }}
	is [told a] mine
}

# The folder is the user's, and lies in one that his group alone may enter.
test a_users_path_is_reached_with_his_groups {
	needs_root
	folders theirs 755 65534 65534 theirs/shared 750 0 4321 theirs/shared/data 755 65534 65534
	set data [path theirs/shared/data]
	foreach groups {group supplementary_groups} {
		superd {service a { listen = "127.0.0.1:0" accept = yes user = "65534" $groups = "4321" protect_system = strict
			read_write_paths = "$data" exec = "/bin/sh -c 'cd $data && : >file && ls && rm file'" }}
		is [told a] "file\n"
		stop
	}
}

test its_own_folders_are_there_whatever_is_closed {
	needs_root
	shell own {user = root protect_system = strict temporary_file_system = "/run:ro" runtime_directory = "superd-own-$self"} \
		{: >$RUNTIME_DIRECTORY/x && ls $RUNTIME_DIRECTORY}
	is [told own] "x\n"
}

test what_is_missing_fails_the_start_by_its_name {
	needs_root
	superd {service web { listen = "127.0.0.1:0" user = root exec = "$backend once" read_only_paths = "/no/such/path" }}
	close [connect web]
	log "cannot start: mounting: /no/such/path: No such file or directory ("
}

test rights_are_given_away_for_good {
	needs_root
	tried root {
		"keyring_mode = private" keyring ~ ""
		"no_new_privileges = yes" no-new-privileges 1 0
	}
}

# Where superd may not change the bounding set, root does without by no_new_privileges.
test what_superd_cannot_drop_is_not_held_either {
	needs_root
	drop_capability setpcap
	tried root { "private_devices = yes" node:/var/tmp EPERM "" }
	shell held {user = root capability_bounding_set = { "cap_chown" } no_new_privileges = yes} {grep CapPrm /proc/self/status}
	is [told held] "CapPrm:\t0000000000000001\n"
}

# Each path takes a descriptor, and the notify socket the last one: one of these starts has it left over, and none of them lacks it.
test who_is_short_of_descriptors_gets_the_notify_socket_or_no_start {
	set most [expr {64 + [own_programs]}]
	needs_root
	needs {![is_sanitized]} "sanitizers need descriptors of their own"
	file mkdir [path from] [path to]
	for {set n 0} {$n < $most} {incr n} { file mkdir [path to/$n] }
	for {set count [expr {$most - 16}]} {$count < $most} {incr count} {
		set paths {}
		for {set n 0} {$n < $count} {incr n} { append paths " \"%/from:%/to/$n\"" [expr {$n + 1 < $count ? "," : ""}] }
		append table "service to_$count {
 listen = \"127.0.0.1:0\"
 type = notify
 backoff_min = 1h
 backoff_max = 1h
 user = root
 exec = \"$tests/notifier 'say READY=1'\"
 bind_paths = {$paths }
}
"
		lappend names to_$count
	}
	superd -descriptors $most $table
	foreach name $names {
		set client [connect $name]
		wait {[logged "$name: pid "] || [logged "$name: cannot start: mounting: "]}
		close $client
	}
	expect {[logged "its notify socket: Too many open files"]}
}
