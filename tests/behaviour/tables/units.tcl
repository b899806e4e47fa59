# systemd's units as they stand: a socket with its service, by name and by folder, without systemd.
suite units
uses unit_files

# superd with what is asked for by -f, in this order.
proc asked {args} {
	foreach source $args { lappend arguments -f $source }
	superd -tableless -arguments $arguments ""
}

set cat "\[Service]\nExecStart=/bin/cat\n$by_input\nUser=$user"

proc answers_all {args} { foreach path $args { node $path; has [ask $path hi] " hi" } }
proc echoes {path text} { node $path; is [ask $path $text] $text }

test a_service_gets_the_sockets_that_lead_to_it_by_their_names {
	pair a {ListenStream=%/a.sock} {ExecStart=$tests/report %/report}
	write b.socket {[Socket]
ListenStream=%/b.sock
Service=a.service
FileDescriptorName=second
}
	asked %/a.socket %/b.socket
	node %/b.sock
	ask %/b.sock x
	fields [reported %/report] env.LISTEN_FDNAMES a.socket:second
	stop
}

test a_connection_has_an_instance_of_the_template {
	write a.socket "\[Socket]\nListenStream=%/a.sock\nAccept=yes\n"
	write a@.service $cat\n
	asked %/a.socket
	echoes %/a.sock "through cat"
	echoes %/a.sock "and again"
	stop
}

test a_folder_is_every_socket_in_it_and_an_instance_needs_no_file {
	write a@.socket "\[Socket]\nListenStream=%/sock-%i\nAccept=yes\n"
	write a@.service $cat\n
	asked %/a@one.socket
	echoes %/sock-one one
	stop
}

test the_example_says_back_what_it_is_told {
	set port [free_port]
	write cat.socket [replaced [example_table units/cat.socket] 127.0.0.1:7777 127.0.0.1:$port]
	write cat@.service [replaced [example_table units/cat@.service] User=nobody User=$user]
	asked %/cat.socket
	log "cat: listening on"
	is [ask $port "through cat"] "through cat"
}

test what_superd_lacks_refuses_a_service_unless_a_warning_is_asked_for {
	pair a {ListenStream=%/a.sock} "ExecStart=/bin/cat\nRootImage=/none"
	foreach {options ends word} {"" 1 error --unsupported=warn 0 warning} {
		lassign [answer --check --no-preflight {*}$options -f %/a.socket] status output errors
		expect {$status == $ends} $errors
		has $errors "a.service:3:11: $word: RootImage: superd cannot honour it"
	}
}

test one_that_is_wrong_is_left_out_and_the_others_run {
	file mkdir [path units]
	pair units/bad {ListenStream=%/bad.sock} "ExecStart=/bin/cat\nKillMode=all"
	pair units/good {ListenStream=%/good.sock
		Accept=yes} "ExecStart=/bin/cat\n$by_input"
	superd -tableless -arguments {--keep-going -f systemd:%/units} ""
	echoes %/good.sock good
	expect {[logged "service 'bad' is skipped"]}
}

# ---- folders as `systemctl enable` leaves them, with what has happened since ----

proc folders {args} { foreach name $args { file mkdir [path $name] } }

# Links in etc/sockets.target.wants, by their targets; the target may not be there.
proc wants {args} {
	foreach target $args { exec ln -s [filled $target] [path etc/sockets.target.wants/[file tail $target]] }
}

# A socket unit, and a service that says its name; both in this folder.
proc named {folder unit path} { pair $folder/$unit ListenStream=$path "ExecStart=$::backend serve" }

# SYSTEMD_UNIT_PATH has etc before lib.
proc run_enabled {} {
	superd -tableless -environment SYSTEMD_UNIT_PATH=%/etc:%/lib -arguments {-f systemd:%/etc/sockets.target.wants} ""
}

test an_enabled_folder_is_read_by_the_names_of_its_links {
	folders etc lib etc/sockets.target.wants etc/web.socket.d
	named lib web %/never
	write etc/web.socket.d/port.conf "\[Socket]\nListenStream=\nListenStream=%/web.sock\n"
	named lib masked %/masked.sock
	exec ln -s /dev/null [path etc/masked.socket]
	named lib own %/packaged.sock
	write etc/own.socket "\[Socket]\nListenStream=%/own.sock\n"
	named lib real %/real.sock
	exec ln -s [path lib/real.socket] [path etc/nick.socket]
	exec ln -s [path lib/real.socket] [path etc/sockets.target.wants/nick.socket]
	named lib each@ %/each-%i
	exec ln -s [path lib/each@.socket] [path etc/sockets.target.wants/each@one.socket]
	wants %/lib/web.socket %/lib/masked.socket %/lib/own.socket %/lib/real.socket
	run_enabled
	answers_all %/web.sock %/own.sock %/real.sock %/each-one
	expect {![exists %/masked.sock] && ![exists %/packaged.sock]}
	expect {[logged "masked.socket is masked: it is skipped"]}
}

# No --keep-going: each unit of a folder is on its own, as with systemd.
test a_leftover_in_an_enabled_folder_costs_itself_alone {
	folders etc lib etc/sockets.target.wants
	foreach unit {good wrong twin} { named etc $unit %/$unit.sock }
	write etc/half.socket "\[Socket]\nListenStream=%/half.sock\n"
	write etc/wrong.socket "\[Socket]\nListenStream=%/wrong.sock\nBacklog=many\n"
	write etc/twin.socket "\[Socket]\nListenStream=%/good.sock\n"
	wants ../good.socket ../good.service %/lib/gone.socket %/none/away.socket round.socket ../half.socket ../wrong.socket \
		../twin.socket ../some.timer
	run_enabled
	answers_all %/good.sock
	foreach said {"gone.socket: there is no such unit" "away.socket: leads to " "round.socket: there is"
		"half.socket:1:1: half.service: there is no such unit" "wrong.socket:3:9: Backlog"
		"is claimed already by good" "some.timer: it is skipped"} {
		expect {[logged $said]}
	}
	stop
	lassign [answer --check -f systemd:%/etc/sockets.target.wants] status output errors
	expect {$status == 1} $errors
	has $output "1 service, 6 skipped"
	expect {[lindex [answer --check -f %/etc/half.socket] 0] == 1} "a unit that is named itself is an error"
}

# A package with both ways to run, as openssh-server: whoever names the daemon gets the daemon alone.
test a_service_beside_a_socket_with_accept_yes_runs_without_it {
	write a.socket "\[Socket]\nListenStream=%/a.sock\nAccept=yes\n"
	write a@.service "\[Service]\nExecStart=/bin/cat\nStandardInput=socket\nUser=$user\n"
	write a.service "\[Service]\nExecStart=/bin/sh -c 'echo daemon; exec sleep 1000'\nUser=$user\n"
	asked %/a.service
	log ": daemon"
	expect {![exists %/a.sock]}
	expect {[logged "a.socket:1:1: not read: it leads to a@.service, not to a.service"]}
}

test a_pid_file_goes_with_its_program_whatever_the_type {
	pair a {ListenStream=%/a.sock} {PIDFile=%/a.pid
		ExecStartPre=/usr/bin/touch %/a.pid
		ExecStart=$backend take 1}
	units a.socket
	node %/a.sock
	has [ask %/a.sock asked] " asked"
	wait {![exists %/a.pid]}
	stop
}

# A reload of a folder of two services: b is gone, and of a something cannot be read.
proc keeps_a_as_it_was_and_no_other {change} {
	foreach name {a b} { pair $name ListenStream=%/$name.sock ExecStart=/bin/cat }
	drop_in a.service RestrictAddressFamilies=AF_UNIX
	exec mv [path a.service.d] [path real]
	exec ln -s real [path a.service.d]
	superd -control -tableless -arguments "-f systemd:%/." ""
	node %/control
	write broken "\[Service\nUser=0\n"
	file delete [path b.socket] [path b.service]
	exec {*}$change
	lassign [superctl reload] status output errors
	has $output$errors "a: failed: " "it keeps its previous configuration" "b: removed"
}

test a_drop_in_that_leads_nowhere_fails_its_service_alone {
	keeps_a_as_it_was_and_no_other [list ln -sf none [path real/test.conf]]
}

test a_drop_in_with_a_broken_header_fails_its_service_alone {
	keeps_a_as_it_was_and_no_other [list cp [path broken] [path real/test.conf]]
}

test a_folder_of_drop_ins_that_leads_nowhere_fails_its_service_alone {
	keeps_a_as_it_was_and_no_other [list rm -r [path real]]
}

test a_socket_with_a_service_of_its_own_is_no_further_one {
	foreach more {"" \nAccept=yes} {
		pair a ListenStream=%/a.sock "ExecStart=/bin/cat\nSockets=b.socket"
		pair b "ListenStream=%/b.sock$more" ExecStart=/bin/cat
		lassign [answer --check --no-preflight -f %/a.socket] status output errors
		expect {$status == 1} $errors
		has $errors "a.service:3:1: error: Sockets: b.socket leads to another service"
		file delete [path b.service]
	}
}

test an_instance_and_a_unit_with_an_alias_need_what_their_other_names_do {
	folders a@.service.requires nick.service.wants
	foreach unit {a@ b dep} { write $unit.service "\[Service]\nExecStart=/bin/cat\n" }
	write a.socket "\[Socket]\nListenStream=%/a.sock\nService=a@x.service\n"
	write b.socket "\[Socket]\nListenStream=%/b.sock\n"
	foreach {link target} {nick.service b.service a@.service.requires/dep.service ../dep.service
		nick.service.wants/dep.service ../dep.service} {
		exec ln -s $target [path $link]
	}
	lassign [answer --print --no-preflight -f %/a.socket -f %/b.socket] status output errors
	has $output "requires = dep" "wants = dep"
}

test a_socket_that_cannot_be_read_keeps_a_service_of_another_name {
	pair app ListenStream=%/app.sock ExecStart=/bin/cat
	file delete [path app.socket]
	write a.socket "\[Socket]\nListenStream=%/a.sock\nService=app.service\n"
	superd -control -tableless -arguments "-f systemd:%/." ""
	node %/control
	file mkdir [path a.socket.d]
	exec ln -s none [path a.socket.d/test.conf]
	lassign [superctl reload] status output errors
	has $output$errors "1 unchanged"
	lacks $output$errors "app: removed"
}
