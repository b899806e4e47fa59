# xinetd's log lines from a running superd: who came, how it ended, who was turned away; into files, syslog or superd's own log.
# What is hard is the time in between: files are moved away, fill up and vanish while clients come.
suite xinetd_log

set everything "log_on_success = { PID, HOST, EXIT, DURATION } log_on_failure = { HOST }"
set hosts "log_on_success = { HOST }"
set to_file [filled {log_type = { FILE, "%/records" }}]

# superd with the service each; further words for the setup behind its options.
proc row {exec {options ""} {listen 127.0.0.1:0}} {
	filled {service each { listen = "$listen" accept = yes exec = "$exec" $options }
}
}
proc each {exec {options ""} args} { superd {*}$args [row $exec $options] }
proc visit {{service each}} { told $service }

# Whether a line of the file is this regular expression from beginning to end, after its stamp.
proc has_line {pattern {file %/records}} {
	regexp -line "^\\d\\d/\\d+/\\d+@\\d\\d:\\d\\d:\\d\\d: $pattern\$" [read $file]
}
proc wait_line {pattern {file %/records}} { wait {[has_line $pattern $file]} }
proc lines_are {count {file %/records}} { expect {[lines $file] == $count} [read $file] }

# One client who stays an hour: its start, and its end with the same pid.
proc stays_an_hour {script} {
	each "/bin/sh -c 'read line; exit 3'" "$::to_file $::everything" -clock
	set client [connect each]
	wait_line {START: each pid=[0-9]+ from=127\.0\.0\.1}
	advance 1h
	eval $script
	send $client go
	wait_line {EXIT: each status=3 pid=[0-9]+ duration=36[0-9][0-9]\(sec\)}
	regexp {START: each pid=(\d+)} [read %/records] all start
	regexp {EXIT: each status=3 pid=(\d+)} [read %/records] all end
	expect {$start == $end}
	lines_are 2
	close $client
}

test each_client_has_a_start_and_an_end { stays_an_hour "" }
test the_end_of_one_that_went_over_an_upgrade_is_that_of_its_start { stays_an_hour upgrade }

test an_end_by_a_signal_tells_its_number {
	each {/bin/sh -c 'kill -TERM $$'} "$to_file $everything"
	visit
	wait_line {EXIT: each signal=15 pid=[0-9]+ duration=[0-9]+\(sec\)}
}

test each_flag_adds_its_field_and_no_other {
	foreach {name flag} {pid PID host HOST time DURATION} {
		append table [filled {service $name { listen = "127.0.0.1:0" accept = yes exec = /bin/true
			log_type = { FILE, "%/$name" } log_on_success = { $flag } }
		}]
	}
	superd $table
	foreach name {pid host time} { visit $name }
	wait_line {EXIT: time duration=[0-9]+\(sec\)} %/time
	wait_line {START: time} %/time
	stop
	expect {[has_line {START: pid pid=[0-9]+} %/pid]} [read %/pid]
	lines_are 1 %/pid
	expect {[has_line {START: host from=127\.0\.0\.1} %/host]} [read %/host]
	lines_are 1 %/host
}

test who_is_turned_away_is_told_with_the_reason {
	each /bin/cat "$to_file $everything instances = 1 overload = refuse"
	set first [connect each]; send $first hello
	line $first
	refused each
	wait_line {FAIL: each service_limit from=127\.0\.0\.1}
	close $first
	wait_line {EXIT: each status=0 .*}
	lines_are 3
}

test who_may_not_come_has_neither_start_nor_end {
	each /bin/cat "$to_file $everything no_access = \"127.0.0.1\""
	refused each
	wait_line {FAIL: each address from=127\.0\.0\.1}
	stop
	lines_are 1
}

# What superd makes of it is in superd's own log, as in xinetd's.
test who_touches_a_sensor_has_been_refused {
	each /bin/cat "$to_file $everything deny_time = 1h"
	refused each
	wait_line {FAIL: each address from=127\.0\.0\.1}
	log "{process_sensor} Adding 127.0.0.1 to the global_no_access list for 60 minutes"
	stop
	lines_are 1
}

test attempt_alone_has_the_refusal_written_without_the_address {
	each /bin/cat "$to_file log_on_failure = { ATTEMPT } no_access = \"127.0.0.1\""
	refused each
	wait_line {FAIL: each address}
}

# So many clients, each with an address of its own, while superd does not look; one is more than may come in an hour.
proc come_at_once {count args} {
	each /bin/cat "$::to_file $::everything cps = { 1, 1h }" {*}$args
	set port [port each]
	while_stopped { for {set n 1} {$n <= $count} {incr n} { lappend clients [connect $port -from 127.0.0.$n] } }
	wait_line {FAIL: each connections per second from=127\.0\.0\.2}
	return $clients
}

test a_service_that_rests_for_cps_says_so_in_xinetds_words {
	set clients [come_at_once 2]
	log "\nDeactivating service each due to excessive incoming connections.  Restarting in 3600 seconds.\n"
	close {*}$clients
}

# It was taken out of the queue to be named, and has had its line.
test who_waits_for_the_end_of_a_rest_fails_once {
	set clients [come_at_once 2]
	stop
	expect {[has_line {EXIT: each .*}]} [read %/records]
	lacks [read %/records] fork
	lines_are 3
	close {*}$clients
}

# Its filter xinetd-fail, with what it has for <HOST>.
test fail2ban_finds_the_address_of_who_is_refused {
	each /bin/cat "$to_file $everything no_access = \"127.0.0.0/8\""
	set client [connect each]
	wait_line {FAIL: [^ ]+ address from=(::f{4,6}:)?[0-9.]+}
	close $client
}

# Who was taken out of the queue to be named is no more lost than those who wait there.
test who_is_one_too_many_for_cps_is_named_and_served_later {
	foreach client [come_at_once 4 -clock] {
		send $client hello
		until 30min {![quiet $client]} 5
		is [line $client] hello
		close $client
	}
}

test an_ipv4_client_is_one_by_whatever_socket_it_comes {
	superd [row /bin/true "$to_file $everything" 0]
	visit
	wait_line {START: each pid=[0-9]+ from=127\.0\.0\.1}
}

test what_cannot_be_started_has_neither_start_nor_end {
	write script "#!/bin/sh\n" 755
	each %/script "$to_file $everything backoff_min = 1h backoff_max = 1h"
	log "listening on"
	remove %/script         ;# only now: a start of superd would have found it missing
	set client [connect each]
	log "each: cannot start"
	stop
	close $client
	lacks [read %/records] START EXIT
}

proc run_web {options} { superd {service web { listen = "127.0.0.1:0" exec = "$backend take" $options }} }

# As with xinetd, which does not know the client either.
test a_backend_that_ends_at_once_has_both_lines {
	run_web "$to_file $everything"
	ask web hello
	wait_line {EXIT: web status=0 pid=[0-9]+ duration=[0-9]+\(sec\)}
	set text [read %/records]
	expect {[has_line {START: web pid=[0-9]+ from=<no address>}]} $text
	expect {[string first "START: " $text] < [string first "EXIT: " $text]} $text
}

test a_datagram_that_starts_a_backend_tells_its_sender {
	superd {service dns { listen = "udp:127.0.0.1:0" exec = "$backend datagrams" $to_file $everything }}
	set client [datagrams dns]
	datagram $client hello
	wait_line {START: dns pid=[0-9]+ from=127\.0\.0\.1}
	close $client
}

test a_local_client_has_no_address {
	superd [row /bin/true "$to_file $everything" %/node]
	node %/node
	visit %/node
	wait_line {START: each pid=[0-9]+ from=<no address>}
	stop
}

# local3 and notice.
test syslog_gets_the_line_with_facility_and_level {
	needs {[has_namespaces]} "no namespaces here"
	set receiver [dev_log]
	each /bin/true "log_type = { SYSLOG, local3, notice } log_on_success = { PID, HOST }" -own_dev
	visit
	set line [packet $receiver]
	begins $line "<157>"
	has $line " superd\[" "]: START: each pid=" " from=127.0.0.1"
	close $receiver
}

test without_log_type_the_lines_stand_in_superds_own_log_as_they_are {
	each "/bin/sh -c 'exit 3'" $everything
	visit
	log "\nEXIT: each status=3 pid="
	expect {[logged "\nSTART: each pid="]}
}

# A program has one line for the start of each client, and one for its end; a failure is in superd's words, too.
test superds_own_lines_do_not_double_those_of_xinetd {
	each {/bin/sh -c 'read status; exit $status'} $everything
	foreach status {0 1} {
		set client [connect each]; send $client $status
		log "\nEXIT: each status=$status pid="
		close $client
	}
	log "each: pid "
	expect {[logged " ended: exit status 1"]}
	expect {![logged "each: started"] && ![logged " ended: exit status 0"]}
}

# What gets the listeners starts seldom, and nothing but superd's own line tells how it goes on.
test superds_own_lines_stand_beside_those_of_who_gets_the_listeners {
	run_web $everything
	ask web hello
	log "\nEXIT: web status=0 pid="
	log " ended: exit status 0"
	expect {[logged "web: started, pid "]}
}

# superd whose log does not say where it listens.
proc visit_one_of {exec arguments} {
	set port [free_port]
	superd -arguments $arguments [row $exec $::everything 127.0.0.1:$port]
	wait {[reachable $port]}
	told $port
}

test a_quieter_log_still_has_the_lines_that_a_service_asks_for {
	visit_one_of /bin/true "--log-level error"
	log "START: each pid="
}

test in_json_the_line_has_its_facts {
	visit_one_of "/bin/sh -c 'exit 3'" "--log-format json"
	log {"service":"each","event":"start","pid":}
	log {"event":"exit"}
	expect {[logged {"peer":"127.0.0.1","message":"START: each pid=}]}
	expect {[logged {"status":3,}]}
}

proc move_away {} { file rename [path records] [path records.1] }

test a_file_that_was_moved_away_is_made_anew_at_a_hangup {
	each /bin/true "$to_file $hosts"
	visit
	wait_line {START: each .*}
	move_away
	reload [row /bin/true "$to_file $hosts"]
	visit
	wait_line {START: each .*}
	lines_are 1 %/records.1
	lines_are 1
}

test a_file_that_was_moved_away_is_noticed_and_no_line_is_lost {
	each /bin/true "$to_file $hosts" -clock
	visit
	wait_line {START: each .*}
	move_away
	visit
	advance 1min
	visit
	wait_line {START: each .*}
	wait {[lines %/records] + [lines %/records.1] == 3}
}

test at_its_limits_a_file_is_told_of_and_the_service_goes_on {
	each /bin/true [filled {log_type = { FILE, "%/records", 100, 200 } log_on_success = { HOST }}]
	repeat 12 { visit }
	log "grows beyond 100B, log_type's soft limit"
	log "has reached 200B, log_type's hard limit"
	expect {[file size [path records]] <= 200}
	expect {[count log_type's] == 2}
}

test a_file_out_of_reach_keeps_nobody_out {
	set records [path folder/records]
	each /bin/true "log_type = { FILE, \"$records\" } $hosts"
	visit
	log "each: warning: cannot log to "
	visit
	file mkdir [path folder]
	wait {[visit; exists $records]}
	log "logging to $records again"
	expect {[logged "\nSTART: each from="]}
	expect {[count "cannot log to"] == 1}
}

test superds_own_output_can_be_the_file {
	exec mkfifo [path out]
	set out [open [path out] {RDWR NONBLOCK}]
	each /bin/true "log_type = { FILE, \"/dev/stdout\" } $hosts" -out %/out
	visit
	wait {[gets $out line] > 0}
	expect {[string match "*: START: each from=127.0.0.1" $line]} $line
}

test files_of_services_that_are_gone_are_closed {
	each /bin/true
	visit
	wait {[processes] == 0}
	reload [row /bin/true]  ;# what a reload has open once
	set before [descriptors]
	reload [row /bin/true "$to_file $hosts"]
	visit
	wait_line {START: each .*}
	reload [row /bin/true]
	reload [row /bin/true]
	descriptors_at_most $before
}

# It has limits of its own.
test a_file_has_all_lines_however_many {
	each "/bin/cat" "$to_file log_on_failure = { HOST } no_access = 127.0.0.1" -clock
	settle; hold_clock
	repeat 40 { refused each }
	wait {[lines %/records] == 40}
	expect {[count "each: refused 127.0.0.1"] == 20}
}
