# accept = no with only_from and no_access: superd never sees these clients, so the kernel keeps to the rules, at the socket
# itself. What must hold is that nobody refused is ever in the queue, through a reload too.
suite filter

# Debian lets root alone have the kernel look at a socket's clients.
proc needs_filters {} {
	needs {[root] || [string index [read /proc/sys/kernel/unprivileged_bpf_disabled] 0] eq "0"} \
		"this kernel lets root alone put a filter on a socket"
}

proc row {endpoint program {options ""}} {
	filled {service handed { listen = "$endpoint" exec = "$backend $program" $options }}
}
proc handed {endpoint program {options ""} args} { superd -clock {*}$args [row $endpoint $program $options] }

# Loopback hands a packet over before the sender goes on, so who comes later is in the queue later.
proc lets_in_only {friend stranger} {
	set before [lines %/marks]
	set refused [approach handed $stranger]
	advance 1h
	expect {[quiet $refused]} "$stranger was served"
	expect {[lines %/marks] == $before} "$stranger started it"
	set served [connect handed -from $friend]; greet $served
	wait {[lines %/marks] == $before + 1}
	close $refused $served
}

# A process beside superd sets rules on a socket that a program has or has had. Only superctl waits for that.
proc change {args} { reload [row {*}$args]; settle }

test a_refused_client_starts_nothing {
	needs_filters
	handed 127.0.0.1:0 "-m %/marks take 1" {only_from = { "127.0.0.1", "127.1.0.0/16" } no_access = "127.1.0.7"}
	lets_in_only 127.0.0.1 127.0.0.2
	lets_in_only 127.1.0.6 127.1.0.7
}

test a_dual_stack_socket_tells_clients_of_ipv4_apart {
	needs_filters
	handed *:[free_port] "-m %/marks take 1" {no_access = "127.0.0.2"}
	lets_in_only 127.0.0.1 127.0.0.2
}

test a_reload_changes_who_may_come_on_the_open_socket {
	needs_filters
	set endpoint 127.0.0.1:[free_port]
	handed $endpoint "-m %/marks take 1" {only_from = "127.0.0.1"}
	log "handed: listening on "
	lets_in_only 127.0.0.1 127.0.0.2
	change $endpoint "-m %/marks take 1" {only_from = "127.0.0.2"}
	lets_in_only 127.0.0.2 127.0.0.1
	change $endpoint "-m %/marks take 1"
	pid handed
	expect {[count "handed: listening on "] == 1}
}

proc stranger_and_friend {} { uplevel 1 { set stranger [datagrams handed 127.0.0.2]; set friend [datagrams handed 127.0.0.1] } }

test with_intercept_every_datagram_is_looked_at {
	handed udp:127.0.0.1:0 "-m %/marks datagrams 1000000" {only_from = "127.0.0.1" filter_every_packet = yes}
	stranger_and_friend
	put $stranger "let me in"
	datagram_answers $friend
	put $stranger "and now"
	advance 1h
	expect {[quiet $stranger]}
	datagram_answers $friend again
	expect {[lines %/marks] == 1}
	expect {![logged 127.0.0.2]}
	close $stranger $friend
}

test while_a_backend_has_the_datagrams_the_kernel_looks_at_every_one {
	handed udp:127.0.0.1:0 "-m %/marks datagrams 1000000" {only_from = "127.0.0.1"}
	stranger_and_friend
	foreach starts {1 2} {
		set answer [datagram $friend hello]
		is [said $answer] hello
		set refused [count "refused 127.0.0.2"]
		put $stranger "now that it runs"
		advance 1h
		expect {[quiet $stranger] && [count "refused 127.0.0.2"] == $refused}
		kill [lindex $answer 0] TERM
		wait {[processes] == 0}
		put $stranger "now that it has ended"
		settle
		expect {[count "refused 127.0.0.2"] == $refused}
		expect {[lines %/marks] == $starts}
	}
	close $stranger $friend
}

test a_reload_changes_the_rules_of_a_running_server_of_datagrams {
	set endpoint udp:127.0.0.1:[free_port]; set program "-m %/marks datagrams 1000000"
	handed $endpoint $program
	stranger_and_friend
	log "handed: listening on "
	datagram_answers $friend
	datagram_answers $stranger
	change $endpoint $program {only_from = "127.0.0.1"}
	put $stranger "and now"
	advance 1h
	expect {[quiet $stranger]}
	datagram_answers $friend again
	change $endpoint $program
	datagram_answers $stranger "at last"
	expect {[lines %/marks] == 1}
	close $stranger $friend
}

proc echoes {client is_stream} {
	if {$is_stream} { send $client hello; is [line $client] hello } else { is [datagram $client hello] hello }
}

# A process of superd's own takes the clients, and goes on through the reload, as its first client stays.
proc obeys_new_rules {kind work redirects} {
	needs_filters
	if {$redirects && $work ne ""} { needs {![root] || [has_users]} "needs a build that every user can reach" }
	set is_stream [expr {$kind eq ""}]
	set here ${kind}127.0.0.1; set port [free_port]; set target [free_port]
	if {$redirects} { append work " redirect = \"127.0.0.1 $target\"" }
	set table {
		defaults { user = "$user" }
		service handed { listen = "$here:$port" $work only_from = "$friend" }
		service target { listen = "$here:$target" accept = yes builtin = echo }
	}
	set friend 127.0.0.1
	superd -clock $table
	log "target: listening on "
	set first [expr {$is_stream ? [connect $port -from $friend] : [datagrams $port $friend]}]
	echoes $first $is_stream
	set friend 127.0.0.2
	reload $table
	settle
	set old [expr {$is_stream ? [approach $port 127.0.0.1] : [datagrams $port 127.0.0.1]}]
	if {!$is_stream} { put $old hello }
	set new [expr {$is_stream ? [connect $port -from $friend] : [datagrams $port $friend]}]
	echoes $new $is_stream
	settle
	expect {[quiet $old]}
	counts "handed: started" 1
	if {$is_stream} { echoes $first $is_stream }
	close $first $old $new
	stop
}

set relay {exec = "/bin/sleep 1000"}
test a_reload_changes_the_rules_of_a_running_redirect { obeys_new_rules "" "" yes }
test a_reload_changes_the_rules_of_a_running_redirect_of_datagrams { obeys_new_rules udp: "" yes }
test a_reload_changes_the_rules_of_a_running_relay { obeys_new_rules "" $relay yes }
test a_reload_changes_the_rules_of_a_running_relay_of_datagrams { obeys_new_rules udp: $relay yes }
test a_reload_changes_the_rules_of_a_running_builtin { obeys_new_rules "" "builtin = echo" no }

# Superd hands a socket of datagrams over also where it accepts.
test senders_are_judged_while_the_server_of_a_burst_runs {
	handed udp:127.0.0.1:[free_port] "datagrams 1000000" {accept = yes only_from = "127.0.0.1"}
	stranger_and_friend
	log "handed: listening on "
	datagram_answers $friend
	put $stranger hello
	datagram_answers $friend again
	settle
	expect {[quiet $stranger]}
	counts "handed: started" 1
	close $stranger $friend
}

test rules_end_with_the_row_that_had_them_also_where_the_sockets_change {
	set port [free_port]; set next [free_port]
	handed udp:127.0.0.1:$port "-m %/marks datagrams 300" {only_from = "127.0.0.1"}
	stranger_and_friend
	log "handed: listening on "
	datagram_answers $friend
	reload {service handed { listen = { "udp:127.0.0.1:$port", "udp:127.0.0.1:$next" }
		exec = "$backend -m %/marks datagrams 300" }}
	settle
	# The kernel's rules go beside superd's loop, as above.
	wait {[put $stranger "at last"; settle; expr {![quiet $stranger]}]}
	datagram_answers $stranger "at last"
	close $stranger $friend
}

test a_socket_that_superd_was_given_keeps_to_the_rules {
	set port [free_port]; set listener [listener $port]
	needs_filters
	handed 127.0.0.1:$port "-m %/marks take 1" {only_from = "127.0.0.1"} -listener $listener
	close $listener
	log (inherited)
	lets_in_only 127.0.0.1 127.0.0.2
}

test names_of_hosts_are_refused_by_check {
	write names.conf "service handed {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/true\"\n only_from = \".example.org\"\n}\n"
	lassign [answer --check -f %/names.conf] status output errors
	expect {$status == 1}
	has $errors names.conf:4 "handed: only_from: with accept = no the kernel enforces it"
}
