# exec beside redirect: a program that takes no sockets is started by its first client, and superd relays to it; and
# redirect with accept = no, one process for all clients. No client may notice: not by a refusal while the program
# starts, nor by an answer that is cut short.
suite relay

uses small

# A server with a port of its own, also of datagrams. It answers each line with "PID LINE", and the end of a client with
# what it has got in all. With a second word it listens only once that file is there.
set own {import os, socket, sys, threading, time
where = ('127.0.0.1', int(sys.argv[1]))
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(where)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(where)
def answer_datagrams():
    while True:
        text, client = udp.recvfrom(65536)
        udp.sendto(b'%d %s' % (os.getpid(), text), client)
threading.Thread(target=answer_datagrams, daemon=True).start()
listener.listen(4096)
def serve(client):
    count = 0
    with client, client.makefile('rb') as lines:
        for line in lines:
            if line == b'exit\n':
                os._exit(0)
            count += len(line)
            client.sendall(b'%d %s' % (os.getpid(), line))
        client.sendall(b'end after %d\n' % count)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
}

proc needs_reach {} { needs {![root] || [has_users]} "needs a build that every user can reach" }

# The command of that server, and its service.
proc own {target {gate ""}} {
	needs_reach
	write own.py $::own
	return "[program python3-minimal python3] [path own.py] $target $gate"
}
proc app {target {options ""} {listen 127.0.0.1:0} {gate ""}} {
	set command [own $target $gate]
	filled {service app { listen = "$listen" user = "$user" exec = "$command" redirect = "127.0.0.1 $target"
		$options }}
}

# superd is under the clock, and the relay is not. The port where the server is to listen.
proc relayed {{options ""} args} {
	superd -control -clock [app [set target [free_port]] $options {*}$args]
	return $target
}

proc hours_pass {} { repeat 3 { advance 1h } }
proc relay_pid {} {
	# Of the instance; its service has one, too.
	expr {[regexp {"relay":\{"pid":(\d+)} [prints status app --json] all pid] ? $pid : 0}
}
proc ordered {verb} { expect {[lindex [superctl $verb app] 0] == 0} "superctl $verb app" }

# A client's question and its answer, whose pid it gives.
proc asks {client word} {
	send $client $word
	is [said [set answer [line $client]]] $word
	lindex $answer 0
}

test the_first_client_starts_the_program_and_all_reach_it {
	relayed
	set pid [pid app]
	set one [connect app]; set two [connect app]
	send $one one; send $two two
	is [line $one] "$pid one"
	is [line $two] "$pid two"
	sees { why app } "relaying 2 clients to 127.0.0.1:"
	has [prints status app] "relaying 2 clients to 127.0.0.1:"
	has [prints list] ", relayed to 127.0.0.1:"
	close $one $two
}

test a_client_that_has_said_all_still_gets_its_answer {
	relayed
	set client [connect app]; send $client question; shut $client
	is [said [line $client]] question
	is [rest $client] "end after 9\n"
	close $client
}

test clients_wait_until_the_program_listens {
	relayed "timeout_start = 24h" 127.0.0.1:0 %/gate
	set client [connect app]; send $client early
	sees { why app } "waiting for 127.0.0.1:"
	sees { why app } "Connection refused"
	has [why app] "starting for"
	hours_pass
	expect {[quiet $client]}
	write gate ""
	is [said [line $client]] early
	close $client
}

# As PostgreSQL, which accepts clients while it recovers, and turns them away.
test clients_wait_until_a_program_that_announces_it_is_ready {
	needs_reach
	set target [free_port]
	superd -clock {service app { listen = "127.0.0.1:0" redirect = "127.0.0.1 $target" type = notify timeout_start = 24h
		exec = "$tests/binder tcp4 bind=127.0.0.1:$target listen=64 ready-after=%/gate serve=poll" }}
	set client [connect app]; send $client early
	wait {[reachable $target]}
	advance 1h
	expect {[quiet $client]}
	write gate ""
	is [said [line $client]] early
	close $client
}

test a_program_that_never_listens_is_stopped_and_its_client_waits_for_the_next {
	set target [relayed "timeout_start = 10min backoff_min = 1min backoff_max = 1min" 127.0.0.1:0 %/gate]
	set client [connect app]; send $client patient
	sees { why app } "Connection refused"
	advance 9min
	expect {![logged "it was not ready"]}
	advance 2min
	log "it was not ready within timeout_start: connect to 127.0.0.1:$target: Connection refused; let the program listen\
		there, or name the address where it does in redirect ("
	log "it was not ready within timeout_start, and nothing answered at 127.0.0.1:$target"
	expect {![logged "ended with signal TERM"]}
	write gate ""
	until 1min {[count "app: started"] == 2} 5
	is [said [line $client]] patient
	close $client
}

# The server ends at this word, and the instance with it.
proc has_server_exit {} {
	set client [connect app]; send $client exit
	end_of $client; close $client
	log "ended: exit status 0"
}

test the_end_of_the_program_is_the_end_of_the_instance {
	relayed
	set first [pid app]
	has_server_exit
	expect {[pid app] != $first}
}

test an_idle_program_is_stopped_and_no_sooner {
	relayed "idle_timeout = 5min"
	set client [connect app]; set first [asks $client here]
	hours_pass
	expect {![logged ended:]}
	expect {[asks $client still] == $first}
	close $client
	until 3min {[logged "no client has been connected for 5 min"]} 10
	log "ended: signal TERM"
	wait {[processes] == 0}
	expect {[pid app] != $first}
}

test a_frozen_program_goes_on_with_the_next_client {
	relayed "idle_timeout = 5min idle_action = freeze"
	set first [pid app]
	until 3min {[logged "is frozen until a client connects"]} 10
	expect {[pid app] == $first}
	log "thawed after"
}

# superd does not wake it there, but cuts off nobody.
test who_is_connected_to_the_program_itself_is_a_client {
	set target [relayed "idle_timeout = 5min"]
	set first [pid app]
	set client [connect $target]
	hours_pass
	is [asks $client still] $first
	expect {![logged "listens at tcp"]}
	close $client
	until 10min {[logged "ended: signal TERM"]} 10
}

# The kernel says for how long nothing has moved, in real time.
test the_next_byte_of_a_quiet_client_wakes_a_frozen_program {
	relayed "idle_timeout = 500ms idle_action = freeze idle_when = quiet"
	set client [connect app]; set first [asks $client one]
	foreach n {1 2} {
		wait {[count "is frozen until a client connects"] == $n}
		if {[root]} { has [why app] "; nothing has moved for" }
		expect {[asks $client "again $n"] == $first}
		wait {[count "thawed after"] == $n}
	}
	close $client
}

# Before the first count of connections only the relay knows of a client.
test superctl_does_not_doubt_the_client_that_is_relayed {
	relayed "idle_timeout = 1h"
	set client [connect app]; asks $client one
	sees { why app } "relaying 1 client"
	set why [why app]
	lacks $why "is not known"
	has $why "it sleeps "           ;# how, tells its count
	close $client
}

# For hours its quiet clients let it be; then one says this, and it wakes.
proc sleeps_until_asked {client word pid} {
	ordered freeze
	log "is frozen"
	hours_pass
	expect {![logged "thawed after"]}
	expect {[asks $client $word] == $pid}
	log "thawed after"
}

test so_does_one_after_an_operator_has_frozen_it {
	relayed
	set client [connect app]; set other [connect app]
	set first [asks $client one]; asks $other quiet
	sleeps_until_asked $client two $first
	expect {[asks $other three] == $first}
	close $client $other
}

test so_does_one_by_a_unix_socket {
	relayed "" %/front
	node %/front
	set client [connect %/front]
	sleeps_until_asked $client two [asks $client one]
	close $client
}

# A flow of datagrams keeps a program awake until redirect_timeout has passed. An operator freezes it all the same.
test the_next_datagram_wakes_a_frozen_program {
	superd -control [app [free_port] "" udp:127.0.0.1:0]
	set client [datagrams app]
	datagram_answers $client first
	ordered freeze
	log "is frozen"
	datagram_answers $client second
	log "thawed after"
	close $client
}

# A server that greets, until it is to be down; then its queue is full, until it is to greet again.
set busy {import os, socket, sys, time
def listen(queue):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', int(sys.argv[1])))
    listener.listen(queue)
    listener.setblocking(False)
    return listener
def greet(listener, until):
    while not os.path.exists(until):
        try:
            listener.accept()[0].sendall(b'hello\n')
        except BlockingIOError:
            time.sleep(0.01)
def wait(until):
    while not os.path.exists(until):
        time.sleep(0.01)
listener = listen(9)
greet(listener, sys.argv[2] + '/down')
listener.close()
os.rename(sys.argv[2] + '/down', sys.argv[2] + '/is-down')
wait(sys.argv[2] + '/full')
listener = listen(0)
own = [socket.socket() for n in range(2)]
for one in own:
    one.setblocking(False)
    one.connect_ex(listener.getsockname())
wait(sys.argv[2] + '/up')
for one in own:
    one.close()
greet(listener, 'never')
}

# Connections to a port that are not answered yet.
proc untold {port} { regexp -all [format { [0-9A-F]{8}:%04X 02 } $port] [read /proc/net/tcp] }

test who_leaves_while_the_program_is_tried_keeps_nobody_out {
	needs_reach
	set target [free_port]
	write busy.py $::busy
	set command "[program python3-minimal python3] [path busy.py] $target [file dirname [path busy.py]]"
	superd [filled {service app { listen = "127.0.0.1:0" user = "$user" exec = "$command" redirect = "127.0.0.1 $target" }}]
	is [told app] hello\n
	write down ""; wait {[exists %/is-down]}
	set client [connect app]
	write full ""
	wait {[untold $target] == 2}
	reset $client
	write up ""
	is [told app] hello\n
}

# As one that an attacker has in hand.
test a_relay_that_does_not_end_takes_no_client_of_the_next {
	relayed
	set client [connect app]; asks $client first; close $client
	set relay [relay_pid]
	kill $relay STOP
	ordered restart
	until 2s {![lives $relay]}
	set client [connect app]; asks $client next; close $client
}

test another_relay_begins_where_one_was_killed {
	relayed
	set first [pid app]
	kill [set relay [relay_pid]]
	log "signal KILL"
	expect {[pid app] == $first}
	expect {[relay_pid] != $relay}
}

# One would take clients whom the program cannot answer, and superd would not see them.
test none_begins_beside_a_frozen_program {
	relayed
	set first [pid app]
	sees { why app } "relaying 0 clients"
	settle                          ;# the end of that client would thaw it
	ordered freeze
	log "is frozen"
	kill [relay_pid]
	log "signal KILL"
	hours_pass
	is [relay_pid] 0
	is [pid app] $first
	expect {[relay_pid] > 0}
}

test an_upgrade_keeps_clients_and_relay {
	relayed
	set client [connect app]; set first [asks $client before]
	set relay [relay_pid]
	upgrade
	expect {[asks $client after] == $first}
	expect {[pid app] == $first}
	expect {[relay_pid] == $relay}
	sees { why app } "relaying 1 client to 127.0.0.1:"
	close $client
}

test a_reload_leads_the_next_start_elsewhere {
	set first [relayed]; set second [free_port]
	pid app
	reload [app $second]
	pid app
	has_server_exit
	pid app
	has [why app] "127.0.0.1:$second"
	expect {![reachable $first]}
}

test stop_restart_and_hold_lose_nobody {
	relayed
	set first [pid app]
	ordered restart
	expect {[pid app] != $first}
	ordered stop; ordered hold
	set client [connect app]; send $client held
	hours_pass
	expect {[quiet $client]}
	ordered release
	is [said [line $client]] held
	close $client
}

test a_relay_that_was_to_start_again_does_so_when_superd_has_died {
	set target [free_port]
	superd -guard -control [app $target]
	set pid [pid app]
	for {set n 1} {$n <= 5} {incr n} {
		wait {[set relay [relay_pid]] > 0}
		kill $relay
		counts "app: warning: relay: " $n
	}
	kill [below_guard]
	log "its guard restarted it"
	is [pid app] $pid
}

test a_oneshot_starts_what_is_relayed_to_and_stops_it_when_idle {
	set target [free_port]; set command [own $target]
	superd -clock {service shot {
		listen = "127.0.0.1:0"
		user = "$user"
		type = oneshot
		remain_after_exit = yes
		exec = "/bin/sh -c 'setsid $command >/dev/null 2>&1 </dev/null & echo $! >%/pid'"
		exec_stop = "/bin/sh -c 'kill $(cat %/pid)'"
		kill_mode = none
		redirect = "127.0.0.1 $target"
		idle_timeout = 5min
	}}
	set first [pid shot]
	until 3min {[logged "no client has been connected for 5 min"]} 10
	wait {![reachable $target]}
	expect {[pid shot] != $first}
}

test datagrams_reach_the_program_and_come_back {
	superd [app [free_port] "" udp:127.0.0.1:0]
	set one [datagrams app]
	datagram_answers $one first
	set two [datagrams app]
	datagram_answers $two second
	datagram_answers $one third
	close $one $two
}

# How often the relay has gone to sleep again.
proc relay_sleeps {} {
	set relay [relay_pid]
	wait {[set count [switches $relay]] ne ""}
	return $count
}

# It sends the datagram again after 20 ms, and doubles that, up to a second.
test the_first_datagram_waits_for_the_program {
	set target [relayed "timeout_start = 24h" udp:127.0.0.1:0 %/gate]
	set client [datagrams app]; put $client early
	log "started, pid"
	wait {[relay_pid]}
	set before [relay_sleeps]
	wait {[relay_sleeps] >= $before + 5}
	hours_pass
	expect {[quiet $client]}
	write gate ""
	wait {[reachable $target]}
	sees { datagram $client late } " early"         ;# datagrams may overtake each other
	close $client
}

# Whether the metrics have these values.
proc samples {args} {
	set metrics [prints metrics]
	foreach {name value} $args {
		if {[string first "superd_service_$name{service=\"app\"} $value\n" $metrics] < 0} { return 0 }
	}
	return 1
}

# Two connections, the second of which stays; then an upgrade, and the end of a relay.
test metrics_count_what_is_relayed {
	relayed
	port app
	expect {[samples relayed_total 0 relay_connections 0]}
	pid app
	set client [connect app]; asks $client stays
	wait {[samples relayed_total 2 relay_connections 1]}
	expect {[samples relay_flows 0]}
	upgrade
	wait {[samples relay_connections 1]}
	expect {[samples relayed_total 2]}
	close $client
	wait {[samples relay_connections 0]}
	expect {[samples relay_received_bytes_total [string length "who\nstays\n"]]}
	expect {![samples relay_sent_bytes_total 0]}
	kill [relay_pid]
	log "signal KILL"
	pid app
	wait {[samples relayed_total 3]}
	metrics_read [prints metrics]
}

test a_relay_retires_when_superd_leaves {
	relayed
	set port [port app]
	set client [connect app]; set program [asks $client before]
	set relay [relay_pid]
	signal QUIT
	expect {[exit_status] == 0}
	expect {[asks $client after] == $program}
	wait {![reachable $port]}
	close $client
	kill $program
	wait {![lives $program] && ![lives $relay]}
}

test a_unix_target_learns_the_clients_address {
	foreach accept {yes no} {
		set listener [listener %/target-$accept]
		superd {service $accept { listen = "127.0.0.1:0" user = "$user" accept = $accept
			redirect = "%/target-$accept" proxy_protocol = v1 }}
		set client [connect $accept]; set target [accept $listener]
		send $client hello
		is [line $target] "PROXY TCP4 127.0.0.1 127.0.0.1 [local_port $client] [port $accept]\r"
		is [line $target] hello
		close $client $target $listener
		stop
	}
}

test a_client_of_a_unix_socket_has_no_address {
	set listener [listener 0]; set port [local_port $listener]
	superd {service pass { listen = "%/front" user = "$user" redirect = "127.0.0.1 $port" proxy_protocol = v2 }}
	node %/front
	set client [connect %/front]; set target [accept $listener]
	expect {[get_bytes $target 16] eq "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"}
	close $client $target $listener
}

test one_process_serves_many_clients {
	set listener [listener 0]; set port [local_port $listener]
	superd {service pass { listen = "127.0.0.1:0" user = "$user" redirect = "127.0.0.1 $port" }}
	repeat 300 { lappend clients [connect pass]; lappend targets [accept $listener] }
	expect {[processes] == 1}
	foreach target $targets { send $target greeting }
	foreach client $clients { is [line $client] greeting }
	close {*}$clients
	close {*}$targets
	close $listener
}

test check_says_what_does_not_go_together {
	write wrong.conf {service a { listen = "1111" exec = "/bin/cat" redirect = "127.0.0.1 80" accept = yes user = "0" }
service b { listen = "udp:1112" redirect = "/run/x.sock" user = "0" }
service c { listen = "udp:1113" redirect = "127.0.0.1 80" proxy_protocol = v1 user = "0" }
service d { listen = "1114" exec = "/bin/cat" proxy_protocol = v1 user = "0" }
service e { listen = "1115" exec = "/bin/cat" redirect = "127.0.0.1 80" pass = inetd user = "0" }
}
	lassign [answer --check --no-preflight -f %/wrong.conf] status output errors
	expect {$status == 1}
	has $errors ":1:47: error: a: redirect beside exec needs accept = no" \
		":2:22: error: b: redirect to a unix socket is for connections" \
		"error: c: proxy_protocol is for connections, not for UDP" "error: d: proxy_protocol needs redirect" \
		"error: e: pass = inetd and redirect exclude each other"
}

# The hashes of both names ask for the same user.
test a_relay_shares_its_user_with_no_other_service {
	needs {[root]} "needs root"
	set target [free_port]; set command [own $target]
	superd {service s9 { listen = "127.0.0.1:0" accept = yes builtin = echo }
		service s51 { listen = "127.0.0.1:0" user = root exec = "$command" redirect = "127.0.0.1 $target" }}
	set client [connect s9]; echoes $client
	asks [connect s51] hello
	wait {[llength [set pids [with_name superd-builtin [descendants [superd_pid]]]]] == 2}
	foreach pid $pids { regexp {Uid:\s+(\d+)} [read /proc/$pid/status] all uid; lappend uids $uid }
	expect {[llength [lsort -unique $uids]] == 2 && 0 ni $uids} $uids
}
