# The sockets themselves: every kind activates its service, nodes have their mode from the start, a stale one is replaced and a
# living one never stolen, and a port that is taken is tried again while everything else runs.
suite sockets

proc on {endpoint program {options ""}} {
	superd {service web { listen = "$endpoint" exec = "$tests/$program" $options }}
}
set other {service other { listen = "127.0.0.1:0" exec = "$backend serve" }}

proc stands {path} { expr {![catch {file lstat [filled $path] status}]} }
proc asks {address} { is [said [ask $address who]] who }
proc reports {address report args} {
	is [ask $address hello] reported
	fields [reported $report] {*}$args
}

test a_bare_port_takes_both_families {
	needs {[has_ipv6]} "this kernel has no IPv6"
	on 0 "backend serve"
	pid web
	set client [connect web -to ::1]; greet $client
	close $client
}

test one_family_where_one_is_named {
	superd {service four { listen = "tcp4:0" exec = "$tests/report %/four" }}
	is [ask four hello] reported
	has [field [reported %/four] fd.3.address] 0.0.0.0:
	stop
	needs {[has_ipv6]} "this kernel has no IPv6"
	on tcp6:0 "backend serve"
	expect {![reachable web]} "an IPv4 client reached tcp6:"
}

test udp_activates_with_the_datagram_still_there {
	on udp:127.0.0.1:0 "backend datagrams 100"
	set client [datagrams web]
	repeat 3 {
		datagram_answers $client
		wait {[processes] == 0}
	}
	close $client
}

test unix_datagrams_activate {
	on unix-dgram:%/d.sock "backend datagrams 100"
	node %/d.sock
	set client [datagrams %/d.sock %/own.sock]
	datagram_answers $client
	close $client
	wait {[processes] == 0}
}

test abstract_and_seqpacket_activate {
	superd {
		service name { listen = "@superd-behaviour-$self" exec = "$backend take 1" }
		service packets { listen = "seqpacket:%/packets.sock" exec = "$tests/report %/report" }
	}
	log "name: listening on "
	asks @superd-behaviour-$self
	node %/packets.sock
	set client [connect %/packets.sock -type seqpacket]
	is [packet $client] "reported\n"
	close $client
}

test a_fifo_activates {
	on fifo:%/fifo "report %/report" "socket_mode = 0620"
	node %/fifo
	is [file type [path fifo]] fifo
	wait {[mode %/fifo] eq "620"}   ;# it gets its mode last
	set fifo [open [path fifo] {WRONLY NONBLOCK}]
	puts -nonewline $fifo x; flush $fifo
	fields [reported %/report] fd.3.kind fifo
	chan close $fifo
	stop
}

test nodes_have_the_tables_mode_and_folders_are_made {
	set socket [path a/b/web.sock]
	on $socket "backend serve" "socket_mode = 0600 directory_mode = 0710"
	node $socket
	is [mode $socket] 600
	is [mode [path a/b]] 710
	is [mode [path a]] 710
	asks $socket
	stop
}

# Nobody makes folders in /sys.
test a_folder_that_cannot_be_made_is_told_as_that {
	superd {service web { listen = "/sys/superd-test/a/web.sock" exec = "$backend serve" backoff_min = 1h backoff_max = 1h }
		service fifo { listen = "fifo:/sys/superd-test/fifo" exec = "$backend serve" backoff_min = 1h backoff_max = 1h }}
	foreach socket {a/web.sock fifo} {
		log "cannot listen on [expr {$socket eq "fifo" ? "fifo:" : ""}]/sys/superd-test/$socket: creating its folder: "
	}
	expect {[count "(/sys/superd-test)"] == 2}
}

test nodes_have_the_tables_owner {
	needs {[root]} "only root can give a node away"
	on %/web.sock "backend serve" {socket_user = "54321" socket_group = "54322" socket_mode = 0660}
	node %/web.sock
	file lstat [path web.sock] status
	expect {$status(uid) == 54321 && $status(gid) == 54322} "$status(uid) $status(gid)"
	stop
}

test a_stale_node_is_replaced {
	close [listener %/web.sock]
	expect {[stands %/web.sock] && ![reachable %/web.sock]}
	on %/web.sock "backend serve"
	wait {[reachable %/web.sock]}
	asks %/web.sock
	stop
}

# superd may have knocked before: the last one in the queue is the test's.
test a_living_servers_node_is_never_stolen {
	set server [listener %/web.sock]
	superd "service web { listen = \"%/web.sock\" exec = \"$backend serve\" }\n$other"
	log "web: cannot listen on "
	pid other
	set client [connect %/web.sock]; put $client x
	close $client
	while {[rest [set accepted [accept $server]]] ne "x"} { close $accepted }
	close $accepted $server
	wait {[reachable %/web.sock]}
	asks %/web.sock
}

test what_is_no_socket_is_never_replaced {
	write precious "data\n"
	superd "service web { listen = \"%/precious\" exec = \"$backend serve\" }\n$other"
	log "web: cannot listen on "
	pid other
	stop
	is [read %/precious] "data\n"
}

test nodes_and_symlinks_go_or_stay_at_the_end_as_the_table_says {
	superd {
		service goes { listen = "%/goes.sock" exec = "$backend take 1" remove_on_stop = yes symlinks = { "%/link.sock" } }
		service stays { listen = "%/stays.sock" exec = "$backend take 1" }
	}
	node %/stays.sock
	node %/link.sock
	is [file type [path link.sock]] link
	asks %/link.sock
	stop
	expect {![stands %/goes.sock] && ![stands %/link.sock] && [stands %/stays.sock]}
}

test a_taken_port_is_tried_again_while_the_rest_runs {
	set port [free_port]; set taken [listener $port]
	superd {
		service late { listen = "127.0.0.1:$port" exec = "$backend take 1" }
		service other { listen = "127.0.0.1:0" exec = "$backend take 1" }
	}
	log "late: cannot listen on tcp:127.0.0.1:$port: "
	pid other
	close $taken
	log "late: listening on "
	pid $port
	pid other
}

test one_socket_of_several_that_is_taken_holds_back_its_service_alone {
	set port [free_port]; set taken [listener $port]
	superd {service late { listen = { "127.0.0.1:0", "127.0.0.1:$port" } exec = "$tests/report %/report" }}
	log "late: cannot listen on "
	close $taken
	wait {[reachable $port]}
	fields [reported %/report] env.LISTEN_FDS 2
}

test an_optional_socket_may_be_missing {
	set port [free_port]; set taken [listener $port]
	superd {service web { exec = "$tests/report %/report"
		socket main { listen = "127.0.0.1:0" }
		socket more { listen = "127.0.0.1:$port" optional = yes } }}
	reports web/0 %/report env.LISTEN_FDS 1 env.LISTEN_FDNAMES main
	close $taken
}

# A name server that is away is no reason to close it.
test an_optional_socket_keeps_its_address_while_its_name_has_none {
	needs {[private] && [has_users]} "needs root, a network namespace and mounts of its own, and a build for all users"
	private_file /etc/hosts "127.0.0.2 host.example\n"
	set table {service web { exec = "$backend serve" socket main { listen = "127.0.0.1:0" }
		socket more { listen = "host.example:5000" optional = yes } }
	}
	superd $table
	log "web: listening on tcp:127.0.0.2:5000"
	private_file /etc/hosts ""
	foreach n {1 2} {
		reload "$table service other$n { listen = \"127.0.0.1:0\" exec = \"$::backend serve\" }"
		log "'host.example': "
		log ": it keeps the address 127.0.0.2"
		log "superd: reloaded"
		close [connect 5000 -to 127.0.0.2]
	}
	expect {[count "listening on tcp:127.0.0.2:5000"] == 1}
}

test a_port_is_held_from_start_to_end {
	on 127.0.0.1:0 "backend take 1"
	set port [port web]
	repeat 10 {
		repeat 10 { expect {[reachable $port]} }
		pid $port
	}
	stop
	wait {![reachable $port]}
}

test those_superd_was_given_are_adopted {
	set port [free_port]
	superd -listener [listener $port] {service web { listen = "127.0.0.1:$port" exec = "$tests/report %/report" }}
	log "web: listening on "
	reports $port %/report fds "0 1 2 3" fd.3.address 127.0.0.1:$port
}

test those_superd_was_given_get_the_tables_options {
	set given [listener %/given.sock]
	file attributes [path given.sock] -permissions 0777
	superd -listener $given {service web { listen = "%/given.sock" socket_mode = 0600 exec = "$backend take 1" }}
	log "web: listening on "
	expect {[logged " (inherited)"]}
	is [mode %/given.sock] 600
	asks %/given.sock
}

# A folder of another user, who might lead superd elsewhere.
proc users_folder {} {
	needs_users
	file mkdir [path home]; file attributes [path home] -owner [lone_user]
}

test the_mode_of_a_node_in_a_users_folder_follows_the_table {
	users_folder
	proc with_mode {mode} { filled {service web { listen = "%/home/web.sock" exec = "$backend serve" socket_mode = $mode }} }
	foreach program {0 1} {
		superd [with_mode 0666]
		node %/home/web.sock
		is [mode %/home/web.sock] 666
		if {$program} { answers %/home/web.sock }
		reload [with_mode 0600]
		wait {[mode %/home/web.sock] eq "600"}
		stop
		remove %/home/web.sock
	}
}

test a_given_node_in_a_users_folder_gets_the_tables_mode_and_keeps_its_owner {
	users_folder
	set given [listener %/home/given.sock]; set user [lone_user]
	file attributes [path home/given.sock] -permissions 0777 -owner $user
	superd -listener $given {service web { listen = "%/home/given.sock" socket_mode = 0600 exec = "$backend take 1" }}
	log "web: listening on "
	is [mode %/home/given.sock] 600
	file stat [path home/given.sock] status
	is $status(uid) $user
	stop
	remove %/home/given.sock
}

test a_special_file_is_not_opened_by_way_of_a_users_folder {
	users_folder
	file link -symbolic [path home/proc] /proc
	superd {service web { listen = "special:%/home/proc/self/mounts" exec = "$backend serve" }}
	log "who could replace it by a link"
}

test socket_options_reach_the_socket {
	on 127.0.0.1:0 "backend take 1" {keep_alive = yes no_delay = yes backlog = 7 receive_buffer = 64K priority = 3
		defer_accept = 3 reuse_port = yes}
	pid web
	expect {![logged "web: cannot"]}
}

# That it is time to try it again is no reason to say that sockets are what fails.
test an_optional_one_that_is_closed_hides_no_failing_program {
	superd -clock -control {service web {
		socket main { listen = "127.0.0.1:0" }
		socket more { listen = "192.0.2.1:7" optional = yes }
		exec = "$backend talk" backoff_min = 10min backoff_max = 10min
	}}
	set client [connect web]
	send $client hello
	set pid [lindex [line $client] 0]
	advance_beside 11min
	kill $pid SEGV
	log "signal SEGV"
	log "next start in "
	is [state] backoff
	is [value [control health] healthy] false
}

test a_command_before_it_that_cannot_be_run_keeps_it_closed {
	superd -clock -control -arguments --no-preflight {service web {
		listen = "127.0.0.1:0" exec = "$backend serve" backoff_min = 10min backoff_max = 10min
		socket_exec_start_pre = "/nonexistent/program"
	}}
	log "; next try in "
	advance 11min
	counts "; next try in " 2
	is [state] binding
}

test a_command_before_it_has_the_time_of_a_start {
	superd -clock -control {service web {
		listen = "127.0.0.1:0" exec = "$backend serve" timeout_start = 10min
		socket_exec_start_pre = "/bin/sh -c 'test -e %/gate || exec sleep 1000'"
	}}
	wait {[processes] == 1}
	advance 11min
	log "it was not done within timeout_start; next try in "
	write gate ""
	until 1min {[logged "web: listening on"]}
	pid web
}

test a_command_before_it_ends_with_disable_and_runs_again_with_enable {
	superd -control {service web {
		listen = "127.0.0.1:0" exec = "$backend serve"
		socket_exec_start_pre = "/bin/sh -c 'echo >>%/runs; until test -e %/gate; do sleep 0.02; done'"
	}}
	wait {[exists %/runs] && [lines %/runs] == 1}
	done "disable web"
	wait {[processes] == 0}
	write gate ""
	done "enable web"
	is [lines %/runs] 2
	visits web
}

test a_command_of_superds_own_services_runs_as_superd_where_it_shall {
	needs {[root]} "needs root"
	superd {service small { listen = "127.0.0.1:0" builtin = echo socket_exec_as_superd = yes
		socket_exec_start_pre = "/bin/sh -c 'id -u >%/who'" }}
	log "small: listening on"
	is [read %/who] "0\n"
}

# The other service has the same address, and takes its socket.
test a_command_behind_it_that_cannot_be_run_ends_nothing_else {
	superd -environment MALLOC_PERTURB_=165 -arguments --no-preflight {
		service web { listen = "127.0.0.1:0" exec = "$backend serve" socket_exec_stop_post = "/nonexistent/program" }
	}
	set port [port web]
	reload $::other
	log "web: socket_exec_stop_post: /nonexistent/program: "
	visits $port
	expect {![logged "ended superd"]}
}
