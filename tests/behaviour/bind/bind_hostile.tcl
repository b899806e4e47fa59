# pass = bind against programs that do to superd's worker what they can (hostile_binder.c). What they reach at worst is
# that their own bind waits: superd answers all others as soon as ever, and keeps no process and no descriptor of it.
suite bind_hostile

# The program with these acts, at $port, and what it writes of them; beside it a calm service that serves.
proc acts {acts {options ""}} {
	global port file
	set port [free_port]; set file [write acts "" 666]
	superd -control {
		service hostile { listen = "127.0.0.1:$port" pass = bind start = boot restart = no
			exec = "$tests/hostile_binder $file $port $acts" $options }
		service calm { listen = "127.0.0.1:0" exec = "$backend serve" }
	}
	pid calm
}

# What the program wrote of an act; an error's name; that it has written of it.
proc did {act} {
	wait {[regexp -line "^$act (\\S+)" [read $::file] all value]}
	return $value
}
proc failed {act} { errno [did $act] }
proc has_done {act} { regexp -line "^$act " [read $::file] }

proc needs_root {} { needs {[root]} "needs root, which may become another user" }
proc needs_reach {} { needs {![root] || [has_users]} "needs a build that every user can reach" }

# ---- who else has the filter ----

# The kernel's own answer, as superd has the address. EINVAL: this kernel's io_uring has no bind.
test a_bind_that_passes_by_the_filter_gets_no_listener {
	acts "bind ring serve"
	expect {[failed ring] in {EADDRINUSE EINVAL ENOSYS}}
	pid $port
}

# A daemon runs sessions of others, and gives them no listener: neither does superd.
test a_session_of_another_user_gets_no_listener {
	needs_root
	acts "bind session seteuid thread serve" "user = root"
	is [did session] 0
	is [did seteuid] 0
	expect {[did thread] == 1} "its threads share the main process's descriptors"
	pid $port
	counts "has asked as uid" 0
}

test nor_does_one_in_namespaces_of_its_own {
	needs_root
	acts "bind users network jail root join serve" "user = root"
	foreach place {users network jail root join} { expect {[did $place] != 1} $place }
	pid $port
}

# The program has its sockets: what it runs for others gets none, even as its own user.
test nor_does_a_grandchild_once_the_program_has_all {
	acts "bind late bind serve"
	is [did late] 0
	wait {[string match "*\nbind 0\n" [read $file]]}
	pid $port
}

# A program that gives up its user in a child before it binds is named, as its start fails.
test a_child_of_another_user_that_asks_in_vain_is_named {
	needs_root
	acts "session stay" "user = root"
	is [did session] 0
	log "has asked as uid 65533, and the service's user is uid 0"
}

# ---- storms ----

# What it takes of the processor, and how long the others wait, tests/bench/times measures.
test a_storm_holds_nobody_up_and_fills_no_log {
	acts "bind storm serve"
	while {![has_done storm]} { pid calm; control "status calm" }
	expect {[count hostile:] < 20}
	pid $port
}

# What it has superd-bind do is its service's.
test its_superd_bind_runs_with_the_share_of_its_row {
	acts "bind serve" "nice = 19 cpu_scheduling_policy = batch cpu_quota = 50% cpu_weight = 20"
	did bind
	set binder [aside superd-bind]
	set stat [regsub {^.*\) } [read /proc/$binder/stat] ""]
	is [lindex $stat 16] 19
	is [lindex $stat 38] 3; # SCHED_BATCH
	if {[regexp -line {^0::(/.*/hostile-0)$} [read /proc/$binder/cgroup] all group]} {
		foreach mount {/sys/fs/cgroup /sys/fs/cgroup/unified} {
			if {[file exists $mount$group]} { break }
		}
		is [read $mount$group/cpu.max] "50000 100000\n"
		is [read $mount$group/cpu.weight] "20\n"
		stop
		wait {![file exists $mount$group]}
	}
}

test callers_that_die_leave_nothing {
	acts "bind deaths serve"
	did bind
	wait {[aside superd-bind]}
	set before [descriptors]
	is [did deaths] 60
	pid $port
	descriptors_at_most [expr {$before + 1}]
}

test what_is_no_socket_gets_the_kernels_answer {
	acts "bind wrong serve"
	did bind
	foreach {what error} {listen ENOTSOCK pipe ENOTSOCK file ENOTSOCK epoll ENOTSOCK closed EBADF negative EBADF path EBADF
			view EBADF address EFAULT length EINVAL twice EINVAL} {
		expect {[failed "wrong $what"] eq $error} $what
	}
	pid $port
}

test many_other_addresses_fill_no_channel {
	acts "others bind serve"
	is [did bind] 0
	pid $port
}

test a_filter_of_the_programs_own_has_the_last_word {
	acts "bind filter serve"
	is [failed filter] EPERM
	pid $port
}

# A program that binds a path has the socket at another one, or the same.
proc is_bound {log listens binds} {
	superd {service path { socket web { listen = "$listens" binds = "$binds" } pass = bind
		exec = "$tests/hostile_binder $log $binds path serve" }}
	node $listens
	has [ask $listens hello] " hello"
	expect {[regexp {^connect (\d+)\npath 0\n$} [read $log] all error] && [errno $error] eq "ECONNREFUSED"}
	stop
	file delete $listens
}

# Paths of 10, 14 and 26 bytes: the address is as long as that of a netlink, an IPv4, an IPv6 socket.
test a_path_as_long_as_another_familys_address_is_one_all_the_same {
	foreach length {10 14 26} {
		set at [format /tmp/b%0*d [expr {$length - 6}] [expr {[free_port] % 1000}]]
		expect {[string length $at] == $length}
		is_bound [path acts$length] $at $at
		is_bound [path elsewhere$length] [path a-socket-$length-of-quite-another-length] $at
	}
}

# ---- what has escaped ----

# It binds on, and its calls go to the kernel, as if there were no filter. A kernel without anybody to ask would answer
# ENOSYS, to every program that the process runs.
proc errors {} { lmap {all error} [regexp -all -inline -line {^late (\d+)} [read $::file]] { errno $error } }
proc has_the_kernel {} {
	set rounds [times [read $::file] round]
	wait {[times [read $::file] round] > $rounds + 1}
	expect {"ENOSYS" ni [errors]} [read $::file]
}

# A process of a program that stays, and of what has left that.
proc acts_and_escapes {} {
	acts "bind escape stay" "kill_mode = process"
	set escaped [did escape]; did late
	return $escaped
}
proc end {args} { foreach pid $args { kill $pid; wait {![lives $pid]} } }

test a_process_that_outlives_its_instance_has_the_kernel {
	set escaped [acts_and_escapes]
	control "stop hostile"
	wait {"EADDRINUSE" in [errors]}
	has_the_kernel
	upgrade
	pid calm; control "status calm"
	has_the_kernel
	end $escaped
}

# superd can open no further descriptor, unless it closes one before.
proc leave_no_descriptor {} {
	set pid [superd_pid itself]
	for {set n 0} {![catch {file readlink /proc/$pid/fd/$n}]} {incr n} {}
	descriptor_limit $n
}

# SIGQUIT leaves the instances running.
proc has_the_kernel_at_the_end {before} {
	set escaped [acts_and_escapes]
	set program [value [control "status hostile"] pid]
	control "stop calm"
	eval $before
	signal QUIT; exit_status
	has_the_kernel
	end $program $escaped
}

test nor_does_superds_end_take_that { has_the_kernel_at_the_end {} }
test nor_does_the_end_of_a_superd_without_a_free_descriptor {
	needs {![is_sanitized]} "sanitizers need descriptors of their own"
	has_the_kernel_at_the_end leave_no_descriptor
}

# ---- poor surroundings ----

proc answers_binds {} {
	acts "bind wrong serve" "user = [lone_user]"
	is [did bind] 0
	pid $::port
	is [failed "wrong listen"] ENOTSOCK
	expect {![logged "cannot see the binds of"]}
	stop
}

# As in a container. The bounding set limits what root gains by exec (capabilities(7)).
test a_superd_with_few_capabilities_answers_programs_of_another_user {
	needs_root; needs_reach
	answers_binds
	drop_capability sys_ptrace; answers_binds
	drop_capability sys_admin; answers_binds
}

# That looks at the flags of a filter before it asks for rights, and this command may gain rights.
test an_older_kernel_takes_the_filter_of_a_privileged_command {
	needs_root
	deny_killable_waits
	drop_capability sys_admin
	acts "bind wrong serve" {exec_prefix = "+"}
	is [did bind] 0
	stop
}

test a_superd_of_an_ordinary_user_answers {
	needs_reach
	set port [free_port]; set file [write acts "" 666]
	superd -uid [expr {[root] ? [lone_user] : 0}] {service own { listen = "127.0.0.1:$port" pass = bind
		exec = "$tests/hostile_binder $file $port bind serve" }}
	pid own
}
