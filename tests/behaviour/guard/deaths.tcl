# superd, its guard, superd-output and superd-bind are killed, each alone and in pairs, while clients wait: the table in superd(8). What
# programs print is the suite output's.
suite deaths

uses binding

proc web {{how ""}} {
	superd {*}$how -guard -control {service web { listen = "127.0.0.1:0" exec = "$backend talk" }}
	port web
}

# Clients wait in the queue, as a command of the start has not ended.
proc run_with_clients {} {
	superd -clock -guard -control {service web { listen = "127.0.0.1:0" exec = "$backend talk" timeout_start = infinity
		exec_start_pre = "/bin/sh -c 'echo begun >>%/diary; while ! test -e %/go; do sleep 0.02; done'" }}
	repeat 5 { lappend clients [set client [connect web]]; send $client hello }
	wait {[lines %/diary] == 1}
	return $clients
}

proc are_served_by_one {clients} {
	foreach client $clients {
		lassign [line $client] pid word
		is $word hello
		lappend pids $pid
		close $client
	}
	expect {[llength [lsort -unique $pids]] == 1} $pids
	expect {[lines %/diary] == 1} "the command has run again"
}

proc is_stopped {pid} { kill $pid STOP; wait {[stopped $pid]} }

test of_superd_lose_nobody_who_waits_and_start_nothing_twice {
	set clients [run_with_clients]
	repeat 3 { advance 1min; kill_superd }
	write go now
	are_served_by_one $clients
}

# The command ends while there is nobody who could wait for it.
test of_superd_hide_no_end_that_comes_meanwhile {
	set clients [run_with_clients]
	set below [below_guard]
	kill $below STOP
	write go now
	wait {[descendants $below] eq "" || [stopped $below]}
	kill $below
	are_served_by_one $clients
}

test of_the_guard_end_superd_as_sigterm_does {
	web
	set pid [pid web]; set guard [superd_pid]; set below [below_guard]
	kill $guard
	wait {[logged "superd: ended with status 0"]}
	expect {[logged "the guard, pid $guard, has ended: superd ends, too"]}
	expect {[logged "web: pid $pid ended: signal TERM"]}
	wait {![lives $below]}
	expect {[exit_status] == 128 + 9}
}

# The guard first, and superd before it can hear of that; and the other way round.
test of_both_leave_the_program_with_its_clients {
	foreach first {guard superd} {
		web
		set client [connect web]; set guard [superd_pid]; set below [below_guard]; set pid [pid web]
		send $client one; has [line $client] " one"
		is_stopped $below
		if {$first eq "superd"} { is_stopped $guard }; # else it may start the next one in between
		foreach victim [expr {$first eq "guard" ? [list $guard $below] : [list $below $guard]}] { kill $victim }
		expect {[exit_status] == 128 + 9}
		wait {![lives $below]}
		send $client two; has [line $client] " two"
		expect {[pid web] == $pid}
		close $client
		kill $pid
		reap $pid
	}
}

# It is asked as the guard that it would be.
test come_of_no_program_that_would_fail_as_the_guard {
	set place [path superd]
	file link -symbolic $place $superd
	web "-program $place"
	set pid [pid web]; set below [below_guard]
	write newer "#!/bin/sh\ncase \$1 in --guard-again=*) exit 3;; esac\nexec $superd \"\$@\"\n" 755
	file rename -force [path newer] $place
	signal USR2
	log "not upgraded: $place cannot take over: exit status 3"
	expect {[below] == $below}
	expect {[pid web] == $pid}
	remove $place
	file link -symbolic $place $superd
	upgrade
	expect {[pid web] == $pid}
}

# A program that has not bound yet. superd-bind: it is killed; superd: it is.
proc bind_after {binder below} {
	file delete [path go] [path begun]
	set port [free_port]
	superd -guard -control [bind_table "\"127.0.0.1:$port\"" "backoff_min = 1ms backoff_max = 1ms" \
		"mark=%/begun await=%/go tcp4 nonblock bind=127.0.0.1:$port listen=64 watch=level serve=level"]
	log "web: listening on "
	set client [connect $port]; send $client who
	wait {[lines %/begun] == 1}
	control "status web"; # superd answers in a later turn than that of the start
	set answers [aside superd-bind]
	expect {$answers > 0}
	if {$binder} { kill $answers }
	if {$below} { kill_superd }
	write go now
	has [line $client] " who"
	close $client
	if {!$binder} { expect {[lines %/begun] == 1} "it was started again" }
	stop
}

test of_superd_leave_a_program_that_binds {
	needs_bind
	bind_after 0 1
}

# Its bind fails, and the next instance serves who waits.
test of_superd_bind_cost_the_program_and_no_client {
	needs_bind
	bind_after 1 0
	bind_after 1 1
}

# Two of superd's processes at once, of which none hears of the other's death, and the program that has bound. If one is superd
# itself, the next superd starts the other anew.
proc end_pair {one other} {
	set port [free_port]
	superd -guard -control [bind_table "\"127.0.0.1:$port\"" "timeout_stop = 1min" \
		"tcp4 nonblock bind=127.0.0.1:$port listen=64 watch=level serve=level"]
	set below [below_guard]; set pid [pid web]
	foreach name [list $one $other] {
		if {$name in {guard superd}} { lappend pids [expr {$name eq "guard" ? [superd_pid] : $below}]; continue }
		wait {[aside $name] > 0}
		lappend pids [aside $name]
	}
	is_stopped $below
	foreach victim $pids { kill $victim }
	set client [connect $port]; send $client who; has [line $client] " who"
	close $client
	if {$one ne "superd"} { kill $below CONT }
	if {$one eq "guard"} {
		expect {[exit_status] == 128 + 9}
		wait {[logged "superd: ended with status 0"]}
		expect {[logged "web: pid $pid ended: exit status 0"]}
		wait {![lives $below]}
		return
	}
	if {$one eq "superd"} { wait {[below] ni [list 0 $below]} }
	wait {[aside superd-output] > 0}
	expect {[pid $port] == $pid}
	stop
}

test of_two_processes_are_those_of_each {
	needs_bind
	end_pair guard superd-output
	end_pair guard superd-bind
	end_pair superd-output superd-bind
	end_pair superd superd-output
}

# One that a session of a service has left in the background: only what superd had not finished to start ends with it.
test of_superd_spare_another_that_a_program_has_left {
	write inner.conf {service inner { listen = "%/inner" accept = yes pass = inetd exec = "/bin/echo inner" }}
	write login "#!/bin/sh\nsetsid [filled $superd] --no-guard --control none -f [filled %/inner.conf] >/dev/null 2>&1 </dev/null &" 0755
	superd -clock -guard -control {service login { listen = "127.0.0.1:0" accept = yes pass = inetd kill_mode = process
		exec = "%/login" }}
	close [connect login]
	node %/inner
	advance 1min
	kill_superd
	is [told %/inner] "inner\n"
}

suite journal

# superd's, by which its text can be read.
proc journal_file {} {
	foreach link [glob /proc/[below_guard]/fd/*] {
		if {![catch {file readlink $link} target] && [string match *memfd:superd-journal* $target]} { set file $link }
	}
	return $file
}

proc journal_size {} { file size [journal_file] }

# Bytes that ten connections add, in a table of so many services.
proc growth {services} {
	for {set n 0} {$n < $services} {incr n} {
		append table "service s$n { listen = \"127.0.0.1:0\" accept = yes exec = \"\$backend lines\" }\n"
	}
	superd -guard -control $table
	wait {[count ": listening on "] == $services}
	ask s0 hello
	wait {[processes] == 0}
	set before [journal_size]
	repeat 10 { ask s0 hello; wait {[processes] == 0} }
	set growth [expr {[journal_size] - $before}]
	stop
	return $growth
}

test of_a_connection_is_as_long_in_a_large_table {
	needs {[root]} "superd lets nobody but root look into it"
	set small [growth 1]; set large [growth 200]
	expect {$small > 0 && $small < 10 * 2000}
	expect {$large < $small + 10 * 100}
}

# The number of a socket that was closed is another's soon.
test of_a_socket_that_nobody_has_claimed_has_no_line {
	needs {[root]} "superd lets nobody but root look into it"
	set listener [listener [free_port]]
	superd -guard -listener $listener {service web { start = boot listen = "%/web" exec = "$backend talk" }}
	log "belongs to no endpoint of the configuration: closed"
	answers %/web hello; # in a later turn
	foreach line [split [read [journal_file]] \n] {
		if {[regexp {^.fd #(\d+)} $line -> number]} { set sockets($number) $line }
	}
	expect {[array size sockets] > 0}
	foreach {number line} [array get sockets] {
		expect {[string match "+* of=web *" $line] || [string match "-*" $line]} $line
	}
	close $listener
}
