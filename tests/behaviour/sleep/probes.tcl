# Who only looks whether somebody is there: probe_from. Probes come from 127.0.0.2 and 127.0.0.3 here, clients from 127.0.0.1.
suite probes

proc web {{more ""} {how -clock} {listen 127.0.0.1:0} {program talk}} {
	superd $how {service web { listen = "$listen" exec = "$backend $program" probe_from = { "127.0.0.2", "127.0.0.3" }
		$more }}
}

# Connects and is closed at once; or resets its connection, as some load balancers do.
proc probe {{service web}} { set fd [connect $service -from 127.0.0.2]; end_of $fd; close $fd }
proc probe_hard {} { reset [connect web -from 127.0.0.3] }

# How many superd says it has closed.
proc has_closed {number} { signal USR1; logged "\"probes\":$number," }

proc hours {} { repeat 3 { advance 1h } }

proc no_start {listen} {
	web "" -control $listen
	port web
	set before [descriptors]
	repeat 5 { probe }
	probe_hard
	wait {[has_closed 6]}
	expect {![logged "web: started"]}
	descriptors_at_most $before
	pid web; log "web: started"; counts "web: started" 1
}

test start_nothing_and_the_next_client_does { no_start 127.0.0.1:0 }
test are_known_where_IPv4_comes_mapped { no_start 0 }

test leave_no_line_above_debug {
	web
	port web
	set before [lines [logfile]]
	repeat 2 { probe }
	hours
	expect {[lines [logfile]] == $before}
	wait {[has_closed 2]}
}

proc stand_still {} { signal STOP; wait {[stopped [superd_pid itself]]} }

test that_waited_together_are_taken_away_together {
	web "" -control
	port web; stand_still
	repeat 20 { lappend probes [connect web -from 127.0.0.2]; probe_hard }
	signal CONT
	foreach probe $probes { end_of $probe; close $probe }
	wait {[has_closed 40]}
	expect {![logged "web: started"]}
}

test do_not_hide_a_client_among_them {
	web "" -control
	port web; stand_still
	repeat 6 { lappend probes [connect web -from 127.0.0.2] }
	set client [connect web]
	repeat 4 { lappend probes [connect web -from 127.0.0.2] }
	signal CONT
	send $client here; has [line $client] " here"
	close $client {*}$probes
}

# A backend that ends after each client, so that superd looks at the queue again and again. Probes are there as long as it takes.
test lose_no_client_who_comes_with_them {
	web "backoff_min = 10ms backoff_max = 50ms" -control 127.0.0.1:0 "take 1"
	load web
	repeat [expr {[is_sanitized] ? 20 : 100}] { set probe [connect web -from 127.0.0.2]; loaded 1; close $probe }
	unload
}

# They come more often than idle_timeout, and one stays.
proc no_stay {action text} {
	web "idle_timeout = 5min idle_action = $action"
	pid web
	set stays [connect web -from 127.0.0.2]; send $stays here; line $stays
	until 1min {[close [connect web -from 127.0.0.3]; logged $text]}
	close $stays
}

test keep_nobody_from_being_stopped { no_stay stop "web: stopping pid " }
test keep_nobody_from_being_frozen { no_stay freeze "is frozen until a client connects" }

test do_not_wake_who_is_frozen {
	web "idle_timeout = 5min idle_action = freeze"
	set who [pid web]
	until 1min {[logged "is frozen until a client connects"]}
	repeat 5 { probe }
	hours
	expect {![logged "thawed after"]}
	expect {[pid web] == $who}
	log "thawed after"
}

# A probe that the backend has taken while it was awake.
test that_stay_do_not_wake_who_is_frozen_by_what_they_say {
	web "idle_timeout = 5min idle_action = freeze"
	set who [pid web]
	set stays [connect web -from 127.0.0.2]; send $stays here; line $stays
	until 1min {[logged "is frozen until a client connects"]}
	send $stays "are you well?"; shut $stays
	hours
	expect {![logged "thawed after"]}
	expect {[pid web] == $who}
	has [line $stays] "are you well?"
	close $stays
}

test are_closed_where_superd_accepts {
	write banner "hello\n"
	superd {service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" probe_from = "127.0.0.2"
		only_from = "127.0.0.1" instances = 1 banner = "%/banner" }}
	port each
	set before [lines [logfile]]
	repeat 5 { probe each }
	expect {[lines [logfile]] == $before}
	set client [connect each]; expect {[line $client] eq "hello"}; close $client
	signal USR1; log {"probes":5,}
	expect {[logged {"accepted":1,}] && [logged {"refused":{}}]}
}

test are_as_a_reload_says {
	web "idle_timeout = 5min"
	probe
	set with [read [table]]
	reload {service web { listen = "127.0.0.1:0" exec = "$backend talk" idle_timeout = 5min }}
	set client [connect web -from 127.0.0.2]; send $client here; line $client
	hours
	expect {![logged "stopping pid "]}
	reload $with
	until 1min {[logged "stopping pid "]}
	close $client
}

test leave_a_web_server_in_peace {
	needs {[exists /usr/bin/python3]} "there is no python3 here"
	set server [example http-server.py]
	superd -clock {service web { listen = "127.0.0.1:0" exec = "/usr/bin/python3 '$server'" probe_from = { "127.0.0.2", "127.0.0.3" }
		idle_timeout = 5min }}
	foreach stops {0 1} {
		probe; probe_hard
		set client [connect web]; send $client "GET / HTTP/1.0\r\n\r"
		expect {[string match "HTTP/1.*" [line $client]]}
		close $client
		until 1min {[count "web: stopping pid "] > $stops}
		wait {[processes] == 0}
	}
	counts "web: started" 2
}

test may_not_be_names {
	write names {service web { listen = "80" exec = "/bin/true" user = "$user" probe_from = { "192.0.2.1", ".example.org" } }}
	lassign [answer --check -f %/names] status output errors
	expect {$status == 1}
	has $errors "probe_from: '.example.org' is a name"
}
