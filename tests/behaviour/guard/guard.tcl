# --guard: superd is killed at any moment, and neither a client nor a backend notices.
suite guard

proc row {name program {options ""}} { filled {service $name { listen = "127.0.0.1:0" exec = "$backend $program" $options }
} }
proc web {{program talk} {how ""}} { superd -guard {*}$how [row web $program]; port web }

test a_killed_superd_loses_no_backend_and_no_listener {
	web
	set pid [pid web]
	repeat 3 { kill_superd; expect {[pid web] == $pid} }
	# superd may have been killed before it logged the start.
	expect {[count "web: started, pid "] <= 1}
	expect {[count "web: listening on "] == 1}
}

test clients_that_came_while_there_was_no_superd_are_served {
	superd -guard -control [row lazy talk][row each lines "accept = yes"]
	# It says that it runs once its state is saved.
	set first [below_guard]
	close [session]
	kill $first
	set lazy [connect lazy]; set each [connect each]
	send $lazy one; send $each two
	has [line $lazy] " one"; has [line $each] " two"
	close $lazy $each
}

test the_end_of_a_backend_of_the_superd_before_is_heard_of {
	web "take 1"
	set first [connect web]
	log "web: started, pid "
	kill_superd
	send $first hello
	set pid [lindex [line $first] 0]
	close $first
	log "web: pid $pid ended: exit status 0"
	expect {[pid web] != $pid}
}

# They come while superd is stopped, and superd is killed as it accepts them and starts for them, so many milliseconds later: whom it
# was about to serve may be lost, and nobody waits.
proc kill_amid_crowd {milliseconds} {
	set names {s0 s1 s2 s3 s4 s5 s6}
	set pid [below_guard]
	foreach name $names { is [ask $name hello] hello }
	kill $pid STOP
	wait {[stopped $pid]}
	repeat 15 { foreach name $names { lappend clients [set client [connect $name]]; send $client hello } }
	kill $pid CONT
	after $milliseconds
	kill $pid
	foreach client $clients {
		wait {![quiet $client]}
		if {[heard $client]} { is [line $client] hello }
		close $client
	}
	foreach name $names { is [ask $name hello] hello }
	foreach name $names { wait {[value [control "list $name"] instances] == 0} }
}

test under_kills_more_clients_than_notes_are_served {
	set table "defaults { user = \"$user\" }\n"
	for {set n 0} {$n < 7} {incr n} { append table "service s$n { listen = \"127.0.0.1:0\" accept = yes builtin = echo }\n" }
	superd -guard -control $table
	port s6
	foreach milliseconds {0 1 2 3} { kill_amid_crowd $milliseconds }
	expect {![logged "reports what cannot be"]}
}

test an_upgrade_takes_the_guard_with_it {
	web
	set pid [pid web]; set before [below_guard]
	upgrade
	expect {[below_guard] != $before}
	expect {[pid web] == $pid}
	kill_superd
	expect {[pid web] == $pid}
}

# strace(1) kills it in the call by which it ends, so that the guard becomes the new program.
test a_superd_that_is_killed_on_its_way_to_an_upgrade_leaves_none_to_come {
	needs {[exists /usr/bin/strace]} "there is no strace here"
	web
	set pid [pid web]; set below [below_guard]
	needs {[file readable /proc/$below/fd]} "superd hides its memory from its user"
	begin /usr/bin/strace -qq -e trace=exit_group -e inject=exit_group:signal=KILL -p $below
	wait {![regexp {TracerPid:\t0\n} [read /proc/$below/status]]}
	signal USR2
	log "signal KILL ended superd, and its guard restarted it"
	expect {[pid web] == $pid}
	signal TERM
	is [exit_status] 0
	expect {![logged "cannot continue from the state"]}
}

test a_reload_is_what_the_next_superd_has {
	web
	set port [port web]
	reload [row web talk "nice = 1"][row more talk]
	set edited [open [table] a]; puts $edited [row unasked talk]; chan close $edited
	kill_superd
	expect {![logged "unasked: listening"]}
	pid more
	pid $port
}

# The guard learns of the death and of the order in one turn.
test a_reload_that_is_ordered_as_superd_dies_comes_to_the_next {
	web
	set guard [superd_pid]; set below [below_guard]
	kill $guard STOP
	kill $below
	wait {![lives $below]}
	kill $guard HUP
	kill $guard CONT
	log "reloaded: 1 unchanged"
}

test ends_with_superds_own_exit_status {
	lassign [answer --guard -f [write bad.conf "service web \{"]] status output errors
	expect {$status == 1}
	has $errors bad.conf:1
}

test a_superd_that_dies_young_again_and_again_pauses_longer_each_time {
	web talk "-clock -control"
	is [state] listening; # it has saved its state before it answers
	hold_clock
	foreach pause {0 100 200 400} {
		set pid [below_guard]
		kill $pid
		wait {[below] != $pid}
		if {$pause} {
			advance [expr {$pause - 10}]ms
			expect {[below] == 0} "pause $pause"
			move 20ms
		}
	}
	has [ask web hello] " hello"
}

test a_state_outlives_kills_by_others {
	web
	set pid [pid web]
	repeat 3 {
		# As if by a fault of its own.
		set before [below_guard]
		kill $before SEGV
		wait {[below_guard] != $before}
		kill_superd
	}
	expect {[pid web] == $pid}
}

# The files of the saved state come before the services' sockets.
test has_its_state_where_descriptors_are_too_few_for_the_services {
	for {set n 0} {$n < 40} {incr n} { append table [row s$n lines "accept = yes"] }
	superd -guard -control -descriptors [expr {40 + [own_programs]}] $table
	log "superd has too few descriptors for its sockets"
	node %/control; # it comes behind the services' sockets
	expect {[lindex [superctl list] 0] == 0}
	kill_superd
	expect {![logged "cannot save the state"]}
}

test who_asks_for_a_shutdown_waits_until_superd_has_gone {
	web talk -control
	set own [below_guard]
	node %/control
	expect {[lindex [superctl shutdown] 0] == 0}
	expect {![exists /proc/$own]} "the guard, which ends last, has not seen the end of superd"
	expect {[exit_status] == 0}
}

# The next superd stops what is left, and the answer comes behind that.
test who_asks_for_a_shutdown_waits_also_when_superd_dies_meanwhile {
	superd -clock -guard -control {service web { listen = "127.0.0.1:0" exec = "$backend hang" timeout_stop = 1h kill_signal = SIGWINCH }
		superd { stop_timeout = 2h }}
	done "start web"
	set pid [value [control "status web"] pid]
	node %/control
	set program [begin $superctl --control %/control shutdown]
	log ": stopping"
	kill_superd
	log "its guard restarted it"
	expect {[lives $pid] && [lives [program_pid $program]]}
	advance 59min
	expect {[lives [program_pid $program]]}
	advance 2min
	is [finish $program] {0 {} {}}
	expect {![lives $pid] && [exit_status] == 0}
}

test superctl_shows_whether_there_is_one {
	superd -guard -control [row s lines "accept = yes"]
	node %/control
	has [prints version] "\nguard, pid [superd_pid]: "
	stop
	superd -control -arguments --no-guard [row s lines "accept = yes"]
	node %/control
	has [prints version] "\nno guard: "
}
