# What others' own tests of their inetds look at, as behaviours of superd: NetBSD's t_inetd and t_accept_max,
# inetutils' inetd.sh, Debian's "everything" for openbsd-inetd, and what FreeBSD's manual says of its limits. What
# inetd.tcl has already is not here again. The hard thing is a refusal: a reset, an end or silence may each be one.
uses tables

# What is sent is not answered: silence is what has not come when superd has had its time and sleeps with its backends.
# Some limits count for a minute.
proc silent {client} {
	offer $client x
	advance 2s
	expect {![heard $client]}
}
proc stream_silent {port} { set client [connect $port]; silent $client; close $client }
proc datagram_silent {port} { set client [datagrams $port]; silent $client; close $client }
proc datagram_answered {port} { set client [datagrams $port]; datagram $client x; close $client }

# A client of this address who is answered and stays, or who is turned away.
proc stays {port {from 127.0.0.1}} { set client [connect $port -from $from]; greet $client x; return $client }
proc turned_away {port {from 127.0.0.1}} { set client [connect $port -from $from]; end_of $client; close $client }

# A line for 127.0.0.1 at a port, $port from then on.
proc inetd_line {line args} {
	global port
	set port [free_port]
	inetd {*}$args "127.0.0.1:$port $line"
	listening [expr {[lindex $line 0] eq "dgram" ? "udp" : "tcp"}]:127.0.0.1:$port
}

# ---- NetBSD: t_inetd ----

suite netbsd

test three_answers_and_then_silence_that_costs_nothing {
	inetd_line "dgram udp wait/0/3 $server -m [path marks] datagram" -clock
	repeat 3 { datagram_answered $port }
	datagram_silent $port
	set starts [lines %/marks]; set before [woken]
	repeat 3 { datagram_silent $port }
	expect {[woken] - $before <= 30}
	expect {[lines %/marks] == $starts} "a refused sender started it"
}

test a_maximum_of_0_never_answers {
	set nowait [free_port]; set waited [free_port]; set open [free_port]
	inetd -clock {127.0.0.1:
		$nowait stream tcp nowait:0 $server -m %/marks stdio
		$waited stream tcp wait:0 $server -m %/marks take 1
		$open stream tcp nowait:20 $server stdio}
	listening tcp:127.0.0.1:$open
	repeat 3 {
		foreach port "$nowait $waited" { if {[reachable $port]} { stream_silent $port } }
		answers $open
	}
	expect {[lines %/marks] == 0}
}

# A client that resets at the right moment ends NetBSD's whole inetd.
test a_counted_client_that_resets_ends_nothing {
	inetd_line "stream tcp nowait/0/500 $server stdio"
	repeat 100 { reset [connect $port] }
	answers $port
}

# ---- NetBSD: t_accept_max ----

test accept_max_of_a_line_counts_down_at_each_end {
	inetd -clock {%/socket stream unix nowait/2 $server lines}
	node %/socket
	repeat 3 {
		set clients {}
		repeat 3 { lappend clients [connect %/socket] }
		lassign $clients first second third
		greet $first x; greet $second x
		silent $third
		expect {[processes] == 2}
		close $first
		is [said [line $third]] x
		close $second $third
		# The count is back at 0, and no zombie is left.
		wait {[processes] == 0}
	}
}

# Those that its inetd answers itself are counted there and never end.
test accept_max_of_an_internal_service_counts_down_too {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	needs {[private]} "needs root, a network namespace and mounts of its own"
	inetd {127.0.0.1:daytime stream tcp nowait/1 nobody internal}
	listening tcp:127.0.0.1:13
	repeat 5 { expect {[string length [told 13]] == [string length "Fri Nov 20 10:00:00 2026\r\n"]} }
}

# There the one limit keeps what the other has counted, and in the end nobody comes in any more.
test both_limits_together_do_not_wedge {
	inetd_line "stream tcp nowait/2/4 $server lines" -clock
	close [stays $port] [stays $port]
	answers $port; answers $port
	repeat 5 { stream_silent $port }
	close [stays $port 127.0.0.2] [stays $port 127.0.0.2]
}

# ---- FreeBSD: nowait/MAX/PER-MINUTE/PER-ADDRESS ----

suite freebsd

test the_third_number_counts_who_is_there_from_one_address {
	inetd_line "stream tcp nowait/3/0/2 $server lines" -clock
	set clients [list [stays $port 127.0.0.2] [stays $port 127.0.0.2]]
	turned_away $port 127.0.0.2
	lappend clients [stays $port 127.0.0.3]
	# The first number: a fourth waits for one to end.
	set fourth [connect $port -from 127.0.0.4]
	silent $fourth
	close [lindex $clients 0]
	is [said [line $fourth]] x
	close $fourth {*}[lrange $clients 1 2]
	wait {[processes] == 0}
	close [stays $port 127.0.0.2] [stays $port 127.0.0.2]
}

test the_second_number_counts_who_came_from_one_address_in_a_minute {
	inetd_line "stream tcp nowait/0/3 $server stdio"
	repeat 3 { pid $port }
	turned_away $port
	close [stays $port 127.0.0.2]
}

# -C, -c and -s stand for the lines that say no number.
test numbers_of_the_command_line_hold_where_a_line_says_none {
	set by_default [free_port]; set by_line [free_port]
	as_inetd {} {127.0.0.1:$by_default stream tcp nowait $server stdio
		127.0.0.1:$by_line stream tcp nowait/0/5 $server stdio} -C 2
	listening tcp:127.0.0.1:$by_line tcp:127.0.0.1:$by_default
	repeat 2 { pid $by_default }
	turned_away $by_default
	repeat 5 { pid $by_line }
	turned_away $by_line
}

# ---- inetutils: inetd.sh ----

suite inetutils

# The address and port of a client as its server sees them, by the socket and by what it is told.
proc sees_peer {address port} {
	set client [connect $port -to $address]
	set own [local_port $client]
	set report [rest $client]
	close $client
	fields $report fd.0.peer [expr {[string match *:* $address] ? "\[$address]:$own" : "$address:$own"}] \
		env.TCPREMOTEIP $address env.TCPREMOTEPORT $own env.TCPLOCALIP $address env.TCPLOCALPORT $port
}

test a_daemon_follows_its_table_from_port_to_port {
	set addresses 127.0.0.1
	if {[has_ipv6]} { lappend addresses ::1 }
	for {set round 0} {$round <= 5} {incr round} {
		set port [free_port]
		write inetd.conf "$port stream tcp4 nowait $reporter -\n$port stream tcp6 nowait $reporter -\n"
		if {$round == 0} {
			set daemon [start_daemon [path inetd.pid] [called inetd] -p[path inetd.pid] --environment %/inetd.conf]
		} else {
			kill $daemon HUP
			wait {![reaches 127.0.0.1 $before]}
		}
		if {$round == 5} break
		foreach address $addresses {
			wait {[reaches $address $port]}
			sees_peer $address $port
		}
		set before $port
	}
	end_daemon $daemon [path inetd.pid]
}

# ---- Debian: everything ----

suite debian

set everything [filled {# by names of services(5)
qotd		stream tcp	nowait	$reporter -
chargen	stream tcp46	nowait	$reporter -
finger		stream tcp4	nowait	$reporter -
finger		stream tcp6	nowait	$reporter -
gopher		stream tcp4	nowait	$reporter -
nntp		stream tcp6	nowait	$reporter -
127.0.0.1:smtp	stream tcp	nowait	$reporter -
[::1]:pop3	stream tcp	nowait	$reporter -
}]

# A port, who connects, and as whom the server sees it; "-" is nobody.
proc serves_everything {} {
	foreach {port address peer} {
		17 127.0.0.1 127.0.0.1:			17 ::1 [::1]:
		19 127.0.0.1 [::ffff:127.0.0.1]:	19 ::1 [::1]:
		79 127.0.0.1 127.0.0.1:			79 ::1 [::1]:
		70 127.0.0.1 127.0.0.1:			70 ::1 -
		119 ::1 [::1]:				119 127.0.0.1 -
		25 127.0.0.1 127.0.0.1:			25 127.0.0.2 -			25 ::1 -
		110 ::1 [::1]:				110 127.0.0.1 -
	} {
		if {$peer eq "-"} {
			expect {![reaches $address $port]}
		} else {
			begins [field [told $port -to $address] fd.0.peer] $peer
		}
	}
}

test everything_by_the_systems_own_table {
	needs {[exists /proc/net/if_inet6]} "this machine has no IPv6"
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/inetd.conf $everything
	lassign [finish [begin -clock [called inetd]]] status output errors
	expect {$status == 0} $errors
	set daemon [string trim [read /run/inetd.pid]]
	expect {$daemon > 1 && [lives $daemon]}
	serves_everything
	expect {![reaches 127.0.0.1 143]} "a port of no entry is open"
	private_file /etc/inetd.conf "${everything}imap2 stream tcp nowait $reporter -\n"
	kill $daemon HUP
	wait {[reaches 127.0.0.1 143]}
	begins [field [told 143 -to ::1] fd.0.peer] "\[::1]:"
	serves_everything
	repeat 3 {
		wait {[waits_by_clock $daemon]}
		move 1h
		serves_everything
	}
	expect {[lives $daemon]} "it did not survive the reload"
	is [read /run/inetd.pid] "$daemon\n"
	serves_everything
	end_daemon $daemon /run/inetd.pid
}

# ---- a hundred reloads ----

suite reloads

proc inetd_table {n ports} {
	global server
	lassign $ports lines changing odd even third
	set table "127.0.0.1:$lines stream tcp nowait $server lines\n"
	append table "127.0.0.1:$changing stream tcp [expr {$n % 2 ? "wait $server take 1" : "nowait.40 $server stdio"}]\n"
	append table "127.0.0.1:[expr {$n % 2 ? $odd : $even}] dgram udp wait $server datagram\n"
	if {$n % 2} { append table "[path socket] stream unix nowait $server stdio\n" }
	if {$n % 3 == 0} { append table "$third stream tcp nowait $server stdio\n" }
	if {$n % 5 == 1} { append table "this line is bad\n" }
	return $table
}

proc xinetd_table {n ports} {
	lassign $ports lines changing odd even third
	set table "defaults\n{\n\tlog_type = FILE [path log]\n\tlog_on_failure = HOST\n"
	append table [expr {$n % 2 ? "\tonly_from = 127.0.0.0\n" : ""}] "}\n" [service kept $lines lines]
	append table [service changing $changing stdio "\tinstances = [expr {5 + $n}]\n\tcps = 1000 1\n"]
	append table [service redirecting [expr {$n % 2 ? $odd : $even}] "" \
		"\tredirect = 127.0.0.1 $lines\n\tuser = $::user\n"]
	if {$n % 3 == 0} { append table [service coming $third stdio] }
	if {$n % 5 == 1} { append table "service broken\n{\n\tinstances = 1 2\n}\n" }
	return $table
}

# A session lasts through all of them, and each leaves superd serving. Tables come again after 30.
proc leaves_nothing_behind {language} {
	repeat 5 { lappend ports [free_port] }
	lassign $ports lines changing
	superd -format $language [${language}_table 0 $ports]
	listening tcp:127.0.0.1:$lines
	set client [connect $lines]; send $client begin
	set session [lindex [line $client] 0]
	for {set n 1} {$n <= 150} {incr n} {
		reload {*}[expr {$n % 5 == 1 ? "-refused" : ""}] [${language}_table $n $ports]
		if {$n % 10 == 0} { pid $changing }
		wait {[processes] == 1}
		if {$n == 30} { set open [descriptors] }
	}
	descriptors_at_most $open
	send $client end; is [line $client] "$session end"
	close $client; stop
}

test a_hundred_of_an_inetds_table_leave_nothing_behind { leaves_nothing_behind inetd }
test a_hundred_of_an_xinetds_table_leave_nothing_behind { leaves_nothing_behind xinetd }
