# What a service did and who woke it: the request timeline, also over a reload, and superctl history.
suite timeline

proc web {program options {how ""}} {
	superd {*}$how -control {service web { listen = "127.0.0.1:0" exec = "$program" timeout_stop = 1s $options }}
	port web
}

proc timeline {} { control "timeline web" }
proc phase {} { value [timeline] phase }
proc starts {} { value [control "status web"] activations }

# superd knows the client when its connection has ended.
proc wake_by_a_client {} {
	pid web
	sees timeline {"by":"127.0.0.1"}
	wait {[string first {"delay":null} [timeline]] < 0}
	timeline
}

test has_the_phases_and_who_woke_it {
	web "$backend serve" "idle_timeout = 10s" -clock
	set answer [timeline]
	has $answer {"phase":"asleep"} {"wakes":[]}
	is_there 1 $answer "\{\"at\":"
	has [wake_by_a_client] {"kind":"start"}
	expect {[logged "web: woken by 127.0.0.1"]}
	until 5s {[phase] eq "asleep"} 10
	set answer [prints --json history]
	expect {[schema_holds timeline $answer]}
	expect {[regexp {"spans":.{1,30}"phase":"asleep"\},.{1,30}"phase":"starting"} $answer]} $answer
	has $answer "\"phase\":\"starting\"\},\{" "\"phase\":\"running\"\},\{" "\"phase\":\"asleep\"\}],"
}

proc started {} { return [regexp -inline {"last_activation":.*?"at":[0-9]+} [control "status web"]] }

# Of each start and each thaw: who, and after which sleep; as text and in the events. The line of a start itself is written before
# that is known.
proc sleep_and_wake {action phase lines} {
	web "$::backend serve" "idle_timeout = 10min idle_action = $action" -clock
	set events [session]
	wake_by_a_client
	send $events "log --lines=0 --follow"
	until 10min {[phase] eq $phase} 5
	set started [started]
	advance 72min
	pid web
	sees started [expr {$action eq "stop" ? "last_activation" : $started}]
	while {[string first {"woken"} [set line [line $events]]] < 0} {}
	has $line {"peer":"127.0.0.1"}
	expect {[value $line duration] >= 72 * 60}
	foreach line $lines { log $line }
	close $events
}

test of_a_start_is_logged_with_the_client_and_the_sleep {
	sleep_and_wake stop asleep {"web: started, pid " "web: woken by 127.0.0.1 after 1 h 12 min asleep"}
}
test of_a_thaw_is_logged_with_the_client_and_the_sleep {
	sleep_and_wake freeze frozen {" thawed after 1 h 12 min\n" "web: woken by 127.0.0.1\n"}
}

test is_of_so_much_time_at_most {
	web "$backend serve" ""
	expect {[schema_holds timeline [control timeline]]}
	has [control "timeline --since=2d web"] "100ms to 1d"
	has [control "timeline nobody"] nobody
}

test of_one_that_accepts_is_running_while_it_has_an_instance {
	web "$backend lines" "accept = yes"
	set client [served web]
	is [phase] running
	has [timeline] {"by":"127.0.0.1"}
	close $client
	wait {[phase] eq "asleep"}
}

# It takes 8 minutes to get ready, and accepts the client then.
proc wake_slowly {} {
	exec mkfifo [path pipe]; set ::pipe [open [path pipe] r+]
	web "/bin/sh -c 'read x <%/pipe; echo up; exec $::backend serve'" "ready = up timeout_start = 1h idle_timeout = 1h" -clock
	set client [connect web]; send $client hello
	log "web: started"
	advance 8min
	lacks [why web] "ready after"
	puts $::pipe x; flush $::pipe; chan close $::pipe
	line $client
	wait {[phase] eq "running"}
	return $client
}

proc delay {} { expr {[regexp {"delay":([0-9.]+)} [timeline] all delay] ? $delay : -1} }

test the_delay_of_a_wake_is_one_figure {
	set client [wake_slowly]
	advance 1s
	expect {[set delay [delay]] >= 480 && $delay < 482} [timeline]
	set status [control "status web"]
	expect {[regexp {"latency":([0-9.]+)\}} $status all latency] && abs($latency - $delay) < .001} $status
	expect {[regexp "\"latency\":\\{\"count\":1,\"sum\":$latency\\}" $status]} $status
	has [prints metrics] "superd_service_activation_latency_seconds_sum{service=\"web\"} $latency"
	has [why web] "ready after 8 min"
	advance 30min
	is [delay] $delay
	close $client
}

test the_delay_of_a_wake_is_known_though_the_service_stops_soon {
	set client [wake_slowly]
	done "stop web"
	expect {[delay] >= 480 && [delay] < 500} [timeline]
	close $client
}

test the_delay_of_a_wake_is_in_the_log_with_its_client {
	close [wake_slowly]
	log " asleep: ready in 8 min"
}

test a_start_at_boot_follows_no_sleep {
	web "$backend serve" "start = boot"
	wait {[phase] eq "running"}
	has [timeline] {"by":"boot"}
	lacks [timeline] {"slept"} {"delay":null}
}

test shows_a_failure_and_a_hold {
	web /bin/false "backoff_min = 1h backoff_max = 1h" -clock
	close [connect web]
	wait {[phase] eq "failed"}
	advance 3min
	control "hold web"
	wait {[phase] eq "paused"}
}

# superd starts it again and again for the client that waits, which has woken it once.
test a_start_that_repeats_a_failed_one_is_no_wake {
	web /bin/false "backoff_min = 1min backoff_max = 1min" -clock
	set client [connect web]
	until 2min {[starts] >= 6}
	is_there 1 [timeline] {"kind":"start"}
	# An order that comes while an instance runs starts none.
	wait {[control "start web"; string match {*"by":"operator"*} [timeline]]}
	set answer [timeline]
	is_there [expr {1 + [times $answer operator]}] $answer {"kind":"start"}
	close $client
}

# `restart` repeats it, though no client waits.
test a_restart_of_a_failed_start_is_no_wake {
	web /bin/false "backoff_min = 1min backoff_max = 1min start = boot restart = on-failure" -clock
	until 2min {[starts] >= 6}
	is_there 1 [timeline] {"kind":"start"}
}

test goes_through_a_reload_and_begins_again_with_an_upgrade {
	web "$backend serve" "idle_timeout = 1h"
	expect {[regexp "\"kind\":\[^\}]*" [wake_by_a_client] wake]}
	done reload
	has [timeline] $wake {"running"}
	upgrade
	is [phase] running
	is_there 0 [timeline] {"kind":}
}

test has_the_client_of_a_thaw_and_the_operator {
	web "$backend serve" "idle_timeout = 10min idle_action = freeze" -clock
	wake_by_a_client
	until 10min {[phase] eq "frozen"} 5
	done "thaw web"
	until 10min {[phase] eq "frozen"} 5
	pid web
	wait {[times [timeline] {"by":"127.0.0.1"}] == 2}
	set answer [timeline]
	is_there 1 $answer {"kind":"start"}
	is_there 2 $answer {"kind":"thaw"}
	is_there 1 $answer {"by":"operator"}
	expect {[count "web: woken by 127.0.0.1"] == 2}
}

# The client has gone when the program has answered, as that of an HTTP server.
test has_a_short_client_of_each_thaw {
	web "$backend serve" "idle_timeout = 1h" -clock
	wake_by_a_client
	for {set n 1} {$n <= 6} {incr n} {
		sees {control "freeze web"} "{\"done\":true}\n"
		pid web
		wait {[count " thawed after "] == $n}
		wait {[count "web: woken by 127.0.0.1"] == 1 + $n}
	}
}

test has_the_sender_of_a_datagram_that_thaws {
	superd -control {service web { listen = "udp:127.0.0.1:0" exec = "/bin/sleep 1000" }}
	port web
	done "start web"
	done "freeze web"
	set sender [datagrams web]; put $sender wake
	log " thawed after "; log "web: woken by 127.0.0.1"
	close $sender
}

suite history

# The third sleep lasts.
test lists_the_sleeps_of_all {
	web "$backend serve" "idle_timeout = 10s" -clock
	node %/control
	is [prints history] "nothing was woken\n"
	wake_by_a_client
	until 5s {[phase] eq "asleep"} 10
	advance 1h
	done "start web"
	until 5s {[phase] eq "asleep"} 10
	advance 5min
	set text [prints history web]
	is_there 3 $text "\nweb "
	is_there 1 $text 127.0.0.1
	is_there 1 $text " operator "
	has $text "  1 h "
	has [string range $text [string last w $text] end] "  5 min"
	expect {[lindex [superctl history nobody] 0] == 1}
	expect {[lindex [superctl history --since=0s] 0] == 2}
}

test names_a_boot_as_the_cause_of_a_start {
	web "$backend serve" "start = boot"
	node %/control
	log "web: started, pid "
	pid web
	has [prints history web] " boot "
}
