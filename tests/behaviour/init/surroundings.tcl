# superd as PID 1 where a container gives it little, or much: no privilege, no passwd entry, nothing to write to, no
# control groups; descriptors without limit, a log that nobody reads, sockets of whoever started it.
suite surroundings
uses containers

proc more {exec {options ""}} { replaced [web $exec $options] "service web" "service more" }

test a_made_up_user_of_group_0_below_a_read_only_root {
	needs_users
	needs {![is_sanitized]} "sanitizers need /proc"
	superd -pid1 -bare -uid 1000660000 -group_root [web "$backend take 1"][more "$backend stdio" "accept = yes"]
	repeat 3 { ask web hello }
	ask more hello
	stop
	expect {![logged warning]}
}

# All of its stops take place. One that is being stopped may take another client, so each end is waited for.
test without_proc_it_is_said_once_that_nothing_can_be_frozen {
	needs_users
	needs {![is_sanitized]} "sanitizers need /proc"
	superd -clock -pid1 -bare [web "$backend serve" "idle_timeout = 10min"]
	foreach times {1 2 3} {
		pid web
		until 10min {[count "web: stopping pid "] == $times} 5
		wait {[count "ended: signal TERM"] == $times}
	}
	expect {[count "web: stopping pid "] == 3}
	expect {[count "cannot be frozen"] == 1}
	expect {[logged "by /proc only"]}
}

test a_port_that_takes_a_privilege_is_told_with_what_would_help {
	needs_users
	set start [read /proc/sys/net/ipv4/ip_unprivileged_port_start]
	needs {$start ne "" && $start > 80} "every port is anybody's here"
	superd -pid1 -uid 54321 -group_root [replaced [web "$backend take 1"] 127.0.0.1:0 127.0.0.1:80]
	log CAP_NET_BIND_SERVICE
	expect {[logged ip_unprivileged_port_start]}
	if {![ended]} stop
}

# As in gVisor, or any container that is given none. What limits is told where it is asked for, and once.
test without_control_groups_each_limit_is_told_of_once {
	needs {![is_sanitized]} "sanitizers need /proc"
	as_init [web "$backend take 1" "user = \"0\""][more "$backend take 1" "user = \"0\"\n tasks_max = 50"] -bare
	repeat 3 { ask web hello; ask more hello }
	stop
	expect {[count "superd's control group: [error_text ENOENT]"] == 1}
}

# The most descriptors that a limit may be.
proc needs_any_number {} {
	set most [string trim [read /proc/sys/fs/nr_open]]
	needs {$most > 65536 && [works -pid1 -descriptors $most]} "the limit cannot be raised here"
	return $most
}

test a_limit_of_any_number_of_descriptors_is_not_passed_on {
	set most [needs_any_number]
	as_init [web "$tests/report [path report]"] -descriptors $most
	ask web hello
	fields [reported %/report] rlimit.nofile 1024:$most
}

test the_main_command_has_the_containers_own_limit {
	set most [needs_any_number]
	with_command "ulimit -Sn; ulimit -Hn" [web "$backend serve"] -descriptors $most
	expect {[exit_status] == 0}
	expect {[logged "$most\n$most\n"]}
}

# ---- starts that lack something ----

# Runs superd with a main command that ends at once, behind these words of a shell; with mounts of its own where those
# are to be nobody else's. Whatever comes of it, it is no signal, it is said, and nothing is left.
proc start_behind {words {options ""} {has_mounts no}} {
	write start.conf "service a {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n}\n"
	set script "$words\nexec $::superd --no-preflight -f [path start.conf] --control [path start.control]
		--pid-file [path start.pid] $options -- /bin/true"
	set script [string map {"\n\t\t" " "} $script]
	set shell [expr {$has_mounts ? {exec unshare -m /bin/sh -c "$0"} : {eval "$0"}}]
	lassign [run /bin/sh -c $shell $script] status output errors
	expect {$status < 128} "$script: ended with $status: $errors"
	expect {$status == 0 || $errors ne ""} "$script: ended with $status and said nothing"
	expect {![exists %/start.pid] && ![exists %/start.control]} "$script: left something: $errors"
	return [list $status $errors]
}

# Whatever its beginning lacks, superd says so and ends with 2, or goes on without; libev would call abort(3).
test each_thing_that_a_start_lacks_is_told {
	needs {![is_sanitized]} "sanitizers need things of their own"
	set may_mount [expr {[root] && [lindex [run /bin/sh -c "unshare -m mount -t tmpfs none /dev"] 0] == 0}]
	foreach {words options status said} {
		"mount -t tmpfs none /dev" "" 2 "cannot start: cannot open /dev/null: No such file or directory"
		"mount -t tmpfs none /dev && mkdir /dev/null" "" 2 "cannot start: cannot open /dev/null: Is a directory"
		"mount -t tmpfs none /proc" "" 0 ""
		"mount -t tmpfs -o ro none /run" "--control /run/superd/control" 0 "no control socket /run/superd/control: "
		: "--pid-file /nonexistent/pid" 2 "pid file /nonexistent/pid: "
		: "--log file:/nonexistent/log" 2 "cannot log to file:/nonexistent/log: "
		: "--control /nonexistent/control" 0 "no control socket /nonexistent/control: "
		"mount -t tmpfs -o size=4096 none /run; head -c 8192 /dev/zero >/run/full 2>/dev/null"
			"--pid-file /run/pid" 2 "cannot write the pid file /run/pid: No space left on device"
		"exec <&-" "" 0 ""
		"exec >&-" "" 0 ""
		"mkdir gone && cd gone && rmdir ../gone" "" 0 ""
		"ulimit -i 0" "" 0 ""
		"ulimit -l 0" "" 0 ""
		"ulimit -s 256" "" 0 ""
	} {
		set has_mounts [string match mount* $words]
		if {$has_mounts && !$may_mount} continue
		lassign [start_behind "cd [path .]\n$words" $options $has_mounts] ended errors
		expect {$ended == $status} "$words: $ended: $errors"
		has $errors $said
	}
}

# One descriptor more each time, so that each that the start opens is the first that cannot be had once.
test too_few_descriptors_are_told {
	needs {![is_sanitized]} "sanitizers need descriptors of their own"
	set refused 0
	for {set most 4} {$most <= 40} {incr most} {
		lassign [start_behind "ulimit -n $most"] status errors
		expect {$status in {0 1 2 127} || [string match "*main command*" $errors] || [string match "*Too many open*" $errors]} \
			"$most descriptors: $status: $errors"
		incr refused [expr {$status == 2 && [string match "*cannot start: cannot open *" $errors]}]
	}
	expect {$refused > 0}
}

# The same with memory, page by page below what is enough, down to what the libraries need.
test too_little_memory_is_told {
	needs {![is_sanitized]} "sanitizers need memory of their own"
	set enough 4096; set tried 0; set refused 0
	# with less the loader fails, by a signal at times
	proc loads {kib} { expr {[lindex [run /bin/sh -c "ulimit -v $kib; exec $::superd --version"] 0] == 0} }
	while {$enough < 1 << 20 && (![loads $enough] || [lindex [start_behind "ulimit -v $enough"] 0] != 0)} { incr enough 512 }
	expect {$enough < 1 << 20}
	for {set kib [expr {$enough - 1024}]} {$kib < $enough} {incr kib 4} {
		if {![loads $kib]} continue
		incr tried
		lassign [start_behind "ulimit -v $kib"] status errors
		incr refused [expr {$status == 2 && [string match "*cannot start: out of memory\n*" $errors]}]
	}
	expect {$tried > 0 && $refused > 0}
}
