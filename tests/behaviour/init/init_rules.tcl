# What superd owes as PID 1 of a container, a rule a test: whom it reaps, which signals it hears and passes on, and
# with what status it ends. init_stop.tcl has how it ends, surroundings.tcl what it does without and what it is given,
# test_init_terminal.c what takes a terminal, test_init_raw.c what takes streams and namespaces made by hand.
suite rules
uses containers

test a_thousand_children_that_die_at_once_are_reaped {
	as_init [web "$orphan burst 1000"]
	ask web ""
	wait {[processes] == 1}
	ask web ""
}

test every_signal_to_stop_is_heard {
	foreach order {TERM INT 30 RTMIN+3 QUIT} {
		as_init [web "$backend take 1" "start = boot"]
		port web
		signal $order
		expect {[exit_status] == 0} $order
		expect {[logged "superd: stopping"]} $order
	}
}

# ALRM, USR1, TSTP, TTIN, TTOU, WINCH, CONT, PIPE, IO and one of real time.
test other_signals_do_no_harm_and_come_through_in_any_number {
	as_init [web "$backend serve"]
	ask web hello
	repeat 50 { foreach other {ALRM USR1 20 21 22 28 CONT PIPE 29 RTMIN} { signal $other } }
	ask web hello
}

test on_failure_exit_ends_with_the_services_status {
	set main {-arguments {-- /bin/sh -c "trap 'exit 0' TERM; while :; do sleep 0.05; done"}}
	# The main command's 0 is not why it ends.
	foreach {script how status} "{exit 3} {} 3 {kill -9 $$} {} 137 {exit 3} {$main} 3" {
		as_init "service web {\n listen = \"127.0.0.1:0\"\n exec = { \"/bin/sh\", \"-c\", \"$script\" }
			start = boot\n on_failure = exit\n}\n" {*}$how
		expect {[exit_status] == $status} "$script $how"
	}
}

test on_failure_exit_counts_while_another_service_is_stopping {
	set fails {service fails {
 listen = "127.0.0.1:0"
 start = boot
 on_failure = exit
 exec = { "/bin/sh", "-c", "while ! test -e %/flag; do sleep 0.05; done; exit 4" }
}
}
	as_init $fails$hangs -arguments {--stop-timeout 1s}
	log "deaf now"
	reload $fails                   ;# a service that is taken out is told to stop
	write flag ""
	expect {[exit_status] == 4}
}

test a_main_command_that_cannot_be_run_is_126_or_127 {
	write plain "no program"
	foreach {command status} {/nowhere/at/all 127 %/plain 126} {
		as_init [web "$backend serve" "start = boot"] -arguments "-- $command"
		expect {[exit_status] == $status}
	}
}

test a_table_with_an_error_is_no_success {
	as_init "service web { listen = }\n"
	expect {[exit_status] == 1}
}

# What superd itself has no use for reaches the main command, and what it has where that handles it.
test signals_are_passed_on_to_the_main_command {
	needs {[exists /bin/bash]} "bash is not installed"
	set script {for s in TSTP CONT WINCH USR1 HUP QUIT RTMIN+5 ALRM URG; do trap "echo got $s" $s; done
trap 'exit 6' TERM; echo main is ready; while :; do sleep 0.02; done}
	as_init [web "$backend serve"] -arguments [list -- /bin/bash -c $script]
	log "main is ready"
	foreach {number name} {20 TSTP CONT CONT 28 WINCH USR1 USR1 HUP HUP QUIT QUIT RTMIN+5 RTMIN+5 ALRM ALRM 23 URG} {
		signal $number; log "got $name"
	}
	signal TERM
	expect {[exit_status] == 6}
}

test a_main_command_without_a_handler_outlives_what_is_superds {
	with_command "echo main is ready; exec sleep 1000" [web "$backend serve"]
	log "main is ready"
	signal USR1
	signal RTMIN+5
	signal HUP; log "reloaded: "
	ask web hello
	expect {![logged "the main command has ended"]}
	signal TERM
	expect {[exit_status] == 143}
}
