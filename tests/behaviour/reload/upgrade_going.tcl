# What goes on over an upgrade by the clock or by count: what is frozen, searches, commands; and operators,
# who stay connected.
suite upgrade_going
uses reloads

proc run_web {program {options ""} args} { start_controlled [web 0 $program $options] {*}$args }

test who_is_connected_keeps_it_awake_and_is_missed_when_gone {
	run_web talk "idle_timeout = 10min" -clock
	set client [served web]
	repeat 4 { advance 15min; expect {![logged "web: stopping pid "]}; upgrade }
	greet $client; close $client
	until 5min {[logged "web: stopping pid "]} 10
	wait {[processes] == 0}
}

test what_sleeps_has_not_been_woken_and_sleeps_again {
	run_web serve "idle_timeout = 10min\n idle_action = freeze" -clock
	set process [pid web]
	foreach times {1 2 3} {
		if {$times > 1} upgrade
		until 5min {[count "is frozen until a client connects"] == $times} 10
	}
	has [prints --json status web] "\"wakes\":0"
	expect {[pid web] == $process}
	sees { prints --json status web } "\"wakes\":1"
}

test a_daemon_that_is_not_settled_is_found {
	write daemon "while ! test -e %/go; do sleep 0.02; done\nLISTEN_PID=$$ exec $backend serve\n"
	run_web "/bin/sh -c '/bin/sh [path daemon] &'" "type = forking\n pid_file = \"[path daemon.pid]\""
	set client [connect web]; send $client hello
	wait {[processes] > 0}
	upgrade
	write go ""
	set process [lindex [line $client] 0]
	write daemon.pid $process\n
	log "web: daemon is pid $process\n"
	close $client; stop
	expect {[logged "web: pid $process ended: signal TERM"]}
}

test a_daemon_on_trial_is_followed {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	run_web "fork 1" "type = forking"
	set process [pid web]
	upgrade; log "web: daemon is pid $process\n"
	upgrade
	kill $process; log "web: warning: pid $process ended: signal KILL"
	expect {[pid web] != $process}
}

test commands_around_sockets_go_on {
	superd -control [web 0 talk "socket_exec_start_pre = { \"/bin/sh -c 'while ! test -e %/go; do sleep 0.02; done'\" }
		socket_exec_start_post = { \"/usr/bin/touch %/opened\" }\n socket_exec_stop_post = { \"/usr/bin/touch %/closed\" }"]
	wait {[reachable %/control]}
	wait {[processes] > 0}
	upgrade
	write go ""
	close [served web]
	expect {[exists %/opened]}
	stop
	expect {[exists %/closed]}
}

# Its time goes on.
test one_who_stops_only_now_still_stops {
	run_web {/bin/sh -c 'trap \"\" TERM; exec sleep 1000'} "timeout_stop = 10min" -clock
	set client [connect web]
	log "web: started, pid "
	close $client
	expect {[lindex [superctl stop --no-wait web] 0] == 0}
	advance 5min
	upgrade
	advance 4min
	expect {![logged "signal KILL"]}
	advance 2min; log "signal KILL"
	clock_stop 10min                ;# the client may have had another one started
}

test the_answer_comes_from_the_one_that_has_taken_over {
	run_web serve
	lassign [superctl upgrade] status output errors
	expect {$status == 0} $errors
	has $output "superd: upgraded from "
	expect {[logged ": upgraded from "]}
	schema_holds upgrade [prints --json upgrade]
}

# Who comes behind it asks the next superd.
test who_has_come_is_answered_first {
	run_web talk "" -clock
	set client [session]
	signal USR2; log "upgrading: becoming "
	set behind [connect %/control]
	has [request $client list] "\"service\":\"web\"" "{\"done\":true}"
	has [line $behind] "\"upgraded_from\":"
	close $client $behind
}

test who_comes_and_asks_nothing_delays_it_only_shortly {
	run_web talk "" -clock
	set client [session]
	signal USR2; log "upgrading: becoming "
	advance 2s; end_of $client
	log ": upgraded from "
	close $client
}

test a_silent_client_of_a_page_does_not_delay_it {
	superd -clock -control -arguments {--log-level debug} {service page { listen = "127.0.0.1:0" accept = yes builtin = metrics user = "$user" }}
	set client [connect page]
	log "started, pid "
	upgrade
	close $client
}

# superd at a place where this script is by now.
proc replaced_by {script} {
	exec ln -s $::superd [path superd]
	run_web serve "" -program [path superd]
	file rename -force [write hangs $script 755] [path superd]
}

test who_does_not_wait_is_answered_at_once {
	replaced_by "#!/bin/sh\nexec sleep 1000\n"
	foreach {option said} {--timeout=200ms "not upgraded in time, but under way" --no-wait "busy: an upgrade is under way"} {
		lassign [superctl upgrade $option] status output errors
		expect {$status == 1}
		has $errors $said
	}
	signal USR2; log "not upgraded: busy: an upgrade is under way"
}

test not_waiting_it_comes_all_the_same {
	run_web hang "timeout_stop = 1h"
	set client [connect web]
	log "web: started, pid "
	lassign [superctl upgrade --no-wait] status output errors
	expect {$status == 0} $errors
	# The upgrade may be over before its answer is sent.
	expect {[string match "superd: under way\n" $output] || [string match "superd: upgraded from *" $output]} $output
	log ": upgraded from "
	sees { prints list } web        ;# the next superd answers
	lassign [superctl shutdown --timeout=1s] status output errors
	expect {$status == 1}
	has $errors "superd has not ended in time"
	lassign [superctl shutdown --no-wait] status output errors
	expect {$status == 0} $errors
	close $client
	exit_status
}

test who_has_given_up_gets_no_answer_to_another_request {
	exec mkfifo -m 600 [path go]
	replaced_by "#!/bin/sh\nread -r line <%/go\necho it is none\nexit 1\n"
	done "start web"
	set session [session]
	send $session "upgrade --check --timeout=200ms"
	has [line $session] "has not answered in time"
	send $session "wait --asleep web"
	exec sh -c ": >[path go]"
	log "an upgrade would fail: "
	done "stop web"
	has [line $session] "\"message\":\"asleep\""
	close $session
}
