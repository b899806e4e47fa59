# superd at a terminal: as PID 1 of a container that has one, and as the job of a shell. What is typed must come to whom it
# is meant for. The terminal is a real one, whose other side the test holds.
suite terminal
uses containers

# superd at a terminal: $keyboard and $side. What is typed there; and both are closed.
proc at_terminal {args} {
	global keyboard side
	lassign [terminal] keyboard side
	superd -terminal $side {*}$args [web "$::backend serve"]
}
proc types {text} { type $::keyboard $text }
proc close_terminal {} { close $::keyboard $::side }

# The same as PID 1, with a main command.
proc as_init_at_terminal {args} {
	needs {[has_namespaces]} "no namespaces here"
	at_terminal -pid1 -arguments [expr {[llength $args] ? [list -- {*}$args] : ""}]
}

proc needs_bash {} { needs {[exists /bin/bash]} "bash is not installed" }

proc ends_with {status} { is [exit_status] $status; close_terminal }

set interrupt \003
set suspend \032
set end_of_file \004
set reads {trap 'echo interrupted' INT; echo main is ready; while read -r line; do echo "got $line"; done}
set sleeps {echo main is ready; exec sleep 1000}

test an_interrupt_stops_pid_1 {
	as_init_at_terminal
	ask web hello
	types $interrupt
	ends_with 0
}

test a_main_command_reads_what_is_typed {
	needs_bash
	as_init_at_terminal /bin/bash -c "$reads; exit 3"
	log "main is ready"
	types one\n
	log "got one"
	# bash runs no trap for a signal that comes shortly before its read(2): it waits for the next one.
	wait {[types $interrupt; logged interrupted]}
	types two\n
	log "got two"
	ask web hello
	types $end_of_file
	ends_with 3
}

test a_main_command_that_is_interrupted_ends_superd {
	as_init_at_terminal /bin/sh -c $sleeps
	log "main is ready"
	types $interrupt
	ends_with 130
}

# The group of processes in the foreground of superd's terminal.
proc foreground {} { stat_field [superd_pid] 8 }

# As PID 1, which no SIGSTOP stops, the guard would not wait either.
test a_superd_that_is_stopped_leaves_it_to_the_main_command {
	at_terminal -arguments [list --guard -- /bin/sh -c $sleeps]
	log "main is ready"
	set group [foreground]
	expect {$group > 1 && $group != [superd_pid]}
	kill [below_guard] STOP
	wait {[stopped [superd_pid]]}
	expect {[foreground] == $group}
	kill [superd_pid] CONT
	types $interrupt
	ends_with 130
}

# There is no shell that could continue it, so superd says who can.
test a_main_command_that_is_suspended_goes_on_by_a_cont_to_pid_1 {
	needs_bash
	as_init_at_terminal /bin/bash -c $reads
	log "main is ready"
	types $suspend
	log "the main command was stopped by signal TSTP; SIGCONT to superd continues it"
	ask web hello
	signal CONT
	types two\n
	log "got two"
	types $end_of_file
	ends_with 0
}

# The end of a terminal, as of a window that is closed, is no order to read the table again.
test superd_ends_with_its_terminal {
	at_terminal
	ask web hello
	signal HUP
	log "reloaded: 1 unchanged"
	close_terminal
	is [exit_status] 0
	expect {[count "reloaded: "] == 1}
}

# As one that nohup(1) has started.
test superd_outlives_its_terminal_where_hup_was_ignored {
	at_terminal -program [write nohup "#!/bin/sh\ntrap '' HUP\nexec $superd \"$@\"\n" 0755]
	ask web hello
	close_terminal
	log "reloaded: 1 unchanged"
}

# superd, and the main command below it, as jobs of a shell at this terminal. The shell finds its terminal by its standard error.
proc in_shell {script args} {
	needs_bash
	set script [string map [list SUPERD "$::superd \"$@\" 2>&3"] $script]
	at_terminal -program [write shell "#!/bin/bash\nexec 3>&2 2>/dev/tty\nset -m\n$script" 0755] -arguments [list -- {*}$args]
}

test a_shell_hears_that_the_main_command_was_suspended_and_continues_both {
	in_shell {SUPERD
		echo "the job gives $?"
		read -r line
		echo "shell got $line"
		fg
		echo "the job gives $?"
	} /bin/bash -c "$reads; exit 3"
	log "main is ready"
	types one\n
	log "got one"
	types $suspend
	log "the job gives 147"          ;# by SIGSTOP
	types two\n
	log "shell got two"
	types three\n
	log "got three"
	types $end_of_file
	log "the job gives 3"
	ends_with 0
}

test a_job_in_the_background_leaves_the_terminal_to_its_shell {
	in_shell {SUPERD &
		read -r line
		echo "shell got $line"
		read -r line
		echo "shell got $line"
		kill %1
		wait %1
		echo "the job gives $?"
	} /bin/sh -c $sleeps
	log "main is ready"
	types one\n                     ;# this read began before there was a main command
	log "shell got one"
	types two\n
	log "shell got two"
	log "the job gives 143"
	ends_with 0
}
