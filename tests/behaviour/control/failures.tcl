# Instances that fail, one a client: superctl and the log show it, whatever the service's state. Five failures in a row make a
# service degraded.
suite failures

set crash {kill -SEGV $$}

# The client says how its instance is to end.
proc obedient {} { return "/bin/sh [write obedient "read -r how\neval \"\$how\"\n"]" }

proc run_each {options} {
	set obedient [obedient]
	superd -clock -control {service each { listen = "127.0.0.1:0" accept = yes exec = "$obedient" user = "$user" $options }}
	node %/control
}

proc failures {} { value [control "status each"] failures }

# One client after another, each until its instance has ended.
proc end_each {count how} {
	repeat $count {
		set client [connect each]; send $client $how; rest $client
		close $client
		sees {control "list each"} {"instances":0}
	}
}

proc health_is {word {code 0}} {
	lassign [superctl health] status output
	begins $output $word
	expect {$status == $code} $output
}

proc shown {verb args} { has [prints $verb each] {*}$args }

test crashes_of_all_the_last_are_seen_until_one_does_well {
	run_each ""
	end_each 4 $crash
	health_is "healthy\n"
	end_each 1 $crash
	health_is "degraded: each: the last 5 instances all failed, the last of them with signal SEGV"
	shown list "asleep, degraded"
	shown status "the last 5 instances all failed" "for 127.0.0.1, signal SEGV"
	shown why "the last 5 instances all failed" "for 127.0.0.1, signal SEGV"
	shown metrics {superd_service_failures_total{service="each"} 5}
	has [prints list] FAILED
	end_each 5 "echo fine"
	health_is "healthy\n"
	shown metrics {superd_service_failures_total{service="each"} 5}
	shown status "signal SEGV"
}

test are_told_as_the_schema_has_them {
	run_each ""
	end_each 6 $crash
	foreach verb {status list why health metrics} {
		needs {[schema_holds $verb [prints --json $verb]]} "python3 has no jsonschema (Debian: python3-jsonschema)"
	}
}

proc crash_many {count} {
	repeat $count { set client [connect %/each.sock]; send $client $::crash; rest $client; close $client }
}

test a_crash_is_a_warning_but_not_each_of_many {
	set obedient [obedient]
	superd -clock -control -arguments {--log-level warning} {
		service each { listen = "%/each.sock" accept = yes exec = "$obedient" user = "$user" }
	}
	hold_clock
	node %/each.sock; node %/control
	crash_many 15
	wait {[failures] == 15}
	expect {[count "ended: signal SEGV"] == 1}
	advance 1min
	crash_many 1
	counts "ended: signal SEGV" 2
}

test a_program_that_is_gone_is_one {
	write program "#!/bin/sh\necho fine\n" 755
	superd -clock -control {service each { listen = "127.0.0.1:0" accept = yes exec = "%/program" user = "$user" }}
	node %/control
	set client [connect each]; is [line $client] fine; close $client
	remove %/program
	set client [connect each]
	wait {[failures] != 0}
	shown status ": for 127.0.0.1, cannot start: "
	shown why "for 127.0.0.1, cannot start: "
	until 1min {[failures] >= 3} 10
	shown why "; the same happened "
	health_is "unhealthy: each: cannot start: " 3
	close $client
}

test an_exit_status_is_none_unless_its_service_says_so {
	run_each ""
	end_each 5 "exit 1"
	end_each 1 {kill -PIPE $$}
	end_each 1 {kill -TERM $$}
	is [failures] 0
	health_is "healthy\n"
	stop
	run_each "success_exit_status = { 1, USR1 }"
	end_each 5 "exit 1"
	end_each 1 {kill -USR1 $$}
	is [failures] 0
	end_each 5 "exit 3"
	is [failures] 5
	health_is "degraded: each: the last 5 instances all failed, the last of them with exit status 3\n"
}

test what_superd_ends_is_none {
	run_each "runtime_max = 1h timeout_stop = 1h"
	repeat 5 {
		set client [connect each]; send $client "trap '' TERM; echo deaf; while :; do sleep 1; done"
		is [line $client] deaf
		until 61min {[string match {*"instances":0*} [control "list each"]]} 4
		close $client
	}
	is [failures] 0
}

test begin_anew_by_a_restart {
	run_each ""
	end_each 5 $crash
	health_is "degraded: "
	expect {[lindex [superctl restart each] 0] == 0}
	health_is "healthy\n"
}

# Any client may bring it about, so nothing is to take the whole of superd for gone, as by its exit status.
test are_no_503 {
	set obedient [obedient]
	superd -control {
		service each { listen = "127.0.0.1:0" accept = yes exec = "$obedient" user = "$user" }
		service health { listen = "127.0.0.1:0" accept = yes builtin = health user = "$user" }
	}
	node %/control
	end_each 5 $crash
	set client [connect health]; put $client "GET / HTTP/1.0\r\n\r\n"
	set answer [rest $client]
	begins $answer "HTTP/1.1 200 "
	has $answer "\r\n\r\ndegraded\n"
	close $client
}

test of_a_server_that_takes_nobody_name_the_usual_mistakes {
	superd -clock -control {service each { listen = "127.0.0.1:0" exec = "/bin/true" user = "$user" }}
	node %/control
	set client [connect each]
	until 1min {[string match "*it exits without accepting a connection: its configuration may need accept = yes, or *" [why each]]} 10
	sees {why each} "or type = forking if its program continues in the background"
	close $client
}

