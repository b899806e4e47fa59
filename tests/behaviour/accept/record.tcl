# xinetd's line about a client who must have a name.
suite record

test who_has_no_name_where_one_is_needed_has_no_other_line {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	needs {![reachable 113]} "this machine has an ident server"
	superd {service each { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" log_type = { FILE, "%/records" }
		log_on_success = { PID, HOST, EXIT, DURATION } log_on_failure = { HOST } id_only = yes }}
	refused each
	wait {[regexp -line {^\d\d/\d+/\d+@\d\d:\d\d:\d\d: NOID: each 127\.0\.0\.1 .+$} [read %/records]]}
	stop
	expect {[lines %/records] == 1} [read %/records]
}
