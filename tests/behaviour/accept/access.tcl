# The gate: who may come to a service, how many and how fast. What is hard to get right is the other side of each rule: who may
# come comes whatever others do, nobody is lost over a rest, and no count stays up.
suite access

# superd with the service each; further words for the setup behind its options.
proc each_at {port {options ""} {program lines}} {
	filled {service each { listen = "127.0.0.1:$port" accept = yes exec = "$backend $program" $options }}
}
proc each {{options ""} args} { superd {*}$args [each_at 0 $options] }
proc handed {endpoint program {options ""} args} {
	superd {*}$args {service handed { listen = "$endpoint" exec = "$backend $program" $options }}
}

proc is_refused {from {address each}} { refused $address -from $from }
proc is_served {from {address each}} { visits $address -from $from }

# Clients who come while superd does not look, so that the time between them counts for no rate.
proc connect_at_once {count} {
	set port [port each]
	while_stopped {
		for {set n 0} {$n < $count} {incr n} { lappend clients [connect $port]; send [lindex $clients end] "client $n" }
	}
	return $clients
}
proc is_answered {client n} { is [said [line $client]] "client $n"; close $client }

test only_the_addresses_of_only_from_come {
	each {only_from = { "127.0.0.1", "127.0.1.0/24" } no_access = { "127.0.1.7" }}
	is_served 127.0.0.1
	is_refused 127.0.0.2
	log "each: refused 127.0.0.2: address not allowed (only_from, no_access)"
	is_served 127.0.1.6
	is_refused 127.0.1.7
}

test a_rule_changes_by_a_reload_for_the_next_client {
	set port [free_port]
	superd [each_at $port {only_from = "127.0.0.1"}]
	set first [served each]
	is_refused 127.0.0.2
	reload [each_at $port {only_from = "127.0.0.2"}]
	is_served 127.0.0.2
	is_refused 127.0.0.1
	greet $first
	close $first
}

test clients_come_at_their_time_of_day_by_local_time {
	each {access_times = { "08:00-10:00", "12:00-13:00" }} -environment TZ=[noon]
	is_served 127.0.0.1
	stop
	each {access_times = "23:00-11:00"} -environment TZ=[noon]
	is_refused 127.0.0.1
	log "each: refused 127.0.0.1: not at this time of day (access_times)"
	stop
	each {access_times = "23:00-12:59"} -environment TZ=[noon]
	is_served 127.0.0.1
}

test clients_are_refused_while_the_machine_is_loaded {
	each "max_load = 0.001"
	if {[lindex [read /proc/loadavg] 0] >= 0.001} {
		set client [connect each]; send $client hello
		end_of $client
		close $client
		log "each: refused 127.0.0.1: the machine's load is too high (max_load)"
	} else {
		visits each
	}
	stop
	each "max_load = 100000"
	is_served 127.0.0.1
}

test one_source_has_only_so_many_connections_a_minute {
	each "per_source_rate = 3"
	repeat 3 { is_served 127.0.0.2 }
	is_refused 127.0.0.2
	log "refused 127.0.0.2: each from 127.0.0.2 exceeded counts/min (limit 3/min)"
	is_served 127.0.0.3
}

# Twelve clients at once where three a second may come: all are answered, in four goes with three rests; in fewer if the machine
# stood still meanwhile.
test nobody_is_lost_over_a_rest_by_cps {
	superd -clock [each_at 0 "cps = { 3, 3600 }" stdio]
	port each       ;# before that it may sleep, too, with less open
	set before [descriptors]; set rests 0; set n 0
	foreach client [connect_at_once 12] {
		if {[quiet $client]} { settle }         ;# who is let in has been answered then
		if {[quiet $client]} {
			log "\nDeactivating service each due to excessive incoming connections.  Restarting in 3600 seconds."
			advance 59min
			expect {[quiet $client]}
			advance 2min
			log "\nActivating service each"
			incr rests
		}
		is_answered $client $n
		incr n
	}
	advance 1h
	expect {$rests > 0 && $rests <= 3} $rests
	expect {[count "Deactivating service each"] == $rests && [count "Activating service each"] == $rests}
	expect {[count refused] == 0}
	wait {[processes] == 0}
	expect {[descriptors] <= $before + 8} "what starts need, the log's pipe, and its reader's"
}

test cps_lets_as_many_in_as_it_says_and_rests_only_for_one_more {
	set port [free_port]
	superd -clock [each_at $port "cps = { 2, 3600 }"]
	port each
	lassign [connect_at_once 2] first second
	is_answered $first 0
	is_answered $second 1
	advance 2s
	expect {![logged Deactivating]}
	lassign [connect_at_once 3] first second third
	is_answered $first 0
	is_answered $second 1
	log "Deactivating service each"
	advance 59min
	expect {[quiet $third]}
	reload [each_at $port]  ;# another row ends the rest
	log "Activating service each"
	is_answered $third 2
}

test an_unchanged_row_leaves_a_rest_alone {
	each "cps = { 1, 3600 }" -clock
	lassign [connect_at_once 2] first second
	is_answered $first 0
	log "Deactivating service each"
	reload [each_at 0 "cps = { 1, 3600 }"]
	advance 59min
	expect {[quiet $second] && ![logged "Activating service each"]}
	close $second
}

test who_is_refused_does_not_make_a_service_rest {
	each {cps = { 2, 3600 } no_access = "127.0.0.66"}
	repeat 10 { is_refused 127.0.0.66 }
	repeat 2 { is_served 127.0.0.1 }
	expect {![logged Deactivating]}
}

test a_looping_server_pauses_and_is_said_so_in_inetds_words {
	superd -clock {service talk-udp { listen = "udp:127.0.0.1:0" exec = "$backend -m %/marks exit 0"
		trigger_limit_burst = 2 trigger_limit_interval = 60 trigger_limit_pause = 10min }}
	set client [datagrams talk-udp]
	put $client "nobody reads this"
	log "\ntalk/udp server failing (looping), service terminated for 10 min\n"
	repeat 3 { advance 3min }
	expect {[lines %/marks] == 2}
	close $client
}

# An instance for each datagram.
proc serves_two_of_three {options word} {
	superd -clock {service each-udp { listen = "udp:127.0.0.1:0" accept = yes $options
		exec = { "/bin/sh", "-c", "head -n 1 >>%/got" } }}
	set client [datagrams each-udp]
	foreach n {1 2} { put $client "one\n"; wait {[lines %/got] == $n} }
	put $client "one\n"
	log $word
	expect {[lines %/got] == 2}
	advance 11min
	wait {[lines %/got] == 3}
	close $client
}

test starts_for_datagrams_have_their_limit_too {
	serves_two_of_three {trigger_limit_burst = 2 trigger_limit_interval = 60 trigger_limit_pause = 10min} \
		"\neach/udp server failing (looping), service terminated for 10 min\n"
}

test datagrams_count_for_cps_too {
	serves_two_of_three "cps = { 2, 600 }" "Deactivating service each-udp due to excessive incoming connections."
}

proc says_hello {address} { set client [connect $address]; is [line $client] hello; close $client }

# With accept = yes superd itself takes the clients of each.
test the_socket_that_a_client_comes_by_has_the_limit {
	set calm [free_port]; set busy [free_port]
	superd -clock {service web { accept = yes pass = inetd exec = "/bin/echo hello"
		trigger_limit_interval = 60 trigger_limit_pause = 1h
		socket calm { listen = "127.0.0.1:$calm" }
		socket busy { listen = "127.0.0.1:$busy" trigger_limit_burst = 1 } }}
	log "listening on tcp:127.0.0.1:$busy"
	repeat 3 { says_hello $calm }
	says_hello $busy
	set client [connect $busy]
	log "server failing (looping)"
	signal HUP
	log "reloaded: 1 unchanged"
	advance 30min
	expect {[quiet $client]}
	advance 31min
	is [line $client] hello
	expect {[count "server failing (looping)"] == 1}
}

test starts_of_a_service_that_is_handed_its_listeners_count_for_cps {
	handed 127.0.0.1:0 "-m %/marks take 1" "cps = { 2, 1 }"
	repeat 4 { pid handed }
	expect {[lines %/marks] == 4}
	expect {[count "Deactivating service handed"] == 1}
}

test a_handed_listener_rests_while_the_time_is_not_right {
	set endpoint 127.0.0.1:[free_port]
	handed $endpoint "take 1" {access_times = "13:00-14:00"} -environment TZ=[noon] -clock
	set client [connect handed]; send $client hello
	log "handed: its clients wait: no client is allowed before 13:00 (access_times)"
	advance 45min
	expect {[quiet $client]}
	signal USR1
	log "no client is allowed before 13:00"
	reload {service handed { listen = "$endpoint" exec = "$backend take 1" access_times = "12:00-13:00" }}
	is [said [line $client]] hello
	close $client
}

test datagrams_of_refused_senders_start_nothing {
	handed udp:127.0.0.1:0 "-m %/marks datagrams 100" {only_from = "127.0.0.1"} -clock
	settle; hold_clock
	set stranger [datagrams handed 127.0.0.2]; set friend [datagrams handed 127.0.0.1]
	repeat 100 { put $stranger "let me in" }
	wait {[count "handed: refused 127.0.0.2"] == 20}
	datagram_answers $friend
	expect {[lines %/marks] == 1}
	wait {[processes] == 0}
	put $stranger again
	advance 1min
	expect {[lines %/marks] == 1}
	close $stranger $friend
}

test datagrams_at_the_wrong_time_start_nothing {
	handed udp:127.0.0.1:0 "-m %/marks datagrams 100" {access_times = "13:00-14:00"} -environment TZ=[noon] -clock
	set client [datagrams handed 127.0.0.1]
	put $client hello
	log "handed: refused 127.0.0.1: not at this time of day (access_times)"
	advance 45min
	expect {[lines %/marks] == 0}
	close $client
}

test a_datagram_service_of_its_own_clients_knows_them_too {
	superd {service dgram { listen = "udp:127.0.0.1:0" accept = yes exec = "$backend datagrams 100" only_from = "127.0.0.1" }}
	set stranger [datagrams dgram 127.0.0.2]; set friend [datagrams dgram 127.0.0.1]
	put $stranger "let me in"
	log "dgram: refused 127.0.0.2"
	datagram_answers $friend
	close $stranger $friend
}

proc sensor_and_each {sensor time port {options ""}} {
	return "service trap { listen = \"127.0.0.1:$sensor\" accept = yes deny_time = $time }\n[each_at $port $options]"
}
set has_touched "each: refused 127.0.0.5: its address has touched a sensor (deny_time)"

test who_touches_a_sensor_is_kept_out_of_all_services {
	set sensor [free_port]; set port [free_port]
	superd [sensor_and_each $sensor 1h $port]
	port each
	is_served 127.0.0.5
	is_refused 127.0.0.5 $sensor
	is_refused 127.0.0.5
	log $has_touched
	is_served 127.0.0.6
	# It is remembered over a reload that changes either service.
	reload [sensor_and_each $sensor 2h $port "nice = 1"]
	is_refused 127.0.0.5
	is_served 127.0.0.6
}

test who_touches_a_sensor_starts_nothing_by_a_datagram {
	superd {
		service trap { listen = "127.0.0.1:0" accept = yes deny_time = 1h }
		service handed { listen = "udp:127.0.0.1:0" exec = "$backend datagrams 100" }
	}
	set stranger [datagrams handed 127.0.0.5]; set friend [datagrams handed 127.0.0.6]
	is_refused 127.0.0.5 trap
	put $stranger hello
	log "handed: refused 127.0.0.5: its address has touched a sensor (deny_time)"
	expect {[processes] == 0}
	datagram_answers $friend
	close $stranger $friend
}

test a_sensor_forgets_when_its_time_is_over {
	superd -clock [sensor_and_each 0 1h 0]
	is_refused 127.0.0.5 trap
	advance 59min
	is_refused 127.0.0.5
	advance 2min
	is_served 127.0.0.5
}

test a_sensor_of_no_time_only_logs {
	superd [sensor_and_each 0 0 0]
	is_refused 127.0.0.5 trap
	log "trap: touched by 127.0.0.5"
	is_served 127.0.0.5
}

proc datagram_sensor {time args} {
	superd {*}$args "service trap { listen = \"udp:127.0.0.1:0\" accept = yes deny_time = $time }\n[each_at 0]"
	datagrams trap 127.0.0.5
}

# As with xinetd.
test a_datagram_to_a_sensor_keeps_its_sender_out {
	set prober [datagram_sensor 1h]
	is_served 127.0.0.5
	put $prober "is there anybody"
	log "{process_sensor} Adding 127.0.0.5 to the global_no_access list for 60 minutes"
	is_refused 127.0.0.5
	log $has_touched
	is_served 127.0.0.6
	wait {[processes] == 0}
	close $prober
}

# Somebody who forges senders fills no log.
test a_flood_of_datagrams_to_a_sensor_is_logged_in_part {
	set prober [datagram_sensor 0 -clock]
	repeat 100 { put $prober "is there anybody" }
	log "trap: touched by 127.0.0.5"
	advance 1min
	wait {[put $prober "and now"; logged " more before it"]}
	is_served 127.0.0.5
	close $prober
}

test banners_are_sent_before_behind_and_in_place_of_the_service {
	write before "before\n"; write welcome "welcome\n"; write sorry "sorry\n"
	each {banner = "%/before" banner_success = "%/welcome" banner_fail = "%/sorry" no_access = "127.0.0.2"}
	set client [connect each]
	is [line $client] before
	is [line $client] welcome
	greet $client
	close $client
	is [told each -from 127.0.0.2] "before\nsorry\n"
}

test a_banner_that_cannot_be_read_is_told_of_once_and_refuses_nobody {
	each {banner = "/nonexistent/banner" banner_success = "/dev/zero"}
	repeat 3 { is_served 127.0.0.1 }
	expect {[count "each: warning: cannot read banner: /nonexistent/banner: No such file"] == 1}
	expect {[count "each: warning: cannot read banner_success: /dev/zero: it is no regular file"] == 1}
}

test every_limit_frees_up_again {
	each {instances = 3 per_source = 2 overload = refuse only_from = "127.0.0.0/8"}
	repeat 5 {
		set first [served each -from 127.0.0.2]; set second [served each -from 127.0.0.2]
		is_refused 127.0.0.2
		set third [served each -from 127.0.0.3]
		is_refused 127.0.0.4
		close $first $second $third
		wait {[processes] == 0}
		if {![info exists before]} { set before [descriptors] }
	}
	descriptors_at_most $before
}

test starts_for_the_datagrams_of_one_source_are_counted_by_the_minute {
	handed udp:127.0.0.1:0 "-m %/marks datagrams 50" "per_source_rate = 2"
	set busy [datagrams handed 127.0.0.2]; set other [datagrams handed 127.0.0.3]
	repeat 2 {
		datagram_answers $busy
		wait {[processes] == 0}
	}
	put $busy "once more"
	log "handed: refused 127.0.0.2: handed from 127.0.0.2 exceeded counts/min (limit 2/min)"
	datagram_answers $other
	expect {[lines %/marks] == 3}
	close $busy $other
}

# One on this machine, without an address.
test a_local_client_that_exceeds_a_limit_is_named_as_such {
	superd -control {service each { listen = "%/each.sock" accept = yes exec = "$backend lines" per_source = 1 }}
	node %/each.sock
	set first [served %/each.sock]
	refused %/each.sock
	log "each: refused a local client: each from a local client exceeded counts (limit 1)"
	sees {why each} "by uid "
	close $first
}

# One that stays: the others wait for a moment, as many as may, and in the meantime whoever has room comes.
test a_flood_of_one_source_keeps_nobody_else_waiting {
	each "per_source = 1"
	set first [served each -from 127.0.0.2]
	set before [descriptors]
	repeat 100 { lappend flood [connect each -from 127.0.0.2] }
	is_served 127.0.0.3
	foreach client $flood { end_of $client; close $client }
	wait {[count "exceeded counts (limit 1)"] >= 20}
	descriptors_at_most $before
	greet $first
	close $first
}

# Who waits for room when the rules change, or superd ends, is lost to nobody's memory.
test who_waits_for_room_is_served_or_refused_over_a_reload {
	set port [free_port]
	superd [each_at $port "per_source = 1"]
	set first [served each]
	set next [connect each]; send $next hello
	reload [each_at $port "per_source = 1 backlog = 7"]
	end_of $next
	close $next
	set next [connect $port]
	stop
	close $next $first
}

test clients_who_queue_are_refused_when_a_reload_says_so {
	set port [free_port]
	superd -clock [each_at $port "instances = 1"]
	log "each: listening on "
	set served [served each]
	set queued [connect each]; send $queued hello
	advance 1h
	expect {[quiet $queued]}
	reload [each_at $port "instances = 1 overload = refuse"]
	end_of $queued
	close $queued $served
}

test who_waits_for_a_service_that_becomes_a_sensor_has_touched_it {
	set port [free_port]
	set table {service each { listen = "127.0.0.1:$port" accept = yes exec = "%/missing" $options }}
	set options ""
	superd -arguments --no-preflight $table
	log "each: listening on "
	set client [connect each]
	log "each: cannot start"
	set options "deny_time = 0"
	reload $table
	end_of $client
	log "each: touched by 127.0.0.1"
	close $client
}

# By the row before they may come.
test who_waits_for_a_start_is_judged_by_the_row_that_serves {
	set gated [filled {exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done'"}]
	set port [free_port]
	superd [each_at $port $gated]
	set client [connect each]
	wait {[processes] > 0}
	reload [each_at $port "no_access = 127.0.0.1"]
	end_of $client
	log "each: refused 127.0.0.1: address not allowed"
	close $client
}

test who_is_counted_is_so_after_an_upgrade {
	set port [free_port]
	superd [each_at $port "per_source = 1 instances = 5 overload = refuse"]
	port each
	set client [served each -from 127.0.0.6]
	upgrade
	is_refused 127.0.0.6
	is_served 127.0.0.7
	close $client
	wait {[processes] == 0}
	is_served 127.0.0.6
}

# ---- how much of it the log has ----

# Who may use nothing fills no log: so many lines a minute are whole, for each service and reason, and then there is one a second.
test of_refused_clients_the_log_has_the_first_ones_and_then_their_number {
	superd -clock -environment TZ=[noon] "[each_at 0 {no_access = 127.0.0.2 access_times = "13:00-14:00"}]
		service other { listen = \"127.0.0.1:0\" accept = yes exec = \"$backend lines\" no_access = 127.0.0.2 }"
	settle; hold_clock
	repeat 30 { is_refused 127.0.0.2 }
	wait {[count "each: refused 127.0.0.2: address not allowed (only_from, no_access)"] == 20}
	is_refused 127.0.0.3; log "each: refused 127.0.0.3: not at this time of day (access_times)"
	is_refused 127.0.0.2 other; log "other: refused 127.0.0.2: "
	advance 1100ms
	is_refused 127.0.0.2
	log "each: refused 127.0.0.2: address not allowed (only_from, no_access); 10 more before it"
	repeat 5 { is_refused 127.0.0.2 }
	advance 2s
	is_refused 127.0.0.2
	log "each: refused 127.0.0.2: address not allowed (only_from, no_access); 5 more before it"
	advance 61s
	repeat 3 { is_refused 127.0.0.2 }
	wait {[count "each: refused 127.0.0.2: address not allowed (only_from, no_access)\n"] == 23}
}

test of_clients_that_a_sensor_has_seen_the_log_has_the_number_too {
	superd -clock [sensor_and_each 0 0 0]
	settle; hold_clock
	repeat 30 { is_refused 127.0.0.5 trap }
	wait {[count "trap: touched by 127.0.0.5"] == 20 && [count "{process_sensor}"] == 20}
	advance 1100ms
	is_refused 127.0.0.5 trap
	log "trap: touched by 127.0.0.5; 10 more before it"
}

test of_served_clients_the_log_has_a_hundred_a_second {
	superd -clock {service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/true" cps = unlimited }}
	settle; hold_clock
	repeat 110 { set client [connect each]; end_of $client; close $client }
	wait {[processes] == 0}
	expect {[count "each: started, pid "] == 100}
	expect {[count " ended: exit status 0"] == 100}
	advance 1100ms
	set client [connect each]; end_of $client; close $client
	log "for 127.0.0.1; 10 more before it"
	wait {[count "; 10 more before it"] == 2}
}
