# The thirty traps of socket activation, and for each the tests that would fall into it; those that no other part has
# are here.
suite unit_traps
uses unit_files
uses claims

set traps {
	"LISTEN_PID of another process than the one that was started" {handover::listeners_by_systemds_protocol
		handover::a_backend_behind_a_shell_keeps_its_protocol}
	"descriptors that close at exec, and others that leak through it" {
		handover::nothing_of_superds_own_is_passed_on handover::many_sockets_come_in_the_tables_order}
	"a descriptor put where another still is" {child::puts_every_permutation_of_six_in_its_order
		child::puts_every_choice_of_descriptors_in_its_order}
	"a listener that is polled while its backend runs" {unit_traps::a_queue_behind_a_busy_backend_costs_nothing}
	"two backends on one listener" {unit_traps::no_backend_starts_before_the_last_has_ended}
	"listeners closed by a failure" {unit_traps::a_failing_service_keeps_its_socket_and_its_clients
		lifecycle::a_crashing_backend_is_retried_with_growing_pauses}
	"clean ends that count against a limit" {unit_traps::no_number_of_clean_ends_is_too_many}
	"a backend that ends without reading" {lifecycle::a_backend_that_takes_nobody_is_no_busy_loop
		accept::a_datagram_service_that_reads_nothing_pauses}
	"a blocking accept behind a client that left" {
		lifecycle::a_client_that_leaves_before_it_is_served_does_no_harm
		accept::clients_that_reset_at_once_do_no_harm}
	"O_NONBLOCK is of the open file and not of the descriptor" {
		handover::a_socket_left_non_blocking_is_blocking_for_the_next_backend
		reload::a_service_may_change_who_accepts_while_clients_wait}
	"no descriptor left at accept" {accept::running_out_of_descriptors_loses_nobody}
	"one SIGCHLD for many ends" {init::as_pid_1_it_reaps_strangers accept::two_hundred_at_once}
	"errors on the wire" {log::an_instances_errors_stay_off_the_wire unit_traps::errors_go_where_the_unit_has_them}
	"descriptors without an order, names of another count" {handover::many_sockets_come_in_the_tables_order
		units::a_service_gets_the_sockets_that_lead_to_it_by_their_names}
	"the node of a living server taken, or a dead one left" {sockets::a_living_servers_node_is_never_stolen
		sockets::a_stale_node_is_replaced}
	"the umask in the mode of a node" {bind_unix::gives_a_unix_node_its_mode_whatever_the_umask
		bind_unix::gives_a_unix_node_its_owner}
	"names looked up in the loop" {inetd_traps::a_silent_resolver_at_a_reload_holds_no_client_up}
	"both wildcards on one port" {unit_traps::both_families_of_a_port_are_two_sockets_or_one}
	"a percent sign in an address" {unit_traps::an_interface_stands_behind_two_percent_signs_and_the_port}
	"an empty value takes back what was said" {read/systemd/sockets-refused unit_traps::an_empty_value_takes_back}
	"variables that are no shell's" {plan_expand::leaves_a_bare_dollar_within_a_word
		plan_expand::knows_no_defaults_of_the_shell}
	"variables of superd's own parent" {plan::passes_on_what_was_asked_for_but_nothing_that_speaks_of_superd}
	"a notification socket out of reach" {notify::without_a_folder_the_socket_is_abstract
		notify::what_is_no_notification_is_dropped_and_the_next_one_heard}
	"readiness said by a stranger, a barrier that stays" {notify::by_default_the_main_process_alone_is_heard
		notify::a_barrier_is_passed_when_all_before_it_was_heard}
	"a client lost with a start that took too long" {
		notify::who_is_not_ready_in_time_is_stopped_and_its_client_waits}
	"the end of the parent taken for the end of the daemon" {forking::the_daemon_of_two_forks_is_followed
		unit_traps::a_forked_daemon_has_its_socket_to_itself}
	"an equal address closed by a reload" {reload::the_unchanged_keep_sockets_and_instances
		noloss::while_the_same_table_is_reloaded}
	"a listener that its backend shuts down or removes" {
		unit_traps::a_backend_that_shuts_its_listener_down_is_followed_by_the_next
		directories::with_a_listener_in_them_stay}
	"who is one too many accepted and sent away" {accept::at_the_limit_of_instances_clients_wait
		accept::at_the_limit_of_instances_clients_are_refused_where_asked}
	"a clock that jumps" {unit_traps::no_limit_goes_by_the_time_of_day}
}

test each_of_the_thirty_has_a_test {
	expect {[llength $traps] == 2 * 30}
	are_proven $traps
}

test a_queue_behind_a_busy_backend_costs_nothing {
	serve {ExecStart=$backend -m %/marks hang
		TimeoutStopSec=100ms} "" -clock
	repeat 20 { lappend clients [connect $port] }
	wait {[lines %/marks] == 1}
	repeat 10 { advance 1min }
	set before [woken]
	repeat 20 { advance 1s }
	expect {[lines %/marks] == 1}
	# superd/stop/queue_notes looks after pauses of a 16th of the time gone: ten minutes, and thus once.
	expect {[woken] - $before <= 4}
	close {*}$clients
}

test no_backend_starts_before_the_last_has_ended {
	serve {ExecStart=$backend -d 30 take 1}
	repeat 20 {
		set first [connect $port]; send $first one
		set second [connect $port]; send $second two
		set one [line $first]; close $first
		expect {[processes] <= 1} "two at a time"
		set two [line $second]; close $second
		expect {[lindex $one 0] != [lindex $two 0]} "one for both"
	}
}

test a_failing_service_keeps_its_socket_and_its_clients {
	drop_in a.service {[Unit]
		StartLimitBurst=2
		StartLimitIntervalSec=1h}
	serve {ExecStart=/bin/sh -c 'echo >> %/marks; test -e %/good || exit 1; exec $backend take 1'}
	set client [connect $port]; send $client hello
	wait {[lines %/marks] >= 4}
	expect {[reachable $port]} "the socket is shut"
	write good ""
	is [said [line $client]] hello; close $client
}

test no_number_of_clean_ends_is_too_many {
	serve {ExecStart=$backend take 1
		RestartSec=1h
		RestartMaxDelaySec=1h}
	repeat 50 { answers $port }
}

# systemd's way where nothing is said, and said at the start.
test errors_go_where_the_unit_has_them {
	foreach {n streams answer} {
		0 "" "out\nerr\n"
		1 StandardError=journal "out\n"
		2 StandardOutput=journal\nStandardError=socket "err\n"
		3 StandardOutput=null\nStandardError=inherit ""
	} {
		pair a {ListenStream=%/errors$n.sock
			Accept=yes} {ExecStart=/bin/sh -c 'echo out; echo err >&2'
			StandardInput=socket
			$streams}
		units a.socket
		node %/errors$n.sock
		is [told %/errors$n.sock] $answer
		stop
	}
}

test both_families_of_a_port_are_two_sockets_or_one {
	set port [free_port]
	foreach lines {
		{ListenStream=$port}
		{BindIPv6Only=ipv6-only
		ListenStream=0.0.0.0:$port
		ListenStream=[::]:$port}
	} {
		pair a $lines {ExecStart=$backend take 1}
		units a.socket
		port a
		answers $port
		foreach address {::1 127.0.0.1} { set client [connect $port -to $address]; greet $client; close $client }
		stop
	}
}

test an_interface_stands_behind_two_percent_signs_and_the_port {
	set port [free_port]
	pair a {ListenStream=[::1]:$port%%lo} {ExecStart=$backend take 1}
	units a.socket
	port a
	set client [connect $port -to ::1]; greet $client; close $client
	stop
	pair b {ListenStream=[::1]%%lo:$port} {ExecStart=$backend take 1}
	lassign [answer --check --no-preflight -f %/b.socket] status output errors
	expect {$status == 1}
	has $errors b.socket:2:
}

test a_wrong_name_of_descriptors_is_told_at_its_line {
	pair a {ListenStream=7001
		ListenStream=7002
		FileDescriptorName=a:b} {ExecStart=/bin/cat}
	lassign [answer --check --no-preflight -f %/a.socket] status output errors
	is $status 1
	has $errors "a.socket:4:20: error: a: socket 'a:b'"
}

test an_empty_value_takes_back {
	pair a {ListenStream=%/a.sock} {ExecStart=/bin/false
		Environment=A=1 B=2}
	drop_in a.socket {[Socket]
		ListenStream=
		ListenStream=%/b.sock}
	drop_in a.service {[Service]
		ExecStart=
		ExecStart=$tests/report %/report
		Environment=
		Environment=C=3}
	units a.socket
	node %/b.sock
	ask %/b.sock hello
	fields [reported %/report] env.A none env.B none env.C 3
	expect {![exists %/a.sock]} "the first socket is there"
	stop
}

test a_forked_daemon_has_its_socket_to_itself {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	serve {ExecStart=$backend -m %/marks daemon
		Type=forking}
	set first [pid $port]
	expect {[pid $port] == $first && [lines %/marks] == 1}
	kill $first TERM
	expect {[pid $port] != $first && [lines %/marks] == 2}
}

test a_backend_that_shuts_its_listener_down_is_followed_by_the_next {
	serve {ExecStart=$backend shutdown} {ListenStream=%/a.sock}
	repeat 3 {
		answers $port
		log "shut its listener down"
		log "listening on %/a.sock\n"
	}
}

# Only these files ask for the time of day: for access_times, a seed, what is printed, and whether a turn of the loop is the same.
test no_limit_goes_by_the_time_of_day {
	set by_the_day {accept.c facts.c folders.c limits.c loop.c orders.c output.c record.c requests.c service.c}
	foreach file [glob $env(SRCDIR)/src/superd/{*,*/*}.c] {
		if {[file tail $file] in $by_the_day} continue
		lacks [read $file] CLOCK_REALTIME ev_now( ev_time( gettimeofday( time(NULL) clock_wall(
	}
}

test a_masked_unit_is_left_out {
	pair a {ListenStream=%/a.sock} {ExecStart=$backend take 1}
	pair b {ListenStream=%/b.sock} {ExecStart=$backend take 1}
	remove %/a.socket
	file link -symbolic [path a.socket] /dev/null
	foreach {sources says} {
		{-f %/a.socket} {"a.socket is masked: it is skipped" "warning: no services"}
		{-f %/a.socket -f %/b.socket} {"a.socket is masked: it is skipped"}
		{-f systemd:%/.} {"note: a.socket is masked"}
	} {
		lassign [answer --check --no-preflight {*}$sources] status output errors
		expect {$status == 0} $errors
		has $errors {*}$says
	}
}
