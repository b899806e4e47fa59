# What operators can see and do through the control socket.
suite control

proc row {program more} {
	filled {service web {
		listen = "127.0.0.1:0"
		exec = "$backend $program"
		$more
	}}
}

proc web {{program serve} {more ""} {how ""}} {
	superd {*}$how -control [row $program $more]
	log "web: listening on "
}

proc status {key {service web}} { value [control "status $service"] $key }
proc health {} { value [control health] healthy }
proc refused_as {code request} { is [value [control $request] code] $code }

# Waits for it, in what a request answers.
proc shows {request part} { wait {[string first $part [control $request]] >= 0} }

# A client whose connection stays, and who serves it.
proc client {{line one}} {
	set client [connect web]
	send $client $line
	list $client [lindex [line $client] 0]
}

# It is asked, and answered by this process.
proc answers {client pid line} { send $client $line; is [line $client] "$pid $line" }

test shows_a_service_that_never_ran {
	web
	set status [control "status web"]
	is [value $status state] listening
	is [value $status queue] 0
	is [value $status activations] 0
	is [value $status last_exit] null
	has $status {"instances":[]} "{\"done\":true}\n"
}

test shows_whose_connection_woke_it {
	web serve "idle_timeout = 1h"
	close [connect web -from 127.0.0.5]
	shows "status web" {"by":"127.0.0.5"}
	has [why web] " by 127.0.0.5"
	schema_holds status [prints --json status web]
}

test shows_what_runs_and_what_ran {
	web "take 2"
	set pid [pid web]
	shows "status web" "\"latency\":\{\"count\":1,"
	expect {[pid web] == $pid}
	shows "status web" {"status":0}
	set status [control "status web"]
	is [value $status activations] 1
	is [value $status result] success
	has $status "\"latency\":\{\"count\":1,"
	has [why web] ") with exit status 0, after "
}

test tells_how_long_a_client_waited_until_it_was_taken {
	superd -control {service web { listen = "127.0.0.1:0" exec = "/bin/sh -c 'sleep 0.4; exec $backend serve'" }}
	pid web
	shows "status web" "\"latency\":\{\"count\":1,"
	set status [control "status web"]
	set latency [value [string range $status [string first {"last_activation"} $status] end] latency]
	expect {$latency >= 0.4}
}

test counts_no_wait_that_had_no_end {
	web crash "backoff_min = 1h backoff_max = 1h"
	set client [connect web]
	shows "status web" {"failures":1}
	has [control "status web"] {"latency":null}
	close $client
}

test is_not_healthy_when_nobody_reaches_what_runs {
	superd -control {service web { listen = "%/gone.sock" exec = "$backend serve" }}
	log "web: listening on "
	done "start web"
	is [health] true
	remove %/gone.sock
	shows health "closed until its instance ends"
	done "stop web"
	wait {[health] eq "true"}
}

test shows_each_client_of_an_accepting_service {
	web lines "accept = yes"
	lassign [client] client
	set status [control "status web"]
	is [value $status peer] 127.0.0.1
	is [value $status by] 127.0.0.1
	is [value $status accepted] 1
	expect {[value $status memory] > 0}
	has [control list] {"instances":1}
	close $client
	shows list {"instances":0}
}

test tells_names_by_pattern_and_what_was_meant {
	superd -control {
		service web-a { listen = "127.0.0.1:0" exec = "$backend serve" }
		service web-b { listen = "127.0.0.1:0" exec = "$backend serve" }
		service mail { listen = "127.0.0.1:0" exec = "$backend serve" }
	}
	set answer [control "list 'web-*'"]
	has $answer web-a web-b
	lacks $answer mail
	set answer [control "list mail web-a mail"]
	expect {[string first {"mail"} $answer] < [string first {"web-a"} $answer]}
	refused_as unknown "stop mial"
	foreach {request meant} {"stop mial" mail "status mail.socket" mail "restart mial.service" mail \
		"start web" web-a} {
		has [control $request] "did you mean $meant?"
	}
	lacks [control "start we"] "did you mean"
	refused_as unknown "status 'x*'"
	refused_as usage stop
	refused_as usage statsu
	refused_as usage "list --check"
}

test tells_a_row_and_where_it_was_written {
	web serve "umask = 027"
	has [control "show web"] "# [table]:4\\n\\tumask = 027"
}

test starts_without_a_client_and_stops {
	web
	done "start web"
	set pid [pid web]
	has [order "start web"] "it runs already, pid $pid"
	has [order "stop web"] "the next client starts it again"
	expect {![lives $pid]}
	is [status signal] TERM
	expect {[pid web] != $pid}
}

test tells_why_a_start_has_failed {
	web "exit 3" "type = notify backoff_min = 1h backoff_max = 1h"
	set answer [control "start web"]
	is [value $answer ok] false
	is [value [string range $answer [string first {"error"} $answer] end] code] failed
	has [why web] "it tries again in "
	is [health] false
}

test a_stopped_service_without_a_socket_stays_stopped {
	superd -control {service job { start = boot exec = "$backend sleep 1000" }}
	log "job: started, pid "
	has [order "stop job"] "stopped; start starts it again"
	reload {service job { start = boot exec = "$backend sleep 1000" umask = 077 }}
	is [status state job] listening
	has [order "start job"] "started, pid "
}

# Nor is it started again, as none of its ends brings that about.
test what_is_started_by_order_alone_waits_for_it {
	superd -control {
		service job { start = manual exec = "$backend -m %/beats exit 0" }
		service other { listen = "127.0.0.1:0" exec = "$backend serve" }
	}
	pid other
	expect {![exists %/beats]} "it was started at boot"
	foreach n {1 2} {
		has [order "start job"] "it was started, and has ended: exit status 0"
		wait {[count "job: pid "] == $n}
	}
	pid other
	counts "job: started" 2
}

test an_ended_wait_leaves_what_was_begun_under_way {
	web hang "timeout_stop = 2h kill_signal = SIGWINCH" -clock
	set operator [session]
	done "start web"
	send $operator "stop --timeout=10min web"
	advance 9min; expect {[quiet $operator]}
	advance 2min
	set answer [line $operator]
	is [value $answer code] failed
	has $answer "under way: web"
	is [status state] stopping
	done "stop --no-wait web"
	close $operator
	clock_stop 2h
}

test a_stop_under_way_is_answered_at_the_end_of_superd {
	set pids {}
	superd -control [join [lmap name {one two} { filled {service $name {
		exec = "$backend hang" listen = "127.0.0.1:0" start = boot timeout_stop = 1h kill_signal = SIGWINCH }} }] \n]
	foreach name {one two} { done "start $name"; lappend pids [status pid $name] }
	set operator [session]
	send $operator "stop *"
	counts "requested: stop" 2
	signal TERM; log "superd: stopping"
	foreach pid $pids { kill $pid KILL }
	foreach pid $pids { has [line $operator] "\"ok\":true" "\"message\":\"stopped" }
	is [line $operator] "{\"done\":true}"
	close $operator
	exit_status
}

# superd has read the end of what they send, and still waits for the instance.
test forgets_who_has_half_closed_and_left {
	web serve
	repeat 70 {
		set operator [session]
		send $operator "wait --awake web"
		shut $operator
		wait {[quiet $operator]}
		close $operator
	}
	done list
}

test holds_clients_and_releases_them {
	web serve "" -clock
	done "hold web"
	set client [connect web]; send $client who
	expect {[stays_quiet $client]}
	is [status state] held
	is [status queue] 1
	has [why web] "1 client waits in its queue"
	reload [row serve "umask = 077"]
	expect {[stays_quiet $client]} "a reload has released it"
	has [order "start web"] "it is held"
	done "release web"
	has [line $client] " who"
	close $client
}

test disables_until_it_is_enabled {
	web
	set port [free_port]
	reload {service web { listen = "127.0.0.1:$port" exec = "$backend serve" }}
	pid $port
	done "disable web"
	wait {![reachable $port]}
	is [status enabled] false
	reload {service web { listen = "127.0.0.1:$port" exec = "$backend serve" umask = 077 }}
	expect {![reachable $port]} "a reload has enabled it"
	has [order "restart web"] "it is disabled"
	done "enable web"
	pid $port
}

test releases_what_is_disabled {
	web
	done "hold web"
	done "disable web"
	has [order "release web"] released
	done "enable web"
	is [status state] listening
}

# Clients of the next instance wait at the new socket until this one has ended.
test enables_a_service_whose_instance_is_ending {
	superd -control {service web { listen = "127.0.0.1:0" exec = "/bin/sh -c 'trap \"\" TERM; exec $backend serve'" timeout_stop = 1h }}
	set pid [pid web]
	control "disable --no-wait web"
	control "enable --no-wait web"
	set client [connect web]
	send $client hello
	is [state] stopping
	kill $pid KILL
	has [line $client] hello
	close $client
}

test lets_a_disabled_service_with_other_sockets_be_enabled {
	web serve "on_remove = stop"
	set port [free_port]
	pid web
	done "disable --no-wait web"
	reload {service web { listen = "127.0.0.1:$port" exec = "$backend serve" }}
	done "enable web"
	pid $port
	expect {![logged "this is a bug"]}
}

test refuses_what_its_table_disables {
	superd -control {service web {
		listen = "127.0.0.1:0"
		exec = "$backend serve"
		disable = yes
}}
	is [value [control "start web"] ok] false
	has [order "start web"] "web: the configuration has disable = yes ([table]:4)\n"
	has [why web] "the configuration has disable = yes"
	is [value [control list] state] off
}

test tells_of_the_commands_before_a_program {
	web serve {exec_start_pre = { "/bin/sleep 1000" }}
	done "start --no-wait web"
	has [why web] "the commands before its program run"
	has [control "status web"] {"pid":null}
	done "stop web"
}

test tells_of_no_clients_where_there_is_no_socket {
	superd -control {service job { start = boot exec = "/bin/sleep 1000" }}
	log "job: started, pid "
	has [why job] " runs, and has no socket to serve"
}

test waits_for_the_commands_before_a_start_when_it_restarts {
	web serve {exec_start_pre = { "/bin/sleep 0.1" }}
	has [order "restart web"] "web: it did not run; the next client starts it again"
	done "start web"
	has [order "restart web"] "web: started, pid "
	is [value [control list] state] running
}

test drains_before_it_goes_on {
	web lines "accept = yes timeout_stop = 10h" -clock
	lassign [client] first
	set operator [session]; send $operator "drain web"
	wait {[string match "*it drains*" [why web]]}
	set second [connect web]; send $second two
	expect {[stays_quiet $second]}
	close $first
	has [line $second] " two"
	has [line $operator] {"message":"drained}
	close $second $operator
}

test drains_until_timeout_stop_has_passed {
	foreach program {"talk {}" "lines {accept = yes}"} {
		lassign $program program options
		web $program "timeout_stop = 10min $options" -clock
		lassign [client] first pid
		done "drain --no-wait web"
		advance 9min
		answers $first $pid two
		until 1min {[logged "it is drained"]}
		end_of $first
		wait {[status held] eq "false"}
		close $first
		stop
	}
}

# Its program has the socket until its signal, so it serves who comes meanwhile, too.
test drains_a_backend_that_has_the_socket {
	web talk "timeout_stop = 10h" -clock
	lassign [client] first pid
	done "drain --no-wait web"
	set second [connect web]; answers $second $pid two
	close $first
	advance 1h; expect {![logged "it is drained"]} "it has a client still"
	answers $second $pid three
	close $second
	until 1s {[logged "it is drained"]}
	wait {[status held] eq "false"}
	expect {[pid web] != $pid}
}

test sends_the_lines_of_the_last_time {
	web talk "" -clock
	done "hold web"
	advance 1h
	done "release web"
	set answer [prints log --since=10min]
	has $answer "requested: release"
	lacks $answer "requested: hold"
	has [prints log --since=2h] "requested: hold"
}

test drains_what_is_held_and_holds_it_further {
	web talk "timeout_stop = 10h" -clock
	lassign [client] first pid
	has [order "hold web"] "held: the instance that runs serves on; then clients queue until it is released"
	set operator [session]; send $operator "drain web"
	wait {[string match "*it drains*" [why web]]}
	expect {[stays_quiet $operator]} "it has a client still"
	answers $first $pid three
	close $first
	until 1s {[logged "it is drained"]}
	set answer [line $operator]
	is [value $answer message] "drained; it is held, so nothing starts it"
	set second [connect web]; send $second two
	expect {[stays_quiet $second]} "it is held further"
	done "release web"
	has [line $second] " two"
	close $second $operator
}

test goes_on_draining_when_nobody_waits_for_it {
	web lines "accept = yes timeout_stop = 10h" -clock
	lassign [client] first
	set operator [session]; send $operator "drain web"
	wait {[string match "*it drains*" [why web]]}
	close $operator
	advance 1h; has [why web] "it drains"
	close $first
	wait {[status held] eq "false"}
}

test reloads_and_tells_what_became_of_each {
	set taken [free_port]; set holder [listener $taken]
	web
	write superd.conf {
		service web { listen = "127.0.0.1:0" exec = "$backend serve" umask = 077 }
		service more { listen = "127.0.0.1:0" exec = "$backend serve" }
		service late { listen = "127.0.0.1:$taken" exec = "$backend serve" }
	}
	set answer [control reload]
	has $answer {"service":"web","result":"changed"} {"service":"more","result":"added"} {"service":"late","result":"failed"} \
		[error_text EADDRINUSE]
	is [value $answer unchanged] 0
	lacks $answer "{\"done\":true}\n"
	has [control health] "late: cannot listen on "
	close $holder
	shows health {"healthy":true}
	write superd.conf {service more { listen = "127.0.0.1:0" exec = "$backend serve" }}
	has [done reload] {"service":"web","result":"removed"} {"unchanged":1,"changed":0,"added":0,"removed":2,"failed":0}
}

test a_reload_with_an_error_tells_where_and_changes_nothing {
	web
	write superd.conf "service web {\n listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\"\n}\n"
	set answer [control reload]
	is [value $answer line] 3
	is [value $answer severity] error
	has $answer {"hint":"did you mean} {"error":"not reloaded: }
	pid web
}

# Unless the table is read before superd comes to stop.
test a_reload_that_comes_to_nothing_since_superd_stops_says_so {
	web hang "timeout_stop = 1h"
	set client [connect web]; set operator [session]
	log "web: started, pid "
	for {set n 0} {$n < 20000} {incr n} { append rows "service s$n { disable = yes listen = \"80\" exec = /bin/true }\n" }
	write superd.conf $rows
	send $operator reload
	log " requested: "
	signal TERM
	while {![regexp {"done":|"error":} [set end [line $operator]]]} {}
	expect {[regexp {not reloaded: superd is stopping|"done":} $end]}
	close $operator $client
	log ": stopping"; # two signals before superd looks are one
	signal TERM
	exit_status
}

test has_a_backend_read_its_configuration_again {
	web serve {exec_reload = { "/bin/sh -c 'echo $MAINPID > %/note'" }}
	done "reload web"
	has [order "reload web"] "web: nothing runs that could read: the next start reads the configuration anyway"
	set pid [pid web]
	has [done "reload web"] "the reload command ended well (pid $pid)"
	is [read %/note] "$pid\n"
	expect {[pid web] == $pid}
}

test tells_of_a_configuration_that_could_not_be_read_again {
	superd -control {
		service a { listen = "127.0.0.1:0" exec = "$backend serve"
			exec_reload = { "/bin/sh -c 'echo first; echo no such page >&2; exit 3'" } }
		service b { listen = "127.0.0.1:0" exec = "$backend serve" }
	}
	done "start a b"
	# What it said last comes by way of superd-output, on a busy machine too late for the first answer.
	shows "reload a" {exec_reload has failed: exit-code (exit status 3): no such page"}
	has [order "reload b"] "it has no exec_reload"
}

# As ExecReload= of systemd: what has a dash may fail. A command that cannot be started is no command that ended well.
test each_command_that_reads_again_counts_unless_it_has_a_dash {
	needs {[exists /bin/true]} "there is no /bin/true"
	file copy /bin/true [path there]
	superd -control {
		service a { listen = "127.0.0.1:0" exec = "$backend serve" exec_reload = { "-/bin/false", "/bin/true" } }
		service b { listen = "127.0.0.1:0" exec = "$backend serve" exec_reload = { "/bin/true", "%/there" } }
		service c { listen = "127.0.0.1:0" exec = "$backend serve" exec_reload = { "-%/there", "/bin/true" } }
	}
	done "start a b c"
	file delete [path there]
	has [order "reload a"] "a: the reload command ended well"
	set answer [order "reload b"]
	if {![string match "*exec_reload has failed: *" $answer]} { # as a build with sanitizers has it, by superd-exec
		has $answer "exec_reload: %/there: exec: "
	}
	has [order "reload c"] "c: the reload command ended well"
}

test no_command_reads_again_for_a_program_that_has_ended {
	superd -control {
		service a { listen = "127.0.0.1:0" exec = "$backend serve" backoff_min = 1h backoff_max = 1h exec_reload = {
			"/bin/sh -c 'kill -9 $MAINPID; until test -e %/gone; do sleep 0.02; done'", "/bin/touch %/second" } }
	}
	done "start a"
	superctl reload --no-wait a
	log "ended: signal KILL"
	write gone ""
	log "ended before it read its configuration again"
	expect {![exists %/second]}
}

test who_reads_again_is_not_frozen_meanwhile {
	web serve {exec_reload = { "/bin/sh -c '>%/begun; until test -e %/gone; do sleep 0.02; done'" }}
	pid web
	superctl reload --no-wait web
	wait {[exists %/begun]}
	has [order "freeze web"] "it reloads"
	write gone ""
	log "the reload command ended well"
}

test no_command_reads_again_for_a_program_that_is_being_stopped {
	superd -control {
		service a { listen = "127.0.0.1:0" exec = "$backend hang" kill_signal = SIGWINCH timeout_stop = 1h exec_reload = {
			"/bin/sh -c '>%/begun; until test -e %/gone; do sleep 0.02; done'", "/bin/touch %/second" } }
	}
	done "start a"
	set pid [pids]
	superctl reload --no-wait a
	wait {[exists %/begun]}
	superctl stop --no-wait a
	write gone ""
	log "ended before it read its configuration again"
	expect {![exists %/second]}
	kill $pid KILL
}

# Somebody else may have its number.
test no_signal_to_read_again_is_sent_to_a_program_that_has_ended {
	superd -control {service web { start = manual type = notify-reload remain_after_exit = yes
		exec = { "$tests/notifier", "handle 1", "say READY=1", "await %/go", "end 0" } }}
	has [order "start web"] started
	write go ""
	wait {[processes] == 0}
	is [value [control "status web"] state] running
	has [order "reload web"] "its main process has ended"
}

# As a job of cron does it every night.
test reloads_all_where_nothing_runs {
	superd -control {
		service off { listen = "127.0.0.1:0" exec = "$backend serve" disable = yes }
		service asleep { listen = "127.0.0.1:0" exec = "$backend serve" }
		service each { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }
	}
	done "reload *"
	done "disable asleep"
	has [order "reload off"] "off: it does not run: the configuration has disable = yes ("
	has [order "reload each"] "each: nothing runs that could read: the next start reads the configuration anyway"
	has [done "reload asleep"] "nothing runs that could read"
}

test a_list_has_commands_whole {
	superd -control {service web { listen = "127.0.0.1:0" argv0 = "in.webd" exec = "/bin/echo a b c d 'e f'" }}
	has [control list] {"command":"in.webd a b c d 'e f' (/bin/echo)"}
}

test streams_events_as_they_are_logged {
	web "take 1" "" -clock
	set all [session]; set some [session]
	send $all "log --lines=0 --follow w*"
	send $some "log --lines=0 --follow mai?"
	done list; # both are heard by now
	has [control "log --lines=0 --follow wbe"] "did you mean web?"
	pid web
	set line [line $all]
	is [value $line event] started
	is [value $line service] web
	is [value $line level] info
	is [value [line $all] event] exited
	expect {[stays_quiet $some]}
	close $all $some
}

test follows_deeper_than_the_log_does {
	web "take 1"
	set follower [session]; send $follower "log --lines=0 --follow --level=debug"
	done list
	pid web
	while {![string match {*"event":"transition"*} [line $follower]]} {}
	expect {![logged "--activity-->"]}
	close $follower
}

test ends_superd {
	web
	set operator [session]
	pid web
	send $operator shutdown
	is [line $operator] {{"done":true}}
	end_of $operator
	expect {[exit_status] == 0}
	expect {![exists %/control]} "its socket is left"
	close $operator
}

test answers_of_ten_thousand_services_without_holding_the_loop {
	set table {service web { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" }}
	for {set n 0} {$n < 10000} {incr n} { append table "\nservice s$n { exec = \"/bin/cat\" listen = \"@ctl-$self-$n\" }" }
	superd -control $table
	log "s9999: listening on "
	set operator [session]
	send $operator list
	close [connect web]; # it is served in between
	set count 0
	while {![string match {*"done"*} [line $operator]]} { incr count }
	expect {$count == 10001}
	close $operator
}

test requests_of_a_client_that_does_not_read_wait {
	web
	set client [session]
	put $client [string repeat "list\n" 3000]
	done "list"                     ;# others are answered in between
	shut $client
	while {[string length [set part [get_bytes $client 65536]]]} { append answers $part }
	is_there 3000 $answers "{\"done\":true}\n"
	close $client
}

test waits_for_the_word_of_a_backend_that_tells_when_it_has_reloaded {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$tests/notifier 'handle 1' 'say READY=1'" type = notify-reload user = "$user" }}
	log "web: listening on "
	done "start web"
	set pid [status pid]
	done "reload web"
	log "pid $pid has reloaded"
	log "pid $pid has read its configuration again"
}

test to_disable_waits_for_no_client {
	superd -control {service cat { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" }}
	set client [connect cat]
	log "cat: started, pid"
	done "disable cat"
	expect {![reachable cat]}
	close $client
}
