# Commands around a service, run by real shells that leave a line in a file: which ran, in which order, told what. No client is
# lost to one that fails, and nothing of a command outlives its step.
suite commands

# A command that adds a line to the diary; what stands behind it is the shell's.
proc note {text} { return "/bin/sh -c 'echo $text >>[path diary]'" }
proc diary {} { read %/diary }
proc diary_is {text} { is [diary] $text }

# Options, each with a list of commands.
proc with {args} {
	foreach {option commands} $args {
		append options "$option = { \"[join $commands {", "}]\" }\n"
	}
	return $options
}

# A command that is true as soon as the file is there.
set when_well [filled {/bin/sh -c 'echo try >>%/tries; test -e %/well'}]
proc tries {} { lines %/tries }
proc get_well {} { write well "" }
proc nothing_runs {} { wait {[processes] == 0} }

proc web {program options args} {
	superd {*}$args {superd { stop_timeout = 1h } service web { listen = "127.0.0.1:0" exec = "$program" $options }}
}
set take [filled "$backend take 1"]
set serve [filled "$backend serve"]
proc each {options} { web /bin/cat "accept = yes $options" }

proc around {} {
	with exec_condition [list [note condition]] exec_start_pre [list [note "pre one"] [note {pre two $MAINPID.}]] \
		exec_start_post [list [note {post ${MAINPID:+main}}]] exec_stop [list [note {stop $SERVICE_RESULT}]] \
		exec_stop_post [list [note {after $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS}]]
}

test that_cannot_be_prepared_say_why {
	exec mkfifo [path fifo]
	web $take "[with exec_start_pre /bin/true] error = \"append:%/fifo\" start = boot"
	log "web: cannot start: exec_start_pre: /bin/true: error: %/fifo: "
}

test that_cannot_have_what_the_row_says_name_it {
	file mkdir [path gone]
	web $take "[with exec_start_pre /bin/true] working_directory = \"%/gone\""
	port web
	file delete [path gone]
	close [connect web]
	log "web: cannot start: exec_start_pre: /bin/true: changing directory: %/gone: No such file or directory ("
}

test run_around_a_backend_in_their_order {
	web $take [around]
	pid web
	sees diary after
	diary_is "condition\npre one\npre two .\npost main\nstop success\nafter success exited 0\n"
}

test are_run_again_for_the_next_client {
	web $take [with exec_start_pre [list [note pre]]]
	repeat 5 { pid web }
	diary_is "pre\npre\npre\npre\npre\n"
}

test of_a_stop_come_before_its_signal {
	web $serve [around]
	pid web
	# Until it counts as started: a start that is cut short has nothing to stop.
	sees diary "post main"
	wait {[processes] == 1}
	stop
	has [diary] "post main\nstop success\nafter success killed TERM\n"
}

test of_a_stop_may_end_the_backend_themselves {
	web $serve {exec_stop = "/bin/sh -c 'kill -KILL $MAINPID'"}
	pid web
	stop
	expect {[logged "ended: signal KILL"]}
}

# systemd has it so: what crashed has nothing left to be stopped.
test of_a_stop_are_left_out_after_a_crash {
	web "/bin/sh -c 'exit 3'" [around]
	set client [connect web]
	sees diary "after exit-code exited 3"
	lacks [diary] "stop success"
	close $client
}

test that_fail_keep_the_client_until_they_do_not {
	web $serve "[with exec_start_pre [list $when_well] exec_stop_post [list [note {after $SERVICE_RESULT $EXIT_CODE}]]]
		backoff_min = 1min backoff_max = 1h" -clock
	set client [connect web]; send $client who
	until 1min {[tries] >= 3}
	settle
	expect {[quiet $client]}
	begins [diary] "after exit-code\n"
	get_well
	advance 1h
	is [said [line $client]] who
	close $client
	log "web: cannot start: exec_start_pre: "
}

test with_a_minus_may_fail {
	web $take [with exec_start_pre {-/bin/false -/no/such/program}]
	pid web
	expect {[logged "web: exec_start_pre: -/bin/false: exit status 1"]}
	expect {[count "cannot start"] == 0}
}

# The next superd has to prepare it again.
test with_a_minus_are_left_out_where_they_cannot_be_prepared {
	write env "A=b\n"
	web $serve "environment_file = \"%/env\" [with exec_stop -/bin/true]" -control -guard
	pid web
	remove %/env
	kill_superd
	done "stop web"
	wait {[processes] == 0}
	counts "and its guard restarted it" 1
}

# Each may write what the next ones read.
test read_the_environment_files_anew {
	web "/bin/sh -c 'echo run \$A >>%/diary; echo A=run >%/env; exec $::serve'" "environment_file = \"-%/env\"
		[with exec_start_pre [list {/bin/sh -c 'echo pre $A >>%/diary; echo A=pre >%/env'} [note {two $A}]] \
			exec_stop_post [list [note {after $A}]]]" -control
	pid web
	done "stop web"
	wait {[processes] == 0}
	diary_is "pre\ntwo pre\nrun pre\nafter run\n"
}

# Nothing is run with half of its variables; the stop goes on.
test fail_alone_where_they_cannot_read_them {
	write env "A=b\n"
	web $serve "environment_file = \"%/env\" [with exec_stop [list [note never]] exec_stop_post [list [note never]]]" -control
	pid web
	remove %/env
	superctl stop --no-wait web
	wait {[processes] == 0}
	counts "web: environment_file: %/env: " 2
	expect {![exists %/diary]}
}

# Nothing was tried: a clean-up might undo what is another's.
test of_an_end_do_not_run_where_an_assertion_has_kept_the_start {
	foreach name {plain pre} more [list "" [with exec_start_pre [list [note never]]]] {
		append table "service $name { listen = \"127.0.0.1:0\" exec = \"$::serve\" condition = \"AssertPathExists=%/none\"
			$more [with exec_stop_post [list [note never]]] backoff_min = 1h backoff_max = 1h }\n"
	}
	superd $table
	foreach name {plain pre} {
		set client [connect $name]
		log "$name: cannot start: "
		close $client
	}
	stop
	expect {![exists %/diary]}
}

# 0, 1, 2 and the folder that ls reads.
test are_never_told_of_the_sockets {
	web $take [with exec_start_pre [list [note {fds ${LISTEN_FDS}. $(ls /proc/self/fd | wc -l)}]]]
	pid web
	diary_is "fds . 4\n"
}

test log_as_the_service {
	web $take {exec_start_pre = "/bin/sh -c 'echo ready to go; until test -e %/well; do sleep 0.02; done'"}
	set client [connect web]; send $client who
	log "web\[-]: ready to go"
	get_well
	is [said [line $client]] who
	close $client
}

test that_take_too_long_are_ended_with_all_they_started {
	web $serve "[with exec_start_pre [list {/bin/sh -c 'echo >>%/tries; sleep 1000 & sleep 1000'}] \
		exec_stop_post [list [note {after $SERVICE_RESULT}]]]
		timeout_start = 10min timeout_stop = 5min backoff_min = 1h backoff_max = 1h" -clock
	set client [connect web]
	wait {[tries] >= 1}
	advance 9min
	expect {![logged timeout_start]}
	advance 62s
	log "it was not done within timeout_start"
	sees diary "after timeout\n"
	nothing_runs
	close $client
}

test leave_nothing_running_behind {
	web $serve {exec_start_pre = "/bin/sh -c 'sleep 1000 &'"}
	pid web
	wait {[processes] == 1}
}

test are_cut_short_by_a_stop {
	web $serve "[with exec_start_pre [list "/bin/sleep 1000" [note never]] exec_stop_post [list [note after]]]
		timeout_stop = 1h" -clock
	set client [connect web]
	wait {[processes] == 1}
	stop
	diary_is "after\n"
	close $client
}

# Not even the end of superd waits for one that does not end.
test that_hang_after_the_end_are_killed {
	web $serve {exec_stop_post = "/bin/sh -c 'trap : TERM; echo >>%/tries; while :; do sleep 1; done'"
		timeout_stop = 5min} -clock
	pid web
	signal TERM
	wait {[tries] >= 1}
	advance 4min
	expect {![ended]}
	until 1min {[ended]} 10
	expect {[exit_status] == 0}
}

# Whatever it is for: each hears SIGTERM first.
proc asked {option begins} {
	web $::serve "$option = \"/bin/sh -c 'trap \\\"echo asked >>%/diary; exit\\\" TERM; echo >>%/tries; while :; do sleep 0.02; done'\"
		timeout_start = 5min timeout_stop = 5min idle_timeout = 1min" -clock -control
	node %/control
	eval $begins
	until 2min {[tries] >= 1}
	until 1min {[exists %/diary]} 10
}
test that_hang_around_sockets_are_asked_to_end { asked socket_exec_start_pre {} }
test that_hang_after_a_start_are_asked_to_end { asked exec_start_post {close [connect web]} }
test that_hang_in_a_stop_are_asked_to_end { asked exec_stop {pid web; superctl stop --no-wait web} }
test that_hang_after_an_end_are_asked_to_end { asked exec_stop_post {pid web; superctl stop --no-wait web} }
test that_hang_in_a_refresh_are_asked_to_end { asked exec_reload {pid web; superctl reload --no-wait web} }
test that_hang_before_a_sleep_are_asked_to_end { asked idle_unless {close [served web]} }

# It has become another user, and superd may not kill it.
test that_no_signal_ends_hold_nobody_up {
	needs {[root]} "needs root, to start as another user"
	drop_capability kill
	foreach option {exec_start_pre exec_stop} {
		web $serve "$option = \"/bin/sh -c 'test -e %/well && exit; echo $$ >%/pid; exec setpriv --reuid 65534 \
			--clear-groups /bin/sleep 1000'\" timeout_start = 1min timeout_stop = 1min" -clock -control
		if {$option eq "exec_stop"} {
			pid web
			superctl stop --no-wait web
		} else {
			close [connect web]
		}
		wait {[lines %/pid] > 0}
		until 1min {[logged "was killed and does not end"]} 10
		if {$option eq "exec_stop"} { until 1min {[logged "ended: signal TERM"]} }
		get_well
		pid web
		set command [string trim [read %/pid]]
		if {[lives $command]} { kill $command }; # else its control group has ended it
		stop
		remove %/well
		remove %/pid
	}
}

test that_no_signal_ends_keep_no_socket_closed {
	needs {[root]} "needs root, to start as another user"
	drop_capability kill
	web $serve "socket_exec_start_pre = \"/bin/sh -c 'test -e %/well && exit; echo $$ >%/pid; exec setpriv --reuid 65534 \
		--clear-groups /bin/sleep 1000'\" timeout_start = 1min" -clock
	wait {[lines %/pid] > 0}
	until 1min {[logged "was killed and does not end"]} 10
	set command [string trim [read %/pid]]
	get_well
	until 1min {[logged "web: listening on"]} 10
	if {[lives $command]} { kill $command }
	pid web
}

test that_no_signal_ends_keep_no_program_awake_or_unread {
	needs {[root]} "needs root, to start as another user"
	drop_capability kill
	foreach option {exec_reload idle_unless} {
		web $serve "$option = \"/bin/sh -c 'test -e %/well && exit 1; echo $$ >%/pid; exec setpriv --reuid 65534 \
			--clear-groups /bin/sleep 1000'\" timeout_start = 1min idle_timeout = 5min" -clock -control
		pid web
		if {$option eq "exec_reload"} { superctl reload --no-wait web }
		until 1min {[lines %/pid] > 0} 10
		until 1min {[logged "was killed and does not end"]} 10
		set command [string trim [read %/pid]]
		get_well
		if {$option eq "exec_reload"} { has [order "reload web"] "exec_reload has failed: " }
		until 1min {[state] eq "listening"} 20
		if {[lives $command]} { kill $command }
		stop
		remove %/well
		remove %/pid
	}
}

test that_fail_behind_the_start_fail_it {
	web $serve [with exec_start_post /bin/false exec_stop [list [note stop]]]
	set client [connect web]
	log " ms: its start failed: exec_start_post: /bin/false: exit status 1"
	diary_is ""             ;# a start that failed is not stopped
	close $client
}

test of_a_condition_leave_the_start_out {
	web $serve [with exec_condition [list "/bin/sh -c 'exit 254'"] exec_start_pre [list [note never]] \
		exec_stop_post [list [note {after $SERVICE_RESULT}]]] -clock
	set client [connect web]
	log "web: not started: exec_condition: "
	log "next look in 5 s"
	until 1min {[logged "next look in 1 min 20 s"]} 10
	settle
	set looks [count "not started"]
	advance 40s
	counts "not started" $looks
	expect {[lines %/diary] == $looks} [diary]
	advance 41s
	counts "not started" [expr {$looks + 1}]
	begins [diary] "after exec-condition\n"
	lacks [diary] never
	expect {[count "cannot start"] == 0}
	close $client
}

test of_a_condition_fail_by_255_and_by_a_signal {
	foreach way {"exit 255" {kill -KILL $$}} {
		web $serve [with exec_condition [list "/bin/sh -c '$way'"]]
		set client [connect web]
		log "web: cannot start: exec_condition: "
		close $client
		stop
	}
}

test run_as_the_user_or_as_superd {
	needs {[has_users]} "needs root, and a build that every user can reach"
	write diary "" 666
	set note [note {$(id -u)}]
	web $take "user = nobody [with exec_start_pre [list $note +$note !$note]]"
	pid web
	diary_is "65534\n0\n0\n"
}

test expand_variables_but_behind_a_colon {
	web $take {expand_environment = yes env = { "WHAT=two words" }
		exec_start_pre = { "/bin/sh -c 'echo $0,$1 >>%/diary' ${WHAT} x", ":/bin/sh -c 'echo $0 >>%/diary' \${WHAT}" }}
	pid web
	diary_is "two words,x\n\${WHAT}\n"
}

# accept = yes: the client stays superd's until its program runs.
test run_around_each_connection {
	each [with exec_start_pre [list [note {pre $REMOTE_ADDR}]] exec_start_post [list [note {post ${MAINPID:+main}}]] \
		exec_stop_post [list [note {after $SERVICE_RESULT}]]]
	is [ask web hello] hello
	sees diary "after success\n"
	diary_is "pre 127.0.0.1\npost main\nafter success\n"
}

test that_fail_lose_no_connection {
	each "[with exec_start_pre [list $when_well]] backoff_max = 200ms"
	for {set n 0} {$n < 25} {incr n} { lappend clients [connect web]; send [lindex $clients end] $n }
	wait {[tries] >= 4}
	get_well
	for {set n 0} {$n < 25} {incr n} { is [line [lindex $clients $n]] $n; close [lindex $clients $n] }
	nothing_runs
}

test hold_no_other_connection_up {
	each {exec_start_pre = "/bin/sh -c 'test -e %/well || exec sleep 1000'"}
	set first [connect web]
	wait {[processes] == 1}
	get_well
	is [ask web hello] hello
	close $first
}

# The client of a start under way goes with its listener, and is served by what the new table says.
test that_hang_let_go_of_their_client_in_a_reload {
	set port [free_port]
	superd {service web { listen = "127.0.0.1:$port" accept = yes exec = "/bin/cat" exec_start_pre = "/bin/sleep 1000" }}
	set client [connect web]; send $client hello
	wait {[processes] == 1}
	reload {service web { listen = { "127.0.0.1:$port", "127.0.0.1:0" } accept = yes exec = "/bin/cat" }}
	is [line $client] hello
	close $client
	nothing_runs
}

test of_many_services_leave_no_descriptor {
	each {exec_start_pre = "/bin/true" exec_stop_post = "/bin/true" condition = "PathExists=/"}
	ask web hello
	nothing_runs
	set before [descriptors]
	repeat 30 { ask web hello }
	nothing_runs
	wait {[descriptors] <= $before}
}

proc once {options args} { superd {*}$args {service once { start = boot type = oneshot $options }} }

test of_a_oneshot_follow_its_end {
	once "exec = \"[note main]\" [with exec_start_post [list [note {post $MAINPID.}]] exec_stop [list [note stop]] \
		exec_stop_post [list [note after]]]"
	sees diary after
	diary_is "main\npost .\nstop\nafter\n"
	stop
}

# A oneshot that remains: its stop waits for superd's.
proc waits_for_the_stop {main more} {
	once "remain_after_exit = yes exec = \"$main\" $more
		[with exec_stop [list [note stop]] exec_stop_post [list [note after]]]" -clock
	sees diary main
	nothing_runs
	repeat 3 { advance 8h }
	diary_is "main\n"
	stop
	diary_is "main\nstop\nafter\n"
}

test of_a_oneshot_that_remains_wait_for_the_stop { waits_for_the_stop [note main] "" }
test of_the_stop_run_though_what_a_oneshot_left_has_ended {
	waits_for_the_stop {/bin/sh -c 'sleep 1000 & echo main >>%/diary'} "kill_leftovers = yes"
}

# The sockets' own.
proc around_sockets {} {
	with socket_exec_start_pre [list [note {$(test -e S && echo open || echo closed) before}]] \
		socket_exec_start_post [list [note opened]] \
		socket_exec_stop_post [list [note closed]]
}

test run_around_the_sockets {
	web $take [around_sockets]
	pid web
	diary_is "closed before\nopened\n"
	stop
	diary_is "closed before\nopened\nclosed\n"
}

test of_sockets_see_their_node_come_and_go {
	foreach when {start_pre start_post stop_post} {
		append options [with socket_exec_$when [list {/bin/sh -c 'test -S %/node && echo there >>%/diary || echo gone >>%/diary'}]]
	}
	superd {service web { listen = "%/node" exec = "$take" remove_on_stop = yes $options }}
	node %/node
	ask %/node who          ;# answered: the command behind the opening has ended, too
	stop
	diary_is "gone\nthere\ngone\n"
}

test of_sockets_that_fail_are_tried_again {
	web $take [with socket_exec_start_pre [list $when_well]]
	log "web: socket_exec_start_pre: "
	wait {[tries] >= 2}
	get_well
	pid web
}

test of_sockets_run_when_a_reload_takes_them_away {
	web $take [around_sockets]
	pid web
	reload {service other { listen = "127.0.0.1:0" exec = "/bin/true" }}
	sees diary "opened\nclosed\n"
}

# It ignores SIGTERM. Its service ends with it, not before.
test of_sockets_do_not_outlive_them {
	web $serve "socket_exec_start_pre = \"/bin/sh -c 'trap : TERM; echo $$ >%/pid; while :; do sleep 0.02; done'\"" -clock -control
	wait {[lines %/pid] > 0}
	set command [string trim [read %/pid]]
	node %/control
	superctl disable --no-wait web
	until 1min {![lives $command]} 1
	until 1min {[state] eq "off"}
	stop
}

# The next superd runs it again, and not beside it.
test of_sockets_end_with_a_superd_that_is_killed {
	web $serve "socket_exec_start_pre = \"/bin/sh -c 'echo $$ >>%/pids; exec sleep 1000'\"" -control
	wait {[lines %/pids] == 1}
	set command [string trim [read %/pids]]
	is [state] binding
	kill_superd
	wait {[lines %/pids] == 2}
	wait {![lives $command]}
}

test of_sockets_run_when_a_removed_service_has_drained {
	web "$::backend talk" [around_sockets]
	set client [served web]
	reload {service other { listen = "127.0.0.1:0" exec = "/bin/true" }}
	close $client
	sees diary "opened\nclosed\n"
}

# The command behind the start is told of the daemon, not of the process that made it.
test are_told_the_daemon_of_a_fork {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	web "$backend fork plain" "type = forking [with exec_start_pre [list [note pre]] exec_start_post [list [note {post $MAINPID}]]]"
	set pid [pid web]
	sees diary post
	diary_is "pre\npost $pid\n"
}

test of_a_unit_are_run_as_systemd_has_them {
	set port [free_port]
	set socket [path units/web.socket]
	file mkdir [path units]
	write units/web.socket "\[Socket]\nListenStream=127.0.0.1:$port\nExecStartPost=[note opened]\n"
	write units/web.service "\[Service]\nEnvironment=WHO=me\nExecStartPre=-/bin/false\nExecStartPre=[note {pre ${WHO}}]
ExecStart=$take\nExecStopPost=[note {after $${SERVICE_RESULT}}]\n\[Unit]\nConditionPathExists=|/none\nConditionPathExists=|/\n"
	superd -tableless -arguments [list -f $socket] ""
	pid web
	sees diary after
	diary_is "opened\npre me\nafter success\n"
}

test run_around_each_burst_of_datagrams {
	set options [with exec_start_pre [list [note pre]] exec_stop_post [list [note after]]]
	superd {service dgram { listen = "udp:127.0.0.1:0" accept = yes exec = "$backend datagrams 20" $options }}
	set client [datagrams dgram]
	foreach lines {2 4 6} {
		datagram $client who
		wait {[lines %/diary] >= $lines}
		nothing_runs
	}
	diary_is "pre\nafter\npre\nafter\npre\nafter\n"
	close $client
}

# It remains only if it has ended well.
test a_program_that_fails_beside_its_exec_start_post_has_failed {
	superd {service web {
		listen = "127.0.0.1:0" remain_after_exit = yes
		exec = "/bin/sh -c 'test -e %/mark && exec $backend serve; : >%/mark; exit 3'"
		exec_start_post = "/bin/sh -c 'until test -e %/mark; do sleep 0.02; done; sleep 0.1'"
	}}
	answers web
	log "ended: exit status 3"
}
