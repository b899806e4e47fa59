# sd_notify: a backend says that it is ready, how it does and that it goes; superd believes who may say so, and nobody else. The
# backend does what its clients ask for (notifier.c).
suite notify
uses notifying

proc web {steps options args} { superd {*}$args [web_table $steps $options] }

# A backend answers; one answers a client who has waited, and who goes then.
proc is_up {} { does "env FDSTORE" unset }
proc client_is_served {client} { send $client "env FDSTORE"; is [said [line $client]] unset; close $client }

test a_backend_is_ready_when_it_says_so {
	clocked "'await %/gate' $ready" "type = notify timeout_start = 1h"
	set client [connect web]
	log "web: started, pid "
	advance 59min
	expect {![logged "is ready"]}
	write gate ""
	log "is ready"
	client_is_served $client
	repeat 3 { advance 1h }
	expect {![logged "stopping pid"]}
}

# The limit is for the start alone, and the client keeps its place.
test who_is_not_ready_in_time_is_stopped_and_its_client_waits {
	superd -clock {service web { listen = "127.0.0.1:0" type = notify timeout_start = 10min
		exec = { "/bin/sh", "-c", "test -e %/mark || { : >%/mark; exec sleep 1000; }; exec $tests/notifier $ready" } }}
	set client [connect web]
	wait {[exists %/mark]}
	advance 9min
	expect {![logged timeout_start]}
	advance 62s
	log "it was not ready within timeout_start"
	log "next start in "
	client_is_served $client
	repeat 3 { advance 1h }
	counts "stopping pid" 1
}

test an_end_before_it_was_ready_is_a_failure_however_good {
	web "'end 0'" "type = notify"
	set client [connect web]
	log "it ended with exit status 0, and never sent READY=1"
	close $client
}

test what_it_said_before_it_ended_counts {
	web "$ready 'end 0'" "type = notify"
	repeat 5 {
		set client [connect web]
		log "is ready"
		log "ended: exit status 0"
		close $client
	}
	expect {![logged "never sent READY=1"]}
}

test a_start_may_ask_for_more_time {
	clocked "'say EXTEND_TIMEOUT_USEC=7200000000' barrier 'await %/gate' $ready" \
		"type = notify notify_access = all timeout_start = 10min"
	set client [connect web]
	log "web: started, pid "
	advance 1h
	close $client
	write gate ""
	is_up
	expect {![logged "stopping pid"]}
}

# All of them together: to ten times the limit.
test no_start_has_more_time_for_ever {
	clocked "'say EXTEND_TIMEOUT_USEC=9000000000000000000' 'say EXTEND_TIMEOUT_USEC=720000000000' 'say WATCHDOG=Here' 'await %/never'" \
		"type = notify timeout_start = 10min"
	set client [connect web]
	log WATCHDOG=Here
	advance 98min
	expect {![logged "stopping pid"]}
	advance 3min
	log "it was not ready within timeout_start"
	close $client
}

test no_stop_has_more_time_for_ever {
	clocked "$ready 'ignore 15'" "type = notify timeout_stop = 10min runtime_max = 1min"
	is_up
	advance 62s
	log "runtime_max is over"
	repeat 11 {
		does "say EXTEND_TIMEOUT_USEC=720000000" done
		does barrier passed
		advance 9min
	}
	advance 2min
	log "ended: signal KILL"
}

# Its start is one that takes its time, and may be overtaken by its first word.
test a_confined_backend_is_ready_when_it_says_so {
	needs {[root]} "needs root"
	web $ready "type = notify protect_system = strict private_network = no timeout_start = 1h"
	repeat 10 { end 0 }
	counts "is ready" 10
}

test instances_of_one_connection_each_speak_for_themselves {
	web $ready "type = notify accept = yes pass = systemd timeout_start = 1h"
	repeat 4 { lappend clients [connect web] }
	counts "is ready" 4
	foreach client $clients { client_is_served $client }
}

test an_instance_that_is_not_ready_in_time_is_stopped {
	clocked "" "type = notify accept = yes timeout_start = 10min"
	set client [connect web]
	wait {[processes] == 1}
	advance 9min
	expect {![logged timeout_start]}
	advance 62s
	log "it was not ready within timeout_start"
	end_of $client
	close $client
}

test systemd_notify_in_a_script_is_the_scripts_own_word {
	needs {[exists /usr/bin/systemd-notify]} "there is no systemd-notify here (Debian: systemd)"
	superd {service web { listen = "127.0.0.1:0" type = notify notify_access = all
		exec = { "/bin/sh", "-c", "systemd-notify --ready --status=Fine; exec $tests/notifier" } }}
	is_up
	log "is ready"
}

test who_may_not_notify_has_no_socket {
	web "" ""
	does "env NOTIFY_SOCKET" unset
	does "env WATCHDOG_USEC" unset
}

test without_a_folder_the_socket_is_abstract {
	needs_users
	web $ready "type = notify" -uid 65534
	begins [said [ask web "env NOTIFY_SOCKET"]] @
	log "is ready"
}

# An abstract socket could not be reached from there: better no start, and why.
test without_a_folder_a_network_of_its_own_is_told_why {
	set folder [expr {[info exists env(SUPERD_RUNSTATEDIR)] ? $env(SUPERD_RUNSTATEDIR) : "/run"}]
	needs {$folder in {/run /var/run}} "this superd keeps its folders elsewhere"
	needs {[private]} "needs root and namespaces"
	file mkdir /run/superd
	file attributes /run/superd -permissions 0700
	web $ready "type = notify private_network = yes"
	connect web
	log "/superd, which must belong to root and be searchable by all: "
	file attributes /run/superd -permissions 0755
	log "is ready"
}

# The node of the socket: its mode and its owner, by number.
proc node {} {
	set socket [said [ask web "env NOTIFY_SOCKET"]]
	needs {[string match /* $socket]} "the folder of the sockets is another user's here"
	string trim [exec stat -c "%a %u" $socket]
}

test a_users_socket_is_his_alone_at_each_start {
	needs_users
	superd [set table [web_table $ready "type = notify user = nobody"]]
	set id [exec id -u nobody]
	is [node] "600 $id"
	file attributes [said [ask web "env NOTIFY_SOCKET"]] -permissions 0666
	end 0
	is [node] "600 $id"
	foreach {row is} [list [string map {"user = nobody" "user = root"} $table] "666 0" $table "600 $id"] {
		set pid [web_pid]
		reload $row
		does "end 0" ends
		log "pid $pid ended"
		is [node] $is
	}
}

# They may have become others before they speak.
test all_may_send_where_others_are_to_be_heard {
	needs_users
	web $ready "type = notify user = nobody notify_access = all"
	is [node] "666 0"
}

test the_socket_of_a_superd_without_rights_is_its_users_alone {
	needs {![root]} "needs an ordinary user"
	web $ready "type = notify"
	is [node] "600 [exec id -u]"
}

test its_node_is_gone_with_superd {
	web $ready "type = notify"
	set socket [said [ask web "env NOTIFY_SOCKET"]]
	if {[string match /* $socket]} { expect {[exists $socket]} }
	stop
	expect {![exists $socket]} $socket
}

test by_default_the_main_process_alone_is_heard {
	web "'child READY=1' barrier $ready" "type = notify"
	does barrier passed
	log "notify_access does not let it speak"
	expect {[count "is ready"] == 1}
}

test with_all_any_of_its_processes_is_heard {
	web "'child READY=1'" "type = notify notify_access = all timeout_start = 1h"
	is_up
	log "is ready"
}

# Another user's process that left the session and lost its parent is nobody's.
test a_stranger_is_not_heard {
	needs {[root]} "needs root"
	web "" "notify_access = all"
	does "nobody WATCHDOG=Stranger" done
	log "it is no process of this service"
	expect {![logged WATCHDOG=Stranger]}
}

# Else any program could fill the disk of the log in superd's name.
test its_words_cause_no_more_lines_than_it_may_print {
	web $ready "type = notify log_rate_limit_burst = 5 log_rate_limit_interval = 1h"
	repeat 4 {
		does "say WATCHDOG=perhaps" done
		does "say WATCHDOG=maybe" done
	}
	does barrier passed
	log "its programs have caused more than 5 lines"
	counts "passed over: WATCHDOG=perhaps" 3
	counts "passed over: WATCHDOG=maybe" 2
	end 3
}

test the_state_shows_the_status {
	web "" "notify_access = main"
	does "say STATUS=Serving \033\[1mwell" done
	does barrier passed
	signal USR1
	log {Serving \\x1b[1mwell}
}

test what_is_no_notification_is_dropped_and_the_next_one_heard {
	web "" "notify_access = main"
	does "bad long" done
	log "dropped a notification"
	does "bad nul" done
	does "say BARRIER=1|READY=1" done
	does "say WATCHDOG=Next" done
	log WATCHDOG=Next
	expect {[count "dropped a notification"] == 1}
}

test a_barrier_is_passed_when_all_before_it_was_heard {
	web "" "notify_access = main"
	does "say WATCHDOG=Before" done
	does barrier passed
	expect {[logged WATCHDOG=Before]}
}

test stopping_is_final_and_has_its_time {
	clocked $ready "type = notify timeout_stop = 10min"
	does "say STOPPING=1" done
	log "is about to end"
	does "say READY=1" done
	log "STOPPING=1 is final"
	advance 9min
	expect {![logged "within timeout_stop"]}
	advance 62s
	log "it sent STOPPING=1, and has not ended within timeout_stop"
	log "ended: signal TERM"
	is_up
}

# In systemd it is stopping from then on, so RemainAfterExit= is over.
test stopping_ends_what_remains_after_its_exit {
	superd [web_table $ready "type = notify remain_after_exit = yes"]
	set pid [web_pid]
	does "say STOPPING=1" done
	does "end 0" ends
	log "pid $pid ended: exit status 0"
	is_up
}

test who_stops_before_it_is_ready_was_not_late_to_be_ready {
	clocked "'say STOPPING=1'" "type = notify timeout_stop = 10min timeout_start = 12h"
	set client [connect web]
	log "is about to end"
	advance 11min
	log "superd stopped it, and it ended with signal TERM, and never sent READY=1"
	close $client
}

test who_says_no_end_of_a_reload_stays_awake_and_why_tells {
	superd -clock -control [web_table $ready "type = notify idle_timeout = 5min"]
	does "say RELOADING=1" done
	until 1min {[logged "keeps running without clients: it is reading its configuration again"]}
	has [why web] "not idle: it is reading its configuration again"
	does "say READY=1" done
	log "has reloaded"
	until 1min {[logged "web: stopping pid "]}
}

# RuntimeMaxSec is over for it then, as in systemd.
test who_is_about_to_end_has_timeout_stop_for_it_whatever_runtime_max_says {
	clocked $ready "type = notify runtime_max = 1h timeout_stop = 12h"
	set pid [web_pid]
	does "say STOPPING=1" done
	log "is about to end"
	repeat 3 { advance 1h }
	expect {![logged "runtime_max is over"]}
	does "end 0" ends
	log "pid $pid ended: exit status 0"
}
