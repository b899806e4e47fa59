# Services without sockets that others need: started before these, stopped when none of these runs any more. What is required and
# fails makes the start fail; what is only wanted does not.
suite wants
uses unit_files

# Rows of services: one without sockets, one that serves, and one with a process for each client, which serves it until it leaves.
proc back {name {options ""}} {
	filled {service $name { exec = "$backend sleep 10000000" start = wanted $options }
}
}
proc front {name {options ""} {port 0}} {
	filled {service $name { listen = "127.0.0.1:$port" exec = "$backend serve" $options }
}
}
proc each {name {options ""}} {
	filled {service $name { listen = "127.0.0.1:0" exec = "/bin/cat" accept = yes $options }
}
}

# Until the file is there, db is not ready; and as long as another is there, it does not start.
set gated [filled {exec_ready = "/usr/bin/test -e %/gate"}]
set barred [filled {exec_start_pre = "/usr/bin/test ! -e %/bar"}]
set patient "defaults { timeout_start = 10h backoff_min = 10min backoff_max = 10min }\n"

proc run {args} { superd -control [join $args ""] }
proc run_clocked {args} { superd -control -clock [join $args ""] }
proc run_both {db web} { run_clocked $::patient [back db $db] [front web $web] }

# The states of services, and that they come to be these.
proc are {args} { foreach {service wanted} $args { is "$service [state $service]" "$service $wanted" } }
proc become {args} { foreach {service wanted} $args { wait {[state $service] eq $wanted} } }

proc pass_hours {} { repeat 3 { advance 1h } }
proc come {address} { set client [connect $address]; send $client asked; return $client }
proc is_served {client} { has [line $client] asked; close $client }
proc serves {address} { is_served [come $address] }

proc is_before {first second} {
	wait {[logged $first] && [logged $second]}
	set log [read [logfile]]
	expect {[string first $first $log] < [string first $second $log]} "$first is not before $second: $log"
}
set unwanted "db: stopping: no service wants it any more"

test the_other_is_started_first_and_its_readiness_waited_for {
	run_both $gated "wants = { db }"
	set client [come web]
	become db starting web queued
	pass_hours
	are web queued
	expect {![logged "web: started"]}
	has [why web] "it waits for db (wants)"
	write gate ""
	is_served $client
	are db running
	has [why db] "runs, and has no socket to serve" ") by web, which wants it, " ", ready after "
	expect {[logged ", by web, which wants it"]}
	has [control "status db"] {"by":"web, which wants it"}
}

# What was waited for tells how long: it is no part of the time until the service is ready.
test the_time_of_the_others_start_is_told_apart {
	run_both [filled {exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done'"}] "wants = { db }"
	set client [come web]
	become db starting
	wait {[processes] > 0}
	advance_beside 1h
	write gate ""
	is_served $client
	# superd looks for it after ever longer pauses.
	until 10min {[string first " after it was wanted, ready after " [why web]] >= 0} 10
	set status [control "status web"]
	has $status {"last_activation"}
	set start [string range $status [string first {"last_activation"} $status] end]
	expect {[value $start wait] >= 3600 && [value $start latency] >= [value $start wait]} $start
}

test the_next_start_is_by_whom_it_is {
	run_both "" "wants = { db }"
	pid web
	control "stop web"
	become db listening
	control "start db"
	has [why db] ") by operator"
	expect {[logged ", by operator"]}
}

test an_order_to_start_waits_as_well {
	run_both "" "requires = { db }"
	has [order "start web"] "started, pid "
	are db running
	is_before "db: started" "web: started"
}

test what_is_wanted_and_fails_is_told_and_gone_without {
	run_both {exec_start_pre = "/bin/false"} "wants = { db }"
	pid web
	log "web: warning: wants db, and starts without it: "
}

test what_fails_before_it_has_a_process_is_not_waited_for {
	run_both [filled {environment_file = "%/none"}] "wants = { db }"
	is_served [come web]
}

# Its state was the same before it failed.
test what_fails_to_listen_is_not_waited_for {
	set fails [filled {socket_exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done; false'"}]
	run_clocked $::patient [front db $fails] [front web "wants = { db }"]
	set client [come web]
	become db binding web queued
	write gate ""
	is_served $client
}

# The client is none that is lost: it waits for the next try, as after any failed start.
test what_is_required_and_fails_is_a_failed_start {
	write bar ""
	run_both $barred "requires = { db }"
	set client [come web]
	log "web: cannot start: it requires db: "
	become web backoff
	has [why web] "it requires db: "
	has [order "start web"] failed
	expect {![logged "web: started"]}
	until 1min {[count "web: cannot start: it requires db: "] == 3} 30
	remove %/bar
	until 1min {[logged "web: started"]} 30
	is_served $client
	is_before "db: started" "web: started"
}

test one_that_is_held_or_disabled_is_gone_without_or_waited_for {
	run [back db] [front web "wants = { db }"] [front needs "requires = { db }"]
	log "needs: listening"
	control "hold db"
	pid web
	log "web: warning: wants db, and starts without it: held"
	control "stop web"
	control "disable db"
	pid web
	log "web: warning: wants db, and starts without it: it is disabled"
	has [order "start needs"] "it requires db: it is disabled"
}

# One that is never ready has its timeout_start: a client for web, while that waits.
proc comes_too_late {how} {
	run_both {exec_ready = "/bin/false" timeout_start = 10min} $how
	set client [come web]
	log "db: started, pid "
	advance 9min
	are web queued
	until 1min {[logged "db: stopping pid "]} 5
	return $client
}

test one_that_is_never_ready_has_its_timeout_start {
	is_served [comes_too_late "wants = { db }"]
	log "web: warning: wants db, and starts without it: "
}

test one_that_is_required_and_never_ready_fails_with_its_timeout_start {
	set client [comes_too_late "requires = { db }"]
	log "web: cannot start: it requires db: "
	expect {[quiet $client]}
	close $client
}

test it_is_stopped_with_the_last_that_wants_it {
	run_clocked [back db] [front one "requires = { db } idle_timeout = 10min"] [front two "wants = { db }"]
	pid one
	pid two
	until 1min {[logged "one: stopping pid "]}
	become one listening
	pass_hours
	are db running
	has [order "stop two"] stopped
	log $unwanted
	become db listening
	counts "db: started, pid " 1
	pid one
	counts "db: started, pid " 2
}

test one_with_another_start_is_not_stopped {
	run [replaced [back boot] wanted boot] [replaced [back manual] wanted manual] [front web "wants = { boot, manual }"]
	log "boot: started"
	expect {![logged "manual: started"]}
	pid web
	counts "manual: started" 1
	has [order "stop web"] stopped
	are boot running manual running
}

# Its process may have connections there.
test a_frozen_service_keeps_what_it_wants {
	run_both "" "wants = { db } idle_timeout = 10min idle_action = freeze"
	set pid [pid web]
	until 1min {[state web] eq "frozen"} 60
	pass_hours
	are db running
	expect {[pid web] == $pid}
	counts "db: started, pid " 1
}

test one_that_an_operator_has_frozen_is_thawed {
	run_both "" "wants = { db }"
	control "start db"
	has [order "freeze db"] frozen
	pid web
	are db running
	log ", by web, which wants it"
}

test what_was_started_for_one_that_is_held_meanwhile_is_stopped {
	run_both $gated "wants = { db }"
	set client [come web]
	become db starting web queued
	control "hold web"
	log $unwanted
	become db listening web held
	close $client
}

# Of a service with sockets no process runs before a client has come.
test with_accept_it_is_started_with_the_first_client_and_stopped_with_the_last {
	run [back db] [each web "requires = { db }"]
	log "web: listening"
	expect {![logged "db: started"]}
	set first [come web]
	is [line $first] asked
	is_before "db: started" "web: started"
	set second [come web]
	is [line $second] asked
	close $first
	counts "web: pid " 1
	are db running
	close $second
	log $unwanted
	become db listening
	serves web
	counts "db: started, pid " 2
}

test with_accept_clients_wait_until_it_is_ready {
	run_clocked "defaults { timeout_start = 10h }\n" [back db $gated] [each web "requires = { db }"]
	repeat 3 { lappend clients [come web] }
	become web queued
	has [why web] "it waits for db (wants)"
	pass_hours
	expect {![logged "web: started"]}
	write gate ""
	foreach client $clients { is_served $client }
	counts "db: started, pid " 1
}

test with_accept_a_client_waits_for_the_next_try {
	write bar ""
	run_clocked "defaults { backoff_min = 10min backoff_max = 10min }\n" [back db $barred] [each web "requires = { db }"]
	set client [come web]
	log "web: cannot start: it requires db: "
	become web backoff
	remove %/bar
	until 1min {[logged "web: started"]} 30
	is_served $client
}

# A client may give up before what its service wants is ready.
test with_accept_nothing_stays_for_a_client_that_has_left {
	run [back db $gated] [each web "requires = { db }"]
	set client [come web]
	become web queued
	close $client
	write gate ""
	log $unwanted
}

# A reload has removed it, and its program runs on.
test one_that_is_removed_and_runs_on_keeps_what_it_needs {
	run [back db] [front gone {wants = { db } on_remove = finish}] [each visitor {wants = { db }}]
	pid gone
	log "db: started"
	write superd.conf [back db][each visitor {wants = { db }}]
	done reload
	log "gone: removed"
	serves visitor
	log "visitor: pid "
	become visitor listening
	are db running gone leaving
	done "stop gone"
	log $unwanted
}

# As conf/behind.conf: a server that opens its own socket sleeps behind a redirect.
test a_redirect_starts_and_stops_the_server_behind_it {
	run {service front { listen = "127.0.0.1:0" accept = yes redirect = "%/own.sock" requires = { server } user = "$user" }
		service server { exec = "$backend own %/own.sock" exec_ready = "/usr/bin/test -S %/own.sock" start = wanted }
	}
	foreach n {1 2} {
		serves front
		counts "server: started, pid " $n
		counts "server: stopping: no service wants it any more" $n
		become server listening
		file delete [path own.sock]
	}
}

# Clients of TCPMUX come without a listener of the service.
test clients_that_tcpmux_hands_over_wait_as_well {
	run {service mux { listen = "127.0.0.1:0" accept = yes builtin = tcpmux }
	} [back db $gated] {service web { listen = "tcpmux:web" exec = "/bin/cat" accept = yes requires = { db } }}
	set client [connect mux]
	put $client "web\r\nasked\n"
	become db starting
	expect {[quiet $client]}
	write gate ""
	is_served $client
	is_before "db: started" "web: started"
}

# Each is started by the one that wants it, and the last first.
test one_that_wants_another_starts_behind_it {
	run [front web "requires = { db }"] [back db "requires = { disk }"] [back disk]
	pid web
	is_before "disk: started" "db: started"
	is_before "db: started" "web: started"
	has [order "stop web"] stopped
	become db listening disk listening
	is_before "db: stopping: no service" "disk: stopping: no service"
}

test a_failure_goes_up_to_who_requires_it {
	run [front web "requires = { db }"] [back db "requires = { disk }"] [back disk {exec_start_pre = "/bin/false"}]
	has [order "start web"] "it requires db: cannot start: it requires disk: "
	stop
}

test superd_starts_its_own_at_boot_behind_what_they_want {
	run [front web "start = boot requires = { db }"] [back db]
	is_before "db: started" "web: started"
}

# Connecting wakes it.
test one_with_a_socket_is_started_as_well {
	run [front db] [front web "requires = { db }"]
	pid web
	is_before "db: started" "web: started"
	control "stop db"
	pid web                 ;# nothing stops or starts it while web runs
	control "stop web"
	pid web
	counts "db: started" 2
}

# Nobody waits for it, and it need not be ready ever.
test one_that_starts_beside_is_not_waited_for {
	run_both $gated "requires = { db } beside = { db }"
	serves web
	become db starting
	are web running
	write gate ""
}

test one_beside_that_fails_keeps_no_client_out {
	run_both $barred "requires = { db } beside = { db }"
	write bar ""
	serves web
	log "db: cannot start"
	serves web
	expect {![logged "web: cannot start"]}
}

# Of two services that wait, each names the other: that wakes neither.
test two_that_wait_and_name_each_other_hold_nobody_up {
	run_clocked [back slow $gated] [back side "wants = { web, slow } beside = { web }"] \
		[front web "requires = { side, slow } beside = { side }"]
	set client [come web]
	become web queued side queued
	write gate ""
	is_served $client
}

# A sidecar, which asks the service that has it: it waits until that is ready.
test one_beside_that_requires_the_service_comes_when_that_is_ready {
	run_clocked [back db "requires = { web }"] [front web "$gated wants = { db } beside = { db }"]
	set client [come web]
	become web starting
	expect {![logged "db: started"]}
	write gate ""
	is_served $client
	is_before "web: started" "db: started"
}

# Work that is done once, when superd starts, and fails as long as the bar is there.
set prep "service prep { exec = \"/bin/true\" type = oneshot start = boot restart = no $barred }\n"

# What a socket needs is no need of each start.
test what_a_socket_needs_is_asked_once {
	run $prep [front web "socket_requires = { prep }"]
	serves web
	write bar ""
	control "stop web"
	serves web
	counts "prep: started" 1
}

test what_a_socket_requires_and_has_failed_keeps_it_closed {
	write bar ""
	run "defaults { backoff_min = 10ms }\n" $prep [front web "socket_requires = { prep }"]
	log "prep: cannot start"
	log "web: cannot listen: it requires prep"
	expect {![logged "web: listening"]}
	remove %/bar
	serves web
}

# Else the two would wait for each other until the place of a start is over.
test who_waits_has_no_place_among_the_starts {
	superd -control -arguments {--max-starting 1} "[back db][front web {wants = { db }}]"
	pid web
	are db running
}

test the_work_of_a_oneshot_is_done_before_each_start {
	run {service once { start = manual type = oneshot exec = "/bin/sh -c 'echo >>%/ran'" }
	} [front web "requires = { once }"]
	pid web
	expect {[lines %/ran] == 1}
	has [order "stop web"] stopped
	pid web
	expect {[lines %/ran] == 2}
}

proc wait_for_ever {} {
	run_both {exec_ready = "/bin/false"} "wants = { db }"
	done "start --no-wait web"
	become web queued db starting
}

test a_stop_ends_the_wait_and_what_was_started_for_it {
	wait_for_ever
	has [order "stop web"] stopped
	become web listening db listening
	stop
}

test a_shutdown_ends_the_wait {
	wait_for_ever
	stop
}

proc goes_over_an_upgrade {web} {
	run_clocked $::patient [back db $::gated] $web
	set client [come web]
	become web queued db starting
	log "db: started, pid "
	upgrade
	pass_hours
	are web queued
	write gate ""
	has [line $client] asked
	upgrade
	pass_hours
	are db running
	counts "db: started, pid " 1
	close $client
	control "stop web"
	log $::unwanted
	stop
}

test the_wait_goes_on_over_an_upgrade { goes_over_an_upgrade [front web "wants = { db }"] }
test the_wait_of_connections_goes_on_over_an_upgrade { goes_over_an_upgrade [each web "wants = { db }"] }

test a_reload_changes_what_is_wanted {
	set port [free_port]
	run [back db] [front web "wants = { db }" $port]
	log "web: listening"
	pid web
	are db running
	reload [back db][front web "" $port]
	log $unwanted
	become db listening
	reload [back db][front web "wants = { db }" $port]
	control "stop web"
	pid $port
	are db running
}

# Its clients wait no longer for what hangs.
test a_reload_ends_the_wait_for_what_is_wanted_no_more {
	set port [free_port]
	set before "defaults { timeout_start = 10h }\n[back db $gated]"
	run $before [front web "requires = { db }" $port]
	log "web: listening"
	set client [come $port]
	log "db: started"
	are web queued
	reload $before[front web "" $port]
	is_served $client
}

# The one that wanted it is in no table any more, and its instance goes on.
test it_runs_for_an_instance_that_a_reload_has_removed {
	run [back db] [front web "wants = { db } on_remove = drain"]
	log "web: listening"
	set client [come web]
	has [line $client] asked
	reload [back db]
	are db running
	close $client
	log $unwanted
}

test what_cannot_be_is_an_error_by_its_line {
	set others [back db][back ring "\n wants = { chain }"][back chain "\n requires = { ring }"]
	append others [back pool "requires = { db }"][back waits "requires = { web }"] {
		service front { listen = "127.0.0.1:2" exec = "/bin/true" wants = { web } }
		service each { listen = "127.0.0.1:4" exec = "/bin/true" accept = yes }
	}
	foreach {wants error more} {
		"wants = { dbb }" ":4:2: error: web: wants: the configuration has no service 'dbb'" "did you mean 'db'?"
		"requires = { dbb }" ":4:2: error: web: requires: the configuration has no service 'dbb'" "did you mean 'db'?"
		"wants = { ring }" "error: chain: requires: 'ring' leads back to this service" ":10:2: "
		"wants = { web }\n beside = { web }" ":4:2: error: web: wants: 'web' leads back to this service" ""
		"requires = { front }" "error: front: wants: 'web' leads back to this service" ""
		"socket_requires = { waits }" "error: waits: requires: 'web' leads back to this service" ""
		"start_priority = batch" ":4:2: error: unknown option 'start_priority'"
		"remove it: at the limit of max_starting services start in the order of their clients"
	} {
		write table "service web {\n listen = \"127.0.0.1:3\"\n exec = \"/bin/true\"\n $wants\n}\n$others"
		lassign [answer --check --no-preflight -f %/table] status output errors
		has $errors $error $more
	}
}

# Of a pair in the same table; what is not there is told.
proc unit_starts {key} {
	write db.service "\[Service]\nExecStart=$::backend sleep 10000000\nUser=$::user\n"
	pair web "ListenStream=%/web.sock" "ExecStart=$::backend serve"
	drop_in web.service "\[Unit]\n$key=db.service network-online.target other.service\nAfter=db.service"
	units web.socket
	node %/web.sock
	is [said [ask %/web.sock asked]] asked
	is_before "db: started" "web: started"
	expect {[logged ": there is no other.service to start"]}
	stop
}

test units_start_what_they_want { unit_starts Wants }
test units_start_what_they_require { unit_starts Requires }
test units_start_what_they_are_bound_to { unit_starts BindsTo }

# A server that cannot take sockets, and the one in front that requires it, as systemd-socket-proxyd(8) shows. Only the socket is
# named.
proc run_proxied {{lines ""}} {
	write back.service "\[Unit]\n${lines}\[Service]\nExecStart=$::backend sleep 10000000\nUser=$::user\n"
	pair front "ListenStream=%/front.sock" "ExecStart=$::backend take 1"
	drop_in front.service "\[Unit]\nRequires=back.service\nAfter=back.service network.target"
	units front.socket
	node %/front.sock
}
proc asks_in_front {} { is [said [ask %/front.sock asked]] asked }

test a_required_unit_without_a_socket_is_read_along_and_stopped_again {
	run_proxied "StopWhenUnneeded=yes\n"
	foreach n {1 2} {
		asks_in_front
		counts "back: started, pid " $n
		counts "back: stopping: no service wants it any more" $n
		wait {[count "back: pid "] >= $n}
	}
}

test a_required_unit_runs_on_where_it_may {
	run_proxied
	repeat 2 { asks_in_front }
	counts "back: started, pid " 1
	expect {![logged "no service wants it"]}
}

# What a condition leaves out is no failure of who needs it: not at the first start, and not at those while it pauses.
proc made_once {} { expect {[lines %/made] == 1} }

test what_a_condition_skips_is_no_failure {
	foreach way {PathExists=!%/made PathExists=%/none} {
		run_both "condition = \"$way\" exec_start_pre = \"/bin/sh -c ': >%/made'\"" "requires = { db }"
		foreach n {1 2 3} { is_served [come web]; control "stop web"; become web listening }
		lacks [read [logfile]] "it requires db" "starts without it"
		stop
	}
}

test what_exec_condition_skips_is_no_failure {
	run $patient [back db {exec_condition = "/bin/false"}] [each web "requires = { db }"]
	repeat 3 { serves web }
	expect {![logged "it requires db"]}
}

test what_is_skipped_behind_another_is_no_failure {
	run $patient [back disk {condition = "PathExists=/none"}] [back db "requires = { disk }"] [front web "requires = { db }"]
	repeat 2 { is_served [come web]; control "stop web"; become web listening }
	counts "db: started, pid " 2
}

test what_a_socket_requires_and_a_condition_skips_lets_it_open {
	run $patient [back db {condition = "PathExists=/none"}] [front web "socket_requires = { db }"]
	is_served [come web]
}

# What fails to be started stays a failure, also where it was skipped before.
test what_fails_after_it_was_skipped_is_a_failed_start {
	run_both [filled {condition = "PathExists=%/bar" exec_start_pre = "/usr/bin/test ! -e %/bar"}] "requires = { db }"
	is_served [come web]
	control "stop web"
	become web listening
	write bar ""
	set client [come web]
	log "web: cannot start: it requires db: "
	close $client
}

# Each try to open a socket is for what it needs no other start.
test what_a_socket_needs_starts_once_for_all_tries {
	run_clocked $patient [filled {service db { exec = "/bin/sh -c 'echo >>%/made'" type = oneshot start = wanted }
}] [front web [filled {socket_wants = { db } socket_exec_start_post = "/usr/bin/test -e %/gate"}]]
	until 11min {[count "socket_exec_start_post: "] >= 3} 30
	made_once
	write gate ""
	until 11min {[state web] eq "listening"} 30
	made_once
	# As it is enabled it is another opening.
	done "disable web"
	done "enable web"
	become web listening
	wait {[lines %/made] == 2}
}

test what_a_socket_requires_is_tried_again_until_it_has_run {
	run_clocked $patient [filled {service good { exec = "/bin/sh -c 'echo >>%/made'" type = oneshot start = wanted }
service db { exec = "/usr/bin/test -e %/gate" type = oneshot start = wanted }
}] [front web "socket_requires = { good, db }"]
	log "it requires db"
	until 11min {[count "db: started, pid "] >= 3} 30
	write gate ""
	until 11min {[state web] eq "listening"} 30
	made_once
}

# At superd's end: `web`, which needs others, ends only once the file is there, and who needs nothing of it at once.
proc lingers {{options ""}} {
	filled {exec_stop = "/bin/sh -c 'until test -e %/gone; do sleep 0.02; done'" timeout_stop = 20h $options}
}
proc alone {name} {
	filled {service $name { exec = "$backend sleep 10000000" start = boot }
}
}
proc end_begins {} { signal TERM; log "superd: stopping: signal TERM from pid $::self (" }
proc all_end {args} {
	write gone ""
	expect {[exit_status] == 0}
	foreach first [lrange $args 0 end-1] second [lrange $args 1 end] { if {$second ne ""} { is_before $first $second } }
	expect {![logged "killing the rest"]}
}
set forever "superd { stop_timeout = infinity }\n"

test at_superds_end_who_needs_goes_before_whom_it_needs {
	run $forever [back disk] [back db "wants = { disk }"] [front web [lingers "requires = { db }"]] [alone other] [front asleep]
	pid web
	become other running
	end_begins
	log "other: pid "
	wait {![reachable asleep]}      ;# all sockets are closed at once
	expect {![logged "db: pid "] && ![logged "disk: pid "]}
	all_end "other: pid " "web: pid " "db: pid " "disk: pid "
}

test at_superds_end_the_programs_of_clients_go_before_what_they_need {
	run $forever [back db] [each web [lingers "requires = { db }"]]
	set clients [lmap n {1 2} { set client [connect web]; echoes $client; set client }]
	end_begins
	all_end "web: pid " "db: pid "
	expect {[times [lindex [split [string map [list "db: pid " \x01] [read [logfile]]] \x01] 0] "web: pid "] == 2}
	close {*}$clients
}

# Its listener is no longer superd's, but who needs it may have connected before.
test at_superds_end_what_is_needed_is_thawed {
	run $forever [filled {service db { listen = "127.0.0.1:0" exec = "$backend talk" }
}] [front web [lingers "requires = { db }"]]
	pid web
	set client [connect db]; send $client one; set before [line $client]
	done "freeze db"
	end_begins
	send $client one; is [line $client] $before
	all_end "web: pid " "db: pid [lindex $before 0] ended"
	close $client
}

test at_superds_end_those_started_beside_each_other_stop_at_once {
	run $forever [back db] [front web [lingers "wants = { db } beside = { db }"]]
	pid web
	become db running
	end_begins
	log "db: pid "
	all_end "db: pid " "web: pid "
}

test at_superds_end_a_ring_stops_together {
	run $forever [each web "requires = { db }"] [back db "requires = { web }"]
	set client [connect web]; echoes $client
	become db running
	end_begins
	expect {[exit_status] == 0}
	close $client
}

test at_superds_end_nobody_waits_longer_than_half_of_stop_timeout {
	run_clocked "superd { stop_timeout = 10h }\n" [back db] [front web [lingers "requires = { db }"]]
	pid web
	end_begins
	advance_beside 4h
	expect {![logged "db: pid "]}
	advance_beside 62min
	log "half of stop_timeout is over: stopping what others need that still run"
	log "db: pid "
	expect {![ended]}
	all_end "db: pid " "web: pid "
}

# It may need any of them, and names none.
test at_superds_end_the_main_command_goes_first {
	set script [filled {trap 'until test -e %/gone; do sleep 0.02; done; exit 0' TERM; : >%/up; while :; do sleep 0.02; done}]
	foreach late {no yes} {
		superd -clock -arguments [list --stop-timeout 10h -- /bin/sh -c $script] [alone db]
		wait {[exists %/up]}
		log "db: started"
		end_begins
		if {$late} { advance_beside 302min; log "half of stop_timeout is over"; log "db: pid " }
		expect {$late || ![logged "db: pid "]}
		if {$late} { all_end "db: pid " "the main command has ended" } else { all_end "the main command has ended" "db: pid " }
		remove %/gone; remove %/up
	}
}

test a_unit_that_is_read_along_is_named {
	run_proxied
	log "test.conf:2:10: Requires: superd starts a back.service of its own, beside one that systemd may run"
}

# A template whose instances require a unit: it is started with the first of them.
test what_a_template_requires_starts_with_its_first_instance {
	write back.service "\[Unit]\nStopWhenUnneeded=yes\n\[Service]\nExecStart=$backend sleep 10000000\nUser=$user\n"
	pair each "ListenStream=%/each.sock\nAccept=yes" "ExecStart=/bin/cat\nStandardInput=socket"
	drop_in each@.service "\[Unit]\nRequires=back.service\nAfter=back.service"
	units each.socket
	log "each: listening"
	expect {![logged "back: started"]}
	node %/each.sock
	is [ask %/each.sock asked] asked
	is_before "back: started" "each: started"
	log "back: stopping: no service wants it any more"
}

# A socket is there as long as superd.
test what_a_socket_requires_starts_with_superd {
	drop_in front.socket "\[Unit]\nRequires=early.service"
	write early.service "\[Service]\nExecStart=$backend sleep 10000000\nUser=$user\n"
	run_proxied
	log "early: started"
	expect {![logged "back: started"]}
}

test a_required_unit_that_fails_is_a_failed_start {
	run_proxied "\[Service]\nExecStartPre=/bin/false\n"
	log "front: listening"
	set client [connect %/front.sock]; send $client asked
	log "front: cannot start: it requires back: "
	expect {![logged "front: started"]}
}

# Nothing of these is done, and each is told of at its place.
test what_is_not_done_for_other_units_is_told_by_its_line {
	write a.socket "\[Socket]\nListenStream=%/a.sock\n"
	write a.service "\[Service]\nExecStart=/bin/cat\nUser=$user\n\[Unit]\nWants=gone.service\nRequires=other.socket a.socket\nConflicts=b.service shutdown.target\nPartOf=b.service\nRequires=disk.mount\nBindsTo=a.socket\n"
	set lost [path a.service.requires/lost.service]
	file mkdir [file dirname $lost]
	exec ln -s /none $lost
	lassign [answer --check --no-preflight -f %/a.socket] status output errors
	expect {$status == 0} $errors
	has $errors "a.service:5:7: warning: Wants: there is no gone.service to start" \
		"a.service:6:10: warning: Requires: superd does not open other.socket" \
		"a.service:7:11: warning: Conflicts=b.service: superd stops no unit for another" \
		"a.service:8:8: warning: PartOf=b.service: superd does not stop or restart a unit with another" \
		"a.service:9:10: warning: Requires: superd starts no units as disk.mount" \
		"a.service.requires/lost.service: warning: Requires: there is no lost.service to start"
	lacks $errors target a.socket:
}
