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
	done "start --no-wait web"
	log "for which superd cannot open a socket: pass = bind serves at most 64 sockets"
	wait {[file exists [path steps]]}
	done "restart --no-wait web"
	wait {[count "web: started"] == 2}
}

test the_same_table_serves_a_program_with_one_dual_socket {
	needs_ipv6
	binds {"$port"} {tcp6 v6only=0 bind=[::]:$port listen=5 serve=poll}
	set details [ask $port ?]
	tells $details family=6; has $details " peer=\[::ffff:127.0.0.1]:"
	serves ::1
}

# ---- what a program only tries ----

set whole {tcp6 v6only=0 bind=[::]:$port listen=5}

proc has_listener {name} { expr {[string first "\"$name:$::port\"" [control "list web"]] >= 0} }
proc answers_all {} {
	foreach ip {127.0.0.1 ::1 127.0.0.1 ::1} {
		set client [connect $::port -to $ip]; send $client who; has [line $client] " who"; close $client
	}
}
proc is_tried {} { expr {[has_listener tcp4] && [has_listener tcp]} }

# vite looks at 0.0.0.0 and [::] for a moment, and serves both then.
test a_probe_of_one_version_loses_nobody_and_closes_nothing {
	needs_ipv6
	binds {"$port"} "$ipv4 close $whole close $whole serve=poll"
	answers_all
	wait {![has_listener tcp4]}
	answers_all
	counts "an address of one IP version" 0
	counts "web: started" 1
}

test the_port_is_superds_in_each_moment {
	needs_ipv6
	binds {"$port"} "$ipv4 serve=poll" "" -clock
	hold_clock
	set client [connect $port]
	wait {[is_tried]}
	advance 1s
	end_of $client; close $client
	serves 127.0.0.1
	log "superd listens on tcp4:$port for it, and who waited was reset"
	expect {![is_tried]}
}

# Who comes while it is tried may be at the wrong one, so he is let in later.
test who_comes_to_a_probe_is_served_by_what_follows {
	needs_ipv6
	binds {"$port"} "$ipv4 mark=%/tried await=%/go close $whole serve=poll" "" -clock
	hold_clock
	set first [connect $port]
	wait {[lines %/tried] == 1}
	set second [approach $port 127.0.0.1]
	write go now
	send $first who; has [line $first] " who"; close $first
	until 1s {![has_listener tcp4]} 5
	wait {[let_in $second]}
	send $second who; has [line $second] " who"; close $second
}

test a_trial_outlives_superd {
	needs_ipv6
	foreach {end keeps} {kill_superd yes upgrade yes kill_superd no upgrade no} {
		set more [expr {$keeps ? "" : "close $::whole"}]
		file delete [path go] [path tried]
		binds {"$port"} "$::ipv4 mark=%/tried await=%/go $more serve=poll" "" -clock -guard
		hold_clock
		set client [connect $port]
		wait {[lines %/tried] == 1}
		$end
		write go now
		if {$keeps} {
			until 1s {[logged "superd listens on tcp4:$port for it"]} 5
			end_of $client; close $client
			serves 127.0.0.1
		} else {
			send $client who; has [line $client] " who"
			close $client
			until 1s {![has_listener tcp4]} 5
			answers_all
			counts "an address of one IP version" 0
		}
		counts "web: started" 1
		stop
	}
}

test a_trial_ends_with_its_program {
	needs_ipv6
	binds {"$port"} "$ipv4 mark=%/tried await=%/go serve=poll" "" -clock
	hold_clock
	set client [connect $port]
	wait {[lines %/tried] == 1}
	done "stop --no-wait web"
	wait {[lines %/tried] == 2}
	write go now
	until 1s {[logged "superd listens on tcp4:$port for it"]} 5
	end_of $client; close $client
	serves 127.0.0.1
}

# Nobody would let clients in at what the program has.
test a_trial_whose_superd_bind_is_killed_begins_anew {
	needs_ipv6
	binds {"$port"} "$ipv4 mark=%/tried await=%/go serve=poll" "" -clock
	hold_clock
	set client [connect $port]
	wait {[lines %/tried] == 1}
	kill [aside superd-bind] KILL
	log "superd-bind has ended: "
	wait {[lines %/tried] == 2}
	write go now
	until 1s {[logged "superd listens on tcp4:$port for it"]} 5
	close $client
	serves 127.0.0.1
}

test a_reload_of_its_sockets_ends_a_trial {
	needs_ipv6
	set steps "$ipv4 mark=%/tried await=%/go serve=poll"
	binds {"$port"} $steps "" -clock
	hold_clock
	set client [connect $port]
	wait {[lines %/tried] == 1}
	reload [bind_table "{ \"$port\", \"127.0.0.1:$other\" }" "" "[filled $steps] tcp4 bind=127.0.0.1:$other listen=5"]
	wait {[lines %/tried] == 2}
	write go now
	until 1s {[logged "superd listens on tcp4:$port for it"]} 5
	close $client
	serves 127.0.0.1
}

# As bind(2) has it.
proc is_taken {keeps tries} {
	binds {"$port"} "$keeps $tries close mark=%/done serve=poll"
	close [connect $::port]
	log "Address already in use"
}
test what_a_program_keeps_is_taken_for_the_other_versions_too {
	needs_ipv6
	is_taken $whole {tcp4 try-bind=0.0.0.0:$port}
	answers_all
	expect {![has_listener tcp4]}
	stop
	is_taken $whole {tcp6 v6only=1 try-bind=[::]:$port}
	answers_all
	stop
	is_taken $ipv4 {tcp6 v6only=0 try-bind=[::]:$port}
	log "superd listens on tcp4:$port for it"
	serves 127.0.0.1
}

test the_next_program_may_have_both_versions_again {
	needs_ipv6
	binds {"$port"} "$ipv4 serve=poll"
	loses_first
	log "superd listens on tcp4:$port for it"
	obeys $port "close $::whole"
	log "an address of both IP versions: superd listens on tcp:$port for it"
	answers_all
	expect {![has_listener tcp4]}
	upgrade
	answers_all
}

test the_advice_names_all_that_it_has_kept {
	needs_ipv6
	binds {"$port"} "$ipv4 $ipv6 serve=poll"
	loses_first
	log "write listen = { \"tcp4:$port\", \"tcp6:$port\" } to have it so from the start"
	stop
	superd -control [bind_table "{ \"tcp4:$port\", \"tcp6:$port\" }" "" "[filled $ipv4] [filled $ipv6] serve=poll"]
	log "web: listening on "
	serves 127.0.0.1; serves ::1
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
