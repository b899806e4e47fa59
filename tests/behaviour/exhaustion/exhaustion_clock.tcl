# A wall clock that jumps by a year, forth and back, below a superd that runs: superd's own alone is set. Nothing but access_times and
# the stamps of the log goes by it.
suite exhaustion_clock

uses notifying

set year [expr {365 * 86400}]
set hour 3600
set jumped ": the wall clock jumped "

proc own_log {} { read %/log }

# Where the machine's own clock is set the kernel wakes superd. Here a step does, and superd looks at the clock once in half a second at
# most.
proc set_clock {seconds} {
	set before [times [own_log] $::jumped]
	set_wall ${seconds}s
	until 1s {[superctl list; expr {[times [own_log] $::jumped] > $before}]} 10
}

proc run_logging {table {how ""}} {
	superd -clock -control -arguments {--log file:%/log} {*}$how $table
	wait {[reachable %/control]}
}

# The last line of the log with this word has a stamp that is so far from the machine's clock, but for the steps of the test's.
proc is_stamped {word seconds} {
	set line [lindex [lsearch -all -inline [split [own_log] \n] *$word*] end]
	set stamp [string trim [lindex [run /bin/date -d [string range $line 0 18] +%s] 1]]
	set off [expr {$stamp - [clock seconds] - $seconds}]
	expect {abs($off) < $::hour} "$off s off: $line"
}

proc answers {client word} { send $client $word; has [line $client] " $word" }
proc succeeds {args} { expect {[lindex [superctl {*}$args] 0] == 0} $args }

# One with a watchdog, one that is connected, one that has an idle time, one that fails and is tried again.
proc jump {how} {
	foreach name {fed talk each failing} { set $name [free_port] }
	run_logging [filled {
		service fed { listen = "127.0.0.1:$fed" exec = "$tests/notifier 'say READY=1'" type = notify watchdog = 1h }
		service talk { listen = "127.0.0.1:$talk" exec = "$backend talk" idle_timeout = 12h runtime_max = 12h }
		service each { listen = "127.0.0.1:$each" accept = yes exec = "$backend lines" cps = { 50, 12h } per_source_rate = 100 }
		service failing { listen = "127.0.0.1:$failing" exec = "$backend exit 1" backoff_min = 1min backoff_max = 2min }
	}] $how
	set pid [lindex [ask $fed "say WATCHDOG=1"] 0]
	set clients [list [connect $talk] [connect $each] [connect $failing]]
	foreach {word seconds} [list marked0 $::year marked1 0 marked2 -$::year marked3 0] {
		set_clock $seconds
		answers [lindex $clients 0] $word
		answers [lindex $clients 1] $word
		is [lindex [ask $fed "say WATCHDOG=1"] 0] $pid
		pid $each
		succeeds hold talk
		succeeds release talk
		is_stamped release $seconds
		set before [lines %/log]
		until 1min {[lines %/log] > $before + 2} 10
		succeeds status
		succeeds why talk
	}
	close {*}$clients
	is_there 2 [own_log] "${::jumped}forward by "
	is_there 2 [own_log] "${::jumped}back by "
	lacks [own_log] refused stopping
}

test a_jump_starts_stops_and_refuses_nobody { jump "" }
test nor_below_a_guard { jump -guard }

test access_times_follow {
	set each [free_port]; set handed [free_port]
	set ::env(TZ) [noon]
	run_logging {
		service each { listen = "127.0.0.1:$each" accept = yes exec = "$backend stdio" access_times = "12:00-12:59" }
		service handed { listen = "127.0.0.1:$handed" exec = "$backend take 1" access_times = "16:00-16:59" }
	}
	pid $each
	set client [connect $handed]; send $client hello
	sees own_log "handed: its clients wait: no client is allowed before 16:00"
	set_clock [expr {$year + 4 * $hour}]
	has [line $client] " hello"
	close $client
	set client [connect $each]; end_of $client; close $client
	sees own_log "each: refused 127.0.0.1: not at this time of day (access_times)"
	set client [connect $handed]; answers $client again; close $client
	# At seven in the morning it is to wait for nine hours, which a year and nine hours before are over.
	set_clock [expr {-5 * $hour}]
	set client [connect $handed]; send $client third
	wait {[processes] == 0}
	advance 20min
	expect {[quiet $client]}
	set_clock [expr {-$year + 4 * $hour}]
	has [line $client] " third"
	close $client
	set_clock 0
	pid $each
}
