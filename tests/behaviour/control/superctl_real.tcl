# superctl with a real superd: its answers are as the documented schema has them, and its metrics as Prometheus reads them. How they
# are shown is the suite superctl's.
suite superctl_real

proc run_all {} {
	superd -control {
service web { listen = "127.0.0.1:0" exec = "$backend serve" user = "$user" }
service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" user = "$user" no_access = "127.0.0.9" }
service bad { listen = "127.0.0.1:0" exec = "/bin/false" user = "$user" backoff_min = 1h backoff_max = 1h }
service asleep { listen = "127.0.0.1:0" exec = "/bin/cat" user = "$user" idle_timeout = 1h }
}
	log "asleep: listening on"
	node %/control
}

proc run_one {table {how ""}} {
	superd {*}$how -control $table
	node %/control
}

# A client of cat who stays.
proc echoed {line} { set client [connect each]; send $client $line; is [line $client] $line; return $client }

# Something to tell of: an instance of each kind, a refusal, an exit and a failure.
proc make_history {} {
	set refused [connect each -from 127.0.0.9]; end_of $refused; close $refused
	is [ask each "through cat"] "through cat"
	set failing [connect bad]; log "bad: "
	set client [echoed "still here"]
	close $failing
	return $client
}

# superctl succeeds.
proc succeeds {args} { lassign [superctl {*}$args] status output errors; expect {$status == 0} "$args: $output$errors"; return $output }
proc fails {code error args} { lassign [superctl {*}$args] status output errors; expect {$status == $code} $args; has $errors $error; return $output }

# The value of a sample, as text; empty: there is none.
proc sample {name} {
	foreach line [split [prints metrics] \n] {
		if {[string first "$name " $line] == 0} { return [string range $line [string length $name]+1 end] }
	}
}

proc needs_schema {definition answer} {
	needs {[schema_holds $definition $answer]} "python3 has no jsonschema (Debian: python3-jsonschema)"
}

test answers_are_as_the_schema_has_them {
	run_all
	set client [make_history]
	foreach {definition request} {
		status status  list list  show show  why why  health health  metrics metrics  version version
		act "hold each"  status "status each"  why "why each"  act "release each"  end "status eac"  act "stop *"
		act "start asleep"  act "disable asleep"  status "status asleep"  act "enable asleep"  act "restart asleep"
		reload reload  log log  log "log -n3"  act "reload web"  upgrade "upgrade --check"
	} {
		set answer [prints --json {*}$request]
		has $answer \n
		needs_schema $definition $answer
	}
	close $client
}

# A status alone tells nobody what is wrong; what an instance before has printed tells something else.
test why_has_what_a_failed_instance_printed_last {
	run_one {service web { listen = "127.0.0.1:0" user = "$user" backoff_min = 1h backoff_max = 1h
		exec = { "/bin/sh", "-c", "test -e %/said || echo cannot open my.cnf >&2; exit 1" } }}
	superctl start web
	wait {[string match "*\n  last printed: cannot open my.cnf\n*" [why web]]}
	write said \n
	superctl start web
	log "ended: exit status 1"; log "ended: exit status 1"
	lacks [why web] "last printed"
}

# Node and others print a trace behind the reason.
test why_has_the_line_that_names_the_error {
	run_one {service web { listen = "127.0.0.1:0" user = "$user" backoff_min = 1h backoff_max = 1h
		exec = { "/bin/sh", "-c",
			"printf 'loader:1143\n\nError: Cannot find module /server.js\n    at Module\n  code: 1\n\}\nNode.js v20\n'; exit 1" } }}
	superctl start web
	wait {[string match "*last printed: Error: Cannot find module /server.js\n*" [why web]]}
}

# Prints the entries by superctl show, and has a superd read that.
proc read_back {name} {
	lassign [run /bin/sh -c "$::superctl --control %/control show $name | $::superd --print -f -"] status output errors
	expect {$status == 0} $errors
	return $output
}

# Each value stands as it was written, also one of `defaults { }`.
test show_is_a_table_that_reads_back {
	run_one {defaults { idle_timeout = "600s" }
service web {
 exec = "/bin/cat"
 user = "$user"
 memory_max = "65536K"
 cps = { 25, "10s" }
 socket a {
 listen = "127.0.0.1:0"
 defer_accept = "90s"
 }
 listen = "%/web.socket"
}
service page { listen = "127.0.0.1:0" accept = yes builtin = status user = "$user" }
service gate { listen = "127.0.0.1:0" accept = yes redirect = "127.0.0.1 9"
 only_from = "127.0.0.0/8" user = "$user" }
}
	is [read_back web] {defaults {
	idle_timeout = 600s
}

service web {
	exec = "/bin/cat"
	user = $user
	memory_max = 65536K
	cps = { 25, 10s }
	socket a { listen = "tcp:127.0.0.1:0"  defer_accept = 90s }
	listen = "%/web.socket"
}
}
	set all [read_back ""]
	has $all "service gate \{"
	lacks $all "exec = {}"
	has [prints show web] ":5\n\tmemory_max = 65536K\n"
}

test an_answer_that_cannot_be_written_is_a_failure {
	run_all
	foreach request {list "status web" "why web" "show web" "metrics web" version "hold web" health "--json list"} {
		lassign [run /bin/sh -c "exec $superctl --control %/control $request >/dev/full"] status output errors
		expect {$status == 1} $request
		has $errors "cannot write the answer"
	}
}

# As logrotate has it, while somebody edits the table.
test opens_the_log_again_and_does_nothing_else {
	run_one {service web { listen = "127.0.0.1:0" exec = "/bin/cat" }} "-arguments {--log file:%/own.log}"
	file rename [path own.log] [path own.log.1]
	write superd.conf "service web \{ lis"
	succeeds reopen
	expect {[exists %/own.log]}
	signal USR1
	wait {[string match *web* [read %/own.log]]}
	lacks [read %/own.log] "not reloaded"
	lacks [read %/own.log.1] "not reloaded"
}

# A backslash is a character like others, in a pattern, too; and a name that looks like a pattern means itself.
test names_mean_themselves_whatever_they_hold {
	set more [filled {exec = "/bin/cat" accept = yes user = "$user"}]
	run_one {
		service 'a\b' { listen = "127.0.0.1:0" $more }
		service "a\\\\b" { listen = "127.0.0.1:0" $more }
		service "it's" { listen = "127.0.0.1:0" $more }
		service 'q[1]' { listen = "127.0.0.1:0" $more }
		service 's*r' { listen = "127.0.0.1:0" $more }
		service sxr { listen = "127.0.0.1:0" $more }
	}
	foreach {asked names} {
		{a\b} {a\b}  {a\\b} {a\\b}  {a\*} {a\b|a\\b}  {a\\*} {a\\b}  {[a]\?} {a\b}
		it's it's  {q[1]} {q[1]}  {q[[]1]} {q[1]}  s*r s*r  s?r s*r|sxr
	} {
		is [prints list --names $asked] "[string map {| \n} $names]\n"
	}
	set held [prints --json hold {a\\b} s*r]
	has $held {"service":"a\\\\b","state":"held"} {"service":"s*r","state":"held"}
	lacks $held sxr
}

# As two of one version may differ.
test the_version_tells_builds_apart {
	run_all
	set version [prints version]
	expect {[regexp {\(build ([0-9a-f]{12})\)(.*)} $version all build rest]} $version
	lacks $rest "(build "
	has [lindex [answer --version] 1] "(build $build)"
	expect {[regexp "superd .*\\(build .*\\), pid [superd_pid itself]\n" $version]} $version
}

# What superctl log prints, without its times, "Nov 25 02:24:59 ".
proc lines_of {args} { regsub -all -line {^.{16}} [prints log {*}$args] "" }

test log_has_the_last_lines_in_their_order {
	run_all
	set client [make_history]
	succeeds reload
	set all [lines_of -n 100]
	expect {[string first "web: listening on " $all] < [string first "each: listening on " $all]} $all
	has $all "superd: uid "
	set each [lines_of each asleep]
	has $each "each: listening on " "asleep: listening on "
	lacks $each "web: " "superd: "
	expect {[regexp {^[^\n]+\n$} [prints log -n 1 each asleep]]}
	fails 1 "did you mean asleep?" log asleeep
	close $client
}

# A program prints what superd itself would say about a client.
test what_a_program_printed_is_no_line_of_superd {
	run_one {service liar { start = boot user = "$user"
		exec = { "/bin/sh", "-c", "echo refused 192.0.2.66; exec sleep 1000" } }}
	log "]: refused 192.0.2.66"
	has [prints log liar] "]: refused 192.0.2.66"
	lacks [prints log liar] "liar: refused"
	has [prints status liar] "]: refused 192.0.2.66"
	has [prints --json log liar] {"from":"output","pid":}
}

test log_goes_on_with_the_lines_to_come_until_superd_ends {
	run_all
	set follower [begin $superctl --control %/control log -n 1 -f each asl*]
	wait {[string match "*asleep: listening on *" [printed $follower]]}
	is [ask each one] one
	wait {[string match "*each: started, pid *" [printed $follower]]}
	succeeds hold web
	succeeds hold asleep
	wait {[string match "*asleep: uid *" [printed $follower]]}
	lacks [printed $follower] "web: "
	upgrade
	expect {[lindex [finish $follower] 0] == 1}
}

test list_failed_names_what_has_a_fault {
	run_all
	is [succeeds list --failed] "no service has failed\n"
	set client [connect bad]
	log "bad: next start in "
	succeeds hold web
	is [prints list --failed --names] "bad\n"
	close $client
}

test signal_goes_to_the_main_process_of_each_instance {
	run_all
	set one [echoed one]; set other [echoed other]
	has [succeeds signal each TERM] "each: sent the signal to pid "
	end_of $one; end_of $other
	log " requested: "
	fails 1 "web: no process of it runs" signal web HUP
	fails 2 "" signal web
	fails 2 "" signal web FOO
	close $one $other
}

test tells_what_is_no_socket {
	fails 4 ": it is no socket" -at [write no-socket ""] list
	fails 2 "--control: '': expected the path of a socket" -at "" list
}

test what_a_reload_says_is_as_the_schema_has_it {
	set before [clock seconds]
	run_all
	set table [read [table]]
	is [sample superd_config_last_reload_successful] 1.0
	set loaded [sample superd_config_last_reload_success_timestamp_seconds]
	expect {$loaded >= $before && $loaded < [clock seconds] + 1}
	write superd.conf [replaced $table "accept = yes" "lisen = 3 accept = yes"]
	fails 1 "superd.conf:3:" reload
	is [sample superd_config_last_reload_successful] 0.0
	schema_holds reload [prints --json reload]
	write superd.conf [replaced $table "service bad" "service good"]
	set answer [succeeds --json reload]
	has $answer {"result":"added"}
	is [sample superd_config_last_reload_successful] 1.0
	expect {[sample superd_config_last_reload_success_timestamp_seconds] > $loaded}
	needs_schema reload $answer
}

test events_are_as_the_schema_has_them {
	run_all
	set events [begin $superctl --control %/control --json events ea*]
	wait {[is [ask each stir] stir; string match "*\"exited\"*\n" [printed $events]]}
	kill [program_pid $events] TERM
	needs_schema events [lindex [finish $events] 1]
}

test metrics_are_read_by_prometheus {
	run_all
	set client [make_history]
	set samples [metrics_read [prints metrics]]
	needs {$samples ne ""} "python3 has no prometheus_client (Debian: python3-prometheus-client)"
	has $samples {superd_service_accepted_total{service="each"} 3} {superd_service_instances{service="each"} 1} \
		{superd_service_state{service="asleep",superd_service_state="listening"} 1}
	close $client
}

proc sample_of {name} { sample superd_service_$name }

# Also after its process has ended.
test metrics_tell_of_a_sleepers_life {
	run_one {service it { listen = "127.0.0.1:0" exec = "$backend serve" user = "$user" idle_timeout = 10min
		idle_action = freeze }} -clock
	pid it
	until 10min {[logged "is frozen until a client connects"]}
	advance 1min
	pid it
	log "thawed after"
	wait {[sample_of {activation_latency_seconds_count{service="it"}}] eq "2"}
	set cpu [sample_of {cpu_seconds_total{service="it"}}]
	succeeds stop it
	expect {[sample_of {cpu_seconds_total{service="it"}}] >= $cpu}
	expect {[sample_of {cpu_seconds_total{service="it"}}] > 0}
}

test metrics_are_good_for_promtool {
	set promtool [program prometheus promtool]
	needs {$promtool ne ""} "promtool is not here (Debian: prometheus, also unpacked below SUPERD_PEERS)"
	run_all
	set client [make_history]
	write metrics [prints metrics]
	lassign [run /bin/sh -c "exec $promtool check metrics <%/metrics"] status output errors
	expect {$status == 0} "$output$errors"
	lacks $errors error
	close $client
}

test metrics_are_good_for_the_textfile_collector {
	set exporter [program prometheus-node-exporter prometheus-node-exporter]
	needs {$exporter ne ""} "node_exporter is not here (Debian: prometheus-node-exporter, also unpacked below SUPERD_PEERS)"
	run_all
	set client [make_history]
	write superd.prom [prints metrics]
	lassign [run /usr/bin/python3 $::env(SRCDIR)/tests/behaviour/textfile.py $exporter %/.] status output errors
	expect {$status == 0} $errors
	has $output "\nnode_textfile_scrape_error 0\n" "\nsuperd_service_accepted_total{service=\"each\"} 3\n"
	close $client
}

test steers_and_tells {
	run_all
	set client [make_history]
	has [succeeds status each] 127.0.0.1
	fails 1 each status eahc
	succeeds hold web
	fails 3 "" status web
	has [why web] held
	succeeds release web
	succeeds status web
	is [prints list --names] "web\neach\nbad\nasleep\n"
	close $client
	succeeds shutdown
	expect {[exit_status] == 0}
}

test health_and_status_report_a_refused_reload_until_one_succeeds {
	set refused "the last reload was refused: "
	set web [filled {service web { listen = "127.0.0.1:0" exec = "/bin/cat" user = "$user" }}]
	run_all
	is [prints health] "healthy\n"
	reload -refused "$web\nservice web {\n wrong = 1 }\n"
	# A new superd would not start.
	set health [succeeds health]
	begins $health "degraded: $refused/"
	has $health .conf: "; superd uses the previous configuration\n"
	has [prints status] $refused
	expect {[schema_holds version [prints --json version]]}
	reload $web
	is [prints health] "healthy\n"
	lacks [prints status] $refused
}

test the_log_tells_who_asked_for_what {
	run_all
	succeeds hold web
	log "web: uid $user requested: hold"
	succeeds upgrade --check
	succeeds reload
	log "superd: uid $user requested: reload"
	expect {![logged ": upgrade"]} "a question was logged as an order"
	expect {![logged "each: told"]} "nobody asked for that"
}

# No doubt, and no need to wait for: the kernel says so.
test why_sees_a_program_that_opens_a_port_of_its_own {
	needs {[exists /usr/bin/python3]} "python3 is not installed"
	run_one {service deaf { listen = "127.0.0.1:0" user = "$user" exec = { "/usr/bin/python3", "-c",
		"import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(1000)" } }}
	set client [connect deaf]
	log "deaf: started"
	wait {[string match "* itself, and takes no client of tcp:*: its program must accept at descriptor 3*" [why deaf]]}
	close $client
}

test why_doubts_a_program_that_takes_nobody {
	run_one {service deaf { listen = "127.0.0.1:0" exec = "/bin/sleep 1000" user = "$user" }} -clock
	set client [connect deaf]
	log "deaf: started"
	set is_doubted [string match *LISTEN_FDS* [why deaf]]
	# A start may take a while.
	expect {!$is_doubted || [value [prints --json status deaf] age] >= 5}
	advance 6s
	has [why deaf] "at descriptor 3, as LISTEN_FDS announces"
	close $client
}

test a_frozen_backend_can_not_read_its_configuration {
	run_all
	succeeds start web
	succeeds freeze web
	fails 1 "web: it is frozen: thaw it first" reload web
}

set no_word {service web { listen = "127.0.0.1:0" exec = "/bin/cat" }}

# superctl's list, asked for by another user.
proc names_by {user args} {
	lindex [run /usr/bin/setpriv --reuid=$user --regid=$user --clear-groups {*}$args $::superctl list --names] 1
}

# A user's superd and superctl meet by XDG_RUNTIME_DIR, without a word of --control.
test a_user_finds_their_own_superd {
	needs {[has_users] && [exists /usr/bin/setpriv]} "needs root, to be another user, and setpriv"
	file attributes [path .] -owner 65534 -group 65534
	file mkdir [path superd]
	file attributes [path superd] -owner 65534 -group 65534 -permissions 0700
	superd -uid 65534 -arguments {--control %/superd/control} $no_word
	log "web: listening on"
	node %/superd/control
	is [names_by 65534 /usr/bin/env XDG_RUNTIME_DIR=%/.] "web\n"
}

test superd_and_superctl_obey_one_variable {
	superd -alone -environment SUPERD_CONTROL=%/here $no_word
	node %/here
	is [lindex [run /usr/bin/env SUPERD_CONTROL=%/here $superctl list --names] 1] "web\n"
	stop
	# The table knows better.
	superd -alone -environment SUPERD_CONTROL=%/here "superd { control = \"%/there\" }\n$no_word"
	node %/there
	expect {![exists %/here]}
}

# As at each login without logind.
test a_user_without_a_runtime_folder_has_a_name {
	unset -nocomplain env(XDG_RUNTIME_DIR)
	needs {[private]} "needs root, a network namespace and mounts of its own"
	needs {[has_users] && [exists /usr/bin/setpriv]} "needs to be another user, and setpriv"
	superd -alone -uid 65534 $no_word
	log "web: listening on"
	wait {[reachable @superd-65534]}
	is [names_by 65534] "web\n"
}

# It takes no other superd's place, and does without where its own is taken.
test a_service_that_is_tried_out_has_the_usual_name {
	set words {-l 127.0.0.1:0 --log-level info -- /bin/cat}
	needs {[private]} "needs root, a network namespace and mounts of its own"
	superd -alone -tableless -arguments $words #\n
	port cat
	wait {[reachable @superd-0]}
	is [lindex [run $superctl list --names] 1] "cat\n"
	superd -alone -tableless -arguments $words #\n
	port cat
	log "no control socket @superd-0: superctl reaches another superd there, pid "
}

test a_name_that_is_none_refuses_the_request {
	run_all
	foreach verb {status list why show hold} {
		lacks [fails 1 "'dog': there is no such service" $verb we* dog] web
		fails 1 "'cow*': no service has such a name" $verb cow* web
	}
	lacks [prints list web] held
}

# One is accepted, and waits with those that are not: every view counts them together.
test counts_the_waiting_clients_once_for_all_views {
	run_one {service each { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" cps = { 1, 3600 } }}
	repeat 4 { lappend clients [connect each] }
	log "Deactivating service each"
	wait {[string match "*, 3 waiting*" [prints status each]]}
	has [why each] "3 clients wait in its queue"
	has [prints list] " 3 "
	is [prints list --failed] "no service has failed\n" ;# a limit is no fault
	close {*}$clients
}

# No client can be the cause of that status.
test names_a_program_that_cannot_begin_at_its_first_client {
	run_one {service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/sh -c 'exit 127'" }}
	set client [connect each]; rest $client
	wait {[string match "*degraded: each: its last instance failed with exit status 127*" [prints health]]}
	has [prints list --failed] each
	close $client
}
