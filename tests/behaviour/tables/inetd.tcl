# Tables of inetd.conf, served: families, limits and users as the lines mean them, and lines that come and go.
# Most of it is what the tests of NetBSD's, GNU's and Debian's own inetd look at.
suite inetd
uses tables

proc run_table {table} { inetd -clock -arguments --keep-going [uplevel 1 [list filled $table]] }

# That a connection or a datagram is answered.
proc answered {address} { pid $address }
proc packet_answered {port} { set client [datagrams $port]; datagram $client x; close $client }

# Whoever is one too many waits for ten minutes, or is turned away.
proc silent {args} {
	foreach client $args { send $client x }
	advance 9min
	foreach client $args { expect {![heard $client]}; close $client }
}

proc address_at {port {to 127.0.0.1}} { field [told $port -to $to] fd.0.address }

test tcp_is_both_families_and_each_client_comes_as_its_own {
	set port [free_port]
	run_table {$port stream tcp nowait $reporter -}
	log "listening on tcp4:$port"
	is [address_at $port] 127.0.0.1:$port
	if {[has_ipv6]} {
		log "listening on tcp6:$port"
		is [address_at $port ::1] "\[::1]:$port"
	}
}

test tcp46_is_one_socket_whose_ipv4_clients_come_mapped {
	set port [free_port]
	run_table {$port stream tcp46 nowait $reporter -}
	log "listening on"
	is [address_at $port] [expr {[has_ipv6] ? "\[::ffff:127.0.0.1]:$port" : "127.0.0.1:$port"}]
}

test an_ipv4_address_in_the_form_of_ipv6_is_served {
	needs {[has_ipv6]} "there is no IPv6 here"
	set port [free_port]
	run_table {::ffff:127.0.0.1:$port stream tcp nowait $reporter -}
	log "listening on"
	is [address_at $port] "\[::ffff:127.0.0.1]:$port"
}

test a_line_for_tcp6_takes_ipv6_from_the_line_for_tcp {
	set port [free_port]
	run_table {$port stream tcp nowait $user /bin/echo echo four
		$port stream tcp6 nowait $user /bin/echo echo six}
	log "listening on tcp4:$port"
	is [told $port] "four\n"
	if {[has_ipv6]} {
		log "listening on tcp6:$port"
		is [told $port -to ::1] "six\n"
	}
}

test the_second_number_counts_the_datagrams_of_one_sender {
	set port [free_port]
	run_table {127.0.0.1:$port dgram udp wait/0/3 $reporter %/report}
	log "listening on"
	repeat 3 { packet_answered $port }
	silent [datagrams $port]
}

test the_second_number_counts_the_connections_of_one_client {
	set port [free_port]
	run_table {127.0.0.1:$port stream tcp nowait/0/3 $server stdio}
	log "listening on"
	repeat 3 { answered $port }
	silent [connect $port]
}

test a_number_behind_a_dot_counts_starts_of_every_kind {
	set dgram [free_port]; set wait [free_port]; set nowait [free_port]
	run_table {127.0.0.1:
		$dgram dgram udp wait.2 $reporter %/report
		$wait stream tcp wait.2 $server take 1
		$nowait stream tcp nowait.2 $server stdio}
	log "listening on tcp:127.0.0.1:$nowait"
	repeat 2 { packet_answered $dgram; answered $wait; answered $nowait }
	silent [datagrams $dgram] [connect $wait] [connect $nowait]
	expect {[count "server failing (looping)"] == 3}
}

test a_limit_of_zero_starts_nothing {
	set dgram [free_port]; set stream [free_port]; set open [free_port]
	run_table {127.0.0.1:
		$dgram dgram udp wait:0 $reporter %/report
		$stream stream tcp nowait:0 $server stdio
		$open stream tcp nowait $server stdio}
	log "listening on tcp:127.0.0.1:$open"
	expect {![reachable $stream]}
	answered $open
}

test a_group_stands_behind_a_colon_or_a_dot {
	needs {[root]} "needs root, to start as another user"
	set colon [free_port]; set dot [free_port]
	run_table {127.0.0.1:
		$colon stream tcp nowait nobody:daemon /usr/bin/id id
		$dot stream tcp nowait nobody.daemon /usr/bin/id id}
	log "listening on tcp:127.0.0.1:$dot"
	foreach port "$colon $dot" { has [told $port] "(nobody) gid=1(daemon)" }
}

test lines_come_and_go_with_a_reload_and_sessions_stay {
	set first [free_port]; set second [free_port]
	set line "127.0.0.1:$first stream tcp nowait $server lines"
	run_table {$line}
	log "listening on"
	set client [served $first]
	write superd.conf "$line\n127.0.0.1:$second stream tcp nowait $server stdio\n"
	signal HUP; log "listening on tcp:127.0.0.1:$second"
	answered $second
	greet $client
	write superd.conf "$line\n"
	signal HUP
	wait {![reachable $second]}
	answered $first
	greet $client
	close $client
}

test an_error_leaves_out_every_service_of_its_line {
	set bad [free_port]; set good [free_port]
	run_table {127.0.0.1,127.0.0.2:$bad stream tcp nowait no-such-user $backend backend stdio
		no-such-port dgram udp wait $server datagrams
		127.0.0.1:$good stream tcp nowait $server stdio}
	log "listening on tcp:127.0.0.1:$good"
	answered $good
	expect {![reachable $bad]}
	expect {[count "listening on"] == 1}
}
