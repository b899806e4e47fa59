# The tables of conf/ that stand for themselves: what inetd and xinetd did. Those for old daemons run as they stand, on
# the ports of services(5), in a network of the test's own; the others with the port of a test put in. Every table, of
# the examples' servers too, is without fault.
suite example_tables

proc enter {} {
	needs {[has_users]} "needs root, and other users that can reach what was built"
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/hosts "127.0.0.1 localhost\n::1 localhost\n"
}
proc run_as {format name} { enter; superd -format $format [example_table $name] }

# What a server says to somebody who sends nothing.
proc heard_at {port {address 127.0.0.1}} {
	set client [connect $port -to $address]; shut $client
	set said [rest $client]
	close $client
	return $said
}

test inetd_conf_is_served_as_it_stands {
	run_as inetd inetd.conf
	log "finger@localhost: listening on"
	foreach address {127.0.0.1 ::1} {
		is [ask 7777 "through cat"] "through cat"
		has [heard_at 13 $address] "\r\n"
		has [heard_at 79 $address] NAME
	}
	expect {![reachable 21]} "a line that is a comment was served"
}

test xinetd_conf_is_served_as_it_stands {
	run_as xinetd xinetd.conf
	log "cat: listening on"
	is [ask 7777 "through cat"] "through cat"
	expect {![reachable 13]} "a service that is disabled was served"
}

test builtin_conf_is_answered_by_superd_itself {
	run_as superd builtin.conf
	log "time: listening on"
	is [ask 7 "say it again"] "say it again"
	is [heard_at 9] ""
	has [heard_at 13] "\r\n"
	set chargen [connect 19]
	is [line $chargen] " !\"#\$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ\[\\]^_`abcdefg\r"; close $chargen
	set datagrams [datagrams 7]
	is [datagram $datagrams "and again"] "and again"; close $datagrams
}

# The table with the port of a test, the test's own user where it is not root, and these replacements.
proc table_for_test {name listen args} {
	set table [replaced [example_table $name] $listen {"127.0.0.1:0"}]
	set table [string map [list {"nobody"} "\"$::user\""] $table]
	foreach {what with} $args { set table [replaced $table $what $with] }
	return $table
}

test gate_conf_lets_in_whom_it_says {
	superd [table_for_test gate.conf {"7777"} 192.0.2.66 127.0.0.2 {{ "SYSLOG", "daemon" }} "{ \"FILE\", \"[path log]\" }"]
	is [ask cat "through cat"] "through cat"
	set client [connect cat -from 127.0.0.2]; end_of $client; close $client
	wait {[string match "*FAIL: cat address from=127.0.0.2\n*" [read %/log]]}
	wait {[string match "*EXIT: cat status=0 pid=*" [read %/log]]}
}

test redirect_conf_leads_somewhere_else {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	set target [free_port]; set listener [listener $target]
	superd [table_for_test redirect.conf {"127.0.0.1:8080"} {"192.0.2.10", "80"} "\"127.0.0.1\", \"$target\""]
	set client [connect to-the-intranet]
	set server [accept $listener]
	send $client there; is [line $server] there
	send $server "and back"; is [line $client] "and back"
	close $client $server
	log "TRAFFIC: to-the-intranet in=6(bytes) out=9(bytes)"
	close $listener
}

# A page of a server, by its address and path.
proc page {address path {host localhost}} {
	set client [connect $address]; put $client "GET $path HTTP/1.1\r\nHost: $host\r\n\r\n"
	set page [rest $client]
	close $client
	begins $page "HTTP/1.1 200 OK\r\n"
	return $page
}

test metrics_conf_answers_prometheus {
	needs {[exists $superctl]} "there is no superd-web: it was built without jansson"
	superd -control [table_for_test metrics.conf {"127.0.0.1:9089"}]
	has [page metrics /metrics] "\nsuperd_service_instances{service=\"metrics\"} 1\n" \
		"\nContent-Type: text/plain; version=0.0.4"
}

test status_conf_shows_a_page {
	needs {[exists $superctl]} "there is no superd-web: it was built without jansson"
	superd -control [table_for_test status.conf {"127.0.0.1:8090"} /run/superd-status.sock [path status.sock]]
	has [page status /] ">status-local</a>"
	page %/status.sock /service/status-local any
}

# By the table alone: the log, the control socket, the pid file and the delay of a stop.
test settings_conf_sets_what_superd_itself_needs {
	set log [path own.log]
	superd -alone [table_for_test settings.conf {"127.0.0.1:7779"} {"127.0.0.1:0"} "\"[path cat.sock]\"" \
		/var/log/superd-settings.log $log /run/superd-settings.control [path own.control] \
		/run/superd-settings.pid [path own.pid]]
	wait {[string match "*\"message\":\"listening on *" [read $log]]}
	wait {[string trim [read %/own.pid]] eq [superd_pid]}
	if {[exists $superctl]} { has [lindex [superctl -at %/own.control list] 1] cat }
	signal TERM
	wait {[string match "*(stop_delay)*" [read $log]]}
	set client [connect %/cat.sock]; send $client "still served"
	is [line $client] "still served"; close $client
	expect {[exit_status] == 0} [read $log]
}

# What README and the tutorial show, each as somebody would copy it.
test those_of_the_readme_and_the_tutorial_are_without_fault {
	foreach {document least} {README.md 1 contrib/doc/tutorial.md 6} {
		set tables [regexp -all -inline {\n```superd\n.*?\n```\n} [read $env(SRCDIR)/$document]]
		expect {[llength $tables] >= $least}
		foreach table $tables {
			write readme.conf [string range $table [string length "\n```superd\n"] end-[string length "```\n"]]
			lassign [answer --check --no-preflight -f %/readme.conf] status output errors
			expect {$status == 0} $errors
			is $errors ""
		}
	}
}

test are_without_fault {
	foreach name {behind builtin cat datagram demo echo gate hello-world http inetd lighttpd redirect settings superd uuidd
		xinetd haproxy nginx idle php-fpm} {
		set table [string map "@USER@ $user" [example_table $name.conf]]
		if {![root]} { set table [string map [list {"nobody"} "\"$user\""] $table] }
		write $name.conf $table
		# Where the sources lie, nobody may be kept from reading them: that is not the table's fault.
		lassign [answer --check --no-preflight -f %/$name.conf] status output errors
		expect {$status == 0} "$name: $errors"
		lacks $errors error:
		if {$name eq "inetd"} { has $output "inetd.conf, 4 services" }
		if {$name eq "xinetd"} { has $output "xinetd.conf, 2 services" }
	}
}

# What superd --print makes of a table, without the settings of superd itself.
proc printed_services {source} {
	lassign [answer --print --no-preflight -f $source] status output errors
	expect {$status == 0} "$source: $errors"
	regsub {.*?superd \{\n.*?\n\}\n\n} $output ""
}

# The running table can be had back: what superctl show prints, superd reads as the same services.
test show_prints_what_superd_reads {
	enter
	foreach {format names} {superd {behind builtin cat datagram demo gate health idle metrics redirect settings status}
		inetd inetd xinetd xinetd} {
		foreach name $names {
			superd -control -format $format -arguments --no-preflight [string map "@USER@ $user" [example_table $name.conf]]
			node %/control
			lassign [superctl show] status output errors
			expect {$status == 0} "$name: $errors"
			write shown.conf $output
			is [printed_services %/shown.conf] [printed_services $format:[table]]
			stop
		}
	}
}
