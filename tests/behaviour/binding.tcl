# A service "web" with pass = bind, whose program is the binder (binder.c), and what that answers.

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

proc needs_ipv6 {} { needs {[has_ipv6]} "there is no IPv6 here" }

# superd with it, once it listens. The texts are filled in here: $port and $other are two ports that were free before.
proc binds {sockets steps {options ""} args} {
	global port other
	needs_bind
	set port [free_port]; set other [free_port]
	superd -control {*}$args [bind_table [filled $sockets] [filled $options] [join [filled $steps]]]
	log "web: listening on "
}
proc web {args} { binds {"127.0.0.1:$port"} {*}$args }

# Has the program do these steps, which must succeed.
proc obeys {address steps} { has [ask $address !$steps] " ok" }

# What it sees of a client and of its listener has each KEY=VALUE; so it has for a client of this IP address.
proc tells {details args} { foreach word $args { has "$details " " $word " } }
proc serves {ip} {
	global port
	set version [expr {[string first : $ip] < 0 ? 4 : 6}]
	set host [expr {$version == 4 ? $ip : "\[$ip]"}]
	set client [connect $port -to $ip]; send $client ?; set details [line $client]; close $client
	tells $details family=$version domain=$version own=$host:$port
	has $details " peer=$host:"
}

# The first client of a socket for both IP versions starts the program and is reset: superd opens one for it.
proc loses_first {{ip 127.0.0.1}} {
	set client [connect $::port -to $ip]; end_of $client; close $client
	wait {[logged "an address of one IP version: superd listens on "]}
}
