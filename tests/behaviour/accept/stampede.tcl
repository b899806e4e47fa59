# Many services are wanted at once: only so many start at a time (max_starting), and the others wait in line. What waits is told,
# keeps its order, and can be taken out of the line.
#
# A start that nobody waits for keeps its place from others of that kind for 30 s at most. For one that a client waits for a start
# counts in its first second alone, and not if the last one of its service was slow or failed. So time passes by steps here, and
# what is slow is a command before the program.
suite stampede

# A command that ends when the test lets it go.
set slow_command [filled "\"/bin/sh -c 'read -r line <%/go'\""]

proc let_go {} {
	set go [open [path go] w]
	puts $go ""
	chan close $go
}

# Rows of services that serve; and behind that of one, slow, whose start ends when the test lets it go.
proc serving {name {options ""} {program serve}} {
	filled {service $name { listen = "127.0.0.1:0" exec = "$backend $program" $options }
}
}
proc slow_and {args} { return [serving slow "exec_start_pre = $::slow_command"][join $args ""] }
set one_and_two [slow_and [serving one] [serving two]]

# A superd that starts so many services at a time; else its table says it.
proc run {table {at_once "--max-starting 1"}} {
	exec mkfifo -m 666 [path go]
	superd -clock -control -arguments $at_once $table
	settle
	hold_clock
}

# Wakes a service with a client. Returns once superd has seen it.
proc wake {name state} {
	set client [connect $name]; send $client hello
	sees {prints list $name} $state
	return $client
}
proc are_served {args} { foreach client $args { is [said [line $client]] hello; close $client } }

proc is_before {first second} {
	wait {[logged "$first: started, pid "] && [logged "$second: started, pid "]}
	set log [read [logfile]]
	expect {[string first "$first: started, pid " $log] < [string first "$second: started, pid " $log]} $log
}

proc is_in_line {name} { has [prints list $name] queued }
proc comes_in_line {name} { sees {prints list $name} queued }
proc order {args} { set outcome [superctl {*}$args]; expect {[lindex $outcome 0] == 0} $outcome }
proc nobody_starts {} {
	advance 500ms
	expect {![logged "one: started"] && ![logged "two: started"]}
}

proc wake_all {} { uplevel 1 { set slow [wake slow starting]; set two [wake two queued]; set one [wake one queued] } }

test who_is_too_many_waits_in_line_and_starts_in_the_order_of_arrival {
	run $one_and_two
	wake_all
	is_in_line two
	is_in_line one
	has [prints why one] "1 other starts now, and no more do at once (max_starting = 1)"
	has [prints metrics] "superd_starts_queued 2" "superd_starts_under_way 1" "superd_starts_delayed_total 2"
	schema_holds status [prints --json status one]
	nobody_starts
	let_go
	are_served $slow $two $one
	is_before two one
}

test an_order_takes_a_service_out_of_the_line {
	run $one_and_two[serving three]
	set slow [wake slow starting]; set one [wake one queued]; set two [wake two queued]; set three [wake three queued]
	order hold one
	is_in_line two
	order disable two
	is_in_line three
	has [prints list one] held
	has [prints list two] disabled
	order release one
	comes_in_line one
	# Its client is still there, so it comes into line again, as the last.
	order stop three
	comes_in_line three
	is_in_line one
	reload [slow_and [serving one]]
	is_in_line one
	let_go
	are_served $slow $one
	close $two $three
}

# Programs that are never ready, and that are started again and again: a client waits for the first second of a start alone, and
# from the second start on not at all.
test programs_that_are_not_ready_hold_up_no_client {
	run "service waits { start = boot restart = always backoff_min = 100ms backoff_max = 100ms timeout_start = 20s type = notify
		exec = \"$tests/notifier 'await %/gate' 'say READY=1'\" }
		[serving one][serving two]"
	log "waits: started, pid "
	set one [wake one queued]
	nobody_starts
	until 500ms {[logged "one: started"]} 4
	are_served $one
	until 5s {[logged "waits: start timed out"] || [times [read [logfile]] "waits: started, pid "] == 2} 12
	wait {[times [read [logfile]] "waits: started, pid "] == 2}
	set two [wake two awake]
	are_served $two
	has [prints list waits] starting
}

# Who starts with superd waits for such programs, but not once a client waits for it.
test a_client_calls_a_service_out_of_the_line_of_the_boot {
	run "service waits { start = boot type = notify timeout_start = 25s exec = \"$tests/notifier 'await %/gate' 'say READY=1'\" }
		[serving boots {start = boot}]"
	comes_in_line boots
	advance 5s; advance 5s
	is_in_line boots
	set client [connect boots]; send $client hello
	until 500ms {[logged "boots: started"]} 6
	are_served $client
}

test no_time_limit_runs_in_line {
	run [slow_and [filled {service web { listen = "127.0.0.1:0" exec = "$tests/notifier 'say READY=1'" type = notify
		timeout_start = 400ms }}]]
	set slow [wake slow starting]
	set web [connect web]; send $web "env FDSTORE"
	advance 500ms
	expect {![logged "web: started"] && ![logged timeout_start]}
	let_go
	are_served $slow
	is [said [line $web]] unset
	expect {![logged timeout_start]}
	close $web
}

test what_starts_with_superd_waits_too {
	run "service slow { start = boot type = oneshot exec_start_pre = $slow_command exec = \"/bin/true\" }
		[serving boots {start = boot}]"
	node %/control
	comes_in_line boots
	# A hold and a release do not make it forget that it starts with superd.
	order hold boots
	order release boots
	is_in_line boots
	let_go
	log "boots: started, pid "
}

# Their places begin anew.
test who_waits_in_line_waits_over_an_upgrade {
	run $one_and_two
	wake_all
	upgrade
	sees {prints list one} queued
	sees {prints list two} queued
	has [prints metrics] "superd_starts_delayed_total 2"
	nobody_starts
	let_go
	are_served $slow $two $one
}

test a_start_by_an_operator_waits_in_line_and_a_stop_ends_that {
	run $one_and_two
	set slow [wake slow starting]
	order start --no-wait one
	order start --no-wait two
	comes_in_line one
	comes_in_line two
	order stop one
	is_in_line two
	has [prints list one] asleep
	let_go
	are_served $slow
	log "two: started, pid "
	sees {prints list two} awake
	expect {![logged "one: started"]}
}

# With accept = yes there is no line.
test an_entry_that_changes_takes_its_service_along {
	run $one_and_two
	set slow [wake slow starting]; set one [wake one queued]; set two [wake two queued]
	reload [slow_and [serving one "accept = yes" lines] [serving two "umask = 077"]]
	are_served $one
	is_in_line two
	expect {![logged bug]}
	let_go
	are_served $slow $two
}

test what_a_slow_start_gave_is_gone_with_its_end {
	run [slow_and [serving one] [serving two "exec_start_pre = $slow_command"] [serving three "exec_start_pre = $slow_command"]]
	set slow [wake slow starting]; set one [wake one queued]
	until 500ms {[logged "one: started"]} 4
	are_served $one
	let_go
	are_served $slow
	set two [wake two starting]; set three [wake three queued]
	let_go
	are_served $two
	let_go
	are_served $three
}

test without_a_limit_nobody_waits {
	run [slow_and [serving one]] "--max-starting 0"
	set slow [wake slow starting]
	pid one
	let_go
	are_served $slow
}

test the_table_says_how_many_start_at_once_and_a_reload_changes_that {
	run "superd { max_starting = 1 }\n$one_and_two" ""
	set slow [wake slow starting]; set one [wake one queued]; set two [wake two queued]
	has [prints why one] "1 other starts now, and no more do at once (max_starting = 1)"
	upgrade
	comes_in_line one
	is_in_line two
	nobody_starts
	reload "${one_and_two}superd { max_starting = 2 }\n"
	are_served $one $two
	expect {[logged "superd: changed: max_starting: 1 -> 2\n"]}
	# Without it twice the processors; those under way go on.
	reload $one_and_two
	let_go
	are_served $slow
}

test the_command_line_overrides_the_table {
	run "superd { max_starting = 5 }\n[slow_and [serving one]]"
	set slow [wake slow starting]; set one [wake one queued]
	has [prints why one] "(max_starting = 1)"
	expect {[logged ":1:10: max_starting: overridden by the command line, which sets 1"]}
	let_go
	are_served $slow $one
}

test a_wrong_number_in_the_table_keeps_the_one_before {
	run "superd { max_starting = 1 }\n[slow_and [serving one]]" ""
	set slow [wake slow starting]; set one [wake one queued]
	reload -refused "superd { max_starting = few }\n[slow_and [serving one]]"
	expect {[logged ":1:25: error: max_starting: 'few': expected a number from 0 to 1000000"]}
	is_in_line one
	let_go
	are_served $slow $one
}
