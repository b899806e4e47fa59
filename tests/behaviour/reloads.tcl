# A service, and what an operator's reload says and superctl shows of it.

# A service's table: its program is a backend with these words, or another one by its path.
proc table_of {name listen program {options ""}} {
	if {![string match /* $program]} { set program "$::backend $program" }
	if {[string is digit $listen]} { set listen 127.0.0.1:$listen }
	return "service $name \{\n listen = \"$listen\"\n exec = \"$program\"\n user = \"$::user\"\n $options\n\}\n"
}
proc web {port program {options ""}} { table_of web $port $program $options }

# superd with this table, once its last service listens.
proc start {table args} {
	superd {*}$args $table
	regexp {.*service (\S+)} $table all last
	port $last
}
proc start_controlled {table args} { start $table -control {*}$args; node %/control }

# What superctl reload prints of a table.
proc reread {table} {
	write superd.conf $table
	lassign [superctl reload] status output errors
	expect {$status == 0} $output$errors
	return $output
}
set nothing "# nothing any more\n"

proc shows {verb name args} { has [prints $verb $name] {*}$args }
proc is_gone {name} { string match "*there is no such service*" [lindex [superctl status $name] 2] }
