# A reload of a table with a bad line fails, and calls the service by its one name.
suite reload_loss

proc row {port wait} { return "127.0.0.1:$port stream tcp $wait $::user /bin/cat cat\n" }

# Called as inetd, superd keeps what it serves where a line is wrong now.
test a_bad_line_of_an_inetd_conf_fails_and_names_the_service {
	set port [free_port]; set other [free_port]; set name $port@127.0.0.1
	superd -control -format inetd -arguments --keep-going [row $port nowait.100]
	port $name
	node %/control
	expect {[lindex [superctl hold $name] 0] == 0}
	write superd.conf [row $port nowiat.100][row $other wiat]
	lassign [superctl reload] status output errors
	expect {$status == 1} $output
	has $errors "$name: failed: " "'nowiat.100' is neither wait nor nowait; it keeps its previous configuration" \
		"$other: failed: " "it is skipped" "reloaded, but 2 entries have errors"
	lacks $errors "service '$port' is skipped"
	set list [prints list --names]
	has $list $name\n
	lacks $list $port\n
	schema_holds reload [prints --json reload]
	has [prints why $name] "so the previous one stays in effect" " ago by an operator (uid "
	expect {[reachable $port]}
	log "superd: reloaded: 1 unchanged, 0 changed, 0 added, 0 removed, 2 with errors"
}
