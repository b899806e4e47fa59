# A program that runs and takes no client: judged by whoever looks, as no timer watches it.
suite hang

proc web {program {listen 127.0.0.1:0} {more ""}} {
	superd -clock -control {service web { listen = "$listen" exec = "$backend $program" timeout_start = 1min $more }}
	node %/control
}

proc comes {address} {
	set client [connect $address]; log "web: started"
	wait {[state] eq "running"}
	return $client
}

proc fault {} { prints health web }

test a_client_who_waits_at_two_looks_makes_it_degraded {
	web hang
	set client [comes web]
	advance 2min; is [fault] "healthy\n"
	advance 11s; has [fault] "degraded" "1 client waits for " " or longer, and pid " " takes none: it may hang; superctl restart web ends it"
	has [why web] " takes none: it may hang"
	has [control "list web"] {"degraded":true}
	close $client
}

test it_has_timeout_start_before_its_first_client {
	web hang
	set client [comes web]
	repeat 3 { advance 15s; is [fault] "healthy\n" }
	advance 30s; has [fault] "1 client waits for "
	close $client
}

test so_does_a_client_of_a_unix_socket {
	web hang %/web.sock
	node %/web.sock
	set client [comes %/web.sock]
	advance 2min; is [fault] "healthy\n"
	advance 11s; has [fault] "1 client waits for "
	close $client
}

test one_who_has_closed_its_side_is_no_sign {
	web hang
	set client [comes web]; shut $client
	advance 2min; is [fault] "healthy\n"
	advance 1min; is [fault] "healthy\n"
	close $client
}

test nor_is_one_who_waits_behind_a_client_who_is_served {
	web serve
	set first [comes web]; set second [connect web]
	advance 2min; is [fault] "healthy\n"
	advance 1min; is [fault] "healthy\n"
	close $first $second
}
