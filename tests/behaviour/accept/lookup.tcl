# Clients that are asked about before they are let in: by the name of their machine, by hosts.allow and hosts.deny, by their
# ident server. Real questions, in a network and an /etc of the test's own.
suite lookup
uses ident

proc run_echo {options} {
	superd {service echo { listen = "0.0.0.0:0" accept = yes user = root exec = "/bin/cat" $options }}
}

proc is_served {from} { echoes_and_goes [connect echo -from $from] }
proc is_refused {from} {
	set client [connect echo -from $from]; send $client hello
	end_of $client
	close $client
}

test only_from_takes_hosts_and_domains_by_their_names {
	enter
	run_echo "only_from = { client.example.org, .example.com, 127.0.0.7 }"
	is_served 127.0.0.2
	is_served 127.0.0.7
	is_refused 127.0.0.3
	is_refused 127.0.0.4    ;# it has no name
}

test no_access_keeps_a_domain_out {
	enter
	run_echo "no_access = .example.net"
	is_served 127.0.0.2
	is_refused 127.0.0.3
}

test the_clients_of_a_service_with_a_long_name_are_asked_about_too {
	enter
	set name [string repeat long 30]
	superd {service $name { listen = "0.0.0.0:0" accept = yes user = root exec = "/bin/cat" only_from = client.example.org }}
	echoes_and_goes [connect $name -from 127.0.0.2]
}

test hosts_allow_and_hosts_deny_decide {
	enter_wrapped "ourecho: 127.0.0.2\n" "ourecho: ALL\n"
	run_echo "libwrap = ourecho"
	is_served 127.0.0.2
	is_refused 127.0.0.3
	log "refused 127.0.0.3"
	private_file /etc/hosts.allow "ourecho: 127.0.0.3\n"    ;# the files are looked at afresh
	is_refused 127.0.0.2
	is_served 127.0.0.3
}

test who_was_asked_about_is_told_as_in_the_bsds {
	enter_wrapped "# nobody\n" "# nobody\n"
	run_echo "libwrap = superd-tests"
	is_served 127.0.0.2
	log "for 127.0.0.2"
	expect {![logged "connection from"]} "there was no rule to ask for"
	private_file /etc/hosts.deny "superd-tests: 127.0.0.3\n"
	is_served 127.0.0.4
	log "\nconnection from 127.0.0.4, service echo (tcp)\n"
	is_refused 127.0.0.3
	log "\nrefused connection from 127.0.0.3, service echo (tcp)\n"
}

proc waits {flags} {
	return "service waits\n{\n type = UNLISTED\n port = 4001\n socket_type = stream\n protocol = tcp\n wait = yes\n user = root\n server = /bin/true\n$flags}\n"
}

# xinetd asks about the listening socket there, which is nobody's, and so refuses all of them where any are refused.
test a_server_with_the_listener_is_refused_where_rules_turn_clients_away {
	enter_wrapped "" ""
	set table xinetd:[write xinetd.conf [waits ""]]
	set meant xinetd:[write meant.conf [waits " flags = NOLIBWRAP\n"]]
	expect {[lindex [answer --check -f $table] 0] == 0}
	private_file /etc/hosts.deny "ALL: 192.0.2.1\n"
	lassign [answer --check -f $table] status output errors
	expect {$status == 1}
	has $errors "error: waits: hosts.allow or hosts.deny has rules, but with wait = yes"
	expect {[lindex [answer --check -f $meant] 0] == 0}
}

# A command is started for strangers, so it needs the word of the row.
test commands_of_hosts_allow_run_only_where_the_row_asks_for_them {
	enter_wrapped "echod: 127.0.0.2: spawn (echo ran >%/note)\nechod: 127.0.0.3: twist (echo twisted)\n" "ALL: ALL\n"
	run_echo "libwrap = echod"
	is_served 127.0.0.2
	is_refused 127.0.0.3
	log "refused 127.0.0.3"
	is_refused 127.0.0.4
	expect {![exists %/note]}
	wait {[processes] == 0}
}

# As in hosts_access(5): it goes on behind the answer.
test commands_of_hosts_allow_in_the_background_run_to_their_end {
	exec mkfifo -m 666 [path fifo]
	enter_wrapped "echod: ALL: spawn (cat <%/fifo; echo done >>%/note) &\n" ""
	run_echo {libwrap = "echod commands"}
	repeat 30 { is_served 127.0.0.2 }
	wait {[catch { chan close [open [path fifo] {WRONLY NONBLOCK}] }] >= 0 && [lines %/note] == 30}
}

# As tcpd's, which sends what it can read.
test banners_of_hosts_allow_that_cannot_be_read_keep_nobody_out {
	enter_wrapped "echod: 127.0.0.2: banners %/shown : allow\n" "ALL: ALL\n"
	file mkdir [path shown]
	file attributes [path shown] -permissions 0700
	run_echo "libwrap = echod"
	is_served 127.0.0.2
	is_refused 127.0.0.3
}

test a_twist_takes_the_client {
	enter_wrapped {echod: 127.0.0.2: twist (read line; echo twisted $line; read line; echo again $line)
} ""
	run_echo {libwrap = "echod commands"}
	set client [connect echo -from 127.0.0.2]
	send $client hello
	is [line $client] "twisted hello"
	send $client you
	is [line $client] "again you"
	end_of $client
	close $client
	is_served 127.0.0.3
	wait {[processes] == 0}
}

test the_program_of_a_twist_ends_with_superd {
	enter_wrapped "echod: ALL: twist (echo here; exec sleep 1000)\n" ""
	run_echo {libwrap = "echod commands"}
	set client [connect echo -from 127.0.0.2]
	is [line $client] here
	stop
	end_of $client
	close $client
}

test id_only_takes_clients_whose_user_is_named {
	enter
	set server [ident_server]
	run_echo "id_only = yes"
	set named [connect echo -from 127.0.0.2]
	reply_next $server
	echoes $named
	set unnamed [connect echo -from 127.0.0.2]
	reply_next $server "ERROR : NO-USER"
	end_of $unnamed
	close $server
	set unnamed [connect echo -from 127.0.0.2]
	end_of $unnamed         ;# there is no ident server at all
}

test userid_is_logged_as_the_server_wrote_it {
	enter
	set server [ident_server]
	run_echo [filled {log_type = { FILE, "%/log" } log_on_success = { HOST, USERID }}]
	set client [connect echo -from 127.0.0.2]
	reply_next $server
	echoes $client
	sees {read %/log} "USERID: echo UNIX : somebody\n"
	sees {read %/log} "START: echo"
	set text [read %/log]
	expect {[string first "USERID: echo" $text] < [string first "START: echo" $text]} $text
	close $client $server
}

test a_slow_question_holds_nobody_else_up {
	enter
	set server [ident_server]
	superd {defaults { user = root }
		service asked { listen = "0.0.0.0:0" accept = yes exec = "/bin/cat" id_only = yes }
		service echo { listen = "0.0.0.0:0" accept = yes exec = "/bin/cat" }
	}
	repeat 8 { lappend waiting [connect asked -from 127.0.0.2] }
	is_served 127.0.0.2
	repeat 8 { reply_next $server }
	foreach client $waiting { echoes_and_goes $client }
	close $server
}
