# superd's own small services, by their RFCs. What is hard to get right is what they must not do: hold anybody up, or
# answer who would answer them.
suite builtin

uses small

proc stream {options args} { small 127.0.0.1:0 "accept = yes $options" {*}$args }

test echo_gives_back_what_it_gets {
	stream "builtin = echo"
	is [answer_of [connect small] "one\ntwo\n"] "one\ntwo\n"
	wait {[processes] == 0}
}

test echo_is_had_over_ipv6_too {
	small {[::1]:0} "accept = yes builtin = echo"
	is [answer_of [connect small -to ::1] six] six
}

test discard_says_nothing_and_ends_with_its_client {
	stream "builtin = discard" -clock
	set client [connect small]; put $client "into the void"
	wait {[processes] == 1}
	repeat 4 { advance 1min }
	expect {[quiet $client]}
	expect {[processes] == 1}
	close $client
	wait {[processes] == 0}
}

test chargen_goes_on_until_its_client_leaves {
	stream "builtin = chargen"
	set client [connect small]
	for {set all ""; set code 32} {$code < 127} {incr code} { append all [format %c $code] }
	for {set n 0} {$n < 300} {incr n} { is [line $client] "[string range $all$all [expr {$n % 95}] [expr {$n % 95 + 71}]]\r" }
	close $client
	wait {[processes] == 0}
}

# The text is of a moment between the question and the answer, and of this place.
proc says_daytime {options format {form "string cat"}} {
	stream $options
	set asked [clock seconds]               ;# time(2), which may be a tick behind
	set said [told small]
	for {set until [expr {[clock milliseconds] / 1000}]} {$asked <= $until} {incr asked} {
		lappend moments [{*}$form [string map {\n \r\n} [lindex [run /bin/date -d @$asked +$format] 1]]]
	}
	expect {$said in $moments} "'$said' in $moments"
}

test daytime_is_said_as_bsd_says_it { says_daytime "builtin = daytime" "%a %b %e %H:%M:%S %Y" }
test daytime_is_said_as_xinetd_says_it { says_daytime {builtin = "daytime xinetd"} "%d %b %Y %H:%M:%S %Z" "string toupper" }

test time_is_four_bytes_on_every_machine {
	stream "builtin = time"
	set asked [clock seconds]; set client [connect small]
	set bytes [get_bytes $client 8]
	expect {[string length $bytes] == 4} "time is four bytes"
	binary scan $bytes Iu said
	set said [expr {$said - 2208988800}]
	expect {$asked <= $said && $said <= [clock milliseconds] / 1000} "it is off by [expr {$said - $asked}] s"
	close $client
}

test two_hundred_silent_clients_hold_nobody_up {
	stream "builtin = echo backlog = 512" -control
	repeat 200 { lappend silent [connect small] }
	is [answer_of [connect small] busy] busy
	wait {[value [control "status small"] activations] == 201}
	close {*}$silent
	wait {[processes] == 0}
}

# Two clients who have had their answers.
proc two_clients {} {
	foreach word {first second} { lappend clients [connect small]; send [lindex $clients end] $word }
	foreach client $clients word {first second} { is [line $client] $word }
	return $clients
}

# Its bytes are not counted as those of a redirect are.
test each_client_has_its_lines_in_the_log_and_no_traffic {
	stream "builtin = echo instances = 2 overload = refuse log_on_success = { PID, EXIT, TRAFFIC }"
	set clients [two_clients]
	refused small
	close {*}$clients
	wait {[count "EXIT: small status=0 pid="] == 2}
	expect {[count "START: small pid="] == 2}
	expect {![logged TRAFFIC]}
}

test goes_on_over_an_upgrade {
	stream "builtin = echo"
	set client [connect small]; echoes $client before
	upgrade
	is [answer_of [connect small] another] another
	is [answer_of $client after] after
	wait {[processes] == 0}
}

test whose_row_limits_each_process_has_one_for_each_client {
	stream "builtin = echo rlimit_cpu = 100"
	set clients [two_clients]
	expect {[processes] == 2}
	foreach client $clients { is [answer_of $client end] end }
	wait {[processes] == 0}
}

# Neither of them reads. They end after five minutes without a byte that was served; what chargen drops is none.
test clients_that_never_read_hold_nobody_up_and_end {
	foreach {accept processes} {yes 3 no 2} {
		superd -clock {defaults { user = "$user" accept = $accept passenv = { LD_PRELOAD, TEST_CLOCK } }
			service echo { listen = "127.0.0.1:0" builtin = echo }
			service chars { listen = "127.0.0.1:0" builtin = chargen }}
		set full [connect echo]; set deaf [connect chars]; set busy [connect echo]
		push_until_full $full
		echoes $busy here       ;# a client that does not read holds up no other
		repeat 4 { advance 1min; put $deaf dropped; echoes $busy here }
		expect {[processes] == $processes}
		repeat 2 { advance 1min; echoes $busy here }
		wait {[pour $full 1] == 0}
		wait {[pour $deaf 1] == 0}
		close $full $deaf
		is [answer_of $busy bye] bye
		stop
	}
}

test a_busy_client_ends_after_an_hour {
	stream "builtin = echo" -clock
	set client [connect small]
	repeat 59 { echoes $client on; advance 1min }
	echoes $client on
	advance 2min
	end_of $client; close $client
}

test a_client_of_chargen_that_has_said_all_gets_more {
	stream "builtin = chargen"
	set client [connect small]; put $client enough?; shut $client
	# More than all buffers hold.
	repeat 16 { expect {[string length [get_bytes $client 1048576]] == 1048576} }
	close $client
	wait {[processes] == 0}
}

# So many clients that one process has no descriptors for them have several, or wait in the kernel's queue.
test short_of_descriptors_loses_no_client {
	foreach accept {yes no} {
		small 127.0.0.1:0 "accept = $accept builtin = echo" -descriptors [expr {60 + [own_programs]}]
		set clients {}
		for {set n 0} {$n < 40} {incr n} { lappend clients [connect small]; send [lindex $clients $n] $n }
		for {set n 0} {$n < 40} {incr n} { is [answer_of [lindex $clients $n]] $n\n }
		stop
	}
}

test a_listener_is_served_without_superd_accepting {
	small 127.0.0.1:0 "builtin = echo"
	set first [connect small]; set second [connect small]
	is [answer_of $second second] second
	is [answer_of $first first] first
	log "small: started"
	counts "small: started" 1
}

test streams_and_datagrams_are_one_service {
	superd {service small { listen = { "127.0.0.1:0", "udp:127.0.0.1:0" } user = "$user" builtin = echo }}
	set datagrams [datagrams small/1]
	is [answer_of [connect small/0] stream] stream
	is [datagram $datagrams datagram] datagram
	close $datagrams
}

# The user of the process that answers there, which stays until the client goes. The owner of /proc/PID does not tell where
# nobody may look into it.
proc user_of_echo {client} {
	echoes $client who
	regexp {\nUid:\t(\d+)} [read /proc/[only_pid]/status] all user
	close $client
	return $user
}

test without_a_user_each_service_has_one_of_its_own {
	needs_users
	superd {service small { listen = "127.0.0.1:0" accept = yes builtin = echo }
		service other { listen = "127.0.0.1:0" accept = yes builtin = echo }}
	set first [user_of_echo [connect small]]
	log "small: pid"; log ended
	wait {[processes] == 0}
	set second [user_of_echo [connect other]]
	foreach user [list $first $second] { expect {$user >= 60578 && $user <= 61183} }
	expect {$first != $second}
}

test with_a_user_it_runs_as_that {
	needs_users
	superd {service small { listen = "127.0.0.1:0" accept = yes builtin = echo user = "65533" }}
	is [user_of_echo [connect small]] 65533
}

test its_words_are_kept_off_the_wire {
	stream "error = socket redirect = \"127.0.0.1 [free_port]\""
	is [told small] ""
	log "cannot connect to 127.0.0.1"
}

test services_are_listed_with_their_ports {
	superd {service offer { listen = "127.0.0.1:0" user = "$user" accept = yes builtin = services }
		service small { listen = "udp:127.0.0.1:0" user = "$user" builtin = echo }}
	is [told offer] "offer tcp [port offer]\nsmall udp [port small]\n"
}

test servers_are_listed_with_their_processes {
	superd {service runs { listen = "127.0.0.1:0" user = "$user" accept = yes builtin = servers }
		service each { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }}
	set each [connect each]; send $each who
	set pid [lindex [line $each] 0]
	has [told runs] "each $pid "
	close $each
}

# It is longer than what is sent at once.
test a_long_list_is_had_by_each_of_many_clients {
	set table {service offer { listen = "127.0.0.1:0" user = "$user" accept = yes builtin = services }
}
	for {set n 0} {$n < 150} {incr n} {
		append table "service [format %0199d $n] { listen = \"unix:%/socket$n\" exec = \"/bin/cat\" user = \"\$user\" accept = yes }\n"
	}
	superd $table
	repeat 8 { lappend clients [connect offer] }
	set first [rest [lindex $clients 0]]
	expect {[string length $first] > 200 * 150}
	foreach client [lrange $clients 1 end] { is [rest $client] $first }
	close {*}$clients
}

test a_superd_without_its_helpers_says_what_is_missing_and_where {
	write table {service small { listen = "127.0.0.1:0" accept = yes builtin = echo }}
	copy_program $superd %/superd
	lassign [run %/superd --check -f %/table] status output errors
	needs {$status != 0} "superd's helpers are installed on this machine"
	expect {$status == 1}
	has $errors "small: builtin = echo: superd's own program superd-builtin is missing; superd searched " /libexec/superd
}
