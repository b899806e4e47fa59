# What a backend may use: control groups where there are any, and what stands in for them; users that are made up, folders,
# scheduling. Seen from inside by a shell.
suite resources

# A service whose client gets what this script prints.
proc row {options script} {
	filled {service it {
 listen = "127.0.0.1:0"
 accept = yes
 $options
 exec = { "/bin/sh", "-c", "$script" }
}
}
}
proc run_it {options script {how ""}} { superd {*}$how [row $options $script] }
proc answer_of {options script} { run_it $options $script; set answer [told it]; stop; return $answer }
proc answers_so {options script answer} { is [answer_of $options $script] $answer }

# What superd says of options on this machine.
proc check_of {options} { join [lrange [answer --check -f [write checked.conf [row $options true]]] 1 2] "" }

proc has_own_groups {} {
	expr {[root] && [string first "device_policy = closed:" [check_of "user = root device_policy = closed"]] < 0}
}
proc has_controllers {} {
	expr {[has_own_groups] && [string first "warning: it: " [check_of "user = root tasks_max = 7 memory_max = 64M"]] < 0}
}
proc needs_groups {} { needs {[has_own_groups]} "there is no writable control group here" }
proc needs_root {} { needs {[root]} "needs root" }

# Of the second hierarchy: where it is mounted is where superd's group lies. Empty: it is not there.
proc group_in {text} { expr {[regexp -line {^0::(.*)$} $text all group] ? $group : ""} }
proc group_folder {text} {
	foreach mount {/sys/fs/cgroup /sys/fs/cgroup/unified} {
		set folder $mount[group_in $text]
		if {[exists $folder/cgroup.procs]} { return $folder }
	}
}

# The line of the second hierarchy, of who waits for a word from us.
proc group_line {client} { while {![string match 0::* [set line [line $client]]]} {}; return $line }

set groups_itself {cat /proc/self/cgroup; read x}

test an_instance_has_a_group_of_its_own_that_goes_with_it {
	needs_groups
	run_it "user = root device_policy = closed" $groups_itself
	foreach n {1 2} {
		lappend clients [set client [connect it]]
		lappend lines [set line [group_line $client]]
		has [group_in $line] /it-
		expect {[group_folder $line] ne ""}
	}
	lassign $clients first second; lassign $lines one other
	expect {$one ne $other} "each has its own"
	close $second
	wait {[group_folder $other] eq ""}
	expect {[group_folder $one] ne ""}
	stop
	expect {[group_folder $one] eq ""}
	close $first
}

set enters_its_group {g=$(sed -n s/^0:://p /proc/self/cgroup); cd /sys/fs/cgroup/unified$g 2>/dev/null || cd /sys/fs/cgroup$g;}

# Names and depths are its user's choice.
test a_group_goes_with_all_that_its_user_makes_in_it {
	needs_groups
	run_it "user = daemon delegate = yes" "$enters_its_group mkdir .hidden; mkdir -p [string repeat d/ 40]; $groups_itself"
	set client [connect it]
	set line [group_line $client]
	expect {[exists [group_folder $line]/.hidden]}
	is [read [group_folder $line]/cgroup.max.descendants] "1000\n"
	close $client
	wait {[group_folder $line] eq ""}
}

# Then it may have no processes itself.
test a_command_runs_in_a_group_whose_user_passes_controllers_on {
	needs {[has_controllers]} "there are no controllers"
	superd [filled {service it { listen = "127.0.0.1:0" user = daemon delegate = yes memory_max = 64M
		exec_stop = "/bin/sh -c 'cat /proc/self/cgroup >>%/diary'"
		exec = { "/bin/sh", "-c", "$enters_its_group mkdir x && echo \$\$ >x/cgroup.procs && echo +memory >cgroup.subtree_control && echo 1 >>%/diary; exec sleep 1000" } }}]
	connect it
	wait {[lines %/diary] == 1}
	stop
	has [read %/diary] "/.control\n"
}

# What its program may not do, they may not do for it.
test commands_beside_an_instance_have_its_group {
	needs_groups
	superd -clock -control [filled {service it { listen = "127.0.0.1:0" user = root device_policy = closed idle_timeout = 5min
		exec_reload = "/bin/sh -c 'cat /proc/self/cgroup >>%/reload; (: </dev/kmsg) || echo denied >>%/reload'"
		idle_unless = "/bin/sh -c 'cat /proc/self/cgroup >>%/unless; exit 1'"
		exec = "$backend serve" }}]
	set own [group_in [read /proc/[pid it]/cgroup]]
	has $own /it-
	done "reload it"
	has [read %/reload] "0::$own\n"
	if {[file readable /dev/kmsg]} { has [read %/reload] denied }
	until 1min {[logged "it: pid "]}
	has [read %/unless] "0::$own\n"
}

test commands_around_sockets_have_a_group_like_that {
	needs_groups
	superd -control [filled {service it { listen = "127.0.0.1:0" user = root device_policy = closed
		socket_exec_start_pre = { "/bin/sh -c 'cat /proc/self/cgroup >>%/pre; (: </dev/kmsg) || echo denied >>%/pre'" }
		exec = "$backend serve" }}]
	set own [group_in [read /proc/[pid it]/cgroup]]
	has [group_in [read %/pre]] /it-
	expect {[group_in [read %/pre]] ne $own}
	if {[file readable /dev/kmsg]} { has [read %/pre] denied }
	expect {[group_folder [read %/pre]] eq ""} "it goes with the command"
}

test groups_go_over_an_upgrade {
	needs_groups
	needs {![is_sanitized]} "sanitized, superd starts what asks for none in no control group"
	superd [row "user = root device_policy = closed" $groups_itself][filled {
		service kept { listen = "127.0.0.1:0" user = root exec = "$backend serve" }
	}]
	set client [connect it]
	set own [group_folder [group_line $client]]
	set pid [pid kept]
	set kept [group_folder [read /proc/$pid/cgroup]]
	expect {$own ne "" && $kept ne "" && $own ne $kept}
	repeat 2 { upgrade }
	expect {[exists $own] && [exists $kept]}
	close $client
	wait {![exists $own]}
	kill $pid TERM
	wait {[processes] == 0}
	pid kept; # perhaps in the same group, which is empty
	stop
	expect {![exists $kept]}
}

test who_asks_for_nothing_has_no_group {
	needs_groups
	lacks [answer_of "user = root" "cat /proc/self/cgroup"] /it-
}

test devices_are_those_that_are_allowed {
	set script "(: </dev/zero) && echo zero; (: </dev/kmsg) && echo kmsg; (: </dev/urandom) && echo random"
	needs_groups
	needs {[file readable /dev/kmsg]} "there is no /dev/kmsg"
	has [answer_of "user = root" $script] "kmsg\n"
	answers_so "user = root device_policy = closed" $script "zero\nrandom\n"
	answers_so {user = root device_policy = strict device_allow = "/dev/zero r"} $script "zero\n"
	answers_so {user = root device_allow = { "/dev/kmsg r" }} $script "zero\nkmsg\nrandom\n"
}

# Root can mount a /dev with all devices.
test private_devices_are_all_that_root_may_open {
	set script "mount -t devtmpfs none %/dev; (: <%/dev/zero) && echo zero; (: <%/dev/kmsg) && echo kmsg; umount %/dev"
	needs_groups
	file mkdir [path dev]
	needs {[answer_of "user = root private_mounts = yes" $script] eq "zero\nkmsg\n"} "there are no devices to mount here"
	answers_so "user = root private_devices = yes" $script "zero\n"
	answers_so {user = root private_devices = yes device_allow = { "/dev/kmsg r" }} $script "zero\nkmsg\n"
}

test packets_go_where_they_may {
	# bash reads ~/.bashrc where its input is a socket.
	set script {bash --norc -c 'for a in 127.0.0.1 127.0.0.2; do (echo x >/dev/udp/$a/9) 2>/dev/null && echo $a; done'}
	needs_groups
	needs {[exists /bin/bash]} "there is no bash"
	answers_so "user = root" $script "127.0.0.1\n127.0.0.2\n"
	answers_so {user = root ip_address_deny = any ip_address_allow = "127.0.0.1"} $script "127.0.0.1\n"
	answers_so {user = root ip_address_deny = "127.0.0.2"} $script "127.0.0.1\n"
}

# The rules are for the sockets that the backend opens: no_access is for those that it receives.
test a_client_comes_in_though_the_backend_cannot_go_there {
	needs_groups
	answers_so "user = root ip_address_deny = any" "echo in" "in\n"
}

# It has left its process group and its session, and superd would not find it by either.
set hiding {setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!; until grep -q sleep /proc/$!/comm; do sleep 0.01; done}

test what_hides_from_superd_ends_with_its_instance {
	needs_groups
	run_it "user = root device_policy = closed kill_leftovers = yes" "$hiding; true"
	set hidden [string trim [told it]]
	expect {$hidden > 1}
	wait {![lives $hidden]}
}

test what_hides_from_superd_does_not_outlive_a_stop {
	needs_groups
	run_it "user = root device_policy = closed" "$hiding; read x"
	set client [connect it]; set hidden [line $client]
	expect {$hidden > 1}
	stop
	expect {![lives $hidden]}
	close $client
}

test limits_are_the_groups_or_said_to_be_left_out {
	set options "user = \"[lone_user]\" tasks_max = 9 memory_max = 512M"
	needs_root
	needs {![is_sanitized]} "a sanitizer's programs need more than a limit leaves"
	if {[has_controllers]} {
		answers_so $options {D=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); cat $D/pids.max $D/memory.max} "9\n536870912\n"
		return
	}
	has [check_of $options] "tasks_max = 9: " "memory_max = 512M: " "the option is ignored"
}

test a_reload_changes_the_limits_of_what_runs {
	needs {[has_controllers]} "there is no control group with controllers here"
	run_it "user = root tasks_max = 9 memory_high = 100M" $groups_itself
	set client [connect it]
	set folder [group_folder [group_line $client]]
	expect {$folder ne ""}
	reload [row "user = root tasks_max = 20" $groups_itself]
	is [read $folder/pids.max] "20\n"
	is [read $folder/memory.high] "max\n"; # nobody says it any more
	close $client
}

test what_protects_and_cannot_be_had_starts_nothing {
	needs {![has_own_groups]} "there are control groups here"
	lassign [answer --check -f [write refused.conf [row "device_policy = closed" true]]] status output errors
	expect {$status == 1}
	has $errors "it: device_policy = closed: "
}

test what_protects_is_ignored_where_that_is_asked_for {
	needs {[root] && [private]} "needs root and namespaces"
	catch { exec umount -l /sys/fs/cgroup }
	run_it "user = root device_policy = closed ip_address_deny = any" "echo served" {-arguments {--unsupported warn}}
	log "device_policy = closed: "; log "the option is ignored"
	is [told it] "served\n"
}

# Folders of superd's that are the machine's: each test has a name of its own, and removes it at its end.
set name superd-test-$self
set state [expr {[info exists env(SUPERD_LOCALSTATEDIR)] ? $env(SUPERD_LOCALSTATEDIR) : "/var"}]
proc forget {} {
	foreach base {lib cache log} { file delete $::state/$base/$::name/f $::state/$base/$::name-link $::state/$base/$::name }
}

test a_made_up_user_is_nobody_else_and_the_same_again {
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	run_it {dynamic_user = yes state_directory = "$name"} {id -u; echo $HOME $USER; touch $STATE_DIRECTORY/f && stat -c %u $STATE_DIRECTORY/f; touch /usr/f 2>/dev/null || echo read-only; grep NoNewPrivs /proc/self/status | cut -f2}
	set before [told it]
	set id [lindex $before 0]
	expect {$id >= 61184 && $id <= 65519}
	is $before "$id\n/ it\n$id\nread-only\n1\n"
	is [told it] $before
	stop
	forget
}

test what_a_made_up_user_leaves_of_shared_memory_goes_with_it {
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	needs {[file writable /dev/shm]} "there is no /dev/shm"
	run_it "dynamic_user = yes" "echo x >/dev/shm/$name && ls /dev/shm/$name"
	is [told it] "/dev/shm/$name\n"
	wait {![exists /dev/shm/$name]}
}

test what_cannot_be_listed_counts_as_left {
	needs {[root] && [private]} "needs root and namespaces"
	needs {[exists /proc/sysvipc/msg] && ![catch { exec mount --bind /dev/null /proc/sysvipc/msg }]} "there are no queues here"
	run_it {user = "65534" remove_ipc = yes} "echo ended"
	is [told it] "ended\n"
	log "it: cannot remove all that it has left"
}

test folders_are_made_told_and_linked {
	needs_root
	answers_so {user = "65534" cache_directory = "$name:$name-link" cache_directory_mode = 0750 logs_directory = "$name"} \
		{stat -c '%u %a' $CACHE_DIRECTORY; echo ${LOGS_DIRECTORY##*/var/}; readlink $CACHE_DIRECTORY-link} \
		"65534 750\nlog/$name\n$name\n"
	forget
}

test a_folder_is_there_before_the_file_of_output_in_it {
	needs_root
	answers_so {user = "65534" logs_directory = "$name" error = "append:$state/log/$name/f"} \
		{echo said >&2; cat $LOGS_DIRECTORY/f; stat -c %u $LOGS_DIRECTORY/f} "said\n65534\n"
	forget
}

test a_folder_is_not_there_before_the_conditions {
	needs_root
	answers_so {user = "65534" state_directory = "$name" condition = "PathExists=!$state/lib/$name"} "echo here" "here\n"
	forget
}

# The link is the same folder by another path, and may be missing as the folder itself. The check before a start says of a link that
# is not there yet that it is missing; it may be removed later.
test a_file_of_output_may_be_named_by_the_folders_link {
	needs_root
	run_it {user = root logs_directory = "$name:$name-link" error = "append:$state/log/$name-link/f"} \
		{echo said >&2; cat $LOGS_DIRECTORY/f; stat -c %u $LOGS_DIRECTORY/f} "-arguments --no-preflight"
	is [told it] "said\n0\n"
	stop
	forget
}

test a_file_in_a_folder_that_stays_roots_is_opened_with_roots_rights {
	set folder [expr {[info exists env(SUPERD_SYSCONFDIR)] ? $env(SUPERD_SYSCONFDIR) : "/etc"}]/$name
	needs_root
	answers_so {user = "65534" configuration_directory = "$name" error = "append:$folder/f"} \
		{echo said >&2; stat -c '%u %s' $CONFIGURATION_DIRECTORY/f} "0 5\n"
	file delete $folder/f $folder
}

# Else its user could lead superd's rights elsewhere.
test a_file_in_the_users_folder_is_opened_with_the_users_rights {
	set folder $state/log/$name
	needs_root
	write secret "" 600
	file mkdir $folder
	file link -symbolic $folder/f [path secret]
	run_it {user = "65534" logs_directory = "$name:$name-link" error = "append:$folder-link/f"} "echo said >&2" \
		"-arguments --no-preflight"
	close [connect it]
	log ": $folder-link/f: Permission denied"
	stop
	is [read %/secret] ""
	forget
}

# Root's folder, whose access list lets the user write.
test a_file_in_a_folder_that_a_list_opens_to_the_user_is_none_of_roots {
	needs_root
	needs {[exists /usr/bin/setfacl]} "there is no setfacl here (Debian: acl)"
	needs {![catch { file mkdir [path opened]; exec setfacl -m u:65534:rwx [path opened] }]} "there are no access lists here"
	write secret "" 600
	file link -symbolic [path opened/f] [path secret]
	run_it {user = "65534" error = "append:%/opened/f"} "echo said >&2" "-arguments --no-preflight"
	close [connect it]
	log "/opened/f: Permission denied: [file normalize [path opened]] can be written by user 65534"
	stop
	is [read %/secret] ""
}

test a_folder_that_cannot_be_made_fails_the_start_by_its_name {
	set path $state/lib/$name
	needs_root
	chan close [open $path w]
	run_it {state_directory = "$name/in"} true
	close [connect it]
	log "it: cannot start: state_directory: $path/in: Not a directory ("
	stop
	file delete $path
}

# The earlier user could change what it relies on. A link of his leads to nothing of root's.
test what_an_earlier_user_has_in_its_folder_becomes_its_users {
	set folder $state/lib/$name
	needs_root
	file mkdir $folder/in
	foreach file {own in/own roots others} { chan close [open $folder/$file w] }
	write secret "" 600
	file link -symbolic $folder/link [path secret]
	run /bin/chown -h 65533:65533 $folder $folder/in $folder/own $folder/in/own $folder/link
	run /bin/chown 65532 $folder/others
	run_it {user = "65534" state_directory = "$name"} {cd $STATE_DIRECTORY && stat -c '%u %n' . in in/own link others own roots}
	is [told it] "65534 .\n65534 in\n65534 in/own\n65534 link\n65532 others\n65534 own\n0 roots\n"
	is [file attributes [path secret] -owner] root
	stop
	file delete -force $folder
}

# Whose a socket is, the table says; and a file that has a name elsewhere, too, was perhaps not put there by root.
test what_an_earlier_user_has_in_its_folder_is_no_socket_of_the_table {
	set folder $state/lib/$name
	needs_root
	file mkdir $folder
	write secret "" 600
	file link -hard $folder/other [path secret]
	superd [filled {service it {
 listen = "$folder/socket"
 socket_group = "65531"
 socket_mode = 0660
 accept = yes
 user = "65534"
 state_directory = "$name"
 exec = { "/bin/sh", "-c", "cd $folder && stat -c '%u:%g %a %n' . other socket" }
}
}]
	node $folder/socket
	is [told $folder/socket] "65534:65534 755 .\n0:0 600 other\n0:65531 660 socket\n"
	stop
	file delete -force $folder
}

# A program that may write there alone could run there what it has written, too.
test what_a_sandbox_says_of_its_own_folder_holds_there {
	set folder $state/lib/$name
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	file mkdir $folder/closed $folder/kept $folder/bound [path from]
	write from/there ""
	file copy [path from/there] $folder/closed/secret
	run_it {user = root state_directory = "$name" protect_system = strict inaccessible_paths = "$folder/closed"
		read_only_paths = "$folder/kept" bind_paths = "%/from:$folder/bound"
		no_exec_paths = "/" exec_paths = { "/bin", "/usr", "-/lib", "-/lib64" }} \
		{cd $STATE_DIRECTORY && ls closed bound; touch kept/f 2>/dev/null || echo kept; cp /bin/true f && { ./f 2>/dev/null || echo not run; }}
	is [told it] "bound:\nthere\n\nclosed:\nkept\nnot run\n"
	stop
	file delete -force $folder
}

# It is there whatever covers the folder above, also in another root.
test its_own_folder_is_in_another_root {
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	foreach folder {bin lib lib64 usr var} { file mkdir [path root/$folder] }
	run_it {user = root state_directory = "$name" root_directory = "%/root" bind_read_only_paths = { "/bin", "/usr", "/lib", "-/lib64" }} \
		{cd $STATE_DIRECTORY && : >f && ls}
	is [told it] "f\n"
	stop
	is [exists $state/lib/$name/f] 1
	file delete -force [path root/var]
	forget
}

test a_folder_that_a_sandbox_leaves_no_place_for_fails_the_start_by_its_name {
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	run_it {state_directory = "$name" inaccessible_paths = "$state"} true
	close [connect it]
	log "it: cannot start: mounting: $state/lib/$name: No such file or directory ("
	stop
	forget
}

test scheduling_is_what_was_asked_for {
	needs_root
	answers_so "user = root ignore_sigpipe = yes" "grep SigIgn /proc/self/status | cut -f2" "0000000000001000\n"
	answers_so "user = root cpu_scheduling_policy = batch" "cut -d' ' -f41 /proc/self/stat" "3\n"
	answers_so "user = root cpu_scheduling_policy = idle" "cut -d' ' -f41 /proc/self/stat" "5\n"
}
