# Several .socket units of one service, and a .socket as a unit of its own: each keeps its rules and conditions, and
# one that is not there leaves the others served (systemd.socket(5), systemd.resource-control(5)).
suite unit_sockets
uses unit_files

set run "ExecStart=$backend serve"

# NAME.socket of a.service at a port that is $NAME from then on, with more lines and conditions.
proc socket_of_a {name {more ""} {conditions ""}} {
	upvar #0 $name port
	set port [free_port]
	another $name $more $conditions
}
proc another {name {more ""} {conditions ""}} {
	write $name.socket "\[Unit]\n$conditions\n\[Socket]\nListenStream=127.0.0.1:[set ::$name]\nService=a.service\n$more\n"
}

# superd with a control socket and these units, whose service has these lines.
proc run {service how args} {
	write a.service "\[Service]\n$service\nUser=$::user\n"
	units {*}$how {*}$args
	wait {[reachable %/control]}
}

# That superctl tells of a socket that is not served: with its reason, and its word in a list.
proc is_told {service reason word} {
	foreach verb {why status health} { has [prints $verb $service] $reason }
	has [control list] "\"absent\":\"$word\""
}

# Who is let in by the kernel, and who is not, as rows of an address, a port and yes or no.
proc lets_in {rows} {
	foreach {from port is_let_in} [uplevel 1 [list filled $rows]] {
		set client [approach $port $from]
		if {$is_let_in} { wait {[let_in $client]} } else { expect {![let_in $client]} "$from is let in at $port" }
		close $client
	}
}

test a_rule_of_one_socket_admits_nobody_at_another {
	needs {[root]} "needs root: some kernels let root alone set a filter on a socket"
	socket_of_a a "IPAddressDeny=any\nIPAddressAllow=127.0.0.2"
	socket_of_a b "IPAddressDeny=any\nIPAddressAllow=127.0.0.3"
	socket_of_a c
	write a.service "\[Service]\n$run\nUser=$user\n"
	units a.socket b.socket c.socket
	log "listening on tcp:127.0.0.1:$c"
	lets_in {127.0.0.2 $a yes  127.0.0.3 $a no  127.0.0.2 $b no  127.0.0.3 $b yes  127.0.0.2 $c yes  127.0.0.3 $c yes}
}

test a_change_of_one_sockets_rule_leaves_the_other_as_it_was {
	needs {[root]} "needs root: some kernels let root alone set a filter on a socket"
	socket_of_a a IPAddressDeny=127.0.0.2
	socket_of_a b IPAddressDeny=127.0.0.2
	write a.service "\[Service]\n$run\nUser=$user\n"
	units a.socket b.socket
	log "listening on tcp:127.0.0.1:$b"
	lets_in {127.0.0.2 $a no}
	another a IPAddressDeny=127.0.0.3
	signal HUP; log reloaded
	lets_in {127.0.0.2 $a yes  127.0.0.3 $a no  127.0.0.2 $b no  127.0.0.3 $b yes}
}

# With Accept=yes superd itself checks; an allowed network is an exception from any.
test an_exception_from_a_denied_network_comes_in {
	serve {ExecStart=/bin/cat
		$by_input} {Accept=yes
		IPAddressDeny=any
		IPAddressAllow=127.0.0.2/31}
	set client [connect $port -from 127.0.0.4]; end_of $client; close $client
	set client [connect $port -from 127.0.0.3]; send $client hello
	is [line $client] hello; close $client
}

test one_that_cannot_be_opened_leaves_the_other_served_until_it_can {
	socket_of_a a; socket_of_a b
	set owner [listener $a]
	run "ExecStart=$tests/report [path report]" {-clock -control} a.socket b.socket
	log "listening on tcp:127.0.0.1:$b"
	is_told a "tcp:127.0.0.1:$a cannot be opened; superd tries again" failed
	has [control "health a"] {"degraded":true}
	ask $b x
	fields [reported %/report] env.LISTEN_FDNAMES b.socket env.LISTEN_FDS 1
	advance 1min
	expect {[count "cannot listen on"] == 1}
	close $owner
	remove %/report
	until 1min {[logged "listening on tcp:127.0.0.1:$a"]} 10
	ask $a x
	fields [reported %/report] env.LISTEN_FDNAMES a.socket:b.socket
}

# Then nobody would wake it: superd goes on trying, as for a service with one socket.
test a_service_of_which_none_can_be_opened_has_failed {
	socket_of_a a; socket_of_a b
	set owners [list [listener $a] [listener $b]]
	run $run {-clock -control} a.socket b.socket
	log "none of its sockets can be opened"
	is [state a] binding
	close {*}$owners
	until 1min {[logged "listening on"]} 10
	answers $b
}

test one_whose_condition_does_not_hold_stays_closed_until_it_is_asked_again {
	socket_of_a a "" "ConditionPathExists=%/wanted\nConditionPathExists=!%/unwanted"
	run $run -control a.socket
	expect {![reachable $a]}
	is [state a] condition
	expect {[logged "ConditionPathExists=%/wanted does not hold"]}
	write wanted ""; write unwanted ""
	signal HUP; log reloaded
	expect {![reachable $a]}
	remove %/unwanted
	done "start a"
	wait {[reachable $a]}
	answers $a
}

test all_of_its_conditions_count {
	socket_of_a a "" "[string repeat ConditionPathExists=/\n 300]ConditionPathExists=%/wanted"
	run $run -control a.socket
	is [state a] condition
	expect {![reachable $a]}
}

test one_without_its_condition_any_more_is_opened_by_a_reload {
	socket_of_a a "" ConditionPathExists=%/wanted
	run $run -control a.socket
	expect {![reachable $a]}
	has [control "wait a"] "its sockets stay closed: their conditions do not hold" {"code":"failed"}
	another a
	signal HUP; log reloaded
	wait {[reachable $a]}
}

test a_condition_of_one_socket_says_nothing_of_the_other {
	socket_of_a a "" AssertPathExists=%/wanted; socket_of_a b "" ConditionPathExists=/
	run $run -control a.socket b.socket
	answers $b
	expect {![reachable $a]}
	expect {[logged "tcp:127.0.0.1:$a stays closed: AssertPathExists="]}
	is_told a "tcp:127.0.0.1:$a stays closed: its conditions do not hold" condition
	write wanted ""
	done "disable a"; done "enable a"
	answers $a
}

test one_that_stays_closed_runs_no_commands {
	write a.socket {[Unit]
ConditionPathExists=%/wanted
[Socket]
ListenStream=%/a.sock
ExecStartPre=/bin/sh -c 'echo "before: it "'
ExecStopPost=/bin/sh -c 'echo "after: it "'
}
	run $run -control a.socket
	is [state a] condition
	done "disable a"
	expect {![logged "before: it"] && ![logged "after: it"]}
	write wanted ""
	done "enable a"; log "before: it"
	node %/a.sock
	done "disable a"; log "after: it"
}

# The table of a superd that was upgraded is asked anew, too.
test one_that_stays_closed_does_so_over_an_upgrade {
	socket_of_a a "" ConditionPathExists=%/wanted; socket_of_a b
	run $run -control a.socket b.socket
	answers $b
	upgrade
	expect {![reachable $a]}
	answers $b
}

# The service runs as another user, who may not write there.
test commands_of_a_socket_run_as_root {
	needs {[root] && [has_users]} "needs root, and a build that every user can reach"
	write a.socket {[Socket]
ListenStream=%/a.sock
ExecStartPre=/bin/sh -c 'echo "$(id -u)$HIS" >%/made'
}
	write a.service "\[Service]\nUser=[lone_user]\nEnvironment=HIS=service\n$run\n"
	units a.socket
	node %/a.sock
	is [read %/made] "0\n"
}
