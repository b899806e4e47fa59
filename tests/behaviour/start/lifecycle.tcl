# The life of a backend that gets the listeners: started by the first client, again after any end, with pauses only where
# something is wrong, and gone with all it started when superd stops. Starts are counted by marks that backends leave in a file,
# so nothing here depends on how fast this machine is.
suite lifecycle

proc web {program {options ""} args} {
	superd {*}$args {service web { listen = "127.0.0.1:0" exec = "$tests/$program" $options }}
}
# A web that is stopped within an hour.
proc timed {program {options ""}} {
	superd -clock {superd { stop_timeout = 1h } service web { listen = "127.0.0.1:0" exec = "$tests/$program" $options }}
}
proc starts {} { lines %/marks }

test nothing_runs_before_the_first_client {
	timed "backend -m %/marks serve"
	repeat 3 { advance 8h }
	expect {[processes] == 0 && [starts] == 0}
	pid web
	expect {[starts] == 1}
}

test one_backend_serves_all_as_long_as_it_lives {
	web "backend serve"
	set pid [pid web]
	repeat 20 { expect {[pid web] == $pid} }
	expect {[processes] == 1}
}

# Clean exits: no pause lies behind one.
test the_next_client_starts_the_next_backend {
	web "backend take 1" "backoff_min = 1h backoff_max = 1h"
	repeat 30 { pid web }
	wait {[count "web: started, pid "] == 30}
}

test clients_queued_as_a_backend_ends_start_the_next_at_once {
	web "backend -d 5 take 1"
	repeat 20 { lappend clients [connect web] }
	foreach client $clients { send $client who }
	foreach client $clients { is [said [line $client]] who; close $client }
}

# One client waits in the queue while the backend fails; then it recovers.
proc sees_it_through {how most} {
	write script "\[ -e %/well ] && exec $::backend serve\nexec $::backend -m %/marks $how\n"
	superd -clock {superd { stop_timeout = 1h } service web { listen = "127.0.0.1:0" exec = "/bin/sh %/script"
		backoff_min = 1min backoff_max = 1h }}
	set client [connect web]; send $client who
	until 500ms {[logged "web: next "]} ;# longer steps could make a run look like one that did something
	repeat 13 { advance 1min }
	expect {[quiet $client]} "the client was dropped"
	# 0, 1, 3, 7 and 15 minutes after the first, a tenth less by jitter.
	expect {[starts] <= $most && [starts] >= 3}
	write well "yes\n"
	advance 1h
	is [said [line $client]] who
	close $client
	stop
}

test a_crashing_backend_is_retried_with_growing_pauses { sees_it_through "crash 11" 6 }
test a_failing_backend_is_retried_with_growing_pauses { sees_it_through "exit 3" 6 }
# The first few may be clients that changed their minds.
test a_backend_that_takes_nobody_is_no_busy_loop { sees_it_through "exit 0" 14 }

# Puts a program with this text in the place of another.
proc replace {text} { file rename -force [write program.new $text 755] [path program] }

test a_program_that_cannot_run_is_retried_and_named {
	write program "#!/no/such/interpreter\n" 755
	superd -arguments --no-preflight {service web { listen = "127.0.0.1:0" exec = "%/program" }}
	set client [connect web]; send $client who
	log "web: cannot start: "
	log "No such file or directory"
	log "web: cannot start: "
	replace "exec $backend serve\n"
	log "Exec format error"
	replace "#!/bin/sh\nexec $backend serve\n"
	is [said [line $client]] who
	close $client
}

test pauses_keep_within_the_tables_bounds {
	web "backend -m %/marks exit 1" "backoff_min = 20ms backoff_max = 50ms"
	set client [connect web]
	wait {[starts] >= 20}
	close $client
}

test a_killed_backend_is_started_again_for_the_next_client {
	web "backend serve"
	repeat 3 {
		set pid [pid web]
		kill $pid
		expect {[pid web] != $pid}
	}
	log "ended: signal KILL"
}

test a_backend_deaf_to_term_is_killed_after_timeout_stop {
	timed "backend hang" "timeout_stop = 5min"
	set client [connect web]
	wait {[processes] == 1}
	settle
	signal TERM
	advance 4min
	expect {![ended]}
	advance 62s
	expect {[exit_status] == 0}
	expect {[logged "ended: signal KILL"]}
	close $client
}

test a_stop_reaches_the_whole_group {
	web "backend children 3" "timeout_stop = 200ms"
	pid web
	expect {[processes] == 4}
}

test a_stop_reaches_those_that_left_the_group {
	web "backend escape" "timeout_stop = 200ms"
	pid web
	wait {[processes] == 2}
}

test the_signal_to_stop_with_is_the_tables {
	web "backend serve" "kill_signal = USR1"
	pid web
	stop
	expect {[logged "ended: signal USR1"]}
}

test runtime_max_ends_a_backend_and_the_next_client_gets_a_new_one {
	timed "backend serve" "runtime_max = 5min"
	set pid [pid web]
	advance 4min
	expect {[pid web] == $pid}
	advance 2min
	wait {[processes] == 0}
	expect {[pid web] != $pid}
}

# A daemon serves until it is killed; the next client has another.
proc is_followed {pid} {
	expect {[pid web] == $pid}
	kill $pid
	expect {[pid web] != $pid}
}

test a_forking_daemon_is_followed_by_its_pid_file {
	web "backend daemon %/daemon.pid" [filled {type = forking pid_file = "%/daemon.pid"}]
	set pid [pid web]
	expect {[string trim [read %/daemon.pid]] == $pid}
	is_followed $pid
}

test a_forking_daemon_without_a_pid_file_is_followed_too {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	web "backend daemon" "type = forking"
	is_followed [pid web]
}

test a_daemon_that_never_gets_ready_is_ended_and_tried_again {
	timed "backend -m %/marks hang" [filled {type = forking pid_file = "%/none.pid" timeout_start = 10min timeout_stop = 5min}]
	set client [connect web]
	wait {[starts] == 1}
	advance 9min
	expect {![logged "stopping pid"]}
	until 1min {[starts] >= 2}
	expect {[processes] <= 1}
	close $client
	settle
	signal TERM
	advance 6min
	expect {[exit_status] == 0}
}

# Where nothing starts it again, nothing else is announced.
test a_oneshot_that_failed_is_not_said_to_start_again {
	superd -control {service once { type = oneshot start = boot restart = no exec = "/bin/false" user = "$user"
		backoff_min = 1h backoff_max = 1h }}
	log "once: not started again by itself: it ended with exit status 1"
	expect {![logged "next start"]}
	node %/control
	has [prints why once] "superd does not start it again: superctl start does"
	has [prints status once] "status 1; superd does not start it again: superctl start does\n"
}

test a_oneshot_runs_once_for_what_activated_it {
	timed "backend -m %/marks take 1" "type = oneshot"
	pid web
	wait {[processes] == 0}
	repeat 3 { advance 8h }
	expect {[starts] == 1}
	pid web
	expect {[starts] == 2}
}

test every_plain_type_serves {
	foreach type {simple exec} {
		web "backend serve" "type = $type"
		pid web
		stop
	}
}

test start_at_boot_needs_no_client_and_no_socket {
	superd {
		service web { listen = "127.0.0.1:0" start = boot exec = "$backend -m %/with serve" }
		service worker { start = boot exec = "$backend -m %/without sleep 600000" }
	}
	wait {[lines %/with] == 1 && [lines %/without] == 1}
	set pid [pid web]
	expect {[lindex [read %/with] 0] == $pid}
	kill $pid
	kill [lindex [read %/without] 0]
	wait {[lines %/with] == 2 && [lines %/without] == 2}
}

# A clean exit is no failure.
test on_failure_exit_ends_superd_with_its_service {
	web "backend take 1" "on_failure = exit"
	pid web
	wait {[processes] == 0}
	expect {![ended]}
	stop
	web "backend exit 7" "on_failure = exit"
	close [connect web]
	expect {[exit_status] != 0}
}

test a_disabled_service_listens_nowhere {
	set port [free_port]
	superd {
		service off { listen = "127.0.0.1:$port" disable = yes exec = "$backend serve" }
		service on { listen = "127.0.0.1:0" exec = "$backend serve" }
	}
	pid on
	expect {![reachable $port]}
}

test an_idle_superd_does_not_wake {
	for {set n 0} {$n < 50} {incr n} {
		append table "service s$n { listen = \"127.0.0.1:0\" exec = \"$backend take 1\" }\n"
	}
	superd -clock $table
	pid s49
	wait {[processes] == 0} ;# a child that is stopped and continued wakes superd
	# What the start and the first client were about, and the worker that sets up the socket again.
	repeat 3 { advance 1h }
	wakes 4h 6 0
}

test a_client_that_leaves_before_it_is_served_does_no_harm {
	web "backend take 1"
	repeat 20 { close [connect web] }
	pid web
}

test services_are_independent_of_each_other {
	superd {
		service hangs { listen = "127.0.0.1:0" exec = "$backend hang" timeout_stop = 100ms }
		service fails { listen = "127.0.0.1:0" exec = "$backend exit 1" }
		service works { listen = "127.0.0.1:0" exec = "$backend take 1" }
	}
	set hangs [connect hangs]; set fails [connect fails]
	repeat 20 { pid works }
	close $hangs $fails
}

test a_program_that_no_folder_has_is_found_when_it_comes {
	file mkdir [path bin]
	file link -symbolic [path bin/program] /bin/true
	superd -clock {service web { listen = "127.0.0.1:0" exec = "program serve" exec_search_path = { "%/none", "%/bin" }
		backoff_min = 1min backoff_max = 1min }}
	log "web: listening on "
	remove %/bin/program
	set client [connect web]; send $client who
	until 1min {[count "web: cannot start: exec: program: "] >= 2}
	file link -symbolic [path bin/program] $::backend
	advance 2min
	is [said [line $client]] who
	close $client
}

test who_is_killed_at_superds_end_is_named {
	superd -clock {superd { stop_timeout = 1h } service web { listen = "127.0.0.1:0" timeout_stop = 10h
		exec = "/bin/sh -c 'trap : TERM; : >%/up; while :; do sleep 0.02; done'" }}
	set client [connect web]
	wait {[exists %/up]}
	log "web: started, pid "
	signal TERM
	log "stopping: signal TERM"
	advance_beside 61min
	log "killing the rest: web: pid "
	close $client
}
