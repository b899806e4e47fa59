# What happens around a question about a client while it is open: limits, reloads, the end of superd, and helpers that are missing
# or die. The answers themselves are lookup's. The slow part is the test's own ident server, in a network of its own.
suite lookup_life
uses ident

proc asking {{listen {"127.0.0.1:0"}} {options ""}} {
	filled {service asked { listen = { $listen } accept = yes id_only = yes user = root exec = "/bin/cat" $options }}
}
proc run_asking {{options ""} args} { superd {*}$args [asking {"127.0.0.1:0"} $options] }
proc nothing_runs {} { wait {[processes] == 0} }
proc goes {client} { end_of $client; close $client }

# Two clients where one may be; the first is asked about.
proc two_come {} {
	uplevel 1 {
		enter
		set server [ident_server]
		run_asking "instances = 1" -clock
		set first [connect asked]
		set question [accept $server]
		set second [connect asked]
	}
}

# The second is served, now that the first makes room.
proc second_is_served {} {
	uplevel 1 {
		reply_next $server
		echoes_and_goes $second
		close $server
		stop
	}
}

test a_client_counts_while_it_is_asked_about {
	two_come
	advance 15s
	expect {[processes] == 1}
	reply $question
	echoes_and_goes $first
	second_is_served
}

# None of them has an instance when the others come.
test clients_that_are_asked_about_at_once_are_limited_by_their_source {
	enter
	set server [ident_server]
	run_asking "per_source = 1"
	repeat 3 { lappend clients [connect asked] }
	repeat 3 { reply_next $server }
	counts "asked: refused 127.0.0.1: asked from 127.0.0.1 exceeded counts (limit 1)" 2
	expect {[processes] == 1}
	close {*}$clients $server
	nothing_runs
	stop
}

# It reads what strangers send (SECURITY.md).
test who_asks_is_a_user_of_its_own {
	needs_users
	enter
	set server [ident_server]
	run_asking
	set client [connect asked]
	set question [accept $server]
	regexp {\nUid:\t(\d+)\t(\d+)} [read /proc/[only_pid]/status] all real effective
	expect {$real >= 60578 && $real <= 60585 && $real == $effective}
	reply $question
	echoes_and_goes $client
	close $server
}

test who_is_refused_makes_room {
	two_come
	close $question         ;# no answer is a no
	goes $first
	log "asked: refused 127.0.0.1: its ident server names no user (id_only)"
	second_is_served
}

# It is asked about again, by the next superd.
test a_client_goes_along_when_superd_is_upgraded {
	enter
	set server [ident_server]
	run_asking
	set client [connect asked]
	set question [accept $server]
	upgrade
	reply_next $server
	echoes_and_goes $client
	close $question $server
	nothing_runs
	stop
}

# A client that is asked about, at an endpoint that a reload can keep.
proc one_comes {{options ""} args} {
	uplevel 1 [list set options $options]
	uplevel 1 [list set args $args]
	uplevel 1 {
		enter
		set server [ident_server]
		set port [free_port]; set here "\"127.0.0.1:$port\""; set there "\"127.0.0.2:$port\""
		superd {*}$args [asking $here $options]
		port asked
		set client [connect $port]
		set question [accept $server]
	}
}

proc ends {} {
	uplevel 1 { close $server }
	nothing_runs
	stop
}

test a_client_goes_along_when_a_reload_changes_the_sockets {
	one_comes
	reload [asking "$here, $there"]
	reply_next $server      ;# it is asked about again, under its new row
	echoes_and_goes $client
	close $question
	ends
}

# Its question is another one, or none is left.
test the_rules_of_now_count_behind_a_reload {
	one_comes
	reload [asking $here {no_access = "127.0.0.1"}]
	goes $client
	close $question $server
	stop
}

# He is let in a second time, and has come once.
test a_reload_counts_nobody_twice {
	one_comes "per_source_rate = 1 banner = \"[write hello hello\n]\""
	reload [asking "$here, $there" "per_source_rate = 1"]
	close $question
	reply_next $server
	is [line $client] hello
	echoes_and_goes $client
	ends
}

# The answer counts.
test a_reload_that_leaves_the_row_as_it_is_asks_nobody_again {
	one_comes "per_source_rate = 1"
	reload "[asking $here "per_source_rate = 1"]\nservice other { listen = \"127.0.0.1:0\" user = root exec = \"/bin/cat\" }"
	reply $question
	echoes_and_goes $client
	ends
}

# It has a place of the service that went, and of none that comes.
test a_client_of_a_service_that_goes_and_comes_back_makes_no_room_there {
	one_comes "instances = 1" -clock
	reload {service other { listen = "127.0.0.3:$port" user = root exec = "/bin/cat" }}
	reload [asking $here "instances = 1"]
	set second [connect $port]
	reply_next $server
	echoes $second
	reply $question
	set third [connect $port]
	settle
	expect {[processes] == 1}
	close $second
	reply_next $server
	echoes_and_goes $client
	reply_next $server
	echoes_and_goes $third
	ends
}

# What its start needs is looked for in the row of now: that of then is gone.
test who_is_let_in_after_a_reload_starts_by_the_row_of_now {
	one_comes "notify_access = main"
	reload [asking $here "notify_access = main nice = 1"]
	reply_next $server
	close $question
	echoes_and_goes $client
	ends
}

# More clients than are started in one turn, each of whom is asked about.
proc crowd_comes {} {
	uplevel 1 {
		set port [port asked]
		repeat 40 { lappend clients [connect $port]; lappend questions [accept $server] }
	}
}
proc asked_again {} { uplevel 1 { foreach question $questions { close $question; reply_next $server } } }
proc crowd_is_served {} {
	uplevel 1 {
		foreach client $clients { echoes_and_goes $client }
		close $server
		nothing_runs
		expect {![logged refused]}
		stop
	}
}

test a_crowd_goes_along_when_a_reload_changes_the_sockets {
	enter
	set server [ident_server]
	set port [free_port]
	superd [asking "\"127.0.0.1:$port\""]
	crowd_comes
	reload [asking "\"127.0.0.1:$port\", \"127.0.0.2:$port\""]
	expect {![logged refused]}
	asked_again
	crowd_is_served
}

test a_crowd_that_is_let_in_while_the_service_is_held_is_served_afterwards {
	enter
	set server [ident_server]
	run_asking "" -control
	crowd_comes
	done "hold asked"
	foreach question $questions { reply $question }
	nothing_runs
	done "release asked"
	crowd_is_served
}

proc sent_away {endpoint} {
	enter
	set server [ident_server]
	run_asking "" -clock
	set client [connect asked]
	set question [accept $server]
	reload {service other { listen = "$endpoint" user = root exec = "$backend take 1" }}
	end_of $client
	log "refused 127.0.0.1: its listener is closed"
	nothing_runs
	close $question $client $server
	stop
}

test a_service_that_is_removed_sends_them_away { sent_away 127.0.0.2:0 }
# The socket of before goes over to a service that could not do anything with them.
test a_service_that_does_not_accept_sends_them_away { sent_away 127.0.0.1:0 }

# As whoever waits at an address that goes. The rules of another are not his.
test an_address_that_is_removed_sends_them_away {
	one_comes
	reload [asking $there]
	end_of $client
	log "refused 127.0.0.1: its listener is closed"
	close $question $client $server
	stop
}

test superd_ends_over_open_questions {
	enter
	set server [ident_server]
	run_asking "" -clock
	repeat 5 { lappend clients [connect asked]; lappend questions [accept $server] }
	stop
	foreach client $clients { goes $client }
	close {*}$questions $server
}

test a_helper_that_dies_is_a_no {
	enter
	set server [ident_server]
	run_asking "" -clock
	set client [connect asked]
	set question [accept $server]
	wait {[processes] == 1}
	kill [pids]
	end_of $client
	nothing_runs
	close $question $client $server
}

test leave_nothing_behind {
	enter
	set server [ident_server]
	run_asking "" -clock
	for {set n 0} {$n < 40} {incr n} {
		set client [connect asked]
		if {$n % 4 == 3} {
			close [accept $server]
			goes $client
		} else {
			reply_next $server
			echoes_and_goes $client
		}
		nothing_runs
		if {$n == 0} { set before [descriptors] }
	}
	descriptors_at_most $before
	close $server
}

# More refused clients than are kept for a question are refused without one.
test a_refused_client_is_asked_about_but_not_a_crowd_of_them {
	enter
	set server [ident_server]
	superd -control {service s { listen = "127.0.0.1:0" accept = yes user = root exec = "/bin/cat" no_access = "127.0.0.1"
		log_type = { FILE, "%/log" } log_on_failure = { HOST, USERID } }}
	repeat 24 { lappend clients [connect s] }
	sees { control "status s" } {"address":24}
	repeat 16 { lappend questions [accept $server] }
	foreach question $questions { reply $question }
	foreach client $clients { goes $client }
	nothing_runs
	expect {[lines %/log] == 24 + 16} [read %/log]
	close $server
}

test where_none_can_be_asked_what_restricts_refuses_and_what_logs_goes_on {
	enter
	exec mount -t tmpfs -o mode=0755 tmpfs $::env(SUPERD_LIBEXEC)
	superd -arguments --no-preflight {defaults { user = root }
		service strict { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" only_from = client.example.org }
		service open { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat"
			log_type = { FILE, "%/log" } log_on_success = { HOST, USERID } }
	}
	refused strict -from 127.0.0.2
	log superd-lookup
	echoes_and_goes [connect open]
}

# A service whose row has the commands of hosts.allow.
proc run_commanded {options} {
	superd {service s { listen = "127.0.0.1:0" accept = yes user = root exec = "/bin/cat" libwrap = "catd commands" $options }}
	connect s
}

# A banner behind what another program says, or the end of the connection in the midst of it, would be superd's.
test superd_is_silent_to_a_client_that_a_twist_took {
	write sorry "sorry\n"
	enter_wrapped {catd: ALL: twist (read line; echo twisted $line)
} ""
	set client [run_commanded [filled {banner_fail = "%/sorry"}]]
	log "s: refused 127.0.0.1: hosts.allow and hosts.deny left it to another program"
	send $client hello
	is [rest $client] "twisted hello\n"
	close $client
	nothing_runs
}

test a_helper_that_dies_over_libwrap_has_left_its_client_to_nobody {
	needs {[has_libwrap]} "superd was built without libwrap"
	enter
	exec mkfifo -m 666 [path fifo]
	private_file /etc/hosts.allow "catd: ALL: spawn (read line <%/fifo)\n"
	set client [run_commanded ""]
	set end [open [path fifo] w]    ;# its command reads there by now
	wait {[processes] >= 1}
	kill [lindex [pids] 0]
	log "s: refused 127.0.0.1: hosts.allow and hosts.deny could not be checked (libwrap)"
	goes $client
	chan close $end
	nothing_runs
}

# A service of datagrams for client.example.org.
proc by_name {port program options} {
	filled {service s { listen = "udp:127.0.0.1:$port" user = root exec = "$backend $program" only_from = client.example.org
		$options }}
}

proc names_count {accept} {
	enter
	superd -clock [by_name 0 "-m %/marks datagrams 100" "accept = $accept"]
	set stranger [datagrams s 127.0.0.3]; set friend [datagrams s 127.0.0.2]
	put $stranger "let me in"
	log "s: refused 127.0.0.3: address not allowed (only_from, no_access)"
	datagram_answers $friend
	nothing_runs
	advance 1min            ;# so soon again it would not be logged
	put $stranger again
	log "s: refused 127.0.0.3"
	expect {[lines %/marks] == 1}
	close $friend $stranger
	stop
}

test senders_of_datagrams_are_known_by_name_before_a_start { names_count no }
test senders_of_datagrams_are_known_by_name_with_accept_too { names_count yes }

# superd's socket for both IP versions has become one for IPv4 alone, as its program binds no other; a reload makes it anew.
test a_sender_is_asked_about_over_a_reload_at_a_socket_for_one_ip_version {
	needs {[has_ipv6]} "there is no IPv6 here"
	enter_wrapped "" "bindd: .example.net\n"
	set resolver [silent_resolver]
	set port [free_port]
	set row {service s { listen = "udp:$port" pass = bind user = root libwrap = bindd
		exec = "$tests/binder udp4 bind=0.0.0.0:$port serve=poll" $options }}
	set options ""
	superd -environment MALLOC_PERTURB_=85 [filled $row]
	log "s: listening on "
	set friend [datagrams $port]; put $friend lost
	log "superd listens on udp4:$port for it"
	datagram $friend hello
	kill [only_pid]
	nothing_runs
	set before [superd_pid itself]
	set asker [datagrams $port 127.0.0.5]; put $asker "let me in"
	wait {![quiet $resolver]}
	set options "nice = 1"
	reload [filled $row]
	wait {[deny_names $resolver; heard $asker]}
	expect {[superd_pid itself] == $before}
	close $friend $asker
}

test a_sender_who_was_asked_about_counts_once {
	enter
	superd [by_name 0 "datagrams 50" "accept = yes per_source_rate = 2"]
	set friend [datagrams s 127.0.0.2]
	repeat 2 {
		datagram_answers $friend
		nothing_runs
	}
	put $friend "once more"
	log "s from 127.0.0.2 exceeded counts/min (limit 2/min)"
	close $friend
}

test what_a_sender_was_told_ends_with_the_row {
	enter
	set port [free_port]
	superd [by_name $port "datagrams 50" "accept = yes"]
	log "s: listening on "
	set friend [datagrams s 127.0.0.2]
	datagram_answers $friend
	nothing_runs
	reload [by_name $port "datagrams 50" "accept = yes no_access = .example.org"]
	put $friend again
	log "s: refused 127.0.0.2: address not allowed (only_from, no_access)"
	close $friend
}

test what_a_sender_was_told_ends_with_the_files_of_libwrap {
	needs {[has_libwrap]} "superd was built without libwrap"
	enter
	private_file /etc/hosts.allow "superd-tests: ALL\n"
	superd {service s { listen = "udp:127.0.0.1:0" accept = yes user = root exec = "$backend datagrams 50" libwrap = superd-tests }}
	set friend [datagrams s 127.0.0.2]
	datagram_answers $friend
	nothing_runs
	private_file /etc/hosts.allow "superd-tests: 127.0.0.3\n"
	private_file /etc/hosts.deny "superd-tests: ALL\n"
	put $friend again
	log "s: refused 127.0.0.2: denied by hosts.allow and hosts.deny (libwrap)"
	close $friend
}

test who_is_not_let_in_by_the_row_of_now_is_refused {
	needs {[has_libwrap]} "superd was built without libwrap"
	one_comes
	private_file /etc/hosts.deny "superd-tests: ALL\n"
	reload [asking $here "libwrap = superd-tests"]
	reply_next $server
	end_of $client
	log "refused 127.0.0.1: denied by hosts.allow and hosts.deny (libwrap)"
	close $question $client $server
}

test who_is_asked_about_when_the_service_becomes_a_sensor_has_touched_it {
	one_comes "instances = 1"
	set next [connect $port]
	reload [asking $here "instances = 1 deny_time = 0"]
	close $question
	end_of $client
	log "asked: touched by 127.0.0.1"
	end_of $next
	close $next $client $server
}
