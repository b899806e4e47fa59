# A service "web" with pass = bind, whose program is the binder (binder.c).

# Its sockets as `listen` has them, further options, and the program's steps.
proc bind_table {sockets options steps} {
	filled {service web {
 listen = $sockets
 pass = bind
 error = inherit
 exec = "$tests/binder $steps"
 $options
}
}
}

proc needs_bind {} {
	set errors [lindex [answer --check -f [write allowed.conf [bind_table {"1"} "" ""]]] 2]
	needs {[string first "does not let superd answer bind" $errors] < 0} "superd may not answer bind(2) here"
}

# Has the program do these steps, which must succeed.
proc obeys {address steps} { has [ask $address !$steps] " ok" }
