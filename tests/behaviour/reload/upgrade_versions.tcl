# Upgrades between two versions: a state that says more than this superd knows, or less, or other things by the same
# words.
suite upgrade_versions
uses reloads

set sections {ANOTHER_LACKS=[idle][latency][thaw_latency][search][control][withdrawal][opening][refresh][released][denied]}

# superd at a place where another version stands by now, and a client with a session.
proc run_before {another} {
	global client session
	exec ln -s $::superd [path superd]
	start_controlled [web 0 lines "accept = yes instances = 5"] -program [path superd] -environment [list ANOTHER=$another SUPERD_REAL=$::superd $::sections]
	set client [connect web]; send $client hello
	set session [lindex [line $client] 0]
	exec ln -s $::tests/another [path newer]
	file rename -force [path newer] [path superd]
}

# The session is there still, and who comes is served.
proc finish_session {} {
	greet $::client again; close $::client
	answers web new
	stop
}

test what_a_newer_one_has_added_is_left_out {
	run_before newer
	signal HUP; log "reloaded: "            ;# which opens what every reload needs
	set before [descriptors]
	lassign [superctl upgrade] status output errors
	expect {$status == 0} $output$errors
	log "superd: upgraded from 99.9 to "
	descriptors_at_most $before
	finish_session
}

test what_an_older_one_did_not_know_is_as_if_there_were_nothing {
	run_before older
	lassign [superctl upgrade] status output errors
	expect {$status == 0} $errors
	regexp {^superd (\S+)} [lindex [answer --version] 1] all version
	is $output "superd: upgraded from 99.9 to $version\n"
	log "superd: upgraded from 99.9 to "
	finish_session
}

test another_format_leaves_the_old_one_running {
	run_before format
	lassign [superctl upgrade --check] status output errors
	expect {$status == 1}
	has $errors "superctl: an upgrade would fail: "
	expect {[logged "superd: an upgrade would fail: "]}
	expect {![logged "superd: not upgraded: "]}
	lassign [superctl upgrade] status output errors
	expect {$status == 1}
	has $errors ", and this superd" " reads "
	expect {[logged "superd: not upgraded: "]}
	expect {![logged "upgraded from"]}
	finish_session
}

# Nothing brings it back, but nobody is told that all is well.
test one_that_ends_in_the_end_is_not_called_done {
	run_before fails
	lassign [superctl upgrade] status output errors
	expect {$status == 1 && $output eq ""} $output$errors
	expect {[exit_status] == 7}
	close $client
	wait {![lives $session]}
}

# superd and its programs as another build of the same sources, below a folder.
proc another_build {folder} {
	set from [file dirname [file dirname $::superd]]
	regexp {build (\w+)} [lindex [answer --version] 1] -> own
	foreach part [list sbin libexec/superd] { file mkdir [path $folder]/$part }
	foreach program [concat sbin/superd [glob -directory $from -tails libexec/superd/*]] {
		set file [open $from/$program rb]
		set copy [open [path $folder/$program] wb 0755]
		puts -nonewline $copy [string map [list $own [string repeat 0 [string length $own]]] [chan read $file]]
		chan close $file; chan close $copy
	}
	return [path $folder/sbin/superd]
}

# What superd-output has read goes with that of the old build to the log: the new one has the pipe, and not these bytes.
test what_a_program_has_printed_of_a_line_is_logged {
	exec ln -s [another_build before] [path superd]
	start_controlled [web 0 {/bin/sh -c 'printf begun >&2; echo here; read line; echo ended >&2'} \
		"accept = yes pass = inetd error = log"] -program [path superd]
	set client [connect web]
	is [line $client] here
	exec ln -s $::superd [path newer]
	file rename -force [path newer] [path superd]
	lassign [superctl upgrade] status output errors
	expect {$status == 0} $output$errors
	log "web\[-\]: begun\n"
	send $client go
	log "web\[-\]: ended\n"
	close $client
}
