# The behaviours of systemd's own tests, and what its users complain of, each with the tests that prove what superd
# does in its place; those that no other part has are here. Where superd does less, or another thing, it is said.
suite unit_claims
uses unit_files
uses claims

# In the order of systemd's suites.
set behaviours {
	"addresses are read as systemd's table has them" {read/systemd/sockets read/systemd/sockets-refused}
	"netlink words; addresses are equal or differ in each part" {read/systemd/sockets read/superd/endpoints
		endpoint::differs_in_every_part endpoint::is_equal_across_pools}
	"a trigger limit with clients" {unit_life::a_trigger_limit_lets_in_so_many_in_its_time_and_ends_nobody}
	"connections of one user" {unit_life::one_user_has_only_so_many_connections_of_a_unix_socket}
	"a false condition" {unit_life::a_false_condition_lets_its_client_wait_without_spinning}
	"a node's group over reloads, a node that is moved away and back" {
		unit_life::a_nodes_group_outlives_reloads_and_a_node_that_was_moved_away_and_back_serves}
	"a reload of a socket whose service does not run" {
		unit_life::a_reload_leaves_the_socket_of_a_service_that_does_not_run}
	"a socket that cannot be made; superd tries again, and runs no hook of a failure" {
		unit_life::a_socket_that_could_not_be_made_is_once_what_is_in_the_way_has_gone
		commands::of_sockets_that_fail_are_tried_again}
	"commands see no sockets; superd never passes them there" {commands::are_never_told_of_the_sockets
		read/systemd/belongings}
	"a deferred trigger; superd has no conflicts to wait for" {
		unit_life::a_deferred_trigger_is_read_and_a_conflict_holds_nobody_up}
	"a message queue's owner" {socket_kinds::a_message_queue_has_its_owner_and_goes_at_the_end}
	"extended attributes; superd sets none, and says so" {read/systemd/belongings}
	systemd-socket-activate {socket_activate::now_starts_without_a_client
		socket_activate::what_does_not_go_together_is_refused
		socket_activate::names_are_those_of_the_sockets_in_their_order
		socket_activate::gives_its_command_what_the_real_one_does}
	systemd-socket-proxyd {unit_life::systemds_proxy_serves_leaves_when_idle_and_serves_again}
	"what is written behind a stop starts the service" {unit_life::what_comes_behind_a_services_end_starts_it_again}
	"a service that is still starting when its socket begins anew; superd lets it end by itself" {
		unit_claims::a_service_still_starting_holds_no_new_socket_up}
	"socket and service in either order" {unit_life::a_socket_and_its_service_may_be_asked_for_in_either_order}
	"who may notify" {notify::a_stranger_is_not_heard
		notify::what_is_no_notification_is_dropped_and_the_next_one_heard}
	"descriptors that are kept" {fdstore::descriptors_are_kept_for_the_next_start
		fdstore::a_store_may_end_with_its_backend fdstore::a_store_outlives_a_reload_and_not_its_service
		fdstore::a_service_that_is_disabled_loses_it}
	Type=notify-reload {notify_life::a_reload_is_seen_through
		notify_life::who_would_die_of_a_reload_has_not_started}
	"the main process ends, others are left" {
		unit_life::the_end_of_the_main_process_is_the_end_of_the_service_and_of_whoever_is_left}
	"messages that are none" {notify::what_is_no_notification_is_dropped_and_the_next_one_heard}
	"descriptors of any number" {unit_words::sockets_of_any_number_land_from_three_on
		child::puts_every_permutation_of_six_in_its_order}
	"what is told of a connection" {unit_words::a_connection_tells_where_it_comes_from
		client::has_no_address_at_an_unbound_unix_socket}
}

# Those about an operator's orders stand with superctl, those about programs that end when idle with idle_timeout.
set complaints {
	"a trigger limit shuts a socket for good: anybody may do that from afar" {
		unit_life::a_trigger_limit_ends_after_its_time unit_claims::a_flood_shuts_no_socket}
	"a socket is not started again; no memory at accept ends sshd" {
		accept::running_out_of_descriptors_loses_nobody
		sockets::a_taken_port_is_tried_again_while_the_rest_runs}
	"a false condition spins" {unit_life::a_false_condition_lets_its_client_wait_without_spinning}
	"limits go by a clock that jumps, and cannot be tested" {unit_traps::no_limit_goes_by_the_time_of_day
		rate_limit::takes_a_second_for_a_second_whatever_the_number}
	"instances that failed count as connections" {accept::counts_go_down_at_a_failure
		accept::counts_go_down_at_a_crash}
	"nobody counts who was refused" {unit_claims::who_is_refused_is_counted}
	"no limit for one source, no lists of addresses" {accept::one_source_may_have_only_so_many
		access::only_the_addresses_of_only_from_come read/systemd/accept}
	"a proxy has one target, and a command does not know its port" {handover::templates_are_filled_in}
	"the order of sockets of several units is anybody's guess" {read/systemd/several
		handover::many_sockets_come_in_the_tables_order}
	"one name for a unit, none for a listener" {handover::many_sockets_come_in_the_tables_order}
	"FileDescriptorName is forgotten with Accept=yes" {unit_claims::a_connection_has_the_name_its_socket_has}
	"names of services are no ports" {resolve::looks_up_ports_of_services}
	"there is no listening where there is IPv6 alone if there is IPv6" {sockets::an_optional_socket_may_be_missing}
	"an address that is not there at boot is never listened at" {
		unit_claims::an_address_that_comes_later_is_listened_at_then}
	"two units for one port: which?" {read/superd/claims bind::names_the_address_somebody_has}
	"a restart finds its own address taken, and loses who waits" {noloss::while_backends_end_at_any_time}
	"sockets are not reloaded, or die of it" {reload::a_changed_endpoint_is_bound_before_the_old_one_is_closed
		noloss::while_a_changing_table_is_reloaded}
	"a reload drops all but one of equal addresses" {unit_claims::twins_of_one_port_outlive_a_reload}
	"a socket cannot come to a service that runs" {
		reload::a_backend_with_the_old_sockets_gives_way_when_they_change}
	"a masked service leaves its socket hanging" {unit_claims::a_masked_service_leaves_nobody_hanging}
	"a service that has ended counts as running" {
		unit_life::the_end_of_the_main_process_is_the_end_of_the_service_and_of_whoever_is_left}
	"commands behind the end keep a service from starting again" {commands::are_run_again_for_the_next_client}
	"a client that left fails the unit" {lifecycle::a_client_that_leaves_before_it_is_served_does_no_harm
		accept::clients_that_reset_at_once_do_no_harm}
	"Accept=yes with a plain service is 'Invalid argument'" {read/systemd/belong}
	"names are lost on the way into a container" {sockets::those_superd_was_given_are_adopted}
	"a queue of 128" {read/systemd/sockets}
	"one slow client keeps the others waiting" {accept::each_connection_gets_a_process}
	"a change of the service ends the sessions it has" {unit_claims::a_session_outlives_a_change_of_its_service}
	"who holds a port is not told" {bind::names_the_address_somebody_has}
}

test each_behaviour_and_each_complaint_has_a_test {
	expect {[llength $behaviours] == 2 * 24}
	are_proven $behaviours
	are_proven $complaints
}

# With systemd's own defaults, which shut it at the 200th in two seconds.
test a_flood_shuts_no_socket {
	serve {ExecStart=$backend lines
		$by_input} Accept=yes -control
	repeat 250 { lappend clients [connect $port] }
	foreach client $clients { close $client }
	# Each is served or refused. A busy machine needs long for so many, but not for the next one.
	for {set done 0} {$done < 250} {} {
		set before $done
		wait {[set done [value [control "status a"] accepted]] > $before}
	}
	wait {[processes] == 0}
	repeat 5 { answers $port }
	expect {[count ": listening on"] == 1}
}

test who_is_refused_is_counted {
	serve {ExecStart=$backend lines
		$by_input} {Accept=yes
		MaxConnectionsPerSource=1}
	set client [served $port]
	repeat 3 { end_of [connect $port] }
	signal USR1; log {"refused":{"per_source":3}}
	close $client
}

# Never ready; each start adds a line.
test a_service_still_starting_holds_no_new_socket_up {
	foreach {name starts} {first 1 second 2} {
		pair a {ListenStream=%/$name.sock} {Type=notify
			TimeoutStartSec=infinity
			TimeoutStopSec=1h
			ExecStart=/bin/sh -c 'echo started >>%/starts; exec sleep 1000'}
		if {$name eq "first"} { units a.socket } else { signal HUP }
		node %/$name.sock
		set client [connect %/$name.sock]
		wait {[lines %/starts] == $starts}
		close $client
	}
}

test a_connection_has_the_name_its_socket_has {
	pair a {ListenStream=%/a.sock
		Accept=yes
		FileDescriptorName=front} {ExecStart=/bin/sh -c 'echo $$LISTEN_FDNAMES >%/names; echo told >&3'}
	units a.socket
	node %/a.sock
	is [ask %/a.sock hello] told
	is [read %/names] "front\n"
	stop
}

test an_address_that_comes_later_is_listened_at_then {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	needs {[exists /sbin/ip]} "needs ip"
	pair a {ListenStream=192.0.2.9:8080} {ExecStart=$backend serve}
	units a.socket
	log 192.0.2.9:8080
	expect {![logged "a: listening on"]}
	exec /sbin/ip address add 192.0.2.9/32 dev lo
	log "a: listening on tcp:192.0.2.9:8080"
	set client [connect 8080 -to 192.0.2.9]; greet $client; close $client
}

test twins_of_one_port_outlive_a_reload {
	set port [free_port]
	pair a {ListenStream=127.0.0.1:$port
		ListenStream=127.0.0.1:$port
		ReusePort=yes} {ExecStart=$backend take 1}
	units a.socket
	port a
	wait {[count "a: listening on"] == 2}
	# the first needs a descriptor, for the thread that reads
	foreach reloads {1 2 3} {
		set open [descriptors]
		signal HUP; counts "reloaded: " $reloads
		if {$reloads > 1} { descriptors_at_most $open }
	}
	expect {[count "a: listening on"] == 2}
}

# What cannot be served is not listened for: a client is refused at once.
test a_masked_service_leaves_nobody_hanging {
	set port [free_port]; set other [free_port]
	pair a {ListenStream=127.0.0.1:$port} {ExecStart=$backend serve}
	pair b {ListenStream=127.0.0.1:$other} {ExecStart=$backend serve}
	remove %/a.service
	file link -symbolic [path a.service] /dev/null
	units a.socket b.socket
	log "a.service is masked: a.socket is skipped"
	port b
	expect {![reachable $port]}
}

test a_session_outlives_a_change_of_its_service {
	foreach more {"" Nice=3\nEnvironment=NEW=1} {
		pair a {ListenStream=%/a.sock
			Accept=yes} {ExecStart=$backend lines
			$by_input
			$more}
		if {$more eq ""} {
			units a.socket
			node %/a.sock
			set client [connect %/a.sock]; send $client before; set before [line $client]
		}
	}
	signal HUP; log reload
	send $client after; is [line $client] "[lindex $before 0] after"
	answers %/a.sock; close $client
}
