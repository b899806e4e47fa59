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
