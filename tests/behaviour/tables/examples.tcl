# Each example with its table: it answers, ends by itself, and answers again. The tables are those of conf/ with
# the port, the user and the waiting times of a test put in, so that what an administrator copies is what is
# tested. Those times pass on the machine's clock, as the servers keep them themselves; nothing depends on how long
# they take.
suite examples

# superd with a table of conf/, on a port that the kernel chooses, as this user, and with these replacements.
proc serve {name listen args} {
	set table [replaced [example_table $name] $listen [regsub {127.0.0.1:\d+} $listen 127.0.0.1:0]]
	set table [string map [list {"nobody"} "\"$::user\""] $table]
	foreach {what with} $args { set table [replaced $table $what $with] }
	superd $table
}
proc serve_ruby {args} {
	needs {[exists /usr/bin/ruby]} "there is no Ruby here"
	serve echo.conf {"127.0.0.1:8888"} {*}$args
	port echo-server
}

proc asleep {} { wait {[processes] == 0} }

proc talk_to_echo {} {
	set client [connect echo-server]
	has [line $client] "my socket came from the service manager"
	send $client "Is anybody there?"; is [line $client] "IS ANYBODY THERE?"
	put_bytes $client "gr\xc3\xbc\xc3\x9f dich\n"; is [line $client] "GR\u00dcSS DICH"
	close $client
}

test echo_server_answers_ends_and_answers_again {
	serve_ruby "--idle 10" "--idle 0.3"
	expect {[processes] == 0}
	repeat 2 { talk_to_echo; asleep }
}

test echo_server_serves_clients_side_by_side {
	serve_ruby "--idle 10" "--idle 0"
	set stays [connect echo-server]; line $stays
	# Who leaves would be the last one, if nobody stayed: the server would end before the next one comes.
	repeat 3 { talk_to_echo }
	counts "started, pid" 1
	expect {[processes] == 1}
	send $stays "still here"; is [line $stays] "STILL HERE"
	close $stays
	asleep
}

test echo_server_binds_its_own_port_by_hand {
	needs {[exists /usr/bin/ruby]} "there is no Ruby here"
	set port [free_port]
	lassign [run /usr/bin/ruby [example echo-server.rb] --idle 0 --port $port] status output errors
	expect {$status == 0} $errors
	has $errors "I bound port $port myself"
}

# Who greets.
proc greeted {} {
	set greeting [told hello-world]
	expect {[regexp {^Hello world from process (\d+),} $greeting all process]} $greeting
	has $greeting "my socket came from the service manager"
	return $process
}
proc hello_world {args} { serve hello-world.conf {"127.0.0.1:5000"} {*}$args; port hello-world }

test hello_world_tells_what_is_wrong_with_what_it_was_passed {
	set server [example hello-world-server/hello-world-server]
	foreach {count said} {2 "LISTEN_FDS counts sockets that are not open" two "LISTEN_PID or LISTEN_FDS is no number"} {
		lassign [run /bin/sh -c "LISTEN_PID=$$ LISTEN_FDS=$count exec '$server'"] status output errors
		expect {$status == 1} $errors
		has $errors $said
	}
}

test hello_world_ends_with_its_last_client {
	hello_world
	set first [greeted]; asleep
	expect {[greeted] != $first}
	asleep
}

test hello_world_loses_nobody_who_comes_as_it_ends {
	hello_world
	repeat 60 {
		set clients {}
		repeat 4 { lappend clients [connect hello-world] }
		foreach client $clients { has [rest $client] "Hello world"; close $client }
	}
	asleep
}

test hello_world_waits_for_a_further_client_when_asked_to {
	hello_world {hello-world-server'"} {hello-world-server' -p 5"}
	greeted; greeted
	counts "hello-world: started, pid" 1
	asleep
}

test http_server_answers_ends_and_answers_again {
	needs {[exists /usr/bin/python3]} "no Python is here"
	serve http.conf {"127.0.0.1:8080"} "--idle 10" "--idle 0.3"
	repeat 2 {
		set client [connect http]; put $client "GET /somewhere HTTP/1.0\r\nHost: localhost\r\n\r\n"
		has [rest $client] "200 OK" "my socket came from the service manager\nYou asked for /somewhere"
		close $client
		asleep
	}
}

test datagram_server_answers_ends_and_answers_again {
	serve datagram.conf {"udp:127.0.0.1:9999"} "-i 1" "-i 0.2"
	set client [datagrams datagram]
	repeat 2 {
		has [datagram $client first] "1 from process "
		has [datagram $client second] "2 from process "
		asleep
	}
	close $client
}

test datagram_server_takes_inetds_way_too {
	serve datagram.conf {"udp:127.0.0.1:9999"} "-i 1" "-i 0" "    user" "    pass = inetd\n    user"
	set client [datagrams datagram]
	repeat 3 { has [datagram $client "over standard input"] ": over standard input" }
	close $client
	asleep
}

test cat_runs_once_for_each_connection {
	serve cat.conf {"127.0.0.1:7777"}
	set first [connect cat]; set second [connect cat]
	send $first one; send $second two
	is [line $first] one; is [line $second] two
	expect {[processes] == 2}
	close $first $second
	asleep
}

test lighttpd_answers_ends_and_answers_again {
	needs {[exists /usr/sbin/lighttpd]} "there is no lighttpd here (Debian: lighttpd)"
	serve lighttpd.conf {"127.0.0.1:8090"} "-i 60" "-i 1"
	repeat 2 {
		set client [connect lighttpd]; put $client "GET /index.html HTTP/1.0\r\n\r\n"
		has [rest $client] "This server was asleep until you came"; close $client
		asleep
	}
}

test uuidd_answers_ends_and_answers_again {
	needs {[exists /usr/sbin/uuidd]} "there is no uuidd here (Debian: uuid-runtime)"
	set table [replaced [example_table uuidd.conf] {"/run/uuidd/request"} "\"[path uuidd]\""]
	superd [replaced [replaced $table {"uuidd"} "\"$user\""] "-T 2" "-T 1"]
	node %/uuidd
	repeat 2 {
		lassign [run /usr/sbin/uuidd -r -s %/uuidd] status output errors
		expect {$status == 0} $output$errors
		expect {[string length $output] == [string length "1e4c5c27-0fa1-4785-8506-ffbea881f756\n"]} $output
		asleep
	}
}
