# Conditions of a start, seen from outside: what is not so keeps its clients waiting and costs nothing, and what becomes so lets them
# in. And restart: who is started again without a client.
suite conditions

proc web {program options {how ""}} {
	superd {*}$how {superd { stop_timeout = 1h }
		service web { listen = "127.0.0.1:0" exec = "$program" $options }}
}

# Whether a service with this condition starts.
proc starts {yes condition} {
	web "$::backend take 1" "condition = \"$condition\""
	set client [connect web]; send $client who
	if {$yes} { has [line $client] " who" } else { log "web: not started: $condition is not so" }
	close $client
	stop
}

test of_paths {
	file mkdir [path folder]
	write folder/file text
	write empty ""
	foreach {yes condition} {
		1 PathExists=%/folder  0 PathExists=!%/folder  1 PathExistsGlob=%/folder/f[a-j]l?  0 PathExistsGlob=%/folder*/f*x*
		1 PathIsDirectory=%/folder  1 DirectoryNotEmpty=%/folder  0 FileNotEmpty=%/empty  1 FileIsExecutable=/bin/sh
		0 FileIsExecutable=%/folder/file  1 PathIsMountPoint=/proc  0 PathIsMountPoint=%/folder  1 PathIsReadWrite=%/folder
		0 PathIsSymbolicLink=%/folder
	} {
		starts $yes Condition$condition
	}
	starts 0 PathExists=%/folder/none
}

test of_superd_and_the_machine {
	starts 1 ConditionUser=$user
	starts 0 ConditionUser=nobody-of-this-name
	starts 1 ConditionEnvironment=PATH
	starts 0 ConditionEnvironment=NOBODY_SETS_THIS
	starts 1 ConditionKernelCommandLine=!surely-no-such-word
}

test with_a_bar_need_one_that_is_so {
	web "$backend take 1" {condition = { "PathExists=|/none", "PathExists=|/", "User=!none" }}
	pid web
	stop
	web "$backend take 1" {condition = { "PathExists=|/none", "PathExists=|/none2" }}
	close [connect web]
	log "web: not started: PathExists=|/none is not so"
}

# systemd loops until it closes the socket for good; here the queue is kept, and nothing spins.
test that_are_not_so_pause_and_never_spin {
	web "$backend serve" {condition = "PathExists=!/"} -clock
	set client [connect web]; send $client who
	log "next look in 5 s"
	until 1min {[logged "next look in 1 min 20 s"]} 10
	settle
	advance 2s; # the worker that has reset the listener goes
	set looks [count "not started"]; set before [woken]
	advance 38s
	expect {[count "not started"] == $looks}
	expect {[woken] - $before <= 1}
	advance 41s
	expect {[count "not started"] == $looks + 1}
	expect {[reachable web]}
	expect {[quiet $client]}
	close $client
}

# A client waits until the condition is so.
proc is_let_in {program options answer} {
	web $program "$options condition = \"PathExists=%/well\"" -clock
	set client [connect web]; send $client who
	log "not started"
	write well ""
	advance 6s
	has [line $client] $answer
	close $client
}

test that_become_so_let_the_client_in { is_let_in "$backend serve" "" " who" }
test hold_for_each_connection_and_lose_none { is_let_in /bin/cat "accept = yes" who }

test that_are_asserted_are_failures {
	web "$backend serve" {condition = "AssertPathExists=/none"}
	set client [connect web]
	log "web: cannot start: AssertPathExists=/none is not so"; log "next start in"
	close $client
}

test come_before_every_command {
	web "$backend serve" {condition = "PathExists=/none" exec_condition = "/bin/touch %/one" exec_stop_post = "/bin/touch %/two"}
	set client [connect web]
	log "not started"
	expect {![exists %/one] && ![exists %/two]}
	close $client
}

suite restart

proc run_at_boot {how options} {
	superd -clock {service job { listen = "127.0.0.1:0" start = boot exec = "/bin/sh -c 'echo >>%/starts; $how'" $options }}
}

# Whether it is started again after such an end.
proc is_restarted {yes how options} {
	run_at_boot $how "backoff_min = 1ms backoff_max = 5ms $options"
	if {$yes} {
		wait {[lines %/starts] >= 3}
	} else {
		log "job: pid "
		wait {[processes] == 0}
		repeat 3 { advance 1h }
		expect {[lines %/starts] == 1}
	}
	stop
	remove %/starts
}

test follows_the_way_it_ended {
	is_restarted 0 "exit 0" ""
	is_restarted 0 "exit 0" "restart = on-failure"
	is_restarted 1 "exit 0" "restart = on-success"
	is_restarted 1 "exit 0" "restart = always"
	is_restarted 0 "exit 7" "success_exit_status = 7"
	is_restarted 1 "exit 7" "success_exit_status = 7 restart = on-success"
	is_restarted 1 "exit 0" "restart_force_exit_status = 0"
	is_restarted 0 "exit 0" "restart = always restart_prevent_exit_status = SUCCESS"
	is_restarted 0 {kill -KILL $$} "success_exit_status = SIGKILL restart = on-abort"
}

test waits_for_backoff_min {
	run_at_boot "exit 0" "restart = always backoff_min = 10min backoff_max = 1h"
	wait {[lines %/starts] == 1}
	advance 8min
	expect {[lines %/starts] == 1}
	advance 3min
	wait {[lines %/starts] == 2}
}

test is_no_reason_for_a_client_to_wait {
	web "$backend take 1" "restart = always backoff_min = 10min backoff_max = 10min"
	repeat 3 { pid web }
}

suite ends

# It writes down the signals that it gets, but for TERM.
proc run_deaf {signal does options {how ""}} {
	web "/bin/sh -c 'trap : TERM; trap \\\"$does\\\" $signal; echo >>%/starts; while :; do sleep 0.01; done'" "start = boot $options" $how
	wait {[lines %/starts] == 1}
}

test by_hup_too_where_that_is_asked_for {
	run_deaf HUP "echo hup >>%/ways; exit 0" "send_sighup = yes"
	stop
	is [read %/ways] "hup\n"
}

test by_final_kill_signal_and_then_by_kill {
	run_deaf INT "echo int >>%/ways" "final_kill_signal = INT timeout_stop = 5min" -clock
	signal TERM
	advance_beside 4min
	expect {![exists %/ways]}
	advance_beside 62s
	wait {[lines %/ways] == 1}
	until 1min {[ended]} 10
	expect {[exit_status] == 0}
	is [read %/ways] "int\n"
	expect {[logged "signal KILL"]}
}
