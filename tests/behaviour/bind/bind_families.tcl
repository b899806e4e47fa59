# IPv4, IPv6 and both: which listener a program gets that binds one or the other, and what it sees of its clients.
suite families
uses binding

set ipv4 {tcp4 bind=0.0.0.0:$port listen=5}
set ipv6 {tcp6 v6only=1 bind=[::]:$port listen=5}

# ---- one socket of superd's for both IP versions, and two of the program's ----

proc serves_both_of_a_dual {more serve} {
	binds {"$port"} "tcp4 $more bind=0.0.0.0:\$port listen=5 tcp6 v6only=1 $more bind=\[::]:\$port listen=5 $serve"
	loses_first; log "superd listens on tcp6:$::port for it"
	serves 127.0.0.1; serves ::1; serves 127.0.0.1
	counts "web: started" 1
	stop
}

test a_program_with_two_sockets_serves_all_clients_of_a_dual_one {
	needs_ipv6
	serves_both_of_a_dual "" serve=poll
	serves_both_of_a_dual nonblock serve=edge
	serves_both_of_a_dual nonblock serve=once
}

test every_view_names_the_socket_of_each_version {
	needs_ipv6
	binds {"$port"} "$ipv4 $ipv6 serve=poll"
	loses_first; log "superd listens on tcp6:$port for it"
	foreach view {"list" "--json list" "metrics"} {
		sees {superctl {*}$view} tcp4:$port; sees {superctl {*}$view} tcp6:$port
	}
}

# superd counts 64 of an instance. A next one starts with what this one has left.
test a_program_may_not_have_more_sockets_than_superd_counts {
	needs_ipv6; needs_bind
	repeat 33 {
		set one [free_port]
		lappend rows "\"$one\""
		lappend steps tcp4 try-bind=0.0.0.0:$one close tcp6 v6only=1 try-bind=\[::]:$one close
	}
	superd -control [bind_table "{ [join $rows ", "] }" "" "[join $steps] mark=[path steps] await=[path never]"]
	control "start web"
	log "for which superd cannot open a socket: pass = bind serves at most 64 sockets"
	wait {[file exists [path steps]]}
	control "restart web"
	wait {[count "web: started"] == 2}
}

test the_same_table_serves_a_program_with_one_dual_socket {
	needs_ipv6
	binds {"$port"} {tcp6 v6only=0 bind=[::]:$port listen=5 serve=poll}
	set details [ask $port ?]
	tells $details family=6; has $details " peer=\[::ffff:127.0.0.1]:"
	serves ::1
}

# ---- what is advised ----

test a_program_of_ipv4_alone_is_advised_of_tcp4_alone {
	needs_ipv6
	binds {"$port"} "$ipv4 serve=poll"
	loses_first
	log "superd listens on tcp4:$port for it, and who waited was reset; write listen = \"tcp4:$port\" to have it so from the start"
	serves 127.0.0.1
	counts tcp6: 0
}

# ---- two sockets of superd's ----

test rows_for_each_version_give_the_program_what_it_opens {
	needs_ipv6
	binds {{ "tcp4:$port", "tcp6:$port" }} "$ipv4 $ipv6 serve=poll"
	log "web: listening on "
	serves 127.0.0.1; serves ::1
}

test in_the_other_order_too {
	needs_ipv6
	binds {{ "tcp4:$port", "tcp6:$port" }} "$ipv6 $ipv4 serve=poll"
	log "web: listening on "
	serves ::1; serves 127.0.0.1
}

test an_ipv6_socket_alone {
	needs_ipv6
	binds {"[::1]:$port"} {tcp6 v6only=1 bind=[::1]:$port listen=5 serve=poll}
	serves ::1
}

# ---- `binds` without an address ----

# superd listens so, the row says this of the other port, and the program binds it by this.
proc is_meant {listens binds opens} {
	binds "\"$listens\$port\" binds = \"$binds\$other\"" "$opens:\$other listen=5 serve=poll"
	if {$listens eq ""} { loses_first; log "superd listens on tcp4:$::port for it" }
	tells [ask $::port ?] [expr {[string match tcp6* $opens] ? "name=127.0.0.1:$::port" : "family=4"}]
	expect {![reachable $::other]} "$listens $binds $opens"
	stop
}

test binds_of_a_port_means_ipv4_too_where_superd_listens_on_it {
	is_meant 127.0.0.1: "" "tcp4 bind=0.0.0.0"
	is_meant 127.0.0.1: "" "tcp4 bind=127.0.0.1"
	is_meant 127.0.0.1: *: "tcp4 bind=127.0.0.1"
	is_meant tcp4: "" "tcp4 bind=0.0.0.0"
	is_meant tcp4: "" "tcp4 bind=127.0.0.1"
}

test binds_of_a_port_means_each_ip_version {
	needs_ipv6
	is_meant 127.0.0.1: "" {tcp6 v6only=0 bind=[::]}
	is_meant "" "" "tcp4 bind=127.0.0.1"
	is_meant "" "" "tcp4 bind=0.0.0.0"
}

test of_two_sockets_each_has_its_ip_version {
	needs_ipv6
	binds {{ "tcp6:$port", "tcp4:$port" } binds = "$other"} {tcp4 bind=0.0.0.0:$other listen=5
		tcp6 v6only=1 bind=[::]:$other listen=5 serve=poll}
	log "web: listening on "
	serves 127.0.0.1; serves ::1
}

# It is narrower than the socket for both.
test an_ipv4_address_in_ipv6_notation_gets_no_ipv6_clients {
	needs_ipv6
	binds {"$port"} {tcp6 v6only=0 bind=[::ffff:0.0.0.0]:$port listen=5 serve=poll}
	loses_first
	serves 127.0.0.1
	expect {[catch { chan close [socket ::1 $port] }]} "somebody listens at ::1"
}

# ---- datagrams ----

proc datagram_details {args} {
	set client [datagrams $::port {*}$args]; set details [datagram $client ?]; close $client
	return $details
}

test the_first_datagram_says_where_it_went {
	binds {"udp4:$port"} {udp4 pktinfo=1 bind=0.0.0.0:$port serve=poll}
	tells [datagram_details] family=4 to=127.0.0.1:0
}

test so_it_does_in_ipv6 {
	needs_ipv6
	binds {{ "udp4:$port", "udp6:$port" }} {udp4 pktinfo=1 bind=0.0.0.0:$port udp6 v6only=1 pktinfo=1 bind=[::]:$port serve=poll}
	log "web: listening on "
	tells [datagram_details "" ::1] {to=[::1]:0}
	tells [datagram_details] to=127.0.0.1:0
}

test ipv4_datagrams_of_a_dual_socket_are_warned_of {
	needs_ipv6
	binds {"udp:$port"} {udp4 bind=0.0.0.0:$port serve=poll}
	set client [datagrams $port]; put $client lost
	log "superd listens on udp4:$port for it"
	close $client
	tells [datagram_details] family=4
}
