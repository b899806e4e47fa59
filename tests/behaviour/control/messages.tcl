# What is said of a table that is partly wrong: in the order of its lines, each mistake once, and of tables of inetd and xinetd in
# words that they have.
suite messages

# The errors of a check; and whether it has this status.
proc check {table {format ""}} {
	lindex [answer --check -f $format[write table $table]] 2
}
proc once {text part} { is_there 1 $text $part }

# A service of xinetd.conf.
proc row {name more} {
	filled {service $name
{
	type = UNLISTED
	socket_type = stream
	wait = no
	user = $user
$more}
}
}

test come_in_the_order_of_the_lines {
	set errors [check {7001 stream tcp4 nowait $user /no/such/program program
7002 stream tcp4 nowait
nosuchservice stream tcp4 nowait $user /bin/cat cat
7004 streem tcp4 nowait $user /bin/cat cat
} inetd:]
	set at 0
	foreach line {1 2 3 4} {
		set at [string first "[path table]:$line:" $errors $at]
		expect {$at >= 0} "line $line is not told in its place: $errors"
		incr at
	}
}

# As in small images, where nothing is wrong with the name.
test tell_of_missing_names_of_ports {
	private_hosts
	set inetd "daytime stream tcp nowait root internal\n"
	file delete /etc/services
	lassign [answer --check -f inetd:[write inetd.conf $inetd]] status output errors
	expect {$status == 1}
	has $errors "daytime: 'daytime': no tcp port of this name is known: /etc/services: No such file or directory" \
		"hint: write the number, or install the file (Debian: netbase)"
	private_file /etc/services "\n"
	has [check $inetd inetd:] "daytime: 'daytime': services(5) has no tcp port of this name; a number does not need it"
	private_file /etc/services "daytime 13/tcp\n"
	expect {[lindex [answer --check -f inetd:%/inetd.conf] 0] == 0}
}

test of_other_tables_speak_no_superd_conf {
	set missing no-such-host.invalid
	set errors [check {$missing:7001 stream tcp nowait $user /no/such/program program
nosuchservice stream tcp nowait $user /bin/cat cat
7003 stream tcp4 wait $user /bin/cat cat
*:7003 stream tcp46 wait $user /bin/cat cat
} inetd:]
	has $errors "nosuchservice: 'nosuchservice': services(5) has no tcp port of this name" \
		": /no/such/program: there is no such program"
	once $errors "'$missing': "
	lacks $errors "does without it" "listen: " "exec = " reuse_port
	set errors [check [row a "\tport = 7001\n\tserver = /bin/cat\n\tbind = $missing\n"][row b \
		"\tport = 7002\n\tserver = /no/such/program\n\tbind = 192.0.2.77\n"] xinetd:]
	has $errors "%/table:9:2: error: a: '$missing': "
	lacks $errors "listen: "
}

test one_port_twice_is_one_mistake_of_both_families {
	set cat "\tport = 7001\n\tserver = /bin/cat\n"
	set errors [check [row a $cat][row b $cat] xinetd:]
	once $errors "error: b: tcp4:7001 is claimed already by a"
	once $errors "error: "
	has $errors "hint: choose another port or address\n"
	# The other family alone is a mistake, too.
	once [check {http stream tcp nowait $user /bin/cat cat
80 stream tcp6 nowait $user /bin/cat cat
} inetd:] "error: "
}

# Only the machine knows which folders are one: the second socket finds the node in use.
test one_node_by_two_paths_is_that_of_the_first {
	file mkdir [path run]
	file link -symbolic [path var-run] [path run]
	set node [path run/x]
	superd {service a { listen = "%/run/x" exec = /bin/cat accept = yes }
		service b { listen = "%/var-run/x" exec = /bin/true accept = yes }}
	log "b: cannot listen on %/var-run/x"
	expect {![logged "a: cannot listen"]}
	is [ask $node here] here
}

test of_superd_conf_name_its_options {
	has [check {service b { listen = "127.0.0.1:7002" user = $user exec = /bin/cat }
		service c { listen = "127.0.0.1:7002" user = $user exec = /bin/cat }
	}] "or set reuse_port = yes"
}

test say_what_was_meant {
	has [check [row a "\tport = 7001\n\tserver = /bin/cat -u\n"][row b \
		"\tport = 7002\n\tserver = /bin/cat\n\tflags = NODELAY, KEEPALIVE\n"][row c \
		"\tport = 7003\n\tserver = /bin/cat\n\ttype += RPC\n"] xinetd:] "hint: the program's arguments belong in server_args" \
		"hint: separate words by blanks, not commas" "hint: write all its words after one ="
	set errors [check {7001 STREAM tcp nowait $user /bin/cat cat
xx stream tcp nowait $user /bin/cat cat
} inetd:]
	has $errors "'STREAM' is no type of socket: known are stream, dgram, raw and seqpacket"
	lacks $errors "did you mean"; # of two letters any word is near
}

test check_counts_what_is_off_and_what_is_left_out {
	write table [row good "\tport = 7001\n\tserver = /bin/cat\n"][row off \
		"\tport = 7002\n\tserver = /bin/cat\n\tdisable = yes\n"][row bad "\tport = 7003\n\tserver = /bin/cat\n\tinstances = many\n"]
	lassign [answer --check --keep-going -f xinetd:%/table] status output errors
	is $output "%/table: xinetd.conf, 2 services, 1 of them disabled, 1 skipped\n"
	has $errors "; service 'bad' is skipped"
}

test a_socket_that_cannot_be_had_is_a_line_an_attempt {
	set port [free_port]; set taken [listener $port]
	superd {service web { listen = "127.0.0.1:$port" exec = "$backend serve" }}
	log "web: cannot listen on "; log "; next try in "
	expect {![logged "web: next try"]}
	expect {[regexp {cannot listen on[^\n]*} [read [logfile]] line]}
	once $line [error_text EADDRINUSE]
	# Who has it is looked for in a bounded time, which is too short now and then.
	wait {[logged "(pid $self ("]}
	close $taken
	pid web
}

test optional_sockets_of_which_none_can_be_had_are_a_line_each {
	set port [free_port]; set taken [listener $port]
	superd -clock {service web { listen = "127.0.0.1:$port" exec = "$backend serve" optional = yes }}
	log "web: none of its sockets can be opened; next try in "
	repeat 5 { advance 1min }
	expect {[count "web: cannot listen on "] + [count "web: warning: cannot listen on "] == 1}
	close $taken
	until 1min {[logged "web: listening on"]}
}

test a_program_that_cannot_be_started_is_a_line_an_attempt {
	superd -arguments --no-preflight {service web { listen = "127.0.0.1:0" exec = "%/missing" }}
	close [connect web]
	log "web: cannot start: "; log "; next start in "
	signal USR1
	log "superd: {\"services\":1,\"unlisted\":0,\"instances\":0}\n"
	expect {![logged "web: next start"]}
}

test a_pause_is_told_in_words_that_every_table_has {
	superd {service web { listen = "127.0.0.1:0" accept = yes exec = "/bin/true"
		trigger_limit_burst = 3 trigger_limit_interval = 60s trigger_limit_pause = 60s }}
	port web
	repeat 4 { close [connect web] }
	log "server failing (looping)"
	signal USR1
	log "more than 3 connections in 1 min"
}

test services_of_two_families_are_listed_once {
	set port [free_port]
	superd {service offer { listen = "127.0.0.1:0" user = "$user" accept = yes builtin = services }
		service both { user = "$user" accept = yes builtin = echo
			socket four { listen = "tcp:127.0.0.1:$port" }
			socket six { listen = "tcp:[::1]:$port" optional = yes } }}
	log "both: listening on tcp:127.0.0.1:"
	once [told offer] "both tcp "
}

test a_misspelt_option_has_a_hint {
	set errors [check {service a { listen = "127.0.0.1:7001" acept = yes user = $user exec = /bin/cat }}]
	once $errors "error: "
	has $errors "hint: did you mean 'accept'?"
}
