# superd as PID 1: of a namespace of its own, with and without what a machine usually has, by root and by anybody.
# And where it is not PID 1: orphans come to it all the same. The tests look in from outside.
suite init
uses containers

test as_pid_1_it_serves_and_stops {
	as_init [web "$backend take 1"]
	repeat 2 { ask web hello }
}

test as_pid_1_it_reaps_strangers {
	as_init [web "$backend orphans 20"]
	ask web hello
	wait {[processes] == 1}
}

test elsewhere_it_is_the_subreaper {
	superd [web "$backend orphans 20"]
	pid web
	wait {[processes] == 1}
}

test as_pid_1_it_ends_everybody_within_its_deadline {
	as_init "[web "$backend escape" "timeout_stop = 1h"]service hangs { listen = \"127.0.0.1:0\" exec = \"$backend hang\"
		timeout_stop = 1h }\n" -clock -arguments {--stop-timeout 10min}
	ask web hello
	set client [connect hangs]
	wait {[processes] >= 3}
	signal TERM; log "superd: stopping"
	advance 5min
	expect {![ended]}
	repeat 6 { advance 1min }       ;# each step of its end begins behind the one before
	exit_status
	close $client
}

test as_pid_1_it_leaves_the_moment_the_last_has_gone {
	as_init [web "$backend children 0" "timeout_stop = 1h"] -arguments {--stop-timeout 10h}
	ask web hello
}

test as_pid_1_its_status_is_the_main_commands {
	foreach {script status} {"exit 7" 7 {kill -9 $$} 137} {
		with_command $script [web "$backend serve" "start = boot"]
		expect {[exit_status] == $status}
	}
}

test as_pid_1_it_passes_signals_on_to_the_main_command {
	with_command "trap 'exit 5' TERM; trap 'echo one' USR1; echo ready; while :; do sleep 0.05; done" [web "$backend serve"]
	log ready
	signal TERM
	expect {[exit_status] == 5}
}

test it_works_with_next_to_nothing_around_it {
	needs {![is_sanitized]} "sanitizers need /proc"
	as_init "[web "$backend take 1"]service each { listen = \"127.0.0.1:0\" accept = yes exec = \"$backend stdio\"
		user = \"0\" }\n" -bare
	repeat 2 { ask web hello }
	ask each hello
}

test it_needs_no_passwd_entry_and_no_privilege {
	needs_users
	superd -uid 54321 [web "$backend take 1"]
	repeat 2 { pid web }
}

test an_unprivileged_superd_refuses_what_it_cannot_do {
	needs_users
	superd -uid 54321 [web "$backend take 1" "user = \"root\""]
	expect {[exit_status] == 1}
	expect {[logged "[table]:4:"]}
}

# A loop over all descriptors that there could be takes seconds for each start: tests/bench/times measures a start.
test descriptors_are_as_few_in_a_container_without_limits {
	needs {[works -descriptors 1048576]} "the limit cannot be raised here"
	superd -descriptors 1048576 [web "$backend take 1"]
	repeat 20 { pid web }
}
