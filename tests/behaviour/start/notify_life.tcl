# sd_notify: who the main process is, its watchdog, and reloads of type = notify-reload.
suite notify_life
uses notifying

set heard "type = notify notify_access = all"
set watched "type = notify watchdog = 10min rlimit_core = 0"

proc web {steps options} { superd [web_table $steps $options] }

proc moves {how} {
	clocked "$how $::ready" $::heard
	set pid [web_pid]
	log "main process is pid $pid now"
	repeat 3 { advance 1h }
	expect {![logged ended:]}
	expect {[web_pid] == $pid}
	does "end 3" ends
	log "pid $pid ended: exit status 3"
	expect {[web_pid] != $pid}
	stop
}

test another_of_its_processes_may_become_the_main_one { moves move }
test also_one_with_a_session_of_its_own { moves detach }

# superd still receives it when the program has failed already.
test a_descriptor_that_comes_late_cuts_no_pause {
	superd -clock {
		service web {
			listen = "127.0.0.1:0" type = notify backoff_min = 10min backoff_max = 10min file_descriptor_store_max = 1
			exec = { "$tests/notifier", "store", "FDSTORE=1", "fails" }
		}
	}
	connect web
	log "web: next start in "
	advance 5min
	counts "web: started" 1
}

# So many were started, and none of those lives.
proc no_first_process_lives {count} {
	set pids [regexp -all -inline {web: started, pid \d+} [read [logfile]]]
	expect {[llength $pids] >= $count}
	foreach pid [lrange $pids 0 $count-1] { expect {![lives [lindex $pid end]]} }
}

# It lies in another group than the main process then, and neither is the other's child to the new superd.
test who_was_the_main_process_ends_with_it_also_after_an_upgrade {
	web split $heard
	log "main process is pid [web_pid] now"
	upgrade
	stop
	no_first_process_lives 1
}

# Several share the socket, and only whose processes they are tells their messages apart.
test who_was_the_main_process_of_one_client_speaks_and_ends_with_it {
	web split "$heard accept = yes timeout_start = 1h"
	repeat 4 { lappend clients [connect web] }
	counts "is ready" 4
	counts "main process is pid " 4
	stop
	no_first_process_lives 4
	close {*}$clients
}

# The child has not had the signal of the stop, and lies in no group of its parent's. superd knows its status where it is superd's
# to reap by then, and takes it for a good one otherwise.
test whom_it_names_when_it_is_to_stop_is_told_to_stop_too {
	clocked "'yield pid' $ready" "$heard timeout_stop = 1h"
	web_pid
	stop
	expect {[regexp {main process is pid (\d+)} [read [logfile]] all child]}
	expect {[logged "pid $child ended: signal TERM"] || [logged "pid $child ended: exit status 0"]}
}

# The watchdog of ten minutes. A timer that is more than a second late is to superd a sign that it was held up itself: the backend
# then has its time once more.
proc watchdog_says {said} {
	for {set n 0} {$n < 130 && ![logged $said]} {incr n} {
		advance [expr {$n % 13 ? "250ms" : "598s"}]
		expect {$n || ![logged $said]}
	}
	log $said
}
proc is_stopped {pid} { watchdog_says "stopping pid $pid: it has not sent WATCHDOG=1 for 10min" }

# Who loses its service in a reload and may finish is heard until its end.
test one_that_goes_on_without_its_service_is_heard {
	clocked $ready "$watched on_remove = finish"
	set pid [web_pid]
	reload {service other { listen = "127.0.0.2:0" exec = "$tests/notifier" }}
	does "say WATCHDOG=Alone" done
	log WATCHDOG=Alone
	does barrier passed
	is_stopped $pid
	log "pid $pid ended: signal ABRT"
}

test a_process_of_somebody_else_is_not_taken_for_the_main_one {
	needs_users
	web "" {notify_access = main user = "nobody"}
	does "say MAINPID=$self" done
	log "is not taken for the main process: it is none of this service's"
	does "say MAINPID=1" done
	log "is not taken for the main process"
	does "say MAINPID=2147483646" done
	log "there is no such process"
}

test who_is_silent_is_ended_and_has_failed {
	clocked $ready $watched
	set pid [web_pid]
	is_stopped $pid
	log "pid $pid ended: signal ABRT"
	log "next start in "
	expect {[web_pid] != $pid}
}

test who_is_heard_lives_on {
	clocked "" "watchdog = 10min rlimit_core = 0"
	set pid [web_pid]
	does "env WATCHDOG_USEC" 600000000
	does "env WATCHDOG_PID" $pid
	repeat 5 {
		does "say WATCHDOG=1" done
		advance 9min
	}
	expect {[web_pid] == $pid}
}

test no_watchdog_is_for_one_that_is_stopped_already {
	superd -control [web_table "'ignore 15' $ready" "type = notify timeout_stop = 1h"]
	web_pid; set client [connect web]
	done "disable --no-wait web"
	wait {[value [control "list web"] state] eq "closing"}
	send $client "say WATCHDOG=trigger|STATUS=triggered"; line $client
	wait {[string first triggered [control "status web"]] >= 0}
	is [value [control "list web"] state] closing
	expect {![logged WATCHDOG=trigger]}
	done "signal --signal=9 web"
}

# What runs behind its end does not feed it.
test no_watchdog_is_for_one_that_has_ended_by_itself {
	clocked $::ready [filled {$watched timeout_stop = 12h
		exec_stop_post = "/bin/sh -c '>%/begun; until test -e %/gone; do sleep 0.05; done'"}]
	set pid [web_pid]
	does "end 0" ends
	wait {[exists %/begun]}
	advance_beside 598s
	repeat 12 { advance_beside 250ms }
	write gone ""
	log "pid $pid ended: exit status 0"
	expect {![logged WATCHDOG=1]}
}

test it_may_change_its_watchdog_and_trigger_it {
	clocked "" "watchdog = 12h watchdog_signal = USR2"
	set pid [web_pid]
	does "say WATCHDOG_USEC=600000000" done
	is_stopped $pid
	log "ended: signal USR2"
	set client [connect web]; send $client "say WATCHDOG=trigger"   ;# it may not live to answer
	log "it sent WATCHDOG=trigger"
	close $client
	log "ended: signal USR2"
}

test one_that_it_has_ended_stays_so_over_an_upgrade {
	clocked "" "watchdog = 10min rlimit_core = 0"
	set pid [web_pid]
	does "say WATCHDOG_USEC=0" done
	upgrade
	does "say WATCHDOG=1" done
	advance 598s
	repeat 12 { advance 250ms }
	is [web_pid] $pid
}

# It runs on by its own row (on_change = finish).
test a_row_without_a_watchdog_does_not_let_the_one_before_bark {
	clocked $::ready "$::watched notify_access = all"
	set pid [web_pid]
	reload [web_table "" ""]
	repeat 3 {
		advance 9min
		does "say WATCHDOG=1" done
	}
	is [web_pid] $pid
}

# Whose signal of the watchdog is ignored has timeout_stop left.
test a_silent_one_that_does_not_end_is_killed {
	clocked "'ignore 6' $ready" "type = notify watchdog = 10min timeout_stop = 5min"
	set pid [web_pid]
	is_stopped $pid
	advance 298s
	expect {![logged "ended: "]}
	advance 3s
	log "pid $pid ended: signal KILL"
}

test instances_have_watchdogs_too {
	clocked "" "accept = yes watchdog = 10min rlimit_core = 0"
	set client [connect web]
	wait {[processes] == 1}
	watchdog_says "it has not sent WATCHDOG=1 for 10min"
	log "ended: signal ABRT"
	close $client
}

test a_reload_is_seen_through {
	web "'handle 1' $ready" "type = notify-reload"
	set pid [web_pid]
	log "is ready"
	kill $pid HUP
	log "pid $pid reloads"
	log "pid $pid has reloaded"
	expect {[web_pid] == $pid}
}

# As `systemd-notify --reloading --ready` says it, whose reload takes no time.
test a_reload_may_be_said_with_its_end {
	clocked "'handle 1' $ready" "type = notify-reload timeout_start = 10min"
	set pid [web_pid]
	log "is ready"
	does "say RELOADING=1|MONOTONIC_USEC=1|READY=1" done
	log "pid $pid has reloaded"
	repeat 3 { advance 1h }
	expect {![logged "has not sent READY=1"]}
}

test who_would_die_of_a_reload_has_not_started {
	web $ready "type = notify-reload"
	set client [connect web]
	log "sent READY=1 without a handler of reload_signal, HUP"
	log "next start in "
	close $client
}

# One that nobody can handle is no mistake of the backend's.
test a_signal_that_cannot_be_handled_is_not_asked_for {
	web $ready "type = notify-reload reload_signal = STOP"
	does "env FDSTORE" unset
	log "is ready"
}

# Neither is superd's child.
test who_is_named_after_another_is_the_main_process {
	web "" "notify_access = all"
	set pid [web_pid]
	foreach gate {one two} {
		does "name %/$gate" done
		does barrier passed
	}
	counts "main process is pid " 2
	write one ""
	repeat 3 { does barrier passed }
	is [web_pid] $pid
	expect {![logged "ended:"]}
	write two ""
	log "ended:"
	expect {[web_pid] != $pid}
}

# superd waits for the end of each of these already.
test a_command_is_no_main_process {
	superd -control {service web {
		listen = "127.0.0.1:0" notify_access = all
		exec_start_pre = "/bin/sh -c 'exec $tests/notifier \"say MAINPID=$$\" barrier \"end 0\"'"
		exec = "$tests/notifier"
		exec_start_post = "/bin/sh -c 'exec $tests/notifier \"say MAINPID=$$\" barrier \"end 0\"'"
	}}
	set pid [web_pid]
	counts "is not taken for the main process: " 2
	wait {[state] eq "running"}
	is [web_pid] $pid
}

# A receiver has these messages one after another, and the program starts behind that.
test a_look_at_a_start_that_waits_for_what_is_kept_does_not_end_it {
	set stores [string repeat "'store FDSTORE=1' " 9]
	superd -control {service web {
		listen = "127.0.0.1:0" notify_access = all file_descriptor_store_max = 9
		exec_start_pre = "$tests/notifier $stores 'end 0'"
		exec = "$tests/notifier"
	}}
	repeat 10 {
		set client [connect web]; send $client "end 0"
		while {![heard $client]} { signal USR1; after 1 }
		is [said [line $client]] ends
		close $client
		wait {[state] eq "listening"}
	}
	expect {![logged "pid 0"]}
}
