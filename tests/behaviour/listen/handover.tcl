# What a backend gets: both switches in their four combinations, many sockets in the table's order, templates, and that nothing
# else of superd's comes with it. The backend "report" says what it found; it knows nothing of superd.
suite handover

# What a service "web" with these options is given; further words for superd's setup.
proc report_of {{options ""} args} {
	superd {*}$args {service web { listen = "127.0.0.1:0" exec = "$tests/report %/report" $options }}
	is [ask web hello] reported
	set report [reported %/report]
	stop
	return $report
}
proc lists {report key word} { expr {$word in [field $report $key]} }

test listeners_by_systemds_protocol {
	fields [report_of] fds "0 1 2 3" env.LISTEN_FDS 1 env.LISTEN_FDNAMES web listen_pid_own 1 fd.3.type stream \
		fd.3.listening 1 fd.3.cloexec 0 fd.3.nonblock 0 fd.0.target /dev/null env.REMOTE_ADDR none
}

# One socket is input and output, and errors go elsewhere.
proc is_inetds {report} {
	is [field $report fd.0.target] [field $report fd.1.target]
	expect {[field $report fd.2.target] ne [field $report fd.0.target]}
}

test listener_by_inetds_wait {
	set report [report_of "pass = inetd"]
	fields $report fds "0 1 2" fd.0.listening 1 fd.1.listening 1 fd.0.nonblock 0 env.LISTEN_FDS none env.LISTEN_PID none
	is_inetds $report
}

test connection_by_systemds_protocol {
	set report [report_of "accept = yes pass = systemd"]
	fields $report fds "0 1 2 3" env.LISTEN_FDS 1 listen_pid_own 1 fd.3.listening 0 fd.3.nonblock 0 fd.3.cloexec 0 \
		env.REMOTE_ADDR 127.0.0.1
	expect {[field $report env.REMOTE_PORT] > 1023}
}

test connection_by_inetds_nowait {
	set report [report_of "accept = yes"]
	fields $report fds "0 1 2" fd.0.listening 0 fd.0.nonblock 0 env.REMOTE_HOST 127.0.0.1 env.LISTEN_FDS none
	is_inetds $report
}

test the_client_reads_its_own_instances_report {
	superd {service web { listen = "127.0.0.1:0" accept = yes exec = "$tests/report -" }}
	fields [told web] fds "0 1 2"
}

test an_ipv4_client_of_a_dual_stack_socket_is_told_as_ipv4 {
	superd {service web { listen = "0" accept = yes exec = "$tests/report -" }}
	fields [told web] env.REMOTE_HOST 127.0.0.1
}

test many_sockets_come_in_the_tables_order {
	superd {service many {
		socket web { listen = "127.0.0.1:0" }
		socket packets { listen = "seqpacket:%/p.sock" }
		socket pipe { listen = "fifo:%/fifo" }
		socket dns { listen = "udp:127.0.0.1:0" }
		socket local { listen = "%/s.sock" }
		socket letters { listen = "unix-dgram:%/d.sock" }
		listen = { "@superd-test-$self" }
		exec = "$tests/report %/report"
	}}
	port many
	node %/d.sock
	node %/s.sock
	is [ask %/s.sock hello] reported
	fields [reported %/report] fds "0 1 2 3 4 5 6 7 8 9" env.LISTEN_FDS 7 \
		env.LISTEN_FDNAMES web:packets:pipe:dns:local:letters:many fd.3.type stream fd.4.type seqpacket \
		fd.4.address [path p.sock] fd.5.kind fifo fd.6.type datagram fd.7.address [path s.sock] fd.8.type datagram \
		fd.9.address @superd-test-$self
}

test every_socket_of_a_service_activates_it {
	superd {service both { listen = { "127.0.0.1:0", "%/s.sock" } exec = "$backend take 1" }}
	port both
	repeat 5 {
		pid both
		ask %/s.sock who
	}
}

test templates_are_filled_in {
	superd {service tell {
		socket first { listen = "127.0.0.1:0" }
		socket second { listen = "udp:127.0.0.1:0" }
		exec = "$tests/report %/report %{fd:second} %{service} %{port} 100%%"
		env = { "NGINX=%{fd};", "WHO=%{service}" }
	}}
	set port [port tell/0]
	is [ask $port hello] reported
	fields [reported %/report] argv.2 4 argv.3 tell argv.4 $port argv.5 100% env.NGINX "3;" env.WHO tell
}

# O_NONBLOCK lives in the file description that all generations share.
proc report_of_the_second_generation {options} {
	write script "if mkdir %/been; then exec $::backend nonblock 1; else exec $::tests/report %/report; fi\n"
	superd {service web { listen = "127.0.0.1:0" exec = "/bin/sh %/script" $options }}
	pid web
	is [ask web hello] reported
	set report [reported %/report]
	stop
	return $report
}

test a_socket_left_non_blocking_is_blocking_for_the_next_backend {
	fields [report_of_the_second_generation ""] fd.3.nonblock 0
}
test a_socket_left_non_blocking_is_blocking_for_inetds_next_backend {
	fields [report_of_the_second_generation "pass = inetd"] fd.0.nonblock 0
}
test non_blocking_sockets_where_asked_for { fields [report_of "non_blocking = yes"] fd.3.nonblock 1 }

# Of this test: field 19 of proc_pid_stat(5).
proc own_nice {} { lindex [regsub {^.*\) } [read /proc/$::self/stat] ""] 16 }

test signals_and_sessions_are_as_new {
	set report [report_of]
	fields $report blocked "" proc.SigIgn 0000000000000000
	# A sanitizer in the backend itself sets handlers of its own.
	if {![is_sanitized]} { fields $report not_default "" }
	fields $report session_leader 1 group_leader 1 cwd / umask 0022 nice [own_nice]
}

test nothing_of_superds_own_is_passed_on {
	set report [report_of {passenv = { "WANTED", "NOT_THERE" }} -leaks -environment \
		{NOTIFY_SOCKET=/nowhere REMOTE_ADDR=192.0.2.1 LISTEN_FDNAMES=old WATCHDOG_USEC=1 SECRET=yes WANTED=yes}]
	fields $report fds "0 1 2 3" env.WANTED yes env.LISTEN_FDNAMES web
	foreach name {NOTIFY_SOCKET REMOTE_ADDR WATCHDOG_USEC SECRET NOT_THERE CRITERION_JOBS SUPERD_BIN} {
		expect {![lists $report environment $name]} "$name was passed on"
	}
	expect {[field $report env.PATH] ne "none"}
}

# NAME, "", uid, gid, "", home and shell of a user by name or number, from the passwd file; empty: none is there.
proc passwd {who} {
	foreach line [split [read /etc/passwd] \n] {
		set entry [split $line :]
		if {$who in [list [lindex $entry 0] [lindex $entry 2]]} { return $entry }
	}
}

test the_environment_is_the_users {
	lassign [passwd $user] name x uid gid x home shell
	needs {$name ne ""} "this test's user has no passwd entry"
	fields [report_of] env.USER $name env.LOGNAME $name env.HOME $home env.SHELL $shell
}

test surroundings_are_as_the_table_says {
	write more.env "# a comment\nFROM_FILE='a value'\nBOTH=file\n"
	file mkdir [path folder]
	set nice [expr {[own_nice] < 19 ? [own_nice] + 1 : 19}]
	set report [report_of [filled {env = { "A=1", "BOTH=env", "SPACED=two words" }
		environment_file = { "%/more.env", "-%/not-there" }
		working_directory = "%/folder" umask = 0077 nice = $nice
		rlimit_nofile = "100:200" rlimit_core = 0 oom_score_adjust = 700
		no_new_privileges = yes argv0 = "somebody"}]]
	fields $report env.A 1 env.BOTH file env.FROM_FILE "a value" env.SPACED "two words" cwd [path folder] umask 0077 \
		nice $nice rlimit.nofile 100:200 rlimit.core 0:0 oom_score_adj 700 no_new_privileges 1 argv.0 somebody
}

test superds_own_descriptor_limit_is_not_the_backends {
	regexp -line {^Max open files +(\S+) +(\S+)} [read /proc/$self/limits] all soft hard
	needs {$soft ne "unlimited" && $hard ne "unlimited"} "there is no limit here"
	if {$soft > 65536} { set soft 1024 }
	fields [report_of] rlimit.nofile $soft:$hard
}

proc needs_users {} { needs {[has_users]} "needs root, and a build that every user can reach" }

test another_user_gets_all_of_its_identity {
	lassign [passwd nobody] name x uid gid x home
	needs {$name ne ""} "nobody is no user here"
	needs_users
	set report [report_of {user = "nobody"}]
	fields $report uid "$uid $uid $uid" gid "$gid $gid $gid" env.USER nobody env.HOME $home proc.CapEff 0000000000000000
	expect {![lists $report groups 0]} "root's group was kept"
}

test a_user_that_is_only_a_number_will_do {
	needs_users
	fields [report_of {user = "54321" group = "54322"}] uid "54321 54321 54321" gid "54322 54322 54322"
}

test a_capability_survives_the_change_of_user {
	needs_users
	fields [report_of {user = "54321" ambient_capabilities = { "net_bind_service" }
		capability_bounding_set = { "net_bind_service" }}] \
		proc.CapEff 0000000000000400 proc.CapAmb 0000000000000400 proc.CapBnd 0000000000000400
}

test superd_without_privileges_starts_its_own_users_backends {
	needs_users
	fields [report_of {user = "54321"} -uid 54321] uid "54321 54321 54321" fds "0 1 2 3"
}

test a_backend_behind_a_shell_keeps_its_protocol {
	superd {service web { listen = "127.0.0.1:0" exec = "/bin/sh -c 'exec $tests/report %/report'" }}
	is [ask web hello] reported
	fields [reported %/report] listen_pid_own 1 argv.1 [path report]
}

test a_start_costs_no_descriptor {
	superd {
		service web { listen = "127.0.0.1:0" exec = "$backend take 1" }
		service each { listen = "127.0.0.1:0" accept = yes exec = "$backend stdio" }
	}
	repeat 2 { pid web; pid each }  ;# from the second start on, a control group is kept open
	wait {[processes] == 0}
	set before [descriptors]
	repeat 50 { pid web; pid each }
	# One more, of all starts, by which superd hears of connections that end.
	wait {[descriptors] <= $before + 1}
}
