# tcpmux (RFC 1078): one port, and the client says by name which service it wants. The hard thing is to give each service its own
# clients by its own rules, with not a byte of what they said lost.
suite tcpmux

proc mux {{port 0} {does tcpmux}} {
	filled {service mux { listen = "127.0.0.1:$port" accept = yes builtin = $does user = "$user" }
}
}
proc target {name {options ""}} {
	filled {service $name { listen = "tcpmux:+$name" accept = yes exec = "$backend lines" $options }
}
}
proc run_mux {services args} { superd {*}$args "[mux]$services" }

# Says the name, and looks at the answer to it.
proc asks {client name answer} { put $client $name; is [line $client] "$answer\r" }
proc gets {client name} {
	asks $client $name +Go
	greet $client
	close $client
}
proc is_served {name args} { gets [connect mux {*}$args] $name }
proc is_unavailable {name} {
	set client [connect mux]
	asks $client $name "-Service not available"
	end_of $client
	close $client
}

test a_service_is_had_by_its_name_in_any_case {
	run_mux [target finger]
	is_served "finger\r\n"
	is_served "FINGER\n"
}

# No queue of the kernel bounds those who come by it.
test a_service_that_cannot_be_started_keeps_no_more_clients_than_64 {
	run_mux {service broken { listen = "tcpmux:broken" accept = yes exec = "/nonexistent/program"
		backoff_min = 1h backoff_max = 1h }} -arguments --no-preflight
	repeat 64 { lappend clients [connect mux]; put [lindex $clients end] "broken\r\n" }
	wait {[count "ended: exit status 0"] == 64}     ;# all of them have been handed on
	is_unavailable "broken\r\n"
	counts "broken: refused 127.0.0.1" 1
	close {*}$clients
}

# Who comes while it pauses ends no pause.
test a_limit_counts_for_those_who_come_by_name {
	run_mux [target finger {cps = "1 1h"}] -clock -control
	hold_clock
	set first [connect mux]
	asks $first "finger\r\n" +Go
	set second [connect mux]
	put $second "finger\r\n"
	log "Deactivating service finger"
	is [state finger] backoff
	expect {[quiet $second]}
	close $first $second
}

test the_name_may_come_in_pieces {
	run_mux [target finger] -clock
	set client [connect mux]
	foreach letter [split finger ""] {
		put $client $letter
		settle          ;# what has the letter waits for the next
		expect {[quiet $client]}
	}
	gets $client "\r\n"
}

test what_is_said_behind_the_name_is_the_services {
	run_mux [target finger]
	set client [connect mux]
	asks $client "finger\r\nat once\nand more\n" +Go
	is [said [line $client]] "at once"
	is [said [line $client]] "and more"
	close $client
}

test a_service_without_a_plus_answers_for_itself {
	run_mux {service own { listen = "tcpmux:own" accept = yes exec = { "/bin/echo", "+mine" } }}
	set client [connect mux]
	put $client "own\r\n"
	is [line $client] +mine
	end_of $client
	close $client
}

set closed [filled {service closed { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }}]

test help_lists_the_names {
	run_mux [target finger][target netstat]$closed
	set client [connect mux]
	put $client "HELP\r\n"
	is [rest $client] "finger\r\nnetstat\r\n"
	close $client
}

test only_who_has_such_an_endpoint_is_reached {
	run_mux [target finger]$closed
	foreach name {closed mux +finger fing} { is_unavailable $name\r\n }
	log "mux: refused 127.0.0.1: no service listens on tcpmux:fing"
}

test the_answer_arrives_also_where_the_client_has_said_more {
	run_mux [target finger]
	is_unavailable "unknown\r\nand much more\r\n"
}

test what_is_no_name_is_no_name {
	run_mux [target finger]
	foreach name [list [string repeat 0 299]1 ""] {
		set client [connect mux]
		asks $client $name\r\n "-Error reading service name"
		close $client
	}
}

# Its line must come within 30 s.
test who_names_nothing_for_30_s_is_refused {
	superd -clock "[replaced [mux] {accept = yes} {passenv = { LD_PRELOAD, TEST_CLOCK } accept = yes}][target finger]"
	set client [connect mux]
	put $client fing
	log "mux: started"
	advance 29s
	expect {[quiet $client]}
	advance 2s
	is [line $client] "-Error reading service name\r"
	end_of $client
	close $client
}

test silent_clients_hold_nobody_up {
	run_mux [target finger]
	repeat 50 { lappend silent [connect mux] }
	is_served "finger\r\n"
	close {*}$silent
	wait {[processes] == 0}
}

test the_service_runs_as_its_own_user {
	needs {[has_users]} "needs root, and a build that every user can reach"
	superd {
		service mux { listen = "127.0.0.1:0" accept = yes builtin = tcpmux }
		service who { listen = "tcpmux:+who" accept = yes user = "54321" exec = { "/usr/bin/id", "-u" } }
	}
	set client [connect mux]
	asks $client "who\r\n" +Go
	is [line $client] 54321
	close $client
}

test the_rules_of_the_service_hold {
	run_mux [target finger {only_from = { "127.0.0.2" }}]
	is_unavailable "finger\r\n"
	log "finger: refused 127.0.0.1"
	is_served "finger\r\n" -from 127.0.0.2
}

# Two clients of a service that has one instance: the second is to wait.
proc two_come {} {
	uplevel 1 {
		run_mux [target finger "instances = 1"] -clock
		set first [connect mux]; set second [connect mux]
		asks $first "finger\r\n" +Go
		put $second "finger\r\n"
		advance 15s             ;# a name may take 30
		expect {[quiet $second]}
	}
}

test at_the_limit_of_instances_its_clients_wait {
	two_come
	close $first
	is [line $second] "+Go\r"
	greet $second
	close $second
	wait {[processes] == 0}
}

test a_reload_changes_who_can_be_asked_for {
	run_mux [target finger]
	set mux [mux [port mux]]
	is_unavailable "netstat\r\n"
	reload $mux[target netstat]
	is_served "netstat\r\n"
	is_unavailable "finger\r\n"
	reload $mux[target netstat][target finger]
	is_served "finger\r\n"
}

# Each of them has said its name and ended before superd hears of either.
test a_reload_to_another_program_loses_no_name_that_was_said {
	set port [free_port]
	superd [mux $port][target finger]
	log "mux: listening on "
	repeat 10 { lappend clients [connect $port] }
	wait {[processes] == 10 && [count "mux: started, pid "] == 10}
	reload [mux $port health][target finger]
	set sessions [regexp -all -inline {(?:mux: started, pid )\d+} [read [logfile]]]
	while_stopped {
		foreach client $clients { put $client "finger\r\n" }
		foreach session $sessions { wait {![lives [lindex $session end]]} }
	}
	foreach client $clients { is [line $client] "+Go\r"; close $client }
}

test nothing_is_left_of_clients_who_leave_early {
	run_mux [target finger]
	is_served "finger\r\n"
	wait {[processes] == 0}
	set before [descriptors]
	repeat 10 {
		foreach name {"finger\r\n" fing} { set client [connect mux]; put $client $name; close $client }
	}
	wait {[processes] == 0}
	descriptors_at_most $before
}

# It waits for room, counted and greeted already, while the table changes.
test a_reload_greets_nobody_twice {
	two_come
	reload [mux [port mux]][target finger "instances = 1 umask = 027"]
	close $first
	is [line $second] "+Go\r"
	greet $second
	close $second
}

# As a client in the queue of a port, whatever keeps it waiting.
test who_waits_is_served_when_the_service_is {
	run_mux [target held] -control -clock
	set client [connect mux]
	done "hold held"
	put $client "held\r\n"
	advance 1h
	reload [mux [port mux]][target held "umask = 027"]
	expect {[quiet $client]}
	done "release held"
	is [line $client] "+Go\r"
	close $client
}

test sessions_and_services_go_over_an_upgrade {
	run_mux [target finger]
	set before [connect mux]; set asking [connect mux]
	asks $before "finger\r\n" +Go
	put $asking fin
	upgrade
	greet $before
	close $before
	gets $asking "ger\r\n"
	is_served "finger\r\n"
}
