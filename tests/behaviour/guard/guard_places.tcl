# --guard where superd runs: as process 1, in the background, at a terminal, below a service manager.
suite guard_places

set web {service web { listen = "127.0.0.1:0" exec = "$backend talk" }
}

proc needs_namespaces {} { needs {[has_namespaces]} "no namespaces here" }

# The same process serves behind each death of superd.
proc serves_over_deaths {times address pid} { repeat $times { kill_superd; expect {[pid $address] == $pid} } }

# ---- process 1 ----

test process_1_starts_superd_anew_and_stops {
	needs_namespaces
	superd -pid1 $web
	serves_over_deaths 2 web [pid web]
}

# Whoever lost its parent while there was no superd, and one that does so later.
test process_1_reaps_strangers {
	needs_namespaces
	superd -pid1 {service web { listen = "127.0.0.1:0" accept = yes kill_mode = none
		exec = { "/bin/sh", "-c", "(sleep 0.2 & sleep 0.4 &); echo done" } }}
	repeat 4 { is [ask web ""] done; kill_superd }
	wait {[processes] == 0}
}

test process_1_has_a_main_command_that_goes_on {
	needs_namespaces
	superd -pid1 -arguments {-- /bin/sh -c "trap 'exit 7' TERM; echo main is ready; while :; do sleep 0.1; done"} $web
	log "main is ready"
	# Before this answer superd may not have saved its state.
	serves_over_deaths 1 web [pid web]
	expect {[count "main is ready"] == 1}
	signal TERM
	expect {[exit_status] == 7}
}

test process_1_ends_with_the_status_of_a_main_command_that_ended_without_superd {
	needs_namespaces
	superd -pid1 -arguments {-- /bin/sh -c "echo main is ready; while ! \[ -e %/go ]; do sleep 0.01; done; exit 5"} $web
	log "main is ready"
	port web
	set below [below_guard]; set main [lindex [with_name sh [descendants $below]] 0]
	expect {$main > 0}
	kill $below STOP
	wait {[stopped $below]}
	write go now
	wait {![lives $main]}
	kill $below
	expect {[exit_status] == 5}
}

# superd is killed while it stops, as a service takes its time.
test process_1_ends_where_its_main_command_had_ended_before_superd_was_killed {
	needs_namespaces
	superd -pid1 -arguments {-- /bin/sh -c "echo >>%/starts; while ! \[ -e %/ready ]; do sleep 0.01; done; exit 5"} {
		service slow { listen = "127.0.0.1:0" start = boot
			exec = { "/bin/sh", "-c", "trap '' TERM; echo >%/ready; while ! [ -e %/go ]; do sleep 0.01; done" } }
	}
	log "the main command has ended with status 5"
	kill_superd
	log "superd: stopping"
	write go now
	expect {[exit_status] == 5}
	expect {[lines %/starts] == 1}
}

# superd has died young again and again, so its guard pauses.
proc run_until_paused {args} {
	superd {*}$args $::web
	pid web
	repeat 6 { set pid [below_guard]; kill $pid; wait {[below] != $pid} }
}

# A signal to stop ends the pause.
test process_1_stops_while_there_is_no_superd {
	needs_namespaces
	run_until_paused -pid1
	signal TERM
	expect {[exit_status] == 0}
}

# ---- in the background ----

# Its pid, which is its guard's; and superd's own below that, 0 where there is none now.
proc run_daemon {} {
	lassign [answer --daemon --pid-file %/superd.pid --log file:%/log -f [write daemon.conf {service web {
		listen = "127.0.0.1:$port" exec = "$backend talk" }}]] status output errors
	expect {$status == 0} $errors
	string trim [read %/superd.pid]
}
proc below_daemon {daemon} { wait {[set found [with_name superd [children $daemon]]] ne ""}; lindex $found 0 }

test a_daemon_is_started_anew_and_its_pid_file_stays_right {
	set port [free_port]; set daemon [run_daemon]
	expect {[session_of $daemon] != [session_of $self]} "it is still in this session"
	set pid [pid $port]
	foreach deaths {1 2} {
		kill [below_daemon $daemon]
		expect {[pid $port] == $pid}
		wait {[times [read %/log] "its guard restarted it"] == $deaths}
		is [string trim [read %/superd.pid]] $daemon
	}
	kill $daemon TERM
	wait {![lives $daemon]}
	expect {![exists %/superd.pid]} "the pid file was left"
}

test a_daemon_whose_guard_is_killed_ends {
	set port [free_port]; set daemon [run_daemon]
	set pid [pid $port]; set below [below_daemon $daemon]
	kill $daemon
	wait {![lives $below]}
	expect {![lives $pid]}
	expect {![exists %/superd.pid]} "the pid file was left"
}

# ---- at a terminal ----

test an_interrupt_reaches_the_superd_that_was_started_anew {
	lassign [terminal] keyboard side
	superd -guard -terminal $side $web
	serves_over_deaths 1 web [pid web]
	type $keyboard \003
	expect {[exit_status] == 0}
	close $keyboard $side
}

# As when its window is closed.
proc ends_by_hangup {keyboard side} {
	close $keyboard
	log "the terminal has hung up"
	expect {[exit_status] == 0}
	close $side
}

set careful {service slow { listen = "127.0.0.1:0" start = boot
	exec = { "/bin/sh", "-c", "trap 'sleep 0.3; echo >%/left; exit' TERM; echo is ready; while :; do sleep 0.05; done" } }}

# A shell tells its jobs before it ends, and the kernel the processes in the foreground when it has ended.
test a_terminal_that_hangs_up_is_told_twice_and_leaves_programs_their_time {
	lassign [terminal] keyboard side
	superd -guard -terminal $side $careful
	log "is ready"
	close $keyboard
	log "the terminal has hung up"
	kill [below_guard] HUP
	expect {[exit_status] == 0}
	expect {[exists %/left]} "its program was killed"
	close $side
}

# As systemd stops a unit with KillMode=control-group.
test a_signal_to_guard_and_superd_is_one_and_another_kills {
	superd -guard $careful
	log "is ready"
	kill [below_guard] TERM
	signal TERM
	expect {[exit_status] == 0}
	expect {[exists %/left]} "its program was killed"
	superd -guard {service slow { listen = "127.0.0.1:0" start = boot
		exec = { "/bin/sh", "-c", "trap '' TERM; echo is ready; while :; do sleep 0.05; done" } }}
	log "is ready"
	signal TERM
	log "stopping"
	signal TERM
	log "killing the rest"
	expect {[exit_status] == 0}
}

test ends_when_its_terminal_hangs_up_behind_deaths_and_an_upgrade {
	lassign [terminal] keyboard side
	superd -guard -terminal $side $web
	set pid [pid web]
	kill_superd
	upgrade
	serves_over_deaths 1 web $pid
	ends_by_hangup $keyboard $side
}

test ends_when_its_terminal_has_hung_up_while_there_was_no_superd {
	lassign [terminal] keyboard side
	run_until_paused -guard -terminal $side
	ends_by_hangup $keyboard $side
}

test an_order_to_reload_reaches_the_next_superd {
	run_until_paused -guard
	signal HUP
	log "reloaded: 1 unchanged"
}

# The shell sees the guard alone, and that is stopped when superd is.
test a_shell_suspends_both_and_continues_both {
	needs {[exists /bin/bash]} "bash is not installed"
	lassign [terminal] keyboard side
	write shell {#!/bin/bash
exec 3>&2 2>/dev/tty
set -m
$superd "$@" 2>&3
echo "the job gives $?"
read -r LINE
echo "shell got $LINE"
fg
echo "the job gives $?"
} 755
	superd -guard -program %/shell -terminal $side $web
	pid web
	type $keyboard \032
	log "the job gives 147"
	set client [connect web]
	type $keyboard two\n
	log "shell got two"
	wait {![stopped [children [superd_pid]]]}; # now it has the terminal, which the shell had
	send $client hello; has [line $client] " hello"
	close $client
	type $keyboard \003
	log "the job gives 0"
	expect {[exit_status] == 0}
	close $keyboard $side
}

proc bash_script {lines} {
	needs {[exists /bin/bash]} "bash is not installed"
	write shell "#!/bin/bash\nexec 3>&2 2>/dev/tty\nset -m\n$lines" 755
}

# It has put both into the background, and reads there what is typed.
test a_shell_keeps_its_terminal_from_a_job_in_the_background {
	bash_script {$superd "$@" 2>&3
		echo "the job gives $?"
		bg
		read -r LINE
		echo "shell got $LINE"
		read -r LINE
		echo "shell got $LINE"
		kill %1
		wait %1
		echo "the job gives $?"
		read -r LINE
		echo "shell got $LINE"
	}
	lassign [terminal] keyboard side
	superd -guard -program %/shell -terminal $side $web
	pid web
	type $keyboard \032
	log "the job gives 147"
	pid web
	kill [children [lindex [children [superd_pid]] 0]]
	log "its guard restarted it"
	pid web
	foreach line {one two} { type $keyboard $line\n; log "shell got $line" }; # the read of the first had begun
	log "the job gives 0"
	type $keyboard three\n
	log "shell got three"
	expect {[exit_status] == 0}
	close $keyboard $side
}

test a_shell_suspends_a_job_that_it_has_begun_in_the_background {
	bash_script {$superd "$@" 2>&3 &
		read -r LINE
		fg
		echo "the job gives $?"
		fg
		echo "the job gives $?"
	}
	lassign [terminal] keyboard side
	superd -guard -program %/shell -terminal $side $web
	pid web
	set guard [lindex [children [superd_pid]] 0]
	type $keyboard \n
	wait {[stat_field $guard 8] == $guard}
	type $keyboard \032
	log "the job gives 147"
	wait {[stat_field $guard 8] == [lindex [children $guard] 0]}
	type $keyboard \003
	log "the job gives 0"
	expect {[exit_status] == 0}
	close $keyboard $side
}

# ---- below a service manager ----

# As systemd passes them: LISTEN_PID names the guard.
test sockets_of_a_service_manager_outlive_superd {
	set port [free_port]; set listener [listener $port]
	superd -guard -listener $listener {service web { listen = "127.0.0.1:$port" exec = "$backend talk" }}
	close $listener
	log "web: listening on "
	set pid [pid $port]
	serves_over_deaths 2 $port $pid
	upgrade
	serves_over_deaths 1 $port $pid
}
