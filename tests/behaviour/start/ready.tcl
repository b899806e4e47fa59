# Backends that say nothing of their readiness: a line of their output tells it (ready), or a command that superd asks again and
# again (exec_ready).
suite ready

proc web {options args} { superd {*}$args [filled {service web { listen = "127.0.0.1:0" $options }}] }
proc serving {options args} { web "exec = \"$::backend serve\" $options" {*}$args }

# Waits for the file "gate", and prints a line before it serves.
proc slow {line} {
	filled {exec = { "/bin/sh", "-c", "echo begun; until test -e %/gate; do sleep .02; done; echo $line; exec $backend serve" }}
}
proc open_gate {} { write gate "" }

proc is_starting {} { is [state] starting }
proc why_has {args} { has [why web] {*}$args }
proc starts {} { has [order "start web"] "started, pid " }
proc status {} { control "status web" }
proc cannot_freeze {} { has [order "freeze web"] "it is starting: it can be frozen when it is ready" }

test a_line_of_its_output_tells_that_it_serves {
	web "[slow "12:00 LOG: ready to accept connections"] ready = \"ready to accept\" timeout_start = 12h" -control -clock
	set client [connect web]; send $client asked
	log begun
	repeat 3 { advance_beside 1h }
	is_starting
	why_has "it has printed no line with \"ready to accept\""
	has [status] "\"waits_for\":\"it has printed no line with"
	cannot_freeze
	open_gate
	wait {[state] eq "running"}
	is [said [line $client]] asked
	lacks [status] waits_for
	# superd looks for it after ever longer pauses.
	until 10min {[string match "*, ready after *" [why web]]} 10
	close $client
}

test a_start_under_way_is_not_ready_after_the_time_of_the_one_before {
	open_gate
	web "[slow now] ready = \"now\" timeout_stop = 1s" -control
	starts
	why_has ", ready after "
	remove %/gate
	control "stop web"
	control "start --no-wait web"
	wait {[count "web: started, pid "] == 2}
	lacks [why web] ", ready after "
	has [status] "\"latency\":null\}"
	cannot_freeze
}

test superctl_start_waits_for_the_line_on_stderr {
	open_gate
	web "[slow "it serves now >&2"] output = null error = log ready = \"now\"" -control
	starts
	log "it serves now"     ;# superd-output tells superd of it before it is in the log
}

test without_the_line_the_start_fails_by_timeout_start_and_says_why {
	web "[slow never] ready = \"ready\" timeout_start = 10min" -clock
	set client [connect web]
	log begun
	advance_beside 9min
	expect {![logged timeout_start]}
	advance_beside 62s
	log "it was not ready within timeout_start: it has printed no line with \"ready\" ("
	log "next start in "
	close $client
}

test an_end_before_it_is_a_failure_however_good {
	web {exec = "/bin/echo no" ready = "ready"}
	set client [connect web]
	log "it ended with exit status 0, and was not ready yet"
	close $client
}

# superd reads the line before it judges the end, also where the end comes first. It is no root here, so that it reads the pipe
# itself.
test an_end_right_behind_the_line_is_none {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	superd -clock -uid [expr {[root] ? 54321 : 0}] {service web {
		start = boot restart = no ready = "ready" exec = "/bin/echo ready" }}
	log "ended: exit status 0"
	settle
	expect {![logged "was not ready yet"] && ![logged "next start in"]}
}

test what_the_backend_before_has_printed_does_not_count {
	web {ready = "ready" timeout_start = 10min exec = { "/bin/sh", "-c",
		"test -e %/mark && exec sleep 1000; : >%/mark; echo ready; exec $backend few 1" }} -clock
	ask web first
	log "ended: "
	set client [connect web]
	log "web: started, pid "
	advance 601s
	log "it was not ready within timeout_start"
	close $client
}

test a_command_is_asked_until_it_succeeds {
	serving {timeout_start = 12h exec_ready = { "/bin/sh -c 'echo $MAINPID >>%/count; test -e %/gate'" }} -control -clock
	hold_clock
	done "start --no-wait web"
	until 1ms {[lines %/count] == 1} 5      ;# no timer is due while no time passes
	# Ever longer pauses.
	foreach {just_before runs} {90 1 190 2 390 3} {
		advance ${just_before}ms
		expect {[lines %/count] == $runs}
		advance 20ms
		wait {[lines %/count] == $runs + 1}
	}
	is_starting
	why_has "exec_ready: /bin/sh -c" "exit status 1, run "
	open_gate
	until 1s {[state] eq "running"} 3
	set asked [read %/count]
	expect {[lindex $asked 0] == [value [status] pid]}
	repeat 3 { advance 1h }
	is [read %/count] $asked
}

test a_command_that_cannot_be_run_is_named_by_the_failure {
	write script "no program"
	serving {timeout_start = 10min exec_ready = "%/script"} -clock
	set client [connect web]
	log "web: started, pid "
	advance 9min
	expect {![logged timeout_start]}
	advance 62s
	log "it was not ready within timeout_start: exec_ready: "
	log "run "
	close $client
}

test a_stop_ends_the_command_that_is_asked {
	serving {exec_ready = "/bin/sh -c ': >%/mark; exec sleep 100'"} -control
	done "start --no-wait web"
	wait {[exists %/mark]}
	has [order "stop web"] stopped
	wait {[processes] == 0}
}

test commands_around_the_start_keep_their_order {
	serving {exec_start_pre = "/bin/sh -c 'echo pre >>%/order'" exec_ready = "/bin/sh -c 'echo ready >>%/order'"
		exec_start_post = "/bin/sh -c 'echo post >>%/order'"} -control
	starts
	is [read %/order] "pre\nready\npost\n"
	stop
}

proc is_ready_behind_an_upgrade {options} {
	web $options -control
	set client [connect web]
	wait {[state] eq "starting" && [processes] > 0}
	log "web: started, pid "
	set pid [value [status] pid]
	upgrade
	is_starting
	open_gate
	wait {[state] eq "running"}
	send $client over
	is [said [line $client]] over
	expect {[value [status] pid] == $pid}
	close $client
	stop
}

test the_line_may_come_behind_an_upgrade { is_ready_behind_an_upgrade "[slow ready] ready = \"ready\"" }
test the_command_is_asked_behind_an_upgrade_too {
	is_ready_behind_an_upgrade {exec = "$backend serve" exec_ready = "/bin/sh -c 'test -e %/gate'"}
}

test a_program_that_ends_while_the_command_runs_has_failed {
	web {exec = "/bin/sh -c 'sleep .2; exit 3'" exec_ready = "/bin/sleep 1000" backoff_max = 100ms} -control
	set client [connect web]
	wait {[count "it ended with exit status 3, and was not ready yet"] >= 2}
	expect {![logged "restarted it"]}
	close $client
	stop
}
