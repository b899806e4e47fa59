# superd's own small services over datagrams. Anybody can write any address into one, so most of what there is to see is
# whom they do not answer.
suite builtin_datagram

uses small

proc answers_a_burst {accept} {
	small udp:127.0.0.1:0 "accept = $accept builtin = echo"
	set client [datagrams small]; set large [string repeat x 60000]
	foreach text [list first second $large] { is [datagram $client $text] $text }
	log "small: started"
	counts "small: started" 1       ;# a burst is one instance's
	close $client
}

test a_burst_is_answered_where_superd_accepts { answers_a_burst yes }
test a_burst_is_answered_where_the_socket_is_handed_over { answers_a_burst no }

test it_leaves_when_nobody_comes_and_is_started_again {
	small udp:127.0.0.1:0 "builtin = echo" -clock
	set client [datagrams small]
	is [datagram $client first] first
	advance 1min
	log "ended: exit status 0"
	is [datagram $client second] second
	close $client
}

test it_stays_while_somebody_comes {
	small udp:127.0.0.1:0 "builtin = echo" -clock
	set client [datagrams small]
	repeat 5 { is [datagram $client again] again; advance 4s }
	expect {![logged "ended: exit status 0"]}
	close $client
}

test answers_come_over_ipv6_too {
	small {udp:[::1]:0} "builtin = echo"
	set client [datagrams small "" ::1]
	is [datagram $client six] six
	close $client
}

# On a socket of every address, also for the very first datagram, which came before anybody could ask where to.
proc answers_from_its_address {listen} {
	small $listen "builtin = echo"
	foreach to {127.0.0.5 127.0.0.6 127.0.0.7} {
		set client [datagrams small 127.0.0.1 $to]
		is [datagram $client you] you
		close $client
	}
}

test the_answer_comes_from_the_address_that_was_asked { answers_from_its_address udp4:0 }
test the_answer_of_an_ipv6_socket_comes_from_the_address_that_was_asked { answers_from_its_address udp:0 }

test chargen_answers_with_no_more_than_it_got {
	small udp:127.0.0.1:0 "builtin = chargen"
	set client [datagrams small]
	is [datagram $client 12345] { !"#$}
	expect {[string length [datagram $client [string repeat 0 600]]] == 512}
	close $client
}

test discard_answers_nothing {
	small udp:127.0.0.1:0 "builtin = discard" -clock
	set client [datagrams small]; put $client "into the void"
	log "small: started"
	advance 1min
	log "ended: exit status 0"
	expect {[quiet $client]}
	close $client
}

test time_answers_an_empty_datagram {
	small udp:127.0.0.1:0 "builtin = time"
	set client [datagrams small]; put $client ""
	expect {[string length [get_bytes $client 16]] == 4}
	close $client
}

# Nothing is answered to this client, and then another is, so that the silence was no slowness.
proc is_silent_to {client {reason "REFUSED from "}} {
	put $client loop
	if {$reason ne ""} { log $reason }
	set other [datagrams small 127.0.0.9]
	is [datagram $other honest] honest
	advance 1s
	expect {[quiet $client]}
	close $other $client
}

# From the port of either, at another address, as a forger would write it.
test another_builtin_is_never_answered {
	superd -clock {defaults { user = "$user" passenv = { LD_PRELOAD, TEST_CLOCK } }
		service small { listen = "udp:127.0.0.1:0" builtin = echo }
		service other { listen = "udp:127.0.0.1:0" builtin = chargen }}
	foreach service {small other} { is_silent_to [datagrams small 127.0.0.2:[port $service]] }
}

# A client at a port below 1024; -1: without the right to such a port.
proc from_system_port {service} {
	for {set own 1023} {$own > 900} {incr own -1} {
		if {[set client [datagrams $service 127.0.0.2:$own]] >= 0} { return $client }
	}
	return -1
}

test a_port_of_the_system_is_never_answered {
	small udp:127.0.0.1:0 "builtin = echo" -clock
	set client [from_system_port small]
	if {$client < 0} stop
	needs {$client >= 0} "needs the right to use a port below 1024"
	is_silent_to $client
}

# Takes what a redirect passes on, and answers it.
proc answer_as_target {target} {
	lassign [packet_from $target] text flow
	packet_to $target $flow $text
}

# The places of a redirect's flows are shared by sources: who opens flow after flow loses flows of its own.
test one_source_takes_no_flow_of_another {
	set target [receiver]
	superd "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"127.0.0.1 [local_port $target]\" user = $user }"
	set honest [datagrams pass]; put $honest honest
	lassign [packet_from $target] text flow
	is $text honest
	repeat [expr {1024 + 100}] {    ;# more than it has
		set client [datagrams pass 127.0.0.2]; put $client flood
		is [lindex [packet_from $target] 0] flood
		close $client
	}
	packet_to $target $flow answer
	is [packet $honest] answer
	close $honest $target
}

# As where a name server comes up after superd. The first datagram is lost, and has the name looked up again.
test a_target_whose_name_comes_late_gets_the_datagrams_behind {
	private_hosts
	set target [receiver]
	superd "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"late.example [local_port $target]\" user = $user }"
	set client [datagrams pass]; put $client early
	log "cannot find late.example"
	private_file /etc/hosts "127.0.0.1 localhost late.example\n"
	wait {[put $client late; heard $target]}
	is [lindex [packet_from $target] 0] late
	close $client $target
}

# The relay of a program has no connection by which it could find out that the target is there.
test nor_does_it_end_the_relay_of_a_program {
	private_hosts
	set target [receiver]
	superd "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"late.example [local_port $target]\"
		exec = \"/bin/sleep 1000\" user = $user }"
	set client [datagrams pass]; put $client early
	log "cannot find late.example"
	private_file /etc/hosts "127.0.0.1 localhost late.example\n"
	wait {[put $client late; heard $target]}
	close $client $target
}

# A name often has an address of IPv6, too, at which not every server listens.
test a_host_with_several_addresses_is_tried_to_the_one_that_listens {
	needs {[has_ipv6]} "needs IPv6"
	private_hosts
	private_file /etc/host.conf "multi on\n"
	private_file /etc/hosts "::1 both.example\n127.0.0.1 localhost both.example\n"
	set target [receiver]
	superd "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"both.example [local_port $target]\" user = $user }"
	foreach from {127.0.0.2 127.0.0.3} {
		set client [datagrams pass $from]; put $client question
		answer_as_target $target
		is [packet $client] question
		close $client
	}
	close $target
}

test a_port_may_have_a_name_for_datagrams_alone {
	private_hosts
	set target [receiver]
	private_file /etc/services "passed [local_port $target]/udp\n"
	superd {service pass { listen = "udp:127.0.0.1:0" redirect = "127.0.0.1 passed" user = "$user" }}
	set client [datagrams pass]; put $client question
	is [lindex [packet_from $target] 0] question
	close $client $target
}

# One source more than there are descriptors for takes the place of who is silent for longest.
test where_descriptors_run_out_the_next_client_is_passed_on {
	set target [receiver]
	superd "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"127.0.0.1 [local_port $target]\" user = $user
		rlimit_nofile = 40 }"
	repeat 60 {
		set client [datagrams pass]; put $client question
		answer_as_target $target
		is [packet $client] question
		close $client
	}
	close $target
}

# The target gets its datagram, but its answer stops here.
proc goes_one_way {client target} {
	set other [datagrams pass 127.0.0.9]
	foreach {sender text} [list $client loop $other honest] { put $sender $text; answer_as_target $target }
	is [packet $other] honest
	expect {[quiet $client]}
	close $other $client
}

# A datagram with a false address would else go back and forth between two redirects whose targets answer anything, or
# between one and itself, for ever.
proc makes_no_loop {exec} {
	set target [receiver]; set port [local_port $target]
	superd {defaults { user = "$user" }
		service pass { listen = "udp:127.0.0.1:0" redirect = "127.0.0.1 $port" $exec }
		service other { listen = "udp:127.0.0.1:0" redirect = "127.0.0.1 $port" }
		service echo { listen = "udp:127.0.0.1:0" builtin = echo }}
	goes_one_way [datagrams pass 127.0.0.2:[port other]] $target
	log "REFUSED from 127.0.0.2 port [port other]: a sender at that port"
	foreach service {pass echo} { goes_one_way [datagrams pass 127.0.0.2:[port $service]] $target }
	if {[set client [from_system_port pass]] >= 0} { goes_one_way $client $target }
	close $target
}

test a_redirect_answers_no_port_of_a_service { makes_no_loop "" }
test nor_does_the_relay_of_a_program { makes_no_loop {exec = "/bin/sleep 1000"} }

# By the kernel, which logs nothing.
proc obeys_rules {accept} {
	small udp:127.0.0.1:0 "accept = $accept builtin = echo only_from = 127.0.0.0/24 no_access = 127.0.0.7" -clock
	set good [datagrams small]
	is [datagram $good first] first
	foreach bad {127.0.0.7 127.0.1.1} { is_silent_to [datagrams small $bad] "" }
	counts "small: started" 1       ;# it was one instance all the time
	close $good
}

test rules_of_addresses_hold_for_each_datagram_where_superd_accepts { obeys_rules yes }
test rules_of_addresses_hold_for_each_datagram_of_a_socket_handed_over { obeys_rules no }

test one_source_gets_only_so_many_answers {
	small udp:127.0.0.1:0 "builtin = time" -clock
	set client [datagrams small]; set answers 0
	hold_clock
	for {set n 0} {$n < 2000} {incr n} {
		put $client x
		if {$n % 50 == 0} { after 1 }   ;# let it read: its queue holds a few hundred
	}
	log "small: started"
	settle
	while {[heard $client]} { expect {[string length [get_bytes $client 16]] == 4}; incr answers }
	expect {$answers >= 1 && $answers <= 50}
	# It goes on for others meanwhile, and for this one a second later.
	set other [datagrams small 127.0.0.9]; put $other x
	expect {[string length [get_bytes $other 16]] == 4}
	advance 1s
	put $client x
	get_bytes $client 16
	close $other $client
}
