# superd's listeners in the store of the program that started it: a superd that is killed, or restarted, loses no client that waits.
# The test is the service manager, with a store as systemd's.
suite socket_store
uses manager

# Descriptors by their names, and how many messages there were so far; twice: of those given, it had it already.
proc begin_store {} {
	manage
	set ::kept {}
	array set ::heard {ready 0 given 0 twice 0 removed 0}
}

proc are_same {one other} {
	file stat /proc/self/fd/$one a
	file stat /proc/self/fd/$other b
	expr {$a(dev) == $b(dev) && $a(ino) == $b(ino)}
}

# As systemd: a descriptor that is there already is dropped, whatever name it has now.
proc keep {name given} {
	incr ::heard(given)
	expect {![dict exists $::kept $name] || [are_same [dict get $::kept $name] $given]} "two sockets are $name"
	foreach fd [dict values $::kept] {
		if {[are_same $fd $given]} { incr ::heard(twice); close $given; return }
	}
	dict set ::kept $name $given
}

proc drop {name} {
	incr ::heard(removed)
	if {[dict exists $::kept $name]} { close [dict get $::kept $name]; dict unset ::kept $name }
}

proc value_in {text key} {
	has $text $key=
	regexp -line "$key=(.*)\$" $text all value
	return $value
}

# Takes all that waits.
proc hear {} {
	while {[llength [set message [message $::inbox]]]} {
		lassign $message text sender given
		incr ::heard(ready) [string match *READY=1* $text]
		if {[string match *FDSTORE=1* $text]} {
			expect {$given >= 0} $text
			is [value_in $text FDPOLL] 0
			set name [value_in $text FDNAME]
			expect {[regexp {^[!-9;-~]{1,255}$} $name]} $name
			keep $name $given
		} elseif {[string match *FDSTOREREMOVE=1* $text]} {
			drop [value_in $text FDNAME]
		}
	}
}

proc stores {name} { hear; dict exists $::kept $name }
proc stored {} { hear; dict size $::kept }
proc heard {what} { hear; return $::heard($what) }

# superd with what the store has, once it is ready.
proc start_with {environment table args} {
	set ready $::heard(ready)
	superd {*}$args -environment [list $::notify LISTEN_FDNAMES=[join [dict keys $::kept] :] {*}$environment] \
		-listener [dict values $::kept] $table
	wait {[ended] || [heard ready] > $ready}
}
proc start {table args} { start_with FDSTORE=32 $table {*}$args }
proc begin_with {table} { begin_store; start $table }

proc kill_hard {} { signal KILL; expect {[exit_status] == 128 + 9} }

# Services at these endpoints each.
proc each {args} {
	foreach {name listen} $args {
		append table [filled {service $name { listen = "$listen" exec = "$backend lines" accept = yes }
}]
	}
	return $table
}
proc comes {address} { set client [connect $address]; send $client hello; return $client }
proc is_served {client} { is [said [line $client]] hello; close $client }
proc serves {address} { is_served [comes $address] }

set one [each one 127.0.0.1:0]
set two [each one 127.0.0.1:0 two 127.0.0.1:0]

test clients_in_the_queues_survive_a_killed_superd {
	set table [each one 127.0.0.1:0 two 127.0.0.1:0 local %/socket][filled {
		service small { listen = "udp:127.0.0.1:0" exec = "$backend take" accept = yes }}]
	begin_with $table
	set ports [list [port one] [port two]]
	set small [datagrams small]
	expect {[dict size $kept] == 4} "before it is ready: $kept"
	foreach name [list one/tcp,127.0.0.1,0 local/[path socket] small/udp,127.0.0.1,0] {
		expect {[stores superd/$name]} $kept
	}
	foreach n {1 2 3} {
		kill_hard
		set clients {}
		foreach address [list {*}$ports %/socket] {
			lappend clients [connect $address]
			send [lindex $clients end] "hello $address"
		}
		put $small "datagram $n"
		start $table
		foreach client $clients address [list {*}$ports %/socket] {
			is [said [line $client]] "hello $address"
			close $client
		}
		is [said [packet $small]] "datagram $n"
		is [list [port one] [port two]] $ports
	}
	stop
	expect {[stored] == 4}
	expect {$heard(given) == 4} "what came back is not given again"
	expect {$heard(removed) == 0}
	close $small
}

test clients_that_come_while_superd_is_restarted_are_served {
	begin_with $one
	set port [port one]
	stop
	set client [comes $port]
	start $one
	is_served $client
	expect {[logged "(from the store)"]}
}

test a_listener_that_closes_is_taken_out {
	begin_with $two
	set port [port two]
	expect {[dict size $kept] == 2}
	reload $one
	wait {[stored] == 1}
	expect {[stores superd/one/tcp,127.0.0.1,0]}
	wait {![reachable $port]}
	reload $two
	wait {[stored] == 2}
	set port [port two]
	reload [each one 127.0.0.1:0 two 127.0.0.2:0]
	wait {[stores superd/two/tcp,127.0.0.2,0] && [stored] == 2}
	expect {![reachable $port]}
}

# The socket keeps the name that it was given under.
test a_listener_goes_to_another_service_without_a_word {
	set port [free_port]
	begin_with [each one 127.0.0.1:$port]
	set other [each other 127.0.0.1:$port]
	reload $other
	kill_hard
	set client [connect $port]
	start $other
	send $client hello
	is_served $client
	stop
	expect {[heard given] == 1 && [heard removed] == 0}
}

test an_upgrade_gives_nothing_twice_and_loses_nothing {
	begin_with $two
	repeat 2 {
		set ready $heard(ready)
		upgrade
		wait {[heard ready] > $ready}
		expect {$heard(given) == 2}
	}
	reload $one
	wait {[stored] == 1}
	expect {$heard(removed) == 1}
}

test what_no_service_wants_any_more_is_closed_and_taken_out {
	begin_with $two
	set port [port two]
	kill_hard
	expect {[reachable $port]}
	start $one
	log "a socket from the store (superd/two/tcp,127.0.0.1,0, 127.0.0.1:$port) belongs to no service any more: closed"
	wait {[stored] == 1}
	wait {![reachable $port]}       ;# a process that superd forks just then has a copy for a moment
}

# A command that runs before the socket is opened.
test a_service_that_takes_its_socket_later_gets_it {
	set table [replaced $one "accept = yes" {accept = yes socket_exec_start_pre = "/bin/sleep 0.3"}]
	begin_with $table
	set port [port one]
	wait {[stored] == 1}
	kill_hard
	set client [comes $port]
	start $table
	is_served $client
	stop
	expect {[heard removed] == 0}
}

test nothing_is_given_unless_a_manager_says_that_it_keeps_it {
	begin_store
	foreach {environment option given} {"" "" 0 FDSTORE=32 --fdstore=none 0 "" --fdstore=notify 1} {
		start_with $environment $one -arguments $option
		stop
		expect {[heard given] == $given} "$environment $option"
	}
	superd -arguments --fdstore=notify $one
	log "no service manager has set NOTIFY_SOCKET"
}

# Has superd find this socket in the store, under this name, and a service at an address.
proc start_with_one {listener name address} {
	begin_store
	dict set ::kept $name $listener
	start [each one $address]
}

test what_a_socket_activates_is_not_given_to_the_store {
	set port [free_port]
	start_with_one [listener $port] superd.socket 127.0.0.1:$port
	serves $port
	stop
	expect {[heard given] == 0 && [heard removed] == 0}
}

# What a backend could put into systemd's store if the unit let it (NotifyAccess=all): its own user's.
proc foreign_listener {port} {
	set listener [listener $port]
	file attributes /proc/self/fd/$listener -owner 65534
	return $listener
}

# A listener at this port of the machine, and the test in a network of its own.
proc listener_elsewhere {port} {
	set listener [listener $port]
	needs {[private]} "takes root, to make a network"
	return $listener
}

proc is_refused {why} {
	log "is refused and closed, as something other than superd has stored it: $why; see NotifyAccess= in superd's unit"
}

test a_socket_of_another_user_is_refused_whatever_its_name {
	needs {[root]} "takes root, to give a socket to another user"
	foreach name {superd/one/tcp,127.0.0.1 superd/other/tcp one stored} {
		set port [free_port]
		start_with_one [foreign_listener $port] $name 127.0.0.1:$port
		is_refused "user 65534 has made it, not superd's user, 0"
		wait {![stores $name]}
		log "listening on"      ;# as soon as the store has closed it
		serves $port
		stop
		close $inbox
	}
}

test a_socket_of_another_network_is_refused {
	set port [free_port]
	start_with_one [listener_elsewhere $port] superd/one/tcp 127.0.0.1:$port
	is_refused "it is of another network namespace than superd"
	serves $port
	wait {![stores superd/one/tcp]}
}

# systemd makes the sockets of its socket units as root, and of the machine's network for a unit that has another.
test roots_sockets_of_any_network_are_taken_from_a_socket_unit {
	set port [free_port]
	start_with_one [listener_elsewhere $port] superd.socket 127.0.0.1:$port
	expect {![logged "is refused"]}
	expect {![reachable $port]} "it is the other network's"
}

test roots_sockets_of_a_socket_unit_are_taken_by_a_superd_of_a_user_and_none_of_the_store {
	needs_users
	set port [free_port]
	set listener [listener $port]
	set environment [list $notify FDSTORE=32 LISTEN_FDNAMES=superd.socket]
	superd -environment $environment -listener $listener -uid [lone_user] [each one 127.0.0.1:$port]
	log "listening on"
	serves $port
	stop
	lset environment 2 LISTEN_FDNAMES=superd/one/tcp
	superd -environment $environment -listener $listener -uid [lone_user] $one
	log "user 0 has made it, not superd's user, [lone_user]"
}

# Who starts superd without a store may give it what he has.
test without_a_store_a_socket_may_be_anybodys {
	needs {[root]} "takes root, to give a socket to another user"
	set port [free_port]
	set listener [foreign_listener $port]
	superd -environment LISTEN_FDNAMES=web -listener $listener [each one 127.0.0.1:$port]
	log "listening on"
	close $listener
	serves $port
}

# superd-bind makes such a socket as the owner of the folder.
test a_socket_in_another_users_folder_comes_back {
	needs_users
	set folder [path theirs]; set socket [path theirs/socket]
	file mkdir $folder
	file attributes $folder -owner 65534 -group 65534
	begin_with [each one $socket]
	kill_hard
	set client [comes $socket]
	start [each one $socket]
	expect {[logged "(from the store)"]}
	is_served $client
}

test no_more_is_given_than_the_manager_keeps {
	begin_store
	start_with FDSTORE=2 [each one 127.0.0.1:0 two 127.0.0.1:0 three 127.0.0.1:0 four 127.0.0.1:0]
	expect {$heard(given) == 2}
	expect {[count FileDescriptorStoreMax=] == 1}
	expect {[port four] > 0}
}

# The guard waits for it, and superd for nobody.
test a_manager_whose_queue_is_full_is_told_later_and_holds_nobody_up {
	begin_with $one
	expect {[fill_inbox %/herald] > 0}
	reload $two
	wait {[logged "superd-guard: cannot report to NOTIFY_SOCKET "]}
	set port [port two]
	repeat 3 { pid $port }
	wait {[stored] == 2}
	expect {[count "superd-guard: cannot report to NOTIFY_SOCKET "] == 1}
	expect {[fill_inbox %/herald] > 0}
	reload $one
	wait {[stored] == 1}
	wait {![reachable $port]}       ;# the store has had a copy
}

# The guard keeps the sockets when superd dies, and the store when both do.
test works_beside_a_guard {
	begin_store
	start $one -guard
	set port [port one]
	repeat 3 {
		set ready $heard(ready)
		kill [below_guard]
		wait {[heard ready] > $ready}
		pid $port
		expect {[stored] == 1}
	}
	expect {$heard(removed) == 0}
	# One that stands still gets no other guard when its guard dies, so both are gone.
	set below [below_guard]
	kill $below STOP
	kill_hard
	kill $below
	reap $below
	set client [comes $port]
	start $one -guard
	is_served $client
	stop
	hear
	expect {$heard(given) - $heard(twice) == 1}
}

test a_backend_of_another_user_that_lives_on_holds_nobody_up {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	set table {service talk { listen = "127.0.0.1:0" exec = "$backend talk" user = "$user" }}
	begin_with $table
	set port [port talk]
	set left [pid talk]
	kill_hard
	start $table
	expect {[port talk] == $port}
	pid talk
	expect {![logged "no service any more"]}
	stop
	if {[lives $left]} { kill $left }
	reap $left
}
