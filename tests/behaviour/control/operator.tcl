# Orders of operators in moments that nobody thinks of: during a pause, while a backend ends, is frozen or drains.
suite operator

proc web {program {options ""} {how ""}} {
	superd {*}$how -control {service web { listen = "127.0.0.1:0" exec = "$program" $options }}
	port web
}

# It is begun, and not stopped.
proc is_stopping {} {
	done "start web"
	done "stop --no-wait web"
	is [state] stopping
}

# Who has an hour to end: the operator hears of it behind that, and not before.
proc ends_after_an_hour {operator result} {
	advance 59min; expect {[quiet $operator]}
	advance 2min; has [line $operator] "\"message\":\"$result"
}

set slow "timeout_stop = 1h kill_signal = SIGWINCH"

test a_restart_ends_the_pause_after_a_failure {
	web "/bin/sh -c 'test -e %/mended && exec $backend serve; exit 3'" "backoff_min = 5min backoff_max = 5min"
	set client [connect web]; send $client late
	log "web: next start in "
	has [order "stop web"] "superd tries again after the pause"
	is [state] backoff
	write mended ""
	has [order "restart web"] "started, pid "
	has [line $client] " late"
	close $client
}

test a_restart_counts_also_while_it_is_being_stopped {
	web "$backend hang" $slow -clock
	set operator [session]
	is_stopping
	send $operator "restart web"
	ends_after_an_hour $operator started
	is [state] running
	close $operator
	clock_stop 2h
}

# Who stays connected costs the order its time, which is bounded, and is said.
test say_whom_they_killed {
	web "$backend hang" "accept = yes timeout_stop = 10min kill_signal = SIGWINCH" -clock
	set client [connect web]
	log "web: started, pid "
	set program [begin $superctl --control %/control restart web]
	log " requested: restart"
	advance 1min
	advance 10min
	lassign [finish $program] status output
	expect {$status == 0}
	has $output "; 1 instance did not end by timeout_stop and was killed\n"
	end_of $client; close $client
	lacks [prints stop web] killed
}

test freezing_and_thawing_twice_is_no_failure {
	web "$backend talk"
	has [control "thaw web"] {"ok":true}
	has [order "start web"] "started, pid "
	set pid [value [control "status web"] pid]
	done "freeze web"
	has [order "freeze web"] "it is frozen already"
	done "hold web"
	has [prints why web] " is frozen: a client or superctl thaw wakes it; it is held, so it is not started again"
	done "release web"
	has [order "start web"] "it continues, pid $pid"
	is [state] running
}

test instances_of_single_clients_are_not_frozen {
	web "$backend lines" "accept = yes"
	set client [connect web]; send $client one; line $client
	has [order "freeze web"] "each of its clients has an instance"
	close $client
}

# Of an instance that is frozen, that serves for too long, and that stops.
test a_drain_thaws_what_is_frozen {
	web "$backend talk"
	set client [connect web]; send $client one; set before [line $client]
	done "freeze web"
	done "drain --no-wait web"
	send $client one; is [line $client] $before
	close $client
	log "it is drained"
	wait {[state] eq "listening"}
}

test a_drain_ends_under_clients_who_stay_for_too_long {
	web "$backend talk" "timeout_stop = 10min" -clock
	set client [connect web]; set operator [session]
	send $client one; line $client
	send $operator "drain web"
	wait {[value [control "list web"] held] eq "true"}
	set next [connect web]; send $next two
	advance 9min; expect {[quiet $operator]} "it was stopped under its clients"
	has [line $next] " two"
	send $client three; has [line $client] " three"
	until 1min {![quiet $operator]}
	has [line $operator] {"message":"drained}
	end_of $client; end_of $next
	pid web
	close $client $next $operator
}

test a_drain_of_what_stops_is_its_end {
	web "$backend hang" $slow -clock
	set operator [session]
	is_stopping
	send $operator "drain web"
	ends_after_an_hour $operator drained
	is [state] listening
	close $operator
}

# superd works for a moment only on an order, and then looks after all else. An order that it has had no moment for is not done.
test is_obeyed_by_a_superd_that_stands_still {
	web "$backend talk" "" -clock
	node %/control
	clock_pace 10ms
	lassign [superctl hold web] status output errors
	clock_pace 0ms
	expect {$status == 0} "$output$errors"
	is [state] held
}

test a_start_by_an_operator_is_told_as_such {
	web "$backend take 1"
	has [order "start web"] "started, pid "
	is [value [control "status web"] by] operator
	has [order "restart web"] "started, pid "
	is [value [control "status web"] by] operator
	pid web
	wait {[state] eq "listening"}
	pid web
	wait {[count "web: started"] == 3}
	expect {[value [control "status web"] by] ne "operator"}
}

# Each of its two services is at a port of somebody else's.
proc taken {how} {
	set one [free_port]; set each [free_port]
	set listeners [list one [listener $one] each [listener $each]]
	superd {*}$how -control {
		service one { listen = "127.0.0.1:$one" exec = "$backend serve" }
		service each { listen = "127.0.0.1:$each" accept = yes exec = "$backend lines" }
	}
	return $listeners
}

# Nothing of it listens, so no answer may promise its clients anything.
test what_has_no_port_is_not_said_to_listen {
	set others [taken ""]
	log "one: "
	foreach {name listener} $others {
		has [order "stop $name"] "stopped; it does not listen: "
		done "stop $name"
		set answer [control "restart $name"]
		has $answer [error_text EADDRINUSE]
		lacks $answer "{\"done\":true}\n"
		foreach verb {drain hold stop release enable} { has [order "$verb $name"] "does not listen: " }
	}
	dict for {name listener} $others { close $listener }
}

# The next try would be due by a clock that stands still.
test enable_tries_a_port_that_was_taken {
	set others [taken -clock]
	log "each: cannot listen on "
	hold_clock
	foreach {name listener} $others {
		has [order "enable $name"] "does not listen: "
		close $listener
		has [order "enable $name"] "enabled\n"
		has [order "enable $name"] "it is enabled already\n"
	}
}

# The port may be free by now: the time says how old the reason is. The holder is known at each try, though looks for it may take
# little time.
test why_says_when_a_port_was_tried_last {
	set others [taken -clock]
	log "each: cannot listen on "
	hold_clock
	set text {each: no port for [^\n]*: last tried [0-9.]+ [mu]?s ago \([^)]*\): cannot listen on [^\n]*in use [^\n]*; it tries again in }
	expect {[regexp $text [why each]]} [why each]
	dict for {name listener} $others { close $listener }
}

# The status of superctl is that of the program's first second.
test a_start_answers_with_the_first_failure {
	web "/bin/sh -c 'echo cannot open app.conf >&2; exit 3'" "backoff_min = 5min backoff_max = 5min"
	wait {[reachable %/control]}
	foreach verb {start restart} {
		lassign [superctl $verb web] status output errors
		expect {$status == 1}
		has $errors "web: failed: it ended with exit status 3"
		lacks $output started
	}
	has [order "start --no-wait web"] "under way"
}

# Real time brings this answer, too, a second later.
test a_start_of_what_says_nothing_is_done_after_a_second {
	web "$backend serve" "" -clock
	set operator [session]; send $operator "start web"
	log "web: started, pid "
	advance 2s
	has [line $operator] {"message":"started}
	has [order "start web"] "it runs already"
	close $operator
}

# What reports that it is ready is believed at once.
test a_start_of_what_is_ready_waits_no_longer {
	web "/bin/sh -c 'echo up; exec sleep 1000'" {ready = "up" timeout_stop = 1s}
	has [order "start web"] "started, pid "
}

test sleep_and_wake_do_what_idle_action_and_a_client_do {
	web "$backend serve" "timeout_stop = 1s idle_timeout = 1h idle_action = freeze"
	set port [port web]
	has [order "wait web"] "web: asleep"
	has [order "wake web"] "started, pid "
	has [order "wait --awake web"] "web: awake"
	set pid [pid_to_the_end web]
	has [order "sleep web"] "frozen until the next client"
	has [order "wait --asleep web"] "web: frozen"
	has [order "wake web"] thawed
	expect {[pid web] == $pid}
	has [order "stop web"] stopped
	reload {service web { listen = "127.0.0.1:$port" exec = "$backend serve" timeout_stop = 1s }}
	expect {[pid web] != $pid}
	has [order "sleep web"] stopped
}

test one_that_waits_hears_of_the_change_and_changes_nothing {
	web "$backend serve" "timeout_stop = 1s"
	set waiter [session]; send $waiter "wait --awake web"
	pid web
	has [line $waiter] {"message":"awake"}
	has [control "wait --asleep --timeout=100ms web"] "not done in time: web"
	has [control "wait --asleep --no-wait web"] "it does not have that option"
	has [control "disable web"] {"ok":true}
	has [order "wait web"] "it is disabled"
	expect {![logged "requested: wait"]}
	close $waiter
}

# An order of many is looked at less often; one that waits before it takes none of its turns.
test an_order_of_many_ends_while_another_waits {
	for {set n 0} {$n < 70} {incr n} { append table [filled "service m$n { listen = \"%/s$n\" exec = \"\$backend serve\" }\n"] }
	superd -control "service other { listen = \"127.0.0.1:0\" exec = \"$backend serve\" }\n$table"
	done "hold *"
	set other [session]; send $other "wait other"
	set many [session]; send $many "wait m*"
	done list; # both are heard by now
	done "release m*"
	repeat 70 { has [line $many] {"message":"asleep"} }
	has [line $many] {"done":true}
	expect {[quiet $other]}
	close $other $many
}

# Who is told of an order that takes longer than its time is not left to guess whom it has reached.
test an_order_that_is_late_says_whom_it_has_not_reached {
	set name [string repeat x 200]
	for {set n 0} {$n < 900} {incr n} { append table "service $name$n { start = manual exec = \"/bin/cat\" }\n" }
	superd -clock -control $table
	set operator [session]; send $operator "hold --timeout=1min *"; # and takes no answer
	log " requested: hold"
	advance 2min
	for {set told 0} {![string match {*"error":*} [set end [line $operator]]]} {incr told} {}
	is $end "{\"error\":\"not done in time: [expr {900 - $told}] services were not told, from $name$told on\",\"code\":\"failed\"}"
	is [state $name$told] listening
	is [state $name[expr {$told - 1}]] held
	close $operator
}
