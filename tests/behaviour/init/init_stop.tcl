# How superd ends as PID 1 of a container: when it begins to, who is given time, and that it is over with the last.
# The hard thing is to tell too early from too late: what must not be waited for has a deadline of an hour, and what
# must be says so in a file.
suite stop
uses containers

test stop_delay_serves_on_after_the_order {
	as_init [web "$backend take 1"] -arguments {--stop-delay 1h}
	port web
	signal TERM; log "stop requested: stops in 1 h"
	repeat 3 { ask web hello }
	expect {![logged "superd: stopping"]}
	stop                            ;# the second order ends the delay
	expect {![logged killing]}
}

test stop_delay_comes_to_its_end_by_itself {
	as_init [web "$backend serve" "start = boot"] -clock -arguments {--stop-delay 10min}
	port web
	signal TERM; log "stop requested: stops in 10 min"
	advance 9min
	expect {![logged "superd: stopping"]}
	advance 1min
	expect {[exit_status] == 0}
}

# Both were told once: the end of the first was no reason to tell the second again.
proc tidied {arguments milliseconds args} {
	lappend arguments -- $::orphan tidy $milliseconds %/quick %/slow
	superd {*}$args -arguments $arguments [web "$::backend take 1"]
	log "orphans are ready"
	signal TERM
	expect {[exit_status] == 143}
	is [read %/quick] "1\n"
	is [read %/slow] "1\n"
}

test an_orphan_has_the_time_it_needs_to_clean_up {
	needs {[has_namespaces]} "no namespaces here"
	tidied {--stop-timeout 1h} 100 -pid1
}
test elsewhere_an_orphan_has_it_as_well { tidied {} 500 }

test a_second_order_kills_at_once {
	as_init $hangs -arguments {--stop-timeout 1h}
	log "deaf now"
	signal TERM; log "superd: stopping"
	signal INT
	expect {[exit_status] == 0}
}
