# type = forking: whoever ends up with the listeners is the instance, however it got away from the first process, and a start that
# fails leaves nobody with them. Who serves says its own pid, so that is compared with what superd says and stops.
suite forking

proc forking {name how {options ""}} {
	needs {[string match *pid_file* $options] || [has_groups]} \
		"superd can make no control groups here, to know a daemon without a pid file by"
	filled {service $name { listen = "127.0.0.1:0" exec = "$backend fork $how" type = forking $options }
}
}
proc web {how {options ""} args} { superd {*}$args [forking web $how $options] }

# Of the times of a stop that of the service alone passes. The clock is not moved before a start: superd finds a daemon by when its
# processes were made, which is the kernel's time.
proc timed {how options} { superd -clock "superd { stop_timeout = 1h }\n[forking web $how $options]" }

# Whoever serves this service is its one daemon, and superd knows it.
proc daemon {{name web}} {
	set pid [pid $name]
	wait {[logged "$name: daemon is pid $pid\n"]}
	expect {[pid $name] == $pid}
	counts "$name: started, pid " 1
	return $pid
}

# A stop in time reaches the daemon by kill_signal, as an instance.
proc ended_by_term {pid {name web}} { expect {[logged "$name: pid $pid ended: signal TERM"]} }
proc is_stopped {pid} { stop; ended_by_term $pid }

# Services, each with a daemon that is made in one of these ways.
proc several {count ways args} {
	for {set n 0} {$n < $count} {incr n} { append table [forking s$n [lindex $ways [expr {$n % [llength $ways]}]]] }
	superd {*}$args $table
	lmap line [regexp -all -inline {service \S+} $table] { lindex $line 1 }
}
proc stop_all {names pids} {
	stop
	foreach name $names pid $pids { ended_by_term $pid $name }
}

proc follows {how} {
	set names [several 5 $how -clock]
	set pids [lmap name $names { daemon $name }]
	repeat 3 { advance 8h; expect {[processes] == 5} }
	stop_all $names $pids
}

test the_daemon_of_two_forks_is_followed { follows plain }
test the_daemon_of_one_fork_is_followed { follows single }

# It is announced too early, but nothing else is started meanwhile.
test a_slow_process_between_is_seen_through {
	web slow
	set pid [daemon]
	wait {[processes] == 1}
	is_stopped $pid
}

test daemons_started_together_are_told_apart {
	set names [several 6 {plain single slow}]
	set clients [lmap name $names { connect $name }]
	foreach client $clients { send $client who }
	foreach name $names client $clients {
		is [said [line $client]] who
		close $client
		lappend pids [daemon $name]
	}
	wait {[processes] == 6}
	stop_all $names $pids
}

test a_daemon_that_ends_well_at_once_is_followed_by_the_next {
	web one
	repeat 10 { pid web }
	wait {[processes] == 0}
	counts "web: started, pid " 10
	expect {![logged "web: next start"]}
}

test runtime_max_reaches_the_daemon {
	timed plain "runtime_max = 5min"
	set pid [pid web]
	advance 4min
	expect {[pid web] == $pid}
	advance 62s
	wait {[processes] == 0}
	log "web: stopping pid $pid: runtime_max is over"
	expect {[pid web] != $pid}
}

test a_service_taken_out_takes_its_daemon_along {
	web plain "on_remove = stop"
	daemon
	reload {service other { listen = "127.0.0.1:0" exec = "$backend serve" }}
	wait {[processes] == 0}
}

# A start has ten minutes, and a stop five. The pause after it outlasts the test, so that one start is seen.
proc failing {how {options ""}} {
	timed $how "timeout_start = 10min timeout_stop = 5min backoff_min = 12h backoff_max = 12h $options"
	connect web
}

proc is_nobody_left {client} {
	log "web: next start in "
	wait {[processes] == 0}
	counts "web: started, pid " 1
	stop
	close $client
}

# Where steps of the clock are needed, the first of which has the start fail.
proc leaves_nobody_in_time {how said {options ""}} {
	set client [failing $how $options]
	log "web: started, pid "
	advance 9min
	expect {![logged $said]}
	advance 62s
	log $said
	advance 6min
	is_nobody_left $client
}

test a_start_that_fails_leaves_no_daemon {
	foreach how {fail single,fail slow,fail} {
		set client [failing $how]
		log "ended: exit status 3"
		is_nobody_left $client
	}
}

test a_daemon_of_a_failed_start_deaf_to_term_is_killed {
	set client [failing fail,deaf]
	log " that a failed start has left"     ;# with the process between, or without
	advance 6min
	log "ended: exit status 3"
	is_nobody_left $client
}

test a_start_that_takes_too_long_leaves_no_daemon { leaves_nobody_in_time stay "not ready within timeout_start" }
test a_start_that_takes_too_long_leaves_none_that_is_deaf_to_term {
	leaves_nobody_in_time stay,deaf "not ready within timeout_start"
}
test a_pid_file_that_never_comes_leaves_no_daemon {
	leaves_nobody_in_time plain "the daemon has not written its pid there" {pid_file = "%/none.pid"}
}
test a_pid_file_of_a_wrong_process_leaves_no_daemon {
	leaves_nobody_in_time wrong,pid=%/wrong.pid "names pid 1: that is no process of this start" {pid_file = "%/wrong.pid"}
}

test a_pid_file_cannot_claim_the_backend_of_another_service {
	superd -clock "service other { listen = \"127.0.0.1:0\" exec = \"$backend serve\" }
		[forking web plain {timeout_start = 10min backoff_min = 12h backoff_max = 12h pid_file = "%/thief.pid"}]"
	set other [pid other]
	set client [connect web]
	log "web: started, pid "
	write thief.pid "$other\n"
	advance 11min
	log "names pid $other: that is no process of this start"
	log "web: next start in "
	expect {[processes] == 1}
	expect {[pid other] == $other}
	close $client
}

set late {late,pid=%/late.pid}
set late_file {pid_file = "%/late.pid"}
proc is_the_daemon_of_the_file {} {
	set pid [daemon]
	is [string trim [read %/late.pid]] $pid
	is_stopped $pid
}

test a_late_pid_file_is_waited_for {
	# The last is no limit either.
	foreach timeout {1h infinity 0} {
		web $late "timeout_start = $timeout $late_file"
		is_the_daemon_of_the_file
	}
}

# A user's superd has no control group here, which would tell that the start goes on.
test a_pid_that_its_file_names_from_an_earlier_run_fails_no_start {
	write late.pid "[exec sh -c {echo $$}]\n" 666
	web $late $late_file -uid [expr {[root] ? 65534 : 0}]
	is_stopped [daemon]
}

test a_reload_leaves_a_search_as_it_was {
	foreach options {"" {pid_file = "/none"}} {
		web $late $late_file
		set client [connect web]; send $client who
		log "web: started, pid "
		reload [forking web $late $options]
		is [said [line $client]] who
		close $client
		is_the_daemon_of_the_file
	}
}

test a_stop_during_the_search_reaches_the_daemon {
	timed plain {timeout_start = 1h timeout_stop = 1h pid_file = "%/none.pid"}
	pid web
	stop
	expect {![logged "killing the rest"]}
}

# It has not had the signal, as all processes had theirs by then.
test a_stop_kills_a_daemon_that_is_begun_at_its_signal {
	timed told=%/told.up {timeout_start = 1h timeout_stop = 5min pid_file = "%/none.pid"}
	set client [connect web]
	wait {[exists %/told.up]}
	signal TERM
	log stopping
	until 10min {[ended]} 10
	expect {[exit_status] == 0}
	expect {![logged "killing the rest"]}
	close $client
}

# Without type = forking superd takes the end of the first process for the end of the service.
proc is_named_and_stopped {how} {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend fork $how" backoff_min = 12h backoff_max = 12h }}
	control "start --no-wait web"
	log "web: warning: its program went into the background: pid "
	log "web: next start in "
	wait {[processes] == 0}
}

test a_daemon_without_the_option_is_named_and_stopped { is_named_and_stopped plain }

# The process between is just ending, so superd has not inherited the daemon yet.
test a_daemon_without_the_option_is_found_behind_one_that_ends { is_named_and_stopped parting }

# A daemon that makes way for its successor, as nginx does at USR2 and QUIT: the file names the successor before the old one ends.
proc succeeded {pid {how TERM}} {
	kill $pid USR2
	wait {[set next [string trim [read %/heir.pid]]] ni [list "" $pid]}
	kill $pid $how
	log "web: daemon is pid $next"
	return $next
}
proc heir {type how {options ""}} {
	filled {service web { listen = "127.0.0.1:0" exec = "$backend $how" type = $type pid_file = "%/heir.pid" $options }
}
}
set forks fork\ heir,pid=%/heir.pid
set stays heir\ %/heir.pid

proc heirs_are_followed {type how {options ""}} {
	superd -control [heir $type $how $options]
	set pid [pid web]
	wait {[state] eq "running"}
	foreach way {TERM QUIT KILL} {
		set pid [succeeded $pid $way]
		is [state] running
		expect {[pid web] == $pid}
		has [why web] "pid $pid"
	}
	counts "web: started, pid " 1
	done "stop web"
	expect {[processes] == 0}
	ended_by_term $pid
}
test a_successor_that_the_pid_file_names_is_followed { heirs_are_followed forking $forks }
test a_successor_is_followed_whatever_the_type { heirs_are_followed simple $stays }
test a_successor_is_followed_where_only_the_main_process_is_stopped { heirs_are_followed forking $forks "kill_mode = process" }

test a_successor_is_followed_while_exec_start_post_runs {
	superd -control [heir forking $forks {exec_start_post = "/usr/bin/sleep 1000"}]
	set pid [succeeded [pid web]]
	is [state] starting
	expect {[pid web] == $pid}
}

test a_successor_is_followed_by_the_superd_after_a_kill {
	superd -control -guard [heir forking $forks]
	set pid [pid web]
	wait {[state] eq "running"}
	kill_superd
	set pid [succeeded $pid]
	kill_superd
	is [state] running
	expect {[pid web] == $pid}
	counts "web: started, pid " 1
}

# The file still names the one that has ended, or a process of nobody's.
test one_that_ends_without_a_successor_has_ended {
	foreach named {"" 1} {
		superd -control [heir forking $forks]
		set pid [pid web]
		wait {[state] eq "running"}
		if {$named ne ""} { write heir.pid $named }
		kill $pid TERM
		log "web: pid $pid ended: signal TERM"
		wait {[state] eq "listening"}
		stop
	}
}
