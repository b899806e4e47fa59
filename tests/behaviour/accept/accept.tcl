# accept = yes: superd accepts, and each connection is an instance of its own. What is hard to get right is the counting: every
# limit must free up at any end whatever, and who is over it waits or is refused as the table says.
suite accept

# superd with the service each; further words for the setup behind its options.
proc each {program {options ""} args} {
	superd {*}$args {service each { listen = "127.0.0.1:0" accept = yes exec = "$backend $program" $options }}
}

proc nothing_runs {} { wait {[processes] == 0} }

# The next start, which the log tells so, comes when its pause is over, which is a tenth less by jitter; not before.
proc pauses {start minutes} {
	settle
	set before [count $start]
	advance [expr {$minutes - 2 - $minutes / 10}]min
	counts $start $before
	advance [expr {$minutes / 10 + 3}]min
	counts $start [expr {$before + 1}]
}

test each_connection_gets_a_process {
	each lines
	repeat 10 { lappend clients [served each] }
	expect {[processes] == 10}
	close {*}$clients
	nothing_runs
}

test at_the_limit_of_instances_clients_wait {
	each lines "instances = 2" -clock
	set first [served each]; set second [served each]; set third [connect each]
	send $third hello
	repeat 3 { advance 1h }
	expect {[quiet $third]} "the third was served or dropped"
	close $first
	is [said [line $third]] hello
	close $second $third
}

test at_the_limit_of_instances_clients_are_refused_where_asked {
	each lines "instances = 1 overload = refuse"
	set first [served each]
	refused each
	log "each: refused 127.0.0.1"
	close $first
	nothing_runs
	visits each
}

test one_source_may_have_only_so_many {
	each lines "per_source = 2"
	set first [served each]; set second [served each]
	refused each
	log "each: refused 127.0.0.1"
	set other [served each -from 127.0.0.2]
	close $first
	wait {[processes] == 2}
	visits each
	close $second $other
}

# With a limit of one, a count that did not go down keeps everybody out from the second on.
proc counts_go_down {how} {
	each "-m %/marks $how" "instances = 1 per_source = 1"
	for {set n 1} {$n <= 15} {incr n} {
		refused each
		wait {[lines %/marks] == $n}
		nothing_runs
	}
	stop
}

test counts_go_down_at_a_clean_exit { counts_go_down "exit 0" }
test counts_go_down_at_a_failure { counts_go_down "exit 1" }
test counts_go_down_at_a_crash { counts_go_down "crash 9" }

test clients_wait_where_the_program_cannot_run {
	write program "#!/no/such/interpreter\n" 755
	superd -clock -arguments --no-preflight {
		service each { listen = "127.0.0.1:0" accept = yes exec = "%/program" instances = 2 per_source = 2 }
	}
	repeat 5 { lappend clients [connect each]; send [lindex $clients end] who }
	until 1min {[count "each: cannot start: "] >= 3} 10
	file rename -force [write program.new "#!/bin/sh\nexec $backend stdio\n" 755] [path program]
	until 1min {[logged "each: started"]} 10
	foreach client $clients {
		is [said [line $client]] who
		close $client
	}
	nothing_runs
	pid each        ;# the limits count nobody who is not there
}

# Far more clients than there can be instances; all are answered, a few at a time, in an order that is the kernel's: of the
# starts of a turn, a later one may find the room that an earlier one did not. So none stays for another's sake.
proc serves_all {complaint args} {
	each lines "backoff_max = 200ms" {*}$args
	set port [port each]
	while_stopped { repeat 40 { lappend clients [connect $port]; send [lindex $clients end] hello } }
	log $complaint
	foreach client $clients { shut $client }
	foreach client $clients { is [said [line $client]] hello; close $client }
	nothing_runs
	stop
}

test nobody_is_lost_when_processes_run_out {
	needs {[has_users]} "needs root, and a build that every user can reach, for a user of its own to be limited"
	serves_all "cannot start: Resource temporarily unavailable" -uid [lone_user] -processes 8
}

# The guard has some of its own.
test nobody_is_lost_when_descriptors_run_out {
	serves_all "each: started, pid " -descriptors [expr {24 + [own_programs]}] -arguments --no-guard
}

test counts_go_down_when_an_instance_is_killed {
	each lines "instances = 1"
	repeat 10 {
		set client [connect each]; send $client hello
		kill [lindex [line $client] 0]
		end_of $client
		close $client
	}
}

test a_failing_instance_is_no_reason_to_let_others_wait {
	write script {read -r what
[ "$what" = fail ] && exit 1
echo "$$ $what"
}
	superd {service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/sh %/script" backoff_min = 1h backoff_max = 1h }}
	repeat 20 { set client [connect each]; send $client fail; end_of $client; close $client }
	pid each
}

# One is tried at first, and the others need not wait for its end.
test clients_of_failed_starts_are_all_served_once_one_succeeds {
	superd -clock -arguments --no-preflight {
		service each { listen = "127.0.0.1:0" accept = yes exec = "%/program" backoff_min = 10min backoff_max = 10min }
	}
	set port [port each]
	while_stopped { repeat 3 { lappend clients [connect $port] } }
	log "each: cannot start: "
	write program "#!/bin/sh\nexec cat\n" 0755
	until 1min {[count "each: started"] == 3} 20
	foreach client $clients { echoes $client }
	close {*}$clients
}

test two_hundred_at_once {
	each lines
	repeat 200 { lappend clients [connect each] }
	foreach client $clients { greet $client }
	expect {[processes] == 200}
	close {*}$clients
	nothing_runs
}

proc dgram {program {options ""}} {
	superd -clock {service dgram { listen = "udp:127.0.0.1:0" accept = yes exec = "$backend $program" $options }}
	datagrams dgram
}

# Both sockets count for its limit.
test a_datagram_waits_until_the_one_at_another_socket_is_served {
	superd -control {service dgram {
		listen = { "udp:127.0.0.1:0", "udp:127.0.0.1:0" } accept = yes instances = 1
		exec = "/bin/sh -c 'head -n 1; until test -e %/gate; do sleep 0.02; done'"
	}}
	set first [datagrams dgram/0]; put $first "one\n"
	log "dgram: started"
	set second [datagrams dgram/1]; put $second "two\n"
	wait {[state dgram] eq "full"}
	write gate ""
	counts "dgram: started" 2
	expect {![logged refused]}
	close $first $second
}

test a_reload_that_adds_a_socket_starts_no_second_one_for_a_datagram {
	set port [free_port]
	set beside {service other { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" }}
	set options {accept = yes exec = "/bin/sleep 1000"}
	superd [filled {service dgram { listen = "udp:127.0.0.1:$port" $options } $beside}]
	set client [datagrams dgram]; put $client one
	log "dgram: started"
	reload [filled {service dgram { listen = { "udp:127.0.0.1:0", "udp:127.0.0.1:$port" } $options } $beside}]
	set beside [connect other]; send $beside served; is [line $beside] served
	is [count "dgram: started"] 1
	close $client $beside
}

test a_reload_while_a_command_runs_starts_no_second_one_for_a_datagram {
	set port [free_port]
	proc gated {port option} {
		filled [subst -nocommands {service dgram { listen = "udp:127.0.0.1:$port" accept = yes $option
			exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done'"
			exec = "\$backend datagrams 3600000" }}]
	}
	superd -control [gated $port ""]
	set client [datagrams dgram]; put $client one
	wait {[processes] >= 1}
	reload [gated $port {env = { "A=b" }}]
	write gate ""
	is [said [packet $client]] one
	datagram_answers $client two
	is [processes] 1
	is [count "dgram: started"] 1
	close $client
}

# What has not started for him yet does not count beside what starts by the new row.
test a_reload_while_a_command_runs_refuses_no_client {
	foreach limit {"per_source = 1" "instances = 1 overload = refuse" "instances = 1"} {
		set port [free_port]
		set options "listen = \"127.0.0.1:$port\" accept = yes $limit exec = \"/bin/cat\"
			exec_start_pre = \"/bin/sh -c 'until test -e %/gate; do sleep 0.02; done'\""
		superd [filled "service web { $options }"]
		log "web: listening on "
		set client [connect $port]; send $client hello
		wait {[processes] >= 1}
		reload [filled "service web { $options env = \"A=b\" }"]
		write gate ""
		is [line $client] hello
		close $client
		remove %/gate
		stop
	}
}

test a_reload_that_adds_a_socket_keeps_who_waits_for_a_start {
	set port [free_port]
	set options {accept = yes exec = "/bin/cat" backoff_min = 10min backoff_max = 10min}
	superd [filled {service web { listen = "127.0.0.1:$port" $options exec_start_pre = "/bin/false" }}]
	set client [connect web]; send $client hello
	log "web: cannot start: "
	reload [filled {service web { listen = { "127.0.0.1:0", "127.0.0.1:$port" } $options }}]
	is [line $client] hello
	close $client
}

test a_datagram_service_that_reads_nothing_pauses {
	set client [dgram "exit 1" "backoff_min = 10min backoff_max = 1h"]
	repeat 200 { put $client "nobody reads this" }
	log "dgram: next start in "
	pauses "dgram: started" 10
	pauses "dgram: started" 20
	close $client
}

test a_datagram_service_starts_no_storm {
	set client [dgram "-m %/marks -d 20 datagrams 100"]
	datagram_answers $client one
	nothing_runs
	repeat 3 { advance 1h }
	expect {[lines %/marks] == 1}
	while_stopped { repeat 20 { put $client burst } }
	wait {[lines %/marks] >= 2}
	nothing_runs
	expect {[lines %/marks] <= 4} "starts for one burst"
	close $client
}

test unix_clients_are_served_alike {
	superd {service each { listen = "%/each.sock" accept = yes exec = "$backend lines" }}
	node %/each.sock
	set first [served %/each.sock]; set second [served %/each.sock]
	wait {[processes] == 2}
	close $first $second
}

test clients_that_reset_at_once_do_no_harm {
	each stdio
	pid each
	nothing_runs
	set before [descriptors]
	repeat 100 { reset [connect each] }
	pid each
	descriptors_at_most $before
}

# What one has prepared for a start is no other's to wait for.
proc serves_each {descriptors program} {
	set table "defaults { backoff_max = 500ms }\n"
	for {set n 0} {$n < 20} {incr n} {
		append table "service each$n. { listen = \"127.0.0.1:0\" accept = yes exec = \"$::backend $program\" }\n"
	}
	superd -descriptors [expr {$descriptors + [own_programs]}] $table
	for {set n 0} {$n < 20} {incr n} { lappend ports [port each$n.] }
	while_stopped {
		foreach port $ports { lappend clients [connect $port]; send [lindex $clients end] who }
	}
	all_answered $clients who
	stop
}

# From its fork, whatever superd does until it comes to note the start.
test no_instance_of_a_batch_has_lasted_less_than_its_program {
	set port [free_port]
	superd -arguments {--log-format json} {
		service each { listen = "127.0.0.1:$port" accept = yes user = "$user" exec = "/bin/sleep 0.1" }
	}
	wait {[reachable $port]}
	wait {[count {"exited"}] == 1}
	while_stopped { repeat 32 { lappend clients [connect $port] } }
	wait {[count {"exited"}] == 33}
	set ends [regexp -all -inline {"duration":[0-9.]+} [read [logfile]]]
	expect {[llength $ends] == 33}
	foreach end $ends { expect {[string range $end 11 end] >= 0.1} $end }
	close {*}$clients
}

test services_that_share_few_descriptors_are_all_served {
	serves_each 45 stdio
	serves_each 48 stdio
}

# The pipes of those that have served must not stay open for want of what closes them.
test services_that_take_their_time_share_few_descriptors { serves_each 50 "-d 300 stdio" }

# Which of these leaves too few for the spare ones depends on what superd was left by its parent.
proc fails_with_few_descriptors {accept} {
	for {set n 25} {$n <= 35} {incr n} {
		superd -clock -descriptors [expr {$n + [own_programs]}] {
			service each { listen = "127.0.0.1:0" accept = $accept backoff_min = 10min backoff_max = 10min
				exec_start_pre = "/bin/false" exec = "$backend lines" }
		}
		set client [connect each]
		# It may lack a descriptor to accept with, and pause for that.
		until 10min {[count "each: cannot start: "] >= 2}
		settle
		set before [count "each: cannot start: "]
		advance 8min
		counts "each: cannot start: " $before
		close $client
		stop
	}
}

test a_start_that_fails_while_descriptors_are_short_keeps_its_pauses { fails_with_few_descriptors yes }
test without_it_such_a_start_keeps_its_pauses_too { fails_with_few_descriptors no }

# A service named short, which lacks descriptors for a moment. What ends later is an instance of holder.
proc run_short {options} {
	set options [filled $options]
	superd -clock -arguments --no-preflight {
		service holder { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }
		service short { listen = "127.0.0.1:0" backoff_min = 1h backoff_max = 1h $options }
	}
	served holder
}

proc end_holder {holder} {
	set before [count "holder: pid "]
	close $holder
	wait {[count "holder: pid "] > $before}
}

# It has started meanwhile, and pauses for its program.
test an_end_cuts_no_pause_after_a_start_that_fails_later {
	write program "#!/bin/sh\nexec $backend lines\n" 755
	set holder [run_short {accept = yes exec = "%/program"}]
	set before [descriptor_limit 0]
	set client [connect short]; send $client hello
	log "short: warning: cannot accept: [error_text EMFILE]: its clients wait"
	descriptor_limit $before
	until 1h {[logged "short: started"]} 5
	is [said [line $client]] hello
	remove %/program
	set next [connect short]
	wait {[logged "short: cannot start: "]}
	end_holder $holder
	advance 50min
	counts "short: cannot start: " 1
	close $client $next
}

# Its client waits for descriptors first: that is no failure.
proc wake_short {ends} {
	set before [descriptor_limit 0]
	set client [connect short]
	log "short: warning: cannot start: [error_text EMFILE]: its clients wait"
	descriptor_limit $before
	until 1h {[lines %/marks] == $ends} 5
	wait {[count "short: pid "] == $ends}
	return $client
}

test an_end_cuts_no_pause_after_a_crash {
	set holder [run_short {exec = "$backend -m %/marks exit 1"}]
	set client [wake_short 1]
	end_holder $holder
	advance 50min
	expect {[lines %/marks] == 1}
	close $client
}

test an_end_cuts_no_rest {
	set holder [run_short {exec = "$backend -m %/marks exit 1" trigger_limit_burst = 3
		trigger_limit_interval = 10h trigger_limit_pause = 10h}]
	set client [wake_short 3]
	until 1h {[logged "short/tcp server failing (looping), service terminated for 600 min"]} 5
	end_holder $holder
	repeat 3 { advance 3h }
	expect {[lines %/marks] == 3}
	close $client
}

# More sockets than descriptors: a line where the first is missing, none for each try of each service. They are more than the
# low descriptors that superd leaves free.
test sockets_that_lack_descriptors_do_not_fill_the_log {
	superd -clock {service before { listen = "127.0.0.1:0" exec = "$backend lines" }}
	port before
	for {set n 0} {$n < 60} {incr n} {
		append table "service s$n { listen = \"127.0.0.1:0\" accept = yes exec = \"$backend lines\" }\n"
	}
	set descriptors /proc/[superd_pid itself]/fd
	needs {[file readable $descriptors]} "superd hides its descriptors from its user"
	set open [llength [glob $descriptors/*]]
	set before [descriptor_limit [expr {$open + 6}]]
	reload $table
	log "superd has too few descriptors for its sockets"
	log [error_text EMFILE]
	repeat 10 { advance 1min }
	expect {[count ": cannot listen on "] <= 6}
	descriptor_limit $before
	until 1min {[logged "s59: listening on "]} 10
	set client [connect s59]; greet $client
	close $client
}

test running_out_of_descriptors_loses_nobody {
	each "-d 20 stdio" "" -descriptors [expr {26 + [own_programs]}]
	load each 60 300
}
