# What an inetd or xinetd serves of a table that is partly wrong, and a reload that finds nothing where there was
# something.
suite keep_going
uses tables

# A service of xinetd.conf, a row of inetd.conf.
proc entry {port {more ""}} { replaced [service s$port $port "" "\tuser = $::user\n\tserver = /bin/cat\n$more"] "\tbind = 127.0.0.1\n" "" }
proc row {port arguments} { return "127.0.0.1:$port stream tcp nowait $::user /bin/cat $arguments\n" }

# That of a table these services are printed, and these are not, and that this is said.
proc keeps {source printed left args} {
	lassign [answer --print --keep-going -f $source] status output errors
	expect {$status == 0} $errors
	has $output {*}$printed
	foreach part $left { lacks $output $part }
	foreach part $args { has $errors $part }
}

test passes_over_what_is_no_entry_and_over_includes_that_are_missing {
	write file "# no folder\n"
	write xinetd.conf "hello world\n\}\ninclude %/missing\nincludedir %/file\n[entry 7001]\}\n[entry 7002]"
	keeps xinetd:%/xinetd.conf {"service s7001 " "service s7002 "} {} \
		"%/xinetd.conf:1:1: warning: this begins no entry; it is skipped" \
		"%/xinetd.conf:3:1: error: cannot read " "%/xinetd.conf:4:1: error: includedir: "
	expect {[lindex [answer --print -f xinetd:%/xinetd.conf] 0] == 1} "without it an error stays one"
}

# A line of inetd.conf for both families makes two services.
test names_the_first_service_of_an_entry {
	write inetd.conf "7001 stream tcp wait no-such-user /bin/cat cat\n7002 stream tcp4 wait no-such-user /bin/cat cat\n"
	has [lindex [answer --check --keep-going -f inetd:%/inetd.conf] 2] \
		"there is no such user here; service '7001' is skipped\n" \
		"there is no such user here; service '7002' is skipped\n"
}

test leaves_out_only_who_would_go_by_broken_defaults {
	write xinetd.conf "defaults\n{\n\tinstances = two\n\tfoo = bar\n}\n[entry 7001][entry 7002 "\tinstances = 5\n"]"
	keeps xinetd:%/xinetd.conf {"service s7002 "} {"service s7001 "} \
		"%/xinetd.conf:3:14: error: instances: " "%/xinetd.conf:4:2: warning: unknown attribute 'foo'" \
		"%/xinetd.conf:6:1: warning: this entry is skipped because of errors in a part that it depends on"
}

test refuses_of_a_file_only_the_lines_that_are_no_text {
	file mkdir [path inetd.d]
	write inetd.d/good "\ufeff[row 7001 cat][row 7002 c\1t][row 7003 cat]"
	set bad [open [path inetd.d/bad] wb]; chan puts $bad [row 7004 cat]\0; chan close $bad
	exec ln -s /nowhere/at/all [path inetd.d/gone]
	keeps inetd:%/inetd.d {:7001 :7003} {:7002 :7004} "inetd.d/good:1:1: warning: a byte order mark" \
		"the control character \\x01: a configuration is plain text; service '7002' is skipped" \
		"inetd.d/bad:2:1: error: a NUL byte: this is no text file" "inetd.d/gone: error: cannot read: No such file"
}

test refuses_of_xinetd_conf_only_the_entry_whose_line_is_no_text {
	write xinetd.conf [entry 7001][entry 7002 "\tserver_args = \1\n"][entry 7003]
	keeps xinetd:%/xinetd.conf {"service s7001 " "service s7003 "} {"service s7002 "} \
		"the control character \\x01: a configuration is plain text; service 's7002' is skipped"
}

test bounds_what_it_says_and_not_what_it_passes_over {
	for {set n 0} {$n < 300} {incr n} { append lines "s$n stream tcp maybe root /bin/cat cat\n" }
	write inetd.conf $lines[row 7001 cat]
	keeps inetd:%/inetd.conf :7001 {} "and 100 more\n"
	is_there 200 [lindex [answer --print --keep-going -f inetd:%/inetd.conf] 2] ": warning: "
}

# The service is known by its id, which is what cannot be read.
test a_reload_keeps_the_service_whose_id_is_wrong_now {
	set port [free_port]
	xinetd -arguments --keep-going [service http $port lines "\tid = web\n"]
	listening tcp:127.0.0.1:$port
	reload "# another line\n[service http $port lines "\tid\n"]"
	log "its configuration has errors now: the previous one stays in effect"
	expect {[reachable $port]}
	reload "# nothing\n"
	wait {![reachable $port]}
}

# An unknown line may be a misspelt id; but the file had a service of this name.
test a_reload_keeps_no_other_service_of_the_file {
	set port [free_port]; set other [free_port]
	xinetd -arguments --keep-going [service http $port lines][service gone $other lines]
	listening tcp:127.0.0.1:$port tcp:127.0.0.1:$other
	reload [service http $port lines "\tinstancess = 3\n"]
	log "http: warning: its configuration has errors now: the previous one stays in effect"
	wait {![reachable $other]}
	expect {[reachable $port]}
}

test an_entry_that_was_wrong_before_keeps_nothing {
	set port [free_port]; set wrong [service http [free_port] lines "\tinstancess = 3\n"]
	xinetd -arguments --keep-going $wrong[service gone $port lines]
	listening tcp:127.0.0.1:$port
	reload $wrong
	wait {![reachable $port]}
}
