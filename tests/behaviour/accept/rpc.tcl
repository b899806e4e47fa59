# rpc/ endpoints with a rpcbind of the test's own: registered, called, withdrawn, and what happens when rpcbind is late, silent, or
# knows of another program there.
suite rpc

set registered "registered with rpcbind"

proc enter_alone {} {
	needs {[string match *libtirpc* [lindex [answer --version] 1]]} "superd was built without libtirpc"
	needs {[exists /usr/sbin/rpcbind] && [exists /usr/sbin/rpcinfo]} "needs rpcbind and rpcinfo (Debian: rpcbind)"
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/hosts "127.0.0.1 localhost\n::1 localhost\n"
	private_file /etc/nsswitch.conf "hosts: files\nrpc: files\n"
	private_file /etc/rpc "tester 300019 test\n"
}

# superd-rpc, which asks rpcbind, runs as a user of its own.
proc enter {} {
	enter_alone
	needs {[has_users]} "needs root, and a build that every user can reach"
}

proc start_rpcbind {} {
	set ::rpcbind [begin /usr/sbin/rpcbind -f]
	wait {[reachable /run/rpcbind.sock]}
}
proc signal_rpcbind {name} { kill [program_pid $::rpcbind] $name }
proc stop_rpcbind {} { signal_rpcbind KILL; finish $::rpcbind }
proc enter_with_rpcbind {} { enter; start_rpcbind }

# The address of a version of 300019, as rpcinfo lists "PROGRAM VERSION TRANSPORT ADDRESS"; empty: it is not registered.
proc registration {version transport} {
	regexp -line "^ *300019 +$version +$transport +(\\S+)" [lindex [run /usr/sbin/rpcinfo] 1] all address
	return [expr {[info exists address] ? $address : ""}]
}
proc is_gone {version transport} { is [registration $version $transport] "" }
proc address_is {version transport host port} {
	is [registration $version $transport] $host.[expr {$port >> 8}].[expr {$port & 255}]
}

# A call of the program's null procedure at the address that rpcbind tells.
proc call {transport version} {
	lassign [run /usr/sbin/rpcinfo -T $transport 127.0.0.1 300019 $version] status output
	expect {$status == 0} $output
	has $output "ready and waiting"
}

# One that another has registered.
proc register_another {} {
	expect {[lindex [run $::env(SUPERD_LIBEXEC)/superd-rpc [build_word] set 300019/1 tcp 8000] 0] == 0}
}

set tester {service tester { listen = "rpc/tcp4:300019/1" user = root exec = "/bin/true" }}
set listening {service tester { listen = "rpc/tcp4:300019/1-2" pass = inetd user = root exec = "$tests/rpc_backend listener 300019 2" }}
set accepting {service tester { listen = "rpc/tcp4:300019/1" accept = yes user = root
	exec = "$tests/rpc_backend connection 300019 1" }}
set other {service other { listen = "127.0.0.1:0" user = root exec = "/bin/true" }}

test is_registered_called_and_withdrawn {
	enter_with_rpcbind
	superd $listening
	log "$registered: 300019/1-2 at tcp port"
	set port [port tester]
	address_is 1 tcp 0.0.0.0 $port
	address_is 2 tcp 0.0.0.0 $port
	is_gone 2 tcp6
	call tcp 2
	wait {[logged "tester: started, pid"]}
	stop
	is_gone 1 tcp
	is_gone 2 tcp
	expect {[logged "withdrawn from rpcbind: 300019/1-2 at tcp"]}
	stop_rpcbind
}

# rpcbind tells who has registered it: a user by its number, root as superuser.
test is_registered_by_a_user_of_its_own {
	enter_with_rpcbind
	superd $tester
	log $registered
	set output [lindex [run /usr/sbin/rpcinfo] 1]
	expect {[regexp -line {^ *300019 .* (\d+)\s*$} $output all owner]} $output
	expect {$owner >= 60586 && $owner <= 60593} $output
	stop
	is_gone 1 tcp
	stop_rpcbind
}

test is_drained_and_restarted_and_stays_registered_at_its_port {
	enter_with_rpcbind
	superd -control $listening
	log "$registered: 300019/1-2 at tcp port"
	foreach order {drain restart drain} {
		call tcp 2
		done "$order tester"
	}
	call tcp 2
	address_is 2 tcp 0.0.0.0 [port tester]
	expect {[count $registered] == 1}
	stop
	stop_rpcbind
}

test serves_datagrams_and_connections_of_one_program {
	enter_with_rpcbind
	superd {defaults { user = root }
		service udp { listen = "rpc/udp4:300019/1" pass = inetd exec = "$tests/rpc_backend datagram 300019 1" }
		service tcp { listen = "rpc/tcp4:300019/1" accept = yes exec = "$tests/rpc_backend connection 300019 1" }
	}
	wait {[count $registered] == 2}
	call udp 1
	call tcp 1
	stop
	is_gone 1 tcp
	is_gone 1 udp
	stop_rpcbind
}

test is_registered_for_the_families_its_socket_has {
	enter_with_rpcbind
	superd {defaults { user = root }
		service both { listen = "rpc/tcp:300019/1" exec = "/bin/true" }
		service six { listen = "rpc/udp6:300019/1" exec = "/bin/true" }
	}
	wait {[count $registered] == 2}
	address_is 1 tcp 0.0.0.0 [port both]
	address_is 1 tcp6 :: [port both]
	address_is 1 udp6 :: [port six]
	is_gone 1 udp
	stop
	stop_rpcbind
}

test goes_by_names_of_rpc_and_tells_a_backend_its_port {
	enter_with_rpcbind
	superd {service tester { listen = "rpc/tcp4:test/1" start = boot user = root
		exec = "/bin/sh -c 'echo %{port} >%/report; exec sleep 1000'" }}
	log $registered
	set port [port tester]
	address_is 1 tcp 0.0.0.0 $port
	wait {[lines %/report] == 1}
	is [read %/report] "$port\n"
	stop
	stop_rpcbind
}

test waits_for_a_rpcbind_that_comes_later {
	enter
	superd [replaced $listening 1-2 2]
	log "cannot register 300019/2 with rpcbind, which is tried again and again: "
	start_rpcbind
	log $registered
	call tcp 2
	expect {[count "cannot register"] == 1}
	stop
	is_gone 2 tcp
	stop_rpcbind
}

test is_left_alone_by_a_reload_that_keeps_it {
	set table {service tester { listen = "rpc/tcp4:300019/$version" user = root exec = "/bin/true" nice = $nice }}
	set version 1; set nice 0
	enter_with_rpcbind
	superd $table
	log $registered
	set port [port tester]
	reload $table
	set nice 5
	reload $table
	address_is 1 tcp 0.0.0.0 $port

	set version 2           ;# is another socket
	reload $table
	log "$registered: 300019/2"
	is_gone 1 tcp
	address_is 2 tcp 0.0.0.0 [port tester]
	expect {[count $registered] == 2}
	expect {[count "withdrawn from rpcbind"] == 1}
	expect {![logged "taken over"]}

	reload "\n"
	wait {[registration 2 tcp] eq ""}
	stop
	stop_rpcbind
}

test takes_over_what_another_has_with_a_word {
	enter_with_rpcbind
	register_another
	superd $tester
	log "rpcbind: taken over 300019/1 at tcp: it was registered for 0.0.0.0.31.64 by superuser"
	log $registered
	address_is 1 tcp 0.0.0.0 [port tester]
	stop
	stop_rpcbind
}

test leaves_alone_what_became_anothers {
	enter_with_rpcbind
	superd $tester
	log $registered
	register_another
	stop
	address_is 1 tcp 0.0.0.0 8000
	stop_rpcbind
}

# TERM twice: at once.
proc stop_at_once {} {
	signal TERM
	log stopping
	signal TERM
	expect {[exit_status] == 0}
}

test is_not_held_up_by_a_rpcbind_that_is_silent {
	enter
	set silent [listener /run/rpcbind.sock]
	superd "$tester
		service echo { listen = \"127.0.0.1:0\" accept = yes user = root exec = \"/bin/cat\" }"
	set question [accept $silent]
	is [ask echo hello] hello
	stop_at_once
	close $question $silent
}

test stays_known_while_instances_run_on_after_a_quit {
	enter_with_rpcbind
	superd {service tester { listen = "rpc/tcp4:300019/1" start = boot user = root exec = "/bin/sleep 1000" }}
	log "started, pid "
	regexp {started, pid (\d+)} [read [logfile]] all instance
	log $registered
	signal QUIT
	expect {[exit_status] == 0}
	expect {[registration 1 tcp] ne ""}
	expect {[logged "stays registered with rpcbind: 300019/1 at tcp port "]}
	expect {$instance > 1}
	kill $instance
	wait {![lives $instance]}
	stop_rpcbind
}

test is_refused_where_a_program_has_no_name_or_two_services {
	enter_alone
	set row {service $name { listen = "rpc/$program" exec = "/bin/true" }
}
	foreach {rows error} {
		{a tcp:nosuch/1} "'nosuch': rpc(5) has no program of this name"
		{a tcp:300019/1-3 b tcp4:300019/3} "claimed already by a"
		{a tcp:300019/1 b tcp:tester/1} "claimed already by a"
	} {
		set table "defaults { user = root }\n"
		foreach {name program} $rows { append table [filled $row] }
		lassign [answer --check -f [write wrong.conf $table]] status output errors
		expect {$status == 1} $errors
		has $errors $error
	}
}

proc run_registered {} {
	enter_with_rpcbind
	superd $::accepting
	log $::registered
}

test is_registered_once_over_upgrades {
	run_registered
	upgrade
	upgrade
	call tcp 1
	expect {[count $registered] == 1}
	stop
	is_gone 1 tcp
	stop_rpcbind
}

set stays "tester: warning: stays registered with rpcbind: 300019/1 at tcp port "

test what_cannot_be_withdrawn_is_told {
	run_registered
	stop_rpcbind
	reload $other
	log $stays
	stop
}

# Nobody waits for a rpcbind that has gone, not at superd's end, and not for what it failed to withdraw before.
test what_stays_registered_at_the_end_is_told {
	run_registered
	stop_rpcbind
	stop
	expect {[logged $stays]}
}

test what_stays_registered_with_a_silent_rpcbind_is_told {
	run_registered
	signal_rpcbind STOP
	reload $other
	stop_at_once
	expect {[logged $stays]}
	stop_rpcbind
}

# The guard pauses only behind a superd that dies young.
proc kill_later {} { advance 1min; kill_superd }

test is_registered_once_over_deaths {
	enter_with_rpcbind
	superd -guard -control -clock $accepting
	log $registered
	kill_later
	kill_later
	call tcp 1
	expect {[count $registered] == 1}
	reload $other
	log "withdrawn from rpcbind: 300019/1 at tcp"
	is_gone 1 tcp
	stop
	stop_rpcbind
}

proc superd_rpc {} { lindex [with_name superd-rpc [descendants [superd_pid]]] 0 }

# superd-rpc stands still, so nothing of its own ends it.
test a_process_that_hangs_holds_up_neither_superd_nor_its_end {
	enter
	set silent [listener /run/rpcbind.sock]
	file attributes /run/rpcbind.sock -permissions 0666
	superd -clock "superd { stop_timeout = 1h }\n$tester"
	foreach round {register stop end} {
		wait {[set process [superd_rpc]] ne ""}
		kill $process STOP
		if {$round eq "stop"} { signal TERM }
		move 20s
		wait {![lives $process]}
		if {$round eq "register"} {
			log "cannot register 300019/1 with rpcbind, which is tried again and again: there was no answer in time"
		}
		move 2s
	}
	expect {[exit_status] == 0}
	close $silent
}
