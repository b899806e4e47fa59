# The traps that inetds are known to fall into, each as a table of inetd.conf that superd must not fall into with. What
# is hard is "never": where no event tells that something does not happen, the clock goes on for minutes, and wake-ups
# and marks of starts are counted.
suite inetd_traps
uses tables

# Nothing starts and superd sleeps for nine of ten minutes, whatever waits in its queues. Whoever stops and continues
# it wakes it.
proc is_calm {starts} {
	advance 3min
	wakes 2min 3 2
	expect {[lines %/marks] == $starts}
}

# ---- limits ----

test nowait_3_serves_three_and_then_keeps_its_clients {
	set port [free_port]
	inetd -clock {127.0.0.1:$port stream tcp nowait.3 $server -m %/marks stdio}
	listening tcp:127.0.0.1:$port
	repeat 3 { pid $port }
	wait {[processes] == 0}
	set open [descriptors]
	repeat 4 { set client [connect $port]; send $client hello; lappend clients $client }
	log "\n$port/tcp server failing (looping), service terminated for 10 min\n"
	is_calm 3
	descriptors_at_most $open
	now {127.0.0.1:$port stream tcp nowait.30 $server -m %/marks stdio}
	foreach client $clients { is [said [line $client]] hello; close $client }
}

# A client and a datagram, at a port each, whom nobody reads.
proc two_who_wait {first second} {
	upvar 1 stream stream dgram dgram client client sender sender
	set stream [free_port]; set dgram [free_port]
	inetd -clock "127.0.0.1:$stream stream tcp $first\n127.0.0.1:$dgram dgram udp $second"
	listening tcp:127.0.0.1:$stream udp:127.0.0.1:$dgram
	set client [connect $stream]; set sender [datagrams $dgram]
	put $sender "nobody reads this"
}

test a_number_behind_wait_ends_in_a_rest_and_not_in_a_spin {
	two_who_wait "wait.2 $server -m %/marks exit 0" "wait.2 $server -m %/marks exit 0"
	wait {[count "server failing (looping)"] == 2}
	is_calm 4
	close $client $sender
}

proc pauses {service} { count "$service@127.0.0.1: next start in " }

# Without any number, too: a server that takes nothing from its queue is paused for from the ninth start on, longer
# each time once that has gone on for half a second, in which it starts five times more at most.
test a_wait_server_that_takes_nobody_is_not_started_over_and_over {
	two_who_wait "wait $server -m %/marks exit 0" "wait $server -m %/others exit 0"
	until 1min {[pauses $stream] >= 10 && [pauses $dgram-udp] >= 10}
	expect {[lines %/marks] <= 14 + [pauses $stream]}
	expect {[lines %/others] <= 14 + [pauses $dgram-udp]}
	advance 5s
	set starts [count ": started"]
	wakes 1s 10 0
	counts ": started" $starts
	# And no counter has shut it for good.
	now {127.0.0.1:$stream stream tcp wait $server take 1
		127.0.0.1:$dgram dgram udp wait $server datagrams 50}
	greet $client
	close $client $sender
}

test a_datagram_with_nowait_starts_one_server {
	set port [free_port]
	inetd -clock {127.0.0.1:$port dgram udp nowait $server -m %/marks -d 20 datagrams 100}
	listening udp:127.0.0.1:$port
	set client [datagrams $port]
	foreach {word starts} {one 1 two 2} {
		is [said [datagram $client $word]] $word
		wait {[processes] == 0}
		expect {[lines %/marks] == $starts}
		advance 1h
	}
	expect {[lines %/marks] == 2}
	close $client
}

test one_client_after_the_other_is_served_without_a_pause {
	set port [free_port]
	inetd {127.0.0.1:$port stream tcp nowait $server stdio}
	listening tcp:127.0.0.1:$port
	repeat 50 { pid $port }
	# superd tells of each pause that it makes.
	expect {![logged "next start in "] && ![logged looping]}
}

# ---- fields ----

test the_last_colon_ends_the_host {
	needs {[exists /proc/net/if_inet6]} "this machine has no IPv6"
	repeat 3 { lappend ports [free_port] }
	lassign $ports bare brackets all
	inetd {::1:$bare stream tcp nowait $server stdio
		[::1]:$brackets stream tcp nowait $server stdio
		:::$all stream tcp6 nowait $server stdio}
	listening "tcp:\[::1]:$bare" "tcp:\[::1]:$brackets" tcp6:$all
	foreach port $ports { set client [connect $port -to ::1]; greet $client; close $client }
}

# superd --check: these words at this place, and an exit of 1.
test what_a_line_cannot_mean_is_refused_and_never_guessed {
	foreach {line said} {
		"9001 stream udp4 nowait root /bin/cat cat" "1:13: error: 9001: stream and udp4"
		"9001 dgram tcp wait root /bin/cat cat" "1:12: error: 9001: dgram and tcp"
		"# a word too many\n9001 stream tcp nowait.many root /bin/cat cat" "2:24: error: 9001: "
		"9001 stream tcp sometimes root /bin/cat cat" "1:17: error: 9001: 'sometimes' is neither"
		"9001 stream tcp nowaitx root /bin/cat cat" "1:17: error: 9001: 'nowaitx' is neither"
		"9001 strean tcp nowait root /bin/cat cat" "1:6: error: 9001: 'strean'"
		"9001 stream tcp nowait root" "1:"
		"no-such-service stream tcp nowait root internal" "1:"
	} {
		write bad $line\n
		lassign [answer --check --no-preflight -f inetd:%/bad] status output errors
		expect {$status == 1} $line
		has $errors %/bad:$said
	}
}

test a_bad_line_takes_no_other_with_it {
	set first [free_port]; set bad [free_port]; set last [free_port]
	superd -format inetd -arguments --keep-going "127.0.0.1:\n$first stream tcp nowait $server stdio
$bad stream udp nowait $server stdio\n\t$bad stream tcp nowait $server stdio\n$last stream tcp nowait $server stdio\n"
	listening tcp:127.0.0.1:$first tcp:127.0.0.1:$last
	pid $first; pid $last
	expect {![reachable $bad]} "the tail of a bad line became a service"
}

# ---- users ----

test a_user_with_a_dot_in_its_name_is_one {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/passwd "[read /etc/passwd]first.last:x:4242:4343::/:/bin/sh\nsplit:x:4244:4343::/:/bin/sh\n"
	private_file /etc/group "[read /etc/group]group.acct:x:4545:\nsole:x:4646:first.last\n"
	set id {/bin/sh sh -c "id -u; id -g; id -G"}
	inetd {127.0.0.1:
		4001 stream tcp nowait first.last $id
		4002 stream tcp nowait first.last:group.acct $id
		4003 stream tcp nowait split.sole $id}
	foreach {port ids} {4001 "4242\n4343\n4343 4646\n" 4002 "4242\n4545\n4545 4646\n" 4003 "4244\n4646\n4646\n"} {
		listening tcp:127.0.0.1:$port
		is [told $port] $ids
	}
}

test roots_group_is_the_one_of_its_line {
	needs {[root]} "needs root"
	set colon [free_port]; set dot [free_port]; set none [free_port]
	set id {/bin/sh sh -c "id -u; id -g"}
	inetd {127.0.0.1:
		$colon stream tcp nowait root:daemon $id
		$dot stream tcp nowait root.daemon $id
		$none stream tcp nowait root $id}
	foreach {port ids} "$colon {0\n1\n} $dot {0\n1\n} $none {0\n0\n}" {
		listening tcp:127.0.0.1:$port
		is [told $port] $ids
	}
}

test an_unknown_user_is_told_before_anybody_connects {
	write users "4001 stream tcp nowait no.such.user /bin/cat cat\n4002 stream tcp nowait root:no-such /bin/cat cat\n"
	lassign [answer --check -f inetd:%/users] status output errors
	expect {$status == 1}
	has $errors "users:1:24: error: " "users:2:24: error: "
}

# ---- what a server is given ----

# The harness starts superd with SIGPIPE ignored, as a shell script with a trap does.
test a_server_starts_with_nothing_of_superds {
	set port [free_port]
	umask 0
	inetd -leaks -environment {inetd_dummy=x TCPREMOTEIP=192.0.2.1 LD_BIND_NOW=1
		CREDENTIALS_DIRECTORY=/run/credentials REMOTE_HOST=192.0.2.2} {127.0.0.1:$port stream tcp nowait $reporter -}
	listening tcp:127.0.0.1:$port
	set report [told $port]
	fields $report fds "0 1 2" fd.0.nonblock 0 not_default "" blocked "" umask 0022 cwd / session_leader 1 argv.0 report \
		env.REMOTE_HOST 127.0.0.1
	foreach name {inetd_dummy TCPREMOTEIP LD_BIND_NOW CREDENTIALS_DIRECTORY} {
		expect {$name ni [field $report environment]} "$name is passed on"
	}
}

test a_line_without_arguments_has_the_programs_name {
	set port [free_port]; set searched [free_port]
	set script [write named "#!/bin/sh\ntr '\\0' ' ' </proc/$$/cmdline\n" 755]
	inetd {127.0.0.1:$port stream tcp nowait $user /bin/cat
		127.0.0.1:$searched stream tcp nowait $user $script}
	listening tcp:127.0.0.1:$port tcp:127.0.0.1:$searched
	is [ask $port hello] hello
	is [told $searched] "/bin/sh $script "
}

# inetd --environment tells a server of its client, and no other server of that one.
test what_is_told_of_one_client_reaches_no_other_server {
	set stream [free_port]; set dgram [free_port]; set plain [free_port]
	as_inetd {} {127.0.0.1:$stream stream tcp nowait $reporter -
		127.0.0.1:$dgram dgram udp wait $reporter %/report
		127.0.0.1:$plain stream tcp wait $server take 1} --environment
	listening tcp:127.0.0.1:$stream udp:127.0.0.1:$dgram
	fields [told $stream -from 127.0.0.77] env.TCPREMOTEIP 127.0.0.77
	set client [datagrams $dgram]
	is [datagram $client hello] "reported\n"; close $client
	set report [reported %/report]
	lacks $report 127.0.0.77
	fields $report env.REMOTE_HOST none
}

test streams_that_were_closed_at_the_start_are_no_clients {
	set port [free_port]
	write table "127.0.0.1:$port stream tcp nowait $reporter -\n"
	set start "exec $superd --control none --log file:[path log] -f inetd:[path table] <&- >&- 2>&-"
	superd -program /bin/sh -tableless -arguments [list -c $start] ""
	wait {[reachable $port]}
	repeat 3 {
		fields [told $port] fds "0 1 2" fd.0.address 127.0.0.1:$port fd.2.address 127.0.0.1:$port
	}
	stop
}

# ---- reload ----

test a_wait_server_stays_the_only_one_over_a_reload {
	set port [free_port]; set more [free_port]
	set line "127.0.0.1:$port stream tcp wait $server take 3"
	inetd {$line}
	listening tcp:127.0.0.1:$port
	set first [pid $port]
	now {$line
		127.0.0.1:$more stream tcp nowait $server stdio}
	expect {[pid $port] == $first}
	now {$line}
	expect {[pid $port] == $first}
	wait {[processes] == 0}
	expect {[pid $port] != $first} "its end was not noticed"
}

# The second client waits in the queue of a service of the second file, which a new socket would not have.
test services_of_every_file_keep_their_queue_over_a_reload {
	set first [free_port]; set second [free_port]
	file mkdir [path inetd.d]
	# What the first says of all further lines is for those of the second, too, until it takes that back.
	write inetd.d/a "127.0.0.1:$first stream tcp nowait $server stdio\n127.0.0.2:\n"
	write inetd.d/b "*:\n$second stream tcp4 nowait/1 $server lines\n"
	superd -clock -program [called inetd] -tableless -arguments {-i -e -p %/inetd.pid %/inetd.d} ""
	listening tcp4:$second
	set served [served $second]
	set queued [connect $second]; send $queued two
	signal HUP; log "inetd: reloaded"
	advance 1h
	expect {[quiet $queued]}
	close $served
	is [said [line $queued]] two; close $queued
	pid $first
}

test a_silent_resolver_at_a_reload_holds_no_client_up {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	set resolver [silent_resolver]
	inetd {127.0.0.1:4001 stream tcp nowait $server stdio}
	listening tcp:127.0.0.1:4001
	write superd.conf "host.example:4002 stream tcp4 nowait $server stdio\n"
	signal HUP
	wait {![quiet $resolver]}
	repeat 10 { pid 4001 }
	expect {![logged "not reloaded: "]}
	wait {[deny_names $resolver; logged "superd: not reloaded: "]}
	log host.example
	pid 4001
	# Nor does it hold up the end.
	signal HUP
	wait {![quiet $resolver]}
	pid 4001
}

# A number that a reload changes counts from then on.
test a_changed_rate_is_the_rate {
	set port [free_port]
	inetd {127.0.0.1:$port stream tcp nowait.2 $server stdio}
	listening tcp:127.0.0.1:$port
	pid $port
	now {127.0.0.1:$port stream tcp nowait.40 $server stdio}
	repeat 20 { pid $port }
	expect {![logged looping]}
}

# ---- many ----

# As many listeners as select() could never watch; the last is served as the first.
test more_services_than_select_could_watch_are_served {
	set port [free_port]
	for {set n 0} {$n <= 1200} {incr n} {
		set last 127.1.[expr {$n / 200}].[expr {$n % 200 + 1}]
		append table "$last:$port stream tcp nowait $server stdio\n"
	}
	inetd $table
	listening tcp:$last:$port
	expect {![root] || [descriptors] > 1200}
	foreach address "$last 127.1.0.1" { set client [connect $port -to $address]; greet $client; close $client }
	stop
}

# ---- sockets of the file system ----

test a_socket_of_the_file_system_is_for_all_and_goes_with_superd {
	set file [write file "no socket\n"]
	inetd {%/socket stream unix nowait $server stdio}
	node %/socket
	expect {[mode %/socket] == 666}
	answers %/socket
	now {$file stream unix nowait $server stdio}
	wait {![exists %/socket]}
	log $file
	is [read $file] "no socket\n"
	stop
	expect {[exists $file]}
}

# ---- who is one too many ----

# Those systems close the socket or the connection, and start no server there for ten minutes. superd takes their
# number and their time, and has clients wait. As GNU's inetd was seen to count, and as NetBSD's source has it;
# openbsd-inetd serves one less.
test who_is_one_too_many_by_the_count_of_that_system_waits {
	foreach {format field served} {inetd+gnu nowait.2 2 inetd+netbsd nowait:2 2 inetd+openbsd nowait.3 3} {
		set port [free_port]
		superd -clock -format $format "$port stream tcp $field $user /bin/echo echo hello\n"
		log :$port
		repeat $served { is [line [connect $port]] hello }
		set client [connect $port]
		log "server failing (looping), service terminated for 10 min"
		advance 9min
		expect {[quiet $client]} "$format $field"
		until 1min {![quiet $client]} 3
		is [line $client] hello; close $client
		stop
	}
}
