# redirect: a connection passed on. The hard thing is that neither side may notice: not by an end that comes too early, nor
# by one that never comes, nor by a byte too few, however slow or rude the other is.
suite redirect

uses small

# A redirect to a port where the test listens.
proc way {accept port {options ""}} {
	superd -clock {service pass { listen = "127.0.0.1:0" user = "$user" accept = $accept
		redirect = "127.0.0.1 $port" passenv = { LD_PRELOAD, TEST_CLOCK }
		$options }}
}

# Without the test's clock.
proc one_redirect {port listener} {
	set to [local_port $listener]
	filled {service pass { listen = "127.0.0.1:$port" user = "$user" accept = yes redirect = "127.0.0.1 $to"
		log_on_success = { "EXIT" } }}
}

# Both ends of a redirect: $client and $target, whom $listener took. Then they close, as a test has it or all of them.
proc pair {{options ""} {accept yes}} {
	global listener client target
	way $accept [local_port [set listener [listener 0]]] $options
	set client [connect pass]; set target [accept $listener]
}
proc end_pair {{closed {$client $target $listener}}} {
	uplevel #0 close $closed
	all_end
	stop
}

# A process of a redirect waits some seconds for another client before it ends.
proc all_end {} { until 10s {[processes] == 0} }

proc says {from to text} { send $from $text; is [line $to] $text }
proc said_all {from to text} { shut $from; is [rest $to] $text }

# One client's question and the target's answer, from beginning to end.
proc exchange {port listener} {
	set client [connect $port]; set target [accept $listener]
	put $client question; said_all $client $target question
	put $target answer; close $target
	is [rest $client] answer
	close $client
}

test each_side_hears_the_other {
	pair
	says $client $target question
	says $target $client answer
	end_pair
}

test a_client_that_has_said_all_still_gets_its_answer {
	pair
	put $client question; said_all $client $target question
	says $target $client answer
	put $target "and more"; said_all $target $client "and more"
	end_pair
}

test a_target_that_has_said_all_goes_on_listening {
	pair
	put $target greeting; said_all $target $client greeting
	says $client $target "still there"
	said_all $client $target ""
	end_pair
}

# A read stops at an urgent byte (tcp(7)), though more has arrived behind it, and no second edge tells of that.
test what_follows_an_urgent_byte_arrives {
	foreach accept {yes no} {
		pair "" $accept
		set relay [only_pid]
		says $client $target before
		kill $relay STOP
		put $client "one "; put_bytes $client ! urgent; put $client "two\n"
		kill $relay CONT
		is [line $target] "one two"
		end_pair
	}
}

# From one end, which has sent so much already, to the other, so far.
set much [expr {64 << 20}]
proc move_all {from to sent until {got 0}} {
	wait {[set sent [push $from $sent $until]; set got [pull $to $got]] >= $until}
	return $got
}

test who_reads_slowly_slows_the_sender_and_loses_nothing {
	pair
	set to_client [push_until_full $target $much]; set to_target [push_until_full $client $much]
	expect {$to_client < $much} "the target never had to wait"
	expect {$to_target < $much} "the client never had to wait"
	move_all $target $client $to_client $much
	move_all $client $target $to_target $much
	shut $client; said_all $target $client ""
	is [rest $target] ""
	end_pair
}

# What comes fast is gathered: its last bytes must not wait for more.
test the_end_of_a_burst_is_not_kept_back {
	pair
	set got 0
	foreach burst {1 2 3 4 5} { set got [move_all $target $client $got [expr {($burst << 23) + $burst}] $got] }
	end_pair
}

# It gives its processor away no more while superd's clock goes on.
proc sleeps_on {pid} {
	set before [switches $pid]
	repeat 10 { advance 1min }
	expr {$before ne "" && [switches $pid] eq $before}
}

# The clock, which wakes whom it is passed to, is not its own. What TCP still does wakes it a few times.
test a_waiting_redirect_does_not_spin {
	set listener [listener 0]
	superd -clock [one_redirect 0 $listener]
	set client [connect pass]; set target [accept $listener]
	push_until_full $target $much
	said_all $client $target ""     ;# nothing but the room at the client is waited for now
	wait {[llength [set relays [pids]]] == 1}
	wait {[sleeps_on $relays]}
	end_pair
}

test a_reset_is_passed_on_as_one {
	pair
	says $client $target hello
	reset $target
	is [end_of $client] reset       ;# it must not look like a proper end
	end_pair {$client $listener}
}

# The target, which says nothing, would otherwise keep the process and its place among the instances.
test a_client_that_has_said_all_and_is_reset_leaves_nothing {
	pair "instances = 1"
	send $client question; said_all $client $target question\n
	reset $client
	end_of $target
	set client [connect pass]; set next [accept $listener]
	says $client $next next
	close $next
	end_pair
}

# Of a unix socket there is no half of a connection left where the client has closed it, and no reset.
test a_client_of_a_unix_socket_that_has_closed_leaves_nothing {
	set listener [listener 0]; set port [local_port $listener]
	superd -clock {service pass { listen = "%/pass.sock" user = "$user" accept = yes redirect = "127.0.0.1 $port" }}
	node %/pass.sock
	set client [connect %/pass.sock]; set target [accept $listener]
	send $client all; close $client
	is [rest $target] all\n
	all_end
	close $target $listener
}

test where_nobody_listens_the_client_is_let_go {
	way yes [set port [free_port]]
	refused pass
	log "cannot connect to 127.0.0.1 port $port: Connection refused"
}

# A relay of its own for each client, and one for all.
test a_connection_without_a_byte_ends_where_the_row_says_so {
	foreach accept {yes no} {
		pair "redirect_timeout = 1h" $accept
		says $client $target question; advance 50min
		says $target $client answer; advance 50min
		expect {[quiet $client] && [quiet $target]}
		advance 20min
		end_of $client; end_of $target
		expect {![logged "exit status 1"]}
		end_pair
	}
}

# A client from this address, and its target.
proc relayed_from {ip listener} {
	set client [connect pass -from $ip]; set target [accept $listener]
	says $client $target hello
	list $client $target
}

test one_source_has_only_so_many_connections {
	set listener [listener 0]
	way no [local_port $listener] "per_source = 2"
	set first [relayed_from 127.0.0.2 $listener]; set second [relayed_from 127.0.0.2 $listener]
	refused pass -from 127.0.0.2
	log "refused 127.0.0.2 port "
	set other [relayed_from 127.0.0.3 $listener]
	close [lindex $first 0]
	end_of [lindex $first 1]; close [lindex $first 1]
	settle
	close {*}[relayed_from 127.0.0.2 $listener] {*}$second {*}$other $listener
	all_end
}

# One process serves all of them, and accepts the client before it knows that the target is not there.
test where_nobody_listens_one_process_lets_all_clients_go {
	way no [set port [free_port]]
	repeat 5 { refused pass }
	log "cannot connect to 127.0.0.1 port $port: Connection refused"
	set listener [listener $port]
	set client [connect pass]; close [accept $listener]
	end_of $client
	close $client $listener
}

test what_is_said_before_the_target_answers_is_kept {
	set listener [listener 0]
	way yes [local_port $listener]
	set client [connect pass]; send $client "early bird"; shut $client
	wait {[processes] == 1}
	set target [accept $listener]
	is [rest $target] "early bird\n"
	put $target worm; close $target
	is [rest $client] worm
	close $client $listener
}

# A listener whose queue is full drops who comes, so connecting to it hangs.
test a_client_that_leaves_while_the_target_is_slow_leaves_nothing {
	set listener [listener 0]; set port [local_port $listener]
	repeat 40 { lappend fillers [approach $port 127.0.0.1] }
	way yes $port
	set client [connect pass]
	wait {[processes] == 1}
	advance 10s                     ;# the process gives up after 30
	expect {[quiet $client]}
	reset $client
	all_end
	log "the client left before"
	close {*}$fillers $listener
}

# No time passes, so nothing is tried a second time.
test a_target_that_can_never_answer_refuses_at_once {
	superd -clock {service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "/etc/passwd/x"
		passenv = { LD_PRELOAD, TEST_CLOCK } }}
	port pass
	hold_clock
	is [told pass] ""
	log "cannot connect to /etc/passwd/x: Not a directory"
	go_on
}

# Its bytes are in the socket when the loop hears of its end.
test a_client_that_has_sent_and_closed_is_passed_on {
	foreach accept {yes no} {
		set listener [listener 0]; set port [local_port $listener]
		superd {service pass { listen = "%/in.$accept" user = "$user" accept = $accept redirect = "127.0.0.1 $port" }}
		node %/in.$accept
		repeat 20 {
			set client [connect %/in.$accept]; send $client message; close $client
			set target [accept $listener]
			is [rest $target] message\n
			close $target
		}
		expect {![logged "the client left before"]}
		close $listener
		stop
	}
}

# Its address is gone. A header without one tells a server that the relay itself speaks, whom it may trust more.
test bytes_of_a_client_that_was_reset_do_not_pass_for_the_relays {
	foreach version {v1 v2} {
		set listener [listener 0]
		way no [local_port $listener] "proxy_protocol = $version"
		set first [connect pass]; close [accept $listener]; end_of $first; close $first
		set relay [only_pid]
		kill $relay STOP
		set client [connect pass]; put $client secret; reset $client
		kill $relay CONT
		set target [accept $listener]
		is [rest $target] ""
		close $target $listener
		stop
	}
}

# Of its descriptors some are for the loop.
test with_too_few_descriptors_says_so_and_refuses {
	superd {service none { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "127.0.0.1 9" rlimit_nofile = 5 }}
	refused none
	log "cannot serve the client: [error_text EMFILE]"
}

# superd is killed while a client waits for the target: the channel's number is the target's then.
test a_report_for_a_superd_that_is_gone_reaches_no_target {
	set listener [listener %/target]; file attributes [path target] -permissions 0777
	set fillers [fill_queue %/target]
	# With a guard, superd would end the relay.
	superd -arguments --no-guard {
		service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "%/target" }}
	set client [connect pass]; put $client "hello "
	wait {[processes] == 1}
	set relay [only_pid]
	wait {[read /proc/$relay/comm] eq "superd-builtin\n"}
	signal KILL
	expect {[exit_status] == 137}
	close {*}$fillers
	foreach filler $fillers { close [accept $listener] }    ;# what filled the queue comes first
	set target [accept $listener]; shut $target
	wait {[heard $target]}
	put $client more; said_all $client $target "hello more"
	close $target $client $listener
	wait {![lives $relay]}
}

test a_host_with_several_addresses_is_tried_to_the_last {
	set listener [listener 0]; set port [local_port $listener]
	superd {service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "localhost $port" }}
	set client [connect pass]; set target [accept $listener]
	says $target $client here
	close $target $client $listener
}

# Where its target is gone, a redirect asks for the target's address again, which may take a minute.
test a_name_that_nobody_answers_for_delays_no_client {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	private_file /etc/hosts "127.0.0.1 host.example\n"
	set listener [listener 0]; set port [local_port $listener]
	superd -clock {service pass { listen = "127.0.0.1:0" user = "$user" accept = no redirect = "host.example $port"
		passenv = { LD_PRELOAD, TEST_CLOCK } }}
	set client [connect pass]; set target [accept $listener]
	says $client $target early
	set resolver [silent_resolver]
	private_file /etc/hosts ""
	close $listener
	refused pass
	wait {![quiet $resolver]}
	says $client $target late
	says $target $client answer
	set listener [listener $port]
	set other [connect pass]; set second [accept $listener]
	says $other $second "by the address that it had"
	close $other $second
	end_pair
}

# The process that looks names up for another one.
proc resolver_pid {} {
	wait {[llength [pids]] == 2}
	foreach pid [pids] {
		if {[regexp {PPid:\t(\d+)} [read /proc/$pid/status] all parent] && $parent in [pids]} { return $pid }
	}
}

test who_has_no_address_yet_starts_anew_where_nobody_looks_it_up_any_more {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	set resolver [silent_resolver]
	set listener [listener 0]; set port [local_port $listener]
	superd -clock {service pass { listen = "127.0.0.1:0" user = "$user" accept = no redirect = "host.example $port"
		passenv = { LD_PRELOAD, TEST_CLOCK } }}
	set client [connect pass]
	wait {![quiet $resolver]}
	kill [resolver_pid]
	log "the process that looks up host.example port $port has ended"
	private_file /etc/hosts "127.0.0.1 host.example\n"
	until 1min {[count "pass: started"] == 2}
	set target [accept $listener]
	says $client $target waited
	kill [resolver_pid]
	until 1min {[count "host.example port $port has ended"] == 2}
	says $client $target "by the address that it has"
	end_pair
}

test a_name_is_looked_up_once_where_no_process_may_be_started {
	needs {[has_users]} "needs root, and a build for all users"
	set listener [listener 0]; set port [local_port $listener]
	superd {service pass { listen = "127.0.0.1:0" user = nobody accept = no redirect = "localhost $port" rlimit_nproc = 0 }}
	set client [connect pass]; set target [accept $listener]
	log "cannot start a process that looks up localhost: Resource temporarily unavailable: it is looked up only once"
	says $client $target asked
	close $client $target $listener
}

test who_has_no_address_starts_anew_where_it_is_looked_up_once {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	private_file /etc/hosts ""
	set listener [listener 0]; set port [local_port $listener]
	superd -clock {service pass { listen = "127.0.0.1:0" user = nobody accept = no redirect = "host.example $port"
		rlimit_nproc = 0 }}
	set client [connect pass]
	log "cannot find host.example port $port: "
	private_file /etc/hosts "127.0.0.1 host.example\n"
	until 1min {[count "pass: started"] > 1}
	set target [accept $listener]
	says $client $target waited
	close $client $target $listener
}

# Its program's address, which superd-builtin asks for twice a second.
test why_a_name_is_not_found_is_said_once {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	private_file /etc/hosts ""
	superd -clock {service web { listen = "127.0.0.1:0" user = "$user" exec = "$backend serve"
		redirect = "host.example 8080" passenv = { LD_PRELOAD, TEST_CLOCK } }}
	set client [connect web]
	log "cannot find host.example port 8080: "
	repeat 10 { advance 1s }
	expect {[count "cannot find host.example"] == 1}
	reset $client
}

# The same name leads to another address, for a superd-builtin that serves clients all the time.
proc at_two_addresses {listen services} {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	private_file /etc/hosts "127.0.0.2 host.example\n"
	superd -clock [set ::pass [string map [list LISTEN $listen] {service pass { listen = "LISTEN" user = "$user" accept = no
		redirect = "host.example 5000" passenv = { LD_PRELOAD, TEST_CLOCK } }
	}]$services]
	port pass
}

# Who comes first after half a minute does not wait for the answer.
test a_name_whose_address_changes_leads_new_clients_there {
	at_two_addresses 127.0.0.1:0 {
		defaults { accept = yes }
		service old { listen = "127.0.0.2:5000" exec = "/bin/sh -c 'read line; echo old'" }
		service new { listen = "127.0.0.3:5000" exec = "/bin/sh -c 'read line; echo new'" }
	}
	set first [connect pass]
	is [ask pass early] old
	private_file /etc/hosts "127.0.0.3 host.example\n"
	advance 5s
	is [ask pass early] old
	settle
	is [ask pass early] old
	advance 30s
	is [ask pass late] old
	until 1s {[ask pass late] eq "new"}
	send $first "by the address that it has"; is [line $first] old
	close $first
}

# A client of UDP that sends all the time is one flow for ever.
test a_name_whose_address_changes_leads_datagrams_there {
	at_two_addresses udp:127.0.0.1:0 {service old { listen = "udp:127.0.0.2:5000" builtin = echo }}
	set client [datagrams pass]
	is [datagram $client early] early
	private_file /etc/hosts "127.0.0.3 host.example\n"
	reload [replaced $::pass 127.0.0.2 127.0.0.3]
	advance 40s
	until 1s {[offer $client late; heard $client]}
	is [packet $client] "late\n"
	close $client
}

test the_bytes_of_both_ways_are_recorded {
	pair {log_on_success = { "TRAFFIC" }}
	put $client 12345; put $target 123
	shut $client; said_all $target $client 123
	is [rest $target] 12345
	log "TRAFFIC: pass in=5(bytes) out=3(bytes)"
	end_pair
}

test nothing_of_many_is_left {
	set listener [listener 0]
	way yes [local_port $listener] {log_on_success = { "TRAFFIC" }}
	for {set n 0} {$n < 25} {incr n} {
		set client [connect pass]; set target [accept $listener]
		says $client $target hello
		lassign [expr {$n % 2 ? "$client $target" : "$target $client"}] first second
		close $first
		end_of $second; close $second
		if {$n == 4} { all_end; set before [descriptors] }
	}
	all_end
	descriptors_at_most $before
	close $listener
}

# Who serves the one client there is.
proc pid_of_next {listener} {
	set client [connect pass]; set target [accept $listener]
	wait {[llength [set relays [pids]]] == 1}
	close $client $target
	return $relays
}

test where_processor_time_is_rationed_each_connection_has_its_own_process {
	set listener [listener 0]
	way yes [local_port $listener] {rlimit_cpu = 10 log_on_success = { "EXIT" }}
	set first [pid_of_next $listener]
	log "EXIT: pass status=0"
	expect {[pid_of_next $listener] != $first}
	all_end
	close $listener
}

test a_process_that_was_killed_while_it_waited_is_missed_by_nobody {
	set listener [listener 0]
	way yes [local_port $listener] {log_on_success = { "EXIT" }}
	foreach n {1 2 3 4 5} {
		exchange pass $listener
		wait {[count "EXIT: pass status=0"] == $n}
		if {[llength [set relays [pids]]] == 1} { kill $relays }
		all_end
	}
	expect {![logged signal]}
	close $listener
}

# A redirect at a port that goes over a reload, and where it leads before and then.
proc two_targets {} {
	global port old new
	set port [free_port]; set old [listener 0]; set new [listener 0]
	superd -clock [one_redirect $port $old]
	is [port pass] $port
}
proc end_targets {} {
	global old new
	all_end
	close $old $new
}

test a_reload_is_obeyed_by_the_next_connection {
	two_targets
	exchange $port $old
	log "EXIT: pass status=0"
	reload [one_redirect $port $new]
	exchange $port $new
	end_targets
}

# Whoever is begun under the old row ends under the new one, and must not be given another client.
test who_outlives_a_reload_takes_nobody_more {
	two_targets
	set client [connect pass]; set target [accept $old]
	reload [one_redirect $port $new]
	says $client $target "still here"
	close $client $target
	log "EXIT: pass status=0"
	exchange $port $new
	end_targets
}

test one_that_is_stopped_reports_what_it_moved {
	pair {runtime_max = 1h log_on_success = { "EXIT", "TRAFFIC" }}
	says $client $target 12345
	says $target $client 12
	advance 59min
	expect {[quiet $client] && [quiet $target]}
	advance 2min
	end_of $client; end_of $target
	log "TRAFFIC: pass in=6(bytes) out=3(bytes)"
	log "EXIT: pass signal=15"
	end_pair
}

# poll(2) finds something ready each time: a signal alone would not be noticed.
test one_that_is_busy_is_stopped_as_soon {
	pair {runtime_max = 1h timeout_stop = 1h log_on_success = { "EXIT", "TRAFFIC" }}
	set sent 0; set got 0; set is_late 0; set until [expr {[clock seconds] + 120}]
	while {![logged "EXIT: pass signal=15"]} {
		expect {[clock seconds] < $until} "it goes on"
		set sent [push $target $sent [expr {$sent + (1 << 20)}]]
		set got [pull $client $got]
		if {!$is_late && $got > 1 << 20} { move 61min }
		set is_late [expr {$got > 1 << 20}]
	}
	expect {[logged "TRAFFIC: pass in=0(bytes) out="]}
	expect {$got > 1 << 20}
	end_pair
}

test the_bytes_of_both_ways_are_recorded_over_an_upgrade {
	pair {log_on_success = { "EXIT", "TRAFFIC" }}
	says $client $target 123
	upgrade
	put $client 45; put $target 123
	shut $client; said_all $target $client 123
	is [rest $target] 45
	log "TRAFFIC: pass in=6(bytes) out=3(bytes)"
	log "EXIT: pass "               ;# its process is not kept by the new superd, and ends
	expect {[count "EXIT: pass "] == 1}
	end_pair
}

# Each has a process, and ends only when its target has answered, which needs one, too.
test to_services_of_its_own_superd_never_waits_for_itself {
	foreach n {0 1 2 3} {
		set target [free_port]; lappend ports [set port [free_port]]
		append table [filled {service target$n { listen = "127.0.0.1:$target" accept = yes exec = "$backend lines" }
			service pass$n { listen = "127.0.0.1:$port" accept = yes user = "$user" redirect = "127.0.0.1 $target" }
}]
	}
	superd -descriptors [expr {70 + [own_programs]}] $table
	port pass3
	while_stopped {                 ;# so that all come at once
		foreach port $ports { lappend clients [connect $port]; send [lindex $clients end] hello }
	}
	all_answered $clients hello
}
