# The control socket against those who misuse it: nobody holds superd up, and nobody does what is not theirs.
suite control_guard

set echo {service web {
 listen = "127.0.0.1:0"
 accept = yes
 exec = "$backend stdio"
}
}

# By its clock one can tell that superd has nothing more to do: what was closed is closed at its end, too.
proc run_echo {{how ""}} {
	set superd [superd {*}$how -control $::echo]
	log "web: listening on "
	return $superd
}

proc settled_descriptors {} { wait {[processes] == 0}; advance 0s; descriptors }
proc is_alive {} { pid web; done list }

proc is_error {code answer} { is [value $answer code] $code }

test half_a_line_keeps_nobody_waiting {
	run_echo
	set half [session]; put $half sta
	is_alive
	put $half "tus web\n"
	is [value [line $half] state] listening
	close $half
}

test a_megabyte_without_an_end_is_refused {
	run_echo
	set client [session]
	expect {[pour $client 1048576] < 1048576} "it has read all of it"
	is_alive
	close $client
}

test rubbish_is_answered_and_changes_nothing {
	run_echo
	set client [session]
	foreach rubbish {"" " " ' \\ -- "status '" "stop ''" * \{\}} { has [request $client $rubbish] {"error":} }
	put_bytes $client "\x01\xff\xfe\n"; has [line $client] {"error":}
	has [request $client list] "{\"done\":true}\n"
	close $client
	is_alive
}

test requests_in_a_row_are_answered_in_their_order {
	run_echo
	set client [session]
	put $client "version\nhealth\nlist\nnonsense\nversion\n"
	shut $client
	foreach part {version done healthy done service done error version done} { has [line $client] "\"$part\"" }
	end_of $client
	close $client
}

# They would be compared with all names in one turn.
test patterns_that_may_take_long_are_refused {
	run_echo
	set set [string repeat x 129]
	is_alive
	is_error usage [control "why '*\[$set]'"]
	is_error unknown [control "why $set"]
}

test who_never_reads_is_told_less_and_holds_nobody_up {
	run_echo
	set deaf [session]; set told 0
	send $deaf "log --lines=0 --follow --level=debug"
	done list
	repeat 1500 { pid web }
	is_alive
	while {![string match {*"dropped":*} [set line [line $deaf]]]} { incr told }
	expect {[value $line dropped] > 0 && $told + 1 > 10}
	close $deaf
}

test a_thousand_connections_use_up_nothing {
	run_echo -clock
	is_alive
	set before [settled_descriptors]
	repeat 1000 { lappend clients [connect %/control] }
	is_error busy [line [lindex $clients end]]
	expect {[descriptors] <= $before + 70}
	foreach client $clients { close $client }
	descriptors_at_most $before
	is_alive
}

proc is_refused {lines} {
	set client [connect %/control]; line $client
	put $client $lines
	is_error denied [line $client]
	end_of $client; close $client
}

# As a program of root's is that others can make connect and write what they have chosen before.
test who_repeats_no_hello_is_no_operator {
	run_echo
	node %/control
	set client [connect %/control]; set word [value [line $client] hello]
	is_refused "stop web\n"
	is_refused "Nov 26 05:00:00 log: a line\nstop web\n"
	is_refused "hello\nstop web\n"
	is_refused "hello \nstop web\n"
	is_refused "hello $word\nstop web\n"; # the word of another connection
	put $client "hello $word\nhealth\n"
	has [line $client] {"degraded":false}
	expect {[count "requested: stop"] == 0}
	close $client
}

test one_too_many_is_refused {
	run_echo
	set other [session]
	repeat 63 {
		lappend followers [set follower [session]]
		send $follower "log --lines=0 --follow"
		has [request $other list] {{"done":true}}; # it is heard before the next comes
	}
	set late [connect %/control]; is_error busy [line $late]; close $late
	pid web
	foreach follower $followers { has [line $follower] {"started"}; close $follower }
	close $other
}

test who_is_gone_is_forgotten {
	run_echo -clock
	is_alive
	set before [settled_descriptors]
	foreach lines {"" " --lines=0" "" " --lines=0" "" " --lines=0" "" " --lines=0"} {
		lappend clients [set client [session]]; send $client "log$lines --follow"
	}
	close {*}$clients
	descriptors_at_most $before
}

test who_closes_one_way_and_then_goes_makes_room {
	run_echo
	repeat 20 {
		set client [session]; send $client "log --lines=0 --follow other*"; shut $client
		done version; # it is heard before it goes
		close $client
	}
	is_alive
}

proc says_who_runs {first more} {
	use $first; set pid [superd_pid]
	return "superd is already running here (pid $pid), and answers at [path control]: $more"
}

test the_next_superd_gets_the_place_of_one_that_ends {
	set first [run_echo]
	wait {[reachable %/control]}
	set words [says_who_runs $first "waiting up to 5 s for its end"]
	set second [superd -clock -control $echo]
	log $words
	use $first; stop
	use $second; log "web: listening on "
	wait {[reachable %/control]}
	done version
}

proc needs_root {} { needs {$::user == 0} "this test has to be somebody else" }

test only_its_owner_may_connect {
	needs_root
	run_echo
	wait {[reachable %/control]}
	is [mode %/control] 600
	file attributes [path .] -permissions 0755
	has [control_as 65534 65534 {} list] "Permission denied"
	# even if the node let them,
	file attributes [path control] -permissions 0666
	has [control_as 65534 65534 {} list] {"code":"denied"}
}

test superds_own_user_may_act {
	needs {[has_users]} "this test has to be anybody, and others have to read what was built"
	file attributes [path .] -owner 65534 -group 65534
	superd -control -uid 65534 $echo
	wait {[reachable %/control]}
	has [control_as 65534 65534 {} "hold web"] {"ok":true}
}

test without_one_superd_goes_on {
	superd -arguments {--control /nonexistent/control} $echo
	log "no control socket /nonexistent/control: "
	pid web
}

test the_second_superd_leaves_the_first_its_own {
	set first [run_echo]
	wait {[reachable %/control]}
	set words [says_who_runs $first "superctl reload makes it read its files again; --control names another place for this one\n"]
	set second [superd -clock -control $echo]
	wait {[move 1s; ended]}
	expect {[exit_status] == 2}
	expect {[logged $words]}
	expect {![logged "web: listening on "]}
	use $first
	is [value [line [connect %/control]] pid] [superd_pid itself]
}

test an_idle_superd_with_a_control_socket_does_not_wake {
	run_echo -clock
	set client [session]
	has [request $client list] "{\"done\":true}\n"
	advance 1h
	set before [woken]
	expect {[stays_quiet $client]}
	expect {[woken] == $before}
	close $client
}
