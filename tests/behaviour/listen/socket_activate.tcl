# superd -l in the place of systemd-socket-activate: its options, and what its command is given, beside the real one where that is
# installed.
suite socket_activate

set peer /usr/bin/systemd-socket-activate

proc activate {args} { superd -tableless -arguments "--log-level info $args" "#\n" }
proc finds {report args} { fields [reported $report] {*}$args }

test accept_and_inetd_echo_and_superd_stays {
	activate --listen 127.0.0.1:0 --accept --inetd cat
	is [ask cat hello] hello
	is [ask cat "and again"] "and again"
}

# What it prints goes to superd's own terminal, so superd cannot know that its port was in use.
test a_program_that_ends_may_open_its_port_itself {
	activate -l 127.0.0.1:0 --now -- /bin/false
	log "exit status 1; if it opens its port itself: pass = bind (with -l: --bind)"
}

test check_prints_what_it_has_checked {
	lassign [answer --check -l 127.0.0.1:8280 -- /bin/cat] status output errors
	expect {$status == 0} $errors
	is $output "the command line: 1 service\n"
}

# As Go and Caddy write it.
test a_port_may_have_a_colon_before_it {
	lassign [answer --print -l :8280 -- /bin/cat] status output errors
	expect {$status == 0} $errors
	has $output {listen = "tcp:8280"}
}

# superd's answer in the folder of the test, where a program "server" is.
proc printed_there {endpoint {option ""}} {
	run /bin/sh -c "cd [path .] && exec $::superd --print $option -l $endpoint -- ./server"
}

# As the shell's are.
test relative_paths_begin_at_the_current_folder {
	write server "#!/bin/sh\nexec cat\n" 755
	foreach {given kind name} {./s "" s ../s "" ../s unix:s "" s .//./sub/s "" sub/s fifo:f fifo: f unix-dgram:./s unix-dgram: s} {
		lassign [printed_there $given] status output errors
		expect {$status == 0} $errors
		has $output "listen = \"$kind[path $name]\" \175\n" "exec = \"[path server]\"\n" "argv0 = \"./server\"\n"
	}
	expect {[lindex [printed_there 127.0.0.1:0 --seqpacket] 0] == 1} "that is an address"
	has [lindex [printed_there ./s --seqpacket] 1] "seqpacket:[path s]\""
	lassign [printed_there 8280 "--control sub/control"] status output errors
	expect {$status == 0} $errors
	has [lindex [printed_there 8280 "--control nnone"] 2] \
		"expected a path with a slash, such as ./control, @name, or none"
}

test a_program_of_the_current_folder_runs {
	write server "#!/bin/sh\nexec $backend \"\$@\"\n" 755
	set before [pwd]
	cd [path .]
	activate --control ./control -l 127.0.0.1:0 -- ./server take 1
	pid server
	wait {[exists %/control]}
	cd $before
}

test now_starts_without_a_client {
	activate -l 127.0.0.1:0 --now -- $tests/report --stay %/report
	finds %/report env.LISTEN_FDS 1
	stop
}

test the_command_is_started_again {
	activate -l 127.0.0.1:0 -- $backend take 1
	set first [pid backend]
	expect {[pid backend] != $first}
}

test what_does_not_go_together_is_refused {
	foreach wrong {
		{-l 127.0.0.1:0 --accept --now -- cat}
		{-l 127.0.0.1:0 -l 127.0.0.1:0 --inetd -- cat}
		{-l 127.0.0.1:0 -d -a -- cat}
		{-l @superd-a -d --seqpacket -- cat}
		{-l 127.0.0.1:0 --seqpacket -- cat}
		{-l udp:127.0.0.1:0 -d -- cat}
		{-l 127.0.0.1:0}
		{-l junk:here -- cat}
		{-d -- cat}
	} {
		lassign [answer {*}$wrong] status output errors
		expect {$status == 1 && $errors ne ""} $wrong
	}
}

test names_are_those_of_the_sockets_in_their_order {
	activate -l %/1 -l %/2 -l %/3 --fdname one:two --fdname=three -- $tests/report %/report
	node %/3
	ask %/2 x
	finds %/report env.LISTEN_FDNAMES one:two:three fd.4.address [path 2]
	stop
}

test one_name_is_that_of_all {
	activate -l %/1 -l %/2 --fdname=both -- $tests/report %/report
	node %/2
	ask %/1 x
	finds %/report env.LISTEN_FDNAMES both:both
	stop
}

test datagrams_and_packets_in_sequence {
	activate -d -l 127.0.0.1:0 -l %/d -- $tests/report %/report
	set client [datagrams report]
	is [datagram $client "x\n"] "reported\n"
	close $client
	finds %/report fd.3.type datagram fd.4.type datagram
	stop
	activate --seqpacket -l %/s -- $tests/report %/other
	node %/s
	set client [connect %/s -type seqpacket]
	finds %/other fd.3.type seqpacket
	close $client
}

proc needs_peer {} { needs {[exists $::peer]} "there is no systemd-socket-activate here (Debian: systemd)" }

# Reports of one and of the other, but for what each says of itself.
test gives_its_command_what_the_real_one_does {
	needs_peer
	array set env {SHADE dark TERM dumb STRAY 1}
	set options {--fdname=mine -E COLOUR=blue -E SHADE --}
	superd -tableless -arguments [list --log-level info -l 127.0.0.1:0 {*}$options $tests/report %/ours "a word"] "#\n"
	ask report x
	set port [free_port]
	set theirs [begin $peer -l 127.0.0.1:$port {*}$options $tests/report %/theirs "a word"]
	wait {[reachable $port]}
	set a [reported %/ours]; set b [reported %/theirs]
	finish $theirs
	foreach name {LISTEN_FDS LISTEN_FDNAMES LISTEN_PID COLOUR SHADE PATH HOME TERM} {
		expect {$name in [field $b environment]} "the real one does not set $name"
		expect {$name in [field $a environment]} "superd does not set $name"
		if {$name ne "LISTEN_PID"} { is [field $a env.$name] [field $b env.$name] }
	}
	expect {"STRAY" ni [field $a environment] && "STRAY" ni [field $b environment]}
	foreach key {env.LISTEN_FDS cwd umask argv.2} { is [field $a $key] [field $b $key] }
}

test every_option_of_the_real_one_is_known {
	needs_peer
	set ours [lindex [answer -h] 1]
	lassign [run $peer --help] status theirs
	expect {$status == 0}
	foreach name [regexp -all -inline -- {--[-a-z]*} $theirs] {
		expect {$name eq "--version" || [string first $name $ours] >= 0} "$name is not known"
	}
}
