# Programs that listen beside the sockets that superd holds for them: superd does not wake them there, and says so; who is
# connected there is a client.
suite others

proc web {program {more ""}} {
	superd -clock -control {service web { listen = "127.0.0.1:0" exec = "$backend $program" idle_timeout = 5min
		$more }}
	node %/control
	visits web
}

# The kernel may choose all ports, as some containers have it.
proc needs_ports {} {
	set first [lindex [read /proc/sys/net/ipv4/ip_local_port_range] 0]
	needs [expr {$first > 28000}] "ip_local_port_range leaves no ports that the kernel does not choose"
}

# Of the program that has started last.
proc own_port {} {
	wait {[logged "its own port is "]}
	return [lindex [regexp -all -inline {its own port is (\d+)} [read [logfile]]] end]
}

proc stays {verb} { repeat 8 { advance 4min; expect {![logged "web: $verb pid "]} } }
proc sleeps {verb} {
	set before [count "web: $verb pid "]
	until 1min {[count "web: $verb pid "] > $before}
}

test a_port_is_told_once_and_no_hindrance_while_nobody_is_there {
	needs_ports
	web "own free"; set port [own_port]
	sleeps stopping; wait {[processes] == 0}
	log "also listens at tcp:127.0.0.1:$port itself: superd does not wake it there; add it to listen"
	has [control "list web"] "\"other_sockets\":\[\"tcp:127.0.0.1:$port\"\]"
}

test its_client_is_not_cut_off_by_an_idle_stop {
	needs_ports
	web "own free"
	set client [served [own_port]]
	stays stopping
	has [why web] "listens at tcp:127.0.0.1:[own_port] itself: superd does not wake it there"
	greet $client
	close $client
	sleeps stopping
	counts "also listens at" 1
}

test its_client_counts_after_a_death_of_superd {
	needs_ports
	web "own free"
	set client [served [own_port]]
	kill_superd
	stays stopping
	greet $client; close $client
	sleeps stopping
}

test a_client_of_a_port_of_the_kernels_choice_counts_too {
	web "own 0"
	set client [served [own_port]]
	stays stopping
	has [why web] "listens at tcp:127.0.0.1:[own_port] itself"
	close $client
	sleeps stopping
	expect {![logged "also listens at"]} "such ports come and go"
}

test a_client_of_a_unix_socket_of_its_own_counts {
	web "own %/own.sock"
	set client [served %/own.sock]
	stays stopping
	has [why web] "listens at unix:"
	close $client
	sleeps stopping
}

test its_own_connection_to_itself_is_no_client {
	needs_ports
	web "own-client free"
	sleeps stopping
}

test one_with_a_port_of_its_own_is_not_frozen_unless_the_table_says_so {
	needs_ports
	web "own free" "idle_action = freeze"
	stays freezing
	log "keeps running without clients: it listens at tcp:127.0.0.1:[own_port] itself"
	has [why web] "not idle: it listens at tcp:127.0.0.1:[own_port] itself"
	reload {service web { listen = "127.0.0.1:0" exec = "$backend own free" idle_timeout = 5min
		idle_action = freeze other_ports = ignore }}
	sleeps freezing
	lacks [control "list web"] "tcp:127.0.0.1:[own_port]"
}

test a_unix_socket_of_its_own_keeps_nothing_from_being_frozen {
	web "own %/own.sock" "idle_action = freeze"
	sleeps freezing
}

test nor_does_a_port_of_the_kernels_choice {
	web "own 0" "idle_action = freeze"
	sleeps freezing
}
