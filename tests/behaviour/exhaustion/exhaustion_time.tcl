# Time that runs out for everybody at once: superd and all its backends are stopped for a while, as a suspended machine has it, and go
# on. Nobody is killed for what nobody could do, and no timer spins.
suite exhaustion_time

uses notifying

# superd and all below it, from the top and from below: who is being started must not be missed.
proc signal_all {signal} {
	set top [superd_pid]; # of one with a guard that is the guard
	kill $top $signal
	if {$signal eq "STOP"} { wait {[stopped $top]} }
	foreach pid [descendants $top] { if {[lives $pid]} { kill $pid $signal } }
}

# Says so once more when all go on, as a program with a watchdog does.
test a_watchdog_that_nobody_could_feed_ends_nobody {
	clocked $ready "type = notify watchdog = 10min rlimit_core = 0"
	set pid [web_pid]
	does "say WATCHDOG=1" done
	signal_all STOP; move 1h; signal_all CONT
	does "say WATCHDOG=1" done
	is [web_pid] $pid
	advance 599s
	until 500ms {[logged "stopping pid $pid: it has not sent WATCHDOG=1 for"]}
}

# Those that are connected stay, those that came meanwhile are served, and what is idle is stopped, not killed.
test who_was_suspended_with_superd_goes_on {
	superd -clock -control {
		service talk { listen = "127.0.0.1:0" exec = "$backend talk" idle_timeout = 10min timeout_start = 10min timeout_stop = 10min }
		service each { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }
	}
	set clients [list [connect talk] [connect each]]
	foreach client $clients { send $client before; has [line $client] " before" }
	signal_all STOP
	set late [list [connect talk] [connect each]]
	foreach client $late { send $client meanwhile }
	move 1h
	signal_all CONT
	foreach client $late { has [line $client] " meanwhile" }
	foreach client $clients { send $client after; has [line $client] " after" }
	close {*}$clients {*}$late
	until 1min {[logged "talk: stopping pid "]} 30
	expect {![logged "signal KILL"]}
}
